//! The arguments of `leakhound guide`.

use clap::Args as ClapArgs;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::guide::{PAGES, Page};

#[derive(Debug, ClapArgs)]
pub(crate) struct Guide {
    /// Page to show [default: list the pages]
    #[arg(value_name = "PAGE", value_parser = pages())]
    pub(crate) page: Option<&'static Page>,
    /// List the pages as one JSON object per line
    #[arg(long, conflicts_with = "page")]
    pub(crate) json: bool,
}

/// The pages by name; clap suggests the nearest one for a name that is almost right.
fn pages() -> impl TypedValueParser<Value = &'static Page> {
    let values = PAGES.iter().map(|page| {
        PossibleValue::new(page.name).help(page.title()).aliases(page.aliases.iter().copied())
    });
    PossibleValuesParser::new(values)
        .try_map(|word| Page::named(&word).ok_or_else(|| format!("there is no page {word}")))
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::*;
    use crate::args::{Args, Command};

    #[test]
    fn a_near_miss_is_told_the_page_that_was_meant() {
        let error =
            Args::try_parse_from(["leakhound", "guide", "verdcts"]).unwrap_err().to_string();
        assert!(error.contains("'verdicts'"), "{error}");
        for page in PAGES {
            for name in page.aliases.iter().chain([&page.name]) {
                let args = Args::try_parse_from(["leakhound", "guide", name]).unwrap();
                assert!(
                    matches!(args.command, Command::Guide(Guide { page: Some(found), .. }) if found == page),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn every_command_that_prints_a_list_takes_json() {
        fn has_json(words: &str) -> bool {
            let mut command = Args::command();
            for word in words.split(' ') {
                command =
                    command.find_subcommand(word).unwrap_or_else(|| panic!("{words}")).clone();
            }
            command.get_arguments().any(|arg| arg.get_long() == Some("json"))
        }
        for words in [
            "catalog allow",
            "catalog check",
            "catalog lint",
            "catalog list",
            "catalog log",
            "catalog mask",
            "catalog show",
            "catalog stats",
            "guide",
            "inspect",
            "query",
            "review",
            "review history",
            "review show",
            "runs",
            "show",
            "verify",
        ] {
            assert!(has_json(words), "{words}");
        }
    }
}
