//! Compares what a member was unpacked to with the length and the checksums that its header states.

use std::io::{self, Read};

use blake2s_simd::blake2sp;

/// A stream that fails at its end if it is not what its header states.
#[derive(Debug)]
pub(super) struct Summed<R> {
    stream: R,
    /// Bytes that have not come yet.
    left: u64,
    crc32: Option<(crc32fast::Hasher, u32)>,
    blake2: Option<(Box<blake2sp::State>, [u8; 32])>,
}

impl<R: Read> Summed<R> {
    pub(super) fn new(
        stream: R,
        length: u64,
        crc32: Option<u32>,
        blake2: Option<[u8; 32]>,
    ) -> Self {
        let crc32 = crc32.map(|stated| (crc32fast::Hasher::new(), stated));
        let blake2 = blake2.map(|stated| (Box::new(blake2sp::State::new()), stated));
        Self { stream, left: length, crc32, blake2 }
    }

    fn check(&mut self) -> io::Result<()> {
        if self.left > 0 {
            let message = format!("{} bytes are missing at its end", self.left);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let differs = |sum: &str, is: String, stated: String| {
            let message = format!("its {sum} is {is}, where its header states {stated}");
            Err(io::Error::new(io::ErrorKind::InvalidData, message))
        };
        if let Some((sum, stated)) = self.crc32.take() {
            let is = sum.finalize();
            if is != stated {
                return differs("CRC-32", format!("{is:08x}"), format!("{stated:08x}"));
            }
        }
        if let Some((sum, stated)) = self.blake2.take() {
            let is = sum.finalize();
            if is.as_bytes() != stated {
                let hex = |bytes: &[u8]| {
                    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
                };
                return differs("BLAKE2sp", hex(is.as_bytes()), hex(&stated));
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let read = self.stream.read(buffer)?;
        let Some(left) = self.left.checked_sub(read as u64) else {
            let message = "it unpacks to more bytes than its header states";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        };
        self.left = left;
        if let Some((sum, _)) = &mut self.crc32 {
            sum.update(&buffer[..read]);
        }
        if let Some((sum, _)) = &mut self.blake2 {
            sum.update(&buffer[..read]);
        }
        if read == 0 {
            self.check()?;
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_of_another_length_or_checksum_fails_at_its_end() {
        let crc = Some(crc32fast::hash(b"payload"));
        let blake2 = blake2sp::blake2sp(b"payload").as_bytes().try_into().ok();
        let read = |text: &[u8], length, crc, blake2| {
            let mut plain = Vec::new();
            let read = Summed::new(text, length, crc, blake2).read_to_end(&mut plain);
            (plain.len(), read.map_err(|error| error.to_string()))
        };
        assert_eq!(read(b"payload", 7, crc, blake2), (7, Ok(7)));
        assert_eq!(read(b"payload", 7, None, None), (7, Ok(7)));
        for (text, length, crc, blake2, words) in [
            (&b"payload"[..], 8, crc, None, "1 bytes are missing"),
            (b"payload", 6, crc, None, "more bytes"),
            (b"pbyload", 7, crc, None, "CRC-32"),
            (b"pbyload", 7, None, blake2, "BLAKE2sp"),
        ] {
            let error = read(text, length, crc, blake2).1.unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
