//! Changing the catalogue: one writer, one transaction a change.
//!
//! A change writes its segments first, then the manifest of the next generation, each under a temporary name,
//! synced and renamed; last it changes the records and names that generation, in one transaction of the database.
//! So the database is the authority: each file that it names is on disk and whole, and any other file is ignored and deleted
//! by the next change. Readers that have opened a segment keep it until they end.

use std::fs;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::lock::WriteLock;
use super::recordings::insert;
use super::{Catalog, CatalogError, LogLine, MakeLine, Recording};
use crate::index::{Listed, Manifest, MergeError, MergeInput, SegmentBuilder, SegmentInfo, merge};
use crate::wording::counted;

/// Segments of one size class that are merged into one of the next. A guess between writing each posting often and asking
/// many segments for each hash.
const MERGED_AT_ONCE: usize = 8;
/// Upper bound of the smallest size class; each further class is eight times as large. A guess.
const SMALLEST_BYTES: u64 = 8 << 20;

/// What [`Catalog::compact`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Compacted {
    /// Segments before, and after.
    pub segments: (usize, usize),
    /// Bytes of them before, and after.
    pub bytes: (u64, u64),
    /// Tracks of removed recordings that were dropped.
    pub dropped: u64,
}

/// What [`Catalog::remove`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Removed {
    /// Recordings that were removed.
    pub recordings: usize,
    /// Entries that were removed; the recordings that are their audio stay.
    pub entries: usize,
}

impl Catalog {
    /// Removes recordings and entries by their ids, and logs it.
    ///
    /// The tracks of the recordings stay in their segments, dead, until a merge; a segment without a live track is dropped at
    /// once. The recordings that are the audio of a removed entry stay.
    ///
    /// # Errors
    ///
    /// If another program is changing the catalogue, or the database cannot be written.
    pub fn remove(
        &mut self,
        recording_ids: &[String],
        entry_ids: &[String],
        log: MakeLine,
    ) -> Result<Removed, CatalogError> {
        let lock = self.lock()?;
        self.change(&lock, |transaction, manifest| {
            let mut removed = Removed::default();
            let mut gone = Vec::new();
            let sql = "DELETE FROM recordings WHERE recording_id = ?1";
            for id in recording_ids {
                if transaction.prepare_cached(sql)?.execute([id])? > 0 {
                    removed.recordings += 1;
                    gone.push(id.as_str());
                }
            }
            for id in entry_ids {
                if super::entries::remove(transaction, id)? {
                    removed.entries += 1;
                    gone.push(id);
                }
            }
            if !gone.is_empty() {
                let Removed { recordings, entries } = removed;
                let detail =
                    format!("{recordings} recordings, {entries} entries: {}", gone.join(", "));
                super::log::append(transaction, &log(detail))?;
            }
            let mut used = Vec::new();
            for listed in &manifest.segments {
                used.push(living(transaction, listed)? > 0);
            }
            let mut used = used.into_iter();
            manifest.segments.retain(|_| used.next().unwrap_or(true));
            Ok(removed)
        })
    }

    /// Merges all segments into one, without the tracks of removed recordings, and logs it.
    ///
    /// # Errors
    ///
    /// If another program is changing the catalogue, a segment is damaged, or the new one cannot be written. The catalogue is
    /// unchanged then.
    pub fn compact(&mut self, log: MakeLine) -> Result<Compacted, CatalogError> {
        let lock = self.lock()?;
        self.sweep(&lock)?;
        let before = self.manifest()?.segments;
        let mut alive = 0;
        for listed in &before {
            alive += living(&self.connection, listed).map_err(|source| self.error(source))?;
        }
        let tracks: u64 = before.iter().map(|l| u64::from(l.tracks)).sum();
        let dropped = tracks - alive;
        if before.len() > 1 || dropped > 0 {
            let line = || {
                let detail = format!(
                    "{} merged, {} of removed recordings dropped",
                    counted(before.len() as u64, "segment"),
                    counted(dropped, "track")
                );
                log(detail)
            };
            self.merge_segments(&before, &lock, Some(&line))?;
        }
        let after = self.manifest()?.segments;
        let bytes = |segments: &[Listed]| segments.iter().map(|l| l.bytes).sum();
        Ok(Compacted {
            segments: (before.len(), after.len()),
            bytes: (bytes(&before), bytes(&after)),
            dropped,
        })
    }

