//! Compares an alignment with those of other recordings in the same item: which are rivals, which are editions of the same
//! recording, and which only sound together with it.
//!
//! Two recordings are compared through the item that both agree with, so no search is needed.

use super::align::Alignment;
use super::explain::{Explained, Other, Sides, explain};
use super::peak_match::Peaks;
use super::search::Matcher;
use super::time_map::{TimeMap, Window};
use crate::base::settings;
use crate::index::TrackId;
use crate::signal::fingerprint::Fingerprint;
use crate::signal::peaks::{Peak, TIME_UNITS};

/// An alignment and the peaks kept of its recording.
type Placed<'a> = (&'a Alignment, &'a [Peak]);

settings! {
    /// Shortest stretch on which two recordings are compared, in 1/16 frame: 1.5 s. A guess.
    const SHARED_UNITS: f64 = 64.0 * 16.0;
    /// Fewest leading peaks on which two recordings are compared. A guess.
    const SHARED_PEAKS: usize = 8;
    /// Two recordings have something in common where more than this share of the leading peaks match. Chance gives a tenth at
    /// most. A guess.
    const SHARED_RATE: f64 = 0.3;
    /// Two recordings are the same sound where more than this share of the leading peaks match. A guess: pieces of one kit had
    /// 0.3 to 0.6, editions of one recording 0.9.
    const SAME_RATE: f64 = 0.75;
    /// Length of the windows in which editions are compared, in 1/16 frame: 3 s. A guess.
    const EDITION_WINDOW: f64 = 129.0 * 16.0;
    /// Two recordings are editions of one if this much is the same sound, in 1/16 frame: 30 s. Programmed pieces of one set had
    /// at most 26 s of the whole mix in common (seeds 1 and 2 of `scripts/programmed`, `shared.jsonl`).
    const EDITION_UNITS: f64 = 1_292.0 * 16.0;
    /// Or this share of their overlap. A guess.
    const EDITION_SHARE: f64 = 0.75;
    /// An edition that scores this many times as high is a rival all the same: the item is that one. A guess: pieces of one set
    /// that differ in a quiet lead had 1.3 to 1.8 (seed 7 of `scripts/programmed`).
    const EDITION_SCORES: f64 = 1.25;
    /// Recordings that an alignment is compared with, the best others first. A guess.
    const COHORT_TRACKS: usize = 12;
    /// Alignments of each of them. A guess.
    const COHORT_PLACES: usize = 2;
    /// A rival holds at least this share of the alignment's stretch of the item. A guess.
    const RIVAL_SHARE: f64 = 0.5;
}

