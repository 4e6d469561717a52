//! The results of scans: one row an item, in `SQLite`, written by one connection.
//!
//! A run is recorded as it goes, so that what ended is kept whatever happens; the same scan begun again
//! goes on with it. An item whose path, size and time of change are those of an earlier run under the
//! same catalogue and settings takes over what that run found.

mod chain;
mod findings;
mod manifests;
mod store;

pub use manifests::Sealed;
pub use store::{EarlierRuns, ResultStore, ResultsError};

/// A run, as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Number of the run.
    pub run_id: i64,
    /// What the results depend on.
    pub key: RunKey,
    /// Whether it came to its end.
    pub complete: bool,
    /// Begin, in seconds since 1970.
    pub started: i64,
}

/// All that makes two runs the same run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunKey {
    /// Absolute paths that are scanned.
    pub roots: Vec<String>,
    /// The mode's word.
    pub mode: String,
    /// Digest over all settings that may change a result, the mode among them.
    pub settings_digest: String,
    /// Digest of the catalogue.
    pub catalogue_digest: String,
    /// Number of recordings searched for.
    pub catalogue_recordings: u64,
    /// Digest of the fingerprint's settings.
    pub fingerprint_digest: String,
    /// Names and versions of the decoders.
    pub decoders: String,
    /// Version of the program.
    pub tool_version: String,
}
