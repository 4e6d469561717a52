//! Bit strings: written in order, read from any place. Lowest bits first, as in little-endian numbers.

/// Largest number of bits that one call reads or writes.
pub(super) const MOST_BITS: u32 = 56;

/// Gathers bits into bytes.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// Bits that do not fill a byte yet, and their number.
    open: u64,
    n_open: u32,
}

impl BitWriter {
    /// Appends the lowest `width` bits of `value`; its other bits must be 0.
    pub(super) fn push(&mut self, value: u64, width: u32) {
        debug_assert!(width <= MOST_BITS && value >> width == 0, "{value} in {width} bits");
        self.open |= value << self.n_open;
        self.n_open += width;
        while self.n_open >= 8 {
            self.bytes.push(self.open as u8);
            self.open >>= 8;
            self.n_open -= 8;
        }
    }

    /// Appends `count` zeros and a one.
    pub(super) fn push_unary(&mut self, mut count: u64) {
        while count >= u64::from(MOST_BITS) {
            self.push(0, MOST_BITS);
            count -= u64::from(MOST_BITS);
        }
        self.push(1 << count, count as u32 + 1);
    }

    /// Number of bits not yet taken out.
    pub(super) fn len(&self) -> u64 {
        8 * self.bytes.len() as u64 + u64::from(self.n_open)
    }

    /// Takes out all full bytes.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// Pads the last byte with zeros, and takes out everything.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        if self.n_open > 0 {
            self.push(0, 8 - self.n_open);
        }
        self.take()
    }
}

/// At least 56 bits from bit `at` on; zeros after the end.
#[inline]
pub(super) fn word(bytes: &[u8], at: u64) -> u64 {
    let (byte, shift) = ((at >> 3) as usize, at & 7);
    let Some(rest) = bytes.get(byte..) else { return 0 };
    if let Some(eight) = rest.first_chunk::<8>() {
        return u64::from_le_bytes(*eight) >> shift;
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    u64::from_le_bytes(last) >> shift
}

/// The `width` bits from bit `at` on, at most [`MOST_BITS`].
#[inline]
pub(super) fn read(bytes: &[u8], at: u64, width: u32) -> u64 {
    word(bytes, at) & ((1 << width) - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_back(fields in prop::collection::vec((any::<u64>(), 0..=56_u32), 0..200)) {
            let mut writer = BitWriter::default();
            let mut places = Vec::new();
            for (value, width) in fields {
                let value = value & ((1 << width) - 1);
                places.push((writer.len(), value, width));
                writer.push(value, width);
            }
            let bytes = writer.finish();
            for (at, value, width) in places {
                prop_assert_eq!(read(&bytes, at, width), value);
            }
            prop_assert_eq!(word(&bytes, 8 * bytes.len() as u64 + 5), 0);
        }
    }
}
