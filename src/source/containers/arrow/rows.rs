//! The sound in the rows of a batch.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::ops::ControlFlow;

use super::batches::Batches;
use super::buffer::{Buffers, Part};
use super::errors::{damaged, truncated};
use super::layout::Batch;
use super::leaf::{Column, Value, Way};
use crate::source::To;
use crate::source::containers::columns::{Cells, PEEKED_ROWS, Roles, Sound};
use crate::source::containers::encoded::decoded;
use crate::source::containers::samples::{Made, Samples};
use crate::source::containers::table::{Cell, Load, MAX_SAID_BYTES, Shown, said};
use crate::source::containers::traversal::Unpacker;

/// Most files in the list of one row. A guess.
const MAX_FILES: u64 = 100_000;

/// The rows of a batch of a table with sound.
pub(super) struct Rows<'a> {
    batches: &'a Batches,
    sounds: Vec<(&'a Sound, Opened)>,
    /// Columns of text that describe the sound in their row.
    texts: Vec<Column>,
    count: u64,
    load: &'a Load,
}

/// The readers of a column of sound.
enum Opened {
    File {
        bytes: Column,
        path: Option<Column>,
    },
    /// Several files in a list.
    Files {
        bytes: Column,
        path: Option<Column>,
    },
    /// Samples, with a list for each channel or each frame if `in_lists`.
    Samples {
        array: Column,
        rate: Column,
        in_lists: bool,
    },
    Encoded {
        text: Column,
    },
}

impl<'a> Rows<'a> {
    pub(super) fn open(
        batches: &'a Batches,
        batch: &Batch,
        roles: &'a Roles,
        load: &'a Load,
    ) -> io::Result<Self> {
        let schema = batches.schema();
        schema.fits(batch)?;
        let buffers = Buffers::new(batches.file(), batch.codec, load);
        let column = |leaf: usize, way: Way| {
            let leaf = &schema.leaves[leaf];
            Column::open(leaf, batch, &buffers, batches.dictionaries(), way)
        };
        let lists = |leaf: usize| schema.columns[leaf].lists;
        let sound = |sound: &'a Sound| {
            // Without a readable column of names the sound is shown without a name.
            let named = |path: Option<usize>, way| path.and_then(|path| column(path, way).ok());
            let opened = match sound.cells {
                Cells::Files { bytes, path } if lists(bytes) > 0 => Opened::Files {
                    bytes: column(bytes, Way::Picked)?,
                    path: named(path, Way::Picked),
                },
                Cells::Files { bytes, path } => Opened::File {
                    bytes: column(bytes, Way::Streamed)?,
                    path: named(path, Way::InMemory),
                },
                Cells::Samples { array, rate } => {
                    let way = if lists(array) > 1 { Way::Picked } else { Way::Streamed };
                    let (array, rate) = (column(array, way)?, column(rate, Way::Streamed)?);
                    Opened::Samples { array, rate, in_lists: way == Way::Picked }
                }
                Cells::Encoded { text } => Opened::Encoded { text: column(text, Way::InMemory)? },
            };
            Ok((sound, opened))
        };
        let sounds = roles.sounds.iter().map(sound).collect::<io::Result<_>>()?;
        let texts =
            roles.texts.iter().filter_map(|&leaf| column(leaf, Way::InMemory).ok()).collect();
        Ok(Self { batches, sounds, texts, count: batch.rows, load })
    }

    /// Shows the rows. An error ends the batch; `rows` is then the row that failed and the number of rows.
    pub(super) fn show(
        mut self,
        unpacker: &mut Unpacker<'_>,
        shown: &mut Shown<'_>,
        group: u64,
        rows: &mut Option<(u64, u64)>,
    ) -> ControlFlow<(), io::Result<()>> {
        for row in 0..self.count {
            *rows = Some((row, self.count));
            // Rows of runs and nulls take no room in a file.
            if let Err(bomb) = self.load.allowance.add(1) {
                unpacker.join(None)?;
                return ControlFlow::Continue(Err(io::Error::other(bomb)));
            }
            let words = self.words();
            unpacker.join(Some(format!("{group}.{row}").as_bytes()))?;
            if !words.is_empty() {
                unpacker.side_car(words.as_bytes());
            }
            for (sound, opened) in &mut self.sounds {
                let to = |column: String| To::Cell { group, row, column };
                let read = match opened {
                    Opened::File { bytes, path } => {
                        let (to, path) = (to(sound.name.clone()), (name(path), sound.has_rate));
                        file(unpacker, shown, self.batches, bytes, to, path)?
                    }
                    Opened::Files { bytes, path } => {
                        let to = |nth: u64| to(format!("{}[{nth}]", sound.name));
                        files(unpacker, shown, self.batches, (bytes, path), &to)?
                    }
                    Opened::Samples { array, rate, in_lists } => {
                        match samples(array, rate, *in_lists, self.load.max_values) {
                            Err(error) => Err(error),
                            Ok(Made::Empty) => Ok(unpacker.counted()?),
                            Ok(Made::Wav(wav)) => {
                                Ok(shown.made(unpacker, to(sound.name.clone()), &wav)?)
                            }
                            Ok(Made::Shapeless(told)) => {
                                Ok(shown.shapeless(unpacker, &sound.name, &told)?)
                            }
                        }
                    }
                    Opened::Encoded { text } => {
                        match encoded(text, unpacker.costs.limits.max_item_bytes) {
                            Err(error) => Err(error),
                            Ok(None) => Ok(()),
                            Ok(Some(file)) => {
                                Ok(shown.made(unpacker, to(sound.name.clone()), &file)?)
                            }
                        }
                    }
                };
                if let Err(error) = read {
                    unpacker.join(None)?;
                    return ControlFlow::Continue(Err(error));
                }
            }
            shown.row_ends(&words);
        }
        unpacker.join(None)?;
        ControlFlow::Continue(Ok(()))
    }

    /// The text of all columns of text in the next row. A column that cannot be read is left out from then on.
    fn words(&mut self) -> String {
        let (mut words, mut text) = (String::new(), Vec::new());
        self.texts.retain_mut(|column| {
            let read = column.row(&mut |cells| {
                cells.text(MAX_SAID_BYTES as u64, &mut text)?;
                words.push_str(&said(&text));
                words.push(' ');
                Ok(())
            });
            read.is_ok()
        });
        words
    }
}

