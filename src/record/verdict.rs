//! The verdict on an item or a finding.

use serde::{Deserialize, Serialize};

/// What a run concluded about an item or a finding, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The item contains a recording of the catalogue.
    Match,
    /// It may contain a recording: a person has to look.
    Suspect,
    /// Contains a recording, but the use is permitted: it is licensed, or the label has no right in force.
    Permitted,
    /// It was compared and nothing was found.
    Clear,
    /// It could not be read, so nothing is known about it.
    Failed,
}

crate::base::impl_from_word!(Verdict, "verdict");

impl Verdict {
    /// All verdicts.
    pub const ALL: [Self; 5] =
        [Self::Match, Self::Suspect, Self::Permitted, Self::Clear, Self::Failed];

    /// The word of the JSONL contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Suspect => "suspect",
            Self::Permitted => "permitted",
            Self::Clear => "clear",
            Self::Failed => "failed",
        }
    }
}
