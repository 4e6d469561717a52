//! The directory of a segment: place and length of each hash's list, in a few bits for each hash that occurs.
//!
//! ```text
//! directory = present ranks blocks counts
//! present   = [u64; words]      bit h is set where hash h occurs
//! ranks     = [u32; words]      set bits before each word; a rank is the number of a list
//! blocks    = [block; …]        one for 32 lists
//! block     = first_bit:u64  counts_bit:u48  width:u16   bit of the first list among the postings; where the
//!                               lengths of the lists stand, and in how many bits each
//! counts    = bits              length − 1 of each list
//! ```
//!
//! A list begins at its block's first bit plus the lengths of the lists between, which follow from their counts
//! ([`super::sequence`]).

use bytemuck::{Pod, Zeroable};

use super::bits::{BitWriter, read};
use super::sequence::Shape;
use crate::signal::landmarks::{HASH_COUNT, Hash};

/// Lists of a block.
const BLOCK: usize = 32;
/// The start of every so many lists is kept in memory; divides a block.
const STRIDE: usize = 8;
const _: () = assert!(BLOCK.is_multiple_of(STRIDE), "a stride is a part of a block");
/// Words of the bitmap.
const WORDS: usize = (HASH_COUNT as usize).div_ceil(64);

#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Block {
    first_bit: u64,
    /// Low 48 bits: the start of the counts. High 16: the width of one.
    counts: u64,
}

impl Block {
    fn counts_bit(self) -> u64 {
        self.counts & ((1 << 48) - 1)
    }

    fn width(self) -> u32 {
        ((self.counts >> 48) as u32).min(u32::BITS)
    }
}

/// The postings of a hash in one segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List {
    /// Number of postings; never 0.
    pub len: u32,
    /// Their start among the segment's postings, in bits.
    pub(super) bit: u64,
}

/// Builds a directory from lists in the order of their hashes.
#[derive(Debug)]
pub(super) struct DirectoryBuilder {
    present: Vec<u64>,
    counts: Vec<u32>,
    bound: u64,
}

impl DirectoryBuilder {
    /// For lists of positions below `bound`.
    pub(super) fn new(bound: u64) -> Self {
        Self { present: vec![0; WORDS], counts: Vec::new(), bound }
    }

    /// Adds the next list. An empty list is left out.
    pub(super) fn push(&mut self, hash: Hash, len: u32) {
        if len > 0 {
            self.present[hash.0 as usize / 64] |= 1 << (hash.0 % 64);
            self.counts.push(len);
        }
    }

    /// The section's bytes.
    pub(super) fn finish(self) -> Vec<u8> {
        let mut rank = 0;
        let ranks: Vec<u32> = self
            .present
            .iter()
            .map(|word| {
                let before = rank;
                rank += word.count_ones();
                before
            })
            .collect();
        let (mut first_bit, mut packed) = (0, BitWriter::default());
        let mut blocks = Vec::with_capacity(self.counts.len().div_ceil(BLOCK));
        for block in self.counts.chunks(BLOCK) {
            let most = block.iter().max().map_or(0, |most| most - 1);
            let width = u32::BITS - most.leading_zeros();
            blocks.push(Block { first_bit, counts: packed.len() | u64::from(width) << 48 });
            for len in block {
                packed.push(u64::from(len - 1), width);
                first_bit += Shape::of(u64::from(*len), self.bound).bits();
            }
        }
        let mut bytes = bytemuck::cast_slice(&self.present).to_vec();
        bytes.extend_from_slice(bytemuck::cast_slice(&ranks));
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes.extend_from_slice(bytemuck::cast_slice(&blocks));
        bytes.extend_from_slice(&packed.finish());
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes
    }
}

/// A directory in a segment's bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Directory<'a> {
    present: &'a [u64],
    ranks: &'a [u32],
    blocks: &'a [Block],
    counts: &'a [u8],
    bound: u64,
    starts: &'a [u64],
}

/// Bytes of bitmap and ranks.
const HEAD_BYTES: usize = (WORDS * 12).next_multiple_of(8);

