//! What a report says of the run as a whole, and how it is counted from the records.

use std::collections::BTreeSet;

use super::tally::Tally;
use crate::record::{DecisionState, FailureKind, ItemRecord, Relation, Verdict};
use crate::wording::claims;

/// What the report says of the run itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunSummary {
    /// The run's own name, to ask for it again.
    pub run_id: String,
    /// Version of this program.
    pub tool_version: String,
    /// How much of each item was searched, and along which changes: the word of the command line.
    pub mode: String,
    /// What was scanned, as it was given.
    pub roots: Vec<String>,
    /// Number of recordings that were looked for.
    pub catalogue_recordings: u64,
    /// Digest of the catalogue's recordings.
    pub catalogue_digest: String,
    /// Digest of the settings that the fingerprints were made with.
    pub fingerprint_digest: String,
    /// Names and versions of the decoders.
    pub decoders: String,
    /// SHA-256 of the run's manifest, empty if it has none.
    pub manifest_digest: String,
    /// Whether the run came to its end: `false` if it was stopped and can be resumed.
    pub complete: bool,
    /// What the records add up to.
    pub counts: Counts,
    /// What has changed since an earlier run, if this one was compared with it.
    pub change: Option<Change>,
}

/// What has changed since an earlier run over the same.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change {
    /// The earlier run's name.
    pub since_run: String,
    /// Findings that only this run has.
    pub new: u64,
    /// Findings that only the earlier run had.
    pub gone: u64,
    /// Findings of both.
    pub standing: u64,
}

/// What the records of a run add up to; start from the default and [`add`](Self::add) each.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Counts {
    /// Items looked at. The six numbers that follow add up to it.
    pub items: u64,
    /// Items that hold a recording of the catalogue.
    pub matched: u64,
    /// Items that may hold one.
    pub suspect: u64,
    /// Items that hold none but those that they may hold.
    pub permitted: u64,
    /// Items that were read and hold none.
    pub clear: u64,
    /// Items that should have been readable and were not.
    pub failed: u64,
    /// Items that are no audio.
    pub not_audio: u64,
    /// Decoded audio of all items, in seconds.
    pub audio_seconds: f64,
    /// Findings of all items, of whatever verdict.
    pub findings: u64,
    /// … by what they claim, in the order of [`Relation::ALL`]. Those that nobody heard claim nothing of it.
    pub relations: [u64; Relation::ALL.len()],
    /// Recordings of the catalogue with at least one match; suspects do not count.
    pub recordings_found: u64,
    /// Items with a match or suspect that nobody has dismissed.
    pub alarms: u64,
    /// Findings that a person accepted.
    pub accepted: u64,
    /// Findings that a person dismissed. They count in all numbers above: what was found was found.
    pub dismissed: u64,
    /// Findings that a person put off.
    pub deferred: u64,
    /// Their ids.
    found: BTreeSet<String>,
    /// How items and findings are spread.
    pub(super) tally: Tally,
}

impl Counts {
    /// Nothing counted yet.
    pub(super) const EMPTY: Self = Self {
        items: 0,
        matched: 0,
        suspect: 0,
        permitted: 0,
        clear: 0,
        failed: 0,
        not_audio: 0,
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

    /// How many findings claim what, in words; `""` if none does.
    pub(super) fn claims(&self) -> String {
        claims(&self.relations)
    }

    /// Whether two tellings of a run agree in every whole number. The seconds are left out: sums
    /// of them differ in the last digits with the order they were added in.
    pub(super) fn agrees_with(&self, other: &Self) -> bool {
        let whole = |c: &Self| {
            let Self { items, matched, suspect, permitted, clear, failed, not_audio, .. } = *c;
            let found = [c.findings, c.recordings_found];
            ([items, matched, suspect, permitted, clear, failed, not_audio], found, c.relations)
        };
        whole(self) == whole(other)
    }
}

/// Whether an item failed only because it is no audio.
pub(super) fn is_not_audio(record: &ItemRecord) -> bool {
    record.verdict == Verdict::Failed
        && record.failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::NotAudio)
}
