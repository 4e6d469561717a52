//! Sizes of a catalogue, and how common its hashes are.

use super::{Catalog, CatalogError};
use crate::index::SegmentInfo;
use crate::signal::landmarks::HASH_COUNT;

/// Sizes and counts of a catalogue. Tracks of removed recordings count until they are merged away.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Stats {
    /// Number of recordings, neutral references excluded.
    pub recordings: u64,
    /// Total length of the recordings in seconds.
    pub seconds: f64,
    /// Number of neutral references.
    pub neutral: u64,
    /// Total length of the neutral references in seconds.
    pub neutral_seconds: f64,
    /// Number of segments of the index.
    pub segments: usize,
    /// Tracks of removed recordings that were not merged away yet.
    pub dead_tracks: u64,
    /// Postings of all hashes.
    pub postings: u64,
    /// Total length of all tracks in seconds, dead ones included, to divide the bytes by.
    pub indexed_seconds: f64,
    /// Bytes of the segments.
    pub bytes: u64,
    /// Bytes of the postings and of their directory.
    pub postings_bytes: u64,
    /// Bytes of the peaks.
    pub peaks_bytes: u64,
    /// Bytes of the sub-fingerprints.
    pub prints_bytes: u64,
    /// Bytes of the database.
    pub database_bytes: u64,
    /// Number of different hashes that occur.
    pub hashes: u64,
    /// Postings of the most common hash.
    pub longest_list: u64,
    /// The hashes that are too common, for each of some limits on the postings that a look-up reads.
    pub too_common: Vec<TooCommon>,
}

/// Hashes with more postings than a look-up may read in all. They are in the index, but no look-up with that limit reads
/// them, since it reads the rarest hashes first.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct TooCommon {
    /// Postings that a look-up may read.
    pub limit: u64,
    /// Number of hashes with more postings.
    pub hashes: u64,
    /// Postings of these hashes.
    pub postings: u64,
}

impl Catalog {
    /// Measures the catalogue. `limits` are numbers of postings that look-ups may read.
    ///
    /// # Errors
    ///
    /// If a segment or the database cannot be read.
    pub fn stats(&self, limits: &[usize]) -> Result<Stats, CatalogError> {
        let snapshot = self.snapshot()?;
        let rate = self.config.frames_per_second();
        let neutral_frames: u64 =
            snapshot.neutral.tracks.iter().map(|t| u64::from(snapshot.index.frames(*t))).sum();
        let frames = snapshot.index.total_frames() - neutral_frames;
        let mut occurs = vec![0_u64; HASH_COUNT as usize];
        let mut all = SegmentInfo::default();
        let mut segments = 0;
        for segment in snapshot.index.segments() {
            let info = segment.info();
            segments += 1;
            all.tracks += info.tracks;
            all.postings += info.postings;
            all.frames += info.frames;
            all.bytes += info.bytes;
            all.postings_bytes += info.postings_bytes;
            all.peaks_bytes += info.peaks_bytes;
            all.prints_bytes += info.prints_bytes;
            segment.each_list(|hash, list| occurs[hash.0 as usize] += u64::from(list.len));
        }
        let too_common = limits
            .iter()
            .map(|limit| {
                let limit = *limit as u64;
                let above = occurs.iter().filter(|n| **n > limit);
                let (hashes, postings) = above.fold((0, 0), |(h, p), n| (h + 1, p + n));
                TooCommon { limit, hashes, postings }
            })
            .collect();
        Ok(Stats {
            recordings: snapshot.len() as u64,
            seconds: frames as f64 / rate,
            neutral: snapshot.neutral.tracks.len() as u64,
            neutral_seconds: neutral_frames as f64 / rate,
            segments,
            dead_tracks: u64::from(all.tracks) - snapshot.index.track_count() as u64,
            postings: all.postings,
            indexed_seconds: all.frames as f64 / rate,
            bytes: all.bytes,
            postings_bytes: all.postings_bytes,
            peaks_bytes: all.peaks_bytes,
            prints_bytes: all.prints_bytes,
            database_bytes: std::fs::metadata(&self.database).map_or(0, |file| file.len()),
            hashes: occurs.iter().filter(|n| **n > 0).count() as u64,
            longest_list: occurs.iter().copied().max().unwrap_or(0),
            too_common,
        })
    }
}
