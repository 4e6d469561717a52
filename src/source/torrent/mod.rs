//! Torrents whose data is on disk: which file of which torrent a file is, and whether its bytes have the torrent's hashes.
//!
//! Everything is read from disk. There is no session, no peer and no tracker.
//!
//! | file | its one responsibility |
//! |---|---|
//! | `metainfo` | the content of a `.torrent` file |
//! | `beside` | the torrents of a dump, and where their data is |
//! | `place` | the places of torrents, as a plan keeps them |
//! | `share` | a file as one torrent describes it |
//! | `file` | the same for several torrents over the same data |
//! | `downloads` | whether a file is fully downloaded |
//! | `verify` | comparison with the hashes of a torrent |
//! | `unfinished` | names of files that are not fully downloaded |

#![cfg_attr(
    not(feature = "torrent"),
    allow(dead_code, reason = "torrents are not read without it")
)]

mod beside;
mod downloads;
mod file;
mod metainfo;
mod place;
mod share;
mod unfinished;
mod verify;

pub(super) use beside::Torrents;
pub(crate) use beside::is_called_torrent;
pub(crate) use beside::unreadable;
pub use downloads::Downloads;
pub use file::TorrentFile;
pub use place::TorrentPlace;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::AtomicU8;

use self::metainfo::{FileInfo, Metainfo};
use super::{Stamp, display_path};
use crate::wording::thousands;

/// A torrent, with the folder of its data.
#[derive(Debug)]
pub(in crate::source) struct Torrent {
    /// The `.torrent` file.
    file: PathBuf,
    metainfo: Metainfo,
    /// The folder that it was saved in.
    folder: PathBuf,
    /// The same folder with links resolved.
    real_folder: PathBuf,
    /// The state of each piece, a [`verify::Piece`].
    pieces: Vec<AtomicU8>,
    /// By file: whether the piece layer of its hash tree has the right root.
    layers: Vec<OnceLock<bool>>,
    /// Indices of the files that are not padding, in the order of their paths.
    by_path: Vec<usize>,
    /// By file: its stamp on disk when it was first needed.
    stamps: Vec<OnceLock<Option<Stamp>>>,
}

/// The result of comparing a stretch of a file with its torrent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Verified {
    /// Bytes of the stretch in pieces with the right hash.
    bytes: u64,
    /// A piece of this file alone is complete and has the wrong hash.
    differs: bool,
    /// A piece is not there, or may not be.
    lacks: bool,
    /// All pieces have the right hash.
    all: bool,
}

impl Torrent {
    /// The torrent of the file `file`, with its data in `folder`.
    fn new(file: &Path, metainfo: Metainfo, folder: &Path) -> io::Result<Self> {
        let count = |files: &Metainfo| {
            let end = files.files.iter().map(|file| file.offset.saturating_add(file.bytes)).max();
            let by_end = end.unwrap_or(0).div_ceil(files.piece_bytes);
            // Only pieces with a hash have a state.
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

    /// The index of the file that is at a path on disk.
    fn index_at(&self, path: &Path) -> Option<usize> {
        let within = path.strip_prefix(&self.folder).ok()?;
        self.index_within(within).or_else(|| {
            let at = self.index_within(&unfinished::finished(within)?)?;
            // If both names exist, the finished one is the torrent's file.
            (self.on_disk(&self.metainfo.files[at]) == path).then_some(at)
        })
    }

    fn index_within(&self, path: &Path) -> Option<usize> {
        let files = &self.metainfo.files;
        let at = self.by_path.binary_search_by(|&at| files[at].path.as_path().cmp(path)).ok()?;
        Some(self.by_path[at])
    }

    /// The path on disk that a file has or would have.
    fn on_disk(&self, file: &FileInfo) -> PathBuf {
        unfinished::on_disk(self.folder.join(&file.path))
    }

    /// The number of files that are not padding, and how many of them are on disk.
    fn counts(&self) -> (usize, usize) {
        let there = |&&at: &&usize| {
            let file = &self.metainfo.files[at];
            !file.path.as_os_str().is_empty() && self.on_disk(file).is_file()
        };
        (self.by_path.len(), self.by_path.iter().filter(there).count())
    }

    /// A description of one sentence.
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
