//! The inverted index: from a hash to the places in the catalogue where it occurs.
//!
//! An index is a set of immutable segments. It knows tracks by number; the catalogue knows which recording a track is, and
//! which tracks are still alive.
//!
//! # Grammar of a segment, version 4
//!
//! All numbers are little-endian; every section starts at a multiple of 8, with zeros before it.
//!
//! ```text
//! segment   = header postings kept tracks directory checksums
//! header    = magic:"LKHSEG\r\n"  version:u32=4  config_digest:u32
//!             n_tracks:u32  n_lists:u32  meta_crc32:u32 (over all from tracks on)  zero:u32
//!             n_postings:u64  units:u64  n_peaks:u64  n_prints:u64  n_frames:u64
//!             postings_bytes:u64  kept_bytes:u64  directory_bytes:u64  zero:u64
//!             header_crc32:u32 (over all of the header before it)  zero:u32
//! postings  = the lists of all hashes that occur, by hash, without a gap between their bits
//! list      = its positions, rising, in Elias–Fano code: `sequence`
//! kept      = [prints:[signs:u32]  times  codes, padded to a multiple of 4; n_tracks]     prints: sub-fingerprints
//! times     = the peaks' times in quarters of a frame, in Elias–Fano code
//! codes     = [pitch:u11 (2.6 cents each)  level:u3 (0 does not lead; 1 the loudest, then 7.5 dB each)]
//! tracks    = [first_unit:u64 kept_at:u64 n_prints:u32 n_peaks:u32 n_frames:u32 last_time:u32; n_tracks]
//! directory = which hashes occur, and how often each: `directory`
//! checksums = [crc32:u32]  one for each 16 KiB of postings and kept
//! ```
//!
//! A *position* is track and time in one number: tracks follow each other on one axis, in units of four frames (93 ms). Votes are
//! counted by position; the track is looked up only for offsets with many votes. A unit is as wide as an offset bin.
//!
//! A posting takes about 2 + log₂(units / length of its list) bits: its hash costs nothing, and the commoner the
//! hash, the shorter the posting. The version increases when this grammar changes; the digest changes with the hashes.
//!
//! # What is checked when
//!
//! Opening reads header, tracks, directory and checksums (a quarter of a byte for a second of audio) and checks
//! them. A segment under 32 MiB is checked whole then. Of a larger one each block of 16 KiB is checked when it is first read: a
//! damaged block reads as empty and is reported by [`Index::damage`], which a caller has to ask before it trusts the result of a
//! search. [`Segment::check`] checks everything.

mod bits;
mod builder;
mod directory;
mod error;
mod header;
mod manifest;
mod merge;
mod segment;
mod sequence;
#[cfg(test)]
mod tests;
mod track;
mod turns;
mod writer;

pub use builder::SegmentBuilder;
use directory::Directory;
pub use directory::List;
pub use error::IndexError;
pub use manifest::{Listed, Manifest};
pub use merge::{MergeError, MergeInput, merge};
pub use segment::Segment;
pub use track::{Track, UNIT_FRAMES};
use turns::Turns;

use crate::signal::landmarks::{HASH_COUNT, Hash};
use crate::signal::peaks::Peak;

/// Version of the grammar of segments.
const VERSION: u32 = 4;

/// Position of a recording inside one segment of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackId(pub u32);

/// Limit of a segment's positions: 50,000 years.
const MAX_UNITS: u64 = 1 << 44;

/// Counts and sizes of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SegmentInfo {
    /// Number of tracks, dead ones included.
    pub tracks: u32,
    /// Number of postings.
    pub postings: u64,
    /// Number of peaks kept of tracks.
    pub peaks: u64,
    /// Number of sub-fingerprints kept of tracks.
    pub sub_fingerprints: u64,
    /// Length of all tracks in frames.
    pub frames: u64,
    /// Bytes of the whole segment.
    pub bytes: u64,
    /// Bytes of postings and their directory.
    pub postings_bytes: u64,
    /// Bytes of the peaks.
    pub peaks_bytes: u64,
    /// Bytes of the sub-fingerprints.
    pub prints_bytes: u64,
    /// CRC-32 of the header, which contains or locates the checksums of everything else.
    pub header_crc32: u32,
}

/// All segments of a catalogue, searched as one. Tracks and positions are numbered across segments.
#[derive(Debug, Default)]
pub struct Index {
    segments: Vec<Placed>,
    /// By track: whether it was not removed.
    alive: Vec<bool>,
    n_alive: usize,
    total_frames: u64,
    /// By hash: its number of postings in all segments.
    occurrences: Vec<u32>,
    /// Whose turn it is to be read, if the segments are shards.
    turns: Option<Turns>,
}

#[derive(Debug)]
struct Placed {
    segment: Segment,
    first_track: u32,
    first_unit: u64,
}

/// Reads the postings of one segment.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    segment: &'a Segment,
    directory: Directory<'a>,
    first_unit: u64,
    /// The map of the segment through which it reads.
    map: &'a [u8],
}

impl Reader<'_> {
    /// Writes the positions of a hash to `positions`, rising, those of dead tracks included. Cheapest if hashes are read in order.
    #[inline]
    pub fn read(&self, hash: Hash, positions: &mut Vec<u64>) {
        positions.clear();
        if let Some(list) = self.directory.find(hash) {
            let push = |position| positions.push(self.first_unit + position);
            self.segment.visit_in(self.map, list, push);
        }
    }
}

