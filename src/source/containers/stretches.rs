//! Several stretches of a container in a row.

use std::io::{self, Read, Seek as _, SeekFrom, Take};

use crate::bytes::{Bytes, Reader};

/// A stream of several stretches, each an offset and a length.
pub(super) fn stretches(bytes: &Bytes, stretches: &[(u64, u64)]) -> io::Result<Stretches> {
    let (reader, next) = match bytes.pieces(stretches) {
        Some(stored) => (stored.open_stored()?.take(u64::MAX), Vec::new()),
        // What is in memory cannot be sliced.
        None => (bytes.open_stored()?.take(0), stretches.to_vec()),
    };
    Ok(Stretches { reader, next: next.into_iter() })
}

/// Reads stretches one after the other.
#[derive(Debug)]
pub(super) struct Stretches {
    reader: Take<Reader>,
    next: std::vec::IntoIter<(u64, u64)>,
}

impl Read for Stretches {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.reader.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let Some((offset, length)) = self.next.next() else { return Ok(0) };
            self.reader.get_mut().seek(SeekFrom::Start(offset))?;
            self.reader.set_limit(length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_of_memory_and_of_a_file_read_alike() {
        let text = b"abcdefghij".to_vec();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &text).unwrap();
        for bytes in [Bytes::of_memory(text), Bytes::File(file.path().into())] {
            let read = |pieces: &[(u64, u64)]| {
                io::read_to_string(stretches(&bytes, pieces).unwrap()).unwrap()
            };
            assert_eq!(read(&[(1, 2), (0, 0), (7, 2)]), "bchi");
            assert_eq!(read(&[(3, 4)]), "defg");
            assert_eq!(read(&[]), "");
            assert_eq!(read(&vec![(0, 1); 100_000]).len(), 100_000);
        }
    }
}
