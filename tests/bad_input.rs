//! Truncated, damaged and mislabelled files, pipes, and files that may not be read.

use std::fs;
use std::path::Path;

use leakhound::record::{ItemRecord, Stage, Verdict};

use crate::common::{Desk, assert_contract, encode, excerpt, float_wav, parse, record, song, wav};

/// A desk whose catalogue has song 1, of 20 s.
fn desk() -> Desk {
    Desk::with_songs(&[1], 20)
}

/// Asserts that a row is a failure of this stage and kind, with these words in its message.
#[track_caller]
fn assert_failed(row: &ItemRecord, stage: Stage, kind: &str, words: &str) {
    assert_eq!(row.verdict, Verdict::Failed, "{row:#?}");
    assert!(row.findings.is_empty(), "{row:#?}");
    let failure = row.failure.as_ref().unwrap();
    assert_eq!((failure.stage, failure.kind.as_str()), (stage, kind), "{row:#?}");
    assert!(failure.message.contains(words), "{words:?} is not in {row:#?}");
    assert!(!failure.message.contains(char::is_control), "{row:#?}");
}

/// Asserts that a row is a match nevertheless, with these words in a note.
#[track_caller]
fn assert_found_with_note(row: &ItemRecord, words: &str) {
    assert_eq!(row.verdict, Verdict::Match, "{row:#?}");
    assert!(row.notes.iter().any(|note| note.contains(words)), "{words:?} is not in {row:#?}");
}

#[test]
fn each_file_that_gives_no_sound_is_one_row_that_says_why() {
    let desk = desk();
    let files: &[(&str, &[u8], Stage, &str, &str)] = &[
        ("empty.mp3", b"", Stage::Probe, "empty", "0 bytes"),
        ("text.mp3", b"only text\n", Stage::Probe, "mislabelled", "ends in .mp3"),
        ("text.txt", b"only text\n", Stage::Probe, "not_audio", "text"),
        ("image.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01", Stage::Probe, "not_audio", "JPEG"),
        ("image.flac", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01", Stage::Probe, "mislabelled", ".flac"),
        ("zeros.wav", &vec![0; 100_000], Stage::Probe, "mislabelled", "is not audio"),
        ("0-seconds.wav", &wav(&[]), Stage::Decode, "damaged", "none of its 0 audio packets"),
        (
            "silence.wav",
            &wav(&vec![0.0; 44_100]),
            Stage::Decode,
            "silent",
            "2.0 s of digital silence",
        ),
        ("nan.wav", &float_wav(&vec![f32::NAN; 44_100]), Stage::Decode, "silent", "silence"),
        ("moment.wav", &wav(&song(1, 20)[..4_000]), Stage::Fingerprint, "too_short", "0.2 s"),
        ("header.wav", &wav(&song(1, 20))[..30], Stage::Probe, "unsupported", "WAV"),
        ("header.flac", b"fLaC\0\0\0\x22", Stage::Probe, "unsupported", "FLAC"),
    ];
    for (name, bytes, ..) in files {
        desk.write(format!("dump/{name}"), bytes);
    }
    let rows = desk.scan(3);
    assert_eq!(rows.len(), files.len());
    for (name, bytes, stage, kind, words) in files {
        let row = record(&rows, &format!("/{name}"));
        assert_eq!(row.item.size_bytes, bytes.len() as u64);
        assert_eq!(row.item.sha256.len(), 64, "{row:#?}");
        assert_failed(row, *stage, kind, words);
    }
    parse(&desk.jsonl()).iter().for_each(assert_contract);
}

#[test]
fn what_is_left_of_a_cut_or_damaged_file_is_still_searched() {
    let desk = desk();
    let whole = desk.path("masters/song-1.wav");
    for name in ["cut.ogg", "cut.flac", "cut.mp3", "middle.flac", "middle.mp3", "middle.ogg"] {
        encode(&whole, &desk.path("dump").join(name), &[]);
    }
    for name in ["cut.ogg", "cut.flac", "cut.mp3"] {
        let path = desk.path("dump").join(name);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() * 6 / 10]).unwrap();
    }
    for name in ["middle.flac", "middle.mp3", "middle.ogg"] {
        let path = desk.path("dump").join(name);
        let mut bytes = fs::read(&path).unwrap();
        let (from, to) = (bytes.len() * 45 / 100, bytes.len() * 50 / 100);
        for (i, byte) in bytes[from..to].iter_mut().enumerate() {
            *byte = (i as u32).wrapping_mul(2_654_435_761).to_be_bytes()[0];
        }
        fs::write(&path, bytes).unwrap();
    }
    let rows = desk.scan(1);
    assert_eq!(rows.len(), 6);
    for row in &rows {
        assert_eq!(row.verdict, Verdict::Match, "{row:#?}");
        assert!(row.failure.is_none());
    }
    for name in ["/cut.ogg", "/cut.flac", "/cut.mp3"] {
        let row = record(&rows, name);
        let seconds = row.item.duration_seconds;
        assert!((8.0..16.0).contains(&seconds), "{name}: {seconds} s");
        let end = row.findings[0].spans.last().unwrap().item_end_seconds;
        assert!((seconds - end).abs() < 1.0, "{row:#?}");
    }
    assert_found_with_note(record(&rows, "/cut.flac"), "20.0 s");
    assert!(!record(&rows, "/middle.flac").notes.is_empty(), "{rows:#?}");
}

