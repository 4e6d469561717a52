//! The front door: a home, and what is done with it, one call each.
//!
//! A home is the folder that holds a catalogue, the results of scans, and what people decided about
//! findings. [`Session::open`] opens it; a session then adds recordings, answers about a file, scans a dump and
//! writes reports. The parts that it puts together are public as well: see [`crate::catalog`],
//! [`crate::scan`] and [`crate::report`].
//!
//! [The crate's page](crate) has an example of all of it.

mod machines;

pub use machines::MergeEnd;

use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::catalog::{AddEvent, AddSummary, Catalog, CatalogError, LogLine};
use crate::cluster::ClusterError;
use crate::decode::{Band, DecodeLimits, Decoder, Ffmpeg};
use crate::identify::Identifiers;
use crate::ingest::Ingester;
use crate::matching::verdict::VerdictConfig;
use crate::matching::{LookupScratch, MatchConfig};
use crate::provenance::{Asked, Content, Facts, WhichContainers, gather, hash_containers, seal};
use crate::record::ItemRecord;
use crate::report::{Counts, Format, ReportError, RunReader};
use crate::results::{ChoiceError, ResultStore, ResultsError, Run, RunKey, RunSink};
use crate::review::{Decisions, ReviewError, ReviewStore};
use crate::scan::{Engine, Mode, Progress, ScanSummary, WORKER_NAME, examine_failed, scan};
use crate::signal::fingerprint::{FingerprintConfig, Fingerprinter};
use crate::source::{Dump, Folders, Item, ScanLimits, Source as _, Unlisted, Visit, display_path};
use crate::storage::{self, StoreFault};
use crate::wording::day;

/// Time that an item has beyond its decoder's own limit, before its thread is given up. A guess: it
/// covers fingerprint and search of a day of audio.
const GRACE: Duration = Duration::from_secs(60);
/// Stack of a worker, in bytes: four times Rust's default, for decoders that recurse.
const STACK_BYTES: usize = 8 << 20;

/// Why a session could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The folder of the home cannot be made.
    #[error("cannot make the home folder {}; name one that you may write to with --home DIR", path.display())]
    Home {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// A path that was named is not there, or cannot be looked at.
    #[error("{}: {reason}; check the path", path.display())]
    Path {
        /// The path.
        path: PathBuf,
        /// The system's reason.
        reason: io::Error,
    },
    /// What was named as a dump is the home.
    #[error("{} is the home of leakhound, or lies in it; name the dump", path.display())]
    OwnHome {
        /// The path that was named.
        path: PathBuf,
    },
    /// The store of objects that a path is in.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// Nothing to search for.
    #[error(
        "the catalogue in {} is empty; add the label's recordings first: leakhound catalog add PATH",
        home.display()
    )]
    EmptyCatalogue {
        /// The home.
        home: PathBuf,
    },
    /// The threshold for matches is above that for suspects.
    #[error(
        "--match-below {match_below:e} is above --suspect-below {suspect_below:e}; a match \
         has to be more certain than a suspect"
    )]
    Thresholds {
        /// False-alarm probability below which a finding may be a match.
        match_below: f64,
        /// False-alarm probability below which a finding is a suspect.
        suspect_below: f64,
    },
    /// The worker threads cannot be started.
    #[error("cannot start the worker threads: {reason}")]
    Threads {
        /// The system's reason.
        reason: String,
    },
    /// Catalogue or index.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// Index: damage that was found while it was searched.
    #[error(transparent)]
    Index(#[from] crate::index::IndexError),
    /// A run that is not there.
    #[error(transparent)]
    Choice(#[from] ChoiceError),
    /// Results.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// A plan, its units or its parts.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// Decisions.
    #[error(transparent)]
    Review(#[from] ReviewError),
    /// Reports.
    #[error(transparent)]
    Report(#[from] ReportError),
}

impl SessionError {
    /// Whether the caller asked for what cannot be: a path, a run or thresholds that make no sense. Else something failed.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Path { .. } | Self::OwnHome { .. } | Self::Thresholds { .. } => true,
            Self::Store(fault) => fault.is_usage,
            Self::Choice(error) => error.is_usage(),
            Self::Cluster(error) => error.is_usage(),
            _ => false,
        }
    }
}

/// How a session searches, decodes and signs. [`Settings::default`] is what the command line does without flags.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How much of an item is searched, and along which changes of pitch and tempo.
    pub mode: Mode,
    /// False-alarm probabilities below which a finding is a match or a suspect.
    pub verdict: VerdictConfig,
    /// Where the items are offered, as two letters (ISO 3166), for rights that hold in some territories only.
    pub territory: Option<String>,
    /// What containers may cost.
    pub limits: ScanLimits,
    /// What decoding one item may cost.
    pub decoding: DecodeLimits,
    /// Whether an installed ffmpeg decodes what the built-in decoders do not.
    pub ffmpeg: bool,
    /// Worker threads, at least one.
    pub threads: usize,
    /// A packed catalogue (see [`Catalog::pack`]) to search in place of the one in the home.
    pub packed_catalogue: Option<PathBuf>,
    /// Containers whose SHA-256 goes into the manifest of a run.
    pub hash_containers: WhichContainers,
    /// Who is at work: it stands in the log of the catalogue and in manifests.
    pub operator: String,
    /// The time in seconds since 1970: the dates of runs, and the day on which rights are looked at. Nothing else in
    /// the library reads a clock for what ends up in a record.
    pub clock: fn() -> i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            verdict: VerdictConfig::default(),
            territory: None,
            limits: ScanLimits::default(),
            decoding: DecodeLimits::default(),
            ffmpeg: true,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            packed_catalogue: None,
            hash_containers: WhichContainers::default(),
            operator: "unknown".into(),
            clock: system_clock,
        }
    }
}

