//! Settings: options that need not be typed, because the environment or a file has them.
//!
//! What can be set is what the groups of options in [`known::GROUPS`] hold; there is no other list. A file becomes defaults of those options
//! before the command line is parsed, so a value is checked by the option's own parser wherever it comes from, and
//! flag > environment > profile > home's file > system's file > default follows from how Clap treats defaults.
//!
//! | file | what it does |
//! |---|---|
//! | `known` | which options are settings, and how a value of one is checked |
//! | `file` | reads a settings file: bounded, each key with its line |
//! | `layers` | which file and which part of it a value is taken from |

mod file;
mod known;
mod layers;

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _};

use crate::args::{Args, Command};
pub(crate) use layers::{Layers, Read};

/// Why there are no arguments.
pub(crate) enum Refused {
    /// The command line is wrong, or asks for help. `from`: the variable that holds the wrong value, if it is not on the command line.
    Arguments { error: clap::Error, from: Option<String> },
    /// A settings file is wrong.
    Settings(anyhow::Error),
}

/// The arguments, and where each setting comes from.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) args: Args,
    matches: ArgMatches,
    layers: Layers,
}

/// Parses a command line with the settings of environment and files.
///
/// # Errors
///
/// If the command line or a settings file is wrong.
pub(crate) fn load(line: impl IntoIterator<Item = OsString>) -> Result<Loaded, Refused> {
    let line: Vec<OsString> = line.into_iter().collect();
    let refused = |error: clap::Error| {
        let from = variable_of(&error, &line);
        Refused::Arguments { error, from }
    };
    // Once without the files: a command line that is wrong or asks for help says so whatever they hold.
    let matches = Args::command().try_get_matches_from(&line).map_err(refused)?;
    let args = Args::from_arg_matches(&matches).map_err(refused)?;
    if matches!(args.command, Command::Guide(_) | Command::UnpackRar | Command::Tell(_)) {
        return Ok(Loaded { args, matches, layers: Layers::default() });
    }
    let layers = Layers::read(&args.global, &args.profile).map_err(Refused::Settings)?;
    if layers.is_empty() {
        return Ok(Loaded { args, matches, layers });
    }
    let command = known::with_defaults(Args::command(), &layers.values());
    let matches = command.try_get_matches_from(&line).map_err(refused)?;
    let args = Args::from_arg_matches(&matches).map_err(refused)?;
    Ok(Loaded { args, matches, layers })
}

/// The variable of the environment that holds the wrong value of an option, if the command line does not name that option.
fn variable_of(error: &clap::Error, line: &[OsString]) -> Option<String> {
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let key = option.strip_prefix("--")?.split([' ', '=', '[']).next()?;
    let is_typed = line.iter().any(|word| {
        word.to_str().is_some_and(|word| word.split('=').next() == Some(&format!("--{key}")))
    });
    let variable = known::settings().remove(key)?.get_env()?.to_str()?.to_owned();
    (!is_typed && std::env::var_os(&variable).is_some()).then_some(variable)
}

/// Where the value of a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// An option of the command line.
    Flag,
    /// A variable of the environment.
    Environment,
    /// A settings file.
    File(Read),
    /// Nobody set it.
    Default,
}

/// A setting, its value and where that comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    /// Its name in the files; with two dashes in front it is the option.
    pub(crate) key: String,
    /// Its variable of the environment.
    pub(crate) variable: String,
    /// `None` if it has none.
    pub(crate) value: Option<String>,
    /// Whether the value is a number or true or false.
    pub(crate) is_bare: bool,
    pub(crate) source: Source,
}

impl Loaded {
    /// Every setting that the command line's verb takes, by its name.
    pub(crate) fn settings(&self) -> Vec<Setting> {
        let matches = self.matches.subcommand().map_or(&self.matches, |(_, matches)| matches);
        let known = known::settings().into_iter();
        let shown = known.filter_map(|(key, arg)| {
            let id = arg.get_id().as_str();
            let words = matches.try_get_raw(id).ok()?;
            let value = words.map(|words| {
                let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
                words.join(" ")
            });
            let source = match matches.value_source(id) {
                Some(ValueSource::CommandLine) => Source::Flag,
                Some(ValueSource::EnvVariable) => Source::Environment,
                _ => self
                    .layers
                    .of_key(&key)
                    .map_or(Source::Default, |read| Source::File(read.clone())),
            };
            let variable = arg.get_env()?.to_str()?.to_owned();
            Some(Setting { key, variable, value, is_bare: known::is_bare(&arg), source })
        });
        shown.collect()
    }

    /// The settings files in the order in which they are read, and whether each is there.
    pub(crate) fn files(&self) -> &[(std::path::PathBuf, bool)] {
        self.layers.files()
    }
}

/// The names of all settings.
#[cfg(test)]
pub(crate) fn names() -> std::collections::BTreeSet<String> {
    known::settings().into_keys().collect()
}

/// Checks the text of a settings file.
#[cfg(test)]
pub(crate) fn check(text: &str) -> anyhow::Result<()> {
    file::parse(std::path::Path::new("config.toml"), text).map(drop)
}
