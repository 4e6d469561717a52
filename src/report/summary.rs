//! The summary of a run for reports, and the counts of its records.

use std::collections::BTreeSet;

use super::tally::Tally;
use crate::record::{DecisionState, FailureKind, ItemRecord, Relation, Verdict};
use crate::results::About;
use crate::wording::claims;

/// What a report says about the run as a whole.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunSummary {
    /// Number of the run.
    pub run_id: String,
    /// Version of this program.
    pub tool_version: String,
    /// The mode, which says how much of each item was searched and for which changes: its name on the command line.
    pub mode: String,
    /// What the dump is, as a person says; `None` if nobody did.
    pub about: Option<About>,
    /// Absolute paths of what was scanned.
    pub roots: Vec<String>,
    /// Number of recordings searched for.
    pub catalogue_recordings: u64,
    /// Digest of the catalogue's recordings.
    pub catalogue_digest: String,
    /// Digest of the settings of the fingerprints.
    pub fingerprint_digest: String,
    /// Names and versions of the decoders.
    pub decoders: String,
    /// SHA-256 of the run's manifest, empty if it has none.
    pub manifest_digest: String,
    /// Whether the run is complete: `false` if it was stopped and can be resumed.
    pub complete: bool,
    /// Counts of its records; zero for formats without [`Format::counts_first`](super::Format::counts_first).
    pub counts: Counts,
    /// The change since an earlier run; `None` if this run was not compared with one.
    pub change: Option<Change>,
}

/// The change since an earlier run over the same files and folders.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change {
    /// Number of the earlier run.
    pub since_run: String,
    /// Findings that only this run has.
    pub new: u64,
    /// Findings that only the earlier run had.
    pub gone: u64,
    /// Findings of both.
    pub standing: u64,
}

/// Counts of the records of a run: start from the default and [`add`](Self::add) each.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Counts {
    /// Items. The next six numbers add up to it.
    pub items: u64,
    /// Items with a match.
    pub matched: u64,
    /// Items with a suspect and no match.
    pub suspect: u64,
    /// Items with permitted findings only.
    pub permitted: u64,
    /// Items that were read and have no finding.
    pub clear: u64,
    /// Items that could not be read.
    pub failed: u64,
    /// Items that are not audio.
    pub not_audio: u64,
    /// Items that were read in part, whatever was found in the rest. They also count in one of the numbers above.
    pub partial: u64,
    /// Decoded audio of all items, in seconds.
    pub audio_seconds: f64,
    /// Findings of all verdicts.
    pub findings: u64,
    /// Findings by what they claim, in the order of [`Relation::ALL`]. Findings without sound, and those of old records, have no
    /// relation and are not counted here.
    pub relations: [u64; Relation::ALL.len()],
    /// Recordings with at least one match.
    pub recordings_found: u64,
    /// Items with a match or suspect that nobody has dismissed.
    pub alarms: u64,
    /// Findings that a person accepted.
    pub accepted: u64,
    /// Findings that a person dismissed. They also count in the numbers above except `alarms`.
    pub dismissed: u64,
    /// Findings that a person deferred.
    pub deferred: u64,
    /// Ids of the recordings with a match.
    found: BTreeSet<String>,
    /// Distributions of items and findings, for charts.
    pub(super) tally: Tally,
}

impl Counts {
    /// No records counted.
    pub(super) const EMPTY: Self = Self {
        items: 0,
        matched: 0,
        suspect: 0,
        permitted: 0,
        clear: 0,
        failed: 0,
        not_audio: 0,
        partial: 0,
        audio_seconds: 0.0,
        findings: 0,
        relations: [0; Relation::ALL.len()],
        recordings_found: 0,
        alarms: 0,
        accepted: 0,
        dismissed: 0,
        deferred: 0,
        found: BTreeSet::new(),
        tally: Tally::EMPTY,
    };

    /// Counts one more item.
    pub fn add(&mut self, record: &ItemRecord) {
        self.items += 1;
        *match record.verdict {
            Verdict::Match => &mut self.matched,
            Verdict::Suspect => &mut self.suspect,
            Verdict::Permitted => &mut self.permitted,
            Verdict::Clear => &mut self.clear,
            Verdict::Failed if is_not_audio(record) => &mut self.not_audio,
            Verdict::Failed => &mut self.failed,
        } += 1;
        self.partial += u64::from(record.is_partial);
        if record.item.duration_seconds.is_finite() {
            self.audio_seconds += record.item.duration_seconds;
        }
        self.findings += record.findings.len() as u64;
        self.alarms += u64::from(record.alarms());
        for finding in &record.findings {
            if let Some(relation) = finding.relation {
                self.relations[relation as usize] += 1;
            }
            match finding.decision.as_ref().map(|decision| decision.state) {
                Some(DecisionState::Accepted) => self.accepted += 1,
                Some(DecisionState::Dismissed) => self.dismissed += 1,
                Some(DecisionState::Deferred) => self.deferred += 1,
                None => {}
            }
            if finding.verdict == Verdict::Match && !self.found.contains(&finding.recording_id) {
                self.found.insert(finding.recording_id.clone());
            }
        }
        self.recordings_found = self.found.len() as u64;
        self.tally.add(record);
    }

    /// Numbers of findings by what they claim, in words; `""` if there are none.
    pub(super) fn claims(&self) -> String {
        claims(&self.relations)
    }

    /// Whether two counts agree in every whole number. The seconds are not compared: their sum depends on the order of addition.
    pub(super) fn agrees_with(&self, other: &Self) -> bool {
        let whole = |c: &Self| {
            let Self { items, matched, suspect, permitted, clear, failed, not_audio, .. } = *c;
            let found = [c.findings, c.recordings_found, c.partial];
            ([items, matched, suspect, permitted, clear, failed, not_audio], found, c.relations)
        };
        whole(self) == whole(other)
    }
}

/// Whether an item has the verdict failed only because it is not audio.
pub(super) fn is_not_audio(record: &ItemRecord) -> bool {
    record.verdict == Verdict::Failed
        && record.failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::NotAudio)
}