fn system_clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// Follows a scan, on the thread that called [`Session::scan`]. Any `FnMut(&Progress)` is one.
pub trait Observer {
    /// The scan begins as this run, or goes on with it.
    fn begun(&mut self, run: &Run, goes_on: bool) {
        let _ = (run, goes_on);
    }

    /// How far it is, several times a second.
    fn progress(&mut self, progress: &Progress);
}

impl<F: FnMut(&Progress)> Observer for F {
    fn progress(&mut self, progress: &Progress) {
        self(progress);
    }
}

/// How [`Session::scan`] ended.
#[derive(Debug, Clone, PartialEq)]
pub struct ScanEnd {
    /// The run.
    pub run: Run,
    /// What was done now: what an earlier run already knew is counted as skipped.
    pub summary: ScanSummary,
    /// Whether it was stopped before its end, or while containers were hashed for the manifest. The same scan goes on
    /// with the run.
    pub stopped: bool,
}

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

    /// What is in a file, with what people decided about the same audio. One record a file; one a member if the file
    /// is a container. Nothing is kept.
    ///
    /// # Errors
    ///
    /// If the path is not there, or the catalogue is empty or damaged. A file that cannot be read is no error: its
    /// record has a failure.
    pub fn query(&self, path: &Path) -> Result<Vec<ItemRecord>, SessionError> {
        let mut records = Vec::new();
        self.query_each(&[path.to_path_buf()], &mut |record| {
            records.push(record);
            ControlFlow::Continue(())
        })?;
        Ok(records)
    }

    /// The same for several files and folders, one record at a time, until `take` breaks off.
    ///
    /// # Errors
    ///
    /// As [`Session::query`].
    pub fn query_each(
        &self,
        paths: &[PathBuf],
        take: &mut dyn FnMut(ItemRecord) -> ControlFlow<()>,
    ) -> Result<(), SessionError> {
        let dump = Dump::new(self.dump_folders(paths)?, self.settings.limits);
        let engine = self.engine()?;
        let decisions = self.decisions()?;
        let scratch = LookupScratch::default();
        let mut asker = Asker { engine: &engine, decisions, scratch, stop: &self.stop, take };
        // It breaks off where `take` does, or at damage, which is told next.
        let _ = dump.walk(&mut asker);
        if let Some(damage) = engine.snapshot.damage() {
            return Err(damage.into());
        }
        store_answers()
    }

    /// Scans files and folders, and keeps a record of every item in the home.
    ///
    /// A scan of the same paths with the same settings and catalogue that was stopped goes on where it stopped; files
    /// that have not changed since an earlier run are taken over from it.
    ///
    /// # Errors
    ///
    /// If a path is not there, the catalogue is empty or damaged, or the results cannot be written.
    pub fn scan(
        &self,
        paths: &[PathBuf],
        observer: &mut dyn Observer,
    ) -> Result<ScanEnd, SessionError> {
        let dump = Dump::new(self.dump_folders(paths)?, self.settings.limits);
        let engine = Arc::new(self.engine()?);
        let mut store = self.results()?;
        let limits = dump.settings();
        let begun = (self.settings.clock)();
        let key = RunKey::of(&engine, &dump)?;
        let (run, goes_on) = store.begin(&key, begun)?;
        observer.begun(&run, goes_on);
        let config = self.scan_config();
        let earlier = Box::new(store.earlier(run.run_id)?);
        let mut sink = store.sink(run.run_id, goes_on)?;
        let searched = Arc::clone(&engine);
        let tell = &mut |progress: &Progress| observer.progress(progress);
        let summary = scan(Arc::new(dump), engine, config, earlier, &mut sink, &self.stop, tell)?;
        if let Some(damage) = searched.snapshot.damage() {
            return Err(damage.into());
        }
        store_answers()?;
        if summary.stopped {
            return Ok(ScanEnd { run, summary, stopped: true });
        }
        self.conclude(sink, &searched, run, summary, (&limits, &day(begun)))
    }

    /// Ends a run whose records are all kept: seals it by its manifest. `limits`: what containers may cost, as text.
    fn conclude(
        &self,
        mut sink: RunSink<'_>,
        engine: &Engine,
        run: Run,
        summary: ScanSummary,
        (limits, rights_day): (&str, &str),
    ) -> Result<ScanEnd, SessionError> {
        let gathered = gather(sink.settle()?, &run)?;
        let (which, roots) = (self.settings.hash_containers, &run.key.roots);
        let hashed = hash_containers(sink.settle()?, &gathered, roots, which, &self.stop)?;
        let Some(containers) = hashed else {
            return Ok(ScanEnd { run, summary, stopped: true });
        };
        store_answers()?;
        let ended = (self.settings.clock)();
        let VerdictConfig { match_below, suspect_below } = self.settings.verdict;
        let territory = self.settings.territory.as_deref();
        let asked = Asked { match_below, suspect_below, territory, limits };
        let content = Content::of_run(engine, &asked, &run, &gathered, containers)?;
        let facts = Facts {
            operator: self.settings.operator.clone(),
            ended,
            rights_day: rights_day.to_owned(),
            taken_over: summary.progress.skipped,
        };
        sink.finish(ended, |previous| {
            seal(content, engine, &run, gathered, facts, previous).to_text()
        })?;
        Ok(ScanEnd { run, summary, stopped: false })
    }

    /// The files and folders of a dump, without what the home keeps for itself.
    fn dump_folders(&self, paths: &[PathBuf]) -> Result<Folders, SessionError> {
        storage::begin();
        let folders = folders(paths)?.beside_home(&self.home);
        match folders.of_home() {
            Some(path) => Err(SessionError::OwnHome { path: path.to_path_buf() }),
            None => Ok(folders),
        }
    }

    /// A run, or the newest.
    ///
    /// # Errors
    ///
    /// If there is no such run, or the results cannot be read.
    pub fn run(&self, run_id: Option<i64>) -> Result<Run, SessionError> {
        Ok(self.results()?.run(run_id)?)
    }

    /// Writes a report of a run, or of the newest, to `out`.
    ///
    /// # Errors
    ///
    /// If there is no such run, the results cannot be read, or `out` takes no bytes.
    pub fn report(
        &self,
        run_id: Option<i64>,
        format: Format,
        out: &mut dyn Write,
    ) -> Result<(), SessionError> {
        let (store, decisions, run) = (self.results()?, self.decisions()?, self.run(run_id)?);
        let reader = RunReader::new(&store, &decisions);
        let summary = reader.summary(&run, format)?;
        let mut buffered = BufWriter::new(out);
        reader.write::<SessionError>(&run, &summary, &mut *format.writer(&mut buffered))?;
        let flushed = buffered.flush();
        flushed.map_err(|source| ReportError::Write { format, source }.into())
    }

    /// Visits the records of a run in the order of their paths, with what people decided about each finding.
    ///
    /// # Errors
    ///
    /// If the results cannot be read, or the first error of `visit`.
    pub fn for_each_record<E: From<SessionError>>(
        &self,
        run: &Run,
        mut visit: impl FnMut(&ItemRecord) -> Result<(), E>,
    ) -> Result<(), E> {
        /// The caller's error on its way through the store, which has errors of its own.
        enum Broken<E> {
            Results(ResultsError),
            Visit(E),
        }
        impl<E> From<ResultsError> for Broken<E> {
            fn from(error: ResultsError) -> Self {
                Self::Results(error)
            }
        }
        let (store, decisions) = (self.results()?, self.decisions()?);
        let reader = RunReader::new(&store, &decisions);
        reader.for_each(run, |record| visit(record).map_err(Broken::Visit)).map_err(|broken| {
            match broken {
                Broken::Results(error) => SessionError::from(error).into(),
                Broken::Visit(error) => error,
            }
        })
    }

    /// What the records of a run add up to, with what people decided.
    ///
    /// # Errors
    ///
    /// If the results cannot be read.
    pub fn counts(&self, run: &Run) -> Result<Counts, SessionError> {
        let mut counts = Counts::default();
        self.for_each_record(run, |record| {
            counts.add(record);
            Ok::<_, SessionError>(())
        })?;
        Ok(counts)
    }
}

