//! From an item's peaks to candidates: recordings whose landmarks agree on one offset.
//!
//! Votes are counted twice: first in a small table of counters that may collide, then exactly for what
//! the table let through. So memory is bounded by the table however often a hash occurs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Candidate;
use super::choice::{AWAY, Fan, Limits, Wanted};
use crate::index::{Index, List, UNIT_FRAMES};
use crate::landmarks::{Density, Hash, LandmarkConfig, Pair, Shift, Warp, pairs};
use crate::peaks::Peak;
use crate::units::TrackId;

/// Width of an offset bin in frames; two neighbouring bins count together: 8 frames are 186 ms.
const BIN_FRAMES: i64 = 4;
/// From 1/16 frame to bins.
const BIN_SHIFT: u32 = (16 * BIN_FRAMES as u32).ilog2();
/// A unit of the index in 1/16 frame, and from its start to the middle of its frames.
const UNIT_TIME: i64 = 16 * UNIT_FRAMES as i64;
const HALF_UNIT: i64 = (UNIT_TIME - 16) / 2;
/// log2 of the smallest and largest counter table; 2^23 counters are 8 MiB.
const TABLE_BITS: std::ops::RangeInclusive<u32> = 12..=23;

/// Counters that lie together.
const GROUP_BITS: u32 = 5;
const GROUP: usize = 1 << GROUP_BITS;
const _: () = assert!(UNIT_TIME == 1 << BIN_SHIFT, "a cell is as wide as a unit");

/// Buffers of one worker.
#[derive(Debug, Default)]
pub struct LookupScratch {
    wanted: Vec<Wanted>,
    queries: Vec<Query>,
    /// Pairs of a stretch, and the time of their anchors.
    pairs: Vec<(Pair, u32, u8)>,
    tally: Tally,
    /// Postings that were read since the scratch was made.
    pub postings_read: u64,
}

#[derive(Debug, Default)]
struct Tally {
    counters: Vec<u8>,
    /// The cell of each posting, in the order in which they are read.
    cells: Vec<i64>,
    hits: Vec<Hit>,
}

/// A landmark of the item that has postings.
#[derive(Debug, Clone)]
struct Query {
    segment: u32,
    /// Its postings in that segment.
    list: List,
    /// The anchor in the recording's time, in 1/16 frame.
    time: i64,
}

/// An agreement between a landmark of the item and one of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Hit {
    track: u32,
    /// Frame of the recording less frame of the item in the recording's time, in 1/16 frame.
    offset: i64,
}

impl LookupScratch {
    /// Notes a hash to look up, if it occurs.
    #[inline]
    fn want(&mut self, index: &Index, hash: Hash, time: i64, penalty: u8) {
        let occurs = index.occurrences(hash);
        if occurs > 0 {
            self.wanted.push(Wanted { hash, occurs, penalty, time });
        }
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
    /// Postings that are read under one warp.
    pub(super) limits: Limits,
    /// Cells of the table that may pass, those with most votes.
    pub(super) max_cells: usize,
}

impl Lookup<'_> {
    /// Adds the candidates without a warp to `found`.
    pub(super) fn identity(self, scratch: &mut LookupScratch, found: &mut Vec<Candidate>) {
        scratch.wanted.clear();
        let (density, mut fan) = (self.density, Fan::default());
        pairs(self.peaks, self.pairs, density.fan_out, 1.0..=1.0, |pair, anchor, target| {
            let penalty = fan.penalty(self.peaks, anchor, target);
            let time = i64::from(self.peaks[anchor].time);
            pair.probe(density.probe, |hash, away| {
                scratch.want(self.index, hash, time, penalty + AWAY * away as u8);
            });
        });
        self.count(Warp::IDENTITY, self.min_votes, scratch, found);
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
        let tempos = warps.iter().fold(1.0..=1.0, |range: std::ops::RangeInclusive<f32>, warp| {
            range.start().min(warp.tempo)..=range.end().max(warp.tempo)
        });
        let mut made = std::mem::take(&mut scratch.pairs);
        made.clear();
        let mut fan = Fan::default();
        pairs(self.peaks, self.pairs, self.density.fan_out, tempos, |pair, anchor, target| {
            let penalty = fan.penalty(self.peaks, anchor, target);
            made.push((pair, self.peaks[anchor].time, penalty));
        });
        let mut least = Least::new(kept, self.min_votes);
        for warp in warps {
            let shift = Shift::from(*warp);
            scratch.wanted.clear();
            for (pair, time, penalty) in &made {
                if let Some(hash) = pair.hash(shift) {
                    // The anchor's time, brought back into the recording's.
                    let time = (*time as f32 * warp.tempo + 0.5) as i64;
                    scratch.want(self.index, hash, time, *penalty);
                }
            }
            let before = found.len();
            self.count(*warp, least.votes(), scratch, found);
            found[before..].iter().for_each(|candidate| least.saw(candidate.votes));
        }
        scratch.pairs = made;
    }

