//! The loop: walker, workers, watchdog.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::outcome::{examine_failed, outcome};
use super::team::{Event, Origin, Team, Total};
use super::walk::start_walking;
use super::{Earlier, Engine, OutcomeSink, Progress, ScanConfig, ScanSummary};
use crate::matching::LookupScratch;
use crate::record::{FailureKind, FailureRecord, ItemRecord, Stage, Verdict};
use crate::scan::Outcome;
use crate::source::{Item, Source};
use crate::storage;

/// How often the caller's thread ticks. A guess.
const TICK: Duration = Duration::from_millis(100);

/// Scans all items of a source.
///
/// Raising `stop` ends the scan early, within about the time of one packet. The scan raises it itself if the index turns out to be
/// damaged ([`crate::index::Index::damage`]). `tell` is called several times a second.
///
/// # Errors
///
/// The first error of the sink; the scan ends with it.
///
/// # Example
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/example.rs"));
/// use std::convert::Infallible;
/// use std::sync::Arc;
/// use std::sync::atomic::AtomicBool;
/// use std::time::Duration;
///
/// use leakhound::scan::{Earlier, Known, Outcome, OutcomeSink, ScanConfig, scan};
/// use leakhound::session::Session;
/// use leakhound::source::{Dump, Folders, Place, ScanLimits};
///
/// /// Knows of no earlier scan.
/// struct First;
///
/// impl Earlier for First {
///     fn look_up(&mut self, _: &Place) -> Known {
///         Known::New
///     }
/// }
///
/// /// Prints each item's verdict.
/// struct Printer;
///
/// impl OutcomeSink for Printer {
///     type Error = Infallible;
///     fn record(&mut self, outcome: Outcome) -> Result<(), Infallible> {
///         println!("{} {}", outcome.record.item.path, outcome.record.verdict.as_str());
///         Ok(())
///     }
///     fn tick(&mut self) -> Result<(), Infallible> {
///         Ok(())
///     }
///     fn flush(&mut self) -> Result<(), Infallible> {
///         Ok(())
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = Example::new()?;
/// # let (masters, dump) = (folder.masters()?, folder.dump()?);
/// let session = Session::open(folder.path().join("home"))?;
/// session.add(&[masters])?;
/// let folders = Folders::new(&[dump]).map_err(|(_, error)| error)?;
/// let summary = scan(
///     Arc::new(Dump::new(folders, ScanLimits::default())),
///     Arc::new(session.engine()?),
///     ScanConfig { threads: 2, give_up_after: Duration::from_secs(660) },
///     Box::new(First),
///     &mut Printer,
///     &Arc::new(AtomicBool::new(false)),
///     &mut |progress| eprintln!("{} items", progress.items),
/// )?;
/// # assert_eq!(summary.progress.matched, 1);
/// # Ok(())
/// # }
/// ```
pub fn scan<S: OutcomeSink>(
    source: Arc<dyn Source + Sync>,
    engine: Arc<Engine>,
    config: ScanConfig,
    earlier: Box<dyn Earlier>,
    sink: &mut S,
    stop: &Arc<AtomicBool>,
    tell: &mut dyn FnMut(&Progress),
) -> Result<ScanSummary, S::Error> {
    let (event_in, events) = sync_channel(256);
    let (item_in, items) = sync_channel(4 * config.threads.max(1));
    let team = Arc::new(Team {
        engine,
        items: Mutex::new(items),
        stop: Arc::clone(stop),
        // Ends the threads if the sink ended the scan and `stop` was not raised.
        over: AtomicBool::new(false),
    });
    let total = Arc::new(Total::default());
    start_counting(Arc::clone(&source), Arc::clone(&total), Arc::clone(&team));
    let passed = Arc::clone(&total);
    start_walking(source, earlier, item_in, event_in.clone(), Arc::clone(&team), passed);
    let mut watch = Watch { team, event_in, give_up_after: config.give_up_after, busy: Vec::new() };
    for _ in 0..config.threads.max(1) {
        watch.start_worker();
    }
    let result = collect(&events, &mut watch, &total, sink, stop, tell);
    watch.team.over.store(true, Ordering::Relaxed);
    result
}

