//! Files that were joined, that change within, or that are damaged in the middle: all is heard, or what is not is told.

use super::*;
use crate::record::FailureKind;

/// What makes ffmpeg write a file of fragments of half a second.
const FRAGMENTS: [&str; 6] = [
    "-c:a",
    "aac",
    "-movflags",
    "frag_keyframe+empty_moov+default_base_moof",
    "-frag_duration",
    "500000",
];

/// Two tunes as files of one kind, of other rates and channels, and the one behind the other.
fn joined(ending: &str, one: &[&str], two: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let (directory, tune, _) = tune_file();
    let mut bytes = fs::read(encode(&tune, &format!("one.{ending}"), one)).expect("read");
    bytes.extend(fs::read(encode(&tune, &format!("two.{ending}"), two)).expect("read"));
    let path = write(directory.path(), &format!("both.{ending}"), &bytes);
    (directory, path)
}

/// Decodes by both bands, without ffmpeg.
fn heard(path: &Path) -> Vec<(Decoded, Kept)> {
    [Band::Full, Band::Low]
        .into_iter()
        .map(|band| {
            let decoder = Decoder::new(LIMITS, None).with_band(band);
            let mut kept = Kept::default();
            let result = decoder.decode(&path.into(), &AtomicBool::new(false), &mut kept);
            (result.unwrap_or_else(|error| panic!("{}: {error}", path.display())), kept)
        })
        .collect()
}

fn told(decoded: &Decoded) -> bool {
    decoded.is_partial && decoded.notes.iter().any(|note| note.contains("not read"))
}

#[test]
fn a_file_behind_another_one_is_heard() {
    let table: &[(&str, &[&str], &[&str])] = &[
        ("wav", &["-ar", "22050", "-ac", "1"], &["-ar", "44100"]),
        ("wav", &["-c:a", "pcm_s24le"], &["-c:a", "pcm_s16le"]),
        ("aiff", &["-ar", "22050"], &["-ar", "48000"]),
        ("caf", &["-c:a", "alac"], &["-c:a", "pcm_s16be", "-ar", "32000"]),
        ("flac", &["-sample_fmt", "s32"], &["-ar", "44100", "-ac", "1"]),
        ("mka", &["-c:a", "flac", "-ac", "1"], &["-c:a", "libvorbis"]),
        ("webm", &["-c:a", "libopus"], &["-c:a", "libvorbis", "-ar", "44100"]),
        ("m4a", &["-c:a", "aac"], &["-c:a", "alac", "-ar", "44100"]),
        ("ogg", &["-c:a", "libvorbis"], &["-c:a", "flac", "-ar", "44100"]),
    ];
    for (ending, one, two) in table {
        let (_directory, path) = joined(ending, one, two);
        for (decoded, _) in heard(&path) {
            let info = &decoded.streams[0];
            let seconds = info.duration_seconds;
            assert!((seconds - 2.0 * SECONDS).abs() < 0.2, "{ending}: {decoded:?}");
            assert!(!decoded.is_partial && !info.truncated, "{ending}: {decoded:?}");
        }
    }
}

