//! The database of notices. Rows are only added, never changed or deleted, and each is told to the catalogue's log first.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::kept::{Material, NewNotice, Notice};
use super::rows::{insert, insert_step, material, notice, parsed, step};
use super::{Act, Day, Step, StepError};
use crate::base::{OpenError, Schema};
use crate::catalog::{Catalog, CatalogError, LogLine};
use crate::record::{Checked, Finding, ItemFacts};
use crate::review::Recorder;
use crate::signal::fingerprint::FingerprintConfig;

const SCHEMA: Schema =
    Schema { create: include_str!("schema.sql"), created: 1, oldest: 1, steps: &[] };
/// Name of the database in a home.
const FILE: &str = "notices.sqlite";

/// Why notices cannot be kept or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoticeStoreError {
    /// `SQLite` reported an error.
    #[error("the notices in {} cannot be used; is the disk full, the folder not yours, or the file damaged?", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// `SQLite`'s reason.
        #[source]
        source: rusqlite::Error,
    },
    /// The permissions of the database cannot be set.
    #[error("cannot write {}: is the disk full, or the folder not yours?", path.display())]
    Write {
        /// The database.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A newer version of the program wrote the database.
    #[error("the notices {} have version {found}, this program knows {}: use a newer leakhound", path.display(), SCHEMA.newest())]
    Version {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// There is no notice of that number.
    #[error("there is no notice {number}; list the notices: leakhound notice list")]
    Unknown {
        /// The number.
        number: i64,
    },
    /// The step is not one that may follow.
    #[error(transparent)]
    Step(#[from] StepError),
    /// The catalogue, whose log has every step.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

impl NoticeStoreError {
    /// Whether the caller named what is not there, or asked for what cannot be. Else something failed.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Unknown { .. } | Self::Step(_))
    }
}

/// The notices of a home folder.
#[derive(Debug)]
pub struct NoticeStore {
    home: PathBuf,
    path: PathBuf,
    connection: Connection,
}

impl NoticeStore {
    /// Whether a home folder has notices.
    pub fn is_in(home: &Path) -> bool {
        home.join(FILE).exists()
    }

    /// Opens the database `notices.sqlite` of a home folder, and makes it if there is none. Only its owner can read it.
    ///
    /// # Errors
    ///
    /// If the database cannot be made or read, or is of a newer version.
    pub fn open(home: &Path) -> Result<Self, NoticeStoreError> {
        let path = home.join(FILE);
        match SCHEMA.open(&path) {
            Ok(connection) => Ok(Self { home: home.to_path_buf(), path, connection }),
            Err(OpenError::Database(source)) => Err(NoticeStoreError::Database { path, source }),
            Err(OpenError::Write(source)) => Err(NoticeStoreError::Write { path, source }),
            Err(OpenError::Version(found)) => Err(NoticeStoreError::Version { path, found }),
        }
    }

    fn error(&self, source: rusqlite::Error) -> NoticeStoreError {
        NoticeStoreError::Database { path: self.path.clone(), source }
    }

    /// Numbers that change with each notice and step.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn stamp(&self) -> Result<(i64, i64), NoticeStoreError> {
        let sql = "SELECT ifnull((SELECT max(number) FROM notices), 0), ifnull((SELECT max(step) FROM steps), 0)";
        let read = self.connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)));
        read.map_err(|source| self.error(source))
    }

    fn log(&self, recorder: &Recorder, detail: String) -> Result<(), NoticeStoreError> {
        let Recorder { who, at } = recorder.clone();
        let catalog = Catalog::open(&self.home, FingerprintConfig::default())?;
        Ok(catalog.log(&LogLine { at, who, action: "notice".to_owned(), detail })?)
    }

    /// Keeps drafts, all of them or none. Returns their numbers.
    ///
    /// # Errors
    ///
    /// If the database cannot be written.
    pub fn add(
        &self,
        notices: &[NewNotice],
        recorder: &Recorder,
    ) -> Result<Vec<i64>, NoticeStoreError> {
        let add = || {
            let transaction =
                Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            let numbers = notices
                .iter()
                .map(|notice| insert(&transaction, notice, recorder))
                .collect::<rusqlite::Result<Vec<_>>>()?;
            transaction.commit()?;
            Ok(numbers)
        };
        add().map_err(|source| self.error(source))
    }

    /// All notices, in the order of their numbers.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn all(&self) -> Result<Vec<Notice>, NoticeStoreError> {
        let read = || {
            let sql = "SELECT number FROM notices ORDER BY number";
            let mut statement = self.connection.prepare(sql)?;
            let numbers = statement.query_map([], |row| row.get(0))?;
            let numbers = numbers.collect::<rusqlite::Result<Vec<i64>>>()?;
            numbers
                .into_iter()
                .filter_map(|number| self.read(number).transpose())
                .collect::<rusqlite::Result<_>>()
        };
        read().map_err(|source| self.error(source))
    }

    /// The notice of a number.
    ///
    /// # Errors
    ///
    /// If there is none, or the database cannot be read.
    pub fn notice(&self, number: i64) -> Result<Notice, NoticeStoreError> {
        let read = self.read(number).map_err(|source| self.error(source))?;
        read.ok_or(NoticeStoreError::Unknown { number })
    }

    fn read(&self, number: i64) -> rusqlite::Result<Option<Notice>> {
        let sql = "SELECT number, act, day, by, addressee, reference, due, note, at FROM steps \
                   WHERE number = ?1 ORDER BY step";
        let mut statement = self.connection.prepare_cached(sql)?;
        let steps = statement.query_map([number], step)?;
        let steps = steps.collect::<rusqlite::Result<Vec<_>>>()?;
        let sql = "SELECT number, at, by, kind, recipient, place, run_id, roots, mode, match_below, suspect_below, \
                   draft, draft_sha256, (SELECT count(*) FROM materials AS m WHERE m.number = n.number) \
                   FROM notices AS n WHERE number = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_row([number], |row| notice(row, steps)).optional()
    }

    /// Calls `visit` with each finding that the notice is about: the item and the finding as they were, in the order of the
    /// draft.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn each_material(
        &self,
        number: i64,
        mut visit: impl FnMut(ItemFacts, Finding),
    ) -> Result<(), NoticeStoreError> {
        let sql = "SELECT item, finding FROM materials WHERE number = ?1 ORDER BY position";
        let mut read = || {
            let mut statement = self.connection.prepare(sql)?;
            let mut rows = statement.query([number])?;
            while let Some(row) = rows.next()? {
                visit(parsed(row, 0)?, parsed(row, 1)?);
            }
            Ok(())
        };
        read().map_err(|source| self.error(source))
    }

    /// What all notices are about, or one of them, with what the last check said, in the order of notices and drafts.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn materials(&self, number: Option<i64>) -> Result<Vec<Material>, NoticeStoreError> {
        let sql = "SELECT m.number, m.position, m.finding_id, m.locator, c.presence, c.place, c.why, s.day, s.run_id \
                   FROM materials AS m \
                   LEFT JOIN (SELECT number, max(step) AS last FROM steps WHERE act = 'checked' GROUP BY number) AS l \
                   ON l.number = m.number \
                   LEFT JOIN checks AS c ON c.step = l.last AND c.position = m.position \
                   LEFT JOIN steps AS s ON s.step = c.step \
                   WHERE ?1 IS NULL OR m.number = ?1 \
                   ORDER BY m.number, m.position";
        let read = || {
            let mut statement = self.connection.prepare(sql)?;
            statement.query_map([number], material)?.collect::<rusqlite::Result<_>>()
        };
        read().map_err(|source| self.error(source))
    }

    /// Records a step, on a day that is `today` in UTC.
    ///
    /// # Errors
    ///
    /// If there is no such notice, the step may not follow, or log or database cannot be written.
    pub fn record(
        &self,
        number: i64,
        step: &Step,
        recorder: &Recorder,
    ) -> Result<Notice, NoticeStoreError> {
        let today = Day::of(recorder.at);
        self.notice(number)?.life.check(step, today)?;
        // Logged first, so that no step goes unlogged.
        self.log(recorder, told(number, step))?;
        let add = || {
            let transaction =
                Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            // Another process may have added a step meanwhile.
            let refused = match self.read(number)? {
                Some(now) => now.life.check(step, today).err(),
                None => None,
            };
            if refused.is_none() {
                insert_step(&transaction, number, step, None)?;
                transaction.commit()?;
            }
            Ok(refused)
        };
        match add().map_err(|source| self.error(source))? {
            Some(refused) => Err(refused.into()),
            None => self.notice(number),
        }
    }

    /// Records what a check said of each material of a notice, in the order of the draft. `dump`: what was looked at.
    ///
    /// # Errors
    ///
    /// If log or database cannot be written.
    pub fn record_check(
        &self,
        number: i64,
        dump: &str,
        looked: &[Checked],
        recorder: &Recorder,
    ) -> Result<(), NoticeStoreError> {
        let Some(first) = looked.first() else { return Ok(()) };
        let run_id = first.run_id;
        let sums = super::check::sums(looked);
        self.log(recorder, format!("notice {number} checked in {dump}, run {run_id}: {sums}"))?;
        let step = Step {
            act: Act::Checked,
            on: Day::of(recorder.at),
            at: recorder.at,
            by: recorder.who.clone(),
            addressee: String::new(),
            reference: String::new(),
            due: None,
            note: dump.to_owned(),
        };
        let add = || {
            let transaction =
                Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            let at = insert_step(&transaction, number, &step, Some(run_id))?;
            let sql = "INSERT INTO checks VALUES (?1, ?2, ?3, ?4, ?5)";
            let mut statement = transaction.prepare(sql)?;
            for (position, Checked { presence, place, why, .. }) in (0..).zip(looked) {
                let position: i64 = position;
                statement.execute(params![at, position, presence.as_str(), place, why])?;
            }
            drop(statement);
            transaction.commit()
        };
        add().map_err(|source| self.error(source))
    }
}

/// A step in one line, for the log.
fn told(number: i64, step: &Step) -> String {
    let Step { act, on, by, addressee, reference, due, note, .. } = step;
    let mut line = match act {
        Act::Reached(state) => format!("notice {number} marked {} on {on} by {by}", state.as_str()),
        Act::Done => format!("notice {number}: nothing more is due, by {by}"),
        Act::Undone => format!("notice {number}: the last step undone by {by}"),
        Act::Checked => format!("notice {number} checked by {by}"),
    };
    for (name, value) in [("to", addressee), ("reference", reference), ("note", note)] {
        if !value.is_empty() {
            line += &format!(", {name} {value}");
        }
    }
    line + &due.map_or_else(String::new, |due| format!(", due {due}"))
}
