//! The spectral data of a channel: the lines that are kept are dequantised, the others skipped (ISO/IEC 14496-3, 4.6.3, 4.6.1).

use std::ops::Range;
use std::sync::LazyLock;

use symphonia_core::errors::Result;

use super::bands::{Bands, Offsets};
use super::bits::Bits;
use super::lookup::{ESCAPE, Pair, Table, Tables, Words, escape, is_escape};
use super::side::{Group, Info, NOISE};

/// Largest magnitude of a line.
const MAX_MAGNITUDE: usize = 8191;

/// `x^(4/3)` by magnitude.
pub(super) static POWERS: LazyLock<Box<[f32]>> =
    LazyLock::new(|| (0..=MAX_MAGNITUDE).map(|x| (x as f64).powf(4.0 / 3.0) as f32).collect());

/// `x^(4/3)` with the sign of `x`, by `x + 16`: all values of codewords, and room so that six bits index it.
static SIGNED: [f32; 64] = {
    let magnitudes: [f32; ESCAPE as usize + 1] = [
        0.0, 1.0, 2.519_842, 4.326_749, 6.349_604, 8.549_88, 10.902_724, 13.390_518, 16.0,
        18.720_754, 21.544_347, 24.463_781, 27.473_142, 30.567_35, 33.741_992, 36.993_18,
        40.317_474,
    ];
    let mut signed = [0.0; 64];
    let mut x = 0;
    while x <= ESCAPE as usize {
        signed[ESCAPE as usize + x] = magnitudes[x];
        signed[ESCAPE as usize - x] = -magnitudes[x];
        x += 1;
    }
    signed
};

/// What of the spectral data is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// Number of lines of each window, a multiple of 4.
    pub(super) lines: usize,
    /// Whether reading may end where no more lines are wanted, because nothing that matters follows.
    pub(super) is_last: bool,
}

/// A source of noise.
#[derive(Debug, Clone)]
pub(super) struct Noise(u32);

impl Noise {
    pub(super) fn new() -> Self {
        Self(1)
    }

    /// Fills a part of a band of `width` lines with noise, so that the band would have the energy 1 (4.6.13.3).
    fn fill(&mut self, lines: &mut [f32], width: usize) {
        let mut energy = 0.0;
        for line in &mut *lines {
            // A linear congruential generator, whose upper bits are good.
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *line = f32::from((self.0 >> 16) as i16) + 0.5;
            energy += *line * *line;
        }
        let share = lines.len() as f32 / width as f32;
        // The energy is at least that of 0.5 in one line.
        let factor = (share / energy.max(0.25)).sqrt();
        for line in lines {
            *line *= factor;
        }
    }
}

/// Reads the spectral data. Line `i` of window `w` becomes `lines[128 w + i]`, as far as it is wanted.
pub(super) fn read(
    bits: &mut Bits<'_>,
    info: &Info,
    groups: &[Group; 8],
    bands: &Bands,
    wanted: Wanted,
    noise: &mut Noise,
    lines: &mut [f32; super::FRAME],
) -> Result<()> {
    let size = info.lines();
    for window in lines.chunks_exact_mut(size) {
        window[..wanted.lines].fill(0.0);
    }
    let mut reader =
        Reader { tables: Tables::get(), offsets: info.offsets(bands), size, wanted, noise };
    let (mut lines, last) = (&mut lines[..], info.groups().len() - 1);
    for (index, (&windows, group)) in info.groups().iter().zip(groups).enumerate() {
        let of_group = lines.split_off_mut(..usize::from(windows) * size).unwrap_or_default();
        reader.wanted.is_last = wanted.is_last && index == last;
        reader.group(bits, group, of_group)?;
        // An error in time: the rest would be zeros.
        bits.check()?;
        for window in of_group.chunks_exact_mut(size) {
            let fours = window[..wanted.lines].as_chunks_mut::<4>().0;
            for (four, &band) in fours.iter_mut().zip(info.bands_of_fours(bands)) {
                let factor = group.factors[usize::from(band)];
                *four = four.map(|line| factor * line);
            }
        }
    }
    Ok(())
}

struct Reader<'a> {
    tables: Tables,
    offsets: Offsets,
    /// Number of lines of a window.
    size: usize,
    wanted: Wanted,
    noise: &'a mut Noise,
}

