//! From an item's peaks to candidates: recordings whose landmarks agree on one offset.
//!
//! What is looked up under a few warps is gathered and sorted by hash, so that the index is read from front to end,
//! and a list once, however many pairs and warps lead to it. `histogram` then counts the votes of each warp. Memory is
//! bounded by what is gathered at once.

use super::Candidate;
use super::confirm::Confirmed;
use super::histogram::{Ballot, Least, OffsetHistogram, Vote, units_behind};
use super::query_plan::{AWAY, Fan, Limits, Wanted};
use crate::index::Index;
use crate::signal::landmarks::{Density, Hash, LandmarkConfig, Pair, Shift, Warp, pairs};
use crate::signal::peaks::Peak;

/// Postings that are gathered before they are counted, 8 bytes each; and those of one more warp.
const GATHERED: usize = 1 << 20;

/// Buffers of one worker.
#[derive(Debug, Default)]
pub struct LookupScratch {
    /// Pairs of a stretch, the time of their anchors, and the halvings of their chance.
    pairs: Vec<(Pair, u32, u8)>,
    gathered: Gathered,
    histogram: OffsetHistogram,
    /// Postings that were read since the scratch was made.
    pub postings_read: u64,
}

/// What is looked up under some warps.
#[derive(Debug, Default)]
struct Gathered {
    wanted: Vec<Wanted>,
    /// Each warp, and how many postings are read under it.
    warps: Vec<(Warp, usize)>,
    /// Hash and place in `wanted`, in one number each.
    keys: Vec<u64>,
    /// The positions of one list.
    positions: Vec<u64>,
    /// The votes, by warp.
    votes: Vec<Vote>,
}

impl Gathered {
    fn clear(&mut self) {
        self.wanted.clear();
        self.warps.clear();
    }

    /// Notes a hash to look up under the warp that is to come next, if it occurs.
    #[inline]
    fn want(&mut self, index: &Index, hash: Hash, time: u32, penalty: u8) {
        let occurs = index.occurrences(hash);
        if occurs > 0 {
            let warp = self.warps.len() as u16;
            self.wanted.push(Wanted { hash, occurs, time, warp, penalty });
        }
    }

    /// As [`Gathered::want`] of each of these pairs, shifted: without a branch that nobody could predict, since half
    /// of the hashes do not occur in a small catalogue.
    fn want_shifted(&mut self, index: &Index, made: &[(Pair, u32, u8)], by: Warp) {
        let (shift, warp) = (Shift::from(by), self.warps.len() as u16);
        let mut end = self.wanted.len();
        self.wanted.resize(end + made.len(), Wanted::default());
        for (pair, time, penalty) in made {
            let Some(hash) = pair.hash(shift) else { continue };
            let occurs = index.occurrences(hash);
            // The anchor's time, brought back into the recording's.
            let time = (*time as f32 * by.tempo + 0.5) as u32;
            self.wanted[end] = Wanted { hash, occurs, time, warp, penalty: *penalty };
            end += usize::from(occurs > 0);
        }
        self.wanted.truncate(end);
    }

    /// Chooses, of what is wanted from `first` on, what is read under `warp`.
    fn choose(&mut self, warp: Warp, limits: Limits, first: usize) {
        let postings = limits.keep(&mut self.wanted, first);
        self.warps.push((warp, postings));
    }

    /// Postings that are chosen so far.
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
        for reader in index.readers() {
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
        }
        // What is damaged reads as empty: then there are fewer than there should be.
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
    /// Votes below which nothing is a candidate.
    pub(super) min_votes: usize,
    /// Postings that are read under one warp.
    pub(super) limits: Limits,
    /// Bins of the table that may pass, those with most votes.
    pub(super) max_bins: usize,
}

impl<'a> Lookup<'a> {
    fn ballot(&self, warp: Warp, wanted: &'a [Wanted]) -> Ballot<'a> {
        Ballot { index: self.index, peaks: self.peaks, warp, wanted, max_bins: self.max_bins }
    }

    /// Adds the candidates without a warp to `found`.
    pub(super) fn identity(self, scratch: &mut LookupScratch, found: &mut Vec<Candidate>) {
        let LookupScratch { gathered, histogram, postings_read, .. } = scratch;
        gathered.clear();
        let (density, mut fan) = (self.density, Fan::default());
        pairs(self.peaks, self.pairs, density.fan_out, 1.0..=1.0, |pair, anchor, target| {
            let penalty = fan.penalty(self.peaks, anchor, target);
            let time = self.peaks[anchor].time;
            pair.probe(density.probe, |hash, away| {
                gathered.want(self.index, hash, time, penalty + AWAY * away as u8);
            });
        });
        gathered.choose(Warp::IDENTITY, self.limits, 0);
        *postings_read += gathered.postings() as u64;
        gathered.read(self.index, |warp, votes, wanted| {
            histogram.count(&self.ballot(warp, wanted), votes, self.min_votes, found);
        });
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
        let LookupScratch { pairs: made, gathered, histogram, postings_read } = scratch;
        let tempos = warps.iter().fold(1.0..=1.0, |range: std::ops::RangeInclusive<f32>, warp| {
            range.start().min(warp.tempo)..=range.end().max(warp.tempo)
        });
        made.clear();
        let mut fan = Fan::default();
        pairs(self.peaks, self.pairs, self.density.fan_out, tempos, |pair, anchor, target| {
            let penalty = fan.penalty(self.peaks, anchor, target);
            made.push((pair, self.peaks[anchor].time, penalty));
        });
        let mut least = Least::new(kept, self.min_votes);
        gathered.clear();
        for (at, warp) in warps.iter().enumerate() {
            let first = gathered.wanted.len();
            gathered.want_shifted(self.index, made, *warp);
            gathered.choose(*warp, self.limits, first);
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

    /// Counts the votes of one warp. Where two votes at one place are rare by chance, they are enough if the peaks
    /// around them agree as well.
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
        histogram.count(&ballot, votes, 2, found);
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
