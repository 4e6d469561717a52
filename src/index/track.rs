//! Peaks and sub-fingerprints kept of a track, and how they are packed.

use std::borrow::Cow;

use bytemuck::{Pod, Zeroable};

use super::bits::{BitWriter, read};
use super::sequence::Shape;
use crate::signal::peaks::Peak;

/// Resolution of the kept peaks' times, in 1/16 frame: a quarter of a frame, 5.8 ms. A guess.
const TIME_STEP: u32 = 4;
/// Resolution of the kept peaks' pitches, in 1/8192 octave: 2.6 cents, so that 4.5 octaves fit [`PITCH_BITS`]. A guess.
const PITCH_STEP: u16 = 18;
const PITCH_BITS: u32 = 11;
/// The level of a peak: 0 if it does not lead, else from 1, the loudest.
const LEVEL_BITS: u32 = 3;
const LEVELS: u16 = (1 << LEVEL_BITS) - 1;
/// Distance of two levels, in units of [`Peak::strength`]: 2.5 doublings of power, 7.5 dB. Seven levels reach 52 dB down, enough for
/// the leading peaks of a quiet master. A guess.
const LEVEL_STEP: u16 = 640;
/// Strength of a sine of full scale in a Hann frame of 2048, of 2¹⁸ units of power.
const LOUDEST: u16 = (18 + 64) * 256;
const CODE_BITS: u32 = PITCH_BITS + LEVEL_BITS;
/// Frames of a unit, the resolution of postings: 93 ms.
pub const UNIT_FRAMES: u32 = 4;

/// Peaks and sub-fingerprints of a track.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Track<'a> {
    /// Sorted by time. An index returns them rounded to a quarter of a frame and 2.6 cents; the strength of leading peaks is rounded
    /// to 7.5 dB, the others have none.
    pub peaks: Cow<'a, [Peak]>,
    /// Signs of its sub-fingerprints, as [`crate::signal::fingerprint::FingerprintConfig::recording_prints`] keeps them.
    pub sub_fingerprints: &'a [u32],
    /// Length in frames.
    pub frames: u32,
}

/// The places of a track's parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(super) struct TrackEntry {
    /// Position of its first frame among all of the segment.
    pub(super) first_unit: u64,
    /// Byte of its sub-fingerprints in the section; its peaks follow them.
    pub(super) kept_at: u64,
    pub(super) n_prints: u32,
    pub(super) n_peaks: u32,
    pub(super) frames: u32,
    /// Time of its last peak, in steps.
    pub(super) last_step: u32,
}

impl TrackEntry {
    /// Number of its positions: one for each unit, and one for an anchor at its very end.
    pub(super) fn units(&self) -> u64 {
        let last_frame = u64::from(self.last_step) * u64::from(TIME_STEP) / 16 + 1;
        last_frame.max(u64::from(self.frames)) / u64::from(UNIT_FRAMES) + 1
    }

    fn prints_bytes(&self) -> usize {
        self.n_prints as usize * size_of::<u32>()
    }

    fn times(&self) -> Shape {
        Shape::of(u64::from(self.n_peaks), u64::from(self.last_step) + 1)
    }

    /// Bytes of its sub-fingerprints and peaks, a multiple of four.
    pub(super) fn kept_bytes(&self) -> usize {
        let bits = self.times().bits() + u64::from(self.n_peaks) * u64::from(CODE_BITS);
        self.prints_bytes() + bits.div_ceil(32) as usize * 4
    }

    /// The signs of its sub-fingerprints, from its kept bytes.
    pub(super) fn sub_fingerprints<'a>(&self, kept: &'a [u8]) -> &'a [u32] {
        let sub_fingerprints = kept.get(..self.prints_bytes());
        sub_fingerprints.and_then(|bytes| bytemuck::try_cast_slice(bytes).ok()).unwrap_or_default()
    }

    /// Its peaks, from its kept bytes.
    pub(super) fn peaks(&self, kept: &[u8]) -> Vec<Peak> {
        let Some(packed) = kept.get(self.prints_bytes()..) else { return Vec::new() };
        let shape = self.times();
        // No more than the bytes can hold, whatever the entry says.
        let most = packed.len() * 8 / CODE_BITS as usize;
        let mut peaks = Vec::with_capacity(most.min(self.n_peaks as usize));
        let mut at = shape.bits();
        shape.visit(packed, 0, |step| {
            let code = read(packed, at, CODE_BITS) as u16;
            at += u64::from(CODE_BITS);
            peaks.push(Peak {
                time: time_of(step as u32),
                pitch: pitch_of(code >> LEVEL_BITS),
                strength: strength_of(code & LEVELS),
            });
        });
        peaks
    }
}

/// The middle of a step of time. An even number of places has two middles, taken in turn, so that peaks are not late on average.
fn time_of(step: u32) -> u32 {
    step.saturating_mul(TIME_STEP).saturating_add(TIME_STEP / 2 - (step & 1))
}

