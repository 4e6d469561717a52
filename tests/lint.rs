//! The linter finds what was planted and nothing else; rights and marks are shown and accuse nobody.

use leakhound::record::StandingKind as Kind;
use leakhound::record::Verdict::{self, Match, Permitted, Suspect};
use serde_json::Value;

use crate::common::{Desk, excerpt, parse, record, song, wav};

/// `kind: what it is about`, by the names of the files.
fn lines(desk: &Desk) -> Vec<String> {
    let listed = parse(&desk.run(["catalog", "list", "--json"]).ends_with(0).stdout);
    let name = |id: &str| {
        let recording = listed.iter().find(|r| r["recording_id"] == id);
        let path = recording.map_or(id, |r| r["path"].as_str().unwrap());
        path.rsplit('/').next().unwrap().trim_end_matches(".wav").to_owned()
    };
    let lines = parse(&desk.run(["catalog", "lint", "--json"]).ends_with(0).stdout);
    let shown = |line: &Value| {
        let about = line["about"].as_array().unwrap().iter().map(|id| name(id.as_str().unwrap()));
        let mut about: Vec<String> = about.collect();
        about.sort();
        format!("{}: {}", line["kind"].as_str().unwrap(), about.join(" "))
    };
    let mut shown: Vec<String> = lines.iter().map(shown).collect();
    shown.sort();
    shown
}

/// Songs with one loop of 6 s in the middle of two of them.
fn with_loop(seed: u64, seconds: u32) -> Vec<f32> {
    let mut sound = song(seed, seconds).to_vec();
    let shared = song(900, 40);
    let shared = excerpt(&shared, 10.0, 19.0);
    let at = 12 * crate::common::RATE_HZ as usize;
    sound[at..at + shared.len()].copy_from_slice(shared);
    sound
}

/// A catalogue with planted trouble.
fn troubled() -> Desk {
    let desk = Desk::new();
    for seed in [1, 2, 3] {
        desk.write_wav(format!("masters/plain-{seed}.wav"), &song(seed, 30));
    }
    desk.write_wav("masters/loop-1.wav", &with_loop(4, 40));
    desk.write_wav("masters/loop-2.wav", &with_loop(5, 40));
    // The same sound, a little quieter: another file, and not the same audio to the bit.
    let quieter: Vec<f32> = song(1, 30).iter().map(|sample| 0.7 * sample).collect();
    desk.write_wav("masters/twin.wav", &quieter);
    desk.write_wav("masters/preview.wav", excerpt(&song(6, 60), 15.0, 35.0));
    desk.write_wav("masters/whole.wav", &song(6, 60));
    desk.write_wav("masters/edit.wav", excerpt(&song(7, 60), 0.0, 42.0));
    desk.write_wav("masters/long.wav", &song(7, 60));
    desk.write_wav("masters/short.wav", &song(8, 8));
    let rows = [
        r#"{"entry_id":"nonex","title":"N","role":"non_exclusive","audio":[{"uri":"plain-2.wav"}]}"#,
        r#"{"entry_id":"free","title":"F","flags":["public_domain"],"audio":[{"uri":"plain-3.wav"}]}"#,
        r#"{"entry_id":"mix","title":"M","flags":["dj_mix"]}"#,
        r#"{"entry_id":"one","own_ids":["1"],"title":"O","isrcs":["GBAYE0000351"]}"#,
        r#"{"entry_id":"two","own_ids":["2"],"title":"T","isrcs":["GBAYE0000351"]}"#,
        r#"{"entry_id":"clip","title":"C","duration_seconds":200,"audio":[{"uri":"preview.wav"}]}"#,
    ];
    desk.write("masters/rows.jsonl", rows.join("\n").as_bytes());
    desk.run(["catalog", "add", "masters"]);
    desk.run(["catalog", "import", "masters/rows.jsonl"]).ends_with(0);
    desk
}

#[test]
fn the_linter_finds_what_was_planted_and_nothing_else() {
    let desk = troubled();
    let expected = [
        "no_reference: mix",
        "non_exclusive: nonex",
        "preview: preview whole",
        "public_domain: free",
        "same_audio: plain-1 twin",
        "shared_isrc: one two",
        "shared_passage: loop-1 loop-2",
        "too_short: short",
        "version: edit long",
        "wrong_length: clip preview",
    ];
    assert_eq!(lines(&desk), expected);
    let told = desk.run(["catalog", "lint"]).ends_with(0).stdout;
    assert!(told.contains("2 shared passages marked"), "{told}");
    assert!(told.contains("a finding in the passage alone may be from elsewhere"), "{told}");
}

#[test]
fn a_dump_that_holds_only_the_shared_loop_is_a_suspect_that_says_so() {
    let desk = Desk::new();
    desk.write_wav("masters/loop-1.wav", &with_loop(4, 40));
    desk.write_wav("masters/loop-2.wav", &with_loop(5, 40));
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    // A song of somebody else with the loop, and one of ours with more than the loop.
    desk.write_wav("dump/theirs.wav", &with_loop(77, 30));
    desk.write_wav("dump/ours.wav", excerpt(&with_loop(4, 40), 8.0, 30.0));
    let before = desk.scan(1);
    assert_eq!(record(&before, "theirs.wav").verdict, Verdict::Match);
    desk.run(["catalog", "lint"]).ends_with(0);
    let after = desk.scan(1);
    let theirs = record(&after, "theirs.wav");
    assert_eq!(theirs.verdict, Verdict::Suspect, "{theirs:#?}");
    for finding in &theirs.findings {
        let standing = finding.standing.as_ref().unwrap();
        assert_eq!(standing.kind, Kind::SharedPassage);
        assert!(finding.recording_coverage < 0.25, "{finding:#?}");
    }
    let ours = record(&after, "ours.wav");
    assert_eq!(ours.verdict, Verdict::Match, "{ours:#?}");
    assert_eq!(ours.findings[0].standing, None);
    let page = desk.run(["report", "--format", "html", "--out", "-"]).ends_with(0).stdout;
    assert!(page.contains("shared passage: all that was found lies in a passage"), "{page}");
}

