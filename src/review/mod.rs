//! What people decide about findings, and how a decision comes back.
//!
//! A finding is accepted, dismissed or deferred by a person with a name and a reason. A change of mind is another row: what
//! was decided before stays readable. A decision changes nothing of what was found, neither verdict nor number.
//!
//! # What a decision holds for
//!
//! A wrongly silenced finding is a leak that nobody sees, a wrongly carried acceptance an accusation that nobody made. So a
//! decision holds for findings of the same recording in the same stream that lie inside of the place that was decided on
//! (within 1 s, in both files; all of it or less, never more), and whose item is, in this order:
//!
//! 1. the item that was decided on: its locator and SHA-256 ([`Basis::Item`]);
//! 2. the same bytes at another place, by their SHA-256 ([`Basis::Bytes`]);
//! 3. the very same sound in other bytes, by [`Fingerprint::digest`](crate::signal::fingerprint::Fingerprint::digest): another
//!    container, other tags, another lossless coding ([`Basis::Sound`]). Never of a claim that nobody heard, for tags make it.
//!
//! Nor does it hold for a finding that claims more than the one that was decided on: shared material then, and now the
//! recording; a stem then, and now all that sounds in it. What was accepted as a use is open again, too, where it turns
//! out to be shared material. This can happen with another version of the program, or another catalogue. Decisions and findings
//! of versions that did not tell relations are compared by their places alone.
//!
//! The first of the three that applies counts, and of its rows the last. Not covered, and so open again: sound that was encoded
//! with loss once more, cut, sped up or mixed; a stream at another place in its file; a finding that grew, because another mode
//! found more of it. A notice uses only what was accepted as [`Basis::Item`].

//!
//! # Files
//!
//! | file | what it does |
//! |---|---|
//! | `store` | keeps decisions in a database to which rows are only added |
//! | `queue` | the findings of a run with their decisions; records decisions, in log and store |
//! | `batch` | reads decisions from a table or from JSONL |
//! | `cards`, `board` | the list of findings for a page, with its filters and orders; what the page asks for |
//! | `audio`, `listen` | finds the two files of a finding and checks them; cuts clips from them |

mod audio;
mod batch;
mod board;
mod cards;
mod listen;
mod queue;
mod store;

pub use audio::{Audio, AudioError, Side, Stretch, stretches};
pub use batch::{BatchError, Order, read_batch};
pub use board::{Board, List, ListRow, Near, Part};
pub use cards::{DecisionFilter, ListError, ListOrder, Wanted};
pub use listen::{Clip, ListenError, MAX_CLIP_SECONDS, cut, to_wav};
pub use queue::{Batch, Entry, FindingFilter, NewDecision, QueueError, Recorder, ReviewQueue};
pub use store::{History, ReviewError, ReviewStore};

use std::collections::{HashMap, HashSet};

use crate::record::{
    Basis, Decision, DecisionState, Finding, Ground, ItemFacts, ItemRecord, Relation, Span, Verdict,
};
use crate::wording::{called, moment};

/// A place may extend beyond the place decided on by this many seconds. A guess: ends of spans are found to about half a second.
const SLACK_SECONDS: f64 = 1.0;
/// Most characters of a reason or a name. A guess that keeps a page readable.
const MAX_TEXT_CHARS: usize = 2_000;

/// A decision of a person about a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// The decision; `None` withdraws the one before.
    pub state: Option<DecisionState>,
    /// The ground of a dismissal; `None` for other decisions.
    pub ground: Option<Ground>,
    /// The reason, in that person's words.
    pub reason: String,
    /// The person's name.
    pub by: String,
    /// Time of the decision, in seconds since 1970.
    pub at: i64,
}

/// Why a decision is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RulingError {
    /// It has no name.
    #[error("it has no name; say who decides")]
    NoName,
    /// It has no reason.
    #[error("it has no reason; say why, for people who ask later")]
    NoReason,
    /// It is a dismissal without a ground.
    #[error("a dismissal needs its ground: licensed, shared-sample, wrong or not-ours")]
    NoGround,
    /// It has a ground but is no dismissal.
    #[error("only a dismissal has a ground; leave it out, or dismiss")]
    Ground,
    /// Its reason or name is too long.
    #[error("its reason or name has more than {MAX_TEXT_CHARS} characters; shorten it")]
    TooLong,
    /// The SHA-256 of the item is not known.
    #[error(
        "the bytes of the item could not be read to their end, so a decision could not be tied to them; scan it again first"
    )]
    NoBytes,
}

