//! The evidence of a finding, packed for the record: the picture of its alignments, and the runner-up.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Engine;
use super::findings::{round, significant};
use crate::catalog::Recording;
use crate::matching::{Alignment, Matcher, Picture, PictureWindow};
use crate::record::{Evidence, PeakWindow, RunnerUp, Span};
use crate::signal::fingerprint::{Fingerprint, FingerprintConfig};
use crate::signal::peaks::{PITCH_UNITS, Peak};

/// Pitch of a dot: steps an octave. Part of the record's format.
const DOT_STEPS: f32 = 50.0;
/// Pitch of a peak in a window: steps an octave. Part of the record's format.
const WINDOW_STEPS: f32 = 800.0;

impl Engine {
    /// The evidence for one recording's alignments in an item. `all` has those of every recording.
    pub(super) fn evidence(
        &self,
        matcher: &Matcher,
        item: &Fingerprint,
        recording: &Recording,
        (group, all): (&[Alignment], &[Alignment]),
    ) -> Evidence {
        let config = *self.ingester.fingerprinter().config();
        let picture = matcher.picture(item, group);
        Evidence {
            peaks: picture.peaks.0 as u64,
            peaks_met: picture.peaks.1 as u64,
            dots: dots(&picture, config, item.seconds, recording.duration_seconds),
            recording_seconds: round(recording.duration_seconds, 3),
            window: picture.window.as_ref().map(|window| packed(window, config)),
            met_when_moved: STANDARD
                .encode(picture.met_when_moved.map(|share| (100.0 * share).round() as u8)),
            runner_up: self.runner_up(group, all),
        }
    }

    /// The surest alignment of another recording with the same stretch of the item.
    fn runner_up(&self, group: &[Alignment], all: &[Alignment]) -> Option<RunnerUp> {
        let track = group[0].track;
        let spans = || group.iter().flat_map(|alignment| &alignment.spans);
        let next = all
            .iter()
            .filter(|other| other.track != track && !self.snapshot.neutral(other.track))
            .find(|other| other.spans.iter().any(|a| spans().any(|b| overlap(a.item, b.item))))?;
        let recording = self.snapshot.recording(next.track)?;
        Some(RunnerUp {
            recording_id: recording.recording_id,
            title: recording.title,
            artist: recording.artist,
            false_alarm_probability: significant(next.false_alarm_probability()),
        })
    }
}

/// Whether more than half of the shorter stretch lies in the other.
fn overlap(a: (f64, f64), b: (f64, f64)) -> bool {
    let common = a.1.min(b.1) - a.0.max(b.0);
    common > 0.5 * (a.1 - a.0).min(b.1 - b.0)
}

/// The position of `at` within `from..to`, from 0 to 4095.
fn twelve_bits(at: f64, from: f64, to: f64) -> u32 {
    if to > from {
        ((at - from) / (to - from) * 4_095.0).round().clamp(0.0, 4_095.0) as u32
    } else {
        0
    }
}

fn pitch(peak: Peak, steps: f32, most: f32) -> u32 {
    (f32::from(peak.pitch) / PITCH_UNITS * steps).round().clamp(0.0, most) as u32
}

fn dots(
    picture: &Picture,
    config: FingerprintConfig,
    item_seconds: f64,
    recording_seconds: f64,
) -> String {
    let rate = config.frames_per_second();
    let seconds = |peak: Peak| f64::from(peak.frames()) / rate;
    let pack = |(item, recording): &(Peak, Peak)| {
        let times = twelve_bits(seconds(*item), 0.0, item_seconds) << 20
            | twelve_bits(seconds(*recording), 0.0, recording_seconds) << 8;
        (times | pitch(*recording, DOT_STEPS, 255.0)).to_be_bytes()
    };
    STANDARD.encode(picture.dots.iter().flat_map(pack).collect::<Vec<u8>>())
}

fn packed(window: &PictureWindow, config: FingerprintConfig) -> PeakWindow {
    let seconds = |frames: f64| round(frames / config.frames_per_second(), 3);
    let pack = |peaks: &[Peak], (from, to): (f64, f64)| {
        let pack = |peak: &Peak| {
            let time = twelve_bits(f64::from(peak.frames()), from, to);
            let [_, bytes @ ..] = (time << 12 | pitch(*peak, WINDOW_STEPS, 4_095.0)).to_be_bytes();
            bytes
        };
        STANDARD.encode(peaks.iter().flat_map(pack).collect::<Vec<u8>>())
    };
    PeakWindow {
        span: Span {
            item_start_seconds: seconds(window.item.0),
            item_end_seconds: seconds(window.item.1),
            recording_start_seconds: seconds(window.recording.0),
            recording_end_seconds: seconds(window.recording.1),
        },
        item: pack(&window.item_peaks, window.item),
        recording: pack(&window.recording_peaks, window.recording),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peak(time: u32, pitch: u16) -> Peak {
        Peak { time, pitch, strength: 1 }
    }

    #[test]
    fn points_are_packed_as_the_record_says() {
        let config = FingerprintConfig::default();
        let rate = config.frames_per_second();
        // A quarter into an item of 100 frames, half into a recording of 50, one octave up.
        let picture = Picture {
            peaks: (1, 1),
            dots: vec![(peak(400, 0), peak(400, 8_192))],
            window: None,
            met_when_moved: [0.0; 61],
        };
        let bytes = STANDARD.decode(dots(&picture, config, 100.0 / rate, 50.0 / rate)).unwrap();
        let packed_dot = u32::from_be_bytes(bytes.try_into().unwrap());
        assert_eq!(
            (packed_dot >> 20, packed_dot >> 8 & 0xfff, packed_dot & 0xff),
            (1_024, 2_048, 50)
        );

        let window = PictureWindow {
            item: (10.0, 20.0),
            recording: (30.0, 40.0),
            item_peaks: vec![peak(160, 0), peak(320, 40_000)],
            recording_peaks: Vec::new(),
        };
        let window = packed(&window, config);
        let bytes = STANDARD.decode(&window.item).unwrap();
        assert_eq!(bytes, [0, 0, 0, 0xff, 0xff, 0x42], "{window:?}");
        assert_eq!(window.recording, "");
    }

    #[test]
    fn a_runner_up_holds_half_of_the_shorter_stretch() {
        assert!(overlap((0.0, 10.0), (4.0, 100.0)));
        assert!(!overlap((0.0, 10.0), (6.0, 100.0)));
    }
}
