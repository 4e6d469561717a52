//! What becomes of a notice: its steps, its deadlines, a look at a later copy, and all of it in the reports.

use std::fs;

use leakhound::record::{
    Basis, Finding, ItemRecord, NoticeFacts, NoticeKind, NoticeState, Presence,
};
use serde_json::Value;

use crate::common::{Desk, excerpt, faster, parse, record, records, song, tar, wav};

/// A desk with a run over three clips of songs in `dump`, of which two and one in an archive are accepted, and a notice about
/// them, number 1.
fn noticed() -> Desk {
    let desk = Desk::with_songs(&[1, 2], 20);
    desk.write_wav("dump/a.wav", excerpt(&song(1, 20), 4.0, 14.0));
    desk.write_wav("dump/sub/b.wav", excerpt(&song(2, 20), 2.0, 12.0));
    let inner = wav(excerpt(&song(2, 20), 6.0, 16.0));
    desk.write("dump/pack.tar", &tar(&[("m/inner.wav", &inner)]));
    desk.write_wav("dump/other.wav", &song(98, 10));
    desk.run(["scan", "dump"]).ends_with(1);
    let ids: Vec<String> =
        found(&desk).iter().flat_map(|r| &r.findings).map(|f| f.finding_id.clone()).collect();
    let mut words = vec!["review", "accept"];
    words.extend(ids.iter().map(String::as_str));
    words.extend(["--reason", "leak", "--by", "Ann"]);
    desk.run(words).ends_with(0);
    let told = draft(&desk, "drafts", &[]).stdout;
    assert!(told.starts_with("notice 1: drafts/notice-host.md and .html: 3 findings\n"), "{told}");
    desk
}

fn draft(desk: &Desk, out: &str, more: &[&str]) -> crate::common::Done {
    let words = ["notice", "--for", "host", "--url", "https://host.example/f/", "--out", out];
    desk.run([&words[..], more].concat()).ends_with(0)
}

fn found(desk: &Desk) -> Vec<ItemRecord> {
    records(&desk.jsonl()).into_iter().filter(|record| !record.findings.is_empty()).collect()
}

fn finding(desk: &Desk, ending: &str) -> Finding {
    record(&records(&desk.jsonl()), ending).findings[0].clone()
}

fn mark(desk: &Desk, state: &str, on: &str, more: &[&str]) -> crate::common::Done {
    desk.run([&["notice", "mark", "1", state, "--on", on, "--by", "Ann"][..], more].concat())
}

/// A list as `--json` prints it, kept for the check against the schema.
fn listed(desk: &Desk, words: &[&str], code: i32) -> Vec<Value> {
    let lines = desk.run([&["notice"], words, &["--json"]].concat()).ends_with(code).stdout;
    Desk::keep_lines("notice", &lines);
    parse(&lines)
}

/// Today, as the program knows it: the day on which a notice was drafted.
fn today(desk: &Desk) -> String {
    listed(desk, &["list"], 0)[0]["drafted"].as_str().unwrap().to_owned()
}

/// Looks for the notice's material in a folder: the answers by the ends of the paths where it was.
fn check(desk: &Desk, folder: &str, code: i32) -> Vec<(String, Presence, String, String)> {
    let lines = listed(desk, &["check", "1", "--dump", folder], code);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let name = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    lines
        .iter()
        .map(|line| {
            let check = &line["check"];
            let presence = serde_json::from_value(check["presence"].clone()).unwrap();
            (name(&text(&line["path"])), presence, text(&check["place"]), text(&check["why"]))
        })
        .collect()
}