#[test]
fn each_stretch_of_a_stream_that_changes_is_heard_at_its_own_rate() {
    let table: &[(&str, &[&str], &[&str])] = &[
        ("mp3", &["-ar", "44100"], &["-ar", "48000"]),
        (
            "mp3",
            &["-ar", "44100", "-write_xing", "0"],
            &["-ar", "22050", "-ac", "1", "-write_xing", "0"],
        ),
        ("mp2", &["-ar", "48000"], &["-ar", "32000", "-ac", "1", "-b:a", "128k"]),
        ("aac", &["-ar", "44100"], &["-ar", "48000"]),
        ("aac", &["-ar", "48000"], &["-ar", "48000", "-ac", "1"]),
    ];
    let (_other, _, mono) = tune_file();
    for (ending, one, two) in table {
        let (_directory, path) = joined(ending, one, two);
        for (nth, (decoded, kept)) in heard(&path).into_iter().enumerate() {
            let info = &decoded.streams[0];
            let name = format!("{ending} {two:?}");
            assert!((info.duration_seconds - 2.0 * SECONDS).abs() < 0.3, "{name}: {decoded:?}");
            assert!(info.damaged_packets <= 2 && !decoded.is_partial, "{name}: {decoded:?}");
            let is_whole =
                |note: &String| note.contains("incomplete") || note.contains("ends early");
            assert!(!decoded.notes.iter().any(is_whole), "{name}: {decoded:?}");
            let rates = &kept.streams[0].0;
            let changes = usize::from(one[1] != two[1]);
            // In the low band other rates may become the same one.
            assert!(nth > 0 || rates.len() == 1 + changes, "{name}: {rates:?}");
        }
        // The second stretch is the tune at its own speed.
        let (_, kept) = heard(&path).swap_remove(0);
        if two[1] == "48000" {
            let samples = &kept.streams[0].1;
            let second = &samples[samples.len() - (SECONDS * f64::from(RATE_HZ)) as usize..];
            let (similar, _) = correlation(&mono, second);
            assert!(similar > 0.9, "{ending}: {similar}");
        }
    }
}

/// Where the frames of a FLAC file begin.
fn behind_metadata(file: &[u8]) -> usize {
    let mut at = 4;
    loop {
        let last = file[at] & 0x80 != 0;
        at += 4 + u32::from_be_bytes([0, file[at + 1], file[at + 2], file[at + 3]]) as usize;
        if last {
            return at;
        }
    }
}

#[test]
fn frames_of_flac_that_change_without_a_head_are_heard() {
    let (directory, tune, _) = tune_file();
    let one = fs::read(encode(&tune, "one.flac", &[])).expect("read");
    let two = fs::read(encode(&tune, "two.flac", &["-ac", "1", "-ar", "44100"])).expect("read");
    let at = behind_metadata(&two);
    let path = write(directory.path(), "both.flac", &[&one[..], &two[at..]].concat());
    for (decoded, kept) in heard(&path) {
        let seconds = decoded.streams[0].duration_seconds;
        assert!((seconds - 2.0 * SECONDS).abs() < 0.2, "{decoded:?}");
        assert_eq!(kept.streams[0].0.len(), 2);
    }
}

#[test]
fn a_second_chunk_of_samples_is_heard() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let mut file = wav(44_100, 1, &tune(7, 1.0));
    let second = wav(44_100, 1, &tune(8, 2.0));
    file.extend(&second[36..]);
    let length = file.len() as u32 - 8;
    file[4..8].copy_from_slice(&length.to_le_bytes());
    for (decoded, kept) in heard(&write(directory.path(), "a.wav", &file)) {
        assert_eq!(kept.streams[0].1.len(), 3 * RATE_HZ as usize);
        assert_eq!((decoded.notes.len(), decoded.is_partial), (0, false), "{decoded:?}");
    }
}

#[test]
fn what_follows_and_is_no_sound_is_told_whatever_the_size_of_the_file() {
    let (directory, tune, _) = tune_file();
    let mut dice = Dice::new(4);
    let junk: Vec<u8> = (0..9_000).map(|_| (dice.share() * 256.0) as u8 & 0x7f).collect();
    for (name, arguments) in [
        ("a.wav", &["-t", "0.3"][..]),
        ("a.aiff", &["-t", "0.3"]),
        ("a.flac", &["-t", "0.3"]),
        ("a.mp3", &["-t", "0.3"]),
        ("a.aac", &["-t", "0.3"]),
        ("a.ogg", &["-t", "0.3", "-c:a", "libvorbis"]),
        ("a.m4a", &["-t", "0.3"]),
        ("a.mka", &["-t", "0.3", "-c:a", "flac"]),
    ] {
        let mut bytes = fs::read(encode(&tune, name, arguments)).expect("read");
        let whole = heard(&write(directory.path(), name, &bytes)).swap_remove(0).0;
        assert!(!whole.is_partial, "{name}: {whole:?}");
        bytes.extend(&junk);
        for (decoded, _) in heard(&write(directory.path(), name, &bytes)) {
            assert!(told(&decoded), "{name}: {decoded:?}");
        }
    }
}

