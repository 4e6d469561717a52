//! Single records of a run, and those with findings, for review.

use rusqlite::{OptionalExtension as _, params};

use super::{ResultStore, ResultsError};
use crate::record::ItemRecord;

impl ResultStore {
    /// Calls `visit` with each record of a run that has findings, sorted by path, and with the key for [`ResultStore::record`].
    ///
    /// # Errors
    ///
    /// If the database cannot be read, or the first error of `visit`.
    pub fn for_each_found<E: From<ResultsError>>(
        &self,
        run_id: i64,
        visit: impl FnMut(&[u8], ItemRecord) -> Result<(), E>,
    ) -> Result<(), E> {
        self.refuse_pruned(run_id)?;
        self.for_each_left(run_id, visit)
    }

    /// The same of a run whose records were deleted but for some.
    pub(crate) fn for_each_left<E: From<ResultsError>>(
        &self,
        run_id: i64,
        mut visit: impl FnMut(&[u8], ItemRecord) -> Result<(), E>,
    ) -> Result<(), E> {
        let error = |source| E::from(self.error(source));
        let sql = "SELECT path, record FROM outcomes WHERE run_id = ?1
                   AND verdict NOT IN ('clear', 'failed') ORDER BY path";
        let mut statement = self.connection.prepare(sql).map_err(error)?;
        let mut rows = statement.query([run_id]).map_err(error)?;
        while let Some(row) = rows.next().map_err(error)? {
            let key = row.get_ref(0).and_then(|key| Ok(key.as_blob()?)).map_err(error)?;
            let text = row.get_ref(1).and_then(|text| Ok(text.as_str()?)).map_err(error)?;
            visit(key, self.parse(run_id, text)?)?;
        }
        Ok(())
    }

    /// The record with a key in a run; `None` if there is none.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn record(&self, run_id: i64, key: &[u8]) -> Result<Option<ItemRecord>, ResultsError> {
        let sql = "SELECT record FROM outcomes WHERE run_id = ?1 AND path = ?2";
        let find = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.query_row(params![run_id, key], |row| row.get(0)).optional()
        };
        let text: Option<String> = find().map_err(|source| self.error(source))?;
        text.map(|text| self.parse(run_id, &text)).transpose()
    }

    /// The records of a run with a finding whose id begins with `id`, each with the indices of those findings.
    pub(super) fn with_finding(
        &self,
        run_id: i64,
        id: &str,
    ) -> Result<Vec<(ItemRecord, Vec<usize>)>, ResultsError> {
        // The text may also occur elsewhere in a record, so the ids are compared below.
        let sql = "SELECT record FROM outcomes WHERE run_id = ?1 AND instr(record, ?2) > 0
                   AND verdict NOT IN ('clear', 'failed') ORDER BY path";
        let read = || {
            let mut statement = self.connection.prepare(sql)?;
            let key = params![run_id, format!("\"finding_id\":\"{id}")];
            let texts = statement.query_map(key, |row| row.get(0))?;
            texts.collect::<rusqlite::Result<Vec<String>>>()
        };
        let texts = read().map_err(|source| self.error(source))?;
        let found = texts.iter().filter_map(|text| {
            let record: ItemRecord = serde_json::from_str(text).ok()?;
            let at = record.findings.iter().enumerate();
            let at = at.filter(|(_, finding)| finding.finding_id.starts_with(id));
            let at: Vec<usize> = at.map(|(at, _)| at).collect();
            (!at.is_empty()).then_some((record, at))
        });
        Ok(found.collect())
    }
}
