//! The columns of text of a table, row by row, for what they name.

use std::io::{self, Read as _};
use std::ops::ControlFlow;

use super::table::Load;
use super::{arrow, parquet};
use crate::base::Losses;
use crate::bytes::Bytes;
use crate::bytes::codecs::Allowance;
use crate::sniff::container::{ContainerKind, HEAD_BYTES};
use crate::source::ScanLimits;

/// A value of a table.
pub(crate) struct Value<'a> {
    /// Row group or record batch, and row within it, from 0.
    pub(crate) group: u64,
    pub(crate) row: u64,
    /// Its column, parts joined by dots.
    pub(crate) column: &'a str,
    pub(crate) text: &'a [u8],
}

/// Takes the values of a table.
pub(crate) type EachText<'a> = &'a mut dyn FnMut(Value<'_>) -> ControlFlow<()>;

/// Whether something is a table, whose columns [`texts`] reads.
pub(crate) fn is_table(bytes: &Bytes) -> bool {
    kind(bytes)
        .is_ok_and(|kind| matches!(kind, Some(ContainerKind::Parquet | ContainerKind::Arrow)))
}

/// Shows each value of the columns of text to `each`, column by column, until it breaks off. A part that is broken costs itself.
pub(crate) fn texts(bytes: &Bytes, lost: &mut Losses, each: EachText<'_>) -> io::Result<()> {
    let limits = ScanLimits::default();
    match kind(bytes)? {
        Some(ContainerKind::Arrow) => arrow::texts(bytes, limits, lost, each),
        _ => parquet::texts(bytes, limits, lost, each),
    }
}

fn kind(bytes: &Bytes) -> io::Result<Option<ContainerKind>> {
    let mut head = Vec::new();
    bytes.open()?.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(ContainerKind::of(&head))
}

/// What a table may come to that is read by itself.
pub(super) fn load(bytes: &Bytes, limits: ScanLimits) -> io::Result<Load> {
    let length = bytes.open()?.length();
    let most = length.saturating_mul(limits.max_ratio).saturating_add(limits.ratio_slack_bytes);
    Ok(Load {
        allowance: Allowance::new(most),
        max_values: limits.max_item_bytes / 4,
        max_bytes: limits.max_page_bytes,
    })
}
