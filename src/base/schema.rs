//! Databases whose tables have a version, kept in `PRAGMA user_version`.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::owner_only;

/// The tables of a database, and the steps that bring an older one up to them.
#[derive(Debug)]
pub(crate) struct Schema {
    /// SQL that makes the tables in an empty database.
    pub(crate) create: &'static str,
    /// The version of the tables that `create` makes; `steps` bring them to the newest.
    pub(crate) created: i64,
    /// The oldest version that can be brought up, where `steps` begin.
    pub(crate) oldest: i64,
    /// SQL that makes each later version of the one before, in order.
    pub(crate) steps: &'static [&'static str],
}

/// What a database was when it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Empty: its tables were made.
    Empty,
    /// Of a version that this program knows: it has the newest now.
    Known,
    /// Of this version, which is newer than this program or too old to be brought up. It was not changed.
    Unknown(i64),
}

/// Why a database cannot be opened.
#[derive(Debug)]
pub(crate) enum OpenError {
    /// `SQLite` reported an error.
    Database(rusqlite::Error),
    /// Its permissions cannot be set.
    Write(std::io::Error),
    /// It has this version, which the program does not know.
    Version(i64),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl Schema {
    /// Opens a database of what people said, at its newest version, and makes it if there is none. Only its owner can read it, and
    /// what it says it has is on the disk.
    pub(crate) fn open(&self, path: &Path) -> Result<Connection, OpenError> {
        let mut connection = Connection::open(path)?;
        owner_only(path).map_err(OpenError::Write)?;
        connection.busy_timeout(Duration::from_secs(30))?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found = self.bring_up(&transaction)?;
        transaction.commit()?;
        match found {
            Found::Unknown(version) => Err(OpenError::Version(version)),
            Found::Empty | Found::Known => Ok(connection),
        }
    }

    /// The version that this program writes.
    pub(crate) const fn newest(&self) -> i64 {
        self.oldest + self.steps.len() as i64
    }

    /// Brings a database to the newest version, inside the transaction of the caller.
    pub(crate) fn bring_up(&self, transaction: &Transaction) -> rusqlite::Result<Found> {
        let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let (found, from) = if version == 0 {
            transaction.execute_batch(self.create)?;
            (Found::Empty, self.created)
        } else if (self.oldest..=self.newest()).contains(&version) {
            (Found::Known, version)
        } else {
            return Ok(Found::Unknown(version));
        };
        for step in &self.steps[(from - self.oldest) as usize..] {
            transaction.execute_batch(step)?;
        }
        if version != self.newest() {
            transaction.pragma_update(None, "user_version", self.newest())?;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    const SCHEMA: Schema = Schema {
        create: "CREATE TABLE t (a, b)",
        created: 3,
        oldest: 2,
        steps: &["ALTER TABLE t ADD COLUMN b", "ALTER TABLE t ADD COLUMN c"],
    };

    fn opened(sql: &str) -> (Found, i64, usize) {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(sql).unwrap();
        let transaction = connection.transaction().unwrap();
        let found = SCHEMA.bring_up(&transaction).unwrap();
        transaction.commit().unwrap();
        let version = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        let columns = connection.prepare("SELECT * FROM pragma_table_info('t')").unwrap();
        let columns = { columns }.query_map([], |_| Ok(())).unwrap().count();
        (found, version, columns)
    }

    #[test]
    fn a_new_database_and_each_older_one_get_the_newest_tables() {
        assert_eq!(opened(""), (Found::Empty, 4, 3));
        assert_eq!(opened("CREATE TABLE t (a); PRAGMA user_version = 2"), (Found::Known, 4, 3));
        assert_eq!(opened("CREATE TABLE t (a, b); PRAGMA user_version = 3"), (Found::Known, 4, 3));
        assert_eq!(
            opened("CREATE TABLE t (a, b, c); PRAGMA user_version = 4"),
            (Found::Known, 4, 3)
        );
    }

    #[test]
    fn a_database_of_another_version_is_not_changed() {
        for version in [1, 5] {
            let sql = format!("CREATE TABLE t (a); PRAGMA user_version = {version}");
            assert_eq!(opened(&sql), (Found::Unknown(version), version, 1));
        }
    }
}
