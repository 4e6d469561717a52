//! The offset histogram: counts votes by recording and offset, and returns the bins with many.
//!
//! A true match shows as many landmarks with one offset between item and recording (Wang, ISMIR 2003). Votes are counted twice:
//! first in a small table of counters that may collide, then exactly for the votes that the table let through.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Candidate;
use super::query_plan::Wanted;
use crate::base::settings;
use crate::index::{Index, TrackId, UNIT_FRAMES};
use crate::signal::landmarks::Warp;
use crate::signal::peaks::Peak;

settings! {
    /// Width of an offset bin in frames. Two neighbouring bins count together: 8 frames are 186 ms. As wide as a unit of the
    /// index, which stores positions no finer.
    const BIN_FRAMES: i64 = 4;
    /// log2 of the smallest and the largest counter table; 2^23 counters are 8 MiB. A guess.
    const TABLE_BITS: std::ops::RangeInclusive<u32> = 12..=23;
    /// log2 of the number of counters of neighbouring bins that lie together. A guess: half a cache line.
    const GROUP_BITS: u32 = 5;
    /// Votes are sparse if the index has more positions than this for each of them: in all but small catalogues. A guess.
    const SPARSE: u64 = 16;
    /// log2 of the largest number of parts in which sparse votes are counted. A guess.
    const MAX_PARTS_BITS: u32 = 8;
    /// log2 of the number of votes in a part: its counters fit the processor's first cache. A guess.
    const PART_VOTES_BITS: u32 = 11;
    /// log2 of the number of bins whose counters lie together when sparse votes are counted. A guess.
    const BLOCK_BITS: u32 = 8;
    /// log2 of the counters for each sparse vote, when two votes are enough and otherwise: so that most of the votes that pass by
    /// chance do not share a counter. A guess.
    const SPARSE_TABLE_BITS: (u32, u32) = (6, 5);
    /// Largest number of places of one track that one look-up returns. A guess.
    const MAX_PLACES: usize = 32;
}

/// From 1/16 frame to bins.
const BIN_SHIFT: u32 = (16 * BIN_FRAMES as u32).ilog2();
/// Length of a unit of the index in 1/16 frame.
const UNIT_TIME: i64 = 16 * UNIT_FRAMES as i64;
/// From the start of a unit to the middle of its frames, in 1/16 frame.
const HALF_UNIT: i64 = (UNIT_TIME - 16) / 2;
const _: () = assert!(UNIT_TIME == 1 << BIN_SHIFT, "a bin is as wide as a unit");
/// Counters of neighbouring bins that lie together.
const GROUP: usize = 1 << GROUP_BITS;
/// The same when sparse votes are counted.
const BLOCK: usize = 1 << BLOCK_BITS;

/// A posting that was read: its offset bin, and the number of the wanted hash that led to it, in one integer. Votes sort by bin.
///
/// The tracks of an index follow each other on one axis of positions, so the difference between a position and the item's
/// time tells track and offset at once. Two tracks share a bin only where one ends and the next begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Vote(u64);

/// Bits of the number of a wanted hash: there are fewer of them than postings that are gathered at once.
const OF_BITS: u32 = 23;
/// Added to bins to make them positive: an item may begin this many bins before the first recording.
const BIN_BIAS: i64 = 1 << 32;

impl Vote {
    /// A vote for a bin, from `-2³²` to below 2⁴⁰, by the wanted hash with the number `of`, below 2²³.
    #[inline]
    pub(super) fn new(bin: i64, of: u32) -> Self {
        Self(((bin + BIN_BIAS) as u64) << OF_BITS | u64::from(of))
    }

    #[inline]
    fn bin(self) -> i64 {
        (self.0 >> OF_BITS) as i64 - BIN_BIAS
    }

    #[inline]
    fn of(self) -> usize {
        (self.0 & ((1 << OF_BITS) - 1)) as usize
    }
}

/// The number of bins between the position of a posting and its offset bin, for an anchor at `time`. A bin is as wide as a unit.
pub(super) fn units_behind(time: u32) -> i64 {
    (HALF_UNIT - i64::from(time)) >> BIN_SHIFT
}

/// A landmark of the item that agrees with one of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Hit {
    track: u32,
    /// Frame of the recording less frame of the item in the recording's time, in 1/16 frame.
    offset: i64,
}

