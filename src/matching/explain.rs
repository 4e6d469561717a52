//! How much of an item and of a recording an alignment explains, beside what the same two signals and other
//! recordings reach.
//!
//! A score says that two signals agree better than chance. It does not say that one is a copy of the other: pieces
//! that share a drum kit, a tempo and a key agree at every beat. Three questions tell them apart:
//!
//! * Do the same two agree as well at another offset (a beat or a bar off), or do other recordings agree as well with
//!   the item? What is met there, too, is worth nothing here. This is the cohort normalisation of speaker
//!   verification (Z-norm and T-norm; Auckenthaler et al. 2000), peak by peak.
//! * What share of the recording's peaks does the item have, and of the item's peaks the recording?
//! * Where a strong peak of the recording is missing, is it hidden by something louder in the item? Sound that is laid
//!   over a recording hides its peaks, it does not take them away.

use super::agreement::{Agreement, SubFingerprints};
use super::align::{Alignment, MatchedSpan};
use super::peak_match::{LOOSE, MatchCounts, PeakMatch, Peaks, between};
use super::time_map::{TimeMap, Window};
use crate::signal::peaks::{PITCH_UNITS, Peak};

/// A number of peaks, and how many of them are meant.
pub type Part = (usize, usize);
/// A number of peaks of which each counts from 0 to 1, and how much of it is meant.
pub type Weight = (f64, f64);

/// What an alignment explains. Shares are from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Explained {
    /// Peaks of the recording in the spans, and those of them that the item has.
    pub recording: Part,
    /// Leading peaks of the item in the spans, and those of them that the recording has.
    pub item: Part,
    /// Leading peaks of the recording in the spans, and those of them that are neither met nor hidden.
    pub absent: Part,
    /// The largest share of the recording's peaks that the item meets at another offset.
    pub elsewhere: f64,
    /// The largest share of another recording's peaks that the item meets, of those that hold something in common with
    /// this one there; 0 if there is none.
    pub others: f64,
    /// The score of the best other recording in the same stretch, as a share of this one's; 0 if there is none.
    pub rival: f64,
    /// Worth, in nats, of what is met beyond what other offsets and other recordings meet.
    pub nats: f64,
    /// The share of the recording's peaks that is met beyond them.
    pub beyond: f64,
    /// Where both go on outside of the spans: leading peaks of the recording, and those of them that the item has.
    pub beside: Part,
    /// The share of the bits of both sides' prints that agree in the spans; 0.5 by chance.
    pub sub_fingerprints: f64,
    /// As `absent`, but a peak counts by how seldom the recording has its like at its other offsets: the hats of a loop
    /// are met in every piece that has them, a melody is not.
    pub own_absent: Weight,
    /// How far the levels of leading peaks that met lie from one gain an octave, in dB: four fifths of them lie nearer.
    /// Other instruments that play the same notes differ; what is laid over a recording does not.
    pub level_db: f64,
    /// Length of the longest spans together, in frames of the item.
    pub frames: f64,
}

impl Explained {
    /// The share that a part is; 0 of nothing.
    pub fn share((all, part): Part) -> f64 {
        part as f64 / (all as f64).max(1.0)
    }
}

/// What is compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sides<'a> {
    /// All of the item's peaks, and those that would lead if it were a recording.
    pub(super) item: &'a [Peak],
    pub(super) item_leading: &'a [Peak],
    /// What is kept of the recording.
    pub(super) recording: &'a [Peak],
    pub(super) sub_fingerprints: SubFingerprints<'a>,
    /// Their lengths in 1/16 frame.
    pub(super) item_end: f64,
    pub(super) recording_end: f64,
}

/// An alignment of another recording with the same item.
#[derive(Debug, Clone, Copy)]
pub(super) struct Other<'a> {
    pub(super) alignment: &'a Alignment,
    pub(super) recording: &'a [Peak],
    pub(super) end: f64,
    /// Whether the two recordings hold something in common there, rather than sound together in the item.
    pub(super) is_alike: bool,
}

