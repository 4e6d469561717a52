//! Look-up tables of the codebooks: one codeword with its signs, several codewords to skip, one scale factor.
//!
//! The tables are small, because all that a packet uses should stay in the first-level cache. Codewords that are too long for the
//! first table are found in a second one.

use std::sync::LazyLock;

use symphonia_core::errors::{Result, decode_error};

use super::bits::{Bits, REFILLED};
use super::books::{Book, SCALE_FACTORS, SPECTRAL};
use super::levels::{Levels, Shape};

/// Bits that index the first table of pairs; their signs are read apart.
const PAIR_BITS: u32 = 10;
/// Bits that index the first table of quads, with their signs.
const QUAD_BITS: u32 = 11;
/// Bits that index the table of scale factors.
const SCALE_BITS: u32 = 10;
/// Bits that index the table of codewords to skip: at most 15, so that a count and a length fit a byte.
const SKIP_BITS: u32 = 12;
/// Most bits of a codeword of pairs, of quads with their signs, and of scale factors.
const LONGEST: [u32; 3] = [15, 20, 19];
/// The magnitude of book 11 that stands for an escape.
pub(super) const ESCAPE: u8 = 16;
/// Longest run of ones that begins an escape: a value has at most 13 bits.
const MAX_ESCAPE_ONES: u32 = 8;

/// A codeword of two values, packed so that the way from bits to bits is short. From the lowest bit on: bits of the codeword and its
/// signs (6; 0 if it is too long for the first table), whether a sign follows for the first and for the second value (1 each), bits
/// of the codeword alone (8), the two values plus [`ESCAPE`] (8 each). Of a link: 0 (8), bits that index the second table (8), the place there (16).
#[derive(Debug, Clone, Copy)]
struct PairEntry(u32);

/// The table of a book of pairs.
pub(super) struct Pairs(Levels<PairEntry, { 1 << PAIR_BITS }>);

/// Two magnitudes, or values that carry their sign, plus [`ESCAPE`]; and the sign bits to apply, topmost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    pub(super) values: [u8; 2],
    pub(super) signs: [u32; 2],
}

impl Pairs {
    fn new(book: &Book, shape: Shape) -> Self {
        let word = |bits, count| {
            let (symbol, length) = book.decode(bits, count)?;
            let values = shape.values(symbol);
            let [first, second, ..] = shape.signs(values).map(u32::from);
            let [value, other, ..] = values.map(|value| u32::from((value + ESCAPE as i8) as u8));
            let all = length + first + second;
            Some(PairEntry(
                all | first << 6 | second << 7 | length << 8 | value << 16 | other << 24,
            ))
        };
        let link = |place: u16, more: u8| PairEntry(u32::from(more) << 8 | u32::from(place) << 16);
        Self(Levels::new(LONGEST[0], word, link))
    }

    /// Takes the next codeword with its signs, at most 17 bits, which have to be valid. An escape is not read.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "the innermost loop")]
    pub(super) fn next(&self, bits: &mut Bits<'_>) -> Pair {
        let PairEntry(mut entry) = self.0.first[bits.peek(PAIR_BITS)];
        if entry.trailing_zeros() >= 6 {
            PairEntry(entry) = *self.0.long(bits, (entry >> 16) as u16, (entry >> 8) as u8);
        }
        // The sign bits, topmost, if they follow.
        let at_signs = bits.topmost_behind(entry >> 8 & 0x3f);
        let first = at_signs & entry << 25;
        let second = (at_signs << (entry >> 6 & 1)) & entry << 24;
        bits.consume(entry & 0x3f);
        let [_, _, value, other] = entry.to_le_bytes();
        Pair { values: [value, other], signs: [first & 1 << 31, second & 1 << 31] }
    }
}

/// A codeword of four values, with their signs.
#[derive(Debug, Clone, Copy)]
struct QuadEntry {
    values: [i8; 4],
    /// Bits of all; 0 if they are too many for the first table. Then `values` are the place in the second one and its bits.
    length: u8,
}

/// The table of a book of quads.
pub(super) struct Quads(Levels<QuadEntry, { 1 << QUAD_BITS }>);

impl Quads {
    fn new(book: &Book, shape: Shape) -> Self {
        let word = |bits, count| {
            let (values, length) = shape.word(book, bits, count)?;
            Some(QuadEntry { values, length: length as u8 })
        };
        let link = |place: u16, more| {
            let [low, high] = place.to_ne_bytes();
            QuadEntry { values: [low as i8, high as i8, more as i8, 0], length: 0 }
        };
        Self(Levels::new(LONGEST[1], word, link))
    }

