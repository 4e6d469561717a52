//! The catalogue as a scan sees it: it stays as it was when the snapshot was taken, whatever is added or removed later.
//!
//! Segments are mapped and do not change. Records are read when something shows them, inside the read transaction in which
//! the snapshot was taken, so memory does not grow with the catalogue. While a snapshot lives, the database keeps later
//! changes in its write-ahead log, a few hundred bytes a recording.

use std::sync::{Arc, Mutex, OnceLock};

use rusqlite::Connection;
use sha2::{Digest as _, Sha256};

use super::neutral::Neutral;
use super::recordings::{COLUMNS, recording};
use super::{Catalog, CatalogError, Recording, Records};
use crate::base::hex;
use crate::index::{Index, IndexError, Manifest, TrackId};
use crate::record::{Work, json};

/// Times that taking a snapshot is repeated because a writer replaced the segments that it was about to open. Each time takes
/// a whole change of the catalogue, so that a hundred never happen. A guess.
const READ_ATTEMPTS: usize = 100;

/// The catalogue at one moment.
#[derive(Debug)]
pub struct Snapshot {
    /// The index, with the tracks of recordings alive.
    pub index: Index,
    pub(super) records: Arc<Records>,
    pub(super) index_digest: String,
    pub(super) neutral: Neutral,
    /// Number of recordings that can be found.
    pub(super) findable: usize,
}

impl Catalog {
    /// Takes a snapshot of the catalogue. Later changes do not affect it.
    ///
    /// # Errors
    ///
    /// If a segment is missing, damaged or made with other settings, or the records do not agree with the segments.
    pub fn snapshot(&self) -> Result<Snapshot, CatalogError> {
        self.take(false).map(|(snapshot, _)| snapshot)
    }

    /// Takes a snapshot in which the neutral references are alive in a second index and not in the snapshot's own, so that each
    /// can be searched without the other. Both indexes number the tracks alike.
    ///
    /// # Errors
    ///
    /// As [`Catalog::snapshot`].
    pub(crate) fn snapshot_apart(&self) -> Result<(Snapshot, Index), CatalogError> {
        self.take(true)
    }

    fn take(&self, apart: bool) -> Result<(Snapshot, Index), CatalogError> {
        let mut attempts = READ_ATTEMPTS;
        loop {
            let reader = self.reader()?;
            let begin = || {
                reader.execute_batch("BEGIN")?;
                Self::generation(&reader)
            };
            let generation = begin().map_err(|source| self.error(source))?;
            attempts -= 1;
            match self.read(reader, generation, apart) {
                // A writer may have replaced the segments that were about to be opened.
                Err(CatalogError::Index(IndexError::Read { .. }))
                    if attempts > 0
                        && Self::generation(&self.connection).is_ok_and(|g| g != generation) => {}
                result => return result,
            }
        }
    }

    /// Reads the catalogue inside the transaction of `reader`.
    fn read(
        &self,
        reader: Connection,
        generation: u64,
        apart: bool,
    ) -> Result<(Snapshot, Index), CatalogError> {
        let manifest = self.read_manifest(generation)?;
        let (mut index, mut kit) = (Index::default(), Index::default());
        let mut segments = Vec::new();
        for listed in &manifest.segments {
            segments.push((listed.id, index.push(self.open_segment(listed)?).0));
            if apart {
                kit.push(self.open_segment(listed)?);
            }
        }
        let neutral = Neutral::read(&reader, &segments).map_err(|source| self.error(source))?;
        let mut findable = 0;
        let dangling = living(&reader, &manifest, &segments, |track| {
            let is_neutral = neutral.tracks.contains(&track);
            findable += usize::from(!is_neutral);
            if apart && is_neutral {
                kit.revive(track)
            } else {
                index.revive(track)
            };
        });
        if let Some((segment, track)) = dangling.map_err(|source| self.error(source))? {
            let sql = "SELECT recording_id FROM recordings WHERE segment_id = ?1 AND track = ?2";
            let recording_id = reader
                .query_row(sql, [segment, i64::from(track)], |row| row.get(0))
                .map_err(|source| self.error(source))?;
            return Err(CatalogError::Dangling { recording_id, track, segment });
        }
        if self.in_turns {
            index = index.in_turns();
        }
        let records = Records {
            connection: Mutex::new(reader),
            database: self.database.clone(),
            config: self.config,
            segments,
            failed: OnceLock::new(),
        };
        let index_digest = crate::base::digest(manifest.to_text().as_bytes());
        let records = Arc::new(records);
        Ok((Snapshot { index, records, index_digest, neutral, findable }, kit))
    }
}