/// Half the range of other offsets, in 1/16 frame: 40 s, sixteen bars at 96 beats a minute.
const REACH: f64 = 40.0 * 43.07 * 16.0;
/// Width of a bin of offsets in 1/16 frame.
const BIN: f64 = 8.0;
/// Bins to each side of an offset whose peak matches count, as wide as [`LOOSE`].
const LOOSE_BINS: usize = 3;
/// Offsets nearer than this are no other place: long notes agree with themselves. 0.56 s.
const NEAR: f64 = 24.0 * 16.0;
/// Two other offsets are as far apart as this: 116 ms, a sixteenth at 130 beats a minute.
const APART: f64 = 5.0 * 16.0;
/// Other offsets that are compared: the best.
const OTHERS: usize = 12;
/// … and the most of them before, and behind: so the start and the end of an item as long as the recording are tried.
const OTHERS_ON_A_SIDE: usize = 8;
/// So many trials at the mean rate are added to what was seen of each peak.
const PRIOR_TRIALS: f64 = 2.0;
/// The rate at which a peak is met by chance where no other offset could be compared.
const UNSEEN_RATE: f64 = 0.15;
/// How near a peak of the item has to be to hide one of the recording's, in 1/16 frame and 1/8192 octave: no two
/// maxima lie nearer than four frames and 0.08 octave, and one more is for where the hidden one would be.
const HIDES_TIME: f64 = 5.0 * 16.0;
const HIDES_PITCH: f64 = 0.10 * PITCH_UNITS as f64;
/// It has to be as loud as what it hides, or weaker by no more than this: half a step of what an index keeps of
/// strength, and 0.25 doublings that codecs move.
const HIDES_STRENGTH: f64 = 384.0;
/// Peaks that have to be met to tell the level of a window.
const LEAST_TOLD: usize = 6;
/// One unit of [`Peak::strength`] in dB.
const DB: f64 = 3.0103 / 256.0;
/// A window of the overlap, in 1/16 frame: 3 s.
const WINDOW: f64 = 129.0 * 16.0;

/// Of each peak of the item in a window: under how many other lines it was tried, and met.
#[derive(Debug, Clone)]
struct Trials {
    tried: Vec<u16>,
    met: Vec<u16>,
    /// Share of the recording's peaks that was met under each line.
    rates: Vec<f64>,
}

impl Trials {
    fn new(peaks: usize) -> Self {
        Self { tried: vec![0; peaks], met: vec![0; peaks], rates: Vec::new() }
    }

    /// Adds a line to a recording, which ends at `end`, for the item's peaks in `window`.
    fn add(&mut self, item: &[Peak], window: Window, line: TimeMap, recording: &[Peak], end: f64) {
        let there = line.in_recording(window);
        let there = (there.0.max(0.0), there.1.min(end));
        let back = line.turned();
        let mut at = item.partition_point(|p| f64::from(p.time) < back.recording_time(there.0));
        let turned = Peaks { item: recording, recording: item };
        turned.visit(back, there, LOOSE, |peak_match| {
            self.tried[at] += 1;
            self.met[at] += u16::from(peak_match.item.is_some());
            at += 1;
        });
        let part = met_of(Peaks { item, recording }.match_counts(line, window));
        if part.0 > 0 {
            self.rates.push(Explained::share(part));
        }
    }

    fn mean(&self) -> f64 {
        let n = self.rates.len();
        if n == 0 { UNSEEN_RATE } else { self.rates.iter().sum::<f64>() / n as f64 }
    }

    fn best(&self) -> f64 {
        self.rates.iter().copied().fold(0.0, f64::max)
    }

    /// The rate at which chance meets a peak of the item.
    fn rate(&self, at: usize, mean: f64) -> f64 {
        let met = f64::from(self.met[at]) + PRIOR_TRIALS * mean;
        (met / (f64::from(self.tried[at]) + PRIOR_TRIALS)).clamp(0.02, 0.98)
    }
}

