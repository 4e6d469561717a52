//! JSONL: one entry per line, as `catalog export` writes them.

use std::io::{BufRead as _, BufReader};
use std::path::Path;

use super::encoding::{self, Bounded};
use super::field::checked;
use super::{Flow, MAX_ROW_BYTES, Options, Problem, Row, Spot, Take};
use crate::catalog::Entry;

/// Reads a file, or returns the problem that ended it.
pub(super) fn read(path: &Path, options: &Options, take: &mut dyn Take) -> Result<Flow, Problem> {
    let spot = |row| Spot { row, part: String::new() };
    let cannot = |row, error: &std::io::Error| {
        Problem::refused(spot(row), format!("cannot be read further: {error}"))
    };
    let (text, told) = encoding::open(path, options.encoding).map_err(|error| cannot(0, &error))?;
    if let Some(warning) = told.warning()
        && let flow @ Flow::Break(_) = take.problem(warning)
    {
        return Ok(flow);
    }
    let (bounded, renew) = Bounded::new(text, MAX_ROW_BYTES);
    let mut lines = BufReader::new(bounded);
    let mut line = String::new();
    let (mut number, mut rows) = (0, 0);
    while options.max_rows.is_none_or(|most| rows < most) {
        renew.renew();
        line.clear();
        number += 1;
        if lines.read_line(&mut line).map_err(|error| cannot(number, &error))? == 0 {
            break;
        }
        if line.trim().is_empty() {
            continue;
        }
        rows += 1;
        let flow = row(spot(number), &line, take);
        if flow.is_break() {
            return Ok(flow);
        }
    }
    Ok(Flow::Continue(()))
}

/// Reads one line.
fn row(spot: Spot, line: &str, take: &mut dyn Take) -> Flow {
    let entry: Entry = match serde_json::from_str(line) {
        Ok(entry) => entry,
        Err(error) => {
            return take.problem(Problem::refused(spot, format!("is not an entry: {error}")));
        }
    };
    match checked(&entry) {
        Ok(entry) if entry.names_something() => take.row(Row { spot, entry }),
        Ok(_) => take.problem(Problem::refused(
            spot,
            "names no recording: it has no ISRC, title, id or file",
        )),
        Err(wrong) => wrong.into_iter().try_for_each(|(field, value, why)| {
            take.problem(Problem::refused(spot.clone(), why).of(field.name(), &value))
        }),
    }
}
