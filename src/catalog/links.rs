//! Links between recordings of the index and the entries whose audio they are.
//!
//! The words of the entry replace those of the file's tags in the recording's record, so that everything that shows a
//! recording shows the label's words.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::entry::Entry;
use super::{Catalog, CatalogError, MakeLine, Recording};
use crate::wording::named;

impl Catalog {
    /// Ids of the recordings whose file has this SHA-256. Neutral references are excluded, since they have no entries.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn with_sha256(&self, sha256: &str) -> Result<Vec<String>, CatalogError> {
        let sql =
            "SELECT recording_id FROM recordings WHERE sha256 = ?1 AND neutral = 0 ORDER BY stream";
        let read = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.query_map([sha256], |row| row.get(0))?.collect::<rusqlite::Result<_>>()
        };
        read().map_err(|source| self.error(source))
    }

    /// All links, as ids of recording and entry, in the order of these ids.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn audio_links(&self) -> Result<Vec<(String, String)>, CatalogError> {
        let sql = "SELECT recording_id, entry_id FROM entry_audio ORDER BY recording_id, entry_id";
        let read = || {
            let mut statement = self.connection.prepare(sql)?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<rusqlite::Result<_>>()
        };
        read().map_err(|source| self.error(source))
    }

    /// Links entries to recordings, given as pairs of their ids, and returns the number of new links.
    ///
    /// A recording without an entry is also linked if the ISRC in its tags is that of exactly one entry. Then the words of the
    /// entries are written into their recordings, and it is logged.
    ///
    /// # Errors
    ///
    /// If another program is changing the catalogue, or the database cannot be written.
    pub fn link(&self, links: &[(String, String)], log: MakeLine) -> Result<u64, CatalogError> {
        let _lock = self.lock()?;
        (|| {
            let transaction =
                Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            let mut new = 0;
            // The recording may have been removed since.
            let sql = "INSERT OR IGNORE INTO entry_audio (recording_id, entry_id)
                       SELECT r.recording_id, e.entry_id FROM recordings r, entries e
                       WHERE r.recording_id = ?2 AND e.entry_id = ?1 AND r.neutral = 0";
            for (entry, recording) in links {
                new += transaction.prepare_cached(sql)?.execute([entry, recording])?;
            }
            let sql = "INSERT OR IGNORE INTO entry_audio (recording_id, entry_id)
                SELECT r.recording_id, min(k.entry_id) FROM recordings r
                JOIN entry_keys k ON k.kind = 'isrc' AND k.value = upper(replace(replace(r.isrc, '-', ''), ' ', ''))
                WHERE r.isrc <> '' AND r.neutral = 0 AND NOT EXISTS (SELECT 1 FROM entry_audio a WHERE a.recording_id = r.recording_id)
                GROUP BY r.recording_id HAVING count(*) = 1";
            new += transaction.execute(sql, [])?;
            if new > 0 {
                let line = log(format!("{new} recordings linked to entries"));
                super::log::append(&transaction, &line)?;
            }
            Ok((transaction, new))
        })()
        .map_err(|source| self.error(source))
        .and_then(|(transaction, new)| {
            self.describe(&transaction)?;
            transaction.commit().map_err(|source| self.error(source))?;
            Ok(new as u64)
        })
    }

    /// Writes the words of entries into their recordings. Of several entries of a recording, the one with the first id counts.
    fn describe(&self, connection: &Connection) -> Result<(), CatalogError> {
        let error = |source| self.error(source);
        let sql = "SELECT a.recording_id, e.document FROM entries e
            JOIN (SELECT recording_id, min(entry_id) AS entry_id FROM entry_audio GROUP BY recording_id) a
            ON a.entry_id = e.entry_id";
        let mut statement = connection.prepare(sql).map_err(error)?;
        let mut rows = statement.query([]).map_err(error)?;
        let sql = "UPDATE recordings SET title = ?2, artist = ?3, isrc = ?4,
                album = CASE WHEN ?5 = '' THEN album ELSE ?5 END,
                upc = CASE WHEN ?6 = '' THEN upc ELSE ?6 END,
                label = CASE WHEN ?7 = '' THEN label ELSE ?7 END,
                date = CASE WHEN ?8 = '' THEN date ELSE ?8 END
            WHERE recording_id = ?1 AND (title, artist, isrc, album, upc, label, date)
                IS NOT (?2, ?3, ?4, CASE WHEN ?5 = '' THEN album ELSE ?5 END, CASE WHEN ?6 = '' THEN upc ELSE ?6 END,
                        CASE WHEN ?7 = '' THEN label ELSE ?7 END, CASE WHEN ?8 = '' THEN date ELSE ?8 END)";
        let mut update = connection.prepare(sql).map_err(error)?;
        while let Some(row) = rows.next().map_err(error)? {
            let id: String = row.get(0).map_err(error)?;
            let entry = self.parse(&row.get::<_, String>(1).map_err(error)?)?;
            let Recording { title, artist, isrc, album, upc, label, date, .. } =
                entry.as_recording();
            update
                .execute([&id, &title, &artist, &isrc, &album, &upc, &label, &date])
                .map_err(error)?;
        }
        Ok(())
    }
}

impl Entry {
    /// The title, with the version in parentheses.
    pub fn full_title(&self) -> String {
        let Self { title, version, .. } = self;
        if version.is_empty() { title.clone() } else { format!("{title} ({version})") }
    }

    /// Artists and title in one line; the entry's id if neither is known.
    pub fn name(&self) -> String {
        named(&self.artists.join("; "), &self.full_title(), &self.entry_id)
    }

    /// The entry as the record of a recording without audio, under the entry's id. Several identifiers are joined by `; `.
    pub fn as_recording(&self) -> Recording {
        let releases = |of: fn(&super::Release) -> &String| {
            let texts = self.releases.iter().map(of).filter(|text| !text.is_empty());
            texts.cloned().collect::<Vec<_>>()
        };
        let first = |texts: Vec<String>| texts.into_iter().next().unwrap_or_default();
        let sha256 = self.audio.iter().map(|file| &file.hash).filter(|hash| hash.len() == 64);
        Recording {
            recording_id: self.entry_id.clone(),
            path: String::new(),
            sha256: first(sha256.cloned().collect()),
            stream: 0,
            audio_digest: String::new(),
            size_bytes: 0,
            codec: String::new(),
            duration_seconds: self.duration_seconds.unwrap_or(0.0),
            title: self.full_title(),
            artist: self.artists.join("; "),
            album: first(releases(|release| &release.title)),
            isrc: self.isrcs.join("; "),
            upc: releases(|release| &release.upc).join("; "),
            label: self.label.clone(),
            date: first(releases(|release| &release.date)),
            neutral: false,
        }
    }
}
