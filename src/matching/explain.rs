//! How much of an item and of a recording an alignment explains, compared with other offsets and other recordings.
//!
//! A score says that two signals agree better than chance. It does not say that one is a copy of the other: pieces
//! that share a drum kit, a tempo and a key agree at every beat. Three questions tell them apart:
//!
//! * Do the two agree as well at another offset (a beat or a bar off), or do other recordings agree as well with
//!   the item? Peaks that match there, too, do not count. This is score normalisation with a cohort, as in speaker
//!   verification (Z-norm and T-norm, Auckenthaler et al. 2000; S-norm where both are used), peak by peak.
//! * What share of the recording's peaks does the item have, and of the item's peaks the recording?
//! * Where a strong peak of the recording is missing, is it hidden by something louder in the item (`hidden`)?

use super::agreement::Agreement;
use super::align::{Alignment, Pair};
use super::hidden::{Missing, missing};
use super::other_offsets::{Trials, other_shifts};
use super::peak_match::{LOOSE, Peaks, all_and_matched, between};
use super::time_map::TimeMap;
use crate::base::settings;
use crate::signal::peaks::Peak;

settings! {
    /// An alignment of another recording is compared if it holds this share of the span. A guess.
    const SHARED_SHARE: f64 = 0.3;
    /// Steps, from 0 to 1, of the share of peaks that is explained by a true alignment. Finer ones change the score little. A
    /// guess.
    const STEPS: u32 = 20;
}

/// A number of peaks, and the number of those that count.
pub type Part = (usize, usize);
/// A sum of weights from 0 to 1, one a peak, and the sum of those that count.
pub type Weight = (f64, f64);

/// What an alignment explains. Shares are from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Explained {
    /// Peaks of the recording in the spans, and those of them that the item has.
    pub recording: Part,
    /// Leading peaks of the item in the spans, and those of them that the recording has.
    pub item: Part,
    /// Leading peaks of the recording in the spans, and those of them that are neither matched nor hidden.
    pub absent: Part,
    /// The largest share of the recording's peaks that match at another offset.
    pub elsewhere: f64,
    /// The largest share of another recording's peaks that match, of recordings that have something in common with
    /// this one there; 0 if there is none.
    pub others: f64,
    /// The score of the best other recording in the same stretch, as a share of this one's; 0 if there is none.
    pub rival: f64,
    /// Log-likelihood ratio, in nats, of the peaks that match beyond what other offsets and other recordings match.
    pub nats: f64,
    /// The share of the recording's peaks that match beyond them.
    pub beyond: f64,
    /// Leading peaks of the recording where both go on outside of the spans, and those of them that the item has.
    pub beside: Part,
    /// The share of the sub-fingerprints' bits that agree in the spans; 0.5 by chance.
    pub sub_fingerprints: f64,
    /// As `absent`, with each peak weighted by how seldom it matches at the recording's other offsets: the hi-hat of a loop
    /// is in every piece that uses the loop, a melody is not.
    pub own_absent: Weight,
    /// The deviation of the levels of matched leading peaks from one gain an octave, in dB: four fifths deviate less. Other
    /// instruments that play the same notes differ; a recording under other sound does not.
    pub level_db: f64,
    /// Length of all spans together, in frames of the item.
    pub frames: f64,
}

impl Explained {
    /// A part as a share; 0 if there are no peaks.
    pub fn share((all, part): Part) -> f64 {
        part as f64 / (all as f64).max(1.0)
    }
}

/// The item and the recording of an alignment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sides<'a> {
    pub(super) pair: Pair<'a>,
    /// The item's peaks that would lead if it were a recording.
    pub(super) item_leading: &'a [Peak],
}

/// An alignment of another recording with the same item.
#[derive(Debug, Clone, Copy)]
pub(super) struct Other<'a> {
    pub(super) alignment: &'a Alignment,
    pub(super) recording: &'a [Peak],
    /// Length of the other recording in 1/16 frame.
    pub(super) end: f64,
    /// Whether the two recordings have something in common there, instead of sounding together in the item.
    pub(super) is_alike: bool,
}

/// The share of peaks that match beyond chance, and its log-likelihood ratio in nats. `seen` has the rate by chance of each peak,
/// and whether it was matched.
///
/// A peak matches because it is there, with probability `q`, or else by chance, with probability `p`. The ratio is that of the
/// likeliest `q` against `q = 0`.
fn log_ratio(seen: &[(f64, bool)]) -> (f64, f64) {
    let nats = |q: f64| -> f64 {
        let missed = (1.0 - q).ln();
        let of = |&(p, matched): &(f64, bool)| {
            if matched { ((p + (1.0 - p) * q) / p).ln() } else { missed }
        };
        seen.iter().map(of).sum()
    };
    let step = 1.0 / f64::from(STEPS);
    let steps = (1..STEPS).map(|n| step * f64::from(n)).map(|q| (q, nats(q)));
    steps.fold((0.0, 0.0), |best, next| if next.1 > best.1 { next } else { best })
}

