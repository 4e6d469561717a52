//! Changing the catalogue: one writer, one transaction a change.
//!
//! A change writes its segments first, then the manifest of the next generation, each under a temporary name,
//! synced and renamed; last it changes the records and names that generation, in one transaction of the database.
//! So the database is the authority: what it names is on disk, whole, and what it does not name does not
//! count and is swept away by the next change. Readers that have opened a segment keep it until they end.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::lock::WriteLock;
use super::rows::insert;
use super::store::private;
use super::{Catalog, CatalogError, LogLine, MakeLine, Recording};
use crate::index::{Listed, Manifest, MergeError, MergeInput, SegmentBuilder, SegmentInfo, merge};

/// So many segments of about one size are merged into one of the next size.
const MERGED_AT_ONCE: usize = 8;
/// Sizes are told apart by factors of eight, from 8 MiB on.
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
    /// Recordings that are gone.
    pub recordings: usize,
    /// Entries that are gone; their audio stays.
    pub entries: usize,
}

impl Catalog {
    /// Removes recordings and entries by their ids, and logs it. The tracks of recordings stay in their segments, unused,
    /// until a merge; a segment without a recording goes at once. The audio of entries stays.
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
    /// If another program is changing the catalogue, a segment is damaged, or the new one cannot be written; then
    /// all is as it was.
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
                    "{} segments merged, {dropped} tracks of removed recordings dropped",
                    before.len()
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

    /// Writes a segment and, in one transaction, the recordings that are its tracks, in order, and the line of the log.
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

    /// Merges segments until there are fewer than [`MERGED_AT_ONCE`] of each size, and none that is dead by half:
    /// each costs a look-up of every hash.
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

    /// Puts one segment in the place of several. Which recordings there are does not change by it: it is logged where
    /// somebody asked for it.
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

    fn each_living(&self, listed: &Listed, mut visit: impl FnMut(u32)) -> rusqlite::Result<()> {
        let sql = "SELECT track FROM recordings WHERE segment_id = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([listed.id as i64])?;
        while let Some(row) = rows.next()? {
            visit(row.get(0)?);
        }
        Ok(())
    }

    /// The manifest that counts.
    pub(super) fn manifest(&self) -> Result<Manifest, CatalogError> {
        let generation = Self::generation(&self.connection).map_err(|source| self.error(source))?;
        Ok(self.read_manifest(generation)?)
    }

    /// Changes records and manifest in one step, then sweeps.
    fn change<T>(
        &mut self,
        lock: &WriteLock,
        change: impl FnOnce(&Transaction, &mut Manifest) -> rusqlite::Result<T>,
    ) -> Result<T, CatalogError> {
        let old = self.manifest()?;
        let result = self.try_change(&old, change);
        // Even where it failed: what was written for it only fills the disk.
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

    pub(super) fn write_manifest(&self, manifest: &Manifest) -> Result<(), CatalogError> {
        self.write_file(&Manifest::file(manifest.generation), |out| {
            out.write_all(manifest.to_text().as_bytes()).map_err(MergeError::Write)
        })
    }

    /// Writes a file of the index under a temporary name; it has its own once it is whole and on disk.
    fn write_file<T>(
        &self,
        name: &str,
        write: impl FnOnce(&mut BufWriter<File>) -> Result<T, MergeError>,
    ) -> Result<T, CatalogError> {
        let folder = self.segments_folder();
        let (part, path) = (folder.join(format!("{name}.part")), folder.join(name));
        let written = (|| {
            let file = File::create(&part).map_err(MergeError::Write)?;
            private(&part).map_err(MergeError::Write)?;
            let mut out = BufWriter::with_capacity(1 << 20, file);
            let value = write(&mut out)?;
            let finish = || {
                out.into_inner()?.sync_all()?;
                fs::rename(&part, &path)?;
                // The name has to be on disk before the records use it.
                if cfg!(unix) { File::open(&folder)?.sync_all() } else { Ok(()) }
            };
            finish().map_err(MergeError::Write)?;
            Ok(value)
        })();
        written.map_err(|error| {
            // What was written of it only fills the disk; it may never have been made.
            let _ = fs::remove_file(&part);
            match error {
                MergeError::Write(source) => CatalogError::Write { path, source },
                MergeError::Index(damage) => damage.into(),
            }
        })
    }

    /// Deletes the files of the index that do not count: left by a change, or by one that did not come to its end.
    pub(super) fn sweep(&self, _lock: &WriteLock) -> Result<(), CatalogError> {
        let manifest = self.manifest()?;
        let folder = self.segments_folder();
        let write = |source| CatalogError::Write { path: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(write)? {
            let entry = entry.map_err(write)?;
            if !counts(&manifest, &entry.file_name()) {
                fs::remove_file(entry.path()).map_err(write)?;
            }
        }
        Ok(())
    }
}

/// Whether a file of this name is part of the index.
pub(super) fn counts(manifest: &Manifest, name: &std::ffi::OsStr) -> bool {
    name == Manifest::file(manifest.generation).as_str()
        || manifest.segments.iter().any(|listed| name == listed.file().as_str())
}

/// Recordings of a segment.
pub(super) fn living(connection: &Connection, listed: &Listed) -> rusqlite::Result<u64> {
    let sql = "SELECT count(*) FROM recordings WHERE segment_id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_row([listed.id as i64], |row| row.get::<_, i64>(0)).map(|n| n as u64)
}

/// The segments that should be merged next, with so many recordings alive in each: the smallest of those of which
/// there are many of a size, else one that is dead by half.
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
    fn a_segment_that_is_dead_by_half_is_written_anew() {
        let segments = [listed(1, 100), listed(2, 100)];
        assert_eq!(due(&segments, &[10, 5]), None);
        assert_eq!(due(&segments, &[10, 4]), Some(vec![segments[1]]));
    }
}
