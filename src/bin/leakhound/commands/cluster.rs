//! `leakhound plan`, `work` and `merge`: one dump on many machines.

use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use leakhound::cluster::{Done, MAX_LINE_BYTES, Mark, Parts, Plan, Status, Worker, status};
use leakhound::session::{Session, Settings};
use leakhound::source::ScanLimits;
use leakhound::wording::{clock, counted, plural, thousands};
use serde_json::json;

use super::scan::conclude;
use crate::args::{self, Global, PlanCommand};
use crate::exit::{Exit, UsageError};
use crate::out::Out;
use crate::progress::Meter;
use crate::setup;

/// Where schedulers tell a task its index.
const INDEXES: [&str; 3] =
    ["SLURM_ARRAY_TASK_ID", "AWS_BATCH_JOB_ARRAY_INDEX", "JOB_COMPLETION_INDEX"];

pub(crate) fn plan(global: &Global, command: &args::Plan) -> anyhow::Result<Exit> {
    if let Some(PlanCommand::Status { plan, parts, json }) = &command.command {
        return show_status(plan, parts, *json);
    }
    let Some(out) = &command.out else {
        return Err(UsageError("name the folder of the plan with --out PLAN".into()).into());
    };
    let settings = Settings {
        limits: ScanLimits::from(&command.limits),
        ..command.search.put_into(setup::settings(global))
    };
    let session = setup::session_with(global, settings)?;
    setup::stop_on_signals(session.stop_flag())?;
    let Some(plan) = session.plan(&command.paths, out, command.size())? else {
        eprintln!("stopped; the same command begins again");
        return Ok(Exit::Stopped);
    };
    if !global.quiet {
        let content = plan.content();
        writeln!(
            Out::lock(),
            "{} of {} bytes in {}, numbered from 0; plan {}",
            counted(content.files, "file"),
            thousands(content.bytes),
            counted(content.units, "unit"),
            plan.digest()
        )?;
    }
    Ok(Exit::Clear)
}

fn folders(plan: &Plan, named: &[std::path::PathBuf]) -> Vec<Parts> {
    if named.is_empty() {
        vec![Parts::new(plan.parts_folder())]
    } else {
        named.iter().map(Parts::new).collect()
    }
}

fn show_status(plan: &Path, parts: &[std::path::PathBuf], json: bool) -> anyhow::Result<Exit> {
    let plan = Plan::open(plan)?;
    let told = status(&plan, &folders(&plan, parts))?;
    let mut out = Out::lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(&told)?)?;
    } else {
        write!(out, "{}", in_words(&told))?;
    }
    Ok(if told.done == told.units { Exit::Clear } else { Exit::Incomplete })
}

fn in_words(status: &Status) -> String {
    let mut out = format!(
        "{} of {} done, {} of {} bytes\n{}, {} of audio: {}, {}, {}\n",
        thousands(status.done),
        counted(status.units, "unit"),
        thousands(status.done_bytes),
        thousands(status.bytes),
        counted(status.items, "item"),
        clock(status.audio_milliseconds as f64 / 1_000.0),
        plural(status.matched, "match", "matches"),
        counted(status.suspect, "suspect"),
        unread(status.failed, status.partial),
    );
    for (what, units) in [
        ("not done", &status.missing),
        ("done with files that were changed since they were planned", &status.changed),
        ("with a mark that is of another plan or cannot be read", &status.unreadable),
    ] {
        if !units.is_empty() {
            out += &format!("{what}: units {units}\n");
        }
    }
    out
}

pub(crate) fn work(global: &Global, command: &args::Work) -> anyhow::Result<Exit> {
    let plan = Plan::open(&command.plan)?;
    let ranges = match &command.unit[..] {
        _ if command.units => Vec::new(),
        [] => vec![index_of_array(command.units_per_index, plan.content().units)?],
        named => named.to_vec(),
    };
    let parts = Parts::new(command.parts.clone().unwrap_or_else(|| plan.parts_folder()));
    let settings = command.catalogue.put_into(setup::settings(global).of_plan(&plan)?);
    let session = setup::session_with(global, settings)?;
    setup::stop_on_signals(session.stop_flag())?;
    let worker = session.worker(plan, parts)?;
    if command.units {
        return answer(&worker, &session);
    }
    for number in ranges.into_iter().flat_map(|(from, to)| from..=to) {
        let mut meter = Meter::new(global.quiet);
        let began = Instant::now();
        let done = worker.work(number, &mut |progress| meter.scan(progress))?;
        meter.finish();
        match done {
            Done::Stopped => {
                eprintln!("stopped in unit {number}; nothing of it is kept");
                return Ok(Exit::Stopped);
            }
            Done::Now(mark) if !global.quiet => {
                let seconds = began.elapsed().as_secs_f64();
                writeln!(Out::lock(), "unit {number}: {}, in {seconds:.1} s", told(&mark))?;
            }
            Done::Before(mark) if !global.quiet => {
                writeln!(Out::lock(), "unit {number}: done before, {}", told(&mark))?;
            }
            Done::Now(_) | Done::Before(_) => {}
        }
    }
    Ok(Exit::Clear)
}

fn told(mark: &Mark) -> String {
    format!(
        "{}, {} of audio, {}, {}, {}{}",
        counted(mark.items, "item"),
        clock(mark.audio_milliseconds as f64 / 1_000.0),
        plural(mark.matched, "match", "matches"),
        counted(mark.suspect, "suspect"),
        unread(mark.failed, mark.partial),
        if mark.changed { "; files of it were changed since they were planned" } else { "" }
    )
}

