//! `leakhound report`: a run's results in one of the formats.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use leakhound::base::{Access, write_atomically};
use leakhound::record::ItemRecord;
use leakhound::report::changes::{self, Changes, Findings, RunOnDay};
use leakhound::report::pdf::PdfWriter;
use leakhound::report::{Counts, Format, ReportError, ReportWriter, RunSummary};
use leakhound::results::{ResultStore, ResultsError, Run};
use leakhound::review::{Decisions, ReviewStore};
use leakhound::source::display_path;
use leakhound::wording::{moment, thousands, visible};

use crate::args::{Global, Report, ReportFormat};
use crate::exit::{Exit, UsageError};
use crate::fonts;
use crate::home;
use crate::out::Out;

pub(crate) fn run(global: &Global, command: &Report) -> anyhow::Result<Exit> {
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
        return Err(
            UsageError("say where to: --out FILE, or --out - for standard output".into()).into()
        );
    };
    let run = choose(store.runs()?, command.run)?;
    let decisions = ReviewStore::open(&home)?.decisions()?;
    let summary = if format == Format::Html {
        let (summary, findings) = gather(&store, &decisions, &run)?;
        let change = match last_over_the_same(store.runs()?, &run) {
            Some(before) => {
                let (earlier, known) = gather(&store, &decisions, &before)?;
                Some(Changes::between(&known, &findings).since(&earlier.run_id))
            }
            None => None,
        };
        RunSummary { change, ..summary }
    } else {
        let mut counts = Counts::default();
        each(&store, &decisions, &run, |record| {
            counts.add(record);
            anyhow::Ok(())
        })?;
        summary(&store, &run, counts)?
    };
    let exhibits = command.exhibits as usize;
    let fonts = fonts::read(&command.font)?;
    let visit = |writer: &mut dyn ReportWriter| {
        writer.begin(&summary)?;
        each(&store, &decisions, &run, |record| Ok::<(), anyhow::Error>(writer.item(record)?))?;
        anyhow::Ok(writer.end()?)
    };
    let mut missing = 0;
    put(global, out, &run, |out| {
        let mut buffered = std::io::BufWriter::new(out);
        if format == Format::Pdf {
            let mut writer = PdfWriter::new(&mut buffered, exhibits).with_fonts(fonts);
            visit(&mut writer)?;
            missing = writer.missing();
        } else {
            visit(&mut *format.writer(&mut buffered))?;
        }
        buffered.flush().context("the report could not be written")
    })
    .map_err(or_font)?;
    if missing > 0 && !global.quiet {
        eprintln!(
            "{} characters of names and paths are in no font and stand as numbers, such as ‹U+65E5›; name fonts that have them: --font FILE",
            thousands(missing)
        );
    }
    Ok(Exit::Clear)
}

/// An error of a font has nothing to do with the place that is written to.
fn or_font(error: anyhow::Error) -> anyhow::Error {
    let of_font = |cause: &(dyn std::error::Error + 'static)| match cause.downcast_ref() {
        Some(told @ ReportError::Font { .. }) => Some(told.to_string()),
        _ => None,
    };
    let told = error.chain().find_map(of_font);
    told.map_or(error, |told| UsageError(told).into())
}

/// Writes to standard output or a whole file, and says so.
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

/// The text of one screen, and the exit code for a scheduler.
fn text(global: &Global, command: &Report, store: &ResultStore) -> anyhow::Result<Exit> {
    let run = choose(store.runs()?, command.run)?;
    let decisions = ReviewStore::open(&home::home(global)?)?.decisions()?;
    let on_day = |run: &Run| {
        let (summary, findings) = gather(store, &decisions, run)?;
        anyhow::Ok((RunOnDay { summary, begun: moment(run.started) }, findings))
    };
    let (now, findings) = on_day(&run)?;
    let before = match command.since {
        Some(since) if since >= run.run_id => {
            let told =
                format!("run {since} is not before run {}; leakhound runs lists them", run.run_id);
            return Err(UsageError(told).into());
        }
        Some(since) => Some(on_day(&choose(store.runs()?, Some(since))?)?),
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
        () if now.summary.counts.failed > 0 || !run.complete => Exit::Incomplete,
        () => Exit::Clear,
    })
}

pub(crate) fn choose(runs: Vec<Run>, wanted: Option<i64>) -> anyhow::Result<Run> {
    match wanted {
        None => runs.into_iter().next_back().ok_or_else(|| {
            UsageError("there is no run yet; scan something first: leakhound scan PATH".into())
                .into()
        }),
        Some(id) => runs.into_iter().find(|run| run.run_id == id).ok_or_else(|| {
            UsageError(format!("there is no run {id}; leakhound runs lists them")).into()
        }),
    }
}

/// Visits the records of a run, with what people decided.
fn each<E: From<ResultsError>>(
    store: &ResultStore,
    decisions: &Decisions,
    run: &Run,
    mut visit: impl FnMut(&ItemRecord) -> Result<(), E>,
) -> Result<(), E> {
    store.for_each_record(run.run_id, |mut record| {
        decisions.apply(&mut record);
        visit(&record)
    })
}

/// The summary of a run, and its findings to compare with those of another.
fn gather(
    store: &ResultStore,
    decisions: &Decisions,
    run: &Run,
) -> anyhow::Result<(RunSummary, Findings)> {
    let (mut counts, mut findings) = (Counts::default(), Findings::default());
    each(store, decisions, run, |record| {
        counts.add(record);
        findings.add(record);
        anyhow::Ok(())
    })?;
    Ok((summary(store, run, counts)?, findings))
}

/// The newest whole run before this one over the same files and folders.
fn last_over_the_same(runs: Vec<Run>, run: &Run) -> Option<Run> {
    let same = |earlier: &Run| earlier.complete && earlier.key.roots == run.key.roots;
    runs.into_iter().rfind(|earlier| earlier.run_id < run.run_id && same(earlier))
}

fn summary(store: &ResultStore, run: &Run, counts: Counts) -> anyhow::Result<RunSummary> {
    let key = run.key.clone();
    let sealed = store.manifest(run.run_id)?;
    Ok(RunSummary {
        run_id: run.run_id.to_string(),
        tool_version: key.tool_version,
        mode: key.mode.to_string(),
        roots: key.roots,
        catalogue_recordings: key.catalogue_recordings,
        catalogue_digest: key.catalogue_digest,
        fingerprint_digest: key.fingerprint_digest,
        decoders: key.decoders,
        manifest_digest: sealed.map_or(String::new(), |sealed| sealed.digest),
        complete: run.complete,
        counts,
        change: None,
    })
}

/// Writes a file under another name first, so that it is there whole or not at all.
///
/// A link stays a link to the file, and what is no file, such as `/dev/stdout`, is written to as it
/// is.
pub(super) fn whole_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let failed = || {
        format!(
            "cannot write {}: is its folder there and yours, and the disk not full?",
            path.display()
        )
    };
    if path.metadata().is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        let device = File::options().write(true).open(path).with_context(failed)?;
        return write(&mut &device).with_context(failed);
    }
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    write_atomically(path, Access::Umask, |file| write(file)).with_context(failed)
}
