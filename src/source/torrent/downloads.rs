//! Whether a file is fully downloaded, by the torrent that lists it.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::Torrents;
use crate::source::Folders;

/// The torrents of a dump, asked about its files.
#[derive(Debug)]
pub struct Downloads {
    torrents: Torrents,
}

impl Downloads {
    /// The torrents among files and folders.
    pub fn among(folders: &Folders) -> Self {
        Self { torrents: Torrents::among(folders) }
    }

    /// A digest of what else tells whether a file is fully downloaded: the torrents, and the files that share pieces with it. `None`
    /// if no torrent lists it.
    pub fn around(&mut self, file: &Path) -> Option<u64> {
        self.torrents.file_at(file).map(|file| file.surroundings())
    }

    /// Whether every piece of a file is there, of one of the torrents that list it. A piece that is there with other bytes counts: it does
    /// not come any more. True if no torrent lists it; `None` if `cancel` was raised.
    pub fn is_whole(&mut self, file: &Path, cancel: &AtomicBool) -> Option<bool> {
        match self.torrents.file_at(file) {
            Some(file) => file.lacks(cancel).map(|lacks| !lacks),
            None => Some(true),
        }
    }
}
