//! The files of a stretch of the walk, summed up.

use sha2::{Digest as _, Sha256};

use super::{Listed, path_key};
use crate::base::hex;

/// The files of a stretch of the walk, summed up: equal if none was added, removed or changed.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    digest: Sha256,
    /// Number of files, and of rows for what is none.
    pub files: u64,
    /// Size of the files together, in bytes.
    pub bytes: u64,
}

impl Listing {
    pub(super) fn add(&mut self, listed: &Listed) {
        let (path, stamp) = match listed {
            Ok(item) => (&item.place.locator.file, item.place.stamp),
            Err(row) => (&row.place.locator.file, row.place.stamp),
        };
        self.digest.update(path_key(path));
        self.digest.update([0]);
        self.digest.update(stamp.size_bytes.to_le_bytes());
        self.digest.update(stamp.modified_ns.to_le_bytes());
        self.files += 1;
        self.bytes = self.bytes.saturating_add(stamp.size_bytes);
    }

    /// SHA-256 over paths, sizes and times of change, lower-case hex.
    pub fn digest(&self) -> String {
        hex(&self.digest.clone().finalize())
    }
}
