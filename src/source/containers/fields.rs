//! Fields of headers: bytes at a place, the numbers in them, and the error if they make no sense.

use std::io::{self, Read, Seek, SeekFrom};

/// Reads `count` bytes at `at`.
///
/// # Errors
///
/// `UnexpectedEof` if there are fewer, else an error of the disk.
pub(super) fn bytes_at<R: Read + Seek>(
    reader: &mut R,
    at: u64,
    count: usize,
) -> io::Result<Vec<u8>> {
    reader.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    reader.take(count as u64).read_to_end(&mut bytes)?;
    if bytes.len() < count {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}

/// The last bytes of a file, at most so many.
pub(super) fn end_of<R: Read + Seek>(reader: &mut R, most: u64) -> io::Result<Vec<u8>> {
    let length = reader.seek(SeekFrom::End(0))?;
    let mut end = Vec::new();
    reader.seek(SeekFrom::Start(length.saturating_sub(most)))?;
    reader.take(most).read_to_end(&mut end)?;
    Ok(end)
}

/// The number in `count` bytes at `at`, the lowest byte first; 0 if they are not there.
pub(super) fn number(bytes: &[u8], at: usize, count: usize) -> u64 {
    let bytes = bytes.get(at..at + count).unwrap_or_default();
    bytes.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte))
}

/// The number that is written in digits, without a sign.
pub(super) fn digits(text: &[u8], radix: u32) -> Option<u64> {
    let text = std::str::from_utf8(text).ok().filter(|text| !text.starts_with('+'))?;
    u64::from_str_radix(text, radix).ok()
}

/// Something that contradicts itself.
pub(super) fn damaged(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn numbers_are_read_from_bytes_and_digits_and_what_is_not_there_is_none() {
        assert_eq!(number(&[9, 1, 2, 9], 1, 2), 0x201);
        assert_eq!(number(&[1, 2], 1, 2), 0);
        assert_eq!((digits(b"017", 8), digits(b"17", 16)), (Some(15), Some(23)));
        for text in [&b""[..], b"+1", b"-1", b"1 ", b"99999999999999999999", b"\xff"] {
            assert_eq!(digits(text, 10), None);
        }
    }

    #[test]
    fn bytes_are_read_at_a_place_and_at_the_end() {
        let mut file = Cursor::new(b"abcdef");
        assert_eq!(bytes_at(&mut file, 2, 3).unwrap(), b"cde");
        let error = bytes_at(&mut file, 4, 3).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(end_of(&mut file, 2).unwrap(), b"ef");
        assert_eq!(end_of(&mut file, 99).unwrap(), b"abcdef");
    }
}
