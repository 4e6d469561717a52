//! What comes before the spectral data of a channel: windows, sections, scale factors (ISO/IEC 14496-3, 4.4.2.7, 4.6.2, 4.6.3).

use std::ops::Range;
use std::sync::LazyLock;

use symphonia_core::errors::{Result, decode_error, unsupported_error};

use super::bands::{Bands, MAX_BANDS, Offsets, SHORT_LINES};
use super::bits::Bits;
use super::lookup::Tables;
use crate::NEEDS_FULL;

/// Codebook of a band without lines.
pub(super) const ZERO: u8 = 0;
/// Codebook that is reserved.
const RESERVED: u8 = 12;
/// Codebook of a band of noise (4.6.13).
pub(super) const NOISE: u8 = 13;
/// Codebook of a band that repeats the other channel with the sign turned (4.6.8.2).
pub(super) const INTENSITY_OUT_OF_PHASE: u8 = 14;
/// Codebook of a band that repeats the other channel.
pub(super) const INTENSITY: u8 = 15;

/// Sections that a group may have, as many as Symphonia takes. Sections of no band make more than there are bands.
const MAX_SECTIONS: usize = 64;
/// The offset of scale factors of lines and noise, of which a value of −100 is the smallest.
const SCALE_OFFSET: i16 = 100;
/// The offset of intensity positions.
const INTENSITY_OFFSET: i16 = 155;

/// The windows of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Sequence {
    #[default]
    OnlyLong,
    LongStart,
    EightShort,
    LongStop,
}

/// How a block is windowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Windows {
    pub(super) sequence: Sequence,
    /// Whether the falling half is a Kaiser-Bessel derived window rather than a sine.
    pub(super) kbd: bool,
    /// Whether the rising half is: the shape of the block before.
    pub(super) kbd_before: bool,
}

/// Windows, groups and bands of a block: `ics_info` (table 4.6).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Info {
    pub(super) windows: Windows,
    /// Number of bands that are coded.
    pub(super) bands: usize,
    /// Number of windows of each group.
    groups: [u8; 8],
    group_count: usize,
}

impl Info {
    /// Reads the windows of the next block.
    pub(super) fn read(&mut self, bits: &mut Bits<'_>, bands: &Bands) -> Result<()> {
        self.windows.kbd_before = self.windows.kbd;
        if bits.flag() {
            return decode_error("aac: a reserved bit is set");
        }
        self.windows.sequence = match bits.read(2) {
            0 => Sequence::OnlyLong,
            1 => Sequence::LongStart,
            2 => Sequence::EightShort,
            _ => Sequence::LongStop,
        };
        self.windows.kbd = bits.flag();
        self.groups = [0; 8];
        self.group_count = 1;
        if self.is_short() {
            self.bands = bits.read(4) as usize;
            self.groups[0] = 1;
            for _ in 0..7 {
                self.group_count += usize::from(!bits.flag());
                self.groups[self.group_count - 1] += 1;
            }
        } else {
            self.groups[0] = 1;
            self.bands = bits.read(6) as usize;
            if bits.flag() {
                // Prediction is not part of AAC-LC.
                return unsupported_error(NEEDS_FULL);
            }
        }
        if self.bands >= self.offsets(bands).len() {
            return decode_error("aac: more bands than there are");
        }
        Ok(())
    }

    /// Takes the windows of the other channel, which are common.
    pub(super) fn copy(&mut self, other: &Self) {
        let kbd_before = self.windows.kbd;
        *self = *other;
        self.windows.kbd_before = kbd_before;
    }

    pub(super) fn is_short(&self) -> bool {
        self.windows.sequence == Sequence::EightShort
    }

    /// Number of windows of each group.
    pub(super) fn groups(&self) -> &[u8] {
        &self.groups[..self.group_count]
    }

    /// The first lines of the bands of a window.
    pub(super) fn offsets(&self, bands: &Bands) -> Offsets {
        if self.is_short() { bands.short } else { bands.long }
    }

    /// The band of each four lines of a window.
    pub(super) fn bands_of_fours<'a>(&self, bands: &'a Bands) -> &'a [u8] {
        if self.is_short() { &bands.of_fours_short } else { &bands.of_fours_long }
    }

    /// Number of lines of a window.
    pub(super) fn lines(&self) -> usize {
        if self.is_short() { SHORT_LINES } else { super::FRAME }
    }
}

/// Bands without lines of their own: one bit per band.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Kinds {
    pub(super) noise: u64,
    pub(super) intensity: u64,
}

/// Bands in a row that have the same codebook.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Section {
    pub(super) book: u8,
    pub(super) start: u8,
    pub(super) end: u8,
}

impl Section {
    pub(super) fn bands(self) -> Range<usize> {
        usize::from(self.start)..usize::from(self.end)
    }
}

/// Codebooks and scales of the bands of a group of windows.
#[derive(Debug, Clone)]
pub(super) struct Group {
    sections: [Section; MAX_BANDS],
    section_count: usize,
    /// The bands of noise and of intensity.
    pub(super) kinds: Kinds,
    /// The factor of the lines of a band; of intensity the factor of the other channel, without its sign.
    pub(super) factors: [f32; MAX_BANDS],
}

impl Group {
    pub(super) fn new() -> Self {
        Self {
            sections: [Section::default(); MAX_BANDS],
            section_count: 0,
            kinds: Kinds::default(),
            factors: [0.0; MAX_BANDS],
        }
    }

