//! `leakhound inspect`: lists what a dump contains, without decoding.

use std::io::Write as _;
use std::sync::Arc;

use leakhound::identify::Identifiers;
use leakhound::inspect::{Hashed, Survey, Tally};
use leakhound::source::{Dump, Folders, ScanLimits, Source as _};
use leakhound::wording::{clock, counted, plural, thousands, visible};
use serde_json::json;

use crate::args::{CatalogueFile, Global, Inspect};
use crate::exit::Exit;
use crate::out::Out;
use crate::{home, setup};

pub(crate) fn run(global: &Global, command: &Inspect) -> anyhow::Result<Exit> {
    let Inspect { paths, hash, json, limits, catalogue } = command;
    let folders = Folders::new(paths).map_err(super::scan::missing)?;
    let folders = folders.beside_home(&home::place(global)?);
    let known = known(global, catalogue)?;
    let is_compared = known.is_some();
    let mut survey = known.unwrap_or_default();
    if *hash {
        survey.hashed = Hashed::Sound;
    }
    // A survey never stops a walk early.
    let _ = Dump::new(folders, ScanLimits::from(limits)).walk(&mut survey);
    let mut out = Out::lock();
    let exit = if survey.unread.is_empty() { Exit::Clear } else { Exit::Incomplete };
    if *json {
        writeln!(out, "{}", object(&survey, is_compared))?;
        return Ok(exit);
    }
    writeln!(out, "{:>12}  {:>18}  {:<32}  in", "items", "bytes", "what")?;
    for ((containers, what), tally) in &survey.kinds {
        let Tally { items, bytes, .. } = *tally;
        let place = if containers.is_empty() { "folders" } else { containers };
        let (items, bytes) = (thousands(items), thousands(bytes));
        writeln!(out, "{items:>12}  {bytes:>18}  {:<32}  {place}", visible(what))?;
    }
    for (kind, (count, first)) in &survey.unread {
        writeln!(out, "{:>12}  not read, {}: {}", thousands(*count), kind, visible(first))?;
    }
    if survey.claiming > 0 {
        writeln!(
            out,
            "{} {} of the catalogue in file names, tags, sidecar files, texts or tables",
            plural(survey.claiming, "item names", "items name"),
            counted(survey.claimed.len() as u64, "recording")
        )?;
        for line in &survey.named {
            writeln!(out, "        {}", visible(line))?;
        }
        if survey.claiming > survey.named.len() as u64 {
            writeln!(out, "        … and more; the report of a scan lists all of them")?;
        }
    }
    if !is_compared {
        let home = home::place(global)?.display().to_string();
        writeln!(out, "there is no catalogue in {}: nothing was compared", visible(&home))?;
    }
    if survey.copies > 0 {
        writeln!(
            out,
            "{} of the label, byte for byte: {}",
            plural(survey.copies, "item is a file", "items are files"),
            counted(survey.copied.len() as u64, "recording")
        )?;
    }
    for torrent in &survey.torrents {
        writeln!(out, "{}", visible(torrent))?;
    }
    let threads = global.threads();
    writeln!(
        out,
        "about {} of audio; with {} a full scan takes about {}, a probe scan {}",
        clock(survey.sound_seconds),
        counted(threads as u64, "thread"),
        clock(survey.full_seconds() / threads as f64),
        clock(survey.probe_seconds() / threads as f64),
    )?;
    out.flush()?;
    Ok(exit)
}

/// The survey as `--json` prints it.
fn object(survey: &Survey, is_compared: bool) -> serde_json::Value {
    let kinds = survey.kinds.iter().map(|((containers, what), tally)| {
        let Tally { items, bytes, is_sound } = tally;
        json!({"containers": containers, "what": what, "items": items, "bytes": bytes, "audio": is_sound})
    });
    let unread = survey.unread.iter().map(
        |(kind, (items, first))| json!({"kind": kind.as_str(), "items": items, "first": first}),
    );
    json!({
        "kinds": kinds.collect::<Vec<_>>(), "not_read": unread.collect::<Vec<_>>(), "compared": is_compared,
        "naming": survey.claiming, "named": survey.claimed, "places": survey.named, "copies": survey.copies,
        "copied": survey.copied, "torrents": survey.torrents, "audio_seconds": survey.sound_seconds,
        "full_seconds": survey.full_seconds(), "probe_seconds": survey.probe_seconds(),
    })
}

/// A survey that compares items with the catalogue; `None` if there is no catalogue.
fn known(global: &Global, catalogue: &CatalogueFile) -> anyhow::Result<Option<Survey>> {
    let settings = catalogue.put_into(setup::settings(global));
    // It makes no home where none is needed.
    if settings.packed_catalogue.is_none() && !home::place(global)?.join("catalog").is_dir() {
        return Ok(None);
    }
    let snapshot = setup::session_with(global, settings)?.catalog()?.snapshot()?;
    let known = Some(Arc::new(Identifiers::of(&snapshot)?));
    let hashed = Hashed::OfSizes(snapshot.records().file_sizes()?);
    Ok(Some(Survey { known, hashed, ..Survey::default() }))
}
