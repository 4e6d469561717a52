//! The database of results: runs, outcomes, and what may be taken over from an earlier run.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{Run, RunKey, chain};
use crate::base::{Found, Schema};
use crate::record::{ItemRecord, NOT_AUDIO, Verdict, json};
use crate::scan::Outcome;
use crate::scan::{Earlier, Known, OutcomeSink};
use crate::source::{Place, Stamp, key_behind, path_key};

/// Version 1 knew one mode of scanning only.
const SCHEMA: Schema = Schema {
    create: include_str!("schema.sql"),
    created: 2,
    oldest: 1,
    steps: &[
        "ALTER TABLE runs ADD COLUMN mode TEXT NOT NULL DEFAULT 'full'",
        include_str!("migrations/3-manifests.sql"),
    ],
};
/// Outcomes are written when so many have gathered, or after so long.
const COMMIT_OUTCOMES: usize = 256;
const COMMIT_AFTER: Duration = Duration::from_millis(100);

/// Why the results cannot be kept or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultsError {
    /// The database refused.
    #[error("the results {} cannot be used; is the disk full, or the file damaged?", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// `SQLite`'s reason.
        #[source]
        source: rusqlite::Error,
    },
    /// Somebody else goes on with the same run.
    #[error("run {run_id} is being scanned by another leakhound; wait for it, or stop it first")]
    Busy {
        /// The run.
        run_id: i64,
    },
    /// The lock of a run cannot be made.
    #[error("cannot write {}: is the disk full, or the folder not yours?", path.display())]
    Lock {
        /// The lock.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A newer program wrote it.
    #[error("the results {} have version {found}, this program knows {}: use a newer leakhound", path.display(), SCHEMA.newest())]
    Version {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// A record is not what this program writes.
    #[error("run {run_id} of the results {} holds a record that cannot be read; scan again", path.display())]
    Record {
        /// The database.
        path: PathBuf,
        /// The run.
        run_id: i64,
        /// What does not fit.
        #[source]
        source: serde_json::Error,
    },
}

/// The results of a home.
#[derive(Debug)]
pub struct ResultStore {
    path: PathBuf,
    pub(super) connection: Connection,
}

const RUN_COLUMNS: &str = "run_id, roots, settings_digest, catalogue_digest, \
                           catalogue_recordings, fingerprint_digest, decoders, tool_version, mode, \
                           finished IS NOT NULL, started";

impl ResultStore {
    /// Opens the results of a home, and makes them where there are none.
    ///
    /// # Errors
    ///
    /// If the database cannot be made or read, or is newer than this program.
    pub fn open(home: &Path) -> Result<Self, ResultsError> {
        let path = home.join("results.sqlite");
        let error = |source| ResultsError::Database { path: path.clone(), source };
        let mut connection = connect(&path).map_err(error)?;
        let found = (|| {
            let transaction =
                connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let found = SCHEMA.bring_up(&transaction)?;
            transaction.commit()?;
            Ok(found)
        })()
        .map_err(error)?;
        match found {
            Found::Unknown(found) => Err(ResultsError::Version { path, found }),
            Found::Empty | Found::Known => Ok(Self { path, connection }),
        }
    }

    pub(super) fn error(&self, source: rusqlite::Error) -> ResultsError {
        ResultsError::Database { path: self.path.clone(), source }
    }

    /// Goes on with the last run of this key if it did not end, else begins one. `now` in seconds since
    /// 1970. Returns the run and whether it goes on.
    ///
    /// # Errors
    ///
    /// If the database cannot be written.
    pub fn begin(&mut self, key: &RunKey, now: i64) -> Result<(Run, bool), ResultsError> {
        let anywhere = |key: &RunKey| RunKey { roots: Vec::new(), ..key.clone() };
        let wanted = anywhere(key);
        let mut same = self.runs()?;
        same.retain(|run| anywhere(&run.key) == wanted);
        same.reverse();
        if let Some(run) = same.iter().find(|run| run.key.roots == key.roots)
            && !run.complete
        {
            return Ok((run.clone(), true));
        }
        let base = same.iter().find(|run| run.complete && run.key.roots == key.roots);
        let base = base.or_else(|| same.iter().find(|run| run.complete)).map(|run| run.run_id);
        let sql = "INSERT INTO runs (roots, settings_digest, catalogue_digest, \
                   catalogue_recordings, fingerprint_digest, decoders, tool_version, mode, \
                   base_run_id, started) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let roots = json(&key.roots);
        let values = params![
            roots,
            key.settings_digest,
            key.catalogue_digest,
            key.catalogue_recordings as i64,
            key.fingerprint_digest,
            key.decoders,
            key.tool_version,
            key.mode,
            base,
            now
        ];
        self.connection.execute(sql, values).map_err(|source| self.error(source))?;
        let run_id = self.connection.last_insert_rowid();
        Ok((Run { run_id, key: key.clone(), complete: false, started: now }, false))
    }

    /// All runs, oldest first.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn runs(&self) -> Result<Vec<Run>, ResultsError> {
        let sql = format!("SELECT {RUN_COLUMNS} FROM runs ORDER BY run_id");
        (|| self.connection.prepare(&sql)?.query_map([], run)?.collect::<rusqlite::Result<_>>())()
            .map_err(|source| self.error(source))
    }

    /// Visits the records of a run, sorted by path.
    ///
    /// # Errors
    ///
    /// If the database cannot be read, or the first error of `visit`.
    pub fn for_each_record<E: From<ResultsError>>(
        &self,
        run_id: i64,
        mut visit: impl FnMut(ItemRecord) -> Result<(), E>,
    ) -> Result<(), E> {
        self.for_each_stored(run_id, |_, record| visit(record))
    }

    /// The same, with the text of each as it is stored.
    ///
    /// # Errors
    ///
    /// If the database cannot be read, or the first error of `visit`.
    pub fn for_each_stored<E: From<ResultsError>>(
        &self,
        run_id: i64,
        mut visit: impl FnMut(&str, ItemRecord) -> Result<(), E>,
    ) -> Result<(), E> {
        let error = |source| E::from(self.error(source));
        let sql = "SELECT record FROM outcomes WHERE run_id = ?1 ORDER BY path";
        let mut statement = self.connection.prepare(sql).map_err(error)?;
        let mut rows = statement.query([run_id]).map_err(error)?;
        while let Some(row) = rows.next().map_err(error)? {
            let text = row.get_ref(0).and_then(|t| Ok(t.as_str()?)).map_err(error)?;
            visit(text, self.parse(run_id, text)?)?;
        }
        Ok(())
    }

    /// A record as it is stored.
    pub(super) fn parse(&self, run_id: i64, text: &str) -> Result<ItemRecord, ResultsError> {
        serde_json::from_str(text).map_err(|source| ResultsError::Record {
            path: self.path.clone(),
            run_id,
            source,
        })
    }

    /// What the newest run that has it says of a place, by the key of its locator.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn newest_of(&self, key: &[u8]) -> Result<Option<(i64, ItemRecord)>, ResultsError> {
        let sql = "SELECT record FROM outcomes WHERE run_id = ?1 AND path = ?2";
        for run in self.runs()?.into_iter().rev() {
            let find = || {
                let mut statement = self.connection.prepare_cached(sql)?;
                statement.query_row(params![run.run_id, key], |row| row.get(0)).optional()
            };
            let text: Option<String> = find().map_err(|source| self.error(source))?;
            if let Some(record) = text.and_then(|text| serde_json::from_str(&text).ok()) {
                return Ok(Some((run.run_id, record)));
            }
        }
        Ok(None)
    }

    /// What takes the outcomes of a run; `goes_on` as [`ResultStore::begin`] returned it. Nothing
    /// else may write meanwhile.
    ///
    /// # Errors
    ///
    /// If the database cannot be written.
    pub fn sink(&mut self, run_id: i64, goes_on: bool) -> Result<RunSink<'_>, ResultsError> {
        let lock = RunLock::take(self.path.with_file_name(format!("run-{run_id}.lock")), run_id)?;
        if goes_on {
            // What was kept before and does not come again was deleted or moved meanwhile.
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
        Ok(RunSink { store: self, run_id, goes_on, waiting, since, _lock: lock })
    }

    /// What is known of items from this run, if it goes on, and from the run before it.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn earlier(&self, run_id: i64) -> Result<EarlierRuns, ResultsError> {
        let error = |source| self.error(source);
        let connection = connect(&self.path).map_err(error)?;
        let sql = "SELECT base_run_id FROM runs WHERE run_id = ?1";
        let base = connection.query_row(sql, [run_id], |row| row.get(0)).map_err(error)?;
        Ok(EarlierRuns { connection, run_id, base })
    }
}