impl Ruling {
    /// Checks that the decision has a name, a reason, and a ground if it is a dismissal.
    ///
    /// # Errors
    ///
    /// The first thing that is missing or wrong.
    pub fn check(&self) -> Result<(), RulingError> {
        let dismisses = self.state == Some(DecisionState::Dismissed);
        if self.by.trim().is_empty() {
            Err(RulingError::NoName)
        } else if self.reason.trim().is_empty() {
            Err(RulingError::NoReason)
        } else if self.by.chars().count().max(self.reason.chars().count()) > MAX_TEXT_CHARS {
            Err(RulingError::TooLong)
        } else if dismisses && self.ground.is_none() {
            Err(RulingError::NoGround)
        } else if !dismisses && self.ground.is_some() {
            Err(RulingError::Ground)
        } else {
            Ok(())
        }
    }
}

/// The finding that a decision is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Id of the recording.
    pub recording_id: String,
    /// SHA-256 of the item.
    pub sha256: String,
    /// Digest of the stream's sound; `""` for a claim without sound.
    pub sound: String,
    /// Audio stream of the item, from 0.
    pub stream: u32,
    /// The spans of item and recording that agree; empty for a claim without sound.
    pub spans: Vec<Span>,
    /// Locator of the item.
    pub locator: String,
    /// Id of the finding.
    pub finding_id: String,
    /// Number of the run in which it was reviewed.
    pub run_id: i64,
    /// Path of the item.
    pub path: String,
    /// Name of the recording.
    pub recording: String,
    /// Verdict at that time.
    pub verdict: Verdict,
    /// What the finding claimed at that time; `None` for a claim without sound, and for decisions of versions without relations.
    pub relation: Option<Relation>,
}

impl Case {
    /// A finding of a run as the subject of a decision.
    ///
    /// # Errors
    ///
    /// [`RulingError::NoBytes`] if the item's SHA-256 is not known.
    pub fn new(run_id: i64, item: &ItemFacts, finding: &Finding) -> Result<Self, RulingError> {
        if item.sha256.is_empty() {
            return Err(RulingError::NoBytes);
        }
        let heard = finding.is_heard();
        Ok(Self {
            recording_id: finding.recording_id.clone(),
            sha256: item.sha256.clone(),
            sound: if heard { finding.sound.clone() } else { String::new() },
            stream: finding.stream,
            spans: finding.spans.clone(),
            locator: item.locator.clone(),
            finding_id: finding.finding_id.clone(),
            run_id,
            path: item.path.clone(),
            recording: called(finding),
            verdict: finding.verdict,
            relation: finding.relation,
        })
    }

    /// Whether a finding of the same recording lies inside of this place, in the same stream.
    fn covers(&self, finding: &Finding) -> bool {
        self.stream == finding.stream
            && self.spans.is_empty() == finding.spans.is_empty()
            && finding.spans.iter().all(|span| self.spans.iter().any(|own| inside(span, own)))
    }

    /// Whether a ruling about this case holds for a finding, by what both claim (see the module).
    fn holds_for(&self, ruling: &Ruling, finding: &Finding) -> bool {
        let (Some(then), Some(now)) = (self.relation, finding.relation) else { return true };
        let is_shared = |relation| relation == Relation::SharedMaterial;
        match ruling.state {
            // A withdrawal opens the finding, whatever it claims.
            None => true,
            // Nobody accepted that shared material shows a use.
            Some(DecisionState::Accepted) if is_shared(now) && !is_shared(then) => false,
            Some(_) => extent_of_claim(now) <= extent_of_claim(then),
        }
    }
}

/// How much of the recording's sound a relation claims: nothing (0), some of its parts (1), all of it (2).
const fn extent_of_claim(relation: Relation) -> u8 {
    match relation {
        Relation::SharedMaterial => 0,
        Relation::Stem => 1,
        Relation::Copy | Relation::Excerpt | Relation::Contains | Relation::Layered => 2,
    }
}

