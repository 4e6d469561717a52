//! The columns of text of a table, row by row, for the identifiers in them.

use std::io;

use super::table::EachText;
use super::{arrow, parquet};
use crate::base::Losses;
use crate::bytes::Bytes;
use crate::sniff::container::{ContainerKind, HEAD_BYTES};
use crate::source::ScanLimits;

/// Whether something is a table whose columns [`texts`] reads.
pub(crate) fn is_table(bytes: &Bytes) -> bool {
    kind(bytes)
        .is_ok_and(|kind| matches!(kind, Some(ContainerKind::Parquet | ContainerKind::Arrow)))
}

/// Shows each value of the columns of text to `each`, column by column, until `each` breaks off. Parts that cannot be read
/// are counted in `lost`, and the others are read.
pub(crate) fn texts(bytes: &Bytes, lost: &mut Losses, each: EachText<'_>) -> io::Result<()> {
    let limits = ScanLimits::default();
    match kind(bytes)? {
        Some(ContainerKind::Arrow) => arrow::texts(bytes, limits, lost, each),
        _ => parquet::texts(bytes, limits, lost, each),
    }
}

fn kind(bytes: &Bytes) -> io::Result<Option<ContainerKind>> {
    Ok(ContainerKind::of(&bytes.head(HEAD_BYTES as u64)?))
}
