//! Reports of runs that are kept: reads the records of a run from the results, with the decisions of people that hold for
//! them, and sums them up.
//!
//! A run may have millions of records, and each is parsed when it is read. So records are read as few times as a report allows:
//! [`RunReader::summary`] reads them only for a format that [prints counts first](Format::counts_first).

use super::changes::{Changes, Findings, RunOnDay};
use super::{Counts, Format, ReportError, ReportWriter, RunSummary};
use crate::notice::Notices;
use crate::record::ItemRecord;
use crate::results::{ResultStore, ResultsError, Run};
use crate::review::Decisions;
use crate::wording::moment;

/// Reads runs from the results, for reports.
#[derive(Debug)]
pub struct RunReader<'a> {
    store: &'a ResultStore,
    decisions: &'a Decisions,
    notices: Option<&'a Notices>,
    /// How often the records of a run were read from the first to the last.
    #[cfg(test)]
    passes: std::cell::Cell<u32>,
}

impl<'a> RunReader<'a> {
    /// A reader of the runs of `store`, whose findings are reported with `decisions`.
    pub fn new(store: &'a ResultStore, decisions: &'a Decisions) -> Self {
        Self {
            store,
            decisions,
            notices: None,
            #[cfg(test)]
            passes: std::cell::Cell::new(0),
        }
    }

    /// Reports the findings with the notices about them, too.
    #[must_use]
    pub fn with_notices(self, notices: &'a Notices) -> Self {
        Self { notices: Some(notices), ..self }
    }

    /// Visits the records of a run in the order of their paths, each with the decisions that hold for its findings, and the
    /// notices about them.
    ///
    /// # Errors
    ///
    /// If the results cannot be read, or the first error of `visit`.
    pub fn for_each<E: From<ResultsError>>(
        &self,
        run: &Run,
        mut visit: impl FnMut(&ItemRecord) -> Result<(), E>,
    ) -> Result<(), E> {
        #[cfg(test)]
        self.passes.set(self.passes.get() + 1);
        self.store.for_each_record(run.run_id, |mut record| {
            self.decisions.apply(&mut record);
            if let Some(notices) = self.notices {
                notices.apply(&mut record);
            }
            visit(&record)
        })
    }

    /// The summary that a report of a run in this format begins with.
    ///
    /// Where the format prints counts first, the records are read for them, and the run is compared with the newest complete
    /// run before it over the same roots, if there is one. Otherwise the counts stay zero and no record is read.
    ///
    /// # Errors
    ///
    /// If the results cannot be read.
    pub fn summary(&self, run: &Run, format: Format) -> Result<RunSummary, ResultsError> {
        if !format.counts_first() {
            return self.facts(run);
        }
        let (summary, findings) = self.gather(run)?;
        let change = match self.before(run)? {
            Some(before) => {
                let (_, known) = self.gather(&before)?;
                let changes = Changes::between(&known, &findings);
                Some(changes.since(&before.run_id.to_string()))
            }
            None => None,
        };
        Ok(RunSummary { change, ..summary })
    }

    /// Writes the report of a run: begins it with `summary`, passes on each record, and ends it.
    ///
    /// # Errors
    ///
    /// If the results cannot be read, or the report cannot be written.
    pub fn write<E: From<ResultsError> + From<ReportError>>(
        &self,
        run: &Run,
        summary: &RunSummary,
        writer: &mut dyn ReportWriter,
    ) -> Result<(), E> {
        writer.begin(summary)?;
        self.for_each(run, |record| writer.item(record).map_err(E::from))?;
        Ok(writer.end()?)
    }

    /// A run with its counts and its begin, for [`changes::text`](super::changes::text), and its findings.
    ///
    /// # Errors
    ///
    /// If the results cannot be read.
    pub fn on_day(&self, run: &Run) -> Result<(RunOnDay, Findings), ResultsError> {
        let (summary, findings) = self.gather(run)?;
        Ok((RunOnDay { summary, begun: moment(run.started) }, findings))
    }

    /// The counts and the findings of a run, in one pass.
    fn gather(&self, run: &Run) -> Result<(RunSummary, Findings), ResultsError> {
        let (mut counts, mut findings) = (Counts::default(), Findings::default());
        self.for_each(run, |record| {
            counts.add(record);
            findings.add(record);
            Ok::<_, ResultsError>(())
        })?;
        Ok((RunSummary { counts, ..self.facts(run)? }, findings))
    }

    /// The newest complete run before this one over the same roots.
    fn before(&self, run: &Run) -> Result<Option<Run>, ResultsError> {
        let same = |earlier: &Run| earlier.complete && earlier.key.roots == run.key.roots;
        let mut runs = self.store.runs()?.into_iter();
        Ok(runs.rfind(|earlier| earlier.run_id < run.run_id && same(earlier)))
    }

