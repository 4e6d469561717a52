//! The bytes of a segment: header, checks, and typed views of the map. Grammar in the parent module.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytemuck::{Pod, Zeroable};
use memmap2::Mmap;

use super::Track;
use crate::landmarks::{HASH_COUNT, Hash};
use crate::peaks::Peak;
use crate::units::TrackId;

const MAGIC: [u8; 8] = *b"LKHSEG\r\n";
const VERSION: u32 = 2;
/// Bytes of the header.
pub(super) const HEADER_BYTES: usize = 64;

/// Why a segment cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// The file is not there or cannot be read.
    #[error("cannot read the index segment {}", path.display())]
    Read {
        /// The segment.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// It is no segment, or its bytes are not those that were written.
    #[error("the index segment {} is damaged ({what}): restore it, or add its recordings again", path.display())]
    Damaged {
        /// The segment.
        path: PathBuf,
        /// What does not fit.
        what: String,
    },
    /// A newer program wrote it.
    #[error("the index segment {} has format {found}, this program reads {VERSION}: use a newer leakhound", path.display())]
    Version {
        /// The segment.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// It was made with other settings.
    #[error("the index segment {} was made with fingerprint settings {found:08x}, this program uses {expected:08x}: add the recordings again", path.display())]
    Config {
        /// The segment.
        path: PathBuf,
        /// Its digest.
        found: u32,
        /// The program's digest.
        expected: u32,
    },
}

/// A place where a hash occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Posting {
    /// Track inside the segment.
    pub track: u32,
    /// Frame of the anchor.
    pub frame: u32,
}

#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(super) struct TrackEntry {
    pub(super) first_peak: u32,
    pub(super) n_peaks: u32,
    pub(super) first_print: u32,
    pub(super) n_prints: u32,
    pub(super) frames: u32,
    pub(super) zero: u32,
}

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) config_digest: u32,
    pub(super) n_tracks: u32,
    pub(super) n_hashes: u32,
    pub(super) n_postings: u64,
    pub(super) n_peaks: u64,
    pub(super) n_prints: u64,
    pub(super) body_crc32: u32,
}

impl Header {
    pub(super) fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let Self { config_digest, n_tracks, n_hashes, n_postings, n_peaks, n_prints, body_crc32 } =
            self;
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        for (at, word) in [(8, VERSION), (12, config_digest), (16, n_tracks), (20, n_hashes)] {
            bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        bytes[24..32].copy_from_slice(&n_postings.to_le_bytes());
        bytes[32..40].copy_from_slice(&n_peaks.to_le_bytes());
        bytes[40..48].copy_from_slice(&n_prints.to_le_bytes());
        bytes[48..52].copy_from_slice(&body_crc32.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..52]);
        bytes[52..56].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Self, IndexError> {
        let damaged = |what: &str| IndexError::Damaged { path: path.into(), what: what.into() };
        let bytes = bytes.get(..HEADER_BYTES).ok_or_else(|| damaged("shorter than its header"))?;
        if bytes[..8] != MAGIC {
            return Err(damaged("no index segment"));
        }
        let u32_at =
            |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        let u64_at =
            |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        if u32_at(8) != VERSION {
            return Err(IndexError::Version { path: path.into(), found: u32_at(8) });
        }
        if u32_at(52) != crc32fast::hash(&bytes[..52]) {
            return Err(damaged("checksum of the header"));
        }
        Ok(Self {
            config_digest: u32_at(12),
            n_tracks: u32_at(16),
            n_hashes: u32_at(20),
            n_postings: u64_at(24),
            n_peaks: u64_at(32),
            n_prints: u64_at(40),
            body_crc32: u32_at(48),
        })
    }
}

/// Where the sections lie.
#[derive(Debug, Clone)]
struct Layout {
    directory: std::ops::Range<usize>,
    postings: std::ops::Range<usize>,
    tracks: std::ops::Range<usize>,
    peaks: std::ops::Range<usize>,
    prints: std::ops::Range<usize>,
}

