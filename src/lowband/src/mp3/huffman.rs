//! Huffman decoding of spectral lines: ISO/IEC 11172-3, section 2.4.1.7 (`Huffmancodebits`) and 2.4.2.7.

use std::sync::LazyLock;

use super::bits::Bits;
use super::huffman_tables as codes;
use super::side::Channel;

/// Bits of the first look-up. A longer word needs a second.
const FIRST_BITS: u32 = 10;

/// Size of the table of the first look-up.
const FIRST: usize = 1 << FIRST_BITS;

/// Bits of the longest word.
const LONGEST: u32 = 19;

/// Bits behind those of the first look-up.
const SECOND_BITS: u32 = LONGEST - FIRST_BITS;

/// Linbits by table.
const LINBITS: [u8; 32] = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 6, 8, 10, 13, 4, 5, 6, 7, 8, 9, 11,
    13,
];

/// The largest line there can be, with 13 linbits.
const LARGEST_LINE: usize = 14 + (1 << 13);

/// Size of the table of powers, a power of two.
const POWERS: usize = 1 << 14;

/// Largest value of a line by table.
const LARGEST: [u16; 32] = {
    let mut largest = [
        0, 1, 2, 2, 0, 3, 3, 5, 5, 5, 7, 7, 7, 15, 0, 15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0,
    ];
    let mut table = 16;
    while table < 32 {
        largest[table] = 14 + (1 << LINBITS[table]);
        table += 1;
    }
    largest
};

/// What a look-up finds of a pair of lines. Places count from the start of the word.
///
/// | bits | |
/// |---|---|
/// | 0–5 | length of the word with all that follows |
/// | 6–11, 12–17 | places of the signs |
/// | 18–22, 23–28 | the lines, without linbits |
/// | 32–37, 38–43 | places of the linbits |
/// | 44–47, 48–51 | numbers of the linbits, 0 if the line has none |
/// | 63 | [`SECOND`]: bits 0–5 hold the bits of the second look-up, bits 6–22 where its table starts |
type Entry = u64;

/// The word is too long for the first look-up.
const SECOND: Entry = 1 << 63;

/// The look-up tables of a code of pairs.
#[derive(Debug)]
struct Pairs {
    first: Box<[Entry; FIRST]>,
    second: Vec<Entry>,
}

/// All tables.
#[derive(Debug)]
struct Tables {
    /// By number of the table.
    pairs: [Pairs; 32],
    /// Of quadruples: bits 0–7 hold the length with signs, then two bits per line, the line plus 1.
    quadruples: [Box<[u16; FIRST]>; 2],
    /// `|x|^(4/3)` for all lines there can be.
    powers: Vec<f32>,
    /// `x^(4/3)` of `x` from 0 to 15, then the same negative.
    signed_powers: [f32; 32],
}

static TABLES: LazyLock<Tables> = LazyLock::new(Tables::new);

fn power(x: usize) -> f32 {
    (x as f64).powf(4.0 / 3.0) as f32
}

/// The largest `|x|^(4/3)` of a line of a table.
pub(super) fn largest_power(table: u8) -> f32 {
    TABLES.powers[usize::from(LARGEST[usize::from(table & 31)])]
}

impl Tables {
    fn new() -> Self {
        let code = |table: usize| -> &'static [u16] {
            match table {
                1 => &codes::PAIRS_1,
                2 => &codes::PAIRS_2,
                3 => &codes::PAIRS_3,
                5 => &codes::PAIRS_5,
                6 => &codes::PAIRS_6,
                7 => &codes::PAIRS_7,
                8 => &codes::PAIRS_8,
                9 => &codes::PAIRS_9,
                10 => &codes::PAIRS_10,
                11 => &codes::PAIRS_11,
                12 => &codes::PAIRS_12,
                13 => &codes::PAIRS_13,
                15 => &codes::PAIRS_15,
                16..24 => &codes::PAIRS_16,
                24.. => &codes::PAIRS_24,
                // No code.
                _ => &[],
            }
        };
        Self {
            pairs: std::array::from_fn(|table| Pairs::new(code(table), LINBITS[table].into())),
            quadruples: [quadruples(false), quadruples(true)],
            powers: (0..POWERS).map(|x| if x > LARGEST_LINE { 0.0 } else { power(x) }).collect(),
            signed_powers: std::array::from_fn(|i| if i < 16 { power(i) } else { -power(i - 16) }),
        }
    }
}

