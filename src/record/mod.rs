//! The record of an item: all that a run concluded about it, as every report writes it.
//!
//! It is the JSONL contract: all keys are always present; later versions add keys and remove none. The records are data only:
//! the sentences about them are in [`crate::wording`].

mod decision;
mod event;
mod evidence;
mod failure;
mod finding;
#[cfg(test)]
pub(crate) mod fixtures;
mod item;
mod notice;
mod released;
mod span;
mod standing;
mod torrent;
mod verdict;
mod work;

use serde::Serialize;

pub use decision::{Basis, Decision, DecisionState, Ground};
pub use event::{Event, Found, RunEnd, Tally};
pub use evidence::{Evidence, PeakWindow, RunnerUp};
pub use failure::{Failure, FailureKind, FailureRecord, Stage};
pub use finding::{Explained, Finding, Measures, Relation, Tier};
pub use item::{ClaimCheck, ItemFacts, ItemRecord};
pub use notice::{Checked, Deadline, DueKind, NoticeFacts, NoticeKind, NoticeState, Presence};
pub use released::{
    AS_RELEASED_CENTS, AS_RELEASED_TEMPO, is_as_released, is_released_pitch, is_released_tempo,
};
pub use span::Span;
pub use standing::{Standing, StandingKind};
pub use torrent::{Integrity, TorrentFacts};
pub use verdict::Verdict;
pub use work::{Release, Work};

/// Raised when the record of the same item says more than before, so that an old record is not taken over into a new run.
pub const RECORD_VERSION: u32 = 9;

/// The JSON of a record or of a part of one.
pub(crate) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("text, numbers and lists only")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_and_claims_are_written_as_their_words() {
        for tier in Tier::ALL {
            assert_eq!(json(&tier), format!("{:?}", tier.as_str()));
        }
        assert_eq!(Tier::join(&[Tier::Identifier, Tier::Sound], "+"), "T0+T3");
        for check in [
            ClaimCheck::Nothing,
            ClaimCheck::Agree,
            ClaimCheck::Disagree,
            ClaimCheck::ClaimOnly,
            ClaimCheck::SoundOnly,
            ClaimCheck::ForeignClaim,
        ] {
            assert_eq!(json(&check), format!("{:?}", check.as_str()));
        }
    }

    #[test]
    fn a_finding_that_was_not_heard_is_no_evidence() {
        let finding = Finding {
            tiers: vec![Tier::FileHash],
            ..Finding::unheard("rec-1".to_owned(), Verdict::Suspect)
        };
        assert!(!finding.is_heard() && finding.spans.is_empty());
        assert!(finding.false_alarm_probability >= 1.0 && finding.score <= 0.0);
    }
}
