//! The parts of a field in one batch, opened: what of it is null, and its values, as many as there are entries.

use std::io;

use super::buffer::{Bits, Buffers, Offsets, Stream};
use super::message::{Batch, wrong};
use super::schema::Buffer;
use crate::source::Extent;

/// Opens the fields of a batch.
pub(super) struct Opener<'a> {
    pub(super) batch: &'a Batch,
    pub(super) buffers: &'a Buffers,
}

impl Opener<'_> {
    pub(super) fn buffer(&self, first: Buffer, nth: usize) -> io::Result<Extent> {
        let buffer = self.batch.buffers.get(first.of(self.batch).saturating_add(nth));
        buffer.copied().ok_or_else(|| wrong("a batch that does not fit its schema"))
    }

    fn stream(&self, first: Buffer, nth: usize) -> io::Result<Stream> {
        self.buffers.stream(self.buffer(first, nth)?)
    }

    /// The second buffer of a field: so many bytes for each of its entries, and for one more.
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
        // What has no entries may have no offsets.
        if entries > 0 && needed.is_none_or(|needed| needed > stream.length) {
            let told = format!("a buffer of {} bytes for {entries} values", stream.length);
            return Err(wrong(told));
        }
        Ok(stream)
    }

    pub(super) fn offsets(&self, node: usize, first: Buffer, is_wide: bool) -> io::Result<Offsets> {
        let stream = self.per_entry(node, first, if is_wide { 8 } else { 4 }, 1)?;
        Ok(Offsets::new(stream, is_wide))
    }

    fn node(&self, node: usize) -> io::Result<(u64, i64)> {
        let node = self.batch.nodes.get(node);
        node.copied().ok_or_else(|| wrong("a batch that does not fit its schema"))
    }

    pub(super) fn entries(&self, node: usize, first: Buffer) -> io::Result<Entries> {
        let (left, nulls) = self.node(node)?;
        let has_nulls = nulls > 0 || nulls < 0 && self.buffer(first, 0)?.length > 0;
        let nulls = if has_nulls && left > 0 {
            let stream = self.stream(first, 0)?;
            if stream.length < left.div_ceil(8) {
                return Err(wrong(format!(
                    "a bitmap of {} bytes says which of {left} values are there",
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

/// The entries of a field, of which some may be null.
pub(super) struct Entries {
    nulls: Option<Bits>,
    left: u64,
}

impl Entries {
    /// Whether the next entry is there, and not null.
    pub(super) fn next(&mut self) -> io::Result<bool> {
        let left = self.left.checked_sub(1);
        self.left = left.ok_or_else(|| wrong("a column has fewer values than its rows ask for"))?;
        self.nulls.as_mut().map_or(Ok(true), Bits::next)
    }
}
