//! Bytes and texts that are looked up by number: the values of a dictionary, and views.

use std::io;
use std::rc::Rc;

use super::buffer::{Buffers, Place};
use super::errors::damaged;
use super::layout::Batch;
use super::message::File;
use super::schema::{Buffer, Shape};
use crate::source::Extent;
use crate::source::containers::table::Load;

/// Longest buffer that is read into memory at once for look-ups, as many small reads would take longer. A guess.
const SMALL_BYTES: u64 = 1 << 20;
/// Bytes of a view, and the longest value that is stored in the view itself (Arrow's columnar format, "Variable-size Binary
/// View Layout").
const VIEW_BYTES: u64 = 16;
const MAX_INLINE_BYTES: u64 = 12;

/// The bytes of a buffer.
pub(super) enum Block {
    Stored(Extent),
    Memory(Rc<[u8]>),
}

/// The place of a value.
pub(super) enum Found {
    /// Stored uncompressed in the table.
    Stored(Extent),
    /// In memory: the bytes of the buffer, then position and length of the value.
    Memory(Rc<[u8]>, usize, usize),
}

/// The values of one batch.
pub(super) struct Lookup {
    file: File,
    load: Load,
    pub(super) count: u64,
    nulls: Option<Block>,
    /// Offsets, or views.
    index: Block,
    shape: Shape,
    data: Vec<Block>,
}

impl Lookup {
    /// The values of a field; `first` is the first of its buffers.
    pub(super) fn open(
        buffers: &Buffers,
        batch: &Batch,
        node: usize,
        first: Buffer,
        shape: Shape,
    ) -> io::Result<Self> {
        let missing = || damaged("a batch that does not match its schema");
        let &(count, nulls) = batch.nodes.get(node).ok_or_else(missing)?;
        let at = first.of(batch);
        let buffer = |at: usize| batch.buffers.get(at).copied().ok_or_else(missing);
        let data = match shape {
            Shape::Row { .. } => 1,
            Shape::Views { nth } => *batch.variadic.get(nth).ok_or_else(missing)?,
        };
        let data =
            (0..data).map(|nth| block(buffers, buffer(at.saturating_add(2 + nth as usize))?));
        let index = buffer(at + 1)?;
        let bitmap = buffer(at)?;
        let has_nulls = nulls > 0 || nulls < 0 && bitmap.length > 0;
        let nulls = has_nulls.then(|| block(buffers, bitmap)).transpose()?;
        let index = block(buffers, index)?;
        // Values may be passed over without being read, so the index is checked here.
        let needed = match shape {
            Shape::Views { .. } => count.checked_mul(VIEW_BYTES),
            Shape::Row { is_wide } => count
                .checked_add(u64::from(count > 0))
                .and_then(|n| n.checked_mul(if is_wide { 8 } else { 4 })),
        };
        if needed.is_none_or(|needed| needed > index.length()) {
            return Err(damaged(format!("{count} values in a buffer of {} bytes", index.length())));
        }
        Ok(Self {
            file: buffers.file.clone(),
            load: buffers.load.clone(),
            count,
            nulls,
            index,
            shape,
            data: data.collect::<io::Result<_>>()?,
        })
    }

