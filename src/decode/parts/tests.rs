//! The structure of files that were joined, changed or damaged, written here byte by byte.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::*;

fn parts(file: &[u8]) -> Parts {
    parts_to(file, Depth::Deep)
}

fn parts_to(file: &[u8], depth: Depth) -> Parts {
    let cancel = AtomicBool::new(false);
    let guard = Guard::new(&cancel, Duration::from_secs(60), file.len() as u64);
    of(&Bytes::of_memory(file.to_vec()), 0, depth, &guard).expect("within the limits")
}

fn ranges(file: &[u8]) -> (Vec<Range<u64>>, Vec<Range<u64>>) {
    let Parts { parts, gaps } = parts(file);
    (parts.into_iter().map(|part| part.range).collect(), gaps)
}

/// Bytes that are no sync word, and no name of a chunk.
fn body(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 7) as u8 + 1).collect()
}

fn chunk(name: &[u8], content: &[u8]) -> Vec<u8> {
    [name, &(content.len() as u32).to_le_bytes(), content].concat()
}

fn wav(chunks: &[Vec<u8>]) -> Vec<u8> {
    let format = chunk(b"fmt ", b"\x01\0\x01\0\x44\xac\0\0\x88\x58\x01\0\x02\0\x10\0");
    chunk(b"RIFF", &[b"WAVE".to_vec(), format, chunks.concat()].concat())
}

#[test]
fn wav_files_that_follow_one_another_are_parts_and_junk_behind_them_is_a_gap() {
    let one = wav(&[chunk(b"data", &body(100))]);
    let two = wav(&[chunk(b"data", &body(50)), chunk(b"LIST", b"INFO")]);
    let joined = [&one[..], &two, &body(30)].concat();
    let (first, second) = (one.len() as u64, (one.len() + two.len()) as u64);
    assert_eq!(ranges(&joined), (vec![0..first, first..second], vec![second..second + 30; 1]));
    let padded = [&one[..], &[0; 999], &two].concat();
    assert_eq!(ranges(&padded).0[1].start, first + 999);
}

#[test]
fn tags_at_both_ends_are_no_gap() {
    let one = wav(&[chunk(b"data", &body(100))]);
    let mut old = b"TAG".to_vec();
    old.resize(128, 0x41);
    let items = body(40);
    let mut ape = items.clone();
    ape.extend(b"APETAGEX\xd0\x07\0\0");
    ape.extend((items.len() as u32 + 32).to_le_bytes());
    ape.extend([0; 16]);
    let whole = [&one[..], &ape, &old].concat();
    assert_eq!(ranges(&whole), (vec![0..one.len() as u64; 1], vec![]));
    let tagged = [b"ID3\x04\0\0\0\0\0\x05abcde".as_slice(), &one].concat();
    assert_eq!(ranges(&tagged), (vec![0..tagged.len() as u64; 1], vec![]));
}

#[test]
fn each_chunk_of_samples_is_a_part_in_which_the_others_have_another_name() {
    let file = wav(&[chunk(b"data", &body(100)), chunk(b"data", &body(60))]);
    let Parts { parts, gaps } = parts(&file);
    let whole = 0..file.len() as u64;
    let renamed = vec![Patch { at: 36, bytes: b"JUNK".to_vec() }];
    let part = |patches| Part { range: whole.clone(), patches, seekable: true, ..Part::default() };
    assert_eq!(parts, [part(vec![]), part(renamed)]);
    assert!(gaps.is_empty());
}

#[test]
fn a_wav_file_without_a_length_ends_before_the_next_one() {
    let mut open = wav(&[chunk(b"data", &body(100))]);
    open[4..8].fill(0xff);
    open[40..44].fill(0xff);
    let two = wav(&[chunk(b"data", &body(50))]);
    let first = open.len() as u64;
    assert_eq!(ranges(&[&open[..], &two].concat()).0, [0..first, first..first + two.len() as u64]);
}

fn boxed(name: &[u8], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes(), name, content].concat()
}

