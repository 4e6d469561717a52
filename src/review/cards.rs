//! The list of a run's findings for the review page, its filters and its orders.
//!
//! Some 400 bytes of each finding stay in memory; the rest is read from the results when it is shown.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::str::FromStr;

use super::queue::{Entry, QueueError, ReviewQueue};
use super::{Decisions, ReviewError};
use crate::base::UnknownWord;
use crate::record::{DecisionState, Finding, ItemFacts, Relation, Verdict};
use crate::results::ResultsError;
use crate::wording::{called, visible};

/// Why the list cannot show or decide a finding.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// The list has no finding at that position.
    #[error("there is no such finding; reload the page")]
    NoFinding,
    /// The run was deleted from the results.
    #[error("the run no longer exists; start leakhound review --serve again")]
    NoRun,
    /// The record has fewer findings than when the list was read.
    #[error("the run has changed; start leakhound review --serve again")]
    Changed,
    /// The list has another finding at that position.
    #[error("the page is out of date; reload it")]
    OutOfDate,
    /// The results.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// The decisions.
    #[error(transparent)]
    Review(#[from] ReviewError),
    /// A decision was not recorded.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// What the list keeps of a finding.
#[derive(Debug)]
struct Card {
    /// Key of its item's record in the results.
    key: Box<[u8]>,
    /// Position among that record's findings.
    place: u32,
    id: Box<str>,
    verdict: Verdict,
    relation: Option<Relation>,
    score: f64,
    state: Option<DecisionState>,
    /// Name of the recording, path, ISRC and id in lower case: searched in, and sorted by.
    text: Box<str>,
    /// See [`kin`].
    kin: [u64; 2],
}

/// Hashes that findings share if a decision may hold for both: recording and bytes, recording and sound.
fn kin(recording_id: &str, sha256: &str, sound: &str) -> [u64; 2] {
    let digest = |what: (u8, &str, &str)| {
        let mut hasher = DefaultHasher::new();
        what.hash(&mut hasher);
        hasher.finish()
    };
    [digest((0, recording_id, sha256)), digest((1, recording_id, sound))]
}

impl Card {
    fn new(key: &[u8], place: usize, item: &ItemFacts, finding: &Finding) -> Self {
        let Finding { finding_id, isrc, recording_id, sound, .. } = finding;
        let (name, path) = (called(finding), &item.path);
        let text = format!("{}\n{}\n{isrc}\n{finding_id}", visible(&name), visible(path));
        Self {
            key: key.into(),
            place: place as u32,
            id: finding_id.as_str().into(),
            verdict: finding.verdict,
            relation: finding.relation,
            score: finding.score,
            state: finding.decision.as_ref().map(|decision| decision.state),
            text: text.to_lowercase().into(),
            kin: kin(recording_id, &item.sha256, sound),
        }
    }
}

/// The order of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ListOrder {
    /// By path, as in the reports.
    #[default]
    Path,
    /// By score, the highest first.
    Strongest,
    /// By score, the lowest first.
    Weakest,
    /// By the name of the recording.
    Recording,
}

crate::base::impl_from_word!(ListOrder, "order of findings");

impl ListOrder {
    /// All orders.
    pub const ALL: [Self; 4] = [Self::Path, Self::Strongest, Self::Weakest, Self::Recording];

    /// The word that `FromStr` reads.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Strongest => "strongest",
            Self::Weakest => "weakest",
            Self::Recording => "recording",
        }
    }
}

/// Which decisions pass the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DecisionFilter {
    /// All findings.
    #[default]
    Any,
    /// Findings without a decision.
    Open,
    /// Findings with this decision.
    Decided(DecisionState),
}

impl FromStr for DecisionFilter {
    type Err = UnknownWord;

    /// `open`, or the word of a decision.
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        if word == "open" { Ok(Self::Open) } else { word.parse().map(Self::Decided) }
    }
}

/// The filters and the order of the list. The default shows everything, by path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// In lower case; each has to be somewhere in the name of the recording, the path, the ISRC or the id.
    pub words: Vec<String>,
    /// Only this verdict.
    pub verdict: Option<Verdict>,
    /// Only this claim.
    pub relation: Option<Relation>,
    /// Only these decisions.
    pub decision: DecisionFilter,
    /// The order.
    pub order: ListOrder,
}

