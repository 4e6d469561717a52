//! `leakhound catalog import` and `export`: the label's deliveries into the catalogue, and its entries out of it.

use std::io::{BufWriter, Write as _};
use std::path::Path;

use leakhound::base::{Access, write_atomically};
use leakhound::catalog::{AddEvent, Catalog, Entry, Imported};
use leakhound::export::{self, Exported, Format};
use leakhound::import::{
    Event, Import, ImportError, Links, Mapping, Options, Outcome, Problem, Row, presets,
};
use leakhound::wording::{counted, plural, thousands, visible};

use super::log::line;
use crate::args::{self, Global};
use crate::exit::{Exit, UsageError};
use crate::out::Out;
use crate::progress::Meter;
use crate::setup;

/// Rows of each file that a dry run shows. A guess: enough to see whether the columns are understood.
const SHOWN: u64 = 10;
/// Problems that are printed one by one; further ones are counted. A guess.
const MAX_PRINTED: u64 = 1_000;

pub(crate) fn import(
    global: &Global,
    catalog: &mut Catalog,
    command: &args::Import,
) -> anyhow::Result<Exit> {
    let import = Import {
        paths: command.paths.clone(),
        audio: command.audio.clone(),
        options: options(command)?,
        replace: command.replace,
        dry_run: command.dry_run,
    };
    for folder in &import.audio {
        if !folder.is_dir() {
            let why = format!("--audio {} is not a folder; check the path", folder.display());
            return Err(UsageError(why).into());
        }
    }
    let session = setup::session(global)?;
    let (pool, ingester, stop) = (session.pool()?, session.ingester(), session.stop_flag());
    setup::stop_on_signals(session.stop_flag())?;
    let mut meter = Meter::new(global.quiet);
    let (mut told, mut untold, mut rows, mut shown, mut added) = (0, 0, 0_u64, 0, 0_u64);
    let mut out = Out::lock();
    let outcome = import.run(
        catalog,
        &ingester,
        &pool,
        &stop,
        &|detail| line(global, "import", detail),
        &mut |event| {
            match event {
                Event::File(_) => shown = 0,
                Event::Row(_, row) => {
                    shown += 1;
                    if shown <= SHOWN && !global.quiet {
                        // The reader of the output may have closed it; the import goes on.
                        let _ = write!(out, "{}", self::row(row));
                    }
                }
                Event::Problem(path, problem) if told < MAX_PRINTED => {
                    told += 1;
                    meter.print(&self::problem(path, problem));
                }
                Event::Problem(..) => untold += 1,
                Event::Audio(AddEvent::Refused { path, failure }) => {
                    meter.print(&format!(
                        "refused: {} {}",
                        visible(path),
                        visible(&failure.message)
                    ));
                }
                Event::Audio(_) => added += 1,
            }
            rows += 1;
            if rows.is_multiple_of(1_000) || added > 0 {
                meter.show(|| {
                    format!("{} read, {} added", counted(rows, "row"), counted(added, "recording"))
                });
            }
        },
    );
    let outcome = outcome.map_err(|error| match error {
        ImportError::Path { .. } => UsageError(error.to_string()).into(),
        error => anyhow::Error::from(error),
    })?;
    let seconds = meter.elapsed().as_secs_f64();
    meter.finish();
    if untold > 0 {
        eprintln!("… and {} that are not shown", counted(untold, "more problem"));
    }
    if !global.quiet {
        write!(out, "{}", summary(&outcome, command.dry_run, seconds))?;
    }
    out.flush()?;
    Ok(match outcome {
        o if o.stopped => Exit::Stopped,
        o if o.refused > 0 || o.links.refused > 0 => Exit::Incomplete,
        // A delivery of which nothing was read is not one that was taken.
        o if o.files > 0 && o.rows == 0 => Exit::Incomplete,
        _ => Exit::Clear,
    })
}

fn options(command: &args::Import) -> anyhow::Result<Options> {
    let usage = |why: String| anyhow::Error::from(UsageError(why));
    let mapping = match (&command.mapping, &command.preset) {
        (Some(path), _) => Some(Mapping::read(path).map_err(|error| {
            let cause = std::error::Error::source(&error).map(|c| format!(": {c}"));
            usage(format!("{error}{}", cause.unwrap_or_default()))
        })?),
        (None, Some(name)) => {
            let known = presets().iter().find(|preset| preset.name == *name);
            let names = || presets().iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ");
            Some(known.cloned().ok_or_else(|| {
                usage(format!("there is no preset {name:?}; choose one of {}", names()))
            })?)
        }
        (None, None) => None,
    };
    let encoding = command.encoding.as_ref().map(|name| {
        leakhound::import::encoding(name).ok_or_else(|| {
            usage(format!(
                "there is no encoding {name:?}; use a name such as utf-8, utf-16le or windows-1252"
            ))
        })
    });
    let delimiter = command.delimiter.as_ref().map(|text| match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
        _ => Err(usage(format!(
            "--delimiter {text:?} is neither one character, such as ;, nor the word tab"
        ))),
    });
    Ok(Options {
        mapping,
        encoding: encoding.transpose()?,
        delimiter: delimiter.transpose()?,
        max_rows: None,
    })
}

