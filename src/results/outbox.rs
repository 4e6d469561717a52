//! What happened in a watched dump and has to be told: kept with the outcomes, told once.
//!
//! An event is written in the transaction that writes what it is about, so there is none without the other. It has an id of its own, under
//! which a second one is not taken. That it is begun to tell it is on disk before, that it is told after. Only a process
//! that ends between the two leaves a doubt; the event is then told again, and says which attempt it is.

use std::path::Path;

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::{ResultStore, ResultsError};
use crate::base::digest;
use crate::record::{Event, Found, ItemRecord, RunEnd, Verdict, json};

/// Hexadecimal digits of the id of a finding's event: 128 bits, since an equal id would be an event that is lost.
const ID_DIGITS: usize = 32;

/// An event that was not told yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Untold {
    /// Number of the event, in the order in which they happened.
    pub number: i64,
    /// What happened.
    pub event: Event,
    /// How often it was begun to print it.
    pub prints: u32,
    /// How often it was begun to hand it to a command.
    pub hands: u32,
}

/// The events of a home. One process at a time tells them.
#[derive(Debug)]
pub struct Outbox {
    store: ResultStore,
}

impl Outbox {
    /// Opens the events of a home folder.
    ///
    /// # Errors
    ///
    /// If the results cannot be opened, or a newer program wrote them.
    pub fn open(home: &Path) -> Result<Self, ResultsError> {
        let store = ResultStore::open(home)?;
        // What was told has to be on disk, also after a power cut.
        let full = store.connection.pragma_update(None, "synchronous", "full");
        full.map_err(|source| store.error(source))?;
        Ok(Self { store })
    }

    /// The event to print next: the oldest that was not printed.
    ///
    /// # Errors
    ///
    /// If the results cannot be read.
    pub fn to_print(&self) -> Result<Option<Untold>, ResultsError> {
        self.first("told IS NULL AND printed IS NULL ORDER BY number")
    }

    /// The event to hand to a command next: of those that it was begun with least often the oldest.
    ///
    /// # Errors
    ///
    /// If the results cannot be read.
    pub fn to_hand(&self) -> Result<Option<Untold>, ResultsError> {
        self.first("told IS NULL ORDER BY hands, number")
    }

    fn first(&self, which: &str) -> Result<Option<Untold>, ResultsError> {
        let sql =
            format!("SELECT number, body, prints, hands, run_id FROM events WHERE {which} LIMIT 1");
        let read = || {
            let mut statement = self.store.connection.prepare_cached(&sql)?;
            let row = statement.query_row([], |row| {
                let text: String = row.get(1)?;
                Ok((row.get(0)?, text, row.get(2)?, row.get(3)?, row.get(4)?))
            });
            row.optional()
        };
        let row: Option<(i64, String, u32, u32, i64)> =
            read().map_err(|source| self.store.error(source))?;
        row.map(|(number, text, prints, hands, run_id)| {
            let event = serde_json::from_str(&text).map_err(|source| ResultsError::Record {
                path: self.store.path.clone(),
                run_id,
                source,
            })?;
            Ok(Untold { number, event, prints, hands })
        })
        .transpose()
    }

    /// How many events are not told yet.
    ///
    /// # Errors
    ///
    /// If the results cannot be read.
    pub fn left(&self) -> Result<u64, ResultsError> {
        self.count("told IS NULL", 0)
    }

    /// How many findings of a run were news.
    ///
    /// # Errors
    ///
    /// If the results cannot be read.
    pub fn news_of(&self, run_id: i64) -> Result<u64, ResultsError> {
        self.count("run_id = ?1 AND event_id LIKE 'e-%'", run_id)
    }

    fn count(&self, which: &str, run_id: i64) -> Result<u64, ResultsError> {
        let sql = format!("SELECT count(*) FROM events WHERE {which} AND ?1 = ?1");
        let count = self.store.connection.query_row(&sql, [run_id], |row| row.get::<_, i64>(0));
        count.map(|count| count as u64).map_err(|source| self.store.error(source))
    }

