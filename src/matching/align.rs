//! One candidate: the fitted alignment, what it is worth against chance, and where it holds.
//!
//! Each peak of the recording is met closely, met loosely or missed; each bit of its prints agrees or
//! differs. What each is worth is the logarithm of how much likelier that is in a true alignment than by
//! chance; a stretch's worth is the sum. For such a sum the chance that any stretch of an unrelated item
//! reaches `s` nats is at most `exp(-s)` for each place it can start (Karlin & Altschul, PNAS 1990).

use std::ops::Range;

use super::Candidate;
use super::agreement::{Agreement, BitLogRatios, SubFingerprints};
use super::chance::{Chance, LogRatios};
use super::peak_match::{CLOSE, Closeness, FITS, LOOSE, MatchCounts, Peaks, fit};
use super::time_map::{TimeMap, Window};
use crate::index::TrackId;
use crate::matching::verdict::{Lambda, false_alarm_probability};
use crate::signal::landmarks::Warp;
use crate::signal::peaks::{PITCH_UNITS, TIME_UNITS};

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

impl MatchedSpan {
    /// Where it lies in the item, in 1/16 frame.
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
    /// Worth of the best span in nats.
    pub nats: f64,
    /// Whether it was found under a warp.
    pub warped: bool,
    /// Landmarks that agreed.
    pub votes: usize,
    /// Alignments that chance could have picked this one from, as many as are independent.
    pub search_space: f64,
}

impl Alignment {
    /// The chance that an unrelated item gives as good an alignment, all hypotheses counted.
    pub fn false_alarm_probability(&self) -> f64 {
        false_alarm_probability(self.log_chance())
    }

    /// The line on which one of its spans lies.
    pub(super) fn line(&self, span: &MatchedSpan) -> TimeMap {
        let unit = f64::from(TIME_UNITS);
        TimeMap {
            tempo: self.tempo,
            offset: (span.recording.0 - span.item.0 * self.tempo) * unit,
            pitch: self.pitch_octaves * f64::from(PITCH_UNITS),
        }
    }

    /// Its logarithm, without a floor.
    pub(super) fn log_chance(&self) -> f64 {
        let lambda = if self.warped { Lambda::WARPED } else { Lambda::RELEASED };
        lambda.log_chance(self.nats) + self.search_space.ln()
    }
}

/// Item and recording.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) peaks: Peaks<'a>,
    pub(super) sub_fingerprints: SubFingerprints<'a>,
    /// Their lengths in 1/16 frame.
    pub(super) item_end: f64,
    pub(super) recording_end: f64,
}

/// What the two kinds of evidence are worth; each only where it is better than chance.
#[derive(Debug, Clone, Copy)]
struct AllLogRatios {
    /// Of the weak and of the leading peaks of the recording.
    peaks: [Option<LogRatios>; 2],
    bits: Option<BitLogRatios>,
}

impl AllLogRatios {
    fn of(&self, met: [MatchCounts; 2], agreement: Agreement) -> f64 {
        let peaks = self.peaks.iter().zip(met);
        let peaks: f64 = peaks.map(|(log_ratio, met)| log_ratio.map_or(0.0, |w| w.of(met))).sum();
        peaks + self.bits.map_or(0.0, |log_ratio| log_ratio.of(agreement))
    }
}

/// Something that speaks for or against an alignment.
#[derive(Debug, Clone, Copy)]
struct Event {
    /// In the item, in 1/16 frame.
    time: f64,
    nats: f64,
    /// Whether a peak is met, if it is one.
    peak: Option<bool>,
}

/// How well the prints of a candidate agree: to rank many, before few are aligned.
pub(super) fn quick_score(sub_fingerprints: SubFingerprints, from: &Candidate) -> f64 {
    let window = (f64::from(from.first), f64::from(from.last));
    sub_fingerprints.quick_score(TimeMap::of(from), window)
}

/// Fits a candidate and scores it. `None` where no stretch is worth anything.
pub(super) fn align(pair: Pair, from: &Candidate, search_space: f64) -> Option<Alignment> {
    let window = (f64::from(from.first), f64::from(from.last));
    let mut line = pair.best_line(TimeMap::of(from), window)?;
    let mut spans = pair.score(&mut line, window)?;
    if best(&spans)?.nats > CERTAIN_NATS {
        let mut turned = pair.refine_tempo(line, best(&spans)?.window());
        if turned != line
            && let Some(found) = pair.score(&mut turned, best(&spans)?.window())
            && best(&found)?.nats > best(&spans)?.nats
        {
            (line, spans) = (turned, found);
        }
    }
    let nats = best(&spans)?.nats;
    Some(Alignment {
        track: from.track,
        tempo: line.tempo,
        pitch_octaves: line.pitch / f64::from(PITCH_UNITS),
        spans,
        nats,
        warped: from.warp != Warp::IDENTITY,
        votes: from.votes,
        search_space,
    })
}

fn best(spans: &[MatchedSpan]) -> Option<&MatchedSpan> {
    spans.iter().max_by(|a, b| a.nats.total_cmp(&b.nats))
}