/// Visits the tracks that have a record. Returns segment and track of a record whose track does not exist, if there is one.
fn living(
    reader: &Connection,
    manifest: &Manifest,
    segments: &[(u64, u32)],
    mut visit: impl FnMut(TrackId),
) -> rusqlite::Result<Option<(i64, u32)>> {
    // Covered by an index of the database, so the table itself is not read.
    let mut statement = reader.prepare("SELECT segment_id, track FROM recordings")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (segment, track): (i64, u32) = (row.get(0)?, row.get(1)?);
        let at = segments.iter().position(|(id, _)| *id as i64 == segment);
        match at.filter(|at| track < manifest.segments[*at].tracks) {
            Some(at) => visit(TrackId(segments[at].1 + track)),
            None => return Ok(Some((segment, track))),
        }
    }
    Ok(None)
}

impl Snapshot {
    /// The recording of a track; `None` if it was removed. Also `None` if the database cannot be read, which
    /// [`Snapshot::damage`] reports from then on.
    pub fn recording(&self, track: TrackId) -> Option<Recording> {
        self.records.get(track)
    }

    /// Whether a track is a neutral reference: it is never a finding, and what it explains of an item is no evidence for any
    /// recording.
    pub fn neutral(&self, track: TrackId) -> bool {
        self.neutral.tracks.contains(&track)
    }

    /// The masked stretches of a recording in seconds, sorted and disjoint.
    pub fn masks(&self, track: TrackId) -> &[(f64, f64)] {
        self.neutral.masks.get(&track).map_or(&[], Vec::as_slice)
    }

    /// Label, releases and rights of a recording, or of an entry without audio. `None` as for [`Snapshot::recording`].
    pub(crate) fn work(&self, recording_id: &str) -> Option<Work> {
        self.records.work(recording_id)
    }

    /// The records; they may outlive the snapshot.
    pub fn records(&self) -> Arc<Records> {
        Arc::clone(&self.records)
    }

    /// The first error of reading index or records since the snapshot was taken. If there is one, the results of searches are
    /// not reliable.
    pub fn damage(&self) -> Option<CatalogError> {
        let index = self.index.damage().map(CatalogError::from);
        index.or_else(|| {
            let what = self.records.failed.get()?.clone();
            Some(CatalogError::Records { path: self.records.database.clone(), what })
        })
    }

    /// SHA-256 over everything that a finding can show, independent of the order in which it was added. Runs with the same
    /// digest have the same results. Reads all records.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn digest(&self) -> Result<String, CatalogError> {
        self.digest_of(|_| {})
    }

    /// As [`Snapshot::digest`], but without the paths of the label's files: the same files with the same entries give the same
    /// digest on any machine.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn portable_digest(&self) -> Result<String, CatalogError> {
        self.digest_of(|recording| recording.path.clear())
    }

    /// SHA-256 of the manifest that lists the segments. It identifies the index, and depends on the order in which files were
    /// added.
    pub fn index_digest(&self) -> &str {
        &self.index_digest
    }

    fn digest_of(&self, change: impl Fn(&mut Recording)) -> Result<String, CatalogError> {
        // A sum of hashes does not depend on the order: sorting a million records would take a million seeks.
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
        // The notes of masks change no finding.
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

    /// Number of recordings that can be found, neutral references excluded.
    pub fn len(&self) -> usize {
        self.findable
    }

    /// Whether there is no recording that can be found.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Catalog, Entry, LogLine, Made};
    use crate::signal::fingerprint::FingerprintConfig;
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
    fn entries_are_visited_up_to_the_first_that_is_damaged() {
        let home = tempfile::tempdir().unwrap();
        let catalog = catalog(&home, &[]);
        let sql = r#"INSERT INTO entries VALUES ('a', '{"entry_id":"a"}'), ('b', 'x'), ('c', '{"entry_id":"c"}')"#;
        catalog.connection.execute(sql, []).unwrap();
        let snapshot = catalog.snapshot().unwrap();
        let mut visited = Vec::new();
        let mut visit = |entry: &Entry| visited.push(entry.entry_id.clone());
        let read = snapshot.records.each_without_audio(&mut visit);
        assert!(matches!(read, Err(CatalogError::Entry { .. })), "{read:?}");
        assert_eq!(visited, ["a"]);
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
