//! The bit reservoir: main data of a frame begins up to 511 bytes before it. ISO/IEC 11172-3, section 2.4.3.4.2 and annex C.1.5.4.2.
//!
//! What is kept after damage follows Symphonia's decoder, so that the same packets fail.

use symphonia_core::errors::{Result, decode_error};

use super::bits::Bits;

/// Bytes of main data that are held at most.
pub(super) const CAPACITY: usize = 2048;

/// Bytes behind the last that a reader may touch.
pub(super) const SLACK: usize = 8;

/// The main data of the last frame and what was left before it.
#[derive(Debug)]
pub(super) struct Reservoir {
    data: [u8; CAPACITY + SLACK],
    len: usize,
    /// Bytes at the start that are used up.
    consumed: usize,
}

impl Reservoir {
    pub(super) fn new() -> Self {
        Self { data: [0; CAPACITY + SLACK], len: 0, consumed: 0 }
    }

    /// Keeps the last `begin` bytes and appends the main data of a frame. Returns how many of the `begin` bytes are missing.
    pub(super) fn fill(&mut self, main_data: &[u8], begin: usize) -> Result<usize> {
        if begin + main_data.len() > CAPACITY {
            return decode_error("lowband: the main data exceeds the bit reservoir");
        }
        let kept = begin.min(self.len - self.consumed);
        self.data.copy_within(self.len - kept..self.len, 0);
        self.len = kept + main_data.len();
        self.data[kept..self.len].copy_from_slice(main_data);
        self.consumed = 0;
        Ok(begin - kept)
    }

    /// Marks the first `bytes` bytes as used up.
    pub(super) fn consume(&mut self, bytes: usize) {
        self.consumed = bytes.min(self.len);
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
        self.consumed = 0;
    }

    /// Bits that are held.
    pub(super) fn bits(&self) -> usize {
        8 * self.len
    }

    /// A reader from bit `at` on. Bits from [`Self::bits`] on are of no meaning.
    pub(super) fn reader(&self, at: usize) -> Bits<'_> {
        Bits::new(&self.data, at)
    }
}
