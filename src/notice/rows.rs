//! Rows of the database of notices, read and written.

use rusqlite::{Row, Transaction, params};

use super::kept::{Material, NewNotice, Notice, Search};
use super::{Act, Day, Life, Step};
use crate::record::{Checked, Finding, json};
use crate::review::Recorder;

/// Keeps a notice with what it is about, and returns its number.
pub(super) fn insert(
    transaction: &Transaction,
    notice: &NewNotice,
    recorder: &Recorder,
) -> rusqlite::Result<i64> {
    let sql =
        "INSERT INTO notices VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    transaction.prepare_cached(sql)?.execute(params![
        recorder.at,
        recorder.who,
        notice.kind.as_str(),
        notice.recipient,
        notice.place,
        notice.run_id,
        json(&notice.roots),
        notice.search.mode.as_str(),
        notice.search.match_below,
        notice.search.suspect_below,
        notice.draft,
        notice.draft_sha256,
    ])?;
    let number = transaction.last_insert_rowid();
    let sql = "INSERT INTO materials VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let mut statement = transaction.prepare_cached(sql)?;
    for (position, entry) in (0..).zip(&notice.materials) {
        let position: i64 = position;
        let (item, finding) = (entry.item(), entry.finding());
        // Pictures are for the report; decisions and notices are added when a record is read.
        let finding =
            Finding { evidence: None, decision: None, notices: Vec::new(), ..finding.clone() };
        let (id, locator) = (&finding.finding_id, &item.locator);
        statement.execute(params![number, position, id, locator, json(item), json(&finding)])?;
    }
    Ok(number)
}

/// Adds a step to a notice, and returns the number of the step.
pub(super) fn insert_step(
    transaction: &Transaction,
    number: i64,
    step: &Step,
    run_id: Option<i64>,
) -> rusqlite::Result<i64> {
    let sql = "INSERT INTO steps VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    transaction.execute(
        sql,
        params![
            number,
            step.act.as_str(),
            step.on.to_string(),
            step.at,
            step.by,
            step.addressee,
            step.reference,
            step.due.map_or_else(String::new, |due| due.to_string()),
            step.note,
            run_id
        ],
    )?;
    Ok(transaction.last_insert_rowid())
}

/// The error for a column whose text means nothing to this program.
fn wrong(row: &Row, at: usize) -> rusqlite::Error {
    let name = row.as_ref().column_name(at).unwrap_or_default().to_owned();
    rusqlite::Error::InvalidColumnType(at, name, rusqlite::types::Type::Text)
}

/// The JSON of a column.
pub(super) fn parsed<T: serde::de::DeserializeOwned>(row: &Row, at: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(at)?.as_str()?;
    serde_json::from_str(text).map_err(|_| wrong(row, at))
}

fn word<T: std::str::FromStr>(row: &Row, at: usize) -> rusqlite::Result<T> {
    row.get_ref(at)?.as_str()?.parse().map_err(|_| wrong(row, at))
}

/// A step, from the columns of `steps`.
pub(super) fn step(row: &Row) -> rusqlite::Result<Step> {
    let act = Act::of_word(row.get_ref(1)?.as_str()?).ok_or_else(|| wrong(row, 1))?;
    let due = match row.get_ref(6)?.as_str()? {
        "" => None,
        _ => Some(word(row, 6)?),
    };
    Ok(Step {
        act,
        on: word(row, 2)?,
        by: row.get(3)?,
        addressee: row.get(4)?,
        reference: row.get(5)?,
        due,
        note: row.get(7)?,
        at: row.get(8)?,
    })
}

/// A notice, from its columns and its steps.
pub(super) fn notice(row: &Row, steps: Vec<Step>) -> rusqlite::Result<Notice> {
    let (number, at): (i64, i64) = (row.get(0)?, row.get(1)?);
    let (by, recipient): (String, String) = (row.get(2)?, row.get(4)?);
    let life = Life::of(number, (Day::of(at), &by, &recipient), &steps);
    Ok(Notice {
        number,
        at,
        by,
        kind: word(row, 3)?,
        place: row.get(5)?,
        run_id: row.get(6)?,
        roots: parsed(row, 7)?,
        search: Search {
            mode: word(row, 8)?,
            match_below: row.get(9)?,
            suspect_below: row.get(10)?,
        },
        draft: row.get(11)?,
        draft_sha256: row.get(12)?,
        findings: row.get::<_, i64>(13)? as u64,
        steps,
        life,
    })
}

/// What a notice is about, with what the last check said.
pub(super) fn material(row: &Row) -> rusqlite::Result<Material> {
    let check = match row.get::<_, Option<String>>(4)? {
        None => None,
        Some(_) => Some(Checked {
            presence: word(row, 4)?,
            place: row.get(5)?,
            why: row.get(6)?,
            day: row.get(7)?,
            run_id: row.get::<_, Option<i64>>(8)?.unwrap_or_default(),
        }),
    };
    Ok(Material {
        number: row.get(0)?,
        position: row.get::<_, i64>(1)? as u64,
        finding_id: row.get(2)?,
        locator: row.get(3)?,
        check,
    })
}
