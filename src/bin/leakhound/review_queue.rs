//! The findings of a run, what was decided about each, and the one way in which a decision is made.

use std::collections::HashMap;
use std::path::PathBuf;

use leakhound::base::digest;
use leakhound::catalog::Catalog;
use leakhound::record::{DecisionState, Finding, Ground, ItemFacts, ItemRecord};
use leakhound::results::{ResultStore, Run};
use leakhound::review::{Case, ReviewStore, Ruling};
use leakhound::signal::fingerprint::FingerprintConfig;

use crate::args::Global;
use crate::commands::{log, report};
use crate::exit::UsageError;
use crate::{home, setup};

/// A finding in its item: a record that has it alone.
#[derive(Debug, Clone)]
pub(crate) struct Entry(ItemRecord);

impl Entry {
    /// The finding of a record at a place.
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

/// The findings of a run: read when they are asked for, in the order of the report, none kept.
#[derive(Debug)]
pub(crate) struct ReviewQueue {
    pub(crate) home: PathBuf,
    pub(crate) run: Run,
    pub(crate) results: ResultStore,
    pub(crate) store: ReviewStore,
}

/// What is to be decided.
#[derive(Debug, Clone)]
pub(crate) struct Sentence {
    pub(crate) state: Option<DecisionState>,
    pub(crate) ground: Option<Ground>,
    pub(crate) reason: String,
    pub(crate) by: String,
}

/// An id is named by so many of its characters at least, `f-` among them.
const SHORTEST_NAME: usize = 6;

impl ReviewQueue {
    /// That of a run, of the newest without a number.
    pub(crate) fn open(global: &Global, run: Option<i64>) -> anyhow::Result<Self> {
        let home = home::home(global)?;
        let results = ResultStore::open(&home)?;
        let run = report::choose(results.runs()?, run)?;
        let store = ReviewStore::open(&home)?;
        Ok(Self { home, run, results, store })
    }

    /// Visits all findings with what was decided about each.
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

    /// For each name all copies of the one finding whose id it is the start of, or why there is none; all names in one reading.
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
                let least = if short { "; an id needs 4 of its digits at least" } else { "" };
                return Err(UsageError(format!(
                    "run {run} has no finding {name:?}{least}; leakhound review --all lists them"
                )));
            };
            let id = &first.finding().finding_id;
            if found.iter().any(|entry| entry.finding().finding_id != *id) {
                return Err(UsageError(format!(
                    "{name:?} begins the ids of several findings of run {run}; write more of it"
                )));
            }
            Ok(found.to_vec())
        };
        Ok(names.iter().map(found).collect())
    }

    /// Decides: the log first, then the decisions, all or none.
    pub(crate) fn decide(
        &self,
        global: &Global,
        sentences: &[(&Entry, &Sentence)],
    ) -> anyhow::Result<()> {
        let mut rulings = Vec::new();
        for (entry, Sentence { state, ground, reason, by }) in sentences {
            let (item, finding) = (entry.item(), entry.finding());
            let (state, ground) = (*state, *ground);
            let (reason, by) = (reason.trim().to_owned(), by.trim().to_owned());
            let ruling = Ruling { state, ground, reason, by, at: setup::now() };
            let case = Case::new(self.run.run_id, item, finding).and_then(|case| {
                ruling.check()?;
                Ok(case)
            });
            let case = case.map_err(|why| {
                UsageError(format!("{} is not decided: {why}", finding.finding_id))
            })?;
            rulings.push((case, ruling));
        }
        let Some(detail) = detail(&rulings) else { return Ok(()) };
        // Before anything is changed, so that nothing is changed unlogged.
        let catalog = Catalog::open(&self.home, FingerprintConfig::default())?;
        catalog.log(&log::line(global, "review", detail))?;
        self.store.add(&rulings)?;
        Ok(())
    }
}

/// What the log says: one decision in full, many by the digest of all of them.
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
