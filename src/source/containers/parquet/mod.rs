//! Parquet tables with sound in their cells, as Hugging Face writes them, read row group by row group.
//!
//! The crate `parquet` trusts the lengths in a table. So the directory (footer) and each page are checked first.
//!
//! | file | its one responsibility |
//! |---|---|
//! | `chunks` | the bytes of a table, for the crate |
//! | `directory` | the directory and the columns that it states |
//! | `thrift` | validates headers |
//! | `guard` | checks pages before they are decoded |
//! | `limit` | what pages may cost, and what is not read here |
//! | `leaf` | one column record by record |
//! | `cells` | the sound in the cells of a row |
//! | `texts` | the columns that may hold identifiers |

mod cells;
mod chunks;
mod directory;
mod guard;
mod leaf;
mod limit;
mod texts;
mod thrift;

use std::io;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use parquet::data_type::ByteArrayType;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{FileReader as _, RowGroupReader};
use parquet::file::serialized_reader::SerializedFileReader;

use self::cells::{Cell, Opened, row_text};
use self::chunks::Chunks;
use self::directory::{footer_bytes, leaves, look_through};
use self::leaf::Leaf;
use self::limit::is_unsupported;
pub(super) use self::texts::texts;
use super::columns::{PEEKED_ROWS, Roles, Sound};
use super::encoded::decoded;
use super::table::{self, Broken, Held, Load, Shown};
use super::traversal::{At, Unpacker};
use crate::bytes::Bytes;
use crate::record::FailureKind;
use crate::source::section::Section;
use crate::source::{ScanLimits, To};

/// Shows the cells of a table that hold sound.
pub(super) fn walk(unpacker: &mut Unpacker<'_>, at: &At, bytes: &Bytes) -> ControlFlow<(), Held> {
    let footer_bytes = match footer_bytes(bytes) {
        Ok(footer_bytes) => footer_bytes,
        Err(error) => {
            unpacker.broken(&at.place, &error)?;
            return ControlFlow::Continue(Held::Sound);
        }
    };
    if footer_bytes > unpacker.costs.limits.max_footer_bytes {
        let message = format!(
            "has a directory of {} MiB, and at most {} MiB are read into memory; split the table",
            footer_bytes >> 20,
            unpacker.costs.limits.max_footer_bytes >> 20
        );
        unpacker.row(&at.place, FailureKind::ContainerUnsupported, message)?;
        return ControlFlow::Continue(Held::Sound);
    }
    if let Err(error) = look_through(bytes, footer_bytes) {
        unpacker.broken(&at.place, &error)?;
        return ControlFlow::Continue(Held::Sound);
    }
    let reader =
        match Chunks::new(bytes.clone(), unpacker.costs.limits).map(SerializedFileReader::new) {
            Ok(Ok(reader)) => reader,
            Ok(Err(error)) => {
                unpacker.broken(&at.place, &plain(&error))?;
                return ControlFlow::Continue(Held::Sound);
            }
            Err(error) => {
                unpacker.broken(&at.place, &error)?;
                return ControlFlow::Continue(Held::Sound);
            }
        };
    let load = Load::of(unpacker);
    let leaves = leaves(reader.metadata().file_metadata().schema_descr().columns());
    let mut roles = Roles::of(&leaves);
    let groups = reader.metadata().row_groups();
    if let Some(first) = groups.iter().position(|group| group.num_rows() > 0)
        && let Ok(rows) = reader.get_row_group(first)
    {
        let mut encoded = roles.other_texts(&leaves);
        encoded.retain(|&leaf| is_encoded(&*rows, leaf, &load));
        roles.add_encoded(&leaves, &encoded);
    }
    if roles.sounds.is_empty() && roles.unread.is_none() {
        return ControlFlow::Continue(Held::Text);
    }
    let shown = Shown::new(at, "row groups", roles.unread);
    if roles.sounds.is_empty() {
        shown.end(unpacker)?;
        return ControlFlow::Continue(Held::Both);
    }
    let mut table = Table { shown, sounds: &roles.sounds, texts: roles.texts, load };
    let all = reader.num_row_groups();
    let groups = match unpacker.section(at) {
        Some(section) => part_of(all, section),
        // They were read section by section.
        None if unpacker.sections_end(at).is_some() => 0..0,
        None => 0..all,
    };
    if let Some(end) = unpacker.sections_end(at) {
        table.shown.resume(&end.table);
    }
    for group in groups {
        match reader.get_row_group(group) {
            Ok(rows) => table.group(unpacker, group as u64, &*rows)?,
            Err(error) => table.broke(group as u64, None, &error),
        }
        if table.load.allowance.is_spent() {
            unpacker.broken(&at.place, &io::Error::other("it unpacks to more than it may"))?;
        }
    }
    if unpacker.section(at).is_some() {
        // What is said of the table as a whole is said once all its sections were read.
        unpacker.keep_table(table.shown.tally());
        unpacker.section_ends()?;
        return ControlFlow::Continue(Held::Sound);
    }
    let held = table.shown.held();
    table.shown.end(unpacker)?;
    ControlFlow::Continue(held)
}

