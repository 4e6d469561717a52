//! The columns of a table that may hold identifiers, row by row.

use std::io;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use parquet::basic::Type;
use parquet::data_type::{ByteArrayType, DataType, FixedLenByteArrayType, Int32Type, Int64Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{FileReader as _, RowGroupReader};
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::schema::types::ColumnDescriptor;

use super::chunks::Chunks;
use super::directory::{footer_bytes, leaves, look_through};
use super::leaf::Leaf;
use crate::base::{Losses, hex, panic_message};
use crate::bytes::Bytes;
use crate::source::ScanLimits;
use crate::source::containers::columns::{self, has_codes, says};
use crate::source::containers::table::{EachText, Load, Value};

/// Shows each value of the columns that may hold identifiers, column by column, until `each` breaks off. A column that cannot
/// be read is counted in `lost`, and the rest of its values in this row group are missing.
pub(in crate::source::containers) fn texts(
    bytes: &Bytes,
    limits: ScanLimits,
    lost: &mut Losses,
    each: EachText<'_>,
) -> io::Result<()> {
    let footer_bytes = footer_bytes(bytes)?;
    if footer_bytes > limits.max_footer_bytes {
        return Err(io::Error::other(format!(
            "its directory has {} MiB, and at most {} MiB are read",
            footer_bytes >> 20,
            limits.max_footer_bytes >> 20
        )));
    }
    look_through(bytes, footer_bytes)?;
    let load = Load::alone(bytes, &limits)?;
    let broken = |error: ParquetError| io::Error::other(error.to_string());
    let reader = SerializedFileReader::new(Chunks::new(bytes.clone(), limits)?).map_err(broken)?;
    let descriptors = reader.metadata().file_metadata().schema_descr().columns();
    let spoken: Vec<Spoken> = leaves(descriptors)
        .into_iter()
        .zip(descriptors)
        .enumerate()
        .filter_map(|(place, (leaf, descriptor))| Spoken::of(place, &leaf, descriptor))
        .collect();
    for group in 0..reader.num_row_groups() {
        let rows = match reader.get_row_group(group) {
            Ok(rows) => rows,
            Err(error) => {
                lost.add(format!("row group {group}: {error}"));
                continue;
            }
        };
        for column in &spoken {
            let mut show = |row: u64, text: &[u8]| {
                let column = column.name.as_str();
                each(Value { group: group as u64, row, column, text })
            };
            // The decoders may panic over damaged pages.
            let read = catch_unwind(AssertUnwindSafe(|| column.each(&*rows, &load, &mut show)));
            let why = match read {
                Ok(Ok(ControlFlow::Continue(()))) => continue,
                Ok(Ok(ControlFlow::Break(()))) => return Ok(()),
                Ok(Err(error)) => error.to_string(),
                Err(panic) => panic_message(panic.as_ref()),
            };
            lost.add(format!("row group {group}, {}: {why}", column.name));
            if load.allowance.is_spent() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// A column that may hold identifiers.
struct Spoken {
    name: String,
    leaf: usize,
    form: Said,
}

/// How the values of such a column become text.
#[derive(Clone, Copy)]
enum Said {
    Text,
    /// Bar codes as numbers of 32 bits.
    Int,
    /// Bar codes as numbers of 64 bits.
    Long,
    /// SHA-256 digests as 32 bytes.
    Hash,
}

impl Spoken {
    fn of(place: usize, leaf: &columns::Leaf, descriptor: &ColumnDescriptor) -> Option<Self> {
        let form = match descriptor.physical_type() {
            _ if says(leaf) => Said::Text,
            Type::INT32 if has_codes(leaf) => Said::Int,
            Type::INT64 if has_codes(leaf) => Said::Long,
            Type::FIXED_LEN_BYTE_ARRAY if descriptor.type_length() == 32 => Said::Hash,
            _ => return None,
        };
        Some(Self { name: columns::joined(&leaf.path), leaf: place, form })
    }

    /// Shows each of its values in a row group with its row.
    fn each(
        &self,
        rows: &dyn RowGroupReader,
        load: &Load,
        show: &mut dyn FnMut(u64, &[u8]) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        let number = |number: i64| format!("{number:012}");
        match self.form {
            Said::Text => each_value::<ByteArrayType>(rows, self.leaf, load, &mut |row, value| {
                // If the allowance is spent, the next row fails.
                let _ = load.allowance.add(value.len() as u64);
                show(row, value.data())
            }),
            Said::Int => each_value::<Int32Type>(rows, self.leaf, load, &mut |row, value| {
                show(row, number(i64::from(*value)).as_bytes())
            }),
            Said::Long => each_value::<Int64Type>(rows, self.leaf, load, &mut |row, value| {
                show(row, number(*value).as_bytes())
            }),
            Said::Hash => {
                each_value::<FixedLenByteArrayType>(rows, self.leaf, load, &mut |row, value| {
                    show(row, hex(value.data()).as_bytes())
                })
            }
        }
    }
}

/// Shows each value of a leaf with its row.
fn each_value<T: DataType>(
    rows: &dyn RowGroupReader,
    leaf: usize,
    load: &Load,
    show: &mut dyn FnMut(u64, &T::T) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    let mut values = Leaf::<T>::new(rows, leaf, load)?;
    for row in 0..rows.metadata().num_rows().max(0).unsigned_abs() {
        // Null rows take no room in a file, and repeated values little: each row counts.
        let spent = |bomb| ParquetError::External(Box::new(bomb));
        load.allowance.add(1).map_err(spent)?;
        for value in values.next()? {
            if show(row, value).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
    Ok(ControlFlow::Continue(()))
}
