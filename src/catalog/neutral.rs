//! Material that is not the label's alone: neutral references, and masked stretches of its recordings.
//!
//! A neutral reference (a loop, a drum kit, a sound effect, a test tone, a licensed sample) is in the index as any recording
//! is, and its record says that it is neutral. It is never a finding: whatever it explains of an item is removed before the
//! recordings are judged. A mask does the same for a stretch of a recording, given by its times.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::{Catalog, CatalogError, MakeLine, Recording};
use crate::index::TrackId;
use crate::wording::clock;

/// Seconds by which a mask may end after its recording, and is cut there: people read lengths that are rounded to tenths.
const SLACK_SECONDS: f64 = 0.1;

/// A stretch of a recording that is no evidence for it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Mask {
    /// Id of the recording.
    pub recording_id: String,
    /// Start in the recording.
    pub start_seconds: f64,
    /// End in the recording.
    pub end_seconds: f64,
    /// The reason for the mask, as a person wrote it.
    pub note: String,
}

impl Recording {
    /// Makes a mask of this recording from a text such as `0:12-0:20`, `1:02:03.5-1:02:08` or `12.5-20`.
    ///
    /// # Errors
    ///
    /// One line on what is wrong with the text.
    pub fn mask(&self, text: &str, note: &str) -> Result<Mask, String> {
        let id = &self.recording_id;
        if self.neutral {
            return Err(format!(
                "{id} is a neutral reference as a whole: there is nothing to mask"
            ));
        }
        let Some((from, to)) = stretch(text) else {
            return Err(format!(
                "{text:?} is not a stretch of time; write FROM-TO, such as 0:12-0:20 or 12.5-20"
            ));
        };
        let end = self.duration_seconds;
        let seconds = |seconds: f64| (seconds * 1_000.0).round() / 1_000.0;
        if from.min(to) < 0.0 {
            return Err(format!(
                "{text:?} names {}, but a recording begins at 0",
                clock(from.min(to))
            ));
        }
        if from >= to {
            return Err(format!(
                "{text:?} ends at {}, not after its start at {}; write FROM-TO",
                clock(to),
                clock(from)
            ));
        }
        if to > end + SLACK_SECONDS {
            return Err(format!(
                "{text:?} ends at {}, after the end of the recording {id} at {}",
                clock(to),
                clock(end)
            ));
        }
        let (start_seconds, end_seconds) = (seconds(from), seconds(to.min(end)));
        if start_seconds >= end_seconds {
            return Err(format!(
                "{text:?} begins at {}, not before the end of the recording {id} at {}",
                clock(from),
                clock(end)
            ));
        }
        Ok(Mask { recording_id: id.clone(), start_seconds, end_seconds, note: note.to_owned() })
    }
}

/// Reads `FROM-TO`, and returns both in seconds.
fn stretch(text: &str) -> Option<(f64, f64)> {
    // Office programs replace a hyphen by a dash. A first hyphen is a sign: a negative time gets a message of its own.
    let text = text.trim().replace('–', "-");
    let (at, _) = text.char_indices().skip(1).find(|(_, letter)| *letter == '-')?;
    Some((seconds(text[..at].trim())?, seconds(text[at + 1..].trim())?))
}

/// Reads `h:mm:ss.s`, `mm:ss` or seconds, with or without a minus sign.
fn seconds(text: &str) -> Option<f64> {
    let (sign, text) = text.strip_prefix('-').map_or((1.0, text), |rest| (-1.0, rest));
    let parts: Vec<&str> = text.split(':').collect();
    let mut sum = 0.0;
    for (at, part) in parts.iter().enumerate() {
        let is_last = at + 1 == parts.len();
        let digits = if is_last { part.replacen('.', "", 1) } else { (*part).to_owned() };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let value: f64 = part.parse().ok()?;
        // The first part may be larger: `90` seconds, `75:00` minutes.
        if at > 0 && value >= 60.0 {
            return None;
        }
        sum = 60.0 * sum + value;
    }
    (parts.len() <= 3).then_some(sign * sum)
}

/// Sorts stretches, and joins those that overlap or are at most `gap` apart.
pub(crate) fn joined(mut stretches: Vec<(f64, f64)>, gap: f64) -> Vec<(f64, f64)> {
    stretches.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut joined: Vec<(f64, f64)> = Vec::new();
    for (from, to) in stretches {
        match joined.last_mut() {
            Some(last) if from <= last.1 + gap => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}

/// The neutral tracks and masked stretches of a snapshot.
#[derive(Debug, Default)]
pub(super) struct Neutral {
    /// Tracks of neutral references.
    pub(super) tracks: BTreeSet<TrackId>,
    /// Masked stretches of other tracks, in seconds, sorted and disjoint.
    pub(super) masks: BTreeMap<TrackId, Vec<(f64, f64)>>,
}

impl Neutral {
    /// Reads them from the database. `segments` has the number and first track of each segment.
    pub(super) fn read(reader: &Connection, segments: &[(u64, u32)]) -> rusqlite::Result<Self> {
        let place = |segment: i64, track: u32| {
            let of = segments.iter().find(|(id, _)| *id as i64 == segment);
            of.map(|(_, first)| TrackId(first + track))
        };
        let mut neutral = Self::default();
        // Covered by an index of the database, so the table itself is not read.
        let sql = "SELECT segment_id, track FROM recordings WHERE neutral = 1";
        let mut statement = reader.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            neutral.tracks.extend(place(row.get(0)?, row.get(1)?));
        }
        let sql = "SELECT r.segment_id, r.track, m.start_seconds, m.end_seconds
                   FROM masks m JOIN recordings r ON r.recording_id = m.recording_id";
        let mut statement = reader.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(track) = place(row.get(0)?, row.get(1)?) {
                neutral.masks.entry(track).or_default().push((row.get(2)?, row.get(3)?));
            }
        }
        for masks in neutral.masks.values_mut() {
            *masks = joined(std::mem::take(masks), 0.0);
        }
        Ok(neutral)
    }
}

