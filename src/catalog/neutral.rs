//! What is not the label's alone: neutral references, and stretches of its recordings that are masked.
//!
//! A neutral reference (a loop, a drum kit, a sound effect, a test tone, a licensed sample) is in the index as any recording
//! is, and its record says what it is. It is never a finding: what it explains of an item is taken out before a recording is
//! judged. A mask says the same of a stretch of a recording, by its times.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::{Catalog, CatalogError, MakeLine, Recording};
use crate::index::TrackId;
use crate::wording::clock;

/// A mask may end so much behind its recording, in seconds, and is cut there: lengths are shown in tenths.
const SLACK_SECONDS: f64 = 0.1;

/// A stretch of a recording that speaks for nothing.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Mask {
    /// The recording.
    pub recording_id: String,
    /// Where it begins.
    pub start_seconds: f64,
    /// Where it ends.
    pub end_seconds: f64,
    /// Why it is masked.
    pub note: String,
}

impl Recording {
    /// A mask of this recording, of a text such as `0:12-0:20`, `1:02:03.5-1:02:08` or `12.5-20`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in one line.
    pub fn mask(&self, text: &str, note: &str) -> Result<Mask, String> {
        let id = &self.recording_id;
        if self.neutral {
            return Err(format!(
                "{id} is a neutral reference, all of it: there is nothing to mask"
            ));
        }
        let Some((from, to)) = stretch(text) else {
            return Err(format!(
                "{text:?} is no stretch of time; write FROM-TO, such as 0:12-0:20 or 12.5-20"
            ));
        };
        let end = self.duration_seconds;
        let seconds = |seconds: f64| (seconds * 1_000.0).round() / 1_000.0;
        if from.min(to) < 0.0 {
            return Err(format!(
                "{text:?} names {}, and a recording begins at 0",
                clock(from.min(to))
            ));
        }
        if from >= to {
            return Err(format!(
                "{text:?} ends at {}, where it begins or before ({}); write FROM-TO",
                clock(to),
                clock(from)
            ));
        }
        if to > end + SLACK_SECONDS {
            return Err(format!(
                "{text:?} ends at {}, and the recording {id} at {}",
                clock(to),
                clock(end)
            ));
        }
        let (start_seconds, end_seconds) = (seconds(from), seconds(to.min(end)));
        if start_seconds >= end_seconds {
            return Err(format!(
                "{text:?} begins at {}, where the recording {id} ends ({})",
                clock(from),
                clock(end)
            ));
        }
        Ok(Mask { recording_id: id.clone(), start_seconds, end_seconds, note: note.to_owned() })
    }
}

/// `FROM-TO` in seconds.
fn stretch(text: &str) -> Option<(f64, f64)> {
    // Office programs make a dash of the hyphen. The first may be the sign of a time, so that the trouble can be named.
    let text = text.trim().replace('–', "-");
    let (at, _) = text.char_indices().skip(1).find(|(_, letter)| *letter == '-')?;
    Some((seconds(text[..at].trim())?, seconds(text[at + 1..].trim())?))
}

/// `h:mm:ss.s`, `mm:ss` or seconds.
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
        // Minutes and seconds; what stands first may be as large as it is.
        if at > 0 && value >= 60.0 {
            return None;
        }
        sum = 60.0 * sum + value;
    }
    (parts.len() <= 3).then_some(sign * sum)
}

/// Stretches that overlap, or lie no more than `gap` apart, as one; sorted.
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

/// What is neutral of the tracks of a snapshot.
#[derive(Debug, Default)]
pub(super) struct Neutral {
    /// Tracks that are neutral as a whole.
    pub(super) tracks: BTreeSet<TrackId>,
    /// Masked stretches of the others in seconds; sorted, and apart.
    pub(super) masks: BTreeMap<TrackId, Vec<(f64, f64)>>,
}

impl Neutral {
    /// Reads it; `segments` are number and first track of each.
    pub(super) fn read(reader: &Connection, segments: &[(u64, u32)]) -> rusqlite::Result<Self> {
        let place = |segment: i64, track: u32| {
            let of = segments.iter().find(|(id, _)| *id as i64 == segment);
            of.map(|(_, first)| TrackId(first + track))
        };
        let mut neutral = Self::default();
        // Both stand in an index of the database.
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
    /// The masks, by recording and start.
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

    /// Adds masks, or takes them away, and logs each; returns those that changed anything.
    ///
    /// # Errors
    ///
    /// If another program is changing the catalogue, or the database cannot be written; then none of them is.
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
                    // The recording may have been removed meanwhile.
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
            // What `clock` shows.
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
