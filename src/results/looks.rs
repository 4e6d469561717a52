//! What the last scan of watched folders was of.

use rusqlite::{OptionalExtension as _, params};

use super::{ResultStore, ResultsError};
use crate::record::json;

/// The files that a scan of watched folders took for finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Their digest: see [`crate::watch::Looked::digest`].
    pub digest: String,
    /// The run.
    pub run_id: i64,
}

impl ResultStore {
    /// What the last complete scan of these watched folders was of.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn look(&self, roots: &[String]) -> Result<Option<Look>, ResultsError> {
        let sql = "SELECT digest, run_id FROM looks WHERE roots = ?1";
        let look = self.connection.query_row(sql, [json(&roots)], |row| {
            Ok(Look { digest: row.get(0)?, run_id: row.get(1)? })
        });
        look.optional().map_err(|source| self.error(source))
    }

    /// Keeps what a complete scan of these watched folders was of.
    ///
    /// # Errors
    ///
    /// If the database cannot be written.
    pub fn keep_look(&self, roots: &[String], look: &Look) -> Result<(), ResultsError> {
        let sql = "INSERT OR REPLACE INTO looks VALUES (?1, ?2, ?3)";
        let row = params![json(&roots), look.digest, look.run_id];
        self.connection.execute(sql, row).map(drop).map_err(|source| self.error(source))
    }
}
