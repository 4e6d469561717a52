//! Aligns one candidate: fits a time map, scores it against chance, and finds the spans where it holds.
//!
//! Each peak of the recording is matched closely, matched loosely or missed; each bit of its sub-fingerprints agrees or
//! differs. Each of these has a log-likelihood ratio, true alignment against chance, and a span's score is their sum. The
//! probability that any span of an unrelated item reaches a score of `s` nats is at most `exp(-s)` for each place where it can
//! start (Karlin & Altschul, PNAS 1990). As in BLAST (Altschul et al. 1990) a seed, here the candidate, is extended, and a span
//! ends where its score has dropped by X from its maximum (X-drop).

use std::ops::Range;

use super::Candidate;
use super::agreement::{Agreement, BitLogRatios, SubFingerprints};
use super::chance::{Chance, LogRatios};
use super::peak_match::{CLOSE, Closeness, FITS, LOOSE, MatchCounts, Peaks, Tolerance, fit};
use super::time_map::{TimeMap, Window};
use super::verdict::{Lambda, false_alarm_probability};
use crate::base::settings;
use crate::index::TrackId;
use crate::signal::landmarks::Warp;
use crate::signal::peaks::{PITCH_UNITS, TIME_UNITS};

settings! {
    /// Largest correction of the tempo of a certain alignment, in percent, tried in steps of one. A guess.
    const REFINE_TEMPO_PERCENT: i32 = 6;
    /// An alignment with a higher score, in nats, is certain. Only then are other tempos tried, since each is one more trial of
    /// chance. A guess.
    const CERTAIN_NATS: f64 = 45.0;
    /// Sub-fingerprints whose log-likelihood ratio is at most this, in nats, suggest no offset. A guess.
    const HINT_NATS: f64 = 6.0;
    /// Largest correction of an offset, in frames: one and a half offset bins.
    const REFINE_OFFSET_FRAMES: i32 = 6;
    /// X-drop: a span ends where its score has dropped this far from its maximum, in nats. Some 3 s of a clean recording without
    /// a peak. A guess.
    const X_DROP_NATS: f64 = 20.0;
    /// The first and the last span are continued to the ends of the overlap if the evidence against it is less than this, in
    /// nats: a second of a clean recording without a peak. A guess.
    const CONTINUED_NATS: f64 = 7.0;
    /// A candidate is dropped at once if even an upper bound of its score is less than this many times what a suspect needs: the
    /// bound is far above the score of most. Measured on 504 clips under noise, speech, music and warps, and 52 whole pieces under
    /// noise: up to 1.5 no match and no suspect is lost, and 0.8 costs a sixth more.
    const LEAST_BOUND: f64 = 1.25;
    /// The same limit, in nats, for a window of a longer item, whose score may grow beyond it: what [`LEAST_BOUND`] was in that
    /// measurement, in a catalogue of 382 recordings.
    const LEAST_OF_WINDOW_NATS: f64 = 30.0;
    /// Lowest score of a span, in nats, given that the alignment was already found. A guess.
    const MIN_SPAN_NATS: f64 = 12.0;
    /// The score of a shorter span is reduced in proportion to its length, in 1/16 frame: 2 s. It may be a single sound that
    /// two pieces share, a crash or a snare, however many peaks that has. A guess.
    const LASTING_UNITS: f64 = 86.0 * 16.0;
    /// An end nearer than this to the end of the overlap is moved there, in 1/16 frame: 1.5 s, the longest distance of a
    /// landmark's two peaks.
    const EDGE_UNITS: f64 = 64.0 * 16.0;
    /// Chance is measured once more if the span found differs from the window that was looked up by more than this share. A
    /// guess.
    const MOVED_SHARE: f64 = 0.1;
    /// An alignment is extended by half of its length on each side, or of this many frames, 1.5 s, if it is shorter. A guess.
    const MIN_EXTENDED_FRAMES: f64 = 64.0;
    /// It is extended as long as its score grows by this factor. A guess.
    const EXTENDS_BY: f64 = 1.1;
}