/// Keeps a second program from going on with the same run. The system lets go of it however the process
/// ends.
#[derive(Debug)]
struct RunLock {
    path: PathBuf,
    _file: File,
}

impl RunLock {
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
        // An empty file that stays does no harm.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(30))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // What was committed survives the end of the process; the last moment before a power cut is
    // scanned again.
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

fn run(row: &Row) -> rusqlite::Result<Run> {
    let roots: String = row.get(1)?;
    Ok(Run {
        run_id: row.get(0)?,
        key: RunKey {
            roots: serde_json::from_str(&roots).unwrap_or_default(),
            settings_digest: row.get(2)?,
            catalogue_digest: row.get(3)?,
            catalogue_recordings: row.get::<_, i64>(4)? as u64,
            fingerprint_digest: row.get(5)?,
            decoders: row.get(6)?,
            tool_version: row.get(7)?,
            mode: row.get(8)?,
        },
        complete: row.get(9)?,
        started: row.get(10)?,
    })
}

/// Gathers outcomes and writes them in batches.
#[derive(Debug)]
pub struct RunSink<'a> {
    store: &'a mut ResultStore,
    run_id: i64,
    goes_on: bool,
    waiting: Vec<Outcome>,
    since: Instant,
    _lock: RunLock,
}

impl RunSink<'_> {
    /// Says that each item of the run has come: what was kept before and did not come again is taken away. Returns the
    /// store, to read the run's records.
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

    /// Marks the run as complete, once it is settled, and keeps its manifest, which `seal` makes of the run and digest
    /// of the manifest before. `now` in seconds since 1970.
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
            // Nobody else adds to the chain meanwhile.
            let transaction =
                connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let sql = "UPDATE runs SET finished = ?2 WHERE run_id = ?1";
            transaction.execute(sql, [self.run_id, now])?;
            let last = chain::last(&transaction)?;
            let number = last.as_ref().map_or(1, |(number, ..)| number + 1);
            let document = seal(last.map(|(_, run_id, digest)| (run_id, digest)));
            chain::append(&transaction, number, self.run_id, &document)?;
            transaction.commit()
        })()
        .map_err(|source| self.store.error(source))
    }
}

