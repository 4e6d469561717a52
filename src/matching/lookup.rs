//! From an item's peaks to candidates: recordings whose landmarks agree on one offset.
//!
//! Votes are counted twice: first in a small table of counters that may collide, then exactly for what
//! the table let through. Memory is bounded by the table and by the postings that may be read, however often a hash
//! occurs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Candidate;
use crate::index::Index;
use crate::landmarks::{Density, LandmarkConfig, Pair, Shift, Warp, landmarks, pairs};
use crate::peaks::Peak;
use crate::units::TrackId;

/// Width of an offset bin in frames; two neighbouring bins count together: 8 frames are 186 ms.
const BIN_FRAMES: i32 = 4;
/// From 1/16 frame to bins.
const BIN_SHIFT: u32 = (16 * BIN_FRAMES as u32).ilog2();
/// log2 of the smallest and largest counter table; 2^21 counters are 2 MiB.
const TABLE_BITS: std::ops::RangeInclusive<u32> = 12..=21;

/// Buffers of one worker.
#[derive(Debug, Default)]
pub struct LookupScratch {
    queries: Vec<Query>,
    /// Pairs of a stretch, and the time of their anchors.
    pairs: Vec<(Pair, u32)>,
    tally: Tally,
}

#[derive(Debug, Default)]
struct Tally {
    /// Votes of each cell; a place of a track is a run of neighbouring cells, which others may share.
    counters: Vec<u8>,
    /// All hits, and those of them that the counters let through.
    hits: Vec<Hit>,
    passed: Vec<Hit>,
}

/// A landmark of the item that has postings.
#[derive(Debug, Clone)]
struct Query {
    segment: u32,
    /// Its postings in that segment.
    postings: std::ops::Range<u32>,
    /// The anchor, in 1/16 frame.
    time: i64,
}

/// An agreement between a landmark of the item and one of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Hit {
    track: u32,
    /// Frame of the recording less frame of the item in the recording's time, in 1/16 frame. It wraps
    /// around after 36 days.
    offset: i32,
}

impl Hit {
    /// For an anchor at `frame` of a track and at `time`, in 1/16 frame of the recording's time, of the item.
    #[inline]
    fn new(track: TrackId, frame: u32, time: i64) -> Self {
        Self { track: track.0, offset: (i64::from(frame) * 16 - time) as i32 }
    }

    /// The cell of its place, of `mask + 1`.
    #[inline]
    fn cell(self, mask: usize) -> usize {
        // Multiplicative hashing (Knuth): where the run of a track begins.
        let start = (u64::from(self.track).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize;
        start.wrapping_add((self.offset >> BIN_SHIFT) as usize) & mask
    }
}

/// A stretch of an item's peaks, looked up in an index.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lookup<'a> {
    pub(super) index: &'a Index,
    /// Sorted by time.
    pub(super) peaks: &'a [Peak],
    pub(super) pairs: LandmarkConfig,
    pub(super) density: Density,
    /// Votes below which nothing is a candidate.
    pub(super) min_votes: usize,
    /// Postings that are read under one warp, those of the rarest hashes: a hash that occurs everywhere tells
    /// nothing.
    pub(super) max_postings: usize,
    /// Cells of the table that may pass, those with most votes.
    pub(super) max_cells: usize,
}

