//! The chain of manifests: each has the digest of the one before.

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use crate::base::digest;

/// Number, run and digest of the last manifest of the chain.
pub(super) fn last(connection: &Connection) -> rusqlite::Result<Option<(i64, i64, String)>> {
    let sql = "SELECT number, run_id, digest FROM manifests ORDER BY number DESC LIMIT 1";
    connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()
}

/// Adds a manifest to the chain.
pub(super) fn append(
    transaction: &Transaction,
    number: i64,
    run_id: i64,
    document: &str,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO manifests VALUES (?1, ?2, ?3, ?4)";
    transaction.execute(sql, params![number, run_id, document, digest(document.as_bytes())])?;
    Ok(())
}
