//! One column without parts in one batch, read row by row.

use std::collections::HashMap;
use std::io::{self, Read};
use std::rc::Rc;

use super::buffer::{Buffers, Offsets, Place, Stream};
use super::entries::{Entries, Opener};
use super::errors::damaged;
use super::layout::Batch;
use super::lookup::{Found, Lookup};
use super::pick::{Nulls, Picker, Window, pick};
use super::schema::{Leaf, Level, LevelKind, Shape, Values, Whole};
use crate::source::Extent;
use crate::source::containers::column_names::whole_rate;
use crate::source::containers::table::Load;

/// The dictionaries that were read, by id: the values of each in one or several batches.
pub(super) type Dictionaries = HashMap<i64, Vec<Rc<Lookup>>>;

/// A column that is being read.
pub(super) struct Column {
    levels: Levels,
    pub(super) cells: Cells,
}

/// What is around the column.
enum Levels {
    /// All of it is read from front to end.
    InOrder(Vec<OpenLevel>),
    /// Values are picked for each row.
    Picked { levels: Vec<Picker>, next_row: u64, load: Load },
}

/// How a column is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Front to end, through small windows.
    Streamed,
    /// The same, with short buffers that are looked up held in memory.
    InMemory,
    /// At any place, so that values outlast the next row and [`Cells::nth`] is known.
    Picked,
}

/// A struct or list around the column.
struct OpenLevel {
    entries: Entries,
    open: Open,
}

enum Open {
    Struct,
    List(Offsets),
    Fixed(u64),
}

/// The values of a column in the order in which they are stored.
pub(super) struct Cells {
    nulls: LeafNulls,
    kind: LeafKind,
    file: super::message::File,
    /// The place of the current value in the innermost list, if values are picked.
    pub(super) nth: u64,
}

enum LeafNulls {
    InOrder(Entries),
    Picked(Nulls),
}

/// The buffer of a field of numbers.
enum Source {
    Streamed(Stream),
    /// At this place.
    Picked(Window, u64),
}

impl Source {
    fn fill(&mut self, to: &mut [u8]) -> io::Result<()> {
        match self {
            Self::Streamed(stream) => stream.fill(to),
            Self::Picked(window, at) => window.fill(*at, to),
        }
    }
}

enum LeafKind {
    Row { offsets: Offsets, data: Data },
    Looked { lookup: Rc<Lookup>, next: u64 },
    Codes { codes: Numbers, dictionary: Vec<Rc<Lookup>> },
    Floats { source: Source, bytes: usize },
    Numbers(Numbers),
}

enum Data {
    Stored(Extent),
    Packed(Stream),
}

struct Numbers {
    source: Source,
    whole: Whole,
}

/// A value of bytes or text.
pub(super) enum Value {
    /// Stored uncompressed in the table.
    Stored(Extent),
    /// In memory: the bytes of a buffer, then position and length of the value.
    Memory(Rc<[u8]>, usize, usize),
    /// Of this many bytes, which [`Cells::stream`] gives next.
    Next(u64),
}