    /// Counts the votes of all queries and adds what has `min_votes` of them.
    fn count(
        self,
        warp: Warp,
        min_votes: usize,
        scratch: &mut LookupScratch,
        found: &mut Vec<Candidate>,
    ) {
        let LookupScratch { wanted, queries, tally, postings_read, .. } = scratch;
        let Tally { counters, cells, hits } = tally;
        let total = self.limits.keep(wanted);
        *postings_read += total as u64;
        if total < min_votes {
            return;
        }
        queries.clear();
        for Wanted { hash, time, .. } in &*wanted {
            let time = *time;
            self.index.for_each_list(*hash, |segment, list| {
                queries.push(Query { segment, list, time });
            });
        }
        // Between a quarter of a vote and half a vote a cell.
        let bits =
            (usize::BITS + 1 - total.leading_zeros()).clamp(*TABLE_BITS.start(), *TABLE_BITS.end());
        counters.clear();
        counters.resize(1 << bits, 0);
        // Neighbouring cells lie together in memory, since they are asked for together.
        let slot = |cell: i64| {
            let (group, inside) = (cell as u64 >> GROUP_BITS, cell as usize % GROUP);
            let group = group.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 + GROUP_BITS - bits);
            (group as usize) * GROUP + inside
        };
        cells.clear();
        for query in &*queries {
            // Positions of all tracks lie on one line, so what they are ahead of the item by tells track and offset
            // at once: two tracks share a cell only where one ends and the next begins.
            let apart = units_behind(query.time);
            self.index.for_each_posting(query.segment, query.list, |position| {
                let cell = position as i64 + apart;
                let counter = &mut counters[slot(cell)];
                *counter = counter.saturating_add(1);
                cells.push(cell);
            });
        }
        // A counter tells no more than this. Pairs across the ends of groups are counted with what lies there.
        let told = min_votes.min(usize::from(u8::MAX));
        if !any_two(counters, told) {
            return;
        }
        let few = counters.iter().filter(|count| usize::from(**count) + 1 >= told).count();
        let needed = if few <= self.max_cells {
            told
        } else {
            told.max(threshold(counters, self.max_cells) + 1)
        };
        let count = |cell| usize::from(counters[slot(cell)]);
        hits.clear();
        let mut of_query = cells.iter();
        for query in &*queries {
            let apart = units_behind(query.time);
            for cell in of_query.by_ref().take(query.list.len as usize) {
                if count(*cell) + count(cell - 1).max(count(cell + 1)) >= needed
                    && let Some((track, unit)) = self.index.place((cell - apart) as u64)
                {
                    let offset = i64::from(unit) * UNIT_TIME + HALF_UNIT - query.time;
                    hits.push(Hit { track: track.0, offset });
                }
            }
        }
        hits.sort_unstable();
        for of_track in hits.chunk_by(|a, b| a.track == b.track) {
            if self.index.is_alive(TrackId(of_track[0].track)) {
                clusters(of_track, warp, self.peaks, min_votes, found);
            }
        }
    }
}

/// Cells that an anchor at `time` puts between a position and its cell. A cell is as wide as a unit.
fn units_behind(time: i64) -> i64 {
    (HALF_UNIT - time) >> BIN_SHIFT
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

/// Whether two neighbouring cells of a group can have `votes` together: the end of a group counts for twice its own,
/// since its neighbour lies elsewhere.
fn any_two(counters: &[u8], votes: usize) -> bool {
    let groups = counters.chunks_exact(GROUP);
    let most = groups.map(|group| {
        let pairs = group.iter().zip(&group[1..]).map(|(a, b)| a.saturating_add(*b));
        pairs.fold(0, u8::max)
    });
    let ends = counters.chunks_exact(GROUP).flat_map(|group| [group[0], group[GROUP - 1]]);
    let most = most.fold(0, u8::max);
    // Of a pair across an end the larger has half of the votes at least.
    usize::from(most) >= votes || ends.fold(0, u8::max).saturating_mul(2) as usize >= votes
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
    let mut taken: Vec<i64> = Vec::new();
    for (votes, start, end) in windows {
        let offset = hits[usize::midpoint(start, end)].offset;
        if taken.iter().any(|t| (t - offset).abs() < 2 * width) {
            continue;
        }
        taken.push(offset);
        found.push(Candidate {
            track: TrackId(hits[start].track),
            warp,
            offset_frames: offset as f64 / 16.0,
            votes,
            first: peaks.first().map_or(0, |p| p.time),
            last: peaks.last().map_or(0, |p| p.time),
        });
        if taken.len() == MAX_PLACES {
            break;
        }
    }
}

/// Places of one track that one look-up reports.
const MAX_PLACES: usize = 32;
