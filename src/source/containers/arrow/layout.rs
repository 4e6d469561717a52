//! Where the parts of a record batch or dictionary are in the bytes of its table.

use std::io;

use polars_arrow_format::ipc::{BodyCompressionMethod, CompressionType, RecordBatchRef};

use super::errors::{damaged, plain};
use crate::source::Extent;

/// The places of the parts of a batch.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) rows: u64,
    /// For each field, in the order of the schema and a struct before its parts: the number of entries, and how many of them are
    /// null, negative if not counted.
    pub(super) nodes: Vec<(u64, i64)>,
    /// The place of each buffer in the table.
    pub(super) buffers: Vec<Extent>,
    /// For each field of views, the number of its buffers of data.
    pub(super) variadic: Vec<u64>,
    pub(super) codec: Option<CompressionType>,
}

impl Batch {
    pub(super) fn read(batch: RecordBatchRef<'_>, body: Extent) -> io::Result<Self> {
        let rows = batch.length().map_err(plain)?;
        let rows = u64::try_from(rows).map_err(|_| damaged(format!("a batch has {rows} rows")))?;
        let count = |length: i64| {
            u64::try_from(length).map_err(|_| damaged(format!("a field has {length} entries")))
        };
        let nodes = batch.nodes().map_err(plain)?;
        let nodes =
            nodes.into_iter().flatten().map(|node| Ok((count(node.length())?, node.null_count())));
        let stretch = |(offset, length): (i64, i64)| {
            let inside = || {
                let (offset, length) = (u64::try_from(offset).ok()?, u64::try_from(length).ok()?);
                offset.checked_add(length).filter(|&end| end <= body.length)?;
                Some(Extent { offset: body.offset.checked_add(offset)?, length })
            };
            inside().ok_or_else(|| {
                let whole = body.length;
                damaged(format!(
                    "a buffer of {length} bytes at byte {offset} of a body of {whole} bytes"
                ))
            })
        };
        let buffers = batch.buffers().map_err(plain)?;
        let buffers =
            buffers.into_iter().flatten().map(|buffer| stretch((buffer.offset(), buffer.length())));
        let counts = batch.variadic_buffer_counts().map_err(plain)?;
        let variadic = counts.into_iter().flatten().map(count);
        let compression = batch.compression().map_err(plain)?;
        let codec = match compression {
            None => None,
            Some(compression) => {
                let BodyCompressionMethod::Buffer = compression.method().map_err(plain)?;
                Some(compression.codec().map_err(plain)?)
            }
        };
        let batch = Self {
            rows,
            nodes: nodes.collect::<io::Result<_>>()?,
            buffers: buffers.collect::<io::Result<_>>()?,
            variadic: variadic.collect::<io::Result<_>>()?,
            codec,
        };
        batch.check()?;
        Ok(batch)
    }

    /// Overlapping buffers would make a large table of a small file.
    fn check(&self) -> io::Result<()> {
        let mut order: Vec<Extent> =
            self.buffers.iter().copied().filter(|buffer| buffer.length > 0).collect();
        order.sort_unstable_by_key(|buffer| buffer.offset);
        let over = order.windows(2).find(|two| two[0].offset + two[0].length > two[1].offset);
        match over {
            None => Ok(()),
            Some(two) => {
                let at = two[1].offset;
                Err(damaged(format!("a batch whose buffers overlap at byte {at}")))
            }
        }
    }
}
