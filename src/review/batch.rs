//! Reads decisions from a table (CSV, also with semicolons or tabs) or from JSONL.
//!
//! The columns are those of the CSV report, so that staff can fill in the report and return it: `finding_id`, `decision`,
//! `decision_ground`, `decision_reason`, `decided_by`. Other columns, and rows without a decision, are ignored.

use serde::Deserialize;

use crate::record::{DecisionState, Ground};

/// The decision in one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Number of the row in the file, from 1; the header counts.
    pub row: usize,
    /// Id of the finding, or the begin of it.
    pub finding_id: String,
    /// The decision; `None` withdraws the one before.
    pub state: Option<DecisionState>,
    /// The ground of a dismissal.
    pub ground: Option<Ground>,
    /// The reason, in words.
    pub reason: String,
    /// Who decides; empty if the row does not say.
    pub by: String,
}

/// Why a batch of decisions is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// A column is missing.
    #[error(
        "there is no column {0:?}; the table needs finding_id, decision, decision_ground, decision_reason and decided_by, as in the CSV report"
    )]
    Column(&'static str),
    /// A row is not understood.
    #[error("row {row}: {why}")]
    Row {
        /// Number of the row, from 1; the header counts.
        row: usize,
        /// The reason, on one line.
        why: String,
    },
}

/// The cells of a row.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Written {
    finding_id: String,
    decision: String,
    decision_ground: String,
    decision_reason: String,
    decided_by: String,
}

/// The decision that a word stands for: `accept` and `accepted` are the same. `None` is a withdrawal.
fn state(word: &str) -> Result<Option<DecisionState>, String> {
    Ok(match word.trim().to_lowercase().as_str() {
        "accept" | "accepted" => Some(DecisionState::Accepted),
        "dismiss" | "dismissed" => Some(DecisionState::Dismissed),
        "defer" | "deferred" => Some(DecisionState::Deferred),
        "undo" | "withdraw" | "withdrawn" => None,
        _ => {
            return Err(format!(
                "{word:?} is no decision; write accepted, dismissed, deferred or undo"
            ));
        }
    })
}

/// The ground that a word stands for: `shared-sample` and `shared sample` are the same.
fn ground(word: &str) -> Option<Ground> {
    word.trim().to_lowercase().replace(' ', "_").parse().ok()
}

/// Reads a batch: JSONL if its first character is a brace, otherwise a table.
///
/// # Errors
///
/// The first row that is not understood: a batch is accepted as a whole or not at all.
pub fn read_batch(text: &str) -> Result<Vec<Order>, BatchError> {
    let text = text.trim_start_matches('\u{FEFF}');
    let rows = if text.trim_start().starts_with('{') { lines(text) } else { table(text) };
    let mut orders = Vec::new();
    for (row, written) in rows? {
        if written.decision.trim().is_empty() {
            continue;
        }
        orders.push(order(row, &written).map_err(|why| BatchError::Row { row, why })?);
    }
    Ok(orders)
}

fn order(row: usize, written: &Written) -> Result<Order, String> {
    let Written { finding_id, decision, decision_ground, decision_reason, decided_by } = written;
    if finding_id.trim().is_empty() {
        return Err("it has a decision without a finding_id".into());
    }
    let state = state(decision)?;
    let ground = match decision_ground.trim() {
        "" => None,
        word => Some(ground(word).ok_or_else(|| {
            format!("{word:?} is no ground; write licensed, shared_sample, wrong or not_ours")
        })?),
    };
    // The CSV report puts an apostrophe before text that a spreadsheet would run as a formula.
    let plain = |text: &str| text.trim().trim_start_matches('\'').to_owned();
    let (reason, by) = (plain(decision_reason), plain(decided_by));
    Ok(Order { row, finding_id: finding_id.trim().to_owned(), state, ground, reason, by })
}

fn lines(text: &str) -> Result<Vec<(usize, Written)>, BatchError> {
    let rows = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    rows.map(|(line, row)| {
        let read = serde_json::from_str(line);
        read.map(|written| (row, written)).map_err(|error| BatchError::Row {
            row,
            why: format!("it is no JSON object of strings: {error}"),
        })
    })
    .collect()
}

fn table(text: &str) -> Result<Vec<(usize, Written)>, BatchError> {
    let header = text.lines().next().unwrap_or_default();
    let count = |delimiter: &char| header.matches(*delimiter).count();
    let delimiter = [',', ';', '\t'].into_iter().rev().max_by_key(count).unwrap_or(',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter as u8)
        .flexible(true)
        .from_reader(text.as_bytes());
    let unread = |row: usize, error: &csv::Error| BatchError::Row { row, why: error.to_string() };
    let names = reader.headers().map_err(|error| unread(1, &error))?.clone();
    let find = |name: &'static str| names.iter().position(|n| n.trim().eq_ignore_ascii_case(name));
    let (id, decision) = (
        find("finding_id").ok_or(BatchError::Column("finding_id"))?,
        find("decision").ok_or(BatchError::Column("decision"))?,
    );
    let (ground, reason, by) =
        (find("decision_ground"), find("decision_reason"), find("decided_by"));
    let mut rows = Vec::new();
    for (record, row) in reader.records().zip(2..) {
        let record = record.map_err(|error| unread(row, &error))?;
        let cell =
            |at: Option<usize>| at.and_then(|at| record.get(at)).unwrap_or_default().to_owned();
        rows.push((
            row,
            Written {
                finding_id: cell(Some(id)),
                decision: cell(Some(decision)),
                decision_ground: cell(ground),
                decision_reason: cell(reason),
                decided_by: cell(by),
            },
        ));
    }
    Ok(rows)
}
