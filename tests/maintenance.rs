//! Maintenance of the index: segments are merged and compacted, checked, and counted.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{Desk, parse, song};

fn files(desk: &Desk, ending: &str) -> Vec<PathBuf> {
    let folder = fs::read_dir(desk.path("home/catalog/segments")).unwrap();
    let mut paths: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.to_str().unwrap().ends_with(ending));
    paths.sort();
    paths
}

fn add(desk: &Desk, path: &Path) {
    desk.run(["catalog".as_ref(), "add".as_ref(), path.as_os_str()]).ends_with(0);
}

fn remove(desk: &Desk, seed: u64) {
    let path = desk.path(format!("masters/song-{seed}.wav"));
    desk.run(["catalog".as_ref(), "remove".as_ref(), path.as_os_str()]).ends_with(0);
}

/// A catalogue of songs 1 to 4, each in a segment of its own.
fn four() -> Desk {
    let desk = Desk::new();
    for seed in 1..=4 {
        add(&desk, &desk.master(seed, 12));
    }
    assert_eq!(files(&desk, ".seg").len(), 4);
    desk
}

fn found(desk: &Desk) -> Vec<bool> {
    let lines = parse(&desk.run(["query", "--json", "masters"]).ends_with(1).stdout);
    lines.iter().map(|line| !line["findings"].as_array().unwrap().is_empty()).collect()
}

#[test]
fn compacting_leaves_one_segment_of_live_tracks_and_changes_no_result() {
    let desk = four();
    remove(&desk, 2);
    let before = desk.run(["query", "--json", "masters"]).ends_with(1).stdout;
    let told = desk.run(["catalog", "compact"]).ends_with(0).stdout;
    // The segment of the removed recording was dropped with it.
    assert!(told.starts_with("3 segments of ") && told.contains(" merged into 1 of "), "{told}");
    assert_eq!(files(&desk, ".seg").len(), 1);
    assert_eq!(desk.run(["query", "--json", "masters"]).ends_with(1).stdout, before);
    remove(&desk, 3);
    let told = desk.run(["catalog", "compact"]).ends_with(0).stdout;
    assert!(told.ends_with("; 1 track of removed recordings dropped\n"), "{told}");
    assert_eq!(found(&desk), [true, false, false, true]);
    let told = desk.run(["catalog", "compact"]).ends_with(0).stdout;
    assert!(told.ends_with("; 0 tracks of removed recordings dropped\n"), "{told}");
    desk.run(["catalog", "check"]).ends_with(0);
}

#[test]
fn eight_segments_of_one_size_are_merged() {
    let desk = four();
    for seed in 5..=7 {
        add(&desk, &desk.master(seed, 12));
    }
    assert_eq!(files(&desk, ".seg").len(), 7);
    add(&desk, &desk.master(8, 12));
    assert_eq!(files(&desk, ".seg").len(), 1);
    assert_eq!(found(&desk), [true; 8]);
}

#[test]
fn a_catalogue_without_recordings_has_no_segments() {
    let desk = Desk::with_songs(&[1, 2], 12);
    remove(&desk, 1);
    remove(&desk, 2);
    assert!(files(&desk, ".seg").is_empty());
    desk.run(["catalog", "compact"]).ends_with(0);
    let told = desk.run(["catalog", "check"]).ends_with(0).stdout;
    assert!(told.starts_with("0 recordings, 0 segments"), "{told}");
}

#[test]
fn stats_counts_recordings_postings_and_bytes() {
    let desk = four();
    remove(&desk, 4);
    add(&desk, &desk.master(5, 12));
    let told = desk.run(["catalog", "stats"]).ends_with(0).stdout;
    for words in [
        "recordings  4\n",
        "segments    4\n",
        "The index holds every hash",
        "the rarest likely hashes first",
    ] {
        assert!(told.contains(words), "{words:?}: {told}");
    }
    let stats = &parse(&desk.run(["catalog", "stats", "--json"]).ends_with(0).stdout)[0];
    let number = |name: &str| stats[name].as_f64().unwrap();
    assert!((number("seconds") - 48.0).abs() < 0.1, "{stats}");
    assert!(number("postings") > 48.0 * 5.0, "{stats}");
    let on_disk: u64 = files(&desk, ".seg").iter().map(|p| p.metadata().unwrap().len()).sum();
    assert_eq!(stats["bytes"], on_disk);
    assert_eq!(stats["too_common"][0]["hashes"], 0);
    desk.run(["catalog", "stats"]).ends_with(0);
    assert_eq!(desk.run(["catalog", "check"]).ends_with(0).stderr, "");
}

