//! `leakhound catalog lint` and `allow`: what would lead to wrong accusations, and which uses are licensed.

use std::io::Write as _;
use std::sync::Mutex;

use leakhound::catalog::{Catalog, Licence};
use leakhound::lint::{Line, Linted, lint};
use leakhound::scan::Mode;
use leakhound::source::display_path;
use leakhound::wording::{counted, day, thousands, visible};

use super::log::line;
use crate::args::{self, Global};
use crate::exit::{Exit, UsageError};
use crate::out::Out;
use crate::progress::Meter;
use crate::setup;

pub(crate) fn run(
    global: &Global,
    catalog: &Catalog,
    edits: bool,
    json: bool,
) -> anyhow::Result<Exit> {
    let mode = if edits { Mode::Full } else { Mode::Identity };
    let (pool, stop) = (setup::session(global)?.pool()?, setup::stop_flag()?);
    let meter = Mutex::new(Meter::new(global.quiet));
    let linted = lint(catalog, &day(setup::now()), mode, &pool, &stop, &|done, all| {
        // Another thread is showing its progress: this one shows its next.
        if let Ok(mut meter) = meter.try_lock() {
            meter.show(|| {
                format!(
                    "{} of {} compared",
                    thousands(done as u64),
                    counted(all as u64, "recording")
                )
            });
        }
    })?;
    if let Ok(meter) = meter.into_inner() {
        meter.finish();
    }
    let Linted { lines, passages, recordings, neutral, stopped } = linted;
    if stopped {
        return Ok(Exit::Stopped);
    }
    if catalog.passages()? != passages {
        catalog.mark_passages(&passages, &|detail| line(global, "lint", detail))?;
    }
    let mut out = Out::lock();
    for line in &lines {
        if json {
            writeln!(out, "{}", serde_json::to_string(line)?)?;
        } else {
            write!(out, "{}", shown(line))?;
        }
    }
    if !json {
        let compared = counted(recordings as u64, "recording");
        let with = match neutral {
            0 => String::new(),
            n => format!(" and {}", counted(n as u64, "neutral reference")),
        };
        let warnings = counted(lines.len() as u64, "warning");
        let marked = counted(passages.len() as u64, "shared passage");
        writeln!(out, "{compared}{with} compared: {warnings}, {marked} marked")?;
    }
    out.flush()?;
    Ok(Exit::Clear)
}

fn shown(line: &Line) -> String {
    let Line { kind, about, detail } = line;
    format!(
        "{:<16}{}\n                {}\n                {}\n",
        kind.as_str(),
        visible(detail),
        visible(&about.join(", ")),
        kind.effect()
    )
}

/// Adds or removes licensed uses, and lists all of them.
pub(crate) fn allow(
    global: &Global,
    catalog: &Catalog,
    command: &args::Allow,
) -> anyhow::Result<Exit> {
    let args::Allow { dump, hash, recording, note, remove, json } = command;
    let mut licences = Vec::new();
    for path in dump {
        licences.push(("dump", display_path(&std::path::absolute(path)?)));
    }
    for hash in hash {
        let hash = hash.to_lowercase();
        if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let why = format!(
                "--hash {hash:?} is not a SHA-256 (64 hexadecimal digits); copy it from a report"
            );
            return Err(UsageError(why).into());
        }
        licences.push(("hash", hash));
    }
    licences.extend(recording.iter().map(|recording| ("recording", recording.clone())));
    let mut out = Out::lock();
    for (kind, value) in licences {
        let (kind, note) = (kind.to_owned(), note.clone());
        let verb = if *remove { "disallow" } else { "allow" };
        let licence = Licence { kind, value, note };
        if !catalog.license(&licence, !remove, &|detail| line(global, verb, detail))? {
            eprintln!("{} {} was not licensed", licence.kind, visible(&licence.value));
        }
    }
    for licence in catalog.licences()? {
        if *json {
            writeln!(out, "{}", serde_json::to_string(&licence)?)?;
            continue;
        }
        let Licence { kind, value, note } = licence;
        writeln!(out, "{kind:<10} {}  {}", visible(&value), visible(&note))?;
    }
    out.flush()?;
    Ok(Exit::Clear)
}
