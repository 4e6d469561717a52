//! Strong peaks of a recording that an item lacks: hidden by something louder, or absent.
//!
//! Sound laid over a recording hides its peaks. A peak that is missing where nothing louder sounds was never there.

use super::align::{Alignment, MatchedSpan, Pair};
use super::peak_match::{LOOSE, PeakMatch, between};
use super::time_map::{TimeMap, Window};
use crate::base::settings;
use crate::signal::peaks::{PITCH_UNITS, Peak};

settings! {
    /// Largest distance of a peak of the item that hides one of the recording's, in 1/16 frame: no two maxima lie nearer than
    /// four frames, and one more is for where the hidden one would be.
    const HIDES_TIME: f64 = 5.0 * 16.0;
    /// The same in 1/8192 octave: no two maxima lie nearer than 0.08 octave.
    const HIDES_PITCH: f64 = 0.10 * PITCH_UNITS as f64;
    /// A peak hides what is at most this much stronger, in 1/256 of a doubling: half a step of the strength that an index
    /// keeps, and 0.25 doublings that codecs move. A guess.
    const HIDES_STRENGTH: f64 = 384.0;
    /// Fewest matched peaks that tell the level of a window. A guess.
    const LEAST_TOLD: usize = 6;
    /// Fewest matched peaks that tell the gain of an octave. A guess.
    const LEAST_OF_OCTAVE: usize = 12;
    /// Length of a window in which the level is taken for constant, in 1/16 frame: 3 s. A guess.
    const WINDOW: f64 = 129.0 * 16.0;
    /// Percentile of the item's pitches above which no peaks are expected. A guess.
    const CEILING_PERCENT: usize = 99;
    /// Quantile of the deviations from one gain that is taken for the deviation of levels. A guess.
    const LEVEL_QUANTILE: (usize, usize) = (4, 5);
}

/// One unit of [`Peak::strength`] in dB: 1/256 of a doubling of power.
const DB: f64 = 3.0103 / 256.0;

/// Octaves of the band from which peaks are taken, 250 to 5000 Hz.
const OCTAVES: usize = 5;

/// What became of the leading peaks of the recording.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Missing {
    /// Leading peaks in the spans, and those of them that are neither matched nor hidden.
    pub(super) absent: (usize, usize),
    /// As `absent`, each peak with its weight.
    pub(super) own_absent: (f64, f64),
    /// Leading peaks in the rest of the overlap, and those of them that are matched.
    pub(super) beside: (usize, usize),
    /// Deviation of levels from one gain an octave, in dB.
    pub(super) level_db: f64,
}

/// How much louder the item is than the recording, in units of [`Peak::strength`]: the median of each octave.
#[derive(Debug, Clone, Copy)]
struct Gain([f64; OCTAVES]);

impl Gain {
    /// `None` without pairs. An octave with few pairs has the gain of all.
    fn of(pairs: &[(Peak, Peak)]) -> Option<Self> {
        let all = median(pairs.iter().map(difference).collect())?;
        let mut bands = [all; OCTAVES];
        for (band, gain) in bands.iter_mut().enumerate() {
            let inside = pairs.iter().filter(|(_, ours)| octave(*ours) == band);
            let inside: Vec<f64> = inside.map(difference).collect();
            if inside.len() >= LEAST_OF_OCTAVE {
                *gain = median(inside).unwrap_or(all);
            }
        }
        Some(Self(bands))
    }

    fn at(&self, ours: Peak) -> f64 {
        self.0[octave(ours)]
    }
}

fn octave(peak: Peak) -> usize {
    usize::from(peak.pitch / PITCH_UNITS as u16).min(OCTAVES - 1)
}

