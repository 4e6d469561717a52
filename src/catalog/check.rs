//! Checks that a catalogue is intact: every checksum, every list and track, and that records and index agree.

use std::fs;
use std::path::Path;

use super::change::is_live;
use super::{Catalog, CatalogError};
use crate::index::{IndexError, Manifest, Segment};

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// Number of recordings in the database, neutral references included.
    pub recordings: u64,
    /// Number of neutral references.
    pub neutral: u64,
    /// Number of segments in the manifest.
    pub segments: usize,
    /// Bytes of the segments that could be read.
    pub bytes: u64,
    /// What is wrong, one line each with the remedy.
    pub problems: Vec<String>,
    /// Number of files that an interrupted change left; the next change deletes them.
    pub leftovers: usize,
}

impl Catalog {
    /// Reads all of the catalogue: every checksum, every list and track of every segment, every record.
    ///
    /// # Errors
    ///
    /// If the database cannot be read at all. Damage to its content is in [`Checked::problems`].
    pub fn check(&self) -> Result<Checked, CatalogError> {
        // No segment may be replaced during the check.
        let _lock = self.lock()?;
        let error = |source| self.error(source);
        let mut checked = Checked::default();
        for line in self.sqlite_problems().map_err(error)? {
            checked.problems.push(format!(
                "the database {} is damaged ({line}): restore it from a copy",
                self.database.display()
            ));
        }
        let generation = Self::generation(&self.connection).map_err(error)?;
        let manifest = match self.read_manifest(generation) {
            Ok(manifest) => manifest,
            Err(problem) => {
                checked.problems.push(told(&problem));
                return Ok(checked);
            }
        };
        checked.segments = manifest.segments.len();
        for listed in &manifest.segments {
            match self.open_segment(listed).and_then(|s| s.check().map(|()| s)) {
                Ok(segment) => {
                    checked.bytes += segment.info().bytes;
                    self.check_records(listed.id, &segment, &mut checked.problems)
                        .map_err(error)?;
                }
                Err(problem) => checked.problems.push(told(&problem)),
            }
        }
        self.check_numbers(&manifest, &mut checked).map_err(error)?;
        self.check_masks(&mut checked.problems).map_err(error)?;
        checked.leftovers = leftovers(&manifest, &self.segments_folder())?;
        Ok(checked)
    }

    fn sqlite_problems(&self) -> rusqlite::Result<Vec<String>> {
        let mut statement = self.connection.prepare("PRAGMA integrity_check(10)")?;
        let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
        lines.filter(|line| line.as_ref().map_or(true, |line| line != "ok")).collect()
    }

    /// Checks that each recording of a segment names a track of it, and that this has the recording's length.
    fn check_records(
        &self,
        id: u64,
        segment: &Segment,
        problems: &mut Vec<String>,
    ) -> rusqlite::Result<()> {
        let sql = "SELECT recording_id, track, duration_seconds FROM recordings
                   WHERE segment_id = ?1 ORDER BY track";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([id as i64])?;
        while let Some(row) = rows.next()? {
            let (recording, track): (String, u32) = (row.get(0)?, row.get(1)?);
            let seconds: f64 = row.get(2)?;
            let frames = (seconds * self.config.frames_per_second()).round();
            let kept = segment.frames(crate::index::TrackId(track));
            if track as usize >= segment.track_count() {
                problems.push(format!(
                    "the recording {recording} names track {track} of segment {id}, which has {}: \
                     remove it and add its file again",
                    segment.track_count()
                ));
            } else if (f64::from(kept) - frames).abs() > 1.0 {
                problems.push(format!(
                    "the recording {recording} is {frames} frames long, track {track} of segment {id} \
                     is {kept}: remove it and add its file again"
                ));
            }
        }
        Ok(())
    }

    /// Checks that every recording is in a segment that the manifest lists, and counts them.
    fn check_numbers(&self, manifest: &Manifest, checked: &mut Checked) -> rusqlite::Result<()> {
        let sql = "SELECT segment_id, count(*), min(recording_id), sum(neutral) FROM recordings
                   GROUP BY segment_id ORDER BY segment_id";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (id, count): (i64, i64) = (row.get(0)?, row.get(1)?);
            let first: String = row.get(2)?;
            checked.recordings += count as u64;
            checked.neutral += row.get::<_, i64>(3)? as u64;
            if manifest.segments.iter().all(|listed| listed.id as i64 != id) {
                checked.problems.push(format!(
                    "{count} recordings, {first} among them, name segment {id}, which the manifest \
                     does not: remove them and add their files again"
                ));
            }
        }
        Ok(())
    }

    /// Checks that every mask lies inside a recording of the label.
    fn check_masks(&self, problems: &mut Vec<String>) -> rusqlite::Result<()> {
        let sql = "SELECT m.recording_id, m.start_seconds, m.end_seconds, r.duration_seconds FROM masks m
                   LEFT JOIN recordings r ON r.recording_id = m.recording_id AND r.neutral = 0
                   WHERE r.recording_id IS NULL OR m.start_seconds < 0 OR m.end_seconds <= m.start_seconds
                       OR m.end_seconds > r.duration_seconds + 0.001
                   ORDER BY m.recording_id, m.start_seconds";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (id, from, to): (String, f64, f64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let length: Option<f64> = row.get(3)?;
            let why = length.map_or_else(
                || "which is not a recording of the label".to_owned(),
                |length| format!("which is {length} s long"),
            );
            problems.push(format!(
                "a mask from {from} to {to} s is of {id}, {why}: restore the catalogue from a copy, or remove {id} and \
                 add its file again"
            ));
        }
        Ok(())
    }
}

/// An error and its cause in one line.
fn told(error: &IndexError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// Number of files in the folder of segments that are not part of the index.
fn leftovers(manifest: &Manifest, folder: &Path) -> Result<usize, CatalogError> {
    let read = |source| CatalogError::Write { path: folder.into(), source };
    let mut found = 0;
    for entry in fs::read_dir(folder).map_err(read)? {
        found += usize::from(!is_live(manifest, &entry.map_err(read)?.file_name()));
    }
    Ok(found)
}
