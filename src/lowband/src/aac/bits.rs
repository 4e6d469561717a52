//! Bits of a packet, from the most significant on.

use std::io;

use symphonia_core::errors::{Error, Result};

/// Bits that are at least in the buffer after [`Bits::refill`].
pub(super) const REFILLED: u32 = 56;

/// A reader of bits. Behind the end it gives zeros and remembers that it did, so that hot loops need no check: their callers ask
/// [`Bits::check`] afterwards.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bits<'a> {
    data: &'a [u8],
    /// The next byte to load; it may lie behind the end.
    next: usize,
    /// The next bits, the first one topmost.
    buffer: u64,
    /// Number of valid bits in `buffer`.
    valid: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, next: 0, buffer: 0, valid: 0 }
    }

    /// Makes at least [`REFILLED`] bits valid.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "part of the innermost loop")]
    pub(super) fn refill(&mut self) {
        let word = match self.data.get(self.next..).and_then(<[u8]>::first_chunk) {
            Some(&bytes) => u64::from_be_bytes(bytes),
            None => self.last_bytes(),
        };
        // Bits of a byte that is only partly taken are loaded again, at the same place.
        self.buffer |= word >> self.valid;
        self.next += ((63 - self.valid) >> 3) as usize;
        self.valid |= REFILLED;
    }

    /// The last, fewer than eight bytes, and zeros.
    #[cold]
    fn last_bytes(&self) -> u64 {
        let mut bytes = [0; 8];
        let left = self.data.get(self.next..).unwrap_or_default();
        for (to, &from) in bytes.iter_mut().zip(left) {
            *to = from;
        }
        u64::from_be_bytes(bytes)
    }

    /// The next `count` bits, 1 to 32, of those that are valid.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "part of the innermost loop")]
    pub(super) fn peek(&self, count: u32) -> usize {
        (self.buffer >> (64 - count)) as usize
    }

    /// The 32 bits that follow `count` bits, fewer than 32, of those that are valid.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "part of the innermost loop")]
    pub(super) fn topmost_behind(&self, count: u32) -> u32 {
        (self.buffer << count >> 32) as u32
    }

    /// Number of ones before the next zero, of the bits that are valid.
    pub(super) fn leading_ones(&self) -> u32 {
        self.buffer.leading_ones()
    }

    /// Drops `count` bits of those that are valid.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "part of the innermost loop")]
    pub(super) fn consume(&mut self, count: u32) {
        self.buffer <<= count;
        self.valid -= count;
    }

    /// Takes `count` bits, 1 to 32.
    #[inline]
    pub(super) fn read(&mut self, count: u32) -> u32 {
        if self.valid < count {
            self.refill();
        }
        let value = self.peek(count) as u32;
        self.consume(count);
        value
    }

    /// Takes one bit.
    #[inline]
    pub(super) fn flag(&mut self) -> bool {
        self.read(1) == 1
    }

    /// Number of bits that are left; negative behind the end.
    pub(super) fn left(&self) -> i64 {
        (self.data.len() as i64 - self.next as i64) * 8 + i64::from(self.valid)
    }

    /// Drops the rest of a byte.
    pub(super) fn align(&mut self) {
        // The packet begins at a byte, and `valid` counts from the end of a byte.
        self.consume(self.valid % 8);
    }

    /// Drops `count` bytes, which may be more than there are.
    pub(super) fn skip_bytes(&mut self, count: u32) {
        for _ in 0..count {
            self.read(8);
        }
    }

    /// An error if bits behind the end were taken.
    pub(super) fn check(&self) -> Result<()> {
        if self.left() >= 0 { Ok(()) } else { Err(end()) }
    }
}

/// The error of a packet that ends too early, of the kind that Symphonia gives.
fn end() -> Error {
    Error::IoError(io::Error::other("the packet ends too early"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_from_the_most_significant_on_across_all_refills() {
        let data: Vec<u8> = (0..40u32).map(|i| (i * 37 + 11) as u8).collect();
        for width in 1..=32u32 {
            let mut bits = Bits::new(&data);
            let mut at = 0;
            while at + width <= 320 {
                let bit = |i: u32| u32::from(data[(i / 8) as usize] >> (7 - i % 8) & 1);
                let expected = (at..at + width).fold(0u32, |value, i| value << 1 | bit(i));
                assert_eq!(bits.read(width), expected, "{width} bits at {at}");
                at += width;
                assert_eq!(bits.left(), i64::from(320 - at));
            }
        }
    }

    #[test]
    fn behind_the_end_there_are_zeros_and_an_error() {
        let mut bits = Bits::new(&[0xff]);
        assert_eq!(bits.read(8), 0xff);
        assert!(bits.check().is_ok());
        assert_eq!(bits.read(32), 0);
        assert!(bits.check().is_err());
        bits.skip_bytes(1000);
        assert_eq!(bits.left(), -8032);
    }

    #[test]
    fn align_goes_to_the_next_byte() {
        let mut bits = Bits::new(&[0xa0, 0x5a, 0xff]);
        bits.align();
        assert_eq!(bits.read(3), 5);
        bits.align();
        assert_eq!(bits.read(8), 0x5a);
        bits.align();
        assert_eq!(bits.read(8), 0xff);
    }
}
