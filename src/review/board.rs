//! What the review page asks for: a part of the list, one finding, and decisions.

use serde::Serialize;

use super::cards::{Cards, ListError, Wanted};
use super::queue::{Entry, NewDecision, Recorder, ReviewQueue};
use crate::record::{DecisionState, Relation, Verdict};
use crate::wording::{called, visible};

/// Most rows of the list in one answer; the page asks for 100.
const MAX_ROWS: usize = 200;

/// The run under review: where its findings are read from, and the list of them.
#[derive(Debug)]
pub struct Board {
    queue: ReviewQueue,
    cards: Cards,
}

/// A part of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Part {
    /// The first row.
    pub from: usize,
    /// Number of rows; as many as one answer may have if `None`.
    pub count: Option<usize>,
    /// A finding whose place is asked for, by its position.
    pub near: Option<usize>,
}

/// A part of the list, in JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct List {
    /// The run.
    pub run: i64,
    /// What was scanned.
    pub roots: Vec<String>,
    /// Number of findings of the run.
    pub all: usize,
    /// Findings without a decision.
    pub open: usize,
    /// Findings that pass the filters.
    pub shown: usize,
    /// Where the finding is that was asked for.
    pub near: Option<Near>,
    /// Place of the first row among those that pass.
    pub from: usize,
    /// The rows.
    pub rows: Vec<ListRow>,
}

/// Where a finding is in the list, in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Near {
    /// Its place among those that pass the filters, or the place that it would have.
    pub place: usize,
    /// Whether it passes.
    pub listed: bool,
}

/// A row of the list, in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListRow {
    /// The position by which the page names the finding.
    pub at: usize,
    /// Id of the finding.
    pub id: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// What it claims.
    pub relation: Option<Relation>,
    /// Name of the recording.
    pub name: String,
    /// Path of the item.
    pub path: String,
    /// Locator of the item; not in the JSON.
    #[serde(skip)]
    pub locator: String,
    /// What was decided.
    pub state: Option<DecisionState>,
}

impl ListRow {
    fn new(at: usize, entry: &Entry) -> Self {
        let (item, finding) = (entry.item(), entry.finding());
        Self {
            at,
            id: finding.finding_id.clone(),
            verdict: finding.verdict,
            relation: finding.relation,
            name: visible(&called(finding)).into_owned(),
            path: visible(&item.path).into_owned(),
            locator: item.locator.clone(),
            state: finding.decision.as_ref().map(|decision| decision.state),
        }
    }
}

impl Board {
    /// Reads the findings of a run.
    ///
    /// # Errors
    ///
    /// If results or decisions cannot be read.
    pub fn new(queue: ReviewQueue) -> Result<Self, ListError> {
        let cards = Cards::read(&queue)?;
        Ok(Self { queue, cards })
    }

    /// Learns of the decisions that were made since, here or by another program.
    ///
    /// # Errors
    ///
    /// If results or decisions cannot be read.
    pub fn catch_up(&mut self) -> Result<(), ListError> {
        self.cards.catch_up(&self.queue)
    }

    /// A part of the list, as of when the board last caught up.
    ///
    /// # Errors
    ///
    /// If the results cannot be read, or have changed.
    pub fn list(&mut self, wanted: &Wanted, part: Part) -> Result<List, ListError> {
        let near = part.near.and_then(|at| self.cards.place(wanted, at));
        let chosen = self.cards.choose(wanted);
        let shown = chosen.len();
        let from = part.from.min(shown);
        let count = part.count.unwrap_or(MAX_ROWS).min(MAX_ROWS).min(shown - from);
        let chosen = chosen[from..from + count].to_vec();
        let row = |at: u32| Ok(ListRow::new(at as usize, &self.entry(at as usize)?));
        let rows = chosen.into_iter().map(row).collect::<Result<_, ListError>>()?;
        let run = self.queue.run();
        Ok(List {
            run: run.run_id,
            roots: run.key.roots.iter().map(|root| visible(root).into_owned()).collect(),
            all: self.cards.len(),
            open: self.cards.open(),
            shown,
            near: near.map(|(place, listed)| Near { place, listed }),
            from,
            rows,
        })
    }

    /// The finding at a position, with its decision.
    ///
    /// # Errors
    ///
    /// If there is none, or the results cannot be read or have changed.
    pub fn entry(&self, at: usize) -> Result<Entry, ListError> {
        self.cards.entry(&self.queue, at)
    }

    /// Records a decision about all copies of a finding, and catches up. The page may be older than the run, so it names
    /// the finding by position and id: the position alone could be that of another.
    ///
    /// # Errors
    ///
    /// [`ListError::OutOfDate`] if another finding is at that position; if the decision is not complete, or cannot be
    /// written.
    pub fn decide(
        &mut self,
        at: usize,
        id: &str,
        decision: &NewDecision,
        recorder: &Recorder,
    ) -> Result<(), ListError> {
        let copies = self.cards.copies(at, id)?;
        let entries: Vec<Entry> =
            copies.into_iter().map(|at| self.entry(at)).collect::<Result<_, _>>()?;
        let decisions: Vec<_> = entries.iter().map(|entry| (entry, decision)).collect();
        self.queue.decide(&decisions, recorder)?;
        self.catch_up()
    }
}
