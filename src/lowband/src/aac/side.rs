//! What comes before the spectral data of a channel: windows, sections, scale factors (ISO/IEC 14496-3, 4.4.2.7, 4.6.2, 4.6.3).

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

/// Codebooks and scales of the bands, by group.
#[derive(Debug, Clone)]
pub(super) struct Scales {
    pub(super) books: [[u8; MAX_BANDS]; 8],
    /// The bands of noise and of intensity.
    pub(super) kinds: [Kinds; 8],
    /// The factor of the lines; of intensity the factor of the other channel, without its sign.
    pub(super) factors: [[f32; MAX_BANDS]; 8],
}

impl Scales {
    pub(super) fn new() -> Self {
        Self {
            books: [[ZERO; MAX_BANDS]; 8],
            kinds: [Kinds::default(); 8],
            factors: [[0.0; MAX_BANDS]; 8],
        }
    }

    /// Reads sections, then scale factors (tables 4.52 and 4.53).
    pub(super) fn read(
        &mut self,
        bits: &mut Bits<'_>,
        info: &Info,
        gain: i16,
        tables: Tables,
    ) -> Result<()> {
        self.read_sections(bits, info)?;
        self.read_factors(bits, info, gain, tables)
    }

    fn read_sections(&mut self, bits: &mut Bits<'_>, info: &Info) -> Result<()> {
        let width = if info.is_short() { 3 } else { 5 };
        let more = (1 << width) - 1;
        for (books, kinds) in self.books.iter_mut().zip(&mut self.kinds).take(info.group_count) {
            let (mut band, mut sections) = (0, 0);
            *kinds = Kinds::default();
            while band < info.bands {
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
                match books[..info.bands].get_mut(start..band) {
                    Some(section) => section.fill(book),
                    None => return decode_error("aac: a section behind the last band"),
                }
                let section = (1 << band) - (1 << start);
                match book {
                    NOISE => kinds.noise |= section,
                    INTENSITY | INTENSITY_OUT_OF_PHASE => kinds.intensity |= section,
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn read_factors(
        &mut self,
        bits: &mut Bits<'_>,
        info: &Info,
        gain: i16,
        tables: Tables,
    ) -> Result<()> {
        let factors: &Factors = &FACTORS;
        // The values so far, as indices of their tables.
        let (mut line, mut noise, mut intensity) =
            (gain, gain - 90 + SCALE_OFFSET, INTENSITY_OFFSET);
        let mut first_noise = true;
        for (books, scales) in self.books.iter().zip(&mut self.factors).take(info.group_count) {
            for (&book, scale) in books.iter().zip(scales).take(info.bands) {
                let (value, table) = match book {
                    ZERO => {
                        *scale = 0.0;
                        continue;
                    }
                    NOISE if first_noise => {
                        first_noise = false;
                        noise += bits.read(9) as i16 - 256;
                        (noise, &factors.lines)
                    }
                    NOISE => {
                        noise += tables.scale(bits);
                        (noise, &factors.lines)
                    }
                    INTENSITY | INTENSITY_OUT_OF_PHASE => {
                        intensity += tables.scale(bits);
                        (intensity, &factors.intensity)
                    }
                    _ => {
                        line += tables.scale(bits);
                        (line, &factors.lines)
                    }
                };
                match usize::try_from(value).ok().and_then(|index| table.get(index)) {
                    Some(&factor) => *scale = factor,
                    None => return decode_error("aac: a scale factor that is out of range"),
                }
            }
        }
        Ok(())
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
