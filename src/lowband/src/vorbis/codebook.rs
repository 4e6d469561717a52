//! Codebooks: a code, and the vector that each of its entries stands for (Vorbis I specification, section 3).

use symphonia_core::errors::{Result, decode_error};
use symphonia_core::io::{BitReaderRtl, ReadBitsRtl as _};

use super::bits::{Bits, REFILLED};
use super::code::{Code, Skip};
use super::headers::{needs_full, position_of_highest_bit};

/// The most entries of all books together. Encoders need some 20,000.
const MAX_ENTRIES: usize = 1 << 18;
/// The most values of all vectors together. Encoders need some 50,000.
const MAX_VALUES: usize = 1 << 21;
/// The limits of Symphonia's decoder for one book.
const MAX_BOOK_ENTRIES: usize = 128 * 1024;
const MAX_BOOK_DIMENSIONS: usize = 32;

/// A codebook.
pub(super) struct Codebook {
    dimensions: usize,
    entries: usize,
    code: Code,
    lookup: Option<Lookup>,
    /// What residues need: `None` until one uses the book for vectors.
    vectors: Option<Vectors>,
}

/// How vectors are made (section 3.2.1).
struct Lookup {
    /// Each value of a vector has its own multiplicand: type 2. Otherwise vectors share them: type 1.
    tabular: bool,
    minimum: f32,
    delta: f32,
    /// Each value is added to the one before.
    cumulative: bool,
    multiplicands: Vec<u16>,
}

/// The vectors of a book, and how to skip its codewords.
struct Vectors {
    /// `entries × dimensions`.
    values: Vec<f32>,
    skip: Skip,
}

/// What all books of a set-up may take together.
pub(super) struct Budget {
    entries: usize,
    values: usize,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { entries: MAX_ENTRIES, values: MAX_VALUES }
    }

    /// Takes room for tables of `values` values.
    pub(super) fn take_values(&mut self, values: usize) -> Result<()> {
        self.values = self.values.checked_sub(values).ok_or(needs_full())?;
        Ok(())
    }
}

impl Codebook {
    /// Reads one codebook of the set-up header.
    pub(super) fn read(bits: &mut BitReaderRtl<'_>, budget: &mut Budget) -> Result<Self> {
        if bits.read_bits_leq32(24)? != 0x56_4342 {
            return decode_error("vorbis: no codebook where one is expected");
        }
        let dimensions = bits.read_bits_leq32(16)? as usize;
        let entries = bits.read_bits_leq32(24)? as usize;
        if dimensions == 0 || dimensions > MAX_BOOK_DIMENSIONS || entries > MAX_BOOK_ENTRIES {
            return decode_error("vorbis: a codebook of an impossible size");
        }
        budget.entries = budget.entries.checked_sub(entries).ok_or(needs_full())?;
        let lengths = read_lengths(bits, entries)?;
        let lookup = read_lookup(bits, entries, dimensions)?;
        let Ok(code) = Code::new(&lengths) else {
            return decode_error("vorbis: codeword lengths that make no code");
        };
        Ok(Self { dimensions, entries, code, lookup, vectors: None })
    }

    /// Values of one vector, or classifications of one codeword.
    #[inline]
    pub(super) fn dimensions(&self) -> usize {
        self.dimensions
    }

    pub(super) fn entries(&self) -> usize {
        self.entries
    }

    /// Makes the vectors, for [`Codebook::add_vectors`] and [`Codebook::skip`]. Nothing happens to a book that has none.
    pub(super) fn make_vectors(&mut self, budget: &mut Budget) -> Result<()> {
        if let (Some(lookup), None) = (&self.lookup, &self.vectors) {
            budget.take_values(self.entries * self.dimensions)?;
            let values = lookup.values(self.entries, self.dimensions);
            self.vectors = Some(Vectors { values, skip: Skip::new(&self.code) });
        }
        Ok(())
    }

    /// Whether the book has vectors.
    #[inline]
    pub(super) fn has_vectors(&self) -> bool {
        self.vectors.is_some()
    }

    /// Reads the number of an entry. Past the end of the packet it gives any entry.
    #[inline]
    pub(super) fn read_entry(&self, bits: &mut Bits<'_>) -> usize {
        bits.refill();
        let (entry, length) = self.code.decode(bits.peek());
        bits.consume(length);
        entry
    }

