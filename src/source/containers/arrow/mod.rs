//! Arrow tables with sound in their cells: streams (the caches of Hugging Face's `datasets`) and files (Feather version 2).
//!
//! They are read record batch by record batch. In an uncompressed buffer a cell is a stretch of the file, so only offsets
//! are read; buffers compressed by LZ4 or Zstandard are decompressed as they are read.
//!
//! | file | its one responsibility |
//! |---|---|
//! | `message` | the messages of a table and its directory |
//! | `layout` | where the parts of a batch are |
//! | `schema` | the columns, and which parts of a batch belong to which |
//! | `batches` | the batches in order, with their dictionaries |
//! | `buffer` | one buffer from front to end |
//! | `entries` | which entries of a field are null |
//! | `lookup` | values by number: dictionaries and views |
//! | `leaf` | one column row by row |
//! | `errors` | errors by kind |

mod batches;
mod buffer;
mod entries;
mod errors;
mod layout;
mod leaf;
mod lookup;
mod message;
mod schema;

use std::io::{self, Read};
use std::ops::ControlFlow;

use self::batches::Batches;
use self::buffer::{Buffers, Part};
use self::errors::{damaged, truncated};
use self::layout::Batch;
use self::leaf::{Column, Value};
use super::columns::{self, Form, Roles, Sound, has_codes, says};
use super::table::{Broken, Cell, Held, Load, MAX_SAID_BYTES, Shown, decoded, said, scaled, wav};
use super::table::{EachText, Value as Spoken};
use super::traversal::{At, Unpacker};
use crate::base::Losses;
use crate::bytes::Bytes;
use crate::source::{ScanLimits, To};

/// Longest text that is read for identifiers, in bytes. A guess: a list of a million ISRCs.
const MAX_TEXT_BYTES: u64 = 16 << 20;

/// Shows the cells of a table that hold sound.
pub(super) fn walk(unpacker: &mut Unpacker<'_>, at: &At, bytes: &Bytes) -> ControlFlow<(), Held> {
    let load = Load::of(unpacker);
    let mut shown = Shown::new(at, "record batches", None);
    let (mut has_sound, mut loses_sound) = (false, false);
    let mut roles = (0, Roles::default());
    let mut batches = match Batches::open(bytes, unpacker.costs.limits, &load) {
        Ok(batches) => batches,
        Err(error) => {
            shown.trouble = Some(error);
            shown.end(unpacker)?;
            return ControlFlow::Continue(Held::Sound);
        }
    };
    loop {
        let (group, batch) = match batches.next() {
            Ok(Some(next)) => next,
            Ok(None) => break,
            Err(error) => {
                shown.trouble = Some(error);
                break;
            }
        };
        if at.depth == 1 {
            unpacker.passed_to(batches.at());
        }
        // Another stream with other columns may follow the first in one file.
        if roles.0 != batches.schemas() {
            roles = (batches.schemas(), Roles::of(&batches.schema().columns));
            has_sound |= !roles.1.sounds.is_empty();
            loses_sound |= roles.1.loses_sound;
            if !roles.1.sounds.is_empty() || roles.1.loses_sound {
                shown.unread = shown.unread.take().or_else(|| roles.1.unread.take());
            }
        }
        if roles.1.sounds.is_empty() {
            continue;
        }
        let mut rows = None;
        let read = batch.map(|batch| Rows::open(&batches, &batch, &roles.1, &load));
        let read = match read {
            Ok(Ok(open)) => open.show(unpacker, &mut shown, group, &mut rows)?,
            Ok(Err(error)) | Err(error) => Err(error),
        };
        if let Err(error) = read {
            shown.broken.push(Broken { group, rows, error });
        }
        if load.allowance.is_spent() {
            unpacker.broken(&at.place, &io::Error::other("it unpacks to more than it may"))?;
        }
    }
    // Damage of a table without sound is reported when its text is read.
    if !has_sound && batches.schemas() > 0 {
        let is_silent = Roles::of(&batches.schema().columns).sounds.is_empty();
        if is_silent && loses_sound {
            shown.end(unpacker)?;
            return ControlFlow::Continue(Held::Both);
        }
        if is_silent {
            return ControlFlow::Continue(Held::Text);
        }
    }
    let held = shown.held();
    shown.end(unpacker)?;
    ControlFlow::Continue(held)
}

