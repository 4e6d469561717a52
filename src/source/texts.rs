//! The columns of text of a Parquet table, row by row, for what they name.

use std::io;
use std::ops::ControlFlow;

use parquet::data_type::ByteArrayType;
use parquet::errors::ParquetError;
use parquet::file::reader::FileReader as _;
use parquet::file::serialized_reader::SerializedFileReader;

use super::chunks::Chunks;
use super::packed::Allowance;
use super::parquet::{Leaf, Load, footer_bytes, says};
use super::{Bytes, ScanLimits};

/// A value of a table.
pub(crate) struct Cell<'a> {
    /// Row group and row within it, from 0.
    pub(crate) group: u64,
    pub(crate) row: u64,
    /// Its column, parts joined by dots.
    pub(crate) column: &'a str,
    pub(crate) text: &'a [u8],
}

/// Shows each value of the columns of text to `each`, column by column, until it breaks off.
pub(crate) fn texts(
    bytes: &Bytes,
    each: &mut dyn FnMut(Cell<'_>) -> ControlFlow<()>,
) -> io::Result<()> {
    let limits = ScanLimits::default();
    if footer_bytes(bytes)? > limits.max_footer_bytes {
        return Err(io::Error::other("its directory is too long"));
    }
    let length = bytes.open()?.length();
    let most = length.saturating_mul(limits.max_ratio).saturating_add(limits.ratio_slack_bytes);
    let load = Load { allowance: Allowance::new(most), max_values: limits.max_item_bytes / 4 };
    let broken = |error: ParquetError| io::Error::other(error.to_string());
    let reader = SerializedFileReader::new(Chunks::new(bytes.clone(), limits)?).map_err(broken)?;
    let leaves = reader.metadata().file_metadata().schema_descr().columns();
    for group in 0..reader.num_row_groups() {
        let rows = reader.get_row_group(group).map_err(broken)?;
        for (leaf, descriptor) in leaves.iter().enumerate().filter(|(_, leaf)| says(leaf)) {
            let column = descriptor.path().string();
            let mut values = Leaf::<ByteArrayType>::new(&*rows, leaf, &load).map_err(broken)?;
            for row in 0..rows.metadata().num_rows().max(0).unsigned_abs() {
                for value in values.next().map_err(broken)? {
                    let (group, column, text) = (group as u64, column.as_str(), value.data());
                    if each(Cell { group, row, column, text }).is_break() {
                        return Ok(());
                    }
                }
            }
        }
    }
    Ok(())
}
