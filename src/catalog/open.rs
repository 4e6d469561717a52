//! Opening a catalogue: makes one where there is none, and brings an older one to this program's version.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::store::BUSY_TIMEOUT;
use super::{Catalog, CatalogError};
use crate::base::{Found, Schema, owner_only};
use crate::index::Manifest;
use crate::signal::fingerprint::FingerprintConfig;

/// Version 1 had another index, which cannot be made from what its database holds.
pub(super) const SCHEMA: Schema = Schema {
    create: include_str!("schema.sql"),
    created: 2,
    oldest: 2,
    steps: &[include_str!("migrations/3-entries.sql"), include_str!("migrations/4-neutral.sql")],
};

impl Catalog {
    /// Opens the catalogue of a home, and makes one where there is none.
    ///
    /// # Errors
    ///
    /// If it cannot be made or read, if its version is newer or too old, or if it was made with other fingerprint settings.
    pub fn open(home: &Path, config: FingerprintConfig) -> Result<Self, CatalogError> {
        let folder = home.join("catalog");
        let segments = folder.join("segments");
        fs::create_dir_all(&segments)
            .map_err(|source| CatalogError::Write { path: segments.clone(), source })?;
        let private = |path: &Path| {
            owner_only(path).map_err(|source| CatalogError::Write { path: path.into(), source })
        };
        private(&folder)?;
        let database = folder.join("catalog.sqlite");
        let error = |source| CatalogError::Database { path: database.clone(), source };
        let connection = Connection::open(&database).map_err(error)?;
        // SQLite gives its journals the permissions of the database.
        private(&database)?;
        let database = database.clone();
        let catalog =
            Self { folder, database, connection, config, is_packed: false, in_turns: false };
        catalog.prepare()?;
        Ok(catalog)
    }

    fn prepare(&self) -> Result<(), CatalogError> {
        let error = |source| self.error(source);
        let path = self.database.clone();
        let expected = format!("{:08x}", self.config.digest());
        let begin = || {
            self.connection.busy_timeout(BUSY_TIMEOUT)?;
            self.connection.pragma_update(None, "journal_mode", "wal")?;
            self.connection.pragma_update(None, "synchronous", "full")?;
            let transaction =
                Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            let found = SCHEMA.bring_up(&transaction)?;
            Ok((transaction, found))
        };
        let (transaction, found) = begin().map_err(error)?;
        match found {
            Found::Known => {}
            Found::Empty => {
                // Written before the transaction that names it, as every manifest is.
                self.write_manifest(&Manifest::default())?;
                let sql = "INSERT INTO facts VALUES ('fingerprint_config', ?1), ('manifest', '0')";
                transaction.execute(sql, [&expected]).map_err(error)?;
            }
            Found::Unknown(found) => {
                let known = SCHEMA.newest();
                return Err(if found > known {
                    CatalogError::Version { path, found, known }
                } else {
                    CatalogError::Older { path, found, known }
                });
            }
        }
        let sql = "SELECT value FROM facts WHERE name = 'fingerprint_config'";
        let found: String = transaction.query_row(sql, [], |row| row.get(0)).map_err(error)?;
        transaction.commit().map_err(error)?;
        if found == expected { Ok(()) } else { Err(CatalogError::Config { path, found, expected }) }
    }
}