impl Catalog {
    /// All masks, sorted by recording and start.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn masks(&self) -> Result<Vec<Mask>, CatalogError> {
        let sql = "SELECT recording_id, start_seconds, end_seconds, note FROM masks
                   ORDER BY recording_id, start_seconds, end_seconds";
        let read = || {
            let mut statement = self.connection.prepare(sql)?;
            let rows = statement.query_map([], |row| {
                Ok(Mask {
                    recording_id: row.get(0)?,
                    start_seconds: row.get(1)?,
                    end_seconds: row.get(2)?,
                    note: row.get(3)?,
                })
            })?;
            rows.collect::<rusqlite::Result<_>>()
        };
        read().map_err(|source| self.error(source))
    }

    /// Adds or removes masks, logs each, and returns those that changed anything.
    ///
    /// # Errors
    ///
    /// If another program is changing the catalogue, or the database cannot be written. Nothing is changed then.
    pub fn mask(
        &self,
        masks: &[Mask],
        add: bool,
        log: MakeLine,
    ) -> Result<Vec<Mask>, CatalogError> {
        let _lock = self.lock()?;
        (|| {
            let transaction =
                Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            let mut changed = Vec::new();
            for mask in masks {
                let Mask { recording_id, start_seconds, end_seconds, note } = mask;
                let rows = if add {
                    // The recording may have been removed since.
                    let sql = "INSERT INTO masks SELECT recording_id, ?2, ?3, ?4 FROM recordings
                               WHERE recording_id = ?1 AND neutral = 0
                               ON CONFLICT DO UPDATE SET note = excluded.note WHERE note <> excluded.note";
                    let row = params![recording_id, start_seconds, end_seconds, note];
                    transaction.execute(sql, row)?
                } else {
                    let sql = "DELETE FROM masks
                               WHERE recording_id = ?1 AND start_seconds = ?2 AND end_seconds = ?3";
                    transaction.execute(sql, params![recording_id, start_seconds, end_seconds])?
                };
                if rows > 0 {
                    let (from, to) = (clock(*start_seconds), clock(*end_seconds));
                    let detail = format!("{recording_id} {from} to {to} {note}");
                    super::log::append(&transaction, &log(detail.trim_end().to_owned()))?;
                    changed.push(mask.clone());
                }
            }
            transaction.commit()?;
            Ok(changed)
        })()
        .map_err(|source| self.error(source))
    }

    /// Number of neutral references.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn count_neutral(&self) -> Result<u64, CatalogError> {
        let sql = "SELECT count(*) FROM recordings WHERE neutral = 1";
        self.connection
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .map(i64::unsigned_abs)
            .map_err(|source| self.error(source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, expected) in [
            ("0:12-0:20", Some((12.0, 20.0))),
            ("12.5-20", Some((12.5, 20.0))),
            ("1:02:03.5-1:02:08", Some((3_723.5, 3_728.0))),
            ("90-2:00", Some((90.0, 120.0))),
            ("0:12–0:20", Some((12.0, 20.0))),
            ("0:12 - 0:20", Some((12.0, 20.0))),
            // As `clock` writes them.
            ("0:00:12.0-0:00:20.5", Some((12.0, 20.5))),
            ("-0:05-0:10", Some((-5.0, 10.0))),
            ("0:05--0:10", Some((5.0, -10.0))),
            ("0:12", None),
            ("0:12-", None),
            ("-", None),
            ("", None),
            ("0:75-0:80", None),
            ("1:2:3:4-5", None),
            ("1e3-2e3", None),
            ("inf-nan", None),
            ("12.5.1-20", None),
            ("0:1.5:2-9", None),
        ] {
            assert_eq!(stretch(text), expected, "{text:?}");
        }
    }

    #[test]
    fn stretches_that_touch_are_one() {
        let stretches = vec![(5.0, 9.0), (0.0, 2.0), (2.0, 3.0), (6.0, 7.0), (9.5, 12.0)];
        assert_eq!(joined(stretches.clone(), 0.0), [(0.0, 3.0), (5.0, 9.0), (9.5, 12.0)]);
        assert_eq!(joined(stretches, 0.5), [(0.0, 3.0), (5.0, 12.0)]);
        assert_eq!(joined(Vec::new(), 1.0), []);
    }
}
