//! The parts of the catalogue that a finding shows beyond title, artist and ISRC: label, releases, ℗ and © lines,
//! registration and rights.

use std::sync::PoisonError;

use rusqlite::{Connection, OptionalExtension as _};

use super::entry::Entry;
use super::{CatalogError, Records};
use crate::record::{Release, Work};

/// The entry of a recording; of several the one with the first id, whose words the recording has as well.
const ENTRY_OF_RECORDING: &str =
    "SELECT e.document FROM entry_audio a JOIN entries e ON e.entry_id = a.entry_id
     WHERE a.recording_id = ?1 ORDER BY a.entry_id LIMIT 1";

impl Records {
    /// Label, releases and rights of a recording, or of an entry without audio. `None` if there is neither. Also `None` if the
    /// database cannot be read, which [`super::Snapshot::damage`] reports from then on.
    pub(crate) fn work(&self, recording_id: &str) -> Option<Work> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        read(&connection, recording_id).unwrap_or_else(|error| {
            self.failed.get_or_init(|| error.to_string());
            None
        })
    }

    /// Visits all entries: the ids of the entry and of a recording that is its audio, if there is one, and its content.
    pub(super) fn each_work(
        &self,
        mut visit: impl FnMut([Option<String>; 2], Work),
    ) -> Result<(), CatalogError> {
        let sql = "SELECT e.entry_id, a.recording_id, e.document FROM entries e
                   LEFT JOIN entry_audio a ON a.entry_id = e.entry_id";
        self.each(sql, |row| {
            visit([row.get(0)?, row.get(1)?], work(&row.get::<_, String>(2)?)?);
            Ok(())
        })
    }
}

fn read(connection: &Connection, id: &str) -> rusqlite::Result<Option<Work>> {
    let sql = "SELECT label, album, upc, date FROM recordings WHERE recording_id = ?1";
    let tags = connection
        .prepare_cached(sql)?
        .query_row([id], |row| {
            let [title, upc, date] = [row.get(1)?, row.get(2)?, row.get(3)?];
            let release = Release { title, upc, date, ..Release::default() };
            let releases = if release == Release::default() { Vec::new() } else { vec![release] };
            Ok(Work { label: row.get(0)?, releases, ..Work::default() })
        })
        .optional()?;
    let sql = if tags.is_some() {
        ENTRY_OF_RECORDING
    } else {
        "SELECT document FROM entries WHERE entry_id = ?1"
    };
    let document: Option<String> =
        connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?;
    let Some(document) = document else { return Ok(tags) };
    let mut work = work(&document)?;
    if let Some(tags) = tags {
        if work.label.is_empty() {
            work.label = tags.label;
        }
        if work.releases.is_empty() {
            work.releases = tags.releases;
        }
    }
    Ok(Some(work))
}

fn work(document: &str) -> rusqlite::Result<Work> {
    let entry: Entry = serde_json::from_str(document).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, error.into())
    })?;
    let release = |release: super::Release| {
        let super::Release { title, upc, grid, catalogue_number, date } = release;
        Release { title, upc, grid, catalogue_number, date }
    };
    Ok(Work {
        entry_id: entry.entry_id,
        own_ids: entry.own_ids,
        version: entry.version,
        label: entry.label,
        releases: entry.releases.into_iter().map(release).collect(),
        p_line: entry.p_line,
        c_line: entry.c_line,
        registration: entry.us_registration_number,
        registration_date: entry.us_registration_date,
        first_published: entry.first_publication_date,
        territories: entry.territories,
        territories_excluded: entry.territories_excluded,
        share_percent: entry.share_percent,
    })
}
