//! The database of notices. Rows are only added, never changed or deleted, and each is told to the catalogue's log first.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior, params};

use super::{Act, Day, Life, Step, StepError};
use crate::base::{Found, Schema, owner_only};
use crate::catalog::{Catalog, CatalogError, LogLine};
use crate::record::{Checked, Finding, ItemFacts, NoticeKind, json};
use crate::review::{Entry, Recorder};
use crate::scan::Mode;
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

/// How the run of a notice searched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Search {
    /// Its mode.
    pub mode: Mode,
    /// False-alarm probability below which a finding is a match.
    pub match_below: f64,
    /// False-alarm probability below which a finding is a suspect.
    pub suspect_below: f64,
}

/// A notice that was drafted, to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct NewNotice {
    /// The kind of recipient.
    pub kind: NoticeKind,
    /// The recipient, as the draft names it; may be empty.
    pub recipient: String,
    /// Where the material is offered, as the draft says; may be empty.
    pub place: String,
    /// The run of its findings.
    pub run_id: i64,
    /// What that run scanned.
    pub roots: Vec<String>,
    /// How it searched.
    pub search: Search,
    /// Name of the draft's files, without ending.
    pub draft: String,
    /// SHA-256 of the draft in Markdown.
    pub draft_sha256: String,
    /// The findings that it is about, in the order of the draft.
    pub materials: Vec<Entry>,
}

/// A notice that is kept, with its life.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Number, from 1.
    pub number: i64,
    /// When it was drafted, in seconds since 1970.
    pub at: i64,
    /// Who drafted it.
    pub by: String,
    /// The kind of recipient.
    pub kind: NoticeKind,
    /// Where the material is offered, as the draft says.
    pub place: String,
    /// The run of its findings.
    pub run_id: i64,
    /// What that run scanned.
    pub roots: Vec<String>,
    /// How it searched.
    pub search: Search,
    /// Name of the draft's files, without ending.
    pub draft: String,
    /// SHA-256 of the draft in Markdown.
    pub draft_sha256: String,
    /// Number of findings that it is about.
    pub findings: u64,
    /// What people recorded, in order.
    pub steps: Vec<Step>,
    /// Where that leaves it.
    pub life: Life,
}

/// A finding that a notice is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Material {
    /// Number of the notice.
    pub number: i64,
    /// Place in the draft, from 0.
    pub position: u64,
    /// Id of the finding.
    pub finding_id: String,
    /// Locator of the item.
    pub locator: String,
    /// What the last check said of it.
    pub check: Option<Checked>,
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
        let error = |source| NoticeStoreError::Database { path: path.clone(), source };
        let mut connection = Connection::open(&path).map_err(error)?;
        owner_only(&path)
            .map_err(|source| NoticeStoreError::Write { path: path.clone(), source })?;
        let found = (|| {
            connection.busy_timeout(Duration::from_secs(30))?;
            connection.pragma_update(None, "journal_mode", "wal")?;
            connection.pragma_update(None, "synchronous", "full")?;
            connection.pragma_update(None, "foreign_keys", true)?;
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let found = SCHEMA.bring_up(&transaction)?;
            transaction.commit()?;
            Ok(found)
        })()
        .map_err(error)?;
        match found {
            Found::Unknown(found) => Err(NoticeStoreError::Version { path, found }),
            Found::Empty | Found::Known => Ok(Self { home: home.to_path_buf(), path, connection }),
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

fn insert(
    transaction: &Transaction,
    notice: &NewNotice,
    recorder: &Recorder,
) -> rusqlite::Result<i64> {
    let sql =
        "INSERT INTO notices VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    transaction.prepare_cached(sql)?.execute(params![
        recorder.at,
        recorder.who,
        notice.kind.as_str(),
        notice.recipient,
        notice.place,
        notice.run_id,
        json(&notice.roots),
        notice.search.mode.as_str(),
        notice.search.match_below,
        notice.search.suspect_below,
        notice.draft,
        notice.draft_sha256,
    ])?;
    let number = transaction.last_insert_rowid();
    let sql = "INSERT INTO materials VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let mut statement = transaction.prepare_cached(sql)?;
    for (position, entry) in (0..).zip(&notice.materials) {
        let position: i64 = position;
        let (item, finding) = (entry.item(), entry.finding());
        // Pictures are for the report; decisions and notices are added when a record is read.
        let finding =
            Finding { evidence: None, decision: None, notices: Vec::new(), ..finding.clone() };
        let (id, locator) = (&finding.finding_id, &item.locator);
        statement.execute(params![number, position, id, locator, json(item), json(&finding)])?;
    }
    Ok(number)
}

