//! The linter finds what was planted and nothing else; rights and marks are shown and accuse nobody.

use leakhound::record::StandingKind as LintKind;
use leakhound::record::Verdict::{self, Match, Permitted, Suspect};
use serde_json::Value;

use crate::common::{Desk, RATE_HZ, excerpt, faster, parse, record, song, wav};

/// The problems found, as `kind: recordings`, by the names of their files.
fn lines(desk: &Desk, args: &[&str]) -> Vec<String> {
    let listed = parse(&desk.run(["catalog", "list", "--json"]).ends_with(0).stdout);
    let name = |id: &str| {
        let recording = listed.iter().find(|r| r["recording_id"] == id);
        let path = recording.map_or(id, |r| r["path"].as_str().unwrap());
        path.rsplit('/').next().unwrap().trim_end_matches(".wav").to_owned()
    };
    let args = ["catalog", "lint", "--json"].iter().chain(args);
    let lines = parse(&desk.run(args).ends_with(0).stdout);
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
    let at = 12 * RATE_HZ as usize;
    sound[at..at + shared.len()].copy_from_slice(shared);
    sound
}

/// A steady tone.
fn tone(hz: f64, seconds: u32) -> Vec<f32> {
    let samples = 0..seconds * RATE_HZ;
    let step = std::f64::consts::TAU * hz / f64::from(RATE_HZ);
    samples.map(|at| (0.4 * (f64::from(at) * step).sin()) as f32).collect()
}

/// A catalogue with planted problems.
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
    let silence = |seconds: usize| vec![0.0; seconds * RATE_HZ as usize];
    let gap = [&song(9, 20)[..], &silence(14), &song(10, 20)].concat();
    desk.write_wav("masters/hidden.wav", &gap);
    desk.write_wav("masters/lineup.wav", &[&tone(1_000.0, 12), &song(11, 30)[..]].concat());
    desk.write_wav("masters/empty.wav", &[&song(12, 12)[..], &silence(25)].concat());
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
        "no_music: empty",
        "no_reference: mix",
        "non_exclusive: nonex",
        "preview: preview whole",
        "public_domain: free",
        "same_audio: plain-1 twin",
        "shared_isrc: one two",
        "shared_passage: loop-1 loop-2",
        "silence: empty",
        "silence: hidden",
        "tone: lineup",
        "too_short: short",
        "version: edit long",
        "wrong_length: clip preview",
    ];
    assert_eq!(lines(&desk, &[]), expected);
    let told = desk.run(["catalog", "lint"]).ends_with(0).stdout;
    assert!(told.contains("3 shared passages marked"), "{told}");
    assert!(told.contains("a finding in the passage alone may be from elsewhere"), "{told}");
}

#[test]
fn edits_at_another_speed_are_found_when_asked_for() {
    let desk = Desk::new();
    desk.write_wav("masters/plain.wav", &song(1, 40));
    desk.write_wav("masters/sped-up.wav", &faster(&song(1, 40), 1.15));
    desk.write_wav("masters/other.wav", &song(2, 40));
    desk.write_wav("masters/third.wav", &song(3, 40));
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    assert_eq!(lines(&desk, &[]), Vec::<String>::new());
    assert_eq!(lines(&desk, &["--edits"]), ["other_speed: plain sped-up"]);
    let told = desk.run(["catalog", "lint", "--edits"]).ends_with(0).stdout;
    // Which of the two comes first is told by their ids.
    let (faster, slower) = ("sped up 15 %", "slowed 13 %");
    assert!(told.contains(faster) || told.contains(slower), "{told}");
}

