//! The bytes of a Parquet table, as the crate asks for them. What a page says of its size is looked at before the crate believes
//! it: a page is taken into memory whole, as it lies and unpacked, up to 2 GiB each.

use std::io::{self, Read as _, Seek as _};

use bytes::Bytes as Shared;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

use crate::source::{Bytes, Reader, ScanLimits};

/// A table's bytes.
pub(super) struct Chunks {
    bytes: Bytes,
    length: u64,
    max_page_bytes: u64,
}

impl Chunks {
    pub(super) fn new(bytes: Bytes, limits: ScanLimits) -> io::Result<Self> {
        let length = bytes.open()?.length();
        Ok(Self { length, bytes, max_page_bytes: limits.max_page_bytes })
    }

    fn reader(&self, start: u64) -> Result<Reader> {
        let mut reader = self.bytes.open()?;
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

    /// Where pages are read one after the other, this is asked for the header of each.
    fn get_read(&self, start: u64) -> Result<Self::T> {
        let mut head = Vec::new();
        self.reader(start)?.take(HEAD_BYTES).read_to_end(&mut head)?;
        if let Some(bytes) = page_bytes(&head).filter(|bytes| *bytes > self.max_page_bytes) {
            let (page, most) = (bytes >> 20, self.max_page_bytes >> 20);
            return Err(ParquetError::General(format!(
                "a page of {page} MiB, more than {most} are not taken into memory: allow more with --max-page"
            )));
        }
        Ok(io::BufReader::new(self.reader(start)?))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Shared> {
        // Nothing is asked memory for that is not there.
        let there = self.length.saturating_sub(start);
        if length as u64 > there {
            let error = format!("{length} bytes are asked for at byte {start}, {there} are there");
            return Err(ParquetError::EOF(error));
        }
        let mut chunk = Vec::with_capacity(length);
        self.reader(start)?.take(length as u64).read_to_end(&mut chunk)?;
        Ok(chunk.into())
    }
}

/// Bytes in which the sizes of a page stand.
const HEAD_BYTES: u64 = 24;

/// The larger of the two sizes in a page's header: unpacked, and as it lies. `None` if no header stands there.
///
/// A header begins with its fields 1 to 3 (kind, size unpacked, size packed), each a number in Thrift's compact protocol: one
/// byte for its field and type, then 7 bits a byte, the sign in the lowest.
fn page_bytes(head: &[u8]) -> Option<u64> {
    const NEXT_FIELD_I32: u8 = 0x15;
    let mut bytes = head.iter().copied();
    let mut sizes = [0; 3];
    for size in &mut sizes {
        if bytes.next()? != NEXT_FIELD_I32 {
            return None;
        }
        let mut zigzag = 0_u64;
        for shift in (0..35).step_by(7) {
            let byte = bytes.next()?;
            zigzag |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        // A negative size is refused by the crate.
        *size = zigzag >> 1;
    }
    let [_, unpacked, packed] = sizes;
    Some(unpacked.max(packed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sizes_of_a_page_are_read_from_its_header() {
        // 300 bytes unpacked, 5 packed.
        assert_eq!(page_bytes(&[0x15, 0, 0x15, 0xd8, 0x04, 0x15, 10, 0x2c]), Some(300));
        let most = [0x15, 0, 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x15, 0];
        assert_eq!(page_bytes(&most), Some(i32::MAX as u64));
        for other in [&b"PAR1"[..], &[0x15, 0, 0x15], &[0x15, 0, 0x25, 0, 0x15, 0], &[]] {
            assert_eq!(page_bytes(other), None);
        }
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