/// A stretch of the item and of the recording that agree, in frames.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MatchedSpan {
    /// Start and end in the item.
    pub item: (f64, f64),
    /// Start and end in the recording.
    pub recording: (f64, f64),
    /// Log-likelihood ratio of the stretch, in nats.
    pub nats: f64,
    /// Peaks of the recording in the stretch, and those of them that the item has.
    pub peaks: (usize, usize),
}

impl MatchedSpan {
    /// Start and end in the item, in 1/16 frame.
    pub(super) fn window(&self) -> Window {
        let unit = f64::from(TIME_UNITS);
        (self.item.0 * unit, self.item.1 * unit)
    }
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
    /// Log-likelihood ratio of the best span, in nats.
    pub nats: f64,
    /// Whether it was found under a warp.
    pub warped: bool,
    /// Number of landmarks that agreed on the offset.
    pub votes: usize,
    /// Effective search space: the number of independent alignments that chance could have picked this one from.
    pub search_space: f64,
}

impl Alignment {
    /// The probability that an unrelated item gives an alignment as good as this one anywhere in the search space: the E-value of
    /// Karlin & Altschul, at most 1.
    pub fn false_alarm_probability(&self) -> f64 {
        false_alarm_probability(self.log_chance())
    }

    /// The share of the recording's peaks in its spans that the item has.
    pub(super) fn matched_share(&self) -> f64 {
        let sum = |of: fn(&MatchedSpan) -> usize| self.spans.iter().map(of).sum::<usize>();
        sum(|span| span.peaks.1) as f64 / sum(|span| span.peaks.0).max(1) as f64
    }

    /// The time map of one of its spans.
    pub(super) fn time_map(&self, span: &MatchedSpan) -> TimeMap {
        let unit = f64::from(TIME_UNITS);
        TimeMap {
            tempo: self.tempo,
            offset: (span.recording.0 - span.item.0 * self.tempo) * unit,
            pitch: self.pitch_octaves * f64::from(PITCH_UNITS),
        }
    }

    /// Natural logarithm of the false-alarm probability, neither limited to 1 nor to the floor.
    pub(super) fn log_chance(&self) -> f64 {
        Lambda::of(self.warped).log_chance(self.nats) + self.search_space.ln()
    }
}

/// An item and a recording that are compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) peaks: Peaks<'a>,
    pub(super) sub_fingerprints: SubFingerprints<'a>,
    /// Length of the item in 1/16 frame.
    pub(super) item_end: f64,
    /// Length of the recording in 1/16 frame.
    pub(super) recording_end: f64,
}

/// Log-likelihood ratios of peaks and of bits; `None` where they are no better than chance.
#[derive(Debug, Clone, Copy)]
struct AllLogRatios {
    /// Of the recording's weak peaks and of its leading ones.
    peaks: [Option<LogRatios>; 2],
    bits: Option<BitLogRatios>,
}

impl AllLogRatios {
    /// The log-likelihood ratio of all evidence, in nats.
    fn of(&self, counts: [MatchCounts; 2], agreement: Agreement) -> f64 {
        let peaks = self.peaks.iter().zip(counts);
        let peaks: f64 =
            peaks.map(|(log_ratio, counts)| log_ratio.map_or(0.0, |r| r.of(counts))).sum();
        peaks + self.bits.map_or(0.0, |log_ratio| log_ratio.of(agreement))
    }
}

/// A peak or a sub-fingerprint of the recording, as evidence for or against an alignment.
#[derive(Debug, Clone, Copy)]
struct Event {
    /// Time in the item, in 1/16 frame.
    time: f64,
    /// Log-likelihood ratio; negative against the alignment.
    nats: f64,
    /// Whether the peak is matched; `None` for a sub-fingerprint.
    peak: Option<bool>,
}

