//! Checks the pages of a Parquet column before they are decoded.
//!
//! The decoders allocate memory for as many values as a page states, in its header or before its lengths, and do not check
//! the number.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};

use super::super::table::Load;
use super::limit::OverLimit;

/// Memory of a value in a dictionary, in bytes: the size of the crate's `ByteArray`. A length takes less.
const VALUE_BYTES: u64 = 32;

/// The pages of a column; each is checked and counted when it is read.
pub(super) struct Guarded {
    pub(super) pages: Box<dyn PageReader>,
    pub(super) load: Load,
    /// Values of the pages that were read for the current record; only for a column of lists.
    pub(super) values: Option<Arc<AtomicU64>>,
    /// Greatest repetition level and definition level of the column.
    pub(super) max_levels: [i16; 2],
}

impl Guarded {
    fn check(&self, page: &Page) -> Result<()> {
        let most = self.load.max_bytes / VALUE_BYTES;
        let values = match page {
            // A value takes at least a byte.
            Page::DictionaryPage { buf, num_values, .. }
                if u64::from(*num_values) > buf.len() as u64 =>
            {
                return Err(lies("a dictionary", u64::from(*num_values), buf.len()));
            }
            Page::DictionaryPage { num_values, .. } => u64::from(*num_values),
            page => self.counted(page)?,
        };
        if values > most {
            return Err(OverLimit::PageValues { values, most }.into());
        }
        Ok(())
    }

    /// The number of values that a page of lengths states; 0 for other pages.
    fn counted(&self, page: &Page) -> Result<u64> {
        let encoding = page.encoding();
        if !matches!(encoding, Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BYTE_ARRAY) {
            return Ok(0);
        }
        let buffer = page.buffer();
        let broken =
            || ParquetError::General("a page without the lengths of its values".to_owned());
        let behind_levels = levels(page, self.max_levels).and_then(|bytes| buffer.get(bytes..));
        let (first, end) = behind_levels.and_then(lengths).ok_or_else(broken)?;
        let mut most = first;
        if encoding == Encoding::DELTA_BYTE_ARRAY {
            let (second, _) = lengths(end).ok_or_else(broken)?;
            most = most.max(second);
        }
        if most > u64::from(page.num_values()) {
            return Err(lies("a page", most, buffer.len()));
        }
        Ok(most)
    }
}

fn lies(what: &str, values: u64, bytes: usize) -> ParquetError {
    ParquetError::General(format!("{what} of {bytes} bytes states that it has {values} values"))
}

/// Bytes of the levels that precede the values of a page.
fn levels(page: &Page, max_levels: [i16; 2]) -> Option<usize> {
    match page {
        Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, .. } => {
            usize::try_from(u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len)).ok()
        }
        Page::DataPage { buf, rep_level_encoding, def_level_encoding, .. } => {
            let mut at = 0_usize;
            for (level, encoding) in max_levels.iter().zip([rep_level_encoding, def_level_encoding])
            {
                if *level == 0 {
                    continue;
                }
                // The other encoding of levels, BIT_PACKED, is older than the encodings of lengths.
                let length = buf.get(at..)?.first_chunk().filter(|_| *encoding == Encoding::RLE)?;
                at = at.checked_add(4)?.checked_add(u32::from_le_bytes(*length) as usize)?;
            }
            Some(at)
        }
        Page::DictionaryPage { .. } => None,
    }
}

/// The number of values in a block of `DELTA_BINARY_PACKED` (Parquet's document `Encodings.md`), and the bytes behind it.
fn lengths(mut bytes: &[u8]) -> Option<(u64, &[u8])> {
    let block_values = number(&mut bytes)?;
    let parts = number(&mut bytes)?;
    let count = number(&mut bytes)?;
    let _first = number(&mut bytes)?;
    let part_values = block_values.checked_div(parts).filter(|values| *values > 0)?;
    let mut left = count.saturating_sub(1);
    while left > 0 {
        let _least = number(&mut bytes)?;
        let (widths, rest) = bytes.split_at_checked(usize::try_from(parts).ok()?)?;
        bytes = rest;
        for width in widths {
            // The last miniblocks of the last block may have widths and no values.
            if left == 0 {
                break;
            }
            let packed = part_values.checked_mul(u64::from(*width))? / 8;
            bytes = bytes.get(usize::try_from(packed).ok()?..)?;
            left = left.saturating_sub(part_values);
        }
    }
    Some((count, bytes))
}

/// A varint (ULEB128): seven bits per byte, the lowest first.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
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
        self.check(&page)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_lengths_are_counted_and_passed_over() {
        // Blocks of 128 in 4 parts; 3 values, the first 5; least difference 0, widths 1, 0, 0, 0: 32 bits; then `x`.
        let packed = [128, 1, 4, 3, 10, 0, 1, 0, 0, 0, 1, 2, 3, 4, b'x'];
        assert_eq!(lengths(&packed), Some((3, &b"x"[..])));
        // A single value has no block.
        assert_eq!(lengths(&[128, 1, 4, 1, 10, b'x']), Some((1, &b"x"[..])));
        // A count larger than the block is refused.
        let many = [128, 1, 4, 0xff, 0xff, 0xff, 0xff, 0x7f, 10];
        assert_eq!(lengths(&many), None);
        for broken in [&b""[..], &[128], &[128, 1, 0, 3, 10], &[0x80; 12]] {
            assert_eq!(lengths(broken), None);
        }
    }
}
