//! The database of decisions. Rows are only added, never changed or deleted.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Row, Transaction, TransactionBehavior, params};

use super::{Case, Decisions, Ruling, RulingError, full_id};
use crate::base::{OpenError, Schema};
use crate::record::{DecisionState, Ground, Relation, Verdict, json};

const SCHEMA: Schema = Schema {
    create: include_str!("schema.sql"),
    created: 1,
    oldest: 1,
    steps: &[include_str!("2-relation.sql")],
};

/// Why decisions cannot be stored or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReviewError {
    /// `SQLite` reported an error.
    #[error("the decisions in {} cannot be used; is the disk full, the folder not yours, or the file damaged?", path.display())]
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
    #[error("the decisions {} have version {found}, this program knows {}: use a newer leakhound", path.display(), SCHEMA.newest())]
    Version {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// A decision is not complete.
    #[error("the decision about {finding_id} was not stored, nor any of those given with it")]
    Ruling {
        /// Id of the finding.
        finding_id: String,
        /// What is missing or wrong.
        source: RulingError,
    },
}

/// One row of the database.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// Number of the row, from 1, in the order of decisions.
    pub number: i64,
    /// The finding decided on.
    pub case: Case,
    /// The decision.
    pub ruling: Ruling,
}

impl History {
    /// Whether it is about a finding whose id begins with this name.
    pub fn is_of(&self, name: &str) -> bool {
        self.case.finding_id.starts_with(&full_id(name))
    }
}

/// The decisions in a home folder.
#[derive(Debug)]
pub struct ReviewStore {
    path: PathBuf,
    connection: Connection,
}

/// The columns, in the order in which rows are written and read.
const COLUMNS: &str = "number, at, by, state, ground, reason, recording_id, sha256, sound, stream, spans, locator, \
                       finding_id, run_id, path, recording, verdict, relation";

impl ReviewStore {
    /// Opens the database `review.sqlite` of a home folder, and creates it if there is none. Only its owner can read it.
    ///
    /// # Errors
    ///
    /// If the database cannot be created or read, or is of a newer version.
    pub fn open(home: &Path) -> Result<Self, ReviewError> {
        let path = home.join("review.sqlite");
        match SCHEMA.open(&path) {
            Ok(connection) => Ok(Self { path, connection }),
            Err(OpenError::Database(source)) => Err(ReviewError::Database { path, source }),
            Err(OpenError::Write(source)) => Err(ReviewError::Write { path, source }),
            Err(OpenError::Version(found)) => Err(ReviewError::Version { path, found }),
        }
    }

    /// Stores decisions: all of them, or none.
    ///
    /// # Errors
    ///
    /// If one of them is not complete, or the database cannot be written.
    pub fn add(&self, rulings: &[(Case, Ruling)]) -> Result<(), ReviewError> {
        for (case, ruling) in rulings {
            ruling.check().map_err(|source| ReviewError::Ruling {
                finding_id: case.finding_id.clone(),
                source,
            })?;
        }
        (|| {
            let transaction =
                Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            let sql = format!(
                "INSERT INTO decisions ({COLUMNS}) VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, \
                 ?13, ?14, ?15, ?16, ?17)"
            );
            let mut statement = transaction.prepare(&sql)?;
            for (case, ruling) in rulings {
                statement.execute(params![
                    ruling.at,
                    ruling.by,
                    ruling.state.map_or(WITHDRAWN, DecisionState::as_str),
                    ruling.ground.map_or("", Ground::as_str),
                    ruling.reason,
                    case.recording_id,
                    case.sha256,
                    case.sound,
                    case.stream,
                    json(&case.spans),
                    case.locator,
                    case.finding_id,
                    case.run_id,
                    case.path,
                    case.recording,
                    case.verdict.as_str(),
                    case.relation.map_or("", Relation::as_str),
                ])?;
            }
            drop(statement);
            transaction.commit()
        })()
        .map_err(|source| self.error(source))
    }

    /// All rows, oldest first.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn history(&self) -> Result<Vec<History>, ReviewError> {
        self.history_after(0)
    }

    /// The rows after this number, oldest first.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn history_after(&self, number: i64) -> Result<Vec<History>, ReviewError> {
        let sql = format!("SELECT {COLUMNS} FROM decisions WHERE number > ?1 ORDER BY number");
        (|| {
            let mut statement = self.connection.prepare_cached(&sql)?;
            statement.query_map([number], history)?.collect::<rusqlite::Result<_>>()
        })()
        .map_err(|source| self.error(source))
    }

    /// All decisions, for looking up which holds for a finding.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn decisions(&self) -> Result<Decisions, ReviewError> {
        let rows = self.history()?;
        Ok(Decisions::new(rows.into_iter().map(|row| (row.case, row.ruling))))
    }

    fn error(&self, source: rusqlite::Error) -> ReviewError {
        ReviewError::Database { path: self.path.clone(), source }
    }
}

/// The state of a row that withdraws a decision.
const WITHDRAWN: &str = "withdrawn";

/// Reads a row with [`COLUMNS`].
fn history(row: &Row) -> rusqlite::Result<History> {
    let word = |at: usize| -> rusqlite::Result<String> { row.get(at) };
    let wrong = |at: usize| {
        rusqlite::Error::InvalidColumnType(
            at,
            word(at).unwrap_or_default(),
            rusqlite::types::Type::Text,
        )
    };
    let state = match word(3)?.as_str() {
        WITHDRAWN => None,
        word => Some(word.parse().map_err(|_| wrong(3))?),
    };
    let ground = match word(4)?.as_str() {
        "" => None,
        word => Some(word.parse().map_err(|_| wrong(4))?),
    };
    let relation = match word(17)?.as_str() {
        "" => None,
        word => Some(word.parse().map_err(|_| wrong(17))?),
    };
    let verdicts = [Verdict::Match, Verdict::Suspect, Verdict::Permitted];
    Ok(History {
        number: row.get(0)?,
        ruling: Ruling { at: row.get(1)?, by: row.get(2)?, state, ground, reason: row.get(5)? },
        case: Case {
            recording_id: row.get(6)?,
            sha256: row.get(7)?,
            sound: row.get(8)?,
            stream: row.get(9)?,
            spans: serde_json::from_str(&word(10)?).map_err(|_| wrong(10))?,
            locator: row.get(11)?,
            finding_id: row.get(12)?,
            run_id: row.get(13)?,
            path: row.get(14)?,
            recording: row.get(15)?,
            verdict: *verdicts
                .iter()
                .find(|v| word(16).is_ok_and(|word| v.as_str() == word))
                .ok_or(wrong(16))?,
            relation,
        },
    })
}