/// How much stronger the item's peak of a pair is than the recording's.
fn difference((item, ours): &(Peak, Peak)) -> f64 {
    f64::from(item.strength) - f64::from(ours.strength)
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    Some(*values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

/// Strength of the item's strongest peak that could hide one at this time and pitch.
fn loudest_near(item: &[Peak], time: f64, pitch: f64) -> f64 {
    between(item, (time - HIDES_TIME, time + HIDES_TIME))
        .iter()
        .filter(|p| (f64::from(p.pitch) - pitch).abs() <= HIDES_PITCH)
        .map(|p| f64::from(p.strength))
        .fold(0.0, f64::max)
}

/// The pitch above which no peaks are expected of an item: that of a telephone, or of a low bit rate.
fn ceiling<'a>(item: impl Iterator<Item = &'a Peak>) -> f64 {
    let mut pitches: Vec<u16> = item.map(|peak| peak.pitch).collect();
    if pitches.is_empty() {
        return f64::INFINITY;
    }
    let at = (pitches.len() - 1) * CEILING_PERCENT / 100;
    f64::from(*pitches.select_nth_unstable(at).1) + HIDES_PITCH
}

/// The peak matches of the recording's leading peaks in a window of the item.
fn leading(pair: Pair, map: TimeMap, window: Window) -> Vec<PeakMatch> {
    let mut matches = pair.peaks.peak_matches(map, window, LOOSE);
    matches.retain(|peak_match| peak_match.recording.leads());
    matches
}

/// The item's peak and the recording's, if they match.
fn both(peak_match: &PeakMatch) -> Option<(Peak, Peak)> {
    Some((peak_match.item?, peak_match.recording))
}

/// Counts the recording's leading peaks that are absent in the spans of an alignment, and those that are matched in the rest
/// of the overlap, where the alignment does not hold and both go on. `weights` has one for each peak of the recording.
pub(super) fn missing(pair: Pair, alignment: &Alignment, weights: &[f64]) -> Missing {
    let mut out = Missing::default();
    let (item, recording) = (pair.peaks.item, pair.peaks.recording);
    let Some(best) = alignment.spans.iter().max_by(|a, b| a.nats.total_cmp(&b.nats)) else {
        return out;
    };
    let map = alignment.time_map(best);
    let spans: Vec<Window> = alignment.spans.iter().map(MatchedSpan::window).collect();
    let inside = spans.iter().flat_map(|span| leading(pair, map, *span));
    let told: Vec<(Peak, Peak)> = inside.filter_map(|peak_match| both(&peak_match)).collect();
    let Some(gain) = Gain::of(&told) else { return out };
    let ceiling = ceiling(spans.iter().flat_map(|span| between(item, *span)));
    let start = map.item_time(0.0).max(0.0);
    let end = map.item_time(pair.recording_end).min(pair.item_end);
    let parts = ((end - start) / WINDOW).ceil().max(1.0);
    let length = (end - start) / parts;
    let mut levels: Vec<f64> = Vec::new();
    for part in 0..parts as usize {
        let window = (start + part as f64 * length, start + (part + 1) as f64 * length);
        let middle = f64::midpoint(window.0, window.1);
        let matches = leading(pair, map, window);
        let pairs: Vec<(Peak, Peak)> = matches.iter().filter_map(both).collect();
        if !spans.iter().any(|span| span.0 <= middle && middle <= span.1) {
            out.beside.0 += matches.len();
            out.beside.1 += pairs.len();
            continue;
        }
        // A fade or a compressor changes the level from window to window.
        let moved: Vec<f64> = pairs.iter().map(|pair| difference(pair) - gain.at(pair.1)).collect();
        let moved = if pairs.len() < LEAST_TOLD { None } else { median(moved) };
        levels.extend(
            pairs
                .iter()
                .map(|pair| (difference(pair) - gain.at(pair.1) - moved.unwrap_or(0.0)).abs()),
        );
        let is_absent = |peak_match: &PeakMatch| {
            let (time, pitch) = map.predict(peak_match.recording);
            let expected = f64::from(peak_match.recording.strength)
                + gain.at(peak_match.recording)
                + moved.unwrap_or(0.0);
            peak_match.item.is_none()
                && pitch <= ceiling
                && loudest_near(item, time, pitch) < expected - HIDES_STRENGTH
        };
        for peak_match in &matches {
            let place = recording.binary_search(&peak_match.recording);
            let weight = place.map_or(0.0, |place| weights[place]);
            out.absent.0 += 1;
            out.own_absent.0 += weight;
            if is_absent(peak_match) {
                out.absent.1 += 1;
                out.own_absent.1 += weight;
            }
        }
    }
    if !levels.is_empty() {
        let at = levels.len() * LEVEL_QUANTILE.0 / LEVEL_QUANTILE.1;
        out.level_db = *levels.select_nth_unstable_by(at, f64::total_cmp).1 * DB;
    }
    out
}
