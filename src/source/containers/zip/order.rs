//! The order of the entries of a directory.

use std::collections::HashMap;

/// Most entries of a directory that are out of the order of their places in the file. A guess; each takes some 32 bytes of memory.
const MAX_DISORDER: usize = 1 << 20;

/// Numbers entries of a directory that have the same place in the file. Usually each lies behind the one before, which
/// needs no memory.
#[derive(Default)]
pub(super) struct Order {
    /// Entries from this byte on lie behind all that came.
    next: u64,
    /// The number of entries at each byte before it.
    back: HashMap<u64, u64>,
}

impl Order {
    /// The number of an entry among those at the same byte: from 1 in order, from 2 out of order. `None` if too many are out
    /// of order.
    pub(super) fn nth(&mut self, offset: u64) -> Option<u64> {
        if offset >= self.next {
            self.next = offset.saturating_add(1);
            return Some(1);
        }
        let count = self.back.entry(offset).or_insert(1);
        *count += 1;
        let nth = *count;
        (self.back.len() <= MAX_DISORDER).then_some(nth)
    }
}
