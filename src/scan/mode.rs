//! Modes: how much of an item is searched, and under which changes of tempo and pitch. They decide what a scan costs and misses.

use std::fmt;

use crate::base::settings;
use crate::decode::Windows;
use crate::matching::{MatchConfig, Share};

settings! {
    /// Windows of an item that a probe searches. A clip of 3 s is enough to find a recording as released
    /// (`benches/EVALUATION.md`); 8 s allow for a quiet bar. A guess.
    pub(super) const WINDOWS: Windows = Windows { count: 3, seconds: 8.0 };
    /// Candidates that a probe aligns. Few, since a recording as released has by far the most votes. A guess.
    const PROBE_CANDIDATES: Share = Share { item: 4, window: 4 };
    /// Offset bins that a probe looks at closely. A guess.
    const PROBE_BINS: Share = Share { item: 128, window: 128 };
    /// Limit on the postings that a probe reads. A guess.
    const PROBE_POSTINGS: Share = Share { item: 60_000, window: 60_000 };
    /// Fewest votes of a probe's candidate. A guess.
    const PROBE_MIN_VOTES: usize = 6;
    /// Step of the tempos in the thorough mode, in octaves: see [`MatchConfig::warp_plane_step_octaves`].
    const THOROUGH_STEP_OCTAVES: f32 = 0.025;
    /// Offset bins that the thorough mode looks at closely. A guess.
    const THOROUGH_BINS: Share = Share { item: 16_384, window: 1_024 };
    /// Candidates that the thorough mode keeps. A guess.
    const THOROUGH_CANDIDATES: Share = Share { item: 48, window: 16 };
}

/// How much work an item gets. Results of one mode are never reused for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// A few windows of each item, as released. The whole item, as in [`Mode::Full`], if they hold anything, if it is short, or if
    /// the file cannot be sought in. Costs a quarter of [`Mode::Full`] where nothing is found. Misses passages between the windows,
    /// and recordings changed in speed, tempo or pitch.
    Probe,
    /// Every item whole, as released only. Costs nine tenths of [`Mode::Full`]. Misses recordings changed in speed, tempo or pitch.
    Identity,
    /// Every item whole, as released and under changes of speed, tempo or pitch. Misses changes of tempo and pitch by different
    /// amounts.
    #[default]
    Full,
    /// As [`Mode::Full`], and under changes of tempo and pitch by different amounts. Costs several times as much.
    Thorough,
}

impl Mode {
    /// All of them, the cheapest first.
    pub const ALL: [Self; 4] = [Self::Probe, Self::Identity, Self::Full, Self::Thorough];

    /// The mode's word on the command line, in runs and in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::Identity => "identity",
            Self::Full => "full",
            Self::Thorough => "thorough",
        }
    }

    /// The configuration of this mode for a whole item, from that of the full mode.
    pub(crate) fn matching(self, config: MatchConfig) -> MatchConfig {
        match self {
            Self::Identity => as_released(config),
            Self::Probe | Self::Full => config,
            Self::Thorough => MatchConfig {
                warp_plane_step_octaves: Some(THOROUGH_STEP_OCTAVES),
                bins: THOROUGH_BINS,
                candidates: THOROUGH_CANDIDATES,
                ..config
            },
        }
    }
}

/// The configuration for one window of a probe.
pub(super) fn probed(config: MatchConfig) -> MatchConfig {
    MatchConfig {
        candidates: PROBE_CANDIDATES,
        bins: PROBE_BINS,
        identity_postings: PROBE_POSTINGS,
        min_votes: PROBE_MIN_VOTES,
        ..as_released(config)
    }
}

/// The same configuration without warps.
fn as_released(config: MatchConfig) -> MatchConfig {
    MatchConfig { warp_reach_octaves: 0.0, ..config }
}

crate::base::impl_from_word!(Mode, "mode");

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
