//! From tracks to the bytes of a segment.

use std::io::{Seek, Write};

use super::track::{Track, TrackEntry, UNIT_FRAMES, pack};
use super::writer::SegmentWriter;
use super::{MAX_UNITS, SegmentInfo};
use crate::index::TrackId;
use crate::signal::fingerprint::FingerprintConfig;
use crate::signal::landmarks::{Hash, landmarks};

/// Largest number of postings that one segment is built of: 128 MiB, 190 hours of music. A guess.
const MAX_POSTINGS: usize = 1 << 24;
/// Bits of a position in a sorting key, below the hash.
const POSITION_BITS: u32 = MAX_UNITS.ilog2();

/// Gathers tracks and writes them as one segment.
#[derive(Debug)]
pub struct SegmentBuilder {
    config: FingerprintConfig,
    tracks: Vec<(TrackEntry, Vec<u8>)>,
    /// Hash and position in one number each.
    postings: Vec<u64>,
    units: u64,
}

impl SegmentBuilder {
    /// An empty segment.
    pub fn new(config: FingerprintConfig) -> Self {
        Self { config, tracks: Vec::new(), postings: Vec::new(), units: 0 }
    }

    /// Adds a track with the peaks and sub-fingerprints to keep. Landmarks are made from the peaks before these are rounded.
    pub fn push(&mut self, track: &Track) -> TrackId {
        let peaks = self.config.landmark_peaks(&track.peaks);
        let (entry, kept) = pack(track);
        let (pairs, density) = (self.config.landmarks, self.config.recording_density);
        landmarks(&peaks, pairs, density, |hash, anchor| {
            let unit = peaks[anchor].frames().round() as u32 / UNIT_FRAMES;
            let position = self.units + u64::from(unit);
            self.postings.push(u64::from(hash.0) << POSITION_BITS | position);
        });
        self.units += entry.units();
        self.tracks.push((entry, kept));
        TrackId(self.tracks.len() as u32 - 1)
    }

    /// Number of tracks so far.
    pub fn track_count(&self) -> usize {
        self.tracks.len()
    }

    /// Whether the segment is full. Further tracks belong in a new one, which bounds memory.
    pub fn is_full(&self) -> bool {
        self.postings.len() >= MAX_POSTINGS
    }

    /// Writes the segment. The same tracks in the same order give the same bytes.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write(mut self, out: impl Write + Seek) -> std::io::Result<SegmentInfo> {
        self.postings.sort_unstable();
        let mut writer = SegmentWriter::new(out, self.config.digest(), self.units)?;
        let hash = |key: &u64| key >> POSITION_BITS;
        let mut positions = Vec::new();
        for list in self.postings.chunk_by(|a, b| hash(a) == hash(b)) {
            positions.clear();
            positions.extend(list.iter().map(|key| key & (MAX_UNITS - 1)));
            writer.list(Hash(hash(&list[0]) as u32), &positions)?;
        }
        for (entry, kept) in &self.tracks {
            writer.track(*entry, kept)?;
        }
        writer.finish()
    }
}
