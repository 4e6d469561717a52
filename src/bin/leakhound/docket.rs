//! The findings of a run, what was decided about each, and the one way in which a decision is made.

use std::path::PathBuf;

use leakhound::catalog::Catalog;
use leakhound::fingerprint::FingerprintConfig;
use leakhound::ingest::digest;
use leakhound::record::{DecisionState, Finding, Ground, ItemFacts};
use leakhound::results::{ResultStore, Run};
use leakhound::review::{Case, ReviewStore, Ruling};

use crate::args::Global;
use crate::commands::{log, report};
use crate::exit::UsageError;
use crate::{home, setup};

/// A finding in its item.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) item: ItemFacts,
    pub(crate) notes: Vec<String>,
    pub(crate) finding: Finding,
}

/// All findings of a run, in the order of the report.
#[derive(Debug)]
pub(crate) struct Docket {
    pub(crate) home: PathBuf,
    pub(crate) run: Run,
    pub(crate) entries: Vec<Entry>,
    store: ReviewStore,
}

/// What is to be decided.
#[derive(Debug, Clone)]
pub(crate) struct Sentence {
    pub(crate) state: Option<DecisionState>,
    pub(crate) ground: Option<Ground>,
    pub(crate) reason: String,
    pub(crate) by: String,
}

impl Docket {
    /// That of a run, of the newest without a number.
    pub(crate) fn open(global: &Global, run: Option<i64>) -> anyhow::Result<Self> {
        let home = home::home(global)?;
        let results = ResultStore::open(&home)?;
        let run = report::choose(results.runs()?, run)?;
        let store = ReviewStore::open(&home)?;
        let decisions = store.decisions()?;
        let mut entries = Vec::new();
        results.for_each_record(run.run_id, |mut record| {
            decisions.apply(&mut record);
            for finding in record.findings {
                let (item, notes) = (record.item.clone(), record.notes.clone());
                entries.push(Entry { item, notes, finding });
            }
            anyhow::Ok(())
        })?;
        Ok(Self { home, run, entries, store })
    }

    /// The places of all copies of the one finding that a name is the start of.
    pub(crate) fn find(&self, name: &str) -> anyhow::Result<Vec<usize>> {
        let usage = |why: String| anyhow::Error::from(UsageError(why));
        let run = self.run.run_id;
        let full = if name.starts_with("f-") { name.to_owned() } else { format!("f-{name}") };
        let named = |entry: &Entry| full.len() >= 6 && entry.finding.finding_id.starts_with(&full);
        let found: Vec<usize> =
            (0..self.entries.len()).filter(|at| named(&self.entries[*at])).collect();
        let Some(first) = found.first() else {
            let least = if full.len() < 6 { "; an id needs 4 of its digits at least" } else { "" };
            return Err(usage(format!(
                "run {run} has no finding {name:?}{least}; leakhound review --all lists them"
            )));
        };
        let id = &self.entries[*first].finding.finding_id;
        match found.iter().find(|at| self.entries[**at].finding.finding_id != *id) {
            Some(_) => Err(usage(format!(
                "{name:?} begins the ids of several findings of run {run}; write more of it"
            ))),
            None => Ok(found),
        }
    }

    /// Decides: the log first, then the decisions, all or none.
    pub(crate) fn decide(
        &mut self,
        global: &Global,
        sentences: &[(usize, Sentence)],
    ) -> anyhow::Result<()> {
        let mut rulings = Vec::new();
        for (at, Sentence { state, ground, reason, by }) in sentences {
            let Entry { item, finding, .. } = &self.entries[*at];
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
        let decisions = self.store.decisions()?;
        for Entry { item, finding, .. } in &mut self.entries {
            finding.decision = decisions.of(item, finding);
        }
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
