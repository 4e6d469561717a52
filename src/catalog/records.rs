//! The records of a snapshot: recordings and entries, read when something shows them.

use std::collections::BTreeSet;
use std::sync::{Mutex, OnceLock, PoisonError};

use rusqlite::{Connection, OptionalExtension as _};

use super::recordings::{COLUMNS, recording};
use super::{CatalogError, Entry, Recording};
use crate::index::TrackId;
use crate::signal::fingerprint::FingerprintConfig;

/// The records of a snapshot.
#[derive(Debug)]
pub struct Records {
    /// A connection with an open read transaction, which ends when it is dropped.
    pub(super) connection: Mutex<Connection>,
    pub(super) database: std::path::PathBuf,
    pub(super) config: FingerprintConfig,
    /// Number and first track of each segment, in the order of the tracks.
    pub(super) segments: Vec<(u64, u32)>,
    /// The first reason why a record could not be read.
    pub(super) failed: OnceLock<String>,
}

impl Records {
    /// The recording of a track; `None` if it was removed. Also `None` if the database cannot be read, which
    /// [`super::Snapshot::damage`] reports from then on.
    pub fn get(&self, track: TrackId) -> Option<Recording> {
        let at = self.segments.partition_point(|(_, first)| *first <= track.0).checked_sub(1)?;
        let (segment, first) = self.segments[at];
        let sql = format!("SELECT {COLUMNS} FROM recordings WHERE segment_id = ?1 AND track = ?2");
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || {
            let mut statement = connection.prepare_cached(&sql)?;
            statement.query_row([segment as i64, i64::from(track.0 - first)], recording).optional()
        };
        read().unwrap_or_else(|error: rusqlite::Error| {
            self.failed.get_or_init(|| error.to_string());
            None
        })
    }

