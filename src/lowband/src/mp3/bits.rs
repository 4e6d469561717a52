//! A bit reader with a buffer of 64 bits.

use super::reservoir::{CAPACITY, SLACK};

/// Reads bits, the highest of a byte first. Reading past the end gives some bits, never an error: callers count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bits<'a> {
    data: &'a [u8; CAPACITY + SLACK],
    /// The next bytes to load.
    next: usize,
    /// The next bits, from the highest on.
    buffer: u64,
    /// How many bits of `buffer` count as read from `data`.
    filled: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(data: &'a [u8; CAPACITY + SLACK], at: usize) -> Self {
        let mut bits = Self { data, next: at / 8, buffer: 0, filled: 0 };
        bits.refill();
        bits.skip(at as u32 % 8);
        bits
    }

    /// Makes at least 56 bits ready: as many whole bytes as fit.
    #[inline]
    pub(super) fn refill(&mut self) {
        let at = self.next.min(CAPACITY);
        let mut word = [0; 8];
        word.copy_from_slice(&self.data[at..at + 8]);
        self.buffer |= u64::from_be_bytes(word) >> self.filled;
        self.next += (63 - self.filled as usize) / 8;
        self.filled |= 0b11_1000;
    }

    /// The bit that is read next.
    #[inline]
    pub(super) fn position(&self) -> usize {
        8 * self.next - self.filled as usize
    }

    /// The next `count` bits, without reading them. `count` is from 1 to 32 and at most what is ready.
    #[inline]
    pub(super) fn peek(&self, count: u32) -> u32 {
        (self.buffer >> (64 - count)) as u32
    }

    /// The bits behind the next `skip`, `count` in number, without reading them.
    #[inline]
    pub(super) fn peek_behind(&self, skip: u32, count: u32) -> u32 {
        ((self.buffer << skip) >> (64 - count)) as u32
    }

    /// The same, of `count` from 0 to 31.
    #[inline]
    pub(super) fn peek_few(&self, skip: u32, count: u32) -> u32 {
        (((self.buffer << skip) >> 32) >> (32 - count)) as u32
    }

    /// Skips `count` bits that are ready.
    #[inline]
    pub(super) fn skip(&mut self, count: u32) {
        self.buffer <<= count;
        self.filled -= count;
    }

    /// Reads `count` ready bits, from 1 to 32.
    #[inline]
    pub(super) fn take(&mut self, count: u32) -> u32 {
        let value = self.peek(count);
        self.skip(count);
        value
    }
}
