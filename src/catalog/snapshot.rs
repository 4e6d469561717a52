//! The catalogue as a scan sees it: fixed when it was opened, whatever is added or removed meanwhile.
//!
//! Segments are mapped and do not change. Records are read when something shows them, inside the one transaction
//! in which the snapshot was taken, so memory does not grow with the catalogue. While a snapshot lives, the
//! database keeps what was changed since in its write-ahead log, a few hundred bytes a recording.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rusqlite::{Connection, OptionalExtension as _};
use sha2::{Digest as _, Sha256};

use super::neutral::Neutral;
use super::rows::{COLUMNS, recording};
use super::{CatalogError, Entry, Recording};
use crate::base::hex;
use crate::index::Index;
use crate::index::TrackId;
use crate::record::{Work, json};
use crate::signal::fingerprint::FingerprintConfig;

/// The catalogue as a scan sees it.
#[derive(Debug)]
pub struct Snapshot {
    /// The index.
    pub index: Index,
    pub(super) records: Arc<Records>,
    pub(super) index_digest: String,
    pub(super) neutral: Neutral,
    /// Recordings that can be found.
    pub(super) findable: usize,
}

/// The records of a snapshot.
#[derive(Debug)]
pub struct Records {
    /// Inside a transaction, which ends with it.
    pub(super) connection: Mutex<Connection>,
    pub(super) database: std::path::PathBuf,
    pub(super) config: FingerprintConfig,
    /// Number and first track of each segment, by track.
    pub(super) segments: Vec<(u64, u32)>,
    /// Why a record could not be read.
    pub(super) failed: OnceLock<String>,
}

impl Snapshot {
    /// The recording that a track is; `None` for one that was removed. Also where the database cannot be read: then
    /// [`Snapshot::damage`] says so from then on.
    pub fn recording(&self, track: TrackId) -> Option<Recording> {
        self.records.get(track)
    }

    /// Whether a track is a neutral reference: it is never a finding, and what it explains of an item speaks for no recording.
    pub fn neutral(&self, track: TrackId) -> bool {
        self.neutral.tracks.contains(&track)
    }

    /// The stretches of a recording that are masked, in seconds; sorted, and apart.
    pub fn masks(&self, track: TrackId) -> &[(f64, f64)] {
        self.neutral.masks.get(&track).map_or(&[], Vec::as_slice)
    }

    /// What the catalogue says beyond that of a recording, or of an entry without sound; `None` and damage as above.
    pub(crate) fn work(&self, recording_id: &str) -> Option<Work> {
        self.records.work(recording_id)
    }

    /// The records, which outlive the snapshot.
    pub fn records(&self) -> Arc<Records> {
        Arc::clone(&self.records)
    }

    /// What could not be read since the snapshot was taken, if anything: then what was searched is not to be
    /// believed.
    pub fn damage(&self) -> Option<CatalogError> {
        let index = self.index.damage().map(CatalogError::from);
        index.or_else(|| {
            let what = self.records.failed.get()?.clone();
            Some(CatalogError::Records { path: self.records.database.clone(), what })
        })
    }