impl Wanted {
    /// The words of a search, as [`Wanted::words`] has them.
    pub fn words_of(text: &str) -> Vec<String> {
        text.to_lowercase().split_whitespace().map(str::to_owned).collect()
    }

    fn has(&self, card: &Card) -> bool {
        self.verdict.is_none_or(|verdict| verdict == card.verdict)
            && self.relation.is_none_or(|relation| Some(relation) == card.relation)
            && match self.decision {
                DecisionFilter::Any => true,
                DecisionFilter::Open => card.state.is_none(),
                DecisionFilter::Decided(state) => card.state == Some(state),
            }
            && self.words.iter().all(|word| card.text.contains(word.as_str()))
    }
}

/// The findings of a run.
#[derive(Debug)]
pub(super) struct Cards {
    /// In the order of the reports. The page names a finding by its position here, which never changes.
    all: Vec<Card>,
    decisions: Decisions,
    /// Number of the last row of the history that is in `decisions`.
    last: i64,
    /// The last filter and order, and the positions that passed.
    chosen: Option<(Wanted, Vec<u32>)>,
}

impl Cards {
    pub(super) fn read(queue: &ReviewQueue) -> Result<Self, ListError> {
        let mut cards =
            Self { all: Vec::new(), decisions: Decisions::default(), last: 0, chosen: None };
        cards.catch_up(queue)?;
        queue.results.for_each_found(queue.run().run_id, |key, mut record| {
            cards.decisions.apply(&mut record);
            for (place, finding) in record.findings.iter().enumerate() {
                cards.all.push(Card::new(key, place, &record.item, finding));
            }
            Ok::<_, ListError>(())
        })?;
        Ok(cards)
    }

    /// Adds the decisions that were made since, here or by another program.
    pub(super) fn catch_up(&mut self, queue: &ReviewQueue) -> Result<(), ListError> {
        let mut touched = HashSet::new();
        for row in queue.store.history_after(self.last)? {
            touched.extend(kin(&row.case.recording_id, &row.case.sha256, &row.case.sound));
            self.last = row.number;
            self.decisions.add(row.case, row.ruling);
        }
        for at in 0..self.all.len() {
            if !touched.is_empty() && self.all[at].kin.iter().any(|kin| touched.contains(kin)) {
                let entry = self.entry(queue, at)?;
                self.all[at].state = entry.finding().decision.as_ref().map(|d| d.state);
            }
        }
        if !touched.is_empty() {
            self.chosen = None;
        }
        Ok(())
    }

    /// A finding with its decision.
    pub(super) fn entry(&self, queue: &ReviewQueue, at: usize) -> Result<Entry, ListError> {
        let card = self.all.get(at).ok_or(ListError::NoFinding)?;
        let record = queue.results.record(queue.run().run_id, &card.key)?;
        let mut record = record.ok_or(ListError::NoRun)?;
        self.decisions.apply(&mut record);
        let finding = record.findings.get(card.place as usize).ok_or(ListError::Changed)?;
        Ok(Entry::new(&record, finding))
    }

