//! The scan as a library, with sources and sinks that fail, panic and hang.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use leakhound::catalog::{Catalog, LogLine, Rights};
use leakhound::decode::{DecodeLimits, Decoder};
use leakhound::identify::Identifiers;
use leakhound::ingest::Ingester;
use leakhound::matching::verdict::VerdictConfig;
use leakhound::matching::{LookupScratch, MatchConfig};
use leakhound::record::{FailureKind, FailureRecord, ItemRecord, Stage, Verdict};
use leakhound::scan::Outcome;
use leakhound::scan::{
    Earlier, Engine, Known, Mode, OutcomeSink, Progress, ScanConfig, ScanSummary, scan,
};
use leakhound::signal::fingerprint::{FingerprintConfig, Fingerprinter};
use leakhound::source::{self, Folders, Item, Place, Source, Stamp, Unlisted, Visit};

use crate::common::{Desk, excerpt, parse, song};

/// Time after which a scan in these tests counts as hanging.
const PATIENCE: Duration = Duration::from_secs(60);

/// A source of given items.
struct Listed(Vec<source::Listed>);

impl Source for Listed {
    fn walk(&self, visit: &mut dyn Visit) -> ControlFlow<()> {
        self.0.iter().cloned().try_for_each(|found| match found {
            Ok(item) => visit.item(item),
            Err(row) => visit.unlisted(*row),
        })
    }
}

/// A source that panics at its second item.
struct Breaking(Item);

impl Source for Breaking {
    fn walk(&self, visit: &mut dyn Visit) -> ControlFlow<()> {
        visit.item(self.0.clone())?;
        panic!("a source that breaks down");
    }
}

/// Nothing is known of any item.
struct Nothing;

impl Earlier for Nothing {
    fn look_up(&mut self, _place: &Place) -> Known {
        Known::New
    }
}

/// A sink that fails after a number of outcomes.
#[derive(Default)]
struct Sink {
    taken: Vec<Outcome>,
    fails_after: Option<usize>,
}

#[derive(Debug, PartialEq)]
struct Full;

impl OutcomeSink for Sink {
    type Error = Full;

    fn record(&mut self, outcome: Outcome) -> Result<(), Full> {
        if self.fails_after.is_some_and(|n| self.taken.len() >= n) {
            return Err(Full);
        }
        self.taken.push(outcome);
        Ok(())
    }

    fn tick(&mut self) -> Result<(), Full> {
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Full> {
        Ok(())
    }
}

fn item(path: &Path) -> Item {
    let size_bytes = path.metadata().map_or(0, |m| m.len());
    Item::of_file(path, Stamp { size_bytes, modified_ns: 0 })
}

/// An engine that looks for songs 1 and 2.
fn engine(desk: &Desk) -> Engine {
    let limits = DecodeLimits {
        max_seconds_of_audio: 3_600.0,
        max_streams: 4,
        timeout: Duration::from_secs(60),
    };
    let config = FingerprintConfig::default();
    let ingester = Ingester::new(Decoder::new(limits, None), Fingerprinter::new(config));
    let masters = [desk.master(1, 20), desk.master(2, 20)];
    let mut catalog = Catalog::open(&desk.path("home"), config).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let masters = Folders::new(&masters).unwrap();
    let stop = AtomicBool::new(false);
    let log = |detail| LogLine { at: 0, who: "a test".into(), action: "add".into(), detail };
    let added = catalog.add(&masters, &ingester, &pool, &stop, &log, &mut |_| {}).unwrap();
    assert_eq!(added.added, 2);
    let snapshot = catalog.snapshot().unwrap();
    Engine {
        ingester,
        identifiers: Identifiers::of(&snapshot).unwrap(),
        rights: Rights::default(),
        snapshot,
        mode: Mode::Full,
        matching: MatchConfig::default(),
        verdict: VerdictConfig::default(),
    }
}

/// A scan on a thread of its own, so that one that hangs fails the test instead of stopping it.
struct Run {
    threads: usize,
    give_up_after: Duration,
    sink: Sink,
    stop: Arc<AtomicBool>,
    /// Raises `stop` once this many items have an outcome.
    stop_after: u64,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            threads: 2,
            give_up_after: PATIENCE,
            sink: Sink::default(),
            stop: Arc::default(),
            stop_after: u64::MAX,
        }
    }
}

