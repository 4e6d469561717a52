//! Codes: what a codeword stands for, and tables of two levels that find it.

use super::bits::Bits;
use super::books::Book;

/// What a codeword of a book stands for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Number of values.
    pub(super) size: u32,
    /// Number of different values.
    modulus: usize,
    /// What is subtracted of values that carry their sign; 0 if signs follow the codeword.
    offset: i8,
}

impl Shape {
    /// The shape of book `index`, from 1 on (table 4.151).
    pub(super) fn of(index: usize) -> Self {
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
    pub(super) fn values(self, symbol: u16) -> [i8; 4] {
        let mut values = [0; 4];
        let mut rest = usize::from(symbol);
        for value in values[..self.size as usize].iter_mut().rev() {
            *value = (rest % self.modulus) as i8 - self.offset;
            rest /= self.modulus;
        }
        values
    }

    /// Whether a sign follows the codeword for each of its values.
    pub(super) fn signs(self, values: [i8; 4]) -> [bool; 4] {
        values.map(|value| self.offset == 0 && value != 0)
    }

    /// The values of the codeword that begins the `count` bits of `bits`, with their signs, and the number of bits of all.
    pub(super) fn word(self, book: &Book, bits: usize, count: u32) -> Option<([i8; 4], u32)> {
        let (symbol, mut length) = book.decode(bits, count)?;
        let mut values = self.values(symbol);
        let signs = self.signs(values);
        for (value, has_sign) in values.iter_mut().zip(signs) {
            if has_sign {
                length += 1;
                if bits >> count.checked_sub(length)? & 1 == 1 {
                    *value = -*value;
                }
            }
        }
        Some((values, length))
    }
}

impl Book {
    /// The symbol that begins the `count` bits of `bits`, and the length of its code, length by length. `None` if it is longer.
    pub(super) fn decode(&self, bits: usize, count: u32) -> Option<(u16, u32)> {
        let (mut first, mut before) = (0, 0);
        for (&of_length, length) in self.counts.iter().zip(1..=count) {
            let of_length = usize::from(of_length);
            let code = bits >> (count - length);
            if code < first + of_length {
                return Some((*self.symbols.get(before + code - first)?, length));
            }
            first = (first + of_length) << 1;
            before += of_length;
        }
        None
    }
}

/// A table by the first bits of a codeword, and one behind it for longer ones.
pub(super) struct Levels<T, const SIZE: usize> {
    pub(super) first: Box<[T; SIZE]>,
    second: Box<[T]>,
}

impl<T, const SIZE: usize> Levels<T, SIZE> {
    /// `word` gives the entry of a number of bits if a codeword fits them; `link` the entry for codewords that need more bits than
    /// the first table has: the place of the first of them in the second table, and how many more bits tell them apart.
    pub(super) fn new(
        longest: u32,
        word: impl Fn(usize, u32) -> Option<T>,
        link: impl Fn(u16, u8) -> T,
    ) -> Self {
        let width = SIZE.ilog2();
        let mut second = Vec::new();
        let first = (0..SIZE).map(|bits| {
            (width..=longest)
                .find_map(|count| {
                    let more = count - width;
                    let all = bits << more..(bits + 1) << more;
                    let mut words =
                        all.map(|bits| word(bits, count)).collect::<Option<Vec<T>>>()?;
                    if more == 0 {
                        return words.pop();
                    }
                    let place = second.len() as u16;
                    second.append(&mut words);
                    Some(link(place, more as u8))
                })
                .unwrap_or_else(|| unreachable!("the codes are complete"))
        });
        let first = first.collect::<Box<[T]>>();
        let first = first.try_into().unwrap_or_else(|_| unreachable!("as many as indexed"));
        Self { first, second: second.into() }
    }

    /// The entry of a codeword that is too long for the first table.
    pub(super) fn long(&self, bits: &Bits<'_>, place: u16, more: u8) -> &T {
        let below = bits.peek(SIZE.ilog2() + u32::from(more)) & ((1 << more) - 1);
        &self.second[usize::from(place) + below]
    }
}
