//! Folders of parts: the names of parts and of their completion marks.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ClusterError;
use crate::base::{Access, owner_only};
use crate::record::json;
use crate::storage::{self, is_object, sync_folder, write_atomically};

/// Units whose parts share a folder: few enough for any file system, and for listing them.
const SHELF_UNITS: u64 = 1_000;
/// Digits of the digest in the name of a part. A guess: they tell apart two parts of one unit, of which there are never many.
const NAME_DIGITS: usize = 16;
/// Longest mark that is read, in bytes. A guess: they have some hundred.
const MAX_MARK_BYTES: u64 = 1 << 20;

/// The completion mark of a unit: it names the part that counts, and proves it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// Digest of the plan.
    pub plan: String,
    /// The unit.
    pub unit: u64,
    /// Length of the part's file, in bytes.
    pub bytes: u64,
    /// SHA-256 of the part's text, unpacked.
    pub sha256: String,
    /// Number of records.
    pub items: u64,
    /// Items with a match.
    pub matched: u64,
    /// Items with a suspect and no match.
    pub suspect: u64,
    /// Items that could not be read, without those that are no audio.
    pub failed: u64,
    /// Items that were read in part, whatever was found in the rest. They also count in one of the numbers above, or as clear.
    #[serde(default)]
    pub partial: u64,
    /// Length of their decoded sound, in milliseconds.
    pub audio_milliseconds: u64,
    /// Whether files of the unit were added, removed or changed since it was planned.
    pub changed: bool,
}

/// A folder of parts.
#[derive(Debug, Clone)]
pub struct Parts {
    folder: PathBuf,
}

/// What the name of a file among parts says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    /// The mark of a unit.
    Mark(u64),
    /// A part of a unit.
    Part(u64),
    /// A file that a killed worker left, or that is being written.
    Unfinished,
    /// Something else.
    Other,
}

impl Name {
    pub(super) fn of(name: &str) -> Self {
        if name.strip_prefix('.').and_then(|rest| rest.strip_suffix(".part")).is_some() {
            return Self::Unfinished;
        }
        let number = |digits: &str| {
            let is_number = digits.len() >= 7 && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse::<u64>().ok().filter(|n| is_number && format!("{n:07}") == digits)
        };
        let Some(rest) = name.strip_prefix("part-") else { return Self::Other };
        if let Some(unit) = rest.strip_suffix(".done").and_then(number) {
            return Self::Mark(unit);
        }
        let part = rest.strip_suffix(".jsonl.zst").and_then(|rest| rest.split_once('-'));
        let part = part.filter(|(_, digest)| digest.len() == NAME_DIGITS);
        part.and_then(|(digits, _)| number(digits)).map_or(Self::Other, Self::Part)
    }
}

impl Parts {
    /// The parts in a folder, which need not exist.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        // Why a store cannot be asked is told by whoever asks it first.
        let named = is_object(&folder).then(|| storage::absolute(&folder).ok()).flatten();
        Self { folder: named.unwrap_or(folder) }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The name of the folder with the parts of a unit.
    pub(super) fn shelf(unit: u64) -> String {
        format!("{:03}", unit / SHELF_UNITS)
    }

    /// The file of a unit's mark.
    pub(super) fn mark_path(&self, unit: u64) -> PathBuf {
        self.folder.join(Self::shelf(unit)).join(format!("part-{unit:07}.done"))
    }

    /// The file of the part that a mark names.
    pub(super) fn part_path(&self, unit: u64, sha256: &str) -> PathBuf {
        let digits = sha256.get(..NAME_DIGITS).unwrap_or(sha256);
        // What a mark says is never more than a name.
        let digits: String = digits.chars().filter(char::is_ascii_hexdigit).collect();
        self.folder.join(Self::shelf(unit)).join(format!("part-{unit:07}-{digits}.jsonl.zst"))
    }

    /// Makes the folder of a unit's part, which is its owner's alone: parts tell of unreleased music.
    pub(super) fn make_shelf(&self, unit: u64) -> Result<PathBuf, ClusterError> {
        let shelf = self.folder.join(Self::shelf(unit));
        let write = |source| ClusterError::Write { path: shelf.clone(), source };
        if !is_object(&shelf) && !shelf.is_dir() {
            storage::make_folder(&shelf).map_err(write)?;
            owner_only(&self.folder).map_err(write)?;
            owner_only(&shelf).map_err(write)?;
        }
        Ok(shelf)
    }

    /// The mark of a unit; `None` if it is not done.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is none.
    pub fn mark(&self, unit: u64) -> Result<Option<Mark>, ClusterError> {
        let path = self.mark_path(unit);
        match storage::read_text(&path, MAX_MARK_BYTES) {
            Ok(text) => match serde_json::from_str(&text) {
                Ok(mark) => Ok(Some(mark)),
                Err(error) => Err(ClusterError::Damaged { path, what: error.to_string() }),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(ClusterError::Read { path, source }),
        }
    }

    /// Writes the mark of a unit, whose part is on disk.
    pub(super) fn put_mark(&self, mark: &Mark) -> Result<(), ClusterError> {
        let path = self.mark_path(mark.unit);
        let text = json(mark) + "\n";
        let written =
            write_atomically(&path, Access::Owner, |file| file.write_all(text.as_bytes()));
        let folder = path.parent().unwrap_or(&self.folder);
        written
            .and_then(|()| sync_folder(folder))
            .map_err(|source| ClusterError::Write { path: path.clone(), source })
    }

    /// Calls `each` with the shelf and the name of every file; in no order.
    pub(super) fn each_name(&self, each: &mut dyn FnMut(&str, &str)) -> Result<(), ClusterError> {
        let read = |path: &Path| {
            let path = path.to_path_buf();
            move |source| ClusterError::Read { path, source }
        };
        let mut shelves = Vec::new();
        let listed = storage::each_name(&self.folder, &mut |name, is_folder| {
            if is_folder { shelves.push(name) } else { each("", &name.to_string_lossy()) }
        });
        match listed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other.map_err(read(&self.folder))?,
        }
        for shelf in shelves {
            let (path, name) = (self.folder.join(&shelf), shelf.to_string_lossy());
            storage::each_name(&path, &mut |file, _| each(&name, &file.to_string_lossy()))
                .map_err(read(&path))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_a_file_is_and_of_which_unit() {
        let digest = "0123456789abcdef0123";
        let parts = Parts::new("/p");
        for unit in [0, 7, 1_234_567, 12_345_678] {
            let name = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
            assert_eq!(Name::of(&name(parts.mark_path(unit))), Name::Mark(unit));
            assert_eq!(Name::of(&name(parts.part_path(unit, digest))), Name::Part(unit));
        }
        assert_eq!(Name::of(".x7Gh2.part"), Name::Unfinished);
        for other in ["part-7.done", "part-0000007 (1).done", "part-0000007.done.bak", "notes"] {
            assert_eq!(Name::of(other), Name::Other, "{other}");
        }
    }

    #[test]
    fn what_a_mark_says_never_leads_out_of_the_folder() {
        let path = Parts::new("/p").part_path(7, "../../../etc/passwd");
        assert_eq!(path.parent(), Some(Path::new("/p/000")));
    }
}
