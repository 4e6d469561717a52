//! The records on disk: opening and reading. What changes them is in `change`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};

use super::neutral::Neutral;
use super::rows::{COLUMNS, recording};
use super::{CatalogError, Recording, Records, Snapshot};
use crate::index::TrackId;
use crate::index::{Index, IndexError, Listed, Manifest, Segment};
use crate::signal::fingerprint::FingerprintConfig;

/// Version of `schema.sql`, the oldest that is read: the index of an older one cannot be made from what it holds.
const FIRST_VERSION: i64 = 2;
/// What makes each later version of the one before, in order.
const MIGRATIONS: [&str; 2] =
    [include_str!("migrations/3-entries.sql"), include_str!("migrations/4-neutral.sql")];
/// The version that this program writes.
const SCHEMA_VERSION: i64 = FIRST_VERSION + MIGRATIONS.len() as i64;
/// Times that a reader begins anew because a writer has put other segments in the place of those it was about to
/// open. Each time takes a whole change of the catalogue.
const READ_ATTEMPTS: usize = 100;

/// A catalogue on disk.
#[derive(Debug)]
pub struct Catalog {
    pub(super) folder: PathBuf,
    pub(super) database: PathBuf,
    pub(super) connection: Connection,
    pub(super) config: FingerprintConfig,
}

impl Catalog {
    /// Opens the catalogue of a home, and makes one where there is none.
    ///
    /// # Errors
    ///
    /// If it cannot be made or read, is newer or older, or was made with other fingerprint settings.
    pub fn open(home: &Path, config: FingerprintConfig) -> Result<Self, CatalogError> {
        let folder = home.join("catalog");
        let segments = folder.join("segments");
        fs::create_dir_all(&segments)
            .map_err(|source| CatalogError::Write { path: segments.clone(), source })?;
        private(&folder).map_err(|source| CatalogError::Write { path: folder.clone(), source })?;
        let database = folder.join("catalog.sqlite");
        let error = |source| CatalogError::Database { path: database.clone(), source };
        let connection = Connection::open(&database).map_err(error)?;
        // Its journals have the same permissions.
        private(&database)
            .map_err(|source| CatalogError::Write { path: database.clone(), source })?;
        let mut catalog = Self { folder, database: database.clone(), connection, config };
        catalog.prepare()?;
        Ok(catalog)
    }

    fn prepare(&mut self) -> Result<(), CatalogError> {
        let expected = format!("{:08x}", self.config.digest());
        let path = self.database.clone();
        // Of no use to a catalogue that is there: its manifest is of a later generation, or this very one.
        let begin = || self.write_manifest(&Manifest::default());
        let found = (|| {
            self.connection.busy_timeout(std::time::Duration::from_secs(30))?;
            self.connection.pragma_update(None, "journal_mode", "wal")?;
            self.connection.pragma_update(None, "synchronous", "full")?;
            let transaction =
                Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            let mut version: i64 =
                transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
            if version == 0 {
                if let Err(error) = begin() {
                    return Ok(Err(error));
                }
                transaction.execute_batch(include_str!("schema.sql"))?;
                let sql = "INSERT INTO facts VALUES ('fingerprint_config', ?1), ('manifest', '0')";
                transaction.execute(sql, [&expected])?;
                version = FIRST_VERSION;
            }
            if !(FIRST_VERSION..=SCHEMA_VERSION).contains(&version) {
                let (path, found, known) = (path.clone(), version, SCHEMA_VERSION);
                return Ok(Err(if version > SCHEMA_VERSION {
                    CatalogError::Version { path, found, known }
                } else {
                    CatalogError::Older { path, found, known }
                }));
            }
            for migration in &MIGRATIONS[(version - FIRST_VERSION) as usize..] {
                transaction.execute_batch(migration)?;
            }
            if version != SCHEMA_VERSION {
                transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
            }
            let sql = "SELECT value FROM facts WHERE name = 'fingerprint_config'";
            let digest: String = transaction.query_row(sql, [], |row| row.get(0))?;
            transaction.commit()?;
            Ok(Ok(digest))
        })()
        .map_err(|source| self.error(source))?;
        match found? {
            found if found != expected => Err(CatalogError::Config { path, found, expected }),
            _ => Ok(()),
        }
    }

    pub(super) fn error(&self, source: rusqlite::Error) -> CatalogError {
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
        // Each by an index; ids are hexadecimal digits and `-`, all below `~`.
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

    /// Another connection, which only reads.
    pub(super) fn reader(&self) -> Result<Connection, CatalogError> {
        let open = || {
            let connection = Connection::open(&self.database)?;
            connection.busy_timeout(std::time::Duration::from_secs(30))?;
            connection.pragma_update(None, "query_only", true)?;
            Ok(connection)
        };
        open().map_err(|source| self.error(source))
    }

    /// The recording that has this audio, and whether it is neutral.
    pub(super) fn with_audio(&self, digest: &str) -> Result<Option<(String, bool)>, CatalogError> {
        let sql = "SELECT recording_id, neutral FROM recordings WHERE audio_digest = ?1";
        let read = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.query_row([digest], |row| Ok((row.get(0)?, row.get(1)?))).optional()
        };
        read().map_err(|source| self.error(source))
    }

