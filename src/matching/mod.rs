//! Which recordings are in an item, where, and how surely.
//!
//! `lookup` and `histogram` give candidates from landmarks, `align` fits and scores each peak by peak against what
//! chance gives, `search` drives both over the item and over the warps; `explain` and `cohort` tell how much of both
//! sides an alignment explains beside others; `picture` shows what was found.

mod agreement;
mod align;
mod chance;
mod cohort;
mod confirm;
mod explain;
mod histogram;
mod lookup;
mod peak_match;
mod picture;
mod query_plan;
mod search;
mod time_map;
pub mod verdict;

pub use align::{Alignment, MatchedSpan};
pub use explain::{Explained, Part, Weight};
pub use lookup::LookupScratch;
pub use picture::{DOTS, MOVES, Picture, PictureWindow, WINDOW_PEAKS};
pub use search::Matcher;

use crate::index::TrackId;
use crate::signal::landmarks::{Density, Warp};

/// Work that an item is given: shared by its stretches, but each has so much at the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// All of it, for a short item.
    pub item: usize,
    /// The least of a stretch of a long one.
    pub window: usize,
}

/// How an item is searched. Nothing here changes the index.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MatchConfig {
    /// Length of the stretches that are looked up one by one; 1292 frames are 30 s.
    pub window_frames: u32,
    /// Targets and probing of an item's anchors without warp.
    pub identity_density: Density,
    /// Targets of an anchor of an item of more than two such stretches, which tells more as a whole.
    pub long_item_fan_out: usize,
    /// Postings that are read without a warp: those of the hashes that promise most for them.
    pub identity_postings: Share,
    /// … and those of the hashes that are likely to lead to the right recording: in a large catalogue these alone are
    /// too many.
    pub likely_postings: Share,
    /// Votes below which a candidate is not looked at.
    pub min_votes: usize,
    /// Bins of offsets that are looked at more closely: those with most votes.
    pub bins: Share,
    /// Candidates that are kept: those with most votes and those whose prints agree best.
    pub candidates: Share,
    /// … of which so many for each stretch of a long item are aligned, the best of them all.
    pub aligned_of_window: usize,
    /// Largest warp, in octaves up and down; 0.45 is from ×0.73 to ×1.37. 0 for no warps.
    pub warp_reach_octaves: f32,
    /// From warp to warp, in octaves; 0.015 is 1.05 %.
    pub warp_step_octaves: f32,
    /// From tempo to tempo on the whole plane of tempo and pitch; without it only speed, tempo alone and pitch alone
    /// are tried. 0.025 is 1.7 %: a hash is coarser in time than in pitch.
    pub warp_plane_step_octaves: Option<f32>,
    /// Peaks a second that the warps are tried on: the strongest.
    pub warp_peaks_per_second: usize,
    /// Targets and probing of an item's anchors under a warp: sparse, since there are many warps.
    pub warp_density: Density,
    /// Postings that are read under each warp, likewise.
    pub warp_postings: usize,
    /// Targets of an anchor, and postings, under a warp where the warps are tried on more than one stretch: what plays
    /// longer is met again.
    pub long_item_warp_fan_out: usize,
    /// See [`MatchConfig::long_item_warp_fan_out`].
    pub long_item_warp_postings: usize,
    /// … and those of the hashes that are likely.
    pub likely_warp_postings: usize,
    /// Length of the stretches that the warps are tried on; 517 frames are 12 s.
    pub warp_window_frames: u32,
    /// One such stretch is tried in so many frames, with every other warp in turn; 2153 are 50 s. In an item that
    /// holds something the stretches are tried without a gap, with all warps.
    pub warp_window_spacing_frames: u32,
}

impl Default for MatchConfig {
    fn default() -> Self {
        Self {
            window_frames: 1_292,
            identity_density: Density { fan_out: 20, probe: 0.2 },
            long_item_fan_out: 12,
            identity_postings: Share { item: 400_000, window: 80_000 },
            likely_postings: Share { item: 2_500_000, window: 250_000 },
            min_votes: 3,
            bins: Share { item: 4_096, window: 192 },
            candidates: Share { item: 24, window: 8 },
            aligned_of_window: 4,
            warp_reach_octaves: 0.45,
            warp_step_octaves: 0.015,
            warp_plane_step_octaves: None,
            warp_peaks_per_second: 10,
            warp_density: Density { fan_out: 8, probe: 0.0 },
            warp_postings: 10_000,
            long_item_warp_fan_out: 4,
            long_item_warp_postings: 4_000,
            likely_warp_postings: 60_000,
            warp_window_frames: 517,
            warp_window_spacing_frames: 2_153,
        }
    }
}

/// A recording and an alignment that some landmarks agree on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) track: TrackId,
    pub(crate) warp: Warp,
    /// Recording frame = item frame · tempo + offset.
    pub(crate) offset_frames: f64,
    /// Pairs of landmarks that agree.
    pub(crate) votes: usize,
    /// First and last time of the item's peaks that were looked up, in 1/16 frame.
    pub(crate) first: u32,
    pub(crate) last: u32,
}

impl Candidate {
    /// Whether another one is at the same place of the same track, under the same warp.
    fn meets(&self, other: &Self) -> bool {
        self.track == other.track
            && self.warp == other.warp
            && (self.offset_frames - other.offset_frames).abs() < SAME_PLACE_FRAMES
    }
}

/// Places nearer than this are one: the width of three bins of votes.
const SAME_PLACE_FRAMES: f64 = 12.0;
