//! The alignment of a finding in few points, to be drawn.

use serde::{Deserialize, Serialize};

use super::Span;

/// The peak matches of an alignment in few points, to be drawn: at most 1 kB, whatever the length of the item.
///
/// `String` fields of points are base64 (RFC 4648, with padding) of packed bits, in the layout that the field describes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Number of the recording's spectral peaks in the spans.
    pub peaks: u64,
    /// Number of those that have a peak match in the item, within 35 ms and 14 cents. Under noise few do, and sub-fingerprints
    /// decide.
    pub peaks_met: u64,
    /// Up to 64 peak matches, spread over the spans by the item's time. Four bytes each, big-endian, from the highest bit: 12
    /// bits time in the item as a fraction of its duration, 12 bits time in the recording likewise, 8 bits pitch of the
    /// recording's peak in 1/50 octave above 250 Hz.
    pub dots: String,
    /// Duration of the recording, the unit of its times in `dots`.
    pub recording_seconds: f64,
    /// The few seconds with most peak matches; `null` if there are none.
    pub window: Option<PeakWindow>,
    /// Share of the recording's strong peaks in the best span that match when the recording is shifted by −3.0, −2.9 … +3.0 s
    /// against the item: 61 bytes, in percent. The middle one is the alignment; the others show chance and repetition.
    pub met_when_moved: String,
    /// The next best recording in the same stretch of the item; `null` if no other recording has an alignment there.
    pub runner_up: Option<RunnerUp>,
}

/// The peaks of item and recording in one short stretch, to be drawn over each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeakWindow {
    /// The stretch of the item and the aligned stretch of the recording.
    pub span: Span,
    /// Up to 64 of the item's peaks: those with a peak match, then the strongest others. Three bytes each, big-endian, by time:
    /// 12 bits time as a fraction of the window, 12 bits pitch in 1/800 octave above 250 Hz.
    pub item: String,
    /// Up to 64 of the recording's strongest peaks, packed in the same way.
    pub recording: String,
}

/// The next best recording for a stretch of an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunnerUp {
    /// Id in the catalogue.
    pub recording_id: String,
    /// Title of the recording, `""` if the catalogue has none.
    pub title: String,
    /// Artist of the recording, `""` if the catalogue has none.
    pub artist: String,
    /// Probability that an unrelated item scores as high; 1 is no evidence at all.
    pub false_alarm_probability: f64,
}
