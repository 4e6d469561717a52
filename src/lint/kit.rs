//! The neutral part of a recording: what neutral references (the "kit") and masks explain, peak by peak.
//!
//! References are searched for in rounds, each in the peaks that the rounds before left over: a loop of two seconds sounds ninety
//! times in a piece, under other loops, and one search returns only a few of the places.

use std::collections::BTreeMap;

use crate::catalog::joined;
use crate::index::{Index, TrackId};
use crate::matching::{Alignment, LookupScratch, Matcher};
use crate::scan::{FrameMap, parts};
use crate::signal::fingerprint::Fingerprint;
use crate::signal::peaks::{Peak, TIME_UNITS};

/// Largest number of rounds for one recording. They end sooner if one explains nothing new. A guess.
const ROUNDS: usize = 12;
/// Fewest peaks that a round is made for: nothing is surely found in fewer. A guess.
const FEW_PEAKS: usize = 24;
/// A reference explains peaks this much before and after its span, in seconds: the ends of spans are found to about half a second.
const EDGE_SECONDS: f64 = 0.5;
/// Share of the peaks of a part from which it is neutral, and not music over neutral material. A guess, as in `scan::neutral`.
const MOSTLY: f64 = 0.6;
/// Length of a part, in seconds. A stretch is decided part by part, since a loop may continue under the music. A guess.
const PART_SECONDS: f64 = 4.0;
/// Places of one reference no farther apart than this, in seconds, are joined: twice the precision of their ends.
const JOINED_SECONDS: f64 = 1.0;

/// The neutral part of one recording.
#[derive(Debug, Default)]
pub(super) struct Kit {
    /// The share of its peaks that references and masks explain.
    pub(super) share: f64,
    /// By reference, the stretches, in seconds, in which hardly anything else sounds.
    pub(super) stretches: BTreeMap<TrackId, Vec<(f64, f64)>>,
    /// All references that explain any of it, whatever else sounds there.
    pub(super) references: Vec<TrackId>,
}

impl Kit {
    /// All stretches, and those of the masks.
    pub(super) fn all(&self, masks: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let of_references = self.stretches.values().flatten();
        joined(of_references.chain(masks).copied().collect(), 0.0)
    }
}

/// The neutral references, to be searched for.
#[derive(Clone, Copy)]
pub(super) struct Shelf<'a> {
    /// The references alone.
    pub(super) index: &'a Index,
    pub(super) matcher: Matcher<'a>,
    pub(super) frames_per_second: f64,
    /// False-alarm probability below which a reference is surely there.
    pub(super) sure_below: f64,
}

impl Shelf<'_> {
    /// The neutral part of a recording, given as an item of its peaks and its masks.
    pub(super) fn explain(
        &self,
        item: &Fingerprint,
        masks: &[(f64, f64)],
        scratch: &mut LookupScratch,
    ) -> Kit {
        let peaks = &item.peaks;
        let seconds = |peak: &Peak| self.seconds(*peak);
        let masked =
            |peak: &Peak| masks.iter().any(|(from, to)| (*from..*to).contains(&seconds(peak)));
        let mut known: Vec<bool> = peaks.iter().map(masked).collect();
        let mut places: Vec<(TrackId, (f64, f64))> = Vec::new();
        let mut kit = Kit::default();
        // Without references nothing is searched.
        let rounds = if self.index.track_count() == 0 { 0 } else { ROUNDS };
        for _ in 0..rounds {
            let rest = peaks.iter().zip(&known).filter(|(_, known)| !**known);
            let rest: Vec<Peak> = rest.map(|(peak, _)| *peak).collect();
            if rest.len() < FEW_PEAKS {
                break;
            }
            let rest = Fingerprint {
                all_peaks: rest.clone(),
                peaks: rest,
                sub_fingerprints: Vec::new(),
                seconds: item.seconds,
            };
            let found = self.matcher.search(&rest, scratch);
            let sure = found.iter().filter(|a| a.false_alarm_probability() < self.sure_below);
            let mut new = 0;
            for alignment in sure {
                new += self.take(alignment, peaks, &mut known);
                let spans = alignment.spans.iter().map(|span| self.stretch(span.item));
                places.extend(spans.map(|stretch| (alignment.track, stretch)));
                if !kit.references.contains(&alignment.track) {
                    kit.references.push(alignment.track);
                }
            }
            if new == 0 {
                break;
            }
        }
        let explained = known.iter().filter(|known| **known).count();
        kit.share = explained as f64 / peaks.len().max(1) as f64;
        let mut stretches: BTreeMap<TrackId, Vec<(f64, f64)>> = BTreeMap::new();
        let in_parts = |(track, stretch)| {
            parts(stretch, PART_SECONDS).map(move |part: (f64, f64)| (track, part))
        };
        for (track, stretch) in places.into_iter().flat_map(in_parts) {
            let within = peaks.iter().zip(&known);
            let within = within.filter(|(peak, _)| (stretch.0..stretch.1).contains(&seconds(peak)));
            let (all, of_kit) = within
                .fold((0, 0), |(all, n): (usize, usize), (_, is)| (all + 1, n + usize::from(*is)));
            if of_kit as f64 >= MOSTLY * all as f64 {
                stretches.entry(track).or_default().push(stretch);
            }
        }
        let joined = |(track, of)| (track, joined(of, JOINED_SECONDS));
        kit.stretches = stretches.into_iter().map(joined).collect();
        kit.references.sort_unstable();
        kit
    }

    /// Marks the peaks that a reference has too in `known`; returns the number of new ones.
    fn take(&self, alignment: &Alignment, peaks: &[Peak], known: &mut [bool]) -> usize {
        let reference = self.index.peaks(alignment.track);
        let mut new = 0;
        for span in &alignment.spans {
            let (from, to) = self.stretch(span.item);
            let map = FrameMap::of(alignment, span);
            let near = from - EDGE_SECONDS..to + EDGE_SECONDS;
            for (peak, known) in peaks.iter().zip(known.iter_mut()) {
                if !*known && near.contains(&self.seconds(*peak)) && map.matches(*peak, &reference)
                {
                    *known = true;
                    new += 1;
                }
            }
        }
        new
    }

    fn seconds(&self, peak: Peak) -> f64 {
        f64::from(peak.time) / f64::from(TIME_UNITS) / self.frames_per_second
    }

    fn stretch(&self, frames: (f64, f64)) -> (f64, f64) {
        (frames.0 / self.frames_per_second, frames.1 / self.frames_per_second)
    }
}