impl<'a> Directory<'a> {
    /// A view of a directory of `n_lists` over its bytes, which are aligned to 8; `None` if they are too few. `starts` are its own
    /// [`Directory::starts`]; without them nothing is found.
    pub(super) fn of(
        bytes: &'a [u8],
        n_lists: usize,
        bound: u64,
        starts: &'a [u64],
    ) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(HEAD_BYTES)?;
        let n_blocks = n_lists.div_ceil(BLOCK).checked_mul(size_of::<Block>())?;
        let (blocks, counts) = rest.split_at_checked(n_blocks)?;
        let (present, ranks) = head.split_at(WORDS * 8);
        Some(Self {
            present: bytemuck::cast_slice(present),
            ranks: bytemuck::cast_slice(&ranks[..WORDS * 4]),
            blocks: bytemuck::cast_slice(blocks),
            counts,
            bound,
            starts,
        })
    }

    /// The first bit of every eighth list, so that at most seven lengths are summed to find a list.
    pub(super) fn starts(self) -> Vec<u64> {
        let mut starts = Vec::new();
        let mut rank = 0;
        self.each(|_, list| {
            if rank % STRIDE == 0 {
                starts.push(list.bit);
            }
            rank += 1;
        });
        starts
    }

    /// The list of a hash, if it occurs.
    #[inline]
    pub(super) fn find(self, hash: Hash) -> Option<List> {
        let (word, bit) = (hash.0 as usize / 64, hash.0 % 64);
        let present = *self.present.get(word)?;
        if present >> bit & 1 == 0 {
            return None;
        }
        let below = present & ((1 << bit) - 1);
        let rank = self.ranks[word] as usize + below.count_ones() as usize;
        let block = self.blocks.get(rank / BLOCK)?;
        let (mut bit, width) = (*self.starts.get(rank / STRIDE)?, block.width());
        let mut at =
            block.counts_bit() + (rank % BLOCK / STRIDE * STRIDE) as u64 * u64::from(width);
        for _ in 0..rank % STRIDE {
            bit = bit.saturating_add(Shape::of(u64::from(self.len(at, width)), self.bound).bits());
            at += u64::from(width);
        }
        Some(List { len: self.len(at, width), bit })
    }

    /// Visits all lists, by hash.
    pub(super) fn each(self, mut visit: impl FnMut(Hash, List)) {
        let (mut rank, mut bit, mut at, mut width) = (0, 0, 0, 0);
        for (word, present) in self.present.iter().enumerate() {
            let mut left = *present;
            while left != 0 {
                let hash = Hash((64 * word) as u32 + left.trailing_zeros());
                left &= left - 1;
                if rank % BLOCK == 0 {
                    let Some(block) = self.blocks.get(rank / BLOCK) else { return };
                    (bit, at, width) = (block.first_bit, block.counts_bit(), block.width());
                }
                let len = self.len(at, width);
                visit(hash, List { len, bit });
                // Bytes that were changed may place a list anywhere: nobody reads there.
                bit = bit.saturating_add(Shape::of(u64::from(len), self.bound).bits());
                at += u64::from(width);
                rank += 1;
            }
        }
    }

    /// The length of the list whose count is at bit `at` of the counts.
    #[inline]
    fn len(self, at: u64, width: u32) -> u32 {
        (read(self.counts, at, width) as u32).saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_list_is_found_where_the_lists_before_it_end() {
        let bound = 1 << 24;
        let lists: Vec<(u32, u32)> = (0..5_000)
            .map(|i| (i * 17 + i % 7, 1 + i * i % 777))
            .chain([(HASH_COUNT - 1, 9)])
            .collect();
        let mut builder = DirectoryBuilder::new(bound);
        for (hash, len) in &lists {
            builder.push(Hash(*hash), *len);
        }
        builder.push(Hash(HASH_COUNT - 1), 0);
        let bytes = builder.finish();
        let starts = Directory::of(&bytes, lists.len(), bound, &[]).unwrap().starts();
        let directory = Directory::of(&bytes, lists.len(), bound, &starts).unwrap();
        let mut bit = 0;
        for (hash, len) in &lists {
            assert_eq!(directory.find(Hash(*hash)), Some(List { len: *len, bit }));
            bit += Shape::of(u64::from(*len), bound).bits();
        }
        assert_eq!(directory.find(Hash(1)), None);
        assert_eq!(directory.find(Hash(u32::MAX)), None);
        let mut seen = Vec::new();
        directory.each(|hash, list| seen.push((hash.0, list.len)));
        assert_eq!(seen, lists);
    }

    #[test]
    fn a_block_that_was_changed_places_its_lists_at_the_end_of_all_bits() {
        let mut builder = DirectoryBuilder::new(1 << 24);
        (0..40).for_each(|hash| builder.push(Hash(hash), 9));
        let mut bytes = builder.finish();
        bytes[HEAD_BYTES..HEAD_BYTES + 8].fill(0xff);
        let starts = Directory::of(&bytes, 40, 1 << 24, &[]).unwrap().starts();
        let directory = Directory::of(&bytes, 40, 1 << 24, &starts).unwrap();
        let mut bits = Vec::new();
        directory.each(|_, list| bits.push(list.bit));
        assert_eq!((bits.len(), bits[31]), (40, u64::MAX));
        assert_eq!(directory.find(Hash(5)).unwrap().bit, u64::MAX);
    }

    #[test]
    fn too_few_bytes_are_no_directory() {
        let bytes = DirectoryBuilder::new(9).finish();
        assert!(Directory::of(&bytes, 0, 9, &[]).is_some());
        assert!(Directory::of(&bytes[..bytes.len() - 8], 0, 9, &[]).is_none());
        assert!(Directory::of(&bytes, 33, 9, &[]).is_none());
    }
}
