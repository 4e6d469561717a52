//! One candidate, peak by peak: the fitted alignment, what it is worth against chance, and where it
//! holds.
//!
//! Each peak of the recording falls into one of three classes: met closely, met loosely, missed. Its
//! worth is the logarithm of how much likelier that class is in a true alignment than by chance; a
//! stretch's worth is the sum. For such a sum the chance that any stretch of an unrelated item reaches
//! `s` nats is at most `exp(-s)` for each place it can start (Karlin & Altschul, PNAS 1990).

use super::Candidate;
use super::chance::{Chance, Worth};
use crate::peaks::{PITCH_UNITS, Peak, TIME_UNITS};
use crate::units::TrackId;
use crate::verdict::false_alarm_probability;

/// Recording time = item time · tempo + offset, in 1/16 frame; pitch in 1/8192 octave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Line {
    pub(super) tempo: f64,
    pub(super) offset: f64,
    pub(super) pitch: f64,
}

impl Line {
    /// Where the item should have a peak of the recording: time and pitch.
    fn predict(self, peak: Peak) -> (f64, f64) {
        ((f64::from(peak.time) - self.offset) / self.tempo, f64::from(peak.pitch) + self.pitch)
    }

    pub(super) fn recording_time(self, item_time: f64) -> f64 {
        item_time * self.tempo + self.offset
    }
}

/// A stretch of the item and of the recording that agree, in frames.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MatchedSpan {
    /// Start and end in the item.
    pub item: (f64, f64),
    /// Start and end in the recording.
    pub recording: (f64, f64),
    /// Worth of the stretch in nats.
    pub nats: f64,
    /// Peaks of the recording in the stretch, and those of them that the item has.
    pub peaks: (usize, usize),
}

/// A fitted alignment of an item with a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Alignment {
    /// The recording.
    pub track: TrackId,
    /// How much faster the item plays.
    pub tempo: f64,
    /// How much higher it sounds, in octaves.
    pub pitch_octaves: f64,
    /// Where it holds, by item time. Never empty.
    pub spans: Vec<MatchedSpan>,
    /// Worth of the best span in nats.
    pub nats: f64,
    /// Landmarks that agreed.
    pub votes: usize,
    /// Alignments that chance could have picked this one from.
    pub hypotheses: f64,
}

impl Alignment {
    /// The chance that an unrelated item gives as good an alignment, all hypotheses counted.
    pub fn false_alarm_probability(&self) -> f64 {
        false_alarm_probability(self.nats, self.hypotheses)
    }
}

/// How near a peak has to be: in 1/16 frame and in 1/8192 octave.
#[derive(Debug, Clone, Copy)]
struct Tolerance {
    time: f64,
    pitch: f64,
}

impl Tolerance {
    const fn new(frames: f64, octaves: f64) -> Self {
        Self { time: frames * 16.0, pitch: octaves * 8_192.0 }
    }
}

/// Fits begin wide and end at the width that is scored.
const FITS: [Tolerance; 3] =
    [Tolerance::new(4.0, 0.024), Tolerance::new(2.5, 0.016), Tolerance::new(1.5, 0.012)];
/// Met loosely: 35 ms and 14 cents.
const LOOSE: Tolerance = Tolerance::new(1.5, 0.012);
/// Met closely: 12 ms and 5 cents.
const CLOSE: Tolerance = Tolerance::new(0.5, 0.004);

/// How a peak of the recording is met by the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    Close,
    Loose,
    Missed,
}

/// A stretch of the item's time, in 1/16 frame.
pub(super) type Window = (f64, f64);

/// How many peaks of the recording fell into each class of [`Met`].
pub(super) type Tally = [usize; 3];

/// A peak of the recording and the item's peak that is nearest to where it should be.
#[derive(Debug, Clone, Copy)]
struct Meeting {
    recording: Peak,
    item: Option<Peak>,
    met: Met,
}