/// The item's side of a look-up under one warp, which votes are counted for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ballot<'a> {
    pub(super) index: &'a Index,
    /// The item's peaks, sorted by time.
    pub(super) peaks: &'a [Peak],
    pub(super) warp: Warp,
    /// The hashes that were looked up; votes name them by their index.
    pub(super) wanted: &'a [Wanted],
    /// Largest number of offset bins that pass the first count: those with most votes.
    pub(super) max_bins: usize,
}

/// Buffers for counting.
#[derive(Debug, Default)]
pub(super) struct OffsetHistogram {
    counters: Vec<u8>,
    ordered: Vec<Vote>,
    passed: Vec<Vote>,
    hits: Vec<Hit>,
}

impl OffsetHistogram {
    /// Counts the votes under one warp and adds the candidates with at least `min_votes` to `found`.
    pub(super) fn count(
        &mut self,
        ballot: &Ballot,
        votes: &[Vote],
        min_votes: usize,
        found: &mut Vec<Candidate>,
    ) {
        if votes.len() < min_votes {
            return;
        }
        let sparse = votes.len() as u64 * SPARSE < ballot.index.position_count();
        let needed = if sparse {
            self.pass_sparse(votes, min_votes);
            least_needed(&self.passed, min_votes, ballot.max_bins)
        } else {
            self.pass(votes, min_votes, ballot.max_bins);
            self.passed.sort_unstable();
            min_votes
        };
        let Self { passed, hits, .. } = self;
        hits.clear();
        for vote in bins(passed).filter(|(_, n)| *n >= needed).flat_map(|(votes, _)| votes) {
            let time = ballot.wanted[vote.of()].time;
            let position = vote.bin() - units_behind(time);
            if let Some((track, unit)) = ballot.index.place(position as u64) {
                let offset = i64::from(unit) * UNIT_TIME + HALF_UNIT - i64::from(time);
                hits.push(Hit { track: track.0, offset });
            }
        }
        hits.sort_unstable();
        for of_track in hits.chunk_by(|a, b| a.track == b.track) {
            if ballot.index.is_alive(TrackId(of_track[0].track)) {
                clusters(of_track, ballot.warp, ballot.peaks, min_votes, found);
            }
        }
    }

    /// Collects the votes in `passed` whose counters say that their bin may have `min_votes`, or more if otherwise over
    /// `max_bins` bins had enough.
    fn pass(&mut self, votes: &[Vote], min_votes: usize, max_bins: usize) {
        let Self { counters, passed, .. } = self;
        passed.clear();
        // Two to four counters a vote.
        let bits = usize::BITS + 1 - votes.len().leading_zeros();
        let bits = bits.clamp(*TABLE_BITS.start(), *TABLE_BITS.end());
        counters.clear();
        counters.resize(1 << bits, 0);
        // Neighbouring bins lie together in memory, since they are read together.
        let slot = |bin: i64| {
            let (group, inside) = (bin as u64 >> GROUP_BITS, bin as usize % GROUP);
            (mixed(group) >> (64 + GROUP_BITS - bits)) as usize * GROUP + inside
        };
        for vote in votes {
            let counter = &mut counters[slot(vote.bin())];
            *counter = counter.saturating_add(1);
        }
        // A counter saturates at 255. A bin at a group boundary is counted with the counter that lies beside it, whatever it counts.
        let told = min_votes.min(usize::from(u8::MAX));
        if !any_two(counters, told) {
            return;
        }
        let needed = told.max(threshold(counters, told - 1, max_bins) + 1);
        let count = |bin| usize::from(counters[slot(bin)]);
        passed.extend(votes.iter().filter(|vote| {
            let bin = vote.bin();
            count(bin) + count(bin - 1).max(count(bin + 1)) >= needed
        }));
    }

