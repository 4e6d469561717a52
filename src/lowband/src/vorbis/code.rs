//! Tables that decode the codewords of one book, and tables that skip them.

use super::bits::REFILLED;

/// Bits of the first table that decodes.
const FIRST_BITS: u32 = 10;
/// The most bits of a second table. A longer codeword is searched for.
const SECOND_BITS: u32 = 6;
/// Bits of the table that skips.
const SKIP_BITS: u32 = 11;
/// The most codewords that one entry of the table skips.
const SKIP_MOST: u32 = 7;
/// Marks an entry of the first table that leads to a second one.
const LINK: u32 = 0x80;

/// The codewords of one book, as tables (Vorbis I specification, section 3.2.1).
pub(super) struct Code {
    /// The first table, then the second ones. An entry is `number << 8 | length`; or, of a first table,
    /// `offset of the second table << 8 | LINK | its bits`; or 0 where the codeword is in `long`.
    table: Vec<u32>,
    first_mask: u64,
    /// The longest codeword, in bits.
    longest: u32,
    /// Codewords that are sure to be in a buffer that was just refilled.
    refilled: u32,
    /// Codewords too long for the tables, by their bits.
    long: Vec<Word>,
}

/// One codeword.
#[derive(Clone, Copy)]
struct Word {
    /// The bits, the first one highest.
    bits: u32,
    length: u32,
    /// The number of the entry it stands for.
    number: u32,
}

/// Why codeword lengths do not make a code.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotACode {
    /// More codewords than the lengths leave room for.
    Overfull,
    /// Some bits that are no codeword.
    Incomplete,
}

impl Code {
    /// Assigns codewords to entries of the lengths given, 0 to 32 bits, where 0 means that the entry is not used.
    ///
    /// A code without any codeword is allowed, and so is one with a single codeword of one bit, which then stands for both values
    /// of the bit (erratum 20150226).
    pub(super) fn new(lengths: &[u8]) -> Result<Self, NotACode> {
        let mut words = assign(lengths)?;
        words.sort_unstable_by_key(|word| word.bits);
        let longest = words.iter().map(|word| word.length).max().unwrap_or(0);
        let first_bits = longest.min(FIRST_BITS);
        let mut table = vec![0; 1 << first_bits];
        let mut long = Vec::new();
        let mut rest = words.as_slice();
        while let Some(&word) = rest.first() {
            if word.length <= first_bits {
                fill(&mut table[..1 << first_bits], word.bits, word.length, word);
                rest = &rest[1..];
                continue;
            }
            // All codewords with the same first bits.
            let prefix = word.bits >> (32 - first_bits);
            let same = rest.partition_point(|word| word.bits >> (32 - first_bits) == prefix);
            let (group, after) = rest.split_at(same);
            rest = after;
            let deepest = group.iter().map(|word| word.length).max().unwrap_or(0);
            let second_bits = (deepest - first_bits).min(SECOND_BITS);
            let start = table.len();
            table.resize(start + (1 << second_bits), 0);
            let index = (word.bits.reverse_bits() & ((1 << first_bits) - 1)) as usize;
            table[index] = (start as u32) << 8 | LINK | second_bits;
            for &word in group {
                if word.length - first_bits <= second_bits {
                    fill(
                        &mut table[start..],
                        word.bits << first_bits,
                        word.length - first_bits,
                        word,
                    );
                } else {
                    long.push(word);
                }
            }
        }
        Ok(Self {
            table,
            first_mask: (1 << first_bits) - 1,
            longest,
            refilled: REFILLED / longest.max(1),
            long,
        })
    }

    /// The longest codeword, in bits.
    #[inline]
    pub(super) fn longest(&self) -> u32 {
        self.longest
    }

    /// Codewords that are sure to be in a buffer that was just refilled: 1 to 56.
    #[inline]
    pub(super) fn refilled(&self) -> usize {
        self.refilled as usize
    }

    /// The number of the entry and the length in bits of the codeword that `bits` begin with, the first bit lowest.
    ///
    /// A code without codewords gives entry 0 and length 0.
    #[inline]
    pub(super) fn decode(&self, bits: u64) -> (usize, u32) {
        let entry = self.table.get((bits & self.first_mask) as usize).copied().unwrap_or(0);
        // A leaf has a length of 1 to 32.
        if entry.wrapping_sub(1) & 0xff < 32 {
            return ((entry >> 8) as usize, entry & 0xff);
        }
        self.decode_long(bits, entry)
    }

    #[inline(never)]
    fn decode_long(&self, bits: u64, entry: u32) -> (usize, u32) {
        if entry & LINK != 0 {
            let beyond = bits >> self.first_mask.count_ones();
            let index = (entry >> 8) as usize + (beyond & ((1 << (entry & 0x1f)) - 1)) as usize;
            let entry = self.table.get(index).copied().unwrap_or(0);
            if entry != 0 {
                return ((entry >> 8) as usize, entry & 0xff);
            }
        }
        let key = (bits as u32).reverse_bits();
        let after = self.long.partition_point(|word| word.bits <= key);
        let word = after.checked_sub(1).and_then(|at| self.long.get(at));
        word.map_or((0, 0), |word| (word.number as usize, word.length))
    }
}

/// Skips codewords of one book, several by one look-up.
pub(super) struct Skip {
    /// By the next bits: how many codewords they hold (3 bits, 0 if the first one is longer), the length of all of these in bits
    /// (4 bits, from bit 3) and the length of the first `c` of them (4 bits, from bit `4 + 4c`).
    table: Vec<u32>,
}

