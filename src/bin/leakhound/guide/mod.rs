//! The pages of the guide, as they lie in `src/guide`, and how they look on a terminal.

mod render;
#[cfg(test)]
mod tests;

pub(crate) use render::{render, width};

/// A page of the guide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// Its name, which is that of its file without `.md`.
    pub(crate) name: &'static str,
    /// Other words that people may type for it.
    pub(crate) aliases: &'static [&'static str],
    /// Its text in Markdown. It begins with the title as a heading.
    pub(crate) text: &'static str,
}

/// Makes a page from the name of its file.
macro_rules! page {
    ($name:literal $(, $alias:literal)*) => {
        Page {
            name: $name,
            aliases: &[$($alias),*],
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/guide/", $name, ".md")),
        }
    };
}

/// All pages, in the order in which they are read.
pub(crate) static PAGES: &[Page] = &[
    page!("first-scan", "start"),
    page!("catalogue", "catalog"),
    page!("dumps", "dump", "datasets", "scan"),
    page!("verdicts", "verdict", "match", "suspect"),
    page!("reports", "report", "notice", "notices"),
    page!("review"),
    page!("nightly", "watch", "prune", "service"),
    page!("settings", "setting", "config", "profile", "profiles"),
    page!("evidence", "manifest", "verify"),
    page!("many-machines", "machines", "cluster", "plan"),
    page!("jsonl", "schema"),
    page!("troubleshooting", "errors", "failures"),
    page!("glossary", "words"),
];

impl Page {
    /// The page with this name or alias.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        PAGES.iter().find(|page| page.name == name || page.aliases.contains(&name))
    }

    /// Its first heading.
    pub(crate) fn title(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches("# ")
    }
}
