//! `leakhound catalog`: add, list, show and remove recordings. The other verbs have files of their own.

use std::io::Write as _;
use std::path::PathBuf;

use leakhound::catalog::{AddEvent, Catalog, Recording};
use leakhound::record::FailureKind;
use leakhound::signal::fingerprint::FingerprintConfig;
use leakhound::source::{Folders, display_path};
use leakhound::wording;
use leakhound::wording::{clock, counted, plural, thousands, visible};

use super::{delivery, entries, lint, log, maintenance, mask};
use crate::args::{self, Global};
use crate::exit::{Exit, UsageError};
use crate::out::Out;
use crate::progress::Meter;
use crate::{home, setup};

pub(crate) fn run(global: &Global, command: &args::Catalog) -> anyhow::Result<Exit> {
    let home = home::home(global)?;
    let mut catalog = Catalog::open(&home, FingerprintConfig::default())?;
    match command {
        args::Catalog::Add { paths, neutral } => add(global, &mut catalog, paths, *neutral),
        args::Catalog::Mask(command) => mask::run(global, &catalog, command),
        args::Catalog::Import(command) => delivery::import(global, &mut catalog, command),
        args::Catalog::Export { out, format } => delivery::export(global, &catalog, out, *format),
        args::Catalog::Log { json } => log::show(&catalog, *json),
        args::Catalog::Lint { edits, json } => lint::run(global, &catalog, *edits, *json),
        args::Catalog::Allow(command) => lint::allow(global, &catalog, command),
        args::Catalog::List { entries: true, json } => entries::list(&catalog, *json),
        args::Catalog::List { entries: false, json } => print(&catalog.recordings()?, *json, false),
        args::Catalog::Show { names, json } => show(&catalog, names, *json),
        args::Catalog::Remove { names } => remove(global, &mut catalog, names),
        args::Catalog::Check { json } => maintenance::check(&catalog, *json),
        args::Catalog::Stats { json } => maintenance::stats(&catalog, *json),
        args::Catalog::Compact => maintenance::compact(global, &mut catalog),
        args::Catalog::Pack { out, shards } => {
            maintenance::pack(global, &catalog, out, shards.unwrap_or(0))
        }
    }
}

fn add(
    global: &Global,
    catalog: &mut Catalog,
    paths: &[PathBuf],
    neutral: bool,
) -> anyhow::Result<Exit> {
    let folders = Folders::new(paths).map_err(super::scan::missing)?;
    let names: Vec<String> = folders.roots().iter().map(|root| display_path(root)).collect();
    let names = names.join(", ");
    let log = |detail: String| log::line(global, "add", format!("{names}: {detail}"));
    let session = setup::session(global)?;
    let (pool, ingester, stop) = (session.pool()?, session.ingester(), session.stop_flag());
    setup::stop_on_signals(session.stop_flag())?;
    let mut meter = Meter::new(global.quiet);
    let (mut added, mut not_audio) = (0_u64, 0_u64);
    let what = if neutral { "neutral reference" } else { "recording" };
    let mut tell = |event: AddEvent| {
        match &event {
            AddEvent::Added(_) => added += 1,
            AddEvent::Duplicate { path, of } => {
                meter.print(&format!("already there as {of}: {}", visible(path)));
            }
            AddEvent::Refused { failure, .. } if failure.kind == FailureKind::NotAudio => {
                not_audio += 1;
            }
            AddEvent::Refused { path, failure } => {
                meter.print(&format!("refused: {} {}", visible(path), visible(&failure.message)));
            }
        }
        meter.show(|| format!("{} added", counted(added, what)));
    };
    let summary = if neutral {
        catalog.add_neutral(&folders, &ingester, &pool, &stop, &log, &mut tell)?
    } else {
        catalog.add(&folders, &ingester, &pool, &stop, &log, &mut tell)?
    };
    let seconds = meter.elapsed().as_secs_f64();
    meter.finish();
    if !global.quiet {
        writeln!(
            Out::lock(),
            "{} added, {} already there, {} refused, {} without audio, in {seconds:.1} s",
            counted(summary.added, what),
            thousands(summary.duplicates),
            thousands(summary.refused - not_audio),
            counted(not_audio, "file"),
        )?;
    }
    Ok(match summary {
        s if s.stopped => Exit::Stopped,
        s if s.refused > not_audio => Exit::Incomplete,
        _ => Exit::Clear,
    })
}