#[test]
fn a_notice_that_was_sent_has_its_addressee_its_reference_and_its_deadline() {
    let desk = noticed();
    let day = today(&desk);
    let told = mark(
        &desk,
        "sent",
        &day,
        &["--to", "Host Ltd", "--reference", "T-4711", "--due", "2099-12-31", "--note", "by form"],
    );
    let told = told.ends_with(0).stdout;
    for words in [
        &*format!("notice 1  sent since {day}, to Host Ltd, reference T-4711, by Ann"),
        "3 findings of run 1, at https://host.example/f/; drafted",
        "answer due 2099-12-31: set by Ann; the law gives no number of days (17 U.S.C. § 512(c)(1)(C)",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let line = &listed(&desk, &["list"], 0)[0];
    assert_eq!((line["state"].as_str(), line["note"].as_str()), (Some("sent"), Some("by form")));
    assert_eq!(line["due"][0]["kind"], "answer");
    // Not near yet; near from another day's point of view.
    assert!(listed(&desk, &["list", "--due"], 0).is_empty());
    assert_eq!(listed(&desk, &["list", "--due", "--as-of", "2099-12-20"], 1).len(), 1);
    assert!(
        listed(&desk, &["list", "--due", "--as-of", "2099-12-20", "--within", "5"], 0).is_empty()
    );
    assert_eq!(listed(&desk, &["list", "--due", "--as-of", "2100-01-20"], 1).len(), 1, "past");
    desk.run(["notice", "done", "1", "--note", "called them", "--by", "Bob"]).ends_with(0);
    assert!(listed(&desk, &["list", "--due", "--as-of", "2100-01-20"], 0).is_empty());
    let log = desk.run(["catalog", "log"]).ends_with(0).stdout;
    assert!(log.contains("the log is intact"), "{log}");
    for words in [
        "3 findings of run 1 drafted to drafts",
        &*format!(
            "notice 1 marked sent on {day} by Ann, to Host Ltd, reference T-4711, note by form, due 2099-12-31"
        ),
        "notice 1: nothing more is due, by Bob, note called them",
    ] {
        assert!(log.contains(words), "{words}: {log}");
    }
}

#[test]
fn a_step_that_cannot_follow_is_refused_in_one_line_that_says_what_can() {
    let desk = noticed();
    let day = today(&desk);
    mark(&desk, "answered", &day, &[]).ends_with(2).says_in_one_line(&[
        "notice 1 is marked drafted and cannot be marked answered",
        "it can be marked sent, gone or withdrawn",
    ]);
    mark(&desk, "sent", &day, &[]).ends_with(2).says_in_one_line(&["--to NAME"]);
    mark(&desk, "sent", "2099-01-01", &["--to", "X"])
        .ends_with(2)
        .says_in_one_line(&["2099-01-01 lies in the future"]);
    mark(&desk, "sent", "30.11.2026", &["--to", "X"])
        .ends_with(2)
        .says_in_one_line(&["is not a day of the calendar", "2026-11-30"]);
    mark(&desk, "drafted", &day, &[]).ends_with(2).says_in_one_line(&["'drafted'"]);
    desk.run(["notice", "show", "9"])
        .ends_with(2)
        .says_in_one_line(&["there is no notice 9", "leakhound notice list"]);
    desk.run(["notice"]).ends_with(2).says_in_one_line(&["--for", "--out"]);
    mark(&desk, "sent", &day, &["--to", "Host Ltd"]).ends_with(0);
    mark(&desk, "withdrawn", &day, &[]).ends_with(0);
    mark(&desk, "gone", &day, &[]).ends_with(2).says_in_one_line(&["that is final: draft another"]);
    // A wrong step is taken back; the history keeps both.
    desk.run(["notice", "undo", "1", "--note", "wrong notice", "--by", "Ann"]).ends_with(0);
    mark(&desk, "gone", &day, &[]).ends_with(0);
    let shown = &listed(&desk, &["show", "1"], 0)[0];
    let acts: Vec<_> = shown["steps"].as_array().unwrap().iter().map(|s| &s["act"]).collect();
    assert_eq!(acts, ["sent", "withdrawn", "undone", "gone"]);
    let text = desk.run(["notice", "show", "1"]).ends_with(0).stdout;
    assert!(text.contains("the last step is taken back, by Ann, note wrong notice"), "{text}");
}

#[test]
fn a_counter_notice_is_due_after_the_business_days_of_the_law() {
    let desk = noticed();
    let day = today(&desk);
    mark(&desk, "sent", &day, &["--to", "Host Ltd"]).ends_with(0);
    let told = mark(&desk, "counter-notice", &day, &["--note", "copy of the provider"]);
    let told = told.ends_with(0).stdout;
    assert!(
        told.contains("17 U.S.C. § 512(g)(2)(C)") && told.contains("may be put back from"),
        "{told}"
    );
    let due = &listed(&desk, &["list", "--due", "--within", "21"], 1)[0]["due"][0];
    assert_eq!(due["kind"], "restoration");
    assert!(due["day"].as_str() > Some(&day) && due["until"].as_str() > due["day"].as_str());
}

#[test]
fn a_later_copy_is_looked_at_by_place_by_bytes_and_by_matching_again() {
    let desk = noticed();
    assert_eq!(
        check(&desk, "dump", 1).iter().map(|c| c.1).collect::<Vec<_>>(),
        [Presence::StillThere; 3]
    );
    // A copy elsewhere: one is there, one was moved, one was encoded anew at its place.
    let copy = |name: &str| {
        fs::create_dir_all(desk.path(name).parent().unwrap()).unwrap();
        fs::copy(desk.path("dump/a.wav"), desk.path(name)).unwrap();
    };
    copy("later/renamed.wav");
    desk.write_wav("later/sub/b.wav", &faster(excerpt(&song(2, 20), 2.0, 12.0), 1.12));
    let inner = wav(excerpt(&song(2, 20), 6.0, 16.0));
    desk.write("later/pack.tar", &tar(&[("new.txt", &b"hello"[..]), ("m/inner.wav", &inner[..])]));
    let answers = check(&desk, "later", 1);
    let told: Vec<_> =
        answers.iter().map(|(name, presence, ..)| (name.as_str(), *presence)).collect();
    assert_eq!(
        told,
        [
            ("a.wav", Presence::Moved),
            ("inner.wav", Presence::StillThere),
            ("b.wav", Presence::Changed)
        ]
    );
    assert!(answers[0].2.ends_with("/later/renamed.wav"), "{answers:?}");
    let text = desk.run(["notice", "show", "1"]).ends_with(0).stdout;
    assert!(text.contains("moved or renamed: "), "{text}");
    let log = desk.run(["catalog", "log"]).ends_with(0).stdout;
    assert!(log.contains("1 still there, 1 moved or renamed, 1 changed"), "{log}");
}

#[test]
fn what_could_not_be_read_is_never_gone() {
    let desk = noticed();
    desk.write_wav("later/other.wav", &song(98, 10));
    let answers = check(&desk, "later", 0);
    assert!(answers.iter().all(|(_, presence, ..)| *presence == Presence::Gone), "{answers:?}");
    let told = desk.run(["notice", "check", "1", "--dump", "later"]).ends_with(0).stdout;
    assert!(told.contains("leakhound notice mark 1 gone --on "), "{told}");
    // The same copy with one file that breaks off.
    desk.write("later/broken.flac", b"fLaC\0\0\0\x22");
    let answers = check(&desk, "later", 3);
    assert!(answers.iter().all(|(_, presence, ..)| *presence == Presence::NotRead), "{answers:?}");
    assert!(answers[0].3.contains("broken.flac"), "{answers:?}");
    // An empty folder is a disk that is not mounted, more likely than not.
    fs::create_dir(desk.path("empty")).unwrap();
    let answers = check(&desk, "empty", 3);
    assert!(answers[0].3.contains("is it mounted?"), "{answers:?}");
    // A recording that is no longer in the catalogue is not searched for.
    fs::remove_file(desk.path("later/broken.flac")).unwrap();
    desk.run(["scan", "dump"]).ends_with(1);
    let id = finding(&desk, "/a.wav").recording_id;
    desk.run(["catalog", "remove", &id]).ends_with(0);
    let answers = check(&desk, "later", 3);
    let of = |name: &str| answers.iter().find(|(path, ..)| path == name).unwrap();
    assert_eq!(of("a.wav").1, Presence::NotRead);
    assert!(of("a.wav").3.contains("no longer in the catalogue"), "{answers:?}");
    assert_eq!(of("b.wav").1, Presence::Gone);
}

#[test]
fn reports_and_review_tell_the_notice_its_deadline_and_the_last_look() {
    let desk = noticed();
    let day = today(&desk);
    mark(
        &desk,
        "sent",
        &day,
        &["--to", "Host Ltd", "--reference", "T-4711", "--due", "2099-12-31"],
    )
    .ends_with(0);
    check(&desk, "dump", 1);
    let facts: NoticeFacts = finding(&desk, "/a.wav").notices.remove(0);
    assert_eq!(
        (facts.number, facts.kind, facts.state, facts.basis),
        (1, NoticeKind::Host, NoticeState::Sent, Basis::Item)
    );
    assert_eq!((facts.reference.as_str(), facts.due[0].day.as_str()), ("T-4711", "2099-12-31"));
    let looked = facts.check.unwrap();
    assert_eq!((looked.presence, looked.run_id), (Presence::StillThere, 2));
    for format in ["csv", "html"] {
        let report = desk.run(["report", "--format", format, "--out", "-"]).ends_with(0).stdout;
        for words in ["T-4711", "Host Ltd", "2099-12-31"] {
            assert!(report.contains(words), "{format}: {words}");
        }
    }
    let id = finding(&desk, "/a.wav").finding_id;
    for words in [vec!["review", "--all"], vec!["review", "show", &id]] {
        let told = desk.run(words).ends_with(0).stdout;
        assert!(told.contains("otice 1 sent since"), "{told}");
    }
    // The same bytes elsewhere are not what the notice is about, and it says so.
    fs::create_dir(desk.path("more")).unwrap();
    fs::copy(desk.path("dump/a.wav"), desk.path("more/copy.wav")).unwrap();
    desk.run(["scan", "more"]).ends_with(1);
    assert_eq!(finding(&desk, "/copy.wav").notices[0].basis, Basis::Bytes);
}

#[test]
fn a_second_draft_says_what_is_in_an_earlier_notice_and_leaves_it_out_on_request() {
    let desk = noticed();
    let told = draft(&desk, "again", &[]).stdout;
    assert!(
        told.contains("notice 2: ") && told.contains("3 findings are in an earlier notice, too"),
        "{told}"
    );
    desk.run(["notice", "--for", "host", "--out", "new", "--new"])
        .ends_with(2)
        .says_in_one_line(&["3 accepted findings of run 1 are in an earlier notice"]);
    assert!(!desk.path("new").exists());
}
