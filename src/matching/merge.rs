//! Ranks candidates and alignments, and merges those that are the same place.

use std::cmp::Ordering;

use super::Candidate;
use super::align::Alignment;
use crate::base::settings;

settings! {
    /// Candidates of one track and warp whose offsets differ by less are one place, in frames: the width of three offset
    /// bins.
    const SAME_PLACE_FRAMES: f64 = 12.0;

    /// A span is covered by another that holds more than this share of it. A guess.
    const COVERED_SHARE: f64 = 0.3;
}

/// Keeps the best of the candidates from `first` on: music that repeats itself gives thousands.
pub(super) fn keep_best(candidates: &mut Vec<Candidate>, first: usize, kept: usize) {
    candidates[first..].sort_by(by_votes);
    candidates.truncate(first + kept);
}

/// Most votes first; everything after the votes only makes the order total.
pub(super) fn by_votes(a: &Candidate, b: &Candidate) -> Ordering {
    let votes = b.votes.cmp(&a.votes).then(a.track.cmp(&b.track));
    let place = votes.then(a.offset_frames.total_cmp(&b.offset_frames));
    let warp = place.then(a.warp.tempo.total_cmp(&b.warp.tempo));
    warp.then(a.warp.pitch_octaves.total_cmp(&b.warp.pitch_octaves)).then(a.first.cmp(&b.first))
}

/// Merges candidates of one track at the same place and warp, and adds up their votes. Most votes first.
pub(super) fn merge(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort_by(|a, b| {
        let warp = a.warp.tempo.total_cmp(&b.warp.tempo);
        let warp = warp.then(a.warp.pitch_octaves.total_cmp(&b.warp.pitch_octaves));
        let place = warp.then(a.offset_frames.total_cmp(&b.offset_frames));
        a.track.cmp(&b.track).then(place).then(a.first.cmp(&b.first))
    });
    let mut out: Vec<Candidate> = Vec::new();
    for candidate in candidates {
        match out.last_mut() {
            Some(last) if are_one_place(last, &candidate) => {
                let votes = last.votes + candidate.votes;
                let strongest = if candidate.votes > last.votes { candidate } else { *last };
                *last = Candidate { votes, ..strongest };
            }
            _ => out.push(candidate),
        }
    }
    out.sort_by(by_votes);
    out
}

fn are_one_place(a: &Candidate, b: &Candidate) -> bool {
    a.track == b.track
        && a.warp == b.warp
        && (a.offset_frames - b.offset_frames).abs() < SAME_PLACE_FRAMES
}

/// Sorts alignments, the surest first.
pub(super) fn sort(alignments: &mut [Alignment]) {
    alignments
        .sort_by(|a, b| a.log_chance().total_cmp(&b.log_chance()).then(a.track.cmp(&b.track)));
}

/// Drops alignments whose spans in the item a better alignment of the same track covers. The surest first.
pub(super) fn distinct(mut alignments: Vec<Alignment>) -> Vec<Alignment> {
    sort(&mut alignments);
    let mut out: Vec<Alignment> = Vec::new();
    for alignment in alignments {
        let covered = out.iter().filter(|o| o.track == alignment.track).any(|better| {
            alignment.spans.iter().all(|s| better.spans.iter().any(|b| covers(b.item, s.item)))
        });
        if !covered {
            out.push(alignment);
        }
    }
    out
}

/// Whether `a` holds more than [`COVERED_SHARE`] of `b`.
pub(super) fn covers(a: (f64, f64), b: (f64, f64)) -> bool {
    let common = a.1.min(b.1) - a.0.max(b.0);
    common > COVERED_SHARE * (b.1 - b.0)
}