    /// Counts that it is begun to print an event.
    ///
    /// # Errors
    ///
    /// If the results cannot be written: then it must not be printed.
    pub fn begin_print(&self, number: i64) -> Result<(), ResultsError> {
        self.change("UPDATE events SET prints = prints + 1 WHERE number = ?1", number, None)
    }

    /// Counts that it is begun to hand an event to a command.
    ///
    /// # Errors
    ///
    /// If the results cannot be written: then it must not be handed over.
    pub fn begin_hand(&self, number: i64) -> Result<(), ResultsError> {
        self.change("UPDATE events SET hands = hands + 1 WHERE number = ?1", number, None)
    }

    /// The event is on standard output since `now`, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// If the results cannot be written.
    pub fn printed(&self, number: i64, now: i64) -> Result<(), ResultsError> {
        self.change("UPDATE events SET printed = ?2 WHERE number = ?1", number, Some(now))
    }

    /// The event is told by all that had to tell it since `now`, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// If the results cannot be written.
    pub fn told(&self, number: i64, now: i64) -> Result<(), ResultsError> {
        self.change("UPDATE events SET told = ?2, body = '' WHERE number = ?1", number, Some(now))
    }

    fn change(&self, sql: &str, number: i64, at: Option<i64>) -> Result<(), ResultsError> {
        let connection = &self.store.connection;
        let write = || {
            let mut statement = connection.prepare_cached(sql)?;
            match at {
                Some(at) => statement.execute(params![number, at]),
                None => statement.execute([number]),
            }
        };
        write().map(drop).map_err(|source| self.store.error(source))
    }
}

/// Writes the events of an item's findings, but those that are known at this place already.
pub(super) fn add_findings(
    transaction: &Transaction,
    run_id: i64,
    record: &ItemRecord,
) -> rusqlite::Result<()> {
    for finding in &record.findings {
        if finding.verdict > Verdict::Suspect {
            continue;
        }
        let (stream, verdict) = (finding.stream.to_string(), finding.verdict.as_str());
        let parts = [&*record.item.locator, &finding.recording_id, &stream, verdict];
        let id = digest(parts.join("\0").as_bytes());
        let found = Found {
            event_id: format!("e-{}", &id[..ID_DIGITS]),
            attempt: 1,
            run_id,
            verdict: finding.verdict,
            item: record.item.clone(),
            finding: finding.clone(),
        };
        add(transaction, run_id, &Event::Finding(Box::new(found)))?;
    }
    Ok(())
}

/// Writes the event of the end of a run.
pub(super) fn add_end(transaction: &Transaction, end: RunEnd) -> rusqlite::Result<()> {
    let (run_id, event_id) = (end.run_id, format!("run-{}", end.run_id));
    add(transaction, run_id, &Event::Run(RunEnd { event_id, attempt: 1, ..end }))
}

