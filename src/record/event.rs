//! What happens in a watched dump: the JSON lines of `leakhound watch`.

use serde::{Deserialize, Serialize};

use super::{Finding, ItemFacts, Verdict};

/// Something that happened, to be told once. `event` in its JSON is the name of the kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A recording was found at a place where it was not known, or with another verdict.
    Finding(Box<Found>),
    /// A scan of the watched folders has ended.
    Run(RunEnd),
}

/// A finding that is to be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The same in every attempt to tell it.
    pub event_id: String,
    /// How often telling it was begun. Above 1 it may have been told before, by a process that was killed while it did.
    pub attempt: u32,
    /// The run.
    pub run_id: i64,
    /// The verdict of the finding.
    pub verdict: Verdict,
    /// The item, as in the JSONL report.
    pub item: ItemFacts,
    /// The finding, as in the JSONL report.
    pub finding: Finding,
}

/// The end of a scan of watched folders.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RunEnd {
    /// The same in every attempt to tell it.
    pub event_id: String,
    /// How often telling it was begun.
    pub attempt: u32,
    /// The run.
    pub run_id: i64,
    /// The absolute paths that were scanned.
    pub roots: Vec<String>,
    /// When it ended, in seconds since 1970.
    pub ended: i64,
    /// The counts of its items.
    pub items: Tally,
}

/// Items by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// All items.
    pub all: u64,
    /// Those whose strongest finding is a match.
    pub matched: u64,
    /// Those whose strongest finding is a suspect.
    pub suspect: u64,
    /// Those with findings that are all permitted.
    pub permitted: u64,
    /// Those without findings.
    pub clear: u64,
    /// Those that could not be compared, without the next two.
    pub not_read: u64,
    /// Those that are no audio.
    pub no_audio: u64,
    /// Those that were left alone, since they were still being written.
    pub unfinished: u64,
}

impl Event {
    /// The id by which it is told once.
    pub fn event_id(&self) -> &str {
        match self {
            Self::Finding(found) => &found.event_id,
            Self::Run(end) => &end.event_id,
        }
    }

    /// Sets how often telling it was begun.
    pub fn set_attempt(&mut self, attempt: u32) {
        match self {
            Self::Finding(found) => found.attempt = attempt,
            Self::Run(end) => end.attempt = attempt,
        }
    }
}
