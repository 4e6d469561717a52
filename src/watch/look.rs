//! One look at all files: which are finished, and whether that is news.

use std::collections::HashMap;
use std::fs::Metadata;
use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};

use super::rest::{Patience, Rules, State};
use crate::source::{Downloads, Folders, Stamp, Waits, is_called_torrent, path_key};

/// When a look is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// By the clock, as the times of files are.
    pub clock: SystemTime,
    /// Since the watch began; it never goes back.
    pub since: Duration,
}

/// What is remembered of a young file between two looks.
#[derive(Debug, Clone, Copy)]
struct Young {
    stamp: Stamp,
    /// When it was first seen like this.
    since: Duration,
    download: Download,
}

/// Whether a file is fully downloaded, by its torrent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Download {
    Unknown,
    /// It is, or no torrent lists it.
    Whole,
    /// Pieces were not there when its torrents, and what shares pieces with it, were so.
    Lacks(u64),
}

/// Young files by a hash of their paths. Old ones are not kept, so it grows with what a day brings.
type Memory = HashMap<u64, Young>;

/// Looks at folders again and again.
#[derive(Debug)]
pub struct Looker {
    patience: Patience,
    hasher: RandomState,
    memory: Arc<Memory>,
}

/// What a look shows.
#[derive(Debug, Clone)]
pub struct Looked {
    /// A digest of all files that are finished: their paths, sizes and times.
    pub digest: String,
    /// Number of files that are finished.
    pub finished: u64,
    /// Number of files that changed a moment ago, and may be finished soon.
    pub settling: u64,
    /// Number of files that somebody has not finished.
    pub unfinished: u64,
    /// Leaves alone what was not finished, or changes from now on.
    pub waits: Arc<dyn Waits>,
}

impl Looker {
    /// A first look is still to be taken.
    pub fn new(patience: Patience) -> Self {
        Self { patience, hasher: RandomState::new(), memory: Arc::default() }
    }

    /// Looks at all files. `None` if `cancel` was raised.
    pub fn look(
        &mut self,
        folders: &Folders,
        moment: Moment,
        cancel: &AtomicBool,
    ) -> Option<Looked> {
        let rules =
            Rules { patience: self.patience, roots: folders.roots().to_vec(), now: moment.clock };
        let eyes = Arc::new(Eyes {
            rules,
            hasher: self.hasher.clone(),
            since: moment.since,
            earlier: Arc::clone(&self.memory),
            seen: Mutex::default(),
        });
        let (mut sum, mut finished) = (Sum::default(), 0);
        let mut has_torrents = false;
        for item in folders.clone().but(Arc::clone(&eyes) as Arc<dyn Waits>).items() {
            if cancel.load(std::sync::atomic::Ordering::Relaxed) {
                return None;
            }
            let Ok(item) = item else { continue };
            has_torrents |= is_called_torrent(&item.place.locator.file);
            finished += 1;
            sum.add(&item.place.locator.file, item.place.stamp);
        }
        let Seen { mut memory, settling, mut unfinished, rested } =
            std::mem::take(&mut *eyes.seen.lock().unwrap_or_else(PoisonError::into_inner));
        let mut downloads = None;
        for file in rested {
            let Some(young) = memory.get_mut(&self.hasher.hash_one(&file)) else { continue };
            if has_torrents {
                let downloads = downloads.get_or_insert_with(|| Downloads::among(folders));
                young.download = downloaded(downloads, &file, young.download, cancel)?;
            } else {
                young.download = Download::Whole;
            }
            let has_stalled = moment.since.saturating_sub(young.since) >= self.patience.stalled;
            if young.download != Download::Whole && !has_stalled {
                unfinished += 1;
                finished -= 1;
                sum.remove(&file, young.stamp);
            }
        }
        self.memory = Arc::new(memory);
        let waits = Frozen {
            rules: eyes.rules.clone(),
            hasher: self.hasher.clone(),
            since: moment.since,
            memory: Arc::clone(&self.memory),
        };
        let (digest, waits) = (sum.hex(), Arc::new(waits));
        Some(Looked { digest, finished, settling, unfinished, waits })
    }
}

