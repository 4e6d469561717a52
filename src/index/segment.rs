//! Reads a segment: mapped into memory, and checked before it is used.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use memmap2::Mmap;

use super::directory::{Directory, List};
use super::header::{CHECKED_BYTES, Header, Layout};
use super::sequence::Shape;
use super::track::{Track, TrackEntry};
use super::{IndexError, SegmentInfo};
use crate::index::TrackId;
use crate::signal::landmarks::Hash;
use crate::signal::peaks::Peak;

/// A smaller segment is checked whole when it is opened, which takes some milliseconds; a larger one block by block, when a block
/// is first read. A guess.
const CHECKED_WHOLE_BYTES: usize = 32 << 20;

/// A segment, mapped into memory.
///
/// Header, tracks and directory are checked when it is opened; postings, peaks and sub-fingerprints in blocks of 16 KiB before they
/// are first read. A damaged block reads as empty, and [`Segment::damage`] reports it from then on.
#[derive(Debug)]
pub struct Segment {
    path: PathBuf,
    map: Mmap,
    header: Header,
    layout: Layout,
    /// The start of some of the lists: see [`Directory::starts`].
    starts: Vec<u64>,
    /// A bit for each block whose checksum was found to be right.
    sound: Vec<AtomicU64>,
    damage: OnceLock<String>,
    /// The map through which postings are read during a turn: see `turns`.
    turn: Mutex<Option<Arc<Mmap>>>,
}

fn map(path: &Path) -> std::io::Result<Mmap> {
    let file = File::open(path)?;
    // SAFETY: segments are written once, under a temporary name, and never changed after the
    // rename; the folder belongs to the user alone. A file cut short by others while it is mapped
    // ends the process with SIGBUS, it does not give a wrong answer.
    #[allow(unsafe_code, reason = "a memory map has no safe constructor")]
    unsafe {
        Mmap::map(&file)
    }
}

impl Segment {
    /// Opens a segment; its digest has to be `config_digest`.
    ///
    /// # Errors
    ///
    /// Every kind of [`IndexError`].
    pub fn open(path: &Path, config_digest: u32) -> Result<Self, IndexError> {
        let segment = Self::open_unread(path, config_digest)?;
        if segment.map.len() <= CHECKED_WHOLE_BYTES {
            segment.check_bytes()?;
        }
        Ok(segment)
    }

