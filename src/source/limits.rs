//! What the containers of a dump may cost.

use crate::bytes::Budget;

/// Limits on containers. What goes beyond one becomes a row that names it, never a silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanLimits {
    /// Containers within each other, a compression counted as one: 8 holds a zip of gzipped tars of zips
    /// with room to spare.
    pub max_depth: usize,
    /// Memory for one item that comes as a stream, in bytes: 256 MiB hold an hour of CD sound as FLAC.
    /// What lies on disk as it is (in a tar file, stored in a zip file) takes none and has no limit.
    pub max_item_bytes: u64,
    /// Memory for all items that come as streams and wait or are decoded, beyond `max_item_bytes`.
    pub extra_item_bytes: u64,
    /// Memory for containers that lie in others and have to be read from their end, such as a zip file
    /// in a compressed tar file; all that are open at a time.
    pub max_container_bytes: u64,
    /// A file on disk may unpack to this many times its size …
    pub max_ratio: u64,
    /// … and so many bytes. Digital silence as FLAC is 1:1,000 and no song is: 100 is generous to text.
    pub ratio_slack_bytes: u64,
    /// Members of one file on disk, those of inner containers and empty rows of tables counted.
    pub max_members: u64,
    /// A compressed text in an archive may unpack to `max_ratio` times its own size and so many bytes. It is less than
    /// `ratio_slack_bytes`, since an archive may hold any number of them.
    pub text_slack_bytes: u64,
    /// The directory of a 7z file, which is taken into memory whole, in bytes: 24 MiB is that of 300,000 members.
    pub max_directory_bytes: u64,
    /// The directory of a table, and the header of a message in an Arrow table, likewise: 64 MiB is that of 300,000
    /// pieces of columns.
    pub max_footer_bytes: u64,
    /// A page of a table, which is taken into memory whole, likewise, twice if it lies compressed: 512 MiB hold a hundred
    /// songs of 5 MiB, as many as the usual row group. Of a batch of an Arrow table, what its compressed buffers take
    /// while they are unpacked.
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
    pub(super) fn most_unpacked(&self, bytes: u64) -> u64 {
        bytes.saturating_mul(self.max_ratio).saturating_add(self.ratio_slack_bytes)
    }

    /// The memory for items in flight.
    pub(super) fn budget(&self) -> Budget {
        // A byte more than the longest item, so that its end is seen.
        let most = self.max_item_bytes.saturating_add(self.extra_item_bytes);
        Budget::new(most.saturating_add(1))
    }
}
