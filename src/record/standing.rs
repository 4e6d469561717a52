//! Why a finding is less than an infringement: rights, licences, shared material.

use serde::{Deserialize, Serialize};

/// Why a finding is, or may be, less than an infringement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The kind of reason, to group and count by.
    pub kind: StandingKind,
    /// One line for people.
    pub reason: String,
}

/// The kind of reason for which a finding is, or may be, less than an infringement; those that leave the label most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StandingKind {
    /// The label has the rights in some territories only, and it is not known where the item is offered.
    Limited,
    /// Other recordings of the catalogue contain the same passage.
    SharedPassage,
    /// Some seconds of a longer item and of a longer recording. Only in records from before there was a
    /// [`Relation`](super::Relation).
    BriefPassage,
    /// Both use the same loop, sample or drum kit, or play the same notes, and differ in the rest.
    SharedMaterial,
    /// The item has a part of the recording alone, or it is another recording of the same notes.
    Stem,
    /// The passage repeats exactly, so that the offset cannot be told, nor whether the item took it from this recording.
    ExactLoop,
    /// The label asks for a review, or a co-owner may have licensed the use.
    Review,
    /// The item is offered where the label has no rights.
    OutsideTerritory,
    /// The label's rights have ended.
    Expired,
    /// The label has excluded the recording from reports.
    Excluded,
    /// The recording is in the public domain.
    PublicDomain,
    /// This dump, file or recording is licensed.
    Licensed,
}

impl StandingKind {
    /// The word of the JSONL contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Limited => "limited",
            Self::SharedPassage => "shared_passage",
            Self::BriefPassage => "brief_passage",
            Self::SharedMaterial => "shared_material",
            Self::Stem => "stem",
            Self::ExactLoop => "exact_loop",
            Self::Review => "review",
            Self::OutsideTerritory => "outside_territory",
            Self::Expired => "expired",
            Self::Excluded => "excluded",
            Self::PublicDomain => "public_domain",
            Self::Licensed => "licensed",
        }
    }

    /// Whether the catalogue says that the use is no infringement.
    pub const fn is_permitted(self) -> bool {
        !matches!(
            self,
            Self::Limited
                | Self::SharedPassage
                | Self::BriefPassage
                | Self::SharedMaterial
                | Self::Stem
                | Self::ExactLoop
                | Self::Review
        )
    }
}
