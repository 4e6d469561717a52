//! The findings of a run with their decisions, and the one place where a decision is recorded.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::{Case, Order, ReviewError, ReviewStore, Ruling, RulingError, full_id};
use crate::base::digest;
use crate::catalog::{Catalog, CatalogError, LogLine};
use crate::record::{DecisionState, Finding, Ground, ItemFacts, ItemRecord, Verdict};
use crate::results::{ChoiceError, ResultStore, ResultsError, Run};
use crate::signal::fingerprint::FingerprintConfig;

/// Fewest characters of an id, `f-` included, that may stand for it. A guess: with 4 digits an accidental prefix is rare.
const SHORTEST_NAME: usize = 6;

/// Why findings cannot be reviewed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueueError {
    /// No finding of the run has an id that begins so.
    #[error(
        "run {run_id} has no finding {name:?}{}; leakhound review --all lists them",
        if *is_short { "; give at least 4 digits of the id" } else { "" }
    )]
    NoFinding {
        /// The run.
        run_id: i64,
        /// What was given for an id.
        name: String,
        /// Whether it is too short to stand for an id.
        is_short: bool,
    },
    /// Several findings of the run have ids that begin so.
    #[error("several findings of run {run_id} have ids that begin with {name:?}; give more digits")]
    SeveralFindings {
        /// The run.
        run_id: i64,
        /// What was given for an id.
        name: String,
    },
    /// A row of a batch names no finding.
    #[error("row {row}: {why}")]
    Row {
        /// Number of the row, from 1; the header counts.
        row: usize,
        /// What is wrong with it.
        why: Box<Self>,
    },
    /// A decision is not complete. None of those given with it was recorded.
    #[error("no decision about {finding_id}: {why}")]
    Incomplete {
        /// Id of the finding.
        finding_id: String,
        /// What is missing or wrong.
        why: RulingError,
    },
    /// The run that was named.
    #[error(transparent)]
    Choice(#[from] ChoiceError),
    /// The results.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// The decisions.
    #[error(transparent)]
    Review(#[from] ReviewError),
    /// The catalogue, whose log has every decision.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

impl QueueError {
    /// Whether the caller named what is not there, or left something out. Else something failed.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::NoFinding { .. }
            | Self::SeveralFindings { .. }
            | Self::Row { .. }
            | Self::Incomplete { .. } => true,
            Self::Choice(error) => error.is_usage(),
            Self::Results(error) => error.is_usage(),
            Self::Review(_) | Self::Catalog(_) => false,
        }
    }
}

/// A finding with its item: a record with this finding alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry(ItemRecord);

impl Entry {
    /// One finding of a record.
    pub fn new(record: &ItemRecord, finding: &Finding) -> Self {
        Self(ItemRecord {
            item: record.item.clone(),
            verdict: record.verdict,
            findings: vec![finding.clone()],
            failure: None,
            notes: record.notes.clone(),
            claims: record.claims,
            is_partial: record.is_partial,
        })
    }

    /// The item's record, with no other finding.
    pub fn record(&self) -> &ItemRecord {
        &self.0
    }

    /// The item.
    pub fn item(&self) -> &ItemFacts {
        &self.0.item
    }

    /// The finding.
    pub fn finding(&self) -> &Finding {
        // An entry is made with it.
        &self.0.findings[0]
    }
}

/// A decision to be recorded about a finding; without a state it withdraws an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDecision {
    /// The decision.
    pub state: Option<DecisionState>,
    /// The ground of a dismissal.
    pub ground: Option<Ground>,
    /// The reason, in words.
    pub reason: String,
    /// The person's name.
    pub by: String,
}

impl NewDecision {
    /// Whether it is in force for this finding already.
    pub fn holds_for(&self, finding: &Finding) -> bool {
        match &finding.decision {
            None => self.state.is_none(),
            Some(d) => {
                Some(d.state) == self.state
                    && d.ground == self.ground
                    && d.reason == self.reason
                    && d.by == self.by
            }
        }
    }
}

/// Who records decisions and when, for the log of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorder {
    /// The operator of the program, who need not be the person who decides.
    pub who: String,
    /// The time, in seconds since 1970.
    pub at: i64,
}