    /// Opens a segment without reading postings, peaks and sub-fingerprints.
    pub(super) fn open_unread(path: &Path, config_digest: u32) -> Result<Self, IndexError> {
        let read = |source| IndexError::Read { path: path.into(), source };
        let map = map(path).map_err(read)?;
        let damaged = |what: &str| IndexError::Damaged { path: path.into(), what: what.into() };
        let header = Header::parse(path, &map)?;
        let found = header.config_digest;
        if found != config_digest {
            let path = path.into();
            return Err(IndexError::Config { path, found, expected: config_digest });
        }
        let layout = Layout::of(&header, map.len()).ok_or_else(|| damaged("wrong length"))?;
        if crc32fast::hash(&map[layout.meta()]) != header.meta_crc32 {
            return Err(damaged("checksum of the directory"));
        }
        let blocks = layout.data().len().div_ceil(CHECKED_BYTES);
        let sound = (0..blocks.div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
        let path = path.to_path_buf();
        let starts = Vec::new();
        let (damage, turn) = (OnceLock::new(), Mutex::default());
        let mut segment = Self { path, map, header, layout, starts, sound, damage, turn };
        let Some(directory) = segment.directory() else {
            return Err(IndexError::Damaged {
                path: segment.path,
                what: "length of the directory".into(),
            });
        };
        segment.starts = directory.starts();
        Ok(segment)
    }

    /// Checks all bytes.
    ///
    /// # Errors
    ///
    /// If a checksum does not fit.
    pub fn check_bytes(&self) -> Result<(), IndexError> {
        self.is_sound(&self.map, 0..self.layout.data().len());
        self.damage().map_or(Ok(()), Err)
    }

    /// The first damage found, if any.
    pub fn damage(&self) -> Option<IndexError> {
        let what = self.damage.get()?.clone();
        Some(IndexError::Damaged { path: self.path.clone(), what })
    }

    /// Maps the segment once more, for as long as its turn lasts: what is read through that map is in memory no longer.
    /// `None`, and damage, if it cannot be.
    pub(super) fn map_for_turn(&self) -> Option<Arc<Mmap>> {
        let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if turn.is_none() {
            match map(&self.path) {
                Ok(map) if map.len() == self.map.len() => *turn = Some(Arc::new(map)),
                Ok(_) => drop(self.damage.set("length".into())),
                Err(error) => drop(self.damage.set(format!("cannot be mapped: {error}"))),
            }
        }
        turn.clone()
    }

    /// Ends the turn.
    pub(super) fn unmap(&self) {
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The map that lasts.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// Whether the checksums of the blocks that hold these bytes of the data are right, as read through `map`.
    #[inline]
    fn is_sound(&self, map: &[u8], range: Range<usize>) -> bool {
        let blocks = range.start / CHECKED_BYTES..range.end.div_ceil(CHECKED_BYTES);
        blocks.fold(true, |sound, block| {
            let seen = self.sound.get(block / 64).map_or(0, |word| word.load(Ordering::Relaxed));
            (seen >> (block % 64) & 1 == 1 || self.check_block(map, block)) && sound
        })
    }

    #[cold]
    fn check_block(&self, map: &[u8], block: usize) -> bool {
        let data = &map[self.layout.data()];
        let from = block * CHECKED_BYTES;
        let checksums: &[u32] = bytemuck::cast_slice(&self.map[self.layout.checksums.clone()]);
        let bytes = data.get(from..data.len().min(from + CHECKED_BYTES));
        let sound = bytes.is_some_and(|b| checksums.get(block) == Some(&crc32fast::hash(b)));
        if sound {
            self.sound[block / 64].fetch_or(1 << (block % 64), Ordering::Relaxed);
        } else {
            let at = self.layout.data().start + from;
            self.damage.get_or_init(|| format!("checksum of the 16 KiB from byte {at} on"));
        }
        sound
    }

    #[inline]
    pub(super) fn directory(&self) -> Option<Directory<'_>> {
        let bytes = &self.map[self.layout.directory.clone()];
        Directory::of(bytes, self.header.n_lists as usize, self.header.units, &self.starts)
    }

    pub(super) fn entries(&self) -> &[TrackEntry] {
        // The section starts at a multiple of 8 of a page-aligned map and has whole elements.
        bytemuck::cast_slice(&self.map[self.layout.tracks.clone()])
    }

    /// The list of a hash, if it occurs.
    #[inline]
    pub fn list(&self, hash: Hash) -> Option<List> {
        self.directory()?.find(hash)
    }

    /// Visits all lists, by hash.
    pub fn each_list(&self, visit: impl FnMut(Hash, List)) {
        if let Some(directory) = self.directory() {
            directory.each(visit);
        }
    }

    /// Visits the positions of a list, which rise: see [`Segment::place`].
    #[inline]
    pub fn visit(&self, list: List, visit: impl FnMut(u64)) {
        self.visit_in(&self.map, list, visit);
    }

    /// The same, read through another map of the same bytes.
    #[inline]
    pub(super) fn visit_in(&self, map: &[u8], list: List, visit: impl FnMut(u64)) {
        let shape = Shape::of(u64::from(list.len), self.header.units);
        let bytes =
            (list.bit / 8) as usize..list.bit.saturating_add(shape.bits()).div_ceil(8) as usize;
        let postings = &map[self.layout.postings.clone()];
        if bytes.end <= postings.len() && self.is_sound(map, bytes) {
            shape.visit(postings, list.bit, visit);
        }
    }

    /// The track that holds a position, and the unit inside it.
    pub fn place(&self, position: u64) -> Option<(TrackId, u32)> {
        let entries = self.entries();
        let track = entries.partition_point(|e| e.first_unit <= position).checked_sub(1)?;
        let unit = position - entries[track].first_unit;
        (unit < entries[track].units()).then_some((TrackId(track as u32), unit as u32))
    }

    /// Bytes kept of a track; empty if they are damaged.
    pub(super) fn kept(&self, entry: &TrackEntry) -> &[u8] {
        let kept = self.layout.kept.clone();
        let inside = || {
            let from = usize::try_from(entry.kept_at).ok()?;
            let to = from.checked_add(entry.kept_bytes())?;
            (to <= kept.len()).then_some(kept.start + from..kept.start + to)
        };
        let data = self.layout.data().start;
        match inside() {
            Some(at) if self.is_sound(&self.map, at.start - data..at.end - data) => &self.map[at],
            _ => &[],
        }
    }

    /// The signs of a track's sub-fingerprints; empty for an unknown track.
    pub fn sub_fingerprints(&self, track: TrackId) -> &[u32] {
        let entry = self.entries().get(track.0 as usize);
        entry.map_or(&[], |entry| entry.sub_fingerprints(self.kept(entry)))
    }

    /// The peaks of a track; empty for an unknown track.
    pub fn peaks(&self, track: TrackId) -> Vec<Peak> {
        let entry = self.entries().get(track.0 as usize);
        entry.map_or_else(Vec::new, |entry| entry.peaks(self.kept(entry)))
    }

    /// Length of a track in frames; 0 for an unknown track.
    pub fn frames(&self, track: TrackId) -> u32 {
        self.entries().get(track.0 as usize).map_or(0, |entry| entry.frames)
    }

    /// Peaks, sub-fingerprints and length of a track.
    pub fn track(&self, track: TrackId) -> Track<'_> {
        let (peaks, sub_fingerprints) = (self.peaks(track).into(), self.sub_fingerprints(track));
        Track { peaks, sub_fingerprints, frames: self.frames(track) }
    }

