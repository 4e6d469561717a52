//! The state that walker and workers share, and the events that they send to the collecting thread.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};

use super::{Engine, Outcome};
use crate::source::Item;

/// The state that walker and workers share.
pub(super) struct Team {
    pub(super) engine: Arc<Engine>,
    /// The queue from the walker to the workers.
    pub(super) items: Mutex<Receiver<Item>>,
    /// Raised by the caller to stop the scan.
    pub(super) stop: Arc<AtomicBool>,
    /// Raised when the scan has ended.
    pub(super) over: AtomicBool,
}

impl Team {
    pub(super) fn ended(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.over.load(Ordering::Relaxed)
    }
}

/// A message to the thread that collects outcomes.
pub(super) enum Event {
    /// An item has an outcome.
    Outcome { outcome: Box<Outcome>, from: Origin },
    /// The walk has ended: `handed_out` is the number of items for the workers. `whole` is false if the source panicked before it
    /// had listed everything.
    Walked { handed_out: u64, whole: bool },
    /// A worker gave up its item because the scan was stopped.
    Stopped,
}

/// Where an outcome comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// A worker that examined the item.
    Worker,
    /// The walker: it could not be read as an item.
    Walker,
    /// Earlier results.
    Earlier,
}

/// Counts for the display of progress.
#[derive(Default)]
pub(super) struct Total {
    /// Number of files on disk.
    pub(super) items: AtomicU64,
    /// Number of bytes of those files.
    pub(super) bytes: AtomicU64,
    /// Whether the counts are complete.
    pub(super) counted: AtomicBool,
    /// Number of bytes of containers on disk that were read so far.
    pub(super) passed: AtomicU64,
}