/// What the torrents say of a file now. Its pieces are read only if something around it has changed. `None` if `cancel` was raised.
fn downloaded(
    downloads: &mut Downloads,
    file: &Path,
    before: Download,
    cancel: &AtomicBool,
) -> Option<Download> {
    let Some(around) = downloads.around(file) else { return Some(Download::Whole) };
    match before {
        Download::Lacks(then) if then == around => Some(before),
        _ if downloads.is_whole(file, cancel)? => Some(Download::Whole),
        _ => Some(Download::Lacks(around)),
    }
}

/// An order-free sum of digests of files: a file can be taken out again.
#[derive(Debug, Default, Clone, Copy)]
struct Sum(u128);

impl Sum {
    fn of(file: &Path, stamp: Stamp) -> u128 {
        let mut digest = Sha256::new();
        digest.update(stamp.size_bytes.to_le_bytes());
        digest.update(stamp.modified_ns.to_le_bytes());
        digest.update(path_key(file));
        let bytes: [u8; 32] = digest.finalize().into();
        bytes.first_chunk().copied().map_or(0, u128::from_le_bytes)
    }

    fn add(&mut self, file: &Path, stamp: Stamp) {
        self.0 = self.0.wrapping_add(Self::of(file, stamp));
    }

    fn remove(&mut self, file: &Path, stamp: Stamp) {
        self.0 = self.0.wrapping_sub(Self::of(file, stamp));
    }

    fn hex(self) -> String {
        format!("{:032x}", self.0)
    }
}

/// What a look has seen so far.
#[derive(Debug, Default)]
struct Seen {
    memory: Memory,
    settling: u64,
    unfinished: u64,
    /// Young files that have come to rest and may lack pieces.
    rested: Vec<PathBuf>,
}

/// Sees each file of a walk.
#[derive(Debug)]
struct Eyes {
    rules: Rules,
    hasher: RandomState,
    since: Duration,
    earlier: Arc<Memory>,
    seen: Mutex<Seen>,
}

impl Waits for Eyes {
    fn why(&self, file: &Path, metadata: &Metadata) -> Option<String> {
        let state = self.rules.state(file, metadata);
        if state == State::Old {
            return None;
        }
        let (stamp, key) = (Stamp::of(metadata), self.hasher.hash_one(file));
        let known = self.earlier.get(&key).filter(|young| young.stamp == stamp);
        let first = Young { stamp, since: self.since, download: Download::Unknown };
        let young = known.copied().unwrap_or(first);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.memory.insert(key, young);
        let rested = self.since.saturating_sub(young.since);
        let Patience { settle, stalled } = self.rules.patience;
        match state {
            State::Named(why) if rested < stalled => {
                seen.unfinished += 1;
                Some(why)
            }
            _ if rested < settle => {
                seen.settling += 1;
                Some(String::new())
            }
            _ => {
                if young.download != Download::Whole {
                    seen.rested.push(file.to_path_buf());
                }
                None
            }
        }
    }
}

/// Leaves alone what a look did not find finished.
#[derive(Debug)]
struct Frozen {
    rules: Rules,
    hasher: RandomState,
    since: Duration,
    memory: Arc<Memory>,
}

