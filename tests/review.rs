//! Decisions about findings: on the terminal, from a spreadsheet, and in the next run.

use std::fs;

use leakhound::record::{Basis, DecisionState, Finding, Ground, ItemRecord, Verdict};

use crate::common::{Desk, Done, excerpt, record, records, song, tagged_wav};

/// A desk with one run: two clips of one song, an unrelated song.
fn scanned() -> Desk {
    let desk = Desk::with_songs(&[1], 20);
    desk.write_wav("dump/a.wav", excerpt(&song(1, 20), 4.0, 14.0));
    desk.write_wav("dump/b.wav", excerpt(&song(1, 20), 2.0, 9.0));
    desk.write_wav("dump/other.wav", &song(98, 10));
    desk.run(["scan", "dump"]).ends_with(1);
    desk
}

fn finding(desk: &Desk, ending: &str) -> Finding {
    record(&records(&desk.jsonl()), ending).findings[0].clone()
}

#[test]
fn a_finding_that_was_dismissed_stays_and_comes_back_dismissed_in_the_next_run() {
    let desk = scanned();
    let id = finding(&desk, "/a.wav").finding_id;
    let listed = desk.run(["review"]).ends_with(0).stdout;
    assert!(listed.contains(&id) && listed.contains("2 open findings"), "{listed}");
    desk.run([
        "review",
        "dismiss",
        &id,
        "--as",
        "licensed",
        "--reason",
        "sync deal 7",
        "--by",
        "Ann",
    ])
    .ends_with(0);
    let listed = desk.run(["review"]).ends_with(0).stdout;
    assert!(!listed.contains(&id) && listed.contains("1 open finding, 1 decided"), "{listed}");
    assert!(desk.run(["review", "--all"]).stdout.contains("dismissed (licensed) by Ann"));
    let found = finding(&desk, "/a.wav");
    let decision = found.decision.as_ref().unwrap();
    assert_eq!(
        (decision.state, decision.ground),
        (DecisionState::Dismissed, Some(Ground::Licensed))
    );
    assert_eq!((decision.by.as_str(), decision.reason.as_str()), ("Ann", "sync deal 7"));
    assert_eq!(decision.basis, Basis::Item);
    for format in ["csv", "html"] {
        let report = desk.run(["report", "--format", format, "--out", "-"]).ends_with(0).stdout;
        assert!(report.contains("sync deal 7") && report.contains("a.wav"), "{format}");
    }
    // One finding is still open.
    let again = desk.run(["scan", "dump"]).ends_with(1).stdout;
    assert!(again.contains("dismissed (licensed) by Ann"), "{again}");
    assert!(again.contains("of 2 findings people have accepted 0, dismissed 1"), "{again}");
    assert!(finding(&desk, "/a.wav").is_dismissed());
    let id = finding(&desk, "/b.wav").finding_id;
    desk.run(["review", "dismiss", &id, "--as", "wrong", "--reason", "heard it", "--by", "Ann"]);
    // A run without open findings raises no alarm.
    desk.run(["scan", "dump"]).ends_with(0);
    let rows = records(&desk.jsonl());
    assert!(
        record(&rows, "/b.wav").verdict <= Verdict::Suspect,
        "a decision does not change the verdict"
    );
}

#[test]
fn a_decision_holds_for_the_same_bytes_and_the_same_sound_elsewhere_and_not_for_other_audio() {
    let desk = scanned();
    let id = finding(&desk, "/a.wav").finding_id;
    desk.run(["review", "accept", &id, "--reason", "leak", "--by", "Ann"]).ends_with(0);
    let whole = song(1, 20);
    let clip = excerpt(&whole, 4.0, 14.0);
    fs::create_dir(desk.path("more")).unwrap();
    fs::copy(desk.path("dump/a.wav"), desk.path("more/copy.wav")).unwrap();
    desk.write("more/tagged.wav", &tagged_wav(clip, &[("INAM", "Another Title")]));
    // The same music, a little softer: it sounds the same but has another digest.
    let softer: Vec<f32> = clip.iter().map(|sample| sample * 0.7).collect();
    desk.write_wav("more/softer.wav", &softer);
    desk.run(["scan", "more"]).ends_with(1);
    let basis = |name| finding(&desk, name).decision.map(|decision| decision.basis);
    assert_eq!(basis("/copy.wav"), Some(Basis::Bytes));
    assert_eq!(basis("/tagged.wav"), Some(Basis::Sound));
    assert_eq!(basis("/softer.wav"), None);
}

