//! JSON Lines: one line about the whole report, one for each run and each dump, then one for each work.
//!
//! The lines have a key `kind`. `fixtures/across.schema.json` is their JSON Schema.

use std::io::{self, Write};

use serde::Serialize;

use super::gather::Across;
use crate::report::{Format, ReportError};

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Line<'a> {
    Report(&'a super::Totals),
    Run(&'a super::OfRun),
    Dump(&'a super::Dump),
    Work(&'a super::Work),
}

pub(super) fn write(across: &Across, out: &mut dyn Write) -> Result<(), ReportError> {
    let mut put = |line: &Line| {
        serde_json::to_writer(&mut *out, line)
            .map_err(io::Error::from)
            .and_then(|()| out.write_all(b"\n"))
            .map_err(|source| Format::Jsonl.failed(source))
    };
    put(&Line::Report(&across.totals))?;
    across.runs.iter().try_for_each(|run| put(&Line::Run(run)))?;
    across.dumps.iter().try_for_each(|dump| put(&Line::Dump(dump)))?;
    across.each_work(|work| put(&Line::Work(&work)).map(|()| true))?;
    out.flush().map_err(|source| Format::Jsonl.failed(source))
}
