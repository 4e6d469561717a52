//! The header of a `NumPy` array: what its numbers are, and how many channels and frames they make.
//!
//! A header is a magic number, a version, a length and a Python dictionary of three keys
//! (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>).

use std::io::{self, Read as _};

use super::samples::MAX_CHANNELS;
use crate::bytes::Bytes;
use crate::wording::{shorten, visible};

/// Longest header that is read, in bytes: `NumPy` itself refuses more than 10,000 unless told otherwise.
pub(super) const MAX_HEADER_BYTES: u64 = 64 << 10;
/// Most characters of a header that are shown.
const MAX_SHOWN: usize = 60;

/// What an array holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Array {
    /// The byte at which its numbers begin.
    pub(super) from: u64,
    pub(super) frames: u64,
    pub(super) channels: usize,
    pub(super) number: Number,
    pub(super) order: Order,
}

/// Whether channels alternate or follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Interleaved,
    Planar,
}

/// A type of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    /// Of 2, 4 or 8 bytes.
    Float { bytes: usize, is_big: bool },
    /// Of 1, 2, 4 or 8 bytes, with a sign.
    Int { bytes: usize, is_big: bool },
}

impl Number {
    fn of(code: &str) -> Option<Self> {
        let mut characters = code.chars();
        let (order, kind) = (characters.next()?, characters.next()?);
        let bytes = characters.as_str().parse().ok()?;
        let is_big = match order {
            '<' | '|' | '=' => false,
            '>' => true,
            _ => return None,
        };
        match (kind, bytes) {
            ('f', 2 | 4 | 8) => Some(Self::Float { bytes, is_big }),
            ('i', 1 | 2 | 4 | 8) => Some(Self::Int { bytes, is_big }),
            _ => None,
        }
    }

    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Float { bytes, .. } | Self::Int { bytes, .. } => bytes,
        }
    }

    /// Whether samples are usually of this type: other arrays hold labels and words by number.
    pub(super) fn is_usual_in_sound(self) -> bool {
        !matches!(self, Self::Int { bytes: 1 | 8, .. })
    }

    /// Its name, such as `float32`.
    pub(super) fn in_words(self) -> String {
        let kind = if matches!(self, Self::Float { .. }) { "float" } else { "int" };
        format!("{kind}{}", 8 * self.bytes())
    }

    /// The number whose bytes are the first of these.
    pub(super) fn value(self, mut eight: [u8; 8]) -> f64 {
        let (Self::Float { bytes, is_big } | Self::Int { bytes, is_big }) = self;
        if is_big {
            eight[..bytes].reverse();
        }
        let [a, b, c, d, ..] = eight;
        match self {
            Self::Float { bytes: 2, .. } => half::f16::from_le_bytes([a, b]).to_f64(),
            Self::Float { bytes: 4, .. } => f32::from_le_bytes([a, b, c, d]).into(),
            Self::Float { .. } => f64::from_le_bytes(eight),
            Self::Int { .. } => {
                if eight[bytes - 1] & 0x80 != 0 {
                    eight[bytes..].fill(0xff);
                }
                i64::from_le_bytes(eight) as f64
            }
        }
    }
}

