//! One channel of a packet: `individual_channel_stream` (ISO/IEC 14496-3, table 4.50), up to its lines.

use symphonia_core::errors::{Result, decode_error};

use super::FRAME;
use super::bands::Bands;
use super::bits::Bits;
use super::lookup::Tables;
use super::pulse::Pulses;
use super::side::{self, Group, Info};
use super::spectrum::{self, Noise, Wanted};
use super::tns::Tns;

/// The state of a channel.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) info: Info,
    /// Sections and factors of the bands, by group of windows.
    pub(super) groups: Box<[Group; 8]>,
    pulses: Option<Pulses>,
    tns: Tns,
    /// Lines of the block: line `i` of window `w` at `128 w + i`. Those that are not wanted are undefined.
    pub(super) lines: Box<[f32; FRAME]>,
    /// Number of lines of each window that are defined.
    pub(super) wanted: usize,
}

impl Channel {
    pub(super) fn new() -> Self {
        Self {
            info: Info::default(),
            groups: Box::new(std::array::from_fn(|_| Group::new())),
            pulses: None,
            tns: Tns::default(),
            lines: Box::new([0.0; FRAME]),
            wanted: 0,
        }
    }

    /// Forgets the block before.
    pub(super) fn reset(&mut self) {
        self.info = Info::default();
    }

    /// Reads all that comes before the spectral data, and decides how many lines are wanted. `kept` is the number of lines of a long
    /// window that are kept.
    pub(super) fn read_side(
        &mut self,
        bits: &mut Bits<'_>,
        bands: &Bands,
        has_common_windows: bool,
        kept: usize,
    ) -> Result<()> {
        let gain = bits.read(8) as i16;
        if !has_common_windows {
            self.info.read(bits, bands)?;
        }
        side::read_sections(bits, &self.info, &mut self.groups)?;
        side::read_factors(bits, &self.info, gain, Tables::get(), &mut self.groups)?;
        self.pulses = Pulses::read(bits);
        if self.pulses.is_some() && self.info.is_short() {
            return decode_error("aac: pulses in short windows");
        }
        self.tns.read(bits, &self.info)?;
        if bits.flag() {
            return decode_error("aac: gain control");
        }
        bits.check()?;
        let kept = kept * self.info.lines() / FRAME;
        self.wanted = self.tns.lines(&self.info, bands, kept);
        Ok(())
    }

    /// Reads the lines that are wanted.
    pub(super) fn read_lines(
        &mut self,
        bits: &mut Bits<'_>,
        bands: &Bands,
        is_last: bool,
        noise: &mut Noise,
    ) -> Result<()> {
        let wanted = Wanted { lines: self.wanted, is_last };
        let lines = &mut self.lines;
        spectrum::read(bits, &self.info, &self.groups, bands, wanted, noise, lines)?;
        if let Some(pulses) = &self.pulses {
            let offsets = &self.info.offsets(bands)[..=self.info.bands];
            pulses.apply(&mut lines[..wanted.lines], offsets, &self.groups[0]);
        }
        Ok(())
    }

    /// Applies the filters along the lines.
    pub(super) fn shape(&mut self, bands: &Bands) {
        if !self.tns.is_empty() {
            self.tns.apply(&mut self.lines[..], &self.info, bands, self.wanted);
        }
    }
}