impl Waits for Frozen {
    fn why(&self, file: &Path, metadata: &Metadata) -> Option<String> {
        let state = self.rules.state(file, metadata);
        if state == State::Old {
            return None;
        }
        let changed = || Some("has just come, or has changed a moment ago".to_owned());
        let young = self.memory.get(&self.hasher.hash_one(file));
        let Some(young) = young.filter(|young| young.stamp == Stamp::of(metadata)) else {
            return if let State::Named(why) = state { Some(why) } else { changed() };
        };
        let rested = self.since.saturating_sub(young.since);
        let Patience { settle, stalled } = self.rules.patience;
        match state {
            State::Named(why) if rested < stalled => Some(why),
            _ if rested < settle => changed(),
            _ if young.download != Download::Whole && rested < stalled => {
                Some("lacks pieces that its torrent has".to_owned())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const SETTLE: Duration = Duration::from_secs(60);

    fn looker() -> Looker {
        Looker::new(Patience { settle: SETTLE, stalled: Duration::from_secs(7_200) })
    }

    fn at(seconds: u64) -> Moment {
        Moment { clock: SystemTime::now(), since: Duration::from_secs(seconds) }
    }

    fn look(looker: &mut Looker, folder: &Path, seconds: u64) -> Looked {
        let folders = Folders::new(&[folder.to_path_buf()]).unwrap();
        looker.look(&folders, at(seconds), &AtomicBool::new(false)).unwrap()
    }

    /// The names of the files that are left to a scan.
    fn scanned(looked: &Looked, folder: &Path) -> Vec<String> {
        let folders = Folders::new(&[folder.to_path_buf()]).unwrap();
        let folders = folders.but(Arc::clone(&looked.waits));
        let items = folders.items().flatten();
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        items.map(|item| name(&item.place.locator.file)).collect()
    }

    #[test]
    fn a_file_is_finished_once_it_has_not_changed_between_two_looks() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.mp3");
        fs::write(&file, "1").unwrap();
        let mut looker = looker();
        let first = look(&mut looker, folder.path(), 0);
        assert_eq!((first.finished, first.settling), (0, 1));
        assert!(scanned(&first, folder.path()).is_empty());
        assert_eq!(look(&mut looker, folder.path(), 59).settling, 1);
        let rested = look(&mut looker, folder.path(), 60);
        assert_eq!((rested.finished, rested.settling), (1, 0));
        assert_ne!(rested.digest, first.digest);
        assert_eq!(scanned(&rested, folder.path()), ["a.mp3"]);
        // It goes on being written, and has to rest again.
        fs::write(&file, "12").unwrap();
        assert!(scanned(&rested, folder.path()).is_empty());
        let again = look(&mut looker, folder.path(), 70);
        assert_eq!((again.finished, &again.digest), (0, &first.digest));
        assert_eq!(look(&mut looker, folder.path(), 130).finished, 1);
    }

    #[test]
    fn what_comes_after_a_look_is_left_to_the_next() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.mp3"), "1").unwrap();
        let mut looker = looker();
        look(&mut looker, folder.path(), 0);
        let looked = look(&mut looker, folder.path(), 60);
        fs::write(folder.path().join("b.mp3"), "1").unwrap();
        assert_eq!(scanned(&looked, folder.path()), ["a.mp3"]);
    }

    #[test]
    fn an_unfinished_name_is_left_alone_until_it_is_renamed_or_has_stalled() {
        let folder = tempfile::tempdir().unwrap();
        let (part, whole) = (folder.path().join("a.mp3.part"), folder.path().join("a.mp3"));
        fs::write(&part, "1").unwrap();
        let mut looker = looker();
        look(&mut looker, folder.path(), 0);
        let looked = look(&mut looker, folder.path(), 7_199);
        assert_eq!((looked.finished, looked.unfinished, looked.settling), (0, 1, 0));
        assert!(scanned(&looked, folder.path()).is_empty());
        let stalled = look(&mut looker, folder.path(), 7_200);
        assert_eq!(scanned(&stalled, folder.path()), ["a.mp3.part"]);
        fs::rename(&part, &whole).unwrap();
        look(&mut looker, folder.path(), 7_210);
        let renamed = look(&mut looker, folder.path(), 7_270);
        assert_eq!(scanned(&renamed, folder.path()), ["a.mp3"]);
    }

    #[test]
    fn without_a_wait_a_file_is_finished_at_once() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.mp3"), "1").unwrap();
        let patience = Patience { settle: Duration::ZERO, stalled: SETTLE };
        assert_eq!(look(&mut Looker::new(patience), folder.path(), 0).finished, 1);
    }

    #[test]
    fn the_same_files_have_the_same_digest_in_another_process() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a", "b", "c"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        let digest = || {
            let mut looker = looker();
            look(&mut looker, folder.path(), 0);
            look(&mut looker, folder.path(), 60).digest
        };
        let before = digest();
        assert_eq!(digest(), before);
        fs::remove_file(folder.path().join("b")).unwrap();
        assert_ne!(digest(), before);
    }
}