/// Other offsets at which item and recording agree best, as shifts of the line.
fn other_shifts(item: &[Peak], recording: &[Peak], line: TimeMap, window: Window) -> Vec<f64> {
    let bins = (2.0 * REACH / BIN) as usize + 1;
    let mut counts = vec![0_u32; bins];
    let mut by_pitch: Vec<Peak> = recording.to_vec();
    by_pitch.sort_unstable_by_key(|p| (p.pitch, p.time));
    for peak in item {
        let pitch = f64::from(peak.pitch) - line.pitch;
        let place = line.recording_time(f64::from(peak.time)) - REACH;
        let first = by_pitch.partition_point(|p| f64::from(p.pitch) < pitch - LOOSE.pitch);
        for other in &by_pitch[first..] {
            if f64::from(other.pitch) - pitch > LOOSE.pitch {
                break;
            }
            let bin = (f64::from(other.time) - place) / BIN + 0.5;
            if bin >= 0.0 && (bin as usize) < bins {
                counts[bin as usize] += 1;
            }
        }
    }
    let (from, to) = line.in_recording(window);
    let all = between(recording, (from, to)).len();
    let mut rates: Vec<(f64, usize)> = (LOOSE_BINS..bins - LOOSE_BINS)
        .filter_map(|at| {
            let shift = at as f64 * BIN - REACH;
            let sum: u32 = counts[at - LOOSE_BINS..=at + LOOSE_BINS].iter().sum();
            if shift.abs() < NEAR || sum == 0 {
                return None;
            }
            let n = between(recording, (from + shift, to + shift)).len();
            // Where most of the window lies beyond the recording's ends little is said.
            (n >= 8 && 2 * n >= all).then(|| (f64::from(sum) / n as f64, at))
        })
        .collect();
    // Of equals the nearest: far ones leave more of a long item beyond the recording's ends.
    let away = |at: usize| (at as f64 * BIN - REACH).abs();
    rates.sort_by(|a, b| {
        b.0.total_cmp(&a.0).then(away(a.1).total_cmp(&away(b.1))).then(a.1.cmp(&b.1))
    });
    let mut shifts: Vec<f64> = Vec::with_capacity(OTHERS);
    for (_, at) in rates {
        let shift = at as f64 * BIN - REACH;
        let on_this_side = shifts.iter().filter(|other| (**other < 0.0) == (shift < 0.0)).count();
        let is_apart = shifts.iter().all(|other| (other - shift).abs() >= APART);
        if is_apart && on_this_side < OTHERS_ON_A_SIDE {
            shifts.push(shift);
            if shifts.len() == OTHERS {
                break;
            }
        }
    }
    shifts
}

/// The share that is met beyond chance, and what that is worth, by the chance of each peak and whether it was met.
///
/// A peak is met because it is there, with a probability `q`, or else by its chance `p`. The `q` that explains most
/// is taken: the worth is a log-likelihood ratio, maximised over one parameter.
fn log_ratio(seen: &[(f64, bool)]) -> (f64, f64) {
    let nats = |q: f64| -> f64 {
        let missed = (1.0 - q).ln();
        let of =
            |&(p, met): &(f64, bool)| if met { ((p + (1.0 - p) * q) / p).ln() } else { missed };
        seen.iter().map(of).sum()
    };
    let steps = (1..20).map(|step| 0.05 * f64::from(step)).map(|q| (q, nats(q)));
    steps.fold((0.0, 0.0), |best, next| if next.1 > best.1 { next } else { best })
}

/// How much louder the item is than the recording, by pitch: medians over an octave each.
#[derive(Debug, Clone, Copy)]
struct Gain([f64; 5]);

