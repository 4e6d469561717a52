//! Scans: findings and their places, exit codes, and what is taken over from earlier runs.

use std::fs;
use std::time::{Duration, SystemTime};

use leakhound::record::{Finding, ItemRecord, Verdict};

use crate::common::{Desk, excerpt, faster, record, records, song};

/// A dump with a copy, clips, other music, and files that are no audio.
fn mixed_dump(desk: &Desk) {
    desk.write_wav("dump/copy.wav", &song(1, 30));
    desk.write_wav("dump/clip.wav", excerpt(&song(2, 30), 8.0, 20.0));
    desk.write_wav("dump/deep/down/fast.wav", &faster(excerpt(&song(3, 30), 5.0, 25.0), 1.06));
    desk.write_wav("dump/other.wav", &song(99, 30));
    desk.write("dump/note.mp3", b"only text, and a fair amount of it\n");
    desk.write("dump/empty.flac", b"");
    desk.write("dump/cover.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
}

#[track_caller]
fn assert_near(what: &str, value: f64, expected: f64, within: f64) {
    assert!((value - expected).abs() <= within, "{what} is {value}, not {expected} ± {within}");
}

/// The only finding of an item, which has to be the song of this seed.
#[track_caller]
fn only_finding(record: &ItemRecord, seed: u64) -> &Finding {
    let [finding] = &record.findings[..] else { panic!("not one finding: {record:#?}") };
    let file = format!("/masters/song-{seed}.wav");
    assert!(finding.recording_path.ends_with(&file), "{finding:#?}");
    assert_eq!(record.verdict, Verdict::Match);
    assert_eq!(finding.verdict, Verdict::Match);
    finding
}

/// Asserts that a finding has one span, with these start and end times in item and recording.
#[track_caller]
fn assert_one_span(finding: &Finding, item: (f64, f64), recording: (f64, f64)) {
    let [span] = &finding.spans[..] else { panic!("not one span: {finding:#?}") };
    assert_near("start in the item", span.item_start_seconds, item.0, 0.2);
    assert_near("end in the item", span.item_end_seconds, item.1, 0.2);
    assert_near("start in the recording", span.recording_start_seconds, recording.0, 0.2);
    assert_near("end in the recording", span.recording_end_seconds, recording.1, 0.2);
}

#[test]
fn a_copy_a_clip_and_a_sped_up_clip_are_found_where_they_are_and_the_rest_is_told_apart() {
    let desk = Desk::with_songs(&[1, 2, 3], 30);
    mixed_dump(&desk);
    let records = desk.scan(1);
    assert_eq!(records.len(), 7);

    let copy = only_finding(record(&records, "/copy.wav"), 1);
    assert_one_span(copy, (0.0, 30.0), (0.0, 30.0));
    assert_near("tempo", copy.tempo, 1.0, 0.005);
    assert_near("pitch", copy.pitch_cents, 0.0, 10.0);
    assert_near("coverage", copy.item_coverage, 1.0, 0.02);

    let clip = only_finding(record(&records, "/clip.wav"), 2);
    assert_one_span(clip, (0.0, 12.0), (8.0, 20.0));
    assert_near("tempo", clip.tempo, 1.0, 0.005);
    assert_near("coverage", clip.recording_coverage, 12.0 / 30.0, 0.02);

    let fast = only_finding(record(&records, "/deep/down/fast.wav"), 3);
    assert_one_span(fast, (0.0, 20.0 / 1.06), (5.0, 25.0));
    assert_near("tempo", fast.tempo, 1.06, 0.005 * 1.06);
    assert_near("pitch", fast.pitch_cents, 1_200.0 * 1.06_f64.log2(), 10.0);

    let other = record(&records, "/other.wav");
    assert_eq!((other.verdict, other.findings.len()), (Verdict::Clear, 0));
    assert_near("length", other.item.duration_seconds, 30.0, 0.01);

    for (name, kind) in
        [("/note.mp3", "mislabelled"), ("/empty.flac", "empty"), ("/cover.png", "not_audio")]
    {
        let row = record(&records, name);
        assert_eq!(row.verdict, Verdict::Failed);
        assert_eq!(row.failure.as_ref().unwrap().kind.as_str(), kind, "{row:#?}");
    }
}

#[test]
fn the_terminal_shows_what_was_found_and_counts_the_rest() {
    let desk = Desk::with_songs(&[1, 2, 3], 30);
    mixed_dump(&desk);
    let done = desk.run(["scan", "dump"]).ends_with(1);
    for words in [
        "copy.wav",
        "sped up 6 % (pitch and tempo together)",
        "7 items, ",
        "3 recordings searched for: 3 matches, 0 suspects, 1 clear, 2 not read, 1 no audio",
    ] {
        assert!(done.stdout.contains(words), "{words:?} is not in {done:#?}");
    }
    assert!(!done.stdout.contains("other.wav"), "what is clear is not listed: {done:#?}");
    let quiet = desk.run(["scan", "--quiet", "dump"]).ends_with(1);
    assert_eq!((quiet.stdout, quiet.stderr), (String::new(), String::new()));
}

#[test]
fn a_query_answers_as_a_scan_does_and_keeps_nothing() {
    let desk = Desk::with_songs(&[1, 2, 3], 30);
    mixed_dump(&desk);
    desk.run(["query", "dump/other.wav"]).ends_with(0);
    desk.run(["query", "dump/empty.flac"]).ends_with(3);
    let asked = desk.run(["query", "--json", "dump"]).ends_with(1).stdout;
    desk.run(["report", "--format", "jsonl", "--out", "-"])
        .ends_with(2)
        .says_in_one_line(&["no run yet"]);
    let mut asked = records(&asked);
    asked.sort_by(|a, b| a.item.path.cmp(&b.item.path));
    assert_eq!(asked, desk.scan(1));
}

#[test]
fn a_dump_without_a_leak_ends_with_0_and_images_do_not_change_that() {
    let desk = Desk::with_songs(&[1], 20);
    desk.write_wav("dump/other.wav", &song(98, 20));
    desk.write("dump/cover.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    assert_eq!(desk.scan(0).len(), 2);
}

#[test]
fn an_empty_dump_ends_with_0_and_says_that_it_holds_no_file() {
    let desk = Desk::with_songs(&[1], 20);
    assert!(desk.scan(0).is_empty());
    let told = desk.run(["scan", "dump"]).ends_with(0).stdout;
    assert!(told.contains("there is no file in ") && told.contains("check the path"), "{told}");
    desk.write("dump/note.txt", b"a file");
    let told = desk.run(["scan", "dump"]).ends_with(0).stdout;
    assert!(!told.contains("there is no file"), "{told}");
}

#[test]
fn a_leak_ends_with_1_even_if_other_files_could_not_be_read() {
    let desk = Desk::with_songs(&[1], 20);
    desk.write_wav("dump/copy.wav", &song(1, 20));
    desk.write("dump/empty.flac", b"");
    desk.scan(1);
}

#[test]
fn a_path_that_does_not_exist_ends_with_2_and_nothing_is_begun() {
    let desk = Desk::with_songs(&[1], 20);
    desk.run(["scan", "nowhere"]).ends_with(2).says_in_one_line(&["nowhere", "check the path"]);
    assert_eq!(desk.run(["runs"]).ends_with(0).stdout, "");
}

#[test]
fn lines_drawn_the_wrong_way_round_end_with_2() {
    let desk = Desk::with_songs(&[1], 20);
    let args = ["scan", "dump", "--match-below", "1e-2", "--suspect-below", "1e-3"];
    desk.run(args).ends_with(2).says_in_one_line(&["--match-below", "--suspect-below"]);
    assert_eq!(desk.run(["scan", "dump", "--match-below", "0"]).code, 2);
}

#[test]
fn a_file_that_could_not_be_read_ends_with_3_where_nothing_was_found() {
    let desk = Desk::with_songs(&[1], 20);
    desk.write_wav("dump/other.wav", &song(98, 20));
    desk.write("dump/note.mp3", b"only text, and a fair amount of it\n");
    desk.scan(3);
}

#[test]
fn an_empty_catalogue_ends_with_4_and_says_how_to_fill_it() {
    let desk = Desk::new();
    desk.run(["scan", "dump"])
        .ends_with(4)
        .says_in_one_line(&["is empty", "leakhound catalog add"]);
}

#[test]
fn one_thread_and_eight_in_homes_of_their_own_give_the_same_bytes() {
    let desk = Desk::with_songs(&[1, 2, 3], 30);
    mixed_dump(&desk);
    for i in 0..6 {
        let from = f64::from(i) * 3.0;
        desk.write_wav(format!("dump/more/{i}.wav"), excerpt(&song(2, 30), from, from + 8.0));
    }
    let mut reports = Vec::new();
    for (home, threads) in [("one", "1"), ("eight", "8"), ("again", "8")] {
        let run =
            |args: &[&str]| desk.run([&["--home", home, "--threads", threads], args].concat());
        run(&["catalog", "add", "masters"]).ends_with(0);
        run(&["scan", "dump"]).ends_with(1);
        reports.push(run(&["report", "--format", "jsonl", "--out", "-"]).ends_with(0).stdout);
    }
    assert_eq!(records(&reports[0]).len(), 13);
    assert_eq!(reports[0], reports[1]);
    assert_eq!(reports[1], reports[2]);
}

#[test]
fn a_second_scan_takes_over_what_is_unchanged_and_reports_the_same() {
    let desk = Desk::with_songs(&[1, 2, 3], 30);
    mixed_dump(&desk);
    let first = desk.run(["scan", "dump"]).ends_with(1);
    assert!(!first.stdout.contains("unchanged"), "{first:#?}");
    let first = desk.jsonl();
    let second = desk.run(["scan", "dump"]).ends_with(1);
    assert!(second.stdout.contains("7 items unchanged since the last scan"), "{second:#?}");
    assert!(second.stdout.contains("run 2 of "), "{second:#?}");
    assert_eq!(first, desk.jsonl());
}

#[test]
fn a_changed_file_is_scanned_again_and_a_deleted_one_is_gone_from_the_next_run() {
    let desk = Desk::with_songs(&[1], 20);
    let path = desk.write_wav("dump/a.wav", &song(98, 20));
    desk.write_wav("dump/b.wav", &song(97, 20));
    desk.scan(0);
    // Same name and size, other content: the modification time differs.
    desk.write_wav("dump/a.wav", &song(1, 20));
    let later = SystemTime::now() + Duration::from_secs(2);
    fs::File::options().write(true).open(&path).unwrap().set_modified(later).unwrap();
    let again = desk.run(["scan", "dump"]).ends_with(1);
    assert!(again.stdout.contains("1 item unchanged"), "{again:#?}");
    only_finding(record(&records(&desk.jsonl()), "/a.wav"), 1);
    fs::remove_file(path).unwrap();
    assert_eq!(desk.scan(0).len(), 1);
}

#[test]
fn another_catalogue_is_another_run_that_takes_nothing_over() {
    let desk = Desk::with_songs(&[1], 20);
    desk.write_wav("dump/a.wav", &song(2, 20));
    desk.write_wav("dump/b.wav", &song(98, 20));
    desk.scan(0);
    desk.master(2, 20);
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    let second = desk.run(["scan", "dump"]).ends_with(1);
    assert!(!second.stdout.contains("unchanged"), "{second:#?}");
    only_finding(record(&records(&desk.jsonl()), "/a.wav"), 2);
    let runs = desk.run(["runs"]).ends_with(0).stdout;
    let runs: Vec<_> = runs.lines().collect();
    assert_eq!(runs.len(), 2, "{runs:?}");
    assert!(runs[0].contains("1  complete  full      1 recording searched for in "), "{runs:?}");
    assert!(runs[1].contains("2  complete  full      2 recordings searched for in "), "{runs:?}");
    // The first run stays as it was.
    let first = desk.run(["report", "1", "--format", "jsonl", "--out", "-"]).ends_with(0).stdout;
    assert!(records(&first).iter().all(|r| r.verdict == Verdict::Clear));
}

#[test]
fn other_lines_between_match_and_suspect_are_another_run() {
    let desk = Desk::with_songs(&[1], 20);
    desk.write_wav("dump/copy.wav", &song(1, 20));
    desk.scan(1);
    let args = ["scan", "dump", "--match-below", "1e-300", "--suspect-below", "1e-3"];
    let done = desk.run(args).ends_with(1);
    assert!(done.stdout.contains("0 matches, 1 suspect,"), "{done:#?}");
    assert!(!done.stdout.contains("unchanged"), "{done:#?}");
}

#[test]
fn another_mode_is_another_run_that_takes_nothing_over() {
    let desk = Desk::with_songs(&[1], 30);
    desk.write_wav("dump/fast.wav", &faster(&song(1, 30), 1.06));
    desk.write_wav("dump/other.wav", &song(98, 30));
    desk.scan(1);
    let done = desk.run(["scan", "--mode", "identity", "dump"]).ends_with(0);
    assert!(!done.stdout.contains("unchanged"), "{done:#?}");
    assert!(done.stdout.contains(", identity mode\n"), "{done:#?}");
    let runs = desk.run(["runs"]).ends_with(0).stdout;
    assert!(runs.contains("2  complete  identity  1 recording"), "{runs}");
    let page = desk.run(["report", "--out", "-"]).ends_with(0).stdout;
    assert!(page.contains("<dt>Mode</dt><dd><bdi>identity</bdi>"), "{page}");
    assert!(page.contains("nothing was searched for at changed speed"), "{page}");
    // The results of the first mode still hold for that mode.
    let again = desk.run(["scan", "dump"]).ends_with(1);
    assert!(again.stdout.contains("2 items unchanged"), "{again:#?}");
}

#[test]
fn results_of_before_there_were_modes_are_those_of_full_mode() {
    let desk = Desk::with_songs(&[1], 20);
    desk.write_wav("dump/copy.wav", &song(1, 20));
    desk.scan(1);
    let database = rusqlite::Connection::open(desk.path("home/results.sqlite")).unwrap();
    let before = "DROP TABLE events; DROP TABLE looks; ALTER TABLE runs DROP COLUMN pruned;
                  DROP TABLE abouts; DROP TABLE manifests; DROP TABLE timestamps; DROP TABLE file_hashes;
                  ALTER TABLE runs DROP COLUMN mode";
    database.execute_batch(before).unwrap();
    database.pragma_update(None, "user_version", 1).unwrap();
    drop(database);
    let runs = desk.run(["runs"]).ends_with(0).stdout;
    assert!(runs.contains("1  complete  full "), "{runs}");
    let again = desk.run(["scan", "dump"]).ends_with(1);
    assert!(again.stdout.contains("1 item unchanged"), "{again:#?}");
}

#[test]
fn a_scan_whose_reader_has_had_enough_still_says_that_it_found_something() {
    let desk = Desk::with_songs(&[1], 20);
    desk.write_wav("dump/copy.wav", &song(1, 20));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = desk.command(["scan", "dump"]).stdout(writer).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = desk.command(["query", "dump/copy.wav"]).stdout(writer).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}
