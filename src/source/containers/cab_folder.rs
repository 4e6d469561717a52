//! The blocks of a folder in a CAB archive, unpacked one after the other.

use std::io::{self, BufReader, Read};

use flate2::{Decompress, FlushDecompress, Status};
use lzxd::{Lzxd, WindowSize};

use super::fields::{bytes_at, damaged};
use crate::bytes::Reader;

/// Most bytes that a block unpacks to, and how far MSZIP looks back.
const MAX_BLOCK_BYTES: usize = 32 << 10;

/// How a folder is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Stored,
    MsZip,
    /// The length of its window as a power of two.
    Lzx(u16),
    Unknown(u16),
}

impl Method {
    pub(super) fn of(kind: u16) -> Self {
        match (kind & 0xf, kind >> 8 & 0x1f) {
            (0, _) => Self::Stored,
            (1, _) => Self::MsZip,
            (3, window) => Self::Lzx(window),
            _ => Self::Unknown(kind),
        }
    }
}

/// A folder: files that are compressed as one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Folder {
    /// Where its blocks begin, and their number.
    pub(super) begin: u64,
    pub(super) blocks: u16,
    pub(super) method: Method,
    /// Bytes in the header of each block that are somebody else's.
    pub(super) reserve: usize,
}

impl Folder {
    /// A stream of what is in it, or why there is none.
    pub(super) fn unpack<'r>(
        &self,
        reader: &'r mut BufReader<Reader>,
    ) -> Result<Blocks<'r>, String> {
        let decoder = match self.method {
            Method::Stored => Decoder::Stored,
            Method::MsZip => Decoder::MsZip(Vec::new()),
            Method::Lzx(window) => Decoder::Lzx(Box::new(Lzxd::new(match window {
                15 => WindowSize::KB32,
                16 => WindowSize::KB64,
                17 => WindowSize::KB128,
                18 => WindowSize::KB256,
                19 => WindowSize::KB512,
                20 => WindowSize::MB1,
                21 => WindowSize::MB2,
                _ => return Err("has a window of LZX that the format does not allow".to_owned()),
            }))),
            Method::Unknown(2) => {
                return Err("is compressed by Quantum, which is not read here".to_owned());
            }
            Method::Unknown(kind) => {
                return Err(format!("is compressed by a method that is not read here ({kind})"));
            }
        };
        let (folder, block) = (*self, Vec::new());
        Ok(Blocks {
            reader,
            next: folder.begin,
            left: folder.blocks,
            folder,
            decoder,
            block,
            at: 0,
        })
    }
}

enum Decoder {
    Stored,
    /// What the last blocks unpacked to.
    MsZip(Vec<u8>),
    Lzx(Box<Lzxd>),
}

/// Reads a folder from its front.
pub(super) struct Blocks<'r> {
    reader: &'r mut BufReader<Reader>,
    folder: Folder,
    /// Where the next block begins, and how many there are.
    next: u64,
    left: u16,
    decoder: Decoder,
    block: Vec<u8>,
    at: usize,
}

impl Blocks<'_> {
    fn fill(&mut self) -> io::Result<()> {
        let fixed = bytes_at(self.reader, self.next, 8)?;
        let number = |at: usize| usize::from(u16::from_le_bytes([fixed[at], fixed[at + 1]]));
        let (packed, unpacked) = (number(4), number(6));
        if unpacked > MAX_BLOCK_BYTES {
            return Err(damaged("a block is longer than is allowed"));
        }
        let begin = self.next + 8 + self.folder.reserve as u64;
        let bytes = bytes_at(self.reader, begin, packed)?;
        let stated = u32::from_le_bytes([fixed[0], fixed[1], fixed[2], fixed[3]]);
        // Data first, then the two lengths, and what lies between.
        let reserve = bytes_at(self.reader, self.next + 8, self.folder.reserve)?;
        let seed = sum(&bytes, 0);
        let is = sum(&[&fixed[4..8], &reserve].concat(), seed);
        if stated != 0 && stated != is {
            return Err(damaged("a block has another checksum than its header states"));
        }
        self.next = begin + packed as u64;
        self.left -= 1;
        self.at = 0;
        self.block = match &mut self.decoder {
            Decoder::Stored => bytes,
            Decoder::MsZip(before) => {
                let block = mszip(&bytes, unpacked, before)?;
                before.extend_from_slice(&block);
                let old = before.len().saturating_sub(MAX_BLOCK_BYTES);
                before.drain(..old);
                block
            }
            Decoder::Lzx(lzx) => {
                let block = lzx.decompress_next(&bytes, unpacked);
                block.map_err(|error| damaged(format!("LZX: {error}")))?.to_vec()
            }
        };
        if self.block.len() != unpacked {
            // A block of which the next cabinet has the rest states 0.
            let why = if unpacked == 0 {
                "a block goes on in the next cabinet"
            } else {
                "a block has another length"
            };
            return Err(damaged(why));
        }
        Ok(())
    }
}