/// The name of the file in the next row, if the table has a column of names.
fn name(column: &mut Option<Column>) -> Option<String> {
    let (mut name, mut text) = (None, Vec::new());
    let read = column.as_mut()?.row(&mut |cells| {
        cells.text(MAX_SAID_BYTES as u64, &mut text)?;
        name = Some(said(&text));
        Ok(())
    });
    if read.is_err() {
        *column = None;
    }
    name
}

/// Shows the file in the next row.
fn file(
    unpacker: &mut Unpacker<'_>,
    shown: &mut Shown<'_>,
    batches: &Batches,
    column: &mut Column,
    to: To,
    (path, has_rate): (Option<String>, bool),
) -> ControlFlow<(), io::Result<()>> {
    let mut value = None;
    let read = column.row(&mut |cells| {
        value = cells.value()?;
        Ok(())
    });
    if let Err(error) = read {
        return ControlFlow::Continue(Err(error));
    }
    match &value {
        None if path.is_some() => ControlFlow::Continue(Ok(shown.name(unpacker)?)),
        // Null cells count as members: a file may have any number of them in a few bytes.
        None => ControlFlow::Continue(Ok(unpacker.counted()?)),
        Some(Value::Next(length)) => match column.cells.stream(*length) {
            Some(mut stream) => {
                let (length, extent, bytes) = (*length, None, None);
                let cell = Cell { to, path, stream: &mut stream, length, extent, bytes, has_rate };
                ControlFlow::Continue(Ok(shown.sound(unpacker, cell)?))
            }
            None => ControlFlow::Continue(Err(damaged("a value has no bytes"))),
        },
        Some(value) => held(unpacker, shown, batches, value, to, (path, has_rate)),
    }
}

/// Shows a file whose bytes can be read at any time.
fn held(
    unpacker: &mut Unpacker<'_>,
    shown: &mut Shown<'_>,
    batches: &Batches,
    value: &Value,
    to: To,
    (path, has_rate): (Option<String>, bool),
) -> ControlFlow<(), io::Result<()>> {
    let here = match value {
        Value::Stored(here) => *here,
        // Bytes that were decompressed are counted already.
        Value::Memory(memory, from, length) => {
            let (mut stream, extent, bytes) = (&memory[*from..*from + *length], None, None);
            let length = *length as u64;
            let cell = Cell { to, path, stream: &mut stream, length, extent, bytes, has_rate };
            return ControlFlow::Continue(Ok(shown.sound(unpacker, cell)?));
        }
        Value::Next(_) => {
            return ControlFlow::Continue(Err(damaged("a value is used out of order")));
        }
    };
    let (file, length) = (batches.file(), here.length);
    let there = file.length.saturating_sub(here.offset).min(length);
    let missing = length - there;
    if there == 0 && missing > 0 {
        return ControlFlow::Continue(Err(truncated(format!("{missing} bytes are missing"))));
    }
    let (extent, bytes) = (Some(here), file.bytes.slice(here.offset, length));
    let part = Part { file: file.clone(), from: here.offset, at: 0 };
    // Bytes that are stored count when they are copied into memory.
    let stream = &mut unpacker.limited(part.take(length));
    shown.sound(unpacker, Cell { to, path, stream, length, extent, bytes, has_rate })?;
    ControlFlow::Continue(if missing > 0 {
        Err(truncated(format!("{missing} of the {length} bytes of a cell are missing")))
    } else {
        Ok(())
    })
}

