//! What a dump is, as a person says: the name, version, licence, revision and source of a data set.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use super::{ResultStore, ResultsError};
use crate::record::json;

/// Longest file, in bytes. A guess: ten short texts take some hundred.
pub const MAX_ABOUT_BYTES: usize = 64 << 10;
/// Most characters of a text. A guess that keeps a page readable.
const MAX_CHARS: usize = 1_000;
/// Most public summaries that are named. A guess.
const MAX_SUMMARIES: usize = 100;

/// Where a data set stands in the public summaries of AI developers: the sections of part 2 of the template for
/// Art. 53(1)(d) of Regulation (EU) 2024/1689.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// Not said.
    #[default]
    #[serde(rename = "")]
    Unknown,
    /// 2.1.
    Public,
    /// 2.2.1.
    Licensed,
    /// 2.2.2.
    Private,
    /// 2.3.
    Crawled,
    /// 2.4.
    User,
    /// 2.5.
    Synthetic,
    /// 2.6.
    Other,
}

impl Category {
    /// The section in words; `""` if it was not said.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Unknown => "",
            Self::Public => "2.1 publicly available data sets",
            Self::Licensed => "2.2.1 data sets commercially licensed by rightsholders",
            Self::Private => "2.2.2 private data sets obtained from other third parties",
            Self::Crawled => "2.3 data crawled and scraped from online sources",
            Self::User => "2.4 user data",
            Self::Synthetic => "2.5 synthetic data",
            Self::Other => "2.6 other sources of data",
        }
    }
}

/// What a dump is. All but the name may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct About {
    /// The name by which the data set is known.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The revision that was fetched: a commit, a date, a digest.
    pub revision: String,
    /// The licence under which it is offered, as its publisher says.
    pub licence: String,
    /// Where it came from: an address, a repository.
    pub source: String,
    /// Who offers it.
    pub publisher: String,
    /// Where it stands in the public summaries of AI developers.
    pub category: Category,
    /// When its content was collected, as its publisher says.
    pub collected: String,
    /// When and how the copy that was scanned was obtained.
    pub obtained: String,
    /// Public summaries of AI developers that name it.
    pub summaries: Vec<String>,
}

/// Why a description of a dump is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AboutError {
    /// It is no such TOML.
    #[error(
        "line {line}: {why}; the keys are name, version, revision, licence, source, publisher, category, collected, \
         obtained and summaries"
    )]
    Toml {
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong, in one line.
        why: String,
    },
    /// It has no name.
    #[error("it has no name; write name = \"…\"")]
    NoName,
    /// A text is too long.
    #[error("{key} has {chars} characters, more than {MAX_CHARS}; shorten it")]
    TooLong {
        /// The key.
        key: &'static str,
        /// Its length.
        chars: usize,
    },
    /// Too many public summaries are named.
    #[error("summaries has {count} entries, more than {MAX_SUMMARIES}; leave some out")]
    TooMany {
        /// Their number.
        count: usize,
    },
    /// The file is too long.
    #[error("it has more than {MAX_ABOUT_BYTES} bytes; it should hold some short texts")]
    TooLarge,
}

impl About {
    /// Parses a description in TOML.
    ///
    /// # Errors
    ///
    /// If it has an unknown key, a wrong value, no name, or is too long.
    pub fn parse(text: &str) -> Result<Self, AboutError> {
        if text.len() > MAX_ABOUT_BYTES {
            return Err(AboutError::TooLarge);
        }
        let about: Self = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start.min(text.len()));
            let line = memchr::memchr_iter(b'\n', &text.as_bytes()[..at]).count() + 1;
            let why = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
            AboutError::Toml { line, why }
        })?;
        about.check()?;
        Ok(about)
    }

    fn check(&self) -> Result<(), AboutError> {
        if self.name.trim().is_empty() {
            return Err(AboutError::NoName);
        }
        let count = self.summaries.len();
        if count > MAX_SUMMARIES {
            return Err(AboutError::TooMany { count });
        }
        let summaries = self.summaries.iter().map(|text| ("an entry of summaries", text));
        for (key, text) in [
            ("name", &self.name),
            ("version", &self.version),
            ("revision", &self.revision),
            ("licence", &self.licence),
            ("source", &self.source),
            ("publisher", &self.publisher),
            ("collected", &self.collected),
            ("obtained", &self.obtained),
        ]
        .into_iter()
        .chain(summaries)
        {
            let chars = text.chars().count();
            if chars > MAX_CHARS {
                return Err(AboutError::TooLong { key, chars });
            }
        }
        Ok(())
    }

    /// Name, version and revision in one line.
    pub fn called(&self) -> String {
        let mut line = self.name.clone();
        for (name, value) in [("version", &self.version), ("revision", &self.revision)] {
            if !value.is_empty() {
                line += &format!(", {name} {value}");
            }
        }
        line
    }

    /// All that identifies it in one line: the name, version, revision, licence and source.
    pub fn describe(&self) -> String {
        let mut line = self.called();
        for (name, value) in [("licence", &self.licence), ("from", &self.source)] {
            if !value.is_empty() {
                line += &format!(", {name} {value}");
            }
        }
        line
    }
}

