//! The same bytes on disk and in a store are the same run.

use crate::Site;
use crate::common::dumps::{clips, write_all_containers};
use crate::common::{excerpt, gz, song, tar, wav};

const SCAN: [&str; 4] = ["scan", "--no-ffmpeg", "--mode", "identity"];

fn scan<'a>(path: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&SCAN[..], &[path], more].concat()
}

#[test]
fn a_dump_of_all_containers_in_a_store_is_the_run_of_the_one_on_disk() {
    let site = Site::new();
    write_all_containers(&site.desk);
    let entry = "isrc,title,artist\nFRXXX0000001,One,The Seeds\n";
    site.desk.write("delivery.csv", entry.as_bytes());
    site.desk.run(["catalog", "import", "delivery.csv"]).ends_with(0);
    // What is said of a file elsewhere: metadata beside it, an identifier in a database, a rate beside an array.
    for (name, bytes) in clips(3, 200) {
        site.desk.write(format!("dump/set/{name}"), &bytes);
    }
    let rows = b"file_name,isrc\nd/200.wav,FRXXX0000001\n";
    site.desk.write("dump/set/metadata.csv", rows);
    let database = rusqlite::Connection::open(site.desk.path("dump/tracks.sqlite")).unwrap();
    let rows = "CREATE TABLE tracks (isrc TEXT, name TEXT); INSERT INTO tracks VALUES ('FRXXX0000001', 'One')";
    database.execute_batch(rows).unwrap();
    drop(database);
    site.upload();
    site.run(scan("dump", &[])).ends_with(1);
    let (digest, records) = (site.digest(), site.records());
    assert!(records.contains("FRXXX0000001") && records.lines().count() > 60);
    let told = site.run(scan("s3://b/dump", &[])).ends_with(1).stdout;
    assert!(told.contains("bytes of objects read, in"), "{told}");
    for (on_disk, in_store) in records.lines().zip(site.records().lines()) {
        assert_eq!(on_disk, in_store);
    }
    assert_eq!((site.digest(), site.records()), (digest, records));
}

#[test]
fn plan_parts_and_catalogue_in_the_store_make_the_run_of_one_machine() {
    let site = Site::new();
    for (name, bytes) in clips(12, 0) {
        site.desk.write(format!("dump/{name}"), &bytes);
    }
    site.desk.write("dump/01.tar", &tar(&clips(6, 20)));
    site.desk.write("dump/02.tgz", &gz(&tar(&clips(2, 30))));
    site.upload();
    site.run(scan("s3://b/dump/", &[])).ends_with(1);
    let (digest, records) = (site.digest(), site.records());
    site.desk.run(["catalog", "pack", "--out", "songs.pack"]).ends_with(0);
    let pack = std::fs::read(site.desk.path("songs.pack")).unwrap();
    site.server.put("b", "catalogues/songs.pack", pack);
    let plan = [
        "plan",
        "--no-ffmpeg",
        "--mode",
        "identity",
        "s3://b/dump",
        "--out",
        "s3://b/plan",
        "--units",
        "7",
    ];
    site.run(plan).ends_with(0);
    // Planning again keeps what is there, and a plan within its dump is refused.
    site.run(plan).ends_with(0);
    let inside = ["plan", "s3://b/dump", "--out", "s3://b/dump/plan"];
    site.run(inside).ends_with(2).says_in_one_line(&["s3://b/dump/plan", "lies in the dump"]);
    let other = ["--home", "other", "--catalogue", "s3://b/catalogues/songs.pack"];
    let left = site.run(["plan", "status", "s3://b/plan", "--json"]).ends_with(3).stdout;
    let left: serde_json::Value = serde_json::from_str(&left).unwrap();
    let units = left["units"].as_u64().unwrap();
    assert!(units > 4, "{left}");
    let last = format!("1-{}", units - 1);
    site.run([&["work", "s3://b/plan", "--unit", &last][..], &other].concat()).ends_with(0);
    site.run(["merge", "s3://b/plan"]).ends_with(4).says_in_one_line(&["1 missing: units 0"]);
    site.run([&["work", "s3://b/plan", "--unit", "0-1"][..], &other].concat()).ends_with(0);
    site.run(["plan", "status", "s3://b/plan"]).ends_with(0);
    let keys = site.server.keys("b");
    let parts = keys.iter().filter(|key| key.starts_with("plan/parts/000/")).count() as u64;
    assert_eq!(parts, 2 * units, "{keys:?}");
    site.run(["merge", "s3://b/plan"]).ends_with(1);
    assert_eq!((site.digest(), site.records()), (digest, records));
    // A part that was changed is refused by name.
    let part = keys.iter().find(|key| key.ends_with(".zst")).unwrap();
    let mut bytes = site.server.get("b", part).unwrap();
    bytes.pop();
    site.server.put("b", part, bytes);
    site.run(["merge", "s3://b/plan"]).ends_with(4).says_in_one_line(&["truncated", part]);
}