    /// Sections of a book up to a band, with one factor.
    #[cfg(test)]
    pub(super) fn of_sections(sections: &[(u8, u8)], factor: f32) -> Self {
        let mut group = Self { factors: [factor; MAX_BANDS], ..Self::new() };
        for &(book, end) in sections {
            let start = group.sections().last().map_or(0, |section| section.end);
            group.sections[group.section_count] = Section { book, start, end };
            group.section_count += 1;
        }
        group
    }

    /// The sections that have bands.
    pub(super) fn sections(&self) -> &[Section] {
        &self.sections[..self.section_count]
    }

    /// The codebook of a band.
    pub(super) fn book(&self, band: usize) -> u8 {
        let section = self.sections().iter().find(|section| band < usize::from(section.end));
        section.map_or(ZERO, |section| section.book)
    }

    /// Reads the sections of `bands` bands, whose lengths are told in `width` bits (table 4.52).
    fn read_sections(&mut self, bits: &mut Bits<'_>, bands: usize, width: u32) -> Result<()> {
        let more = (1 << width) - 1;
        let (mut band, mut sections) = (0, 0);
        self.section_count = 0;
        self.kinds = Kinds::default();
        while band < bands {
            if sections == MAX_SECTIONS {
                return decode_error("aac: too many sections");
            }
            sections += 1;
            let book = bits.read(4) as u8;
            if book == RESERVED {
                return decode_error("aac: a reserved codebook");
            }
            let start = band;
            loop {
                let length = bits.read(width);
                band += length as usize;
                if length < more {
                    break;
                }
                // So that the loop ends at the end of the packet.
                bits.check()?;
            }
            if band > bands {
                return decode_error("aac: a section behind the last band");
            }
            if start == band {
                continue;
            }
            self.sections[self.section_count] =
                Section { book, start: start as u8, end: band as u8 };
            self.section_count += 1;
            let section = (1 << band) - (1 << start);
            match book {
                NOISE => self.kinds.noise |= section,
                INTENSITY | INTENSITY_OUT_OF_PHASE => self.kinds.intensity |= section,
                _ => {}
            }
        }
        Ok(())
    }
}

/// Reads the sections of all groups.
pub(super) fn read_sections(
    bits: &mut Bits<'_>,
    info: &Info,
    groups: &mut [Group; 8],
) -> Result<()> {
    let width = if info.is_short() { 3 } else { 5 };
    for group in &mut groups[..info.group_count] {
        group.read_sections(bits, info.bands, width)?;
    }
    Ok(())
}

/// Reads the scale factors of all groups (table 4.53).
pub(super) fn read_factors(
    bits: &mut Bits<'_>,
    info: &Info,
    gain: i16,
    tables: Tables,
    groups: &mut [Group; 8],
) -> Result<()> {
    // A copy stays in registers.
    let mut local = *bits;
    let result = factors_of(&mut local, info, gain, tables, groups);
    *bits = local;
    result
}

#[inline(always)]
#[allow(clippy::inline_always, reason = "so that the bits stay in registers")]
fn factors_of(
    bits: &mut Bits<'_>,
    info: &Info,
    gain: i16,
    tables: Tables,
    groups: &mut [Group; 8],
) -> Result<()> {
    let of: &Factors = &FACTORS;
    // The values so far, as indices of their tables.
    let (mut line, mut noise, mut intensity) = (gain, gain - 90 + SCALE_OFFSET, INTENSITY_OFFSET);
    let mut is_first_noise = true;
    for group in &mut groups[..info.group_count] {
        let Group { sections, section_count, factors, .. } = group;
        for section in &sections[..*section_count] {
            let factors = &mut factors[section.bands()];
            match section.book {
                ZERO => factors.fill(0.0),
                NOISE => {
                    let mut factors = factors.iter_mut();
                    if is_first_noise && let Some(factor) = factors.next() {
                        is_first_noise = false;
                        noise += bits.read(9) as i16 - 256;
                        *factor = factor_of(&of.lines, noise)?;
                    }
                    for factor in factors {
                        noise += tables.scale(bits);
                        *factor = factor_of(&of.lines, noise)?;
                    }
                }
                INTENSITY | INTENSITY_OUT_OF_PHASE => {
                    for factor in factors {
                        intensity += tables.scale(bits);
                        *factor = factor_of(&of.intensity, intensity)?;
                    }
                }
                _ => {
                    for factor in factors {
                        line += tables.scale(bits);
                        *factor = factor_of(&of.lines, line)?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// The factor of a scale factor, or an error if it is out of range.
#[inline]
fn factor_of(factors: &[f32; 256], value: i16) -> Result<f32> {
    match factors.get(value as usize) {
        Some(&factor) => Ok(factor),
        None => decode_error("aac: a scale factor that is out of range"),
    }
}

/// Factors by scale factor.
struct Factors {
    /// `2^((value − 100) / 4)`, as a part of a full scale of 2^14: what Symphonia's transform expects.
    lines: [f32; 256],
    /// `0.5^((value − 155) / 4)`: intensity positions begin at −155.
    intensity: [f32; 256],
}

static FACTORS: LazyLock<Box<Factors>> = LazyLock::new(|| {
    let power =
        |index: usize, sign: f32, offset: f32| (sign * 0.25 * (index as f32 - offset)).exp2();
    Box::new(Factors {
        lines: std::array::from_fn(|index| power(index, 1.0, 156.0)),
        intensity: std::array::from_fn(|index| power(index, -1.0, f32::from(INTENSITY_OFFSET))),
    })
});