    /// Writes a segment; then, in one transaction, the recordings whose tracks it holds, in the same order, and the line of
    /// the log.
    pub(super) fn commit(
        &mut self,
        builder: SegmentBuilder,
        recordings: &[Recording],
        lock: &WriteLock,
        log: Option<MakeLine>,
    ) -> Result<(), CatalogError> {
        let id = self.manifest()?.next_id;
        let info = self.write_file(&Listed::new(id, &SegmentInfo::default()).file(), |out| {
            builder.write(out).map_err(MergeError::Write)
        })?;
        self.change(lock, |transaction, manifest| {
            manifest.next_id += 1;
            manifest.segments.push(Listed::new(id, &info));
            for (track, recording) in recordings.iter().enumerate() {
                insert(transaction, id, track as u32, recording)?;
            }
            if let (Some(log), Some(first)) = (log, recordings.first()) {
                let (count, first) = (recordings.len(), &first.recording_id);
                let what = if recordings[0].neutral { "neutral references" } else { "recordings" };
                let detail = format!("{count} {what} added, the first is {first}");
                super::log::append(transaction, &log(detail))?;
            }
            Ok(())
        })
    }

    /// Merges segments until there are fewer than [`MERGED_AT_ONCE`] of each size class, and none of which more than half is
    /// dead: each segment costs a look-up of every hash.
    pub(super) fn merge_what_is_due(&mut self, lock: &WriteLock) -> Result<(), CatalogError> {
        self.sweep(lock)?;
        loop {
            let segments = self.manifest()?.segments;
            let mut alive = Vec::new();
            for listed in &segments {
                alive.push(living(&self.connection, listed).map_err(|s| self.error(s))?);
            }
            let Some(due) = due(&segments, &alive) else { return Ok(()) };
            self.merge_segments(&due, lock, None)?;
        }
    }

    /// Replaces several segments by one. The recordings stay the same, so it is logged only if a person asked for it.
    fn merge_segments(
        &mut self,
        old: &[Listed],
        lock: &WriteLock,
        log: Option<&dyn Fn() -> LogLine>,
    ) -> Result<(), CatalogError> {
        let mut inputs = Vec::new();
        for listed in old {
            let segment = self.open_segment(listed)?;
            let mut alive = vec![false; segment.track_count()];
            self.each_living(listed, |track| {
                if let Some(alive) = alive.get_mut(track as usize) {
                    *alive = true;
                }
            })
            .map_err(|source| self.error(source))?;
            inputs.push(MergeInput { segment, alive });
        }
        let id = self.manifest()?.next_id;
        let config_digest = self.config.digest();
        let info = self.write_file(&Listed::new(id, &SegmentInfo::default()).file(), |out| {
            merge(&inputs, config_digest, out)
        })?;
        self.change(lock, |transaction, manifest| {
            manifest.next_id += 1;
            manifest.segments.retain(|listed| old.iter().all(|o| o.id != listed.id));
            if info.tracks > 0 {
                manifest.segments.push(Listed::new(id, &info));
            }
            let sql = "UPDATE recordings SET segment_id = ?1, track = ?2
                       WHERE segment_id = ?3 AND track = ?4";
            let mut update = transaction.prepare(sql)?;
            let mut moved_to = 0;
            for (listed, input) in old.iter().zip(&inputs) {
                for (track, _) in input.alive.iter().enumerate().filter(|(_, alive)| **alive) {
                    update.execute(params![id as i64, moved_to, listed.id as i64, track as i64])?;
                    moved_to += 1;
                }
            }
            if let Some(log) = log {
                super::log::append(transaction, &log())?;
            }
            Ok(())
        })
    }

    /// Visits the live tracks of a segment.
    fn each_living(&self, listed: &Listed, mut visit: impl FnMut(u32)) -> rusqlite::Result<()> {
        let sql = "SELECT track FROM recordings WHERE segment_id = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([listed.id as i64])?;
        while let Some(row) = rows.next()? {
            visit(row.get(0)?);
        }
        Ok(())
    }

