//! Archives scanned again, after a kill and by many threads; and the other commands on archives.

use std::time::Duration;

use super::{library, scan};
use crate::common::{excerpt, gz, pack, records, sevenz, song, tar, wav, zip, zst};

#[test]
fn an_unchanged_archive_is_taken_over_as_a_whole() {
    let desk = library();
    let members = pack(&desk, "plain");
    let archive = desk.write("dump/x", &gz(&tar(&members)));
    let first = scan(&desk, "dump");
    let done = desk.run(["scan", "dump"]).ends_with(1);
    assert!(done.stdout.contains(&format!("{} items unchanged", members.len())), "{done:#?}");
    assert_eq!(records(&desk.jsonl()), first);
    // A changed archive is read again.
    std::fs::write(archive, gz(&tar(&members[1..]))).unwrap();
    let done = desk.run(["scan", "dump"]);
    assert!(!done.stdout.contains(" unchanged"), "{done:#?}");
    assert_eq!(records(&desk.jsonl()).len(), members.len() - 1);
}

#[test]
fn a_scan_that_was_killed_in_an_archive_continues_there() {
    let desk = library();
    let song = song(1, 30);
    let clip = |i: usize| wav(excerpt(&song, i as f64 / 10.0, i as f64 / 10.0 + 12.0));
    let members: Vec<_> = (0..60).map(|i| (format!("{i:02}.wav"), clip(i))).collect();
    desk.write("dump/x", &zst(&tar(&members)));
    desk.write("dump/y", &tar(&members));
    let start = |home: &str| {
        let mut command =
            desk.command(["--home", home, "--threads", "2", "--quiet", "scan", "dump"]);
        command.spawn().unwrap()
    };
    let copied = std::process::Command::new("cp")
        .arg("-R")
        .arg(desk.path("home"))
        .arg(desk.path("calm"))
        .status();
    assert!(copied.unwrap().success());
    start("calm").wait().unwrap();
    let mut child = start("home");
    std::thread::sleep(Duration::from_millis(700));
    child.kill().unwrap();
    child.wait().unwrap();
    start("home").wait().unwrap();
    let report = |home: &str| {
        desk.run(["--home", home, "report", "--format", "jsonl", "--out", "-"]).ends_with(0).stdout
    };
    assert_eq!(records(&report("home")).len(), 120);
    assert_eq!(report("home"), report("calm"));
}

#[test]
fn any_number_of_threads_finds_the_same_in_an_archive() {
    let desk = library();
    desk.write("dump/x", &zst(&tar(&pack(&desk, "plain"))));
    desk.write("dump/y", &tar(&pack(&desk, "plain")));
    let reports = ["1", "2", "8"].map(|threads| {
        let home = format!("home-{threads}");
        let copied = std::process::Command::new("cp")
            .arg("-R")
            .arg(desk.path("home"))
            .arg(desk.path(&home))
            .status();
        assert!(copied.unwrap().success());
        desk.run(["--home", &home, "--threads", threads, "scan", "dump"]).ends_with(1);
        desk.run(["--home", &home, "report", "--format", "jsonl", "--out", "-"]).stdout
    });
    assert_eq!(reports[0], reports[1]);
    assert_eq!(reports[0], reports[2]);
}

#[test]
fn a_query_answers_about_the_members_of_an_archive() {
    let desk = library();
    desk.write("x.tar", &tar(&pack(&desk, "plain")));
    let done = desk.run(["query", "x.tar"]).ends_with(1);
    assert!(done.stdout.contains("x.tar!/a/one.wav"), "{done:#?}");
}

#[test]
fn a_locator_leads_back_to_its_item_and_to_its_bytes() {
    let desk = library();
    let members = pack(&desk, "plain");
    desk.write("dump/x.tar", &tar(&members));
    desk.write(
        "dump/y.tgz",
        &gz(&tar(&[("in.zip", zip(&members)), ("in.7z", sevenz(&members, true))])),
    );
    desk.write("dump/z", &gz(&members[0].1));
    desk.run(["scan", "dump"]).ends_with(1);
    let found = records(&desk.jsonl());
    assert_eq!(found.len(), 3 * members.len() + 1);
    for record in &found {
        let locator = record.item.locator.as_str();
        let json = desk.run(["show", "--json", locator]).ends_with(0).stdout;
        assert_eq!(records(&json), std::slice::from_ref(record));
        let shown = desk.run(["show", locator]).ends_with(0).stdout;
        assert!(shown.contains(&record.item.sha256), "{shown}");
        desk.run(["extract", locator, "--out", "out", "--force"]).ends_with(0);
        let bytes = std::fs::read(desk.path("out")).unwrap();
        assert_eq!(leakhound::base::digest(&bytes), record.item.sha256, "{locator}");
    }
    for (locator, words) in [
        (format!("{}!nothing", desk.path("dump/x.tar").display()), "there is nothing at"),
        ("dump/x.tar!a b".to_owned(), "not a locator"),
        ("nowhere!a".to_owned(), "nowhere"),
    ] {
        desk.run(["show", &locator]).ends_with(2).says_in_one_line(&[words]);
        desk.run(["extract", &locator, "--out", "nowhere"]).ends_with(2).says_in_one_line(&[words]);
    }
}

#[test]
fn an_existing_file_is_not_overwritten_without_force_and_the_archive_itself_never() {
    let desk = library();
    let whole = tar(&pack(&desk, "plain"));
    desk.write("x.tar", &whole);
    desk.run(["scan", "x.tar"]).ends_with(1);
    let found = records(&desk.jsonl());
    let locator = found[0].item.locator.as_str();
    desk.write("notes", b"a reviewer's");
    let again = desk.run(["extract", locator, "--out", "notes"]);
    again.ends_with(2).says_in_one_line(&["notes exists", "--force"]);
    desk.run(["extract", locator, "--out", "notes", "--force"]).ends_with(0);
    let onto = desk.run(["extract", locator, "--out", "x.tar", "--force"]);
    onto.ends_with(2).says_in_one_line(&["x.tar contains the item itself"]);
    assert!(std::fs::read(desk.path("x.tar")).unwrap() == whole);
}

#[test]
fn an_inspection_lists_the_items_without_decoding() {
    let desk = library();
    let members = pack(&desk, "plain");
    desk.write("dump/x.tar", &tar(&members));
    desk.write("dump/y.tgz", &gz(&tar(&members)));
    desk.write("dump/z.h5", b"\x89HDF\r\n\x1a\n");
    let done = desk.run(["inspect", "dump"]).ends_with(3);
    let line = |words: &[&str]| {
        let found = done.stdout.lines().any(|line| words.iter().all(|word| line.contains(word)));
        assert!(found, "{words:?}: {}", done.stdout);
    };
    line(&["3 ", "WAV", " tar"]);
    line(&["3 ", "WAV", "gzip/tar"]);
    line(&["1 ", "text", "gzip/tar"]);
    line(&["1 ", "empty"]);
    line(&["not read", "container_unsupported", "HDF5"]);
    // Three clips of 15 s, twice, at a quarter of the usual rate.
    line(&["about 0:00:22", "of audio", "full scan", "probe"]);
    assert!(!desk.path("home/results.sqlite").exists(), "nothing was scanned");
}
