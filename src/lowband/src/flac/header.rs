//! The header of a frame (RFC 9639, section 9.1).

use std::io;

use symphonia_core::errors::{Error, Result, decode_error};

/// How the channels of a frame are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channels {
    /// So many, each for itself.
    Independent(u32),
    /// Left, and left − right.
    LeftSide,
    /// Left − right, and right.
    SideRight,
    /// (left + right) / 2, rounded down, and left − right.
    MidSide,
}

/// What the header of a frame says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHeader {
    /// The number of samples per channel.
    pub(super) samples: usize,
    pub(super) channels: Channels,
    /// Bits per sample, if they are not those of the stream.
    pub(super) bits: Option<u32>,
}

impl FrameHeader {
    /// Finds and reads the first header in `data`, and returns what lies behind it.
    ///
    /// # Errors
    ///
    /// There is none, it is not valid, or its checksum is wrong.
    pub(super) fn read(data: &[u8]) -> Result<(Self, &[u8])> {
        let is_sync = |pair: &[u8]| pair[0] == 0xff && pair[1] & 0xfc == 0xf8;
        let start = data.windows(2).position(is_sync).ok_or_else(ended)?;
        let mut bytes = Bytes { data: &data[start..], at: 0 };
        let [_, sync, sizes, format] = bytes.take()?;

        if format & 1 == 1 {
            return decode_error("flac: a reserved bit of the frame header is set");
        }
        // Frames of equal length have a number of 31 bits, others the number of the first sample, of 36 bits.
        let number = bytes.number()?;
        let most = if sync & 1 == 0 { 0x7fff_ffff } else { 0xf_ffff_ffff };
        if number > most {
            return decode_error("flac: the number of the frame is too large");
        }
        let samples = match sizes >> 4 {
            1 => 192,
            code @ 2..=5 => 576 << (code - 2),
            6 => bytes.byte()? as usize + 1,
            7 => match bytes.pair()? {
                0xffff => return decode_error("flac: a block is too long"),
                less => less as usize + 1,
            },
            code @ 8..=15 => 256 << (code - 8),
            _ => return decode_error("flac: a reserved length of a block"),
        };
        // The sample rate is that of the stream, as in Symphonia.
        match sizes & 15 {
            12 if bytes.byte()? == 0 => return decode_error("flac: a sample rate of zero"),
            13 | 14 if bytes.pair()? == 0 => return decode_error("flac: a sample rate of zero"),
            15 => return decode_error("flac: a reserved sample rate"),
            _ => {}
        }
        let bits = match format >> 1 & 7 {
            0 => None,
            1 => Some(8),
            2 => Some(12),
            4 => Some(16),
            5 => Some(20),
            6 => Some(24),
            7 => Some(32),
            _ => return decode_error("flac: a reserved number of bits per sample"),
        };
        let channels = match format >> 4 {
            count @ 0..=7 => Channels::Independent(u32::from(count) + 1),
            8 => Channels::LeftSide,
            9 => Channels::SideRight,
            10 => Channels::MidSide,
            _ => return decode_error("flac: a reserved assignment of channels"),
        };
        let sum = crc8(&bytes.data[..bytes.at]);
        if bytes.byte()? != sum {
            return decode_error("flac: the checksum of a frame header is wrong");
        }
        Ok((Self { samples, channels, bits }, &bytes.data[bytes.at..]))
    }
}

/// The bytes of a header.
struct Bytes<'a> {
    data: &'a [u8],
    at: usize,
}

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let taken = *self.data[self.at..].first_chunk().ok_or_else(ended)?;
        self.at += N;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8> {
        let [byte] = self.take()?;
        Ok(byte)
    }

    fn pair(&mut self) -> Result<u16> {
        Ok(u16::from_be_bytes(self.take()?))
    }

    /// A number coded like a character of UTF-8, of up to seven bytes. As in Symphonia, the highest bits of the bytes behind the
    /// first may be anything.
    fn number(&mut self) -> Result<u64> {
        let first = self.byte()?;
        let ones = first.leading_ones();
        if ones == 0 {
            return Ok(u64::from(first));
        }
        if ones == 1 || ones == 8 {
            return decode_error("flac: the number of the frame is not valid");
        }
        let mut number = u64::from(first & (0x7f >> ones));
        for _ in 1..ones {
            number = number << 6 | u64::from(self.byte()? & 0x3f);
        }
        Ok(number)
    }
}

/// The error of a packet that ends within the header, that of Symphonia's reader of bytes.
fn ended() -> Error {
    Error::IoError(io::Error::new(io::ErrorKind::UnexpectedEof, "out of bounds"))
}

/// The checksum with the polynomial x⁸ + x² + x + 1, from zero on.
fn crc8(bytes: &[u8]) -> u8 {
    let shift = |sum: u8| if sum & 0x80 == 0 { sum << 1 } else { sum << 1 ^ 0x07 };
    bytes.iter().fold(0, |sum, byte| (0..8).fold(sum ^ byte, |sum, _| shift(sum)))
}
