//! The runs of a home: their records, what these add up to, and reports of them.

use std::io::{BufWriter, Write};

use super::{Session, SessionError};
use crate::record::ItemRecord;
use crate::report::across::{Across, AcrossReader};
use crate::report::{Counts, Format, ReportError, RunReader};
use crate::results::{ResultsError, Run};

impl Session {
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
        let notices = self.notices()?;
        let reader = RunReader::new(&store, &decisions).with_notices(&notices);
        let summary = reader.summary(&run, format)?;
        let mut buffered = BufWriter::new(out);
        reader.write::<SessionError>(&run, &summary, &mut *format.writer(&mut buffered))?;
        let flushed = buffered.flush();
        flushed.map_err(|source| ReportError::Write { format, source }.into())
    }

    /// Brings together what several runs found, or all complete ones, for a report across dumps.
    ///
    /// # Errors
    ///
    /// If there is no such run, or the results cannot be read.
    pub fn across(&self, runs: Option<&[i64]>) -> Result<Across, SessionError> {
        let (store, decisions, notices) = (self.results()?, self.decisions()?, self.notices()?);
        let runs = if let Some(numbers) = runs {
            let runs = numbers.iter().map(|number| store.run(Some(*number)));
            Some(runs.collect::<Result<Vec<_>, _>>()?)
        } else {
            store.run(None)?;
            None
        };
        AcrossReader::new(&store, &decisions, &notices).gather(runs)
    }

    /// Visits the records of a run in the order of their paths, with what people decided about each finding and
    /// the notices about it.
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
        let (store, decisions, notices) = (self.results()?, self.decisions()?, self.notices()?);
        let reader = RunReader::new(&store, &decisions).with_notices(&notices);
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
