//! A file on disk as one torrent describes it, and whether it has that torrent's hashes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use sha2::{Digest as _, Sha256};

use super::Torrent;
use super::metainfo::{FileInfo, Metainfo};
use crate::record::{Integrity, TorrentFacts};
use crate::source::{Locator, Stamp, To, display_path, path_key};

/// Longest container that is compared with its torrent as a whole for the sake of its compressed members, in bytes. A guess.
const MAX_WHOLE_BYTES: u64 = 1 << 30;

/// A file of a torrent that is on disk.
#[derive(Debug, Clone)]
pub(super) struct Share {
    torrent: Arc<Torrent>,
    index: usize,
}

impl Share {
    /// The file of a torrent that is at a path on disk.
    pub(super) fn at(torrent: &Arc<Torrent>, path: &Path) -> Option<Self> {
        let index = torrent.index_at(path)?;
        Some(Self { torrent: Arc::clone(torrent), index })
    }

    /// Whether another is of the same torrent, of which there are two `.torrent` files.
    pub(super) fn is_twin(&self, other: &Self) -> bool {
        let (one, two) = (&self.torrent, &other.torrent);
        one.folder == two.folder
            && one.metainfo.info_hash_v1 == two.metainfo.info_hash_v1
            && one.metainfo.info_hash_v2 == two.metainfo.info_hash_v2
    }

    /// Its path on disk.
    pub(super) fn path(&self) -> PathBuf {
        self.torrent.on_disk(self.info())
    }

    fn info(&self) -> &FileInfo {
        &self.torrent.metainfo.files[self.index]
    }

    /// Its locator, which begins with the `.torrent` file.
    pub(super) fn locator(&self) -> Locator {
        let Metainfo { info_hash_v1, info_hash_v2, .. } = &self.torrent.metainfo;
        let info_hash = if info_hash_v1.is_empty() { info_hash_v2 } else { info_hash_v1 }.clone();
        let path = path_key(&self.info().path).to_vec();
        Locator::of_file(&self.torrent.file).step(To::Shared { info_hash, path }, None)
    }

    /// The facts for a record, without reading its bytes.
    pub(super) fn facts(&self) -> TorrentFacts {
        let metainfo = &self.torrent.metainfo;
        TorrentFacts {
            locator: self.locator().to_string(),
            info_hash: metainfo.info_hash_v1.clone(),
            info_hash_v2: metainfo.info_hash_v2.clone(),
            name: display_path(&metainfo.name),
            file: display_path(&self.info().path),
            integrity: Integrity::Unchecked,
            verified_bytes: 0,
            others: 0,
        }
    }

    /// The same facts, with the result of comparing the bytes on disk with the torrent: those of a stretch (offset and length
    /// in bytes), or of the whole file. `None` if `cancel` was raised.
    pub(super) fn verified(
        &self,
        stretch: Option<(u64, u64)>,
        cancel: &AtomicBool,
    ) -> Option<TorrentFacts> {
        let info = self.info();
        let unverified = TorrentFacts { integrity: Integrity::Unverified, ..self.facts() };
        // A file that cannot be opened, or that a link leads to out of the torrent's folder, is not compared.
        let on_disk = self.torrent.open(info).ok().flatten().and_then(|file| file.metadata().ok());
        let Some(on_disk) = on_disk.map(|metadata| metadata.len()) else { return Some(unverified) };
        let (from, to) = match stretch {
            Some((offset, bytes)) => (offset, offset.saturating_add(bytes)),
            None => (0, on_disk.max(info.bytes)),
        };
        let verified = self.torrent.verify(self.index, from, to, cancel)?;
        // Bytes beyond the length that the torrent states are not the torrent's. A stretch that ends before them is not affected.
        let is_beyond = to.min(on_disk) > info.bytes;
        // In an empty stretch nothing was compared; an empty file is verified by its length.
        let is_compared = verified.bytes > 0 || stretch.is_none();
        let integrity = if verified.differs || is_beyond {
            Integrity::Damaged
        } else if verified.all && is_compared {
            Integrity::Verified
        } else if verified.bytes > 0 {
            Integrity::Partial
        } else {
            Integrity::Unverified
        };
        Some(TorrentFacts { integrity, verified_bytes: verified.bytes, ..unverified })
    }

    /// Whether some of its pieces are not there. `None` if `cancel` was raised.
    pub(super) fn lacks(&self, cancel: &AtomicBool) -> Option<bool> {
        let verified = self.torrent.verify(self.index, 0, self.info().bytes, cancel)?;
        Some(verified.lacks)
    }

    /// Adds everything but its own bytes that its integrity depends on: the `.torrent` file, and the files that share pieces of
    /// version 1 with it.
    pub(super) fn surroundings(&self, digest: &mut Sha256) {
        let Torrent { file, metainfo, stamps, .. } = &*self.torrent;
        let info = self.info();
        let mut add = |stamp: Option<Stamp>| {
            let Stamp { size_bytes, modified_ns } = stamp.unwrap_or_default();
            digest.update(size_bytes.to_le_bytes());
            digest.update(modified_ns.to_le_bytes());
        };
        let on_disk = |path: &Path| path.metadata().ok().map(|metadata| Stamp::of(&metadata));
        add(on_disk(file));
        // No two files share a piece of version 2.
        if info.root.is_none() {
            let piece_bytes = metainfo.piece_bytes;
            let from = info.offset / piece_bytes * piece_bytes;
            let to = (info.offset + info.bytes).div_ceil(piece_bytes).saturating_mul(piece_bytes);
            let first = metainfo.files.partition_point(|f| f.offset + f.bytes <= from);
            let near = metainfo.files.iter().enumerate().skip(first);
            for (at, near) in near.take_while(|(_, near)| near.offset < to) {
                if !near.is_padding && at != self.index {
                    add(*stamps[at].get_or_init(|| on_disk(&self.torrent.on_disk(near))));
                }
            }
        }
        // The path of the `.torrent` file is in the record.
        digest.update(path_key(file));
    }

    /// Whether it is short enough to be compared as a whole for the sake of one member.
    pub(super) fn is_short(&self) -> bool {
        self.info().bytes <= MAX_WHOLE_BYTES
    }
}