impl Lookup<'_> {
    /// Adds the candidates without a warp to `found`.
    pub(super) fn identity(self, scratch: &mut LookupScratch, found: &mut Vec<Candidate>) {
        let LookupScratch { queries, tally, .. } = scratch;
        queries.clear();
        landmarks(self.peaks, self.pairs, self.density, |hash, anchor| {
            let time = i64::from(self.peaks[anchor].time);
            self.index.for_each_list(hash, |segment, postings| {
                queries.push(Query { segment, postings, time });
            });
        });
        let mut classes = Classes::default();
        for query in &*queries {
            classes.add(query.postings.len());
        }
        let (limit, sum) = classes.limit(self.max_postings);
        tally.hits.clear();
        tally.hits.reserve(sum);
        for query in queries.iter().filter(|query| query.postings.len() < limit) {
            self.index.for_each_posting(query.segment, query.postings.clone(), |track, frame| {
                tally.hits.push(Hit::new(track, frame, query.time));
            });
        }
        self.count(Warp::IDENTITY, 0..sum, tally, self.min_votes, found);
    }

    /// Adds the `kept` candidates with most votes under any of `warps` to `found`, and those that have as many
    /// as the last of them. The pairs are made once; each warp is a shift of them.
    pub(super) fn warped(
        self,
        warps: &[Warp],
        kept: usize,
        scratch: &mut LookupScratch,
        found: &mut Vec<Candidate>,
    ) {
        let LookupScratch { pairs: made, tally, .. } = scratch;
        let tempos = warps.iter().fold(1.0..=1.0, |range: std::ops::RangeInclusive<f32>, warp| {
            range.start().min(warp.tempo)..=range.end().max(warp.tempo)
        });
        made.clear();
        pairs(self.peaks, self.pairs, self.density.fan_out, tempos, |pair, anchor| {
            made.push((pair, self.peaks[anchor].time));
        });
        let mut least = Least::new(kept, self.min_votes);
        for warps in warps.chunks(WARPS_AT_ONCE) {
            let ends = self.gather(warps, made, &mut tally.hits);
            let mut start = 0;
            for (warp, end) in warps.iter().zip(ends) {
                let before = found.len();
                self.count(*warp, start..end, tally, least.votes(), found);
                found[before..].iter().for_each(|candidate| least.saw(candidate.votes));
                start = end;
            }
        }
    }

    /// Collects the hits of pairs, `(pair, time of the anchor)`, under each of a few warps into `hits`, and returns
    /// where those of each end.
    ///
    /// Pair by pair, since what a pair is looked up as under one warp after the other lies close together in memory.
    fn gather(self, warps: &[Warp], made: &[(Pair, u32)], hits: &mut Vec<Hit>) -> Vec<usize> {
        let shifts: Vec<Shift> = warps.iter().map(|warp| Shift::from(*warp)).collect();
        let mut postings = vec![Classes::default(); warps.len()];
        for (pair, _) in made {
            for (shift, classes) in shifts.iter().zip(&mut postings) {
                if let Some(hash) = pair.hash(*shift) {
                    self.index.for_each_list(hash, |_, postings| classes.add(postings.len()));
                }
            }
        }
        let (mut limits, mut places) = (Vec::new(), Vec::new());
        let mut end = 0;
        for classes in &postings {
            let (limit, sum) = classes.limit(self.max_postings);
            limits.push(limit);
            places.push(end);
            end += sum;
        }
        hits.clear();
        hits.resize(end, Hit { track: 0, offset: 0 });
        for (pair, time) in made {
            for (at, (warp, shift)) in warps.iter().zip(&shifts).enumerate() {
                let Some(hash) = pair.hash(*shift) else { continue };
                // The anchor's time, brought back into the recording's.
                let time = (*time as f32 * warp.tempo + 0.5) as i64;
                self.index.for_each_list(hash, |segment, postings| {
                    if postings.len() >= limits[at] {
                        return;
                    }
                    let place = &mut places[at];
                    self.index.for_each_posting(segment, postings, |track, frame| {
                        hits[*place] = Hit::new(track, frame, time);
                        *place += 1;
                    });
                });
            }
        }
        places
    }

    /// Counts the votes of some of the hits and adds what has `min_votes` of them.
    fn count(
        self,
        warp: Warp,
        range: std::ops::Range<usize>,
        tally: &mut Tally,
        min_votes: usize,
        found: &mut Vec<Candidate>,
    ) {
        let Tally { counters, hits, passed } = tally;
        let hits = &hits[range];
        if hits.len() < min_votes {
            return;
        }
        // Between a quarter of a vote and half a vote a cell.
        let bits = usize::BITS + 1 - hits.len().leading_zeros();
        let bits = bits.clamp(*TABLE_BITS.start(), *TABLE_BITS.end());
        counters.clear();
        counters.resize(1 << bits, 0);
        let mask = counters.len() - 1;
        for hit in hits {
            let counter = &mut counters[hit.cell(mask)];
            *counter = counter.saturating_add(1);
        }
        // A counter tells no more than this.
        let told = min_votes.min(usize::from(u8::MAX));
        if most_of_two(counters) < told {
            return;
        }
        let few = counters.iter().filter(|count| usize::from(**count) + 1 >= told).count();
        let needed = if few <= self.max_cells {
            told
        } else {
            told.max(threshold(counters, self.max_cells) + 1)
        };
        let count = |cell: usize| usize::from(counters[cell & mask]);
        passed.clear();
        passed.extend(hits.iter().filter(|hit| {
            let cell = hit.cell(mask);
            let beside = count(cell.wrapping_sub(1)).max(count(cell + 1));
            count(cell) + beside >= needed
        }));
        passed.sort_unstable();
        for of_track in passed.chunk_by(|a, b| a.track == b.track) {
            if self.index.is_alive(TrackId(of_track[0].track)) {
                clusters(of_track, warp, self.peaks, min_votes, found);
            }
        }
    }
}

