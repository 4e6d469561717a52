//! One column without parts in one batch, read row by row.

use std::collections::HashMap;
use std::io::{self, Read};
use std::rc::Rc;

use super::buffer::{Buffers, Lies, Offsets, Stream};
use super::entries::{Entries, Opener};
use super::lookup::{Found, Lookup};
use super::message::{Batch, wrong};
use super::schema::{Leaf, Level, LevelKind, Shape, Values, Whole};
use crate::source::Extent;

/// Values of the dictionaries that were read, by their ids: one batch after the other.
pub(super) type Dictionaries = HashMap<i64, Vec<Rc<Lookup>>>;

/// A column that is being read.
pub(super) struct Column {
    levels: Vec<OpenLevel>,
    pub(super) cells: Cells,
}

/// What it lies in.
struct OpenLevel {
    entries: Entries,
    open: Open,
}

enum Open {
    Struct,
    List(Offsets),
    Fixed(u64),
}

/// The values of a column, in the order in which they lie.
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
    Here(Extent),
    Packed(Stream),
}

struct Numbers {
    stream: Stream,
    whole: Whole,
}

/// A value of bytes or text.
pub(super) enum Value {
    /// As it lies in the table.
    Here(Extent),
    /// In memory: which bytes of these.
    Memory(Rc<[u8]>, usize, usize),
    /// So many bytes that come next from [`Cells::stream`].
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
            return Err(wrong(format!(
                "a column that has not the {} rows of its batch",
                batch.rows
            )));
        }
        let values = leaf.values.ok_or_else(|| wrong("a column in a form that is not read"))?;
        let first = leaf.first;
        let kind = match values {
            Values::Bytes(Shape::Row { is_wide }) => {
                let stored = opener.buffer(first, 2)?;
                let data = match buffers.lies(stored)? {
                    Lies::Here(extent) => Data::Here(extent),
                    Lies::Packed(..) => Data::Packed(buffers.stream(stored)?),
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
                let missing = || wrong(format!("its dictionary {id} is missing"));
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

    /// Goes through the values of the next row; `take` gets those that are not null. It has to read each to its end,
    /// or nothing of it.
    pub(super) fn row(
        &mut self,
        take: &mut dyn FnMut(&mut Cells) -> io::Result<()>,
    ) -> io::Result<()> {
        go(&mut self.levels, &mut self.cells, 1, true, take)
    }

    /// The same, if the row has no more than so many values.
    pub(super) fn list(
        &mut self,
        most: u64,
        take: &mut dyn FnMut(&mut Cells) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut count = 0;
        self.row(&mut |cells| {
            count += 1;
            if count > most {
                return Err(wrong(format!("a list has more than {most} values")));
            }
            take(cells)
        })
    }
}

/// Goes through so many entries of the levels and what lies in them.
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
                    // What lies before the first list is in none.
                    go(inner, cells, begin, false, take)?;
                }
                go(inner, cells, end - begin, is_there, take)?;
            }
        }
    }
    Ok(())
}

impl Cells {
    /// Goes to the next value, and shows it if it is there.
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
                    return Err(wrong(format!(
                        "more than the {} values that are there",
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

    /// A value of bytes or text.
    pub(super) fn value(&mut self) -> io::Result<Option<Value>> {
        let found = match &mut self.kind {
            LeafKind::Row { offsets, data } => {
                let (begin, end) = offsets.next()?;
                let length = end - begin;
                let value = match data {
                    Data::Here(extent) if end <= extent.length => {
                        Value::Here(Extent { offset: extent.offset + begin, length })
                    }
                    Data::Packed(stream) if end <= stream.length => {
                        stream.go_to(begin)?;
                        Value::Next(length)
                    }
                    Data::Here(Extent { length, .. }) | Data::Packed(Stream { length, .. }) => {
                        return Err(wrong(format!(
                            "a value ends at byte {end} of a buffer of {length}"
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
                    .map_err(|_| wrong(format!("value {code} of a dictionary")))?;
                in_dictionary(dictionary, code)?
            }
            LeafKind::Floats { .. } | LeafKind::Numbers(_) => {
                return Err(wrong("numbers where bytes are wanted"));
            }
        };
        Ok(found.map(|found| match found {
            Found::Here(extent) => Value::Here(extent),
            Found::Memory(memory, from, length) => Value::Memory(memory, from, length),
        }))
    }

    /// The bytes of [`Value::Next`].
    pub(super) fn stream(&mut self, length: u64) -> Option<impl Read> {
        match &mut self.kind {
            LeafKind::Row { data: Data::Packed(stream), .. } => Some(stream.next(length)),
            _ => None,
        }
    }

    /// The first bytes of a text.
    pub(super) fn text(&mut self, most: u64, to: &mut Vec<u8>) -> io::Result<u64> {
        to.clear();
        Ok(match self.value()? {
            None => 0,
            Some(Value::Here(Extent { offset, length })) => {
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
                    return Err(wrong("a compressed buffer ends too early"));
                }
                length
            }
        })
    }

    pub(super) fn float(&mut self) -> io::Result<f32> {
        let LeafKind::Floats { stream, is_double } = &mut self.kind else {
            return Err(wrong("a column of samples that is none of floating point"));
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
            _ => Err(wrong("a sampling rate is no whole number")),
        }
    }
}

impl Numbers {
    /// The next of them; what is beyond 63 bits is negative.
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
    Err(wrong(format!("value {code} of a dictionary is not there")))
}