/// Whether a span lies inside of another, in item and recording, within [`SLACK_SECONDS`].
fn inside(span: &Span, own: &Span) -> bool {
    let within = |start: f64, end: f64, from: f64, to: f64| {
        start >= from - SLACK_SECONDS && end <= to + SLACK_SECONDS
    };
    within(
        span.item_start_seconds,
        span.item_end_seconds,
        own.item_start_seconds,
        own.item_end_seconds,
    ) && within(
        span.recording_start_seconds,
        span.recording_end_seconds,
        own.recording_start_seconds,
        own.recording_end_seconds,
    )
}

/// All decisions, indexed by recording with the item's bytes and by recording with its sound.
#[derive(Debug, Clone, Default)]
pub struct Decisions {
    rows: Vec<(Case, Ruling)>,
    by_bytes: HashMap<(String, String), Vec<usize>>,
    by_sound: HashMap<(String, String), Vec<usize>>,
}

impl Decisions {
    /// Indexes decisions, given in the order in which they were made.
    pub fn new(rows: impl IntoIterator<Item = (Case, Ruling)>) -> Self {
        let mut all = Self::default();
        for (case, ruling) in rows {
            all.add(case, ruling);
        }
        all
    }

    /// Adds a decision that was made after all others.
    pub fn add(&mut self, case: Case, ruling: Ruling) {
        let (at, id) = (self.rows.len(), &case.recording_id);
        self.by_bytes.entry((id.clone(), case.sha256.clone())).or_default().push(at);
        if !case.sound.is_empty() {
            self.by_sound.entry((id.clone(), case.sound.clone())).or_default().push(at);
        }
        self.rows.push((case, ruling));
    }

    /// The decision that holds for a finding, if there is one.
    pub fn of(&self, item: &ItemFacts, finding: &Finding) -> Option<Decision> {
        let rows = |at: Option<&Vec<usize>>| {
            at.into_iter()
                .flatten()
                .rev()
                .map(|at| &self.rows[*at])
                .filter(|(case, ruling)| case.covers(finding) && case.holds_for(ruling, finding))
                .collect::<Vec<_>>()
        };
        let id = &finding.recording_id;
        let same = rows(self.by_bytes.get(&(id.clone(), item.sha256.clone())));
        let here = same.iter().find(|(case, _)| case.locator == item.locator);
        let heard = || {
            let key = (id.clone(), finding.sound.clone());
            if finding.sound.is_empty() || !finding.is_heard() {
                return None;
            }
            rows(self.by_sound.get(&key)).first().copied()
        };
        let (ruling, basis) = match (here, same.first()) {
            (Some((_, ruling)), _) => (ruling, Basis::Item),
            (None, Some((_, ruling))) => (ruling, Basis::Bytes),
            (None, None) => (&heard()?.1, Basis::Sound),
        };
        Some(Decision {
            state: ruling.state?,
            ground: ruling.ground,
            reason: ruling.reason.clone(),
            by: ruling.by.clone(),
            at: time_stamp(ruling.at),
            basis,
        })
    }

    /// The ids of the findings that were decided on in a run.
    pub fn reviewed_in(&self, run_id: i64) -> HashSet<String> {
        let cases = self.rows.iter().filter(|(case, _)| case.run_id == run_id);
        cases.map(|(case, _)| case.finding_id.clone()).collect()
    }

    /// Sets [`Finding::decision`] of every finding in a record.
    pub fn apply(&self, record: &mut ItemRecord) {
        let ItemRecord { item, findings, .. } = record;
        for finding in findings {
            finding.decision = self.of(item, finding);
        }
    }
}

/// The id that a name begins: people may leave out the `f-`.
fn full_id(name: &str) -> String {
    if name.starts_with("f-") { name.to_owned() } else { format!("f-{name}") }
}

/// Seconds since 1970 as RFC 3339 has them: `2026-11-23T19:12:34Z`.
fn time_stamp(at: i64) -> String {
    moment(at).replacen(' ', "T", 1).replace(" UTC", "Z")
}

#[cfg(test)]
mod tests;