#[test]
fn what_is_behind_damage_in_the_middle_is_heard_and_the_damage_told() {
    let (directory, tune, _) = tune_file();
    let clusters = ["-c:a", "libopus", "-b:a", "256k", "-cluster_time_limit", "500"];
    for (name, arguments, head) in
        [("a.mp4", &FRAGMENTS[..], &b"moof"[..]), ("a.webm", &clusters, b"\x1f\x43\xb6\x75")]
    {
        let mut bytes = fs::read(encode(&tune, name, arguments)).expect("read");
        let places: Vec<usize> = memchr::memmem::find_iter(&bytes, head).collect();
        assert!(places.len() > 6, "{name}: {places:?}");
        let at = places[places.len() / 2];
        bytes[at - 4..at + 3_000].fill(0);
        for (decoded, _) in heard(&write(directory.path(), name, &bytes)) {
            let seconds = decoded.streams[0].duration_seconds;
            assert!(seconds > SECONDS - 1.3, "{name}: {decoded:?}");
            assert!(told(&decoded), "{name}: {decoded:?}");
        }
    }
}

#[test]
fn what_is_among_frames_is_told_whatever_was_joined_in_front() {
    let (directory, tune, _) = tune_file();
    let clusters = ["-c:a", "libopus", "-b:a", "256k", "-cluster_time_limit", "500"];
    let mut damaged = fs::read(encode(&tune, "a.webm", &clusters)).expect("read");
    let places: Vec<usize> = memchr::memmem::find_iter(&damaged, b"\x1f\x43\xb6\x75").collect();
    let at = places[places.len() / 2];
    damaged[at - 4..at + 3_000].fill(0);
    let flac = fs::read(encode(&tune, "a.flac", &["-ac", "1", "-ar", "22050"])).expect("read");
    let (front, back) = flac.split_at(flac.len() / 2);
    let among = [front, &vec![0x33; 20_000], back].concat();
    let is_told = |note: &String| note.contains("among its frames");
    for file in [among.clone(), [damaged, among].concat()] {
        for (decoded, _) in heard(&write(directory.path(), "both.webm", &file)) {
            assert!(decoded.notes.iter().any(is_told), "{decoded:?}");
        }
    }
}

#[test]
fn a_length_that_is_only_estimated_is_not_held_against_a_file() {
    let (directory, tune, _) = tune_file();
    let quiet = wav(RATE_HZ, 1, &vec![0.0; RATE_HZ as usize]);
    let silence = encode(
        &write(directory.path(), "s.wav", &quiet),
        "s.mp3",
        &["-b:a", "32k", "-write_xing", "0"],
    );
    let loud = encode(&tune, "a.mp3", &["-b:a", "320k", "-write_xing", "0"]);
    // A bit rate that is low at the start makes the estimate far too long.
    let mut bytes = vec![0x11; 700];
    bytes.extend(fs::read(silence).expect("read"));
    bytes.extend(fs::read(loud).expect("read"));
    for (decoded, _) in heard(&write(directory.path(), "vbr.mp3", &bytes)) {
        assert!(!decoded.streams[0].truncated, "{decoded:?}");
        assert_eq!((decoded.notes.len(), decoded.is_partial), (0, false), "{decoded:?}");
    }
}