    /// Takes the next codeword with its signs, at most 20 bits, which have to be valid.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "the innermost loop")]
    pub(super) fn next(&self, bits: &mut Bits<'_>) -> [i8; 4] {
        let mut entry = self.0.first[bits.peek(QUAD_BITS)];
        if entry.length == 0 {
            let [low, high, more, _] = entry.values.map(|byte| byte as u8);
            entry = *self.0.long(bits, u16::from_ne_bytes([low, high]), more);
        }
        bits.consume(u32::from(entry.length));
        entry.values
    }
}

/// The codewords of a book, one by one.
pub(super) enum Words {
    /// Books 1 to 4.
    Quads(Quads),
    /// Books 5 to 10, and 11, where escapes follow the signs.
    Pairs(Pairs, bool),
}

/// The tables of one book of spectral data.
pub(super) struct Table {
    pub(super) words: Words,
    /// By the next bits: the number of whole codewords with their signs, and in the upper half of the byte their bits.
    skip: Box<[u8; 1 << SKIP_BITS]>,
}

impl Table {
    /// The tables of book `index`, from 1 on.
    fn new(index: usize) -> Self {
        let (book, shape) = (SPECTRAL[index - 1], Shape::of(index));
        let words = if shape.size == 4 {
            Words::Quads(Quads::new(book, shape))
        } else {
            Words::Pairs(Pairs::new(book, shape), index == 11)
        };
        let skip = (0..1 << SKIP_BITS).map(|bits| Self::several(book, shape, bits));
        let skip = skip.collect::<Box<[u8]>>();
        let skip = skip.try_into().unwrap_or_else(|_| unreachable!("as many as indexed"));
        Self { words, skip }
    }

    /// Number and bits of the whole codewords that `bits` begin with, before the first with an escape.
    fn several(book: &Book, shape: Shape, bits: usize) -> u8 {
        let (mut count, mut left) = (0, SKIP_BITS);
        while let Some((values, length)) = shape.word(book, bits & ((1 << left) - 1), left) {
            if values.into_iter().any(|value| value.unsigned_abs() == ESCAPE) {
                break;
            }
            count += 1;
            left -= length;
        }
        count | ((SKIP_BITS - left) << 4) as u8
    }

    /// Skips the codewords of `lines` lines, with their signs and escapes.
    pub(super) fn skip(&self, from: &mut Bits<'_>, lines: usize) -> Result<()> {
        let mut count = match self.words {
            Words::Quads(_) => lines / 4,
            Words::Pairs(..) => lines / 2,
        } as u32;
        let mut bits = *from;
        while count > 0 {
            bits.refill();
            let mut is_alone = false;
            // Four look-ups per refill.
            for _ in 0..REFILLED / SKIP_BITS {
                let entry = u32::from(self.skip[bits.peek(SKIP_BITS)]);
                let words = entry & 15;
                is_alone = words == 0 || words > count;
                if is_alone {
                    break;
                }
                bits.consume(entry >> 4);
                count -= words;
            }
            if is_alone && count > 0 {
                bits.refill();
                self.skip_one(&mut bits)?;
                count -= 1;
            }
        }
        *from = bits;
        Ok(())
    }