    /// Reads vectors of `D` values and adds them to `lines`, one after the other, until these are full. Past the end of the packet
    /// nothing is added.
    // Inlined, the loops would have to share registers.
    #[inline(never)]
    pub(super) fn add_vectors<const D: usize>(&self, bits: &mut Bits<'_>, lines: &mut [f32]) {
        let Some(vectors) = &self.vectors else { return };
        let (vectors, _) = vectors.values.as_chunks::<D>();
        let (lines, _) = lines.as_chunks_mut::<D>();
        if bits.left() < lines.len() * self.code.longest() as usize {
            return self.add_last_vectors(bits, lines.as_flattened_mut());
        }
        let mut local = *bits;
        for group in lines.chunks_mut(self.code.refilled()) {
            local.refill();
            for lines in group {
                let (entry, length) = self.code.decode(local.peek());
                local.consume(length);
                if let Some(vector) = vectors.get(entry) {
                    for (line, value) in lines.iter_mut().zip(vector) {
                        *line += value;
                    }
                }
            }
        }
        *bits = local;
    }

    /// [`Codebook::add_vectors`] of any number of values.
    #[inline(never)]
    pub(super) fn add_any_vectors(&self, bits: &mut Bits<'_>, lines: &mut [f32]) {
        let Some(vectors) = &self.vectors else { return };
        if bits.left() < lines.len() / self.dimensions * self.code.longest() as usize {
            return self.add_last_vectors(bits, lines);
        }
        let mut local = *bits;
        for lines in lines.chunks_exact_mut(self.dimensions) {
            let entry = self.read_entry(&mut local);
            add(lines, &vectors.values, entry * self.dimensions);
        }
        *bits = local;
    }

    /// [`Codebook::add_vectors`] near the end of the packet: looks after each codeword whether the packet has ended.
    #[cold]
    fn add_last_vectors(&self, bits: &mut Bits<'_>, lines: &mut [f32]) {
        let Some(vectors) = &self.vectors else { return };
        for lines in lines.chunks_exact_mut(self.dimensions) {
            let entry = self.read_entry(bits);
            if bits.ended() {
                return;
            }
            add(lines, &vectors.values, entry * self.dimensions);
        }
    }

    /// Reads vectors and adds them to `lines`, value `j` of vector `i` to line `i + j · vectors`. Past the end of the packet nothing
    /// is added.
    pub(super) fn add_interleaved_vectors(&self, bits: &mut Bits<'_>, lines: &mut [f32]) {
        let Some(vectors) = &self.vectors else { return };
        let count = lines.len() / self.dimensions;
        for first in 0..count {
            let entry = self.read_entry(bits);
            if bits.ended() {
                return;
            }
            let values = vectors.values.get(entry * self.dimensions..).unwrap_or_default();
            for (line, value) in lines.iter_mut().skip(first).step_by(count).zip(values) {
                *line += value;
            }
        }
    }

    /// Reads `count` codewords and drops them.
    #[inline(never)]
    pub(super) fn skip(&self, bits: &mut Bits<'_>, mut count: u32) {
        let Some(vectors) = &self.vectors else { return };
        let mut local = *bits;
        while count > 0 {
            local.refill();
            for _ in 0..REFILLED / Skip::BITS {
                let (skipped, length) = vectors.skip.look(local.peek(), count);
                local.consume(length);
                count -= skipped;
                if skipped == 0 || count == 0 {
                    break;
                }
            }
            if count > 0 && vectors.skip.look(local.peek(), count).0 == 0 {
                local.refill();
                local.consume(self.code.decode(local.peek()).1);
                count -= 1;
            }
        }
        *bits = local;
    }
}

/// Adds the vector at `start` to `lines`.
#[inline]
fn add(lines: &mut [f32], values: &[f32], start: usize) {
    if let Some(vector) = values.get(start..start + lines.len()) {
        for (line, value) in lines.iter_mut().zip(vector) {
            *line += value;
        }
    }
}

impl Lookup {
    /// The vectors of all entries, one after the other.
    fn values(&self, entries: usize, dimensions: usize) -> Vec<f32> {
        let shared = self.multiplicands.len().max(1);
        let mut values = Vec::with_capacity(entries * dimensions);
        for entry in 0..entries {
            let (mut last, mut quotient) = (0.0, entry);
            for dimension in 0..dimensions {
                let index =
                    if self.tabular { entry * dimensions + dimension } else { quotient % shared };
                quotient /= shared;
                let multiplicand = self.multiplicands.get(index).copied().unwrap_or(0);
                let value = f32::from(multiplicand) * self.delta + self.minimum + last;
                if self.cumulative {
                    last = value;
                }
                values.push(value);
            }
        }
        values
    }
}

