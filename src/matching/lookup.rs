//! Looks an item's landmarks up in the index: the seeds, recordings whose landmarks agree on one offset.
//!
//! The hashes under a few warps are gathered and sorted, so that the index is read from front to back, and each posting list
//! once, however many pairs and warps lead to it. `histogram` then counts the votes of each warp. The number of postings that
//! are gathered at once bounds the memory.

use super::Candidate;
use super::confirm::Confirmed;
use super::histogram::{Ballot, Least, OffsetHistogram, Vote, units_behind};
use super::query_plan::{AWAY, Fan, Limits, MOST_PENALTY, MOST_WARPED_PENALTY, Wanted};
use crate::base::settings;
use crate::index::Index;
use crate::signal::landmarks::{
    Density, HASH_COUNT, Hash, LandmarkConfig, Pair, Shift, Warp, pairs,
};
use crate::signal::peaks::Peak;

settings! {
    /// Postings that are gathered before they are counted, 8 bytes each. Those of one more warp may be added. A guess.
    const GATHERED: usize = 1 << 20;
    /// Warps that are looked up in full: those with most votes in a first look. Measured on 496 clips that were sped up, slowed,
    /// stretched or transposed: 24 and 32 find the same 413, but with half of the first look 24 lose one in twenty.
    const BEST_WARPS: usize = 24;
    /// Hashes with a higher penalty are left out of the first look. Measured likewise.
    const FIRST_PENALTY: u8 = 5;
    /// Postings of the first look under each warp, for each posting that a hash has in the mean, and at least. Measured likewise.
    const FIRST_LOOK: (f64, usize) = (1_800.0, 2_400);
    /// Votes of a candidate in a very large index, if its peaks match as well (`confirm`).
    const CONFIRMED_VOTES: usize = 2;
}

/// Buffers of one worker, reused from item to item.
#[derive(Debug, Default)]
pub struct LookupScratch {
    /// Pairs of a stretch, each with the time of its anchor and its [`Wanted::penalty`].
    pairs: Vec<(Pair, u32, u8)>,
    /// The likelier ones of them.
    likely: Vec<(Pair, u32, u8)>,
    gathered: Gathered,
    histogram: OffsetHistogram,
    /// Postings that were read since the scratch was made.
    pub postings_read: u64,
}

/// The hashes to look up under some warps, and the votes they lead to.
#[derive(Debug, Default)]
struct Gathered {
    wanted: Vec<Wanted>,
    /// Each warp, and the number of postings read under it.
    warps: Vec<(Warp, usize)>,
    /// Hash and index in `wanted`, in one integer each.
    keys: Vec<u64>,
    /// The positions of one posting list.
    positions: Vec<u64>,
    /// The votes, by warp.
    votes: Vec<Vote>,
}

impl Gathered {
    fn clear(&mut self) {
        self.wanted.clear();
        self.warps.clear();
    }

    /// Adds a hash to look up under the next warp, if it occurs.
    #[inline]
    fn want(&mut self, index: &Index, hash: Hash, time: u32, penalty: u8) {
        let occurs = index.occurrences(hash);
        if occurs > 0 {
            let warp = self.warps.len() as u16;
            self.wanted.push(Wanted { hash, occurs, time, warp, penalty });
        }
    }

    /// As [`Gathered::want`] for each of these pairs, shifted by a warp. Without a branch on whether a hash occurs, which in a small
    /// catalogue is as good as random.
    fn want_shifted(&mut self, index: &Index, made: &[(Pair, u32, u8)], by: Warp) {
        let (shift, warp) = (Shift::from(by), self.warps.len() as u16);
        let mut end = self.wanted.len();
        self.wanted.resize(end + made.len(), Wanted::default());
        for (pair, time, penalty) in made {
            let Some(hash) = pair.hash(shift) else { continue };
            let occurs = index.occurrences(hash);
            // The anchor's time in the recording.
            let time = (*time as f32 * by.tempo + 0.5) as u32;
            self.wanted[end] = Wanted { hash, occurs, time, warp, penalty: *penalty };
            end += usize::from(occurs > 0);
        }
        self.wanted.truncate(end);
    }

    /// Chooses which of the hashes from `first` on are read under `warp`.
    fn choose(&mut self, warp: Warp, limits: Limits, first: usize) {
        let postings = limits.keep(&mut self.wanted, first);
        self.warps.push((warp, postings));
    }

    /// Number of postings chosen so far.
    fn postings(&self) -> usize {
        self.warps.iter().map(|(_, postings)| postings).sum()
    }

