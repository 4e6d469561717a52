//! The label's own recordings: their records in `SQLite`, their fingerprints in the index beside it.
//!
//! A home holds `catalog/catalog.sqlite`, `catalog/segments/*.seg` and a manifest that lists the live segments. The
//! database is the authority: it names the current generation of the manifest in the same transaction as the recordings
//! that are in its segments, so index and records cannot disagree. Segments and manifest are written, synced and renamed
//! before the transaction that names them; a file that is not named is ignored.
//!
//! # The life of an index
//!
//! * `add` writes a segment for every 512 files. A segment that was committed stays even if the next one fails. With
//!   `--neutral` the records say that they are neutral references.
//! * `remove` deletes the record. Its track is dead, and stays in the segment until that is merged.
//! * At the end of an `add`, eight segments of about one size (up to 8 MiB, then by factors of 8) are merged into one, and a
//!   segment of which more than half is dead is written again without the dead tracks. So each posting is written once for
//!   every eightfold growth of the catalogue, and a look-up asks fewer than eight segments of each size.
//! * `compact` merges everything into one segment.
//! * Readers keep the segments that they have opened, and read the records as of that moment. A second writer is refused.

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
mod open;
mod pack;
mod prepare;
mod recordings;
mod records;
mod rights;
mod shards;
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
pub use pack::Packed;
pub use records::Records;
pub use rights::{Licence, Passage, Rights};
pub use snapshot::Snapshot;
pub use stats::{Stats, TooCommon};
pub use store::Catalog;

/// A recording of the catalogue. A text that neither the file's tags nor an entry gave is empty.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Recording {
    /// First 16 digits of the file's SHA-256, followed by `-N` for stream `N` from 1 on.
    pub recording_id: String,
    /// Absolute path of the file when it was added, as text.
    pub path: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Number of the audio stream in the file, from 0.
    pub stream: u32,
    /// SHA-256 of length and peaks, which does not depend on tags.
    pub audio_digest: String,
    /// Size of the file in bytes.
    pub size_bytes: u64,
    /// Codec of the stream, as the decoder names it.
    pub codec: String,
    /// Length of the stream in seconds.
    pub duration_seconds: f64,
    /// Title, with the version if there is one.
    pub title: String,
    /// Artists, joined by `; `.
    pub artist: String,
    /// Title of the release.
    pub album: String,
    /// ISRCs, joined by `; `.
    pub isrc: String,
    /// UPCs or EANs of the releases, joined by `; `.
    pub upc: String,
    /// Name of the label.
    pub label: String,
    /// Date of release, as the file or the entry writes it.
    pub date: String,
    /// A neutral reference, such as a loop, a drum kit, a sound effect or a test tone. It is never a finding, and what it
    /// explains of an item is no evidence for any recording.
    pub neutral: bool,
}
