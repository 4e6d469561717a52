//! What a run takes over: its own outcomes if it was interrupted, and those of the run before it.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::store::connect;
use super::{ResultStore, ResultsError};
use crate::record::{FailureKind, ItemRecord, Verdict};
use crate::scan::{Earlier, Known, Outcome};
use crate::source::{Place, Stamp, key_behind, path_key};

impl ResultStore {
    /// What is known of items from this run, if it is continued, and from the complete run before it.
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

/// Looks items up in a run and in the complete run before it.
#[derive(Debug)]
pub struct EarlierRuns {
    connection: Connection,
    run_id: i64,
    base: Option<i64>,
}

impl Earlier for EarlierRuns {
    fn look_up(&mut self, place: &Place) -> Known {
        // An item whose record cannot be read is examined again.
        let find = |run_id| self.find(run_id, place).ok().flatten();
        if let Some(record) = find(self.run_id) {
            return Known::Recorded(Box::new(record));
        }
        match self.base.and_then(find) {
            Some(record) if is_lasting(&record) => Known::Carried(Box::new(record)),
            _ => Known::New,
        }
    }

    fn take_over(&mut self, file: &Place, take: &mut dyn FnMut(Outcome) -> bool) -> bool {
        let whole = |base| self.is_whole(base, file).unwrap_or(false);
        match self.base.filter(|&base| whole(base)) {
            // After an error the file is walked again, and the rows handed out so far are replaced.
            Some(base) => self.hand_out(base, file, take).is_ok(),
            None => false,
        }
    }
}

/// Selects the rows of a file on disk and of its members.
const OF_A_FILE: &str = "run_id = ?1 AND path >= ?2 AND path < ?3";

impl EarlierRuns {
    /// Whether a complete run has rows of a file, the file is unchanged, and all the rows are lasting.
    fn is_whole(&self, run_id: i64, file: &Place) -> rusqlite::Result<bool> {
        let lasting: Vec<_> = FailureKind::KNOWN
            .iter()
            .filter(|kind| kind.is_lasting())
            .map(|kind| format!("'{kind}'"))
            .collect();
        let lasting = lasting.join(",");
        let sql = format!(
            "SELECT count(*), ifnull(sum(size_bytes <> ?4 OR modified_ns <> ?5 OR \
             ifnull(failure_kind, 'empty') NOT IN ({lasting})), 0) FROM outcomes WHERE {OF_A_FILE}"
        );
        let (from, to) = (path_key(&file.locator.file), key_behind(&file.locator.file));
        let Stamp { size_bytes, modified_ns } = file.stamp;
        let key = params![run_id, from, to, size_bytes as i64, modified_ns];
        let (rows, stale): (i64, i64) = self
            .connection
            .prepare_cached(&sql)?
            .query_row(key, |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows > 0 && stale == 0)
    }

    /// Hands out all rows of a file, until `take` returns false.
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

    /// The record of an unchanged item.
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

/// Whether a record holds as long as the bytes do. A failure of the disk or at a time limit does not.
fn is_lasting(record: &ItemRecord) -> bool {
    match &record.failure {
        Some(failure) => failure.kind.is_lasting(),
        None => record.verdict != Verdict::Failed,
    }
}