    /// Reads the postings, and visits each warp with its votes.
    fn read(&mut self, index: &Index, mut visit: impl FnMut(Warp, &[Vote], &[Wanted])) {
        let Self { wanted, warps, keys, positions, votes } = self;
        keys.clear();
        keys.extend(wanted.iter().zip(0_u64..).map(|(w, at)| u64::from(w.hash.0) << 32 | at));
        keys.sort_unstable();
        let mut places = Vec::with_capacity(warps.len());
        let mut end = 0;
        for (_, postings) in &*warps {
            places.push(end);
            end += postings;
        }
        if votes.len() < end {
            votes.resize(end, Vote::default());
        }
        let starts = places.clone();
        index.each_reader(|reader| {
            for same in keys.chunk_by(|a, b| a >> 32 == b >> 32) {
                reader.read(Hash((same[0] >> 32) as u32), positions);
                if positions.is_empty() {
                    continue;
                }
                for key in same {
                    let of = *key as u32;
                    let Wanted { time, warp, .. } = wanted[of as usize];
                    let (apart, place) = (units_behind(time), &mut places[warp as usize]);
                    let votes = &mut votes[*place..*place + positions.len()];
                    for (vote, position) in votes.iter_mut().zip(&*positions) {
                        *vote = Vote::new(*position as i64 + apart, of);
                    }
                    *place += positions.len();
                }
            }
        });
        // A damaged list reads as empty: then there are fewer votes than expected.
        for (((warp, _), start), end) in warps.iter().zip(starts).zip(places) {
            visit(*warp, &votes[start..end], wanted);
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
    /// Fewest votes of a candidate.
    pub(super) min_votes: usize,
    /// Limits on the postings read under one warp.
    pub(super) limits: Limits,
    /// Largest number of offset bins that are looked at closely.
    pub(super) max_bins: usize,
}

impl<'a> Lookup<'a> {
    fn ballot(&self, warp: Warp, wanted: &'a [Wanted]) -> Ballot<'a> {
        Ballot { index: self.index, peaks: self.peaks, warp, wanted, max_bins: self.max_bins }
    }

    /// Adds the unwarped candidates to `found`.
    pub(super) fn identity(self, scratch: &mut LookupScratch, found: &mut Vec<Candidate>) {
        let LookupScratch { gathered, histogram, postings_read, .. } = scratch;
        gathered.clear();
        let (density, mut fan) = (self.density, Fan::default());
        pairs(self.peaks, self.pairs, density.fan_out, 1.0..=1.0, |pair, anchor, target| {
            let penalty = fan.penalty(self.peaks, anchor, target);
            if penalty > MOST_PENALTY {
                return;
            }
            let time = self.peaks[anchor].time;
            pair.probe(density.probe, |hash, away| {
                let penalty = penalty + AWAY * away as u8;
                if penalty <= MOST_PENALTY {
                    gathered.want(self.index, hash, time, penalty);
                }
            });
        });
        gathered.choose(Warp::IDENTITY, self.limits, 0);
        *postings_read += gathered.postings() as u64;
        gathered.read(self.index, |warp, votes, wanted| {
            histogram.count(&self.ballot(warp, wanted), votes, self.min_votes, found);
        });
    }

    /// Adds the `kept` candidates with most votes under any of `warps` to `found`, and those with as many votes as the last of
    /// them. The pairs are made once; each warp is a shift of them.
    ///
    /// In a small index a first look at the likelier hashes tells under which warps it is worthwhile to look all of them up.
    pub(super) fn warped(
        self,
        warps: &[Warp],
        kept: usize,
        scratch: &mut LookupScratch,
        found: &mut Vec<Candidate>,
    ) {
        let mut made = std::mem::take(&mut scratch.pairs);
        let mut likely = std::mem::take(&mut scratch.likely);
        self.make_pairs(warps, &mut made);
        let mut best = None;
        if warps.len() > BEST_WARPS
            && let Some(limits) = self.first_limits()
        {
            likely.clear();
            likely.extend(made.iter().filter(|(_, _, penalty)| *penalty <= FIRST_PENALTY));
            let first = found.len();
            self.count_all(warps, (&likely, limits), kept, scratch, found);
            best = Some(best_warps(warps, &found[first..]));
            found.truncate(first);
        }
        let warps = best.as_deref().unwrap_or(warps);
        self.count_all(warps, (&made, self.limits), kept, scratch, found);
        (scratch.pairs, scratch.likely) = (made, likely);
    }

    fn make_pairs(&self, warps: &[Warp], made: &mut Vec<(Pair, u32, u8)>) {
        let tempos = warps.iter().fold(1.0..=1.0, |range: std::ops::RangeInclusive<f32>, warp| {
            range.start().min(warp.tempo)..=range.end().max(warp.tempo)
        });
        made.clear();
        let mut fan = Fan::default();
        pairs(self.peaks, self.pairs, self.density.fan_out, tempos, |pair, anchor, target| {
            let penalty = fan.penalty(self.peaks, anchor, target);
            if penalty <= MOST_WARPED_PENALTY {
                made.push((pair, self.peaks[anchor].time, penalty));
            }
        });
    }

    /// Limits of the first look under each warp; `None` if it would read as much as the full look, as in a larger index.
    fn first_limits(&self) -> Option<Limits> {
        let a_hash = self.index.posting_count() as f64 / f64::from(HASH_COUNT);
        let (factor, least) = FIRST_LOOK;
        let most = ((factor * a_hash) as usize).max(least);
        let limits = Limits { all: most, likely: most.min(self.limits.likely) };
        (most < self.limits.all).then_some(limits)
    }

    /// Counts the votes of some pairs under each warp.
    fn count_all(
        &self,
        warps: &[Warp],
        (made, limits): (&[(Pair, u32, u8)], Limits),
        kept: usize,
        scratch: &mut LookupScratch,
        found: &mut Vec<Candidate>,
    ) {
        let LookupScratch { gathered, histogram, postings_read, .. } = scratch;
        let mut least = Least::new(kept, self.min_votes);
        gathered.clear();
        for (at, warp) in warps.iter().enumerate() {
            let first = gathered.wanted.len();
            gathered.want_shifted(self.index, made, *warp);
            gathered.choose(*warp, limits, first);
            if gathered.postings() < GATHERED && at + 1 < warps.len() {
                continue;
            }
            *postings_read += gathered.postings() as u64;
            gathered.read(self.index, |warp, votes, wanted| {
                let before = found.len();
                self.count_warped(histogram, warp, votes, wanted, least.votes(), found);
                found[before..].iter().for_each(|candidate| least.saw(candidate.votes));
            });
            gathered.clear();
        }
    }

    /// Counts the votes of one warp. Where two votes at one offset are rare by chance, they are enough if the peaks match as
    /// well.
    fn count_warped(
        &self,
        histogram: &mut OffsetHistogram,
        warp: Warp,
        votes: &[Vote],
        wanted: &[Wanted],
        least: usize,
        found: &mut Vec<Candidate>,
    ) {
        let ballot = self.ballot(warp, wanted);
        if least > self.min_votes || !Confirmed::is_cheap(votes.len(), self.index) {
            histogram.count(&ballot, votes, least, found);
            return;
        }
        let before = found.len();
        histogram.count(&ballot, votes, CONFIRMED_VOTES, found);
        let confirmed = Confirmed { index: self.index, peaks: self.peaks };
        let mut at = before;
        while at < found.len() {
            if found[at].votes >= self.min_votes || confirmed.agrees(&found[at]) {
                at += 1;
            } else {
                found.swap_remove(at);
            }
        }
    }
}

/// The [`BEST_WARPS`] under which a candidate has most votes, in the order of `warps`.
fn best_warps(warps: &[Warp], candidates: &[Candidate]) -> Vec<Warp> {
    let most = |warp: &Warp| {
        let under = candidates.iter().filter(|candidate| candidate.warp == *warp);
        under.map(|candidate| candidate.votes).max().unwrap_or(0)
    };
    let mut votes: Vec<(usize, usize)> =
        warps.iter().map(most).enumerate().filter(|(_, votes)| *votes > 0).collect();
    votes.sort_by_key(|(at, votes)| (std::cmp::Reverse(*votes), *at));
    votes.truncate(BEST_WARPS);
    votes.sort_unstable();
    votes.into_iter().map(|(at, _)| warps[at]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::TrackId;

    #[test]
    fn the_warps_with_most_votes_are_looked_up_in_full_in_their_order() {
        let warps: Vec<Warp> =
            (0..40_u8).map(|at| Warp { tempo: 1.0 + f32::from(at), pitch_octaves: 0.0 }).collect();
        let candidate = |at: usize, votes| Candidate {
            track: TrackId(0),
            warp: warps[at],
            offset_frames: 0.0,
            votes,
            first: 0,
            last: 0,
        };
        assert!(best_warps(&warps, &[]).is_empty());
        let few = [candidate(30, 3), candidate(2, 5), candidate(30, 9)];
        assert_eq!(best_warps(&warps, &few), [warps[2], warps[30]]);
        let all: Vec<Candidate> = (0..40).map(|at| candidate(at, 3 + at)).collect();
        assert_eq!(best_warps(&warps, &all), warps[40 - BEST_WARPS..]);
    }
}
