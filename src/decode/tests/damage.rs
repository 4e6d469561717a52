//! Truncated and damaged files, and false headers: the rest is decoded, and nothing panics.

use proptest::prelude::*;

use super::*;
use crate::record::FailureKind;

#[test]
fn a_wav_header_that_claims_too_much_is_cut_not_allocated() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let mut file = wav(44_100, 1, &tune(7, 2.0));
    file[4..8].copy_from_slice(&2_000_000_036_u32.to_le_bytes());
    file[40..44].copy_from_slice(&2_000_000_000_u32.to_le_bytes());
    let path = write(directory.path(), "a.wav", &file);
    let (result, kept) = decode(&path);
    let decoded = result.expect("decoded");
    assert!(decoded.streams[0].truncated);
    assert!(decoded.notes.iter().any(|note| note.starts_with("ends early: ")), "{decoded:?}");
    assert!(kept.streams[0].1.len().abs_diff(96_000) < 2_000, "{}", kept.streams[0].1.len());
}

#[test]
fn a_wav_file_from_a_pipe_is_not_called_cut() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let mut file = wav(44_100, 1, &tune(7, 1.0));
    file[4..8].fill(0xff);
    file[40..44].fill(0xff);
    let (result, kept) = decode(&write(directory.path(), "a.wav", &file));
    let decoded = result.expect("decoded");
    assert!(!decoded.streams[0].truncated && decoded.notes.is_empty(), "{decoded:?}");
    assert!(kept.streams[0].1.len().abs_diff(48_000) < 1_200);
}

#[test]
fn a_header_that_makes_the_reader_overflow_is_an_error() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let mut file = wav(44_100, 1, &tune(7, 0.1));
    file[22..24].fill(0xff);
    let (result, _) = decode(&write(directory.path(), "a.wav", &file));
    assert_eq!(result.expect_err("65,535 channels").kind(), FailureKind::Unsupported);
}

#[test]
fn a_cut_file_gives_its_first_half() {
    let (_directory, tune, mono) = tune_file();
    let table: &[(&str, &[&str])] = &[
        ("a.mp3", &["-b:a", "128k"]),
        ("a.ogg", &["-c:a", "libvorbis"]),
        ("a.opus", &["-c:a", "libopus"]),
        ("a.flac", &[]),
        ("a.wav", &[]),
        ("fast.m4a", &["-c:a", "aac", "-movflags", "+faststart"]),
        ("a.webm", &["-c:a", "libopus"]),
    ];
    for (name, arguments) in table {
        let path = encode(&tune, &format!("whole-{name}"), arguments);
        let bytes = fs::read(&path).expect("read");
        let cut = write(path.parent().expect("a folder"), name, &bytes[..bytes.len() * 6 / 10]);
        let (result, kept) = decode(&cut);
        let decoded = result.unwrap_or_else(|error| panic!("{name}: {error}"));
        let info = &decoded.streams[0];
        assert!(info.truncated, "{name}: {decoded:?}");
        // A page of Ogg holds up to a second.
        assert!(info.duration_seconds > 1.9 && info.duration_seconds < 3.7, "{name}: {info:?}");
        let told = |note: &String| note.starts_with("ends early") || note.starts_with("incomplete");
        assert!(decoded.notes.iter().any(told), "{name}: {decoded:?}");
        let (similar, _) = correlation(&mono, &kept.streams[0].1);
        assert!(similar > 0.95, "{name}: {similar}");
    }
}

#[test]
fn a_damaged_middle_costs_only_itself() {
    let (_directory, tune, _) = tune_file();
    let table: &[(&str, &[&str])] = &[
        ("a.mp3", &["-b:a", "128k"]),
        ("a.ogg", &["-c:a", "libvorbis"]),
        ("a.opus", &["-c:a", "libopus"]),
        ("a.flac", &[]),
        ("a.aac", &[]),
        ("a.m4a", &["-c:a", "aac"]),
    ];
    for (name, arguments) in table {
        let path = encode(&tune, name, arguments);
        let mut bytes = fs::read(&path).expect("read");
        let (from, to) = (bytes.len() * 45 / 100, bytes.len() * 50 / 100);
        bytes[from..to].fill(0);
        fs::write(&path, bytes).expect("written");
        let (result, _) = decode(&path);
        let decoded = result.unwrap_or_else(|error| panic!("{name}: {error}"));
        // Ogg loses two pages of a second each.
        assert!(decoded.streams[0].duration_seconds > 2.9, "{name}: {decoded:?}");
    }
}

#[test]
fn a_second_chain_link_is_decoded_too() {
    let (_directory, tune, _) = tune_file();
    let mut bytes = fs::read(encode(&tune, "a.ogg", &["-c:a", "libvorbis"])).expect("read");
    let second = encode(&tune, "b.ogg", &["-c:a", "libvorbis", "-ar", "44100", "-ac", "1"]);
    bytes.extend(fs::read(second).expect("read"));
    let (result, kept) = decode(&write(tune.parent().expect("a folder"), "chain.ogg", &bytes));
    let decoded = result.expect("decoded");
    assert_eq!((decoded.streams.len(), kept.streams[0].0.len()), (1, 2));
    assert!((decoded.streams[0].duration_seconds - 2.0 * SECONDS).abs() < 0.2, "{decoded:?}");
}