    /// The positions of all copies of a finding; [`ListError::OutOfDate`] if the finding at `at` has another id.
    pub(super) fn copies(&self, at: usize, id: &str) -> Result<Vec<usize>, ListError> {
        self.all.get(at).filter(|card| *card.id == *id).ok_or(ListError::OutOfDate)?;
        Ok((0..self.all.len()).filter(|at| *self.all[*at].id == *id).collect())
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Number of findings without a decision.
    pub(super) fn open(&self) -> usize {
        self.all.iter().filter(|card| card.state.is_none()).count()
    }

    /// The positions that pass the filters, in their order.
    pub(super) fn choose(&mut self, wanted: &Wanted) -> &[u32] {
        let chosen = match self.chosen.take() {
            Some((before, chosen)) if before == *wanted => chosen,
            _ => {
                let numbers = 0..self.all.len() as u32;
                let mut chosen: Vec<u32> =
                    numbers.filter(|at| wanted.has(&self.all[*at as usize])).collect();
                if wanted.order != ListOrder::Path {
                    chosen.sort_unstable_by(|a, b| self.compare(wanted.order, *a, *b));
                }
                chosen
            }
        };
        &self.chosen.insert((wanted.clone(), chosen)).1
    }

    /// Where a finding is in the filtered list, or would be, and whether it is in it.
    pub(super) fn place(&mut self, wanted: &Wanted, at: usize) -> Option<(usize, bool)> {
        if at >= self.all.len() {
            return None;
        }
        self.choose(wanted);
        let (_, chosen) = self.chosen.as_ref()?;
        let found = chosen.binary_search_by(|b| self.compare(wanted.order, *b, at as u32));
        Some(found.map_or_else(|place| (place, false), |place| (place, true)))
    }

    fn compare(&self, order: ListOrder, a: u32, b: u32) -> Ordering {
        let (x, y) = (&self.all[a as usize], &self.all[b as usize]);
        let by = match order {
            ListOrder::Path => Ordering::Equal,
            ListOrder::Strongest => y.score.total_cmp(&x.score),
            ListOrder::Weakest => x.score.total_cmp(&y.score),
            ListOrder::Recording => x.text.cmp(&y.text),
        };
        by.then(a.cmp(&b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(text: &str, score: f64, state: Option<DecisionState>) -> Card {
        let (key, id) = (Box::default(), text.into());
        let (verdict, relation) = if score > 50.0 {
            (Verdict::Match, Some(Relation::Copy))
        } else {
            (Verdict::Suspect, None)
        };
        let text = text.into();
        Card { key, place: 0, id, verdict, relation, score, state, text, kin: [0; 2] }
    }

    fn cards() -> Cards {
        let all = vec![
            card("night train – ana\n/a.ogg", 60.0, None),
            card("amber – ana\n/b.ogg", 20.0, Some(DecisionState::Deferred)),
            card("night train – ana\n/c.ogg", 90.0, None),
        ];
        Cards { all, decisions: Decisions::default(), last: 0, chosen: None }
    }

    #[test]
    fn what_is_wanted_has_every_word_the_verdict_and_the_state() {
        let mut cards = cards();
        let words = |words: &[&str]| Wanted {
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            ..Wanted::default()
        };
        assert_eq!(cards.choose(&Wanted::default()), [0, 1, 2]);
        assert_eq!(cards.choose(&words(&["ana", "train"])), [0, 2]);
        assert_eq!(cards.choose(&words(&["ana", "/c"])), [2]);
        assert_eq!(
            cards.choose(&Wanted { decision: DecisionFilter::Open, ..words(&["ana"]) }),
            [0, 2]
        );
        let suspects = Wanted { verdict: Some(Verdict::Suspect), ..Wanted::default() };
        assert_eq!(cards.choose(&suspects), [1]);
        let claiming = |relation| Wanted { relation: Some(relation), ..Wanted::default() };
        assert_eq!(cards.choose(&claiming(Relation::Copy)), [0, 2]);
        assert_eq!(cards.choose(&claiming(Relation::Stem)), [0; 0]);
    }

    #[test]
    fn a_finding_that_left_the_list_leaves_its_place_to_the_next() {
        let mut cards = cards();
        for (order, expected) in [
            (ListOrder::Path, [0, 1, 2]),
            (ListOrder::Strongest, [2, 0, 1]),
            (ListOrder::Weakest, [1, 0, 2]),
            (ListOrder::Recording, [1, 0, 2]),
        ] {
            let all = Wanted { order, ..Wanted::default() };
            assert_eq!(cards.choose(&all), expected, "{order:?}");
            for (place, at) in expected.into_iter().enumerate() {
                assert_eq!(cards.place(&all, at as usize), Some((place, true)), "{order:?}");
            }
            let open = Wanted { decision: DecisionFilter::Open, ..all };
            let before = expected.iter().take_while(|at| **at != 1).count();
            assert_eq!(cards.place(&open, 1), Some((before, false)), "{order:?}");
        }
        assert_eq!(cards.place(&Wanted::default(), 3), None);
    }
}
