//! The catalogue: recordings are added, listed and removed, and damaged catalogues refused.

use std::fs;
use std::path::PathBuf;

use crate::common::{Desk, encode, parse, song, tagged_wav, wav};

/// The path of the only segment of the catalogue.
fn segment(desk: &Desk) -> PathBuf {
    let folder = fs::read_dir(desk.path("home/catalog/segments")).unwrap();
    let mut paths: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "seg"));
    let [segment] = &paths[..] else { panic!("not one segment: {paths:?}") };
    segment.clone()
}

#[test]
fn added_recordings_are_listed_with_title_length_and_isrc() {
    let desk = Desk::new();
    let plain = desk.write_wav("plain.wav", &song(1, 20));
    let tags = ["title=Night Bus", "artist=The Seeds", "album=First", "ISRC=GBAYE0000001"];
    let tags: Vec<&str> = tags.iter().flat_map(|tag| ["-metadata", tag]).collect();
    encode(&plain, &desk.path("masters/night-bus.flac"), &tags);
    desk.write_wav("masters/untitled.wav", &song(2, 20));
    let added = desk.run(["catalog", "add", "masters"]).ends_with(0);
    assert!(added.stdout.starts_with("2 recordings added, 0 already there, 0 refused, 0 files"));

    let list = desk.run(["catalog", "list"]).ends_with(0).stdout;
    assert!(list.contains("0:00:20.0  The Seeds – Night Bus [GBAYE0000001]"), "{list}");
    assert!(list.contains("untitled.wav"), "without a title the file is named: {list}");
    assert!(list.ends_with("2 recordings, 0.0 h\n"), "{list}");

    let json = parse(&desk.run(["catalog", "list", "--json"]).ends_with(0).stdout);
    assert_eq!(json.len(), 2);
    let one = json.iter().find(|r| r["title"] == "Night Bus").unwrap();
    assert_eq!(one["artist"], "The Seeds");
    assert_eq!(one["album"], "First");
    assert_eq!(one["codec"], "flac");
    assert_eq!(one["duration_seconds"], 20.0);
    let id = one["recording_id"].as_str().unwrap();
    assert!(one["sha256"].as_str().unwrap().starts_with(id));

    let path = one["path"].as_str().unwrap();
    for name in [id, &id[..6], path, "GBAYE0000001"] {
        let shown = desk.run(["catalog", "show", "--json", name]).ends_with(0).stdout;
        assert_eq!(parse(&shown), std::slice::from_ref(one), "{name}");
        let shown = desk.run(["catalog", "show", name]).ends_with(0).stdout;
        assert!(shown.contains("title   Night Bus\n") && shown.contains(path), "{shown}");
    }
}

#[test]
fn an_empty_catalogue_lists_nothing() {
    let desk = Desk::new();
    let list = desk.run(["catalog", "list"]).ends_with(0).stdout;
    assert_eq!(list, "0 recordings, 0.0 h\n");
    assert_eq!(desk.run(["catalog", "list", "--json"]).ends_with(0).stdout, "");
}

#[test]
fn the_tags_of_a_wav_file_are_read() {
    let desk = Desk::with_songs(&[1], 20);
    let list = desk.run(["catalog", "list"]).ends_with(0).stdout;
    assert!(list.contains("The Seeds – Song 1\n"), "{list}");
}

#[test]
fn the_same_file_and_a_copy_with_other_tags_are_reported_as_duplicates() {
    let desk = Desk::with_songs(&[1, 2], 20);
    let before = desk.run(["catalog", "list", "--json"]).ends_with(0).stdout;
    let id = |seed: u64| {
        let path = desk.path(format!("masters/song-{seed}.wav"));
        let shown =
            desk.run(["catalog".as_ref(), "show".as_ref(), "--json".as_ref(), path.as_os_str()]);
        parse(&shown.ends_with(0).stdout)[0]["recording_id"].as_str().unwrap().to_owned()
    };

    let again = desk.run(["catalog", "add", "masters"]).ends_with(0);
    assert!(
        again.stdout.starts_with("0 recordings added, 2 already there, 0 refused"),
        "{again:#?}"
    );
    assert!(again.stderr.contains(&format!("already there as {}: ", id(1))), "{again:#?}");

    desk.write("more/retagged.wav", &tagged_wav(&song(1, 20), &[("INAM", "Quite another title")]));
    desk.write("more/untagged.wav", &wav(&song(2, 20)));
    let retagged = desk.run(["catalog", "add", "more"]).ends_with(0);
    assert!(retagged.stdout.starts_with("0 recordings added, 2 already there"), "{retagged:#?}");
    for (seed, name) in [(1, "retagged.wav"), (2, "untagged.wav")] {
        let line =
            format!("already there as {}: {}", id(seed), desk.path("more").join(name).display());
        assert!(retagged.stderr.lines().any(|l| l == line), "{line}: {retagged:#?}");
    }
    assert_eq!(before, desk.run(["catalog", "list", "--json"]).ends_with(0).stdout);
}

