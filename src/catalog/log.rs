//! The log: who changed or exported the catalogue, how and when.
//!
//! Rows are only appended. Each holds the SHA-256 of its content and of the previous row's digest, so that a row that was
//! changed, removed or inserted breaks the chain. Somebody who can write the file could forge the whole chain; a copy of the
//! last digest that is kept elsewhere reveals that, too.

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::{Catalog, CatalogError};
use crate::base::digest;
use crate::record::json;

/// A line to be logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Seconds since 1970, UTC.
    pub at: i64,
    /// The person who did it.
    pub who: String,
    /// The action in one word, such as `import`.
    pub action: String,
    /// What was affected, in one line.
    pub detail: String,
}

/// Makes a line of the log of a description of what was done; the caller knows who did it, when, and by which command.
///
/// The line is written in the transaction that makes the change, so that the log has all changes and no others.
pub type MakeLine<'a> = &'a dyn Fn(String) -> LogLine;

/// A row of the log.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Logged {
    /// Number of the row, from 1.
    pub number: i64,
    /// Seconds since 1970, UTC.
    pub at: i64,
    /// The person who did it.
    pub who: String,
    /// The action in one word.
    pub action: String,
    /// What was affected.
    pub detail: String,
    /// Digest of the previous row; empty for the first row.
    pub previous: String,
    /// SHA-256 of the fields above, lower-case hex.
    pub digest: String,
}

impl Logged {
    /// The digest that the row should have.
    fn seal(&self) -> String {
        let Self { number, at, who, action, detail, previous, .. } = self;
        digest(json(&(number, at, who, action, detail, previous)).as_bytes())
    }
}

/// The whole log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// All rows, oldest first.
    pub rows: Vec<Logged>,
    /// Number of the first row that breaks the chain, if any does.
    pub broken_at: Option<i64>,
}

impl Catalog {
    /// Appends a line about something that does not change the database, such as an export: one before it begins, one when it
    /// is done or has failed.
    ///
    /// # Errors
    ///
    /// If the database cannot be written.
    pub fn log(&self, line: &LogLine) -> Result<(), CatalogError> {
        (|| {
            let transaction =
                Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            append(&transaction, line)?;
            transaction.commit()
        })()
        .map_err(|source| self.error(source))
    }

    /// Reads the log and checks its chain of digests.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn read_log(&self) -> Result<Log, CatalogError> {
        let sql =
            "SELECT number, at, who, action, detail, previous, digest FROM log ORDER BY number";
        let read = || {
            let mut statement = self.connection.prepare(sql)?;
            let rows = statement.query_map([], |row| {
                Ok(Logged {
                    number: row.get(0)?,
                    at: row.get(1)?,
                    who: row.get(2)?,
                    action: row.get(3)?,
                    detail: row.get(4)?,
                    previous: row.get(5)?,
                    digest: row.get(6)?,
                })
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let rows = read().map_err(|source| self.error(source))?;
        let mut previous = "";
        let mut broken_at = None;
        for (row, number) in rows.iter().zip(1..) {
            let fits = row.number == number && row.previous == previous && row.digest == row.seal();
            if !fits && broken_at.is_none() {
                broken_at = Some(number);
            }
            previous = &row.digest;
        }
        Ok(Log { rows, broken_at })
    }
}

/// Appends a line, inside the transaction of the caller.
pub(super) fn append(connection: &Connection, line: &LogLine) -> rusqlite::Result<()> {
    let sql = "SELECT number, digest FROM log ORDER BY number DESC LIMIT 1";
    let last: Option<(i64, String)> =
        connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (number, previous) = last.unwrap_or_default();
    let LogLine { at, who, action, detail } = line.clone();
    let digest = String::new();
    let row = Logged { number: number + 1, at, who, action, detail, previous, digest };
    let sql = "INSERT INTO log VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let (number, at) = (row.number, row.at);
    connection.execute(
        sql,
        params![number, at, row.who, row.action, row.detail, row.previous, row.seal()],
    )?;
    Ok(())
}
