//! One column without parts in one batch, read row by row.

use std::collections::HashMap;
use std::io::{self, Read};
use std::rc::Rc;

use super::buffer::{Buffers, Offsets, Place, Stream};
use super::entries::{Entries, Opener};
use super::errors::damaged;
use super::layout::Batch;
use super::lookup::{Found, Lookup};
use super::schema::{Leaf, Level, LevelKind, Shape, Values, Whole};
use crate::source::Extent;

/// The dictionaries that were read, by id: the values of each in one or several batches.
pub(super) type Dictionaries = HashMap<i64, Vec<Rc<Lookup>>>;

/// A column that is being read.
pub(super) struct Column {
    levels: Vec<OpenLevel>,
    pub(super) cells: Cells,
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
    entries: Entries,
    kind: LeafKind,
    file: super::message::File,
}

enum LeafKind {
    Row { offsets: Offsets, data: Data },
    Looked { lookup: Rc<Lookup>, next: u64 },
    Codes { codes: Numbers, dictionary: Vec<Rc<Lookup>> },
    Floats { stream: Stream, is_double: bool },
    Numbers(Numbers),
}

enum Data {
    Stored(Extent),
    Packed(Stream),
}

struct Numbers {
    stream: Stream,
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
        in_memory: bool,
    ) -> io::Result<Self> {
        let opener = Opener { batch, buffers };
        let level = |level: &Level| {
            let Level { kind, node, first } = *level;
            let open = match kind {
                LevelKind::Struct => Open::Struct,
                LevelKind::Fixed(size) => Open::Fixed(size),
                LevelKind::List { is_wide } => Open::List(opener.offsets(node, first, is_wide)?),
            };
            Ok(OpenLevel { entries: opener.entries(node, first)?, open })
        };
        let levels: Vec<OpenLevel> = leaf.levels.iter().map(level).collect::<io::Result<_>>()?;
        let outermost = leaf.levels.first().map_or(leaf.node, |level| level.node);
        if batch.nodes.get(outermost).is_none_or(|&(entries, _)| entries != batch.rows) {
            return Err(damaged(format!("a column without the {} rows of its batch", batch.rows)));
        }
        let values =
            leaf.values.ok_or_else(|| damaged("a column of a type that is not read here"))?;
        let first = leaf.first;
        let kind = match values {
            Values::Bytes(Shape::Row { is_wide }) => {
                let stored = opener.buffer(first, 2)?;
                let data = match buffers.place(stored)? {
                    Place::Stored(extent) => Data::Stored(extent),
                    Place::Packed(..) => Data::Packed(buffers.stream(stored)?),
                };
                LeafKind::Row { offsets: opener.offsets(leaf.node, first, is_wide)?, data }
            }
            Values::Bytes(shape @ Shape::Views { .. }) => {
                let lookup = Lookup::open(buffers, batch, leaf.node, first, shape)?;
                let lookup = if in_memory { lookup.in_memory(buffers)? } else { lookup };
                LeafKind::Looked { lookup: Rc::new(lookup), next: 0 }
            }
            Values::Codes { code, dictionary: id, .. } => {
                let codes = Numbers {
                    stream: opener.per_entry(leaf.node, first, code.bytes, 0)?,
                    whole: code,
                };
                let dictionary = dictionaries.get(&id).cloned();
                let missing = || damaged(format!("its dictionary {id} is missing"));
                LeafKind::Codes { codes, dictionary: dictionary.ok_or_else(missing)? }
            }
            Values::Floats { is_double } => LeafKind::Floats {
                stream: opener.per_entry(leaf.node, first, if is_double { 8 } else { 4 }, 0)?,
                is_double,
            },
            Values::Whole(whole) => LeafKind::Numbers(Numbers {
                stream: opener.per_entry(leaf.node, first, whole.bytes, 0)?,
                whole,
            }),
        };
        let entries = opener.entries(leaf.node, first)?;
        Ok(Self { levels, cells: Cells { entries, kind, file: buffers.file.clone() } })
    }

    /// Goes through the values of the next row. `take` is called for each that is not null, and must read it to its end or
    /// not at all.
    pub(super) fn row(
        &mut self,
        take: &mut dyn FnMut(&mut Cells) -> io::Result<()>,
    ) -> io::Result<()> {
        go(&mut self.levels, &mut self.cells, 1, true, take)
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
            let is_there = cells.entries.next()? && is_there;
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
        let LeafKind::Floats { stream, is_double } = &mut self.kind else {
            return Err(damaged("samples that are not floating point"));
        };
        if *is_double {
            let mut eight = [0; 8];
            stream.fill(&mut eight)?;
            Ok(f64::from_le_bytes(eight) as f32)
        } else {
            let mut four = [0; 4];
            stream.fill(&mut four)?;
            Ok(f32::from_le_bytes(four))
        }
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
        let Whole { bytes, is_signed } = self.whole;
        let mut eight = [0; 8];
        self.stream.fill(&mut eight[..bytes])?;
        if is_signed && eight[bytes - 1] & 0x80 != 0 {
            eight[bytes..].fill(0xff);
        }
        Ok(i64::from_le_bytes(eight))
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
