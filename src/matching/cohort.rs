//! A finding beside the other recordings that agree with the same item: which of them are rivals, which are editions of
//! the same recording, and which only sound together with it.
//!
//! Recordings are compared with each other by way of the item that both agree with: no search is needed.

use super::align::Alignment;
use super::explain::{Explained, Other, Sides, explain};
use super::peak_match::Peaks;
use super::search::Matcher;
use super::time_map::{TimeMap, Window};
use crate::index::TrackId;
use crate::signal::fingerprint::Fingerprint;
use crate::signal::peaks::{Peak, TIME_UNITS};

/// An alignment and the peaks that are kept of its recording.
type Placed<'a> = (&'a Alignment, &'a [Peak]);

/// The least that two recordings share, 1.5 s, and the least of their leading peaks in it.
const SHARED_UNITS: f64 = 64.0 * 16.0;
const SHARED_PEAKS: usize = 8;
/// The share of the leading peaks of one recording that the other has where they hold something in common: chance gives a
/// tenth at most.
const SHARED_RATE: f64 = 0.3;
/// … and where they are the same sound. A guess: pieces of one kit had 0.3 to 0.6, editions of one recording 0.9.
const SAME_RATE: f64 = 0.75;
/// Two recordings are editions of one if they agree in so many windows of 3 s that these are 30 s, or so large a share of
/// what both have. Programmed pieces of one set had 26 s of the whole mix in common at the most.
const EDITION_WINDOW: f64 = 129.0 * 16.0;
const EDITION_UNITS: f64 = 1_292.0 * 16.0;
const EDITION_SHARE: f64 = 0.75;
/// Other recordings, and places of each, that an alignment is compared with.
const COHORT_TRACKS: usize = 12;
const COHORT_PLACES: usize = 2;

impl Matcher<'_> {
    /// Whether the recordings of two alignments of one item hold the same sound where the item agrees with both,
    /// rather than sound together in it.
    pub fn share_a_passage(&self, a: &Alignment, b: &Alignment) -> bool {
        let (ours, theirs) = (self.peaks(a.track), self.peaks(b.track));
        agree((a, &ours), (b, &theirs), SHARED_RATE)
    }

    /// What an alignment explains of the item and its recording; `all` are the alignments of every track, of which those
    /// that `is_rival` names may be what the item holds instead.
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
                // Another edition of the same recording is no competitor.
                if !agree(ours, (other, peaks), SAME_RATE) {
                    cohort.push(Other {
                        alignment: other,
                        recording: peaks,
                        end: self.end(*track),
                        is_alike: agree(ours, (other, peaks), SHARED_RATE),
                    });
                }
            }
        }
        let sides = Sides {
            item: &item.all_peaks,
            item_leading: &leading,
            recording: &recording,
            sub_fingerprints: self.sub_fingerprints(item, alignment.track),
            item_end: self.frames(item) * f64::from(TIME_UNITS),
            recording_end: self.end(alignment.track),
        };
        let rivals = all.iter().filter(|other| is_rival(other.track));
        Explained { rival: self.rival(ours, rivals), ..explain(sides, alignment, &cohort) }
    }

    /// The score of the best other recording in the same stretch of the item, as a share of this one's. Other editions
    /// of the same recording are no rivals, nor is what sounds together with it.
    fn rival<'a>(&self, ours: Placed, others: impl Iterator<Item = &'a Alignment>) -> f64 {
        let mut best = 0.0_f64;
        for other in others.filter(|other| other.track != ours.0.track) {
            let share = other.nats / ours.0.nats;
            if share > best && shared_frames(ours.0, other) >= 0.5 * frames(ours.0) {
                let peaks = self.peaks(other.track);
                let theirs = (other, &peaks[..]);
                if agree(ours, theirs, SHARED_RATE) && !self.are_editions(ours, theirs) {
                    best = share;
                }
            }
        }
        best
    }

    /// Whether two recordings that agree with an item are editions of one: they agree with each other for long, or
    /// wherever both sound.
    fn are_editions(&self, ours: Placed, theirs: Placed) -> bool {
        let peaks = Peaks { item: theirs.1, recording: ours.1 };
        let (Some(x), Some(y)) = (ours.0.spans.first(), theirs.0.spans.first()) else {
            return false;
        };
        let line = ours.0.line(x).by_way_of(theirs.0.line(y));
        let start = line.item_time(0.0).max(0.0);
        let end = line.item_time(self.end(ours.0.track)).min(self.end(theirs.0.track));
        let overlap = end - start;
        let windows = (overlap / EDITION_WINDOW).floor().max(1.0);
        let length = overlap / windows;
        let agrees = |window: &usize| {
            let from = start + *window as f64 * length;
            met(peaks, line, (from, from + length), 1, SAME_RATE)
        };
        let agreed = (0..windows as usize).filter(agrees).count() as f64;
        overlap > 0.0 && (agreed * length >= EDITION_UNITS || agreed >= EDITION_SHARE * windows)
    }

    /// Length of a recording in 1/16 frame.
    fn end(&self, track: TrackId) -> f64 {
        f64::from(self.index.frames(track)) * f64::from(TIME_UNITS)
    }
}

/// Whether two recordings have a share of their leading peaks in common where an item agrees with both.
fn agree((a, ours): Placed, (b, theirs): Placed, rate: f64) -> bool {
    let peaks = Peaks { item: theirs, recording: ours };
    a.spans.iter().flat_map(|x| b.spans.iter().map(move |y| (x, y))).any(|(x, y)| {
        let (x_window, y_window) = (x.window(), y.window());
        let both = (x_window.0.max(y_window.0), x_window.1.min(y_window.1));
        let (ours, theirs) = (a.line(x), b.line(y));
        both.1 - both.0 >= SHARED_UNITS
            && met(peaks, ours.by_way_of(theirs), theirs.in_recording(both), SHARED_PEAKS, rate)
    })
}

/// Whether more than a share of the leading peaks of a window, so many at the least, are met.
fn met(peaks: Peaks, line: TimeMap, window: Window, least: usize, rate: f64) -> bool {
    let [close, loose, missed] = peaks.match_counts(line, window)[1];
    let all = close + loose + missed;
    all >= least && (close + loose) as f64 > rate * all as f64
}

/// Length of all spans in the item.
fn frames(alignment: &Alignment) -> f64 {
    alignment.spans.iter().map(|span| span.item.1 - span.item.0).sum()
}

/// Length of the item that spans of both alignments hold.
fn shared_frames(a: &Alignment, b: &Alignment) -> f64 {
    let pairs = a.spans.iter().flat_map(|x| b.spans.iter().map(move |y| (x.item, y.item)));
    pairs.map(|(x, y)| (x.1.min(y.1) - x.0.max(y.0)).max(0.0)).sum()
}
