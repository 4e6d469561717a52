//! Segments written and read, merged, and refused.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tempfile::TempDir;

use super::header::{CHECKED_BYTES, HEADER_BYTES, Header, Layout};
use super::track::rounded;
use super::*;
use crate::dice::Dice;
use crate::signal::fingerprint::FingerprintConfig;
use crate::signal::landmarks::landmarks;

fn peaks(seed: u32) -> Vec<Peak> {
    let mut dice = Dice::new(seed.into());
    let mut draw = |n: u32| dice.below(n as usize) as u32;
    let mut time = 0;
    (0..200)
        .map(|_| {
            time += draw(160);
            Peak { time, pitch: draw(35_000) as u16, strength: draw(9_999) as u16 }
        })
        .collect()
}

fn built(seeds: &[u32]) -> Vec<u8> {
    let mut builder = SegmentBuilder::new(FingerprintConfig::default());
    for seed in seeds {
        let sub_fingerprints = vec![*seed; 333];
        builder.push(&Track {
            peaks: peaks(*seed).into(),
            sub_fingerprints: &sub_fingerprints,
            frames: 2_000,
        });
    }
    assert_eq!(builder.track_count(), seeds.len());
    let mut bytes = Cursor::new(Vec::new());
    let info = builder.write(&mut bytes).unwrap();
    assert_eq!(info.bytes, bytes.get_ref().len() as u64);
    bytes.into_inner()
}

struct Shelf(TempDir);

impl Shelf {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join("segment");
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

fn open(bytes: &[u8]) -> Result<Segment, IndexError> {
    Segment::open(&Shelf::new().put(bytes), FingerprintConfig::default().digest())
}

/// Hash, track and unit of every posting, by brute force.
fn landmarks_of(seeds: &[u32]) -> Vec<(u32, u32, u32)> {
    let config = FingerprintConfig::default();
    let mut all = Vec::new();
    for (track, seed) in seeds.iter().enumerate() {
        let peaks = config.landmark_peaks(&peaks(*seed));
        landmarks(&peaks, config.landmarks, config.recording_density, |hash, i| {
            all.push((hash.0, track as u32, peaks[i].frames().round() as u32 / UNIT_FRAMES));
        });
    }
    all.sort_unstable();
    all
}

fn postings_of(segment: &Segment) -> Vec<(u32, u32, u32)> {
    let mut all = Vec::new();
    segment.each_list(|hash, list| {
        assert_eq!(segment.list(hash), Some(list));
        segment.visit(list, |position| {
            let (track, unit) = segment.place(position).unwrap();
            all.push((hash.0, track.0, unit));
        });
    });
    all
}

#[test]
fn what_was_written_is_read_back() {
    let segment = open(&built(&[1, 2, 3])).unwrap();
    assert_eq!(segment.track_count(), 3);
    let kept: Vec<Peak> = peaks(2).into_iter().map(rounded).collect();
    let kept = Track { peaks: kept.into(), sub_fingerprints: &[2; 333], frames: 2_000 };
    assert_eq!(segment.track(TrackId(1)), kept);
    assert_eq!(segment.track(TrackId(3)), Track::default());
    let expected = landmarks_of(&[1, 2, 3]);
    assert_eq!(segment.info().postings, expected.len() as u64);
    assert_eq!(postings_of(&segment), expected);
    segment.check().unwrap();
}

#[test]
fn an_empty_segment_answers_nothing() {
    let segment = open(&built(&[])).unwrap();
    assert_eq!(segment.track_count(), 0);
    assert_eq!(segment.list(Hash(0)), None);
    assert_eq!(segment.list(Hash(u32::MAX - 1)), None);
    assert_eq!(segment.place(0), None);
    segment.check().unwrap();
}

#[test]
fn merged_segments_are_what_one_segment_of_the_living_tracks_would_be() {
    let shelf = [Shelf::new(), Shelf::new(), Shelf::new()];
    let seeds: [&[u32]; 3] = [&[1, 2, 3, 4], &[5], &[6, 7]];
    let alive: [&[bool]; 3] = [&[true, false, false, true], &[false], &[true, true]];
    let inputs: Vec<MergeInput> = (0..3)
        .map(|i| {
            let path = shelf[i].put(&built(seeds[i]));
            let segment = Segment::open(&path, FingerprintConfig::default().digest()).unwrap();
            MergeInput { segment, alive: alive[i].to_vec() }
        })
        .collect();
    let mut merged = Cursor::new(Vec::new());
    merge(&inputs, FingerprintConfig::default().digest(), &mut merged).unwrap();
    assert!(merged.into_inner() == built(&[1, 4, 6, 7]), "byte for byte");
}

#[test]
fn a_damaged_segment_is_not_merged() {
    let shelf = Shelf::new();
    let mut bytes = built(&[1, 2]);
    bytes[HEADER_BYTES + 99] ^= 1;
    let path = shelf.put(&bytes);
    let segment = Segment::open_unread(&path, FingerprintConfig::default().digest()).unwrap();
    let inputs = [MergeInput { segment, alive: vec![true; 2] }];
    let mut merged = Cursor::new(Vec::new());
    let result = merge(&inputs, FingerprintConfig::default().digest(), &mut merged);
    assert!(matches!(result, Err(MergeError::Index(IndexError::Damaged { .. }))));
}

#[test]
fn tracks_and_positions_are_numbered_through_all_segments() {
    let mut index = Index::default();
    let shelf = [Shelf::new(), Shelf::new()];
    for (shelf, seeds) in shelf.iter().zip([&[1, 2][..], &[3]]) {
        let path = shelf.put(&built(seeds));
        index.push(Segment::open(&path, FingerprintConfig::default().digest()).unwrap());
    }
    assert!(index.revive(TrackId(2)) && !index.revive(TrackId(3)));
    assert_eq!((index.track_count(), index.track_bound(), index.total_frames()), (1, 3, 2_000));
    let mut seen = Vec::new();
    let mut positions = Vec::new();
    for hash in 0..crate::signal::landmarks::HASH_COUNT {
        let before = seen.len();
        index.each_reader(|reader| {
            reader.read(Hash(hash), &mut positions);
            for position in &positions {
                let (track, unit) = index.place(*position).unwrap();
                assert!(*position < index.position_count());
                seen.push((hash, track.0, unit));
            }
        });
        assert_eq!(seen.len() - before, index.occurrences(Hash(hash)) as usize);
    }
    assert_eq!(seen, landmarks_of(&[1, 2, 3]));
    assert_eq!(index.sub_fingerprints(TrackId(2)), [3; 333]);
    assert_eq!(index.peaks(TrackId(1)).len(), 200);
}

#[test]
fn every_flipped_byte_and_every_cut_is_refused() {
    let good = built(&[1]);
    // The header byte by byte; of the body, which is under few checksums, a sample of places will do.
    for at in (0..HEADER_BYTES).chain((HEADER_BYTES..good.len()).step_by(997)) {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        assert!(open(&bad).is_err(), "byte {at}");
    }
    for len in [0, 1, 63, 64, 111, 112, 1_000, good.len() - 1] {
        assert!(open(&good[..len]).is_err(), "length {len}");
    }
}

#[test]
fn of_a_segment_that_is_not_checked_whole_no_damaged_block_is_believed() {
    let good = built(&(0..200).collect::<Vec<_>>());
    let shelf = Shelf::new();
    let digest = FingerprintConfig::default().digest();
    let sound = Segment::open(&shelf.put(&good), digest).unwrap();
    let expected = postings_of(&sound);
    let mut bad = good.clone();
    bad[HEADER_BYTES + 30_000] ^= 1;
    let shelf = Shelf::new();
    let segment = Segment::open_unread(&shelf.put(&bad), digest).unwrap();
    assert!(segment.damage().is_none(), "nothing is read yet");
    let seen = postings_of(&segment);
    assert!(seen.len() < expected.len());
    assert!(seen.iter().all(|posting| expected.binary_search(posting).is_ok()));
    let damage = segment.damage().unwrap().to_string();
    assert!(damage.contains("checksum of the 16 KiB"), "{damage}");
    assert!(segment.check().is_err());
}

/// Makes the checksums fit whatever the bytes are.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut header = Header::parse(Path::new("segment"), &bytes).unwrap();
    let layout = Layout::of(&header, bytes.len()).unwrap();
    let checksums: Vec<u32> =
        bytes[layout.data()].chunks(CHECKED_BYTES).map(crc32fast::hash).collect();
    bytes[layout.checksums.clone()].copy_from_slice(bytemuck::cast_slice(&checksums));
    header.meta_crc32 = crc32fast::hash(&bytes[layout.meta()]);
    bytes[..HEADER_BYTES].copy_from_slice(&header.to_bytes());
    bytes
}