/// Which findings are wanted. The default is all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FindingFilter {
    /// Only those with this verdict.
    pub verdict: Option<Verdict>,
    /// Only those of a recording: its id, its ISRC, or a part of its artist and title.
    pub recording: Option<String>,
}

impl FindingFilter {
    /// Whether a finding is wanted.
    pub fn has(&self, finding: &Finding) -> bool {
        let verdict = self.verdict.is_none_or(|verdict| verdict == finding.verdict);
        let recording = self.recording.as_ref().is_none_or(|text| {
            let name = format!("{} – {}", finding.artist, finding.title).to_lowercase();
            finding.recording_id == *text
                || finding.isrc.eq_ignore_ascii_case(text)
                || name.contains(&text.to_lowercase())
        });
        verdict && recording
    }
}

/// The findings that a batch decides on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// The findings and the decisions about them.
    pub decisions: Vec<(Entry, NewDecision)>,
    /// Findings for which the decision of their row is in force already: a report that was filled in also has the
    /// earlier decisions.
    pub same: u64,
}

/// The findings of a run. They are read from the results whenever they are needed, in the order of the report.
#[derive(Debug)]
pub struct ReviewQueue {
    home: PathBuf,
    run: Run,
    pub(super) results: ResultStore,
    pub(super) store: ReviewStore,
}

impl ReviewQueue {
    /// Opens a run of a home folder; the newest if `run` is `None`.
    ///
    /// # Errors
    ///
    /// If there is no such run, or results or decisions cannot be opened.
    pub fn open(home: &Path, run: Option<i64>) -> Result<Self, QueueError> {
        let results = ResultStore::open(home)?;
        let run = results.run(run)?;
        let store = ReviewStore::open(home)?;
        Ok(Self { home: home.to_path_buf(), run, results, store })
    }

    /// The run.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// The decisions of the home.
    pub fn store(&self) -> &ReviewStore {
        &self.store
    }

    /// Visits all findings, each with its decision.
    ///
    /// # Errors
    ///
    /// If results or decisions cannot be read, or the first error of `visit`.
    pub fn each<E: From<ResultsError> + From<ReviewError>>(
        &self,
        mut visit: impl FnMut(&ItemRecord, &Finding) -> Result<(), E>,
    ) -> Result<(), E> {
        let decisions = self.store.decisions()?;
        self.results.for_each_found(self.run.run_id, |_, mut record| {
            decisions.apply(&mut record);
            record.findings.iter().try_for_each(|finding| visit(&record, finding))
        })
    }

    /// For each name, all copies of the one finding whose id begins with it, or why there is none. The results are read
    /// once.
    ///
    /// # Errors
    ///
    /// If results or decisions cannot be read.
    pub fn find(&self, names: &[&str]) -> Result<Vec<Result<Vec<Entry>, QueueError>>, QueueError> {
        let mut wanted: HashMap<String, Vec<Entry>> = names
            .iter()
            .map(|name| full_id(name))
            .filter(|name| name.len() >= SHORTEST_NAME)
            .map(|name| (name, Vec::new()))
            .collect();
        self.each::<QueueError>(|record, finding| {
            let id = &finding.finding_id;
            for end in SHORTEST_NAME..=id.len() {
                if let Some(found) = id.get(..end).and_then(|start| wanted.get_mut(start)) {
                    found.push(Entry::new(record, finding));
                }
            }
            Ok(())
        })?;
        let run_id = self.run.run_id;
        let found = |name: &&str| {
            let (name, full) = ((*name).to_owned(), full_id(name));
            let found = wanted.get(&full).map_or(&[][..], Vec::as_slice);
            let Some(first) = found.first() else {
                let is_short = full.len() < SHORTEST_NAME;
                return Err(QueueError::NoFinding { run_id, name, is_short });
            };
            let id = &first.finding().finding_id;
            if found.iter().any(|entry| entry.finding().finding_id != *id) {
                return Err(QueueError::SeveralFindings { run_id, name });
            }
            Ok(found.to_vec())
        };
        Ok(names.iter().map(found).collect())
    }

