//! Which findings of a run are noticed, and the drafts about them.

use std::collections::BTreeMap;

use super::{Draft, LeftOut, NoticeKind, Notices, Offer, Particulars, drafts, may_be_noticed};
use crate::record::{Basis, NoticeFacts, NoticeState};
use crate::review::{Entry, QueueError, ReviewQueue};
use crate::wording::counted;

/// Why no notice is drafted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoticeError {
    /// No finding of the run may be noticed.
    #[error(
        "run {run_id} has no accepted finding to draft a notice about; accept one first: leakhound review accept \
         FINDING --reason TEXT"
    )]
    NoneAccepted {
        /// The run.
        run_id: i64,
    },
    /// For an index of torrents: none of the findings is in a known torrent.
    #[error(
        "none is in a torrent whose .torrent file was found beside it, of {} of run {run_id}",
        counted(*accepted, "accepted finding")
    )]
    NoTorrent {
        /// Findings that may be noticed.
        accepted: u64,
        /// The run.
        run_id: i64,
    },
    /// Each of the findings is in an earlier notice.
    #[error(
        "{} of run {run_id} {} in an earlier notice, and no other was accepted; list the notices: leakhound notice list",
        counted(*noticed, "accepted finding"), if *noticed == 1 { "is" } else { "are" }
    )]
    NoneNew {
        /// Findings that are in an earlier notice.
        noticed: u64,
        /// The run.
        run_id: i64,
    },
    /// The findings cannot be read.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl NoticeError {
    /// Whether there is nothing to draft a notice about. Else something failed.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::NoneAccepted { .. } | Self::NoTorrent { .. } | Self::NoneNew { .. } => true,
            Self::Queue(error) => error.is_usage(),
        }
    }
}

/// The drafts about a run, at least one.
#[derive(Debug, Clone, PartialEq)]
pub struct Drafted {
    /// The drafts.
    pub drafts: Vec<Draft>,
    /// The findings that they name by their places.
    pub entries: Vec<Entry>,
    /// Findings in them.
    pub findings: u64,
    /// Findings of the run that are in none, by the reason.
    pub left_out: BTreeMap<LeftOut, u64>,
}

/// Whether a notice is about this very item and was not withdrawn.
fn stands(notice: &NoticeFacts) -> bool {
    notice.basis == Basis::Item && notice.state != NoticeState::Withdrawn
}

/// Drafts notices about all findings of a run that [`may_be_noticed`] admits, in the order of the report. Those that
/// `earlier` notices are about are left out.
///
/// # Errors
///
/// If there is none, or the findings cannot be read.
pub fn draft_run(
    queue: &ReviewQueue,
    kind: NoticeKind,
    who: &Particulars,
    offer: &Offer,
    earlier: &Notices,
) -> Result<Drafted, NoticeError> {
    let mut left_out: BTreeMap<LeftOut, u64> = BTreeMap::new();
    let mut entries = Vec::new();
    queue.each::<QueueError>(|record, finding| {
        match may_be_noticed(finding) {
            Ok(()) if earlier.of(&record.item, finding).iter().any(stands) => {
                *left_out.entry(LeftOut::Noticed).or_default() += 1;
            }
            Ok(()) => entries.push(Entry::new(record, finding)),
            Err(why) => *left_out.entry(why).or_default() += 1,
        }
        Ok(())
    })?;
    let drafts =
        drafts(kind, who, offer, entries.iter().map(|entry| (entry.item(), entry.finding())));
    let (run_id, accepted) = (queue.run().run_id, entries.len() as u64);
    if drafts.is_empty() {
        let noticed = left_out.get(&LeftOut::Noticed).copied().unwrap_or(0);
        return Err(match (accepted, noticed) {
            (0, 0) => NoticeError::NoneAccepted { run_id },
            (0, _) => NoticeError::NoneNew { noticed, run_id },
            _ => NoticeError::NoTorrent { accepted, run_id },
        });
    }
    let findings = drafts.iter().map(|draft| draft.findings.len() as u64).sum();
    if accepted > findings {
        left_out.insert(LeftOut::NoTorrent, accepted - findings);
    }
    Ok(Drafted { drafts, entries, findings, left_out })
}