/// Whether two windows differ by more than a tenth.
fn differ(a: Window, b: Window) -> bool {
    (a.0 - b.0).abs() + (a.1 - b.1).abs() > 0.1 * (b.1 - b.0)
}

impl Pair<'_> {
    /// The best of the lines that peaks and prints lead to from `start`. `None` where none can be worth
    /// [`MIN_NATS`].
    fn best_line(self, start: TimeMap, window: Window) -> Option<TimeMap> {
        let by_peaks = self.fitted(start, window, &FITS);
        let by_prints = start.keeps_bands().then(|| {
            let (line, nats) = self.sub_fingerprints.refine_offset(start, window, NUDGE_FRAMES);
            let agrees = nats > HINT_NATS;
            [
                agrees.then_some(line),
                agrees.then(|| self.fitted(line, window, &FITS[1..])).flatten(),
            ]
        });
        let lines = [by_peaks].into_iter().chain(by_prints.into_iter().flatten()).flatten();
        lines
            .map(|line| (self.most_nats(line, window), line))
            .filter(|(nats, _)| *nats > MIN_NATS)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, line)| line)
    }

    /// Leads the line on as far as it goes, and gives the stretches where it holds. `None` where there is none.
    fn score(self, line: &mut TimeMap, window: Window) -> Option<Vec<MatchedSpan>> {
        let log_ratios = self.log_ratios(*line, window)?;
        *line = self.extend(*line, window, &log_ratios);
        let spans = self.spans(*line, &log_ratios);
        let found = best(&spans)?.window();
        if !differ(found, window) {
            return Some(spans);
        }
        // What was looked up may be longer or shorter than what agrees: chance, and how well the two agree, are
        // measured where they do.
        let spans = self.spans(*line, &self.log_ratios(*line, found)?);
        (!spans.is_empty()).then_some(spans)
    }

    /// The line turned about the middle of the window to where more agrees, if it is clearly more: prints
    /// agree at first even where the tempo is off, but not for long.
    fn refine_tempo(self, line: TimeMap, window: Window) -> TimeMap {
        let middle = f64::midpoint(window.0, window.1);
        let pivot = line.recording_time(middle);
        let turned = |percent: i32| {
            let tempo = line.tempo * (1.0 + 0.01 * f64::from(percent));
            let turned = TimeMap { tempo, offset: pivot - tempo * middle, ..line };
            self.fitted(turned, window, &FITS[1..]).unwrap_or(turned)
        };
        let here = (self.most_nats(line, window), line);
        let others = (1..=RETEMPO_PERCENT).flat_map(|p| [p, -p]).map(turned);
        others
            .map(|line| (self.most_nats(line, window), line))
            .fold(here, |best, next| if next.0 > best.0 { next } else { best })
            .1
    }

    fn fitted(
        self,
        mut line: TimeMap,
        window: Window,
        tolerances: &[super::peak_match::Tolerance],
    ) -> Option<TimeMap> {
        for tolerance in tolerances {
            line = fit(line, &self.peaks.peak_matches(line, window, *tolerance))?;
        }
        Some(line)
    }

    fn agreement(self, line: TimeMap, window: Window) -> Agreement {
        if line.keeps_bands() {
            self.sub_fingerprints.agreement(line, window)
        } else {
            Agreement::default()
        }
    }

    /// What a line could be worth at the most, whatever chance gives.
    fn most_nats(self, line: TimeMap, window: Window) -> f64 {
        let met = self.peaks.match_counts(line, window);
        let most = |met| Chance::LOW.log_ratio(met).map_or(0.0, |log_ratio| log_ratio.of(met));
        let peaks: f64 = met.into_iter().map(most).sum();
        peaks + self.agreement(line, window).most_nats()
    }

    /// Measures chance along a line. `None` where neither peaks nor prints are better than it.
    fn log_ratios(self, line: TimeMap, window: Window) -> Option<AllLogRatios> {
        let pitch = (LOOSE.pitch, CLOSE.pitch);
        let Peaks { item, recording } = self.peaks;
        let met = self.peaks.match_counts(line, window);
        let peaks = [false, true].map(|leads| {
            Chance::measure(item, recording, line, window, pitch, leads)
                .log_ratio(met[usize::from(leads)])
        });
        let agreement = self.agreement(line, window);
        let bits = (agreement.bits > 0)
            .then(|| self.sub_fingerprints.chance(line, window).log_ratio(agreement))
            .flatten();
        (peaks.iter().any(Option::is_some) || bits.is_some())
            .then_some(AllLogRatios { peaks, bits })
    }

    fn nats(self, line: TimeMap, window: Window, log_ratios: &AllLogRatios) -> f64 {
        log_ratios.of(self.peaks.match_counts(line, window), self.agreement(line, window))
    }

    /// Fits the line to ever longer stretches around the window, as long as they agree too: so a small
    /// error of the tempo does not run away over a long item.
    fn extend(self, mut line: TimeMap, mut window: Window, log_ratios: &AllLogRatios) -> TimeMap {
        while window.0 > 0.0 || window.1 < self.item_end {
            let reach = (window.1 - window.0).max(64.0 * f64::from(TIME_UNITS)) / 2.0;
            let wider = ((window.0 - reach).max(0.0), (window.1 + reach).min(self.item_end));
            if self.nats(line, wider, log_ratios) < 1.1 * self.nats(line, window, log_ratios) {
                break;
            }
            let Some(next) = self.fitted(line, wider, &FITS[1..2]) else { break };
            line = next;
            window = wider;
        }
        self.fitted(line, window, &FITS[2..]).unwrap_or(line)
    }

    /// All that speaks for or against a line in the whole item, by item time.
    fn events(self, line: TimeMap, log_ratios: &AllLogRatios) -> Vec<Event> {
        let all = (0.0, self.item_end);
        let mut events = Vec::new();
        self.peaks.visit(line, all, LOOSE, |peak_match| {
            let log_ratio = log_ratios.peaks[usize::from(peak_match.recording.leads())];
            let nats = log_ratio.map_or(0.0, |log_ratio| log_ratio.nats[peak_match.met as usize]);
            let time = line.predict(peak_match.recording).0;
            events.push(Event { time, nats, peak: Some(peak_match.met != Closeness::Missed) });
        });
        if let Some(log_ratio) = log_ratios.bits {
            // Silence says nothing, so that a stretch may be led on over it.
            self.sub_fingerprints.each(line, all, |time, agreement| {
                if agreement.bits > 0 {
                    events.push(Event { time, nats: log_ratio.of(agreement), peak: None });
                }
            });
            events.sort_by(|a, b| a.time.total_cmp(&b.time));
        }
        events
    }

    /// Cuts the whole item into the stretches that are worth something: a stretch ends where its worth
    /// has fallen by [`X_DROP_NATS`] from its highest.
    fn spans(self, line: TimeMap, log_ratios: &AllLogRatios) -> Vec<MatchedSpan> {
        let events = self.events(line, log_ratios);
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
        let led_on = |at: usize| {
            let (range, _): &(Range<usize>, f64) = &found[at];
            // Of a fade a codec leaves little that agrees, and little that speaks against it.
            let against = |rest: &[Event]| -rest.iter().map(|event| event.nats).sum::<f64>();
            [
                at == 0 && against(&events[..range.start]) < LED_ON_NATS,
                at == last && against(&events[range.end..]) < LED_ON_NATS,
            ]
        };
        let spans = found.iter().enumerate();
        spans
            .map(|(at, (range, nats))| self.span(line, &events[range.clone()], *nats, led_on(at)))
            .collect()
    }

    /// The stretch of some events, led on to the start and the end of the overlap where told so or where these are near.
    fn span(self, line: TimeMap, inside: &[Event], nats: f64, led_on: [bool; 2]) -> MatchedSpan {
        let first = line.item_time(0.0).max(0.0);
        let last = line.item_time(self.recording_end).min(self.item_end);
        let mut from = inside[0].time;
        let mut to = inside[inside.len() - 1].time;
        if led_on[0] || from - first < EDGE_UNITS {
            from = first;
        }
        if led_on[1] || last - to < EDGE_UNITS {
            to = last;
        }
        let unit = f64::from(TIME_UNITS);
        let frames = |time: f64| time.max(0.0) / unit;
        let peaks = inside.iter().filter_map(|event| event.peak);
        let nats = nats * ((to - from) / LASTING_UNITS).min(1.0);
        MatchedSpan {
            item: (frames(from), frames(to)),
            recording: (frames(line.recording_time(from)), frames(line.recording_time(to))),
            nats,
            peaks: (peaks.clone().count(), peaks.filter(|met| *met).count()),
        }
    }
}

