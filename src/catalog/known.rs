//! All that the catalogue knows, one by one: entries, and recordings of which no entry speaks.

use super::rows::{COLUMNS, recording};
use super::{Catalog, CatalogError, Entry, Recording};

/// What the catalogue knows of a recording.
#[derive(Debug, Clone, PartialEq)]
pub enum Known {
    /// What the label says.
    Entry(Box<Entry>),
    /// What its file says: no entry speaks of it.
    Recording(Box<Recording>),
}

impl Catalog {
    /// Calls `take` with each entry and with each recording that has none, of a file with several streams the first alone, in
    /// the order of the entries' ids and of the recordings' with `prefix` in front. A recording whose name so is that of an
    /// entry is left out: the entry speaks for it. So are neutral references, which are nobody's.
    ///
    /// # Errors
    ///
    /// If the database cannot be read, or the first that `take` returns.
    pub fn for_each_entry_and_recording<E: From<CatalogError>>(
        &self,
        prefix: &str,
        mut take: impl FnMut(Known) -> Result<(), E>,
    ) -> Result<(), E> {
        let error = |source| E::from(self.error(source));
        let without_entry =
            "NOT EXISTS (SELECT 1 FROM entry_audio a WHERE a.recording_id = r.recording_id)";
        let sql = format!(
            "SELECT {COLUMNS} FROM recordings r WHERE r.neutral = 0 AND {without_entry}
             AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.entry_id = ?1 || r.recording_id)
             AND NOT EXISTS (SELECT 1 FROM recordings o WHERE o.sha256 = r.sha256 AND o.stream < r.stream AND o.neutral = 0
                 AND NOT EXISTS (SELECT 1 FROM entry_audio a WHERE a.recording_id = o.recording_id))
             ORDER BY recording_id"
        );
        let mut statement = self.connection.prepare(&sql).map_err(error)?;
        let mut recordings = statement.query_map([prefix], recording).map_err(error)?;
        let mut next = recordings.next().transpose().map_err(error)?;
        self.for_each_entry(|entry| {
            while let Some(recording) =
                next.take_if(|r| format!("{prefix}{}", r.recording_id) < entry.entry_id)
            {
                take(Known::Recording(Box::new(recording)))?;
                next = recordings.next().transpose().map_err(error)?;
            }
            take(Known::Entry(Box::new(entry)))
        })?;
        while let Some(recording) = next {
            take(Known::Recording(Box::new(recording)))?;
            next = recordings.next().transpose().map_err(error)?;
        }
        Ok(())
    }
}
