//! Probe mode: what a few windows of an item show, and when the whole item is examined.

use std::fs;
use std::path::Path;

use leakhound::record::{ItemRecord, Verdict};

use crate::common::{Desk, encode, excerpt, faster, record, records, song};

/// Length of songs that are long enough to be probed.
const SECONDS: u32 = 80;
const NOTE: &str = "probed: 3 windows of 8 s, 24 s of 80 s in all";

/// Scans the dump in a mode, and reads the report.
#[track_caller]
fn scan(desk: &Desk, mode: &str, code: i32) -> Vec<ItemRecord> {
    desk.run(["scan", "--mode", mode, "dump"]).ends_with(code);
    records(&desk.jsonl())
}

/// A dump with a song of the catalogue and another one, each in several codecs.
fn encoded_dump(desk: &Desk) {
    let ours = desk.path("masters/song-1.wav");
    let other = desk.write_wav("other.wav", &song(98, SECONDS));
    fs::create_dir_all(desk.path("dump")).unwrap();
    for ending in ["mp3", "ogg", "opus", "flac", "m4a"] {
        for (from, name) in [(&ours, "ours"), (&other, "other")] {
            encode(from, &desk.path(format!("dump/{name}.{ending}")), &[]);
        }
    }
}

fn is_probed(record: &ItemRecord) -> bool {
    record.notes.iter().any(|note| note.starts_with("probed: "))
}

#[test]
fn a_recording_is_found_as_in_full_mode_and_what_is_clear_says_what_was_looked_at() {
    let desk = Desk::with_songs(&[1, 2], SECONDS);
    encoded_dump(&desk);
    let full = scan(&desk, "full", 1);
    let probed = scan(&desk, "probe", 1);
    assert_eq!((full.len(), probed.len()), (10, 10));
    for (whole, row) in full.iter().zip(&probed) {
        if whole.item.path.contains("/ours.") {
            assert_eq!(whole.verdict, Verdict::Match);
            assert_eq!(row, whole);
        } else {
            assert_eq!((row.verdict, row.findings.len()), (Verdict::Clear, 0));
            assert_eq!(row.notes, [NOTE]);
            assert!((row.item.duration_seconds - f64::from(SECONDS)).abs() < 0.5, "{row:?}");
            let (a, b) = (&row.item, &whole.item);
            assert_eq!((&a.sha256, &a.codec, a.streams), (&b.sha256, &b.codec, b.streams));
        }
    }
    let asked = desk.run(["query", "--mode", "probe", "dump/other.mp3"]).ends_with(0).stdout;
    assert!(asked.contains(&format!("note: {NOTE}")), "{asked}");
}

#[test]
fn a_short_item_is_examined_whole() {
    let desk = Desk::with_songs(&[1], SECONDS);
    desk.write_wav("dump/clip.wav", excerpt(&song(1, SECONDS), 20.0, 32.0));
    desk.write_wav("dump/fast.wav", &faster(excerpt(&song(1, SECONDS), 10.0, 55.0), 1.06));
    desk.write_wav("dump/other.wav", &song(97, 45));
    let full = scan(&desk, "full", 1);
    let probed = scan(&desk, "probe", 1);
    assert_eq!(probed, full);
    assert!(!probed.iter().any(is_probed));
    assert_eq!(record(&probed, "/fast.wav").verdict, Verdict::Match);
}

#[test]
fn what_the_help_says_that_it_misses_is_missed() {
    let desk = Desk::with_songs(&[1], SECONDS);
    let ours = song(1, SECONDS);
    desk.write_wav("dump/fast.wav", &faster(&ours, 1.25));
    let other = song(98, SECONDS);
    // Between the first two windows.
    let passage = [excerpt(&other, 0.0, 22.0), excerpt(&ours, 22.0, 32.0)];
    let spliced = [&passage.concat(), excerpt(&other, 32.0, 80.0)].concat();
    desk.write_wav("dump/passage.wav", &spliced);
    // Ten seconds of a longer item and recording may be for a person to hear.
    assert!(scan(&desk, "full", 1).iter().all(|row| row.verdict <= Verdict::Suspect));
    assert!(scan(&desk, "probe", 0).iter().all(|row| row.verdict == Verdict::Clear));
}

