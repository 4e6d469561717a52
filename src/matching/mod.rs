//! Finds which recordings are in an item, where, and how surely: seed, extend, score.
//!
//! * **Seed**: `query_plan` chooses hashes, `lookup` reads their postings, `histogram` counts votes by recording and offset, and
//!   `confirm` checks candidates with few votes in a large index.
//! * **Extend and score**: `align` fits a time map to the peak matches (`peak_match`) of a candidate, extends it, and scores
//!   peaks and sub-fingerprints (`agreement`) by their log-likelihood ratio against `chance`. `verdict` makes a false-alarm
//!   probability of the score.
//! * **Drive**: `search` does this for the windows of an item (`stretch`), first without a warp, then under those of `warp_grid`,
//!   and merges the results (`merge`).
//! * **Explain**: `explain`, `other_offsets`, `hidden` and `cohort` tell how much of both sides an alignment explains compared with
//!   other offsets and other recordings; `picture` selects peaks to draw.

mod agreement;
mod align;
mod chance;
mod cohort;
mod confirm;
mod explain;
mod hidden;
mod histogram;
mod lookup;
mod merge;
mod other_offsets;
mod peak_match;
mod picture;
mod query_plan;
mod search;
mod stretch;
mod time_map;
pub mod verdict;
mod warp_grid;

pub use align::{Alignment, MatchedSpan};
pub use explain::{Explained, Part, Weight};
pub use lookup::LookupScratch;
pub use picture::{DOTS, MOVES, Picture, PictureWindow, WINDOW_PEAKS};
pub use search::Matcher;

use crate::index::TrackId;
use crate::signal::landmarks::{Density, Warp};

/// A limit on the work for an item. It is divided among the item's windows, but each gets at least `window`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The limit for the whole item.
    pub item: usize,
    /// The least that a window of a long item gets.
    pub window: usize,
}

/// How an item is searched. Nothing here changes the index.
///
/// Where a value comes from stands with its field. "A guess" was chosen by hand and not swept since; recall and false alarms
/// with all of them are those of `benches/EVALUATION.md`, the cost in a large catalogue that of `benches/INDEX.md`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MatchConfig {
    /// Length of the windows that are looked up one by one, in frames; 1,292 are 30 s. A guess.
    pub window_frames: u32,
    /// Targets and probing of an item's anchors without a warp. A guess: a dense query of a sparse index (Wang 2003 has the
    /// same density on both sides).
    pub identity_density: Density,
    /// Targets of an anchor of an item of more than two windows: fewer, since a long item has more votes. A guess.
    pub long_item_fan_out: usize,
    /// Limit on the postings read without a warp, by the query plan. Measured on 504 clips under noise, speech, music and warps, and
    /// 52 whole pieces under noise: twice as many find no more.
    pub identity_postings: Share,
    /// Limit on the postings of likely hashes, where those of all hashes are too many. Measured: with a million recordings 2.5
    /// million find as much as 4 million do, in three quarters of the time.
    pub likely_postings: Share,
    /// Fewest votes of a candidate. A guess.
    pub min_votes: usize,
    /// Offset bins that are looked at closely: those with most votes. A guess.
    pub bins: Share,
    /// Candidates that are kept: half those with most votes, half those whose sub-fingerprints agree best. Measured likewise: 12
    /// lose a match, 24 find no more.
    pub candidates: Share,
    /// Candidates that are aligned for each window of a long item, the best of all windows. Measured likewise: twice as many find no
    /// more.
    pub aligned_of_window: usize,
    /// Largest warp, in octaves up and down; 0.45 is ×0.73 to ×1.37, the range of recordings that are sold as sped up or slowed. 0
    /// for no warps. A guess.
    pub warp_reach_octaves: f32,
    /// Step of the warps, in octaves; 0.015 is 1.05 %, half a bin of a hash's pitch.
    pub warp_step_octaves: f32,
    /// Step of the tempos on the whole plane of tempo and pitch; `None` to try only speed, tempo alone and pitch alone. 0.025 is
    /// 1.7 %, half a bin of a hash's distance, which is coarser than its pitch.
    pub warp_plane_step_octaves: Option<f32>,
    /// Peaks a second that are looked up under warps: the strongest. A guess.
    pub warp_peaks_per_second: usize,
    /// Targets and probing of an item's anchors under a warp: sparse, since there are many warps. A guess.
    pub warp_density: Density,
    /// Limit on the postings read under each warp. Measured on 496 clips that were sped up, slowed, stretched or transposed: 10,000
    /// find no more.
    pub warp_postings: usize,
    /// Targets of an anchor under a warp if more than one stretch is tried: a recording that plays on is found in the next one.
    /// Measured: half of [`MatchConfig::warp_density`] finds the same, in nine tenths of the time.
    pub long_item_warp_fan_out: usize,
    /// Limit on the postings read under each warp in that case. Measured likewise.
    pub long_item_warp_postings: usize,
    /// Limit on the postings of likely hashes under each warp, where those of all hashes are too many. A guess.
    pub likely_warp_postings: usize,
    /// Length of the stretches that are tried under warps, in frames; 517 are 12 s. A guess.
    pub warp_window_frames: u32,
    /// Distance of the stretches that are tried under warps, in frames; 2,153 are 50 s. Neighbouring stretches take turns with half
    /// of the warps. In an item that holds something, the rest is tried without gaps and with all warps. A guess.
    pub warp_window_spacing_frames: u32,
}

