//! Parquet tables with sound in their cells, as Hugging Face writes them: row group by row group.
//!
//! A column is one of sound if it is a struct with a binary `bytes` (and perhaps the name of a file,
//! `path`), a binary that is no text, or a struct with a list of numbers, `array`, and a
//! `sampling_rate`. Each cell is an item. Cells that only name a file are counted in one row.

use std::collections::HashMap;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{
    ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type,
};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{FileReader as _, RowGroupReader};
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::schema::types::ColumnDescriptor;

use super::chunks::Chunks;
use super::packed::Allowance;
use super::unpack::{At, Member, Unpacker};
use super::{Bytes, To};
use crate::identify::PERSONAL;
use crate::record::NOT_AUDIO;
use crate::text::{shorten, visible};

/// Columns of text that are joined to the sound of their row.
const MAX_TEXTS: usize = 64;
/// Longest name of a file that is shown.
const MAX_NAME_CHARS: usize = 200;

/// Shows the cells of a table that hold sound. False if none of its columns could.
pub(super) fn walk(unpacker: &mut Unpacker<'_>, at: &At, bytes: &Bytes) -> ControlFlow<(), bool> {
    let footer_bytes = match footer_bytes(bytes) {
        Ok(footer_bytes) => footer_bytes,
        Err(error) => {
            unpacker.broken(&at.place, &error)?;
            return ControlFlow::Continue(true);
        }
    };
    if footer_bytes > unpacker.limits.max_footer_bytes {
        let message = format!(
            "has a directory of {} MiB, more than {} are not taken into memory; split the table",
            footer_bytes >> 20,
            unpacker.limits.max_footer_bytes >> 20
        );
        unpacker.row(&at.place, "container_unsupported", message)?;
        return ControlFlow::Continue(true);
    }
    let reader = match Chunks::new(bytes.clone(), unpacker.limits).map(SerializedFileReader::new) {
        Ok(Ok(reader)) => reader,
        Ok(Err(error)) => {
            unpacker.broken(&at.place, &plain(&error))?;
            return ControlFlow::Continue(true);
        }
        Err(error) => {
            unpacker.broken(&at.place, &error)?;
            return ControlFlow::Continue(true);
        }
    };
    let leaves = reader.metadata().file_metadata().schema_descr().columns();
    let columns = columns(leaves);
    if columns.is_empty() {
        return ControlFlow::Continue(false);
    }
    let load =
        Load { allowance: unpacker.allowance(), max_values: unpacker.limits.max_item_bytes / 4 };
    let is_path = |leaf: usize| {
        columns.iter().any(|c| matches!(c.cells, Cells::Files { path, .. } if path == Some(leaf)))
    };
    let is_said = |leaf: &usize| {
        leaves[*leaf].max_rep_level() == 0 && says(&leaves[*leaf]) && !is_path(*leaf)
    };
    let texts = (0..leaves.len()).filter(is_said).take(MAX_TEXTS).collect();
    let (names_only, broken) = (0, Vec::new());
    let mut table = Table { at, columns: &columns, texts, load, names_only, broken };
    for group in 0..reader.num_row_groups() {
        match reader.get_row_group(group) {
            Ok(rows) => table.group(unpacker, group, &*rows)?,
            Err(error) => table.broken.push((group, error)),
        }
        if table.load.allowance.is_spent() {
            unpacker.broken(&at.place, &io::Error::other("it unpacks to too much"))?;
        }
    }
    table.end(unpacker)?;
    ControlFlow::Continue(true)
}

/// Length of the directory, which the last bytes tell; 0 if there is none.
pub(super) fn footer_bytes(bytes: &Bytes) -> io::Result<u64> {
    use std::io::{Read as _, Seek as _};
    let mut reader = bytes.open()?;
    let mut end = [0; 8];
    let Some(at) = reader.length().checked_sub(8) else { return Ok(0) };
    reader.seek(io::SeekFrom::Start(at))?;
    reader.read_exact(&mut end)?;
    let [a, b, c, d, ..] = end;
    Ok(u64::from(u32::from_le_bytes([a, b, c, d])))
}

/// A column of sound, by the places of its leaves among all leaves.
struct Column {
    name: String,
    cells: Cells,
}

#[derive(Clone, Copy)]
enum Cells {
    Files { bytes: usize, path: Option<usize> },
    Samples { array: usize, rate: usize },
}