#[test]
fn a_dump_that_holds_only_a_test_tone_is_no_match_once_it_is_marked() {
    let desk = Desk::new();
    desk.write_wav("masters/lineup.wav", &[&tone(1_000.0, 20), &song(11, 30)[..]].concat());
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    desk.run(["catalog", "lint"]).ends_with(0);
    desk.write_wav("dump/tone.wav", &tone(1_000.0, 20));
    desk.write_wav("dump/whole.wav", &[&tone(1_000.0, 20), &song(11, 30)[..]].concat());
    let records = desk.scan(1);
    for finding in &record(&records, "tone.wav").findings {
        assert_eq!(finding.verdict, Verdict::Suspect, "{finding:#?}");
        assert_eq!(finding.standing.as_ref().unwrap().kind, LintKind::SharedPassage);
    }
    assert_eq!(record(&records, "whole.wav").verdict, Verdict::Match);
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
    // Two recordings hold the loop, so it is neither's own, marked or not.
    let unmarked = record(&before, "theirs.wav");
    assert_eq!(unmarked.verdict, Verdict::Suspect, "{unmarked:#?}");
    desk.run(["catalog", "lint"]).ends_with(0);
    let after = desk.scan(1);
    let theirs = record(&after, "theirs.wav");
    assert_eq!(theirs.verdict, Verdict::Suspect, "{theirs:#?}");
    for finding in &theirs.findings {
        let standing = finding.standing.as_ref().unwrap();
        assert_eq!(standing.kind, LintKind::SharedPassage);
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
        let at = 9 * RATE_HZ as usize;
        theirs[at..at + taken.len()].copy_from_slice(taken);
        theirs
    };
    desk.write_wav("dump/brief.wav", &with(4.5));
    desk.write_wav("dump/longer.wav", &with(9.0));
    desk.write_wav("dump/clip.wav", excerpt(&ours, 20.0, 24.5));
    let run = desk.scan(1);
    let brief = record(&run, "brief.wav");
    assert_eq!(brief.verdict, Verdict::Suspect, "{brief:#?}");
    assert_eq!(brief.findings[0].standing.as_ref().unwrap().kind, LintKind::SharedMaterial);
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
    let stands = |desk: &Desk, args: &[&str]| -> Vec<(Verdict, Option<LintKind>)> {
        let all = [&["scan"], args, &["dump"]].concat();
        desk.run(all).ends_with(1);
        let found = crate::common::records(&desk.jsonl());
        let stand = |r: &leakhound::record::ItemRecord| {
            (r.verdict, r.findings[0].standing.as_ref().map(|standing| standing.kind))
        };
        found.iter().map(stand).collect()
    };
    let expected = [
        (Permitted, Some(LintKind::Expired)),
        (Match, Some(LintKind::Limited)),
        (Permitted, Some(LintKind::Excluded)),
        (Suspect, Some(LintKind::Review)),
        (Match, None),
        (Permitted, Some(LintKind::Excluded)),
    ];
    assert_eq!(stands(&desk, &[]), expected);
    let abroad = stands(&desk, &["--territory", "us"]);
    assert_eq!(abroad[1], (Permitted, Some(LintKind::OutsideTerritory)));
    assert_eq!(stands(&desk, &["--territory", "DE"])[1], (Match, None));
    let note = ["--note", "contract 17"];
    desk.run([&["catalog", "allow", "--recording", "GBAYE0000005"][..], &note].concat())
        .ends_with(0);
    assert_eq!(stands(&desk, &[])[4], (Permitted, Some(LintKind::Licensed)));
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
    let hash = leakhound::base::digest(&std::fs::read(desk.path("dump/5.wav")).unwrap());
    desk.run(["catalog", "allow", "--hash", &hash]).ends_with(0);
    let now = stands(&desk, &[]);
    assert_eq!((now[4], now[1]), ((Permitted, Some(LintKind::Licensed)), expected[1]));
}

/// Two bars of a sample pack.
fn bars() -> Vec<f32> {
    excerpt(&song(500, 20), 4.0, 6.0).to_vec()
}

