//! The front door: a home, and what is done with it, one call each.
//!
//! A home is the folder that holds a catalogue, the results of scans, and what people decided about
//! findings. [`Session::open`] opens it; a session then adds recordings, answers about a file, scans a dump and
//! writes reports. The parts that it puts together are public as well: see [`crate::catalog`],
//! [`crate::scan`] and [`crate::report`].
//!
//! [The crate's page](crate) has an example of all of it.

mod about;
mod error;
mod machines;
mod notices;
mod pruning;
mod query;
mod reports;
mod scanning;
mod settings;
mod watching;

pub use error::SessionError;
pub use machines::MergeEnd;
pub use pruning::{Fate, Kept, PruneRow, PruneWish, Pruned};
pub use scanning::{Observer, ScanEnd};
pub use settings::Settings;
pub use watching::{Watcher, Watching};

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::catalog::{AddEvent, AddSummary, Catalog, LogLine};
use crate::decode::{Band, Decoder, Ffmpeg};
use crate::identify::Identifiers;
use crate::ingest::Ingester;
use crate::matching::MatchConfig;
use crate::matching::verdict::VerdictConfig;
use crate::results::ResultStore;
use crate::review::{Decisions, ReviewStore};
use crate::scan::{Engine, WORKER_NAME};
use crate::signal::fingerprint::{FingerprintConfig, Fingerprinter};
use crate::source::{Folders, display_path};
use crate::wording::day;

/// Stack of a worker, in bytes: four times Rust's default, for decoders that recurse.
const STACK_BYTES: usize = 8 << 20;

/// A home that is open. It may be shared by threads: every call opens what it needs.
#[derive(Debug)]
pub struct Session {
    home: PathBuf,
    settings: Settings,
    stop: Arc<AtomicBool>,
}

impl Session {
    /// Opens a home with default settings; makes the folder if it is not there.
    ///
    /// # Errors
    ///
    /// If the folder cannot be made.
    pub fn open(home: impl Into<PathBuf>) -> Result<Self, SessionError> {
        Self::with_settings(home, Settings::default())
    }

    /// Opens a home; makes the folder if it is not there.
    ///
    /// # Errors
    ///
    /// If the folder cannot be made, or the settings contradict each other.
    pub fn with_settings(
        home: impl Into<PathBuf>,
        settings: Settings,
    ) -> Result<Self, SessionError> {
        let VerdictConfig { match_below, suspect_below } = settings.verdict;
        if match_below > suspect_below {
            return Err(SessionError::Thresholds { match_below, suspect_below });
        }
        let home = home.into();
        std::fs::create_dir_all(&home)
            .map_err(|source| SessionError::Home { path: home.clone(), source })?;
        Ok(Self { home, settings, stop: Arc::default() })
    }

    /// The folder of the home.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// How it searches, decodes and signs.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A flag that ends what runs, soon after it is raised.
    pub fn stop_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// The catalogue.
    ///
    /// # Errors
    ///
    /// If it cannot be opened, or a newer version of the program wrote it.
    pub fn catalog(&self) -> Result<Catalog, SessionError> {
        let config = FingerprintConfig::default();
        Ok(match &self.settings.packed_catalogue {
            Some(pack) => Catalog::open_pack(pack, &self.home, config)?,
            None => Catalog::open(&self.home, config)?,
        })
    }

    /// The results of scans.
    ///
    /// # Errors
    ///
    /// If they cannot be opened, or a newer version of the program wrote them.
    pub fn results(&self) -> Result<ResultStore, SessionError> {
        Ok(ResultStore::open(&self.home)?)
    }

    /// What people decided about findings.
    ///
    /// # Errors
    ///
    /// If it cannot be opened, or a newer version of the program wrote it.
    pub fn decisions(&self) -> Result<Decisions, SessionError> {
        Ok(ReviewStore::open(&self.home)?.decisions()?)
    }

