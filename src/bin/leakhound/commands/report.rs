//! `leakhound report`: a run's results in one of the formats.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use leakhound::report::{Counts, Format, RunSummary};
use leakhound::results::{ResultStore, ResultsError, Run};
use leakhound::review::{Decisions, ReviewStore};
use leakhound::source::display_path;
use leakhound::text::visible;

use crate::args::{self, Global, Report};
use crate::exit::{Exit, UsageError};
use crate::home;
use crate::out::Out;

pub(crate) fn run(global: &Global, command: &Report) -> anyhow::Result<Exit> {
    let home = home::home(global)?;
    let store = ResultStore::open(&home)?;
    let run = choose(store.runs()?, command.run)?;
    let mut counts = Counts::default();
    let decisions = ReviewStore::open(&home)?.decisions()?;
    store.for_each_record(run.run_id, |mut record| {
        decisions.apply(&mut record);
        counts.add(&record);
        Ok::<(), ResultsError>(())
    })?;
    let summary = summary(&run, counts);
    let format = match command.format {
        args::Format::Html => Format::Html,
        args::Format::Csv => Format::Csv,
        args::Format::Jsonl => Format::Jsonl,
    };
    if command.out == Path::new("-") {
        write(&store, &decisions, &run, format, &summary, &mut std::io::stdout().lock())?;
    } else {
        whole_file(&command.out, |file| write(&store, &decisions, &run, format, &summary, file))?;
        if !global.quiet {
            let complete = if run.complete { "" } else { ", which was stopped before its end" };
            let out = display_path(&command.out);
            writeln!(Out::lock(), "{} (run {}{complete})", visible(&out), run.run_id)?;
        }
    }
    Ok(Exit::Clear)
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

fn summary(run: &Run, counts: Counts) -> RunSummary {
    let key = run.key.clone();
    RunSummary {
        run_id: run.run_id.to_string(),
        tool_version: key.tool_version,
        mode: key.mode,
        roots: key.roots,
        catalogue_recordings: key.catalogue_recordings,
        catalogue_digest: key.catalogue_digest,
        fingerprint_digest: key.fingerprint_digest,
        decoders: key.decoders,
        complete: run.complete,
        counts,
        change: None,
    }
}

fn write(
    store: &ResultStore,
    decisions: &Decisions,
    run: &Run,
    format: Format,
    summary: &RunSummary,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let mut buffered = std::io::BufWriter::new(out);
    let mut writer = format.writer(&mut buffered);
    writer.begin(summary)?;
    store.for_each_record(run.run_id, |mut record| {
        decisions.apply(&mut record);
        Ok::<(), anyhow::Error>(writer.item(&record)?)
    })?;
    writer.end()?;
    drop(writer);
    buffered.flush().context("the report could not be written")?;
    Ok(())
}

/// Writes a file under another name first, so that it is there whole or not at all.
///
/// A link stays a link to the file, and what is no file, such as `/dev/stdout`, is written to as it
/// is.
fn whole_file(
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
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = Path::new(&part);
    let write_all = || {
        let mut file = File::create(part)?;
        write(&mut file)?;
        file.sync_all()?;
        std::fs::rename(part, path)?;
        Ok::<(), anyhow::Error>(())
    };
    write_all()
        .inspect_err(|_| {
            // It may never have been made.
            let _ = std::fs::remove_file(part);
        })
        .with_context(failed)
}
