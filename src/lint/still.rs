//! Finds passages of a recording without music: silence, and steady tones (test tones, line-up tones, DTMF).
//!
//! Both show in the peaks that the index keeps, so no sound is decoded. Below −80 dB of full scale there are no peaks; during a
//! steady tone all peaks lie on a few pitches.

use std::collections::BTreeSet;

use crate::signal::peaks::{PITCH_UNITS, Peak, TIME_UNITS};

/// Shortest passage without a peak that is reported as silence, in seconds. Pauses between movements and fades are shorter; the gap
/// before a hidden track is worth a look. A guess.
const SILENCE_SECONDS: f64 = 10.0;
/// Shortest passage of steady tones that is reported, in seconds. The last chord of an organ has more pitches, and the last note of
/// a song is shorter: the longest in 382 recordings was 6 s.
const TONE_SECONDS: f64 = 8.0;
/// Longest time between two peaks of a tone, in seconds. A guess.
const TONE_GAP_SECONDS: f64 = 1.0;
/// Cells an octave on which the pitches of a tone are counted: a quarter tone each.
const CELLS_PER_OCTAVE: u32 = 24;
/// Largest number of cells of steady tones: two tones, as of DTMF, each on the edge of two cells.
const MAX_CELLS: usize = 4;

/// What a passage holds instead of music.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Still {
    Silence,
    Tone,
}

/// The passages of a recording that hold no music: kind, start and end in seconds, in order. `frames` is the recording's length.
pub(super) fn passages(
    peaks: &[Peak],
    frames: u32,
    frames_per_second: f64,
) -> Vec<(Still, f64, f64)> {
    let seconds = |peak: &Peak| f64::from(peak.time) / f64::from(TIME_UNITS) / frames_per_second;
    let mut peaks: Vec<&Peak> = peaks.iter().collect();
    peaks.sort_by_key(|peak| peak.time);
    let times = peaks.iter().map(|peak| seconds(peak));
    let end = f64::from(frames) / frames_per_second;
    let mut found = Vec::new();
    let mut before = 0.0;
    for time in times.chain([end]) {
        if time - before >= SILENCE_SECONDS {
            found.push((Still::Silence, before, time));
        }
        before = time;
    }
    let mut first = 0;
    while first < peaks.len() {
        let next = end_of_tone(&peaks, first, &seconds);
        let (from, to) = (seconds(peaks[first]), seconds(peaks[next - 1]));
        if to - from >= TONE_SECONDS {
            found.push((Still::Tone, from, to));
            first = next;
        } else {
            first += 1;
        }
    }
    found.sort_by(|a, b| a.1.total_cmp(&b.1));
    found
}

/// Index of the first peak after `first` that does not belong to the same steady tones: on one pitch too many, or too late.
fn end_of_tone(peaks: &[&Peak], first: usize, seconds: &dyn Fn(&Peak) -> f64) -> usize {
    let mut cells = BTreeSet::new();
    let mut before = seconds(peaks[first]);
    for (at, peak) in peaks.iter().enumerate().skip(first) {
        let time = seconds(peak);
        cells.insert(u32::from(peak.pitch) * CELLS_PER_OCTAVE / PITCH_UNITS as u32);
        if cells.len() > MAX_CELLS || time - before > TONE_GAP_SECONDS {
            return at;
        }
        before = time;
    }
    peaks.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 43.0;

    /// Peaks at these seconds, on the pitches of `pitch`.
    fn peaks(seconds: impl Iterator<Item = f64>, pitch: impl Fn(usize) -> u16) -> Vec<Peak> {
        let time = |seconds: f64| (seconds * RATE * f64::from(TIME_UNITS)) as u32;
        let peak = |(at, seconds)| Peak { time: time(seconds), pitch: pitch(at), strength: 1 };
        seconds.enumerate().map(peak).collect()
    }

    fn music(from: u32, to: u32) -> Vec<Peak> {
        let times = (10 * from..10 * to).map(|tenth| f64::from(tenth) / 10.0);
        peaks(times, |at| (at * 7_919 % 32_000) as u16)
    }

    fn found(peaks: &[Peak], seconds: f64) -> Vec<(Still, i64, i64)> {
        let rounded =
            |(still, from, to): (Still, f64, f64)| (still, from.round() as i64, to.round() as i64);
        passages(peaks, (seconds * RATE) as u32, RATE).into_iter().map(rounded).collect()
    }

    #[test]
    fn music_holds_no_passage_without_music() {
        assert_eq!(found(&music(0, 60), 60.0), []);
        // A pause of a few seconds, and a fade at the end, are music.
        let paused = [music(0, 20), music(26, 60)].concat();
        assert_eq!(found(&paused, 64.0), []);
    }

    #[test]
    fn silence_is_found_before_within_and_after_the_music() {
        let sound = [music(12, 20), music(40, 50)].concat();
        let silence = Still::Silence;
        assert_eq!(found(&sound, 70.0), [(silence, 0, 12), (silence, 20, 40), (silence, 50, 70)]);
        assert_eq!(found(&[], 30.0), [(silence, 0, 30)]);
    }

    #[test]
    fn a_steady_tone_is_found_and_a_melody_is_none() {
        let times = |from: u32, to: u32| (3 * from..3 * to).map(|third| f64::from(third) / 3.0);
        let tone = peaks(times(20, 30), |at| 12_000 + (at % 3) as u16);
        let sound = [music(0, 20), tone, music(30, 40)].concat();
        assert_eq!(found(&sound, 40.0), [(Still::Tone, 20, 30)]);
        let two = peaks(times(0, 12), |at| if at % 2 == 0 { 4_000 } else { 9_000 });
        assert_eq!(found(&two, 12.0), [(Still::Tone, 0, 12)]);
        let melody = peaks(times(0, 40), |at| 4_000 + 700 * (at % 8) as u16);
        assert_eq!(found(&melody, 40.0), []);
    }
}
