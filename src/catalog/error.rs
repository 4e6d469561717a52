//! Errors of the catalogue as a whole. A single file that cannot be added is an event of `add` instead.

use std::path::PathBuf;

use crate::index::IndexError;

/// Why the catalogue cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// A folder or file of the catalogue cannot be created or written.
    #[error("cannot write {}: is the disk full, or the folder not yours?", path.display())]
    Write {
        /// The folder or file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The database cannot be read or written.
    #[error("the catalogue {} cannot be used; is the disk full, or the folder not yours? If it is damaged, restore it from a copy", path.display())]
    Database {
        /// Path of the database.
        path: PathBuf,
        /// `SQLite`'s reason.
        #[source]
        source: rusqlite::Error,
    },
    /// A record could not be read while a snapshot was in use.
    #[error("the records of the catalogue {} cannot be read any more ({what}); run leakhound catalog check", path.display())]
    Records {
        /// Path of the database.
        path: PathBuf,
        /// `SQLite`'s reason.
        what: String,
    },
    /// A packed catalogue cannot be read.
    #[error("cannot read the packed catalogue {}: is it there and yours?", path.display())]
    ReadPack {
        /// The pack.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A file is no packed catalogue, or was changed.
    #[error("{} cannot be used as a packed catalogue: {what}", path.display())]
    Pack {
        /// The pack.
        path: PathBuf,
        /// What is wrong, with the remedy.
        what: String,
    },
    /// Another program holds the write lock.
    #[error("another program is changing the catalogue {}; run this again when it has ended", path.display())]
    Busy {
        /// The lock file.
        path: PathBuf,
    },
    /// The catalogue was written by a newer version of this program.
    #[error("the catalogue {} has version {found}, this program knows {known}: use a newer leakhound", path.display())]
    Version {
        /// Path of the database.
        path: PathBuf,
        /// The version of the catalogue.
        found: i64,
        /// The newest that this program reads.
        known: i64,
    },
    /// The catalogue was written by a version whose index cannot be converted.
    #[error("the catalogue {} has version {found}, this program reads {known}: add the recordings again in a new --home", path.display())]
    Older {
        /// Path of the database.
        path: PathBuf,
        /// The version of the catalogue.
        found: i64,
        /// The version that this program reads.
        known: i64,
    },
    /// The catalogue was made with other fingerprint settings.
    #[error("the catalogue {} was made with fingerprint settings {found}, this program uses {expected}: add the recordings to a new --home", path.display())]
    Config {
        /// Path of the database.
        path: PathBuf,
        /// Digest of its settings.
        found: String,
        /// Digest of this program's settings.
        expected: String,
    },
    /// The stored text of an entry is damaged.
    #[error("an entry of the catalogue {} cannot be read: restore the catalogue from a copy", path.display())]
    Entry {
        /// Path of the database.
        path: PathBuf,
        /// The parser's reason.
        #[source]
        source: serde_json::Error,
    },
    /// A segment or manifest cannot be read.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// A recording names a track that no segment has.
    #[error(
        "the recording {recording_id} names track {track} of segment {segment}, which is not there; run leakhound catalog check"
    )]
    Dangling {
        /// Id of the recording.
        recording_id: String,
        /// Number of the track in its segment.
        track: u32,
        /// Number of the segment.
        segment: i64,
    },
}
