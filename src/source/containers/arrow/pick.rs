//! Values at any place of a column: those of list views, runs and unions, which do not come in the order of the rows.

use std::io;

use super::entries::Opener;
use super::errors::damaged;
use super::lookup::{Block, Found, block};
use super::message::File;
use super::schema::{Buffer, Level, LevelKind, Whole};
use crate::source::Extent;
use crate::source::containers::table::Load;

/// Bytes that are read at a time. A guess.
const WINDOW_BYTES: u64 = 16 << 10;

/// A buffer that is read at any place, through a window that holds what was read last.
pub(super) struct Window {
    block: Block,
    file: File,
    from: u64,
    bytes: Vec<u8>,
}

impl Window {
    /// Buffer `nth` of a field, checked to have `bytes` bytes for each of `count` entries.
    fn open(
        opener: &Opener<'_>,
        first: Buffer,
        nth: usize,
        count: Option<u64>,
        bytes: usize,
    ) -> io::Result<Self> {
        let block = block(opener.buffers, opener.buffer(first, nth)?)?;
        let needed = count.and_then(|count| count.checked_mul(bytes as u64));
        if needed.is_none_or(|needed| needed > block.length()) {
            return Err(damaged(format!(
                "a buffer of {} bytes for {} values",
                block.length(),
                count.unwrap_or(u64::MAX)
            )));
        }
        Ok(Self { block, file: opener.buffers.file.clone(), from: 0, bytes: Vec::new() })
    }

    /// The values of a field of numbers.
    pub(super) fn values(
        opener: &Opener<'_>,
        node: usize,
        first: Buffer,
        bytes: usize,
    ) -> io::Result<Self> {
        Self::open(opener, first, 1, Some(opener.node(node)?.0), bytes)
    }

    /// Reads the bytes of entry `at`.
    pub(super) fn fill(&mut self, at: u64, to: &mut [u8]) -> io::Result<()> {
        let length = to.len() as u64;
        let begin =
            at.checked_mul(length).ok_or_else(|| damaged("the place of a value overflows"))?;
        if let Block::Memory(_) = &self.block {
            if let Found::Memory(memory, from, length) = self.block.part(begin, length)? {
                to.copy_from_slice(&memory[from..from + length]);
            }
            return Ok(());
        }
        let held = self.bytes.len() as u64;
        let is_held = begin >= self.from && begin + length <= self.from + held;
        if !is_held {
            let more = WINDOW_BYTES.max(length).min(self.block.length().saturating_sub(begin));
            if let Found::Stored(extent) = self.block.part(begin, more.max(length))? {
                let there = self.file.length.saturating_sub(extent.offset);
                let length = extent.length.min(there.max(length));
                self.bytes = self.file.take(Extent { length, ..extent })?;
                self.from = begin;
            }
        }
        let from = (begin - self.from) as usize;
        to.copy_from_slice(&self.bytes[from..from + to.len()]);
        Ok(())
    }

    fn number(&mut self, at: u64, whole: Whole) -> io::Result<i64> {
        let mut eight = [0; 8];
        self.fill(at, &mut eight[..whole.bytes])?;
        Ok(whole.of(eight))
    }

    /// An offset or a size.
    fn place(&mut self, at: u64, is_wide: bool) -> io::Result<u64> {
        let number =
            self.number(at, Whole { bytes: if is_wide { 8 } else { 4 }, is_signed: true })?;
        u64::try_from(number)
            .map_err(|_| damaged(format!("a list begins at or has {number} values")))
    }
}

/// Which entries of a field are null, told for any of them.
pub(super) struct Nulls {
    pub(super) count: u64,
    bitmap: Option<Window>,
}

impl Nulls {
    pub(super) fn open(
        opener: &Opener<'_>,
        node: usize,
        first: Buffer,
        has_bitmap: bool,
    ) -> io::Result<Self> {
        let (count, nulls) = opener.node(node)?;
        let has_nulls = has_bitmap
            && count > 0
            && (nulls > 0 || nulls < 0 && opener.buffer(first, 0)?.length > 0);
        let bitmap = has_nulls
            .then(|| Window::open(opener, first, 0, Some(count.div_ceil(8)), 1))
            .transpose()?;
        Ok(Self { count, bitmap })
    }

    /// Whether an entry is not null.
    pub(super) fn is_there(&mut self, at: u64) -> io::Result<bool> {
        if at >= self.count {
            return Err(damaged(format!("value {at} of {} values is used", self.count)));
        }
        let Some(bitmap) = &mut self.bitmap else { return Ok(true) };
        let mut byte = [0];
        bitmap.fill(at / 8, &mut byte)?;
        Ok(byte[0] >> (at % 8) & 1 == 1)
    }
}

/// A struct, a list or the like around the column, read at any place.
pub(super) struct Picker {
    nulls: Nulls,
    kind: Kind,
}