/// How well the sub-fingerprints of a candidate agree, in nats: to rank many candidates before few are aligned.
pub(super) fn quick_score(sub_fingerprints: SubFingerprints, from: &Candidate) -> f64 {
    let window = (f64::from(from.first), f64::from(from.last));
    sub_fingerprints.quick_score(TimeMap::of(from), window)
}

/// Fits a candidate and scores it. `None` if no span has a score of at least [`MIN_SPAN_NATS`], or if the upper bound of the score
/// in the window that was looked up is low ([`LEAST_BOUND`]) for a false-alarm probability of `told_below`.
pub(super) fn align(
    pair: Pair,
    from: &Candidate,
    search_space: f64,
    told_below: f64,
) -> Option<Alignment> {
    let window = (f64::from(from.first), f64::from(from.last));
    let warped = from.warp != Warp::IDENTITY;
    let mut least = LEAST_BOUND * Lambda::of(warped).nats(told_below.ln() - search_space.ln());
    if differ((0.0, pair.item_end), window) {
        least = least.min(LEAST_OF_WINDOW_NATS);
    }
    let mut map = pair.best_map(TimeMap::of(from), window, least)?;
    let mut spans = pair.score(&mut map, window)?;
    if best(&spans)?.nats > CERTAIN_NATS {
        let mut turned = pair.refine_tempo(map, best(&spans)?.window());
        if turned != map
            && let Some(found) = pair.score(&mut turned, best(&spans)?.window())
            && best(&found)?.nats > best(&spans)?.nats
        {
            (map, spans) = (turned, found);
        }
    }
    let nats = best(&spans)?.nats;
    Some(Alignment {
        track: from.track,
        tempo: map.tempo,
        pitch_octaves: map.pitch / f64::from(PITCH_UNITS),
        spans,
        nats,
        warped,
        votes: from.votes,
        search_space,
    })
}

fn best(spans: &[MatchedSpan]) -> Option<&MatchedSpan> {
    spans.iter().max_by(|a, b| a.nats.total_cmp(&b.nats))
}

/// Whether two windows differ by more than [`MOVED_SHARE`] of the second.
fn differ(a: Window, b: Window) -> bool {
    (a.0 - b.0).abs() + (a.1 - b.1).abs() > MOVED_SHARE * (b.1 - b.0)
}