    /// The generation of the manifest that counts.
    pub(super) fn generation(connection: &Connection) -> rusqlite::Result<u64> {
        let sql = "SELECT CAST(value AS INTEGER) FROM facts WHERE name = 'manifest'";
        connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map(|g| g as u64)
    }

    /// The manifest of a generation.
    pub(super) fn read_manifest(&self, generation: u64) -> Result<Manifest, IndexError> {
        let path = self.segments_folder().join(Manifest::file(generation));
        let text = fs::read_to_string(&path)
            .map_err(|source| IndexError::Read { path: path.clone(), source })?;
        let manifest = Manifest::parse(&path, &text)?;
        if manifest.generation == generation {
            Ok(manifest)
        } else {
            let what = format!("it is of generation {}", manifest.generation);
            Err(IndexError::Damaged { path, what })
        }
    }

    pub(super) fn segments_folder(&self) -> PathBuf {
        self.folder.join("segments")
    }

    /// Opens a segment and makes sure that it is the one that the manifest names.
    pub(super) fn open_segment(&self, listed: &Listed) -> Result<Segment, IndexError> {
        let path = self.segments_folder().join(listed.file());
        let segment = Segment::open(&path, self.config.digest())?;
        if Listed::new(listed.id, &segment.info()) == *listed {
            Ok(segment)
        } else {
            Err(IndexError::Damaged { path, what: "not the one that the manifest names".into() })
        }
    }

    /// Takes the catalogue as it is, for a scan. Whatever others change from then on, it stays so.
    ///
    /// # Errors
    ///
    /// If a segment is missing, damaged or of another kind, or the records do not fit it.
    pub fn snapshot(&self) -> Result<Snapshot, CatalogError> {
        self.take(false).map(|(snapshot, _)| snapshot)
    }

    /// The same for whoever searches for neutral references alone: they are in the second index and not in the snapshot's; both
    /// number the same tracks.
    ///
    /// # Errors
    ///
    /// As [`Catalog::snapshot`].
    pub(crate) fn snapshot_apart(&self) -> Result<(Snapshot, Index), CatalogError> {
        self.take(true)
    }

    fn take(&self, apart: bool) -> Result<(Snapshot, Index), CatalogError> {
        let mut attempts = READ_ATTEMPTS;
        loop {
            let reader = self.reader()?;
            let begin = || {
                reader.execute_batch("BEGIN")?;
                Self::generation(&reader)
            };
            let generation = begin().map_err(|source| self.error(source))?;
            attempts -= 1;
            match self.read(reader, generation, apart) {
                // A writer may have taken away what was about to be opened.
                Err(CatalogError::Index(IndexError::Read { .. }))
                    if attempts > 0
                        && Self::generation(&self.connection).is_ok_and(|g| g != generation) => {}
                result => return result,
            }
        }
    }

    /// Reads the catalogue as the transaction of `reader` sees it.
    fn read(
        &self,
        reader: Connection,
        generation: u64,
        apart: bool,
    ) -> Result<(Snapshot, Index), CatalogError> {
        let manifest = self.read_manifest(generation)?;
        let (mut index, mut kit) = (Index::default(), Index::default());
        let mut segments = Vec::new();
        for listed in &manifest.segments {
            segments.push((listed.id, index.push(self.open_segment(listed)?).0));
            if apart {
                kit.push(self.open_segment(listed)?);
            }
        }
        let neutral = Neutral::read(&reader, &segments).map_err(|source| self.error(source))?;
        let mut findable = 0;
        let dangling = living(&reader, &manifest, &segments, |track| {
            let is_neutral = neutral.tracks.contains(&track);
            findable += usize::from(!is_neutral);
            if apart && is_neutral {
                kit.revive(track)
            } else {
                index.revive(track)
            };
        });
        if let Some((segment, track)) = dangling.map_err(|source| self.error(source))? {
            let sql = "SELECT recording_id FROM recordings WHERE segment_id = ?1 AND track = ?2";
            let recording_id = reader
                .query_row(sql, [segment, i64::from(track)], |row| row.get(0))
                .map_err(|source| self.error(source))?;
            return Err(CatalogError::Dangling { recording_id, track, segment });
        }
        let records = Records {
            connection: Mutex::new(reader),
            database: self.database.clone(),
            config: self.config,
            segments,
            failed: OnceLock::new(),
        };
        let index_digest = crate::base::digest(manifest.to_text().as_bytes());
        let records = Arc::new(records);
        Ok((Snapshot { index, records, index_digest, neutral, findable }, kit))
    }
}

/// Visits the tracks that have a record. Returns the place of a record that names no track, if there is one.
fn living(
    reader: &Connection,
    manifest: &Manifest,
    segments: &[(u64, u32)],
    mut visit: impl FnMut(TrackId),
) -> rusqlite::Result<Option<(i64, u32)>> {
    // All of it stands in an index of the database.
    let mut statement = reader.prepare("SELECT segment_id, track FROM recordings")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (segment, track): (i64, u32) = (row.get(0)?, row.get(1)?);
        let at = segments.iter().position(|(id, _)| *id as i64 == segment);
        match at.filter(|at| track < manifest.segments[*at].tracks) {
            Some(at) => visit(TrackId(segments[at].1 + track)),
            None => return Ok(Some((segment, track))),
        }
    }
    Ok(None)
}

/// Makes a file or folder its owner's alone: unreleased music is in there.
pub(crate) fn private(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = if path.is_dir() { 0o700 } else { 0o600 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
