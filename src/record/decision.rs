//! What a person decided about a finding.

use serde::{Deserialize, Serialize};

/// What a person decided about a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The decision.
    pub state: DecisionState,
    /// Why it was dismissed; `null` for other decisions.
    pub ground: Option<Ground>,
    /// The reason in the person's words.
    pub reason: String,
    /// The person's name.
    pub by: String,
    /// Time of the decision, UTC: `2026-11-23T19:12:34Z`.
    pub at: String,
    /// What the decision and this finding have in common.
    pub basis: Basis,
}

/// A decision about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DecisionState {
    /// It is an infringement; a notice may be drafted.
    Accepted,
    /// It is no infringement, or does not concern the label.
    Dismissed,
    /// It is to be decided later.
    Deferred,
}

/// Why a finding was dismissed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// The use is licensed.
    Licensed,
    /// Both took the sound from the same source: a sample library, a loop.
    SharedSample,
    /// The recording is not in the item.
    Wrong,
    /// The recording is not the label's.
    NotOurs,
}

/// What a decision and a finding that it holds for have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// The item: it was decided about this file at this path.
    Item,
    /// The bytes: it was decided about a copy of the file elsewhere.
    Bytes,
    /// The sound: it was decided about other bytes with the same fingerprint.
    Sound,
}

crate::base::impl_from_word!(DecisionState, "decision");

impl DecisionState {
    /// All decisions.
    pub const ALL: [Self; 3] = [Self::Accepted, Self::Dismissed, Self::Deferred];

    /// The word of the JSONL contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Dismissed => "dismissed",
            Self::Deferred => "deferred",
        }
    }
}

crate::base::impl_from_word!(Ground, "ground of a dismissal");

impl Ground {
    /// All grounds.
    pub const ALL: [Self; 4] = [Self::Licensed, Self::SharedSample, Self::Wrong, Self::NotOurs];

    /// The word of the JSONL contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Licensed => "licensed",
            Self::SharedSample => "shared_sample",
            Self::Wrong => "wrong",
            Self::NotOurs => "not_ours",
        }
    }
}

impl Basis {
    /// The word of the JSONL contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Item => "item",
            Self::Bytes => "bytes",
            Self::Sound => "sound",
        }
    }
}
