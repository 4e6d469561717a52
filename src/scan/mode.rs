//! Modes: how much of an item is searched, and under which changes of tempo and pitch. They decide what a scan costs and misses.

use std::fmt;

use crate::matching::{MatchConfig, Share};

/// How much work an item gets. Results of one mode are never reused for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// A few windows of each item, as released. The whole item, as in [`Mode::Full`], if they hold anything, if it is short, or if
    /// the file cannot be sought in. Costs a tenth of [`Mode::Full`] where nothing is found. Misses passages between the windows,
    /// and recordings changed in speed, tempo or pitch.
    Probe,
    /// Every item whole, as released only. Costs four fifths of [`Mode::Full`]. Misses recordings changed in speed, tempo or pitch.
    Identity,
    /// Every item whole, as released and under changes of speed, tempo or pitch. Misses changes of tempo and pitch by different
    /// amounts.
    #[default]
    Full,
    /// As [`Mode::Full`], and under changes of tempo and pitch by different amounts. Costs several times as much.
    Thorough,
}

impl Mode {
    /// The mode's word on the command line, in runs and in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::Identity => "identity",
            Self::Full => "full",
            Self::Thorough => "thorough",
        }
    }

    /// The configuration of this mode for a whole item, from that of the full mode. The values of the thorough mode are guesses.
    pub(crate) fn matching(self, config: MatchConfig) -> MatchConfig {
        match self {
            Self::Identity => as_released(config),
            Self::Probe | Self::Full => config,
            Self::Thorough => MatchConfig {
                warp_plane_step_octaves: Some(0.025),
                bins: Share { item: 16_384, window: 1_024 },
                candidates: Share { item: 48, window: 16 },
                ..config
            },
        }
    }
}

/// The same configuration without warps.
pub(super) fn as_released(config: MatchConfig) -> MatchConfig {
    MatchConfig { warp_reach_octaves: 0.0, ..config }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
