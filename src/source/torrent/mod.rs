//! Torrents whose data lies beside them: which file of which torrent a file on disk is, and whether it is what the
//! torrent's hashes say.
//!
//! All of it is read from disk. There is no session, no peer and no tracker.

#![cfg_attr(not(feature = "torrent"), allow(dead_code, reason = "nothing reads torrents then"))]

mod beside;
mod file;
mod metainfo;
mod share;
mod unfinished;
mod verify;

pub(super) use beside::Torrents;
pub(crate) use beside::is_called_torrent;
pub(crate) use beside::unreadable;
pub use file::TorrentFile;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::AtomicU8;

use self::metainfo::{FileInfo, Metainfo};
use super::{Stamp, display_path};
use crate::wording::thousands;

/// A torrent, with the folder that its data is in.
#[derive(Debug)]
pub(in crate::source) struct Torrent {
    /// The `.torrent` file.
    file: PathBuf,
    metainfo: Metainfo,
    /// The folder that it was saved in, and the same with its links resolved.
    folder: PathBuf,
    real_folder: PathBuf,
    /// What is known of each piece.
    pieces: Vec<AtomicU8>,
    /// By file: whether the layer of its tree leads to its root.
    layers: Vec<OnceLock<bool>>,
    /// The places of files, in the order of their paths.
    by_path: Vec<usize>,
    /// By file: what it was on disk when it was first looked at.
    stamps: Vec<OnceLock<Option<Stamp>>>,
}

/// What came of comparing a stretch of a file with its torrent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Verified {
    /// Bytes of it in pieces whose hashes are right.
    bytes: u64,
    /// A piece is all there, no other file's, and has the wrong hash.
    differs: bool,
    /// All of it is right.
    all: bool,
}

impl Torrent {
    /// Reads a `.torrent` file whose data would be in `folder`.
    fn new(file: &Path, metainfo: Metainfo, folder: &Path) -> io::Result<Self> {
        let count = |files: &Metainfo| {
            let end = files.files.iter().map(|file| file.offset.saturating_add(file.bytes)).max();
            let by_end = end.unwrap_or(0).div_ceil(files.piece_bytes);
            // A piece that has no hash needs no place.
            let hashes = files.files.iter().map(|file| file.layer.len().max(1)).sum::<usize>();
            by_end.min((files.pieces.len() + hashes) as u64) as usize
        };
        let pieces = std::iter::repeat_with(AtomicU8::default).take(count(&metainfo)).collect();
        let layers = std::iter::repeat_with(OnceLock::new).take(metainfo.files.len()).collect();
        let stamps = std::iter::repeat_with(OnceLock::new).take(metainfo.files.len()).collect();
        let mut by_path: Vec<usize> = (0..metainfo.files.len()).collect();
        by_path.retain(|&at| !metainfo.files[at].is_padding);
        by_path.sort_by(|&a, &b| metainfo.files[a].path.cmp(&metainfo.files[b].path));
        Ok(Self {
            file: file.to_path_buf(),
            real_folder: folder.canonicalize()?,
            folder: folder.to_path_buf(),
            metainfo,
            pieces,
            layers,
            by_path,
            stamps,
        })
    }

    /// The place among its files of the one that is at a path on disk.
    fn place_of(&self, path: &Path) -> Option<usize> {
        let within = path.strip_prefix(&self.folder).ok()?;
        self.place_within(within).or_else(|| {
            let at = self.place_within(&unfinished::finished(within)?)?;
            // Where both are there, the one with the whole name is the torrent's file.
            (self.on_disk(&self.metainfo.files[at]) == path).then_some(at)
        })
    }

    fn place_within(&self, path: &Path) -> Option<usize> {
        let files = &self.metainfo.files;
        let at = self.by_path.binary_search_by(|&at| files[at].path.as_path().cmp(path)).ok()?;
        Some(self.by_path[at])
    }

    /// Where a file of it is on disk, or would be.
    fn on_disk(&self, file: &FileInfo) -> PathBuf {
        unfinished::as_it_lies(self.folder.join(&file.path))
    }

    /// Files that are not padding, and how many of them are on disk.
    fn counts(&self) -> (usize, usize) {
        let there = |&&at: &&usize| {
            let file = &self.metainfo.files[at];
            !file.path.as_os_str().is_empty() && self.on_disk(file).is_file()
        };
        (self.by_path.len(), self.by_path.iter().filter(there).count())
    }

    /// One sentence of what it is.
    fn describe(&self) -> String {
        let bytes: u64 = self.by_path.iter().map(|&at| self.metainfo.files[at].bytes).sum();
        let (files, there) = self.counts();
        let hashes = [("v1", &self.metainfo.info_hash_v1), ("v2", &self.metainfo.info_hash_v2)];
        let hashes: Vec<String> = hashes
            .iter()
            .filter(|(_, hash)| !hash.is_empty())
            .map(|(version, hash)| format!("{version} {hash}"))
            .collect();
        format!(
            "torrent {} ({}), {} files of {} bytes in pieces of {}; {} of the files are here",
            display_path(&self.metainfo.name),
            hashes.join(", "),
            thousands(files as u64),
            thousands(bytes),
            thousands(self.metainfo.piece_bytes),
            thousands(there as u64),
        )
    }
}