#[test]
fn some_seconds_of_ours_in_a_longer_item_are_a_suspect_that_says_so() {
    let desk = Desk::new();
    let ours = song(4, 40);
    desk.write_wav("masters/ours.wav", &ours);
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    let with = |seconds: f64| {
        let mut theirs = song(77, 30).to_vec();
        let taken = excerpt(&ours, 20.0, 20.0 + seconds);
        let at = 9 * crate::common::RATE_HZ as usize;
        theirs[at..at + taken.len()].copy_from_slice(taken);
        theirs
    };
    desk.write_wav("dump/brief.wav", &with(4.5));
    desk.write_wav("dump/longer.wav", &with(9.0));
    desk.write_wav("dump/clip.wav", excerpt(&ours, 20.0, 24.5));
    let run = desk.scan(1);
    let brief = record(&run, "brief.wav");
    assert_eq!(brief.verdict, Verdict::Suspect, "{brief:#?}");
    assert_eq!(brief.findings[0].standing.as_ref().unwrap().kind, Kind::BriefPassage);
    assert_eq!(record(&run, "longer.wav").verdict, Verdict::Match);
    // All of a clip is ours, however short it is.
    assert_eq!(record(&run, "clip.wav").verdict, Verdict::Match);
}

#[test]
fn what_is_no_infringement_is_shown_as_permitted() {
    let desk = Desk::new();
    let rows = [
        r#"{"entry_id":"a","title":"A","isrcs":["GBAYE0000001"],"valid_until":"2020-12-31","audio":[{"uri":"1.wav"}]}"#,
        r#"{"entry_id":"b","title":"B","isrcs":["GBAYE0000002"],"territories":["DE"],"audio":[{"uri":"2.wav"}]}"#,
        r#"{"entry_id":"c","title":"C","isrcs":["GBAYE0000003"],"policy":"exclude","audio":[{"uri":"3.wav"}]}"#,
        r#"{"entry_id":"d","title":"D","isrcs":["GBAYE0000004"],"policy":"review","audio":[{"uri":"4.wav"}]}"#,
        r#"{"entry_id":"e","title":"E","isrcs":["GBAYE0000005"],"audio":[{"uri":"5.wav"}]}"#,
        r#"{"entry_id":"f","title":"F","isrcs":["GBAYE0000006"],"policy":"exclude"}"#,
    ];
    desk.write("masters/rows.jsonl", rows.join("\n").as_bytes());
    for seed in 1..=5_u64 {
        desk.write_wav(format!("masters/{seed}.wav"), &song(seed, 20));
        desk.write(format!("dump/{seed}.wav"), &wav(excerpt(&song(seed, 20), 2.0, 18.0)));
    }
    desk.write("dump/list.csv", b"id,isrc\n1,GBAYE0000006\n");
    desk.run(["catalog", "import", "masters/rows.jsonl"]).ends_with(0);
    let stands = |desk: &Desk, args: &[&str]| -> Vec<(Verdict, Option<Kind>)> {
        let all = [&["scan"], args, &["dump"]].concat();
        desk.run(all).ends_with(1);
        let found = crate::common::records(&desk.jsonl());
        let stand = |r: &leakhound::record::ItemRecord| {
            (r.verdict, r.findings[0].standing.as_ref().map(|standing| standing.kind))
        };
        found.iter().map(stand).collect()
    };
    let expected = [
        (Permitted, Some(Kind::Expired)),
        (Match, Some(Kind::Limited)),
        (Permitted, Some(Kind::Excluded)),
        (Suspect, Some(Kind::Review)),
        (Match, None),
        (Permitted, Some(Kind::Excluded)),
    ];
    assert_eq!(stands(&desk, &[]), expected);
    let abroad = stands(&desk, &["--territory", "us"]);
    assert_eq!(abroad[1], (Permitted, Some(Kind::OutsideTerritory)));
    assert_eq!(stands(&desk, &["--territory", "DE"])[1], (Match, None));
    let note = ["--note", "contract 17"];
    desk.run([&["catalog", "allow", "--recording", "GBAYE0000005"][..], &note].concat())
        .ends_with(0);
    assert_eq!(stands(&desk, &[])[4], (Permitted, Some(Kind::Licensed)));
    let page = desk.run(["report", "--format", "html", "--out", "-"]).ends_with(0).stdout;
    assert!(page.contains("licensed: the recording GBAYE0000005 is licensed: contract 17"));
    assert!(page.contains("Permitted"));
    let table = desk.run(["report", "--format", "csv", "--out", "-"]).ends_with(0).stdout;
    assert!(table.contains("expired: the label's rights ended on 2020-12-31"), "{table}");
    desk.run(["catalog", "allow", "--remove", "--recording", "GBAYE0000005"]).ends_with(0);
    desk.run(["catalog", "allow", "--dump", "dump"]).ends_with(0);
    // All of it is licensed, so there is nothing to report.
    desk.run(["scan", "dump"]).ends_with(0);
    desk.run(["catalog", "allow", "--remove", "--dump", "dump"]).ends_with(0);
    let hash = leakhound::ingest::digest(&std::fs::read(desk.path("dump/5.wav")).unwrap());
    desk.run(["catalog", "allow", "--hash", &hash]).ends_with(0);
    let now = stands(&desk, &[]);
    assert_eq!((now[4], now[1]), ((Permitted, Some(Kind::Licensed)), expected[1]));
}