    /// Changes records and manifest in one transaction, then deletes the files that are named no more.
    fn change<T>(
        &mut self,
        lock: &WriteLock,
        change: impl FnOnce(&Transaction, &mut Manifest) -> rusqlite::Result<T>,
    ) -> Result<T, CatalogError> {
        let old = self.manifest()?;
        let result = self.try_change(&old, change);
        // Also after a failure: the segments that were written for it are of no use.
        let swept = self.sweep(lock);
        let value = result?;
        swept?;
        Ok(value)
    }

    fn try_change<T>(
        &self,
        old: &Manifest,
        change: impl FnOnce(&Transaction, &mut Manifest) -> rusqlite::Result<T>,
    ) -> Result<T, CatalogError> {
        let error = |source| self.error(source);
        let transaction =
            Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)
                .map_err(error)?;
        let mut manifest = old.clone();
        let value = change(&transaction, &mut manifest).map_err(error)?;
        if manifest != *old {
            manifest.generation += 1;
            self.write_manifest(&manifest)?;
            let sql = "UPDATE facts SET value = ?1 WHERE name = 'manifest'";
            transaction.execute(sql, [manifest.generation.to_string()]).map_err(error)?;
        }
        transaction.commit().map_err(error)?;
        Ok(value)
    }

    /// Deletes the files of the index that the database does not name, as a change or one that was interrupted leaves them.
    pub(super) fn sweep(&self, _lock: &WriteLock) -> Result<(), CatalogError> {
        let manifest = self.manifest()?;
        let folder = self.segments_folder();
        let write = |source| CatalogError::Write { path: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(write)? {
            let entry = entry.map_err(write)?;
            if !is_live(&manifest, &entry.file_name()) {
                fs::remove_file(entry.path()).map_err(write)?;
            }
        }
        Ok(())
    }
}

/// Whether a file of this name is part of the index.
pub(super) fn is_live(manifest: &Manifest, name: &std::ffi::OsStr) -> bool {
    name == Manifest::file(manifest.generation).as_str()
        || manifest.segments.iter().any(|listed| name == listed.file().as_str())
}

/// Number of recordings whose track is in a segment.
pub(super) fn living(connection: &Connection, listed: &Listed) -> rusqlite::Result<u64> {
    let sql = "SELECT count(*) FROM recordings WHERE segment_id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_row([listed.id as i64], |row| row.get::<_, i64>(0)).map(|n| n as u64)
}

/// The segments to merge next: those of the smallest full size class, else one of which more than half is dead.
/// `alive` has the number of live tracks of each segment.
fn due(segments: &[Listed], alive: &[u64]) -> Option<Vec<Listed>> {
    let level =
        |listed: &Listed| (listed.bytes / SMALLEST_BYTES).checked_ilog2().map_or(0, |l| 1 + l / 3);
    let levels = segments.iter().map(level).max()?;
    let many = (0..=levels)
        .map(|of| segments.iter().copied().filter(|l| level(l) == of).collect::<Vec<_>>())
        .find(|same| same.len() >= MERGED_AT_ONCE);
    many.or_else(|| {
        let mut pairs = segments.iter().zip(alive);
        let dead = pairs.find(|(listed, alive)| 2 * **alive < u64::from(listed.tracks))?;
        Some(vec![*dead.0])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(id: u64, bytes: u64) -> Listed {
        Listed { id, bytes, tracks: 10, header_crc32: 0 }
    }

    #[test]
    fn eight_of_one_size_are_merged_the_smallest_first() {
        let small = |id| listed(id, 100);
        let large = |id| listed(id, 20 << 20);
        let segments: Vec<Listed> = (0..9).map(large).chain((9..17).map(small)).collect();
        let alive = vec![10; segments.len()];
        let ids =
            |due: Option<Vec<Listed>>| due.map(|d| d.iter().map(|l| l.id).collect::<Vec<_>>());
        assert_eq!(ids(due(&segments, &alive)), Some((9..17).collect()));
        assert_eq!(ids(due(&segments[..9], &alive)), Some((0..9).collect()));
        assert_eq!(ids(due(&segments[2..16], &alive)), None);
        assert_eq!(due(&[], &[]), None);
    }

    #[test]
    fn a_segment_of_which_more_than_half_is_dead_is_written_again() {
        let segments = [listed(1, 100), listed(2, 100)];
        assert_eq!(due(&segments, &[10, 5]), None);
        assert_eq!(due(&segments, &[10, 4]), Some(vec![segments[1]]));
    }
}