/// Reads the lengths of the codewords, 0 for an entry without one.
fn read_lengths(bits: &mut BitReaderRtl<'_>, entries: usize) -> Result<Vec<u8>> {
    let mut lengths = Vec::new();
    if bits.read_bool()? {
        // In order of their length.
        let mut length = bits.read_bits_leq32(5)? + 1;
        while lengths.len() < entries {
            let left = (entries - lengths.len()) as u32;
            let count = bits.read_bits_leq32(position_of_highest_bit(left))?;
            if count > left || (count > 0 && length > 32) {
                return decode_error("vorbis: codeword lengths of more entries than there are");
            }
            lengths.resize(lengths.len() + count as usize, length as u8);
            length += 1;
        }
    } else {
        let sparse = bits.read_bool()?;
        for _ in 0..entries {
            let used = !sparse || bits.read_bool()?;
            lengths.push(if used { bits.read_bits_leq32(5)? as u8 + 1 } else { 0 });
        }
    }
    Ok(lengths)
}

/// Reads how vectors are made. `None` if the book has none.
fn read_lookup(
    bits: &mut BitReaderRtl<'_>,
    entries: usize,
    dimensions: usize,
) -> Result<Option<Lookup>> {
    let lookup_type = bits.read_bits_leq32(4)?;
    let tabular = match lookup_type {
        0 => return Ok(None),
        1 => false,
        2 => true,
        _ => return decode_error("vorbis: unknown type of vectors"),
    };
    let minimum = unpack_float(bits.read_bits_leq32(32)?);
    let delta = unpack_float(bits.read_bits_leq32(32)?);
    let width = bits.read_bits_leq32(4)? + 1;
    let cumulative = bits.read_bool()?;
    let count = if tabular { entries * dimensions } else { root(entries, dimensions) };
    let mut multiplicands = Vec::new();
    for _ in 0..count {
        multiplicands.push(bits.read_bits_leq32(width)? as u16);
    }
    Ok(Some(Lookup { tabular, minimum, delta, cumulative, multiplicands }))
}

/// `float32_unpack` of section 9.2.2: 21 bits of mantissa, 10 of exponent, a sign.
fn unpack_float(packed: u32) -> f32 {
    let mantissa = f64::from(packed & 0x1f_ffff);
    let exponent = (packed >> 21 & 0x3ff) as i32 - 788;
    let value = (mantissa * 2_f64.powi(exponent)) as f32;
    if packed >> 31 == 0 { value } else { -value }
}

/// `lookup1_values` of section 9.2.3: the greatest number whose power of `dimensions` is at most `entries`.
fn root(entries: usize, dimensions: usize) -> usize {
    let fits = |base: usize| {
        let power = base.checked_pow(dimensions as u32);
        power.is_some_and(|power| power <= entries)
    };
    // An estimate, one off at most.
    let estimate = (entries as f64).powf(1.0 / dimensions as f64) as usize;
    (estimate.saturating_sub(1)..=estimate + 1).rev().find(|&base| fits(base)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Lookup, root, unpack_float};

    #[test]
    fn roots_are_exact() {
        for base in 1..=50_usize {
            for dimensions in 1..=4 {
                let power = base.pow(dimensions as u32);
                assert_eq!(root(power, dimensions), base);
                assert_eq!(root(power - 1, dimensions), base - 1);
            }
        }
        assert_eq!(root(0, 3), 0);
        assert_eq!(root(361, 2), 19);
        assert_eq!(root(131_072, 32), 1);
    }

    #[test]
    fn floats_are_unpacked() {
        let pack = |mantissa: u32, exponent: u32| mantissa | exponent << 21;
        assert!((unpack_float(pack(1, 788)) - 1.0).abs() < 1e-9);
        assert!((unpack_float(pack(3, 787) | 1 << 31) + 1.5).abs() < 1e-9);
    }

    #[test]
    fn vectors_share_multiplicands_or_have_their_own() {
        let lookup = |tabular, cumulative, multiplicands| Lookup {
            tabular,
            minimum: -1.0,
            delta: 0.5,
            cumulative,
            multiplicands,
        };
        let close = |values: Vec<f32>, expected: &[f32]| {
            assert_eq!(values.len(), expected.len());
            assert!(values.iter().zip(expected).all(|(value, other)| (value - other).abs() < 1e-6));
        };
        close(lookup(false, false, vec![0, 4]).values(4, 2), &[-1., -1., 1., -1., -1., 1., 1., 1.]);
        close(lookup(false, true, vec![0, 4]).values(4, 2), &[-1., -2., 1., 0., -1., 0., 1., 2.]);
        close(lookup(true, false, vec![0, 2, 4, 6]).values(2, 2), &[-1., 0., 1., 2.]);
    }
}
