//! One dump on many machines: planned, done and merged through the session.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use super::{Observer, ScanEnd, Session, SessionError, Settings};
use crate::cluster::{self, Parts, Plan, Planned, UnitSize, Whole, Worker};
use crate::matching::verdict::VerdictConfig;
use crate::results::RunKey;
use crate::scan::{Progress, ScanSummary};
use crate::source::Dump;
use crate::wording::day;

/// How [`Session::merge`] ended.
#[derive(Debug, Clone, PartialEq)]
pub struct MergeEnd {
    /// The run.
    pub end: ScanEnd,
    /// Units some files of which were added, removed or changed since they were planned.
    pub changed: Whole,
}

impl Settings {
    /// The settings of a plan, with threads, operator, clock and time limits of these.
    ///
    /// # Errors
    ///
    /// If the plan names no mode of this program.
    pub fn of_plan(self, plan: &Plan) -> Result<Self, SessionError> {
        let content = plan.content();
        let (match_below, suspect_below) = (content.match_below, content.suspect_below);
        Ok(Self {
            mode: plan.mode()?,
            verdict: VerdictConfig { match_below, suspect_below },
            territory: Some(content.territory.clone()).filter(|territory| !territory.is_empty()),
            limits: content.limits,
            ffmpeg: content.ffmpeg,
            ..self
        })
    }
}

impl Session {
    /// Plans a scan of files and folders in the folder `out`. If it holds the same plan already, that stays, with the units
    /// that are done. `None` if it was stopped.
    ///
    /// # Errors
    ///
    /// If a path is not there, the catalogue is empty or damaged, or the folder cannot be written or holds another plan.
    pub fn plan(
        &self,
        paths: &[PathBuf],
        out: &Path,
        size: UnitSize,
    ) -> Result<Option<Plan>, SessionError> {
        let dump = Dump::new(self.dump_folders(paths)?, self.settings.limits);
        let planned = (self.settings.clock)();
        let engine = self.engine_on(&day(planned))?;
        let key = RunKey::of(&engine, &dump)?;
        let asked = Planned {
            ffmpeg: self.settings.ffmpeg,
            match_below: self.settings.verdict.match_below,
            suspect_below: self.settings.verdict.suspect_below,
            territory: self.settings.territory.clone().unwrap_or_default(),
            rights_day: day(planned),
        };
        let is_over = || self.stop.load(Ordering::Relaxed);
        Ok(Plan::make(&dump, &key, asked, size, (out, planned), &is_over)?)
    }

    /// A worker for a plan, which writes to `parts`. The session has the settings of the plan: see [`Settings::of_plan`].
    ///
    /// # Errors
    ///
    /// If the catalogue is empty or damaged, or this machine would not make the records that the plan promises.
    pub fn worker(&self, plan: Plan, parts: Parts) -> Result<Worker, SessionError> {
        let engine = self.engine_on(&plan.content().rights_day)?;
        Ok(Worker::new(plan, parts, engine, self.scan_config(), self.stop_flag())?)
    }

    /// Makes one run of the parts of a plan, with its manifest. Its `content_digest` is that of a scan of the dump on one machine.
    /// `None` if it was stopped while the parts were read.
    ///
    /// # Errors
    ///
    /// If a part is missing, doubled, foreign, damaged or of another plan; if this machine would not make the records that the
    /// plan promises; or if the results cannot be written.
    pub fn merge(
        &self,
        plan: Plan,
        parts: &[Parts],
        observer: &mut dyn Observer,
    ) -> Result<Option<MergeEnd>, SessionError> {
        let is_over = || self.stop.load(Ordering::Relaxed);
        let Some(changed) = cluster::check(&plan, parts, &is_over)? else { return Ok(None) };
        let (rights_day, begun) = (plan.content().rights_day.clone(), plan.planned());
        let dump = plan.dump()?;
        let worker = self.worker(plan, Parts::new(PathBuf::new()))?;
        let mut store = self.results()?;
        let key = RunKey::of(worker.engine(), &dump)?;
        let (run, goes_on) = store.begin(&key, begun)?;
        observer.begun(&run, goes_on);
        let mut sink = store.sink(run.run_id, goes_on)?;
        let tell = &mut |progress: &Progress| observer.progress(progress);
        let merged = cluster::merge::<_, SessionError>(&worker, parts, &mut sink, tell)?;
        super::store_answers()?;
        let Some(merged) = merged else { return Ok(None) };
        let summary = ScanSummary { progress: merged.progress, stopped: false };
        let limits = dump.settings();
        let end = self.conclude(sink, worker.engine(), run, summary, (&limits, &rights_day))?;
        Ok(Some(MergeEnd { end, changed }))
    }
}
