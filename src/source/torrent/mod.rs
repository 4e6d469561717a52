//! Torrents whose data lies beside them: which file of which torrent a file on disk is, and whether it is what the
//! torrent's hashes say.
//!
//! All of it is read from disk. There is no session, no peer and no tracker.

#![cfg_attr(not(feature = "torrent"), allow(dead_code, reason = "nothing reads torrents then"))]

mod beside;
mod metainfo;
mod verify;

pub(super) use beside::Torrents;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8};
use std::sync::{Arc, OnceLock};

use sha2::{Digest as _, Sha256};

use self::metainfo::Metainfo;
use super::{Locator, Stamp, To, display_path, path_key};
use crate::record::{Integrity, TorrentFacts};
use crate::text::thousands;

/// A container of no more than this is compared with the torrent as a whole, for what lies compressed in it, in bytes.
const MAX_WHOLE_BYTES: u64 = 1 << 30;

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
    /// A piece is all there and has the wrong hash.
    differs: bool,
    /// All of it is right.
    all: bool,
}

/// A file of a torrent that is on disk.
#[derive(Debug, Clone)]
pub struct TorrentFile {
    torrent: Arc<Torrent>,
    index: usize,
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

    /// The file that is at a place on disk.
    fn file_at(self: &Arc<Self>, path: &Path) -> Option<TorrentFile> {
        let path = path.strip_prefix(&self.folder).ok()?;
        let files = &self.metainfo.files;
        let at = self.by_path.binary_search_by(|&at| files[at].path.as_path().cmp(path)).ok()?;
        Some(TorrentFile { torrent: Arc::clone(self), index: self.by_path[at] })
    }

    /// Files that are not padding, and how many of them are on disk.
    fn counts(&self) -> (usize, usize) {
        let there = |&&at: &&usize| {
            let path = &self.metainfo.files[at].path;
            !path.as_os_str().is_empty() && self.folder.join(path).is_file()
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

impl TorrentFile {
    /// Where it is on disk.
    pub(super) fn path(&self) -> PathBuf {
        self.torrent.folder.join(&self.info().path)
    }

    fn info(&self) -> &metainfo::FileInfo {
        &self.torrent.metainfo.files[self.index]
    }

    /// The place in the torrent, as a locator from the `.torrent` file.
    pub fn locator(&self) -> Locator {
        let Metainfo { info_hash_v1, info_hash_v2, .. } = &self.torrent.metainfo;
        let info_hash = if info_hash_v1.is_empty() { info_hash_v2 } else { info_hash_v1 }.clone();
        let path = path_key(&self.info().path).to_vec();
        Locator::of_file(&self.torrent.file).step(To::Shared { info_hash, path }, None)
    }

    /// What a record says of it, without looking at its bytes.
    pub fn facts(&self) -> TorrentFacts {
        let metainfo = &self.torrent.metainfo;
        TorrentFacts {
            locator: self.locator().to_string(),
            info_hash: metainfo.info_hash_v1.clone(),
            info_hash_v2: metainfo.info_hash_v2.clone(),
            name: display_path(&metainfo.name),
            file: display_path(&self.info().path),
            integrity: Integrity::Unchecked,
            verified_bytes: 0,
        }
    }

    /// The same, with whether the bytes on disk are those of the torrent: those of a stretch of the file, or of all of
    /// it. `None` if `cancel` was raised.
    pub fn verified(
        &self,
        stretch: Option<(u64, u64)>,
        cancel: &AtomicBool,
    ) -> Option<TorrentFacts> {
        let info = self.info();
        let mut facts = self.facts();
        let on_disk = self.path().metadata().map_or(0, |metadata| metadata.len());
        let verified = match stretch {
            Some((offset, bytes)) => {
                self.torrent.verify(self.index, offset, offset.saturating_add(bytes), cancel)?
            }
            None => self.torrent.verify(self.index, 0, info.bytes, cancel)?,
        };
        facts.verified_bytes = verified.bytes;
        facts.integrity = if verified.differs || on_disk > info.bytes {
            Integrity::Damaged
        } else if verified.all {
            Integrity::Verified
        } else if verified.bytes > 0 {
            Integrity::Partial
        } else {
            Integrity::Unverified
        };
        Some(facts)
    }

    /// A number that is another when its integrity may be, though its own bytes are the same: the `.torrent` file has changed,
    /// or one of the files that share pieces of version 1 with it.
    pub(super) fn surroundings(&self) -> u64 {
        let Torrent { file, metainfo, stamps, .. } = &*self.torrent;
        let info = self.info();
        let mut digest = Sha256::new();
        let mut add = |stamp: Option<Stamp>| {
            let Stamp { size_bytes, modified_ns } = stamp.unwrap_or_default();
            digest.update(size_bytes.to_le_bytes());
            digest.update(modified_ns.to_le_bytes());
        };
        let on_disk = |path: &Path| path.metadata().ok().map(|metadata| Stamp::of(&metadata));
        add(on_disk(file));
        // Pieces of version 2 end with their file.
        if info.root.is_none() {
            let piece_bytes = metainfo.piece_bytes;
            let from = info.offset / piece_bytes * piece_bytes;
            let to = (info.offset + info.bytes).div_ceil(piece_bytes).saturating_mul(piece_bytes);
            let first = metainfo.files.partition_point(|f| f.offset + f.bytes <= from);
            let near = metainfo.files.iter().enumerate().skip(first);
            for (at, near) in near.take_while(|(_, near)| near.offset < to) {
                if !near.is_padding && at != self.index {
                    let path = self.torrent.folder.join(&near.path);
                    add(*stamps[at].get_or_init(|| on_disk(&path)));
                }
            }
        }
        let [a, b, c, d, e, f, g, h, ..] = digest.finalize().0;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    /// Whether it is short enough to be compared as a whole for the sake of a member.
    pub(crate) fn is_short(&self) -> bool {
        self.info().bytes <= MAX_WHOLE_BYTES
    }
}
