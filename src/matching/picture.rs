//! A picture of an alignment: a few of the peaks that it was scored on, to be drawn in reports.
//!
//! It only selects points. It is made for findings alone, so it adds nothing to the cost of other items.

use super::Matcher;
use super::align::Alignment;
use super::peak_match::{Closeness, LOOSE, Peaks, between};
use super::time_map::{TimeMap, Window};
use crate::base::settings;
use crate::signal::fingerprint::Fingerprint;
use crate::signal::peaks::{Peak, TIME_UNITS};

/// Peaks of one item and one recording, thinned out to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Peaks of the recording inside the spans, and those of them that the item has.
    pub peaks: (usize, usize),
    /// Peak matches, the item's peak and the recording's, by item time: at most [`DOTS`], spread over all spans.
    pub dots: Vec<(Peak, Peak)>,
    /// The stretch with most peak matches.
    pub window: Option<PictureWindow>,
    /// The share of the recording's leading peaks in the best span that match when the recording is moved by −3 … +3 s, in
    /// steps of 0.1 s.
    pub met_when_moved: [f64; MOVES],
}

/// A short stretch of item and recording.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureWindow {
    /// Start and end in the item, in frames.
    pub item: (f64, f64),
    /// Start and end in the recording, in frames.
    pub recording: (f64, f64),
    /// The item's peaks, by time: those that match, then the strongest others; at most [`WINDOW_PEAKS`].
    pub item_peaks: Vec<Peak>,
    /// The recording's strongest peaks, by time; at most [`WINDOW_PEAKS`].
    pub recording_peaks: Vec<Peak>,
}

settings! {
    /// Largest number of dots of a picture. A guess.
    pub const DOTS: usize = 64;
    /// Largest number of peaks of either side in a window. A guess.
    pub const WINDOW_PEAKS: usize = 64;
    /// Number of offsets at which the recording is tried.
    pub const MOVES: usize = 61;
    /// Distance of these offsets, in 1/16 frame: 0.1 s.
    const MOVE_UNITS: f64 = 4.307 * 16.0;
    /// Length of a window, in 1/16 frame: 5 s, about 80 peaks of a recording. A guess.
    const WINDOW_UNITS: f64 = 215.0 * 16.0;
    /// Largest part of a span that is moved, in 1/16 frame: 30 s show as much as all of it. A guess.
    const MOVED_UNITS: f64 = 1_292.0 * 16.0;
}

impl Matcher<'_> {
    /// The picture of a recording's alignments in an item, the surest first.
    ///
    /// # Panics
    ///
    /// If there are none.
    pub fn picture(&self, item: &Fingerprint, alignments: &[Alignment]) -> Picture {
        let recording = self.peaks(alignments[0].track);
        let peaks = Peaks { item: &item.all_peaks, recording: &recording };
        let spans =
            || alignments.iter().flat_map(|a| a.spans.iter().map(move |s| (a.time_map(s), s)));
        let of_peaks = spans().map(|(_, span)| span.peaks);
        let strongest = alignments[0].spans.iter().max_by(|a, b| a.nats.total_cmp(&b.nats));
        let strongest = strongest.expect("an alignment has spans");
        let map = alignments[0].time_map(strongest);
        Picture {
            peaks: of_peaks.fold((0, 0), |sum, (all, met)| (sum.0 + all, sum.1 + met)),
            dots: spread(
                spans().flat_map(|(map, span)| matches(peaks, map, span.window())).collect(),
            ),
            window: window(peaks, map, strongest.window()),
            met_when_moved: moved(peaks, map, strongest.window()),
        }
    }
}

/// The peak matches of a window: the item's peak and the recording's.
fn matches(peaks: Peaks, map: TimeMap, window: Window) -> Vec<(Peak, Peak)> {
    let mut pairs = Vec::new();
    peaks.visit(map, window, LOOSE, |peak_match| {
        pairs.extend(peak_match.item.map(|item| (item, peak_match.recording)));
    });
    pairs
}

/// At most [`DOTS`] of the pairs, evenly spread by item time.
fn spread(mut pairs: Vec<(Peak, Peak)>) -> Vec<(Peak, Peak)> {
    pairs.sort_unstable();
    pairs.dedup();
    let kept = pairs.len().min(DOTS);
    (0..kept).map(|i| pairs[i * pairs.len() / kept]).collect()
}

/// The stretch of [`WINDOW_UNITS`] with most peak matches, and the peaks of both sides in it.
fn window(peaks: Peaks, map: TimeMap, span: Window) -> Option<PictureWindow> {
    let mut times: Vec<u32> = matches(peaks, map, span).iter().map(|(item, _)| item.time).collect();
    times.sort_unstable();
    let reached = |from: u32| {
        let end = f64::from(from) + WINDOW_UNITS;
        times.partition_point(|time| f64::from(*time) <= end)
            - times.partition_point(|time| *time < from)
    };
    // Of equals the first.
    let start =
        times.iter().copied().max_by_key(|from| (reached(*from), std::cmp::Reverse(*from)))?;
    let from = (f64::from(start) - WINDOW_UNITS / 50.0).max(0.0);
    let to = (from + WINDOW_UNITS).min(span.1.max(f64::from(start) + 1.0));
    let theirs = (map.recording_time(from), map.recording_time(to));
    let recording_peaks = strongest(between(peaks.recording, theirs), |_| false);
    let chosen = Peaks { recording: &recording_peaks, ..peaks };
    let matched: Vec<Peak> =
        matches(chosen, map, (from, to)).into_iter().map(|(item, _)| item).collect();
    let item_peaks = strongest(between(peaks.item, (from, to)), |peak| matched.contains(peak));
    let unit = f64::from(TIME_UNITS);
    let frames = |(from, to): Window| (from / unit, to / unit);
    Some(PictureWindow {
        item: frames((from, to)),
        recording: frames(theirs),
        item_peaks,
        recording_peaks,
    })
}