fn add(transaction: &Transaction, run_id: i64, event: &Event) -> rusqlite::Result<()> {
    let sql = "INSERT OR IGNORE INTO events (event_id, run_id, body) VALUES (?1, ?2, ?3)";
    let mut statement = transaction.prepare_cached(sql)?;
    statement.execute(params![event.event_id(), run_id, json(event)]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixtures::{facts, record_of};
    use crate::record::{Finding, Tally};
    use crate::results::fixtures::{key, watched};

    fn found(path: &str, recording: &str, verdict: Verdict) -> ItemRecord {
        record_of(facts(path, "aa"), vec![Finding::unheard(recording.to_owned(), verdict)])
    }

    /// What is told, one word an event.
    fn tell_all(outbox: &Outbox) -> Vec<String> {
        let mut told = Vec::new();
        while let Some(untold) = outbox.to_print().unwrap() {
            outbox.begin_print(untold.number).unwrap();
            told.push(match &untold.event {
                Event::Finding(found) => {
                    let name = found.item.path.rsplit('/').next().unwrap();
                    format!("{name} {} {}", found.finding.recording_id, found.verdict.as_str())
                }
                Event::Run(end) => format!("run {}", end.run_id),
            });
            outbox.told(untold.number, 7).unwrap();
        }
        told
    }

    #[test]
    fn a_finding_is_told_once_at_each_place_and_again_if_its_verdict_changes() {
        let home = tempfile::tempdir().unwrap();
        let mut store = ResultStore::open(home.path()).unwrap();
        let outbox = Outbox::open(home.path()).unwrap();
        let key = key(&["/dump"]);
        let first =
            [found("/dump/a", "r1", Verdict::Suspect), found("/dump/b", "r1", Verdict::Match)];
        watched(&mut store, &key, first.to_vec());
        assert_eq!(outbox.left().unwrap(), 3);
        assert_eq!(tell_all(&outbox), ["a r1 suspect", "b r1 match", "run 1"]);
        watched(&mut store, &key, first.to_vec());
        assert_eq!(tell_all(&outbox), ["run 2"]);
        let other = [
            found("/dump/a", "r1", Verdict::Match),
            found("/dump/c", "r1", Verdict::Match),
            found("/dump/d", "r2", Verdict::Permitted),
        ];
        watched(&mut store, &key, other.to_vec());
        assert_eq!(tell_all(&outbox), ["a r1 match", "c r1 match", "run 3"]);
        assert_eq!(outbox.left().unwrap(), 0);
    }

    #[test]
    fn what_was_not_told_comes_again_behind_what_was_tried_less_often() {
        let home = tempfile::tempdir().unwrap();
        let mut store = ResultStore::open(home.path()).unwrap();
        let records =
            vec![found("/dump/a", "r1", Verdict::Match), found("/dump/b", "r1", Verdict::Match)];
        watched(&mut store, &key(&["/dump"]), records);
        let outbox = Outbox::open(home.path()).unwrap();
        let first = outbox.to_hand().unwrap().unwrap();
        outbox.begin_hand(first.number).unwrap();
        let second = outbox.to_hand().unwrap().unwrap();
        assert_ne!(first.number, second.number);
        outbox.begin_hand(second.number).unwrap();
        outbox.told(second.number, 6).unwrap();
        // Another process finds the rest.
        let outbox = Outbox::open(home.path()).unwrap();
        let third = outbox.to_hand().unwrap().unwrap();
        assert!(matches!(third.event, Event::Run(_)));
        outbox.told(third.number, 6).unwrap();
        let again = outbox.to_hand().unwrap().unwrap();
        assert_eq!((again.number, again.hands, again.prints), (first.number, 1, 0));
        assert_eq!((outbox.left().unwrap(), outbox.news_of(1).unwrap()), (1, 2));
    }

    #[test]
    fn a_scan_that_is_not_watched_leaves_nothing_to_tell() {
        let home = tempfile::tempdir().unwrap();
        let mut store = ResultStore::open(home.path()).unwrap();
        let records = vec![found("/dump/a", "r1", Verdict::Match)];
        crate::results::fixtures::keep(&mut store, &key(&["/dump"]), records, true);
        assert_eq!(Outbox::open(home.path()).unwrap().left().unwrap(), 0);
    }

    #[test]
    fn the_end_of_a_run_counts_its_items() {
        let home = tempfile::tempdir().unwrap();
        let mut store = ResultStore::open(home.path()).unwrap();
        let records = vec![
            found("/dump/a", "r1", Verdict::Match),
            found("/dump/b", "r1", Verdict::Permitted),
            record_of(facts("/dump/c", "cc"), Vec::new()),
        ];
        watched(&mut store, &key(&["/dump"]), records);
        let outbox = Outbox::open(home.path()).unwrap();
        let first = outbox.to_print().unwrap().unwrap();
        outbox.told(first.number, 1).unwrap();
        let Event::Run(end) = outbox.to_print().unwrap().unwrap().event else { panic!("no end") };
        let expected = Tally { all: 3, matched: 1, permitted: 1, clear: 1, ..Tally::default() };
        assert_eq!((end.items, &*end.event_id, &*end.roots[0]), (expected, "run-1", "/dump"));
    }
}
