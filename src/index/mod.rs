//! The inverted index: from a hash to the places in the catalogue where it occurs.
//!
//! An index is a set of immutable segments. It knows tracks by number; which recording a track is, and
//! which tracks are still alive, the catalogue knows.
//!
//! # Grammar of a segment, version 2
//!
//! All numbers are little-endian; every section starts at a multiple of 8.
//!
//! ```text
//! segment   = header directory postings tracks peaks prints
//! header    = magic:"LKHSEG\r\n"  version:u32=2  config_digest:u32
//!             n_tracks:u32  n_hashes:u32  n_postings:u64  n_peaks:u64  n_prints:u64
//!             body_crc32:u32  header_crc32:u32 (over all of the header before it)  zero:[u8; 8]
//! directory = [u32; n_hashes + 1]  the postings of hash h are directory[h] .. directory[h + 1]
//! postings  = [track:u32 frame:u32; n_postings]  sorted by hash, track, frame
//! tracks    = [first_peak:u32 n_peaks:u32 first_print:u32 n_prints:u32 n_frames:u32 zero:u32; n_tracks]
//! peaks     = [time:u32 pitch:u16 strength:u16; n_peaks]  by track, sorted by time
//! prints    = [signs:u32; n_prints]  by track, one for each step of frames
//! ```
//!
//! The version is raised when this grammar changes, the digest when hashes do.

mod builder;
mod format;

pub use builder::SegmentBuilder;
pub use format::{IndexError, Posting, Segment};

use std::ops::Range;

use crate::landmarks::Hash;
use crate::peaks::Peak;
use crate::units::TrackId;

/// What is kept of a track beside its postings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Track<'a> {
    /// Sorted by time.
    pub peaks: &'a [Peak],
    /// Signs of its prints, as [`crate::fingerprint::FingerprintConfig::recording_prints`] keeps them.
    pub prints: &'a [u32],
    /// Its length.
    pub frames: u32,
}

/// All segments of a catalogue, searched as one. Tracks are numbered through all segments.
#[derive(Debug, Default)]
pub struct Index {
    segments: Vec<Placed>,
    /// By track: false for one that was removed.
    alive: Vec<bool>,
    total_frames: u64,
}

#[derive(Debug)]
struct Placed {
    segment: Segment,
    first_track: u32,
}

impl Index {
    /// Adds a segment; returns the number of its first track. All its tracks are dead until
    /// [`Index::revive`].
    pub fn push(&mut self, segment: Segment) -> TrackId {
        let first_track = self.alive.len() as u32;
        self.alive.resize(self.alive.len() + segment.track_count(), false);
        self.segments.push(Placed { segment, first_track });
        TrackId(first_track)
    }

    /// Makes a track count. Returns false if there is no such track.
    pub fn revive(&mut self, track: TrackId) -> bool {
        let frames = u64::from(self.track(track).frames);
        let Some(alive) = self.alive.get_mut(track.0 as usize) else { return false };
        if !std::mem::replace(alive, true) {
            self.total_frames += frames;
        }
        true
    }

    /// Number of living tracks.
    pub fn track_count(&self) -> usize {
        self.alive.iter().filter(|a| **a).count()
    }

    /// One past the highest track number, dead ones counted.
    pub fn track_bound(&self) -> usize {
        self.alive.len()
    }

    /// Length of all living tracks in frames.
    pub fn total_frames(&self) -> u64 {
        self.total_frames
    }

    /// Number of postings, those of dead tracks counted.
    pub fn posting_count(&self) -> u64 {
        self.segments.iter().map(|s| s.segment.posting_count()).sum()
    }

    /// Visits `(segment, range of its postings)` for each segment in which a hash occurs.
    #[inline]
    pub fn for_each_list(&self, hash: Hash, mut visit: impl FnMut(u32, Range<u32>)) {
        for (at, placed) in self.segments.iter().enumerate() {
            let range = placed.segment.posting_range(hash);
            if !range.is_empty() {
                visit(at as u32, range);
            }
        }
    }

    /// Visits `(track, frame of the anchor)` for each posting of a range that
    /// [`Index::for_each_list`] gave. Dead tracks are visited too.
    #[inline]
    pub fn for_each_posting(
        &self,
        segment: u32,
        range: Range<u32>,
        mut visit: impl FnMut(TrackId, u32),
    ) {
        let Placed { segment, first_track } = &self.segments[segment as usize];
        for posting in segment.postings_in(range) {
            visit(TrackId(first_track + posting.track), posting.frame);
        }
    }

    /// Whether a track is there and was not removed.
    pub fn is_alive(&self, track: TrackId) -> bool {
        self.alive.get(track.0 as usize).copied().unwrap_or(false)
    }

    /// What is kept of a track; nothing for an unknown one.
    pub fn track(&self, track: TrackId) -> Track<'_> {
        let at = self.segments.partition_point(|s| s.first_track <= track.0);
        let Some(Placed { segment, first_track }) = at.checked_sub(1).map(|i| &self.segments[i])
        else {
            return Track::default();
        };
        segment.track(TrackId(track.0 - first_track))
    }
}
