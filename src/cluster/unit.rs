//! One unit of work as data.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::record::json;
use crate::source::{Carried, Dump, Locator, Portion, Section, Share, Span, Stamp, TorrentPlace};

/// A part of a dump that one worker does at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Its number, from 0.
    pub unit: u64,
    /// Size of its files, or of its section, in bytes.
    pub bytes: u64,
    /// What it holds.
    pub share: UnitShare,
    /// The torrents over its files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub torrents: Vec<UnitTorrent>,
}

/// What a unit holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum UnitShare {
    /// The files of a stretch of the walk.
    Files {
        /// The last path before it; `None` from the first on.
        after: Option<String>,
        /// Its last path; `None` to the end, or to `before`.
        upto: Option<String>,
        /// The container behind it that is read in sections: what is added before that is its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<String>,
        /// Number of its files, and of rows for what is none.
        files: u64,
        /// SHA-256 over their paths, sizes and times of change.
        digest: String,
    },
    /// A section of a container.
    Section {
        /// The container.
        file: String,
        /// Its kind: `tar`, `zip` or `parquet`.
        container: String,
        /// Its size.
        size_bytes: u64,
        /// Its time of change, in nanoseconds since 1970.
        modified_ns: i64,
        /// The first byte (tar), entry (zip) or row group (Parquet) of the section.
        from: u64,
        /// The first behind the section; `None` for the last, which reads to the end.
        to: Option<u64>,
        /// Its number among the sections of the container, from 0.
        number: u64,
        /// Number of sections of the container.
        of: u64,
    },
}

/// A torrent over the files of a unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitTorrent {
    /// The `.torrent` file.
    pub file: String,
    /// The folder that its data was saved in.
    pub folder: String,
    /// The folder or file with its data.
    pub data: Option<String>,
}

/// A path as a plan writes it.
pub(super) fn written(path: &Path) -> String {
    Locator::of_file(path).to_string()
}

/// The path that a plan wrote; `None` if it is none.
pub(super) fn read(text: &str) -> Option<PathBuf> {
    text.parse::<Locator>().ok().filter(Locator::is_file).map(|locator| locator.file)
}

impl UnitTorrent {
    pub(super) fn of(place: &TorrentPlace) -> Self {
        let data = place.data.as_deref().map(written);
        Self { file: written(&place.file), folder: written(&place.folder), data }
    }

    fn place(&self) -> Option<TorrentPlace> {
        let data = match &self.data {
            Some(data) => Some(read(data)?),
            None => None,
        };
        Some(TorrentPlace { file: read(&self.file)?, folder: read(&self.folder)?, data })
    }
}

/// A container that is read in sections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SectionOf {
    pub(super) file: PathBuf,
    pub(super) stamp: Stamp,
    pub(super) section: Section,
    pub(super) number: u64,
    pub(super) of: u64,
}

impl Unit {
    /// The unit as a line of a plan, without the line feed.
    pub(super) fn line(&self) -> String {
        json(self)
    }

    /// The container and the section of it; `None` for files.
    pub(super) fn section(&self) -> Option<SectionOf> {
        let UnitShare::Section { file, size_bytes, modified_ns, from, to, number, of, .. } =
            &self.share
        else {
            return None;
        };
        Some(SectionOf {
            file: read(file)?,
            stamp: Stamp { size_bytes: *size_bytes, modified_ns: *modified_ns },
            section: Section { from: *from, to: to.unwrap_or(u64::MAX) },
            number: *number,
            of: *of,
        })
    }

    /// The stretch of the walk that holds the files of all its records.
    pub(super) fn span(&self) -> Option<Span> {
        let path = |text: &Option<String>| match text {
            Some(text) => read(text).map(Some),
            None => Some(None),
        };
        match &self.share {
            UnitShare::Files { after, upto, before, .. } => {
                Some(Span { after: path(after)?, upto: path(upto)?, before: path(before)? })
            }
            UnitShare::Section { .. } => None,
        }
    }

    /// Whether a record of this file on disk may be one of its own.
    pub(super) fn holds(&self, file: &Path) -> bool {
        match self.section() {
            Some(section) => section.file == file,
            // A row without a path is about a folder that could not be listed to its end.
            None => file.as_os_str().is_empty() || self.span().is_some_and(|span| span.holds(file)),
        }
    }

    /// The part of the dump that it is. `carried`: what the sections before have cost. `None` if its paths are none.
    pub(super) fn portion(&self, dump: &Dump, carried: Carried) -> Option<Portion> {
        let share = match self.section() {
            Some(SectionOf { file, stamp, section, .. }) => {
                Share::Section { file, stamp, section, carried }
            }
            None => Share::Files(self.span()?),
        };
        self.portion_of(dump, share)
    }

    /// Another share of the dump that lies below the same torrents.
    pub(super) fn portion_of(&self, dump: &Dump, share: Share) -> Option<Portion> {
        let torrents: Option<Vec<_>> = self.torrents.iter().map(UnitTorrent::place).collect();
        Some(Portion::new(dump.clone(), torrents?, share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_comes_back_from_its_line() {
        let files = UnitShare::Files {
            after: None,
            upto: Some(written(Path::new("/d/a b"))),
            before: None,
            files: 2,
            digest: "aa".into(),
        };
        let section = UnitShare::Section {
            file: "/d/x.zip".into(),
            container: "zip".into(),
            size_bytes: 10,
            modified_ns: -1,
            from: 3,
            to: None,
            number: 1,
            of: 2,
        };
        let torrents = vec![UnitTorrent {
            file: "/d/t".into(),
            folder: "/d".into(),
            data: Some("/d/x".into()),
        }];
        for share in [files, section] {
            let unit = Unit { unit: 7, bytes: 12, share, torrents: torrents.clone() };
            assert_eq!(serde_json::from_str::<Unit>(&unit.line()).unwrap(), unit);
        }
    }

    #[test]
    fn a_unit_knows_the_files_of_its_records() {
        let unit = |share| Unit { unit: 0, bytes: 0, share, torrents: Vec::new() };
        let files = unit(UnitShare::Files {
            after: Some("/d/a".into()),
            upto: Some("/d/c".into()),
            before: None,
            files: 1,
            digest: String::new(),
        });
        assert!(files.holds(Path::new("/d/b/x")) && files.holds(Path::new("/d/c")));
        assert!(!files.holds(Path::new("/d/a")) && !files.holds(Path::new("/d/d")));
        assert_eq!(read("/d/%2"), None);
    }
}