#[test]
fn a_query_says_what_people_decided_about_the_same_audio() {
    let desk = scanned();
    let id = finding(&desk, "/a.wav").finding_id;
    let told = desk.run(["query", "dump/a.wav"]).ends_with(1).stdout;
    assert!(!told.contains("dismissed"), "{told}");
    let words = ["--as", "licensed", "--reason", "sync deal 7", "--by", "Ann"];
    desk.run([&["review", "dismiss", &id][..], &words].concat()).ends_with(0);
    // As after a scan, a dismissed finding is shown but raises no alarm.
    let told = desk.run(["query", "dump/a.wav"]).ends_with(0).stdout;
    assert!(told.contains("dismissed (licensed) by Ann"), "{told}");
    let clip = excerpt(&song(1, 20), 4.0, 14.0).to_vec();
    desk.write("more/tagged.wav", &tagged_wav(&clip, &[("INAM", "Another Title")]));
    let softer: Vec<f32> = clip.iter().map(|sample| sample * 0.7).collect();
    desk.write_wav("more/softer.wav", &softer);
    let asked = |path: &str, code: i32| {
        let line = desk.run(["query", "--json", path]).ends_with(code).stdout;
        let record: ItemRecord = serde_json::from_str(&line).unwrap();
        record.findings[0].decision.as_ref().map(|decision| decision.basis)
    };
    assert_eq!(asked("dump/a.wav", 0), Some(Basis::Item));
    assert_eq!(asked("more/tagged.wav", 0), Some(Basis::Sound));
    assert_eq!(asked("more/softer.wav", 1), None, "other audio is not silenced");
}

#[test]
fn a_change_of_mind_is_another_row_and_everything_is_logged() {
    let desk = scanned();
    let id = finding(&desk, "/a.wav").finding_id;
    desk.run(["review", "accept", &id, "--reason", "leak", "--by", "Ann"]).ends_with(0);
    desk.run(["review", "undo", &id, "--reason", "not sure", "--by", "Bob"]).ends_with(0);
    assert_eq!(finding(&desk, "/a.wav").decision, None);
    let history = desk.run(["review", "history", &id]).ends_with(0).stdout;
    let rows: Vec<&str> = history.lines().filter(|line| line.contains(&id)).collect();
    assert_eq!(rows.len(), 2, "{history}");
    assert!(
        rows[0].contains("accepted by Ann: leak") && rows[1].contains("withdrawn by Bob: not sure")
    );
    assert_eq!(desk.run(["review", "history", "--json"]).stdout.lines().count(), 2);
    let log = desk.run(["--operator", "Eve", "catalog", "log"]).ends_with(0).stdout;
    assert!(
        log.contains(&format!("{id} accepted by Ann")) && log.contains("the log is intact"),
        "{log}"
    );
}

#[test]
fn a_finding_that_is_named_twice_is_decided_once() {
    let desk = scanned();
    let id = finding(&desk, "/a.wav").finding_id;
    let words = ["review", "accept", &id, &id[..12], "--reason", "leak", "--by", "Ann"];
    let told = desk.run(words).ends_with(0).stdout;
    assert_eq!(told.matches(&id).count(), 1, "{told}");
    assert_eq!(desk.run(["review", "history", "--json"]).stdout.lines().count(), 1);
}

#[test]
fn staff_fill_in_the_csv_report_and_return_it() {
    let desk = scanned();
    let report = desk.run(["report", "--format", "csv", "--out", "-"]).ends_with(0).stdout;
    let mut reader = csv::Reader::from_reader(report.trim_start_matches('\u{FEFF}').as_bytes());
    let names = reader.headers().unwrap().clone();
    let column = |name: &str| names.iter().position(|n| n == name).unwrap();
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    writer.write_record(&names).unwrap();
    for row in reader.records() {
        let row = row.unwrap();
        let mut cells: Vec<String> = row.iter().map(str::to_owned).collect();
        if !cells[column("finding_id")].is_empty() {
            cells[column("decision")] = "dismissed".into();
            cells[column("decision_ground")] = "not ours".into();
            cells[column("decision_reason")] = "sold; in 2020".into();
            cells[column("decided_by")] = "Ann".into();
        }
        writer.write_record(&cells).unwrap();
    }
    desk.write("filled.csv", &writer.into_inner().unwrap());
    let done = desk.run(["review", "batch", "filled.csv"]).ends_with(0);
    assert_eq!(done.stdout, "2 decisions recorded, 0 already recorded\n");
    let done = desk.run(["review", "batch", "filled.csv"]).ends_with(0);
    assert_eq!(done.stdout, "0 decisions recorded, 2 already recorded\n");
    assert_eq!(finding(&desk, "/b.wav").decision.unwrap().reason, "sold; in 2020");
    desk.write("bad.csv", b"finding_id,decision\nf-00000000,accept\n");
    desk.run(["review", "batch", "bad.csv"]).ends_with(2).says_in_one_line(&[
        "bad.csv",
        "row 2",
        "no finding",
    ]);
}

