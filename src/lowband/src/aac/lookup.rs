//! Look-up tables of the codebooks: one codeword with its signs, several codewords to skip, one scale factor.

use std::sync::LazyLock;

use symphonia_core::errors::{Result, decode_error};

use super::bits::{Bits, REFILLED};
use super::books::{Book, SCALE_FACTORS, SPECTRAL};

/// Bits that index the table of single codewords. Longer ones, with their signs, take the slow way.
const ONE_BITS: u32 = 11;
/// Bits that index the table of codewords to skip: at most 15, so that a count and a length fit a byte.
const SKIP_BITS: u32 = 12;
/// Most bits of a codeword.
const LONGEST: u32 = 19;
/// The magnitude of book 11 that stands for an escape.
pub(super) const ESCAPE: u8 = 16;
/// Longest run of ones that begins an escape: a value has at most 13 bits.
const MAX_ESCAPE_ONES: u32 = 8;

/// The values of one codeword.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// Signed values; of a pair the first two.
    pub(super) values: [i8; 4],
    /// Bits of the codeword and its signs; 0 in the table if they are too many to look up.
    bits: u8,
}

/// The tables of one book of spectral data.
pub(super) struct Table {
    one: Box<[Word; 1 << ONE_BITS]>,
    /// By the next bits: the number of whole codewords with their signs, and in the upper half of the byte their bits.
    skip: Box<[u8; 1 << SKIP_BITS]>,
    code: Code,
    shape: Shape,
}

/// What a codeword of a book stands for.
#[derive(Debug, Clone, Copy)]
struct Shape {
    /// Number of values.
    size: u32,
    /// Number of different values.
    modulus: usize,
    /// What is subtracted of values that carry their sign; 0 if signs follow the codeword.
    offset: i8,
}

impl Shape {
    /// The shape of book `index`, from 1 on (table 4.151).
    fn of(index: usize) -> Self {
        let (size, modulus, offset) = match index {
            1 | 2 => (4, 3, 1),
            3 | 4 => (4, 3, 0),
            5 | 6 => (2, 9, 4),
            7 | 8 => (2, 8, 0),
            9 | 10 => (2, 13, 0),
            _ => (2, 17, 0),
        };
        Self { size, modulus, offset }
    }

    /// The values of a symbol, before signs that follow.
    fn values(self, symbol: u16) -> [i8; 4] {
        let mut values = [0; 4];
        let mut rest = usize::from(symbol);
        for value in values[..self.size as usize].iter_mut().rev() {
            *value = (rest % self.modulus) as i8 - self.offset;
            rest /= self.modulus;
        }
        values
    }

    /// Number of sign bits behind the codeword of `values`.
    fn signs(self, values: [i8; 4]) -> u32 {
        if self.offset > 0 { 0 } else { values.iter().filter(|&&value| value != 0).count() as u32 }
    }

    /// Gives `values` the signs of `bits`, whose first is topmost of the lowest `count`.
    fn signed(mut values: [i8; 4], bits: usize, count: u32) -> [i8; 4] {
        let mut left = count;
        for value in values.iter_mut().filter(|value| **value != 0) {
            if left > 0 {
                left -= 1;
                if bits >> left & 1 == 1 {
                    *value = -*value;
                }
            }
        }
        values
    }
}

/// A canonical code, decoded length by length: for the rare codewords that are too long for a table, and to make the tables.
struct Code {
    book: &'static Book,
}

impl Code {
    /// The symbol that begins `bits`, the lowest `count` bits being valid, and its length. `None` if it is longer.
    fn decode(&self, bits: usize, count: u32) -> Option<(u16, u32)> {
        let (mut first, mut before) = (0, 0);
        for (&of_length, length) in self.book.counts.iter().zip(1..=count) {
            let of_length = usize::from(of_length);
            let code = bits >> (count - length);
            if code < first + of_length {
                return Some((*self.book.symbols.get(before + code - first)?, length));
            }
            first = (first + of_length) << 1;
            before += of_length;
        }
        None
    }
}

impl Table {
    fn new(index: usize) -> Self {
        let shape = Shape::of(index);
        let code = Code { book: SPECTRAL[index - 1] };
        let one = (0..1 << ONE_BITS).map(|bits| Self::word(&code, shape, bits, ONE_BITS));
        let skip = (0..1 << SKIP_BITS).map(|bits| Self::several(&code, shape, bits));
        let (one, skip) = (one.collect::<Box<_>>(), skip.collect::<Box<_>>());
        Self {
            one: one.try_into().unwrap_or_else(|_| unreachable!("as many as indexed")),
            skip: skip.try_into().unwrap_or_else(|_| unreachable!("as many as indexed")),
            code,
            shape,
        }
    }

