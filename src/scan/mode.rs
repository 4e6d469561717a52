//! How much of an item is searched, and along which changes: what a scan costs and what it may miss.

use std::fmt;

use crate::matching::{MatchConfig, Share};

/// How much work an item gets. Results of one mode are never taken for those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// A few windows of each item, as released; the whole of it, as in [`Mode::Full`], if they hold
    /// anything, if it is short, or if it cannot be sought in. Costs a tenth of it where nothing is
    /// found. Misses passages between the windows, and what was changed in speed, tempo or pitch.
    Probe,
    /// Every item whole, as released only. Costs four fifths of [`Mode::Full`]. Misses what was changed in
    /// speed, tempo or pitch.
    Identity,
    /// Every item whole, as released and along changes of speed, tempo or pitch. Misses changes of
    /// tempo and pitch by different amounts.
    #[default]
    Full,
    /// As [`Mode::Full`], and along changes of tempo and pitch by different amounts. Costs several times
    /// as much.
    Thorough,
}

impl Mode {
    /// All of them, the cheapest first.
    pub const ALL: [Self; 4] = [Self::Probe, Self::Identity, Self::Full, Self::Thorough];

    /// The word of the command line, of runs and of reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::Identity => "identity",
            Self::Full => "full",
            Self::Thorough => "thorough",
        }
    }

    /// How a whole item is searched in this mode, where `config` is how it is in full mode.
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

/// A search without warps.
pub(super) fn as_released(config: MatchConfig) -> MatchConfig {
    MatchConfig { warp_reach_octaves: 0.0, ..config }
}

crate::base::impl_from_word!(Mode, "mode");

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