/// Shows each value of the columns that may hold identifiers, column by column, until `each` breaks off. A column that cannot
/// be read is counted in `lost`, and its values in this batch are missing.
pub(super) fn texts(
    bytes: &Bytes,
    limits: ScanLimits,
    lost: &mut Losses,
    each: EachText<'_>,
) -> io::Result<()> {
    let load = Load::alone(bytes, &limits)?;
    let mut batches = Batches::open(bytes, limits, &load)?;
    while let Some((group, batch)) = batches.next()? {
        let mut here = Losses::default();
        let done =
            batch.and_then(|batch| in_batch(&batches, group, &batch, &load, &mut here, each));
        let is_over = match done {
            Ok(flow) => flow.is_break(),
            Err(error) => {
                here.add(error.to_string());
                false
            }
        };
        if let Some(first) = here.first() {
            lost.add(format!("record batch {group}: {first}"));
            lost.count += here.count - 1;
        }
        if is_over || load.allowance.is_spent() {
            break;
        }
    }
    lost.unread = Roles::of(&batches.schema().columns).unread;
    Ok(())
}

/// The texts of one batch.
fn in_batch(
    batches: &Batches,
    group: u64,
    batch: &Batch,
    load: &Load,
    lost: &mut Losses,
    each: EachText<'_>,
) -> io::Result<ControlFlow<()>> {
    let schema = batches.schema();
    schema.fits(batch)?;
    let (mut text, mut flow) = (Vec::new(), ControlFlow::Continue(()));
    let spoken = |(_, column): &(_, &columns::Leaf)| says(column) || has_codes(column);
    for (leaf, column) in schema.leaves.iter().zip(&schema.columns).filter(spoken) {
        let name = columns::joined(&column.path);
        let buffers = Buffers::new(batches.file(), batch.codec, load);
        let opened = Column::open(leaf, batch, &buffers, batches.dictionaries(), true);
        let mut read = |mut values: Column| {
            for row in 0..batch.rows {
                values.row(&mut |cells| {
                    let length = if column.form == Form::Whole {
                        text = format!("{:012}", cells.whole()?).into_bytes();
                        0
                    } else {
                        cells.text(MAX_TEXT_BYTES, &mut text)?
                    };
                    if length > MAX_TEXT_BYTES {
                        let most = MAX_TEXT_BYTES >> 20;
                        let told = format!(
                            "a text of {} MiB in row {row}, of which {most} MiB were read",
                            length >> 20
                        );
                        lost.add(format!("{name}: {told}"));
                    }
                    if flow.is_continue() {
                        flow = each(Spoken { group, row, column: &name, text: &text });
                    }
                    Ok(())
                })?;
                if flow.is_break() {
                    break;
                }
            }
            Ok(())
        };
        if let Err(error) = opened.and_then(&mut read) {
            lost.add(format!("{name}: {error}"));
        }
        if flow.is_break() || load.allowance.is_spent() {
            break;
        }
    }
    Ok(flow)
}

/// The rows of a batch of a table with sound.
struct Rows<'a> {
    batches: &'a Batches,
    sounds: Vec<(&'a Sound, Opened)>,
    /// Columns of text that describe the sound in their row.
    texts: Vec<Column>,
    count: u64,
    load: &'a Load,
}

/// The readers of a column of sound.
enum Opened {
    Files { bytes: Column, path: Option<Column> },
    Samples { array: Column, rate: Column },
    Encoded { text: Column },
}

