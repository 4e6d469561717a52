//! The manifests of runs, the tokens of timestamp authorities on them, and the hashes of containers.

use rusqlite::{OptionalExtension as _, params};

use super::{ResultStore, ResultsError};
use crate::source::{Stamp, path_key};

/// A manifest as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Place in the chain, from 1: the order in which runs ended.
    pub number: i64,
    /// The run.
    pub run_id: i64,
    /// The document: the bytes that the digest is of.
    pub document: String,
    /// Their SHA-256, as it was when the run ended.
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

    /// Keeps a token of a timestamp authority with a run; the same again changes nothing.
    ///
    /// # Errors
    ///
    /// If the database cannot be written.
    pub fn attach_token(&self, run_id: i64, token: &[u8]) -> Result<(), ResultsError> {
        let sql = "INSERT OR IGNORE INTO timestamps VALUES (?1, ?2)";
        let written = self.connection.execute(sql, params![run_id, token]);
        written.map(drop).map_err(|source| self.error(source))
    }

    /// The tokens that were kept with a run.
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

    /// The hash of a file on disk, if it is known and the file has not changed since.
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

    /// Keeps the hash of a file on disk.
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