#[test]
fn the_same_audio_twice_in_one_call_is_one_recording() {
    let desk = Desk::new();
    desk.write_wav("masters/a.wav", &song(1, 20));
    desk.write_wav("masters/b.wav", &song(1, 20));
    desk.write("masters/c.wav", &tagged_wav(&song(1, 20), &[("INAM", "A title")]));
    let added = desk.run(["catalog", "add", "masters"]).ends_with(0);
    assert!(added.stdout.starts_with("1 recording added, 2 already there"), "{added:#?}");
}

#[test]
fn files_that_are_no_recordings_are_refused_with_a_reason_and_the_others_added() {
    let desk = Desk::new();
    desk.write_wav("masters/song.wav", &song(1, 20));
    desk.write_wav("masters/moment.wav", &song(1, 20)[..4_000]);
    desk.write("masters/empty.wav", b"");
    desk.write("masters/cover.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    let added = desk.run(["catalog", "add", "masters"]).ends_with(3);
    let words = "1 recording added, 0 already there, 2 refused, 1 file without audio";
    assert!(added.stdout.starts_with(words), "{added:#?}");
    for (name, reason) in [("moment.wav", "too short"), ("empty.wav", "0 bytes")] {
        let told = |line: &str| line.contains(name) && line.contains(reason);
        assert!(added.stderr.lines().any(told), "{added:#?}");
    }
}

#[test]
fn a_removed_recording_is_no_longer_found() {
    let desk = Desk::with_songs(&[1, 2], 20);
    desk.write_wav("dump/one.wav", &song(1, 20));
    desk.write_wav("dump/two.wav", &song(2, 20));
    desk.run(["query", "dump/one.wav"]).ends_with(1);
    assert_eq!(desk.scan(1).iter().filter(|r| r.findings.len() == 1).count(), 2);

    let path = desk.path("masters/song-1.wav");
    let args = ["catalog".as_ref(), "remove".as_ref(), path.as_os_str()];
    assert_eq!(desk.run(args).ends_with(0).stdout, "1 recording removed\n");
    desk.run(["query", "dump/one.wav"]).ends_with(0);
    desk.run(["query", "dump/two.wav"]).ends_with(1);
    let left = desk.scan(1);
    let found: Vec<_> = left.iter().map(|r| r.findings.len()).collect();
    assert_eq!(found, [0, 1], "{left:#?}");

    // It can be added again.
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    desk.run(["query", "dump/one.wav"]).ends_with(1);
}

#[test]
fn a_catalogue_that_grew_file_by_file_still_finds_each_recording() {
    // Enough files that their segments are merged.
    let desk = Desk::new();
    for seed in 1..=10 {
        let path = desk.master(seed, 10);
        desk.run(["catalog".as_ref(), "add".as_ref(), path.as_os_str()]).ends_with(0);
    }
    let path = desk.path("masters/song-4.wav");
    desk.run(["catalog".as_ref(), "remove".as_ref(), path.as_os_str()]).ends_with(0);
    let found = parse(&desk.run(["query", "--json", "masters"]).ends_with(1).stdout);
    for line in found {
        let path = line["item"]["path"].as_str().unwrap();
        let findings = line["findings"].as_array().unwrap();
        if path.ends_with("/song-4.wav") {
            assert!(findings.iter().all(|f| f["recording_path"] != path), "{line}");
        } else {
            assert_eq!(findings[0]["recording_path"], path, "{line}");
            // Peaks are kept to a quarter of a frame, so an end may be off by a millisecond.
            assert!(findings[0]["recording_coverage"].as_f64() >= Some(0.999), "{line}");
        }
    }
}

#[test]
fn an_unknown_name_is_a_usage_error() {
    let desk = Desk::with_songs(&[1], 20);
    for verb in ["show", "remove"] {
        desk.run(["catalog", verb, "no such\u{1b}[31m thing"])
            .ends_with(2)
            .says_in_one_line(&["no such", "leakhound catalog list"]);
    }
    assert_eq!(parse(&desk.run(["catalog", "list", "--json"]).ends_with(0).stdout).len(), 1);
}

#[test]
fn a_name_of_two_recordings_removes_neither() {
    let desk = Desk::new();
    let plain = desk.write_wav("plain.wav", &song(1, 20));
    let other = desk.write_wav("other.wav", &song(2, 20));
    for (from, name) in [(&plain, "a"), (&other, "b")] {
        let to = desk.path(format!("masters/{name}.flac"));
        encode(from, &to, &["-metadata", "ISRC=GBAYE0000001"]);
    }
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    desk.run(["catalog", "remove", "GBAYE0000001"])
        .ends_with(2)
        .says_in_one_line(&["2 recordings", "whole id"]);
    let shown = desk.run(["catalog", "show", "--json", "GBAYE0000001"]).ends_with(0).stdout;
    assert_eq!(parse(&shown).len(), 2);
}

#[test]
fn a_second_writer_is_refused_and_readers_are_not() {
    let desk = Desk::with_songs(&[1], 20);
    let more = desk.write_wav("more.wav", &song(2, 20));
    let lock = fs::File::create(desk.path("home/catalog/write.lock")).unwrap();
    lock.lock().unwrap();
    let told = ["another program is changing the catalogue", "run this again"];
    let add = ["catalog".as_ref(), "add".as_ref(), more.as_os_str()];
    desk.run(add).ends_with(4).says_in_one_line(&told);
    let one = desk.path("masters/song-1.wav");
    let remove = ["catalog".as_ref(), "remove".as_ref(), one.as_os_str()];
    desk.run(remove).ends_with(4).says_in_one_line(&told);
    desk.run(["catalog", "list"]).ends_with(0);
    desk.run(["query".as_ref(), one.as_os_str()]).ends_with(1);
    drop(lock);
    desk.run(add).ends_with(0);
}

#[test]
fn a_segment_that_was_truncated_or_changed_is_refused_with_the_remedy() {
    let desk = Desk::with_songs(&[1], 20);
    let path = segment(&desk);
    let whole = fs::read(&path).unwrap();
    let mut flips: Vec<Vec<u8>> = [0, 9, 20, 45, 64, whole.len() / 2, whole.len() - 1]
        .into_iter()
        .map(|at| {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            bytes
        })
        .collect();
    for length in [0, 10, 64, whole.len() / 2, whole.len() - 1] {
        flips.push(whole[..length].to_vec());
    }
    flips.push([&whole[..], &[0; 8]].concat());
    for bytes in flips {
        fs::write(&path, bytes).unwrap();
        for verb in ["scan", "query"] {
            desk.run([verb, "masters"])
                .ends_with(4)
                .says_in_one_line(&["the index segment", ".seg"]);
        }
    }
    fs::remove_file(&path).unwrap();
    desk.run(["scan", "masters"]).ends_with(4).says_in_one_line(&["cannot read the index segment"]);
    fs::write(&path, whole).unwrap();
    desk.run(["scan", "masters"]).ends_with(1);
}

#[test]
fn an_index_with_other_fingerprint_settings_is_refused() {
    let desk = Desk::with_songs(&[1], 20);
    let path = segment(&desk);
    let whole = fs::read(&path).unwrap();
    let mut other = whole.clone();
    other[12] ^= 1;
    let crc = crc32fast::hash(&other[..104]);
    other[104..108].copy_from_slice(&crc.to_le_bytes());
    fs::write(&path, other).unwrap();
    let told = ["was made with fingerprint settings", "add the recordings"];
    desk.run(["scan", "masters"]).ends_with(4).says_in_one_line(&told);
    fs::write(&path, whole).unwrap();

    let database = desk.path("home/catalog/catalog.sqlite");
    let database = rusqlite::Connection::open(database).unwrap();
    database.execute("UPDATE facts SET value = 'deadbeef'", []).unwrap();
    for args in [&["scan", "masters"][..], &["catalog", "list"], &["catalog", "add", "masters"]] {
        desk.run(args).ends_with(4).says_in_one_line(&["deadbeef", "--home", told[0]]);
    }
}

#[test]
fn a_catalogue_or_results_of_a_newer_version_are_refused() {
    let desk = Desk::with_songs(&[1], 20);
    desk.run(["scan", "masters"]).ends_with(1);
    for (file, args) in [
        ("results.sqlite", &["runs"][..]),
        ("results.sqlite", &["scan", "masters"]),
        ("catalog/catalog.sqlite", &["catalog", "list"]),
    ] {
        let database = rusqlite::Connection::open(desk.path("home").join(file)).unwrap();
        database.pragma_update(None, "user_version", 99).unwrap();
        desk.run(args).ends_with(4).says_in_one_line(&["version 99", "use a newer leakhound"]);
    }
}

#[test]
fn a_catalogue_that_is_not_a_database_is_refused() {
    let desk = Desk::new();
    desk.write("home/catalog/catalog.sqlite", &b"no database at all ".repeat(100));
    desk.run(["catalog", "list"]).ends_with(4).says_in_one_line(&["restore it from a copy"]);
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_the_catalogue() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::with_songs(&[1], 20);
    let mode = fs::metadata(desk.path("home/catalog")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}