impl Run {
    fn of(
        self,
        source: impl Source + Sync + 'static,
        engine: Engine,
    ) -> (Result<ScanSummary, Full>, Vec<Outcome>) {
        let Self { threads, give_up_after, mut sink, stop, stop_after } = self;
        let config = ScanConfig { threads, give_up_after };
        let (done, result) = mpsc::channel();
        thread::spawn(move || {
            let mut tell = |progress: &Progress| {
                if progress.items >= stop_after {
                    stop.store(true, Ordering::Relaxed);
                }
            };
            let (source, engine) = (Arc::new(source), Arc::new(engine));
            let end = scan(source, engine, config, Box::new(Nothing), &mut sink, &stop, &mut tell);
            // Fails only if the test has failed and nobody waits.
            let _ = done.send((end, sink.taken));
        });
        result.recv_timeout(PATIENCE).expect("the scan ends")
    }
}

/// The records of outcomes, sorted by path.
fn sorted(mut outcomes: Vec<Outcome>) -> Vec<ItemRecord> {
    outcomes.sort_by(|a, b| a.key.cmp(&b.key));
    outcomes.into_iter().map(|outcome| outcome.record).collect()
}

/// Clips of song 1, in files.
fn clips(desk: &Desk, count: u32) -> Vec<PathBuf> {
    (0..count)
        .map(|i| {
            let from = f64::from(i % 10);
            desk.write_wav(format!("dump/{i:03}.wav"), excerpt(&song(1, 20), from, from + 8.0))
        })
        .collect()
}

#[test]
fn any_source_is_scanned_and_what_it_could_not_list_is_a_row() {
    let desk = Desk::new();
    let engine = engine(&desk);
    let clip = desk.write_wav("dump/a.wav", excerpt(&song(2, 20), 5.0, 15.0));
    let failure = FailureRecord {
        stage: Stage::Walk,
        kind: "torn_off".into(),
        message: "the tape ends here".into(),
    };
    let place = Place::of_file("/nowhere/b.wav", Stamp::default());
    let missing = Unlisted { place, size_bytes: 0, failure: failure.clone() };
    let gone = desk.path("dump/c.wav");
    let source = Listed(vec![Err(Box::new(missing)), Ok(item(&gone)), Ok(item(&clip))]);
    let (summary, outcomes) = Run::default().of(source, engine);
    let ScanSummary { progress, stopped } = summary.unwrap();
    assert!(!stopped);
    assert_eq!((progress.items, progress.matched, progress.failed), (3, 1, 2));
    let rows = sorted(outcomes);
    assert_eq!(rows[0].failure, Some(failure));
    assert_eq!(rows[1].verdict, Verdict::Match);
    assert_eq!(rows[1].findings.len(), 1);
    let gone = rows[2].failure.as_ref().unwrap();
    assert_eq!((gone.stage, &gone.kind), (Stage::Read, &FailureKind::Io), "{gone:?}");
}

#[test]
fn a_source_without_items_ends_at_once() {
    let desk = Desk::new();
    let (summary, outcomes) = Run::default().of(Listed(Vec::new()), engine(&desk));
    assert!(!summary.unwrap().stopped && outcomes.is_empty());
}

#[test]
fn any_number_of_threads_gives_the_same_outcomes() {
    let desk = Desk::new();
    let items: Vec<_> = clips(&desk, 12).iter().map(|path| Ok(item(path))).collect();
    let results = [1, 2, 8].map(|threads| {
        let run = Run { threads, ..Run::default() };
        sorted(run.of(Listed(items.clone()), engine(&Desk::new())).1)
    });
    assert_eq!(results[0].len(), 12);
    // Each engine has its masters in a folder of its own.
    let without_paths = |mut rows: Vec<ItemRecord>| {
        for finding in rows.iter_mut().flat_map(|row| &mut row.findings) {
            finding.recording_path.clear();
        }
        rows
    };
    let [one, two, eight] = results.map(without_paths);
    assert_eq!(one, two);
    assert_eq!(one, eight);
}

#[test]
fn a_sink_that_fails_ends_the_scan_with_its_error() {
    let desk = Desk::new();
    let items: Vec<_> = clips(&desk, 40).iter().map(|path| Ok(item(path))).collect();
    for fails_after in [0, 5] {
        let sink = Sink { fails_after: Some(fails_after), ..Sink::default() };
        let run = Run { sink, ..Run::default() };
        let (end, taken) = run.of(Listed(items.clone()), engine(&Desk::new()));
        assert_eq!(end, Err(Full));
        assert_eq!(taken.len(), fails_after);
    }
}