fn folders(paths: &[PathBuf]) -> Result<Folders, SessionError> {
    Folders::new(paths).map_err(|(path, reason)| unnamed(path, reason))
}

/// The error of a path that cannot be looked at.
fn unnamed(path: PathBuf, reason: io::Error) -> SessionError {
    match StoreFault::of(&reason) {
        Some(fault) => {
            StoreFault { what: format!("{}: {}", path.display(), fault.what), ..fault }.into()
        }
        None => SessionError::Path { path, reason },
    }
}

/// Fails if the store of objects was lost meanwhile: what was read of it is not all there is.
fn store_answers() -> Result<(), SessionError> {
    storage::lost().map_or(Ok(()), |fault| Err(fault.into()))
}

/// Answers about each item as the walk comes to it.
struct Asker<'a> {
    engine: &'a Engine,
    decisions: Decisions,
    scratch: LookupScratch,
    stop: &'a AtomicBool,
    take: &'a mut dyn FnMut(ItemRecord) -> ControlFlow<()>,
}

impl Asker<'_> {
    fn answer(&mut self, mut record: ItemRecord) -> ControlFlow<()> {
        if storage::lost().is_some() {
            return ControlFlow::Break(());
        }
        self.decisions.apply(&mut record);
        (self.take)(record)
    }
}

impl Visit for Asker<'_> {
    fn item(&mut self, item: Item) -> ControlFlow<()> {
        match self.engine.examine(&item, &mut self.scratch, self.stop) {
            Some(record) => self.answer(record),
            // The index is damaged, or it was stopped.
            None => ControlFlow::Break(()),
        }
    }

    fn unlisted(&mut self, row: Unlisted) -> ControlFlow<()> {
        self.answer(examine_failed(&row.place, row.size_bytes, String::new(), row.failure))
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