/// How a row was understood, as a line of a dry run.
fn row(row: &Row) -> String {
    let Row { spot, entry } = row;
    let Entry { isrcs, label, releases, audio, .. } = entry;
    let mut parts = vec![entry.name(), isrcs.join(", "), label.clone()];
    parts.extend(releases.iter().map(|r| format!("on {} {}", r.title, r.upc)));
    parts.extend(audio.iter().map(|file| format!("file {}", file.uri)));
    parts.retain(|part| !part.trim().is_empty());
    format!("row {:<7}{}\n", spot.row, visible(&parts.join(" | ")))
}

fn problem(path: &Path, problem: &Problem) -> String {
    let Problem { spot, column, value, why, is_fatal } = problem;
    let mut place = path.display().to_string();
    if !spot.part.is_empty() {
        place += &format!(", {}", spot.part);
    }
    if spot.row > 0 {
        place += &format!(", row {}", spot.row);
    }
    if !column.is_empty() {
        place += &format!(", {column}");
    }
    let value = if value.is_empty() { String::new() } else { format!("{value:?} ") };
    let kind = if *is_fatal { "refused" } else { "warning" };
    visible(&format!("{kind}: {place}: {value}{why}")).into_owned()
}

fn summary(outcome: &Outcome, dry_run: bool, seconds: f64) -> String {
    let Outcome { files, rows, refused, warnings, entries, links, .. } = *outcome;
    let Imported { new, updated, unchanged } = entries;
    let n = thousands;
    let would = if dry_run { "dry run, nothing written: " } else { "" };
    let mut text = format!(
        "{would}{}, {}: {} new, {} updated, {} unchanged; {} refused, {}; in {seconds:.1} s\n",
        counted(files, "file"),
        counted(rows, "row"),
        plural(new, "entry", "entries"),
        n(updated),
        n(unchanged),
        n(refused),
        counted(warnings, "warning")
    );
    let Links { found, missing, unnamed, added, refused, linked } = links;
    text += &format!(
        "audio: {} found, {} not found, {} without a file; {} added, {} refused, {} linked\n",
        counted(found, "file"),
        n(missing),
        counted(unnamed, "row"),
        counted(added, "recording"),
        n(refused),
        n(linked)
    );
    if missing + unnamed > 0 {
        text += "Entries without audio are found by their identifiers alone (tier T0).\n";
    }
    text
}

pub(crate) fn export(
    global: &Global,
    catalog: &Catalog,
    out: &Path,
    format: Option<Format>,
) -> anyhow::Result<Exit> {
    let by_ending = || out.extension()?.to_string_lossy().to_lowercase().parse().ok();
    let format = format.or_else(by_ending).ok_or_else(|| {
        let out = out.display();
        UsageError(format!(
            "{out} does not end in .csv, .xlsx or .jsonl; add --format csv, xlsx or jsonl"
        ))
    })?;
    // Logged before anything leaves the catalogue, and again with the outcome.
    let log =
        |what: &str| catalog.log(&line(global, "export", format!("{}: {what}", out.display())));
    log("begun")?;
    let written = if out.as_os_str() == "-" {
        export::write(catalog, format, &mut Out::lock()).map_err(anyhow::Error::from)
    } else {
        write(catalog, format, out)
    };
    let Exported { entries, recordings } = match written {
        Ok(exported) => exported,
        Err(error) => {
            // The error is reported even if the log cannot be written any more.
            let _ = log(&format!("failed: {error}"));
            return Err(error);
        }
    };
    let entries = plural(entries, "entry", "entries");
    let recordings = counted(recordings, "recording");
    log(&format!("{entries} and {recordings} without one written"))?;
    if !global.quiet && out.as_os_str() != "-" {
        writeln!(
            Out::lock(),
            "{entries} in {}, and {recordings} without one, described by their tags",
            out.display()
        )?;
        let neutral = catalog.count_neutral()?;
        if neutral > 0 {
            writeln!(Out::lock(), "left out: {}", counted(neutral, "neutral reference"))?;
        }
    }
    Ok(Exit::Clear)
}

/// Writes an export, which tells of unreleased titles, to a file.
fn write(catalog: &Catalog, format: Format, out: &Path) -> anyhow::Result<Exported> {
    write_atomically(out, Access::Owner, |file| -> anyhow::Result<_> {
        let mut file = BufWriter::new(file);
        let exported = export::write(catalog, format, &mut file)?;
        file.flush()?;
        Ok(exported)
    })
    .map_err(|error| match error.downcast::<std::io::Error>() {
        Ok(error) => anyhow::Error::new(error).context(format!("cannot write {}", out.display())),
        Err(error) => error,
    })
}
