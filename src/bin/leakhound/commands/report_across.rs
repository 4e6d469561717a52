//! `leakhound report --runs|--all`: which works are in which dumps and data sets.

use std::io::{BufWriter, Write as _};
use std::path::Path;

use leakhound::report::Format;
use leakhound::report::across::{Across, FORMATS};
use leakhound::source::display_path;
use leakhound::wording::{counted, visible};

use super::report::{or_font, tell_missing, whole_file};
use crate::args::{Global, Report, ReportFormat};
use crate::exit::{Exit, UsageError};
use crate::out::Out;
use crate::{fonts, setup};

pub(super) fn run(global: &Global, command: &Report) -> anyhow::Result<Exit> {
    let usage = |why: &str| anyhow::Error::from(UsageError(why.to_owned()));
    let format = match command.format.unwrap_or(ReportFormat::File(Format::Html)) {
        ReportFormat::File(format) if FORMATS.contains(&format) => format,
        _ => return Err(usage("--runs and --all go with --format html, pdf, xlsx, csv or jsonl")),
    };
    if format != Format::Pdf && !command.font.is_empty() {
        return Err(usage("--font goes with --format pdf"));
    }
    let Some(out) = &command.out else {
        return Err(usage("the report needs a place: --out FILE, or --out - for standard output"));
    };
    let fonts = fonts::read(&command.font)?;
    let wanted = (!command.all).then_some(command.runs.as_slice());
    let across = setup::session(global)?.across(wanted)?;
    let mut missing = 0;
    let mut write = |out: &mut dyn std::io::Write| {
        let mut buffered = BufWriter::new(out);
        missing = across.write(format, &fonts, &mut buffered)?;
        Ok(buffered.flush()?)
    };
    if out == Path::new("-") {
        write(&mut std::io::stdout().lock()).map_err(or_font)?;
    } else {
        whole_file(out, write).map_err(or_font)?;
        if !global.quiet {
            writeln!(Out::lock(), "{} ({})", visible(&display_path(out)), told(&across))?;
        }
    }
    tell_missing(global, missing);
    Ok(Exit::Clear)
}

fn told(across: &Across) -> String {
    let left_out = |runs: u64, why: &str| match runs {
        0 => String::new(),
        runs => format!("; {} left out, as {why}", counted(runs, "run")),
    };
    let stopped = left_out(across.totals.stopped, "stopped");
    let pruned = left_out(across.totals.pruned, "pruned");
    format!(
        "{} of {}{stopped}{pruned}",
        counted(across.runs.len() as u64, "run"),
        counted(across.dumps.len() as u64, "dump")
    )
}
