//! Whether a file has come to rest, by its name and its times.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::names;

/// A file that has not changed for so long, by the clock, is at rest without being observed: no clock of a file server is off
/// by a day.
const OLD: Duration = Duration::from_secs(24 * 3_600);

/// How long a file has to be left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Its size and times have to be the same for so long.
    pub settle: Duration,
    /// What a client names as unfinished, or whose torrent lacks pieces, is scanned as it is after so long without a change.
    pub stalled: Duration,
}

/// What the name and the times of a file tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// It is at rest.
    Old,
    /// It has to be observed.
    Young,
    /// Its name says that it is not finished, for this reason.
    Named(String),
}

/// What tells of a file whether it is at rest.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) patience: Patience,
    pub(super) roots: Vec<PathBuf>,
    /// The time of the look.
    pub(super) now: SystemTime,
}

impl Rules {
    pub(super) fn state(&self, file: &Path, metadata: &Metadata) -> State {
        // A file of the future has no age.
        let age = self.now.duration_since(last_change(metadata)).unwrap_or_default();
        if age >= self.patience.stalled.max(OLD) {
            return State::Old;
        }
        let named =
            || names::unfinished(file, &self.roots).or_else(|| names::unfinished_beside(file));
        match named().filter(|_| age < self.patience.stalled) {
            Some(why) => State::Named(why),
            None if age >= OLD => State::Old,
            None => State::Young,
        }
    }
}

/// The last change of a file: of its content, and where the system tells, of its name and place.
fn last_change(metadata: &Metadata) -> SystemTime {
    let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let seconds = u64::try_from(metadata.ctime()).unwrap_or(0);
        let nanoseconds = u32::try_from(metadata.ctime_nsec()).unwrap_or(0);
        let changed = SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, nanoseconds));
        modified.max(changed.unwrap_or(modified))
    }
    #[cfg(not(unix))]
    modified
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_young_for_a_day_and_a_name_counts_until_it_has_stalled() {
        let folder = tempfile::tempdir().unwrap();
        let state = |name: &str, hours: u64, stalled: u64| {
            let file = folder.path().join(name);
            std::fs::write(&file, "1").unwrap();
            let rules = Rules {
                patience: Patience {
                    settle: Duration::ZERO,
                    stalled: Duration::from_secs(stalled * 3_600),
                },
                roots: vec![folder.path().to_path_buf()],
                now: SystemTime::now() + Duration::from_secs(hours * 3_600),
            };
            rules.state(&file, &file.metadata().unwrap())
        };
        assert_eq!(state("a.mp3", 0, 48), State::Young);
        assert_eq!(state("a.mp3", 25, 48), State::Old);
        assert!(matches!(state("a.mp3.part", 25, 48), State::Named(_)));
        assert_eq!(state("a.mp3.part", 49, 48), State::Old);
        // A short wait does not make a young file old.
        assert_eq!(state("a.mp3.part", 2, 1), State::Young);
        assert_eq!(state("a.mp3.part", 25, 1), State::Old);
    }

    #[test]
    fn a_file_with_an_old_time_that_was_just_moved_here_is_young() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mp3");
        let file = std::fs::File::create(&path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(900 * 3_600)).unwrap();
        let metadata = path.metadata().unwrap();
        let is_young = last_change(&metadata).elapsed().unwrap_or_default() < OLD;
        assert_eq!(is_young, cfg!(unix));
    }
}
