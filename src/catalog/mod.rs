//! The label's own recordings: their records in `SQLite`, their fingerprints in the index beside it.
//!
//! A home holds `catalog/catalog.sqlite`, `catalog/segments/*.seg` and a manifest that names the segments which
//! count. The database is the authority: it says which generation of the manifest counts, in the same transaction
//! as the recordings that are in its segments, so index and records cannot disagree. Segments and manifest are
//! written, synced and renamed before the transaction that names them; a file that is not named does not count.
//!
//! # The life of an index
//!
//! * `add` writes a segment for every 512 files. What is in a segment that was committed stays, whatever
//!   happens to the next. With `--neutral` the same, and the records say so.
//! * `remove` takes the record away; its track is dead from then on, and stays in the segment.
//! * Segments of about one size (up to 8 MiB, and by factors of 8 from there) are merged when there are eight of them, at the end of an `add`;
//!   one of which more than half is dead is written anew. So every posting is written about as often as the
//!   catalogue has grown eightfold, and a look-up has a few segments for each eightfold to ask.
//! * `compact` merges everything into one segment.
//! * Readers keep the segments that they have opened, and read records as they were then; a second writer is
//!   refused.

mod add;
mod change;
mod check;
mod entries;
mod entry;
mod error;
mod known;
mod links;
mod lock;
mod log;
mod merge;
mod neutral;
mod rights;
mod rows;
mod snapshot;
mod stats;
mod store;
mod work;

pub use add::{AddEvent, AddSummary, Made};
pub use change::{Compacted, Removed};
pub use check::Checked;
pub use entries::{EntryImport, Imported, Staged};
pub use entry::{AudioName, Entry, Policy, Release, Role, WORLD};
pub use error::CatalogError;
pub use known::Known;
pub use log::{Log, LogLine, Logged, MakeLine};
pub use merge::Conflict;
pub use neutral::Mask;
pub(crate) use neutral::joined;
pub use rights::{Licence, Passage, Rights};
pub use snapshot::{Records, Snapshot};
pub use stats::{Stats, TooCommon};
pub use store::Catalog;
pub(crate) use store::private;

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
    /// A loop, a kit, a sound effect, a test tone: never a finding, and what it explains speaks for no recording.
    pub neutral: bool,
}