    /// Collects the votes in `passed`, sorted, whose counters say that their bin may have `min_votes`. Votes are counted in parts,
    /// so that the counters of a part stay in the processor's cache.
    fn pass_sparse(&mut self, votes: &[Vote], min_votes: usize) {
        let Self { counters, ordered, passed, .. } = self;
        passed.clear();
        let parts_bits = votes.len().ilog2().saturating_sub(PART_VOTES_BITS).min(MAX_PARTS_BITS);
        let table = if min_votes < 3 { SPARSE_TABLE_BITS.0 } else { SPARSE_TABLE_BITS.1 };
        let bits = votes.len().ilog2().saturating_sub(parts_bits) + table;
        let bits = bits.max(BLOCK_BITS + 1);
        let hash = |bin: i64| mixed(bin as u64 >> BLOCK_BITS);
        let ends = part(votes, parts_bits, ordered, hash);
        let told = min_votes.min(usize::from(u8::MAX)) as u8;
        let mut from = 0;
        for end in ends {
            let votes = &ordered[from..end];
            from = end;
            counters.clear();
            counters.resize(1 << bits, 0);
            let slot = |bin: i64| {
                let block = hash(bin) << parts_bits >> (64 + BLOCK_BITS - bits);
                block as usize * BLOCK + bin as usize % BLOCK
            };
            for vote in votes {
                let counter = &mut counters[slot(vote.bin())];
                *counter = counter.saturating_add(1);
            }
            passed.extend(votes.iter().filter(|vote| {
                let at = slot(vote.bin());
                let inside = at % BLOCK;
                // The neighbours beyond the ends of a block are in another part: unknown.
                inside == 0
                    || inside == BLOCK - 1
                    || counters[at].saturating_add(counters[at - 1].max(counters[at + 1])) >= told
            }));
        }
        passed.sort_unstable();
    }
}

