//! The sound in the cells of a row.

use parquet::basic::Type;
use parquet::data_type::{
    ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArrayType, FloatType, Int32Type,
    Int64Type,
};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::RowGroupReader;

use super::leaf::Leaf;
use crate::source::containers::column_names::whole_rate;
use crate::source::containers::columns::{Cells, Sound};
use crate::source::containers::encoded::decoded;
use crate::source::containers::samples::{Made, Samples};
use crate::source::containers::table::{Load, said};

/// The text of all columns of text in the next row. A column that cannot be read is left out from then on.
pub(super) fn row_text(texts: &mut Vec<Leaf<ByteArrayType>>) -> String {
    let mut words = String::new();
    texts.retain_mut(|leaf| match leaf.next() {
        Ok(values) => {
            for value in values {
                words.push_str(&said(value.data()));
                words.push(' ');
            }
            true
        }
        Err(_) => false,
    });
    words
}

/// A cell of a column of sound.
pub(super) enum Cell {
    Empty,
    /// Text that is not the Base64 of sound.
    Text,
    /// The name of a file that the table does not hold.
    Name,
    /// Lists that are not samples, in words.
    Shapeless(String),
    /// A file that was made of the cell.
    Made(Vec<u8>),
    File {
        bytes: ByteArray,
        path: Option<String>,
    },
}

/// The readers of a column of sound in one row group.
pub(super) enum Opened {
    /// Files, several in a row if in a list.
    Files {
        bytes: Leaf<ByteArrayType>,
        path: Option<Leaf<ByteArrayType>>,
        is_list: bool,
    },
    Samples {
        array: Array,
        rate: Rate,
    },
    Encoded {
        text: Leaf<ByteArrayType>,
    },
}

impl Opened {
    pub(super) fn new(rows: &dyn RowGroupReader, sound: &Sound, load: &Load) -> Result<Self> {
        let column = |leaf: usize| rows.metadata().column(leaf);
        Ok(match sound.cells {
            Cells::Files { bytes, path } => Self::Files {
                is_list: column(bytes).column_descr().max_rep_level() > 0,
                bytes: Leaf::new(rows, bytes, load)?,
                path: path.map(|path| Leaf::new(rows, path, load)).transpose()?,
            },
            Cells::Samples { array, rate } => {
                let rate = match column(rate).column_type() {
                    Type::INT32 => Rate::Int(Leaf::new(rows, rate, load)?),
                    Type::INT64 => Rate::Long(Leaf::new(rows, rate, load)?),
                    Type::FLOAT => Rate::Float(Leaf::new(rows, rate, load)?),
                    Type::DOUBLE => Rate::Double(Leaf::new(rows, rate, load)?),
                    other => {
                        let error = format!("a sampling rate is of type {other}, not a number");
                        return Err(ParquetError::General(error));
                    }
                };
                let array = match column(array).column_type() {
                    Type::FLOAT => Array::Floats(Leaf::new(rows, array, load)?),
                    Type::INT32 => Array::Ints(Leaf::new(rows, array, load)?),
                    Type::INT64 => Array::Longs(Leaf::new(rows, array, load)?),
                    Type::FIXED_LEN_BYTE_ARRAY => Array::Halves(Leaf::new(rows, array, load)?),
                    _ => Array::Doubles(Leaf::new(rows, array, load)?),
                };
                Self::Samples { array, rate }
            }
            Cells::Encoded { text } => Self::Encoded { text: Leaf::new(rows, text, load)? },
        })
    }

    /// The cells of the next row; those of a list with their numbers in it.
    pub(super) fn next(&mut self) -> Result<Vec<(Option<usize>, Cell)>> {
        Ok(match self {
            Self::Files { bytes, path, is_list } => files(bytes, path.as_mut(), *is_list)?,
            Self::Samples { array, rate } => {
                let rate = rate.next()?;
                let cell = match array.next()?.wav(rate) {
                    Made::Empty => Cell::Empty,
                    Made::Wav(wav) => Cell::Made(wav),
                    Made::Shapeless(told) => Cell::Shapeless(told),
                };
                vec![(None, cell)]
            }
            Self::Encoded { text } => {
                let file = text.next()?.first().and_then(|text| decoded(text.data()));
                vec![(None, file.map_or(Cell::Text, Cell::Made))]
            }
        })
    }
}

