//! What the containers of a dump may cost.

use super::Budget;

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
    /// Members of one file on disk, those of inner containers counted.
    pub max_members: u64,
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
        }
    }
}

impl ScanLimits {
    /// The memory for items in flight.
    pub(super) fn budget(&self) -> Budget {
        // One more than the longest item, so that its end is met.
        Budget::new(self.max_item_bytes + self.extra_item_bytes + 1)
    }
}
