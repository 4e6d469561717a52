//! A notice about a finding: how far it is, what is due, and whether the material was still there.

use serde::{Deserialize, Serialize};

use super::Basis;

/// The kind of recipient of a notice, which decides how material is located.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// A host of files: by URL.
    Host,
    /// A hub of data sets: by repository, revision, path and row.
    Hub,
    /// An index of torrents: by info-hash, with one draft for each torrent.
    TorrentIndex,
}

impl NoticeKind {
    /// All kinds of recipients.
    pub const ALL: [Self; 3] = [Self::Host, Self::Hub, Self::TorrentIndex];

    /// The word that `FromStr` reads.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Hub => "hub",
            Self::TorrentIndex => "torrent_index",
        }
    }
}

crate::base::impl_from_word!(NoticeKind, "kind of recipient");

/// How far a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeState {
    /// A draft that nobody has sent.
    Drafted,
    /// A person sent it.
    Sent,
    /// The addressee answered.
    Answered,
    /// Whoever offered the material objects (17 U.S.C. § 512(g)(3)).
    CounterNotice,
    /// The sender took it back. It is over.
    Withdrawn,
    /// The material is gone.
    Gone,
}

impl NoticeState {
    /// All states.
    pub const ALL: [Self; 6] = [
        Self::Drafted,
        Self::Sent,
        Self::Answered,
        Self::CounterNotice,
        Self::Withdrawn,
        Self::Gone,
    ];

    /// The word of the JSONL contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Drafted => "drafted",
            Self::Sent => "sent",
            Self::Answered => "answered",
            Self::CounterNotice => "counter_notice",
            Self::Withdrawn => "withdrawn",
            Self::Gone => "gone",
        }
    }
}

crate::base::impl_from_word!(NoticeState, "state of a notice");

/// What is due by a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DueKind {
    /// The addressee's answer, by the day that a person set.
    Answer,
    /// After a counter-notice: from the first day to the last, the provider puts the material back, unless its agent has
    /// first been told of a court action.
    Restoration,
    /// A day on which a person wants to look at the notice again.
    FollowUp,
}

impl DueKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Answer, Self::Restoration, Self::FollowUp];

    /// The word of the JSONL contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Restoration => "restoration",
            Self::FollowUp => "follow_up",
        }
    }
}

/// A deadline of a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// What is due.
    pub kind: DueKind,
    /// The day: `2026-12-14`.
    pub day: String,
    /// The last day, where the law gives a span of days; else `""`.
    pub until: String,
    /// Who set it: a person, or the law with its section.
    pub basis: String,
}

/// Whether noticed material is in a later copy of the dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// The same bytes at the same place.
    StillThere,
    /// The same bytes at another place.
    Moved,
    /// Other bytes at the same place, in which the recording is found again.
    Changed,
    /// Neither these bytes nor this place; the recording is found in other bytes at another place.
    Elsewhere,
    /// Not found, but something was not read in which it may be.
    NotRead,
    /// Everything was read, and neither the bytes nor the recording are there.
    Gone,
}

impl Presence {
    /// All of them, the strongest first.
    pub const ALL: [Self; 6] =
        [Self::StillThere, Self::Moved, Self::Changed, Self::Elsewhere, Self::NotRead, Self::Gone];

    /// The word of the JSONL contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StillThere => "still_there",
            Self::Moved => "moved",
            Self::Changed => "changed",
            Self::Elsewhere => "elsewhere",
            Self::NotRead => "not_read",
            Self::Gone => "gone",
        }
    }
}

crate::base::impl_from_word!(Presence, "answer of a check");

/// What a check of noticed material said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// The answer.
    pub presence: Presence,
    /// Path where the material, or the recording, is now; `""` if it is nowhere, or where it was.
    pub place: String,
    /// One line: why, where the answer alone does not say it; else `""`.
    pub why: String,
    /// The day of the check.
    pub day: String,
    /// The run over the later copy.
    pub run_id: i64,
}

/// A notice about a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeFacts {
    /// Number of the notice in its home.
    pub number: i64,
    /// The kind of recipient.
    pub kind: NoticeKind,
    /// How far it is.
    pub state: NoticeState,
    /// The day since which it is in this state: `2026-11-30`.
    pub since: String,
    /// To whom it was, or is to be, sent.
    pub addressee: String,
    /// The reference that the addressee gave it; `""` if none is known.
    pub reference: String,
    /// Who said that it is in this state.
    pub by: String,
    /// What the noticed material and this finding have in common: the item, or the bytes at another place.
    pub basis: Basis,
    /// What is due, the earliest first; empty if nothing is.
    pub due: Vec<Deadline>,
    /// The last check of the material; `null` if there was none.
    pub check: Option<Checked>,
}
