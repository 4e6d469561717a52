//! `leakhound catalog log`: who changed or exported the catalogue.

use std::io::Write as _;

use leakhound::catalog::{Catalog, Log, LogLine, Logged};
use leakhound::wording::{moment, visible};

use crate::args::Global;
use crate::exit::Exit;
use crate::out::Out;
use crate::setup;

/// A line of the log: `action` by the operator, now.
pub(crate) fn line(global: &Global, action: &str, detail: String) -> LogLine {
    LogLine { at: setup::now(), who: global.operator(), action: action.to_owned(), detail }
}

pub(crate) fn show(catalog: &Catalog, json: bool) -> anyhow::Result<Exit> {
    let Log { rows, broken_at } = catalog.read_log()?;
    let mut out = Out::lock();
    for row in &rows {
        if json {
            writeln!(out, "{}", serde_json::to_string(row)?)?;
            continue;
        }
        let Logged { number, at, who, action, detail, .. } = row;
        let (at, who) = (moment(*at), visible(who));
        writeln!(out, "{number:>5}  {at}  {who}  {action}  {}", visible(detail))?;
    }
    out.flush()?;
    if let Some(number) = broken_at {
        anyhow::bail!(
            "row {number} of the log does not fit the one before it: the log was changed; keep the file as \
             evidence, and restore the catalogue from a backup"
        );
    }
    if !json {
        match rows.last() {
            Some(last) => writeln!(
                out,
                "the log is intact; to prove it later, note the digest of row {}: {}",
                last.number, last.digest
            )?,
            None => writeln!(out, "the log is empty")?,
        }
    }
    Ok(Exit::Clear)
}