impl Column {
    pub(super) fn open(
        leaf: &Leaf,
        batch: &Batch,
        buffers: &Buffers,
        dictionaries: &Dictionaries,
        way: Way,
    ) -> io::Result<Self> {
        let opener = Opener { batch, buffers };
        let is_picked = way == Way::Picked || !leaf.is_in_order();
        let level = |level: &Level| {
            let Level { kind, node, first } = *level;
            let open = match kind {
                LevelKind::Struct => Open::Struct,
                LevelKind::Fixed(size) => Open::Fixed(size),
                LevelKind::List { is_wide } => Open::List(opener.offsets(node, first, is_wide)?),
                LevelKind::ListView { .. } | LevelKind::RunEnds(_) | LevelKind::Union { .. } => {
                    return Err(damaged("a column that is not stored in the order of its rows"));
                }
            };
            Ok(OpenLevel { entries: opener.entries(node, first)?, open })
        };
        let levels = if is_picked {
            let levels = leaf.levels.iter().map(|level| Picker::open(&opener, level));
            let (next_row, load) = (0, buffers.load.clone());
            Levels::Picked { levels: levels.collect::<io::Result<_>>()?, next_row, load }
        } else {
            Levels::InOrder(leaf.levels.iter().map(level).collect::<io::Result<_>>()?)
        };
        let source = |bytes: usize| {
            Ok::<_, io::Error>(if is_picked {
                Source::Picked(Window::values(&opener, leaf.node, leaf.first, bytes)?, 0)
            } else {
                Source::Streamed(opener.per_entry(leaf.node, leaf.first, bytes, 0)?)
            })
        };
        let outermost = leaf.levels.first().map_or(leaf.node, |level| level.node);
        if batch.nodes.get(outermost).is_none_or(|&(entries, _)| entries != batch.rows) {
            return Err(damaged(format!("a column without the {} rows of its batch", batch.rows)));
        }
        let values =
            leaf.values.ok_or_else(|| damaged("a column of a type that is not read here"))?;
        let first = leaf.first;
        let kind = match values {
            Values::Bytes(Shape::Row { is_wide }) if !is_picked => {
                let stored = opener.buffer(first, 2)?;
                let data = match buffers.place(stored)? {
                    Place::Stored(extent) => Data::Stored(extent),
                    Place::Packed(..) => Data::Packed(buffers.stream(stored)?),
                };
                LeafKind::Row { offsets: opener.offsets(leaf.node, first, is_wide)?, data }
            }
            Values::Bytes(shape) => {
                let lookup = Lookup::open(buffers, batch, leaf.node, first, shape)?;
                let lookup = if way == Way::InMemory { lookup.in_memory(buffers)? } else { lookup };
                LeafKind::Looked { lookup: Rc::new(lookup), next: 0 }
            }
            Values::Codes { code, dictionary: id, .. } => {
                let codes = Numbers { source: source(code.bytes)?, whole: code };
                let dictionary = dictionaries.get(&id).cloned();
                let missing = || damaged(format!("its dictionary {id} is missing"));
                LeafKind::Codes { codes, dictionary: dictionary.ok_or_else(missing)? }
            }
            Values::Floats { bytes } => LeafKind::Floats { source: source(bytes)?, bytes },
            Values::Whole(whole) => {
                LeafKind::Numbers(Numbers { source: source(whole.bytes)?, whole })
            }
        };
        let nulls = if is_picked {
            LeafNulls::Picked(Nulls::open(&opener, leaf.node, first, true)?)
        } else {
            LeafNulls::InOrder(opener.entries(leaf.node, first)?)
        };
        let file = buffers.file.clone();
        Ok(Self { levels, cells: Cells { nulls, kind, file, nth: 0 } })
    }

    /// Goes through the values of the next row. `take` is called for each that is not null, and must read it to its end or
    /// not at all.
    pub(super) fn row(
        &mut self,
        take: &mut dyn FnMut(&mut Cells) -> io::Result<()>,
    ) -> io::Result<()> {
        match &mut self.levels {
            Levels::InOrder(levels) => go(levels, &mut self.cells, 1, true, take),
            Levels::Picked { levels, next_row, load } => {
                *next_row += 1;
                let (row, cells) = (*next_row - 1, &mut self.cells);
                pick(levels, (0, row), load, &mut |nth, at| {
                    cells.nth = nth;
                    cells.pick(at, take)
                })
            }
        }
    }

    /// As [`Column::row`], with an error if the row has more than `most` values.
    pub(super) fn list(
        &mut self,
        most: u64,
        take: &mut dyn FnMut(&mut Cells) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut count = 0;
        self.row(&mut |cells| {
            count += 1;
            if count > most {
                return Err(damaged(format!("a list has more than {most} values")));
            }
            take(cells)
        })
    }
}