    /// The entry with an id, as the record of a recording without audio. Also `None` if the database cannot be read.
    pub(crate) fn without_audio(&self, entry_id: &str) -> Option<Recording> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || {
            let sql = "SELECT document FROM entries WHERE entry_id = ?1";
            let mut statement = connection.prepare_cached(sql)?;
            let document = |row: &rusqlite::Row| row.get::<_, String>(0);
            statement.query_row([entry_id], document).optional()
        };
        let failed = |what: String| {
            self.failed.get_or_init(|| what);
        };
        let document = read().unwrap_or_else(|error: rusqlite::Error| {
            failed(error.to_string());
            None
        })?;
        let entry = serde_json::from_str::<Entry>(&document);
        entry.map_err(|error| failed(error.to_string())).ok().map(|entry| entry.as_recording())
    }

    /// The entries of a recording, or the entry with that id. Also empty if the database cannot be read.
    pub(crate) fn entries_of(&self, recording_id: &str) -> Vec<Entry> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || {
            let sql = "SELECT document FROM entries WHERE entry_id = ?1
                       OR entry_id IN (SELECT entry_id FROM entry_audio WHERE recording_id = ?1) ORDER BY entry_id";
            let mut statement = connection.prepare_cached(sql)?;
            let documents = statement.query_map([recording_id], |row| row.get::<_, String>(0))?;
            documents.collect::<rusqlite::Result<Vec<_>>>()
        };
        let read = read().map_err(|error: rusqlite::Error| error.to_string()).and_then(|texts| {
            let entries = texts.iter().map(|text| serde_json::from_str(text));
            entries.collect::<Result<_, _>>().map_err(|error| error.to_string())
        });
        read.unwrap_or_else(|error| {
            self.failed.get_or_init(|| error);
            Vec::new()
        })
    }

    /// Visits the entries that have ids at services and audio in the index: `(track, recording_id, entry)`, in the order of the
    /// recordings' ids.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub(crate) fn each_entry_with_audio(
        &self,
        mut visit: impl FnMut(TrackId, &str, &Entry),
    ) -> Result<(), CatalogError> {
        // The text is searched first: parsing a million entries takes seconds.
        let sql = r#"SELECT r.segment_id, r.track, r.recording_id, e.document FROM recordings r
                     JOIN entry_audio a ON a.recording_id = r.recording_id JOIN entries e ON e.entry_id = a.entry_id
                     WHERE instr(e.document, '"service_ids":{"') > 0 ORDER BY r.recording_id, e.entry_id"#;
        self.each_parsed(sql, |row, entry| {
            if let Some(track) = self.track(row)? {
                visit(track, row.get_ref(2)?.as_str()?, entry);
            }
            Ok(())
        })
    }

    /// Visits the entries without audio in the index, in the order of their ids. Their identifiers are looked up all the same.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub(crate) fn each_without_audio(
        &self,
        mut visit: impl FnMut(&Entry),
    ) -> Result<(), CatalogError> {
        let sql = "SELECT document FROM entries e WHERE NOT EXISTS
                   (SELECT 1 FROM entry_audio a WHERE a.entry_id = e.entry_id) ORDER BY entry_id";
        self.each_parsed(sql, |_, entry| {
            visit(entry);
            Ok(())
        })
    }

    /// Visits the rows of a query, each with the entry that its column `document` holds.
    fn each_parsed(
        &self,
        sql: &str,
        mut visit: impl FnMut(&rusqlite::Row, &Entry) -> rusqlite::Result<()>,
    ) -> Result<(), CatalogError> {
        let path = || self.database.clone();
        let visited = self.rows(sql, |row| {
            let document = row.get_ref("document")?.as_str().map_err(rusqlite::Error::from)?;
            visit(row, &serde_json::from_str(document)?)?;
            Ok(())
        });
        visited.map_err(|unreadable| match unreadable {
            Unreadable::Row(source) => CatalogError::Database { path: path(), source },
            Unreadable::Entry(source) => CatalogError::Entry { path: path(), source },
        })
    }

    /// The track of a row whose first columns are segment and track; `None` if the snapshot does not have the segment.
    fn track(&self, row: &rusqlite::Row) -> rusqlite::Result<Option<TrackId>> {
        let (segment, track): (i64, u32) = (row.get(0)?, row.get(1)?);
        let at = self.segments.iter().find(|(id, _)| *id as i64 == segment);
        Ok(at.map(|(_, first)| TrackId(first + track)))
    }

    /// Visits the identifiers of all recordings except neutral references: `(track, [ISRC, UPC, SHA-256])`, each as the record
    /// has it.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub(crate) fn each_identifier(
        &self,
        mut visit: impl FnMut(TrackId, [&str; 3]),
    ) -> Result<(), CatalogError> {
        let sql = "SELECT segment_id, track, isrc, upc, sha256 FROM recordings WHERE neutral = 0";
        self.each(sql, |row| {
            let Some(track) = self.track(row)? else { return Ok(()) };
            let text = |column| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str()?);
            visit(track, [text(2)?, text(3)?, text(4)?]);
            Ok(())
        })
    }

    /// The sizes in bytes of the label's files, neutral references excluded.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn file_sizes(&self) -> Result<BTreeSet<u64>, CatalogError> {
        let mut sizes = BTreeSet::new();
        self.each("SELECT size_bytes FROM recordings WHERE neutral = 0", |row| {
            sizes.insert(row.get::<_, i64>(0)?.unsigned_abs());
            Ok(())
        })?;
        Ok(sizes)
    }

    /// Visits the rows of a query without parameters.
    pub(super) fn each(
        &self,
        sql: &str,
        visit: impl FnMut(&rusqlite::Row) -> rusqlite::Result<()>,
    ) -> Result<(), CatalogError> {
        let error = |source| CatalogError::Database { path: self.database.clone(), source };
        self.rows(sql, visit).map_err(error)
    }

    /// Visits the rows of a query without parameters, until there is an error.
    fn rows<E: From<rusqlite::Error>>(
        &self,
        sql: &str,
        mut visit: impl FnMut(&rusqlite::Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            visit(row)?;
        }
        Ok(())
    }
}

/// Why an entry could not be read.
enum Unreadable {
    Row(rusqlite::Error),
    Entry(serde_json::Error),
}

impl From<rusqlite::Error> for Unreadable {
    fn from(error: rusqlite::Error) -> Self {
        Self::Row(error)
    }
}

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        Self::Entry(error)
    }
}