/// Postings of the hashes that were asked for, by the doublings of their number: equals share one fate.
#[derive(Debug, Clone, Default)]
struct Classes([usize; u32::BITS as usize]);

impl Classes {
    #[inline]
    fn add(&mut self, postings: usize) {
        self.0[postings.ilog2() as usize] += postings;
    }

    /// The number of postings from which on a hash is too common for at most `most` to be read, and how many that
    /// leaves.
    fn limit(&self, most: usize) -> (usize, usize) {
        let mut sum = 0;
        for (class, postings) in self.0.iter().enumerate() {
            // Of the rarest there is always some.
            if sum + postings > most && class > 0 {
                return (1 << class, sum);
            }
            sum += postings;
        }
        (usize::MAX, sum)
    }
}

/// The votes a candidate needs to be among the best of all so far.
struct Least {
    kept: usize,
    min_votes: usize,
    /// Votes of the best so far, the fewest on top.
    best: BinaryHeap<Reverse<usize>>,
}

impl Least {
    fn new(kept: usize, min_votes: usize) -> Self {
        Self { kept, min_votes, best: BinaryHeap::with_capacity(kept + 1) }
    }

    fn saw(&mut self, votes: usize) {
        self.best.push(Reverse(votes));
        if self.best.len() > self.kept {
            self.best.pop();
        }
    }

    fn votes(&self) -> usize {
        let full = self.best.len() == self.kept;
        let least = self.best.peek().filter(|_| full).map_or(0, |votes| votes.0);
        least.max(self.min_votes)
    }
}

/// The most votes of two neighbouring cells.
fn most_of_two(counters: &[u8]) -> usize {
    let [first, .., last] = *counters else { return 0 };
    let around = first.saturating_add(last);
    let pairs = counters.iter().zip(&counters[1..]).map(|(a, b)| a.saturating_add(*b));
    usize::from(pairs.fold(around, u8::max))
}

/// The smallest count that at most `max_cells` cells have.
fn threshold(counters: &[u8], max_cells: usize) -> usize {
    let mut cells = [0_usize; 256];
    for counter in counters {
        cells[usize::from(*counter)] += 1;
    }
    let mut above = 0;
    (1..256)
        .rev()
        .find(|count| {
            above += cells[*count];
            above > max_cells
        })
        .map_or(1, |count| count + 1)
}

/// Adds the densest places of one track's hits (sorted by offset): windows of two bins, strongest
/// first, no two within two bins of each other.
fn clusters(
    hits: &[Hit],
    warp: Warp,
    peaks: &[Peak],
    min_votes: usize,
    found: &mut Vec<Candidate>,
) {
    let width = 2 * 16 * BIN_FRAMES;
    let mut windows: Vec<(usize, usize, usize)> = Vec::new();
    let mut end = 0;
    for start in 0..hits.len() {
        while end < hits.len() && hits[end].offset < hits[start].offset + width {
            end += 1;
        }
        if end - start >= min_votes {
            windows.push((end - start, start, end));
        }
    }
    windows.sort_by_key(|(votes, start, _)| (std::cmp::Reverse(*votes), *start));
    let mut taken: Vec<i32> = Vec::new();
    for (votes, start, end) in windows {
        let offset = hits[usize::midpoint(start, end)].offset;
        if taken.iter().any(|t| (t - offset).abs() < 2 * width) {
            continue;
        }
        taken.push(offset);
        found.push(Candidate {
            track: TrackId(hits[start].track),
            warp,
            offset_frames: f64::from(offset) / 16.0,
            votes,
            first: peaks.first().map_or(0, |p| p.time),
            last: peaks.last().map_or(0, |p| p.time),
        });
        if taken.len() == MAX_PLACES {
            break;
        }
    }
}

/// Warps whose hits are kept at once; 192 are all of the default's, and 15 MB of hits at the most.
const WARPS_AT_ONCE: usize = 192;
/// Places of one track that one look-up reports.
const MAX_PLACES: usize = 32;
