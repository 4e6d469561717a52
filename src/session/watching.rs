//! Watches folders: scans them again and again, each time what has come to rest.

use std::mem::{Discriminant, discriminant};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use super::{Observer, ScanEnd, Session, SessionError};
use crate::base::free_bytes;
use crate::results::{Look, RunKey};
use crate::source::{Dump, Folders, Stamp, display_path};
use crate::watch::{HomeLock, Looker, Moment, Patience, Role, is_passing};
use crate::wording::day;

/// With less room than this on the disk of the home no scan begins. A guess: SQLite's log of a batch of outcomes has a tenth.
const ROOM_BYTES: u64 = 16 << 20;
/// The longest wait after something that passes by itself.
const LONGEST_WAIT: Duration = Duration::from_secs(120);
/// How often a wait looks whether it is to end. A guess.
const TICK: Duration = Duration::from_millis(200);

/// How folders are watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watching {
    /// When a file is finished.
    pub patience: Patience,
    /// Time between two looks.
    pub poll: Duration,
    /// While files still arrive, a scan waits for them for so long at most.
    pub gather: Duration,
    /// End after one scan of what is finished.
    pub once: bool,
}

/// Follows a watch, on the thread that called [`Session::watch`].
pub trait Watcher: Observer {
    /// Called several times a second. True ends the watch.
    fn is_over(&mut self) -> bool {
        false
    }

    /// It waits for something to pass by itself, such as a full disk. Told once.
    fn waits(&mut self, why: &dyn std::fmt::Display);

    /// What it waited for has passed.
    fn goes_on(&mut self) {}

    /// A scan has ended, and its findings wait to be told: see [`crate::results::Outbox`].
    fn scanned(&mut self, end: &ScanEnd) {
        let _ = end;
    }
}

impl Session {
    /// Watches files and folders until it is stopped: scans them whenever something there has come to rest that was not scanned yet.
    /// What is found waits in the home to be told ([`crate::watch::Teller`]), each once, whatever happens. Returns the last scan.
    ///
    /// # Errors
    ///
    /// If another process watches with this home, a path is not there at the start, the catalogue is empty or damaged, or the results
    /// cannot be used for a reason that does not pass by itself.
    pub fn watch(
        &self,
        paths: &[PathBuf],
        watching: Watching,
        watcher: &mut dyn Watcher,
    ) -> Result<Option<ScanEnd>, SessionError> {
        // A path that is not there is told at once. Later it may be a disk that is away.
        let roots = self.dump_folders(paths)?.roots().to_vec();
        let mut watch = Watch {
            session: self,
            paths: &roots,
            watching,
            looker: Looker::new(watching.patience),
            began: Instant::now(),
            lock: None,
            last: None,
            checked: None,
            arriving: None,
        };
        let mut last = None;
        // What it waits for, and the last wait.
        let mut waiting: Option<(Discriminant<SessionError>, Duration)> = None;
        loop {
            let round = watch.round(watcher);
            if round.is_ok() && waiting.take().is_some() {
                watcher.goes_on();
            }
            let (pause, is_done) = match round {
                Ok(Round::Stopped) => return Ok(last),
                Ok(Round::Settling(pause)) => (pause, false),
                Ok(Round::Nothing) => (watching.poll, watching.once),
                Ok(Round::Scanned(end)) => {
                    watcher.scanned(&end);
                    let is_done = watching.once || end.stopped;
                    last = Some(*end);
                    (watching.poll, is_done)
                }
                Err(error) if watch.is_passing(&error) => {
                    let kind = discriminant(&error);
                    let before = waiting.filter(|(before, _)| *before == kind);
                    if before.is_none() {
                        watcher.waits(&error);
                    }
                    let longest = LONGEST_WAIT.max(watching.poll);
                    let pause = before.map_or(watching.poll, |(_, pause)| (pause * 2).min(longest));
                    waiting = Some((kind, pause));
                    (pause, false)
                }
                Err(error) => return Err(error),
            };
            if is_done || self.pause(pause, watcher) {
                return Ok(last);
            }
        }
    }

    /// Waits. True if the watch is to end.
    fn pause(&self, pause: Duration, watcher: &mut dyn Watcher) -> bool {
        let until = Instant::now() + pause;
        loop {
            if watcher.is_over() || self.stop.load(Ordering::Relaxed) {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            std::thread::sleep(left.min(TICK));
        }
    }
}

/// What one round came to.
enum Round {
    /// There is nothing new.
    Nothing,
    /// Something may be finished after this time.
    Settling(Duration),
    /// A scan has ended, or was stopped.
    Scanned(Box<ScanEnd>),
    /// It was stopped before there was a scan.
    Stopped,
}

/// What is checked for whether everything has to be scanned again: the catalogue's files, and the day for the rights.
type Basis = (Vec<Stamp>, String);

/// A watch of folders.
struct Watch<'a> {
    session: &'a Session,
    paths: &'a [PathBuf],
    watching: Watching,
    looker: Looker,
    began: Instant,
    lock: Option<HomeLock>,
    /// What the last complete scan was of.
    last: Option<Look>,
    /// The basis for which the catalogue and the settings were found to be those of the last scan.
    checked: Option<Basis>,
    /// When a look first showed something new while files still arrived.
    arriving: Option<Instant>,
}