fn columns<D: AsRef<ColumnDescriptor>>(leaves: &[D]) -> Vec<Column> {
    let parts = |leaf: &D| leaf.as_ref().path().parts().to_vec();
    let at: HashMap<Vec<String>, usize> =
        leaves.iter().enumerate().rev().map(|(place, leaf)| (parts(leaf), place)).collect();
    let beside =
        |name: &[String], leaf: &str| at.get(&[name, &[leaf.to_owned()]].concat()).copied();
    let column = |(place, leaf): (usize, &D)| {
        let leaf = leaf.as_ref();
        let parts = leaf.path().parts();
        let is_one = leaf.max_rep_level() == 0;
        let (name, cells) = match (leaf.physical_type(), parts) {
            (Type::BYTE_ARRAY, [name @ .., last])
                if is_one && last == "bytes" && !name.is_empty() =>
            {
                (name, Cells::Files { bytes: place, path: beside(name, "path") })
            }
            (Type::BYTE_ARRAY, [_]) if is_one && !is_text(leaf) => {
                (parts, Cells::Files { bytes: place, path: None })
            }
            (Type::FLOAT | Type::DOUBLE, [name @ .., array, _, _])
                if leaf.max_rep_level() == 1 && array == "array" =>
            {
                (name, Cells::Samples { array: place, rate: beside(name, "sampling_rate")? })
            }
            _ => return None,
        };
        Some(Column { name: name.join("."), cells })
    };
    leaves.iter().enumerate().filter_map(column).collect()
}

/// Whether a column is one of text that may be read for identifiers: people are left out.
pub(super) fn says(leaf: &ColumnDescriptor) -> bool {
    let names_people = leaf
        .path()
        .parts()
        .iter()
        .any(|part| PERSONAL.iter().any(|p| part.eq_ignore_ascii_case(p)));
    leaf.physical_type() == Type::BYTE_ARRAY && is_text(leaf) && !names_people
}

fn is_text(leaf: &ColumnDescriptor) -> bool {
    let logical = leaf.logical_type_ref();
    matches!(logical, Some(LogicalType::String | LogicalType::Json | LogicalType::Enum))
        || matches!(
            leaf.converted_type(),
            ConvertedType::UTF8
                | ConvertedType::JSON
                | ConvertedType::ENUM
                | ConvertedType::DECIMAL
        )
}

struct Table<'a> {
    at: &'a At,
    columns: &'a [Column],
    /// Leaves of text, which speak of the sound in their row.
    texts: Vec<usize>,
    load: Load,
    /// Cells that name a file and do not hold it.
    names_only: u64,
    /// Row groups that broke, and why.
    broken: Vec<(usize, ParquetError)>,
}

impl Table<'_> {
    fn group(
        &mut self,
        unpacker: &mut Unpacker<'_>,
        group: usize,
        rows: &dyn RowGroupReader,
    ) -> ControlFlow<()> {
        let opened: Result<Vec<Opened>> =
            self.columns.iter().map(|column| Opened::new(rows, column, &self.load)).collect();
        let mut opened = match opened {
            Ok(opened) => opened,
            Err(error) => {
                self.broken.push((group, error));
                return ControlFlow::Continue(());
            }
        };
        // One that cannot be read says nothing, and the sound beside it is read.
        let text = |&leaf: &usize| Leaf::<ByteArrayType>::new(rows, leaf, &self.load).ok();
        let mut texts: Vec<_> = self.texts.iter().filter_map(text).collect();
        for row in 0..rows.metadata().num_rows().max(0) {
            let said = row_text(&mut texts);
            unpacker.join(Some(format!("{group}.{row}").as_bytes()))?;
            if !said.is_empty() {
                unpacker.side_car(said.as_bytes());
            }
            for (column, cells) in self.columns.iter().zip(&mut opened) {
                let cell = match cells.next() {
                    Ok(cell) => cell,
                    Err(error) => {
                        self.broken.push((group, error));
                        return ControlFlow::Continue(());
                    }
                };
                let (name, row) = (column.name.clone(), row.unsigned_abs());
                let to = To::Cell { group: group as u64, row, column: name };
                match cell {
                    // Nulls without number take no room in a file.
                    Cell::Empty => unpacker.counted()?,
                    Cell::Name => {
                        self.names_only += 1;
                        unpacker.counted()?;
                    }
                    Cell::Sound { bytes, path } => self.sound(unpacker, to, bytes.data(), path)?,
                }
            }
        }
        unpacker.join(None)
    }

    fn sound(
        &self,
        unpacker: &mut Unpacker<'_>,
        to: To,
        bytes: &[u8],
        path: Option<String>,
    ) -> ControlFlow<()> {
        let note = |path: String| {
            format!("its table calls it {}", visible(&shorten(&path, MAX_NAME_CHARS)))
        };
        let declared = Some(bytes.len() as u64);
        unpacker.member(Member {
            place: self.at.member(to, None),
            depth: self.at.depth,
            stream: &mut unpacker.limited(bytes),
            declared,
            bytes: None,
            notes: path.map(note).into_iter().collect(),
        })
    }

    /// The rows about the table as a whole.
    fn end(self, unpacker: &mut Unpacker<'_>) -> ControlFlow<()> {
        if let Some((group, error)) = self.broken.first() {
            let error = format!(
                "{} of its row groups cannot be read, the first of them is {group}: {error}",
                self.broken.len()
            );
            return unpacker.broken(&self.at.place, &io::Error::other(error));
        }
        if self.names_only > 0 {
            let message = format!(
                "names {} files in columns of sound without holding them; scan the folder that has them",
                self.names_only
            );
            return unpacker.row(&self.at.place, NOT_AUDIO, message);
        }
        ControlFlow::Continue(())
    }
}