impl Array {
    /// Reads the header. The inner error says, as the end of a sentence, why the array is no sound.
    pub(super) fn read(bytes: &Bytes) -> io::Result<Result<Self, String>> {
        let mut reader = bytes.open_stored()?;
        let mut begin = [0; 10];
        reader.read_exact(&mut begin)?;
        let [.., major, _, a, b] = begin;
        let (from, length) = if major == 1 {
            (10, u64::from(u16::from_le_bytes([a, b])))
        } else {
            let mut more = [0; 2];
            reader.read_exact(&mut more)?;
            (12, u64::from(u32::from_le_bytes([a, b, more[0], more[1]])))
        };
        if length > MAX_HEADER_BYTES {
            return Err(io::Error::other(format!("its header has {length} bytes")));
        }
        let mut header = Vec::new();
        reader.take(length).read_to_end(&mut header)?;
        if (header.len() as u64) < length {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "its header is cut off"));
        }
        let header = String::from_utf8_lossy(&header).into_owned();
        Self::of(&header, from + length)
            .ok_or_else(|| io::Error::other("its header cannot be read"))
    }

    fn of(header: &str, from: u64) -> Option<Result<Self, String>> {
        let behind = |key: &str| Some(header.split_once(&format!("'{key}':"))?.1.trim_start());
        let kind = behind("descr")?;
        let no_sound = |what: String| {
            let what = visible(&shorten(&what, MAX_SHOWN)).into_owned();
            Some(Err(format!(
                "is a NumPy array {what}, which is not samples of sound; leave it out of the scan"
            )))
        };
        let Some((code, _)) = kind.strip_prefix('\'').and_then(|code| code.split_once('\'')) else {
            return no_sound("of several numbers each".to_owned());
        };
        let Some(number) = Number::of(code) else { return no_sound(format!("of type {code}")) };
        let is_fortran = behind("fortran_order")?.starts_with("True");
        let (shape, _) = behind("shape")?.strip_prefix('(')?.split_once(')')?;
        let sizes = shape.split(',').map(str::trim).filter(|size| !size.is_empty());
        let sizes: Vec<u64> = sizes.map(str::parse).collect::<Result<_, _>>().ok()?;
        let most = MAX_CHANNELS as u64;
        let wide: Vec<u64> = sizes.into_iter().filter(|&size| size != 1).collect();
        let (channels, frames, is_first) = match wide[..] {
            [] => (1, 1, false),
            [frames] => (1, frames, false),
            [channels, frames] if channels <= most && channels < frames => (channels, frames, true),
            [frames, channels] if channels <= most => (channels, frames, false),
            _ => return no_sound(format!("of shape ({shape})")),
        };
        if channels == 0 || frames == 0 {
            return no_sound(format!("of shape ({shape})"));
        }
        let order =
            if channels > 1 && is_first != is_fortran { Order::Planar } else { Order::Interleaved };
        Some(Ok(Self { from, frames, channels: channels as usize, number, order }))
    }

    /// The number of samples, of all channels together.
    pub(super) fn samples(&self) -> u64 {
        self.frames.saturating_mul(self.channels as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_of_an_array_tells_channels_and_frames() {
        use Order::{Interleaved, Planar};
        let of = |code: &str, fortran: &str, shape: &str| {
            let header = format!(
                "{{'descr': '{code}', 'fortran_order': {fortran}, 'shape': ({shape}), }}   \n"
            );
            Array::of(&header, 128).unwrap().map(|a| (a.channels, a.frames, a.order, a.number))
        };
        let float = Number::Float { bytes: 4, is_big: false };
        let int = Number::Int { bytes: 2, is_big: true };
        assert_eq!(of("<f4", "False", "9000,"), Ok((1, 9_000, Interleaved, float)));
        assert_eq!(of("<f4", "False", "1, 9000"), Ok((1, 9_000, Interleaved, float)));
        assert_eq!(of(">i2", "False", "2, 9000"), Ok((2, 9_000, Planar, int)));
        assert_eq!(of("<f4", "False", "9000, 2"), Ok((2, 9_000, Interleaved, float)));
        assert_eq!(of("<f4", "True", "9000, 2"), Ok((2, 9_000, Planar, float)));
        assert_eq!(of("<f4", "True", "2, 9000"), Ok((2, 9_000, Interleaved, float)));
        assert_eq!(of("<f4", "False", ""), Ok((1, 1, Interleaved, float)));
        for (code, shape) in
            [("<f4", "80, 1200"), ("|O", "5,"), ("<U3", "9,"), ("<f4", "0,"), ("|b1", "9,")]
        {
            let told = of(code, "False", shape).unwrap_err();
            assert!(told.contains("is not samples"), "{told}");
        }
    }

    #[test]
    fn a_header_that_lies_is_damage() {
        for header in [
            "",
            "{}",
            "{'descr': '<f4'}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        ] {
            assert_eq!(Array::of(header, 0), None, "{header}");
        }
        let mut bytes = b"\x93NUMPY\x02\0\xff\xff\xff\xff".to_vec();
        assert!(Array::read(&Bytes::of_memory(bytes.clone())).is_err());
        bytes.truncate(9);
        assert!(Array::read(&Bytes::of_memory(bytes)).is_err());
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "each number is exact")]
    fn numbers_of_both_byte_orders_are_read() {
        let number = |code: &str, bytes: &[u8]| {
            let mut eight = [0; 8];
            eight[..bytes.len()].copy_from_slice(bytes);
            Number::of(code).unwrap().value(eight)
        };
        assert_eq!(number("<i2", &[0xff, 0xff]), -1.0);
        assert_eq!(number(">i2", &[0x80, 0]), -32_768.0);
        assert_eq!(number(">f4", &1.5_f32.to_be_bytes()), 1.5);
        assert_eq!(number("<f2", &[0, 0x3c]), 1.0);
        assert_eq!(number("<f8", &0.25_f64.to_le_bytes()), 0.25);
    }
}
