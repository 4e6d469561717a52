//! Which options are settings, and how a value of one is checked.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::builder::ArgAction;
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command, CommandFactory as _};

use crate::args::Args;

/// The groups of options that are settings, by the names of their structs in `args`. Clap knows no group of a struct that holds others.
pub(super) const GROUPS: [&str; 6] =
    ["Global", "Limits", "Matching", "CatalogueFile", "Hashing", "Watching"];

/// All settings by their names in the files, which are the names of their options.
pub(super) fn settings() -> BTreeMap<String, Arg> {
    fn add(command: &Command, all: &mut BTreeMap<String, Arg>) {
        for arg in command.get_arguments().filter(|arg| is_setting(command, arg)) {
            all.extend(arg.get_long().map(|key| (key.to_owned(), arg.clone())));
        }
        command.get_subcommands().for_each(|command| add(command, all));
    }
    let mut all = BTreeMap::new();
    add(&Args::command(), &mut all);
    all
}

/// Whether an option of a command is a setting.
fn is_setting(command: &Command, arg: &Arg) -> bool {
    let groups = command.get_groups().filter(|group| GROUPS.contains(&group.get_id().as_str()));
    { groups }.any(|group| group.get_args().any(|id| id == arg.get_id()))
}

/// The command with other defaults of its settings, and of those of its subcommands.
pub(super) fn with_defaults(command: Command, values: &BTreeMap<String, Vec<String>>) -> Command {
    let arguments = command.get_arguments().filter(|arg| is_setting(&command, arg));
    let ids: Vec<_> = arguments.map(|arg| arg.get_id().clone()).collect();
    let with_default = |arg: Arg| {
        let value = arg.get_long().and_then(|key| values.get(key)).cloned();
        match value.filter(|_| ids.contains(arg.get_id())) {
            Some(words) => arg.default_values(words),
            None => arg,
        }
    };
    command.mut_args(with_default).mut_subcommands(|command| with_defaults(command, values))
}

/// Whether a setting is a switch: true or false.
pub(super) fn is_switch(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::SetTrue | ArgAction::SetFalse)
}

/// Whether a setting takes several values.
pub(super) fn is_list(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append)
}

/// Whether a setting is a path.
pub(super) fn is_path(arg: &Arg) -> bool {
    arg.get_value_parser().type_id() == TypeId::of::<PathBuf>()
}

/// Whether the value of a setting stands without quotes in JSON: a number, or true or false.
pub(super) fn is_bare(arg: &Arg) -> bool {
    let parser = arg.get_value_parser();
    let is = |id: TypeId| parser.type_id() == id;
    is_switch(arg)
        || [TypeId::of::<u16>(), TypeId::of::<u32>(), TypeId::of::<u64>(), TypeId::of::<f64>()]
            .into_iter()
            .any(is)
}

/// Checks a value by the option's own parser.
///
/// # Errors
///
/// What is wrong, as part of a line.
pub(super) fn check(arg: &Arg, value: &str) -> Result<(), String> {
    let Some(key) = arg.get_long() else { return Ok(()) };
    let command = Command::new("settings").no_binary_name(true).arg(arg.clone());
    let error = match command.try_get_matches_from([format!("--{key}={value}")]) {
        Ok(_) => return Ok(()),
        Err(error) => error.render().to_string(),
    };
    let what = error.split("\n\n").next().unwrap_or_default();
    let what = what.split_whitespace().collect::<Vec<_>>().join(" ");
    // `error: invalid value 'x' for '--mode <MODE>': …`, where nobody typed an option.
    let what = what.strip_prefix("error: ").unwrap_or(&what);
    Err(match what.split_once(&format!("for '--{key}")) {
        Some((front, behind)) => {
            let why = behind.split_once('\'').map_or(behind, |(_, why)| why);
            format!("{}for {key}{why}", front.replace("invalid value", "the value")).replacen(
                " for ",
                " is none for ",
                1,
            )
        }
        None => what.to_owned(),
    })
}

/// The setting whose name is nearest to a word, if one is near.
pub(super) fn nearest(word: &str) -> Option<String> {
    let command = Command::new("settings").no_binary_name(true).args(settings().into_values());
    let error = command.try_get_matches_from([format!("--{word}=1")]).err()?;
    match error.get(ContextKind::SuggestedArg)? {
        ContextValue::String(option) => option.strip_prefix("--").map(str::to_owned),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_of_settings_exists_and_every_setting_has_the_variable_of_its_name() {
        fn groups(command: &Command, all: &mut Vec<String>) {
            all.extend(command.get_groups().map(|group| group.get_id().to_string()));
            command.get_subcommands().for_each(|command| groups(command, all));
        }
        let mut all = Vec::new();
        groups(&Args::command(), &mut all);
        for group in GROUPS {
            assert!(all.iter().any(|one| one == group), "there is no struct {group} in args");
        }
        let settings = settings();
        assert!(settings.len() > 15, "{:?}", settings.keys());
        for (key, arg) in &settings {
            let name = format!("LEAKHOUND_{}", key.replace('-', "_").to_uppercase());
            assert_eq!(arg.get_env().and_then(|name| name.to_str()), Some(&*name), "{key}");
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(!help.is_empty(), "{key} has no help");
        }
    }

    #[test]
    fn an_option_that_scan_takes_is_a_setting_unless_it_says_what_to_do_now() {
        let command = Args::command();
        let scan = command.find_subcommand("scan").unwrap();
        let options = scan.get_arguments().filter_map(|arg| arg.get_long());
        let missing: Vec<_> = options.filter(|key| !settings().contains_key(*key)).collect();
        // What the dump is, is said anew for each.
        assert_eq!(missing, ["about"]);
    }

    #[test]
    fn a_value_is_checked_by_the_parser_of_its_option() {
        let settings = settings();
        let told = |key: &str, value: &str| check(&settings[key], value).unwrap_err();
        assert!(check(&settings["mode"], "probe").is_ok());
        assert_eq!(told("threads", "0"), "the value '0' is none for threads: 0 is not in 1..=512");
        assert!(told("mode", "fast").starts_with("the value 'fast' is none for mode [possible"));
        assert!(told("territory", "Germany").ends_with("by two letters, such as DE"));
    }

    #[test]
    fn the_nearest_name_is_found_for_one_that_is_almost_right() {
        assert_eq!(nearest("thread").as_deref(), Some("threads"));
        assert_eq!(nearest("match_below").as_deref(), Some("match-below"));
        assert_eq!(nearest("zzz"), None);
    }
}
