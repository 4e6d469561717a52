//! Huffman decoding of spectral lines: ISO/IEC 11172-3, section 2.4.1.7 (`Huffmancodebits`) and 2.4.2.7.

use std::sync::LazyLock;

use super::bits::Bits;
use super::huffman_tables as codes;
use super::side::Channel;

/// Bits of the first look-up. A word and its signs that are longer need a second.
const FIRST_BITS: u32 = 10;

/// Size of the table of the first look-up.
const FIRST: usize = 1 << FIRST_BITS;

/// Longest word with its signs: 19 bits and two.
const LONGEST: u32 = 21;

/// Linbits by table.
const LINBITS: [u8; 32] = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 6, 8, 10, 13, 4, 5, 6, 7, 8, 9, 11,
    13,
];

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

/// Index of the code of a table in [`Tables::pairs`]; 0 is no code.
const CODE: [u8; 32] = [
    0, 1, 2, 3, 0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 13, 14, 14, 14, 14, 14, 14, 14, 14, 15, 15, 15,
    15, 15, 15, 15, 15,
];

/// Bits behind those of the first look-up.
const SECOND_BITS: u32 = LONGEST - FIRST_BITS;

/// What a look-up finds of a pair of lines.
///
/// Bits 0–7: the length of the word, with signs. Bits 8–15 and 16–23: the lines plus 16. If [`LINBITS_FOLLOW`] is set, the length is
/// without signs and the lines are so, too. If [`SECOND`] is set, bits 0–7 tell the bits of the second look-up, bits 8–23 where its
/// table starts.
type Entry = u32;

/// A line is 15, in a table with linbits.
const LINBITS_FOLLOW: Entry = 1 << 30;

/// The word is too long for the first look-up.
const SECOND: Entry = 1 << 31;

/// The look-up tables of a code of pairs.
#[derive(Debug)]
struct Pairs {
    first: Box<[Entry; FIRST]>,
    second: Vec<Entry>,
}

/// All tables.
#[derive(Debug)]
struct Tables {
    pairs: Vec<Pairs>,
    /// Of quadruples: bits 0–7 hold the length with signs, then two bits per line, the line plus 1.
    quadruples: [Box<[u16; FIRST]>; 2],
    /// `|x|^(4/3)` for all lines there can be.
    powers: Vec<f32>,
    /// `x^(4/3)` with the sign of `x`, for `x` from -15, at 1, to 15, at 31.
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
        let pairs = [
            // No code.
            &[0][..],
            &codes::PAIRS_1,
            &codes::PAIRS_2,
            &codes::PAIRS_3,
            &codes::PAIRS_5,
            &codes::PAIRS_6,
            &codes::PAIRS_7,
            &codes::PAIRS_8,
            &codes::PAIRS_9,
            &codes::PAIRS_10,
            &codes::PAIRS_11,
            &codes::PAIRS_12,
            &codes::PAIRS_13,
            &codes::PAIRS_15,
            &codes::PAIRS_16,
            &codes::PAIRS_24,
        ];
        let pairs = pairs.iter().enumerate();
        Self {
            pairs: pairs.map(|(i, code)| Pairs::new(code, i >= 14)).collect(),
            quadruples: [quadruples(false), quadruples(true)],
            powers: (0..15 + (1 << 13)).map(power).collect(),
            signed_powers: std::array::from_fn(|i| {
                power(i.abs_diff(16)) * if i < 16 { -1.0 } else { 1.0 }
            }),
        }
    }
}

impl Pairs {
    /// From the words of a code in ascending order.
    fn new(code: &[u16], linbits: bool) -> Self {
        let mut first = Box::new([0; FIRST]);
        // Words that are too long, with their places among all of `LONGEST` bits.
        let mut long: Vec<(usize, Entry)> = Vec::new();
        let mut at = 0;
        let mut add = |length: u32, entry: Entry| {
            if length <= FIRST_BITS {
                let start = at >> (LONGEST - FIRST_BITS);
                first[start..start + (FIRST >> length)].fill(entry);
            } else {
                long.push((at, entry));
            }
            at += 1 << (LONGEST - length);
        };
        for &word in code {
            let length = u32::from(word >> 8);
            let (x, y) = (u32::from(word >> 4 & 15), u32::from(word & 15));
            if linbits && (x == 15 || y == 15) {
                add(length, entry(length, 16 + x, 16 + y) | LINBITS_FOLLOW);
                continue;
            }
            let (x_signs, y_signs) = (u32::from(x > 0), u32::from(y > 0));
            let length = length + x_signs + y_signs;
            for sign in 0..1 << (x_signs + y_signs) {
                let x = if sign >> y_signs & x_signs == 1 { 16 - x } else { 16 + x };
                let y = if sign & y_signs == 1 { 16 - y } else { 16 + y };
                add(length, entry(length, x, y));
            }
        }
        let mut second: Vec<Entry> = Vec::new();
        for words in long.chunk_by(|a, b| a.0 >> SECOND_BITS == b.0 >> SECOND_BITS) {
            let longest = words.iter().map(|(_, entry)| entry & 0xff).max().unwrap_or(0);
            let start = second.len();
            first[words[0].0 >> SECOND_BITS] =
                SECOND | (start as u32) << 8 | (longest - FIRST_BITS);
            for (_, entry) in words {
                let places = 1 << (longest - (entry & 0xff));
                second.resize(second.len() + places, *entry);
            }
        }
        Self { first, second }
    }
}