#[test]
fn an_incomplete_decision_is_refused_in_one_line() {
    let desk = scanned();
    let id = finding(&desk, "/a.wav").finding_id;
    desk.run(["review", "accept", "f-ffffffff", "--reason", "x"])
        .ends_with(2)
        .says_in_one_line(&["no finding \"f-ffffffff\"", "review --all"]);
    desk.run(["review", "accept", &id, "--reason", " ", "--by", "Ann"])
        .ends_with(2)
        .says_in_one_line(&[&id, "say why"]);
    desk.run(["review", "defer", &id, "--reason", "x", "--by", ""])
        .ends_with(2)
        .says_in_one_line(&["say who"]);
    assert_eq!(desk.run(["review", "dismiss", &id, "--reason", "x"]).code, 2);
    desk.run(["review", "--run", "9"]).ends_with(2).says_in_one_line(&["no run 9"]);
    // If the system has no name for the user, the decision is refused.
    let mut nameless = desk.command(["review", "accept", &id, "--reason", "x"]);
    let done = nameless
        .env_remove("USER")
        .env_remove("USERNAME")
        .env_remove("LEAKHOUND_OPERATOR")
        .output();
    Done::of(done.unwrap()).ends_with(2).says_in_one_line(&["say who decides"]);
    assert_eq!(desk.run(["review", "history"]).stdout, "");
}

#[test]
fn drafts_of_notices_are_written_of_accepted_findings_alone_and_never_over_others() {
    let desk = scanned();
    desk.run(["notice", "--for", "host", "--out", "drafts"])
        .ends_with(2)
        .says_in_one_line(&["no accepted finding", "review accept"]);
    assert!(!desk.path("drafts").exists());
    let id = finding(&desk, "/a.wav").finding_id;
    desk.run(["review", "accept", &id, "--reason", "leak", "--by", "Ann Reviewer"]).ends_with(0);
    desk.write("me.json", br#"{"name": "Jo Counsel", "email": "jo@label.example"}"#);
    let done = desk.run([
        "notice",
        "--for",
        "host",
        "--out",
        "drafts",
        "--particulars",
        "me.json",
        "--url",
        "https://host.example/x",
    ]);
    let told = done.ends_with(0).stdout;
    assert!(told.contains("1 finding\n") && told.contains("nothing was sent"), "{told}");
    assert!(told.contains("left out: 1 that nobody accepted"), "{told}");
    let text = fs::read_to_string(desk.path("drafts/notice-host.md")).unwrap();
    assert!(text.contains("https://host.example/x/a.wav") && !text.contains("b.wav"), "{text}");
    assert!(text.contains("Jo Counsel") && !text.contains("Ann Reviewer"), "{text}");
    assert!(text.contains("[to be filled in: postal address]"), "{text}");
    assert!(fs::read_to_string(desk.path("drafts/notice-host.html")).unwrap().contains("DRAFT"));
    assert!(desk.run(["catalog", "log"]).stdout.contains("1 finding of run 1 drafted"));
    desk.run(["notice", "--for", "hub", "--out", "drafts"])
        .ends_with(2)
        .says_in_one_line(&["drafts is not empty"]);
    desk.run(["notice", "--for", "torrent-index", "--out", "other"])
        .ends_with(2)
        .says_in_one_line(&["none is in a torrent"]);
    desk.write("bad.json", br#"{"fax": "1"}"#);
    desk.run(["notice", "--for", "hub", "--out", "other", "--particulars", "bad.json"])
        .ends_with(2)
        .says_in_one_line(&["bad.json", "unknown field"]);
}
