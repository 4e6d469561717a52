//! `leakhound scan`: scans a dump, seals the run and prints what was found.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use leakhound::provenance::hash_containers;
use leakhound::record::Verdict;
use leakhound::report::Counts;
use leakhound::results::{ResultStore, ResultsError, Run, RunKey};
use leakhound::review::{Decisions, ReviewStore};
use leakhound::scan::{Engine, Mode, ScanConfig, ScanSummary};
use leakhound::source::{Dump, Folders, ScanLimits, display_path};
use leakhound::wording::{clock, day, thousands, visible};

use super::manifest;
use crate::args::{Global, Scan};
use crate::exit::{Exit, UsageError};
use crate::out::Out;
use crate::plural::{counted, plural};
use crate::progress::Meter;
use crate::{home, setup, show};

/// Items with findings that the terminal lists; the report has all of them. A guess: about one screen.
const LISTED: usize = 25;
/// How much longer than its decoder an item may take before its thread is given up, for the search. A guess.
const GRACE: Duration = Duration::from_secs(60);

pub(crate) fn run(global: &Global, command: &Scan) -> anyhow::Result<Exit> {
    let home = home::home(global)?;
    let folders = Folders::new(&command.paths).map_err(missing)?;
    let (begun, searching) = (setup::now(), command.search.searching()?);
    let engine = Arc::new(setup::engine(&home, global.decoding(), &searching, &day(begun))?);
    let mut store = ResultStore::open(&home)?;
    let dump = Dump::new(folders, ScanLimits::from(&command.limits));
    let roots = dump.folders().roots().iter().map(|root| display_path(root)).collect();
    let limits = dump.settings();
    let (run, goes_on) = store.begin(&run_key(&engine, &limits, roots)?, begun)?;
    let stop = setup::stop_flag()?;
    let mut meter = Meter::new(global.quiet);
    if goes_on {
        meter.print(&format!("run {} goes on where it stopped", run.run_id));
    }
    let config = ScanConfig {
        threads: global.threads(),
        give_up_after: Duration::from_secs(u64::from(global.item_timeout)) + GRACE,
    };
    let earlier = Box::new(store.earlier(run.run_id)?);
    let mut sink = store.sink(run.run_id, goes_on)?;
    let searched = Arc::clone(&engine);
    let summary = leakhound::scan::scan(
        Arc::new(dump),
        engine,
        config,
        earlier,
        &mut sink,
        &stop,
        &mut |progress| meter.scan(progress),
    )?;
    let elapsed = meter.elapsed();
    meter.finish();
    if let Some(damage) = searched.snapshot.damage() {
        return Err(damage.into());
    }
    if summary.stopped {
        eprintln!(
            "stopped after {}; the same command goes on with run {}",
            counted(summary.progress.items, "item"),
            run.run_id
        );
        return Ok(Exit::Stopped);
    }
    let gathered = manifest::gather(sink.settle()?, &run)?;
    let containers =
        hash_containers(sink.settle()?, &gathered, &run.key.roots, command.hash_containers, &stop)?;
    let Some(containers) = containers else {
        eprintln!(
            "stopped while hashing containers; the same command goes on with run {}",
            run.run_id
        );
        return Ok(Exit::Stopped);
    };
    let ended = setup::now();
    let content =
        manifest::content(&searched, &command.search, &limits, &run, &gathered, containers)?;
    let facts = manifest::Facts {
        operator: global.operator(),
        ended,
        rights_day: day(begun),
        taken_over: summary.progress.skipped,
    };
    sink.finish(ended, |previous| {
        manifest::seal(content, &searched, &run, gathered, facts, previous).to_text()
    })?;
    conclude(global, &ReviewStore::open(&home)?.decisions()?, &store, &run, &summary, elapsed)
}

/// The error for a path that cannot be scanned.
pub(crate) fn missing((path, error): (PathBuf, std::io::Error)) -> anyhow::Error {
    UsageError(format!("{}: {error}; check the path", path.display())).into()
}