impl Pair<'_> {
    /// The best of the time maps that peaks and sub-fingerprints suggest, fitted from `start`. `None` if the upper bound of none
    /// is above `least` nats.
    fn best_map(self, start: TimeMap, window: Window, least: f64) -> Option<TimeMap> {
        let by_peaks = self.fitted(start, window, &FITS);
        let by_bits = start.keeps_bands().then(|| {
            let (map, nats) =
                self.sub_fingerprints.refine_offset(start, window, REFINE_OFFSET_FRAMES);
            let agrees = nats > HINT_NATS;
            [agrees.then_some(map), agrees.then(|| self.fitted(map, window, &FITS[1..])).flatten()]
        });
        let maps = [by_peaks].into_iter().chain(by_bits.into_iter().flatten()).flatten();
        maps.map(|map| (self.max_nats(map, window), map))
            .filter(|(nats, _)| *nats > least)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, map)| map)
    }

    /// Extends a time map as far as it goes, and returns the spans where it holds. `None` if there are none.
    fn score(self, map: &mut TimeMap, window: Window) -> Option<Vec<MatchedSpan>> {
        let log_ratios = self.log_ratios(*map, window)?;
        *map = self.extend(*map, window, &log_ratios);
        let spans = self.spans(*map, &log_ratios);
        let found = best(&spans)?.window();
        if !differ(found, window) {
            return Some(spans);
        }
        // The window that was looked up may be longer or shorter than the span that agrees. Chance and agreement are measured
        // once more, on the span.
        let spans = self.spans(*map, &self.log_ratios(*map, found)?);
        (!spans.is_empty()).then_some(spans)
    }

    /// Changes the tempo, about the middle of the window, to where more agrees: sub-fingerprints agree near the middle even if
    /// the tempo is off.
    fn refine_tempo(self, map: TimeMap, window: Window) -> TimeMap {
        let middle = f64::midpoint(window.0, window.1);
        let pivot = map.recording_time(middle);
        let turned = |percent: i32| {
            let tempo = map.tempo * (1.0 + 0.01 * f64::from(percent));
            let turned = TimeMap { tempo, offset: pivot - tempo * middle, ..map };
            self.fitted(turned, window, &FITS[1..]).unwrap_or(turned)
        };
        let here = (self.max_nats(map, window), map);
        let others = (1..=REFINE_TEMPO_PERCENT).flat_map(|p| [p, -p]).map(turned);
        others
            .map(|map| (self.max_nats(map, window), map))
            .fold(here, |best, next| if next.0 > best.0 { next } else { best })
            .1
    }

    /// Fits a time map with each tolerance in turn. `None` if too few peaks match.
    fn fitted(self, mut map: TimeMap, window: Window, tolerances: &[Tolerance]) -> Option<TimeMap> {
        for tolerance in tolerances {
            map = fit(map, &self.peaks.peak_matches(map, window, *tolerance))?;
        }
        Some(map)
    }

    fn agreement(self, map: TimeMap, window: Window) -> Agreement {
        if map.keeps_bands() {
            self.sub_fingerprints.agreement(map, window)
        } else {
            Agreement::default()
        }
    }

    /// Upper bound of the score of a time map, in nats, whatever the rates of chance.
    fn max_nats(self, map: TimeMap, window: Window) -> f64 {
        let counts = self.peaks.match_counts(map, window);
        let most = |n| Chance::LOW.log_ratio(n).map_or(0.0, |log_ratio| log_ratio.of(n));
        let peaks: f64 = counts.into_iter().map(most).sum();
        peaks + self.agreement(map, window).max_nats()
    }

    /// Measures chance around a time map. `None` if neither peaks nor sub-fingerprints are better than chance.
    fn log_ratios(self, map: TimeMap, window: Window) -> Option<AllLogRatios> {
        let pitch = (LOOSE.pitch, CLOSE.pitch);
        let Peaks { item, recording } = self.peaks;
        let counts = self.peaks.match_counts(map, window);
        let peaks = [false, true].map(|leads| {
            Chance::measure(item, recording, map, window, pitch, leads)
                .log_ratio(counts[usize::from(leads)])
        });
        let agreement = self.agreement(map, window);
        let bits = (agreement.bits > 0)
            .then(|| self.sub_fingerprints.chance(map, window).log_ratio(agreement))
            .flatten();
        (peaks.iter().any(Option::is_some) || bits.is_some())
            .then_some(AllLogRatios { peaks, bits })
    }

    /// The score of a window, in nats.
    fn nats(self, map: TimeMap, window: Window, log_ratios: &AllLogRatios) -> f64 {
        log_ratios.of(self.peaks.match_counts(map, window), self.agreement(map, window))
    }

    /// Fits the time map to longer and longer windows, as long as they agree too: so a small error of the tempo does not
    /// grow over a long item.
    fn extend(self, mut map: TimeMap, mut window: Window, log_ratios: &AllLogRatios) -> TimeMap {
        while window.0 > 0.0 || window.1 < self.item_end {
            let reach =
                (window.1 - window.0).max(MIN_EXTENDED_FRAMES * f64::from(TIME_UNITS)) / 2.0;
            let wider = ((window.0 - reach).max(0.0), (window.1 + reach).min(self.item_end));
            if self.nats(map, wider, log_ratios) < EXTENDS_BY * self.nats(map, window, log_ratios) {
                break;
            }
            let Some(next) = self.fitted(map, wider, &FITS[1..2]) else { break };
            map = next;
            window = wider;
        }
        self.fitted(map, window, &FITS[2..]).unwrap_or(map)
    }

    /// All evidence for or against a time map in the whole item, by item time.
    fn events(self, map: TimeMap, log_ratios: &AllLogRatios) -> Vec<Event> {
        let all = (0.0, self.item_end);
        let mut events = Vec::new();
        self.peaks.visit(map, all, LOOSE, |peak_match| {
            let log_ratio = log_ratios.peaks[usize::from(peak_match.recording.leads())];
            let nats =
                log_ratio.map_or(0.0, |log_ratio| log_ratio.nats[peak_match.closeness as usize]);
            let time = map.predict(peak_match.recording).0;
            events.push(Event {
                time,
                nats,
                peak: Some(peak_match.closeness != Closeness::Missed),
            });
        });
        if let Some(log_ratio) = log_ratios.bits {
            // Silence is no evidence, so a span may extend over it.
            self.sub_fingerprints.each(map, all, |time, agreement| {
                if agreement.bits > 0 {
                    events.push(Event { time, nats: log_ratio.of(agreement), peak: None });
                }
            });
            events.sort_by(|a, b| a.time.total_cmp(&b.time));
        }
        events
    }

    /// Finds the spans of the whole item where a time map holds, each with the maximum of its score. A span ends where the
    /// score has dropped by [`X_DROP_NATS`] from its maximum, or below zero.
    fn spans(self, map: TimeMap, log_ratios: &AllLogRatios) -> Vec<MatchedSpan> {
        let events = self.events(map, log_ratios);
        let mut found = Vec::new();
        let mut start = 0;
        while start < events.len() {
            let (mut sum, mut best, mut best_end) = (0.0_f64, 0.0_f64, start);
            let mut at = start;
            while at < events.len() {
                sum += events[at].nats;
                at += 1;
                if sum > best {
                    (best, best_end) = (sum, at);
                }
                if sum <= 0.0 || best - sum > X_DROP_NATS {
                    break;
                }
            }
            if best > MIN_SPAN_NATS {
                found.push((start..best_end, best));
                start = best_end;
            } else {
                start = at.max(start + 1);
            }
        }
        let last = found.len().saturating_sub(1);
        let continued = |at: usize| {
            let (range, _): &(Range<usize>, f64) = &found[at];
            // A codec leaves little evidence of a fade, for or against.
            let against = |rest: &[Event]| -rest.iter().map(|event| event.nats).sum::<f64>();
            [
                at == 0 && against(&events[..range.start]) < CONTINUED_NATS,
                at == last && against(&events[range.end..]) < CONTINUED_NATS,
            ]
        };
        let spans = found.iter().enumerate();
        spans
            .map(|(at, (range, nats))| self.span(map, &events[range.clone()], *nats, continued(at)))
            .collect()
    }

    /// The span of some events. Its start and its end are moved to those of the overlap where `continued` says so or where they
    /// are near.
    fn span(self, map: TimeMap, inside: &[Event], nats: f64, continued: [bool; 2]) -> MatchedSpan {
        let first = map.item_time(0.0).max(0.0);
        let last = map.item_time(self.recording_end).min(self.item_end);
        let mut from = inside[0].time;
        let mut to = inside[inside.len() - 1].time;
        if continued[0] || from - first < EDGE_UNITS {
            from = first;
        }
        if continued[1] || last - to < EDGE_UNITS {
            to = last;
        }
        let unit = f64::from(TIME_UNITS);
        let frames = |time: f64| time.max(0.0) / unit;
        let peaks = inside.iter().filter_map(|event| event.peak);
        let nats = nats * ((to - from) / LASTING_UNITS).min(1.0);
        MatchedSpan {
            item: (frames(from), frames(to)),
            recording: (frames(map.recording_time(from)), frames(map.recording_time(to))),
            nats,
            peaks: (peaks.clone().count(), peaks.filter(|matched| *matched).count()),
        }
    }
}
