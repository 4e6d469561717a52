//! The header of a segment: its bytes, and the places of the sections that it tells.

use std::ops::Range;
use std::path::Path;

use super::track::TrackEntry;
use super::{IndexError, SegmentInfo, VERSION};

const MAGIC: [u8; 8] = *b"LKHSEG\r\n";
/// Bytes of the header.
pub(super) const HEADER_BYTES: usize = 112;
/// Bytes of a block of the data, each with its own checksum.
pub(super) const CHECKED_BYTES: usize = 16 << 10;

/// The fields of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Header {
    pub(super) config_digest: u32,
    pub(super) n_tracks: u32,
    pub(super) n_lists: u32,
    pub(super) meta_crc32: u32,
    pub(super) n_postings: u64,
    /// Number of positions of all tracks: every posting is below it.
    pub(super) units: u64,
    pub(super) n_peaks: u64,
    pub(super) n_prints: u64,
    pub(super) frames: u64,
    pub(super) postings_bytes: u64,
    pub(super) kept_bytes: u64,
    pub(super) directory_bytes: u64,
}

impl Header {
    pub(super) fn to_bytes(self) -> [u8; HEADER_BYTES] {
        // Destructured in full, so that a new field cannot be forgotten.
        let Self {
            config_digest,
            n_tracks,
            n_lists,
            meta_crc32,
            n_postings,
            units,
            n_peaks,
            n_prints,
            frames,
            postings_bytes,
            kept_bytes,
            directory_bytes,
        } = self;
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        let words = [VERSION, config_digest, n_tracks, n_lists, meta_crc32];
        for (place, word) in bytes[8..].chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        let longs = [
            n_postings,
            units,
            n_peaks,
            n_prints,
            frames,
            postings_bytes,
            kept_bytes,
            directory_bytes,
        ];
        for (place, long) in bytes[32..].chunks_exact_mut(8).zip(longs) {
            place.copy_from_slice(&long.to_le_bytes());
        }
        let crc = crc32fast::hash(&bytes[..HEADER_BYTES - 8]);
        bytes[HEADER_BYTES - 8..HEADER_BYTES - 4].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads the header of the file at `path`.
    pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<Self, IndexError> {
        let damaged = |what: &str| IndexError::Damaged { path: path.into(), what: what.into() };
        if bytes.get(..8).is_some_and(|magic| magic != MAGIC) {
            return Err(damaged("no index segment"));
        }
        let short = || damaged("shorter than its header");
        let u32_at = |at: usize| {
            let four = bytes.get(at..).and_then(|rest| rest.first_chunk());
            four.map(|four| u32::from_le_bytes(*four)).ok_or_else(short)
        };
        let u64_at = |at: usize| {
            let eight = bytes.get(at..).and_then(|rest| rest.first_chunk());
            eight.map(|eight| u64::from_le_bytes(*eight)).ok_or_else(short)
        };
        let found = u32_at(8)?;
        let path_of = || path.to_path_buf();
        // Before the checksum, which other versions have elsewhere.
        if (1..VERSION).contains(&found) {
            return Err(IndexError::Older { path: path_of(), found });
        }
        if (VERSION + 1..VERSION + 1_000).contains(&found) {
            return Err(IndexError::Newer { path: path_of(), found });
        }
        let crc = u32_at(HEADER_BYTES - 8)?;
        if u32_at(HEADER_BYTES - 4)? != 0 || crc != crc32fast::hash(&bytes[..HEADER_BYTES - 8]) {
            return Err(damaged("checksum of the header"));
        }
        if found != VERSION {
            return Err(damaged("version"));
        }
        Ok(Self {
            config_digest: u32_at(12)?,
            n_tracks: u32_at(16)?,
            n_lists: u32_at(20)?,
            meta_crc32: u32_at(24)?,
            n_postings: u64_at(32)?,
            units: u64_at(40)?,
            n_peaks: u64_at(48)?,
            n_prints: u64_at(56)?,
            frames: u64_at(64)?,
            postings_bytes: u64_at(72)?,
            kept_bytes: u64_at(80)?,
            directory_bytes: u64_at(88)?,
        })
    }
}

impl Header {
    /// What a segment with this header holds.
    pub(super) fn info(&self) -> SegmentInfo {
        let tracks_bytes = u64::from(self.n_tracks) * size_of::<TrackEntry>() as u64;
        let data =
            (HEADER_BYTES as u64 + self.postings_bytes).next_multiple_of(8) + self.kept_bytes;
        let blocks =
            (data.next_multiple_of(8) - HEADER_BYTES as u64).div_ceil(CHECKED_BYTES as u64);
        let checksums_bytes = (4 * blocks).next_multiple_of(8);
        SegmentInfo {
            tracks: self.n_tracks,
            postings: self.n_postings,
            peaks: self.n_peaks,
            sub_fingerprints: self.n_prints,
            frames: self.frames,
            bytes: data.next_multiple_of(8) + tracks_bytes + self.directory_bytes + checksums_bytes,
            postings_bytes: self.postings_bytes + self.directory_bytes,
            prints_bytes: 4 * self.n_prints,
            peaks_bytes: self.kept_bytes - 4 * self.n_prints,
            header_crc32: crc32fast::hash(&self.to_bytes()),
        }
    }
}

/// Where the sections lie.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) postings: Range<usize>,
    pub(super) kept: Range<usize>,
    pub(super) tracks: Range<usize>,
    pub(super) directory: Range<usize>,
    pub(super) checksums: Range<usize>,
}

impl Layout {
    /// `None` where the header's numbers do not fit a file of `len` bytes.
    pub(super) fn of(header: &Header, len: usize) -> Option<Self> {
        let mut at = HEADER_BYTES;
        let mut section = |bytes: u64| {
            let start = at;
            let bytes = usize::try_from(bytes).ok()?;
            at = start.checked_add(bytes)?.checked_next_multiple_of(8)?;
            Some(start..start + bytes)
        };
        let postings = section(header.postings_bytes)?;
        let kept = section(header.kept_bytes)?;
        let tracks = section(u64::from(header.n_tracks) * size_of::<TrackEntry>() as u64)?;
        let directory = section(header.directory_bytes)?;
        let blocks = (tracks.start - HEADER_BYTES).div_ceil(CHECKED_BYTES);
        let checksums = section(blocks as u64 * size_of::<u32>() as u64)?;
        (at == len).then_some(Self { postings, kept, tracks, directory, checksums })
    }

    /// What the checksums are over: postings and what is kept of tracks.
    pub(super) fn data(&self) -> Range<usize> {
        HEADER_BYTES..self.tracks.start
    }

    /// What is checked when a segment is opened.
    pub(super) fn meta(&self) -> Range<usize> {
        self.tracks.start..self.checksums.end.next_multiple_of(8)
    }
}