impl Layout {
    /// `None` where the header's numbers do not fit a file of `len` bytes.
    fn of(header: &Header, len: usize) -> Option<Self> {
        let mut at = HEADER_BYTES;
        let mut section = |count: u64, size: usize| {
            let start = at;
            let bytes = usize::try_from(count).ok()?.checked_mul(size)?;
            at = start.checked_add(bytes)?.checked_next_multiple_of(8)?;
            Some(start..start + bytes)
        };
        let directory = section(u64::from(header.n_hashes) + 1, 4)?;
        let postings = section(header.n_postings, size_of::<Posting>())?;
        let tracks = section(u64::from(header.n_tracks), size_of::<TrackEntry>())?;
        let peaks = section(header.n_peaks, size_of::<Peak>())?;
        let prints = section(header.n_prints, size_of::<u32>())?;
        (at == len).then_some(Self { directory, postings, tracks, peaks, prints })
    }
}

/// A segment, mapped into memory, checked when it was opened.
#[derive(Debug)]
pub struct Segment {
    map: Mmap,
    layout: Layout,
}

impl Segment {
    /// Opens and checks a segment; its digest has to be `config_digest`.
    ///
    /// # Errors
    ///
    /// Every kind of [`IndexError`].
    pub fn open(path: &Path, config_digest: u32) -> Result<Self, IndexError> {
        let read = |source| IndexError::Read { path: path.into(), source };
        let file = File::open(path).map_err(read)?;
        // SAFETY: segments are written once, under a temporary name, and never changed after the
        // rename; the folder belongs to the user alone. A file cut short by others while it is mapped
        // ends the process with SIGBUS, it does not give a wrong answer.
        #[allow(unsafe_code, reason = "a memory map has no safe constructor")]
        let map = unsafe { Mmap::map(&file) }.map_err(read)?;
        let damaged = |what: &str| IndexError::Damaged { path: path.into(), what: what.into() };
        let header = Header::parse(path, &map)?;
        let found = header.config_digest;
        if found != config_digest {
            let path = path.into();
            return Err(IndexError::Config { path, found, expected: config_digest });
        }
        if header.n_hashes != HASH_COUNT {
            return Err(damaged("number of hashes"));
        }
        let layout = Layout::of(&header, map.len()).ok_or_else(|| damaged("wrong length"))?;
        if crc32fast::hash(&map[HEADER_BYTES..]) != header.body_crc32 {
            return Err(damaged("checksum of the body"));
        }
        Ok(Self { map, layout })
    }

    fn view<T: Pod>(&self, section: &std::ops::Range<usize>) -> &[T] {
        // Sections start at multiples of 8 of a page-aligned map and have whole elements.
        bytemuck::cast_slice(&self.map[section.clone()])
    }

    /// Where the postings of a hash lie among all of the segment's.
    #[inline]
    pub fn posting_range(&self, hash: Hash) -> Range<u32> {
        let directory: &[u32] = self.view(&self.layout.directory);
        let at = hash.0 as usize;
        match directory.get(at..at + 2) {
            Some(&[from, to]) => from..to,
            _ => 0..0,
        }
    }

    /// The postings of a range; none for one that is not inside.
    #[inline]
    pub fn postings_in(&self, range: Range<u32>) -> &[Posting] {
        self.view::<Posting>(&self.layout.postings)
            .get(range.start as usize..range.end as usize)
            .unwrap_or_default()
    }

    /// Occurrences of a hash, sorted by track and frame.
    pub fn postings(&self, hash: Hash) -> &[Posting] {
        self.postings_in(self.posting_range(hash))
    }

    /// Number of tracks.
    pub fn track_count(&self) -> usize {
        self.layout.tracks.len() / size_of::<TrackEntry>()
    }

    /// Number of postings.
    pub fn posting_count(&self) -> u64 {
        (self.layout.postings.len() / size_of::<Posting>()) as u64
    }