impl Matcher<'_> {
    /// Whether the recordings of two alignments of one item have something in common where the item agrees with both, instead
    /// of sounding together in it.
    pub fn share_a_passage(&self, a: &Alignment, b: &Alignment) -> bool {
        let (ours, theirs) = (self.peaks(a.track), self.peaks(b.track));
        agree((a, &ours), (b, &theirs), SHARED_RATE)
    }

    /// What an alignment explains of the item and its recording. `all` has the alignments of every track; the item may hold
    /// one of those that `is_rival` names instead of this one.
    pub fn explain(
        &self,
        item: &Fingerprint,
        alignment: &Alignment,
        all: &[Alignment],
        is_rival: &dyn Fn(TrackId) -> bool,
    ) -> Explained {
        let mut leading = self.marked(&item.peaks);
        leading.retain(|peak| peak.leads());
        let recording = self.peaks(alignment.track);
        let ours = (alignment, &recording[..]);
        let mut tracks: Vec<(TrackId, Vec<Peak>)> = Vec::new();
        for other in all {
            let known =
                other.track == alignment.track || tracks.iter().any(|(t, _)| *t == other.track);
            if !known && tracks.len() < COHORT_TRACKS {
                tracks.push((other.track, self.peaks(other.track)));
            }
        }
        let mut cohort = Vec::new();
        for (track, peaks) in &tracks {
            for other in all.iter().filter(|o| o.track == *track).take(COHORT_PLACES) {
                // Another edition of the same recording does not compete. A backing is in the piece with a lead, but not the other
                // way round.
                let theirs = (other, &peaks[..]);
                if !(agree(ours, theirs, SAME_RATE) && agree(theirs, ours, SAME_RATE)) {
                    cohort.push(Other {
                        alignment: other,
                        recording: peaks,
                        end: self.end(*track),
                        is_alike: agree(ours, theirs, SHARED_RATE),
                    });
                }
            }
        }
        let pair = self.pair(item, alignment.track, &recording);
        let sides = Sides { pair, item_leading: &leading };
        let rivals = all.iter().filter(|other| is_rival(other.track));
        Explained { rival: self.rival(ours, rivals), ..explain(sides, alignment, &cohort) }
    }

    /// The score of the best other recording in the same stretch of the item, as a share of this one's. Editions of the same
    /// recording with a like score are no rivals, nor are recordings that sound together with it.
    fn rival<'a>(&self, ours: Placed, others: impl Iterator<Item = &'a Alignment>) -> f64 {
        let mut best = 0.0_f64;
        for other in others.filter(|other| other.track != ours.0.track) {
            let share = other.nats / ours.0.nats;
            if share > best && shared_frames(ours.0, other) >= RIVAL_SHARE * frames(ours.0) {
                let peaks = self.peaks(other.track);
                let theirs = (other, &peaks[..]);
                if agree(ours, theirs, SHARED_RATE)
                    && (share > EDITION_SCORES || !self.are_editions(ours, theirs))
                {
                    best = share;
                }
            }
        }
        best
    }

    /// Whether two recordings that agree with an item are editions of one: each has the other's sound for [`EDITION_UNITS`], or in
    /// [`EDITION_SHARE`] of their overlap.
    fn are_editions(&self, ours: Placed, theirs: Placed) -> bool {
        let peaks = Peaks { item: theirs.1, recording: ours.1 };
        let turned = Peaks { item: ours.1, recording: theirs.1 };
        let (Some(x), Some(y)) = (ours.0.spans.first(), theirs.0.spans.first()) else {
            return false;
        };
        let map = ours.0.time_map(x).after_inverse_of(theirs.0.time_map(y));
        let start = map.item_time(0.0).max(0.0);
        let end = map.item_time(self.end(ours.0.track)).min(self.end(theirs.0.track));
        let overlap = end - start;
        let windows = (overlap / EDITION_WINDOW).floor().max(1.0);
        let length = overlap / windows;
        let agrees = |window: &usize| {
            let from = start + *window as f64 * length;
            let window = (from, from + length);
            matches(peaks, map, window, 1, SAME_RATE)
                && matches(turned, map.inverse(), map.in_recording(window), 1, SAME_RATE)
        };
        let agreed = (0..windows as usize).filter(agrees).count() as f64;
        overlap > 0.0 && (agreed * length >= EDITION_UNITS || agreed >= EDITION_SHARE * windows)
    }

    /// Length of a recording in 1/16 frame.
    fn end(&self, track: TrackId) -> f64 {
        f64::from(self.index.frames(track)) * f64::from(TIME_UNITS)
    }
}

/// Whether two recordings have more than a share of their leading peaks in common somewhere that an item agrees with both.
fn agree((a, ours): Placed, (b, theirs): Placed, rate: f64) -> bool {
    let peaks = Peaks { item: theirs, recording: ours };
    a.spans.iter().flat_map(|x| b.spans.iter().map(move |y| (x, y))).any(|(x, y)| {
        let (x_window, y_window) = (x.window(), y.window());
        let both = (x_window.0.max(y_window.0), x_window.1.min(y_window.1));
        let (ours, theirs) = (a.time_map(x), b.time_map(y));
        both.1 - both.0 >= SHARED_UNITS
            && matches(
                peaks,
                ours.after_inverse_of(theirs),
                theirs.in_recording(both),
                SHARED_PEAKS,
                rate,
            )
    })
}

/// Whether a window has at least `least` leading peaks, and more than the share `rate` of them match.
fn matches(peaks: Peaks, map: TimeMap, window: Window, least: usize, rate: f64) -> bool {
    let [close, loose, missed] = peaks.match_counts(map, window)[1];
    let all = close + loose + missed;
    all >= least && (close + loose) as f64 > rate * all as f64
}

/// Length of all spans together, in frames of the item.
fn frames(alignment: &Alignment) -> f64 {
    alignment.spans.iter().map(|span| span.item.1 - span.item.0).sum()
}

/// Length of the overlap of two alignments' spans, in frames of the item.
fn shared_frames(a: &Alignment, b: &Alignment) -> f64 {
    let pairs = a.spans.iter().flat_map(|x| b.spans.iter().map(move |y| (x.item, y.item)));
    pairs.map(|(x, y)| (x.1.min(y.1) - x.0.max(y.0)).max(0.0)).sum()
}