/// Shows recordings with their entries, and entries without a recording.
fn show(catalog: &Catalog, names: &[String], json: bool) -> anyhow::Result<Exit> {
    let mut found = Vec::new();
    for name in names {
        let said = catalog.entries_named(name)?;
        if said.is_empty() || !catalog.find(name)?.is_empty() {
            found.extend(named(catalog, std::slice::from_ref(name), false)?);
        }
        entries::print(&said, json)?;
    }
    print(&found, json, true)?;
    if !json {
        mask::cards(catalog, &found)?;
    }
    Ok(Exit::Clear)
}

/// The recordings that match the names, each once.
///
/// # Errors
///
/// If a name matches no recording; with `one`, also if it matches several.
pub(super) fn named(
    catalog: &Catalog,
    names: &[String],
    one: bool,
) -> anyhow::Result<Vec<Recording>> {
    let mut out: Vec<Recording> = Vec::new();
    for name in names {
        let found = catalog.find(name)?;
        match found.len() {
            0 => {
                return Err(UsageError(format!(
                    "no recording matches {name:?}; leakhound catalog list shows their ids"
                ))
                .into());
            }
            n if n > 1 && one => {
                return Err(UsageError(format!(
                    "{name:?} matches {n} recordings; give the whole id of one"
                ))
                .into());
            }
            _ => {}
        }
        for recording in found {
            if !out.iter().any(|o| o.recording_id == recording.recording_id) {
                out.push(recording);
            }
        }
    }
    Ok(out)
}

fn remove(global: &Global, catalog: &mut Catalog, names: &[String]) -> anyhow::Result<Exit> {
    let is_entry = |name: &String| {
        let named = catalog.entries_named(name)?;
        anyhow::Ok(named.len() == 1 && named[0].entry_id == *name)
    };
    let (mut entries, mut others) = (Vec::new(), Vec::new());
    for name in names {
        let of = if is_entry(name)? { &mut entries } else { &mut others };
        of.push(name.clone());
    }
    let recordings = named(catalog, &others, true)?;
    let ids: Vec<String> = recordings.iter().map(|r| r.recording_id.clone()).collect();
    let log = |detail: String| log::line(global, "remove", detail);
    let removed = catalog.remove(&ids, &entries, &log)?;
    writeln!(Out::lock(), "{} removed", counted(removed.recordings as u64, "recording"))?;
    if !entries.is_empty() {
        let entries = plural(removed.entries as u64, "entry", "entries");
        writeln!(Out::lock(), "{entries} removed; their audio stays")?;
    }
    Ok(Exit::Clear)
}

fn print(recordings: &[Recording], json: bool, whole: bool) -> anyhow::Result<Exit> {
    let mut out = Out::lock();
    for recording in recordings {
        if json {
            writeln!(out, "{}", serde_json::to_string(recording)?)?;
        } else if whole {
            write!(out, "{}", card(recording))?;
        } else {
            writeln!(out, "{}", line(recording))?;
        }
    }
    if !json && !whole {
        let (mut counts, mut hours) = ([0, 0], [0.0, 0.0]);
        for recording in recordings {
            counts[usize::from(recording.neutral)] += 1;
            hours[usize::from(recording.neutral)] += recording.duration_seconds / 3_600.0;
        }
        write!(out, "{}, {:.1} h", counted(counts[0], "recording"), hours[0])?;
        if counts[1] > 0 {
            write!(out, "; {}, {:.1} h", counted(counts[1], "neutral reference"), hours[1])?;
        }
        writeln!(out)?;
    }
    out.flush()?;
    Ok(Exit::Clear)
}

fn line(recording: &Recording) -> String {
    let Recording { recording_id, duration_seconds, artist, title, isrc, path, .. } = recording;
    let name = wording::named(artist, title, path);
    let isrc = if isrc.is_empty() { String::new() } else { format!(" [{isrc}]") };
    let neutral = if recording.neutral { " (neutral)" } else { "" };
    let (length, name, isrc) = (clock(*duration_seconds), visible(&name), visible(&isrc));
    format!("{recording_id}  {length:>9}  {name}{isrc}{neutral}")
}

fn card(recording: &Recording) -> String {
    let size = recording.size_bytes.to_string();
    let rows: [(&str, &str); 13] = [
        ("id", &recording.recording_id),
        ("title", &recording.title),
        ("artist", &recording.artist),
        ("album", &recording.album),
        ("isrc", &recording.isrc),
        ("upc", &recording.upc),
        ("label", &recording.label),
        ("date", &recording.date),
        ("length", &clock(recording.duration_seconds)),
        ("codec", &recording.codec),
        ("path", &recording.path),
        ("bytes", &size),
        ("sha256", &recording.sha256),
    ];
    let mut out = String::new();
    for (name, value) in rows {
        out += &format!("{name:<8}{}\n", visible(value));
    }
    if recording.neutral {
        out += "neutral never reported; what it explains counts for no recording\n";
    }
    out + "\n"
}