/// How far, in hundredths, the tempo may be off a line that agrees a little.
const RETEMPO_PERCENT: i32 = 6;
/// What is worth more is no chance; other tempos are tried only then, since each is another try.
const CERTAIN_NATS: f64 = 45.0;
/// Sub-fingerprints that could be worth less at the most lead nowhere.
const HINT_NATS: f64 = 6.0;
/// How far the votes may miss a place, in frames: a bin and a half.
const NUDGE_FRAMES: i32 = 6;
/// A stretch ends where its worth has fallen this far: some 3 s of a clean recording without a peak.
const X_DROP_NATS: f64 = 20.0;
/// A stretch is led on to the ends of the overlap if what lies between speaks against it by less than this: a
/// second of a clean recording without a peak.
const LED_ON_NATS: f64 = 7.0;
/// A candidate is left at once if its stretch is worth less even against the least of chance: half of what
/// a suspect needs in a small catalogue.
const MIN_NATS: f64 = 20.0;
/// Stretches worth less are chance, given that the alignment was already found elsewhere.
const MIN_SPAN_NATS: f64 = 12.0;
/// What lasts less may be a single sound that two pieces share, a crash or a snare, however many peaks it has: it
/// is worth so much the less. 2 s.
const LASTING_UNITS: f64 = 86.0 * 16.0;
/// An end nearer than this to the end of the overlap is the end: 1.5 s, the longest pair.
const EDGE_UNITS: f64 = 64.0 * 16.0;
