//! Peak matches: which peak of the item lies where a time map predicts one of the recording, and the fit of a time map to them.

use super::time_map::{TimeMap, Window};
use crate::base::settings;
use crate::signal::peaks::{Peak, TIME_UNITS};

/// Largest distance of a peak match: in 1/16 frame and in 1/8192 octave.
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

settings! {
    /// Tolerances of successive fits: from the width of an offset bin down to what is scored. A guess.
    pub(super) const FITS: [Tolerance; 3] =
        [Tolerance::new(4.0, 0.024), Tolerance::new(2.5, 0.016), Tolerance::new(1.5, 0.012)];
    /// Tolerance of a loose match: 35 ms and 14 cents. A guess.
    pub(super) const LOOSE: Tolerance = Tolerance::new(1.5, 0.012);
    /// Tolerance of a close match: 12 ms and 5 cents. A guess.
    pub(super) const CLOSE: Tolerance = Tolerance::new(0.5, 0.004);

    /// Fewest peak matches that a time map is fitted to. A guess.
    const MIN_PEAK_MATCHES: usize = 6;
    /// A fit changes the tempo only if the standard deviation of the matched peaks' times is at least this many frames, 0.5 s:
    /// what is narrower tells no tempo. A guess.
    const MIN_SPREAD_FRAMES: f64 = 21.0;
    /// A fit changes the tempo by at most this share, the neighbourhood in which the votes were counted: a step of the warp
    /// grid is 1.05 %. A guess.
    const MAX_TEMPO_CHANGE: f64 = 0.015;
}

/// How closely the item matches a peak of the recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closeness {
    Close,
    Loose,
    Missed,
}

/// Number of peaks of the recording in each class of [`Closeness`]: close, loose, missed.
pub(super) type MatchCounts = [usize; 3];

/// The number of all peaks, and of those that are matched, of weak and leading ones together.
pub(super) fn all_and_matched(counts: [MatchCounts; 2]) -> (usize, usize) {
    let [close, loose, missed] = [0, 1, 2].map(|class| counts[0][class] + counts[1][class]);
    (close + loose + missed, close + loose)
}

/// A peak of the recording, and the item's peak nearest to where it should be; `None` if it is missed.
#[derive(Debug, Clone, Copy)]
pub(super) struct PeakMatch {
    pub(super) recording: Peak,
    pub(super) item: Option<Peak>,
    pub(super) closeness: Closeness,
}

/// The peaks of an item and of a recording, sorted by time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peaks<'a> {
    pub(super) item: &'a [Peak],
    pub(super) recording: &'a [Peak],
}

impl Peaks<'_> {
    /// The peak match of each peak of the recording that falls into `window` of the item, missed ones included.
    pub(super) fn peak_matches(
        self,
        map: TimeMap,
        window: Window,
        tolerance: Tolerance,
    ) -> Vec<PeakMatch> {
        let mut out = Vec::new();
        self.visit(map, window, tolerance, |peak_match| out.push(peak_match));
        out
    }

    /// Peak matches by class, first of the recording's weak peaks, then of its leading ones.
    pub(super) fn match_counts(self, map: TimeMap, window: Window) -> [MatchCounts; 2] {
        let mut counts = [[0; 3]; 2];
        self.visit(map, window, LOOSE, |m| {
            counts[usize::from(m.recording.leads())][m.closeness as usize] += 1;
        });
        counts
    }

    /// Visits the peak match of each peak of the recording in `window`, in order. One pass over both lists: both are sorted,
    /// and a time map rises.
    pub(super) fn visit(
        self,
        map: TimeMap,
        window: Window,
        tolerance: Tolerance,
        mut visit: impl FnMut(PeakMatch),
    ) {
        let peaks = self.recording;
        let from = map.recording_time(window.0);
        let to = map.recording_time(window.1);
        let first = peaks.partition_point(|p| f64::from(p.time) < from);
        let last = peaks.partition_point(|p| f64::from(p.time) <= to);
        let item = self.item;
        let mut near = 0;
        if let Some(peak) = peaks.get(first) {
            let time = map.predict(*peak).0 - tolerance.time;
            near = item.partition_point(|p| f64::from(p.time) < time);
        }
        for peak in peaks.get(first..last).unwrap_or_default() {
            let (time, pitch) = map.predict(*peak);
            while near < item.len() && f64::from(item[near].time) < time - tolerance.time {
                near += 1;
            }
            let (found, closeness) = nearest(&item[near..], time, pitch, tolerance);
            visit(PeakMatch { recording: *peak, item: found, closeness });
        }
    }
}

/// The peaks of a window, both ends included.
pub(super) fn between(peaks: &[Peak], (from, to): Window) -> &[Peak] {
    let first = peaks.partition_point(|p| f64::from(p.time) < from);
    let last = peaks.partition_point(|p| f64::from(p.time) <= to);
    &peaks[first..last.max(first)]
}

/// The nearest of the item's peaks, which begin at `time − tolerance`, within the tolerance.
fn nearest(
    item: &[Peak],
    time: f64,
    pitch: f64,
    tolerance: Tolerance,
) -> (Option<Peak>, Closeness) {
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
    best.map_or((None, Closeness::Missed), |(_, peak, closeness)| (Some(peak), closeness))
}

/// Fits a time map to peak matches: least squares in time, the median in pitch. `None` if fewer than [`MIN_PEAK_MATCHES`]
/// are matched. The tempo is kept where the matches are too narrow to tell it ([`MIN_SPREAD_FRAMES`]).
pub(super) fn fit(map: TimeMap, peak_matches: &[PeakMatch]) -> Option<TimeMap> {
    let matched: Vec<(f64, f64, f64)> = peak_matches
        .iter()
        .filter_map(|m| {
            let item = m.item?;
            let rise = f64::from(item.pitch) - f64::from(m.recording.pitch);
            Some((f64::from(item.time), f64::from(m.recording.time), rise))
        })
        .collect();
    if matched.len() < MIN_PEAK_MATCHES {
        return None;
    }
    let n = matched.len() as f64;
    let mean_x = matched.iter().map(|m| m.0).sum::<f64>() / n;
    let mean_y = matched.iter().map(|m| m.1).sum::<f64>() / n;
    let spread = matched.iter().map(|m| (m.0 - mean_x).powi(2)).sum::<f64>();
    let together = matched.iter().map(|m| (m.0 - mean_x) * (m.1 - mean_y)).sum::<f64>();
    let enough = (spread / n).sqrt() > MIN_SPREAD_FRAMES * f64::from(TIME_UNITS);
    let slope = together / spread;
    let near = (slope / map.tempo - 1.0).abs() < MAX_TEMPO_CHANGE;
    let tempo = if enough && near { slope } else { map.tempo };
    let offset = mean_y - tempo * mean_x;
    let mut rises: Vec<f64> = matched.iter().map(|m| m.2).collect();
    rises.sort_unstable_by(f64::total_cmp);
    Some(TimeMap { tempo, offset, pitch: rises[rises.len() / 2] })
}