/// A signal's peaks, sorted by time, and its length in 1/16 frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) peaks: &'a [Peak],
    pub(super) end: f64,
}

/// Fits a candidate and scores it. `None` where no stretch is worth anything.
pub(super) fn align(
    item: Side,
    recording: Side,
    from: &Candidate,
    hypotheses: f64,
) -> Option<Alignment> {
    let mut line = Line {
        tempo: f64::from(from.warp.tempo),
        offset: from.offset_frames * f64::from(TIME_UNITS),
        pitch: f64::from(from.warp.pitch_octaves) * f64::from(PITCH_UNITS),
    };
    let window = (f64::from(from.first), f64::from(from.last));
    let pair = Pair { item, recording };
    for tolerance in FITS {
        line = fit(line, &pair.meetings(line, window, tolerance))?;
    }
    let here = pair.tally(line, window);
    if !Chance::LEAST.worth(here).is_some_and(|worth| worth.of(here) > MIN_NATS) {
        return None;
    }
    let pitch = (LOOSE.pitch, CLOSE.pitch);
    let chance = Chance::measure(item.peaks, recording.peaks, line, window, pitch);
    let worth = chance.worth(here)?;
    let line = pair.widen(line, window, &worth);
    let spans = pair.spans(line, &worth);
    let nats = spans.iter().map(|s| s.nats).fold(0.0, f64::max);
    (!spans.is_empty()).then(|| Alignment {
        track: from.track,
        tempo: line.tempo,
        pitch_octaves: line.pitch / f64::from(PITCH_UNITS),
        spans,
        nats,
        votes: from.votes,
        hypotheses,
    })
}

/// Item and recording.
#[derive(Debug, Clone, Copy)]
struct Pair<'a> {
    item: Side<'a>,
    recording: Side<'a>,
}