/// At most [`WINDOW_PEAKS`] peaks, by time: first those that are wanted, then the strongest.
fn strongest(peaks: &[Peak], wanted: impl Fn(&Peak) -> bool) -> Vec<Peak> {
    let mut peaks = peaks.to_vec();
    peaks.sort_by_key(|peak| std::cmp::Reverse((wanted(peak), peak.strength, *peak)));
    peaks.truncate(WINDOW_PEAKS);
    peaks.sort_unstable();
    peaks
}

/// The share of the recording's leading peaks, in the middle of the span, that match at each offset.
fn moved(peaks: Peaks, map: TimeMap, span: Window) -> [f64; MOVES] {
    let middle = f64::midpoint(span.0, span.1);
    let reach = (0.5 * (span.1 - span.0)).min(0.5 * MOVED_UNITS);
    let theirs = (map.recording_time(middle - reach), map.recording_time(middle + reach));
    let leading: Vec<Peak> =
        between(peaks.recording, theirs).iter().copied().filter(|peak| peak.leads()).collect();
    let peaks = Peaks { recording: &leading, ..peaks };
    std::array::from_fn(|place| {
        let moved = (place as f64 - (MOVES / 2) as f64) * MOVE_UNITS;
        // The same peaks at each offset: the window of the item moves.
        let map = TimeMap { offset: map.offset - moved * map.tempo, ..map };
        let window = (map.item_time(theirs.0), map.item_time(theirs.1));
        let mut matched = 0;
        peaks.visit(map, window, LOOSE, |peak_match| {
            matched += usize::from(peak_match.closeness != Closeness::Missed);
        });
        matched as f64 / leading.len().max(1) as f64
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A peak every 5 frames, at pitches that do not repeat within the moves.
    fn recording() -> Vec<Peak> {
        (0..400_u32)
            .map(|i| Peak {
                time: i * 80,
                pitch: (i * i * 7_919 % 30_000) as u16,
                strength: (i % 50 * 2 + 1) as u16,
            })
            .collect()
    }

    const MAP: TimeMap = TimeMap { tempo: 1.0, offset: 0.0, pitch: 0.0 };
    const WHOLE: Window = (0.0, 32_000.0);

    #[test]
    fn a_picture_has_few_points_spread_over_the_whole() {
        let ours = recording();
        let dots = spread(matches(Peaks { item: &ours, recording: &ours }, MAP, WHOLE));
        assert_eq!(dots.len(), DOTS);
        assert!(dots.iter().all(|(item, recording)| item == recording));
        assert!(dots[0].0.time == 0 && dots[DOTS - 1].0.time > 31_000);
    }

    #[test]
    fn a_window_shows_peaks_of_both_sides_whether_they_match_or_not() {
        let ours = recording();
        // Every other peak is lost, and something else sounds.
        let mut item: Vec<Peak> = ours.iter().copied().step_by(2).collect();
        item.extend((0..3_000).map(|i| Peak { time: i * 10 + 5, pitch: 34_000, strength: 900 }));
        item.sort_unstable();
        let found = window(Peaks { item: &item, recording: &ours }, MAP, WHOLE).unwrap();
        assert!(
            found.recording_peaks.len() <= WINDOW_PEAKS && found.item_peaks.len() == WINDOW_PEAKS
        );
        let lost = |peak: &&Peak| !item.contains(peak);
        assert!(found.recording_peaks.iter().filter(lost).count() > 10);
        assert!(found.item_peaks.iter().filter(|peak| peak.pitch == 34_000).count() > 10);
        assert!((found.item.1 - found.item.0 - 215.0).abs() < 1e-6);
    }

    #[test]
    fn the_recording_agrees_where_it_is_and_not_where_it_is_moved_to() {
        let ours = recording();
        let map = TimeMap { tempo: 1.25, offset: 400.0, pitch: 300.0 };
        let mut item: Vec<Peak> = ours
            .iter()
            .filter(|peak| peak.time >= 400)
            .map(|peak| Peak {
                time: map.item_time(f64::from(peak.time)).round() as u32,
                pitch: peak.pitch + 300,
                ..*peak
            })
            .collect();
        item.sort_unstable();
        let shares = moved(Peaks { item: &item, recording: &ours }, map, (0.0, 25_000.0));
        assert!((shares[MOVES / 2] - 1.0).abs() < 1e-9, "{shares:?}");
        let elsewhere = shares.iter().enumerate().filter(|(at, _)| *at != MOVES / 2);
        assert!(elsewhere.clone().all(|(_, share)| *share < 0.2), "{shares:?}");
    }

    #[test]
    fn without_a_match_there_is_no_window() {
        let ours = recording();
        let peaks = Peaks { item: &[], recording: &ours };
        assert_eq!(window(peaks, MAP, WHOLE), None);
        assert!(moved(peaks, MAP, WHOLE).iter().all(|share| *share == 0.0));
    }
}
