//! A file on disk that a torrent has, or several: which of them it is told by.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use sha2::{Digest as _, Sha256};

use super::share::Share;
use crate::record::{Integrity, TorrentFacts};
use crate::source::{Item, Locator, Stamp};

/// A file of a torrent that is on disk, or of several torrents over the same data.
#[derive(Debug, Clone)]
pub struct TorrentFile {
    /// Of the torrent whose data is nearest, the first by name of those.
    first: Share,
    /// … and the others, in that order.
    others: Arc<[Share]>,
}

/// What of several torrents is told: the better one fits, the lower.
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
    /// The file as torrents have it, in the order in which they are told among equals; what is there twice counts once.
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

    /// The item that it is on disk.
    pub(in crate::source) fn item(self) -> io::Result<Item> {
        let path = self.first.path();
        let stamp = Stamp::of(&path.metadata()?);
        Ok(Item { torrent: Some(self), ..Item::of_file(path, stamp) })
    }

    /// The place in the first torrent, as a locator from the `.torrent` file.
    pub fn locator(&self) -> Locator {
        self.first.locator()
    }

    /// What a record says of it, without looking at its bytes.
    pub fn facts(&self) -> TorrentFacts {
        self.counted(self.first.facts())
    }

    /// The same of the torrent that fits best, with whether the bytes on disk are those of the torrent: those of a stretch of
    /// the file, or of all of it. `None` if `cancel` was raised.
    ///
    /// Data that was seeded anew, with one file more or another cover, has a torrent of before beside it: that one of them
    /// has other hashes says nothing against what the other one verifies.
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

    /// A number that is another when its integrity may be, though its own bytes are the same: one of the torrents has changed,
    /// come or gone, or one of the files that share pieces of version 1 with it.
    pub(in crate::source) fn surroundings(&self) -> u64 {
        let mut digest = Sha256::new();
        for share in self.shares() {
            share.surroundings(&mut digest);
        }
        let [a, b, c, d, e, f, g, h, ..] = digest.finalize().0;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    /// Whether it is short enough to be compared as a whole for the sake of a member, in all torrents that have it.
    pub(crate) fn is_short(&self) -> bool {
        self.shares().all(Share::is_short)
    }
}