fn entry(length: u32, x: u32, y: u32) -> Entry {
    y << 16 | x << 8 | length
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
    let mut left = coded_bits as i32;
    let mut at = 0;
    for (&table, &end) in channel.tables.iter().zip(&channel.region_ends) {
        let table = usize::from(table & 31);
        let end = end.min(needed.next_multiple_of(2));
        let region = lines.get_mut(at..end).unwrap_or_default();
        let code = usize::from(CODE[table]);
        if code == 0 {
            region.fill(0.0);
            at += region.len();
        } else {
            let pairs = &tables.pairs[code];
            let linbits = u32::from(LINBITS[table]);
            at += decode_pairs(tables, pairs, linbits, &mut bits, &mut left, region);
        }
    }
    let table = &tables.quadruples[usize::from(channel.count1_table_b)];
    let mut quadruples = 0;
    for quadruple in lines[at..].chunks_exact_mut(4) {
        if left <= 0 || at + 4 * quadruples >= needed {
            break;
        }
        bits.refill();
        let entry = table[bits.peek(FIRST_BITS) as usize];
        let length = u32::from(entry & 0xff);
        bits.skip(length);
        left -= length as i32;
        for (place, line) in quadruple.iter_mut().enumerate() {
            *line = f32::from(entry >> (8 + 2 * place) & 3) - 1.0;
        }
        quadruples += 1;
    }
    if -left > spare_bits as i32 {
        return None;
    }
    // The last quadruple was made of bits that are not codes.
    if left < 0 && quadruples > 0 {
        quadruples -= 1;
    }
    at += 4 * quadruples;
    let end = needed.next_multiple_of(8).min(576);
    if at < end {
        lines[at..end].fill(0.0);
    }
    Some(at)
}

/// Decodes pairs into `region` while bits are left, and returns how many lines it has decoded.
#[inline]
fn decode_pairs(
    tables: &Tables,
    pairs: &Pairs,
    linbits: u32,
    bits: &mut Bits<'_>,
    bits_left: &mut i32,
    region: &mut [f32],
) -> usize {
    let powers = &tables.signed_powers;
    let first: &[Entry; FIRST] = &pairs.first;
    let mut reader = *bits;
    let mut left = *bits_left;
    let mut decoded = 0;
    for pair in region.chunks_exact_mut(2) {
        if left <= 0 {
            break;
        }
        reader.refill();
        let mut entry = first[reader.peek(FIRST_BITS) as usize];
        if entry & SECOND != 0 {
            let index = (entry >> 8 & 0xffff) + reader.peek_behind(FIRST_BITS, entry & 0xff);
            entry = pairs.second.get(index as usize).copied().unwrap_or_default();
        }
        reader.skip(entry & 0xff);
        left -= (entry & 0xff) as i32;
        if entry & LINBITS_FOLLOW == 0 {
            pair[0] = powers[(entry >> 8 & 31) as usize];
            pair[1] = powers[(entry >> 16 & 31) as usize];
        } else {
            for (line, value) in pair.iter_mut().zip([entry >> 8 & 15, entry >> 16 & 15]) {
                *line = linbits_line(&tables.powers, &mut reader, value, linbits, &mut left);
            }
        }
        decoded += 2;
    }
    *bits = reader;
    *bits_left = left;
    decoded
}

/// A line whose sign, and linbits if it is 15, follow. With its word a pair has at most 17 + 2 · 14 bits: these are ready.
fn linbits_line(
    powers: &[f32],
    bits: &mut Bits<'_>,
    value: u32,
    linbits: u32,
    left: &mut i32,
) -> f32 {
    if value == 0 {
        return 0.0;
    }
    let mut value = value;
    if value == 15 {
        value += bits.take(linbits);
        *left -= linbits as i32;
    }
    *left -= 1;
    let power = powers.get(value as usize).copied().unwrap_or_default();
    if bits.take(1) == 1 { -power } else { power }
}
