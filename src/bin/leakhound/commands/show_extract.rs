//! `leakhound show` and `leakhound extract`: from a locator back to the item.

use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use anyhow::Context as _;
use leakhound::ingest::sha256;
use leakhound::results::ResultStore;
use leakhound::review::ReviewStore;
use leakhound::sniff::look_at;
use leakhound::source::{Found, Item, Locator, ScanLimits, find, volumes_of};
use leakhound::wording::{thousands, visible};

use crate::args::{Extract, Global, Show};
use crate::exit::{Exit, UsageError};
use crate::out::Out;
use crate::{home, show};

pub(crate) fn show(global: &Global, command: &Show) -> anyhow::Result<Exit> {
    let Show { locator: text, json, limits } = command;
    let locator = parse(text)?;
    let found = look_up(&locator, limits.into())?;
    // A locator in a torrent leads to a file on disk, whose record has the locator of that file.
    let key = match &found {
        Found::Item(item) => item.place.locator.key(),
        Found::Row(_) | Found::Nothing => locator.key(),
    };
    let home = home::home(global)?;
    let mut known = ResultStore::open(&home)?.newest_of(&key)?;
    if let Some((_, record)) = &mut known {
        ReviewStore::open(&home)?.decisions()?.apply(record);
    }
    let mut out = Out::lock();
    if *json {
        let Some((_, record)) = known else {
            anyhow::bail!("no run has a record of {text}; scan the file that contains it first");
        };
        writeln!(out, "{}", serde_json::to_string(&record)?)?;
        return Ok(Exit::Clear);
    }
    writeln!(out, "{}", visible(&locator.display()))?;
    match found {
        Found::Item(item) => describe(&mut out, &item)?,
        Found::Row(row) => writeln!(out, "        {}", visible(&row.failure.message))?,
        Found::Nothing => return Err(nothing(text)),
    }
    match known {
        Some((run, record)) => write!(out, "run {run}:\n{}", show::item(&record))?,
        None => writeln!(out, "no run has a record of it")?,
    }
    out.flush()?;
    Ok(Exit::Clear)
}

pub(crate) fn extract(global: &Global, command: &Extract) -> anyhow::Result<Exit> {
    let Extract { locator: text, out: to, force, limits } = command;
    let locator = parse(text)?;
    spare(&locator, to, *force)?;
    let item = match look_up(&locator, limits.into())? {
        Found::Item(item) => item,
        Found::Row(row) => anyhow::bail!("{text} {}", row.failure.message),
        Found::Nothing => return Err(nothing(text)),
    };
    // A folder can be opened and not read.
    let readable = item.bytes.head(1);
    readable.with_context(|| format!("cannot read {text}; name a file, or an item in one"))?;
    let bytes = leakhound::source::extract(&item.bytes, to)
        .with_context(|| format!("cannot write {}", to.display()))?;
    let mut out = Out::lock();
    if !global.quiet {
        writeln!(out, "{} ({} bytes)", visible(&to.to_string_lossy()), thousands(bytes))?;
        for note in &item.notes {
            writeln!(out, "        note: {}", visible(note))?;
        }
    }
    Ok(Exit::Clear)
}

/// Refuses to overwrite an existing file without `force`, and in any case a file that the item is extracted from: it is
/// evidence.
fn spare(locator: &Locator, to: &Path, force: bool) -> anyhow::Result<()> {
    let Ok(there) = to.canonicalize() else { return Ok(()) };
    let shown = to.display();
    if volumes_of(&locator.file).iter().any(|file| file.canonicalize().is_ok_and(|f| f == there)) {
        return Err(UsageError(format!(
            "{shown} contains the item itself; name another file with --out"
        ))
        .into());
    }
    if !force {
        let message =
            format!("{shown} exists; name another file with --out, or overwrite it with --force");
        return Err(UsageError(message).into());
    }
    Ok(())
}

fn parse(text: &str) -> anyhow::Result<Locator> {
    let mut locator: Locator = text.parse().map_err(|error| UsageError(format!("{error}")))?;
    locator.file = leakhound::storage::absolute(&locator.file)?;
    Ok(locator)
}

fn look_up(locator: &Locator, limits: ScanLimits) -> anyhow::Result<Found> {
    find(locator, limits)
        .map_err(|error| UsageError(format!("{}: {error}", locator.file.display())).into())
}

fn nothing(text: &str) -> anyhow::Error {
    UsageError(format!("there is nothing at {text}; did the file change since the report, or did the scan have other limits (--max-depth, --max-item)?"))
        .into()
}

fn describe(out: &mut Out, item: &Item) -> anyhow::Result<()> {
    let looks = look_at(&item.bytes)?;
    writeln!(out, "        locator {}", item.place.locator)?;
    let within = match item.place.containers.as_str() {
        "" => String::new(),
        kinds => format!(", in {kinds}"),
    };
    let at = match item.place.offset {
        Some(offset) if !item.place.locator.is_file() => {
            format!(", at byte {} of the file", thousands(offset))
        }
        _ => String::new(),
    };
    writeln!(out, "        {}, {} bytes{within}{at}", looks.what, thousands(item.size_bytes))?;
    match sha256(&item.bytes, &AtomicBool::new(false)) {
        Ok(sha256) => writeln!(out, "        SHA-256 {sha256}")?,
        Err(failure) => writeln!(out, "        {}", visible(&failure.message))?,
    }
    if let Some(file) = &item.torrent
        && let Some(facts) = file.verified(None, &AtomicBool::new(false))
    {
        writeln!(out, "        {}", visible(&facts.describe()))?;
    }
    for note in &item.notes {
        writeln!(out, "        note: {}", visible(note))?;
    }
    Ok(())
}
