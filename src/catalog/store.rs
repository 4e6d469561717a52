//! The records on disk: opening, reading, removing, and naming new segments.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use sha2::{Digest as _, Sha256};

use super::{CatalogError, Recording, Snapshot};
use crate::fingerprint::FingerprintConfig;
use crate::index::{Index, Segment, SegmentBuilder};
use crate::ingest::hex;
use crate::record::json;

/// Version of `schema.sql`.
const SCHEMA_VERSION: i64 = 1;
/// More segments than this are merged into one when something was added.
const MAX_SEGMENTS: usize = 8;

/// A catalogue on disk.
#[derive(Debug)]
pub struct Catalog {
    folder: PathBuf,
    database: PathBuf,
    connection: Connection,
    config: FingerprintConfig,
}

/// The right to change the catalogue; others are told to wait.
#[derive(Debug)]
pub(super) struct WriteLock {
    _file: File,
}

/// The columns of a recording, in the order of [`recording`].
const COLUMNS: &str = "recording_id, path, sha256, stream, audio_digest, size_bytes, codec, \
                       duration_seconds, title, artist, album, isrc, upc, label, date";

impl Catalog {
    /// Opens the catalogue of a home, and makes one where there is none.
    ///
    /// # Errors
    ///
    /// If it cannot be made or read, is newer, or was made with other fingerprint settings.
    pub fn open(home: &Path, config: FingerprintConfig) -> Result<Self, CatalogError> {
        let folder = home.join("catalog");
        let segments = folder.join("segments");
        fs::create_dir_all(&segments)
            .map_err(|source| CatalogError::Write { path: segments.clone(), source })?;
        private(&folder).map_err(|source| CatalogError::Write { path: folder.clone(), source })?;
        let database = folder.join("catalog.sqlite");
        let error = |source| CatalogError::Database { path: database.clone(), source };
        let connection = Connection::open(&database).map_err(error)?;
        let mut catalog = Self { folder, database: database.clone(), connection, config };
        catalog.prepare()?;
        Ok(catalog)
    }

    fn prepare(&mut self) -> Result<(), CatalogError> {
        let expected = format!("{:08x}", self.config.digest());
        let path = self.database.clone();
        let error = |source| CatalogError::Database { path: path.clone(), source };
        let found = (|| {
            self.connection.busy_timeout(std::time::Duration::from_secs(30))?;
            self.connection.pragma_update(None, "journal_mode", "wal")?;
            self.connection.pragma_update(None, "synchronous", "full")?;
            self.connection.pragma_update(None, "foreign_keys", true)?;
            let transaction =
                Transaction::new(&mut self.connection, rusqlite::TransactionBehavior::Immediate)?;
            let version: i64 =
                transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
            if version == 0 {
                transaction.execute_batch(include_str!("schema.sql"))?;
                transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
                let sql = "INSERT INTO facts VALUES ('fingerprint_config', ?1)";
                transaction.execute(sql, [&expected])?;
            } else if version != SCHEMA_VERSION {
                return Ok(Err(version));
            }
            let sql = "SELECT value FROM facts WHERE name = 'fingerprint_config'";
            let digest: String = transaction.query_row(sql, [], |row| row.get(0))?;
            transaction.commit()?;
            Ok(Ok(digest))
        })()
        .map_err(error)?;
        match found {
            Err(found) => Err(CatalogError::Version { path, found, known: SCHEMA_VERSION }),
            Ok(found) if found != expected => Err(CatalogError::Config { path, found, expected }),
            Ok(_) => Ok(()),
        }
    }

    fn error(&self, source: rusqlite::Error) -> CatalogError {
        CatalogError::Database { path: self.database.clone(), source }
    }

    /// Fingerprint settings of the index.
    pub fn config(&self) -> FingerprintConfig {
        self.config
    }

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