    /// Number of tracks.
    pub fn track_count(&self) -> usize {
        self.entries().len()
    }

    /// Positions are below this.
    pub fn units(&self) -> u64 {
        self.header.units
    }

    /// Counts and sizes.
    pub fn info(&self) -> SegmentInfo {
        self.header.info()
    }

    /// Checks all bytes, and that their contents are consistent.
    ///
    /// # Errors
    ///
    /// [`IndexError::Damaged`], with the first inconsistency.
    pub fn check(&self) -> Result<(), IndexError> {
        self.check_bytes()?;
        self.inconsistency()
            .map_or(Ok(()), |what| Err(IndexError::Damaged { path: self.path.clone(), what }))
    }

    fn inconsistency(&self) -> Option<String> {
        let (mut lists, mut postings, mut wrong) = (0_u32, 0_u64, None);
        let mut end = 0;
        self.each_list(|hash, list| {
            lists += 1;
            let (mut last, mut seen) = (0, 0);
            self.visit(list, |position| {
                if position < last || position >= self.header.units {
                    wrong
                        .get_or_insert_with(|| format!("order of the postings of hash {}", hash.0));
                }
                (last, seen) = (position, seen + 1);
            });
            if seen != list.len || list.bit != end {
                wrong.get_or_insert_with(|| format!("number of postings of hash {}", hash.0));
            }
            let bits = Shape::of(u64::from(list.len), self.header.units).bits();
            end = list.bit.saturating_add(bits);
            postings += u64::from(seen);
        });
        if (lists, postings) != (self.header.n_lists, self.header.n_postings) {
            return Some("number of postings".into());
        }
        let (mut unit, mut kept_at) = (0, 0);
        for (track, entry) in self.entries().iter().enumerate() {
            let peaks = entry.peaks(self.kept(entry));
            let whole = peaks.len() == entry.n_peaks as usize
                && entry.sub_fingerprints(self.kept(entry)).len() == entry.n_prints as usize;
            if !whole || entry.first_unit != unit || entry.kept_at != kept_at {
                return Some(format!("what is kept of track {track}"));
            }
            unit += entry.units();
            kept_at += entry.kept_bytes() as u64;
        }
        if (unit, kept_at) != (self.header.units, self.header.kept_bytes) {
            return Some("number of tracks".into());
        }
        wrong
    }
}