impl<'a> Rows<'a> {
    fn open(
        batches: &'a Batches,
        batch: &Batch,
        roles: &'a Roles,
        load: &'a Load,
    ) -> io::Result<Self> {
        let schema = batches.schema();
        schema.fits(batch)?;
        let buffers = Buffers::new(batches.file(), batch.codec, load);
        let column = |leaf: usize, in_memory: bool| {
            let leaf = &schema.leaves[leaf];
            Column::open(leaf, batch, &buffers, batches.dictionaries(), in_memory)
        };
        let sound = |sound: &'a Sound| {
            let opened = match sound.cells {
                columns::Cells::Files { bytes, path } => Opened::Files {
                    bytes: column(bytes, false)?,
                    // Without a readable column of names the sound is shown without a name.
                    path: path.and_then(|path| column(path, true).ok()),
                },
                columns::Cells::Samples { array, rate } => {
                    Opened::Samples { array: column(array, false)?, rate: column(rate, false)? }
                }
                columns::Cells::Encoded { text } => Opened::Encoded { text: column(text, true)? },
            };
            Ok((sound, opened))
        };
        let sounds = roles.sounds.iter().map(sound).collect::<io::Result<_>>()?;
        let texts = roles.texts.iter().filter_map(|&leaf| column(leaf, true).ok()).collect();
        Ok(Self { batches, sounds, texts, count: batch.rows, load })
    }

    /// Shows the rows. An error ends the batch; `rows` is then the row that failed and the number of rows.
    fn show(
        mut self,
        unpacker: &mut Unpacker<'_>,
        shown: &mut Shown<'_>,
        group: u64,
        rows: &mut Option<(u64, u64)>,
    ) -> ControlFlow<(), io::Result<()>> {
        for row in 0..self.count {
            *rows = Some((row, self.count));
            let words = self.words();
            unpacker.join(Some(format!("{group}.{row}").as_bytes()))?;
            if !words.is_empty() {
                unpacker.side_car(words.as_bytes());
            }
            for (sound, opened) in &mut self.sounds {
                let to = To::Cell { group, row, column: sound.name.clone() };
                let read = match opened {
                    Opened::Files { bytes, path } => {
                        let path = name(path);
                        file(unpacker, shown, self.batches, bytes, to, path)?
                    }
                    Opened::Samples { array, rate } => {
                        match samples(array, rate, self.load.max_values) {
                            Err(error) => Err(error),
                            Ok(None) => Ok(unpacker.counted()?),
                            Ok(Some(wav)) => Ok(made(unpacker, shown, to, &wav)?),
                        }
                    }
                    Opened::Encoded { text } => {
                        match encoded(text, unpacker.costs.limits.max_item_bytes) {
                            Err(error) => Err(error),
                            Ok(None) => Ok(()),
                            Ok(Some(file)) => Ok(made(unpacker, shown, to, &file)?),
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
    path: Option<String>,
) -> ControlFlow<(), io::Result<()>> {
    let mut value = None;
    let read = column.row(&mut |cells| {
        value = cells.value()?;
        Ok(())
    });
    if let Err(error) = read {
        return ControlFlow::Continue(Err(error));
    }
    let (mut extent, mut bytes, mut missing) = (None, None, 0);
    let (mut stream, length): (Box<dyn Read>, u64) = match &value {
        None if path.is_some() => return ControlFlow::Continue(Ok(shown.name(unpacker)?)),
        // Null cells count as members: a file may have any number of them in a few bytes.
        None => return ControlFlow::Continue(Ok(unpacker.counted()?)),
        Some(Value::Stored(here)) => {
            let file = batches.file();
            let there = file.length.saturating_sub(here.offset).min(here.length);
            missing = here.length - there;
            if there == 0 && missing > 0 {
                return ControlFlow::Continue(Err(truncated(format!(
                    "{missing} bytes are missing"
                ))));
            }
            (extent, bytes) = (Some(*here), file.bytes.slice(here.offset, here.length));
            let part = Part { file: file.clone(), from: here.offset, at: 0 };
            (Box::new(part.take(here.length)), here.length)
        }
        Some(Value::Memory(memory, from, length)) => {
            (Box::new(&memory[*from..*from + *length]), *length as u64)
        }
        Some(Value::Next(length)) => match column.cells.stream(*length) {
            Some(stream) => (Box::new(stream), *length),
            None => return ControlFlow::Continue(Err(damaged("a value has no bytes"))),
        },
    };
    // Bytes that were decompressed are counted already. Bytes that are stored count when they are copied into memory.
    let is_counted = extent.is_none();
    let mut limited;
    let stream: &mut dyn Read = if is_counted {
        &mut stream
    } else {
        limited = unpacker.limited(stream);
        &mut limited
    };
    shown.sound(unpacker, Cell { to, path, stream, length, extent, bytes })?;
    ControlFlow::Continue(if missing > 0 {
        Err(truncated(format!("{missing} of the {length} bytes of a cell are missing")))
    } else {
        Ok(())
    })
}

/// Shows a file that was made of a cell.
fn made(
    unpacker: &mut Unpacker<'_>,
    shown: &mut Shown<'_>,
    to: To,
    mut file: &[u8],
) -> ControlFlow<()> {
    let (length, path, extent, bytes) = (file.len() as u64, None, None, None);
    shown.sound(unpacker, Cell { to, path, stream: &mut file, length, extent, bytes })
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

/// The samples in the next row as a WAV file; `None` for a null or empty list.
fn samples(array: &mut Column, rate: &mut Column, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut rate_hz = None;
    rate.row(&mut |cells| {
        rate_hz = u32::try_from(cells.whole()?).ok();
        Ok(())
    })?;
    if !array.cells.is_float() {
        let mut samples = Vec::new();
        array.list(most, &mut |cells| {
            samples.push(cells.whole()?);
            Ok(())
        })?;
        return Ok(wav(rate_hz.unwrap_or(0), samples.len(), scaled(&samples)));
    }
    let mut samples = Vec::new();
    array.list(most, &mut |cells| {
        samples.push(cells.float()?);
        Ok(())
    })?;
    // The decoder reports a sampling rate of 0.
    Ok(wav(rate_hz.unwrap_or(0), samples.len(), samples.into_iter()))
}
