//! Writes the outcomes of a run, in batches, under the run's lock.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::params;

use super::{ResultStore, ResultsError, chain, outbox};
use crate::record::{FailureKind, ItemRecord, RunEnd, Tally, Verdict, json};
use crate::scan::{Outcome, OutcomeSink};

/// Outcomes are written once this many have gathered. A guess.
const COMMIT_OUTCOMES: usize = 256;
/// Outcomes are written after this time at the latest, so that little is lost at a crash. A guess.
const COMMIT_AFTER: Duration = Duration::from_millis(100);

impl ResultStore {
    /// Takes the lock of a run and returns the sink for its outcomes. `goes_on` is what [`ResultStore::begin`] returned.
    ///
    /// # Errors
    ///
    /// [`ResultsError::Busy`] if another process has the lock, or an error of the database.
    pub fn sink(&mut self, run_id: i64, goes_on: bool) -> Result<RunSink<'_>, ResultsError> {
        let lock = RunLock::of(&self.path, run_id)?;
        if goes_on {
            // Items that were recorded before the interruption and do not come again were deleted or moved meanwhile.
            let sql = "CREATE TEMP TABLE unseen AS SELECT path FROM outcomes WHERE run_id = ?1";
            let index = "CREATE UNIQUE INDEX temp.unseen_path ON unseen (path)";
            (|| {
                self.connection.execute("DROP TABLE IF EXISTS temp.unseen", [])?;
                self.connection.execute(sql, [run_id])?;
                self.connection.execute(index, [])
            })()
            .map_err(|source| self.error(source))?;
        }
        let (waiting, since) = (Vec::new(), Instant::now());
        Ok(RunSink { store: self, run_id, goes_on, waiting, since, tells: None, _lock: lock })
    }
}

/// Keeps a second process from writing the same run. The system releases the lock however the process ends.
#[derive(Debug)]
pub(super) struct RunLock {
    path: PathBuf,
    _file: File,
}

impl RunLock {
    /// The lock of a run in the results at `results`.
    pub(super) fn of(results: &Path, run_id: i64) -> Result<Self, ResultsError> {
        Self::take(results.with_file_name(format!("run-{run_id}.lock")), run_id)
    }

    fn take(path: PathBuf, run_id: i64) -> Result<Self, ResultsError> {
        let locked = File::create(&path).map(|file| (file.try_lock(), file));
        match locked {
            Ok((Ok(()), file)) => Ok(Self { path, _file: file }),
            Ok((Err(TryLockError::WouldBlock), _)) => Err(ResultsError::Busy { run_id }),
            Ok((Err(TryLockError::Error(source)), _)) | Err(source) => {
                Err(ResultsError::Lock { path, source })
            }
        }
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // An empty file that remains does no harm.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Gathers the outcomes of a run and writes them in batches.
#[derive(Debug)]
pub struct RunSink<'a> {
    store: &'a mut ResultStore,
    run_id: i64,
    goes_on: bool,
    waiting: Vec<Outcome>,
    since: Instant,
    /// The items so far, if what happens has to be told.
    tells: Option<Tally>,
    _lock: RunLock,
}

impl RunSink<'_> {
    /// Keeps what happens to be told: see [`super::Outbox`].
    #[must_use]
    pub fn telling(mut self) -> Self {
        self.tells = Some(Tally::default());
        self
    }

    /// Ends the recording of items: those of an earlier part of the run that did not come again are deleted. Returns the store, to
    /// read the run's records.
    ///
    /// # Errors
    ///
    /// If the database cannot be written.
    pub fn settle(&mut self) -> Result<&ResultStore, ResultsError> {
        self.flush()?;
        if self.goes_on {
            let sql = "DELETE FROM outcomes WHERE run_id = ?1 \
                       AND path IN (SELECT path FROM temp.unseen)";
            let swept = self.store.connection.execute(sql, [self.run_id]);
            swept.map_err(|source| self.store.error(source))?;
        }
        Ok(self.store)
    }

