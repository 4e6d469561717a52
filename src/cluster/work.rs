//! Does units: the same scan as over a whole dump, over a part of it, into a part.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::part::{Reader, Sorter};
use super::plan::outside;
use super::unit::SectionOf;
use super::{ClusterError, Mark, Parts, Plan, Unit, UnitShare};
use crate::results::RunKey;
use crate::scan::{Earlier, Engine, Known, OutcomeSink, Progress, ScanConfig, scan};
use crate::source::{Carried, Dump, Met, Place, Portion};
use crate::storage;

/// How a unit ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// It was done now.
    Now(Mark),
    /// It was done before, and nothing was done now.
    Before(Mark),
    /// It was stopped; nothing of it is kept.
    Stopped,
}

/// Knows of no earlier scan.
pub(super) struct Nothing;

impl Earlier for Nothing {
    fn look_up(&mut self, _: &Place) -> Known {
        Known::New
    }
}

/// Does units of a plan, one after the other, with the index mapped once.
#[derive(Debug)]
pub struct Worker {
    plan: Plan,
    parts: Parts,
    dump: Dump,
    engine: Arc<Engine>,
    config: ScanConfig,
    stop: Arc<AtomicBool>,
}

impl Worker {
    /// A worker whose engine makes the records that the plan promises.
    ///
    /// # Errors
    ///
    /// If program, decoders, catalogue or settings are not those of the plan, the dump is not there, or the parts would lie in it.
    pub fn new(
        plan: Plan,
        parts: Parts,
        engine: Engine,
        config: ScanConfig,
        stop: Arc<AtomicBool>,
    ) -> Result<Self, ClusterError> {
        let dump = plan.dump()?;
        plan.agrees_with(&RunKey::of(&engine, &dump)?)?;
        // The worker of a merge has no folder, since it writes no parts.
        if parts.folder() != Path::new("") {
            outside(dump.folders(), parts.folder())?;
        }
        Ok(Self { plan, parts, dump, engine: Arc::new(engine), config, stop })
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(super) fn dump(&self) -> &Dump {
        &self.dump
    }

    /// Its engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Does a unit, unless it was done before.
    ///
    /// # Errors
    ///
    /// If there is no such unit, its container was changed, its part cannot be written, or the catalogue is damaged. What is
    /// wrong with an item is no error, but its record.
    pub fn work(&self, number: u64, tell: &mut dyn FnMut(&Progress)) -> Result<Done, ClusterError> {
        storage::begin();
        let unit = self.plan.unit(number)?;
        if let Some(mark) = self.done_before(number)? {
            return Ok(Done::Before(mark));
        }
        let portion = unit.portion(&self.dump, Carried::default());
        let portion = portion.ok_or_else(|| self.plan.damaged_unit(number))?;
        let mut sorter = Sorter::new(number)?;
        let Some(met) = self.walk::<_, ClusterError>(number, portion, &mut sorter, tell)? else {
            return Ok(Done::Stopped);
        };
        let changed = Self::check(&unit, &met)?;
        let sums = sorter.sums.mark();
        let (plan, section) = (self.plan.digest(), met.section);
        let mark = sorter.write(&self.parts, plan, section, |bytes, sha256| Mark {
            plan: plan.to_owned(),
            unit: number,
            bytes,
            sha256,
            changed,
            ..sums
        })?;
        Ok(Done::Now(mark))
    }

    /// The mark of a unit whose part is there as the mark says.
    fn done_before(&self, number: u64) -> Result<Option<Mark>, ClusterError> {
        // A mark that cannot be read is written again.
        let Ok(Some(mark)) = self.parts.mark(number) else { return Ok(None) };
        if mark.plan != self.plan.digest() {
            let (path, found) = (self.parts.mark_path(number), mark.plan);
            let what = format!("it is the mark of another plan ({found}); name another folder");
            return Err(ClusterError::Damaged { path, what });
        }
        // Nor is a part that a merge would refuse.
        let part = Reader::open(&self.parts, self.plan.digest(), &mark);
        let is_whole = mark.unit == number && part.and_then(Reader::verify).is_ok();
        Ok(is_whole.then_some(mark))
    }

    /// Whether the files of a unit are other than planned. For a container in sections that is an error.
    fn check(unit: &Unit, met: &Met) -> Result<bool, ClusterError> {
        if let Some(SectionOf { file, .. }) = unit.section() {
            return match met.section {
                Some(_) => Ok(false),
                None => Err(ClusterError::Changed { path: file }),
            };
        }
        let UnitShare::Files { files, digest, .. } = &unit.share else { return Ok(false) };
        Ok(met.listing.files != *files || met.listing.digest() != *digest)
    }

    /// Scans a part of the dump into a sink. `None` if it was stopped.
    pub(super) fn walk<S: OutcomeSink, E: From<S::Error> + From<ClusterError>>(
        &self,
        unit: u64,
        portion: Portion,
        sink: &mut S,
        tell: &mut dyn FnMut(&Progress),
    ) -> Result<Option<Met>, E> {
        let portion = Arc::new(portion);
        let (engine, stop) = (Arc::clone(&self.engine), &self.stop);
        let nothing = Box::new(Nothing);
        let source = Arc::clone(&portion);
        let summary = scan(source, engine, self.config, nothing, sink, stop, tell)?;
        if let Some(damage) = self.engine.snapshot.damage() {
            return Err(ClusterError::from(damage).into());
        }
        if let Some(fault) = storage::lost() {
            return Err(ClusterError::from(fault).into());
        }
        if self.is_stopped() {
            return Ok(None);
        }
        // A panic outside of all items and containers.
        if summary.stopped {
            return Err(ClusterError::Unfinished { unit }.into());
        }
        Ok(Some(portion.met()))
    }
}