    /// All copies of the findings whose ids begin with these names, each once.
    ///
    /// # Errors
    ///
    /// If one of the names is not that of one finding, or results or decisions cannot be read.
    pub fn find_all(&self, names: &[&str]) -> Result<Vec<Entry>, QueueError> {
        let found = self.find(names)?.into_iter().collect::<Result<Vec<_>, _>>()?;
        let mut entries: Vec<Entry> = found.into_iter().flatten().collect();
        // Two names may be prefixes of the same id.
        let mut seen = BTreeSet::new();
        entries.retain(|entry| {
            seen.insert((entry.finding().finding_id.clone(), entry.item().locator.clone()))
        });
        Ok(entries)
    }

    /// The findings that the rows of a batch name; `by` decides where a row does not say who does.
    ///
    /// # Errors
    ///
    /// [`QueueError::Row`] of the first row that names no finding; if results or decisions cannot be read.
    pub fn batch(&self, orders: &[Order], by: &str) -> Result<Batch, QueueError> {
        let names: Vec<_> = orders.iter().map(|order| order.finding_id.as_str()).collect();
        let mut batch = Batch::default();
        for (order, entries) in orders.iter().zip(self.find(&names)?) {
            let row = order.row;
            let entries = entries.map_err(|why| QueueError::Row { row, why: Box::new(why) })?;
            let by = if order.by.is_empty() { by } else { &order.by };
            let decision = NewDecision {
                state: order.state,
                ground: order.ground,
                reason: order.reason.clone(),
                by: by.to_owned(),
            };
            for entry in entries {
                if decision.holds_for(entry.finding()) {
                    batch.same += 1;
                } else {
                    batch.decisions.push((entry, decision.clone()));
                }
            }
        }
        Ok(batch)
    }

    /// Records decisions, all or none: first in the catalogue's log, then in the store.
    ///
    /// # Errors
    ///
    /// If one of them is not complete, or log or store cannot be written.
    pub fn decide(
        &self,
        decisions: &[(&Entry, &NewDecision)],
        recorder: &Recorder,
    ) -> Result<(), QueueError> {
        let Recorder { who, at } = recorder;
        let mut rulings = Vec::new();
        for (entry, decision) in decisions {
            let (item, finding) = (entry.item(), entry.finding());
            let ruling = Ruling {
                state: decision.state,
                ground: decision.ground,
                reason: decision.reason.trim().to_owned(),
                by: decision.by.trim().to_owned(),
                at: *at,
            };
            let case = Case::new(self.run.run_id, item, finding).and_then(|case| {
                ruling.check()?;
                Ok(case)
            });
            let case = case.map_err(|why| QueueError::Incomplete {
                finding_id: finding.finding_id.clone(),
                why,
            })?;
            rulings.push((case, ruling));
        }
        let Some(detail) = detail(&rulings) else { return Ok(()) };
        // Logged first, so that no decision goes unlogged.
        let catalog = Catalog::open(&self.home, FingerprintConfig::default())?;
        let (who, action) = (who.clone(), "review".to_owned());
        catalog.log(&LogLine { at: *at, who, action, detail })?;
        Ok(self.store.add(&rulings)?)
    }
}

/// The detail for the log: one decision in full, several as a count and a digest of all.
fn detail(rulings: &[(Case, Ruling)]) -> Option<String> {
    let word = |state: Option<DecisionState>| state.map_or("withdrawn", DecisionState::as_str);
    let (case, ruling) = rulings.first()?;
    if rulings.len() == 1 {
        let ground = ruling.ground.map_or_else(String::new, |g| format!(" as {}", g.as_str()));
        return Some(format!(
            "{} {}{ground} by {}: {} in {}: {}",
            case.finding_id,
            word(ruling.state),
            ruling.by,
            case.recording,
            case.path,
            ruling.reason
        ));
    }
    let line = |(case, ruling): &(Case, Ruling)| {
        let ground = ruling.ground.map_or("", Ground::as_str);
        let (id, locator) = (&case.finding_id, &case.locator);
        format!(
            "{id}\t{locator}\t{}\t{ground}\t{}\t{}\n",
            word(ruling.state),
            ruling.by,
            ruling.reason
        )
    };
    let all: String = rulings.iter().map(line).collect();
    Some(format!("{} decisions, SHA-256 {}", rulings.len(), digest(all.as_bytes())))
}
