//! `leakhound report`: writes the results of a run in one of the formats.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use leakhound::base::{Access, write_atomically};
use leakhound::notice::Notices;
use leakhound::report::changes::{self, Changes};
use leakhound::report::pdf::PdfWriter;
use leakhound::report::{Format, ReportError, ReportWriter, RunReader};
use leakhound::results::{ResultStore, Run};
use leakhound::review::ReviewStore;
use leakhound::source::display_path;
use leakhound::wording::{thousands, visible};

use crate::args::{Global, Report, ReportFormat};
use crate::exit::{Exit, UsageError};
use crate::fonts;
use crate::home;
use crate::out::Out;

pub(crate) fn run(global: &Global, command: &Report) -> anyhow::Result<Exit> {
    if command.all || !command.runs.is_empty() {
        return super::report_across::run(global, command);
    }
    let home = home::home(global)?;
    let store = ResultStore::open(&home)?;
    let usual =
        if command.since.is_some() { ReportFormat::Text } else { ReportFormat::File(Format::Html) };
    let format = match command.format.unwrap_or(usual) {
        ReportFormat::Text => return text(global, command, &store),
        _ if command.since.is_some() => {
            return Err(UsageError("--since goes with --format text".into()).into());
        }
        ReportFormat::File(format) => format,
    };
    if format != Format::Pdf && !command.font.is_empty() {
        return Err(UsageError("--font goes with --format pdf".into()).into());
    }
    let Some(out) = &command.out else {
        return Err(UsageError(
            "the report needs a place: --out FILE, or --out - for standard output".into(),
        )
        .into());
    };
    let run = store.run(command.run)?;
    let decisions = ReviewStore::open(&home)?.decisions()?;
    let notices = Notices::of_home(&home)?;
    let reader = RunReader::new(&store, &decisions).with_notices(&notices);
    let summary = reader.summary(&run, format)?;
    let exhibits = command.exhibits as usize;
    let fonts = fonts::read(&command.font)?;
    let write =
        |writer: &mut dyn ReportWriter| reader.write::<anyhow::Error>(&run, &summary, writer);
    let mut missing = 0;
    put(global, out, &run, |out| {
        let mut buffered = std::io::BufWriter::new(out);
        if format == Format::Pdf {
            let mut writer = PdfWriter::new(&mut buffered, exhibits).with_fonts(fonts);
            write(&mut writer)?;
            missing = writer.missing();
        } else {
            write(&mut *format.writer(&mut buffered))?;
        }
        buffered.flush().context("the report could not be written")
    })
    .map_err(or_font)?;
    tell_missing(global, missing);
    Ok(Exit::Clear)
}

/// Says how many characters of a PDF no font has.
pub(super) fn tell_missing(global: &Global, missing: u64) {
    if missing > 0 && !global.quiet {
        eprintln!(
            "{} characters of names and paths are in no font and are written as numbers, such as ‹U+65E5›; name fonts that have them: --font FILE",
            thousands(missing)
        );
    }
}

/// An error of a font without its context, which would blame the place that is written to.
pub(super) fn or_font(error: anyhow::Error) -> anyhow::Error {
    let of_font = |cause: &(dyn std::error::Error + 'static)| match cause.downcast_ref() {
        Some(told @ ReportError::Font { .. }) => Some(told.to_string()),
        _ => None,
    };
    let told = error.chain().find_map(of_font);
    told.map_or(error, |told| UsageError(told).into())
}

/// Writes a report to standard output, or to a file, whose name it prints.
fn put(
    global: &Global,
    out: &Path,
    run: &Run,
    written: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if out == Path::new("-") {
        return written(&mut std::io::stdout().lock());
    }
    whole_file(out, written)?;
    if !global.quiet {
        let complete = if run.complete { "" } else { ", which was stopped before its end" };
        let out = display_path(out);
        writeln!(Out::lock(), "{} (run {}{complete})", visible(&out), run.run_id)?;
    }
    Ok(())
}

/// Writes the text of one screen; with `--since`, the exit code tells a scheduler whether there is anything new.
fn text(global: &Global, command: &Report, store: &ResultStore) -> anyhow::Result<Exit> {
    let run = store.run(command.run)?;
    let decisions = ReviewStore::open(&home::home(global)?)?.decisions()?;
    let reader = RunReader::new(store, &decisions);
    let (now, findings) = reader.on_day(&run)?;
    let before = match command.since {
        Some(since) if since >= run.run_id => {
            let told = format!(
                "run {since} is not before run {}; list the runs: leakhound runs",
                run.run_id
            );
            return Err(UsageError(told).into());
        }
        Some(since) => Some(reader.on_day(&store.run(Some(since))?)?),
        None => None,
    };
    let (before, earlier) = before.unzip();
    let changes = Changes::between(&earlier.unwrap_or_default(), &findings);
    let told = changes::text(&now, before.as_ref(), &changes);
    let out = command.out.as_deref().unwrap_or(Path::new("-"));
    put(global, out, &run, |out| Ok(out.write_all(told.as_bytes())?))?;
    Ok(match () {
        () if command.since.is_none() => Exit::Clear,
        () if changes.is_more() => Exit::Found,
        () if now.summary.counts.failed + now.summary.counts.partial > 0 || !run.complete => {
            Exit::Incomplete
        }
        () => Exit::Clear,
    })
}

/// Writes a file under another name and renames it, so that the file is complete or unchanged.
///
/// A symbolic link keeps pointing to the file. A device or a pipe, such as `/dev/stdout`, is written to directly.
pub(super) fn whole_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let failed = |error: anyhow::Error| {
        // A report's own error tells what to do.
        let told = error.chain().any(|cause| cause.downcast_ref::<ReportError>().is_some());
        let remedy =
            if told { "" } else { ": is its folder there and yours, and the disk not full?" };
        error.context(format!("cannot write {}{remedy}", path.display()))
    };
    if path.metadata().is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        let device =
            File::options().write(true).open(path).map_err(|error| failed(error.into()))?;
        return write(&mut &device).map_err(failed);
    }
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    write_atomically(path, Access::Umask, |file| write(file)).map_err(failed)
}
