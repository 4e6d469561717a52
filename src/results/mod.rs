//! The results of scans: one row per item, in `SQLite`, written by one connection.
//!
//! Outcomes are written as they come, so that an interrupted run loses little; the same scan started again continues it. An item
//! takes over the record of an earlier run if its path, size and modification time, the catalogue and all settings are the same.

//!
//! | file | what it does |
//! |---|---|
//! | `store` | the database: runs, and the records of a run in the order of their paths |
//! | `sink` | writes the outcomes of a run, in batches, under the run's lock |
//! | `earlier` | what a run takes over from itself and the run before |
//! | `prune` | deletes the records of a run |
//! | `choice` | the run, the manifest or the finding that somebody names |
//! | `about` | what the dump of a run is, as a person says |
//! | `findings` | single records, and those with findings |
//! | `looks` | what the last scan of watched folders was of |
//! | `outbox` | what happened in a watched dump and has to be told |
//! | `manifests`, `chain` | the manifests of runs, each with the digest of the one before; tokens; hashes of files |

mod about;
mod chain;
mod choice;
mod earlier;
mod findings;
#[cfg(test)]
pub(crate) mod fixtures;
mod looks;
mod manifests;
mod outbox;
mod prune;
mod sink;
mod store;

use crate::base::digest;
use crate::catalog::CatalogError;
use crate::scan::{Engine, Mode};
use crate::source::{Dump, display_path};
pub use about::{About, AboutError, Category, MAX_ABOUT_BYTES};
pub use choice::{ChoiceError, FindingPlace};
pub use earlier::EarlierRuns;
pub use looks::Look;
pub use manifests::Sealed;
pub use outbox::{Outbox, Untold};
pub use prune::RunSize;
pub use sink::RunSink;
pub use store::{ResultStore, ResultsError};

/// A run of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Number of the run.
    pub run_id: i64,
    /// Everything that the results depend on.
    pub key: RunKey,
    /// Whether it was finished.
    pub complete: bool,
    /// Time of its start, in seconds since 1970.
    pub started: i64,
    /// When its records were deleted, in seconds since 1970.
    pub pruned: Option<i64>,
}

/// Everything that the results of a run depend on, beside the items: with an equal key, an interrupted run is continued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunKey {
    /// The absolute paths that are scanned.
    pub roots: Vec<String>,
    /// How much of each item is searched.
    pub mode: Mode,
    /// Digest of all settings that may change a result, including the mode.
    pub settings_digest: String,
    /// Digest of the catalogue.
    pub catalogue_digest: String,
    /// Number of recordings in the catalogue.
    pub catalogue_recordings: u64,
    /// Digest of the settings of fingerprints.
    pub fingerprint_digest: String,
    /// Names and versions of the decoders.
    pub decoders: String,
    /// Version of the program.
    pub tool_version: String,
}

impl RunKey {
    /// The key of a run of this engine over this dump.
    ///
    /// # Errors
    ///
    /// If the catalogue cannot be read.
    pub fn of(engine: &Engine, dump: &Dump) -> Result<Self, CatalogError> {
        let settings = format!("{} {}", engine.settings(), dump.settings());
        Ok(Self {
            roots: dump.folders().roots().iter().map(|root| display_path(root)).collect(),
            mode: engine.mode,
            settings_digest: digest(settings.as_bytes()),
            catalogue_digest: engine.catalogue_digest()?,
            catalogue_recordings: engine.snapshot.len() as u64,
            fingerprint_digest: format!(
                "{:08x}",
                engine.ingester.fingerprinter().config().digest()
            ),
            decoders: engine.ingester.decoder().describe(),
            tool_version: env!("CARGO_PKG_VERSION").into(),
        })
    }
}
