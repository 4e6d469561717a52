//! The findings of a run, their decisions, and the one function that records a decision.

use std::collections::HashMap;
use std::path::PathBuf;

use leakhound::base::digest;
use leakhound::catalog::Catalog;
use leakhound::record::{DecisionState, Finding, Ground, ItemFacts, ItemRecord};
use leakhound::results::{ResultStore, Run};
use leakhound::review::{Case, ReviewStore, Ruling};
use leakhound::signal::fingerprint::FingerprintConfig;

use crate::args::Global;
use crate::commands::log;
use crate::exit::UsageError;
use crate::{home, setup};

/// A finding with its item: a record with this finding alone.
#[derive(Debug, Clone)]
pub(crate) struct Entry(ItemRecord);

impl Entry {
    /// One finding of a record.
    pub(crate) fn new(record: &ItemRecord, finding: &Finding) -> Self {
        Self(ItemRecord {
            item: record.item.clone(),
            verdict: record.verdict,
            findings: vec![finding.clone()],
            failure: None,
            notes: record.notes.clone(),
            claims: record.claims,
        })
    }

    pub(crate) fn record(&self) -> &ItemRecord {
        &self.0
    }

    pub(crate) fn item(&self) -> &ItemFacts {
        &self.0.item
    }

    pub(crate) fn finding(&self) -> &Finding {
        self.0.findings.first().expect("an entry is made with its finding")
    }
}

/// The findings of a run. They are read from the results whenever they are needed, in the order of the report.
#[derive(Debug)]
pub(crate) struct ReviewQueue {
    pub(crate) home: PathBuf,
    pub(crate) run: Run,
    pub(crate) results: ResultStore,
    pub(crate) store: ReviewStore,
}

/// A decision to be recorded about a finding; without a state it withdraws an earlier one.
#[derive(Debug, Clone)]
pub(crate) struct NewDecision {
    pub(crate) state: Option<DecisionState>,
    pub(crate) ground: Option<Ground>,
    pub(crate) reason: String,
    pub(crate) by: String,
}

/// Fewest characters of an id, `f-` included, that may stand for it. A guess: with 4 digits an accidental prefix is rare.
const SHORTEST_NAME: usize = 6;

impl ReviewQueue {
    /// Opens a run; the newest if `run` is `None`.
    pub(crate) fn open(global: &Global, run: Option<i64>) -> anyhow::Result<Self> {
        let home = home::home(global)?;
        let results = ResultStore::open(&home)?;
        let run = results.run(run)?;
        let store = ReviewStore::open(&home)?;
        Ok(Self { home, run, results, store })
    }

    /// Visits all findings, each with its decision.
    pub(crate) fn each(
        &self,
        mut visit: impl FnMut(&ItemRecord, &Finding) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let decisions = self.store.decisions()?;
        self.results.for_each_found(self.run.run_id, |_, mut record| {
            decisions.apply(&mut record);
            record.findings.iter().try_for_each(|finding| visit(&record, finding))
        })
    }

    /// For each name, all copies of the one finding whose id begins with it, or why there is none. The results are read once.
    pub(crate) fn find(
        &self,
        names: &[&str],
    ) -> anyhow::Result<Vec<Result<Vec<Entry>, UsageError>>> {
        let full = |name: &str| {
            if name.starts_with("f-") { name.to_owned() } else { format!("f-{name}") }
        };
        let mut wanted: HashMap<String, Vec<Entry>> = names
            .iter()
            .map(|name| full(name))
            .filter(|name| name.len() >= SHORTEST_NAME)
            .map(|name| (name, Vec::new()))
            .collect();
        self.each(|record, finding| {
            let id = &finding.finding_id;
            for end in SHORTEST_NAME..=id.len() {
                if let Some(found) = id.get(..end).and_then(|start| wanted.get_mut(start)) {
                    found.push(Entry::new(record, finding));
                }
            }
            Ok(())
        })?;
        let found = |name: &&str| {
            let (run, full) = (self.run.run_id, full(name));
            let found = wanted.get(&full).map_or(&[][..], Vec::as_slice);
            let Some(first) = found.first() else {
                let short = full.len() < SHORTEST_NAME;
                let least = if short { "; give at least 4 digits of the id" } else { "" };
                return Err(UsageError(format!(
                    "run {run} has no finding {name:?}{least}; leakhound review --all lists them"
                )));
            };
            let id = &first.finding().finding_id;
            if found.iter().any(|entry| entry.finding().finding_id != *id) {
                return Err(UsageError(format!(
                    "several findings of run {run} have ids that begin with {name:?}; give more digits"
                )));
            }
            Ok(found.to_vec())
        };
        Ok(names.iter().map(found).collect())
    }

    /// Records decisions, all or none: first in the log, then in the store.
    pub(crate) fn decide(
        &self,
        global: &Global,
        decisions: &[(&Entry, &NewDecision)],
    ) -> anyhow::Result<()> {
        let mut rulings = Vec::new();
        for (entry, NewDecision { state, ground, reason, by }) in decisions {
            let (item, finding) = (entry.item(), entry.finding());
            let (state, ground) = (*state, *ground);
            let (reason, by) = (reason.trim().to_owned(), by.trim().to_owned());
            let ruling = Ruling { state, ground, reason, by, at: setup::now() };
            let case = Case::new(self.run.run_id, item, finding).and_then(|case| {
                ruling.check()?;
                Ok(case)
            });
            let case = case.map_err(|why| {
                UsageError(format!("no decision about {}: {why}", finding.finding_id))
            })?;
            rulings.push((case, ruling));
        }
        let Some(detail) = detail(&rulings) else { return Ok(()) };
        // Logged first, so that no decision goes unlogged.
        let catalog = Catalog::open(&self.home, FingerprintConfig::default())?;
        catalog.log(&log::line(global, "review", detail))?;
        self.store.add(&rulings)?;
        Ok(())
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