impl OutcomeSink for RunSink<'_> {
    type Error = ResultsError;

    fn record(&mut self, outcome: Outcome) -> Result<(), ResultsError> {
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
            }
            drop((statement, seen));
            transaction.commit()
        })()
        .map_err(|source| self.store.error(source))
    }
}

/// Looks items up in this run and in the one before it.
#[derive(Debug)]
pub struct EarlierRuns {
    connection: Connection,
    run_id: i64,
    base: Option<i64>,
}

impl Earlier for EarlierRuns {
    fn look_up(&mut self, place: &Place) -> Known {
        // A result that cannot be read is one that is made again.
        let find = |run_id| self.find(run_id, place).ok().flatten();
        if let Some(record) = find(self.run_id) {
            return Known::Recorded(Box::new(record));
        }
        match self.base.and_then(find) {
            Some(record) if stands(&record) => Known::Carried(Box::new(record)),
            _ => Known::New,
        }
    }

    fn take_over(&mut self, file: &Place, take: &mut dyn FnMut(Outcome) -> bool) -> bool {
        let whole = |base| self.is_whole(base, file).unwrap_or(false);
        match self.base.filter(|&base| whole(base)) {
            // What was handed out before an error is handed out again.
            Some(base) => self.hand_out(base, file, take).is_ok(),
            None => false,
        }
    }
}