#[test]
fn what_did_not_change_is_taken_over_without_reading_any_of_it() {
    let site = Site::new();
    for (name, bytes) in clips(6, 0) {
        site.desk.write(format!("dump/{name}"), &bytes);
    }
    site.upload();
    site.run(scan("s3://b/dump", &[])).ends_with(1);
    let records = site.records();
    site.server.forget();
    site.run(scan("s3://b/dump", &[])).ends_with(1);
    assert_eq!((site.server.sent(), site.records()), (0, records));
    // Other bytes of the same length and the same second.
    let song = wav(excerpt(&song(1, 30), 2.0, 7.0));
    let old = site.server.get("b", "dump/d/001.wav").unwrap();
    let new = [&song[..old.len().min(song.len())], &vec![0; old.len().saturating_sub(song.len())]]
        .concat();
    assert_eq!(new.len(), old.len());
    site.server.put("b", "dump/d/001.wav", new.clone());
    site.server.forget();
    let told = site.run(scan("s3://b/dump", &[])).ends_with(1).stdout;
    assert!(told.contains("5 items unchanged"), "{told}");
    assert_eq!(site.server.sent(), new.len() as u64);
}

#[test]
fn a_probe_reads_a_part_of_the_dump_and_a_full_scan_no_byte_twice() {
    let site = Site::new();
    for number in 0..4 {
        let song = song(if number == 0 { 1 } else { 500 + number }, 240);
        site.desk.write(format!("dump/{number}.wav"), &wav(&song));
    }
    site.upload();
    let size: u64 = site
        .server
        .keys("b")
        .iter()
        .map(|key| site.server.get("b", key).unwrap().len() as u64)
        .sum();
    let args = ["scan", "--no-ffmpeg", "--mode"];
    site.run([&args[..], &["probe", "s3://b/dump"]].concat()).ends_with(1);
    let probed = site.server.sent();
    site.server.forget();
    site.run([&args[..], &["identity", "s3://b/dump"]].concat()).ends_with(1);
    let scanned = site.server.sent();
    println!("of {size} bytes a probe read {probed}, a scan {scanned}");
    // A probe hashes the whole item: what it saves is decoding.
    assert!(probed <= size + 4 * 65_536 && scanned == size, "{size} {probed} {scanned}");
}

#[test]
fn an_object_is_shown_extracted_queried_inspected_and_rechecked_by_its_name() {
    let site = Site::new();
    let clip = wav(excerpt(&song(1, 30), 3.0, 17.0));
    site.desk.write("dump/in.tar", &tar(&[("clip.wav", &clip)]));
    site.upload();
    site.run(scan("s3://b/dump", &[])).ends_with(1);
    let records = crate::common::records(&site.desk.jsonl());
    let item = &records[0].item;
    assert_eq!(item.path, "s3://b/dump/in.tar!/clip.wav");
    assert!(item.locator.starts_with("s3://b/dump/in.tar!clip.wav;"), "{}", item.locator);
    site.run(["show", &item.locator]).ends_with(0);
    site.run(["extract", &item.locator, "--out", "clip.wav"]).ends_with(0);
    assert!(std::fs::read(site.desk.path("clip.wav")).unwrap() == clip);
    site.run(["query", "s3://b/dump/in.tar"]).ends_with(1);
    let told = site.run(["inspect", "s3://b/dump"]).ends_with(0).stdout;
    assert!(told.contains("tar"), "{told}");
    let finding = &records[0].findings[0].finding_id;
    site.run(["recheck", finding, "--dump", "s3://b/dump"]).ends_with(0);
    // A single object is a dump, too.
    site.run(scan("s3://b/dump/in.tar", &[])).ends_with(1);
}
