//! What reading one file on disk has cost so far, against its [`ScanLimits`].

use crate::bytes::codecs::Allowance;
use crate::source::ScanLimits;

/// Longest name of a member that is kept, in bytes: as long as a path on Linux may be (`PATH_MAX`). A row holds it three
/// times over, and hundreds of rows may be in flight.
const MAX_NAME_BYTES: usize = 4_096;

/// Cuts a name that is too long to be kept; its digest replaces the end, so that two long names stay distinct.
pub(super) fn bounded(mut name: Vec<u8>) -> Vec<u8> {
    if name.len() > MAX_NAME_BYTES {
        let digest = crate::base::digest(&name);
        name.truncate(MAX_NAME_BYTES - digest.len());
        name.extend_from_slice(digest.as_bytes());
    }
    name
}

/// The costs of one file on disk, all containers in it included.
#[derive(Debug)]
pub(super) struct Costs {
    pub(super) limits: ScanLimits,
    /// What the file may decompress to.
    pub(super) allowance: Allowance,
    members: u64,
    /// Memory that open containers take, in bytes.
    held_bytes: u64,
}

impl Costs {
    /// For a file of `size_bytes`, all its volumes counted.
    pub(super) fn new(limits: ScanLimits, size_bytes: u64) -> Self {
        let allowance = Allowance::new(limits.most_unpacked(size_bytes));
        Self { limits, allowance, members: 0, held_bytes: 0 }
    }

    /// Counts a member. False if there are more than the limit.
    pub(super) fn count_member(&mut self) -> bool {
        self.members += 1;
        self.members <= self.limits.max_members
    }

    /// Members counted so far.
    pub(super) fn members(&self) -> u64 {
        self.members
    }

    /// Counts what the sections of the file before this one have cost.
    pub(super) fn carry(&mut self, unpacked_bytes: u64, members: u64) {
        // If the allowance is spent already, the next read says so.
        let _ = self.allowance.add(unpacked_bytes);
        self.members = self.members.saturating_add(members);
    }

    /// Memory in bytes that a container in a container may take now.
    pub(super) fn container_bytes_left(&self) -> u64 {
        self.limits.max_container_bytes.saturating_sub(self.held_bytes)
    }

    /// Counts memory of an open container.
    pub(super) fn hold(&mut self, bytes: u64) {
        self.held_bytes += bytes;
    }

    /// The memory held now, to be restored with [`Costs::release_to`] when a container is closed.
    pub(super) fn held_bytes(&self) -> u64 {
        self.held_bytes
    }

    pub(super) fn release_to(&mut self, held_bytes: u64) {
        self.held_bytes = held_bytes;
    }

    /// What a compressed text may decompress to, by its own compressed length. It does not count against the allowance
    /// of its file, as it is read later and perhaps several times.
    pub(super) fn most_of_a_text(&self, packed_bytes: u64, depth: usize) -> u64 {
        let limits = &self.limits;
        let slack = if depth == 1 { limits.ratio_slack_bytes } else { limits.text_slack_bytes };
        let most = packed_bytes.saturating_mul(limits.max_ratio).saturating_add(slack);
        most.min(self.allowance.most())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_that_differ_only_at_their_end_stay_distinct() {
        let name = |last: u8| [vec![b'a'; 10_000], vec![last]].concat();
        assert_eq!(bounded(name(1)).len(), MAX_NAME_BYTES);
        assert_ne!(bounded(name(1)), bounded(name(2)));
        assert_eq!(bounded(b"short".to_vec()), b"short");
    }
}
