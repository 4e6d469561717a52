//! What of a recording is only kit: explained by neutral references and masks, peak by peak.
//!
//! A reference is searched for again and again in what the ones before have left: a loop of two seconds sounds ninety times in
//! a piece, under other loops, and one search tells of a few places.

use std::collections::BTreeMap;

use crate::catalog::joined;
use crate::index::Index;
use crate::index::TrackId;
use crate::matching::{Alignment, LookupScratch, Matcher};
use crate::scan::{Line, parts};
use crate::signal::fingerprint::Fingerprint;
use crate::signal::peaks::{Peak, TIME_UNITS};

/// Searches for references in one recording: at the most, and as long as they explain more.
const ROUNDS: usize = 12;
/// Fewer peaks than this are no further search worth: nothing surely is in them.
const FEW_PEAKS: usize = 24;
/// A reference explains what is its own so much before and after its span: the ends of spans are found to about half a second.
const EDGE_SECONDS: f64 = 0.5;
/// Where so much of a recording is explained, it is kit that sounds there, and not music over it.
const MOSTLY: f64 = 0.6;
/// … asked for each part of this length, in seconds: a loop may go on under the music.
const PART_SECONDS: f64 = 4.0;
/// Places of one reference no farther apart than this are one stretch, likewise.
const JOINED_SECONDS: f64 = 1.0;

/// What is known of one recording.
#[derive(Debug, Default)]
pub(super) struct Kit {
    /// The share of its peaks that references and masks explain.
    pub(super) share: f64,
    /// By reference: the stretches in seconds in which hardly anything else sounds.
    pub(super) stretches: BTreeMap<TrackId, Vec<(f64, f64)>>,
    /// The references that explain any of it, whatever else sounds.
    pub(super) references: Vec<TrackId>,
}

impl Kit {
    /// All stretches, with those of the masks.
    pub(super) fn all(&self, masks: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let of_references = self.stretches.values().flatten();
        joined(of_references.chain(masks).copied().collect(), 0.0)
    }
}

/// Where references are looked for.
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
    /// What explains a recording whose peaks `item` has, and whose masks these are.
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
        // Nothing is searched where there is nothing to find.
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

    /// Marks the peaks that a reference has, too; returns how many are new.
    fn take(&self, alignment: &Alignment, peaks: &[Peak], known: &mut [bool]) -> usize {
        let reference = self.index.peaks(alignment.track);
        let mut new = 0;
        for span in &alignment.spans {
            let (from, to) = self.stretch(span.item);
            let line = Line::of(alignment, span);
            let near = from - EDGE_SECONDS..to + EDGE_SECONDS;
            for (peak, known) in peaks.iter().zip(known.iter_mut()) {
                if !*known && near.contains(&self.seconds(*peak)) && line.meets(*peak, &reference) {
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
