//! The time map: how times and pitches of an item lead to those of a recording.

use super::Candidate;
use crate::base::settings;
use crate::signal::peaks::{PITCH_UNITS, Peak, TIME_UNITS};

settings! {
    /// Sub-fingerprints are compared up to this change of pitch, in octaves: a quarter of a semitone, which moves a band by a
    /// sixth of its width. A guess.
    const KEEPS_BANDS_OCTAVES: f64 = 1.0 / 48.0;
}

/// Start and end of a stretch of the item, in 1/16 frame.
pub(super) type Window = (f64, f64);

/// A linear time map: recording time = item time · tempo + offset, in 1/16 frame; the item's pitch = the recording's + pitch,
/// in 1/8192 octave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TimeMap {
    pub(super) tempo: f64,
    pub(super) offset: f64,
    pub(super) pitch: f64,
}

impl TimeMap {
    /// The time map that the votes of a candidate tell.
    pub(super) fn of(candidate: &Candidate) -> Self {
        Self {
            tempo: f64::from(candidate.warp.tempo),
            offset: candidate.offset_frames * f64::from(TIME_UNITS),
            pitch: f64::from(candidate.warp.pitch_octaves) * f64::from(PITCH_UNITS),
        }
    }

    /// Time and pitch at which the item should have a peak of the recording.
    pub(super) fn predict(self, peak: Peak) -> (f64, f64) {
        (self.item_time(f64::from(peak.time)), f64::from(peak.pitch) + self.pitch)
    }

    pub(super) fn item_time(self, recording_time: f64) -> f64 {
        (recording_time - self.offset) / self.tempo
    }

    pub(super) fn recording_time(self, item_time: f64) -> f64 {
        item_time * self.tempo + self.offset
    }

    /// The inverse: from the recording to the item.
    pub(super) fn inverse(self) -> Self {
        Self { tempo: self.tempo.recip(), offset: -self.offset / self.tempo, pitch: -self.pitch }
    }

    /// The stretch of the recording that a stretch of the item maps to.
    pub(super) fn in_recording(self, (from, to): Window) -> Window {
        (self.recording_time(from), self.recording_time(to))
    }

    /// The time map from the recording of `other` to the recording of this one, both maps of one item.
    pub(super) fn after_inverse_of(self, other: Self) -> Self {
        let tempo = self.tempo / other.tempo;
        let offset = self.offset - other.offset * tempo;
        Self { tempo, offset, pitch: self.pitch - other.pitch }
    }

    /// Whether the pitch changes so little that sub-fingerprints, whose bands do not move along, can be compared.
    pub(super) fn keeps_bands(self) -> bool {
        self.pitch.abs() < f64::from(PITCH_UNITS) * KEEPS_BANDS_OCTAVES
    }
}