    /// SHA-256 over all that a finding can show, in whatever order it was added: another digest may give other
    /// results. It reads all records.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn digest(&self) -> Result<String, CatalogError> {
        self.digest_of(|_| {})
    }

    /// The same without the paths of the label's files: the same music, delivered the same, has the same on any machine.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn portable_digest(&self) -> Result<String, CatalogError> {
        self.digest_of(|recording| recording.path.clear())
    }

    /// SHA-256 of the manifest that names the index's segments. It tells one index from another, and depends on the order
    /// in which it was filled.
    pub fn index_digest(&self) -> &str {
        &self.index_digest
    }

    fn digest_of(&self, change: impl Fn(&mut Recording)) -> Result<String, CatalogError> {
        // A sum, so that no order is needed: a million records are sorted only through a million seeks.
        let mut sums = [0_u64; 4];
        let mut add = |text: &str| {
            let one = Sha256::digest(text.as_bytes());
            for (sum, lane) in sums.iter_mut().zip(one.as_chunks::<8>().0) {
                *sum = sum.wrapping_add(u64::from_le_bytes(*lane));
            }
        };
        self.records.each(&format!("SELECT {COLUMNS} FROM recordings"), |row| {
            let mut recording = recording(row)?;
            change(&mut recording);
            add(&json(&recording));
            Ok(())
        })?;
        self.records.each_work(|id, work| add(&json(&(id, work))))?;
        // Their notes change no finding.
        let sql = "SELECT recording_id, start_seconds, end_seconds FROM masks";
        self.records.each(sql, |row| {
            let mask: (String, f64, f64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            add(&json(&("mask", mask)));
            Ok(())
        })?;
        let mut digest = Sha256::new();
        digest.update(self.records.config.digest().to_le_bytes());
        digest.update((self.len() as u64).to_le_bytes());
        for sum in sums {
            digest.update(sum.to_le_bytes());
        }
        Ok(hex(&digest.finalize()))
    }

    /// Number of recordings that can be found: neutral references are none.
    pub fn len(&self) -> usize {
        self.findable
    }

    /// Whether there is nothing to find.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Records {
    /// The recording that a track is, as [`Snapshot::recording`].
    pub fn get(&self, track: TrackId) -> Option<Recording> {
        let at = self.segments.partition_point(|(_, first)| *first <= track.0).checked_sub(1)?;
        let (segment, first) = self.segments[at];
        let sql = format!("SELECT {COLUMNS} FROM recordings WHERE segment_id = ?1 AND track = ?2");
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || {
            let mut statement = connection.prepare_cached(&sql)?;
            statement.query_row([segment as i64, i64::from(track.0 - first)], recording).optional()
        };
        read().unwrap_or_else(|error: rusqlite::Error| {
            self.failed.get_or_init(|| error.to_string());
            None
        })
    }

    /// The entry of an id, as the record of a recording that cannot be heard. `None`, too, where the database cannot be read.
    pub(crate) fn silent(&self, entry_id: &str) -> Option<Recording> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || {
            let sql = "SELECT document FROM entries WHERE entry_id = ?1";
            let mut statement = connection.prepare_cached(sql)?;
            let document = |row: &rusqlite::Row| row.get::<_, String>(0);
            statement.query_row([entry_id], document).optional()
        };
        let failed = |what: String| {
            self.failed.get_or_init(|| what);
        };
        let document = read().unwrap_or_else(|error: rusqlite::Error| {
            failed(error.to_string());
            None
        })?;
        let entry = serde_json::from_str::<Entry>(&document);
        entry.map_err(|error| failed(error.to_string())).ok().map(|entry| entry.as_recording())
    }

    /// The entries of a recording, or the entry of that id. None, too, where the database cannot be read.
    pub(crate) fn entries_of(&self, recording_id: &str) -> Vec<Entry> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || {
            let sql = "SELECT document FROM entries WHERE entry_id = ?1
                       OR entry_id IN (SELECT entry_id FROM entry_audio WHERE recording_id = ?1) ORDER BY entry_id";
            let mut statement = connection.prepare_cached(sql)?;
            let documents = statement.query_map([recording_id], |row| row.get::<_, String>(0))?;
            documents.collect::<rusqlite::Result<Vec<_>>>()
        };
        let read = read().map_err(|error: rusqlite::Error| error.to_string()).and_then(|texts| {
            let entries = texts.iter().map(|text| serde_json::from_str(text));
            entries.collect::<Result<_, _>>().map_err(|error| error.to_string())
        });
        read.unwrap_or_else(|error| {
            self.failed.get_or_init(|| error);
            Vec::new()
        })
    }

    /// Visits the entries with ids at services whose sound is in the index: `(track, recording_id, entry)`, in the order of the
    /// recordings' ids.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub(crate) fn each_entry_of_sound(
        &self,
        mut visit: impl FnMut(TrackId, &str, &Entry),
    ) -> Result<(), CatalogError> {
        // The text is looked at first: to parse each of a million takes seconds.
        let sql = r#"SELECT r.segment_id, r.track, r.recording_id, e.document FROM recordings r
                     JOIN entry_audio a ON a.recording_id = r.recording_id JOIN entries e ON e.entry_id = a.entry_id
                     WHERE instr(e.document, '"service_ids":{"') > 0 ORDER BY r.recording_id, e.entry_id"#;
        self.each_parsed(sql, |row, entry| {
            if let Some(track) = self.track(row)? {
                visit(track, row.get_ref(2)?.as_str()?, entry);
            }
            Ok(())
        })
    }

    /// Visits the entries that have no audio in the index: their identifiers are looked up all the same. In the order of
    /// their ids.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub(crate) fn each_silent(&self, mut visit: impl FnMut(&Entry)) -> Result<(), CatalogError> {
        let sql = "SELECT document FROM entries e WHERE NOT EXISTS
                   (SELECT 1 FROM entry_audio a WHERE a.entry_id = e.entry_id) ORDER BY entry_id";
        self.each_parsed(sql, |_, entry| {
            visit(entry);
            Ok(())
        })
    }

    /// Visits the rows of a query with the entry that is in the column `document`.
    fn each_parsed(
        &self,
        sql: &str,
        mut visit: impl FnMut(&rusqlite::Row, &Entry) -> rusqlite::Result<()>,
    ) -> Result<(), CatalogError> {
        let mut broken = None;
        self.each(sql, |row| {
            match serde_json::from_str::<Entry>(row.get_ref("document")?.as_str()?) {
                Ok(entry) => visit(row, &entry)?,
                Err(source) => broken = Some(source),
            }
            Ok(())
        })?;
        let path = || self.database.clone();
        broken.map_or(Ok(()), |source| Err(CatalogError::Entry { path: path(), source }))
    }

    /// The track of a row that begins with segment and track; `None` for one that came after the snapshot.
    fn track(&self, row: &rusqlite::Row) -> rusqlite::Result<Option<TrackId>> {
        let (segment, track): (i64, u32) = (row.get(0)?, row.get(1)?);
        let at = self.segments.iter().find(|(id, _)| *id as i64 == segment);
        Ok(at.map(|(_, first)| TrackId(first + track)))
    }

    /// Visits the identifiers of all recordings but neutral references: `(track, [ISRC, UPC, SHA-256])`, as the records have
    /// them.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub(crate) fn each_identifier(
        &self,
        mut visit: impl FnMut(TrackId, [&str; 3]),
    ) -> Result<(), CatalogError> {
        let sql = "SELECT segment_id, track, isrc, upc, sha256 FROM recordings WHERE neutral = 0";
        self.each(sql, |row| {
            let Some(track) = self.track(row)? else { return Ok(()) };
            let text = |column| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str()?);
            visit(track, [text(2)?, text(3)?, text(4)?]);
            Ok(())
        })
    }

    /// The sizes of the label's files, in bytes; neutral references are anybody's.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn file_sizes(&self) -> Result<BTreeSet<u64>, CatalogError> {
        let mut sizes = BTreeSet::new();
        self.each("SELECT size_bytes FROM recordings WHERE neutral = 0", |row| {
            sizes.insert(row.get::<_, i64>(0)?.unsigned_abs());
            Ok(())
        })?;
        Ok(sizes)
    }

    /// Visits all rows of a query.
    pub(super) fn each(
        &self,
        sql: &str,
        mut visit: impl FnMut(&rusqlite::Row) -> rusqlite::Result<()>,
    ) -> Result<(), CatalogError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut read = || {
            let mut statement = connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                visit(row)?;
            }
            Ok(())
        };
        read().map_err(|source| CatalogError::Database { path: self.database.clone(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Catalog, Entry, LogLine, Made};
    use crate::signal::peaks::Peak;

    fn made(name: &str) -> Made {
        let text = || name.to_owned();
        let recording = Recording {
            recording_id: text(),
            path: text(),
            sha256: text(),
            stream: 0,
            audio_digest: text(),
            size_bytes: 9,
            codec: text(),
            duration_seconds: 12.5,
            title: text(),
            artist: text(),
            album: text(),
            isrc: text(),
            upc: text(),
            label: text(),
            date: text(),
            neutral: false,
        };
        let peaks = (0..40).map(|i| Peak { time: 50 * i, pitch: 700 * i as u16, strength: 1 });
        Made { recording, peaks: peaks.collect(), sub_fingerprints: Vec::new() }
    }

    fn catalog(home: &tempfile::TempDir, names: &[&str]) -> Catalog {
        let mut catalog = Catalog::open(home.path(), FingerprintConfig::default()).unwrap();
        for name in names {
            catalog.add_made(&mut [made(name)].into_iter()).unwrap();
        }
        catalog
    }

    #[test]
    fn a_snapshot_stays_as_it_was_whatever_is_added_removed_and_merged() {
        let home = tempfile::tempdir().unwrap();
        let mut catalog = catalog(&home, &["one", "two", "three"]);
        let snapshot = catalog.snapshot().unwrap();
        let digest = snapshot.digest().unwrap();
        let names = |snapshot: &Snapshot| {
            let tracks = (0..snapshot.index.track_bound() as u32).map(TrackId);
            tracks.map(|t| snapshot.recording(t).map(|r| r.title)).collect::<Vec<_>>()
        };
        let before = names(&snapshot);
        assert_eq!(before, ["one", "two", "three"].map(|name| Some(name.to_owned())));
        let log = |detail| LogLine { at: 0, who: "a test".into(), action: "test".into(), detail };
        catalog.remove(&["two".to_owned()], &[], &log).unwrap();
        catalog.add_made(&mut [made("four")].into_iter()).unwrap();
        catalog.compact(&log).unwrap();
        assert_eq!(names(&snapshot), before);
        assert_eq!(snapshot.digest().unwrap(), digest);
        assert!(snapshot.damage().is_none());
        let now = catalog.snapshot().unwrap();
        assert_eq!(names(&now), ["one", "three", "four"].map(|name| Some(name.to_owned())));
        assert_ne!(now.digest().unwrap(), digest);
    }

    #[test]
    fn the_digest_tells_what_is_in_a_catalogue_and_not_how_it_came_there() {
        let digest = |names: &[&str]| {
            let home = tempfile::tempdir().unwrap();
            catalog(&home, names).snapshot().unwrap().digest().unwrap()
        };
        assert_eq!(digest(&["one", "two", "three"]), digest(&["three", "one", "two"]));
        assert_ne!(digest(&["one", "two"]), digest(&["one", "three"]));
        assert_ne!(digest(&["one"]), digest(&[]));
    }

    #[test]
    fn the_digest_tells_what_the_label_says_beyond_the_recordings_own_words() {
        let home = tempfile::tempdir().unwrap();
        let catalog = catalog(&home, &["one"]);
        let deliver = |registration: &str| {
            let entry = Entry {
                isrcs: vec!["GBAYE0000351".into()],
                us_registration_number: registration.into(),
                ..Entry::default()
            };
            let mut import = catalog.import().unwrap();
            import.stage(entry).unwrap();
            let who = || "label".to_owned();
            let log = |_| LogLine { at: 0, who: who(), action: who(), detail: who() };
            import.finish(false, Some(&log)).unwrap();
            catalog.snapshot().unwrap().digest().unwrap()
        };
        let (without, with) = (deliver(""), deliver("SR 1-234"));
        assert_ne!(without, with);
        assert_eq!(with, deliver("SR 1-234"));
    }

    #[test]
    fn a_snapshot_knows_what_is_neutral_and_masked_when_it_was_taken() {
        let home = tempfile::tempdir().unwrap();
        let mut catalog = catalog(&home, &["one", "two"]);
        let mut kit = made("kit");
        kit.recording.neutral = true;
        catalog.add_made(&mut [kit].into_iter()).unwrap();
        let log = |detail| LogLine { at: 0, who: "a test".into(), action: "test".into(), detail };
        let without = catalog.snapshot().unwrap();
        let two = made("two").recording;
        let mask = |text: &str| two.mask(text, "a note").unwrap();
        let masks = [mask("4-6.5"), mask("1-2"), mask("6-8")];
        assert_eq!(catalog.mask(&masks, true, &log).unwrap().len(), 3);
        assert_eq!(catalog.mask(&masks, true, &log).unwrap(), []);
        catalog.compact(&log).unwrap();
        let snapshot = catalog.snapshot().unwrap();
        let track = |name: &str| {
            let mut tracks = (0..snapshot.index.track_bound() as u32).map(TrackId);
            tracks.find(|t| snapshot.recording(*t).is_some_and(|r| r.title == name)).unwrap()
        };
        let neutral = ["one", "two", "kit"].map(|name| snapshot.neutral(track(name)));
        assert_eq!(neutral, [false, false, true]);
        assert_eq!(snapshot.masks(track("two")), [(1.0, 2.0), (4.0, 8.0)]);
        assert_eq!(snapshot.masks(track("one")), []);
        assert_eq!((snapshot.len(), snapshot.index.track_count()), (2, 3));
        assert_eq!(without.masks(track("two")), []);
        assert_ne!(without.digest().unwrap(), snapshot.digest().unwrap());
        assert_ne!(without.portable_digest().unwrap(), snapshot.portable_digest().unwrap());

        let (ours, kit) = catalog.snapshot_apart().unwrap();
        assert_eq!((ours.index.track_count(), kit.track_count(), ours.len()), (2, 1, 2));
        assert!(kit.is_alive(track("kit")) && !ours.index.is_alive(track("kit")));
        catalog.mask(&masks, false, &log).unwrap();
        let again = catalog.snapshot().unwrap();
        assert_eq!(again.digest().unwrap(), without.digest().unwrap());
    }

    #[test]
    fn the_digest_tells_what_is_neutral() {
        let digest = |neutral: bool| {
            let home = tempfile::tempdir().unwrap();
            let mut catalog = catalog(&home, &["one"]);
            let mut kit = made("kit");
            kit.recording.neutral = neutral;
            catalog.add_made(&mut [kit].into_iter()).unwrap();
            catalog.snapshot().unwrap().digest().unwrap()
        };
        assert_ne!(digest(true), digest(false));
    }

    #[test]
    fn a_record_that_cannot_be_read_is_damage_and_not_a_track_that_was_removed() {
        let home = tempfile::tempdir().unwrap();
        let snapshot = catalog(&home, &["one"]).snapshot().unwrap();
        *snapshot.records.connection.lock().unwrap() = Connection::open_in_memory().unwrap();
        assert_eq!(snapshot.recording(TrackId(0)), None);
        let told = snapshot.damage().unwrap().to_string();
        assert!(told.contains("no such table") && told.contains("catalog check"), "{told}");
    }
}