impl Gain {
    fn of(pairs: &[(Peak, Peak)]) -> Option<Self> {
        let all = median(pairs.iter().map(difference).collect())?;
        let mut bands = [all; 5];
        for (band, gain) in bands.iter_mut().enumerate() {
            let inside = pairs.iter().filter(|(_, ours)| octave(*ours) == band);
            let inside: Vec<f64> = inside.map(difference).collect();
            if inside.len() >= 12 {
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
    usize::from(peak.pitch / PITCH_UNITS as u16).min(4)
}

/// How much stronger the item's peak of a pair is than the recording's.
fn difference((item, ours): &(Peak, Peak)) -> f64 {
    f64::from(item.strength) - f64::from(ours.strength)
}

/// All peaks that were tallied, and those that are met.
fn met_of(tallies: [MatchCounts; 2]) -> Part {
    let [close, loose, missed] = [0, 1, 2].map(|class| tallies[0][class] + tallies[1][class]);
    (close + loose + missed, close + loose)
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    Some(*values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

/// The loudest peak of the item that lies where it could hide one at a time and a pitch.
fn loudest_near(item: &[Peak], time: f64, pitch: f64) -> f64 {
    between(item, (time - HIDES_TIME, time + HIDES_TIME))
        .iter()
        .filter(|p| (f64::from(p.pitch) - pitch).abs() <= HIDES_PITCH)
        .map(|p| f64::from(p.strength))
        .fold(0.0, f64::max)
}

/// Compares an alignment with the best other offsets of the same two and with the alignments of other recordings.
pub(super) fn explain(sides: Sides, alignment: &Alignment, cohort: &[Other]) -> Explained {
    let mut out = Explained::default();
    let mut seen = Vec::new();
    let mut sub_fingerprints = Agreement::default();
    let mut weights = vec![1.0; sides.recording.len()];
    for span in &alignment.spans {
        let (window, line) = (span.window(), alignment.line(span));
        sub_fingerprints = sub_fingerprints.add(sides.sub_fingerprints.agreement(line, window));
        let item = between(sides.item, window);
        let mut trials = Trials::new(item.len());
        let there = line.in_recording(window);
        let ours = between(sides.recording, there);
        let mut repeats = Trials::new(ours.len());
        for shift in other_shifts(item, sides.recording, line, window) {
            let moved = TimeMap { tempo: 1.0, offset: shift, pitch: 0.0 };
            repeats.add(ours, there, moved, sides.recording, sides.recording_end);
            let line = TimeMap { offset: line.offset + shift, ..line };
            trials.add(item, window, line, sides.recording, sides.recording_end);
        }
        out.elsewhere = out.elsewhere.max(trials.best());
        for other in cohort {
            for theirs in &other.alignment.spans {
                let part = theirs.window();
                let both = (window.0.max(part.0), window.1.min(part.1));
                if both.1 - both.0 >= 0.3 * (window.1 - window.0) {
                    let line = other.alignment.line(theirs);
                    trials.add(item, both, line, other.recording, other.end);
                    if other.is_alike {
                        out.others = trials.rates.last().copied().unwrap_or(0.0).max(out.others);
                    }
                }
            }
        }
        let mean = trials.mean();
        let first = sides.recording.partition_point(|p| f64::from(p.time) < there.0);
        for (at, weight) in weights[first..].iter_mut().take(ours.len()).enumerate() {
            *weight = 1.0 - repeats.rate(at, repeats.mean());
        }
        Peaks { item, recording: sides.recording }.visit(line, window, LOOSE, |peak_match| {
            // Peaks are sorted by all that they are.
            let at = peak_match.item.and_then(|peak| item.binary_search(&peak).ok());
            out.recording.0 += 1;
            out.recording.1 += usize::from(peak_match.item.is_some());
            seen.push((at.map_or(mean, |at| trials.rate(at, mean)), peak_match.item.is_some()));
        });
        let turned = Peaks { item: sides.recording, recording: sides.item_leading };
        let (leading, met) = met_of(turned.match_counts(line.turned(), line.in_recording(window)));
        out.item = (out.item.0 + leading, out.item.1 + met);
        out.frames += span.item.1 - span.item.0;
    }
    (out.beyond, out.nats) = log_ratio(&seen);
    out.sub_fingerprints = sub_fingerprints.rate();
    hidden(sides, alignment, &weights, &mut out);
    out
}

/// The pitch above which an item has no peaks worth the name: of a telephone or a low bit rate nothing is expected there.
fn ceiling<'a>(item: impl Iterator<Item = &'a Peak>) -> f64 {
    let mut pitches: Vec<u16> = item.map(|peak| peak.pitch).collect();
    if pitches.is_empty() {
        return f64::INFINITY;
    }
    let at = (pitches.len() - 1) * 99 / 100;
    f64::from(*pitches.select_nth_unstable(at).1) + HIDES_PITCH
}

/// How the leading peaks of the recording are met in a window of the item.
fn leading(sides: Sides, line: TimeMap, window: Window) -> Vec<PeakMatch> {
    let peaks = Peaks { item: sides.item, recording: sides.recording };
    let mut met = peaks.peak_matches(line, window, LOOSE);
    met.retain(|peak_match| peak_match.recording.leads());
    met
}

/// The item's peak and the recording's, if they met.
fn pair(peak_match: &PeakMatch) -> Option<(Peak, Peak)> {
    Some((peak_match.item?, peak_match.recording))
}

/// Counts the leading peaks of the recording that are neither met nor hidden in the spans, and how many are met in the
/// rest of the overlap, where the alignment does not hold and both go on.
fn hidden(sides: Sides, alignment: &Alignment, weights: &[f64], out: &mut Explained) {
    let Some(best) = alignment.spans.iter().max_by(|a, b| a.nats.total_cmp(&b.nats)) else {
        return;
    };
    let line = alignment.line(best);
    let spans: Vec<Window> = alignment.spans.iter().map(MatchedSpan::window).collect();
    let inside = spans.iter().flat_map(|span| leading(sides, line, *span));
    let told: Vec<(Peak, Peak)> = inside.filter_map(|peak_match| pair(&peak_match)).collect();
    let Some(gain) = Gain::of(&told) else { return };
    let ceiling = ceiling(spans.iter().flat_map(|span| between(sides.item, *span)));
    let start = line.item_time(0.0).max(0.0);
    let end = line.item_time(sides.recording_end).min(sides.item_end);
    let parts = ((end - start) / WINDOW).ceil().max(1.0);
    let length = (end - start) / parts;
    let mut levels: Vec<f64> = Vec::new();
    for part in 0..parts as usize {
        let window = (start + part as f64 * length, start + (part + 1) as f64 * length);
        let middle = f64::midpoint(window.0, window.1);
        let met = leading(sides, line, window);
        let pairs: Vec<(Peak, Peak)> = met.iter().filter_map(pair).collect();
        if !spans.iter().any(|span| span.0 <= middle && middle <= span.1) {
            out.beside.0 += met.len();
            out.beside.1 += pairs.len();
            continue;
        }
        // A fade or a compressor moves the level from window to window.
        let moved: Vec<f64> = pairs.iter().map(|pair| difference(pair) - gain.at(pair.1)).collect();
        let moved = if pairs.len() < LEAST_TOLD { None } else { median(moved) };
        levels.extend(
            pairs
                .iter()
                .map(|pair| (difference(pair) - gain.at(pair.1) - moved.unwrap_or(0.0)).abs()),
        );
        let is_absent = |peak_match: &PeakMatch| {
            let (time, pitch) = line.predict(peak_match.recording);
            let expected = f64::from(peak_match.recording.strength)
                + gain.at(peak_match.recording)
                + moved.unwrap_or(0.0);
            peak_match.item.is_none()
                && pitch <= ceiling
                && loudest_near(sides.item, time, pitch) < expected - HIDES_STRENGTH
        };
        for peak_match in &met {
            let place = sides.recording.binary_search(&peak_match.recording);
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
        let at = levels.len() * 4 / 5;
        out.level_db = *levels.select_nth_unstable_by(at, f64::total_cmp).1 * DB;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    const LINE: TimeMap = TimeMap { tempo: 1.0, offset: 0.0, pitch: 0.0 };

    /// Peaks drawn with a seed, about `rate` in ten seconds, all leading.
    fn music(seed: u64, rate: u64) -> Vec<Peak> {
        let mut dice = Dice::new(seed);
        let mut draw = |n: usize| dice.below(n);
        let mut peaks: Vec<Peak> = (0..12 * rate)
            .map(|_| Peak {
                time: draw(120 * 689) as u32,
                pitch: draw(35_000) as u16,
                strength: (17_000 + draw(3_000)) as u16 | 1,
            })
            .collect();
        peaks.sort_unstable();
        peaks
    }

    fn alignment(frames: f64) -> Alignment {
        Alignment {
            track: crate::index::TrackId(0),
            tempo: 1.0,
            pitch_octaves: 0.0,
            spans: vec![MatchedSpan {
                item: (0.0, frames),
                recording: (0.0, frames),
                nats: 100.0,
                peaks: (1, 1),
            }],
            nats: 100.0,
            warped: false,
            votes: 10,
            search_space: 1.0,
        }
    }

    fn sides<'a>(item: &'a [Peak], recording: &'a [Peak]) -> Sides<'a> {
        let end = 120.0 * 689.0;
        let sub_fingerprints = SubFingerprints { item: &[], recording: &[], step: 1 };
        Sides {
            item,
            item_leading: item,
            recording,
            sub_fingerprints,
            item_end: end,
            recording_end: end,
        }
    }

    #[test]
    fn a_copy_is_explained_on_both_sides_and_nothing_is_absent() {
        let ours = music(1, 160);
        let told = explain(sides(&ours, &ours), &alignment(5_160.0), &[]);
        assert_eq!(told.recording.0, told.recording.1);
        assert_eq!(told.item.0, told.item.1);
        assert_eq!(told.absent.1, 0);
        assert!(told.nats > 500.0 && told.elsewhere < 0.3, "{told:?}");
    }

    #[test]
    fn what_agrees_as_well_a_bar_later_is_worth_nothing() {
        // Two seconds over and over, and another piece on the same hits.
        let bar: Vec<Peak> = music(2, 160).into_iter().filter(|p| p.time < 1_378).collect();
        let loops = |melody: &[Peak]| {
            let bars = (0..60)
                .flat_map(|i| bar.iter().map(move |p| Peak { time: p.time + i * 1_378, ..*p }));
            let mut all: Vec<Peak> = bars.chain(melody.iter().copied()).collect();
            all.sort_unstable();
            all
        };
        let (ours, theirs) = (loops(&music(3, 80)), loops(&music(4, 80)));
        let wrong = explain(sides(&theirs, &ours), &alignment(5_160.0), &[]);
        assert!(Explained::share(wrong.recording) > 0.6, "{wrong:?}");
        assert!(wrong.nats < 30.0 && wrong.elsewhere > 0.6, "{wrong:?}");
        let right = explain(sides(&ours, &ours), &alignment(5_160.0), &[]);
        assert!(right.nats > 200.0, "{right:?}");
    }

    #[test]
    fn sound_laid_over_a_recording_hides_its_peaks_and_a_part_left_out_does_not() {
        let ours = music(5, 160);
        // Every other peak of the recording is gone; in one item something louder is in its place.
        let kept: Vec<Peak> = ours.iter().copied().step_by(2).collect();
        let over = ours.iter().skip(1).step_by(2).map(|p| Peak {
            time: p.time + 40,
            pitch: p.pitch.saturating_add(300),
            strength: 20_991,
        });
        let mut layered: Vec<Peak> = kept.iter().copied().chain(over).collect();
        layered.sort_unstable();
        let absent = |item: &[Peak]| {
            Explained::share(explain(sides(item, &ours), &alignment(5_160.0), &[]).absent)
        };
        assert!(absent(&layered) < 0.05, "{}", absent(&layered));
        assert!(absent(&kept) > 0.2, "{}", absent(&kept));
    }

    #[test]
    fn what_another_recording_meets_too_is_worth_less() {
        let ours = music(6, 160);
        let alone = explain(sides(&ours, &ours), &alignment(5_160.0), &[]);
        let other = alignment(5_160.0);
        let rivals =
            [Other { alignment: &other, recording: &ours, end: 120.0 * 689.0, is_alike: true }; 12];
        let beside = explain(sides(&ours, &ours), &alignment(5_160.0), &rivals);
        assert!(beside.nats < 0.5 * alone.nats, "{} {}", beside.nats, alone.nats);
        assert!((beside.others - 1.0).abs() < 1e-9);
        assert!((LINE.recording_time(7.0) - 7.0).abs() < 1e-9);
    }

    #[test]
    fn what_a_loop_repeats_counts_little_of_what_is_absent() {
        // A bar of two seconds over and over, and a melody that is not repeated.
        let bar: Vec<Peak> = music(7, 160).into_iter().filter(|p| p.time < 1_378).collect();
        let bars = (0..60)
            .flat_map(|i| bar.iter().map(move |p| Peak { time: p.time + i * 1_378, ..*p }))
            .collect::<Vec<_>>();
        let melody = music(8, 40);
        let mut ours: Vec<Peak> = bars.iter().chain(&melody).copied().collect();
        ours.sort_unstable();
        let told = explain(sides(&bars, &ours), &alignment(5_160.0), &[]);
        let own = told.own_absent.1 / told.own_absent.0;
        assert!(own > 1.5 * Explained::share(told.absent), "{told:?}");
    }

    #[test]
    fn levels_that_another_instrument_has_lie_far_from_one_gain() {
        let ours = music(9, 160);
        let louder: Vec<Peak> =
            ours.iter().map(|p| Peak { strength: p.strength + 512, ..*p }).collect();
        let told = explain(sides(&louder, &ours), &alignment(5_160.0), &[]);
        assert!(told.level_db < 1.0, "{told:?}");
        // Every other note 12 dB louder.
        let other: Vec<Peak> = ours
            .iter()
            .enumerate()
            .map(|(i, p)| Peak { strength: p.strength + 1_024 * (i as u16 % 2), ..*p })
            .collect();
        let told = explain(sides(&other, &ours), &alignment(5_160.0), &[]);
        assert!(told.level_db > 4.0, "{told:?}");
    }

    #[test]
    fn nothing_is_expected_above_the_band_of_an_item() {
        let ours = music(10, 160);
        let low: Vec<Peak> = ours.iter().copied().filter(|p| p.pitch < 15_000).collect();
        let told = explain(sides(&low, &ours), &alignment(5_160.0), &[]);
        assert!(Explained::share(told.absent) < 0.05, "{told:?}");
        assert!(Explained::share(told.recording) < 0.6);
    }
}