/// What the columns of text say in the next row.
fn row_text(texts: &mut Vec<Leaf<ByteArrayType>>) -> String {
    let mut said = String::new();
    texts.retain_mut(|leaf| match leaf.next() {
        Ok(values) => {
            for value in values {
                said.push_str(&text(value.data()));
                said.push(' ');
            }
            true
        }
        Err(_) => false,
    });
    said
}

enum Cell {
    Empty,
    Name,
    Sound { bytes: ByteArray, path: Option<String> },
}

/// The readers of a column in one row group.
enum Opened {
    Files { bytes: Leaf<ByteArrayType>, path: Option<Leaf<ByteArrayType>> },
    Floats { array: Leaf<FloatType>, rate: Rate },
    Doubles { array: Leaf<DoubleType>, rate: Rate },
}

enum Rate {
    Int(Leaf<Int32Type>),
    Long(Leaf<Int64Type>),
}

impl Opened {
    fn new(rows: &dyn RowGroupReader, column: &Column, load: &Load) -> Result<Self> {
        let kind = |leaf: usize| rows.metadata().column(leaf).column_type();
        Ok(match column.cells {
            Cells::Files { bytes, path } => Self::Files {
                bytes: Leaf::new(rows, bytes, load)?,
                path: match path.filter(|&path| kind(path) == Type::BYTE_ARRAY) {
                    Some(path) => Some(Leaf::new(rows, path, load)?),
                    None => None,
                },
            },
            Cells::Samples { array, rate } => {
                let rate = match kind(rate) {
                    Type::INT32 => Rate::Int(Leaf::new(rows, rate, load)?),
                    Type::INT64 => Rate::Long(Leaf::new(rows, rate, load)?),
                    other => {
                        let error = format!("a sampling rate is {other}, not a whole number");
                        return Err(ParquetError::General(error));
                    }
                };
                if kind(array) == Type::FLOAT {
                    Self::Floats { array: Leaf::new(rows, array, load)?, rate }
                } else {
                    Self::Doubles { array: Leaf::new(rows, array, load)?, rate }
                }
            }
        })
    }

    fn next(&mut self) -> Result<Cell> {
        match self {
            Self::Files { bytes, path } => {
                let path = match path {
                    Some(path) => path.next()?.first().map(|path| text(path.data())),
                    None => None,
                };
                Ok(match (bytes.next()?.first(), path) {
                    (Some(bytes), path) => Cell::Sound {
                        // A slice of its page, not a copy.
                        bytes: bytes.clone(),
                        path,
                    },
                    (None, Some(_)) => Cell::Name,
                    (None, None) => Cell::Empty,
                })
            }
            Self::Floats { array, rate } => {
                let rate = rate.next()?;
                let samples = array.next()?;
                Ok(samples_cell(rate, samples.len(), samples.iter().copied()))
            }
            Self::Doubles { array, rate } => {
                let rate = rate.next()?;
                let samples = array.next()?;
                Ok(samples_cell(rate, samples.len(), samples.iter().map(|&sample| sample as f32)))
            }
        }
    }
}

