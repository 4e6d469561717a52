//! Chooses the runs of a report across dumps, reads their records, and sums up.

use std::collections::BTreeMap;

use super::facts::{Dump, OfRun, Sums, Totals, Work};
use super::found::{At, Found};
use crate::notice::Notices;
use crate::record::{FailureKind, ItemRecord, Verdict};
use crate::report::{ReportError, RunReader};
use crate::results::{About, ResultStore, ResultsError, Run};
use crate::review::Decisions;
use crate::wording::day;

/// Reads runs from the results, for a report across dumps.
#[derive(Debug)]
pub struct AcrossReader<'a> {
    store: &'a ResultStore,
    decisions: &'a Decisions,
    notices: &'a Notices,
}

/// A report across dumps, ready to be written.
#[derive(Debug)]
pub struct Across {
    /// The runs, oldest first.
    pub runs: Vec<OfRun>,
    /// The dumps, in the order of their first runs.
    pub dumps: Vec<Dump>,
    /// What all of them add up to.
    pub totals: Totals,
    found: Found,
}

/// What makes runs those of one dump: a data set by name, version and revision, or else what was scanned.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Identity {
    DataSet([String; 3]),
    Roots(Vec<String>),
}

impl Identity {
    fn of(run: &Run, about: Option<&About>) -> Self {
        match about {
            Some(About { name, version, revision, .. }) => {
                Self::DataSet([name, version, revision].map(Clone::clone))
            }
            None => Self::Roots(run.key.roots.clone()),
        }
    }
}

impl<'a> AcrossReader<'a> {
    /// A reader of the runs of `store`, whose findings are told with `decisions` and `notices`.
    pub fn new(store: &'a ResultStore, decisions: &'a Decisions, notices: &'a Notices) -> Self {
        Self { store, decisions, notices }
    }

    /// Brings together what the runs found: `runs`, or all complete ones that have their records. The records of newest runs are
    /// read once, of older ones only those with findings.
    ///
    /// # Errors
    ///
    /// If the results cannot be read, or the temporary folder takes no more.
    pub fn gather<E: From<ResultsError> + From<ReportError>>(
        &self,
        runs: Option<Vec<Run>>,
    ) -> Result<Across, E> {
        let (mut runs, stopped, pruned) = if let Some(runs) = runs {
            (runs, 0, 0)
        } else {
            let (whole, pruned): (Vec<_>, Vec<_>) =
                self.store.runs()?.into_iter().partition(|run| run.pruned.is_none());
            let (complete, stopped): (Vec<_>, Vec<_>) =
                whole.into_iter().partition(|run| run.complete);
            (complete, stopped.len() as u64, pruned.len() as u64)
        };
        runs.sort_by_key(|run| (run.started, run.run_id));
        runs.dedup_by_key(|run| run.run_id);
        let abouts = self.store.abouts()?;
        let (mut of_runs, mut dumps) = plan(&runs, &abouts);
        for (of_run, run) in of_runs.iter_mut().zip(&runs) {
            let sealed = self.store.manifest(run.run_id)?;
            of_run.manifest_digest = sealed.map_or(String::new(), |sealed| sealed.digest);
        }
        let found = Found::new().map_err(apart)?;
        for (at, run) in runs.iter().enumerate() {
            let of_run = &mut of_runs[at];
            let dump = &mut dumps[of_run.dump as usize - 1];
            self.read::<E>(run, (at, of_run), &mut dump.sums, &found)?;
            of_run.recordings = found.matched_in(of_run.dump, at).map_err(apart)?;
        }
        let mut so_far = 0;
        let first = found.first_matched().map_err(apart)?;
        for (at, of_run) in of_runs.iter_mut().enumerate() {
            of_run.new = first.get(&at).copied().unwrap_or(0);
            so_far += of_run.new;
            of_run.so_far = so_far;
        }
        for dump in &mut dumps {
            [dump.recordings, dump.suspected, dump.gone] =
                found.of_dump(dump.number).map_err(apart)?;
        }
        let newest = || of_runs.iter().filter(|run| run.newest);
        let mut digests: Vec<_> = newest().map(|run| &run.catalogue_digest).collect();
        digests.sort();
        digests.dedup();
        let mut totals = Totals {
            catalogue_recordings: newest().next_back().map_or(0, |run| run.catalogue_recordings),
            catalogues: digests.len() as u64,
            stopped,
            pruned,
            ..Totals::default()
        };
        found.totals(&mut totals).map_err(apart)?;
        Ok(Across { runs: of_runs, dumps, totals, found })
    }

    /// Reads the records of a run.
    fn read<E: From<ResultsError> + From<ReportError>>(
        &self,
        run: &Run,
        (at, of_run): (usize, &OfRun),
        sums: &mut Sums,
        found: &Found,
    ) -> Result<(), E> {
        let add = |record: &ItemRecord| {
            let place =
                At { run: at, dump: of_run.dump, newest: of_run.newest, path: &record.item.path };
            let findings = record.findings.iter();
            let mut wanted =
                findings.filter(|f| f.verdict <= Verdict::Suspect && !f.is_dismissed());
            wanted.try_for_each(|finding| found.add(place, finding)).map_err(apart)
        };
        if of_run.newest {
            let reader = RunReader::new(self.store, self.decisions).with_notices(self.notices);
            return reader.for_each(run, |record| {
                sums.add(record);
                Ok(add(record)?)
            });
        }
        self.store.for_each_found(run.run_id, |_, mut record| {
            self.decisions.apply(&mut record);
            Ok(add(&record)?)
        })
    }
}