impl Index {
    /// Adds a segment; returns the number of its first track. All its tracks are dead until
    /// [`Index::revive`].
    pub fn push(&mut self, segment: Segment) -> TrackId {
        let first_track = self.alive.len() as u32;
        let first_unit = self.position_count();
        self.alive.resize(self.alive.len() + segment.track_count(), false);
        self.occurrences.resize(HASH_COUNT as usize, 0);
        segment.each_list(|hash, list| {
            let occurs = &mut self.occurrences[hash.0 as usize];
            *occurs = occurs.saturating_add(list.len);
        });
        self.segments.push(Placed { segment, first_track, first_unit });
        TrackId(first_track)
    }

    /// Marks a track as alive, so that it is found. Returns false if there is no such track.
    pub fn revive(&mut self, track: TrackId) -> bool {
        let frames = u64::from(self.frames(track));
        let Some(alive) = self.alive.get_mut(track.0 as usize) else { return false };
        if !std::mem::replace(alive, true) {
            self.n_alive += 1;
            self.total_frames += frames;
        }
        true
    }

    /// Number of living tracks.
    pub fn track_count(&self) -> usize {
        self.n_alive
    }

    /// One past the highest track number, dead tracks included.
    pub fn track_bound(&self) -> usize {
        self.alive.len()
    }

    /// Length of all living tracks in frames.
    pub fn total_frames(&self) -> u64 {
        self.total_frames
    }

    /// The segments.
    pub fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.segments.iter().map(|placed| &placed.segment)
    }

    /// Number of postings, those of dead tracks included.
    pub fn posting_count(&self) -> u64 {
        self.segments().map(|segment| segment.info().postings).sum()
    }

    /// The first damage found since the index was opened, if any. Results of searches are then not to be trusted.
    pub fn damage(&self) -> Option<IndexError> {
        self.segments().find_map(Segment::damage)
    }

    /// The number of postings of a hash that [`Index::each_reader`] reads, those of dead tracks included.
    #[inline]
    pub fn occurrences(&self, hash: Hash) -> u32 {
        self.occurrences.get(hash.0 as usize).copied().unwrap_or(0)
    }

    /// Takes each segment for a shard: one is read at a time, by all who look something up, and is in memory only then. What is
    /// found is the same.
    #[must_use]
    pub fn in_turns(self) -> Self {
        Self { turns: Some(Turns::new(self.segments.len())), ..self }
    }

    /// Calls `read` with a reader of postings for each segment, in order. Of shards it waits for the turn of each.
    pub fn each_reader(&self, mut read: impl FnMut(Reader<'_>)) {
        for (at, Placed { segment, first_unit, .. }) in self.segments.iter().enumerate() {
            let Some(directory) = segment.directory() else { continue };
            let first_unit = *first_unit;
            let Some(turns) = &self.turns else {
                read(Reader { segment, directory, first_unit, map: segment.bytes() });
                continue;
            };
            let _turn = turns.enter(at, |before| self.segments[before].segment.unmap());
            if let Some(map) = segment.map_for_turn() {
                read(Reader { segment, directory, first_unit, map: &map });
            }
        }
    }

    /// Number of positions of all tracks: every posting is below it.
    pub fn position_count(&self) -> u64 {
        self.segments.last().map_or(0, |last| last.first_unit + last.segment.units())
    }

    /// The track that holds a position, and the unit of [`UNIT_FRAMES`] inside it.
    pub fn place(&self, position: u64) -> Option<(TrackId, u32)> {
        let at = self.segments.partition_point(|s| s.first_unit <= position).checked_sub(1)?;
        let Placed { segment, first_track, first_unit } = &self.segments[at];
        let (track, unit) = segment.place(position - first_unit)?;
        Some((TrackId(first_track + track.0), unit))
    }

    /// Whether a track exists and was not removed.
    pub fn is_alive(&self, track: TrackId) -> bool {
        self.alive.get(track.0 as usize).copied().unwrap_or(false)
    }

    /// The segment of a track, and the track's number in it.
    fn of(&self, track: TrackId) -> Option<(&Segment, TrackId)> {
        let at = self.segments.partition_point(|s| s.first_track <= track.0).checked_sub(1)?;
        let Placed { segment, first_track, .. } = &self.segments[at];
        Some((segment, TrackId(track.0 - first_track)))
    }

    /// The peaks kept of a track, sorted by time; empty for an unknown track.
    pub fn peaks(&self, track: TrackId) -> Vec<Peak> {
        self.of(track).map_or_else(Vec::new, |(segment, track)| segment.peaks(track))
    }

    /// The signs of the sub-fingerprints kept of a track; empty for an unknown track.
    pub fn sub_fingerprints(&self, track: TrackId) -> &[u32] {
        self.of(track).map_or(&[], |(segment, track)| segment.sub_fingerprints(track))
    }

    /// Length of a track in frames; 0 for an unknown track.
    pub fn frames(&self, track: TrackId) -> u32 {
        self.of(track).map_or(0, |(segment, track)| segment.frames(track))
    }
}