/// Counts all items, to estimate the remaining time. Results do not depend on it.
fn start_counting(source: Arc<dyn Source + Sync>, total: Arc<Total>, team: Arc<Team>) {
    thread::spawn(move || {
        let counted = source.sizes(&mut |bytes| {
            total.items.fetch_add(1, Ordering::Relaxed);
            total.bytes.fetch_add(bytes, Ordering::Relaxed);
            if team.ended() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let any = total.items.load(Ordering::Relaxed) > 0;
        total.counted.store(counted.is_continue() && any, Ordering::Release);
    });
}

/// The item that a worker is busy with, and since when, for the watchdog. Empty between items, and once the item was given up.
type Busy = Arc<Mutex<Option<(Item, Instant)>>>;

/// The watchdog: starts workers and replaces those that hang.
struct Watch {
    team: Arc<Team>,
    event_in: SyncSender<Event>,
    give_up_after: Duration,
    busy: Vec<Busy>,
}

impl Watch {
    fn start_worker(&mut self) {
        let slot = Busy::default();
        self.busy.push(Arc::clone(&slot));
        let (team, events) = (Arc::clone(&self.team), self.event_in.clone());
        // A pool of one thread per worker, so that parallel code inside a hung worker does not block the others.
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .thread_name(|_| crate::scan::WORKER_NAME.into())
            .stack_size(8 << 20)
            .build();
        match pool {
            Ok(pool) => pool.spawn(move || work(&team, &slot, &events)),
            // If no thread can be started, the running ones take its items.
            Err(_) => drop(self.busy.pop()),
        }
    }

    /// Gives up the items that took too long, and returns their outcomes.
    fn given_up(&mut self) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        let mut lost = Vec::new();
        for (at, slot) in self.busy.iter().enumerate() {
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            if slot.as_ref().is_some_and(|(_, since)| since.elapsed() > self.give_up_after)
                && let Some((item, since)) = slot.take()
            {
                lost.push(at);
                item.bytes.forfeit();
                outcomes.push(hung(&item, since.elapsed()));
            }
        }
        for at in lost.into_iter().rev() {
            self.busy.swap_remove(at);
            self.start_worker();
        }
        outcomes
    }
}

/// The outcome of an item that was given up.
fn hung(item: &Item, after: Duration) -> Outcome {
    let failure = FailureRecord::new(
        Stage::Decode,
        FailureKind::Timeout,
        format!("did not end within {:.0} s and was given up", after.as_secs_f64()),
        "please report it with the file",
    );
    *outcome(&item.place, examine_failed(&item.place, item.size_bytes, String::new(), failure))
}

/// The loop of a worker: examines items until there are none, the scan ends, or its item was given up.
fn work(team: &Team, slot: &Busy, events: &SyncSender<Event>) {
    let lock = |slot: &Busy| slot.lock().unwrap_or_else(PoisonError::into_inner).take();
    let mut scratch = LookupScratch::default();
    while !team.ended() {
        let next = team.items.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(item) = next else { return };
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some((item.clone(), Instant::now()));
        let mut record = team.engine.examine(&item, &mut scratch, &team.stop);
        if lock(slot).is_none() {
            // The item was given up meanwhile, and another worker has replaced this one.
            return;
        }
        if team.engine.snapshot.damage().is_some() {
            // With a damaged index no more items can be examined.
            team.stop.store(true, Ordering::Relaxed);
        }
        if storage::lost().is_some() {
            // Nor can what lies in a store that is lost, of which this may be the first sign.
            team.stop.store(true, Ordering::Relaxed);
            record = None;
        }
        let event = match record {
            Some(record) => {
                Event::Outcome { outcome: outcome(&item.place, record), from: Origin::Worker }
            }
            None => Event::Stopped,
        };
        if events.send(event).is_err() {
            return;
        }
    }
}

/// Receives events until all items have an outcome or, after a stop, until none have come for a second.
fn collect<S: OutcomeSink>(
    events: &Receiver<Event>,
    watch: &mut Watch,
    total: &Total,
    sink: &mut S,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(&Progress),
) -> Result<ScanSummary, S::Error> {
    let mut progress = Progress::default();
    let (mut examined, mut handed_out, mut whole) = (0_u64, None, true);
    let mut last_tick = Instant::now();
    let mut stopping: Option<Instant> = None;
    while handed_out.is_none_or(|n| examined < n) {
        match events.recv_timeout(TICK) {
            Ok(Event::Outcome { outcome, from }) => {
                examined += u64::from(from == Origin::Worker);
                progress.add(&outcome.record, from == Origin::Earlier);
                sink.record(*outcome)?;
            }
            Ok(Event::Walked { handed_out: n, whole: all }) => {
                (handed_out, whole) = (Some(n), all);
            }
            Ok(Event::Stopped) => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                // Workers need a moment to notice the stop; outcomes that arrive meanwhile are kept.
                if stopping.is_some_and(|since| since.elapsed() > Duration::from_secs(1)) {
                    break;
                }
            }
        }
        if stop.load(Ordering::Relaxed) {
            stopping.get_or_insert_with(Instant::now);
        }
        if last_tick.elapsed() >= TICK {
            last_tick = Instant::now();
            for outcome in watch.given_up() {
                examined += 1;
                progress.add(&outcome.record, false);
                sink.record(outcome)?;
            }
            if total.counted.load(Ordering::Acquire) {
                let of = |n: &AtomicU64| n.load(Ordering::Relaxed);
                progress.total = Some((of(&total.items), of(&total.bytes)));
            }
            progress.bytes_in_containers = total.passed.load(Ordering::Relaxed);
            sink.tick()?;
            tell(&progress);
        }
    }
    sink.flush()?;
    tell(&progress);
    let unfinished = !whole || handed_out.is_none_or(|n| examined < n);
    let stopped = unfinished || stop.load(Ordering::Relaxed);
    Ok(ScanSummary { progress, stopped })
}

impl Progress {
    /// Counts a record. `known`: it was taken over.
    pub(crate) fn add(&mut self, record: &ItemRecord, known: bool) {
        self.items += 1;
        // For members of containers, the bytes of the container are counted instead.
        let on_disk = record.item.containers.is_empty();
        let bytes = if on_disk { record.item.size_bytes } else { 0 };
        self.bytes += bytes;
        if known {
            self.skipped += 1;
            self.skipped_bytes += bytes;
        } else {
            self.audio_seconds += record.item.duration_seconds;
        }
        match record.verdict {
            Verdict::Match => self.matched += 1,
            Verdict::Suspect => self.suspect += 1,
            Verdict::Permitted | Verdict::Clear => {}
            Verdict::Failed => self.failed += 1,
        }
    }
}
