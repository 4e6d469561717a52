//! How times and pitches of an item lead to those of a recording.

use super::Candidate;
use crate::signal::peaks::{PITCH_UNITS, Peak, TIME_UNITS};

/// A stretch of the item's time, in 1/16 frame.
pub(super) type Window = (f64, f64);

/// Recording time = item time · tempo + offset, in 1/16 frame; pitch in 1/8192 octave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TimeMap {
    pub(super) tempo: f64,
    pub(super) offset: f64,
    pub(super) pitch: f64,
}

impl TimeMap {
    pub(super) fn of(candidate: &Candidate) -> Self {
        Self {
            tempo: f64::from(candidate.warp.tempo),
            offset: candidate.offset_frames * f64::from(TIME_UNITS),
            pitch: f64::from(candidate.warp.pitch_octaves) * f64::from(PITCH_UNITS),
        }
    }

    /// Where the item should have a peak of the recording: time and pitch.
    pub(super) fn predict(self, peak: Peak) -> (f64, f64) {
        (self.item_time(f64::from(peak.time)), f64::from(peak.pitch) + self.pitch)
    }

    pub(super) fn item_time(self, recording_time: f64) -> f64 {
        (recording_time - self.offset) / self.tempo
    }

    pub(super) fn recording_time(self, item_time: f64) -> f64 {
        item_time * self.tempo + self.offset
    }

    /// The same line with item and recording in each other's place.
    pub(super) fn turned(self) -> Self {
        Self { tempo: self.tempo.recip(), offset: -self.offset / self.tempo, pitch: -self.pitch }
    }

    /// A stretch of the item's time in the recording's.
    pub(super) fn in_recording(self, (from, to): Window) -> Window {
        (self.recording_time(from), self.recording_time(to))
    }

    /// The line from recording `other`, taken for the item, to this line's recording, by way of the item.
    pub(super) fn by_way_of(self, other: Self) -> Self {
        let tempo = self.tempo / other.tempo;
        let offset = self.offset - other.offset * tempo;
        Self { tempo, offset, pitch: self.pitch - other.pitch }
    }

    /// Whether bands of the item are the recording's: a quarter of a semitone moves a band by a sixth.
    pub(super) fn keeps_bands(self) -> bool {
        self.pitch.abs() < f64::from(PITCH_UNITS) / 48.0
    }
}