    /// The codeword that begins `bits`, `count` of which are valid, with its signs; of no bits if it does not fit.
    fn word(code: &Code, shape: Shape, bits: usize, count: u32) -> Word {
        let Some((symbol, length)) = code.decode(bits, count) else { return Word::default() };
        let values = shape.values(symbol);
        let signs = shape.signs(values);
        if length + signs > count {
            return Word::default();
        }
        let values = Shape::signed(values, bits >> (count - length - signs), signs);
        Word { values, bits: (length + signs) as u8 }
    }

    /// Number and bits of the whole codewords that `bits` begin with, before the first with an escape.
    fn several(code: &Code, shape: Shape, bits: usize) -> u8 {
        let (mut count, mut left) = (0, SKIP_BITS);
        while left > 0 {
            let word = Self::word(code, shape, bits & ((1 << left) - 1), left);
            if word.bits == 0 || word.has_escape() {
                break;
            }
            count += 1;
            left -= u32::from(word.bits);
        }
        count | ((SKIP_BITS - left) << 4) as u8
    }

    /// Takes the next codeword with its signs. An escape is not read: its value is ±16.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "the innermost loop")]
    pub(super) fn next(&self, bits: &mut Bits<'_>) -> Word {
        let word = self.one[bits.peek(ONE_BITS)];
        if word.bits == 0 {
            return self.next_long(bits);
        }
        bits.consume(u32::from(word.bits));
        word
    }

    #[cold]
    fn next_long(&self, bits: &mut Bits<'_>) -> Word {
        // 16 bits and 4 signs at most, which are valid since the last refill.
        let count = 20;
        let word = Self::word(&self.code, self.shape, bits.peek(count), count);
        // The codes are complete, so that there is always a word.
        bits.consume(u32::from(word.bits));
        word
    }

    /// Values per codeword.
    pub(super) fn size(&self) -> usize {
        self.shape.size as usize
    }

    /// Skips `count` codewords with their signs and escapes.
    pub(super) fn skip(&self, from: &mut Bits<'_>, mut count: u32) -> Result<()> {
        let mut bits = *from;
        while count > 0 {
            bits.refill();
            // Four look-ups per refill.
            for _ in 0..REFILLED / SKIP_BITS {
                let entry = u32::from(self.skip[bits.peek(SKIP_BITS)]);
                let words = entry & 15;
                if words == 0 || words > count {
                    break;
                }
                bits.consume(entry >> 4);
                count -= words;
            }
            if count == 0 {
                break;
            }
            bits.refill();
            let word = self.next(&mut bits);
            for value in word.values {
                if value.unsigned_abs() == ESCAPE {
                    escape(&mut bits)?;
                }
            }
            count -= 1;
        }
        *from = bits;
        Ok(())
    }
}

impl Word {
    pub(super) fn has_escape(self) -> bool {
        self.values.iter().any(|value| value.unsigned_abs() == ESCAPE)
    }
}

/// Takes the magnitude of an escape (4.6.3.3).
pub(super) fn escape(bits: &mut Bits<'_>) -> Result<u32> {
    bits.refill();
    let ones = bits.leading_ones();
    if ones > MAX_ESCAPE_ONES {
        return decode_error("aac: an escape that is too long");
    }
    bits.consume(ones + 1);
    Ok((1 << (ones + 4)) + bits.read(ones + 4))
}

/// The tables of books 1 to 11.
static TABLES: LazyLock<[Table; 11]> =
    LazyLock::new(|| std::array::from_fn(|book| Table::new(book + 1)));

/// By the next bits: the difference of a scale factor and its bits; 0 bits if it is longer.
static SCALES: LazyLock<Box<[(i8, u8)]>> = LazyLock::new(|| {
    let code = Code { book: &SCALE_FACTORS };
    let entry = |bits| match code.decode(bits, ONE_BITS) {
        Some((symbol, length)) => (difference(symbol), length as u8),
        None => (0, 0),
    };
    (0..1 << ONE_BITS).map(entry).collect()
});