/// Goes through `count` entries of the outermost level and what they contain. If not `is_there`, an entry around them is null.
fn go(
    levels: &mut [OpenLevel],
    cells: &mut Cells,
    count: u64,
    is_there: bool,
    take: &mut dyn FnMut(&mut Cells) -> io::Result<()>,
) -> io::Result<()> {
    let Some((level, inner)) = levels.split_first_mut() else {
        for _ in 0..count {
            let LeafNulls::InOrder(entries) = &mut cells.nulls else {
                return Err(damaged("a column that is read in two ways"));
            };
            let is_there = entries.next()? && is_there;
            cells.next(is_there, take)?;
        }
        return Ok(());
    };
    for _ in 0..count {
        let is_there = level.entries.next()? && is_there;
        match &mut level.open {
            Open::Struct => go(inner, cells, 1, is_there, take)?,
            Open::Fixed(size) => go(inner, cells, *size, is_there, take)?,
            Open::List(offsets) => {
                let is_first = offsets.is_new();
                let (begin, end) = offsets.next()?;
                if is_first {
                    // Values before the first list belong to none.
                    go(inner, cells, begin, false, take)?;
                }
                go(inner, cells, end - begin, is_there, take)?;
            }
        }
    }
    Ok(())
}

impl Cells {
    /// Goes to a value, and calls `take` if it is not null.
    pub(super) fn pick(
        &mut self,
        at: u64,
        take: &mut dyn FnMut(&mut Self) -> io::Result<()>,
    ) -> io::Result<()> {
        let LeafNulls::Picked(nulls) = &mut self.nulls else {
            return Err(damaged("a column that is read in two ways"));
        };
        if !nulls.is_there(at)? {
            return Ok(());
        }
        match &mut self.kind {
            LeafKind::Looked { next, .. } => *next = at,
            LeafKind::Codes { codes: Numbers { source: Source::Picked(_, place), .. }, .. }
            | LeafKind::Numbers(Numbers { source: Source::Picked(_, place), .. })
            | LeafKind::Floats { source: Source::Picked(_, place), .. } => *place = at,
            _ => return Err(damaged("a column that is read in two ways")),
        }
        take(self)
    }

    /// Goes to the next value, and calls `take` if it is not null.
    fn next(
        &mut self,
        is_there: bool,
        take: &mut dyn FnMut(&mut Self) -> io::Result<()>,
    ) -> io::Result<()> {
        if is_there {
            return take(self);
        }
        match &mut self.kind {
            LeafKind::Row { offsets, .. } => {
                offsets.next()?;
            }
            LeafKind::Looked { lookup, next } => {
                if *next >= lookup.count {
                    return Err(damaged(format!(
                        "a column uses more than its {} values",
                        lookup.count
                    )));
                }
                *next += 1;
            }
            LeafKind::Codes { codes, .. } | LeafKind::Numbers(codes) => {
                codes.next()?;
            }
            LeafKind::Floats { .. } => {
                self.float()?;
            }
        }
        Ok(())
    }