/// How many items were not read, and how many in part only: of these, too, the rest may hold a recording.
fn unread(failed: u64, partial: u64) -> String {
    let in_part = match partial {
        0 => String::new(),
        _ => format!(", {} read in part", thousands(partial)),
    };
    format!("{} not read{in_part}", thousands(failed))
}

/// The units of a task of an array job.
fn index_of_array(units_per_index: u64, units: u64) -> anyhow::Result<(u64, u64)> {
    let named = INDEXES.iter().filter_map(|name| Some((name, std::env::var(name).ok()?)));
    let mut found = None;
    for (name, value) in named {
        let index: u64 = value
            .parse()
            .map_err(|_| UsageError(format!("{name} is {value:?}, and no number of a task")))?;
        if found.replace(index).is_some_and(|other| other != index) {
            let message = "several schedulers name an index; name the unit with --unit N";
            return Err(UsageError(message.into()).into());
        }
    }
    let Some(index) = found else {
        let message = format!(
            "name units with --unit N or --units; outside of array jobs there is no {}",
            INDEXES.join(", ")
        );
        return Err(UsageError(message).into());
    };
    let from = index.saturating_mul(units_per_index);
    let to = from.saturating_add(units_per_index - 1);
    // The last task of an array may have fewer units, but not none.
    Ok((from, if from < units { to.min(units - 1) } else { to.max(from) }))
}

/// The number of a unit on a line: alone, or in an object.
fn unit_on(line: &str) -> Option<u64> {
    match serde_json::from_str(line).ok()? {
        serde_json::Value::Number(number) => number.as_u64(),
        serde_json::Value::Object(unit) => unit.get("unit")?.as_u64(),
        _ => None,
    }
}

/// Does the units that standard input names, and answers each. A unit that fails does not end the others.
fn answer(worker: &Worker, session: &Session) -> anyhow::Result<Exit> {
    use std::io::Read as _;

    let (mut input, mut line) = (std::io::stdin().lock(), Vec::new());
    let mut exit = Exit::Clear;
    let idle = end_when_idle(session.stop_flag());
    loop {
        line.clear();
        idle.store(true, Ordering::Relaxed);
        let read = (&mut input).take(MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
        idle.store(false, Ordering::Relaxed);
        if read == 0 {
            return Ok(exit);
        }
        let text = String::from_utf8_lossy(&line);
        if text.trim().is_empty() {
            continue;
        }
        let began = Instant::now();
        let done = match unit_on(&text) {
            Some(unit) => (Some(unit), done_or_told(worker, unit)),
            None => (None, Err("a line names a unit as 7 or {\"unit\": 7}".to_owned())),
        };
        let seconds = (began.elapsed().as_secs_f64() * 1_000.0).round() / 1_000.0;
        let of = |state: &str, mark: &Mark| {
            json!({
                "unit": mark.unit, "state": state, "seconds": seconds, "items": mark.items, "matched": mark.matched,
                "suspect": mark.suspect, "failed": mark.failed, "partial": mark.partial, "changed": mark.changed,
                "audio_seconds": mark.audio_milliseconds as f64 / 1_000.0,
            })
        };
        let answer = match done {
            (_, Ok(Done::Now(mark))) => of("done", &mark),
            (_, Ok(Done::Before(mark))) => of("done_before", &mark),
            (unit, Ok(Done::Stopped)) => json!({"unit": unit, "state": "stopped"}),
            (unit, Err(error)) => {
                exit = Exit::Failed;
                json!({"unit": unit, "state": "failed", "error": error})
            }
        };
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
        if session.stop_flag().load(Ordering::Relaxed) {
            return Ok(if exit == Exit::Failed { exit } else { Exit::Stopped });
        }
    }
}

/// Ends the process if it is asked to stop while it waits for a line, which nothing else would interrupt. Returns the flag that
/// says whether it waits.
fn end_when_idle(stop: Arc<AtomicBool>) -> Arc<AtomicBool> {
    let idle = Arc::new(AtomicBool::new(false));
    let waits = Arc::clone(&idle);
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(50));
            if stop.load(Ordering::Relaxed) && waits.load(Ordering::Relaxed) {
                #[allow(clippy::exit, reason = "every unit that was answered is on disk")]
                std::process::exit(Exit::Stopped as i32);
            }
        }
    });
    idle
}

/// Does a unit; what went wrong, on one line with its causes.
fn done_or_told(worker: &Worker, unit: u64) -> Result<Done, String> {
    worker.work(unit, &mut |_| {}).map_err(|error| format!("{:#}", anyhow::Error::from(error)))
}

pub(crate) fn merge(global: &Global, command: &args::Merge) -> anyhow::Result<Exit> {
    let plan = Plan::open(&command.plan)?;
    let parts = folders(&plan, &command.parts);
    let settings = Settings {
        hash_containers: command.hashing.hash_containers,
        ..command.catalogue.put_into(setup::settings(global).of_plan(&plan)?)
    };
    let session = setup::session_with(global, settings)?;
    setup::stop_on_signals(session.stop_flag())?;
    let mut meter = Meter::new(global.quiet);
    let merged = session.merge(plan, &parts, &mut meter)?;
    let elapsed = meter.elapsed();
    meter.finish();
    let Some(merged) = merged else {
        eprintln!("stopped; the same command goes on");
        return Ok(Exit::Stopped);
    };
    if merged.end.stopped {
        eprintln!("stopped while hashing containers; the same command goes on");
        return Ok(Exit::Stopped);
    }
    if merged.changed.changed.count > 0 && !global.quiet {
        eprintln!("files were changed since they were planned: units {}", merged.changed.changed);
    }
    let mut summary = merged.end.summary;
    // The time that the audio took is that of the workers.
    summary.progress.audio_seconds = 0.0;
    conclude(global, &session, &merged.end.run, &summary, elapsed)
}
