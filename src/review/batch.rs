//! Decisions from a spreadsheet: CSV, TSV or JSONL.
//!
//! The columns are those of the CSV report, so that staff fill in the report and hand it back: `finding_id`,
//! `decision`, `decision_ground`, `decision_reason`, `decided_by`. Others are passed over, and so are rows without
//! a decision. A spreadsheet may have parted cells by `;` or tabs.

use serde::Deserialize;

use crate::record::{DecisionState, Ground};

/// What is asked for in one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Row of the file, from 1, the header counted.
    pub row: usize,
    /// The finding.
    pub finding_id: String,
    /// What; `None` takes back what was decided.
    pub state: Option<DecisionState>,
    /// Why it is dismissed.
    pub ground: Option<Ground>,
    /// In words.
    pub reason: String,
    /// Who; empty if the row does not say.
    pub by: String,
}

/// Why a file is no batch.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// It lacks a column.
    #[error(
        "there is no column {0:?}; it needs finding_id, decision, decision_ground, decision_reason and decided_by, as the CSV report has them"
    )]
    Column(&'static str),
    /// A row is not read.
    #[error("row {row}: {why}")]
    Row {
        /// From 1, the header counted.
        row: usize,
        /// One line.
        why: String,
    },
}

/// A row as it stands in the file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Written {
    finding_id: String,
    decision: String,
    decision_ground: String,
    decision_reason: String,
    decided_by: String,
}

/// What a person's word for a decision means: `accept` and `accepted` are one. `None` takes back.
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

/// What a word for a ground means; `shared-sample` and `shared sample` are one.
fn ground(word: &str) -> Option<Ground> {
    word.trim().to_lowercase().replace(' ', "_").parse().ok()
}

/// Reads a batch: JSONL if its first character is a brace, else a table.
///
/// # Errors
///
/// The first row that is not understood: a batch is taken whole or not at all.
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
        return Err("a decision without a finding_id".into());
    }
    let state = state(decision)?;
    let ground = match decision_ground.trim() {
        "" => None,
        word => Some(ground(word).ok_or_else(|| {
            format!("{word:?} is no ground; write licensed, shared_sample, wrong or not_ours")
        })?),
    };
    // The report puts an apostrophe before what a spreadsheet would run.
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
            why: format!("it is no JSON object of texts: {error}"),
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
