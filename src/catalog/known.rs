//! All that the catalogue knows, one by one: entries, and the recordings that belong to no entry.

use super::recordings::{COLUMNS, recording};
use super::{Catalog, CatalogError, Entry, Recording};

/// What the catalogue knows of a recording.
#[derive(Debug, Clone, PartialEq)]
pub enum Known {
    /// An entry: what the label says of the recording.
    Entry(Box<Entry>),
    /// A recording without an entry: only the tags of its file speak of it.
    Recording(Box<Recording>),
}

impl Catalog {
    /// Calls `take` with each entry, and with each recording that belongs to none as if `prefix` and its id were the id of an
    /// entry, in the order of these ids.
    ///
    /// Left out are neutral references, which are not the label's; further streams of one file; and a recording if there is an
    /// entry with its prefixed id, which was exported and imported again.
    ///
    /// # Errors
    ///
    /// If the database cannot be read, or the first error that `take` returns.
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
