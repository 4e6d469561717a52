//! The changes since an earlier run: text for a mail, exit codes for a scheduler.

use std::fs;

use crate::common::{Desk, excerpt, faster, song};

fn scanned() -> Desk {
    let desk = Desk::with_songs(&[1, 2], 20);
    desk.write_wav("dump/clip.wav", excerpt(&song(1, 20), 4.0, 14.0));
    desk.write_wav("dump/fast.wav", &faster(&song(2, 20), 1.12));
    desk.run(["scan", "dump"]).ends_with(1);
    desk
}

#[test]
fn a_night_without_news_says_so_and_ends_with_zero() {
    let desk = scanned();
    desk.run(["scan", "dump"]).ends_with(1);
    let text = desk.run(["report", "--since", "1"]).ends_with(0).stdout;
    assert!(text.starts_with("Leakhound run 2 of "), "{text}");
    assert!(text.contains("since run 1 of "), "{text}");
    assert!(text.contains("        0 new"), "{text}");
    assert!(text.contains("        2 standing  2 matches, 0 suspects"), "{text}");
    assert!(text.contains("Manifest SHA-256 "), "{text}");
    assert!(text.lines().count() <= 24, "one screen: {text}");
    desk.write("dump/broken.flac", b"");
    desk.run(["scan", "dump"]).ends_with(1);
    let text = desk.run(["report", "--since", "2"]).ends_with(3).stdout;
    assert!(text.contains("        1 could not be read  (before 0)"), "{text}");
}

#[test]
fn what_is_new_gone_and_at_more_places_is_told() {
    let desk = scanned();
    fs::remove_file(desk.path("dump/fast.wav")).unwrap();
    fs::copy(desk.path("dump/clip.wav"), desk.path("dump/copy.wav")).unwrap();
    desk.write_wav("dump/new.wav", excerpt(&song(2, 20), 2.0, 12.0));
    desk.run(["scan", "dump"]).ends_with(1);
    let text = desk.run(["report", "--since", "1", "--out", "-"]).ends_with(1).stdout;
    assert!(text.contains("        1 new       1 match, 0 suspects"), "{text}");
    assert!(text.contains("        1 gone      1 match, 0 suspects"), "{text}");
    let standing = "        1 standing  1 match, 0 suspects";
    assert!(text.contains(standing), "{text}");
    let (new, gone) = text.split_once("\nGone\n").unwrap();
    assert!(new.contains("The Seeds – Song 2") && new.contains("dump/new.wav"), "{text}");
    assert!(gone.contains("dump/fast.wav"), "{text}");
}

#[test]
fn a_further_copy_of_what_was_found_is_news() {
    let desk = scanned();
    fs::copy(desk.path("dump/clip.wav"), desk.path("dump/copy.wav")).unwrap();
    desk.run(["scan", "dump"]).ends_with(1);
    let text = desk.run(["report", "--since", "1"]).ends_with(1).stdout;
    assert!(text.contains("        0 new"), "{text}");
    assert!(text.contains("1 of them at more places"), "{text}");
}

#[test]
fn what_people_dismissed_is_counted_and_no_news() {
    let desk = scanned();
    desk.write_wav("dump/new.wav", excerpt(&song(2, 20), 2.0, 12.0));
    desk.run(["scan", "dump"]).ends_with(1);
    desk.run(["report", "--since", "1"]).ends_with(1);
    let records = desk.run(["report", "--format", "jsonl", "--out", "-"]).ends_with(0).stdout;
    let line = records.lines().find(|line| line.contains("dump/new.wav")).unwrap();
    let record: serde_json::Value = serde_json::from_str(line).unwrap();
    let id = record["findings"][0]["finding_id"].as_str().unwrap();
    let why = ["--as", "licensed", "--reason", "a partner", "--by", "Ann"];
    desk.run([["review", "dismiss", id].as_slice(), &why].concat()).ends_with(0);
    let text = desk.run(["report", "--since", "1"]).ends_with(0).stdout;
    assert!(text.contains("        0 new") && !text.contains("dump/new.wav"), "{text}");
    assert!(text.contains("        1 findings dismissed by people"), "{text}");
    let log = desk.run(["catalog", "log"]).ends_with(0).stdout;
    assert!(log.contains("dismissed as licensed by Ann: The Seeds – Song 2"), "{log}");
}

#[test]
fn the_html_report_counts_what_is_new_since_the_last_run_over_the_same() {
    let desk = scanned();
    let page = |desk: &Desk| desk.run(["report", "--format", "html", "--out", "-"]).stdout;
    assert!(!page(&desk).contains("Since run"));
    desk.write_wav("dump/new.wav", excerpt(&song(2, 20), 2.0, 12.0));
    desk.run(["scan", "dump"]).ends_with(1);
    let since = "Since run <bdi>1</bdi></dt><dd><p><b>1</b> new finding, <b>0</b> gone, <b>2</b> still there.";
    assert!(page(&desk).contains(since));
    // There is no earlier run over the other folder.
    desk.write_wav("other/clip.wav", excerpt(&song(1, 20), 4.0, 14.0));
    desk.run(["scan", "other"]).ends_with(1);
    assert!(!page(&desk).contains("Since run"));
}

#[test]
fn a_file_whose_tags_were_changed_where_it_lies_is_no_news() {
    let desk = scanned();
    let mut bytes = fs::read(desk.path("dump/clip.wav")).unwrap();
    bytes.extend(b"LIST\x04\x00\x00\x00INFO");
    desk.write("dump/clip.wav", &bytes);
    desk.run(["scan", "dump"]).ends_with(1);
    let text = desk.run(["report", "--since", "1"]).ends_with(0).stdout;
    assert!(text.contains("        2 standing"), "{text}");
}

#[test]
fn the_text_goes_to_a_file_and_without_an_earlier_run_says_what_was_found() {
    let desk = scanned();
    let done = desk.run(["report", "--format", "text", "--out", "mail.txt"]).ends_with(0);
    assert_eq!(done.stdout, "mail.txt (run 1)\n");
    let text = fs::read_to_string(desk.path("mail.txt")).unwrap();
    assert!(text.contains("        2 found     2 matches, 0 suspects"), "{text}");
    for (args, word) in [
        (["report", "1", "--since", "1"], "run 1 is not before run 1"),
        (["report", "--since", "1", "--format=csv"], "--since goes with --format text"),
        (["report", "1", "--since", "-3"], ""),
    ] {
        let done = desk.run(args).ends_with(2);
        assert!(done.stderr.contains(word), "{done:#?}");
    }
}