impl Pair<'_> {
    /// How each peak of the recording that falls into `window` of the item's time is met.
    fn meetings(self, line: Line, window: Window, tolerance: Tolerance) -> Vec<Meeting> {
        let mut out = Vec::new();
        self.visit(line, window, tolerance, |meeting| out.push(meeting));
        out
    }

    fn tally(self, line: Line, window: Window) -> Tally {
        let mut counts = [0; 3];
        self.visit(line, window, LOOSE, |m| counts[m.met as usize] += 1);
        counts
    }

    /// One pass over both lists: peaks are sorted and the line rises, so the place in the item's list
    /// only moves on.
    fn visit(
        self,
        line: Line,
        window: Window,
        tolerance: Tolerance,
        mut visit: impl FnMut(Meeting),
    ) {
        let peaks = self.recording.peaks;
        let from = line.recording_time(window.0);
        let to = line.recording_time(window.1);
        let first = peaks.partition_point(|p| f64::from(p.time) < from);
        let last = peaks.partition_point(|p| f64::from(p.time) <= to);
        let item = self.item.peaks;
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
            visit(Meeting { recording: *peak, item: found, met });
        }
    }

    /// Fits the line to ever longer stretches around the window, as long as they agree too: so a small
    /// error of the tempo does not run away over a long item.
    fn widen(self, mut line: Line, mut window: Window, worth: &Worth) -> Line {
        while window.0 > 0.0 || window.1 < self.item.end {
            let reach = (window.1 - window.0).max(64.0 * f64::from(TIME_UNITS)) / 2.0;
            let wider = ((window.0 - reach).max(0.0), (window.1 + reach).min(self.item.end));
            let inner = worth.of(self.tally(line, window));
            if worth.of(self.tally(line, wider)) < 1.1 * inner {
                break;
            }
            let meetings = self.meetings(line, wider, FITS[1]);
            let Some(next) = fit(line, &meetings) else { break };
            line = next;
            window = wider;
        }
        fit(line, &self.meetings(line, window, FITS[2])).unwrap_or(line)
    }

    /// Cuts the whole item into the stretches that are worth something: a stretch ends where its worth
    /// has fallen by [`DROP_NATS`] from its highest.
    fn spans(self, line: Line, worth: &Worth) -> Vec<MatchedSpan> {
        let meetings = self.meetings(line, (0.0, self.item.end), LOOSE);
        let mut spans = Vec::new();
        let mut start = 0;
        while start < meetings.len() {
            let (mut sum, mut best, mut best_end) = (0.0_f64, 0.0_f64, start);
            let mut at = start;
            while at < meetings.len() {
                sum += worth.nats[meetings[at].met as usize];
                at += 1;
                if sum > best {
                    (best, best_end) = (sum, at);
                }
                if sum <= 0.0 || best - sum > DROP_NATS {
                    break;
                }
            }
            if best > MIN_SPAN_NATS {
                spans.push(self.span(line, &meetings, start..best_end, best));
                start = best_end;
            } else {
                start = at.max(start + 1);
            }
        }
        spans
    }

    /// The stretch of some meetings, led on to the ends of the overlap where nothing speaks against it.
    fn span(
        self,
        line: Line,
        meetings: &[Meeting],
        range: std::ops::Range<usize>,
        nats: f64,
    ) -> MatchedSpan {
        let inside = &meetings[range.clone()];
        let item_time = |m: &Meeting| line.predict(m.recording).0;
        let first = line.predict(Peak { time: 0, pitch: 0, strength: 0 }).0.max(0.0);
        let last = ((self.recording.end - line.offset) / line.tempo).min(self.item.end);
        let mut from = item_time(&inside[0]);
        let mut to = item_time(&inside[inside.len() - 1]);
        if range.start == 0 || from - first < EDGE_UNITS {
            from = first;
        }
        if range.end == meetings.len() || last - to < EDGE_UNITS {
            to = last;
        }
        let unit = f64::from(TIME_UNITS);
        let frames = |time: f64| time.max(0.0) / unit;
        let hits = inside.iter().filter(|m| m.met != Met::Missed).count();
        MatchedSpan {
            item: (frames(from), frames(to)),
            recording: (frames(line.recording_time(from)), frames(line.recording_time(to))),
            nats,
            peaks: (inside.len(), hits),
        }
    }
}

/// A stretch ends where its worth has fallen this far: some 3 s of a clean recording without a peak.
const DROP_NATS: f64 = 20.0;
/// A candidate is left at once if its stretch is worth less even against the least of chance: half of what
/// a suspect needs in a small catalogue.
const MIN_NATS: f64 = 15.0;
/// Stretches worth less are chance, given that the alignment was already found elsewhere.
const MIN_SPAN_NATS: f64 = 12.0;
/// An end nearer than this to the end of the overlap is the end: 1.5 s, the longest pair.
const EDGE_UNITS: f64 = 64.0 * 16.0;

/// The nearest of `item`'s peaks (which begin at `time − tolerance`) within the tolerance.
fn meet(item: &[Peak], time: f64, pitch: f64, tolerance: Tolerance) -> (Option<Peak>, Met) {
    let mut best: Option<(f64, Peak, Met)> = None;
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
            best = Some((distance, *other, if close { Met::Close } else { Met::Loose }));
        }
    }
    best.map_or((None, Met::Missed), |(_, peak, met)| (Some(peak), met))
}

/// A better line through the meetings: least squares in time, the median in pitch. `None` where fewer
/// than [`MIN_MEETINGS`] peaks are met.
///
/// The tempo moves only where the meetings are spread enough to tell it.
fn fit(line: Line, meetings: &[Meeting]) -> Option<Line> {
    let met: Vec<(f64, f64, f64)> = meetings
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
    Some(Line { tempo, offset, pitch: rises[rises.len() / 2] })
}

/// Fewer agreeing peaks than this are no alignment.
const MIN_MEETINGS: usize = 6;
