//! The list: what is kept in memory of each finding, some 400 bytes, and which of them a person wants to see, in which order.
//!
//! All else of a finding is read from the results when it is shown.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use anyhow::Context as _;
use leakhound::record::{DecisionState, Finding, ItemFacts, Relation, Verdict};
use leakhound::review::Decisions;
use leakhound::wording::{called, visible};

use crate::review_queue::{Entry, ReviewQueue};

/// A finding of the run.
#[derive(Debug)]
struct Card {
    /// Of its item's record in the results.
    key: Box<[u8]>,
    /// Among that record's findings.
    place: u32,
    id: Box<str>,
    verdict: Verdict,
    relation: Option<Relation>,
    score: f64,
    state: Option<DecisionState>,
    /// Name of the recording, path, ISRC and id in small letters: what is searched in, and sorted by.
    text: Box<str>,
    kin: [u64; 2],
}

/// Which findings of a recording may share a decision: those of the same bytes, those of the same sound.
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
pub(super) enum Order {
    /// As in the reports.
    #[default]
    Path,
    Strongest,
    Weakest,
    Recording,
}

/// What people made of those that are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Stand {
    #[default]
    Any,
    /// Nobody has decided.
    Open,
    Decided(DecisionState),
}

/// What a person wants to see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Wanted {
    /// In small letters; each has to be somewhere in the text.
    pub(super) words: Vec<String>,
    pub(super) verdict: Option<Verdict>,
    pub(super) relation: Option<Relation>,
    pub(super) stand: Stand,
    pub(super) order: Order,
}

impl Wanted {
    fn has(&self, card: &Card) -> bool {
        self.verdict.is_none_or(|verdict| verdict == card.verdict)
            && self.relation.is_none_or(|relation| Some(relation) == card.relation)
            && match self.stand {
                Stand::Any => true,
                Stand::Open => card.state.is_none(),
                Stand::Decided(state) => card.state == Some(state),
            }
            && self.words.iter().all(|word| card.text.contains(word.as_str()))
    }
}

/// All findings of a run.
#[derive(Debug)]
pub(super) struct Cards {
    /// In the order of the reports; a finding is asked for by its place here, which stays.
    all: Vec<Card>,
    decisions: Decisions,
    /// Number of the last row of `decisions`.
    last: i64,
    /// What was wanted last, and the places of that.
    chosen: Option<(Wanted, Vec<u32>)>,
}

impl Cards {
    pub(super) fn read(docket: &ReviewQueue) -> anyhow::Result<Self> {
        let mut cards =
            Self { all: Vec::new(), decisions: Decisions::default(), last: 0, chosen: None };
        cards.catch_up(docket)?;
        docket.results.for_each_found(docket.run.run_id, |key, mut record| {
            cards.decisions.apply(&mut record);
            for (place, finding) in record.findings.iter().enumerate() {
                cards.all.push(Card::new(key, place, &record.item, finding));
            }
            anyhow::Ok(())
        })?;
        Ok(cards)
    }

    /// Takes over what was decided since, here or by another program.
    pub(super) fn catch_up(&mut self, docket: &ReviewQueue) -> anyhow::Result<()> {
        let mut touched = HashSet::new();
        for row in docket.store.history_after(self.last)? {
            touched.extend(kin(&row.case.recording_id, &row.case.sha256, &row.case.sound));
            self.last = row.number;
            self.decisions.add(row.case, row.ruling);
        }
        for at in 0..self.all.len() {
            if !touched.is_empty() && self.all[at].kin.iter().any(|kin| touched.contains(kin)) {
                let entry = self.entry(docket, at)?;
                self.all[at].state = entry.finding().decision.as_ref().map(|d| d.state);
            }
        }
        if !touched.is_empty() {
            self.chosen = None;
        }
        Ok(())
    }

    /// A finding with what was decided about it.
    pub(super) fn entry(&self, docket: &ReviewQueue, at: usize) -> anyhow::Result<Entry> {
        let card = self.all.get(at).context("there is no such finding")?;
        let record = docket.results.record(docket.run.run_id, &card.key)?;
        let mut record = record.context("the run is no longer there; start the page again")?;
        self.decisions.apply(&mut record);
        let finding = record.findings.get(card.place as usize);
        let finding = finding.context("the run has changed; start the page again")?;
        Ok(Entry::new(&record, finding))
    }

    /// The places of all copies of a finding, if this is what lies at a place.
    pub(super) fn copies(&self, at: usize, id: &str) -> Option<Vec<usize>> {
        self.all.get(at).filter(|card| *card.id == *id)?;
        Some((0..self.all.len()).filter(|at| *self.all[*at].id == *id).collect())
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Those that nobody has decided on.
    pub(super) fn open(&self) -> usize {
        self.all.iter().filter(|card| card.state.is_none()).count()
    }

    /// The places of what is wanted, in its order.
    pub(super) fn choose(&mut self, wanted: &Wanted) -> &[u32] {
        let chosen = match self.chosen.take() {
            Some((before, chosen)) if before == *wanted => chosen,
            _ => {
                let numbers = 0..self.all.len() as u32;
                let mut chosen: Vec<u32> =
                    numbers.filter(|at| wanted.has(&self.all[*at as usize])).collect();
                if wanted.order != Order::Path {
                    chosen.sort_unstable_by(|a, b| self.compare(wanted.order, *a, *b));
                }
                chosen
            }
        };
        &self.chosen.insert((wanted.clone(), chosen)).1
    }

    /// Where in what is wanted a finding stands, or would, and whether it does.
    pub(super) fn place(&mut self, wanted: &Wanted, at: usize) -> Option<(usize, bool)> {
        if at >= self.all.len() {
            return None;
        }
        self.choose(wanted);
        let (_, chosen) = self.chosen.as_ref()?;
        let found = chosen.binary_search_by(|b| self.compare(wanted.order, *b, at as u32));
        Some(found.map_or_else(|place| (place, false), |place| (place, true)))
    }

    fn compare(&self, order: Order, a: u32, b: u32) -> Ordering {
        let (x, y) = (&self.all[a as usize], &self.all[b as usize]);
        let by = match order {
            Order::Path => Ordering::Equal,
            Order::Strongest => y.score.total_cmp(&x.score),
            Order::Weakest => x.score.total_cmp(&y.score),
            Order::Recording => x.text.cmp(&y.text),
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
        assert_eq!(cards.choose(&Wanted { stand: Stand::Open, ..words(&["ana"]) }), [0, 2]);
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
            (Order::Path, [0, 1, 2]),
            (Order::Strongest, [2, 0, 1]),
            (Order::Weakest, [1, 0, 2]),
            (Order::Recording, [1, 0, 2]),
        ] {
            let all = Wanted { order, ..Wanted::default() };
            assert_eq!(cards.choose(&all), expected, "{order:?}");
            for (place, at) in expected.into_iter().enumerate() {
                assert_eq!(cards.place(&all, at as usize), Some((place, true)), "{order:?}");
            }
            let open = Wanted { stand: Stand::Open, ..all };
            let before = expected.iter().take_while(|at| **at != 1).count();
            assert_eq!(cards.place(&open, 1), Some((before, false)), "{order:?}");
        }
        assert_eq!(cards.place(&Wanted::default(), 3), None);
    }
}