/// The files of the next row. Their bytes share the memory of their page.
fn files(
    bytes: &mut Leaf<ByteArrayType>,
    path: Option<&mut Leaf<ByteArrayType>>,
    is_list: bool,
) -> Result<Vec<(Option<usize>, Cell)>> {
    // The last is the first in the list.
    let mut names: Vec<(usize, String)> = match path {
        Some(path) => {
            let said: Vec<_> = path.next()?.iter().map(|path| said(path.data())).collect();
            path.places().into_iter().zip(said).rev().collect()
        }
        None => Vec::new(),
    };
    let values = bytes.next()?.to_vec();
    let mut cells = Vec::with_capacity(values.len());
    for (place, bytes) in bytes.places().into_iter().zip(values) {
        // What is named before this place has no bytes.
        while names.last().is_some_and(|(named, _)| *named < place) {
            names.pop();
            cells.push((None, Cell::Name));
        }
        let path = names.pop_if(|(named, _)| *named == place).map(|(_, path)| path);
        cells.push((is_list.then_some(place), Cell::File { bytes, path }));
    }
    cells.extend(names.into_iter().map(|_| (None, Cell::Name)));
    if cells.is_empty() {
        cells.push((None, Cell::Empty));
    }
    Ok(cells)
}

/// A column of samples.
pub(super) enum Array {
    Halves(Leaf<FixedLenByteArrayType>),
    Floats(Leaf<FloatType>),
    Doubles(Leaf<DoubleType>),
    Ints(Leaf<Int32Type>),
    Longs(Leaf<Int64Type>),
}

impl Array {
    /// The samples of the next row.
    fn next(&mut self) -> Result<Samples> {
        fn each<T: DataType, S>(
            leaf: &mut Leaf<T>,
            sample: impl Fn(&T::T) -> S,
        ) -> Result<(Vec<S>, Vec<usize>)> {
            let samples = leaf.next()?.iter().map(sample).collect();
            Ok((samples, leaf.inner_lists()))
        }
        let half = |bytes: &[u8]| {
            bytes.first_chunk().map_or(f32::NAN, |two| half::f16::from_le_bytes(*two).to_f32())
        };
        let ((floats, lists), (wholes, inner)) = match self {
            Self::Halves(leaf) => (each(leaf, |sample| half(sample.data()))?, Default::default()),
            Self::Floats(leaf) => (each(leaf, |&sample| sample)?, Default::default()),
            Self::Doubles(leaf) => (each(leaf, |&sample| sample as f32)?, Default::default()),
            Self::Ints(leaf) => (Default::default(), each(leaf, |&sample| i64::from(sample))?),
            Self::Longs(leaf) => (Default::default(), each(leaf, |&sample| sample)?),
        };
        Ok(if wholes.is_empty() {
            Samples::floats(floats).in_lists(lists)
        } else {
            Samples::wholes(wholes).in_lists(inner)
        })
    }
}

/// A column of sample rates.
pub(super) enum Rate {
    Int(Leaf<Int32Type>),
    Long(Leaf<Int64Type>),
    Float(Leaf<FloatType>),
    Double(Leaf<DoubleType>),
}

impl Rate {
    /// The next rate in Hz. The decoder reports a rate of 0.
    fn next(&mut self) -> Result<u32> {
        let whole = |rate: i64| u32::try_from(rate).ok();
        let rate = match self {
            Self::Int(leaf) => leaf.next()?.first().and_then(|&rate| whole(rate.into())),
            Self::Long(leaf) => leaf.next()?.first().and_then(|&rate| whole(rate)),
            Self::Float(leaf) => leaf.next()?.first().and_then(|&rate| whole_rate(rate.into())),
            Self::Double(leaf) => leaf.next()?.first().and_then(|&rate| whole_rate(rate)),
        };
        Ok(rate.unwrap_or(0))
    }
}