impl ResultStore {
    /// Records what the dump of a run is, as `by` says at a time in seconds since 1970. What was said before stays readable.
    ///
    /// # Errors
    ///
    /// If the database cannot be written.
    pub fn say_about(
        &self,
        run_id: i64,
        about: &About,
        by: &str,
        at: i64,
    ) -> Result<(), ResultsError> {
        let sql = "INSERT INTO abouts VALUES (NULL, ?1, ?2, ?3, ?4)";
        let written = self.connection.execute(sql, params![run_id, at, by, json(about)]);
        written.map(drop).map_err(|source| self.error(source))
    }

    /// What was said last of the dump of this very run.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn said_about(&self, run_id: i64) -> Result<Option<About>, ResultsError> {
        let sql = "SELECT about FROM abouts WHERE run_id = ?1 ORDER BY number DESC LIMIT 1";
        let read = self.connection.query_row(sql, [run_id], |row| row.get(0)).optional();
        let text: Option<String> = read.map_err(|source| self.error(source))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// What the dumps of runs are, by the numbers of the runs: what was said of the run last, else of the newest run before it
    /// over the same files and folders.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn abouts(&self) -> Result<BTreeMap<i64, About>, ResultsError> {
        let sql = "SELECT run_id, about FROM abouts ORDER BY number";
        let read = || {
            let mut statement = self.connection.prepare(sql)?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<rusqlite::Result<Vec<(i64, String)>>>()
        };
        let said = read().map_err(|source| self.error(source))?;
        let said: BTreeMap<i64, About> = said
            .into_iter()
            .filter_map(|(run_id, text)| Some((run_id, serde_json::from_str(&text).ok()?)))
            .collect();
        let mut of_roots: BTreeMap<Vec<String>, About> = BTreeMap::new();
        let mut all = BTreeMap::new();
        for run in self.runs()? {
            if let Some(about) = said.get(&run.run_id) {
                of_roots.insert(run.key.roots.clone(), about.clone());
            }
            if let Some(about) = of_roots.get(&run.key.roots) {
                all.insert(run.run_id, about.clone());
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::fixtures::{keep, key};

    #[test]
    fn a_description_is_read_and_an_unknown_key_is_told_with_its_line() {
        let about = About::parse(
            "name = \"Songs\"\nversion = \"1.0\"\nlicence = \"CC BY 4.0\"\nsource = \"https://hub.example/songs\"\n\
             category = \"public\"\nsummaries = [\"Model X, 2026-03\"]\n",
        );
        let about = about.unwrap();
        assert_eq!(about.called(), "Songs, version 1.0");
        assert_eq!(
            about.describe(),
            "Songs, version 1.0, licence CC BY 4.0, from https://hub.example/songs"
        );
        assert_eq!(about.category.describe(), "2.1 publicly available data sets");
        let told = |text: &str| About::parse(text).unwrap_err().to_string();
        let unknown = told("name = \"x\"\n\nlicense = \"MIT\"\n");
        assert!(unknown.starts_with("line 3: unknown field `license`"), "{unknown}");
        assert!(!unknown.contains('\n'), "{unknown}");
        assert!(told("name = 7").starts_with("line 1: "));
        assert!(told("name = \"x\"\ncategory = \"secret\"").contains("unknown variant `secret`"));
        assert!(told("name").starts_with("line 1: "));
        assert_eq!(told("version = \"1\""), "it has no name; write name = \"…\"");
        let long = format!("name = \"x\"\nsource = \"{}\"", "y".repeat(1_001));
        assert_eq!(told(&long), "source has 1001 characters, more than 1000; shorten it");
        let many = format!("name = \"x\"\nsummaries = [{}]", "\"s\",".repeat(101));
        assert!(told(&many).starts_with("summaries has 101 entries"));
        assert!(told(&"#".repeat(MAX_ABOUT_BYTES + 1)).starts_with("it has more than 65536 bytes"));
    }

    #[test]
    fn what_was_said_of_a_dump_holds_for_its_later_runs_until_something_else_is_said() {
        let home = tempfile::tempdir().unwrap();
        let mut store = ResultStore::open(home.path()).unwrap();
        let named = |name: &str| About { name: name.into(), ..About::default() };
        let first = keep(&mut store, &key(&["/a"]), Vec::new(), true).run_id;
        let other = keep(&mut store, &key(&["/b"]), Vec::new(), true).run_id;
        store.say_about(first, &named("wrong"), "Ann", 0).unwrap();
        store.say_about(first, &named("one"), "Ann", 1).unwrap();
        let second = keep(&mut store, &key(&["/a"]), Vec::new(), true).run_id;
        let third = keep(&mut store, &key(&["/a"]), Vec::new(), true).run_id;
        store.say_about(third, &named("two"), "Ann", 2).unwrap();
        let all = store.abouts().unwrap();
        let name = |run_id| all.get(&run_id).map(|about| about.name.as_str());
        assert_eq!([first, second, third].map(name), [Some("one"), Some("one"), Some("two")]);
        assert_eq!(name(other), None);
    }

    #[test]
    fn what_was_said_is_never_changed() {
        let home = tempfile::tempdir().unwrap();
        let mut store = ResultStore::open(home.path()).unwrap();
        let run = keep(&mut store, &key(&["/a"]), Vec::new(), true).run_id;
        store.say_about(run, &About { name: "x".into(), ..About::default() }, "Ann", 0).unwrap();
        for sql in ["UPDATE abouts SET about = '{}'", "DELETE FROM abouts"] {
            assert!(store.connection.execute(sql, []).is_err(), "{sql}");
        }
    }
}
