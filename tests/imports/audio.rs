//! Deliveries with their audio, and entries that are linked to recordings.

use std::fs;

use leakhound::record::Tier;

use super::import;
use crate::common::deliveries::{Track, csv, grid, tracks, upc};
use crate::common::ern::ern;
use crate::common::{Desk, encode, excerpt, parse, song, wav};

/// Makes a delivery: a message for each release, with its sound files beside it.
fn delivery(desk: &Desk, version: &str, count: usize) -> Vec<Track> {
    let mut all = tracks(count);
    for release in all.chunk_mut_by_release() {
        let folder = format!("batch/20260101/{}", upc(release[0].release));
        for track in release.iter_mut() {
            let seed: u64 = track.isrc[5..].parse().unwrap();
            let file = wav(excerpt(&song(seed, 12), 0.0, 12.0));
            let name = format!("{}_01_{}.wav", upc(track.release), &track.isrc[8..]);
            desk.write(format!("{folder}/resources/{name}"), &file);
            track.file = Some((name, md5(&file)));
        }
        let name = format!("{folder}/{}.xml", upc(release[0].release));
        desk.write(name, ern(version, release).as_bytes());
    }
    desk.write(
        "batch/20260101/BatchComplete_20260101.xml",
        b"<?xml version=\"1.0\"?><echo:ManifestMessage xmlns:echo=\"x\"/>",
    );
    all
}

trait ByRelease {
    fn chunk_mut_by_release(&mut self) -> Vec<&mut [Track]>;
}

impl ByRelease for Vec<Track> {
    fn chunk_mut_by_release(&mut self) -> Vec<&mut [Track]> {
        self.chunk_by_mut(|a, b| a.release == b.release).collect()
    }
}

fn md5(bytes: &[u8]) -> String {
    use md5::Digest as _;
    leakhound::base::hex(&md5::Md5::digest(bytes))
}

#[test]
fn a_delivery_with_its_audio_becomes_a_catalogue() {
    let desk = Desk::new();
    let all = delivery(&desk, "382", 50);
    let done = desk.run(["catalog", "import", "batch"]).ends_with(0);
    assert!(done.stderr.contains("is not an ERN message but a ManifestMessage"), "{done:#?}");
    assert!(done.stdout.contains("50 rows: 50 entries new"), "{done:#?}");
    assert!(done.stdout.contains("50 files found, 0 not found"), "{done:#?}");
    assert!(done.stdout.contains("50 recordings added, 0 refused, 50 linked"), "{done:#?}");
    let recordings = parse(&desk.run(["catalog", "list", "--json"]).ends_with(0).stdout);
    assert_eq!(recordings.len(), 50);
    let one = recordings.iter().find(|r| r["isrc"] == *all[3].isrc).unwrap();
    assert_eq!(one["title"], *all[3].title);
    assert_eq!(one["artist"], "Artist 0; Guest, The");
    assert_eq!(one["upc"], upc(1));
    let shown = desk.run(["catalog", "show", &all[2].isrc]).ends_with(0).stdout;
    for word in ["Radio Edit 3", "territories_excluded", "US; CA", &grid(1), "sha256"] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    let again = desk.run(["catalog", "import", "batch"]).ends_with(0);
    assert!(again.stdout.contains("0 entries new, 0 updated, 50 unchanged"), "{again:#?}");
    assert!(again.stdout.contains("0 recordings added, 0 refused, 0 linked"), "{again:#?}");
    // Its sound is found under the label's words.
    let clip = wav(excerpt(&song(2_000_004, 12), 2.0, 10.0));
    desk.write("dump/x.wav", &clip);
    let found = desk.scan(1);
    assert_eq!(found[0].findings[0].isrc, all[3].isrc);
    assert_eq!(found[0].findings[0].title, all[3].title);
    // The finding has everything that a claim needs.
    let work = found[0].findings[0].work.as_ref().unwrap();
    assert_eq!(
        (work.label.as_str(), work.p_line.as_str()),
        ("Léger Records", "2020 Léger Records")
    );
    let release = &work.releases[0];
    assert_eq!((release.upc.clone(), release.grid.clone()), (upc(1), grid(1)));
    assert_eq!(work.territories_excluded, ["US", "CA"]);
}

#[test]
fn a_file_with_another_hash_than_the_message_gives_is_not_used() {
    let desk = Desk::new();
    let all = delivery(&desk, "43", 3);
    let file = |n: usize| {
        format!("batch/20260101/{}/resources/{}", upc(1), all[n].file.as_ref().unwrap().0)
    };
    desk.write(file(0), &wav(&song(77, 12)));
    fs::remove_file(desk.path(file(1))).unwrap();
    let done = desk.run(["catalog", "import", "batch"]).ends_with(0);
    assert!(done.stderr.contains("have it sent again"), "{done:#?}");
    assert!(done.stderr.contains("was not found: it is imported without audio"), "{done:#?}");
    assert!(done.stdout.contains("3 entries new"), "{done:#?}");
    assert!(done.stdout.contains("1 file found, 2 not found"), "{done:#?}");
    assert!(done.stdout.contains("1 recording added, 0 refused, 1 linked"), "{done:#?}");
    // A file that is found later is linked then.
    desk.write(file(1), &wav(excerpt(&song(2_000_002, 12), 0.0, 12.0)));
    let done = desk.run(["catalog", "import", "batch"]).ends_with(0);
    assert!(done.stdout.contains("3 unchanged"), "{done:#?}");
    assert!(done.stdout.contains("1 recording added, 0 refused, 1 linked"), "{done:#?}");
}

#[test]
fn recordings_that_were_added_before_are_linked_by_their_isrc() {
    let desk = Desk::new();
    let plain = desk.write_wav("raw.wav", &song(5, 20));
    let to = desk.path("masters/x.flac");
    encode(&plain, &to, &["-metadata", "ISRC=GB-AYE-20-00001", "-metadata", "title=tag"]);
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    desk.write("t.csv", &csv(&tracks(2), b','));
    let done = desk.run(["catalog", "import", "t.csv"]).ends_with(0);
    assert!(done.stdout.contains("1 linked"), "{done:#?}");
    let recordings = parse(&desk.run(["catalog", "list", "--json"]).ends_with(0).stdout);
    assert_eq!(recordings[0]["title"], "Song <1> & “Söhne”");
    assert_eq!(recordings[0]["isrc"], "GBAYE2000001");
}

#[test]
fn an_entry_without_audio_is_found_by_its_identifiers() {
    let desk = import(&csv(&tracks(3), b','), "t.csv");
    desk.write(
        "dump/list.jsonl",
        b"{\"isrc\": \"GB-AYE-20-00002\"}\n{\"isrc\": \"FRXXX0000001\"}\n",
    );
    let found = desk.scan(1);
    assert_eq!(found[0].findings.len(), 1);
    let finding = &found[0].findings[0];
    assert_eq!(
        (finding.title.as_str(), Tier::join(&finding.tiers, "+").as_str()),
        ("Song <2> & “Söhne”", "T0")
    );
    assert!(finding.recording_id.starts_with("e-"));
    let work = finding.work.as_ref().unwrap();
    assert_eq!(work.entry_id, finding.recording_id);
    assert_eq!(work.releases[0].catalogue_number, "CAT-1");
}
