//! A catalogue on disk: its files and its connection, and how they are read and written. All other files of this room
//! share these.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::CatalogError;
use crate::base::{Access, sync_folder, write_atomically};
use crate::index::{IndexError, Listed, Manifest, MergeError, Segment};
use crate::signal::fingerprint::FingerprintConfig;

/// How long a statement waits for another program's transaction: longer than any of ours lasts. A guess.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of a segment that are written to disk at once. A guess.
const WRITE_BUFFER_BYTES: usize = 1 << 20;

/// A catalogue on disk.
///
/// # Example
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/example.rs"));
/// use leakhound::catalog::Catalog;
/// use leakhound::signal::fingerprint::FingerprintConfig;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = Example::new()?;
/// # let home = folder.path().join("home");
/// # leakhound::session::Session::open(&home)?.add(&[folder.masters()?])?;
/// let catalog = Catalog::open(&home, FingerprintConfig::default())?;
/// for recording in catalog.recordings()? {
///     println!("{} {:.0} s {}", recording.recording_id, recording.duration_seconds, recording.path);
/// }
/// # assert_eq!(catalog.recordings()?.len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Catalog {
    pub(super) folder: PathBuf,
    pub(super) database: PathBuf,
    pub(super) connection: Connection,
    pub(super) config: FingerprintConfig,
    /// It was unpacked and can only be read.
    pub(super) is_packed: bool,
    /// Its segments are shards, which are searched in turns.
    pub(super) in_turns: bool,
}

impl Catalog {
    pub(super) fn error(&self, source: rusqlite::Error) -> CatalogError {
        CatalogError::Database { path: self.database.clone(), source }
    }

    /// Fingerprint settings of the index.
    pub fn config(&self) -> FingerprintConfig {
        self.config
    }

    pub(super) fn segments_folder(&self) -> PathBuf {
        self.folder.join("segments")
    }

    /// Opens a second connection, which can only read.
    pub(super) fn reader(&self) -> Result<Connection, CatalogError> {
        let open = || {
            let flags = if self.is_packed {
                OpenFlags::SQLITE_OPEN_READ_ONLY
            } else {
                OpenFlags::default()
            };
            let connection = Connection::open_with_flags(&self.database, flags)?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            connection.pragma_update(None, "query_only", true)?;
            Ok(connection)
        };
        open().map_err(|source| self.error(source))
    }

    /// Reads the manifest that the database names.
    pub(super) fn manifest(&self) -> Result<Manifest, CatalogError> {
        let generation = Self::generation(&self.connection).map_err(|source| self.error(source))?;
        Ok(self.read_manifest(generation)?)
    }

    /// The generation of the manifest that the database names.
    pub(super) fn generation(connection: &Connection) -> rusqlite::Result<u64> {
        let sql = "SELECT CAST(value AS INTEGER) FROM facts WHERE name = 'manifest'";
        connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map(|g| g as u64)
    }

    /// Reads the manifest of a generation.
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

    pub(super) fn write_manifest(&self, manifest: &Manifest) -> Result<(), CatalogError> {
        self.write_file(&Manifest::file(manifest.generation), |out| {
            out.write_all(manifest.to_text().as_bytes()).map_err(MergeError::Write)
        })
    }

    /// Writes a file of the index. Its content and its name are on disk when this returns: the records may name it then.
    pub(super) fn write_file<T>(
        &self,
        name: &str,
        write: impl FnOnce(&mut BufWriter<&mut File>) -> Result<T, MergeError>,
    ) -> Result<T, CatalogError> {
        let folder = self.segments_folder();
        let path = folder.join(name);
        let written = write_atomically(&path, Access::Owner, |file| {
            let mut out = BufWriter::with_capacity(WRITE_BUFFER_BYTES, file);
            let value = write(&mut out)?;
            out.flush()?;
            Ok(value)
        });
        let durable = written.and_then(|value| {
            sync_folder(&folder)?;
            Ok(value)
        });
        durable.map_err(|error| match error {
            MergeError::Write(source) => CatalogError::Write { path, source },
            MergeError::Index(damage) => damage.into(),
        })
    }
}