    /// The value with this number, from 0; `None` if it is null.
    pub(super) fn get(&self, number: u64) -> io::Result<Option<Found>> {
        if number >= self.count {
            return Err(damaged(format!("value {number} of {} values is used", self.count)));
        }
        if let Some(nulls) = &self.nulls {
            let [byte] = self.read(nulls, number / 8)?;
            if byte >> (number % 8) & 1 == 0 {
                return Ok(None);
            }
        }
        let (block, begin, length) = match self.shape {
            Shape::Row { is_wide } => {
                let (begin, end) = self.offsets(number, is_wide)?;
                let length = end.checked_sub(begin).and_then(|length| u64::try_from(length).ok());
                let length = length.filter(|_| begin >= 0);
                let length =
                    length.ok_or_else(|| damaged(format!("a value from byte {begin} to {end}")))?;
                (self.data.first(), begin.unsigned_abs(), length)
            }
            Shape::Views { .. } => {
                let at = number
                    .checked_mul(VIEW_BYTES)
                    .ok_or_else(|| damaged("the place of a view overflows"))?;
                let view: [u8; VIEW_BYTES as usize] = self.read(&self.index, at)?;
                let number = |at: usize| {
                    let [a, b, c, d] = [view[at], view[at + 1], view[at + 2], view[at + 3]];
                    let number = i32::from_le_bytes([a, b, c, d]);
                    u64::try_from(number).map_err(|_| damaged(format!("a view of {number} bytes")))
                };
                match number(0)? {
                    length @ ..=MAX_INLINE_BYTES => (Some(&self.index), at + 4, length),
                    length => (self.data.get(number(8)? as usize), number(12)?, length),
                }
            }
        };
        let block = block.ok_or_else(|| damaged("a value in a buffer that does not exist"))?;
        // Counted for each use: many entries may have the same value.
        self.load.allowance.add(length).map_err(io::Error::other)?;
        block.part(begin, length).map(Some)
    }

    fn offsets(&self, number: u64, is_wide: bool) -> io::Result<(i64, i64)> {
        let at = number.checked_mul(if is_wide { 8 } else { 4 });
        let at = at.ok_or_else(|| damaged("the place of a value overflows"))?;
        if is_wide {
            let [a, b, c, d, e, f, g, h, end @ ..] = self.read::<16>(&self.index, at)?;
            Ok((i64::from_le_bytes([a, b, c, d, e, f, g, h]), i64::from_le_bytes(end)))
        } else {
            let [a, b, c, d, end @ ..] = self.read::<8>(&self.index, at)?;
            Ok((i32::from_le_bytes([a, b, c, d]).into(), i32::from_le_bytes(end).into()))
        }
    }

    fn read<const N: usize>(&self, block: &Block, at: u64) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        match block.part(at, N as u64)? {
            Found::Memory(memory, from, length) => {
                bytes.copy_from_slice(&memory[from..from + length]);
            }
            Found::Stored(extent) => bytes.copy_from_slice(&self.file.take(extent)?),
        }
        Ok(bytes)
    }
}

impl Block {
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Stored(extent) => extent.length,
            Self::Memory(memory) => memory.len() as u64,
        }
    }

    pub(super) fn part(&self, begin: u64, length: u64) -> io::Result<Found> {
        let whole = self.length();
        if begin.checked_add(length).is_none_or(|end| end > whole) {
            return Err(damaged(format!(
                "{length} bytes at byte {begin} of a buffer of {whole} bytes"
            )));
        }
        Ok(match self {
            Self::Stored(extent) => Found::Stored(Extent { offset: extent.offset + begin, length }),
            Self::Memory(memory) => {
                Found::Memory(Rc::clone(memory), begin as usize, length as usize)
            }
        })
    }
}

/// The bytes of a buffer for reads at any place: compressed ones are decompressed into memory.
pub(super) fn block(buffers: &Buffers, stored: Extent) -> io::Result<Block> {
    Ok(match buffers.place(stored)? {
        Place::Packed(codec, stored, length) => {
            Block::Memory(buffers.unpack(codec, stored, length)?.into())
        }
        Place::Stored(extent) => Block::Stored(extent),
    })
}

impl Lookup {
    /// Reads short buffers into memory, for many look-ups.
    pub(super) fn in_memory(mut self, buffers: &Buffers) -> io::Result<Self> {
        let blocks = self.nulls.iter_mut().chain([&mut self.index]).chain(&mut self.data);
        for block in blocks {
            if let Block::Stored(extent) = block
                && extent.length <= SMALL_BYTES
            {
                buffers.hold(extent.length)?;
                *block = Block::Memory(self.file.take(*extent)?.into());
            }
        }
        Ok(self)
    }
}
