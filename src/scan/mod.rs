//! The scan: items in, outcomes out, in parallel, whatever the items do.
//!
//! A walker lists items, workers examine them, the caller's thread hands outcomes to the sink. All
//! queues are bounded. A panic costs its item; an item that hangs is given up with its thread, and
//! another thread takes its place. Outcomes come in any order; each depends on its item alone.

mod claims;
mod engine;
mod evidence;
mod examine;
mod limits;
mod mode;
mod neutral;
mod outcome;
mod probe;
mod relation;
mod run;
mod team;
mod walk;

pub use engine::Engine;
pub(crate) use examine::coverage;
pub use mode::Mode;
pub(crate) use neutral::{FrameMap, beyond, parts};
pub use outcome::{Outcome, examine_failed};
pub use run::scan;

use std::time::Duration;

use crate::record::ItemRecord;
use crate::source::Place;

/// Name of the threads in which a panic costs an item and no more.
pub const WORKER_NAME: &str = "leakhound-worker";

/// What a scan may cost. What changes results is in the [`Engine`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanConfig {
    /// Worker threads.
    pub threads: usize,
    /// An item that has not ended after this long is given up. A little above the decoder's own limit,
    /// which ends what still listens: 660 s for 600 s.
    pub give_up_after: Duration,
}

/// Takes outcomes, one at a time, on the thread that called [`scan`].
pub trait OutcomeSink {
    /// Why it cannot: ends the scan.
    type Error;

    /// Takes an outcome; it may keep it back until the next tick.
    ///
    /// # Errors
    ///
    /// If it cannot be kept.
    fn record(&mut self, outcome: Outcome) -> Result<(), Self::Error>;

    /// Called several times a second.
    ///
    /// # Errors
    ///
    /// If what was kept back cannot be kept.
    fn tick(&mut self) -> Result<(), Self::Error>;

    /// Called at the end.
    ///
    /// # Errors
    ///
    /// If what was kept back cannot be kept.
    fn flush(&mut self) -> Result<(), Self::Error>;
}

/// What is known of an item before it is examined.
#[derive(Debug, Clone, PartialEq)]
pub enum Known {
    /// Nothing that holds.
    New,
    /// This run has it already.
    Recorded(Box<ItemRecord>),
    /// An earlier run has it, and nothing has changed.
    Carried(Box<ItemRecord>),
}

/// Looks items up in what was found before.
pub trait Earlier: Send {
    /// What is known of an item, or of a row.
    fn look_up(&mut self, place: &Place) -> Known;

    /// Hands out all that an earlier run found in an unchanged file on disk, the file's own row among
    /// it. False, and nothing is handed out, if that is not known, or not all of it stands.
    fn take_over(&mut self, file: &Place, take: &mut dyn FnMut(Outcome) -> bool) -> bool {
        let _ = (file, take);
        false
    }
}

/// How far a scan has come.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Progress {
    /// Items that have an outcome.
    pub items: u64,
    /// Bytes of those that are files on disk.
    pub bytes: u64,
    /// Bytes of containers on disk that were read.
    pub bytes_in_containers: u64,
    /// Items that were not examined again.
    pub skipped: u64,
    /// Bytes of those.
    pub skipped_bytes: u64,
    /// Files on disk and their bytes, once they are counted.
    pub total: Option<(u64, u64)>,
    /// Length of what was decoded, in seconds.
    pub audio_seconds: f64,
    /// Items with a match, and with a suspect only.
    pub matched: u64,
    /// Items with a suspect and no match.
    pub suspect: u64,
    /// Items that could not be read, files that are no audio among them.
    pub failed: u64,
}

/// How a scan ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScanSummary {
    /// The last progress.
    pub progress: Progress,
    /// It was stopped before its end.
    pub stopped: bool,
}