fn fragment(number: u8) -> Vec<u8> {
    let head = boxed(b"mfhd", &[0, 0, 0, 0, 0, 0, 0, number]);
    [boxed(b"moof", &head), boxed(b"mdat", &body(200))].concat()
}

#[test]
fn fragments_of_mp4_behind_damage_are_read_with_the_tables_at_the_front() {
    let head = [boxed(b"ftyp", b"isom\0\0\0\0"), boxed(b"moov", &body(40))].concat();
    let mut file = [head.clone(), fragment(1), fragment(2), fragment(3)].concat();
    let (second, third) = (head.len() + fragment(1).len(), head.len() + 2 * fragment(1).len());
    file[second..second + 8].fill(0);
    let Parts { parts, gaps } = parts(&file);
    let (second, third) = (second as u64, third as u64);
    assert_eq!(gaps, vec![second..third; 1]);
    assert_eq!((parts[0].range.clone(), parts[0].continues), (0..second, false));
    assert_eq!((parts[1].range.clone(), parts[1].continues), (0..file.len() as u64, true));
    assert_eq!(parts[1].frame_bytes, None, "what is no frame of other parts is told by their own");
    let [Patch { at, bytes }] = &parts[1].patches[..] else { panic!("{parts:?}") };
    assert_eq!((*at, &bytes[..8]), (head.len() as u64, &b"\0\0\0\x01free"[..]));
    assert_eq!(u64::from_be_bytes(bytes[8..].try_into().expect("a length")), third - at);
    // A second file begins with its type.
    let whole = [head.clone(), fragment(1)].concat();
    let (one, two) = (whole.len() as u64, 2 * whole.len() as u64);
    assert_eq!(ranges(&whole.repeat(2)), (vec![0..one, one..two], vec![]));
    let padded = [&whole[..], &[0; 77], &whole].concat();
    assert_eq!(ranges(&padded), (vec![0..one, one + 77..two + 77], vec![]));
}

fn element(id: &[u8], content: &[u8]) -> Vec<u8> {
    let size = (1_u32 << 28 | content.len() as u32).to_be_bytes();
    [id, &size, content].concat()
}

fn matroska(clusters: usize, is_open: bool) -> (Vec<u8>, usize) {
    let head = element(b"\x1a\x45\xdf\xa3", &element(b"\x42\x82", b"webm"));
    let mut content = element(b"\x16\x54\xae\x6b", &body(30));
    let before = content.len();
    for number in 0..clusters {
        let time = element(b"\xe7", &[number as u8]);
        let block = element(b"\xa3", &body(100));
        content.extend(element(b"\x1f\x43\xb6\x75", &[time, block.repeat(3)].concat()));
    }
    let mut segment = element(b"\x18\x53\x80\x67", &content);
    if is_open {
        segment[4..8].copy_from_slice(b"\x1f\xff\xff\xff");
    }
    let file = [head.clone(), segment].concat();
    (file, head.len() + 8 + before)
}

#[test]
fn clusters_of_matroska_behind_damage_are_read_with_the_tracks_at_the_front() {
    for is_open in [false, true] {
        let (mut file, first) = matroska(4, is_open);
        let cluster = (file.len() - first) / 4;
        let (damaged, third) = (first + cluster + 14, first + 2 * cluster);
        file[damaged..damaged + 40].fill(0);
        let Parts { parts, gaps } = parts(&file);
        assert_eq!(gaps, [damaged as u64..third as u64; 1]);
        assert_eq!((parts[0].range.clone(), parts[0].seekable), (0..damaged as u64, false));
        let Part { range, patches, continues, whole, .. } = &parts[1];
        assert_eq!((range.clone(), *continues, *whole), (0..file.len() as u64, true, true));
        let [Patch { at, bytes }] = &patches[..] else { panic!("{parts:?}") };
        assert_eq!((*at, &bytes[..2]), (first as u64, &b"\xec\x01"[..]));
        let void = bytes[2..].iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
        assert_eq!(first + 9 + void, third);
    }
}

