//! From an item's peaks to candidates: recordings whose landmarks agree on one offset.
//!
//! Votes are counted twice: first in a small table of counters that may collide, then exactly for what
//! the table let through. So memory is bounded by the table however often a hash occurs.

use super::Candidate;
use crate::index::Index;
use crate::landmarks::{Density, Hash, LandmarkConfig, Warp, landmarks};
use crate::peaks::Peak;
use crate::units::TrackId;

/// Width of an offset bin in frames; two neighbouring bins count together: 8 frames are 186 ms.
const BIN_FRAMES: i64 = 4;
/// log2 of the smallest and largest counter table; 2^21 counters of two bytes are 4 MiB.
const TABLE_BITS: std::ops::RangeInclusive<u32> = 12..=21;

/// Buffers of one worker.
#[derive(Debug, Default)]
pub struct LookupScratch {
    queries: Vec<(Hash, i64)>,
    counters: Vec<u16>,
    hits: Vec<Hit>,
}

/// An agreement between a landmark of the item and one of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Hit {
    track: u32,
    /// Frame of the recording less frame of the item in the recording's time, in 1/16 frame.
    offset: i64,
    /// Frame of the anchor in the recording.
    frame: u32,
}

/// One look-up: a stretch of an item's peaks under one warp.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lookup<'a> {
    pub(super) index: &'a Index,
    /// Sorted by time.
    pub(super) peaks: &'a [Peak],
    pub(super) pairs: LandmarkConfig,
    pub(super) density: Density,
    pub(super) warp: Warp,
    /// Votes below which nothing is a candidate.
    pub(super) min_votes: usize,
}

impl Lookup<'_> {
    /// Adds the candidates to `found`.
    pub(super) fn run(self, scratch: &mut LookupScratch, found: &mut Vec<Candidate>) {
        let Self { index, peaks, pairs, density, warp, min_votes } = self;
        let LookupScratch { queries, counters, hits } = scratch;
        queries.clear();
        let mut postings = 0;
        landmarks(peaks, pairs, density, warp, |hash, anchor| {
            let len = index.posting_len(hash);
            if len > 0 {
                postings += len;
                // The anchor's time, brought back into the recording's.
                queries.push((hash, (peaks[anchor].time as f32 * warp.tempo).round() as i64));
            }
        });
        if postings < min_votes {
            return;
        }
        let bits = (usize::BITS - (postings * 2).leading_zeros())
            .clamp(*TABLE_BITS.start(), *TABLE_BITS.end());
        counters.clear();
        counters.resize(1 << bits, 0);
        let slot = |track: u32, bin: i64| {
            let key = (u64::from(track) << 32) ^ (bin as u64 & 0xffff_ffff);
            (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - bits)) as usize
        };
        for (hash, time) in &*queries {
            index.for_each_posting(*hash, |track, frame| {
                let offset = i64::from(frame) * 16 - time;
                let counter = &mut counters[slot(track.0, offset.div_euclid(16 * BIN_FRAMES))];
                *counter = counter.saturating_add(1);
            });
        }
        // A cell passes if it and a neighbour together could reach the least number of votes above what
        // collisions alone would give.
        let needed = min_votes + 2 * (postings >> bits);
        hits.clear();
        for (hash, time) in &*queries {
            index.for_each_posting(*hash, |track, frame| {
                let offset = i64::from(frame) * 16 - time;
                let bin = offset.div_euclid(16 * BIN_FRAMES);
                let count = |bin| usize::from(counters[slot(track.0, bin)]);
                if count(bin) + count(bin - 1).max(count(bin + 1)) >= needed {
                    hits.push(Hit { track: track.0, offset, frame });
                }
            });
        }
        hits.sort_unstable();
        for of_track in hits.chunk_by(|a, b| a.track == b.track) {
            clusters(of_track, warp, peaks, min_votes, found);
        }
    }
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
        let mut frames: Vec<u32> = hits[start..end].iter().map(|h| h.frame).collect();
        frames.sort_unstable();
        frames.dedup();
        found.push(Candidate {
            track: TrackId(hits[start].track),
            warp,
            offset_frames: offset as f64 / 16.0,
            votes,
            anchors: frames.len(),
            first: peaks.first().map_or(0, |p| p.time),
            last: peaks.last().map_or(0, |p| p.time),
        });
        if taken.len() == MAX_PLACES {
            break;
        }
    }
}

/// Places of one track that one look-up reports.
const MAX_PLACES: usize = 4;
