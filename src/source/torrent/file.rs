//! A file on disk that one or several torrents describe, and which of them a record names.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use sha2::{Digest as _, Sha256};

use super::share::Share;
use crate::record::{Integrity, TorrentFacts};
use crate::source::{Item, Locator, Stamp};

/// A file on disk that is a file of a torrent, or of several torrents over the same data.
#[derive(Debug, Clone)]
pub struct TorrentFile {
    /// The file of the torrent that a record names if none fits better: see [`TorrentFile::of`].
    first: Share,
    /// The files of the other torrents, in order of preference.
    others: Arc<[Share]>,
}

/// Which of several torrents a record names: the one with the lowest rank.
fn rank(facts: &TorrentFacts) -> u8 {
    match facts.integrity {
        Integrity::Verified => 0,
        Integrity::Partial => 1,
        Integrity::Unverified => 2,
        Integrity::Damaged => 3,
        Integrity::Unchecked => 4,
    }
}

impl TorrentFile {
    /// The file of these torrents, in order of preference; a torrent with two `.torrent` files counts once.
    pub(super) fn of(shares: impl Iterator<Item = Share>) -> Option<Self> {
        let mut kept: Vec<Share> = Vec::new();
        for share in shares {
            if !kept.iter().any(|other| other.is_twin(&share)) {
                kept.push(share);
            }
        }
        let mut kept = kept.into_iter();
        Some(Self { first: kept.next()?, others: kept.collect() })
    }

    fn shares(&self) -> impl Iterator<Item = &Share> {
        std::iter::once(&self.first).chain(self.others.iter())
    }

    fn counted(&self, facts: TorrentFacts) -> TorrentFacts {
        TorrentFacts { others: self.others.len() as u32, ..facts }
    }

    /// The file on disk as an item.
    pub(in crate::source) fn item(self) -> io::Result<Item> {
        let path = self.first.path();
        let stamp = Stamp::of(&path.metadata()?);
        Ok(Item { torrent: Some(self), ..Item::of_file(path, stamp) })
    }

    /// The locator in the first torrent, which begins with the `.torrent` file.
    pub fn locator(&self) -> Locator {
        self.first.locator()
    }

    /// The facts for a record, without reading its bytes.
    pub fn facts(&self) -> TorrentFacts {
        self.counted(self.first.facts())
    }

    /// The facts of the torrent that fits best, with the result of comparing the bytes on disk with it: those of a stretch
    /// (offset and length in bytes), or of the whole file. `None` if `cancel` was raised.
    ///
    /// Data that was released again, with one more file or another cover, may have the older torrent beside it. That its hashes
    /// differ is no evidence against a torrent that fits.
    pub fn verified(
        &self,
        stretch: Option<(u64, u64)>,
        cancel: &AtomicBool,
    ) -> Option<TorrentFacts> {
        let mut best = self.first.verified(stretch, cancel)?;
        for share in self.others.iter() {
            if best.integrity == Integrity::Verified {
                break;
            }
            let facts = share.verified(stretch, cancel)?;
            if rank(&facts) < rank(&best) {
                best = facts;
            }
        }
        Some(self.counted(best))
    }

    /// Whether pieces are not there of every torrent that lists it. `None` if `cancel` was raised.
    pub(super) fn lacks(&self, cancel: &AtomicBool) -> Option<bool> {
        for share in self.shares() {
            if !share.lacks(cancel)? {
                return Some(false);
            }
        }
        Some(true)
    }

    /// A digest of everything but its own bytes that its integrity depends on: the torrents, and the files that share pieces of
    /// version 1 with it.
    pub(in crate::source) fn surroundings(&self) -> u64 {
        let mut digest = Sha256::new();
        for share in self.shares() {
            share.surroundings(&mut digest);
        }
        let [a, b, c, d, e, f, g, h, ..] = digest.finalize().0;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    /// Whether it is short enough in all torrents to be compared as a whole for the sake of one member.
    pub(crate) fn is_short(&self) -> bool {
        self.shares().all(Share::is_short)
    }
}