#[test]
fn a_check_reads_every_byte_and_names_the_remedy() {
    let desk = four();
    let told = desk.run(["catalog", "check"]).ends_with(0).stdout;
    assert!(
        told.starts_with("4 recordings, 4 segments, ") && told.ends_with("no damage found\n"),
        "{told}"
    );
    for path in files(&desk, ".seg") {
        let whole = fs::read(&path).unwrap();
        for at in [0, 8, 50, 112, whole.len() / 2, whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x20;
            fs::write(&path, bytes).unwrap();
            let checked = desk.run(["catalog", "check"]).ends_with(4);
            assert!(checked.stdout.contains(path.to_str().unwrap()), "{checked:#?}");
            checked.says_in_one_line(&["the line above says what to do"]);
        }
        fs::write(&path, whole).unwrap();
    }
    let path = &files(&desk, ".seg")[1];
    let whole = fs::read(path).unwrap();
    fs::remove_file(path).unwrap();
    let checked = desk.run(["catalog", "check"]).ends_with(4);
    let words = ["cannot read the index segment", "restore it from a copy"];
    assert!(words.iter().all(|word| checked.stdout.contains(word)), "{checked:#?}");
    // Another intact segment in its place is wrong as well.
    fs::copy(&files(&desk, ".seg")[0], path).unwrap();
    let checked = desk.run(["catalog", "check"]).ends_with(4);
    assert!(checked.stdout.contains("not the one that the manifest names"), "{checked:#?}");
    desk.run(["query", "masters"]).ends_with(4).says_in_one_line(&["not the one"]);
    fs::write(path, whole).unwrap();
    desk.run(["catalog", "check"]).ends_with(0);
}

#[test]
fn records_that_disagree_with_the_index_are_reported() {
    let desk = four();
    let database = rusqlite::Connection::open(desk.path("home/catalog/catalog.sqlite")).unwrap();
    for (sql, words) in [
        ("UPDATE recordings SET track = 9 WHERE segment_id = 1", "names track 9 of segment 1"),
        ("UPDATE recordings SET segment_id = 77 WHERE segment_id = 2", "name segment 77, which"),
        ("UPDATE recordings SET duration_seconds = 7 WHERE segment_id = 3", "frames long"),
    ] {
        database.execute(sql, []).unwrap();
        let checked = desk.run(["catalog", "check"]).ends_with(4);
        assert!(checked.stdout.contains(words), "{words:?}: {checked:#?}");
        assert!(checked.stdout.contains("add"), "it says what to do: {checked:#?}");
    }
    desk.run(["scan", "masters"]).ends_with(4).says_in_one_line(&["leakhound catalog check"]);
}

#[test]
fn a_manifest_that_is_missing_changed_or_of_another_generation_is_refused() {
    let desk = four();
    let manifest = files(&desk, "").into_iter().find(|p| p.to_str().unwrap().contains("manifest"));
    let manifest = manifest.unwrap();
    let whole = fs::read_to_string(&manifest).unwrap();
    let first = whole.lines().next().unwrap();
    assert_eq!(first, "leakhound manifest 1");
    for (text, words) in [
        (whole.replacen("tracks 1", "tracks 2", 1), "checksum of the manifest"),
        (whole[..whole.len() / 2].to_owned(), "checksum of the manifest"),
        (whole.replacen("manifest 1", "manifest 7", 1), "use a newer leakhound"),
    ] {
        fs::write(&manifest, text).unwrap();
        for args in [&["query", "masters"][..], &["catalog", "compact"], &["catalog", "stats"]] {
            desk.run(args).ends_with(4).says_in_one_line(&[words]);
        }
        let checked = desk.run(["catalog", "check"]).ends_with(4);
        assert!(checked.stdout.contains(words), "{checked:#?}");
    }
    fs::remove_file(&manifest).unwrap();
    desk.run(["query", "masters"]).ends_with(4).says_in_one_line(&["cannot read", "manifest-"]);
    fs::write(&manifest, whole).unwrap();
    desk.run(["query", "masters"]).ends_with(1);
}

#[test]
fn leftovers_of_an_interrupted_change_are_reported_and_deleted_by_the_next() {
    let desk = four();
    let left = desk.write("home/catalog/segments/00000099.seg.part", b"half of it");
    let told = desk.run(["catalog", "check"]).ends_with(0).stdout;
    assert!(told.contains("1 file left over from an interrupted change"), "{told}");
    assert!(left.exists());
    add(&desk, &desk.master(5, 12));
    assert!(!left.exists());
}

#[test]
fn a_catalogue_of_version_1_is_refused_with_the_remedy() {
    let desk = four();
    let database = rusqlite::Connection::open(desk.path("home/catalog/catalog.sqlite")).unwrap();
    database.pragma_update(None, "user_version", 1).unwrap();
    for args in [&["catalog", "list"][..], &["query", "masters"]] {
        let told = ["version 1", "this program reads 4", "in a new --home"];
        desk.run(args).ends_with(4).says_in_one_line(&told);
    }
}

#[test]
fn a_catalogue_is_not_checked_while_it_is_being_changed() {
    let desk = Desk::with_songs(&[1], 12);
    desk.write_wav("dump/one.wav", &song(1, 12));
    let lock = fs::File::create(desk.path("home/catalog/write.lock")).unwrap();
    lock.lock().unwrap();
    for verb in ["check", "compact"] {
        desk.run(["catalog", verb]).ends_with(4).says_in_one_line(&["run this again"]);
    }
    desk.run(["query", "dump/one.wav"]).ends_with(1);
    desk.run(["catalog", "stats"]).ends_with(0);
}