impl Reader<'_> {
    /// Reads a group of windows, whose lines are interleaved by bands; without their factors.
    fn group(&mut self, bits: &mut Bits<'_>, group: &Group, lines: &mut [f32]) -> Result<()> {
        let windows = lines.len() / self.size;
        for section in group.sections() {
            let bands = section.bands();
            if self.wanted.is_last && self.line(bands.start) >= self.wanted.lines {
                break;
            }
            if let Some(table) = self.tables.book(section.book) {
                if windows == 1 {
                    let range = self.line(bands.start)..self.line(bands.end);
                    self.lines(bits, table, range, lines)?;
                } else {
                    self.section(bits, table, bands, lines)?;
                }
            } else if section.book == NOISE {
                for band in bands {
                    let (start, end) = (self.line(band), self.line(band + 1));
                    let kept = start..end.min(self.wanted.lines);
                    for window in lines.chunks_exact_mut(self.size).filter(|_| !kept.is_empty()) {
                        self.noise.fill(&mut window[kept.clone()], end - start);
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads a section of several windows: band by band, and within it window by window.
    fn section(
        &self,
        bits: &mut Bits<'_>,
        table: &Table,
        bands: Range<usize>,
        lines: &mut [f32],
    ) -> Result<()> {
        let end = self.line(bands.end);
        for band in bands {
            let start = self.line(band);
            if start >= self.wanted.lines {
                // The codewords of all windows and bands follow each other.
                return table.skip(bits, (end - start) * (lines.len() / self.size));
            }
            for window in lines.chunks_exact_mut(self.size) {
                let (behind, kept) = (self.line(band + 1), self.wanted.lines);
                powers(bits, table, &mut window[start..behind.min(kept)])?;
                table.skip(bits, behind.saturating_sub(kept))?;
            }
        }
        Ok(())
    }

    /// Reads lines of one window.
    fn lines(
        &self,
        bits: &mut Bits<'_>,
        table: &Table,
        range: Range<usize>,
        window: &mut [f32],
    ) -> Result<()> {
        let kept = range.end.min(self.wanted.lines).max(range.start);
        powers(bits, table, &mut window[range.start..kept])?;
        if self.wanted.is_last { Ok(()) } else { table.skip(bits, range.end - kept) }
    }

    /// The first line of a band.
    fn line(&self, band: usize) -> usize {
        usize::from(self.offsets[band])
    }
}

/// Reads lines: the powers `x^(4/3)` of what is coded, with their signs.
fn powers(from: &mut Bits<'_>, table: &Table, lines: &mut [f32]) -> Result<()> {
    let mut bits = *from;
    match &table.words {
        Words::Quads(quads) => {
            for four in lines.as_chunks_mut().0 {
                bits.refill();
                *four = quads.next(&mut bits).map(|value| small_power(f32::from(value)));
            }
        }
        Words::Pairs(pairs, false) => {
            for [first, second, third, fourth] in lines.as_chunks_mut().0 {
                bits.refill();
                [*first, *second] = pair(pairs.next(&mut bits));
                [*third, *fourth] = pair(pairs.next(&mut bits));
            }
        }
        Words::Pairs(pairs, true) => {
            for two in lines.as_chunks_mut().0 {
                bits.refill();
                let word = pairs.next(&mut bits);
                *two = pair(word);
                if word.values.into_iter().any(is_escape) {
                    for (at, value) in word.values.into_iter().enumerate() {
                        if is_escape(value) {
                            let magnitude = escape(&mut bits)? as usize;
                            let power = POWERS[magnitude.min(MAX_MAGNITUDE)];
                            two[at] = f32::from_bits(power.to_bits() ^ word.signs[at]);
                        }
                    }
                }
            }
        }
    }
    *from = bits;
    Ok(())
}

/// `x^(4/3)` with the sign of `x`, for whole numbers from −2 to 2.
#[inline(always)]
#[allow(clippy::inline_always, reason = "part of the innermost loop")]
fn small_power(x: f32) -> f32 {
    // The odd cubic through 1 and 2^(4/3).
    const CUBIC: f32 = 0.086_640_35;
    x * (1.0 - CUBIC + CUBIC * x * x)
}

/// The lines of a codeword of two.
#[inline(always)]
#[allow(clippy::inline_always, reason = "part of the innermost loop")]
fn pair(word: Pair) -> [f32; 2] {
    let power = |value: u8| SIGNED[usize::from(value) % SIGNED.len()];
    let [first, second] = word.values.map(power);
    let with = |line: f32, sign| f32::from_bits(line.to_bits() ^ sign);
    [with(first, word.signs[0]), with(second, word.signs[1])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_powers_of_small_numbers_are_those_of_large_ones() {
        for (x, power) in POWERS.iter().enumerate().take(17) {
            assert!((SIGNED[16 + x] - power).abs() < 1e-5);
            assert!((SIGNED[16 - x] + power).abs() < 1e-5);
            if x < 3 {
                assert!((small_power(-(x as f32)) + power).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn noise_has_the_energy_of_its_band() {
        let mut noise = Noise::new();
        let mut lines = [0.0; 16];
        for (kept, energy) in [(16, 1.0), (4, 0.25)] {
            noise.fill(&mut lines[..kept], 16);
            let sum: f32 = lines[..kept].iter().map(|x| x * x).sum();
            assert!((sum - energy).abs() < 1e-4, "{sum}");
        }
    }
}
