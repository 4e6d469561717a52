//! The bits of a packet, the highest of a byte first.
//!
//! They are read from a copy in which the bits of each byte are in reverse order, so that the next bit is the lowest of a word: zeros at
//! that end are counted by one instruction on all processors, those at the other end are not.

use std::io;
use std::num::NonZeroU64;

use symphonia_core::errors::{Error, Result};

/// The number of bits that can be taken after a refill.
pub(super) const REFILLED: u32 = 56;

/// Writes the bytes of `data`, their bits in reverse order, to `reversed`.
pub(super) fn reverse(data: &[u8], reversed: &mut Vec<u8>) {
    reversed.clear();
    reversed.extend(data.iter().map(|byte| byte.reverse_bits()));
}

/// Reads bits. Behind the end of the packet there are zeros; [`Bits::check_end`] tells whether any were read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bits<'a> {
    /// See [`reverse`].
    data: &'a [u8],
    /// The byte behind those of which all bits are counted in `left`. May lie behind the end.
    next: usize,
    /// The next bits, from the lowest on. Bits behind the first `left` are those of the packet or zero.
    window: u64,
    left: u32,
}

impl<'a> Bits<'a> {
    /// The bits of a packet of which [`reverse`] made this.
    pub(super) fn new(reversed: &'a [u8]) -> Self {
        Self { data: reversed, next: 0, window: 0, left: 0 }
    }

    /// Makes at least [`REFILLED`] bits ready.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "in the innermost loop")]
    pub(super) fn refill(&mut self) {
        let rest = self.data.get(self.next..).unwrap_or_default();
        let word = match rest.first_chunk::<8>() {
            Some(bytes) => u64::from_le_bytes(*bytes),
            None => last_word(rest),
        };
        self.window |= word << self.left;
        self.next += ((63 - self.left) >> 3) as usize;
        self.left |= REFILLED;
    }

    /// The next bits, from the lowest on: as many as are left of the last refill.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "in the innermost loop")]
    pub(super) fn window(&self) -> u64 {
        self.window
    }

    /// The number of zeros before the next one, or 64 if there is none in the window.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "in the innermost loop")]
    pub(super) fn zeros(&self) -> u32 {
        NonZeroU64::new(self.window).map_or(64, NonZeroU64::trailing_zeros)
    }

    /// Drops bits of the window, at most as many as are left and 63.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "in the innermost loop")]
    pub(super) fn skip(&mut self, bits: u32) {
        self.window >>= bits & 63;
        self.left = self.left.wrapping_sub(bits);
    }

    /// A number of at most 32 bits.
    #[inline]
    pub(super) fn read(&mut self, bits: u32) -> u32 {
        self.refill();
        let reversed = self.window as u32;
        self.skip(bits);
        (u64::from(reversed.reverse_bits()) >> (32 - bits)) as u32
    }

    /// A signed number of at most 32 bits.
    #[inline]
    pub(super) fn read_signed(&mut self, bits: u32) -> i32 {
        let value = self.read(bits);
        if bits == 0 { 0 } else { ((value << (32 - bits)) as i32) >> (32 - bits) }
    }

    /// The number of zeros before the next one, which is read as well.
    ///
    /// # Errors
    ///
    /// The packet ends before a one.
    pub(super) fn read_unary(&mut self) -> Result<u32> {
        let mut zeros = 0_u32;
        loop {
            self.refill();
            let more = self.zeros();
            if more < self.left {
                self.skip(more);
                self.skip(1);
                return Ok(zeros + more);
            }
            zeros += REFILLED;
            self.skip(REFILLED);
            self.check_end()?;
        }
    }

    /// The error of a packet that ended before the bits that were read, that of Symphonia's bit reader.
    pub(super) fn check_end(&self) -> Result<()> {
        let read = self.next * 8 - self.left as usize;
        if read > self.data.len() * 8 {
            return Err(Error::IoError(io::Error::other("unexpected end of bitstream")));
        }
        Ok(())
    }
}

/// Up to seven bytes, and zeros behind them.
#[cold]
fn last_word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    for (place, byte) in word.iter_mut().zip(bytes) {
        *place = *byte;
    }
    u64::from_le_bytes(word)
}