    /// Decodes and fingerprints as the session does. What is learned of an installed ffmpeg is remembered in the home.
    pub fn ingester(&self) -> Ingester {
        let (wanted, memory) = (self.settings.ffmpeg, self.home.join("ffmpeg.json"));
        let find = move || if wanted { Ffmpeg::find_remembered(&memory) } else { None };
        let fingerprinter = Fingerprinter::new(FingerprintConfig::default());
        let decoder = Decoder::finding(self.settings.decoding, find).with_band(Band::Low);
        Ingester::new(decoder, fingerprinter)
    }

    /// The engine over the catalogue as it is now, with the rights of today.
    ///
    /// # Errors
    ///
    /// If the catalogue cannot be read, or is empty.
    pub fn engine(&self) -> Result<Engine, SessionError> {
        self.engine_on(&day((self.settings.clock)()))
    }

    /// The engine with the rights of a day, such as `2026-11-29`.
    ///
    /// # Errors
    ///
    /// As [`Session::engine`].
    pub fn engine_on(&self, day: &str) -> Result<Engine, SessionError> {
        let Settings { mode, verdict, territory, .. } = &self.settings;
        let catalog = self.catalog()?;
        let snapshot = catalog.snapshot()?;
        let identifiers = Identifiers::of(&snapshot)?;
        let rights = catalog.rights(day, territory.as_deref())?;
        if snapshot.is_empty() && !identifiers.has_entries_without_audio() {
            return Err(SessionError::EmptyCatalogue { home: self.home.clone() });
        }
        Ok(Engine {
            identifiers,
            rights,
            ingester: self.ingester(),
            snapshot,
            mode: *mode,
            matching: MatchConfig::default(),
            verdict: *verdict,
        })
    }

    /// Adds the audio files at `paths` to the catalogue.
    ///
    /// A file that cannot be added is counted in the summary; [`Catalog::add`] tells of each.
    ///
    /// # Errors
    ///
    /// If a path is not there, or the catalogue cannot be read or written.
    pub fn add(&self, paths: &[PathBuf]) -> Result<AddSummary, SessionError> {
        self.add_each(paths, &mut |_| {})
    }

    /// The same, and tells of each file.
    ///
    /// # Errors
    ///
    /// As [`Session::add`].
    pub fn add_each(
        &self,
        paths: &[PathBuf],
        tell: &mut dyn FnMut(AddEvent),
    ) -> Result<AddSummary, SessionError> {
        let folders = folders(paths)?;
        let names: Vec<String> = folders.roots().iter().map(|root| display_path(root)).collect();
        let names = names.join(", ");
        let log = |detail: String| self.log_line("add", format!("{names}: {detail}"));
        let (pool, ingester) = (self.pool()?, self.ingester());
        Ok(self.catalog()?.add(&folders, &ingester, &pool, &self.stop, &log, tell)?)
    }

    /// A line for the catalogue's log: what was done now, by this session's operator.
    pub fn log_line(&self, action: &str, detail: String) -> LogLine {
        let Settings { operator, clock, .. } = &self.settings;
        LogLine { at: clock(), who: operator.clone(), action: action.to_owned(), detail }
    }

    /// A pool of the session's worker threads.
    ///
    /// # Errors
    ///
    /// If the system starts no more threads.
    pub fn pool(&self) -> Result<rayon::ThreadPool, SessionError> {
        rayon::ThreadPoolBuilder::new()
            .num_threads(self.settings.threads)
            .thread_name(|_| WORKER_NAME.into())
            .stack_size(STACK_BYTES)
            .build()
            .map_err(|error| SessionError::Threads { reason: error.to_string() })
    }

    fn dump_folders(&self, paths: &[PathBuf]) -> Result<Folders, SessionError> {
        let folders = folders(paths)?.beside_home(&self.home);
        match folders.of_home() {
            Some(path) => Err(SessionError::OwnHome { path: path.to_path_buf() }),
            None => Ok(folders),
        }
    }
}

fn folders(paths: &[PathBuf]) -> Result<Folders, SessionError> {
    Folders::new(paths).map_err(|(path, reason)| SessionError::Path { path, reason })
}