#[test]
fn a_recording_of_matroska_without_a_length_is_whole_and_a_cut_one_is_not() {
    let (open, _) = matroska(3, true);
    assert_eq!(parts(&open).parts.len(), 1);
    assert!(parts(&open).parts[0].whole);
    for is_open in [false, true] {
        let (file, _) = matroska(3, is_open);
        assert!(!parts(&file[..file.len() - 50]).parts[0].whole);
    }
    let (two, length) = (open.repeat(2), open.len() as u64);
    assert_eq!(ranges(&two), (vec![0..length, length..2 * length], vec![]));
}

fn adts(rate: u8, channels: u8, frames: usize) -> Vec<u8> {
    let payload = body(100);
    let length = payload.len() + 7;
    let head = [
        0xff,
        0xf1,
        1 << 6 | rate << 2 | channels >> 2,
        (channels & 3) << 6 | (length >> 11) as u8,
        (length >> 3) as u8,
        (length << 5) as u8 | 0x1f,
        0xfc,
    ];
    [&head[..], &payload].concat().repeat(frames)
}

#[test]
fn frames_of_adts_of_another_kind_are_another_part() {
    let file = [adts(4, 2, 5), adts(3, 2, 4), b"\xff\xf1\x50\x80junk".to_vec(), adts(3, 1, 3)];
    let ends: Vec<u64> = file
        .iter()
        .scan(0, |end, part| {
            *end += part.len() as u64;
            Some(*end)
        })
        .collect();
    let expected = vec![0..ends[0], ends[0]..ends[1], ends[2]..ends[3]];
    assert_eq!(ranges(&file.concat()), (expected, vec![ends[1]..ends[2]; 1]));
}

/// A frame of FLAC: 4,096 samples at 44.1 or 48 kHz, 16 bits.
fn flac_frame(rate: u8, channels: u8, number: u8) -> Vec<u8> {
    let mut head = vec![0xff, 0xf8, 0xc0 | rate, (channels - 1) << 4 | 8, number];
    let sum = head.iter().fold(0_u8, |sum, &byte| {
        (0..8).fold(sum ^ byte, |sum, _| if sum & 0x80 == 0 { sum << 1 } else { sum << 1 ^ 7 })
    });
    head.push(sum);
    [head, body(300)].concat()
}

fn flac(longest: u16, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut info = [0; 34];
    info[..2].copy_from_slice(&longest.to_be_bytes());
    info[2..4].copy_from_slice(&longest.to_be_bytes());
    info[10..14].copy_from_slice(&(44_100_u32 << 12 | 1 << 9 | 15 << 4).to_be_bytes());
    [b"fLaC\x80\0\0\x22".as_slice(), &info, &frames.concat()].concat()
}

#[test]
fn frames_of_flac_that_the_description_does_not_fit_are_a_part_with_their_own() {
    let usual: Vec<_> = (0..6).map(|number| flac_frame(9, 2, number)).collect();
    let whole = flac(4_096, &usual);
    let Parts { parts: plain, gaps } = parts(&whole);
    assert_eq!((plain.len(), plain[0].patches.len(), gaps.len()), (1, 0, 0));
    assert_eq!(plain[0].frame_bytes, Some(whole.len() as u64 - 42));
    let mut changed = usual.clone();
    changed.extend((6..12).map(|number| flac_frame(10, 1, number)));
    let found = parts(&flac(4_096, &changed)).parts;
    assert_eq!((found.len(), found[0].patches.len(), found[1].continues), (2, 0, true));
    assert_eq!(found[1].frame_bytes, Some(0), "its frames are counted with the part before");
    let [Patch { at: 8, bytes }] = &found[1].patches[..] else { panic!("{found:?}") };
    assert_eq!(bytes[..4], [0x10, 0, 0x10, 0]);
    assert_eq!(bytes[10..14], (48_000_u32 << 12 | 15 << 4).to_be_bytes());
    // Two frames may be chance, three are not.
    let mut odd = usual.clone();
    odd.extend((6..8).map(|number| flac_frame(10, 1, number)));
    assert_eq!(parts(&flac(4_096, &odd)).parts.len(), 1);
    // A description with too small a length is mended.
    let mended = parts(&flac(16, &usual)).parts;
    assert_eq!((mended.len(), mended[0].patches[0].bytes[..4] == [0x10, 0, 0x10, 0]), (1, true));
}