#[test]
fn what_cannot_be_read_is_the_same_row_as_in_full_mode() {
    let desk = Desk::with_songs(&[1], SECONDS);
    let whole = desk.path("other.wav");
    desk.write_wav("other.wav", &song(98, SECONDS));
    let encoded = |name: &str| {
        let path = desk.path(name);
        encode(&whole, &path, &[]);
        fs::read(path).unwrap()
    };
    let (flac, ogg, mp3) = (encoded("a.flac"), encoded("a.ogg"), encoded("a.mp3"));
    let spoilt = |bytes: &[u8], from: usize| {
        let mut bytes = bytes.to_vec();
        bytes[from..].fill(0x55);
        bytes
    };
    desk.write("dump/text.mp3", b"only text, and a fair amount of it\n");
    desk.write("dump/empty.flac", b"");
    desk.write("dump/cut.flac", &flac[..flac.len() / 2]);
    desk.write("dump/cut.ogg", &ogg[..ogg.len() / 2]);
    desk.write("dump/cut.mp3", &mp3[..mp3.len() / 2]);
    desk.write("dump/spoilt.flac", &spoilt(&flac, 8_000));
    desk.write("dump/spoilt.ogg", &spoilt(&ogg, 8_000));
    desk.write("dump/spoilt.mp3", &spoilt(&mp3, 0));
    desk.write_wav("dump/silence.wav", &vec![0.0; 80 * 22_050]);
    let full = scan(&desk, "full", 3);
    assert_eq!(full.len(), 9);
    assert!(full.iter().filter(|row| row.failure.is_some()).count() >= 4, "{full:#?}");
    assert_eq!(scan(&desk, "probe", 3), full);
}

#[test]
fn any_number_of_threads_probes_alike() {
    let desk = Desk::with_songs(&[1], SECONDS);
    encoded_dump(&desk);
    let reports = ["1", "2", "8"].map(|threads| {
        fs::remove_file(desk.path("home/results.sqlite")).ok();
        desk.run(["scan", "--threads", threads, "--mode", "probe", "dump"]).ends_with(1);
        desk.jsonl()
    });
    assert!(reports[0].contains(NOTE));
    assert!(reports.iter().all(|report| *report == reports[0]));
}

#[test]
fn what_was_only_probed_is_examined_again_in_another_mode() {
    let desk = Desk::with_songs(&[1], SECONDS);
    desk.write_wav("dump/fast.wav", &faster(&song(1, SECONDS), 1.25));
    assert!(is_probed(&scan(&desk, "probe", 0)[0]));
    let again = desk.run(["scan", "--mode", "probe", "dump"]).ends_with(0);
    assert!(again.stdout.contains("1 item unchanged"), "{again:#?}");
    let full = desk.run(["scan", "dump"]).ends_with(1);
    assert!(!full.stdout.contains("unchanged"), "{full:#?}");
    assert!(!is_probed(&records(&desk.jsonl())[0]));
    let runs = desk.run(["runs"]).ends_with(0).stdout;
    let modes = ["1  complete  probe ", "2  complete  probe ", "3  complete  full "];
    assert!(modes.iter().all(|run| runs.contains(run)), "{runs}");
}

#[test]
fn a_report_says_that_its_run_only_probed() {
    let desk = Desk::with_songs(&[1], SECONDS);
    desk.write_wav("dump/other.wav", &song(98, SECONDS));
    scan(&desk, "probe", 0);
    desk.run(["report", "--out", "page.html"]).ends_with(0);
    let page = fs::read_to_string(desk.path(Path::new("page.html"))).unwrap();
    assert!(page.contains("<dt>Mode</dt><dd><bdi>probe</bdi></dd>"), "{page}");
    assert!(page.contains("listened to in a few places only"), "{page}");
}