impl Read for Blocks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while self.at == self.block.len() {
            if self.left == 0 {
                return Ok(0);
            }
            let filled = self.fill();
            if filled.is_err() {
                // What follows damage cannot be unpacked.
                (self.left, self.at) = (0, 0);
                self.block.clear();
            }
            filled?;
        }
        let count = buffer.len().min(self.block.len() - self.at);
        buffer[..count].copy_from_slice(&self.block[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

/// The checksum of a block: its numbers of four bytes, combined by exclusive or; of a rest the first byte is the highest.
fn sum(bytes: &[u8], seed: u32) -> u32 {
    let (numbers, rest) = bytes.as_chunks::<4>();
    let sum = numbers.iter().fold(seed, |sum, number| sum ^ u32::from_le_bytes(*number));
    sum ^ rest.iter().fold(0, |sum, &byte| sum << 8 | u32::from(byte))
}

/// Unpacks a block of MSZIP, which may refer to the blocks before it. These are put in front of it as a stored block, which any
/// decompressor of deflate takes.
fn mszip(bytes: &[u8], unpacked: usize, before: &[u8]) -> io::Result<Vec<u8>> {
    let packed =
        bytes.strip_prefix(b"CK").ok_or_else(|| damaged("a block of MSZIP has no mark"))?;
    let mut inflate = Decompress::new(false);
    let mut plain = Vec::with_capacity(before.len() + unpacked + 1);
    if !before.is_empty() {
        let half = before.len() / 2;
        // A stored block holds at most 65,535 bytes, one less than the window and a half would need.
        for part in [&before[..half], &before[half..]] {
            let length = part.len() as u16;
            let header = [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes(), part].concat();
            let done = inflate.decompress_vec(&header, &mut plain, FlushDecompress::None);
            done.map_err(|error| damaged(error.to_string()))?;
        }
    }
    let done = inflate.decompress_vec(packed, &mut plain, FlushDecompress::Finish);
    match done {
        Ok(Status::StreamEnd) => Ok(plain.split_off(before.len())),
        Ok(_) => Err(damaged("a block has another length")),
        Err(error) => Err(damaged(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn the_checksum_is_that_of_the_specification() {
        assert_eq!(sum(b"\x01\x02\x03\x04\x05\x06\x07", 0), 0x0403_0201 ^ 0x0005_0607);
    }

    #[test]
    fn a_block_of_mszip_refers_to_those_before_it() {
        let plain: Vec<u8> =
            (0..40_000_u32).flat_map(|i| (i.wrapping_mul(i) % 977).to_le_bytes()).collect();
        let before = &plain[..32_768];
        // Deflated behind its dictionary, as a stream that is flushed there.
        let mut deflate =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        deflate.write_all(before).unwrap();
        deflate.flush().unwrap();
        let begin = deflate.get_ref().len();
        deflate.write_all(&plain[32_768..60_000]).unwrap();
        let packed = deflate.finish().unwrap().split_off(begin);
        let block = [b"CK", &packed[..]].concat();
        let unpacked = mszip(&block, 60_000 - 32_768, before).unwrap();
        assert!(unpacked == plain[32_768..60_000]);
        assert!(mszip(&packed, 5, before).is_err());
        assert!(mszip(&block[..100], 60_000 - 32_768, before).is_err());
    }
}
