//! A whole import: files read, entries written, their audio found, added and linked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::audio::Finder;
use super::{Options, Problem, Row, Spot, Take, files, read};
use crate::catalog::{
    AddEvent, Catalog, CatalogError, Entry, EntryImport, Imported, LogLine, MakeLine, Staged,
};
use crate::ingest::Ingester;
use crate::source::{Folders, display_path};

/// How an import goes.
#[derive(Debug, Clone, Default)]
pub struct Import {
    /// Deliveries: files, and folders of them.
    pub paths: Vec<PathBuf>,
    /// Folders in which sound files are looked for, beside those of the deliveries.
    pub audio: Vec<PathBuf>,
    /// How files are read.
    pub options: Options,
    /// Lists that a row carries take the place of those that are there.
    pub replace: bool,
    /// Nothing is written.
    pub dry_run: bool,
}

/// What is told while it goes on.
#[derive(Debug)]
pub enum Event<'a> {
    /// A file is about to be read.
    File(&'a Path),
    /// A row was read and went in; told only where nothing is written.
    Row(&'a Path, &'a Row),
    /// Something is wrong or is to be known.
    Problem(&'a Path, &'a Problem),
    /// What became of a sound file.
    Audio(&'a AddEvent<'a>),
}

/// Why an import as a whole failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A path is not there or cannot be listed.
    #[error("{}: {source}; check the path", path.display())]
    Path {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The catalogue cannot be changed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Files that were read.
    pub files: u64,
    /// Rows that went in.
    pub rows: u64,
    /// Rows and files that were refused.
    pub refused: u64,
    /// Other things that were told.
    pub warnings: u64,
    /// What became of the entries.
    pub entries: Imported,
    /// What became of their audio.
    pub links: Links,
    /// It was stopped: before the entries were written nothing went in, after it what is ready.
    pub stopped: bool,
}

/// What became of the audio of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Links {
    /// Sound files that were found, those among them that are in the index already.
    pub found: u64,
    /// Rows that name a file which is not there.
    pub missing: u64,
    /// Rows that name none.
    pub unnamed: u64,
    /// New recordings in the index.
    pub added: u64,
    /// Sound files that are no recordings.
    pub refused: u64,
    /// New links of recordings to entries.
    pub linked: u64,
}

impl Import {
    /// Runs it. `log` makes a line of the log, of what was done.
    ///
    /// # Errors
    ///
    /// If a path is not there, or the catalogue cannot be changed. Never for a row or a file.
    pub fn run(
        &self,
        catalog: &mut Catalog,
        ingester: &Ingester,
        pool: &rayon::ThreadPool,
        stop: &AtomicBool,
        log: MakeLine,
        tell: &mut dyn FnMut(Event),
    ) -> Result<Outcome, ImportError> {
        let mut outcome = Outcome::default();
        let mut deliveries = Vec::new();
        for path in &self.paths {
            let error = |source| ImportError::Path { path: path.clone(), source };
            deliveries.extend(files(path).map_err(error)?);
        }
        let mut wanted = BTreeMap::new();
        let mut import = catalog.import()?;
        for path in &deliveries {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            tell(Event::File(path));
            outcome.files += 1;
            let mut rows = Rows {
                path,
                import: &mut import,
                finder: Finders { near: path, whole: self.whole(path), finder: None },
                dry_run: self.dry_run,
                outcome: &mut outcome,
                wanted: &mut wanted,
                broken: None,
                fatal: None,
                stop,
                tell,
            };
            read(path, &self.options, &mut rows);
            if let Some(error) = rows.broken {
                return Err(error.into());
            }
        }
        outcome.stopped = stop.load(Ordering::Relaxed);
        if outcome.stopped {
            return Ok(outcome);
        }
        let names: Vec<String> = self.paths.iter().map(|path| display_path(path)).collect();
        let line = |imported: Imported| {
            let Imported { new, updated, unchanged } = imported;
            log(format!(
                "{}: {new} new, {updated} updated, {unchanged} unchanged, {} refused",
                names.join(", "),
                outcome.refused
            ))
        };
        let log_line: Option<&dyn Fn(Imported) -> LogLine> =
            if self.dry_run { None } else { Some(&line) };
        outcome.entries = import.finish(self.replace, log_line)?;
        outcome.links.found = wanted.values().map(|w: &Wanted| w.entries.len() as u64).sum();
        if !self.dry_run {
            let work = Work { ingester, pool, stop, log };
            link_audio(catalog, &work, &wanted, &mut outcome, tell)?;
        }
        Ok(outcome)
    }

    /// The folders that are searched whole for the audio of a delivery.
    fn whole(&self, delivery: &Path) -> Vec<PathBuf> {
        let around = self.paths.iter().filter(|p| p.is_dir() && delivery.starts_with(p));
        around.chain(&self.audio).cloned().collect()
    }
}

/// What decodes sound files, and ends that.
struct Work<'a> {
    ingester: &'a Ingester,
    pool: &'a rayon::ThreadPool,
    stop: &'a AtomicBool,
    log: MakeLine<'a>,
}