#[test]
fn a_recording_of_a_browser_is_not_called_cut_off() {
    let (directory, tune, _) = tune_file();
    let live = ["-c:a", "libopus", "-f", "webm", "-live", "1"];
    let path = encode(&tune, "live.webm", &live);
    let bytes = fs::read(&path).expect("read");
    for (decoded, _) in heard(&path) {
        assert_eq!((decoded.notes.len(), decoded.streams[0].truncated), (0, false), "{decoded:?}");
    }
    let cut = write(directory.path(), "cut.webm", &bytes[..bytes.len() - 500]);
    for (decoded, _) in heard(&cut) {
        assert!(decoded.streams[0].truncated, "{decoded:?}");
    }
}

#[test]
fn damage_without_sound_is_called_damage_not_silence() {
    let (directory, _, _) = tune_file();
    let mut samples = vec![0.0; RATE_HZ as usize];
    samples.extend(tune(3, 4.0));
    let path = write(directory.path(), "a.wav", &wav(RATE_HZ, 1, &samples));
    let mut bytes = fs::read(encode(&path, "a.flac", &[])).expect("read");
    // Behind ten frames of silence, which have some 15 bytes each.
    let from = behind_metadata(&bytes) + 120;
    let mut dice = Dice::new(9);
    bytes[from..].iter_mut().for_each(|byte| *byte = (dice.share() * 200.0) as u8);
    let (result, _) = decode(&write(directory.path(), "damaged.flac", &bytes));
    let error = result.expect_err("no sound");
    assert_eq!(error.kind(), FailureKind::Damaged, "{error}");
    assert!(!error.to_string().contains("silence"), "{error}");
}

#[test]
fn sound_behind_a_picture_is_heard() {
    let (directory, tune, mono) = tune_file();
    let picture = encode(
        &tune,
        "a.png",
        &["-f", "lavfi", "-i", "testsrc=d=1:s=64x48", "-map", "1:v", "-frames:v", "1"],
    );
    let jpeg = encode(&picture, "a.jpg", &[]);
    let gif = encode(&picture, "a.gif", &[]);
    for (name, arguments) in [("s.mp3", &[][..]), ("s.flac", &[]), ("s.m4a", &["-c:a", "aac"])] {
        let sound = fs::read(encode(&tune, name, arguments)).expect("read");
        for picture in [&picture, &jpeg, &gif] {
            let both = [fs::read(picture).expect("read"), sound.clone()].concat();
            let (result, kept) = decode(&write(directory.path(), "both.jpg", &both));
            let decoded = result.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(decoded.notes[0].contains("begins behind a"), "{decoded:?}");
            assert_sounds_like(
                name,
                &mono,
                &kept.streams[0].1,
                decoded.streams[0].duration_seconds,
            );
        }
        let alone = decode(picture.as_path()).0.expect_err("a picture");
        assert_eq!(alone.kind(), FailureKind::NotAudio);
    }
}

#[test]
fn a_segment_without_its_head_is_named_with_the_remedy() {
    let (directory, tune, _) = tune_file();
    let bytes = fs::read(encode(&tune, "a.mp4", &FRAGMENTS)).expect("read");
    let at = memchr::memmem::find(&bytes, b"moof").expect("a fragment") - 4;
    let (result, _) = decode_or_help(&write(directory.path(), "piece.m4s", &bytes[at..]));
    let error = result.expect_err("a piece");
    assert_eq!(error.kind(), FailureKind::Unsupported);
    assert!(error.to_string().contains("init.mp4"), "{error}");
}

#[test]
fn what_ffmpeg_leaves_is_told_as_well() {
    let (directory, tune, _) = tune_file();
    for name in ["a.wv", "a.tta"] {
        let path = encode(&tune, name, &[]);
        let (result, _) = decode_or_help(&path);
        assert!(!result.expect(name).is_partial, "{name}");
        let mut bytes = fs::read(&path).expect("read");
        bytes.extend(vec![0x33; bytes.len() / 2]);
        let (result, _) = decode_or_help(&write(directory.path(), &format!("more-{name}"), &bytes));
        let decoded = result.expect(name);
        assert!(told(&decoded), "{name}: {decoded:?}");
    }
}