#[test]
fn sound_behind_the_end_that_a_header_declares_is_heard() {
    let (_directory, tune, _) = tune_file();
    let mut bytes = fs::read(encode(&tune, "a.mp3", &["-b:a", "128k"])).expect("read");
    bytes.extend(bytes.clone());
    let (result, _) = decode(&write(tune.parent().expect("a folder"), "two.mp3", &bytes));
    let decoded = result.expect("decoded");
    assert!((decoded.streams[0].duration_seconds - 2.0 * SECONDS).abs() < 0.2, "{decoded:?}");
    assert!(decoded.notes.iter().any(|note| note.contains("behind the declared end")));
}

#[test]
fn a_page_in_front_of_an_ogg_stream_is_skipped() {
    let (_directory, tune, mono) = tune_file();
    let vorbis = fs::read(encode(&tune, "a.ogg", &["-c:a", "libvorbis"])).expect("read");
    let mut bytes = b"OggS\0\x06\0\0\0\0\0\0\0\0\x01\x02\x03\x04\0\0\0\0\0\0\0\0\x01\x8b".to_vec();
    bytes.push(0x81);
    bytes.resize(28 + 0x8b, 0);
    bytes.extend(vorbis);
    let (result, kept) = decode(&write(tune.parent().expect("a folder"), "s.ogg", &bytes));
    let decoded = result.expect("decoded");
    assert_sounds_like("s.ogg", &mono, &kept.streams[0].1, decoded.streams[0].duration_seconds);
}

#[test]
fn a_large_picture_or_a_broken_tag_in_front_does_not_matter() {
    let (_directory, tune, mono) = tune_file();
    let mp3 = fs::read(encode(&tune, "a.mp3", &["-b:a", "128k", "-id3v2_version", "0"]));
    let mp3 = mp3.expect("read");
    for (name, length, filling) in [("large", 20 << 20, 0), ("broken", 3_000, 0xee)] {
        let mut bytes = b"ID3\x03\0\0".to_vec();
        bytes.extend((0..4).map(|i| (length >> (21 - 7 * i) & 0x7f) as u8));
        bytes.extend(b"APIC\0\xff\xff\xff\0\0");
        bytes.resize(10 + length as usize, filling);
        bytes.extend(&mp3);
        let (result, kept) = decode(&write(tune.parent().expect("a folder"), name, &bytes));
        let decoded = result.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_sounds_like(name, &mono, &kept.streams[0].1, decoded.streams[0].duration_seconds);
    }
}

#[test]
fn no_bytes_make_it_panic() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let path = directory.path().join("any");
    let seeds = seeds();
    let decoder = Decoder::new(LIMITS, None);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let change = (any::<proptest::sample::Index>(), any::<u8>());
    let case = (
        any::<proptest::sample::Index>(),
        prop::collection::vec(change, 0..40),
        0.0..1.0_f64,
        prop::collection::vec(any::<u8>(), 0..200),
    );
    let outcome = runner.run(&case, |(seed, changes, keep, junk)| {
        let mut bytes = seed.get(&seeds).clone();
        if keep > 0.5 {
            bytes.truncate((bytes.len() as f64 * keep) as usize + 1);
        }
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if junk.len() > 150 {
            bytes = junk;
        }
        fs::write(&path, &bytes).expect("written");
        let (result, _) = decode_with(&decoder, &path);
        if let Err(error) = result {
            prop_assert!(!error.to_string().contains('\n'));
        }
        Ok(())
    });
    outcome.expect("no panic");
}

/// The checksum of an Ogg page whose own field is zero: CRC-32 of polynomial 04c11db7, from the high bit on (RFC 3533).
fn ogg_checksum(page: &[u8]) -> u32 {
    page.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ (u32::from(*byte) << 24), |sum, _| {
            let carry = sum >> 31;
            (sum << 1) ^ (carry * 0x04c1_1db7)
        })
    })
}

#[test]
fn pages_of_ogg_that_count_too_few_samples_lose_none() {
    // As ffmpeg writes them where a page ends among short blocks of Vorbis.
    let (_directory, tune, mono) = tune_file();
    for (name, codec) in [("a.ogg", "libvorbis"), ("a.opus", "libopus")] {
        let path = encode(&tune, name, &["-c:a", codec, "-page_duration", "300000"]);
        let mut file = fs::read(&path).expect("read");
        let starts: Vec<usize> =
            file.windows(4).enumerate().filter(|(_, w)| w == b"OggS").map(|(at, _)| at).collect();
        assert!(starts.len() > 10, "{name}: {} pages", starts.len());
        // All but the pages of headers, the first of sound, and the last.
        for pages in starts.windows(2).skip(4).step_by(2) {
            let page = &mut file[pages[0]..pages[1]];
            let samples = u64::from_le_bytes(page[6..14].try_into().expect("8 bytes"));
            page[6..14].copy_from_slice(&(samples - 384).to_le_bytes());
            page[22..26].fill(0);
            let sum = ogg_checksum(page);
            page[22..26].copy_from_slice(&sum.to_le_bytes());
        }
        let (result, kept) =
            decode(&write(path.parent().expect("a folder"), &format!("short-{name}"), &file));
        let decoded = result.expect("decoded");
        assert!(decoded.notes.is_empty(), "{name}: {:?}", decoded.notes);
        assert!(
            kept.streams[0].1.len().abs_diff(mono.len()) <= 1,
            "{name}: {}",
            kept.streams[0].1.len()
        );
    }
}
