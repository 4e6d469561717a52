//! What walker and workers share, and what they tell the thread that collects.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};

use super::{Engine, Outcome};
use crate::source::Item;

/// What the threads share.
pub(super) struct Team {
    pub(super) engine: Arc<Engine>,
    pub(super) items: Mutex<Receiver<Item>>,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) over: AtomicBool,
}

impl Team {
    pub(super) fn ended(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.over.load(Ordering::Relaxed)
    }
}

pub(super) enum Event {
    /// An item has an outcome.
    Outcome { outcome: Box<Outcome>, from: Origin },
    /// The last item was handed out; so many are to be examined. `whole` unless the source broke
    /// down before it had listed all.
    Walked { handed_out: u64, whole: bool },
    /// A worker gave an item back without an outcome: the scan was stopped.
    Stopped,
}

/// Whom an outcome comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// A worker, who examined the item.
    Worker,
    /// The walker, who could not make an item of it.
    Walker,
    /// An earlier scan.
    Earlier,
}

#[derive(Default)]
pub(super) struct Total {
    /// Files on disk, and their bytes.
    pub(super) items: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) counted: AtomicBool,
    /// Bytes of containers on disk that were read so far.
    pub(super) passed: AtomicU64,
}