    /// What is kept of a track; nothing for an unknown one.
    pub fn track(&self, track: TrackId) -> Track<'_> {
        let tracks: &[TrackEntry] = self.view(&self.layout.tracks);
        let Some(entry) = tracks.get(track.0 as usize) else { return Track::default() };
        let part = |first: u32, n: u32| first as usize..first as usize + n as usize;
        let peaks: &[Peak] = self.view(&self.layout.peaks);
        let prints: &[u32] = self.view(&self.layout.prints);
        Track {
            peaks: peaks.get(part(entry.first_peak, entry.n_peaks)).unwrap_or_default(),
            prints: prints.get(part(entry.first_print, entry.n_prints)).unwrap_or_default(),
            frames: entry.frames,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::SegmentBuilder;
    use super::*;
    use crate::fingerprint::FingerprintConfig;
    use crate::landmarks::landmarks;

    fn peaks(seed: u32) -> Vec<Peak> {
        let mut state = seed;
        let mut draw = |n: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % n
        };
        let mut time = 0;
        (0..200)
            .map(|_| {
                time += draw(160);
                Peak { time, pitch: draw(35_000) as u16, strength: draw(9_999) as u16 }
            })
            .collect()
    }

    fn segment_bytes(seeds: &[u32]) -> Vec<u8> {
        let mut builder = SegmentBuilder::new(FingerprintConfig::default());
        for seed in seeds {
            let prints = vec![*seed; 333];
            builder.push(Track { peaks: &peaks(*seed), prints: &prints, frames: 2_000 });
        }
        let mut bytes = Vec::new();
        builder.write(&mut bytes).unwrap();
        bytes
    }

    fn open(bytes: &[u8]) -> Result<Segment, IndexError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("segment");
        std::fs::write(&path, bytes).unwrap();
        Segment::open(&path, FingerprintConfig::default().digest())
    }

    #[test]
    fn what_was_written_is_read_back() {
        let segment = open(&segment_bytes(&[1, 2, 3])).unwrap();
        assert_eq!(segment.track_count(), 3);
        let kept = Track { peaks: &peaks(2), prints: &[2; 333], frames: 2_000 };
        assert_eq!(segment.track(TrackId(1)), kept);
        assert_eq!(segment.track(TrackId(3)), Track::default());
        let config = FingerprintConfig::default();
        let mut seen = 0;
        for (track, seed) in [1, 2, 3].into_iter().enumerate() {
            let peaks = config.landmark_peaks(&peaks(seed));
            landmarks(&peaks, config.landmarks, config.recording_density, |h, i| {
                let frame = peaks[i].frames().round() as u32;
                let posting = Posting { track: track as u32, frame };
                assert!(segment.postings(h).contains(&posting));
                seen += 1;
            });
        }
        assert_eq!(segment.posting_count(), seen);
    }

    #[test]
    fn an_empty_segment_answers_nothing() {
        let segment = open(&segment_bytes(&[])).unwrap();
        assert_eq!(segment.track_count(), 0);
        assert!(segment.postings(Hash(0)).is_empty());
        assert!(segment.postings(Hash(u32::MAX - 1)).is_empty());
    }

    #[test]
    fn every_flipped_byte_and_every_cut_is_refused() {
        let good = segment_bytes(&[1]);
        // The header byte by byte; the body is one checksum, a sample of places will do.
        let places = (0..HEADER_BYTES - 16).chain((HEADER_BYTES..good.len()).step_by(99_991));
        for at in places {
            let mut bad = good.clone();
            bad[at] ^= 0x10;
            assert!(open(&bad).is_err(), "byte {at}");
        }
        for len in [0, 1, 63, 64, 1_000, good.len() - 1] {
            assert!(open(&good[..len]).is_err(), "length {len}");
        }
    }

    #[test]
    fn a_segment_of_other_settings_is_refused_with_the_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("segment");
        std::fs::write(&path, segment_bytes(&[1])).unwrap();
        let error = Segment::open(&path, 7).unwrap_err();
        assert!(matches!(error, IndexError::Config { expected: 7, .. }));
        assert!(error.to_string().contains("add the recordings again"));
    }
}
