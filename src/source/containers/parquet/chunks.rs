//! The bytes of a Parquet table, as the crate `parquet` asks for them.
//!
//! The crate reads a page into memory whole, compressed and decompressed, up to 2 GiB each. So the sizes in the header of a
//! page are checked first.

use std::io::{self, Read, Seek as _};

use bytes::Bytes as Shared;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

use super::limit::OverLimit;
use super::thrift::Header;
use crate::bytes::{Bytes, Reader};
use crate::source::ScanLimits;

/// The length of the footer and the magic number, at the end of the file.
const END_BYTES: u64 = 8;

/// The bytes of a table.
pub(super) struct Chunks {
    bytes: Bytes,
    length: u64,
    max_page_bytes: u64,
}

impl Chunks {
    pub(super) fn new(bytes: Bytes, limits: ScanLimits) -> io::Result<Self> {
        let length = bytes.open_stored()?.length();
        Ok(Self { length, bytes, max_page_bytes: limits.max_page_bytes })
    }

    fn reader(&self, start: u64) -> Result<Reader> {
        let mut reader = self.bytes.open_stored()?;
        reader.seek(io::SeekFrom::Start(start))?;
        Ok(reader)
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Chunks {
    type T = io::BufReader<Reader>;

    /// The crate asks for this at the header of each page.
    fn get_read(&self, start: u64) -> Result<Self::T> {
        let left = self.length.saturating_sub(start);
        // It asks for the end of the file, too, which is not a header.
        if left != END_BYTES {
            let (bytes, whole) = page_bytes(io::BufReader::new(self.reader(start)?), left);
            if bytes > self.max_page_bytes {
                return Err(OverLimit::PageBytes { bytes, most: self.max_page_bytes }.into());
            }
            let wrong = |error| ParquetError::General(format!("the header of a page: {error}"));
            whole.map_err(wrong)?;
        }
        Ok(io::BufReader::new(self.reader(start)?))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Shared> {
        // No memory is allocated for bytes that the file does not have.
        let there = self.length.saturating_sub(start);
        if length as u64 > there {
            let error = format!("{length} bytes are needed at byte {start}, {there} are there");
            return Err(ParquetError::EOF(error));
        }
        let mut chunk = Vec::with_capacity(length);
        self.reader(start)?.take(length as u64).read_to_end(&mut chunk)?;
        Ok(chunk.into())
    }
}

/// Longest header of a page, which may hold the least and the greatest of its values. A guess.
const MAX_HEADER_BYTES: u64 = 16 << 20;
/// Field ids in `PageHeader` of `parquet.thrift`: `uncompressed_page_size` and `compressed_page_size`.
const SIZES: [i64; 2] = [2, 3];

/// The larger of the two sizes in the header of a page, and the result of validating the rest of the header.
fn page_bytes(head: impl Read, most: u64) -> (u64, io::Result<()>) {
    let mut larger = 0;
    let mut take = |field, number| {
        if SIZES.contains(&field) {
            // The crate refuses a negative size.
            larger = larger.max(u64::try_from(number).unwrap_or(0));
        }
    };
    let whole = Header::new(head, most.min(MAX_HEADER_BYTES)).each_number(&mut take);
    (larger, whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sizes_of_a_page_are_read_from_its_header() {
        // 300 bytes decompressed, 5 compressed; the same with ids that are written out.
        for head in [
            &[0x15, 0, 0x15, 0xd8, 0x04, 0x15, 10, 0][..],
            &[0x05, 2, 0, 0x05, 4, 0xd8, 0x84, 0x00, 0x05, 6, 10, 0],
        ] {
            let (bytes, whole) = page_bytes(head, 99);
            assert_eq!(bytes, 300);
            whole.unwrap();
        }
        let most = [0x15, 0, 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x15, 0];
        assert_eq!(page_bytes(&most[..], 99).0, i32::MAX as u64);
        assert!(page_bytes(&most[..], 99).1.is_err(), "its end is missing");
    }

    #[test]
    fn a_page_beyond_the_limit_is_refused_before_memory_is_taken() {
        let header = [0x15, 0, 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x15, 0].repeat(4);
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), header).expect("a file");
        let bytes =
            crate::source::Item::of_file(file.path(), crate::source::Stamp::default()).bytes;
        let chunks = Chunks::new(bytes, ScanLimits::default()).expect("a file");
        let Err(told) = chunks.get_read(0) else { panic!("it was believed") };
        let told = told.to_string();
        assert!(told.contains("2047 MiB") && told.contains("--max-page"), "{told}");
    }
}
