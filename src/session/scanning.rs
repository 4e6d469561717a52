//! Scans a dump into the results of the home, and seals the run.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Session, SessionError};
use crate::decode::DecodeLimits;
use crate::matching::verdict::VerdictConfig;
use crate::provenance::{Asked, Content, Facts, gather, hash_containers, seal};
use crate::results::{Run, RunKey, RunSink};
use crate::scan::{Engine, Progress, ScanConfig, ScanSummary, scan};
use crate::source::Dump;
use crate::wording::day;

/// Time that an item has beyond its decoder's own limit, before its thread is given up. A guess: it
/// covers fingerprint and search of a day of audio.
const GRACE: Duration = Duration::from_secs(60);

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

impl Session {
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
        self.scan_dump(Dump::new(self.dump_folders(paths)?, self.settings.limits), false, observer)
    }

    /// Scans a dump. `tells`: what happens is kept to be told.
    pub(super) fn scan_dump(
        &self,
        dump: Dump,
        tells: bool,
        observer: &mut (impl Observer + ?Sized),
    ) -> Result<ScanEnd, SessionError> {
        let engine = Arc::new(self.engine()?);
        let mut store = self.results()?;
        let limits = dump.settings();
        let begun = (self.settings.clock)();
        let key = RunKey::of(&engine, &dump)?;
        let (run, goes_on) = store.begin(&key, begun)?;
        if let Some(about) = &self.settings.about {
            self.say_about(&run, about)?;
        }
        observer.begun(&run, goes_on);
        let config = self.scan_config();
        let earlier = Box::new(store.earlier(run.run_id)?);
        let sink = store.sink(run.run_id, goes_on)?;
        let mut sink = if tells { sink.telling() } else { sink };
        let searched = Arc::clone(&engine);
        let tell = &mut |progress: &Progress| observer.progress(progress);
        let summary = scan(Arc::new(dump), engine, config, earlier, &mut sink, &self.stop, tell)?;
        if let Some(damage) = searched.snapshot.damage() {
            return Err(damage.into());
        }
        if summary.stopped {
            return Ok(ScanEnd { run, summary, stopped: true });
        }
        self.conclude(sink, &searched, run, summary, (&limits, &day(begun)))
    }

    /// Ends a run whose records are all kept: seals it by its manifest. `limits`: what containers may cost, as text.
    pub(super) fn conclude(
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
    pub(super) fn scan_config(&self) -> ScanConfig {
        let DecodeLimits { timeout, .. } = self.settings.decoding;
        ScanConfig { threads: self.settings.threads, give_up_after: timeout + GRACE }
    }
}
