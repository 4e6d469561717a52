//! The scan: examines all items of a source in parallel, whatever the items do.
//!
//! A walker lists items, workers examine them, and the caller's thread hands the outcomes to the sink. All queues are bounded. A
//! panic costs one item; an item that hangs is given up together with its thread, which another thread replaces. Outcomes come
//! in any order, and each depends on its item alone.

mod claims;
mod engine;
mod evidence;
mod examine;
mod extent;
mod findings;
mod itself;
mod limits;
mod mode;
mod neutral;
mod outcome;
mod probe;
mod relation;
mod run;
mod same_kit;
mod team;
mod walk;

pub use engine::Engine;
pub(crate) use findings::coverage;
pub use mode::Mode;
pub(crate) use neutral::{FrameMap, beyond, parts};
pub use outcome::{Outcome, examine_failed};
pub use run::scan;

use std::time::Duration;

use crate::record::ItemRecord;
use crate::source::Place;

/// Name of the threads in which a panic costs one item only.
pub const WORKER_NAME: &str = "leakhound-worker";

/// What a scan may cost. The settings that change results are those of the [`Engine`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanConfig {
    /// Number of worker threads.
    pub threads: usize,
    /// An item that takes longer is given up with its thread. To be a little longer than the decoder's own limit, which ends items
    /// that have not hung: 660 s for 600 s.
    pub give_up_after: Duration,
}

/// Receives outcomes, one at a time, on the thread that called [`scan`].
pub trait OutcomeSink {
    /// Why an outcome cannot be kept. Ends the scan.
    type Error;

    /// Receives an outcome. It need not be written before the next tick.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    fn record(&mut self, outcome: Outcome) -> Result<(), Self::Error>;

    /// Called several times a second.
    ///
    /// # Errors
    ///
    /// If the waiting outcomes cannot be written.
    fn tick(&mut self) -> Result<(), Self::Error>;

    /// Called at the end.
    ///
    /// # Errors
    ///
    /// If the waiting outcomes cannot be written.
    fn flush(&mut self) -> Result<(), Self::Error>;
}

/// What is known of an item before it is examined.
#[derive(Debug, Clone, PartialEq)]
pub enum Known {
    /// Nothing, or nothing that still holds.
    New,
    /// The record that this run has already.
    Recorded(Box<ItemRecord>),
    /// The record of an earlier run; the item has not changed.
    Carried(Box<ItemRecord>),
}

/// Looks items up among earlier results.
pub trait Earlier: Send {
    /// What is known of an item or a row.
    fn look_up(&mut self, place: &Place) -> Known;

    /// Hands out all outcomes that an earlier run has of an unchanged file on disk and its members. Returns false and hands out
    /// nothing if there are none, or if some of them no longer hold.
    fn take_over(&mut self, file: &Place, take: &mut dyn FnMut(Outcome) -> bool) -> bool {
        let _ = (file, take);
        false
    }
}

/// The progress of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Progress {
    /// Number of items that have an outcome.
    pub items: u64,
    /// Number of bytes of those items that are files on disk.
    pub bytes: u64,
    /// Number of bytes of containers on disk that were read.
    pub bytes_in_containers: u64,
    /// Number of items that were taken over from earlier results.
    pub skipped: u64,
    /// Number of bytes of those items.
    pub skipped_bytes: u64,
    /// Number of files on disk and of their bytes, once they are counted.
    pub total: Option<(u64, u64)>,
    /// Decoded length of all items, in seconds.
    pub audio_seconds: f64,
    /// Number of items with a match.
    pub matched: u64,
    /// Number of items with a suspect and no match.
    pub suspect: u64,
    /// Number of items that could not be compared, including files that are no audio.
    pub failed: u64,
}

/// How a scan ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScanSummary {
    /// The progress at the end.
    pub progress: Progress,
    /// Whether it was stopped before all items were examined.
    pub stopped: bool,
}
