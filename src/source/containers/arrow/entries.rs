//! The fields of one batch: which entries are null, and buffers that have a value for each entry.

use std::io;

use super::buffer::{Bits, Buffers, Offsets, Stream};
use super::errors::damaged;
use super::layout::Batch;
use super::schema::Buffer;
use crate::source::Extent;

/// Opens the parts of fields in one batch.
pub(super) struct Opener<'a> {
    pub(super) batch: &'a Batch,
    pub(super) buffers: &'a Buffers,
}

impl Opener<'_> {
    pub(super) fn buffer(&self, first: Buffer, nth: usize) -> io::Result<Extent> {
        let buffer = self.batch.buffers.get(first.of(self.batch).saturating_add(nth));
        buffer.copied().ok_or_else(|| damaged("a batch that does not match its schema"))
    }

    fn stream(&self, first: Buffer, nth: usize) -> io::Result<Stream> {
        self.buffers.stream(self.buffer(first, nth)?)
    }

    /// The second buffer of a field, checked to have `bytes` bytes for each entry and for `more` others.
    pub(super) fn per_entry(
        &self,
        node: usize,
        first: Buffer,
        bytes: usize,
        more: u64,
    ) -> io::Result<Stream> {
        let stream = self.stream(first, 1)?;
        let entries = self.node(node)?.0;
        let needed = entries.checked_add(more).and_then(|n| n.checked_mul(bytes as u64));
        // Without entries the buffer may be empty, even if it should have one offset.
        if entries > 0 && needed.is_none_or(|needed| needed > stream.length) {
            let told = format!("a buffer of {} bytes for {entries} values", stream.length);
            return Err(damaged(told));
        }
        Ok(stream)
    }

    pub(super) fn offsets(&self, node: usize, first: Buffer, is_wide: bool) -> io::Result<Offsets> {
        let stream = self.per_entry(node, first, if is_wide { 8 } else { 4 }, 1)?;
        Ok(Offsets::new(stream, is_wide))
    }

    /// The number of entries of a field, and how many of them are null, negative if not counted.
    pub(super) fn node(&self, node: usize) -> io::Result<(u64, i64)> {
        let node = self.batch.nodes.get(node);
        node.copied().ok_or_else(|| damaged("a batch that does not match its schema"))
    }

    pub(super) fn entries(&self, node: usize, first: Buffer) -> io::Result<Entries> {
        let (left, nulls) = self.node(node)?;
        let has_nulls = nulls > 0 || nulls < 0 && self.buffer(first, 0)?.length > 0;
        let nulls = if has_nulls && left > 0 {
            let stream = self.stream(first, 0)?;
            if stream.length < left.div_ceil(8) {
                return Err(damaged(format!(
                    "a bitmap of {} bytes for {left} values",
                    stream.length
                )));
            }
            Some(Bits::new(stream))
        } else {
            None
        };
        Ok(Entries { nulls, left })
    }
}

/// The entries of a field that have not been read; some may be null.
pub(super) struct Entries {
    nulls: Option<Bits>,
    left: u64,
}

impl Entries {
    /// Goes to the next entry. False if it is null.
    pub(super) fn next(&mut self) -> io::Result<bool> {
        let left = self.left.checked_sub(1);
        self.left = left.ok_or_else(|| damaged("a column has fewer values than its rows need"))?;
        self.nulls.as_mut().map_or(Ok(true), Bits::next)
    }
}
