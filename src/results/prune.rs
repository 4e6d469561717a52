//! Deletes the records of a run. Its row, its manifest and the tokens of that stay, and records that are named.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::params;

use super::sink::RunLock;
use super::{ResultStore, ResultsError};
use crate::record::ItemRecord;

/// Records that are deleted in one transaction: its log takes some MiB. A guess.
const BATCH: i64 = 5_000;
/// Pages that are given back in one step: 16 MiB.
const PAGES: u32 = 4_096;

/// How much the records of a run take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RunSize {
    /// Number of records.
    pub items: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl RunSize {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { items: self.items + other.items, bytes: self.bytes + other.bytes }
    }

    /// This without another.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self {
            items: self.items.saturating_sub(other.items),
            bytes: self.bytes.saturating_sub(other.bytes),
        }
    }
}

impl ResultStore {
    /// How much the records of a run take.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn size_of(&self, run_id: i64) -> Result<RunSize, ResultsError> {
        let sql = "SELECT count(*), ifnull(sum(length(path) + length(record) + 32), 0)
                   FROM outcomes WHERE run_id = ?1";
        let size = self.connection.query_row(sql, [run_id], |row| {
            Ok(RunSize { items: row.get::<_, i64>(0)? as u64, bytes: row.get::<_, i64>(1)? as u64 })
        });
        size.map_err(|source| self.error(source))
    }

    /// The size of one record.
    pub(crate) fn size_of_record(key: &[u8], record: &ItemRecord) -> RunSize {
        let text = crate::record::json(record);
        RunSize { items: 1, bytes: (key.len() + text.len() + 32) as u64 }
    }

    /// Deletes the records of a run but those with these keys, at `now`, in seconds since 1970. What was done when `stop` is raised stays
    /// done; the rest is deleted by the next call. Returns what was deleted.
    ///
    /// # Errors
    ///
    /// [`ResultsError::Busy`] if the run is being written, or an error of the database.
    pub fn prune(
        &mut self,
        run_id: i64,
        keep: &BTreeSet<Vec<u8>>,
        now: i64,
        stop: &AtomicBool,
    ) -> Result<RunSize, ResultsError> {
        let _lock = RunLock::of(&self.path, run_id)?;
        let before = self.size_of(run_id)?;
        (|| {
            // First of all, so that nobody takes what is left for the whole.
            let sql = "UPDATE runs SET pruned = ifnull(pruned, ?2) WHERE run_id = ?1";
            self.connection.execute(sql, [run_id, now])?;
            self.connection.execute_batch(
                "DROP TABLE IF EXISTS temp.kept;
                 CREATE TEMP TABLE kept (path BLOB PRIMARY KEY) WITHOUT ROWID",
            )?;
            let transaction = self.connection.transaction()?;
            let mut insert = transaction.prepare("INSERT INTO temp.kept VALUES (?1)")?;
            for key in keep {
                insert.execute([key])?;
            }
            drop(insert);
            transaction.commit()?;
            let sql = "DELETE FROM outcomes WHERE run_id = ?1 AND path IN (
                           SELECT path FROM outcomes WHERE run_id = ?1
                           AND path NOT IN (SELECT path FROM temp.kept) LIMIT ?2)";
            while !stop.load(Ordering::Relaxed)
                && self.connection.execute(sql, params![run_id, BATCH])? > 0
            {}
            self.connection.execute("DROP TABLE temp.kept", []).map(drop)
        })()
        .map_err(|source| self.error(source))?;
        Ok(before.without(self.size_of(run_id)?))
    }

    /// The bytes of the database file that hold nothing, and all of it.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn room(&self) -> Result<(u64, u64), ResultsError> {
        let number = |name: &str| {
            let number = self.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
            number.map(|number| number as u64).map_err(|source| self.error(source))
        };
        let (page, free, all) =
            (number("page_size")?, number("freelist_count")?, number("page_count")?);
        Ok((free * page, all * page))
    }

    /// Whether the file can give back what holds nothing without being written anew.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn gives_back(&self) -> Result<bool, ResultsError> {
        let mode =
            self.connection.pragma_query_value(None, "auto_vacuum", |row| row.get::<_, i64>(0));
        mode.map(|mode| mode == 2).map_err(|source| self.error(source))
    }

    /// Gives back to the system what holds nothing, as far as it gets before `stop` is raised. A file of an older version is written
    /// anew, which needs as much room again.
    ///
    /// # Errors
    ///
    /// If the database cannot be written, or another process reads it for long. Nothing is lost then.
    pub fn give_back(&self, stop: &AtomicBool) -> Result<(), ResultsError> {
        let give = || {
            if self.gives_back_now()? {
                let mut left = true;
                while left && !stop.load(Ordering::Relaxed) {
                    let sql = format!("PRAGMA incremental_vacuum({PAGES})");
                    let mut statement = self.connection.prepare(&sql)?;
                    let mut rows = statement.query([])?;
                    while rows.next()?.is_some() {}
                    let free: i64 =
                        self.connection
                            .pragma_query_value(None, "freelist_count", |row| row.get(0))?;
                    left = free > 0;
                }
            } else {
                self.connection.pragma_update(None, "auto_vacuum", "incremental")?;
                self.connection.execute("VACUUM", [])?;
            }
            // What is in the log counts for the file only now.
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        };
        give().map_err(|source| self.error(source))
    }

    fn gives_back_now(&self) -> rusqlite::Result<bool> {
        self.connection.pragma_query_value(
            None,
            "auto_vacuum",
            |row| Ok(row.get::<_, i64>(0)? == 2),
        )
    }

    /// The number of the run that each run takes records over from.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn bases_of_unfinished(&self) -> Result<BTreeSet<i64>, ResultsError> {
        let sql = "SELECT base_run_id FROM runs
                   WHERE finished IS NULL AND pruned IS NULL AND base_run_id IS NOT NULL";
        let read = || {
            let mut statement = self.connection.prepare(sql)?;
            statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()
        };
        read().map_err(|source| self.error(source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixtures::{facts, record_of};
    use crate::results::fixtures::{keep, key};

    fn store(home: &std::path::Path, items: usize) -> (ResultStore, i64) {
        let mut store = ResultStore::open(home).unwrap();
        let record = |n: usize| record_of(facts(&format!("/dump/{n:05}"), "aa"), Vec::new());
        let run = keep(&mut store, &key(&["/dump"]), (0..items).map(record).collect(), true);
        (store, run.run_id)
    }

    #[test]
    fn what_is_named_stays_with_the_manifest_and_the_rest_is_gone() {
        let home = tempfile::tempdir().unwrap();
        let (mut store, run_id) = store(home.path(), 12_000);
        let size = store.size_of(run_id).unwrap();
        let kept = BTreeSet::from([b"/dump/00007".to_vec()]);
        let stop = AtomicBool::new(false);
        let deleted = store.prune(run_id, &kept, 9, &stop).unwrap();
        assert_eq!((size.items, deleted.items), (12_000, 11_999));
        assert!(store.record(run_id, b"/dump/00007").unwrap().is_some());
        assert!(store.manifest(run_id).unwrap().is_some());
        let run = store.run(Some(run_id)).unwrap();
        assert_eq!(run.pruned, Some(9));
        // What is left is not taken for the run.
        let refused = store.for_each_record::<ResultsError>(run_id, |_| Ok(())).unwrap_err();
        assert!(refused.to_string().starts_with("the records of run 1 were pruned"), "{refused}");
        assert!(refused.is_usage());
        assert_eq!(store.prune(run_id, &kept, 10, &stop).unwrap(), RunSize::default());
        assert_eq!(store.run(Some(run_id)).unwrap().pruned, Some(9));
        // The next run takes nothing over from it.
        let (next, _) = store.begin(&run.key, 11).unwrap();
        let base: Option<i64> = store
            .connection
            .query_row("SELECT base_run_id FROM runs WHERE run_id = ?1", [next.run_id], |r| {
                r.get(0)
            })
            .unwrap();
        assert_eq!(base, None);
    }

    #[test]
    fn the_file_gives_back_what_it_does_not_need_also_one_of_an_older_version() {
        for is_old in [false, true] {
            let home = tempfile::tempdir().unwrap();
            let (mut store, run_id) = store(home.path(), 4_000);
            if is_old {
                store.connection.pragma_update(None, "auto_vacuum", "none").unwrap();
                store.connection.execute("VACUUM", []).unwrap();
            }
            assert_eq!(store.gives_back().unwrap(), !is_old);
            let stop = AtomicBool::new(false);
            store.prune(run_id, &BTreeSet::new(), 9, &stop).unwrap();
            let before = store.room().unwrap();
            assert!(before.0 > before.1 / 2, "{before:?}");
            store.give_back(&stop).unwrap();
            let after = store.room().unwrap();
            assert!(after.0 == 0 && after.1 < before.1 / 2, "{before:?} {after:?}");
            assert!(store.gives_back().unwrap());
            let file = home.path().join("results.sqlite").metadata().unwrap().len();
            assert_eq!(file, after.1);
        }
    }

    #[test]
    fn a_run_that_is_being_scanned_is_not_pruned() {
        let home = tempfile::tempdir().unwrap();
        let (mut store, _) = store(home.path(), 1);
        let mut other = ResultStore::open(home.path()).unwrap();
        let (run, goes_on) = other.begin(&key(&["/other"]), 0).unwrap();
        let _sink = other.sink(run.run_id, goes_on).unwrap();
        let busy = store.prune(run.run_id, &BTreeSet::new(), 9, &AtomicBool::new(false));
        assert!(matches!(busy, Err(ResultsError::Busy { .. })));
    }
}
