//! Which recordings are in an item, where, and how surely.
//!
//! `lookup` gives candidates from landmarks, `align` fits and scores each peak by peak against what
//! chance gives, `search` drives both over the item and over the warps.

mod agreement;
mod align;
mod chance;
mod lookup;
mod meeting;
mod search;

pub use align::{Alignment, MatchedSpan};
pub use lookup::LookupScratch;
pub use search::Matcher;

use crate::landmarks::{Density, Warp};
use crate::units::TrackId;

/// How an item is searched. Nothing here changes the index.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MatchConfig {
    /// Length of the stretches that are looked up one by one; 1292 frames are 30 s.
    pub window_frames: u32,
    /// Targets and probing of an item's anchors without warp.
    pub identity_density: Density,
    /// Targets and probing of an item's anchors under a warp: sparse, since there are many warps.
    pub warp_density: Density,
    /// Peaks a second that the warps are tried on: the strongest.
    pub warp_peaks_per_second: usize,
    /// Stretches of an item that the warps are tried on.
    pub warp_windows: usize,
    /// Length of such a stretch; 517 frames are 12 s.
    pub warp_window_frames: u32,
    /// Largest warp, in octaves up and down; 0.45 is from ×0.73 to ×1.37.
    pub warp_reach_octaves: f32,
    /// From warp to warp, in octaves; 0.015 is 1.05 %.
    pub warp_step_octaves: f32,
    /// Postings that are read for a stretch without a warp, those of the rarest hashes.
    pub identity_postings: usize,
    /// … and under each warp.
    pub warp_postings: usize,
    /// Votes below which a candidate is not looked at.
    pub min_votes: usize,
    /// Cells of offsets that are looked at more closely, for a short item: those with most votes. The
    /// stretches of a long item share them.
    pub max_cells: usize,
    /// … and for each stretch at the least.
    pub window_cells: usize,
    /// Candidates of a short item, or of one under all warps, that are aligned, strongest first.
    pub max_candidates: usize,
    /// Candidates of each stretch of a long item that are aligned at the least.
    pub window_candidates: usize,
}

impl Default for MatchConfig {
    fn default() -> Self {
        Self {
            window_frames: 1_292,
            identity_density: Density { fan_out: 20, probe: 0.2 },
            warp_density: Density { fan_out: 8, probe: 0.0 },
            warp_peaks_per_second: 10,
            warp_windows: 4,
            warp_window_frames: 517,
            warp_reach_octaves: 0.45,
            warp_step_octaves: 0.015,
            identity_postings: env("IP", 200_000),
            warp_postings: env("WP", 20_000),
            min_votes: 4,
            max_cells: 2_048,
            window_cells: 192,
            max_candidates: 24,
            window_candidates: 8,
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
fn env(n: &str, d: usize) -> usize { std::env::var(n).ok().and_then(|s| s.parse().ok()).unwrap_or(d) }
