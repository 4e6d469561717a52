//! The manifests of runs, their timestamp tokens, and the hashes of files on disk.

use rusqlite::{OptionalExtension as _, params};

use super::{ResultStore, ResultsError};
use crate::source::{Stamp, path_key};

/// A stored manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Number in the chain, from 1, in the order in which runs ended.
    pub number: i64,
    /// The run that it is about.
    pub run_id: i64,
    /// The manifest itself.
    pub document: String,
    /// SHA-256 of the document when the run ended, lower-case hex.
    pub digest: String,
}

impl ResultStore {
    /// The manifest of a run; `None` if it has not ended, or ended before there were manifests.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn manifest(&self, run_id: i64) -> Result<Option<Sealed>, ResultsError> {
        Ok(self.manifests()?.into_iter().find(|sealed| sealed.run_id == run_id))
    }

    /// All manifests, in the order of the chain.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn manifests(&self) -> Result<Vec<Sealed>, ResultsError> {
        let sql = "SELECT number, run_id, document, digest FROM manifests ORDER BY number";
        let read = || {
            let mut statement = self.connection.prepare(sql)?;
            let rows = statement.query_map([], |row| {
                let (number, run_id) = (row.get(0)?, row.get(1)?);
                Ok(Sealed { number, run_id, document: row.get(2)?, digest: row.get(3)? })
            })?;
            rows.collect::<rusqlite::Result<_>>()
        };
        read().map_err(|source| self.error(source))
    }

    /// Stores a token of a timestamp authority for a run, unless it is stored already.
    ///
    /// # Errors
    ///
    /// If the database cannot be written.
    pub fn attach_token(&self, run_id: i64, token: &[u8]) -> Result<(), ResultsError> {
        let sql = "INSERT OR IGNORE INTO timestamps VALUES (?1, ?2)";
        let written = self.connection.execute(sql, params![run_id, token]);
        written.map(drop).map_err(|source| self.error(source))
    }

    /// The timestamp tokens of a run.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn tokens(&self, run_id: i64) -> Result<Vec<Vec<u8>>, ResultsError> {
        let sql = "SELECT token FROM timestamps WHERE run_id = ?1 ORDER BY token";
        let read = || {
            let mut statement = self.connection.prepare(sql)?;
            statement.query_map([run_id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()
        };
        read().map_err(|source| self.error(source))
    }

    /// The stored SHA-256 of a file on disk; `None` if there is none or the file has changed since.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn file_hash(
        &self,
        path: &std::path::Path,
        stamp: Stamp,
    ) -> Result<Option<String>, ResultsError> {
        let sql = "SELECT sha256 FROM file_hashes
                   WHERE path = ?1 AND size_bytes = ?2 AND modified_ns = ?3";
        let key = params![path_key(path), stamp.size_bytes as i64, stamp.modified_ns];
        let found = self.connection.query_row(sql, key, |row| row.get(0)).optional();
        found.map_err(|source| self.error(source))
    }

    /// Stores the SHA-256 of a file on disk.
    ///
    /// # Errors
    ///
    /// If the database cannot be written.
    pub fn keep_file_hash(
        &self,
        path: &std::path::Path,
        stamp: Stamp,
        sha256: &str,
    ) -> Result<(), ResultsError> {
        let sql = "INSERT OR REPLACE INTO file_hashes VALUES (?1, ?2, ?3, ?4)";
        let row = params![path_key(path), stamp.size_bytes as i64, stamp.modified_ns, sha256];
        self.connection.execute(sql, row).map(drop).map_err(|source| self.error(source))
    }
}
