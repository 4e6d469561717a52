//! The log: who changed or copied the catalogue, what and when.
//!
//! Rows are only added. Each holds the SHA-256 of its own words and of the digest before, so that a row that was
//! changed, taken out or put in between breaks the chain. Who can write the file can write a whole new chain:
//! the digest of the last row, noted elsewhere, tells that, too.

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::{Catalog, CatalogError};
use crate::base::digest;
use crate::record::json;

/// What is to be logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Seconds since 1970.
    pub at: i64,
    /// Who did it.
    pub who: String,
    /// What: one word, `import`.
    pub action: String,
    /// With what and how much: one line.
    pub detail: String,
}

/// Makes the line of the log of what was done. It is written in the transaction that does it: the log never tells of what did
/// not happen, and nothing happens that it does not tell. Who, when and by which command is the caller's to know.
pub type MakeLine<'a> = &'a dyn Fn(String) -> LogLine;

/// A row of the log.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Logged {
    /// Number, from 1.
    pub number: i64,
    /// Seconds since 1970.
    pub at: i64,
    /// Who did it.
    pub who: String,
    /// What.
    pub action: String,
    /// With what and how much.
    pub detail: String,
    /// The digest of the row before; empty for the first.
    pub previous: String,
    /// SHA-256 of all of the above.
    pub digest: String,
}

impl Logged {
    fn seal(&self) -> String {
        let Self { number, at, who, action, detail, previous, .. } = self;
        digest(json(&(number, at, who, action, detail, previous)).as_bytes())
    }
}

/// The log as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Oldest first.
    pub rows: Vec<Logged>,
    /// Number of the first row that does not fit the one before.
    pub broken_at: Option<i64>,
}

impl Catalog {
    /// Adds a line about what happens outside of the database: one before, and one when it is done or has failed.
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

    /// Reads the log and looks whether it is whole.
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

/// Adds a line within a transaction.
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