#[test]
fn a_segment_whose_checksums_fit_and_whose_content_does_not_fails_the_check() {
    let good = built(&[1, 2]);
    assert!(sealed(good.clone()) == good);
    let header = Header::parse(Path::new("segment"), &good).unwrap();
    let layout = Layout::of(&header, good.len()).unwrap();
    for at in [layout.postings.start, layout.tracks.start + 32, layout.tracks.start + 52] {
        let mut bad = good.clone();
        bad[at..at + 8].fill(0);
        let segment = open(&sealed(bad)).unwrap();
        assert!(matches!(segment.check(), Err(IndexError::Damaged { .. })), "byte {at}");
    }
}

proptest! {
    #[test]
    fn whatever_the_content_is_reading_it_ends(flips in prop::collection::vec((0..9_000_usize, any::<u8>()), 1..20)) {
        let mut bytes = built(&[1, 2]);
        let from = HEADER_BYTES;
        let span = bytes.len() - from;
        let tail = {
            let header = Header::parse(Path::new("segment"), &bytes).unwrap();
            Layout::of(&header, bytes.len()).unwrap().tracks.start
        };
        for (at, flip) in flips {
            // Half of them among tracks and directory.
            let at = if at % 2 == 0 { from + at % span } else { tail + at % (bytes.len() - tail) };
            bytes[at] ^= flip;
        }
        if let Ok(segment) = open(&sealed(bytes)) {
            let _ = segment.check();
            for track in 0..3 {
                let _ = segment.track(TrackId(track));
            }
            for hash in (0..crate::signal::landmarks::HASH_COUNT).step_by(101).map(Hash) {
                if let Some(list) = segment.list(hash) {
                    segment.visit(list, |position| { segment.place(position); });
                }
            }
        }
    }
}

#[test]
fn a_segment_of_other_settings_is_refused_with_the_remedy() {
    let error = Segment::open(&Shelf::new().put(&built(&[1])), 7).unwrap_err();
    assert!(matches!(error, IndexError::Config { expected: 7, .. }));
    assert!(error.to_string().contains("add the recordings again"));
}

#[test]
fn older_and_newer_segments_are_told_apart() {
    for (version, remedy) in [(3, "add the recordings again"), (5, "use a newer leakhound")] {
        let mut bytes = built(&[1]);
        bytes[8] = version;
        let error = open(&bytes).unwrap_err().to_string();
        assert!(
            error.contains(&format!("has format {version}")) && error.contains(remedy),
            "{error}"
        );
    }
}