    /// The recordings that `name` names: an id or the start of one, a path, or an ISRC.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn find(&self, name: &str) -> Result<Vec<Recording>, CatalogError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM recordings WHERE path = ?1 OR (isrc <> '' AND isrc = ?1)
             OR (length(?1) >= 4 AND substr(recording_id, 1, length(?1)) = ?1)
             ORDER BY recording_id"
        );
        (|| {
            self.connection
                .prepare(&sql)?
                .query_map([name], recording)?
                .collect::<rusqlite::Result<_>>()
        })()
        .map_err(|source| self.error(source))
    }

    /// SHA-256 of each file that has a recording, and that recording's id.
    pub(super) fn known_files(&self) -> Result<HashMap<String, String>, CatalogError> {
        let sql = "SELECT sha256, recording_id FROM recordings ORDER BY stream DESC";
        (|| {
            self.connection
                .prepare(sql)?
                .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
                .collect::<rusqlite::Result<_>>()
        })()
        .map_err(|source| self.error(source))
    }

    /// The recording that has this audio.
    pub(super) fn with_audio(&self, digest: &str) -> Result<Option<String>, CatalogError> {
        let sql = "SELECT recording_id FROM recordings WHERE audio_digest = ?1";
        self.connection
            .query_row(sql, [digest], |row| row.get(0))
            .optional()
            .map_err(|source| self.error(source))
    }

    /// Removes recordings by id. Their tracks stay in their segments, unused, until a merge.
    ///
    /// # Errors
    ///
    /// If another program is changing the catalogue, or the database cannot be written.
    pub fn remove(&mut self, recording_ids: &[String]) -> Result<usize, CatalogError> {
        let lock = self.lock()?;
        let removed = (|| {
            let transaction = self.connection.transaction()?;
            let mut removed = 0;
            for id in recording_ids {
                let sql = "DELETE FROM recordings WHERE recording_id = ?1";
                removed += transaction.execute(sql, [id])?;
            }
            let sql = "DELETE FROM segments WHERE segment_id NOT IN
                       (SELECT segment_id FROM recordings)";
            transaction.execute(sql, [])?;
            transaction.commit()?;
            Ok(removed)
        })()
        .map_err(|source| self.error(source))?;
        self.sweep(&lock)?;
        Ok(removed)
    }

    /// Reads the whole catalogue for a scan.
    ///
    /// # Errors
    ///
    /// If a segment is missing, damaged or of another kind, or the records do not fit it.
    pub fn snapshot(&self) -> Result<Snapshot, CatalogError> {
        let rows = self.placed().map_err(|source| self.error(source))?;
        let mut index = Index::default();
        let mut tracks: Vec<Option<Recording>> = Vec::new();
        let mut opened: Option<(String, u32)> = None;
        let mut digest = Sha256::new();
        for (file, track, recording) in rows {
            let first = match &opened {
                Some((name, first)) if *name == file => *first,
                _ => {
                    let path = self.folder.join("segments").join(&file);
                    let first = index.push(Segment::open(&path, self.config.digest())?).0;
                    tracks.resize(index.track_bound(), None);
                    opened = Some((file.clone(), first));
                    first
                }
            };
            let at = first.saturating_add(track);
            let slot = tracks.get_mut(at as usize);
            if slot.is_none() || !index.revive(crate::units::TrackId(at)) {
                let recording_id = recording.recording_id;
                return Err(CatalogError::Dangling { recording_id, track, segment: file });
            }
            if let Some(slot) = slot {
                *slot = Some(recording);
            }
        }
        let mut shown: Vec<&Recording> = tracks.iter().flatten().collect();
        shown.sort_by(|a, b| a.recording_id.cmp(&b.recording_id));
        digest.update(self.config.digest().to_le_bytes());
        for recording in shown {
            digest.update(json(recording).as_bytes());
        }
        Ok(Snapshot { index, tracks, digest: hex(&digest.finalize()) })
    }

    /// Segment file, track and recording, by segment.
    fn placed(&self) -> rusqlite::Result<Vec<(String, u32, Recording)>> {
        let sql = format!(
            "SELECT {COLUMNS}, file, track FROM recordings JOIN segments USING (segment_id)
             ORDER BY segment_id, track"
        );
        self.connection
            .prepare(&sql)?
            .query_map([], |row| Ok((row.get(15)?, row.get(16)?, recording(row)?)))?
            .collect()
    }

    /// Keeps other writers out until the lock is dropped.
    pub(super) fn lock(&self) -> Result<WriteLock, CatalogError> {
        let path = self.folder.join("write.lock");
        let write = |source| CatalogError::Write { path: path.clone(), source };
        let file = File::create(&path).map_err(write)?;
        match file.try_lock() {
            Ok(()) => Ok(WriteLock { _file: file }),
            Err(fs::TryLockError::WouldBlock) => Err(CatalogError::Busy { path }),
            Err(fs::TryLockError::Error(source)) => Err(CatalogError::Write { path, source }),
        }
    }

    /// Writes a segment and, in one transaction, the recordings that are its tracks, in order.
    pub(super) fn commit(
        &mut self,
        builder: &SegmentBuilder,
        recordings: &[Recording],
        _lock: &WriteLock,
    ) -> Result<(), CatalogError> {
        let file = self.write_segment(builder)?;
        (|| {
            let transaction = self.connection.transaction()?;
            transaction.execute("INSERT INTO segments (file) VALUES (?1)", [&file])?;
            let segment = transaction.last_insert_rowid();
            for (track, recording) in recordings.iter().enumerate() {
                insert(&transaction, segment, track as u32, recording)?;
            }
            transaction.commit()
        })()
        .map_err(|source| self.error(source))
    }

    /// Writes a segment under the name of its content; returns the name.
    fn write_segment(&self, builder: &SegmentBuilder) -> Result<String, CatalogError> {
        let folder = self.folder.join("segments");
        let mut bytes = Vec::new();
        builder.write(&mut bytes).expect("memory takes all");
        let digest = hex(&Sha256::digest(&bytes));
        let name = format!("{}.seg", &digest[..24]);
        let (part, path) = (folder.join(format!("{name}.part")), folder.join(&name));
        (|| {
            fs::write(&part, &bytes)?;
            File::open(&part)?.sync_all()?;
            fs::rename(&part, &path)?;
            // The name has to be on disk before the records use it.
            if cfg!(unix) { File::open(&folder)?.sync_all() } else { Ok(()) }
        })()
        .map_err(|source| {
            // What was written of it only fills the disk; it may never have been made.
            let _ = fs::remove_file(&part);
            CatalogError::Write { path, source }
        })?;
        Ok(name)
    }

    /// Merges all segments into one when there are many: each costs a look-up of every hash.
    pub(super) fn merge_if_many(&mut self, lock: &WriteLock) -> Result<(), CatalogError> {
        let sql = "SELECT count(*) FROM segments";
        let count: i64 = self
            .connection
            .query_row(sql, [], |row| row.get(0))
            .map_err(|source| self.error(source))?;
        if count as usize > MAX_SEGMENTS {
            let snapshot = self.snapshot()?;
            let mut builder = SegmentBuilder::new(self.config);
            let mut moved = Vec::new();
            for (track, recording) in snapshot.tracks.iter().enumerate() {
                let Some(recording) = recording else { continue };
                let kept = snapshot.index.track(crate::units::TrackId(track as u32));
                moved.push((builder.push(kept).0, recording.recording_id.clone()));
            }
            let file = self.write_segment(&builder)?;
            self.repoint(&file, &moved).map_err(|source| self.error(source))?;
        }
        self.sweep(lock)
    }

    fn repoint(&mut self, file: &str, moved: &[(u32, String)]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        transaction.execute("INSERT INTO segments (file) VALUES (?1)", [file])?;
        let segment = transaction.last_insert_rowid();
        for (track, id) in moved {
            let sql = "UPDATE recordings SET segment_id = ?1, track = ?2 WHERE recording_id = ?3";
            transaction.execute(sql, params![segment, track, id])?;
        }
        transaction.execute("DELETE FROM segments WHERE segment_id <> ?1", [segment])?;
        transaction.commit()
    }

    /// Deletes segment files that no record names: left by a merge, a removal or a crash.
    pub(super) fn sweep(&self, _lock: &WriteLock) -> Result<(), CatalogError> {
        let named: Vec<String> = (|| {
            self.connection
                .prepare("SELECT file FROM segments")?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()
        })()
        .map_err(|source| self.error(source))?;
        let folder = self.folder.join("segments");
        let write = |source| CatalogError::Write { path: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(write)? {
            let entry = entry.map_err(write)?;
            let name = entry.file_name();
            if !named.iter().any(|n| name == n.as_str()) {
                fs::remove_file(entry.path()).map_err(write)?;
            }
        }
        Ok(())
    }
}

/// Unreleased music is in there: nobody else reads it.
fn private(folder: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

fn recording(row: &Row) -> rusqlite::Result<Recording> {
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
    })
}

fn insert(
    transaction: &Transaction,
    segment: i64,
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
    } = recording;
    let sql = format!(
        "INSERT INTO recordings ({COLUMNS}, segment_id, track) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)"
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
        segment,
        track,
    ])?;
    Ok(())
}
