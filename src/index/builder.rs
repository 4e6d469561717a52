//! From tracks to the bytes of a segment.

use std::io::Write;

use super::Track;
use super::format::{HEADER_BYTES, Header, Posting, TrackEntry};
use crate::fingerprint::FingerprintConfig;
use crate::landmarks::{HASH_COUNT, landmarks};
use crate::peaks::Peak;
use crate::units::TrackId;

/// Gathers tracks and writes them as one segment.
#[derive(Debug)]
pub struct SegmentBuilder {
    config: FingerprintConfig,
    tracks: Vec<TrackEntry>,
    peaks: Vec<Peak>,
    prints: Vec<u32>,
}

impl SegmentBuilder {
    /// An empty segment.
    pub fn new(config: FingerprintConfig) -> Self {
        Self { config, tracks: Vec::new(), peaks: Vec::new(), prints: Vec::new() }
    }

    /// Adds a track, its peaks and prints as thin as the catalogue keeps them.
    ///
    /// # Panics
    ///
    /// If the segment would pass 2³² peaks, the limit of its format (8 years of music).
    pub fn push(&mut self, track: Track) -> TrackId {
        let Track { peaks, prints, frames } = track;
        let place = |at: usize| u32::try_from(at).expect("under 2^32 peaks");
        let entry = TrackEntry {
            first_peak: place(self.peaks.len()),
            n_peaks: peaks.len() as u32,
            first_print: place(self.prints.len()),
            n_prints: prints.len() as u32,
            frames,
            zero: 0,
        };
        place(self.peaks.len() + peaks.len());
        place(self.prints.len() + prints.len());
        self.peaks.extend_from_slice(peaks);
        self.prints.extend_from_slice(prints);
        self.tracks.push(entry);
        TrackId(self.tracks.len() as u32 - 1)
    }

    /// Number of tracks so far.
    pub fn track_count(&self) -> usize {
        self.tracks.len()
    }

    /// Writes the segment. The same tracks in the same order give the same bytes.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write(&self, out: &mut impl Write) -> std::io::Result<()> {
        let (directory, postings) = self.invert();
        // Sections of an odd number of words are led on to a multiple of eight bytes.
        let pad = |words: usize| &[0; 4][..if words.is_multiple_of(2) { 0 } else { 4 }];
        let sections: [&[u8]; 7] = [
            bytemuck::cast_slice(&directory),
            pad(directory.len()),
            bytemuck::cast_slice(&postings),
            bytemuck::cast_slice(&self.tracks),
            bytemuck::cast_slice(&self.peaks),
            bytemuck::cast_slice(&self.prints),
            pad(self.prints.len()),
        ];
        let mut body = crc32fast::Hasher::new();
        for section in sections {
            body.update(section);
        }
        let header = Header {
            config_digest: self.config.digest(),
            n_tracks: self.tracks.len() as u32,
            n_hashes: HASH_COUNT,
            n_postings: postings.len() as u64,
            n_peaks: self.peaks.len() as u64,
            n_prints: self.prints.len() as u64,
            body_crc32: body.finalize(),
        };
        let header: [u8; HEADER_BYTES] = header.to_bytes();
        out.write_all(&header)?;
        for section in sections {
            out.write_all(section)?;
        }
        Ok(())
    }

    /// A counting sort by hash: tracks come in order, so each hash's postings do too.
    fn invert(&self) -> (Vec<u32>, Vec<Posting>) {
        let mut directory = vec![0_u32; HASH_COUNT as usize + 1];
        self.for_each_landmark(|hash, _| directory[hash + 1] += 1);
        for i in 1..directory.len() {
            directory[i] += directory[i - 1];
        }
        let mut next = directory.clone();
        let mut postings =
            vec![Posting { track: 0, frame: 0 }; *directory.last().expect("not empty") as usize];
        self.for_each_landmark(|hash, posting| {
            postings[next[hash] as usize] = posting;
            next[hash] += 1;
        });
        (directory, postings)
    }

    fn for_each_landmark(&self, mut visit: impl FnMut(usize, Posting)) {
        let (pairs, density) = (self.config.landmarks, self.config.recording_density);
        for (track, entry) in self.tracks.iter().enumerate() {
            let from = entry.first_peak as usize;
            let kept = &self.peaks[from..from + entry.n_peaks as usize];
            let peaks = self.config.landmark_peaks(kept);
            landmarks(&peaks, pairs, density, |hash, anchor| {
                let frame = peaks[anchor].frames().round() as u32;
                visit(hash.0 as usize, Posting { track: track as u32, frame });
            });
        }
    }
}
