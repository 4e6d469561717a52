//! The walker: it sends new items to the workers, and known records to the collecting thread.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;
use std::thread;

use super::outcome::{examine_failed, outcome};
use super::team::{Event, Origin, Team, Total};
use super::{Earlier, Known, WORKER_NAME};
use crate::record::{FailureKind, ItemRecord, Stage};
use crate::scan::Outcome;
use crate::source::{Item, Place, Source, Unlisted, Visit};
use crate::storage;

/// Walks a source on a thread of its own.
pub(super) fn start_walking(
    source: Arc<dyn Source + Sync>,
    earlier: Box<dyn Earlier>,
    items: SyncSender<Item>,
    events: SyncSender<Event>,
    team: Arc<Team>,
    total: Arc<Total>,
) {
    let walk = move || {
        let mut walker = Walker { earlier, items, events, team, total, handed_out: 0 };
        let walk = catch_unwind(AssertUnwindSafe(|| source.walk(&mut walker)));
        let Walker { handed_out, events, .. } = walker;
        // Fails only if the scan is over and nobody receives events.
        let whole = walk.is_ok() && storage::lost().is_none();
        let _ = events.send(Event::Walked { handed_out, whole });
    };
    // A panic costs one container. If no thread can be started, no event is sent and the scan ends as a stopped one.
    let _ = thread::Builder::new().name(WORKER_NAME.into()).spawn(walk);
}

struct Walker {
    earlier: Box<dyn Earlier>,
    items: SyncSender<Item>,
    events: SyncSender<Event>,
    team: Arc<Team>,
    total: Arc<Total>,
    handed_out: u64,
}

/// Ends the walk once the receiver is gone.
fn sent<E>(result: &Result<(), E>) -> ControlFlow<()> {
    if result.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}

impl Walker {
    fn tell(&self, place: &Place, record: ItemRecord, from: Origin) -> ControlFlow<()> {
        sent(&self.events.send(Event::Outcome { outcome: outcome(place, record), from }))
    }

    /// Sends the known record of a place to the collecting thread. False if there is none.
    fn is_known(&mut self, place: &Place) -> bool {
        match self.earlier.look_up(place) {
            // The run may have been interrupted before all members had a row.
            Known::Recorded(record) | Known::Carried(record) if is_of_a_container(&record) => false,
            Known::Recorded(record) | Known::Carried(record) => {
                // Fails only if the scan is over, which the walk notices by itself.
                let _ = self.tell(place, *record, Origin::Earlier);
                true
            }
            Known::New => false,
        }
    }
}

/// Whether a row may be about a container whose members have rows of their own. Such a file is walked again, which costs little:
/// taking the row for all there is would lose the members.
fn is_of_a_container(record: &ItemRecord) -> bool {
    record.failure.as_ref().is_some_and(|failure| {
        failure.stage == Stage::Read
            && (failure.kind.is_container()
                || matches!(
                    failure.kind,
                    FailureKind::NotAudio | FailureKind::Io | FailureKind::Encrypted
                ))
    })
}

impl Visit for Walker {
    fn wants_file(&mut self, file: &Place) -> bool {
        if self.is_known(file) {
            return false;
        }
        let events = &self.events;
        let mut packed = false;
        let mut take = |outcome: Outcome| {
            packed |= !outcome.record.item.containers.is_empty();
            let outcome = Box::new(outcome);
            events.send(Event::Outcome { outcome, from: Origin::Earlier }).is_ok()
        };
        let known = self.earlier.take_over(file, &mut take);
        if packed {
            self.passed(file.stamp.size_bytes);
        }
        !known
    }

    fn wants(&mut self, place: &Place) -> bool {
        !self.is_known(place)
    }

    fn item(&mut self, item: Item) -> ControlFlow<()> {
        if storage::lost().is_some() {
            return ControlFlow::Break(());
        }
        self.handed_out += 1;
        sent(&self.items.send(item))
    }

    fn unlisted(&mut self, row: Unlisted) -> ControlFlow<()> {
        let Unlisted { place, size_bytes, failure } = row;
        if storage::lost().is_some() {
            // It may be a row only because of that.
            return ControlFlow::Break(());
        }
        let record = examine_failed(&place, size_bytes, String::new(), failure);
        self.tell(&place, record, Origin::Walker)
    }

    fn is_over(&self) -> bool {
        self.team.ended() || storage::lost().is_some()
    }

    fn passed(&mut self, bytes: u64) {
        self.total.passed.fetch_add(bytes, Ordering::Relaxed);
    }
}