    /// The current value, of bytes or text; `None` if its dictionary has null for it.
    pub(super) fn value(&mut self) -> io::Result<Option<Value>> {
        let found = match &mut self.kind {
            LeafKind::Row { offsets, data } => {
                let (begin, end) = offsets.next()?;
                let length = end - begin;
                let value = match data {
                    Data::Stored(extent) if end <= extent.length => {
                        Value::Stored(Extent { offset: extent.offset + begin, length })
                    }
                    Data::Packed(stream) if end <= stream.length => {
                        stream.go_to(begin)?;
                        Value::Next(length)
                    }
                    Data::Stored(Extent { length, .. }) | Data::Packed(Stream { length, .. }) => {
                        return Err(damaged(format!(
                            "a value ends at byte {end} of a buffer of {length} bytes"
                        )));
                    }
                };
                return Ok(Some(value));
            }
            LeafKind::Looked { lookup, next } => {
                let number = *next;
                *next += 1;
                lookup.get(number)?
            }
            LeafKind::Codes { codes, dictionary } => {
                let code = codes.next()?;
                let code = u64::try_from(code)
                    .map_err(|_| damaged(format!("value {code} of a dictionary is used")))?;
                in_dictionary(dictionary, code)?
            }
            LeafKind::Floats { .. } | LeafKind::Numbers(_) => {
                return Err(damaged("numbers where bytes are expected"));
            }
        };
        Ok(found.map(|found| match found {
            Found::Stored(extent) => Value::Stored(extent),
            Found::Memory(memory, from, length) => Value::Memory(memory, from, length),
        }))
    }

    /// The bytes of a [`Value::Next`].
    pub(super) fn stream(&mut self, length: u64) -> Option<impl Read> {
        match &mut self.kind {
            LeafKind::Row { data: Data::Packed(stream), .. } => Some(stream.next(length)),
            _ => None,
        }
    }

    /// Reads the first `most` bytes of a text, and returns its whole length.
    pub(super) fn text(&mut self, most: u64, to: &mut Vec<u8>) -> io::Result<u64> {
        to.clear();
        Ok(match self.value()? {
            None => 0,
            Some(Value::Stored(Extent { offset, length })) => {
                *to = self.file.take(Extent { offset, length: length.min(most) })?;
                length
            }
            Some(Value::Memory(memory, from, length)) => {
                to.extend_from_slice(&memory[from..from + length.min(most as usize)]);
                length as u64
            }
            Some(Value::Next(length)) => {
                if let Some(stream) = self.stream(length) {
                    stream.take(most).read_to_end(to)?;
                }
                if (to.len() as u64) < length.min(most) {
                    return Err(damaged("a compressed buffer ends too early"));
                }
                length
            }
        })
    }

    /// Whether its values are of floating point.
    pub(super) fn is_float(&self) -> bool {
        matches!(self.kind, LeafKind::Floats { .. })
    }

    pub(super) fn float(&mut self) -> io::Result<f32> {
        let LeafKind::Floats { source, bytes } = &mut self.kind else {
            return Err(damaged("samples that are not floating point"));
        };
        let mut eight = [0; 8];
        source.fill(&mut eight[..*bytes])?;
        let [a, b, c, d, ..] = eight;
        Ok(match *bytes {
            2 => half::f16::from_le_bytes([a, b]).to_f32(),
            4 => f32::from_le_bytes([a, b, c, d]),
            _ => f64::from_le_bytes(eight) as f32,
        })
    }

    /// A sample rate in Hz; `None` if it is not a whole number of 32 bits.
    pub(super) fn rate(&mut self) -> io::Result<Option<u32>> {
        if self.is_float() {
            return Ok(whole_rate(self.float()?.into()));
        }
        Ok(u32::try_from(self.whole()?).ok())
    }

    pub(super) fn whole(&mut self) -> io::Result<i64> {
        match &mut self.kind {
            LeafKind::Numbers(numbers) => numbers.next(),
            _ => Err(damaged("a sampling rate is not a whole number")),
        }
    }
}

impl Numbers {
    /// The next number; an unsigned one of more than 63 bits becomes negative.
    fn next(&mut self) -> io::Result<i64> {
        let mut eight = [0; 8];
        self.source.fill(&mut eight[..self.whole.bytes])?;
        Ok(self.whole.of(eight))
    }
}

fn in_dictionary(dictionary: &[Rc<Lookup>], code: u64) -> io::Result<Option<Found>> {
    let mut number = code;
    for batch in dictionary {
        if number < batch.count {
            return batch.get(number);
        }
        number -= batch.count;
    }
    Err(damaged(format!("value {code} of a dictionary does not exist")))
}