/// The rows of a file and of what is in it.
const OF_A_FILE: &str = "run_id = ?1 AND path >= ?2 AND path < ?3";

impl EarlierRuns {
    /// Whether a run, which ended, has rows of a file, all of which stand.
    fn is_whole(&self, run_id: i64, file: &Place) -> rusqlite::Result<bool> {
        let lasting = LASTING.map(|kind| format!("'{kind}'")).join(",");
        let sql = format!(
            "SELECT count(*), ifnull(sum(size_bytes <> ?4 OR modified_ns <> ?5 OR \
             ifnull(failure_kind, 'empty') NOT IN ({lasting})), 0) FROM outcomes WHERE {OF_A_FILE}"
        );
        let (from, to) = (path_key(&file.locator.file), key_behind(&file.locator.file));
        let Stamp { size_bytes, modified_ns } = file.stamp;
        let key = params![run_id, from, to, size_bytes as i64, modified_ns];
        let (rows, fallen): (i64, i64) = self
            .connection
            .prepare_cached(&sql)?
            .query_row(key, |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows > 0 && fallen == 0)
    }

    fn hand_out(
        &self,
        run_id: i64,
        file: &Place,
        take: &mut dyn FnMut(Outcome) -> bool,
    ) -> rusqlite::Result<()> {
        let sql = format!("SELECT path, record FROM outcomes WHERE {OF_A_FILE} ORDER BY path");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let (from, to) = (path_key(&file.locator.file), key_behind(&file.locator.file));
        let mut rows = statement.query(params![run_id, from, to])?;
        while let Some(row) = rows.next()? {
            let text = row.get_ref(1)?.as_str()?;
            let Ok(record) = serde_json::from_str(text) else {
                return Err(rusqlite::Error::InvalidQuery);
            };
            if !take(Outcome { key: row.get(0)?, stamp: file.stamp, record }) {
                break;
            }
        }
        Ok(())
    }

    fn find(&self, run_id: i64, place: &Place) -> rusqlite::Result<Option<ItemRecord>> {
        let sql = "SELECT record FROM outcomes WHERE run_id = ?1 AND path = ?2 \
                   AND size_bytes = ?3 AND modified_ns = ?4";
        let Stamp { size_bytes, modified_ns } = place.stamp;
        let key = params![run_id, place.locator.key(), size_bytes as i64, modified_ns];
        let text: Option<String> =
            self.connection.prepare_cached(sql)?.query_row(key, |row| row.get(0)).optional()?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }
}

/// Failures that hold as long as the bytes do.
const LASTING: [&str; 22] = [
    NOT_AUDIO,
    "mislabelled",
    "empty",
    "unsupported",
    "no_audio",
    "damaged",
    "silent",
    "too_short",
    "sample_rate",
    "encrypted",
    "personal_data",
    "too_large",
    "torrent_unreadable",
    "metadata_damaged",
    "metadata_packed",
    "container_truncated",
    "container_damaged",
    "container_empty",
    "container_unsupported",
    "container_too_deep",
    "container_bomb",
    "container_members",
];

/// Whether a result holds as long as the bytes do: not one that lay at the disk, the clock or luck.
fn stands(record: &ItemRecord) -> bool {
    match &record.failure {
        Some(failure) => LASTING.contains(&failure.kind.as_str()),
        None => record.verdict != Verdict::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_one_scanner_at_a_time() {
        let home = tempfile::tempdir().unwrap();
        let key = RunKey {
            roots: vec!["/dump".into()],
            mode: String::new(),
            settings_digest: String::new(),
            catalogue_digest: String::new(),
            catalogue_recordings: 1,
            fingerprint_digest: String::new(),
            decoders: String::new(),
            tool_version: String::new(),
        };
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
