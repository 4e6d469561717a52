//! A whole import: reads files, writes entries, and finds, adds and links their audio.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::audio::Finder;
use super::{Flow, Options, Problem, Row, Spot, Stop, Take, files, read};
use crate::catalog::{
    AddEvent, Catalog, CatalogError, Entry, EntryImport, Imported, LogLine, MakeLine, Staged,
};
use crate::ingest::Ingester;
use crate::source::{Folders, display_path};

/// Digits of a SHA-256 in hexadecimal.
const SHA256_DIGITS: usize = 64;

/// The settings of an import.
#[derive(Debug, Clone, Default)]
pub struct Import {
    /// The deliveries: files, and folders of them.
    pub paths: Vec<PathBuf>,
    /// Folders in which sound files are searched for, in addition to those of the deliveries.
    pub audio: Vec<PathBuf>,
    /// Settings for reading the files.
    pub options: Options,
    /// Whether the non-empty lists of a row replace those of the stored entry; else they are added.
    pub replace: bool,
    /// Whether it is a dry run, which writes nothing.
    pub dry_run: bool,
}

/// An event during an import.
#[derive(Debug)]
pub enum Event<'a> {
    /// A file is about to be read.
    File(&'a Path),
    /// A row was read; only in a dry run.
    Row(&'a Path, &'a Row),
    /// A problem was found in a file.
    Problem(&'a Path, &'a Problem),
    /// A sound file was added or refused.
    Audio(&'a AddEvent<'a>),
}

/// Why an import failed as a whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A path does not exist or cannot be listed.
    #[error("{}: {source}; check the path", path.display())]
    Path {
        /// The path of the delivery.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The catalogue cannot be read or changed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// The result of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Number of files that were read.
    pub files: u64,
    /// Number of rows that were imported.
    pub rows: u64,
    /// Rows and files that were refused.
    pub refused: u64,
    /// Number of warnings.
    pub warnings: u64,
    /// The entries by what became of them.
    pub entries: Imported,
    /// The audio of the entries by what became of it.
    pub links: Links,
    /// Whether it was stopped. Before the entries were written nothing is imported; later, the audio that was added by then
    /// stays.
    pub stopped: bool,
}

/// Numbers of sound files and links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Links {
    /// Sound files that were found, those included that the index already has.
    pub found: u64,
    /// Sound files that were named and not found.
    pub missing: u64,
    /// Rows that name no sound file.
    pub unnamed: u64,
    /// New recordings in the index.
    pub added: u64,
    /// Sound files that were not added to the index.
    pub refused: u64,
    /// New links of recordings to entries.
    pub linked: u64,
}

impl Import {
    /// Runs the import. `log` makes the lines of the log.
    ///
    /// # Errors
    ///
    /// If a path does not exist, or the catalogue cannot be changed. An error in a row or file is a problem instead.
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
                fatal: None,
                stop,
                tell,
            };
            if let Flow::Break(Stop::Catalog(error)) = read(path, &self.options, &mut rows) {
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

    /// The folders in all of which the audio of a delivery is searched for.
    fn whole(&self, delivery: &Path) -> Vec<PathBuf> {
        let around = self.paths.iter().filter(|p| p.is_dir() && delivery.starts_with(p));
        around.chain(&self.audio).cloned().collect()
    }
}

/// What decoding sound files needs.
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

/// A sound file, and the ids of the entries that name it.
struct Wanted {
    place: Found,
    entries: Vec<String>,
}

enum Found {
    /// A file on disk.
    File(PathBuf),
    /// The ids of recordings that the index has already.
    Known(Vec<String>),
}

/// Makes the finder of a delivery when a row first names a file.
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

/// Stages the rows of a file.
struct Rows<'a, 'c> {
    path: &'a Path,
    import: &'a mut EntryImport<'c>,
    finder: Finders<'a>,
    dry_run: bool,
    outcome: &'a mut Outcome,
    wanted: &'a mut BTreeMap<String, Wanted>,
    /// The place of the last row that was refused: each counts once, however many problems it has.
    fatal: Option<Spot>,
    stop: &'a AtomicBool,
    tell: &'a mut dyn FnMut(Event),
}

impl Rows<'_, '_> {
    fn flow(&self) -> Flow {
        if self.stop.load(Ordering::Relaxed) {
            Flow::Break(Stop::Enough)
        } else {
            Flow::Continue(())
        }
    }

    /// Finds the audio of an entry, and notes which entry wants it.
    fn audio(&mut self, id: &str, entry: &Entry, spot: &Spot) -> Flow {
        if entry.audio.is_empty() {
            self.outcome.links.unnamed += 1;
        }
        for audio in &entry.audio {
            let found = match self.known(&audio.hash) {
                Err(error) => return Flow::Break(Stop::Catalog(error)),
                Ok(Some(found)) => Ok(Some(found)),
                Ok(None) => self
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
                    let why =
                        "was not found: it is imported without audio; name its folder with --audio";
                    let name = if audio.uri.is_empty() { &audio.hash } else { &audio.uri };
                    self.problem(Problem::warning(spot.clone(), why).of("audio", name))?;
                }
                Err(why) => {
                    self.outcome.links.missing += 1;
                    self.problem(Problem::warning(spot.clone(), why).of("audio", &audio.uri))?;
                }
            }
        }
        Flow::Continue(())
    }

    /// The recordings of the index whose file has this hash, if it is a SHA-256.
    fn known(&self, hash: &str) -> Result<Option<(String, Found)>, CatalogError> {
        if hash.len() != SHA256_DIGITS {
            return Ok(None);
        }
        let known = self.import.with_sha256(hash)?;
        Ok((!known.is_empty()).then(|| (hash.to_owned(), Found::Known(known))))
    }
}

impl Take for Rows<'_, '_> {
    fn row(&mut self, row: Row) -> Flow {
        if self.dry_run {
            (self.tell)(Event::Row(self.path, &row));
        }
        let spot = row.spot;
        let audio = Entry { audio: row.entry.audio.clone(), ..Entry::default() };
        match self.import.stage(row.entry) {
            Ok(Staged::Ambiguous(why)) => {
                self.problem(Problem::refused(spot, why))?;
            }
            Ok(Staged::First { id }) => {
                self.outcome.rows += 1;
                self.audio(&id, &audio, &spot)?;
            }
            Ok(Staged::Joined { id, conflicts }) => {
                self.outcome.rows += 1;
                for conflict in conflicts {
                    let why = format!(
                        "is {:?} in an earlier row of the same recording ({id}), which is kept; if these are two \
                         recordings, give each an own_id",
                        conflict.kept
                    );
                    let problem = Problem::warning(spot.clone(), why);
                    self.problem(problem.of(conflict.field, &conflict.dropped))?;
                }
                self.audio(&id, &audio, &spot)?;
            }
            Err(error) => return Flow::Break(Stop::Catalog(error)),
        }
        self.flow()
    }

    fn problem(&mut self, problem: Problem) -> Flow {
        if !problem.is_fatal {
            self.outcome.warnings += 1;
        } else if self.fatal.as_ref() != Some(&problem.spot) {
            self.outcome.refused += 1;
            self.fatal = Some(problem.spot.clone());
        }
        (self.tell)(Event::Problem(self.path, &problem));
        self.flow()
    }
}