impl Default for MatchConfig {
    fn default() -> Self {
        Self {
            window_frames: 1_292,
            identity_density: Density { fan_out: 20, probe: 0.2 },
            long_item_fan_out: 12,
            identity_postings: Share { item: 200_000, window: 40_000 },
            likely_postings: Share { item: 2_500_000, window: 250_000 },
            min_votes: 3,
            bins: Share { item: 4_096, window: 192 },
            candidates: Share { item: 16, window: 8 },
            aligned_of_window: 2,
            warp_reach_octaves: 0.45,
            warp_step_octaves: 0.015,
            warp_plane_step_octaves: None,
            warp_peaks_per_second: 10,
            warp_density: Density { fan_out: 8, probe: 0.0 },
            warp_postings: 7_000,
            long_item_warp_fan_out: 4,
            long_item_warp_postings: 4_000,
            likely_warp_postings: 60_000,
            warp_window_frames: 517,
            warp_window_spacing_frames: 2_153,
        }
    }
}

/// Name and value of each constant of this module that changes results, file by file. Part of
/// [`Engine::settings`](crate::scan::Engine::settings).
pub(crate) fn settings() -> String {
    let files = [
        ("agreement", agreement::settings()),
        ("align", align::settings()),
        ("chance", chance::settings()),
        ("cohort", cohort::settings()),
        ("confirm", confirm::settings()),
        ("explain", explain::settings()),
        ("hidden", hidden::settings()),
        ("histogram", histogram::settings()),
        ("lookup", lookup::settings()),
        ("merge", merge::settings()),
        ("other_offsets", other_offsets::settings()),
        ("peak_match", peak_match::settings()),
        ("picture", picture::settings()),
        ("query_plan", query_plan::settings()),
        ("search", search::settings()),
        ("time_map", time_map::settings()),
        ("verdict", verdict::settings()),
    ];
    files.map(|(file, constants)| format!("{file}: {constants}")).join("; ")
}

/// A seed: a recording and an offset that some landmarks agree on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) track: TrackId,
    pub(crate) warp: Warp,
    /// Recording frame = item frame · tempo + offset.
    pub(crate) offset_frames: f64,
    /// Number of landmarks that agree.
    pub(crate) votes: usize,
    /// Time of the first of the item's peaks that were looked up, in 1/16 frame.
    pub(crate) first: u32,
    /// Time of the last of them.
    pub(crate) last: u32,
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// Constants that follow from others, units, and layouts in memory: they change no result by themselves.
    const DERIVED: [&str; 9] = [
        "BIN_SHIFT",
        "UNIT_TIME",
        "HALF_UNIT",
        "GROUP",
        "BLOCK",
        "OF_BITS",
        "BIN_BIAS",
        "CLASSES",
        "BINS",
    ];
    /// Properties of the index and of the scale of strengths.
    const UNITS: [&str; 2] = ["DB", "OCTAVES"];
    /// Built of listed constants.
    const BUILT: [&str; 3] = ["LOW", "RELEASED", "WARPED"];

    #[test]
    fn every_constant_that_changes_results_is_among_the_settings() {
        let settings = super::settings();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/matching");
        let mut constants = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let file = path.file_stem().unwrap().to_str().unwrap();
            let source = std::fs::read_to_string(&path).unwrap();
            let code = source.split("#[cfg(test)]").next().unwrap();
            let listed = settings.split("; ").find(|of| of.starts_with(&format!("{file}: ")));
            let listed = listed.unwrap_or_default();
            for line in code.lines().map(str::trim) {
                let line =
                    line.strip_prefix("pub ").or(line.strip_prefix("pub(super) ")).unwrap_or(line);
                let line = line.strip_prefix("pub(crate) ").unwrap_or(line);
                let Some((name, _)) = line.strip_prefix("const ").and_then(|l| l.split_once(':'))
                else {
                    continue;
                };
                if name == "_"
                    || name.starts_with("fn ")
                    || [&DERIVED[..], &UNITS, &BUILT].concat().contains(&name)
                {
                    continue;
                }
                constants += 1;
                assert!(
                    listed.contains(&format!("{name}=")),
                    "{file}: {name} is missing: {settings}"
                );
            }
        }
        assert!(constants > 100, "{constants}");
    }
}