#[test]
fn a_lost_tenth_of_a_second_of_flac_is_told() {
    let desk = desk();
    let path = desk.path("dump/hole.flac");
    encode(&desk.path("masters/song-1.wav"), &path, &[]);
    let mut bytes = fs::read(&path).unwrap();
    let from = bytes.len() * 45 / 100;
    bytes[from..from + 64].fill(0x5a);
    fs::write(&path, bytes).unwrap();
    let rows = desk.scan(1);
    assert_eq!(rows[0].verdict, Verdict::Match, "{rows:#?}");
    assert_found_with_note(&rows[0], "of 20.0 s");
}

#[test]
fn a_wav_header_that_claims_a_thousand_million_samples_is_not_believed() {
    let desk = desk();
    let mut file = wav(&song(1, 20));
    let data = file.len() - 2 * song(1, 20).len();
    file[4..8].copy_from_slice(&2_000_000_036_u32.to_le_bytes());
    file[data - 4..data].copy_from_slice(&2_000_000_000_u32.to_le_bytes());
    desk.write("dump/claims.wav", &file);
    let rows = desk.scan(1);
    assert_found_with_note(&rows[0], "of 45351.5 s");
    assert!((rows[0].item.duration_seconds - 20.0).abs() < 0.1, "{rows:#?}");
    assert!((rows[0].findings[0].item_coverage - 1.0).abs() < 0.02, "{rows:#?}");
}

#[test]
fn samples_that_are_no_numbers_cost_only_themselves() {
    let desk = desk();
    let mut samples = song(1, 20).to_vec();
    for (i, sample) in samples.iter_mut().enumerate().skip(100_000).take(2_000) {
        *sample = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30][i % 4];
    }
    desk.write("dump/nan.wav", &float_wav(&samples));
    let rows = desk.scan(1);
    assert_found_with_note(&rows[0], "were infinite or absurdly loud");
    assert!(rows[0].findings[0].item_coverage > 0.9, "{rows:#?}");
}