impl Watch<'_> {
    fn round(&mut self, watcher: &mut dyn Watcher) -> Result<Round, SessionError> {
        if self.lock.is_none() {
            self.lock = Some(HomeLock::take(&self.session.home, Role::Watch)?);
        }
        if let Some(free) = free_bytes(&self.session.home).filter(|&free| free < ROOM_BYTES) {
            return Err(SessionError::NoRoom { home: self.session.home.clone(), free });
        }
        let folders = self.session.dump_folders(self.paths)?;
        let roots: Vec<String> = folders.roots().iter().map(|root| display_path(root)).collect();
        let moment = Moment { clock: SystemTime::now(), since: self.began.elapsed() };
        let stop = &self.session.stop;
        let Some(looked) = self.looker.look(&folders, moment, stop) else {
            return Ok(Round::Stopped);
        };
        if self.last.is_none() {
            self.last = self.session.results()?.look(&roots)?;
        }
        let is_new = self.last.as_ref().is_none_or(|last| last.digest != looked.digest);
        if !is_new && !self.is_other_basis(&folders)? {
            self.arriving = None;
            // One that ends after one scan waits once for what may be finished soon.
            let waits = self.watching.once && looked.settling > 0;
            return Ok(self.settling(waits).unwrap_or(Round::Nothing));
        }
        if looked.settling > 0
            && let Some(round) = self.settling(true)
        {
            return Ok(round);
        }
        self.arriving = None;
        let basis = self.basis();
        let dump = Dump::new(folders.but(looked.waits), self.session.settings.limits);
        let end = self.session.scan_dump(dump, true, watcher)?;
        if !end.stopped {
            let look = Look { digest: looked.digest, run_id: end.run.run_id };
            self.session.results()?.keep_look(&roots, &look)?;
            (self.last, self.checked) = (Some(look), Some(basis));
        }
        Ok(Round::Scanned(Box::new(end)))
    }

    /// The wait for files that still arrive; `None` if it was long enough.
    fn settling(&mut self, waits: bool) -> Option<Round> {
        let Watching { patience: Patience { settle, .. }, poll, gather, once } = self.watching;
        if !waits {
            return None;
        }
        let since = *self.arriving.get_or_insert_with(Instant::now);
        let most = if once { settle } else { gather };
        let left = most.checked_sub(since.elapsed()).filter(|left| !left.is_zero())?;
        Some(Round::Settling(left.min(poll).min(settle.max(TICK))))
    }

    /// Whether everything has to be scanned again: another catalogue, other settings or other rights.
    fn is_other_basis(&mut self, folders: &Folders) -> Result<bool, SessionError> {
        let Some(last) = &self.last else { return Ok(true) };
        let basis = self.basis();
        if self.checked.as_ref() == Some(&basis) {
            return Ok(false);
        }
        let dump = Dump::new(folders.clone(), self.session.settings.limits);
        let key = RunKey::of(&self.session.engine()?, &dump)?;
        let runs = self.session.results()?.runs()?;
        let is_same = runs.iter().any(|run| run.run_id == last.run_id && run.key == key);
        if is_same {
            self.checked = Some(basis);
        }
        Ok(!is_same)
    }

    fn basis(&self) -> Basis {
        let home = &self.session.home;
        let own = || ["catalog/catalog.sqlite", "catalog/catalog.sqlite-wal"].map(|n| home.join(n));
        let files = match &self.session.settings.packed_catalogue {
            Some(pack) => vec![pack.clone()],
            None => own().to_vec(),
        };
        let stamp = |file: &PathBuf| file.metadata().map(|m| Stamp::of(&m)).unwrap_or_default();
        (files.iter().map(stamp).collect(), day((self.session.settings.clock)()))
    }

    /// Whether an error passes by itself. Once there was a scan, so does a folder that is away, and a catalogue that is being filled.
    fn is_passing(&self, error: &SessionError) -> bool {
        let later = self.last.is_some() && !self.watching.once;
        match error {
            SessionError::NoRoom { .. }
            | SessionError::Results(crate::results::ResultsError::Busy { .. }) => true,
            SessionError::Path { .. } | SessionError::EmptyCatalogue { .. } => later,
            error => is_passing(error) || is_out_of_room(error, &self.session.home),
        }
    }
}

/// Whether a database could not be opened for lack of room, which it does not say.
fn is_out_of_room(error: &SessionError, home: &Path) -> bool {
    let SessionError::Results(_) = error else { return false };
    free_bytes(home).is_some_and(|free| free < ROOM_BYTES)
}
