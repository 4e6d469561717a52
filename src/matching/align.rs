//! One candidate: the fitted alignment, what it is worth against chance, and where it holds.
//!
//! Each peak of the recording is met closely, met loosely or missed; each bit of its prints agrees or
//! differs. What each is worth is the logarithm of how much likelier that is in a true alignment than by
//! chance; a stretch's worth is the sum. For such a sum the chance that any stretch of an unrelated item
//! reaches `s` nats is at most `exp(-s)` for each place it can start (Karlin & Altschul, PNAS 1990).

use std::ops::Range;

use super::Candidate;
use super::agreement::{Agreement, BitWorth, Prints};
use super::chance::{Chance, Worth};
use super::meeting::{CLOSE, FITS, LOOSE, Met, Peaks, Tally, fit};
use crate::index::TrackId;
use crate::matching::verdict::{Independence, false_alarm_probability};
use crate::signal::landmarks::Warp;
use crate::signal::peaks::{PITCH_UNITS, Peak, TIME_UNITS};

/// Recording time = item time · tempo + offset, in 1/16 frame; pitch in 1/8192 octave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Line {
    pub(super) tempo: f64,
    pub(super) offset: f64,
    pub(super) pitch: f64,
}

impl Line {
    pub(super) fn of(candidate: &Candidate) -> Self {
        Self {
            tempo: f64::from(candidate.warp.tempo),
            offset: candidate.offset_frames * f64::from(TIME_UNITS),
            pitch: f64::from(candidate.warp.pitch_octaves) * f64::from(PITCH_UNITS),
        }
    }

    /// Where the item should have a peak of the recording: time and pitch.
    pub(super) fn predict(self, peak: Peak) -> (f64, f64) {
        (self.item_time(f64::from(peak.time)), f64::from(peak.pitch) + self.pitch)
    }

    pub(super) fn item_time(self, recording_time: f64) -> f64 {
        (recording_time - self.offset) / self.tempo
    }

    pub(super) fn recording_time(self, item_time: f64) -> f64 {
        item_time * self.tempo + self.offset
    }

    /// The same line with item and recording in each other's place.
    pub(super) fn turned(self) -> Self {
        Self { tempo: self.tempo.recip(), offset: -self.offset / self.tempo, pitch: -self.pitch }
    }

    /// A stretch of the item's time in the recording's.
    pub(super) fn in_recording(self, (from, to): Window) -> Window {
        (self.recording_time(from), self.recording_time(to))
    }

    /// The line from recording `other`, taken for the item, to this line's recording, by way of the item.
    pub(super) fn by_way_of(self, other: Self) -> Self {
        let tempo = self.tempo / other.tempo;
        let offset = self.offset - other.offset * tempo;
        Self { tempo, offset, pitch: self.pitch - other.pitch }
    }

    /// Whether bands of the item are the recording's: a quarter of a semitone moves a band by a sixth.
    fn keeps_bands(self) -> bool {
        self.pitch.abs() < f64::from(PITCH_UNITS) / 48.0
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
    pub hypotheses: f64,
}

impl Alignment {
    /// The chance that an unrelated item gives as good an alignment, all hypotheses counted.
    pub fn false_alarm_probability(&self) -> f64 {
        false_alarm_probability(self.log_chance())
    }

    /// The line on which one of its spans lies.
    pub(super) fn line(&self, span: &MatchedSpan) -> Line {
        let unit = f64::from(TIME_UNITS);
        Line {
            tempo: self.tempo,
            offset: (span.recording.0 - span.item.0 * self.tempo) * unit,
            pitch: self.pitch_octaves * f64::from(PITCH_UNITS),
        }
    }

    /// Its logarithm, without a floor.
    pub(super) fn log_chance(&self) -> f64 {
        let independence = if self.warped { Independence::WARPED } else { Independence::RELEASED };
        independence.log_chance(self.nats) + self.hypotheses.ln()
    }
}

/// A stretch of the item's time, in 1/16 frame.
pub(super) type Window = (f64, f64);

/// Item and recording.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) peaks: Peaks<'a>,
    pub(super) prints: Prints<'a>,
    /// Their lengths in 1/16 frame.
    pub(super) item_end: f64,
    pub(super) recording_end: f64,
}

/// What the two kinds of evidence are worth; each only where it is better than chance.
#[derive(Debug, Clone, Copy)]
struct Worths {
    /// Of the weak and of the leading peaks of the recording.
    peaks: [Option<Worth>; 2],
    bits: Option<BitWorth>,
}