    fn skip_one(&self, bits: &mut Bits<'_>) -> Result<()> {
        match &self.words {
            Words::Quads(quads) => {
                quads.next(bits);
            }
            Words::Pairs(pairs, _) => {
                for value in pairs.next(bits).values {
                    if is_escape(value) {
                        escape(bits)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Whether a value of a pair stands for an escape.
#[inline]
pub(super) fn is_escape(value: u8) -> bool {
    value == 2 * ESCAPE
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

/// A difference of scale factors.
#[derive(Debug, Clone, Copy)]
struct ScaleEntry {
    /// The difference; or the place in the second table.
    value: i16,
    /// Bits of the codeword; 0 if it is too long for the first table.
    length: u8,
    /// Bits that index the second table.
    more: u8,
}

type Scales = Levels<ScaleEntry, { 1 << SCALE_BITS }>;

/// The tables of books 1 to 11.
static SPECTRAL_TABLES: LazyLock<[Table; 11]> =
    LazyLock::new(|| std::array::from_fn(|book| Table::new(book + 1)));

static SCALE_TABLE: LazyLock<Scales> = LazyLock::new(|| {
    let word = |bits, count| {
        let (symbol, length) = SCALE_FACTORS.decode(bits, count)?;
        Some(ScaleEntry { value: symbol as i16 - 60, length: length as u8, more: 0 })
    };
    let link = |place: u16, more| ScaleEntry { value: place as i16, length: 0, more };
    Levels::new(LONGEST[2], word, link)
});

/// The tables, looked up once per packet.
#[derive(Clone, Copy)]
pub(super) struct Tables {
    spectral: &'static [Table; 11],
    scales: &'static Scales,
}

impl Tables {
    pub(super) fn get() -> Self {
        Self { spectral: &SPECTRAL_TABLES, scales: &SCALE_TABLE }
    }

    /// The table of a book; `None` for those without spectral data.
    pub(super) fn book(self, book: u8) -> Option<&'static Table> {
        self.spectral.get(usize::from(book).wrapping_sub(1))
    }

    /// Takes the difference of a scale factor.
    #[inline]
    pub(super) fn scale(self, bits: &mut Bits<'_>) -> i16 {
        bits.refill();
        let mut entry = self.scales.first[bits.peek(SCALE_BITS)];
        if entry.length == 0 {
            entry = *self.scales.long(bits, entry.value as u16, entry.more);
        }
        bits.consume(u32::from(entry.length));
        entry.value
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

    /// The next codeword of a book, with its signs and escapes.
    fn next(book: u8, bits: &mut Bits<'_>) -> Result<Vec<i32>> {
        bits.refill();
        match &Tables::get().book(book).expect("spectral").words {
            Words::Quads(quads) => Ok(quads.next(bits).map(i32::from).to_vec()),
            Words::Pairs(pairs, _) => {
                let Pair { values, signs } = pairs.next(bits);
                let signed = |(value, sign): (u8, u32)| {
                    let value = if is_escape(value) {
                        escape(bits)? as i32
                    } else {
                        i32::from(value) - i32::from(ESCAPE)
                    };
                    Ok(if sign == 0 { value } else { -value })
                };
                values.into_iter().zip(signs).map(signed).collect()
            }
        }
    }

    #[test]
    fn codewords_of_the_standard_give_their_values() {
        // Book, codeword with signs and escapes, its bits, its values: some rows of tables 4.A.2 to 4.A.12.
        let rows: [(u8, u32, u32, &[i32]); 9] = [
            (1, 0x7f8, 11, &[-1, -1, -1, -1]),
            (2, 0x0, 3, &[0, 0, 0, 0]),
            (3, 0xffff << 3 | 0b010, 19, &[2, 0, -2, 2]),
            (4, 0x7, 4, &[0, 0, 0, 0]),
            (5, 0x1ffe, 13, &[4, 4]),
            (7, 0x5 << 1 | 1, 4, &[0, -1]),
            (9, 0x7fff << 2 | 0b10, 17, &[-12, 12]),
            (11, 0x4 << 2, 7, &[16, 16]),
            (11, 0x4 << 20 | 0b10 << 18 | 0b10_11111 << 11 | 0b0_0101 << 6, 25, &[-63, 21]),
        ];
        for (book, code, length, values) in rows {
            let data = (u64::from(code) << (64 - length)).to_be_bytes();
            let mut bits = Bits::new(&data);
            assert_eq!(next(book, &mut bits).expect("a codeword"), values, "book {book}");
        }
    }

    #[test]
    fn every_codeword_is_found_in_the_tables() {
        for book in 1..=10u8 {
            let (of_book, shape) = (SPECTRAL[usize::from(book) - 1], Shape::of(book.into()));
            for (symbol, code, length) in codes(of_book) {
                let data = ((code as u64) << (64 - length)).to_be_bytes();
                let mut bits = Bits::new(&data);
                let values = shape.values(symbol).map(i32::from);
                assert_eq!(
                    next(book, &mut bits).expect("a codeword"),
                    values[..shape.size as usize]
                );
                let signs = shape.signs(shape.values(symbol)).iter().filter(|&&sign| sign).count();
                assert_eq!(bits.left(), 64 - i64::from(length) - signs as i64);
            }
        }
        for (symbol, code, length) in codes(&SCALE_FACTORS) {
            let data = ((code as u64) << (64 - length)).to_be_bytes();
            let mut bits = Bits::new(&data);
            assert_eq!(Tables::get().scale(&mut bits), symbol as i16 - 60);
            assert_eq!(bits.left(), 64 - i64::from(length));
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
            let size = Shape::of(book.into()).size;
            for (start, count) in (0..300).map(|start| (start, 1 + start as u32 % 97)) {
                let mut read = Bits::new(&data[start..]);
                let mut skipped = read;
                let failed = (0..count).any(|_| next(book, &mut read).is_err());
                let lines = (count * size) as usize;
                assert_eq!(table.skip(&mut skipped, lines).is_err(), failed, "book {book}");
                if !failed {
                    assert_eq!(skipped.left(), read.left(), "book {book}, {count} words");
                }
            }
        }
    }
}
