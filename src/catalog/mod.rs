//! The label's own recordings: their records in `SQLite`, their fingerprints in the index beside it.
//!
//! A home holds `catalog/catalog.sqlite` and `catalog/segments/*.seg`. The records name the segments
//! that count, in the same transaction as the recordings in them, so the two cannot disagree: a segment
//! is written, synced and renamed before the transaction that names it.

mod add;
mod error;
mod store;

pub(crate) use add::panic_message;
pub use add::{AddEvent, AddSummary};
pub use error::CatalogError;
pub use store::Catalog;

use crate::index::Index;
use crate::units::TrackId;

/// A recording of the catalogue. Text that the file did not carry is empty.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Recording {
    /// First 16 digits of the file's SHA-256; `-N` follows for its further streams.
    pub recording_id: String,
    /// Absolute path of the file when it was added, as text.
    pub path: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Audio stream of the file, from 0.
    pub stream: u32,
    /// Digest of the fingerprint: the same audio under other tags has the same.
    pub audio_digest: String,
    /// Size of the file.
    pub size_bytes: u64,
    /// Codec of the stream.
    pub codec: String,
    /// Length of the stream.
    pub duration_seconds: f64,
    /// Title.
    pub title: String,
    /// Artist.
    pub artist: String,
    /// Album.
    pub album: String,
    /// ISRC.
    pub isrc: String,
    /// UPC or EAN of the release.
    pub upc: String,
    /// Label.
    pub label: String,
    /// Date of release, as the file writes it.
    pub date: String,
}

/// The catalogue as a scan sees it: fixed when it was opened, whatever is added or removed meanwhile.
#[derive(Debug)]
pub struct Snapshot {
    /// The index.
    pub index: Index,
    /// By track number of the index; `None` for one that was removed.
    tracks: Vec<Option<Recording>>,
    /// SHA-256 over all that a finding can show: another digest may give other results.
    pub digest: String,
}

impl Snapshot {
    /// The recording that a track is.
    pub fn recording(&self, track: TrackId) -> Option<&Recording> {
        self.tracks.get(track.0 as usize)?.as_ref()
    }

    /// All recordings.
    pub fn recordings(&self) -> impl Iterator<Item = &Recording> {
        self.tracks.iter().flatten()
    }

    /// Number of recordings.
    pub fn len(&self) -> usize {
        self.index.track_count()
    }

    /// Whether there is nothing to find.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