impl Pairs {
    /// From the words of a code in ascending order.
    fn new(code: &[u16], linbits: u32) -> Self {
        let mut first = Box::new([0; FIRST]);
        // Words that are too long: with their places among all of `LONGEST` bits, and their lengths.
        let mut long: Vec<(usize, u32, Entry)> = Vec::new();
        let mut at = 0;
        for &word in code {
            let length = u32::from(word >> 8);
            let entry = entry(length, [u32::from(word >> 4 & 15), u32::from(word & 15)], linbits);
            if length <= FIRST_BITS {
                let start = at >> SECOND_BITS;
                first[start..start + (FIRST >> length)].fill(entry);
            } else {
                long.push((at, length, entry));
            }
            at += 1 << (LONGEST - length);
        }
        let mut second: Vec<Entry> = Vec::new();
        for words in long.chunk_by(|a, b| a.0 >> SECOND_BITS == b.0 >> SECOND_BITS) {
            let longest = words.iter().map(|&(_, length, _)| length).max().unwrap_or(0);
            let start = second.len() as Entry;
            first[words[0].0 >> SECOND_BITS] =
                SECOND | start << 6 | Entry::from(longest - FIRST_BITS);
            for &(_, length, entry) in words {
                second.resize(second.len() + (1 << (longest - length)), entry);
            }
        }
        Self { first, second }
    }
}

/// The entry of a word of so many bits.
fn entry(length: u32, lines: [u32; 2], linbits: u32) -> Entry {
    let mut entry = 0;
    let mut at = length;
    for (i, line) in lines.into_iter().enumerate() {
        let linbits = if line == 15 { linbits } else { 0 };
        let sign = at + linbits;
        entry |= Entry::from(sign) << (6 + 6 * i);
        entry |= Entry::from(line) << (18 + 5 * i);
        entry |= Entry::from(at) << (32 + 6 * i);
        entry |= Entry::from(linbits) << (44 + 4 * i);
        at = sign + u32::from(line > 0);
    }
    entry | Entry::from(at)
}

/// The look-up table of quadruples of table A or B. Words with their signs have at most ten bits.
fn quadruples(b: bool) -> Box<[u16; FIRST]> {
    let table_b: [u16; 16] = std::array::from_fn(|word| 4 << 8 | (15 - word as u16));
    let code = if b { table_b } else { codes::QUADRUPLES_A };
    let mut table = Box::new([0; FIRST]);
    let mut at = 0;
    for word in code {
        let length = u32::from(word >> 8) + (word & 15).count_ones();
        let places = FIRST >> length;
        for signs in 0..1_u16 << (word & 15).count_ones() {
            let mut lines = 0;
            let mut left = (word & 15).count_ones();
            for line in 0..4 {
                let value = if word >> (3 - line) & 1 == 0 {
                    1
                } else {
                    left -= 1;
                    if signs >> left & 1 == 1 { 0 } else { 2 }
                };
                lines |= value << (2 * line);
            }
            table[at..at + places].fill(lines << 8 | length as u16);
            at += places;
        }
    }
    table
}

/// Decodes the lines of a channel of a granule, `sign(x) · |x|^(4/3)`, up to line `needed` or a few more, and returns how many these are;
/// the lines behind are set to zero, up to the next multiple of eight after `needed`.
///
/// `coded_bits` is the length of the codes. The last word may be longer, up to `spare_bits`: `None` if it exceeds these. That is not seen
/// where it happens above `needed`.
pub(super) fn decode(
    mut bits: Bits<'_>,
    channel: &Channel,
    (coded_bits, spare_bits): (usize, usize),
    needed: usize,
    lines: &mut [f32; 576],
) -> Option<usize> {
    let tables: &Tables = &TABLES;
    let limit = bits.position() + coded_bits;
    let mut at = 0;
    for (&table, &end) in channel.tables.iter().zip(&channel.region_ends) {
        let table = usize::from(table & 31);
        let end = end.min(needed.next_multiple_of(2));
        let region = lines.get_mut(at..end).unwrap_or_default();
        let pairs = &tables.pairs[table];
        at += match table {
            0 | 4 | 14 => {
                region.fill(0.0);
                region.len()
            }
            1..16 => decode_small(&tables.signed_powers, pairs, limit, &mut bits, region),
            _ => decode_large(tables.powers.first_chunk()?, pairs, limit, &mut bits, region),
        };
    }
    let table = &tables.quadruples[usize::from(channel.count1_table_b)];
    let mut quadruples = 0;
    for quadruple in lines[at..].chunks_exact_mut(4) {
        if bits.position() >= limit || at + 4 * quadruples >= needed {
            break;
        }
        bits.refill();
        let entry = table[bits.peek(FIRST_BITS) as usize];
        bits.skip(u32::from(entry & 0xff));
        for (place, line) in quadruple.iter_mut().enumerate() {
            *line = f32::from(entry >> (8 + 2 * place) & 3) - 1.0;
        }
        quadruples += 1;
    }
    if bits.position() > limit + spare_bits {
        return None;
    }
    // The last quadruple was made of bits that are not codes.
    if bits.position() > limit && quadruples > 0 {
        quadruples -= 1;
    }
    at += 4 * quadruples;
    let end = needed.next_multiple_of(8).min(576);
    if at < end {
        lines[at..end].fill(0.0);
    }
    Some(at)
}