#[test]
fn a_folder_that_is_named_like_a_song_is_walked() {
    let desk = desk();
    desk.write_wav("dump/song.mp3/inside.wav", excerpt(&song(1, 20), 2.0, 12.0));
    fs::create_dir(desk.path("dump/empty.mp3")).unwrap();
    let rows = desk.scan(1);
    assert_eq!(rows.len(), 1);
    assert_eq!(record(&rows, "/dump/song.mp3/inside.wav").verdict, Verdict::Match);
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
    use std::os::unix::process::CommandExt as _;
    use std::process::Command;

    use super::*;
    use crate::common::{Done, records};

    fn mkfifo(path: &Path) {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn links_that_lead_nowhere_in_a_circle_or_out_are_rows_and_are_not_followed() {
        let desk = desk();
        let clip = desk.write_wav("dump/clip.wav", excerpt(&song(1, 20), 2.0, 12.0));
        desk.write_wav("outside/song.wav", &song(1, 20));
        symlink("clip.wav", desk.path("dump/inside.wav")).unwrap();
        symlink("no\u{1b}where", desk.path("dump/dangling.wav")).unwrap();
        symlink("ring-b.wav", desk.path("dump/ring-a.wav")).unwrap();
        symlink("ring-a.wav", desk.path("dump/ring-b.wav")).unwrap();
        symlink(".", desk.path("dump/self")).unwrap();
        symlink("../outside/song.wav", desk.path("dump/out.wav")).unwrap();
        symlink(desk.path("outside"), desk.path("dump/out")).unwrap();
        let done = desk.run(["scan", "dump"]).ends_with(1);
        assert!(!done.stdout.contains('\u{1b}') && !done.stderr.contains('\u{1b}'), "{done:#?}");
        let rows = records(&desk.jsonl());
        assert_eq!(rows.len(), 8);
        assert_eq!(record(&rows, clip.to_str().unwrap()).verdict, Verdict::Match);
        assert_eq!(record(&rows, "/inside.wav").verdict, Verdict::Match);
        for (name, kind) in [
            ("/dangling.wav", "link_broken"),
            ("/ring-a.wav", "link_broken"),
            ("/ring-b.wav", "link_broken"),
            ("/self", "link_loop"),
            ("/out.wav", "link_outside"),
            ("/out", "link_outside"),
        ] {
            assert_failed(record(&rows, name), Stage::Walk, kind, "is a link");
        }
        parse(&desk.jsonl()).iter().for_each(assert_contract);
    }

    #[test]
    fn a_link_that_is_named_is_followed_out_of_where_it_lies() {
        let desk = desk();
        desk.write_wav("outside/song.wav", &song(1, 20));
        symlink("../outside", desk.path("dump/out")).unwrap();
        desk.run(["scan", "dump/out"]).ends_with(1);
        let rows = records(&desk.jsonl());
        assert_eq!(rows.len(), 1);
        assert_eq!(record(&rows, "/dump/out/song.wav").verdict, Verdict::Match);
    }

    #[test]
    fn a_pipe_is_a_row_and_nobody_waits_for_it() {
        let desk = desk();
        mkfifo(&desk.path("dump/pipe.mp3"));
        let rows = desk.scan(3);
        assert_failed(&rows[0], Stage::Walk, "not_a_file", "pipe");
        desk.run(["query", "dump/pipe.mp3"]).ends_with(3);
    }

    #[test]
    fn names_of_any_bytes_are_scanned_and_reach_the_terminal_harmless() {
        let desk = desk();
        let clip = wav(excerpt(&song(1, 20), 2.0, 12.0));
        for name in [
            &b"latin-\xe9\xff.wav"[..],
            b"line\nbreak.wav",
            b"red\x1b[31m\x07.wav",
            "right\u{202e}vaw.wav".as_bytes(),
            b"back\\slash.wav",
            b"-rf.wav",
            b"file:a?b%20c.wav",
        ] {
            desk.write(OsStr::from_bytes(&[b"dump/", name].concat()), &clip);
            let cut = [b"dump/cut-", name, b".wv"].concat();
            desk.write(OsStr::from_bytes(&cut), b"wvpk and nothing more");
        }
        let scan = desk.run(["scan", "dump"]).ends_with(1);
        let query = desk.run(["query", "dump"]).ends_with(1);
        let add = desk.run(["catalog", "add", "dump"]).ends_with(3);
        let list = desk.run(["catalog", "list"]).ends_with(0);
        for text in [&scan, &query, &add, &list].into_iter().flat_map(|d| [&d.stdout, &d.stderr]) {
            let raw = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
            assert!(!text.contains(raw), "{text:?}");
            assert!(!text.lines().any(|line| line.starts_with("break")), "{text}");
        }
        let rows = records(&desk.jsonl());
        assert_eq!(rows.len(), 14);
        for name in [
            r"/latin-\xe9\xff.wav",
            "/line\nbreak.wav",
            "/red\u{1b}[31m\u{7}.wav",
            "/right\u{202e}vaw.wav",
            r"/back\\slash.wav",
            "/-rf.wav",
            "/file:a?b%20c.wav",
        ] {
            assert_eq!(record(&rows, name).verdict, Verdict::Match);
        }
        for format in ["html", "csv"] {
            let report = desk.run(["report", "--format", format, "--out", "-"]).ends_with(0);
            assert!(!report.stdout.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{format}");
        }
    }

    #[test]
    fn ffmpeg_reads_files_of_any_name() {
        let desk = desk();
        let whole = desk.path("masters/song-1.wav");
        let plain = desk.path("plain.wv");
        encode(&whole, &plain, &[]);
        let bytes = fs::read(plain).unwrap();
        for name in [&b"-i.wv"[..], b"line\nbreak.wv", b"\xff.wv", b"a:b|c%d?.wv"] {
            desk.write(OsStr::from_bytes(&[b"dump/", name].concat()), &bytes);
        }
        let rows = desk.scan(1);
        assert_eq!(rows.len(), 4);
        for row in &rows {
            assert_found_with_note(row, "decoded by ffmpeg");
        }
    }

    #[test]
    fn folders_and_files_that_may_not_be_read_are_rows() {
        let desk = Desk::new();
        desk.master(1, 20);
        desk.write_wav("dump/clip.wav", excerpt(&song(1, 20), 2.0, 12.0));
        desk.write_wav("dump/locked/song.wav", &song(1, 20));
        let secret = desk.write_wav("dump/secret.wav", &song(1, 20));
        let home = desk.path("home");
        fs::create_dir(&home).unwrap();
        // Root may read everything, so the program runs as nobody.
        let is_root = fs::metadata(&home).unwrap().uid() == 0;
        let program = desk.path("leakhound");
        if is_root {
            fs::copy(env!("CARGO_BIN_EXE_leakhound"), &program).unwrap();
            set_mode(&program, 0o755);
            set_mode(&desk.path("."), 0o755);
            std::os::unix::fs::chown(&home, Some(65_534), Some(65_534)).unwrap();
        }
        let run = |args: &[&str]| {
            let mut command =
                if is_root { desk.command_of(&program, args) } else { desk.command(args) };
            if is_root {
                command.uid(65_534).gid(65_534);
            }
            // A child that another test has forked may have the copy open for writing until it calls exec.
            let output = loop {
                match command.output() {
                    Err(busy) if busy.kind() == std::io::ErrorKind::ExecutableFileBusy => {}
                    output => break output.unwrap(),
                }
            };
            Done::of(output)
        };
        run(&["catalog", "add", "masters"]).ends_with(0);
        set_mode(&desk.path("dump/locked"), 0o000);
        set_mode(&secret, 0o000);
        let scan = run(&["scan", "dump"]).ends_with(1);
        let report = run(&["report", "--format", "jsonl", "--out", "-"]);
        let refused = run(&["report", "--out", "/report.html"]);
        set_mode(&desk.path("dump/locked"), 0o755);

        let rows = records(&report.ends_with(0).stdout);
        assert_eq!(rows.len(), 3, "{scan:#?}");
        assert_eq!(record(&rows, "/clip.wav").verdict, Verdict::Match);
        let locked = record(&rows, "/dump/locked");
        assert_failed(locked, Stage::Walk, "io", "check its permissions");
        assert_failed(record(&rows, "/secret.wav"), Stage::Read, "io", "check its permissions");
        refused.ends_with(4).says_in_one_line(&["cannot write /report.html", "ermission denied"]);

        // Once they may be read, the next scan reads them, and the folder no longer has a row.
        set_mode(&secret, 0o644);
        run(&["scan", "dump"]).ends_with(1);
        let report = run(&["report", "--format", "jsonl", "--out", "-"]).ends_with(0);
        let rows = records(&report.stdout);
        assert_eq!(rows.len(), 3, "{rows:#?}");
        assert!(rows.iter().all(|row| row.verdict == Verdict::Match), "{rows:#?}");
    }
}