impl Rate {
    fn next(&mut self) -> Result<u32> {
        let rate = match self {
            Self::Int(leaf) => leaf.next()?.first().map(|&rate| i64::from(rate)),
            Self::Long(leaf) => leaf.next()?.first().copied(),
        };
        // A rate that is none is told by the decoder.
        Ok(rate.and_then(|rate| u32::try_from(rate).ok()).unwrap_or(0))
    }
}

/// Samples as a WAV file, which is what they are.
fn samples_cell(rate_hz: u32, count: usize, samples: impl Iterator<Item = f32>) -> Cell {
    let data_bytes = u32::try_from(count.saturating_mul(4)).unwrap_or(u32::MAX);
    if count == 0 {
        return Cell::Empty;
    }
    let mut wav = Vec::with_capacity(44 + count * 4);
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&data_bytes.saturating_add(36).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt \x10\0\0\0\x03\0\x01\0");
    wav.extend_from_slice(&rate_hz.to_le_bytes());
    wav.extend_from_slice(&rate_hz.saturating_mul(4).to_le_bytes());
    wav.extend_from_slice(b"\x04\0\x20\0data");
    wav.extend_from_slice(&data_bytes.to_le_bytes());
    samples.for_each(|sample| wav.extend_from_slice(&sample.to_le_bytes()));
    Cell::Sound { bytes: wav.into(), path: None }
}

/// One leaf, read a record at a time.
pub(super) struct Leaf<T: DataType> {
    reader: ColumnReaderImpl<T>,
    /// Values of the pages that were opened for this record; of a column of lists only.
    in_record: Option<Arc<AtomicU64>>,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
    values: Vec<T::T>,
}

impl<T: DataType> Leaf<T> {
    pub(super) fn new(rows: &dyn RowGroupReader, leaf: usize, load: &Load) -> Result<Self> {
        let column = rows.metadata().column(leaf).column_descr_ptr();
        let values = (column.max_rep_level() > 0).then(Arc::<AtomicU64>::default);
        let pages = rows.get_column_page_reader(leaf)?;
        let pages = Guarded { pages, load: load.clone(), values: values.clone() };
        let reader = ColumnReaderImpl::new(column, Box::new(pages));
        let in_record = values;
        let (definitions, repetitions, values) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { reader, in_record, definitions, repetitions, values })
    }

    /// The values of the next record: none if it is null.
    pub(super) fn next(&mut self) -> Result<&[T::T]> {
        if let Some(values) = &self.in_record {
            values.store(0, Ordering::Relaxed);
        }
        self.definitions.clear();
        self.repetitions.clear();
        self.values.clear();
        let levels = (Some(&mut self.definitions), Some(&mut self.repetitions));
        let (records, ..) = self.reader.read_records(1, levels.0, levels.1, &mut self.values)?;
        if records == 0 {
            return Err(ParquetError::EOF("a column ends before its rows do".to_owned()));
        }
        Ok(&self.values)
    }
}

/// What the pages of a table may come to.
#[derive(Debug, Clone)]
pub(super) struct Load {
    /// Bytes of them all, with what else its file unpacks to.
    pub(super) allowance: Allowance,
    /// Values of one list: a page of a few bytes may say one of them a thousand million times.
    pub(super) max_values: u64,
}

/// Pages, counted as they are opened.
struct Guarded {
    pages: Box<dyn PageReader>,
    load: Load,
    values: Option<Arc<AtomicU64>>,
}

impl Iterator for Guarded {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Guarded {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let Some(page) = self.pages.get_next_page()? else { return Ok(None) };
        self.load
            .allowance
            .add(page.buffer().len() as u64)
            .map_err(|bomb| ParquetError::External(Box::new(bomb)))?;
        if let Some(values) = self.values.as_ref().filter(|_| page.is_data_page()) {
            let count = u64::from(page.num_values());
            if values.fetch_add(count, Ordering::Relaxed) + count > self.load.max_values {
                let most = self.load.max_values;
                return Err(ParquetError::General(format!("a list has more than {most} values")));
            }
        }
        Ok(Some(page))
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

/// The beginning of a name: it may be as long as a page, and every row have the same.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(4 * MAX_NAME_CHARS)]).into_owned()
}

fn plain(error: &ParquetError) -> io::Error {
    let kind = match error {
        ParquetError::EOF(_) => io::ErrorKind::UnexpectedEof,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error.to_string())
}
