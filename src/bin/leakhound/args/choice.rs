//! Options whose value is one of the library's enums.

use std::error::Error;
use std::str::FromStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

/// A parser of one of `all`, by the type's own `FromStr`.
///
/// `describe` gives each value its word and the line of the help about it; as a `match` without `_` it cannot miss a value.
pub(super) fn choice<T>(
    all: impl IntoIterator<Item = T>,
    describe: impl Fn(T) -> PossibleValue,
) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err: Error + Send + Sync + 'static> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(all.into_iter().map(describe)).try_map(|word| word.parse::<T>())
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use crate::args::Args;

    /// The words that the help of an option lists.
    fn listed(verbs: &[&str], option: &str) -> Vec<String> {
        let mut command = Args::command();
        for verb in verbs {
            command = command.find_subcommand(verb).unwrap().clone();
        }
        let option = command.get_arguments().find(|arg| arg.get_long() == Some(option)).unwrap();
        option.get_possible_values().iter().map(|word| word.get_name().to_owned()).collect()
    }

    #[test]
    fn every_word_that_the_help_lists_is_accepted_and_no_other() {
        for (line, option, words) in [
            ("scan DUMP", "mode", "probe identity full thorough"),
            ("scan DUMP", "hash-containers", "found all none"),
            ("query FILE", "mode", "probe identity full thorough"),
            ("report", "format", "html csv jsonl xlsx parquet pdf acrcloud text"),
            ("catalog export --out -", "format", "csv xlsx jsonl"),
            ("notice --out DIR", "for", "host hub torrent-index"),
            ("review", "verdict", "match suspect permitted"),
            ("review dismiss f-0000 --reason x", "as", "licensed shared-sample wrong not-ours"),
        ] {
            let parts: Vec<_> = line.split(' ').collect();
            let verbs = match parts[0] {
                "catalog" | "review" => &parts[..parts.len().min(2)],
                _ => &parts[..1],
            };
            assert_eq!(listed(verbs, option).join(" "), words, "{line}");
            let parse = |word: &str| {
                let option = format!("--{option}");
                Args::try_parse_from(["leakhound"].iter().chain(&parts).chain(&[&*option, word]))
            };
            for word in words.split(' ') {
                assert!(parse(word).is_ok(), "{line} --{option} {word}");
            }
            assert!(parse("other").is_err(), "{line} --{option}");
        }
    }
}