impl Worths {
    fn of(&self, met: [Tally; 2], agreement: Agreement) -> f64 {
        let peaks = self.peaks.iter().zip(met);
        let peaks: f64 = peaks.map(|(worth, met)| worth.map_or(0.0, |w| w.of(met))).sum();
        peaks + self.bits.map_or(0.0, |worth| worth.of(agreement))
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
pub(super) fn glance(prints: Prints, from: &Candidate) -> f64 {
    let window = (f64::from(from.first), f64::from(from.last));
    prints.glance(Line::of(from), window)
}

/// Fits a candidate and scores it. `None` where no stretch is worth anything.
pub(super) fn align(pair: Pair, from: &Candidate, hypotheses: f64) -> Option<Alignment> {
    let window = (f64::from(from.first), f64::from(from.last));
    let mut line = pair.best_line(Line::of(from), window)?;
    let mut spans = pair.score(&mut line, window)?;
    if best(&spans)?.nats > CERTAIN_NATS {
        let mut turned = pair.retempo(line, best(&spans)?.window());
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
        hypotheses,
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
    fn best_line(self, start: Line, window: Window) -> Option<Line> {
        let by_peaks = self.fitted(start, window, &FITS);
        let by_prints = start.keeps_bands().then(|| {
            let (line, nats) = self.prints.nudge(start, window, NUDGE_FRAMES);
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
    fn score(self, line: &mut Line, window: Window) -> Option<Vec<MatchedSpan>> {
        let worths = self.worths(*line, window)?;
        *line = self.widen(*line, window, &worths);
        let spans = self.spans(*line, &worths);
        let found = best(&spans)?.window();
        if !differ(found, window) {
            return Some(spans);
        }
        // What was looked up may be longer or shorter than what agrees: chance, and how well the two agree, are
        // measured where they do.
        let spans = self.spans(*line, &self.worths(*line, found)?);
        (!spans.is_empty()).then_some(spans)
    }

    /// The line turned about the middle of the window to where more agrees, if it is clearly more: prints
    /// agree at first even where the tempo is off, but not for long.
    fn retempo(self, line: Line, window: Window) -> Line {
        let middle = f64::midpoint(window.0, window.1);
        let pivot = line.recording_time(middle);
        let turned = |percent: i32| {
            let tempo = line.tempo * (1.0 + 0.01 * f64::from(percent));
            let turned = Line { tempo, offset: pivot - tempo * middle, ..line };
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
        mut line: Line,
        window: Window,
        tolerances: &[super::meeting::Tolerance],
    ) -> Option<Line> {
        for tolerance in tolerances {
            line = fit(line, &self.peaks.meetings(line, window, *tolerance))?;
        }
        Some(line)
    }

    fn agreement(self, line: Line, window: Window) -> Agreement {
        if line.keeps_bands() { self.prints.agreement(line, window) } else { Agreement::default() }
    }

    /// What a line could be worth at the most, whatever chance gives.
    fn most_nats(self, line: Line, window: Window) -> f64 {
        let met = self.peaks.tally(line, window);
        let most = |met| Chance::LOW.worth(met).map_or(0.0, |worth| worth.of(met));
        let peaks: f64 = met.into_iter().map(most).sum();
        peaks + self.agreement(line, window).most_nats()
    }

    /// Measures chance along a line. `None` where neither peaks nor prints are better than it.
    fn worths(self, line: Line, window: Window) -> Option<Worths> {
        let pitch = (LOOSE.pitch, CLOSE.pitch);
        let Peaks { item, recording } = self.peaks;
        let met = self.peaks.tally(line, window);
        let peaks = [false, true].map(|leads| {
            Chance::measure(item, recording, line, window, pitch, leads)
                .worth(met[usize::from(leads)])
        });
        let agreement = self.agreement(line, window);
        let bits = (agreement.bits > 0)
            .then(|| self.prints.chance(line, window).worth(agreement))
            .flatten();
        (peaks.iter().any(Option::is_some) || bits.is_some()).then_some(Worths { peaks, bits })
    }

    fn nats(self, line: Line, window: Window, worths: &Worths) -> f64 {
        worths.of(self.peaks.tally(line, window), self.agreement(line, window))
    }

    /// Fits the line to ever longer stretches around the window, as long as they agree too: so a small
    /// error of the tempo does not run away over a long item.
    fn widen(self, mut line: Line, mut window: Window, worths: &Worths) -> Line {
        while window.0 > 0.0 || window.1 < self.item_end {
            let reach = (window.1 - window.0).max(64.0 * f64::from(TIME_UNITS)) / 2.0;
            let wider = ((window.0 - reach).max(0.0), (window.1 + reach).min(self.item_end));
            if self.nats(line, wider, worths) < 1.1 * self.nats(line, window, worths) {
                break;
            }
            let Some(next) = self.fitted(line, wider, &FITS[1..2]) else { break };
            line = next;
            window = wider;
        }
        self.fitted(line, window, &FITS[2..]).unwrap_or(line)
    }

    /// All that speaks for or against a line in the whole item, by item time.
    fn events(self, line: Line, worths: &Worths) -> Vec<Event> {
        let all = (0.0, self.item_end);
        let mut events = Vec::new();
        self.peaks.visit(line, all, LOOSE, |meeting| {
            let worth = worths.peaks[usize::from(meeting.recording.leads())];
            let nats = worth.map_or(0.0, |worth| worth.nats[meeting.met as usize]);
            let time = line.predict(meeting.recording).0;
            events.push(Event { time, nats, peak: Some(meeting.met != Met::Missed) });
        });
        if let Some(worth) = worths.bits {
            // Silence says nothing, so that a stretch may be led on over it.
            self.prints.each(line, all, |time, agreement| {
                if agreement.bits > 0 {
                    events.push(Event { time, nats: worth.of(agreement), peak: None });
                }
            });
            events.sort_by(|a, b| a.time.total_cmp(&b.time));
        }
        events
    }

    /// Cuts the whole item into the stretches that are worth something: a stretch ends where its worth
    /// has fallen by [`DROP_NATS`] from its highest.
    fn spans(self, line: Line, worths: &Worths) -> Vec<MatchedSpan> {
        let events = self.events(line, worths);
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
                if sum <= 0.0 || best - sum > DROP_NATS {
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
    fn span(self, line: Line, inside: &[Event], nats: f64, led_on: [bool; 2]) -> MatchedSpan {
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
/// Prints that could be worth less at the most lead nowhere.
const HINT_NATS: f64 = 6.0;
/// How far the votes may miss a place, in frames: a bin and a half.
const NUDGE_FRAMES: i32 = 6;
/// A stretch ends where its worth has fallen this far: some 3 s of a clean recording without a peak.
const DROP_NATS: f64 = 20.0;
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
