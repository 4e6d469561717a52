//! Peaks along a line: which peak of the item meets which of the recording, and the line through those that do.

use super::time_map::{TimeMap, Window};
use crate::signal::peaks::{Peak, TIME_UNITS};

/// How near a peak has to be: in 1/16 frame and in 1/8192 octave.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tolerance {
    pub(super) time: f64,
    pub(super) pitch: f64,
}

impl Tolerance {
    const fn new(frames: f64, octaves: f64) -> Self {
        Self { time: frames * 16.0, pitch: octaves * 8_192.0 }
    }
}

/// Fits begin wide and end at the width that is scored.
pub(super) const FITS: [Tolerance; 3] =
    [Tolerance::new(4.0, 0.024), Tolerance::new(2.5, 0.016), Tolerance::new(1.5, 0.012)];
/// Closeness loosely: 35 ms and 14 cents.
pub(super) const LOOSE: Tolerance = Tolerance::new(1.5, 0.012);
/// Closeness closely: 12 ms and 5 cents.
pub(super) const CLOSE: Tolerance = Tolerance::new(0.5, 0.004);

/// How a peak of the recording is met by the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closeness {
    Close,
    Loose,
    Missed,
}

/// How many peaks of the recording fell into each class of [`Closeness`].
pub(super) type MatchCounts = [usize; 3];

/// A peak of the recording and the item's peak that is nearest to where it should be.
#[derive(Debug, Clone, Copy)]
pub(super) struct PeakMatch {
    pub(super) recording: Peak,
    pub(super) item: Option<Peak>,
    pub(super) met: Closeness,
}

/// The peaks of an item and of a recording, sorted by time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peaks<'a> {
    pub(super) item: &'a [Peak],
    pub(super) recording: &'a [Peak],
}

impl Peaks<'_> {
    /// How each peak of the recording that falls into `window` of the item's time is met.
    pub(super) fn peak_matches(
        self,
        line: TimeMap,
        window: Window,
        tolerance: Tolerance,
    ) -> Vec<PeakMatch> {
        let mut out = Vec::new();
        self.visit(line, window, tolerance, |peak_match| out.push(peak_match));
        out
    }

    /// Of the weak and of the leading peaks of the recording, how many are met how.
    pub(super) fn match_counts(self, line: TimeMap, window: Window) -> [MatchCounts; 2] {
        let mut counts = [[0; 3]; 2];
        self.visit(line, window, LOOSE, |m| {
            counts[usize::from(m.recording.leads())][m.met as usize] += 1;
        });
        counts
    }

    /// One pass over both lists: peaks are sorted and the line rises, so the place in the item's list
    /// only moves on.
    pub(super) fn visit(
        self,
        line: TimeMap,
        window: Window,
        tolerance: Tolerance,
        mut visit: impl FnMut(PeakMatch),
    ) {
        let peaks = self.recording;
        let from = line.recording_time(window.0);
        let to = line.recording_time(window.1);
        let first = peaks.partition_point(|p| f64::from(p.time) < from);
        let last = peaks.partition_point(|p| f64::from(p.time) <= to);
        let item = self.item;
        let mut near = 0;
        if let Some(peak) = peaks.get(first) {
            let time = line.predict(*peak).0 - tolerance.time;
            near = item.partition_point(|p| f64::from(p.time) < time);
        }
        for peak in peaks.get(first..last).unwrap_or_default() {
            let (time, pitch) = line.predict(*peak);
            while near < item.len() && f64::from(item[near].time) < time - tolerance.time {
                near += 1;
            }
            let (found, met) = meet(&item[near..], time, pitch, tolerance);
            visit(PeakMatch { recording: *peak, item: found, met });
        }
    }
}

/// The peaks of a window, both ends taken in.
pub(super) fn between(peaks: &[Peak], (from, to): Window) -> &[Peak] {
    let first = peaks.partition_point(|p| f64::from(p.time) < from);
    let last = peaks.partition_point(|p| f64::from(p.time) <= to);
    &peaks[first..last.max(first)]
}

/// The nearest of `item`'s peaks (which begin at `time − tolerance`) within the tolerance.
fn meet(item: &[Peak], time: f64, pitch: f64, tolerance: Tolerance) -> (Option<Peak>, Closeness) {
    let mut best: Option<(f64, Peak, Closeness)> = None;
    for other in item {
        let dt = f64::from(other.time) - time;
        if dt > tolerance.time {
            break;
        }
        let dp = f64::from(other.pitch) - pitch;
        if dp.abs() > tolerance.pitch {
            continue;
        }
        let distance = (dt / LOOSE.time).powi(2) + (dp / LOOSE.pitch).powi(2);
        if best.is_none_or(|(d, ..)| distance < d) {
            let close = dt.abs() <= CLOSE.time && dp.abs() <= CLOSE.pitch;
            best =
                Some((distance, *other, if close { Closeness::Close } else { Closeness::Loose }));
        }
    }
    best.map_or((None, Closeness::Missed), |(_, peak, met)| (Some(peak), met))
}

/// A better line through the peak matches: least squares in time, the median in pitch. `None` where fewer
/// than [`MIN_MEETINGS`] peaks are met.
///
/// The tempo moves only where the peak matches are spread enough to tell it.
pub(super) fn fit(line: TimeMap, peak_matches: &[PeakMatch]) -> Option<TimeMap> {
    let met: Vec<(f64, f64, f64)> = peak_matches
        .iter()
        .filter_map(|m| {
            let item = m.item?;
            let rise = f64::from(item.pitch) - f64::from(m.recording.pitch);
            Some((f64::from(item.time), f64::from(m.recording.time), rise))
        })
        .collect();
    if met.len() < MIN_MEETINGS {
        return None;
    }
    let n = met.len() as f64;
    let mean_x = met.iter().map(|m| m.0).sum::<f64>() / n;
    let mean_y = met.iter().map(|m| m.1).sum::<f64>() / n;
    let spread = met.iter().map(|m| (m.0 - mean_x).powi(2)).sum::<f64>();
    let together = met.iter().map(|m| (m.0 - mean_x) * (m.1 - mean_y)).sum::<f64>();
    let enough = (spread / n).sqrt() > 21.0 * f64::from(TIME_UNITS);
    let slope = together / spread;
    // No fit may leave the neighbourhood that the votes were counted in.
    let near = (slope / line.tempo - 1.0).abs() < 0.015;
    let tempo = if enough && near { slope } else { line.tempo };
    let offset = mean_y - tempo * mean_x;
    let mut rises: Vec<f64> = met.iter().map(|m| m.2).collect();
    rises.sort_unstable_by(f64::total_cmp);
    Some(TimeMap { tempo, offset, pitch: rises[rises.len() / 2] })
}

/// Fewer agreeing peaks than this are no alignment.
const MIN_MEETINGS: usize = 6;
