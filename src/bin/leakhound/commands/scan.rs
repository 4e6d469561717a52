//! `leakhound scan`: scans a dump, seals the run and prints what was found.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use leakhound::record::{FailureKind, Verdict};
use leakhound::report::Counts;
use leakhound::results::Run;
use leakhound::scan::{Mode, ScanSummary};
use leakhound::session::{ScanEnd, Session, SessionError, Settings};
use leakhound::source::ScanLimits;
use leakhound::wording::{clock, counted, plural, thousands, visible};

use crate::args::{Global, Scan};
use crate::exit::{Exit, UsageError};
use crate::out::Out;
use crate::progress::Meter;
use crate::{about, setup, show};

/// Items with findings that the terminal lists; the report has all of them. A guess: about one screen.
const LISTED: usize = 25;

pub(crate) fn run(global: &Global, command: &Scan) -> anyhow::Result<Exit> {
    let settings = Settings {
        limits: ScanLimits::from(&command.limits),
        hash_containers: command.hashing.hash_containers,
        about: command.about.as_deref().map(about::read).transpose()?,
        ..command.search.put_into(setup::settings(global))
    };
    let session = setup::session_with(global, settings)?;
    setup::stop_on_signals(session.stop_flag())?;
    let mut meter = Meter::new(global.quiet);
    let end = session.scan(&command.paths, &mut meter)?;
    let elapsed = meter.elapsed();
    meter.finish();
    let ScanEnd { run, summary, stopped } = end;
    if stopped {
        let when = if summary.stopped {
            format!("after {}", counted(summary.progress.items, "item"))
        } else {
            "while hashing containers".to_owned()
        };
        eprintln!("stopped {when}; the same command goes on with run {}", run.run_id);
        return Ok(Exit::Stopped);
    }
    conclude(global, &session, &run, &summary, elapsed)
}

/// The error for a path that cannot be scanned.
pub(crate) fn missing((path, error): (PathBuf, std::io::Error)) -> anyhow::Error {
    UsageError(format!("{}: {error}; check the path", path.display())).into()
}

/// Prints what was found; the exit code that says so.
pub(super) fn conclude(
    global: &Global,
    session: &Session,
    run: &Run,
    summary: &ScanSummary,
    elapsed: Duration,
) -> anyhow::Result<Exit> {
    let mut counts = Counts::default();
    let mut listed = Vec::new();
    let mut unread = BTreeMap::new();
    let mut own = 0;
    session.for_each_record(run, |record| {
        counts.add(record);
        let path = &record.item.path;
        own += u64::from(record.findings.iter().any(|found| found.recording_path == *path));
        if let Some(failure) = &record.failure
            && failure.kind != FailureKind::NotAudio
        {
            *unread.entry(failure.kind.clone()).or_insert(0) += 1;
        }
        let found =
            matches!(record.verdict, Verdict::Match | Verdict::Suspect | Verdict::Permitted);
        if found && listed.len() < LISTED {
            listed.push(show::item(record));
        }
        Ok::<(), SessionError>(())
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
        write!(out, "{}", advice(&unread, own))?;
        out.flush()?;
    }
    // A dismissed finding does not count.
    Ok(if counts.alarms > 0 {
        Exit::Found
    } else if counts.failed + counts.partial > 0 {
        Exit::Incomplete
    } else {
        Exit::Clear
    })
}

/// What a person may want to do next about items that were not read, and about a dump that is none.
fn advice(unread: &BTreeMap<FailureKind, u64>, own: u64) -> String {
    let mut out = String::new();
    if !unread.is_empty() {
        let kinds = unread.iter().map(|(kind, items)| format!("{kind} {}", thousands(*items)));
        let kinds = kinds.collect::<Vec<_>>().join(", ");
        out += &format!("not read: {kinds}; what to do: leakhound guide troubleshooting\n");
    }
    if own > 0 {
        let items = plural(own, "item is a file", "items are files");
        out += &format!(
            "{items} of the catalogue itself, at the place it was added from; is this the dump?\n"
        );
    }
    out
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
    if counts.partial > 0 {
        out += &format!(
            "{} read in part: what is not read may hold a recording; the report tells which\n",
            counted(counts.partial, "item")
        );
    }
    let roots: Vec<_> = run.key.roots.iter().map(|root| visible(root)).collect();
    let roots = roots.join(", ");
    if counts.items == 0 {
        out += &format!("there is no file in {roots}; check the path\n");
    }
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
    out += &format!("run {} of {roots}, {} mode\n", run.run_id, run.key.mode);
    out
}