enum Kind {
    Struct,
    Fixed(u64),
    List { offsets: Window, is_wide: bool },
    View { offsets: Window, sizes: Window, is_wide: bool },
    Runs { ends: Window, whole: Whole, count: u64, last: u64 },
    Union { types: Window, offsets: Option<Window>, code: i8 },
}

impl Picker {
    pub(super) fn open(opener: &Opener<'_>, level: &Level) -> io::Result<Self> {
        let Level { kind, node, first } = *level;
        let has_bitmap = !matches!(kind, LevelKind::RunEnds(_) | LevelKind::Union { .. });
        let nulls = Nulls::open(opener, node, first, has_bitmap)?;
        let count = nulls.count;
        let wide = |is_wide: bool| if is_wide { 8 } else { 4 };
        let buffer = |nth, count, bytes| Window::open(opener, first, nth, count, bytes);
        let kind = match kind {
            LevelKind::Struct => Kind::Struct,
            LevelKind::Fixed(size) => Kind::Fixed(size),
            LevelKind::List { is_wide } => {
                // Without entries the buffer may be empty, even if it should have one offset.
                let offsets = if count == 0 { Some(0) } else { count.checked_add(1) };
                Kind::List { offsets: buffer(1, offsets, wide(is_wide))?, is_wide }
            }
            LevelKind::ListView { is_wide } => Kind::View {
                offsets: buffer(1, Some(count), wide(is_wide))?,
                sizes: buffer(2, Some(count), wide(is_wide))?,
                is_wide,
            },
            LevelKind::RunEnds(whole) => {
                let count = opener.node(node + 1)?.0;
                Kind::Runs { ends: buffer(1, Some(count), whole.bytes)?, whole, count, last: 0 }
            }
            LevelKind::Union { code, types, is_dense } => Kind::Union {
                types: buffer(types, Some(count), 1)?,
                offsets: is_dense.then(|| buffer(types + 1, Some(count), 4)).transpose()?,
                code,
            },
        };
        Ok(Self { nulls, kind })
    }

    /// The entries below entry `at`.
    fn below(&mut self, at: u64) -> io::Result<std::ops::Range<u64>> {
        let one = |at: u64| at..at.saturating_add(1);
        if !self.nulls.is_there(at)? {
            return Ok(0..0);
        }
        let overflows = || damaged("the place of a list overflows");
        Ok(match &mut self.kind {
            Kind::Struct => one(at),
            Kind::Fixed(size) => {
                let begin = at.checked_mul(*size).ok_or_else(overflows)?;
                begin..begin.checked_add(*size).ok_or_else(overflows)?
            }
            Kind::List { offsets, is_wide } => {
                let (begin, end) = (offsets.place(at, *is_wide)?, offsets.place(at + 1, *is_wide)?);
                if end < begin {
                    return Err(damaged(format!(
                        "a list begins at value {begin} and ends at {end}"
                    )));
                }
                begin..end
            }
            Kind::View { offsets, sizes, is_wide } => {
                let (begin, size) = (offsets.place(at, *is_wide)?, sizes.place(at, *is_wide)?);
                begin..begin.checked_add(size).ok_or_else(overflows)?
            }
            Kind::Runs { ends, whole, count, last } => {
                // Rows come in order, so that the run is mostly that of the row before or the next.
                let mut end =
                    |run: u64| ends.number(run, *whole).map(|end| end.max(0).unsigned_abs());
                if *last > 0 && *last < *count && end(*last - 1)? > at {
                    *last = 0;
                }
                while *last < *count && end(*last)? <= at {
                    *last += 1;
                }
                if last >= count {
                    return Err(damaged(format!("{count} runs end before value {at}")));
                }
                one(*last)
            }
            Kind::Union { types, offsets, code } => {
                let mut byte = [0];
                types.fill(at, &mut byte)?;
                match offsets {
                    _ if byte != code.to_le_bytes() => 0..0,
                    Some(offsets) => one(offsets.place(at, false)?),
                    None => one(at),
                }
            }
        })
    }

    fn is_list(&self) -> bool {
        matches!(self.kind, Kind::Fixed(_) | Kind::List { .. } | Kind::View { .. })
    }
}

/// Goes through the entries of the column that lie in entry `at` of the outermost level: `visit` is given the place of each in
/// the innermost list, at first `nth`, and its place in the column. Each entry counts against the allowance: lists may share
/// their entries.
pub(super) fn pick(
    levels: &mut [Picker],
    (nth, at): (u64, u64),
    load: &Load,
    visit: &mut dyn FnMut(u64, u64) -> io::Result<()>,
) -> io::Result<()> {
    let Some((level, inner)) = levels.split_first_mut() else { return visit(nth, at) };
    let below = level.below(at)?;
    load.allowance.add(below.end - below.start).map_err(io::Error::other)?;
    let (is_list, begin) = (level.is_list(), below.start);
    for at in below {
        pick(inner, (if is_list { at - begin } else { nth }, at), load, visit)?;
    }
    Ok(())
}