#[test]
fn what_is_only_kit_is_told_with_its_share_and_passages_with_a_loop_are_marked() {
    let desk = Desk::new();
    // Bars over and over, and some music of our own.
    let beat = [bars().repeat(12), song(21, 12).to_vec()].concat();
    desk.write_wav("masters/beat.wav", &beat);
    let other_beat = [song(22, 9).to_vec(), bars().repeat(12)].concat();
    desk.write_wav("masters/other-beat.wav", &other_beat);
    let mut with_bars = song(23, 40).to_vec();
    let at = 10 * RATE_HZ as usize;
    with_bars[at..at + 2 * bars().len()].copy_from_slice(&bars().repeat(2));
    desk.write_wav("masters/with-bars.wav", &with_bars);
    // Under music of its own they are a part of it.
    let under = bars().repeat(20);
    let over: Vec<f32> = song(24, 40).iter().zip(&under).map(|(a, b)| 0.7 * a + 0.15 * b).collect();
    desk.write_wav("masters/over-bars.wav", &over);
    desk.write_wav("masters/plain.wav", &song(25, 30));
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    desk.write_wav("kit/bars.wav", &bars());
    desk.write_wav("kit/hit.wav", excerpt(&song(501, 20), 3.0, 3.5));
    desk.run(["catalog", "add", "--neutral", "kit"]).ends_with(0);
    let expected = [
        "only_kit: beat",
        "only_kit: other-beat",
        "shared_passage: bars beat",
        "shared_passage: bars other-beat",
        "shared_passage: bars with-bars",
    ];
    let told = desk.run(["catalog", "lint"]).ends_with(0).stdout;
    assert_eq!(lines(&desk, &[]), expected, "{told}");
    assert!(told.contains("5 recordings and 2 neutral references compared: 5 warnings"), "{told}");
    let of = |word: &str, name: &str| {
        let name = listed(&desk, name);
        let line = told.lines().find(|line| line.starts_with(word) && line.contains(&name));
        line.unwrap_or_else(|| panic!("{word} {name}: {told}")).to_owned()
    };
    let line = of("only_kit", "beat.wav");
    let percent = line.split(" %").next().unwrap().rsplit(' ').next().unwrap();
    // 24 s of 36.
    assert!((58..=74).contains(&percent.parse::<i32>().unwrap()), "{line}");
    assert!(line.contains(&listed(&desk, "bars.wav")) && !line.contains("masks"), "{line}");
    let marks = passages(&desk, "with-bars.wav");
    let [(from, to)] = marks[..] else { panic!("{marks:?}") };
    assert!((9.0..11.0).contains(&from) && (13.0..15.0).contains(&to), "{marks:?}");
    // The neutral reference itself is marked nowhere.
    assert_eq!(passages(&desk, "bars.wav"), []);
}

/// The name of a recording in the linter's lines, by the end of its path.
fn listed(desk: &Desk, ending: &str) -> String {
    let listed = parse(&desk.run(["catalog", "list", "--json"]).ends_with(0).stdout);
    let is = |r: &&Value| r["path"].as_str().unwrap().ends_with(&format!("/{ending}"));
    listed.iter().find(is).unwrap()["recording_id"].as_str().unwrap().to_owned()
}

/// The marked passages of a recording.
fn passages(desk: &Desk, ending: &str) -> Vec<(f64, f64)> {
    let database = rusqlite::Connection::open(desk.path("home/catalog/catalog.sqlite")).unwrap();
    let sql = "SELECT start_seconds, end_seconds FROM shared_passages WHERE recording_id = ?1";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([listed(desk, ending)], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

#[test]
fn what_is_mostly_masked_is_only_kit_and_what_two_share_in_a_mask_is_no_news() {
    let desk = Desk::new();
    desk.write_wav("masters/loop-1.wav", &with_loop(4, 40));
    desk.write_wav("masters/loop-2.wav", &with_loop(5, 40));
    desk.write_wav("masters/jingle.wav", &song(6, 30));
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    assert_eq!(lines(&desk, &[]), ["shared_passage: loop-1 loop-2"]);
    let jingle = listed(&desk, "jingle.wav");
    desk.run(["catalog", "mask", &jingle, "0-0:20", "--note", "the station's"]).ends_with(0);
    desk.run(["catalog", "mask", &listed(&desk, "loop-1.wav"), "0:11.5-0:21.5"]).ends_with(0);
    assert_eq!(lines(&desk, &[]), ["only_kit: jingle"]);
    let told = desk.run(["catalog", "lint"]).ends_with(0).stdout;
    assert!(told.contains("% of it is neutral (masks)"), "{told}");
    assert!(told.contains("0 shared passages marked"), "{told}");
}