    /// The run itself, without what its records hold.
    fn facts(&self, run: &Run) -> Result<RunSummary, ResultsError> {
        let key = run.key.clone();
        let sealed = self.store.manifest(run.run_id)?;
        Ok(RunSummary {
            about: self.store.abouts()?.remove(&run.run_id),
            run_id: run.run_id.to_string(),
            tool_version: key.tool_version,
            mode: key.mode.to_string(),
            roots: key.roots,
            catalogue_recordings: key.catalogue_recordings,
            catalogue_digest: key.catalogue_digest,
            fingerprint_digest: key.fingerprint_digest,
            decoders: key.decoders,
            manifest_digest: sealed.map_or(String::new(), |sealed| sealed.digest),
            complete: run.complete,
            counts: Counts::default(),
            change: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::tests::{finding, record};
    use super::*;
    use crate::record::{DecisionState, Finding};
    use crate::results::RunKey;
    use crate::results::fixtures::{self, key};
    use crate::review::{Case, Ruling};

    /// Keeps a complete run of these records.
    fn keep(home: &Path, key: &RunKey, records: Vec<ItemRecord>) -> Run {
        fixtures::keep(&mut ResultStore::open(home).unwrap(), key, records, true)
    }

    fn found(id: &str) -> Finding {
        Finding { finding_id: format!("f-{id}"), ..finding(id) }
    }

    #[test]
    fn records_are_read_once_for_each_format_but_html_which_prints_counts_first() {
        let home = tempfile::tempdir().unwrap();
        keep(home.path(), &key(&["/d"]), vec![record("/d/a.ogg", vec![found("rec-1")])]);
        let records = vec![
            record("/d/a.ogg", vec![found("rec-1")]),
            record("/d/b.ogg", vec![found("rec-2")]),
        ];
        let run = keep(home.path(), &key(&["/d"]), records);
        let (store, decisions) = (ResultStore::open(home.path()).unwrap(), Decisions::default());
        for format in Format::ALL {
            let reader = RunReader::new(&store, &decisions);
            let summary = reader.summary(&run, format).unwrap();
            let mut out = Vec::new();
            let mut writer = format.writer(&mut out);
            reader.write::<Box<dyn std::error::Error>>(&run, &summary, &mut *writer).unwrap();
            drop(writer);
            assert!(out.len() > 100, "{format}");
            // The page's counts and its findings, and once the run before.
            let expected = if format == Format::Html { 3 } else { 1 };
            assert_eq!(reader.passes.get(), expected, "{format}");
        }
    }

    #[test]
    fn a_summary_says_what_changed_since_the_newest_complete_run_over_the_same_roots() {
        let home = tempfile::tempdir().unwrap();
        let item = |name: &str| record(&format!("/d/{name}.ogg"), vec![found(name)]);
        keep(home.path(), &key(&["/d"]), vec![item("a"), item("b")]);
        keep(home.path(), &key(&["/d"]), vec![item("b"), item("c")]);
        keep(home.path(), &key(&["/other"]), vec![item("x")]);
        let run = keep(home.path(), &key(&["/d"]), vec![item("c"), item("d"), item("e")]);
        let (store, decisions) = (ResultStore::open(home.path()).unwrap(), Decisions::default());
        let summary = RunReader::new(&store, &decisions).summary(&run, Format::Html).unwrap();
        let change = summary.change.unwrap();
        assert_eq!((change.since_run.as_str(), change.new, change.gone), ("2", 2, 1));
        assert_eq!((summary.counts.items, summary.counts.findings), (3, 3));
        assert_eq!(
            (summary.run_id.as_str(), summary.catalogue_recordings, summary.complete),
            ("4", 7, true)
        );
        assert_eq!(summary.manifest_digest, crate::base::digest(b"{}\n"));
    }

    #[test]
    fn the_decisions_that_hold_are_in_the_records_and_in_the_counts() {
        let home = tempfile::tempdir().unwrap();
        let item = record("/d/a.ogg", vec![found("rec-1")]);
        let run = keep(home.path(), &key(&["/d"]), vec![item.clone()]);
        let case = Case::new(run.run_id, &item.item, &item.findings[0]).unwrap();
        let state = Some(DecisionState::Accepted);
        let ruling = Ruling { state, ground: None, reason: "leak".into(), by: "Ann".into(), at: 0 };
        let decisions = Decisions::new([(case, ruling)]);
        let store = ResultStore::open(home.path()).unwrap();
        let (day, _) = RunReader::new(&store, &decisions).on_day(&run).unwrap();
        assert_eq!(day.summary.counts.accepted, 1);
        assert_eq!(day.begun, "2026-11-23 19:12:34 UTC");
    }
}
