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
//! | `pick` | values at any place of a column |
//! | `leaf` | one column row by row |
//! | `rows` | the sound in the rows of a batch |
//! | `errors` | errors by kind |

mod batches;
mod buffer;
mod entries;
mod errors;
mod layout;
mod leaf;
mod lookup;
mod message;
mod pick;
mod rows;
mod schema;

use std::io;
use std::ops::ControlFlow;

use self::batches::Batches;
use self::buffer::Buffers;
use self::layout::Batch;
use self::leaf::{Column, Way};
use self::rows::Rows;
use super::columns::{self, Form, Roles, has_codes, says};
use super::table::{Broken, EachText, Held, Load, Shown, Value as Spoken};
use super::traversal::{At, Unpacker};
use crate::base::Losses;
use crate::bytes::Bytes;
use crate::source::ScanLimits;

/// Longest text that is read for identifiers, in bytes. A guess: a list of a million ISRCs.
const MAX_TEXT_BYTES: u64 = 16 << 20;

/// Shows the cells of a table that hold sound.
pub(super) fn walk(unpacker: &mut Unpacker<'_>, at: &At, bytes: &Bytes) -> ControlFlow<(), Held> {
    let load = Load::of(unpacker);
    let mut shown = Shown::new(at, "record batches", None);
    let (mut has_sound, mut loses_sound) = (false, false);
    let mut roles = (0, Roles::default());
    // Columns of text that were not looked at yet, as no batch has had a row.
    let mut unseen = Vec::new();
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
            unseen = roles.1.other_texts(&batches.schema().columns);
            loses_sound |= roles.1.loses_sound;
        }
        if let Ok(batch) = &batch
            && batch.rows > 0
            && !unseen.is_empty()
        {
            let most = unpacker.costs.limits.max_item_bytes;
            unseen.retain(|&leaf| rows::is_encoded(&batches, batch, leaf, (&load, most)));
            roles.1.add_encoded(&batches.schema().columns, &std::mem::take(&mut unseen));
        }
        has_sound |= !roles.1.sounds.is_empty();
        if !roles.1.sounds.is_empty() || roles.1.loses_sound {
            shown.unread = shown.unread.take().or_else(|| roles.1.unread.take());
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
        let opened = Column::open(leaf, batch, &buffers, batches.dictionaries(), Way::InMemory);
        let mut read = |mut values: Column| {
            for row in 0..batch.rows {
                // Rows of runs and nulls take no room in a file.
                load.allowance.add(1).map_err(io::Error::other)?;
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