#[test]
fn flac_files_that_follow_one_another_are_parts() {
    let frames: Vec<_> = (0..6).map(|number| flac_frame(9, 2, number)).collect();
    let file = flac(4_096, &frames);
    let length = file.len() as u64;
    assert_eq!(ranges(&file.repeat(2)), (vec![0..length, length..2 * length], vec![]));
}

#[test]
fn what_lies_between_pages_of_ogg_is_a_gap() {
    let page = [b"OggS\0\0".as_slice(), &[0; 20], &[1, 50], &body(50)].concat();
    let length = page.len() as u64;
    let file = [page.repeat(2), body(70), page.repeat(3), body(90)].concat();
    let (from, to) = (2 * length, 2 * length + 70);
    let end = to + 3 * length;
    assert_eq!(ranges(&file), (vec![0..end; 1], vec![from..to, end..end + 90]));
}

#[test]
fn a_file_behind_junk_is_found_by_its_magic() {
    let one = wav(&[chunk(b"data", &body(100))]);
    let frames: Vec<_> = (0..6).map(|number| flac_frame(9, 2, number)).collect();
    let two = flac(4_096, &frames);
    let file = [&one[..], &body(5_000), &two].concat();
    let (first, second) = (one.len() as u64, one.len() as u64 + 5_000);
    let length = file.len() as u64;
    assert_eq!(ranges(&file), (vec![0..first, second..length], vec![first..second; 1]));
}

#[test]
fn no_bytes_make_a_walk_fail_or_last() {
    let mut dice = crate::dice::Dice::new(5);
    let (matroska, _) = matroska(3, true);
    let mp4 = [boxed(b"ftyp", b"isom\0\0\0\0"), boxed(b"moov", &body(9)), fragment(1)].concat();
    let frames: Vec<_> = (0..6).map(|number| flac_frame(9, 2, number)).collect();
    let seeds = [
        wav(&[chunk(b"data", &body(100)), chunk(b"data", &body(60))]),
        matroska,
        mp4,
        adts(4, 2, 6),
        flac(4_096, &frames),
    ];
    for round in 0..2_000 {
        let mut file = seeds[round % seeds.len()].repeat(1 + round % 3);
        for _ in 0..=round % 9 {
            let at = (dice.share() * file.len() as f64) as usize;
            file[at] = (dice.share() * 256.0) as u8;
        }
        let length = file.len() as u64;
        let depth = if round % 2 == 0 { Depth::Deep } else { Depth::Shallow };
        let Parts { parts, gaps } = parts_to(&file, depth);
        assert!(!parts.is_empty());
        for range in parts.iter().map(|part| &part.range).chain(&gaps) {
            assert!(range.start <= range.end && range.end <= length, "{range:?} of {length}");
        }
    }
}

#[test]
fn of_very_many_gaps_the_short_are_dropped_and_those_that_touch_are_one() {
    let mut parts = Parts::default();
    for nth in 0..100_000 {
        parts.gap(nth * 10..nth * 10 + 1);
        parts.gap(nth * 10 + 1..nth * 10 + 2);
    }
    parts.gap(2_000_000..2_100_000);
    assert_eq!(parts.gaps.len(), MAX_GAPS + 1);
    assert_eq!((parts.gaps[0].clone(), parts.gaps[MAX_GAPS].clone()), (0..2, 2_000_000..2_100_000));
}

#[test]
fn junk_that_begins_like_many_files_is_one_gap_behind_the_sound() {
    let sound = wav(&[chunk(b"data", &body(5_000))]);
    let junk = b"\0\0\0\x10ftypnone\0\0\0\0\0\0\0\x03words between them".repeat(20_000);
    let (ranges, gaps) = ranges(&[&sound[..], &junk].concat());
    assert_eq!(ranges[0], 0..sound.len() as u64);
    assert_eq!(gaps.last().map(|gap| gap.end), Some((sound.len() + junk.len()) as u64));
}