/// The middle of a step of pitch, likewise.
fn pitch_of(step: u16) -> u16 {
    step.saturating_mul(PITCH_STEP).saturating_add(PITCH_STEP / 2 - (step & 1))
}

/// The level of a peak, from its strength.
fn level_of(peak: Peak) -> u16 {
    if peak.leads() {
        1 + (LOUDEST.saturating_sub(peak.strength) / LEVEL_STEP).min(LEVELS - 1)
    } else {
        0
    }
}

/// The strength in the middle of a level, marked as leading; 0 for level 0.
fn strength_of(level: u16) -> u16 {
    level.checked_sub(1).map_or(0, |below| (LOUDEST - below * LEVEL_STEP - LEVEL_STEP / 2) | 1)
}

/// Packs a track. The caller sets `first_unit` and `kept_at` of the entry.
pub(super) fn pack(track: &Track) -> (TrackEntry, Vec<u8>) {
    let steps: Vec<u64> = track.peaks.iter().map(|p| u64::from(p.time / TIME_STEP)).collect();
    let entry = TrackEntry {
        first_unit: 0,
        kept_at: 0,
        n_prints: track.sub_fingerprints.len() as u32,
        n_peaks: track.peaks.len() as u32,
        frames: track.frames,
        last_step: steps.last().copied().unwrap_or(0) as u32,
    };
    let mut bytes = bytemuck::cast_slice(track.sub_fingerprints).to_vec();
    let mut packed = BitWriter::default();
    entry.times().write(&steps, &mut packed);
    for peak in &*track.peaks {
        let pitch = u64::from(peak.pitch / PITCH_STEP).min((1 << PITCH_BITS) - 1);
        packed.push(pitch << LEVEL_BITS | u64::from(level_of(*peak)), CODE_BITS);
    }
    bytes.extend(packed.finish());
    bytes.resize(entry.kept_bytes(), 0);
    (entry, bytes)
}

/// A peak as an index returns it, rounded.
#[cfg(test)]
pub(super) fn rounded(peak: Peak) -> Peak {
    Peak {
        time: time_of(peak.time / TIME_STEP),
        pitch: pitch_of(peak.pitch / PITCH_STEP),
        strength: strength_of(level_of(peak)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rounding_moves_peaks_neither_forth_nor_back() {
        let places = 0..72_000_u32;
        let time = |t: u32| i64::from(time_of(t / TIME_STEP)) - i64::from(t);
        assert_eq!(places.clone().map(time).sum::<i64>(), 0);
        let pitch = |p: u16| i64::from(pitch_of(p / PITCH_STEP)) - i64::from(p);
        assert_eq!((0..36_000).map(pitch).sum::<i64>(), 0);
    }

    #[test]
    fn rounded_peaks_stay_as_they_are() {
        let peak = Peak { time: 12_345, pitch: 35_401, strength: 9_999 };
        let once = rounded(peak);
        assert!(once.time.abs_diff(peak.time) <= 2 && once.pitch.abs_diff(peak.pitch) <= 9);
        assert_eq!(once, rounded(once));
        assert!(once.leads() && !rounded(peak.marked(false)).leads());
    }

    #[test]
    fn the_strength_of_a_leading_peak_is_kept_to_half_a_step() {
        for strength in (17_001..=LOUDEST).step_by(2) {
            let kept = rounded(Peak { time: 0, pitch: 0, strength }.marked(true));
            assert!(kept.strength.abs_diff(strength) <= LEVEL_STEP / 2 + 2, "{strength}");
        }
    }

    proptest! {
        #[test]
        fn peaks_and_prints_are_read_back_rounded(
            mut times in prop::collection::vec(0..400_000_u32, 0..200),
            sub_fingerprints in prop::collection::vec(any::<u32>(), 0..99),
            seed in 0..30_000_u16,
        ) {
            times.sort_unstable();
            let pitch = |i: usize| (seed as usize + 977 * i) as u16 % 35_402;
            let peaks: Vec<Peak> = times.iter().enumerate()
                .map(|(i, time)| Peak { time: *time, pitch: pitch(i), strength: i as u16 })
                .collect();
            let track = Track { peaks: Cow::Borrowed(&peaks), sub_fingerprints: &sub_fingerprints, frames: 25_000 };
            let (entry, kept) = pack(&track);
            prop_assert_eq!(kept.len(), entry.kept_bytes());
            prop_assert_eq!(entry.sub_fingerprints(&kept), &sub_fingerprints[..]);
            let expected: Vec<Peak> = peaks.iter().copied().map(rounded).collect();
            prop_assert_eq!(entry.peaks(&kept), expected);
            // Whatever the bytes are, there are not more peaks than the entry says.
            prop_assert!(entry.peaks(&kept[..kept.len() / 2]).len() <= peaks.len());
        }
    }
}
