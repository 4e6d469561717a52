//! From the parts of a plan to the sink of a run.
//!
//! Parts are taken in the order of their units, which is that of the walk, so that the results are written nearly in order. A
//! container that was read in sections is put together so that its records are those of a reader of the whole:
//!
//! * behind a section that broke off, nothing of the container counts: a reader of the whole would have stopped there;
//! * a section that exceeds a limit of the container only with what came before it is read again, with that counted;
//! * what is said of the container as a whole is said once, from the sums of all its sections.

use super::check::find;
use super::part::Reader;
use super::parts::Parts;
use super::unit::SectionOf;
use super::{ClusterError, Mark, Refused, Unit, Worker};
use crate::scan::{Outcome, OutcomeSink, Progress};
use crate::source::{SectionEnd, Share};

/// How parts were merged.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Merged {
    /// What the records add up to.
    pub progress: Progress,
    /// Number of sections that were read again.
    pub again: u64,
}

/// Hands the records of all parts to a sink. The parts were [checked](super::check()). `None` if the worker was stopped meanwhile.
///
/// # Errors
///
/// If a part or the plan cannot be read, a part holds a record of another unit, a container was changed, or the sink fails.
pub fn merge<S: OutcomeSink, E: From<S::Error> + From<ClusterError>>(
    worker: &Worker,
    folders: &[Parts],
    sink: &mut S,
    tell: &mut dyn FnMut(&Progress),
) -> Result<Option<Merged>, E> {
    let sink = Counting { sink, progress: Progress::default(), tell };
    let mut merger = Merger { worker, sink, sum: SectionEnd::default(), again: 0 };
    for unit in worker.plan().units()? {
        let unit = unit?;
        let Some((parts, mark)) = find(folders, unit.unit)? else {
            let mut refused = Refused::default();
            refused.missing.add(unit.unit);
            return Err(ClusterError::from(Box::new(refused)).into());
        };
        if merger.unit::<E>(&unit, parts, &mark)?.is_none() {
            return Ok(None);
        }
    }
    merger.sink.flush()?;
    Ok(Some(Merged { progress: merger.sink.progress, again: merger.again }))
}

struct Merger<'a, S> {
    worker: &'a Worker,
    sink: Counting<'a, S>,
    /// The sections so far of the container that is put together.
    sum: SectionEnd,
    again: u64,
}

impl<S: OutcomeSink> Merger<'_, S> {
    fn unit<E: From<S::Error> + From<ClusterError>>(
        &mut self,
        unit: &Unit,
        parts: &Parts,
        mark: &Mark,
    ) -> Result<Option<()>, E> {
        let path = parts.part_path(unit.unit, &mark.sha256);
        let wrong = |what| ClusterError::Damaged { path: path.clone(), what };
        let open = || Reader::open(parts, self.worker.plan().digest(), mark).map_err(wrong);
        let Some(at) = unit.section() else { return self.take(unit, open()?) };
        if at.number == 0 {
            self.sum = SectionEnd { reached: true, ..SectionEnd::default() };
        }
        if !self.sum.reached {
            return Ok(Some(()));
        }
        let reader = open()?;
        let end = reader.section().cloned();
        let mut end = end.ok_or_else(|| wrong("it does not say how its section ended".into()))?;
        if self.exceeds(&at, &end) {
            let portion = unit.portion(self.worker.dump(), self.sum.carried());
            let portion = portion.ok_or_else(|| self.worker.plan().damaged_unit(unit.unit))?;
            let walked =
                self.worker.walk::<_, E>(unit.unit, portion, &mut self.sink, &mut |_| {})?;
            let Some(met) = walked else { return Ok(None) };
            end = met.section.ok_or_else(|| ClusterError::Changed { path: at.file.clone() })?;
            self.again += 1;
        } else if self.take::<E>(unit, reader)?.is_none() {
            return Ok(None);
        }
        self.sum.add(end);
        if at.number + 1 == at.of && self.sum.reached { self.last(unit, at) } else { Ok(Some(())) }
    }

    /// Whether a section exceeds a limit of its container only with the sections before it.
    fn exceeds(&self, at: &SectionOf, end: &SectionEnd) -> bool {
        let limits = self.worker.plan().content().limits;
        let most = limits.most_unpacked(at.stamp.size_bytes);
        let over =
            |carried: u64, own: u64, most: u64| carried > 0 && carried.saturating_add(own) > most;
        over(self.sum.unpacked_bytes, end.unpacked_bytes, most)
            || over(self.sum.members, end.members, limits.max_members)
    }

    /// Says what is said of a container last.
    fn last<E: From<S::Error> + From<ClusterError>>(
        &mut self,
        unit: &Unit,
        SectionOf { file, stamp, .. }: SectionOf,
    ) -> Result<Option<()>, E> {
        let share = Share::Last { file: file.clone(), stamp, sum: self.sum.clone() };
        let portion = unit.portion_of(self.worker.dump(), share);
        let portion = portion.ok_or_else(|| self.worker.plan().damaged_unit(unit.unit))?;
        let met = self.worker.walk::<_, E>(unit.unit, portion, &mut self.sink, &mut |_| {})?;
        match met {
            None => Ok(None),
            Some(met) if met.section.is_none() => Err(ClusterError::Changed { path: file }.into()),
            Some(_) => Ok(Some(())),
        }
    }

    /// Hands on the records of a part.
    fn take<E: From<S::Error> + From<ClusterError>>(
        &mut self,
        unit: &Unit,
        mut reader: Reader,
    ) -> Result<Option<()>, E> {
        let path = reader.path().to_path_buf();
        let wrong = |what| ClusterError::Damaged { path: path.clone(), what };
        while let Some(outcome) = reader.next().map_err(wrong)? {
            if self.worker.is_stopped() {
                return Ok(None);
            }
            let file = file_of(&outcome);
            if !unit.holds(&file) {
                let (unit, item) = (unit.unit, outcome.record.item.path);
                return Err(ClusterError::ForeignItem { part: path, unit, item }.into());
            }
            self.sink.record(outcome)?;
        }
        Ok(Some(()))
    }
}

/// The file on disk that an item is or lies in.
fn file_of(outcome: &Outcome) -> std::path::PathBuf {
    let end = outcome.key.iter().position(|&byte| byte == 0).unwrap_or(outcome.key.len());
    crate::source::path_of_key(&outcome.key[..end])
}

/// Counts what goes to a sink.
struct Counting<'a, S> {
    sink: &'a mut S,
    progress: Progress,
    tell: &'a mut dyn FnMut(&Progress),
}

impl<S: OutcomeSink> OutcomeSink for Counting<'_, S> {
    type Error = S::Error;

    fn record(&mut self, outcome: Outcome) -> Result<(), S::Error> {
        self.progress.add(&outcome.record, false);
        if self.progress.items.is_multiple_of(256) {
            (self.tell)(&self.progress);
        }
        self.sink.record(outcome)
    }

    fn tick(&mut self) -> Result<(), S::Error> {
        self.sink.tick()
    }

    fn flush(&mut self) -> Result<(), S::Error> {
        self.sink.flush()
    }
}
