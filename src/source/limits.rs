//! What the containers of a dump may cost. See ARCHITECTURE.md for the memory of a whole scan.

use serde::{Deserialize, Serialize};

use crate::bytes::Budget;

/// Limits on containers. Whatever exceeds one gets a row that names the limit.
///
/// The defaults are reasoned guesses; each field says from what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScanLimits {
    /// Deepest nesting of containers, where a compression counts as one. A zip of gzipped tars of zips has 4.
    pub max_depth: usize,
    /// Memory for one item that comes as a stream, in bytes: 256 MiB hold an hour of CD sound as FLAC. Items that are stored
    /// uncompressed (in a tar file, or stored in a zip file) take no memory and have no limit.
    pub max_item_bytes: u64,
    /// Memory for all items from streams that wait or are decoded, in bytes, in addition to `max_item_bytes`.
    pub extra_item_bytes: u64,
    /// Memory for all open containers that come as streams but have to be read from their end, such as a zip file in a
    /// compressed tar file, in bytes.
    pub max_container_bytes: u64,
    /// A file on disk may decompress to this many times its size, and `ratio_slack_bytes` in addition. Text rarely exceeds 1:100;
    /// only digital silence (1:1,000 as FLAC) does, and that is no song.
    pub max_ratio: u64,
    /// Bytes that a file may decompress to in addition to `max_ratio` times its size.
    pub ratio_slack_bytes: u64,
    /// Members of one file on disk, including members of inner containers and empty cells of tables.
    pub max_members: u64,
    /// Bytes that a compressed text in an archive may decompress to in addition to `max_ratio` times its size. Less than
    /// `ratio_slack_bytes`, since an archive may hold any number of them.
    pub text_slack_bytes: u64,
    /// Longest directory of a 7z file, and of a zip file in several volumes, which is read into memory whole, in bytes: 24 MiB for 300,000
    /// members.
    pub max_directory_bytes: u64,
    /// Longest directory of a table, and longest header of a message in an Arrow table, in bytes: 64 MiB for 300,000 column
    /// chunks.
    pub max_footer_bytes: u64,
    /// Longest page of a Parquet table, which is read into memory whole, and twice if compressed, in bytes: 512 MiB hold a
    /// hundred songs of 5 MiB, as many as a usual row group. In an Arrow table, the memory for the compressed buffers of a
    /// batch.
    pub max_page_bytes: u64,
}

impl Default for ScanLimits {
    fn default() -> Self {
        Self {
            max_depth: 8,
            max_item_bytes: 256 << 20,
            extra_item_bytes: 64 << 20,
            max_container_bytes: 256 << 20,
            max_ratio: 100,
            ratio_slack_bytes: 1 << 30,
            max_members: 200_000_000,
            text_slack_bytes: 1 << 20,
            max_directory_bytes: 24 << 20,
            max_footer_bytes: 64 << 20,
            max_page_bytes: 512 << 20,
        }
    }
}

impl ScanLimits {
    /// The most that a file of `bytes` may decompress to, in bytes.
    pub fn most_unpacked(&self, bytes: u64) -> u64 {
        bytes.saturating_mul(self.max_ratio).saturating_add(self.ratio_slack_bytes)
    }

    /// The memory for items in flight.
    pub(super) fn budget(&self) -> Budget {
        // A byte more than the longest item, so that its end is seen.
        let most = self.max_item_bytes.saturating_add(self.extra_item_bytes);
        Budget::new(most.saturating_add(1))
    }
}