/// The runs and dumps of a report, without what the records hold.
fn plan(runs: &[Run], abouts: &BTreeMap<i64, About>) -> (Vec<OfRun>, Vec<Dump>) {
    let mut numbers: BTreeMap<Identity, u32> = BTreeMap::new();
    let (mut of_runs, mut dumps): (Vec<OfRun>, Vec<Dump>) = (Vec::new(), Vec::new());
    for run in runs {
        let about = abouts.get(&run.run_id);
        let next = numbers.len() as u32 + 1;
        let number = *numbers.entry(Identity::of(run, about)).or_insert(next);
        let day = day(run.started);
        if number == next {
            dumps.push(Dump {
                number,
                name: String::new(),
                about: None,
                roots: Vec::new(),
                runs: Vec::new(),
                first_day: day.clone(),
                last_day: String::new(),
                complete: true,
                sums: Sums::default(),
                catalogue_recordings: 0,
                recordings: 0,
                suspected: 0,
                gone: 0,
            });
        }
        let dump = &mut dumps[number as usize - 1];
        // What was said last of the same data set holds.
        dump.about = about.cloned();
        for root in &run.key.roots {
            if !dump.roots.contains(root) {
                dump.roots.push(root.clone());
            }
        }
        dump.name = about.map_or_else(|| dump.roots.join(", "), About::called);
        dump.runs.push(run.run_id);
        dump.last_day.clone_from(&day);
        dump.catalogue_recordings = run.key.catalogue_recordings;
        of_runs.push(OfRun {
            run_id: run.run_id,
            day,
            dump: number,
            complete: run.complete,
            newest: false,
            mode: run.key.mode.to_string(),
            catalogue_recordings: run.key.catalogue_recordings,
            catalogue_digest: run.key.catalogue_digest.clone(),
            manifest_digest: String::new(),
            recordings: 0,
            new: 0,
            so_far: 0,
        });
    }
    // What is in a dump now is told by the newest complete run over the same paths; where none is complete, by the newest.
    let mut newest: BTreeMap<(u32, &[String]), usize> = BTreeMap::new();
    for (at, (of_run, run)) in of_runs.iter().zip(runs).enumerate() {
        let newest = newest.entry((of_run.dump, &run.key.roots)).or_insert(at);
        if run.complete || !runs[*newest].complete {
            *newest = at;
        }
    }
    for at in newest.into_values() {
        of_runs[at].newest = true;
        dumps[of_runs[at].dump as usize - 1].complete &= runs[at].complete;
    }
    (of_runs, dumps)
}

fn apart(source: rusqlite::Error) -> ReportError {
    ReportError::Gather { source }
}

impl Sums {
    fn add(&mut self, record: &ItemRecord) {
        self.items += 1;
        self.bytes = self.bytes.saturating_add(record.item.size_bytes);
        if record.item.duration_seconds.is_finite() {
            self.audio_seconds += record.item.duration_seconds;
        }
        let is_other = record.failure.as_ref().is_some_and(|f| f.kind == FailureKind::NotAudio);
        *match record.verdict {
            Verdict::Match => &mut self.matched,
            Verdict::Suspect => &mut self.suspect,
            Verdict::Permitted => &mut self.permitted,
            Verdict::Clear => &mut self.clear,
            Verdict::Failed if is_other => &mut self.not_audio,
            Verdict::Failed => &mut self.failed,
        } += 1;
        self.partial += u64::from(record.is_partial);
        self.dismissed += record.findings.iter().filter(|f| f.is_dismissed()).count() as u64;
    }
}

impl Across {
    /// Calls `visit` with each work, those in most dumps first, until it says `false`.
    ///
    /// # Errors
    ///
    /// If the works cannot be read back, or the first error of `visit`.
    pub fn each_work(
        &self,
        mut visit: impl FnMut(Work) -> Result<bool, ReportError>,
    ) -> Result<(), ReportError> {
        self.found.each(&self.runs, |work| visit(work).map_err(Broken::Visit)).map_err(Broken::told)
    }

    /// The same for the works that are in one dump now, each with that place alone.
    ///
    /// # Errors
    ///
    /// As [`Across::each_work`].
    pub fn each_work_of(
        &self,
        dump: u32,
        mut visit: impl FnMut(Work) -> Result<bool, ReportError>,
    ) -> Result<(), ReportError> {
        let visit = |work| visit(work).map_err(Broken::Visit);
        self.found.each_of(dump, &self.runs, visit).map_err(Broken::told)
    }

    /// Number of all works, whether they are still found or not.
    pub fn works(&self) -> u64 {
        self.totals.recordings + self.totals.suspected + self.totals.gone
    }
}

/// An error of the database, or of what was done with a work.
enum Broken {
    Database(rusqlite::Error),
    Visit(ReportError),
}

impl From<rusqlite::Error> for Broken {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl Broken {
    fn told(self) -> ReportError {
        match self {
            Self::Database(source) => apart(source),
            Self::Visit(error) => error,
        }
    }
}