fn run_key(engine: &Engine, limits: &str, roots: Vec<String>) -> anyhow::Result<RunKey> {
    let config = *engine.ingester.fingerprinter().config();
    Ok(RunKey {
        roots,
        mode: engine.mode,
        settings_digest: leakhound::base::digest(
            format!("{} {limits}", engine.settings()).as_bytes(),
        ),
        catalogue_digest: engine.catalogue_digest()?,
        catalogue_recordings: engine.snapshot.len() as u64,
        fingerprint_digest: format!("{:08x}", config.digest()),
        decoders: engine.ingester.decoder().describe(),
        tool_version: env!("CARGO_PKG_VERSION").into(),
    })
}

/// Prints what was found; the exit code that says so.
fn conclude(
    global: &Global,
    decisions: &Decisions,
    store: &ResultStore,
    run: &Run,
    summary: &ScanSummary,
    elapsed: Duration,
) -> anyhow::Result<Exit> {
    let mut counts = Counts::default();
    let mut listed = Vec::new();
    store.for_each_record(run.run_id, |mut record| {
        decisions.apply(&mut record);
        counts.add(&record);
        let found =
            matches!(record.verdict, Verdict::Match | Verdict::Suspect | Verdict::Permitted);
        if found && listed.len() < LISTED {
            listed.push(show::item(&record));
        }
        Ok::<(), ResultsError>(())
    })?;
    if !global.quiet {
        let mut out = Out::lock();
        for item in &listed {
            writeln!(out, "{item}")?;
        }
        let more = (counts.matched + counts.suspect + counts.permitted)
            .saturating_sub(listed.len() as u64);
        if more > 0 {
            writeln!(
                out,
                "… and {} with findings; the report lists all of them\n",
                counted(more, "more item")
            )?;
        }
        write!(out, "{}", closing(&counts, run, summary, elapsed))?;
        out.flush()?;
    }
    // A dismissed finding does not count.
    Ok(if counts.alarms > 0 {
        Exit::Found
    } else if counts.failed > 0 {
        Exit::Incomplete
    } else {
        Exit::Clear
    })
}

fn closing(counts: &Counts, run: &Run, summary: &ScanSummary, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    let mut out = format!(
        "{}, {} of audio, {} searched for: {}, {},{} {} clear, {} not read, {} no audio\n",
        counted(counts.items, "item"),
        clock(counts.audio_seconds),
        counted(run.key.catalogue_recordings, "recording"),
        plural(counts.matched, "match", "matches"),
        counted(counts.suspect, "suspect"),
        if counts.permitted > 0 {
            format!(" {} permitted,", thousands(counts.permitted))
        } else {
            String::new()
        },
        thousands(counts.clear),
        thousands(counts.failed),
        thousands(counts.not_audio),
    );
    if counts.accepted + counts.dismissed + counts.deferred > 0 {
        out += &format!(
            "of {} people have accepted {}, dismissed {} and deferred {}\n",
            counted(counts.findings, "finding"),
            thousands(counts.accepted),
            thousands(counts.dismissed),
            thousands(counts.deferred)
        );
    }
    let progress = &summary.progress;
    if progress.skipped > 0 {
        out += &format!("{} unchanged since the last scan\n", counted(progress.skipped, "item"));
    }
    if progress.audio_seconds > 0.0 {
        let verb = if run.key.mode == Mode::Probe { "probed" } else { "scanned" };
        out += &format!(
            "{} of audio {verb} in {seconds:.1} s, {:.0}× real time\n",
            clock(progress.audio_seconds),
            progress.audio_seconds / seconds.max(0.001)
        );
    }
    let roots: Vec<_> = run.key.roots.iter().map(|root| visible(root)).collect();
    out += &format!("run {} of {}, {} mode\n", run.run_id, roots.join(", "), run.key.mode);
    out
}
