//! The bits of one packet, least significant bit first (Vorbis I specification, section 2.1).

/// Zero bytes that follow a packet, so that eight bytes can be loaded at each of its bytes.
pub(super) const PADDING: usize = 8;

/// The fewest bits that the buffer holds after [`Bits::refill`].
pub(super) const REFILLED: u32 = 56;

/// Reads a packet through a buffer of 64 bits.
///
/// Past the end it gives zeros. A reader checks [`Bits::ended`] after what it read, not before: the end of a packet is legal, and
/// what was read across it does not count.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    padded: &'a [u8],
    /// The length of the packet in bits.
    end: usize,
    /// The next byte to load.
    byte: usize,
    buffer: u64,
    /// Bits of `buffer` that count.
    held: u32,
}

impl<'a> Bits<'a> {
    /// `padded` is the packet and [`PADDING`] zero bytes.
    pub(super) fn new(padded: &'a [u8]) -> Self {
        let end = padded.len().saturating_sub(PADDING) * 8;
        Self { padded, end, byte: 0, buffer: 0, held: 0 }
    }

    /// Fills the buffer with at least [`REFILLED`] bits.
    #[inline]
    pub(super) fn refill(&mut self) {
        let next = self.padded.get(self.byte..).and_then(<[u8]>::first_chunk);
        // The bits above those that count are loaded again by the next refill, to the same place.
        self.buffer |= next.map_or(0, |&bytes| u64::from_le_bytes(bytes)) << self.held;
        self.byte += (63 - self.held as usize) >> 3;
        self.held |= REFILLED;
    }

    /// The next bits, the first one lowest. Those beyond what was refilled are undefined.
    #[inline]
    pub(super) fn peek(&self) -> u64 {
        self.buffer
    }

    /// Moves past `count` bits, at most as many as the buffer holds.
    #[inline]
    pub(super) fn consume(&mut self, count: u32) {
        debug_assert!(count <= self.held);
        self.buffer >>= count;
        self.held -= count;
    }

    /// Reads an unsigned number of at most 32 bits.
    #[inline]
    pub(super) fn read(&mut self, count: u32) -> u32 {
        self.refill();
        let value = self.buffer & ((1 << count) - 1);
        self.consume(count);
        value as u32
    }

    /// The bits left in the packet; 0 past its end.
    #[inline]
    pub(super) fn left(&self) -> usize {
        self.end.saturating_sub(self.place())
    }

    /// Whether more bits were read than the packet has.
    #[inline]
    pub(super) fn ended(&self) -> bool {
        self.place() > self.end
    }

    fn place(&self) -> usize {
        self.byte * 8 - self.held as usize
    }
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn bits_come_lowest_first_and_across_bytes() {
        let padded = [0b1010_0101, 0b1100_0011, 0xff, 0, 0, 0, 0, 0, 0, 0, 0];
        let mut bits = Bits::new(&padded);
        assert_eq!(bits.read(4), 0b0101);
        assert_eq!(bits.read(8), 0b0011_1010);
        assert_eq!(bits.left(), 12);
        assert_eq!(bits.read(12), 0b1111_1111_1100);
        assert!(!bits.ended());
        assert_eq!(bits.read(1), 0);
        assert!(bits.ended());
    }

    #[test]
    fn a_long_packet_is_read_to_its_last_bit() {
        let mut padded: Vec<u8> = (0..=255).collect();
        padded.extend([0; super::PADDING]);
        let mut bits = Bits::new(&padded);
        for byte in 0..=255 {
            assert_eq!(bits.read(3) | bits.read(5) << 3, byte);
            assert!(!bits.ended());
        }
        for _ in 0..100 {
            assert_eq!(bits.read(32), 0);
            assert!(bits.ended());
        }
    }
}