impl Pairs {
    /// The next pair. Its bits are ready.
    #[inline]
    fn look_up(&self, bits: &Bits<'_>) -> Entry {
        let entry = self.first[bits.peek(FIRST_BITS) as usize];
        if entry & SECOND == 0 {
            return entry;
        }
        let index = (entry >> 6) as u32 & 0xffff;
        let index = index + bits.peek_behind(FIRST_BITS, entry as u32 & 63);
        self.second.get(index as usize).copied().unwrap_or_default()
    }
}

/// Decodes pairs of a table without linbits into `region`, up to bit `limit`, and returns how many lines it has decoded.
fn decode_small(
    powers: &[f32; 32],
    pairs: &Pairs,
    limit: usize,
    bits: &mut Bits<'_>,
    region: &mut [f32],
) -> usize {
    let mut reader = *bits;
    let mut decoded = 0;
    // Two pairs have at most 42 bits.
    for two in region.chunks_mut(4) {
        reader.refill();
        for pair in two.chunks_exact_mut(2) {
            if reader.position() >= limit {
                *bits = reader;
                return decoded;
            }
            let entry = pairs.look_up(&reader) as u32;
            let sign = |at: u32| reader.peek_behind(entry >> at & 63, 1) << 4;
            pair[0] = powers[(sign(6) | entry >> 18 & 15) as usize];
            pair[1] = powers[(sign(12) | entry >> 23 & 15) as usize];
            reader.skip(entry & 63);
            decoded += 2;
        }
    }
    *bits = reader;
    decoded
}

/// The same of a table with linbits.
fn decode_large(
    powers: &[f32; POWERS],
    pairs: &Pairs,
    limit: usize,
    bits: &mut Bits<'_>,
    region: &mut [f32],
) -> usize {
    let mut reader = *bits;
    let mut decoded = 0;
    for pair in region.chunks_exact_mut(2) {
        if reader.position() >= limit {
            break;
        }
        // A pair has at most 17 + 2 · 14 bits.
        reader.refill();
        let entry = pairs.look_up(&reader);
        for (i, line) in pair.iter_mut().enumerate() {
            let small = entry as u32 >> (18 + 5 * i) & 15;
            let linbits = (entry >> (44 + 4 * i)) as u32 & 15;
            let linbits = reader.peek_few((entry >> (32 + 6 * i)) as u32 & 63, linbits);
            let sign = reader.peek_behind(entry as u32 >> (6 + 6 * i) & 63, 1);
            let power = powers[(small + linbits) as usize & (POWERS - 1)];
            *line = f32::from_bits(power.to_bits() | sign << 31);
        }
        reader.skip(entry as u32 & 63);
        decoded += 2;
    }
    *bits = reader;
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bits_are_a_word_of_every_code() {
        let tables: &Tables = &TABLES;
        for (number, pairs) in tables.pairs.iter().enumerate() {
            if matches!(number, 0 | 4 | 14) {
                continue;
            }
            for &entry in pairs.first.iter().chain(&pairs.second) {
                if entry & SECOND == 0 {
                    assert!((1..=17 + 28).contains(&(entry & 63)), "{number} {entry:x}");
                } else {
                    let end = (entry >> 6 & 0xffff) + (1 << (entry & 63));
                    assert!(end as usize <= pairs.second.len(), "{number} {entry:x}");
                }
            }
        }
        for entry in tables.quadruples.iter().flat_map(|table| table.iter()) {
            assert!((1..=10).contains(&(entry & 0xff)));
        }
    }
}