/// Compares an alignment with the best other offsets of the same two, and with the alignments of other recordings.
pub(super) fn explain(sides: Sides, alignment: &Alignment, cohort: &[Other]) -> Explained {
    let mut out = Explained::default();
    let mut seen = Vec::new();
    let mut sub_fingerprints = Agreement::default();
    let Pair { peaks: Peaks { item: all, recording }, recording_end, .. } = sides.pair;
    let mut weights = vec![1.0; recording.len()];
    for span in &alignment.spans {
        let (window, map) = (span.window(), alignment.time_map(span));
        sub_fingerprints = sub_fingerprints.add(sides.pair.sub_fingerprints.agreement(map, window));
        let item = between(all, window);
        let mut trials = Trials::new(item.len());
        let there = map.in_recording(window);
        let ours = between(recording, there);
        let mut repeats = Trials::new(ours.len());
        for shift in other_shifts(item, recording, map, window) {
            let moved = TimeMap { tempo: 1.0, offset: shift, pitch: 0.0 };
            repeats.add(ours, there, moved, recording, recording_end);
            let map = TimeMap { offset: map.offset + shift, ..map };
            trials.add(item, window, map, recording, recording_end);
        }
        out.elsewhere = out.elsewhere.max(trials.best());
        for other in cohort {
            for theirs in &other.alignment.spans {
                let part = theirs.window();
                let both = (window.0.max(part.0), window.1.min(part.1));
                if both.1 - both.0 >= SHARED_SHARE * (window.1 - window.0) {
                    let map = other.alignment.time_map(theirs);
                    trials.add(item, both, map, other.recording, other.end);
                    if other.is_alike {
                        out.others = trials.last().max(out.others);
                    }
                }
            }
        }
        let mean = trials.mean();
        let first = recording.partition_point(|p| f64::from(p.time) < there.0);
        for (at, weight) in weights[first..].iter_mut().take(ours.len()).enumerate() {
            *weight = 1.0 - repeats.rate(at, repeats.mean());
        }
        Peaks { item, recording }.visit(map, window, LOOSE, |peak_match| {
            // The order of peaks is total, so that a peak is found by search.
            let at = peak_match.item.and_then(|peak| item.binary_search(&peak).ok());
            out.recording.0 += 1;
            out.recording.1 += usize::from(peak_match.item.is_some());
            seen.push((at.map_or(mean, |at| trials.rate(at, mean)), peak_match.item.is_some()));
        });
        let turned = Peaks { item: recording, recording: sides.item_leading };
        let (leading, matched) =
            all_and_matched(turned.match_counts(map.inverse(), map.in_recording(window)));
        out.item = (out.item.0 + leading, out.item.1 + matched);
        out.frames += span.item.1 - span.item.0;
    }
    (out.beyond, out.nats) = log_ratio(&seen);
    let Missing { absent, own_absent, beside, level_db } = missing(sides.pair, alignment, &weights);
    Explained {
        absent,
        own_absent,
        beside,
        level_db,
        sub_fingerprints: sub_fingerprints.rate(),
        ..out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;
    use crate::matching::agreement::SubFingerprints;
    use crate::matching::align::MatchedSpan;

    const MAP: TimeMap = TimeMap { tempo: 1.0, offset: 0.0, pitch: 0.0 };

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
        let peaks = Peaks { item, recording };
        let pair = Pair { peaks, sub_fingerprints, item_end: end, recording_end: end };
        Sides { pair, item_leading: item }
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
    fn what_agrees_as_well_a_bar_later_does_not_count() {
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
    fn peaks_that_another_recording_has_too_count_less() {
        let ours = music(6, 160);
        let alone = explain(sides(&ours, &ours), &alignment(5_160.0), &[]);
        let other = alignment(5_160.0);
        let rivals =
            [Other { alignment: &other, recording: &ours, end: 120.0 * 689.0, is_alike: true }; 12];
        let beside = explain(sides(&ours, &ours), &alignment(5_160.0), &rivals);
        assert!(beside.nats < 0.5 * alone.nats, "{} {}", beside.nats, alone.nats);
        assert!((beside.others - 1.0).abs() < 1e-9);
        assert!((MAP.recording_time(7.0) - 7.0).abs() < 1e-9);
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
    fn levels_of_another_instrument_deviate_from_one_gain() {
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