    /// Settles the run, marks it as complete at `now`, in seconds since 1970, and stores its manifest. `seal` makes the manifest,
    /// given the run and the digest of the manifest before it, if there is one.
    ///
    /// # Errors
    ///
    /// If the database cannot be written.
    pub fn finish(
        mut self,
        now: i64,
        seal: impl FnOnce(Option<(i64, String)>) -> String,
    ) -> Result<(), ResultsError> {
        self.settle()?;
        (|| {
            let connection = &mut self.store.connection;
            // Immediate, so that no other process adds to the chain meanwhile.
            let transaction =
                connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let sql = "UPDATE runs SET finished = ?2 WHERE run_id = ?1";
            transaction.execute(sql, [self.run_id, now])?;
            let last = chain::last(&transaction)?;
            let number = last.as_ref().map_or(1, |(number, ..)| number + 1);
            let document = seal(last.map(|(_, run_id, digest)| (run_id, digest)));
            chain::append(&transaction, number, self.run_id, &document)?;
            if let Some(items) = self.tells {
                let sql = "SELECT roots FROM runs WHERE run_id = ?1";
                let roots: String = transaction.query_row(sql, [self.run_id], |row| row.get(0))?;
                let roots = serde_json::from_str(&roots).unwrap_or_default();
                let end =
                    RunEnd { run_id: self.run_id, roots, ended: now, items, ..RunEnd::default() };
                outbox::add_end(&transaction, end)?;
            }
            transaction.commit()
        })()
        .map_err(|source| self.store.error(source))
    }
}

impl OutcomeSink for RunSink<'_> {
    type Error = ResultsError;

    fn record(&mut self, outcome: Outcome) -> Result<(), ResultsError> {
        if let Some(items) = &mut self.tells {
            count(items, &outcome.record);
        }
        self.waiting.push(outcome);
        if self.waiting.len() >= COMMIT_OUTCOMES { self.flush() } else { self.tick() }
    }

    fn tick(&mut self) -> Result<(), ResultsError> {
        if self.since.elapsed() >= COMMIT_AFTER { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), ResultsError> {
        self.since = Instant::now();
        if self.waiting.is_empty() {
            return Ok(());
        }
        let waiting = std::mem::take(&mut self.waiting);
        (|| {
            let transaction = self.store.connection.transaction()?;
            let sql = "INSERT OR REPLACE INTO outcomes (run_id, path, size_bytes, modified_ns, \
                       verdict, failure_kind, record) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let mut statement = transaction.prepare_cached(sql)?;
            let sql = "DELETE FROM temp.unseen WHERE path = ?1";
            let mut seen = if self.goes_on { Some(transaction.prepare_cached(sql)?) } else { None };
            for Outcome { key, stamp, record } in &waiting {
                if let Some(seen) = &mut seen {
                    seen.execute([key])?;
                }
                statement.execute(params![
                    self.run_id,
                    key,
                    stamp.size_bytes as i64,
                    stamp.modified_ns,
                    record.verdict.as_str(),
                    record.failure.as_ref().map(|f| f.kind.as_str()),
                    json(record),
                ])?;
                if self.tells.is_some() {
                    outbox::add_findings(&transaction, self.run_id, record)?;
                }
            }
            drop((statement, seen));
            transaction.commit()
        })()
        .map_err(|source| self.store.error(source))
    }
}

/// Counts an item by what became of it.
fn count(items: &mut Tally, record: &ItemRecord) {
    items.all += 1;
    let kind = record.failure.as_ref().map(|failure| &failure.kind);
    let counter = match (record.verdict, kind) {
        (Verdict::Match, _) => &mut items.matched,
        (Verdict::Suspect, _) => &mut items.suspect,
        (Verdict::Permitted, _) => &mut items.permitted,
        (Verdict::Clear, _) => &mut items.clear,
        (Verdict::Failed, Some(FailureKind::NotAudio)) => &mut items.no_audio,
        (Verdict::Failed, Some(FailureKind::Unfinished)) => &mut items.unfinished,
        (Verdict::Failed, _) => &mut items.not_read,
    };
    *counter += 1;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::fixtures::key;

    #[test]
    fn a_run_has_one_scanner_at_a_time() {
        let home = tempfile::tempdir().unwrap();
        let key = key(&["/dump"]);
        let mut first = ResultStore::open(home.path()).unwrap();
        let mut second = ResultStore::open(home.path()).unwrap();
        let (run, _) = first.begin(&key, 0).unwrap();
        let (same, goes_on) = second.begin(&key, 0).unwrap();
        assert_eq!((same.run_id, goes_on), (run.run_id, true));
        let sink = first.sink(run.run_id, false).unwrap();
        let busy = second.sink(run.run_id, true).unwrap_err();
        assert!(matches!(busy, ResultsError::Busy { .. }), "{busy}");
        drop(sink);
        assert!(second.sink(run.run_id, true).is_ok());
    }
}