/// Whether the first texts of a column are sound in Base64. A column that cannot be read is told where it is read whole.
fn is_encoded(rows: &dyn RowGroupReader, leaf: usize, load: &Load) -> bool {
    let count = rows.metadata().num_rows().max(0).unsigned_abs().min(PEEKED_ROWS);
    let look = || {
        let mut values = Leaf::<ByteArrayType>::new(rows, leaf, load)?;
        for _ in 0..count {
            if values.next()?.iter().any(|text| decoded(text.data()).is_some()) {
                return Ok(true);
            }
        }
        Ok::<_, ParquetError>(false)
    };
    // The decoders may panic over damaged pages.
    catch_unwind(AssertUnwindSafe(look)).is_ok_and(|found| found.unwrap_or(false))
}

/// The row groups of a section.
fn part_of(all: usize, section: Section) -> std::ops::Range<usize> {
    let bound = |at: u64| usize::try_from(at).map_or(all, |at| at.min(all));
    bound(section.from)..bound(section.to)
}

/// The row groups at which a table with sound may be cut into sections of some `target` bytes.
pub(super) fn cuts(bytes: &Bytes, limits: ScanLimits, target: u64) -> Vec<(u64, u64)> {
    let mut cuts = Vec::new();
    let Ok(footer_bytes) = footer_bytes(bytes) else { return cuts };
    if footer_bytes > limits.max_footer_bytes || look_through(bytes, footer_bytes).is_err() {
        return cuts;
    }
    // The crate may panic over a damaged directory.
    let opened = catch_unwind(AssertUnwindSafe(|| {
        SerializedFileReader::new(Chunks::new(bytes.clone(), limits).ok()?).ok()
    }));
    let Ok(Some(reader)) = opened else { return cuts };
    let roles = Roles::of(&leaves(reader.metadata().file_metadata().schema_descr().columns()));
    if roles.sounds.is_empty() {
        return cuts;
    }
    let mut weight = 0_u64;
    for (number, group) in (0_u64..).zip(reader.metadata().row_groups()) {
        if weight >= target {
            cuts.push((number, weight));
            weight = 0;
        }
        weight = weight.saturating_add(group.compressed_size().max(0).unsigned_abs());
    }
    cuts
}

struct Table<'a> {
    shown: Shown<'a>,
    sounds: &'a [Sound],
    /// Leaves of text that describe the sound in their row.
    texts: Vec<usize>,
    load: Load,
}

impl Table<'_> {
    fn broke(&mut self, group: u64, rows: Option<(u64, u64)>, error: &ParquetError) {
        // A page that ends too early is damage: if the file were cut off, its footer would be missing.
        let kind =
            if is_unsupported(error) { io::ErrorKind::Unsupported } else { io::ErrorKind::Other };
        let error = io::Error::new(kind, plain_text(error));
        self.shown.broken.push(Broken { group, rows, error });
    }

    fn group(
        &mut self,
        unpacker: &mut Unpacker<'_>,
        group: u64,
        rows: &dyn RowGroupReader,
    ) -> ControlFlow<()> {
        let opened: Result<Vec<Opened>> =
            self.sounds.iter().map(|sound| Opened::new(rows, sound, &self.load)).collect();
        let mut opened = match opened {
            Ok(opened) => opened,
            Err(error) => {
                self.broke(group, None, &error);
                return ControlFlow::Continue(());
            }
        };
        // A column of text that cannot be read is left out, and the sound in its rows is still read.
        let text = |&leaf: &usize| Leaf::<ByteArrayType>::new(rows, leaf, &self.load).ok();
        let mut texts: Vec<_> = self.texts.iter().filter_map(text).collect();
        let count = rows.metadata().num_rows().max(0).unsigned_abs();
        for row in 0..count {
            let said = row_text(&mut texts);
            unpacker.join(Some(format!("{group}.{row}").as_bytes()))?;
            if !said.is_empty() {
                unpacker.side_car(said.as_bytes());
            }
            for (sound, cells) in self.sounds.iter().zip(&mut opened) {
                let to = |column: String| To::Cell { group, row, column };
                let cells = match cells.next() {
                    Ok(cells) => cells,
                    Err(error) => {
                        self.broke(group, Some((row, count)), &error);
                        return ControlFlow::Continue(());
                    }
                };
                for (nth, cell) in cells {
                    match cell {
                        // Null cells count as members: a file may have any number of them in a few bytes.
                        Cell::Empty => unpacker.counted()?,
                        Cell::Text => {}
                        Cell::Name => self.shown.name(unpacker)?,
                        Cell::Shapeless(told) => {
                            self.shown.shapeless(unpacker, &sound.name, &told)?;
                        }
                        Cell::Made(file) => {
                            self.shown.made(unpacker, to(sound.name.clone()), &file)?;
                        }
                        Cell::File { bytes, path } => {
                            let length = bytes.len() as u64;
                            let stream = &mut unpacker.limited(bytes.data());
                            let to = to(match nth {
                                Some(nth) => format!("{}[{nth}]", sound.name),
                                None => sound.name.clone(),
                            });
                            let (extent, bytes) = (None, None);
                            let has_rate = sound.has_rate;
                            let cell =
                                table::Cell { to, path, stream, length, extent, bytes, has_rate };
                            self.shown.sound(unpacker, cell)?;
                        }
                    }
                }
            }
            self.shown.row_ends(&said);
        }
        unpacker.join(None)
    }
}

/// What is wrong, without the prefix that the crate puts before every error.
fn plain_text(error: &ParquetError) -> String {
    match error {
        ParquetError::External(error) => error.to_string(),
        other => other.to_string(),
    }
}

fn plain(error: &ParquetError) -> io::Error {
    let kind = match error {
        ParquetError::EOF(_) => io::ErrorKind::UnexpectedEof,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, plain_text(error))
}
