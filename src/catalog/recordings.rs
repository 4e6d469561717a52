//! Recordings as rows of the database.

use rusqlite::{OptionalExtension as _, Row, Transaction, params};

use super::{Catalog, CatalogError, Recording};

/// The columns of a recording, in the order in which [`recording`] reads them.
pub(super) const COLUMNS: &str = "recording_id, path, sha256, stream, audio_digest, size_bytes, codec, \
                                  duration_seconds, title, artist, album, isrc, upc, label, date, \
                                  neutral";

/// Reads a recording from a row of [`COLUMNS`].
pub(super) fn recording(row: &Row) -> rusqlite::Result<Recording> {
    Ok(Recording {
        recording_id: row.get(0)?,
        path: row.get(1)?,
        sha256: row.get(2)?,
        stream: row.get(3)?,
        audio_digest: row.get(4)?,
        size_bytes: row.get::<_, i64>(5)? as u64,
        codec: row.get(6)?,
        duration_seconds: row.get(7)?,
        title: row.get(8)?,
        artist: row.get(9)?,
        album: row.get(10)?,
        isrc: row.get(11)?,
        upc: row.get(12)?,
        label: row.get(13)?,
        date: row.get(14)?,
        neutral: row.get(15)?,
    })
}

/// Inserts a recording whose fingerprint is a track of a segment.
pub(super) fn insert(
    transaction: &Transaction,
    segment: u64,
    track: u32,
    recording: &Recording,
) -> rusqlite::Result<()> {
    let Recording {
        recording_id,
        path,
        sha256,
        stream,
        audio_digest,
        size_bytes,
        codec,
        duration_seconds,
        title,
        artist,
        album,
        isrc,
        upc,
        label,
        date,
        neutral,
    } = recording;
    let sql = format!(
        "INSERT INTO recordings ({COLUMNS}, segment_id, track) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"
    );
    let size_bytes = *size_bytes as i64;
    transaction.prepare_cached(&sql)?.execute(params![
        recording_id,
        path,
        sha256,
        stream,
        audio_digest,
        size_bytes,
        codec,
        duration_seconds,
        title,
        artist,
        album,
        isrc,
        upc,
        label,
        date,
        neutral,
        segment as i64,
        track,
    ])?;
    Ok(())
}

impl Catalog {
    /// All recordings, sorted by artist, album, title and id.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn recordings(&self) -> Result<Vec<Recording>, CatalogError> {
        let sql =
            format!("SELECT {COLUMNS} FROM recordings ORDER BY artist, album, title, recording_id");
        (|| {
            self.connection
                .prepare(&sql)?
                .query_map([], recording)?
                .collect::<rusqlite::Result<_>>()
        })()
        .map_err(|source| self.error(source))
    }

    /// The recordings with a name: an id or at least its first four characters, a path, or an ISRC.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn find(&self, name: &str) -> Result<Vec<Recording>, CatalogError> {
        // A UNION, so that each part uses its index. Ids consist of hexadecimal digits and `-`, which all sort before `~`.
        let sql = format!(
            "SELECT {COLUMNS} FROM recordings WHERE path = ?1
             UNION SELECT {COLUMNS} FROM recordings WHERE isrc <> '' AND isrc = ?1
             UNION SELECT {COLUMNS} FROM recordings
                   WHERE length(?1) >= 4 AND recording_id >= ?1 AND recording_id < ?1 || '~'
             ORDER BY recording_id"
        );
        (|| {
            self.connection
                .prepare_cached(&sql)?
                .query_map([name], recording)?
                .collect::<rusqlite::Result<_>>()
        })()
        .map_err(|source| self.error(source))
    }

    /// Whether a scan searches for a recording: it has this id and is not neutral, or is an entry of this id without audio.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn searches_for(&self, id: &str) -> Result<bool, CatalogError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM recordings WHERE recording_id = ?1 AND neutral = 0)
                   OR EXISTS (SELECT 1 FROM entries WHERE entry_id = ?1)";
        let read = || self.connection.prepare_cached(sql)?.query_row([id], |row| row.get(0));
        read().map_err(|source| self.error(source))
    }

    /// The recording with this digest of its audio, and whether it is neutral.
    pub(super) fn with_audio(&self, digest: &str) -> Result<Option<(String, bool)>, CatalogError> {
        let sql = "SELECT recording_id, neutral FROM recordings WHERE audio_digest = ?1";
        let read = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.query_row([digest], |row| Ok((row.get(0)?, row.get(1)?))).optional()
        };
        read().map_err(|source| self.error(source))
    }
}