#[test]
fn a_scan_that_is_stopped_ends_soon_and_keeps_what_it_has() {
    let desk = Desk::new();
    let items: Vec<_> = clips(&desk, 200).iter().map(|path| Ok(item(path))).collect();
    let run = Run { stop_after: 1, ..Run::default() };
    let (summary, outcomes) = run.of(Listed(items), engine(&Desk::new()));
    let summary = summary.unwrap();
    assert!(summary.stopped);
    assert_eq!(summary.progress.items, outcomes.len() as u64);
    assert!((1..200).contains(&outcomes.len()), "{}", outcomes.len());
}

#[test]
fn an_item_that_breaks_the_source_does_not_hang_the_scan() {
    let desk = Desk::new();
    let clip = clips(&desk, 1).remove(0);
    let (summary, outcomes) = Run::default().of(Breaking(item(&clip)), engine(&Desk::new()));
    assert!(summary.unwrap().stopped, "what was not listed was not scanned");
    assert_eq!(outcomes.len(), 1);
}

#[test]
fn a_catalogue_that_is_changed_during_a_scan_stays_as_it_was_for_the_scan() {
    let (home, dump) = (Desk::new(), Desk::new());
    let engine = engine(&home);
    let [one, three] = [1, 3]
        .map(|seed| dump.write_wav(format!("{seed}.wav"), excerpt(&song(seed, 20), 2.0, 12.0)));
    let titles = |engine: &Engine, path: &Path| {
        let stop = AtomicBool::new(false);
        let record = engine.examine(&item(path), &mut LookupScratch::default(), &stop).unwrap();
        record.findings.into_iter().map(|finding| finding.title).collect::<Vec<_>>()
    };
    assert_eq!((titles(&engine, &one), titles(&engine, &three)), (vec!["Song 1".into()], vec![]));
    let master = home.path("masters/song-1.wav");
    home.run(["catalog".as_ref(), "remove".as_ref(), master.as_os_str()]).ends_with(0);
    let new = home.master(3, 20);
    home.run(["catalog".as_ref(), "add".as_ref(), new.as_os_str()]).ends_with(0);
    home.run(["catalog", "compact"]).ends_with(0);
    assert_eq!((titles(&engine, &one), titles(&engine, &three)), (vec!["Song 1".into()], vec![]));
    let found = parse(&home.run(["query", "--json", three.to_str().unwrap()]).ends_with(1).stdout);
    assert_eq!(found[0]["findings"][0]["title"], "Song 3");
    home.run(["query", one.to_str().unwrap()]).ends_with(0);
}

/// A text with a hole that takes hours to read.
#[cfg(unix)]
#[test]
fn an_item_that_never_ends_is_given_up_and_the_others_go_on() {
    let desk = Desk::new();
    let text = desk.write("dump/000-endless", &b"no music here\n".repeat(10_000));
    let file = std::fs::File::options().write(true).open(&text).unwrap();
    file.set_len(1 << 40).unwrap();
    let mut paths = vec![text];
    paths.extend(clips(&desk, 5));
    let items = paths.iter().map(|path| Ok(item(path))).collect();
    // With one thread, nothing goes on unless another thread replaces it.
    let run = Run { threads: 1, give_up_after: Duration::from_secs(2), ..Run::default() };
    let (summary, outcomes) = run.of(Listed(items), engine(&Desk::new()));
    // Releases the thread that still reads.
    file.set_len(0).unwrap();
    assert!(!summary.unwrap().stopped);
    let rows = sorted(outcomes);
    let (endless, clips): (Vec<_>, Vec<_>) =
        rows.iter().partition(|row| row.item.path.ends_with("/000-endless"));
    assert_eq!((endless.len(), clips.len()), (1, 5));
    let failure = endless[0].failure.as_ref().unwrap();
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert!(failure.message.contains("given up"), "{failure:?}");
    assert!(clips.iter().all(|row| row.verdict == Verdict::Match), "{rows:#?}");
}

/// Opening a pipe that nobody writes to would never end.
#[cfg(unix)]
#[test]
fn an_item_that_became_a_pipe_since_it_was_listed_is_told() {
    let desk = Desk::new();
    let pipe = desk.path("dump/pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (_, outcomes) = Run::default().of(Listed(vec![Ok(item(&pipe))]), engine(&Desk::new()));
    let failure = outcomes[0].record.failure.as_ref().unwrap();
    assert!(failure.message.contains("not a file"), "{failure:?}");
}
