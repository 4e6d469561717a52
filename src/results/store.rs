//! The database of results: runs and the records of their items.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{Run, RunKey};
use crate::base::{Found, Schema};
use crate::record::{ItemRecord, json};
use crate::scan::Mode;

/// The schema of the results. Version 1 had a single mode of scanning.
const SCHEMA: Schema = Schema {
    create: include_str!("schema.sql"),
    created: 2,
    oldest: 1,
    steps: &[
        "ALTER TABLE runs ADD COLUMN mode TEXT NOT NULL DEFAULT 'full'",
        include_str!("migrations/3-manifests.sql"),
        include_str!("migrations/4-abouts.sql"),
        include_str!("migrations/5-watch.sql"),
    ],
};
/// How long to wait for another process that writes. A guess.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Why results cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultsError {
    /// `SQLite` reported an error.
    #[error("the results {} cannot be used; is the disk full, the folder not yours, or the file damaged?", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// `SQLite`'s reason.
        #[source]
        source: rusqlite::Error,
    },
    /// Another process is writing the same run.
    #[error("run {run_id} is being scanned by another leakhound; wait for it or stop it first")]
    Busy {
        /// The run.
        run_id: i64,
    },
    /// The lock file of a run cannot be made.
    #[error("cannot write {}: is the disk full, or may you not write there?", path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A newer program wrote the database.
    #[error("the results {} have version {found}, but this program reads up to version {}; use a newer leakhound", path.display(), SCHEMA.newest())]
    Version {
        /// The database.
        path: PathBuf,
        /// The version of the database.
        found: i64,
    },
    /// The records of a run were deleted.
    #[error(
        "the records of run {run_id} were pruned on {}, all but those with findings that people decided on; choose \
         another run: leakhound runs",
        crate::wording::day(*pruned)
    )]
    Pruned {
        /// The run.
        run_id: i64,
        /// When, in seconds since 1970.
        pruned: i64,
    },
    /// A record cannot be parsed.
    #[error("run {run_id} of the results {} has a record that cannot be read; scan again", path.display())]
    Record {
        /// The database.
        path: PathBuf,
        /// The run.
        run_id: i64,
        /// The error of the parser.
        #[source]
        source: serde_json::Error,
    },
}

impl ResultsError {
    /// Whether the caller named what is not there any more. Else something failed.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Pruned { .. })
    }
}

/// The results of all runs, in one database.
#[derive(Debug)]
pub struct ResultStore {
    pub(super) path: PathBuf,
    pub(super) connection: Connection,
}

const RUN_COLUMNS: &str = "run_id, roots, settings_digest, catalogue_digest, \
                           catalogue_recordings, fingerprint_digest, decoders, tool_version, mode, \
                           finished IS NOT NULL, started, pruned";

impl ResultStore {
    /// Opens the results in a home folder, and makes them if there are none.
    ///
    /// # Errors
    ///
    /// If the database cannot be made or read, or was written by a newer program.
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

    /// Continues the last run of this key if it was interrupted, or begins a new one at `now`, in seconds since 1970. Returns
    /// the run and whether it is continued.
    ///
    /// # Errors
    ///
    /// If the database cannot be written.
    pub fn begin(&mut self, key: &RunKey, now: i64) -> Result<(Run, bool), ResultsError> {
        let without_roots = |key: &RunKey| RunKey { roots: Vec::new(), ..key.clone() };
        let wanted = without_roots(key);
        let mut same = self.runs()?;
        same.retain(|run| without_roots(&run.key) == wanted && run.pruned.is_none());
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
            key.mode.as_str(),
            base,
            now
        ];
        self.connection.execute(sql, values).map_err(|source| self.error(source))?;
        let run_id = self.connection.last_insert_rowid();
        Ok((Run { run_id, key: key.clone(), complete: false, started: now, pruned: None }, false))
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

    /// Calls `visit` with each record of a run, sorted by path.
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

    /// Calls `visit` with the stored text and the record of each item of a run, sorted by path.
    ///
    /// # Errors
    ///
    /// If the database cannot be read, or the first error of `visit`.
    pub fn for_each_stored<E: From<ResultsError>>(
        &self,
        run_id: i64,
        mut visit: impl FnMut(&str, ItemRecord) -> Result<(), E>,
    ) -> Result<(), E> {
        self.refuse_pruned(run_id)?;
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

    /// Refuses a run whose records were deleted.
    pub(super) fn refuse_pruned(&self, run_id: i64) -> Result<(), ResultsError> {
        let sql = "SELECT pruned FROM runs WHERE run_id = ?1";
        let pruned = self.connection.query_row(sql, [run_id], |row| row.get(0)).optional();
        match pruned.map_err(|source| self.error(source))?.flatten() {
            Some(pruned) => Err(ResultsError::Pruned { run_id, pruned }),
            None => Ok(()),
        }
    }

    /// Parses a stored record.
    pub(super) fn parse(&self, run_id: i64, text: &str) -> Result<ItemRecord, ResultsError> {
        serde_json::from_str(text).map_err(|source| ResultsError::Record {
            path: self.path.clone(),
            run_id,
            source,
        })
    }

    /// The newest record of an item and the number of its run, by the key of the item's locator.
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
}

/// Opens a connection with the settings that every use of the database needs.
pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
    if pages == 0 {
        // Only a new file takes it.
        connection.pragma_update(None, "auto_vacuum", "incremental")?;
    }
    connection.pragma_update(None, "journal_mode", "wal")?;
    // Committed rows survive the end of the process, but the last of them may be lost in a power cut; those items are scanned
    // again.
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
            mode: mode(row)?,
        },
        complete: row.get(9)?,
        started: row.get(10)?,
        pruned: row.get(11)?,
    })
}

fn mode(row: &Row) -> rusqlite::Result<Mode> {
    let word: String = row.get(8)?;
    word.parse::<Mode>().map_err(|_| {
        let what = format!("no mode of a scan is called {word:?}").into();
        rusqlite::Error::FromSqlConversionFailure(8, rusqlite::types::Type::Text, what)
    })
}
