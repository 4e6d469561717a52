//! The torrent that an item belongs to.

use serde::{Deserialize, Serialize};

/// The file of a torrent that an item is, or lies in, and whether it has the hashes of the torrent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TorrentFacts {
    /// Where the file is in the torrent, to find it again: the `.torrent` file, info-hash and path.
    pub locator: String,
    /// Info-hash of version 1 (BEP 3), lower-case hex; `""` if the torrent has none.
    pub info_hash: String,
    /// Info-hash of version 2 (BEP 52), lower-case hex; `""` if the torrent has none.
    pub info_hash_v2: String,
    /// Name of the torrent.
    pub name: String,
    /// Path of the file in the torrent.
    pub file: String,
    /// Whether the bytes on disk are those of the torrent.
    pub integrity: Integrity,
    /// Number of bytes of the item whose hashes were verified; of its container if it lies compressed there.
    pub verified_bytes: u64,
    /// Number of other torrents that list the file and fit no better, among the first eight.
    #[serde(default)]
    pub others: u32,
}

/// Whether the bytes on disk have the hashes of the torrent. Compared only if something was found in the item or it could not
/// be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Integrity {
    /// Every byte has the right hash.
    Verified,
    /// Some bytes have the right hash. The others were not downloaded, or share a piece with a file that is missing or damaged.
    Partial,
    /// No byte could be compared.
    Unverified,
    /// A piece of this file alone has another hash, or the file is longer than the torrent says.
    Damaged,
    /// Not compared.
    Unchecked,
}

impl Integrity {
    /// The word of the JSONL contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Partial => "partial",
            Self::Unverified => "unverified",
            Self::Damaged => "damaged",
            Self::Unchecked => "unchecked",
        }
    }
}