fn insert_step(
    transaction: &Transaction,
    number: i64,
    step: &Step,
    run_id: Option<i64>,
) -> rusqlite::Result<i64> {
    let sql = "INSERT INTO steps VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    transaction.execute(
        sql,
        params![
            number,
            step.act.as_str(),
            step.on.to_string(),
            step.at,
            step.by,
            step.addressee,
            step.reference,
            step.due.map_or_else(String::new, |due| due.to_string()),
            step.note,
            run_id
        ],
    )?;
    Ok(transaction.last_insert_rowid())
}

/// The error for a column whose text means nothing to this program.
fn wrong(row: &Row, at: usize) -> rusqlite::Error {
    let name = row.as_ref().column_name(at).unwrap_or_default().to_owned();
    rusqlite::Error::InvalidColumnType(at, name, rusqlite::types::Type::Text)
}

fn parsed<T: serde::de::DeserializeOwned>(row: &Row, at: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(at)?.as_str()?;
    serde_json::from_str(text).map_err(|_| wrong(row, at))
}

fn word<T: std::str::FromStr>(row: &Row, at: usize) -> rusqlite::Result<T> {
    row.get_ref(at)?.as_str()?.parse().map_err(|_| wrong(row, at))
}

fn step(row: &Row) -> rusqlite::Result<Step> {
    let act = Act::of_word(row.get_ref(1)?.as_str()?).ok_or_else(|| wrong(row, 1))?;
    let due = match row.get_ref(6)?.as_str()? {
        "" => None,
        _ => Some(word(row, 6)?),
    };
    Ok(Step {
        act,
        on: word(row, 2)?,
        by: row.get(3)?,
        addressee: row.get(4)?,
        reference: row.get(5)?,
        due,
        note: row.get(7)?,
        at: row.get(8)?,
    })
}

fn notice(row: &Row, steps: Vec<Step>) -> rusqlite::Result<Notice> {
    let (number, at): (i64, i64) = (row.get(0)?, row.get(1)?);
    let (by, recipient): (String, String) = (row.get(2)?, row.get(4)?);
    let life = Life::of(number, (Day::of(at), &by, &recipient), &steps);
    Ok(Notice {
        number,
        at,
        by,
        kind: word(row, 3)?,
        place: row.get(5)?,
        run_id: row.get(6)?,
        roots: parsed(row, 7)?,
        search: Search {
            mode: word(row, 8)?,
            match_below: row.get(9)?,
            suspect_below: row.get(10)?,
        },
        draft: row.get(11)?,
        draft_sha256: row.get(12)?,
        findings: row.get::<_, i64>(13)? as u64,
        steps,
        life,
    })
}

fn material(row: &Row) -> rusqlite::Result<Material> {
    let check = match row.get::<_, Option<String>>(4)? {
        None => None,
        Some(_) => Some(Checked {
            presence: word(row, 4)?,
            place: row.get(5)?,
            why: row.get(6)?,
            day: row.get(7)?,
            run_id: row.get::<_, Option<i64>>(8)?.unwrap_or_default(),
        }),
    };
    Ok(Material {
        number: row.get(0)?,
        position: row.get::<_, i64>(1)? as u64,
        finding_id: row.get(2)?,
        locator: row.get(3)?,
        check,
    })
}