impl Skip {
    pub(super) fn new(code: &Code) -> Self {
        let entry = |bits: u64| {
            let (mut count, mut total, mut entry) = (0, 0, 0);
            while count < SKIP_MOST {
                let (_, length) = code.decode(bits >> total);
                if length == 0 || total + length > SKIP_BITS {
                    break;
                }
                count += 1;
                total += length;
                if count < SKIP_MOST {
                    entry |= total << (4 + 4 * count);
                }
            }
            entry | total << 3 | count
        };
        Self { table: (0..1 << SKIP_BITS).map(entry).collect() }
    }

    /// How many codewords to skip, at most `most`, and their length in bits. 0 if the first one is too long for the table.
    #[inline]
    pub(super) fn look(&self, bits: u64, most: u32) -> (u32, u32) {
        let index = (bits & ((1 << SKIP_BITS) - 1)) as usize;
        let entry = self.table.get(index).copied().unwrap_or(0);
        let count = entry & 7;
        if count <= most { (count, entry >> 3 & 15) } else { (most, entry >> (4 + 4 * most) & 15) }
    }

    /// The most bits of one look-up.
    pub(super) const BITS: u32 = SKIP_BITS;
}

/// Gives each entry the lowest free codeword of its length.
fn assign(lengths: &[u8]) -> Result<Vec<Word>, NotACode> {
    let used = lengths.iter().enumerate().filter(|&(_, &length)| length != 0);
    let mut words = Vec::with_capacity(used.clone().count());
    // The free node of each depth, its first bit highest. There is at most one of each depth, and a deeper one is lower.
    let mut free: [Option<u32>; 33] = [None; 33];
    free[0] = Some(0);
    for (number, &length) in used {
        let length = usize::from(length).min(32);
        let depth = (0..=length).rev().find(|&depth| free[depth].is_some());
        let depth = depth.ok_or(NotACode::Overfull)?;
        let bits = free[depth].take().unwrap_or_default();
        for (below, node) in free.iter_mut().enumerate().take(length + 1).skip(depth + 1) {
            *node = Some(bits | 1 << (32 - below));
        }
        words.push(Word { bits, length: length as u32, number: number as u32 });
    }
    match words.as_slice() {
        [] => {}
        [only] if only.length == 1 => {
            let other = Word { bits: 1 << 31, ..*only };
            words.push(other);
        }
        _ if free.iter().any(Option::is_some) => return Err(NotACode::Incomplete),
        _ => {}
    }
    Ok(words)
}

/// Fills the entries of a table that begin with `length` bits, the first one the highest of `bits`.
fn fill(table: &mut [u32], bits: u32, length: u32, word: Word) {
    let start = bits.reverse_bits() as usize & ((1 << length) - 1);
    for entry in table.iter_mut().skip(start).step_by(1 << length) {
        *entry = word.number << 8 | word.length;
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, NotACode, Skip};

    #[test]
    fn codewords_are_those_of_the_specification() {
        // The example of section 3.2.1: 00, 0100, 0101, 0110, 0111, 10, 110, 111.
        let code = Code::new(&[2, 4, 4, 4, 4, 2, 3, 3]).expect("a code");
        for (number, word) in
            ["00", "0100", "0101", "0110", "0111", "10", "110", "111"].iter().enumerate()
        {
            let bits =
                word.bytes().rev().fold(0, |bits, digit| bits << 1 | u64::from(digit - b'0'));
            assert_eq!(code.decode(bits), (number, word.len() as u32));
        }
    }

    #[test]
    fn codewords_of_all_lengths_are_found() {
        // 1, 2, …, 31, 32, 32 bits.
        let lengths: Vec<u8> = (1..=32).chain([32]).collect();
        let code = Code::new(&lengths).expect("a code");
        for (number, &length) in lengths.iter().enumerate() {
            let ones = number as u32;
            let bits = (1_u64 << ones) - 1;
            assert_eq!(code.decode(bits), (number, u32::from(length)));
        }
    }

    #[test]
    fn lengths_that_make_no_code_are_refused() {
        assert_eq!(Code::new(&[1, 1, 1]).err(), Some(NotACode::Overfull));
        assert_eq!(Code::new(&[1, 1, 32]).err(), Some(NotACode::Overfull));
        assert_eq!(Code::new(&[1, 2]).err(), Some(NotACode::Incomplete));
        assert_eq!(Code::new(&[2]).err(), Some(NotACode::Incomplete));
    }

    #[test]
    fn a_single_codeword_stands_for_both_bits() {
        let code = Code::new(&[0, 1, 0]).expect("a code");
        assert_eq!(code.decode(0), (1, 1));
        assert_eq!(code.decode(1), (1, 1));
    }

    #[test]
    fn a_book_without_codewords_decodes_to_nothing() {
        let code = Code::new(&[0, 0]).expect("a code");
        assert_eq!(code.longest(), 0);
        assert_eq!(code.decode(5), (0, 0));
    }

    #[test]
    fn skipping_moves_as_far_as_decoding() {
        let code = Code::new(&[2, 4, 4, 4, 4, 2, 3, 3]).expect("a code");
        let skip = Skip::new(&code);
        let bits = 0x9e37_79b9_7f4a_7c15_u64;
        for start in 0..50 {
            for most in 1..9 {
                let (count, length) = skip.look(bits >> start, most);
                assert!((1..=most).contains(&count));
                let decoded = (0..count).fold(0, |at, _| at + code.decode(bits >> start >> at).1);
                assert_eq!(length, decoded);
            }
        }
    }
}