fn difference(symbol: u16) -> i8 {
    (i32::from(symbol) - 60) as i8
}

/// The tables, looked up once per packet.
#[derive(Clone, Copy)]
pub(super) struct Tables {
    spectral: &'static [Table; 11],
    scales: &'static [(i8, u8)],
}

impl Tables {
    pub(super) fn get() -> Self {
        Self { spectral: &TABLES, scales: &SCALES }
    }

    /// The table of a book; `None` for those without spectral data.
    pub(super) fn book(self, book: u8) -> Option<&'static Table> {
        self.spectral.get(usize::from(book).wrapping_sub(1))
    }

    /// Takes the difference of a scale factor.
    #[inline]
    pub(super) fn scale(self, bits: &mut Bits<'_>) -> i16 {
        bits.refill();
        let (difference_, length) = self.scales[bits.peek(ONE_BITS)];
        if length > 0 {
            bits.consume(u32::from(length));
            return i16::from(difference_);
        }
        let code = Code { book: &SCALE_FACTORS };
        // The code is complete, so that there is always a symbol.
        let (symbol, length) = code.decode(bits.peek(LONGEST), LONGEST).unwrap_or((60, LONGEST));
        bits.consume(length);
        i16::from(difference(symbol))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes of a book in order: symbol, code and length.
    fn codes(book: &Book) -> Vec<(u16, usize, u32)> {
        let mut codes = Vec::new();
        let mut code = 0;
        for (&count, length) in book.counts.iter().zip(1..) {
            code <<= 1;
            for _ in 0..count {
                codes.push((book.symbols[codes.len()], code, length));
                code += 1;
            }
        }
        codes
    }

    #[test]
    fn every_codebook_is_complete_and_names_each_symbol_once() {
        let sizes = [81, 81, 81, 81, 81, 81, 64, 64, 169, 169, 289, 121];
        for (book, size) in SPECTRAL.into_iter().chain([&SCALE_FACTORS]).zip(sizes) {
            let mut symbols = book.symbols.to_vec();
            symbols.sort_unstable();
            assert!(symbols.iter().map(|&s| usize::from(s)).eq(0..size));
            let kraft: f64 =
                codes(book).iter().map(|&(_, _, length)| f64::from(length).exp2().recip()).sum();
            assert!((kraft - 1.0).abs() < 1e-12, "{kraft}");
        }
    }

    #[test]
    fn codewords_of_the_standard_give_their_values() {
        // Book, code, bits of the code, values: some rows of tables 4.A.2 to 4.A.12.
        let rows: [(u8, u32, u32, [i8; 4]); 8] = [
            (1, 0x7f8, 11, [-1, -1, -1, -1]),
            (2, 0x0, 3, [0, 0, 0, 0]),
            (3, 0xffff, 16, [2, 0, 2, 2]),
            (4, 0x7, 4, [0, 0, 0, 0]),
            (5, 0x1ffe, 13, [4, 4, 0, 0]),
            (7, 0x5, 3, [0, 1, 0, 0]),
            (9, 0x7fff, 15, [12, 12, 0, 0]),
            (11, 0x4, 5, [16, 16, 0, 0]),
        ];
        for (book, code, length, values) in rows {
            let data = (code << (32 - length)).to_be_bytes();
            let mut bits = Bits::new(&data);
            bits.refill();
            let word = Tables::get().book(book).expect("spectral").next(&mut bits);
            assert_eq!(word.values, values, "book {book}");
        }
    }

    #[test]
    fn skipping_codewords_consumes_what_reading_them_consumes() {
        let mut state = 1u32;
        let data: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .take(4000)
        .collect();
        for book in 1..=11 {
            let table = Tables::get().book(book).expect("spectral");
            for (start, count) in (0..300).map(|start| (start, 1 + start as u32 % 97)) {
                let mut read = Bits::new(&data[start..]);
                let mut skipped = read;
                let mut failed = false;
                for _ in 0..count {
                    read.refill();
                    for value in table.next(&mut read).values {
                        if value.unsigned_abs() == ESCAPE {
                            failed |= escape(&mut read).is_err();
                        }
                    }
                    if failed {
                        break;
                    }
                }
                assert_eq!(table.skip(&mut skipped, count).is_err(), failed, "book {book}");
                if !failed {
                    assert_eq!(skipped.left(), read.left(), "book {book}, {count} words");
                }
            }
        }
    }
}