/// Adds the sound files to the index and links their recordings.
fn link_audio(
    catalog: &mut Catalog,
    work: &Work,
    wanted: &BTreeMap<String, Wanted>,
    outcome: &mut Outcome,
    tell: &mut dyn FnMut(Event),
) -> Result<(), ImportError> {
    let Work { ingester, pool, stop, log } = *work;
    let mut links = Vec::new();
    let mut paths = Vec::new();
    for want in wanted.values() {
        match &want.place {
            Found::Known(recordings) => {
                for entry in &want.entries {
                    links.extend(recordings.iter().map(|r| (entry.clone(), r.clone())));
                }
            }
            Found::File(path) => paths.push(path.clone()),
        }
    }
    if !paths.is_empty() {
        let folders =
            Folders::new(&paths).map_err(|(path, source)| ImportError::Path { path, source })?;
        let summary = catalog.add(&folders, ingester, pool, stop, log, &mut |event| {
            let of = match &event {
                AddEvent::Added(recording) => Some((&recording.path, &recording.recording_id)),
                AddEvent::Duplicate { path, of } => Some((path, of)),
                AddEvent::Refused { .. } => None,
            };
            if let Some((path, recording)) = of
                && let Some(want) = wanted.get(path)
            {
                let linked = want.entries.iter().map(|e| (e.clone(), recording.clone()));
                links.extend(linked);
            }
            tell(Event::Audio(&event));
        })?;
        outcome.links.added = summary.added;
        outcome.links.refused = summary.refused;
        outcome.stopped = summary.stopped;
    }
    outcome.links.linked = catalog.link(&links, log)?;
    Ok(())
}

/// A sound file that entries name.
struct Wanted {
    place: Found,
    entries: Vec<String>,
}

enum Found {
    /// On disk.
    File(PathBuf),
    /// In the index already.
    Known(Vec<String>),
}

/// The finder of a delivery, made when a row first names a file.
struct Finders<'a> {
    near: &'a Path,
    whole: Vec<PathBuf>,
    finder: Option<Finder>,
}

impl Finders<'_> {
    fn get(&mut self) -> &mut Finder {
        let (near, whole) = (self.near, &self.whole);
        self.finder.get_or_insert_with(|| {
            let near = std::path::absolute(near).unwrap_or_else(|_| near.to_path_buf());
            Finder::new(near.parent().unwrap_or(&near), whole)
        })
    }
}

/// Takes the rows of a file.
struct Rows<'a, 'c> {
    path: &'a Path,
    import: &'a mut EntryImport<'c>,
    finder: Finders<'a>,
    dry_run: bool,
    outcome: &'a mut Outcome,
    wanted: &'a mut BTreeMap<String, Wanted>,
    broken: Option<CatalogError>,
    /// The spot of the last problem for which a row was refused: a row counts once.
    fatal: Option<Spot>,
    stop: &'a AtomicBool,
    tell: &'a mut dyn FnMut(Event),
}

impl Rows<'_, '_> {
    fn goes_on(&self) -> bool {
        self.broken.is_none() && !self.stop.load(Ordering::Relaxed)
    }

    fn audio(&mut self, id: &str, entry: &Entry, spot: &Spot) {
        if entry.audio.is_empty() {
            self.outcome.links.unnamed += 1;
        }
        for audio in &entry.audio {
            let found = match self.known(&audio.hash) {
                Some(found) => Ok(Some(found)),
                None => self
                    .finder
                    .get()
                    .find(audio)
                    .map(|path| path.map(|path| (display_path(&path), Found::File(path)))),
            };
            match found {
                Ok(Some((key, place))) => {
                    let want = self
                        .wanted
                        .entry(key)
                        .or_insert_with(|| Wanted { place, entries: Vec::new() });
                    if !want.entries.iter().any(|known| known == id) {
                        want.entries.push(id.to_owned());
                    }
                }
                Ok(None) => {
                    self.outcome.links.missing += 1;
                    let why = "was not found: it goes in without audio; name the folder that it is in with --audio";
                    let name = if audio.uri.is_empty() { &audio.hash } else { &audio.uri };
                    self.problem(Problem::warning(spot.clone(), why).of("audio", name));
                }
                Err(why) => {
                    self.outcome.links.missing += 1;
                    self.problem(Problem::warning(spot.clone(), why).of("audio", &audio.uri));
                }
            }
        }
    }

    fn known(&mut self, hash: &str) -> Option<(String, Found)> {
        if hash.len() != 64 {
            return None;
        }
        match self.import.with_sha256(hash) {
            Ok(known) if known.is_empty() => None,
            Ok(known) => Some((hash.to_owned(), Found::Known(known))),
            Err(error) => {
                self.broken = Some(error);
                None
            }
        }
    }
}

impl Take for Rows<'_, '_> {
    fn row(&mut self, row: Row) -> bool {
        if self.dry_run {
            (self.tell)(Event::Row(self.path, &row));
        }
        let spot = row.spot;
        let audio = Entry { audio: row.entry.audio.clone(), ..Entry::default() };
        match self.import.stage(row.entry) {
            Ok(Staged::Ambiguous(why)) => {
                self.problem(Problem::refused(spot, why));
            }
            Ok(Staged::First { id }) => {
                self.outcome.rows += 1;
                self.audio(&id, &audio, &spot);
            }
            Ok(Staged::Joined { id, conflicts }) => {
                self.outcome.rows += 1;
                for conflict in conflicts {
                    let why = format!(
                        "is {:?} in an earlier row of the same recording ({id}), which stays; if these are two \
                         recordings, give each an own_id",
                        conflict.kept
                    );
                    let problem = Problem::warning(spot.clone(), why);
                    self.problem(problem.of(conflict.field, &conflict.dropped));
                }
                self.audio(&id, &audio, &spot);
            }
            Err(error) => self.broken = Some(error),
        }
        self.goes_on()
    }

    fn problem(&mut self, problem: Problem) -> bool {
        if !problem.is_fatal {
            self.outcome.warnings += 1;
        } else if self.fatal.as_ref() != Some(&problem.spot) {
            self.outcome.refused += 1;
            self.fatal = Some(problem.spot.clone());
        }
        (self.tell)(Event::Problem(self.path, &problem));
        self.goes_on()
    }
}
