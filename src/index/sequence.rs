//! Elias–Fano code: rising numbers in few bits (Elias, J. ACM 1974; Vigna, WSDM 2013).
//!
//! The lowest `l` bits of each of `n` numbers below `bound` are stored in an array, the rest in unary as the step from the number
//! before: about 2 + log2(bound / n) bits each, half a bit above the entropy of random numbers. `n` and `bound` alone give the
//! length of a sequence, so it is not stored.

use super::bits::{BitWriter, MOST_BITS, read, word};

/// The layout of `n` numbers below `bound`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    n: u64,
    /// Number of lowest bits that are stored in the array.
    low: u32,
    /// Bits of the unary part.
    upper: u64,
}

impl Shape {
    /// The shape of `n` numbers below `bound`, both below 2⁵⁵.
    #[inline]
    pub(super) fn of(n: u64, bound: u64) -> Self {
        if n == 0 || bound == 0 {
            return Self { n: 0, low: 0, upper: 0 };
        }
        // The logarithm of bound / n, without a division.
        let doublings = bound.ilog2().saturating_sub(n.ilog2());
        let low = if n << doublings <= bound { doublings } else { doublings.saturating_sub(1) };
        Self { n, low, upper: n + ((bound - 1) >> low) }
    }

    /// Length in bits.
    #[inline]
    pub(super) fn bits(self) -> u64 {
        self.upper + self.n * u64::from(self.low)
    }

    /// Appends the numbers, which rise and are below `bound`.
    pub(super) fn write(self, numbers: &[u64], out: &mut BitWriter) {
        debug_assert_eq!(self.n, numbers.len() as u64);
        let mut last = 0;
        for number in numbers {
            let high = number >> self.low;
            out.push_unary(high - last);
            last = high;
        }
        // Ends the unary part.
        let mut left = self.upper - self.n - last;
        while left > 0 {
            let width = left.min(u64::from(MOST_BITS));
            out.push(0, width as u32);
            left -= width;
        }
        for number in numbers {
            out.push(number & ((1 << self.low) - 1), self.low);
        }
    }

    /// Visits the numbers of the sequence that begins at bit `at`. If the bytes are no such sequence, fewer than expected; never
    /// more.
    #[inline]
    pub(super) fn visit(self, bytes: &[u8], at: u64, mut visit: impl FnMut(u64)) {
        let mut lower = at + self.upper;
        let mut done = 0;
        let mut base = 0;
        while base < self.upper {
            let width = (self.upper - base).min(u64::from(MOST_BITS));
            let mut ones = word(bytes, at + base) & ((1 << width) - 1);
            while ones != 0 {
                let high = base + u64::from(ones.trailing_zeros()) - done;
                visit(high << self.low | read(bytes, lower, self.low));
                ones &= ones - 1;
                lower += u64::from(self.low);
                done += 1;
                if done == self.n {
                    return;
                }
            }
            base += width;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn round_trip(numbers: &[u64], bound: u64) {
        let shape = Shape::of(numbers.len() as u64, bound);
        let mut writer = BitWriter::default();
        writer.push(0b101, 3);
        shape.write(numbers, &mut writer);
        assert_eq!(writer.len(), 3 + shape.bits());
        let mut read = Vec::new();
        shape.visit(&writer.finish(), 3, |number| read.push(number));
        assert_eq!(read, numbers);
    }

    #[test]
    fn few_many_and_equal_numbers_are_read_back() {
        round_trip(&[], 7);
        round_trip(&[0], 1);
        round_trip(&[0, 0, 0, 0], 1);
        round_trip(&[6], 7);
        round_trip(&[0, (1 << 44) - 1], 1 << 44);
        round_trip(&(0..1_000).map(|i| i / 3).collect::<Vec<_>>(), 400);
    }

    #[test]
    fn a_number_takes_two_bits_more_than_the_mean_step_has_doublings() {
        for (n, bound) in [(1_000_u64, 1_000_000_u64), (77, 1 << 40), (5_000, 5_001)] {
            let mean = (bound as f64 / n as f64).log2();
            let bits = Shape::of(n, bound).bits() as f64 / n as f64;
            assert!(bits <= mean + 2.01, "{bits} for {mean}");
        }
    }

    proptest! {
        #[test]
        fn rising_numbers_are_read_back(
            mut numbers in prop::collection::vec(0..9_000_000_u64, 0..300), above in 1..99_u64,
        ) {
            numbers.sort_unstable();
            round_trip(&numbers, numbers.last().copied().unwrap_or(0) + above);
        }

        #[test]
        fn any_bytes_give_at_most_as_many_numbers(
            bytes in prop::collection::vec(any::<u8>(), 0..64), n in 0..900_u64, bound in 0..1_u64 << 40,
        ) {
            let mut seen = 0;
            Shape::of(n, bound).visit(&bytes, 5, |_| seen += 1);
            prop_assert!(seen <= n);
        }
    }
}