/// Shows the files of the list in the next row. `to` gives the place of each by its number in the list, from 0.
fn files(
    unpacker: &mut Unpacker<'_>,
    shown: &mut Shown<'_>,
    batches: &Batches,
    (bytes, path): (&mut Column, &mut Option<Column>),
    to: &dyn Fn(u64) -> To,
) -> ControlFlow<(), io::Result<()>> {
    let (mut values, mut names, mut text) = (Vec::new(), BTreeMap::new(), Vec::new());
    let read = bytes.list(MAX_FILES, &mut |cells| {
        let nth = cells.nth;
        values.extend(cells.value()?.map(|value| (nth, value)));
        Ok(())
    });
    if let Err(error) = read {
        return ControlFlow::Continue(Err(error));
    }
    let named = path.as_mut().map_or(Ok(()), |path| {
        path.list(MAX_FILES, &mut |cells| {
            cells.text(MAX_SAID_BYTES as u64, &mut text)?;
            names.insert(cells.nth, said(&text));
            Ok(())
        })
    });
    if named.is_err() {
        *path = None;
    }
    if values.is_empty() && names.is_empty() {
        unpacker.counted()?;
    }
    for (nth, value) in &values {
        let read = held(unpacker, shown, batches, value, to(*nth), (names.remove(nth), false))?;
        if let Err(error) = read {
            return ControlFlow::Continue(Err(error));
        }
    }
    for _ in names {
        shown.name(unpacker)?;
    }
    ControlFlow::Continue(Ok(()))
}

/// The file whose Base64 is in the next row; `None` if it is another text.
fn encoded(text: &mut Column, most: u64) -> io::Result<Option<Vec<u8>>> {
    let (mut file, mut bytes) = (None, Vec::new());
    text.row(&mut |cells| {
        let length = cells.text(most, &mut bytes)?;
        if length > most {
            return Err(damaged(format!("a text of {length} bytes, more than an item may have")));
        }
        file = decoded(&bytes);
        Ok(())
    })?;
    Ok(file)
}

/// The samples in the next row as a WAV file.
fn samples(array: &mut Column, rate: &mut Column, in_lists: bool, most: u64) -> io::Result<Made> {
    let mut rate_hz = None;
    rate.row(&mut |cells| {
        rate_hz = cells.rate()?;
        Ok(())
    })?;
    let (mut floats, mut wholes, mut starts) = (Vec::new(), Vec::new(), Vec::new());
    let is_float = array.cells.is_float();
    array.list(most, &mut |cells| {
        if in_lists && cells.nth == 0 {
            starts.push(floats.len() + wholes.len());
        }
        if is_float {
            floats.push(cells.float()?);
        } else {
            wholes.push(cells.whole()?);
        }
        Ok(())
    })?;
    let samples = if is_float { Samples::floats(floats) } else { Samples::wholes(wholes) };
    Ok(samples.in_lists(starts).wav(rate_hz.unwrap_or(0)))
}

/// Whether the first texts of a column, of up to `most` bytes, are sound in Base64. A column that cannot be read is told where it is
/// read whole.
pub(super) fn is_encoded(
    batches: &Batches,
    batch: &Batch,
    leaf: usize,
    (load, most): (&Load, u64),
) -> bool {
    let schema = batches.schema();
    let look = || {
        schema.fits(batch)?;
        let buffers = Buffers::new(batches.file(), batch.codec, load);
        let leaf = &schema.leaves[leaf];
        let mut text = Column::open(leaf, batch, &buffers, batches.dictionaries(), Way::InMemory)?;
        for _ in 0..batch.rows.min(PEEKED_ROWS) {
            if encoded(&mut text, most)?.is_some() {
                return Ok(true);
            }
        }
        Ok::<_, io::Error>(false)
    };
    look().unwrap_or(false)
}