/// Multiplicative hashing (Knuth, TAOCP volume 3, section 6.4): the highest bits are well mixed.
#[inline]
fn mixed(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Sorts votes into `1 << parts_bits` parts by the highest bits of their bin's hash; returns the end of each part in `ordered`.
fn part(
    votes: &[Vote],
    parts_bits: u32,
    ordered: &mut Vec<Vote>,
    hash: impl Fn(i64) -> u64,
) -> Vec<usize> {
    // Two shifts, since a shift by 64 is not defined and there may be no bits at all.
    let part = |vote: &Vote| (hash(vote.bin()) >> 1 >> (63 - parts_bits)) as usize;
    let mut places = vec![0_usize; 1 << parts_bits];
    for vote in votes {
        places[part(vote)] += 1;
    }
    let mut end = 0;
    for place in &mut places {
        end += std::mem::replace(place, end);
    }
    if ordered.len() < votes.len() {
        ordered.resize(votes.len(), Vote::default());
    }
    for vote in votes {
        let place = &mut places[part(vote)];
        ordered[*place] = *vote;
        *place += 1;
    }
    places
}

/// The bins of sorted votes, each with the number of its votes and of those of the fuller neighbour together.
fn bins(votes: &[Vote]) -> impl Iterator<Item = (&[Vote], usize)> {
    let count = |bins: Option<&[Vote]>, bin: i64| {
        bins.filter(|same| same[0].bin() == bin).map_or(0, <[Vote]>::len)
    };
    let mut bins = votes.chunk_by(|a, b| a.bin() == b.bin()).peekable();
    let mut before: Option<&[Vote]> = None;
    std::iter::from_fn(move || {
        let same = bins.next()?;
        let bin = same[0].bin();
        let beside = count(before, bin - 1).max(count(bins.peek().copied(), bin + 1));
        before = Some(same);
        Some((same, same.len() + beside))
    })
}

/// The smallest number of votes, at least `min_votes`, that at most `max_bins` bins have.
fn least_needed(votes: &[Vote], min_votes: usize, max_bins: usize) -> usize {
    let mut counts: Vec<usize> = bins(votes).map(|(_, count)| count).collect();
    counts.retain(|count| *count >= min_votes);
    if counts.len() <= max_bins {
        return min_votes;
    }
    counts.sort_unstable_by_key(|count| Reverse(*count));
    counts[max_bins] + 1
}

/// The votes a candidate needs to be among the best of all so far.
pub(super) struct Least {
    kept: usize,
    min_votes: usize,
    /// Votes of the best so far, the fewest on top.
    best: BinaryHeap<Reverse<usize>>,
}

impl Least {
    pub(super) fn new(kept: usize, min_votes: usize) -> Self {
        Self { kept, min_votes, best: BinaryHeap::with_capacity(kept + 1) }
    }

    pub(super) fn saw(&mut self, votes: usize) {
        self.best.push(Reverse(votes));
        if self.best.len() > self.kept {
            self.best.pop();
        }
    }

    pub(super) fn votes(&self) -> usize {
        let full = self.best.len() == self.kept;
        let least = self.best.peek().filter(|_| full).map_or(0, |votes| votes.0);
        least.max(self.min_votes)
    }
}

/// Whether two neighbouring bins can have `votes` together. A counter at a group boundary is doubled: its true neighbour is in
/// another group and the sum is unknown.
fn any_two(counters: &[u8], votes: usize) -> bool {
    let groups = counters.chunks_exact(GROUP);
    let most = groups.map(|group| {
        let pairs = group.iter().zip(&group[1..]).map(|(a, b)| a.saturating_add(*b));
        pairs.fold(0, u8::max)
    });
    let ends = counters.chunks_exact(GROUP).flat_map(|group| [group[0], group[GROUP - 1]]);
    let most = most.fold(0, u8::max);
    // Of a pair across a boundary the larger has at least half of the votes.
    usize::from(most) >= votes || ends.fold(0, u8::max).saturating_mul(2) as usize >= votes
}

/// The smallest count, at least `least`, that at most `max_bins` counters reach.
fn threshold(counters: &[u8], least: usize, max_bins: usize) -> usize {
    let at_least = |count: usize| -> usize {
        let groups = counters.chunks(GROUP);
        // A group is so small that a byte counts it, and bytes are summed many at once (SIMD).
        let of = groups.map(|g| g.iter().map(|c| u8::from(usize::from(*c) >= count)).sum::<u8>());
        of.map(usize::from).sum()
    };
    (least.max(1)..256).find(|count| at_least(*count) <= max_bins).unwrap_or(256)
}

/// Adds the offsets of one track with most hits (sorted by offset) as candidates: windows of two bins, strongest first, no two
/// closer than four bins.
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::dice::Dice;

    /// Votes on bins drawn with a seed, some of them beside one another.
    fn drawn(seed: u32, count: u32, range: u32) -> Vec<Vote> {
        let mut dice = Dice::new(seed.into());
        let mut draw = |n: u32| dice.below(n as usize) as i64;
        let vote = |of: u32| {
            let place = draw(range);
            // A tenth lies at the ends of blocks.
            let bin = if of.is_multiple_of(10) { place / 256 * 256 + draw(4) - 2 } else { place };
            Vote::new(bin - 1_000, of)
        };
        (0..count).map(vote).collect()
    }

    fn crowded(votes: &[Vote], min_votes: usize) -> Vec<Vote> {
        let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
        for vote in votes {
            *counts.entry(vote.bin()).or_default() += 1;
        }
        let count = |bin: i64| counts.get(&bin).copied().unwrap_or(0);
        let has =
            |v: &Vote| count(v.bin()) + count(v.bin() - 1).max(count(v.bin() + 1)) >= min_votes;
        let mut crowded: Vec<Vote> = votes.iter().copied().filter(has).collect();
        crowded.sort_unstable();
        crowded
    }

    #[test]
    fn sparse_votes_counted_in_parts_pass_where_counting_them_one_by_one_says_so() {
        let mut histogram = OffsetHistogram::default();
        for (seed, count) in [(1, 1), (2, 7), (3, 900), (4, 5_000), (5, 80_000), (6, 700_000)] {
            let votes = drawn(seed, count, 20 * count);
            for min_votes in [2, 3, 5] {
                histogram.pass_sparse(&votes, min_votes);
                let of_bins = bins(&histogram.passed).filter(|(_, count)| *count >= min_votes);
                let passed: Vec<Vote> = of_bins.flat_map(|(votes, _)| votes).copied().collect();
                assert_eq!(passed, crowded(&votes, min_votes), "{count} votes, {min_votes}");
                let few = histogram.passed.len() * 2 < votes.len();
                assert!(few || count < 5_000, "{} of {count} passed", histogram.passed.len());
            }
        }
    }

    #[test]
    fn of_dense_votes_the_bins_with_most_pass() {
        let mut votes = drawn(7, 40_000, 20_000);
        votes.extend((0..90).map(|of| Vote::new(5_000, of)));
        let mut histogram = OffsetHistogram::default();
        histogram.pass(&votes, 3, 40);
        let at = |bin| histogram.passed.iter().filter(|vote| vote.bin() == bin).count();
        assert!(at(5_000) >= 90);
        assert!(histogram.passed.len() < 10_000, "{}", histogram.passed.len());
    }

    #[test]
    fn so_many_votes_are_needed_that_no_more_bins_have_them_than_may_pass() {
        let votes: Vec<Vote> =
            (1..=9_i64).flat_map(|n| (0..n).map(move |_| Vote::new(10 * n, 0))).collect();
        assert_eq!(least_needed(&votes, 3, 7), 3);
        assert_eq!(least_needed(&votes, 3, 6), 4);
        assert_eq!(least_needed(&votes, 3, 1), 9);
        assert_eq!(least_needed(&[], 3, 0), 3);
    }
}
