//! What can go wrong with a catalogue as a whole. What is wrong with one file is an event of `add`.

use std::path::PathBuf;

use crate::index::IndexError;

/// Why the catalogue cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// A folder or file of the catalogue cannot be made or written.
    #[error("cannot write {}: is the disk full, or the folder not yours?", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The database refused.
    #[error("the catalogue {} cannot be used; is the disk full? If it is damaged, restore it from a copy", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// `SQLite`'s reason.
        #[source]
        source: rusqlite::Error,
    },
    /// A record cannot be read any more.
    #[error("the records of the catalogue {} cannot be read any more ({what}); leakhound catalog check tells more", path.display())]
    Records {
        /// The database.
        path: PathBuf,
        /// `SQLite`'s reason.
        what: String,
    },
    /// Somebody else is writing.
    #[error("another program is changing the catalogue {}; run this again when it has ended", path.display())]
    Busy {
        /// The lock.
        path: PathBuf,
    },
    /// A newer program wrote it.
    #[error("the catalogue {} has version {found}, this program knows {known}: use a newer leakhound", path.display())]
    Version {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest that this program reads.
        known: i64,
    },
    /// An older program wrote it, and its index cannot be made from what it holds.
    #[error("the catalogue {} has version {found}, this program reads {known}: add the recordings again in a new --home", path.display())]
    Older {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version that this program reads.
        known: i64,
    },
    /// It was made with other fingerprint settings.
    #[error("the catalogue {} was made with fingerprint settings {found}, this program uses {expected}: add the recordings to a new --home", path.display())]
    Config {
        /// The database.
        path: PathBuf,
        /// Its digest.
        found: String,
        /// The program's.
        expected: String,
    },
    /// An entry is not as this program writes them.
    #[error("an entry of the catalogue {} cannot be read: restore the catalogue from a copy", path.display())]
    Entry {
        /// The database.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A segment cannot be used.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// A record points to a track that no segment has.
    #[error(
        "the recording {recording_id} names track {track} of segment {segment}, which is not there: leakhound catalog check tells more"
    )]
    Dangling {
        /// The recording.
        recording_id: String,
        /// The track.
        track: u32,
        /// The segment's number.
        segment: i64,
    },
}
