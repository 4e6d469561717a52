//! Neutral references and masks: material that is no evidence for any recording, in the catalogue and in findings.

use std::fs;

use crate::common::{Desk, RATE_HZ, encode, excerpt, parse, record, song, tagged_wav, wav};

/// A loop of a sample pack.
fn a_loop(seconds: f64) -> Vec<f32> {
    excerpt(&song(500, 20), 4.0, 4.0 + seconds).to_vec()
}

/// A song of ours, a loop of two seconds, and a one-shot of half a second.
fn with_kit() -> Desk {
    let desk = Desk::with_songs(&[1], 20);
    desk.write_wav("kit/loop.wav", &a_loop(2.0));
    desk.write_wav("kit/shot.wav", excerpt(&song(501, 20), 3.0, 3.5));
    let told = desk.run(["catalog", "add", "--neutral", "kit"]).ends_with(0).stdout;
    assert!(told.starts_with("2 neutral references added, 0 already there, 0 refused"), "{told}");
    desk
}

fn id(desk: &Desk, name: &str) -> String {
    let path = desk.path(name);
    let args = ["catalog".as_ref(), "show".as_ref(), "--json".as_ref(), path.as_os_str()];
    let shown = parse(&desk.run(args).ends_with(0).stdout);
    shown[0]["recording_id"].as_str().unwrap().to_owned()
}

fn log(desk: &Desk) -> Vec<String> {
    let rows = parse(&desk.run(["catalog", "log", "--json"]).ends_with(0).stdout);
    let shown = |row: &serde_json::Value| {
        format!("{} {}", row["action"].as_str().unwrap(), row["detail"].as_str().unwrap())
    };
    rows.iter().map(shown).collect()
}

#[test]
fn neutral_references_are_listed_counted_checked_and_removed_as_what_they_are() {
    let desk = with_kit();
    let list = desk.run(["catalog", "list"]).ends_with(0).stdout;
    let lines = list.lines().filter(|line| line.ends_with(" (neutral)")).count();
    assert_eq!(lines, 2, "{list}");
    assert!(list.ends_with("1 recording, 0.0 h; 2 neutral references, 0.0 h\n"), "{list}");
    let listed = parse(&desk.run(["catalog", "list", "--json"]).ends_with(0).stdout);
    for recording in &listed {
        let is_kit = recording["path"].as_str().unwrap().contains("/kit/");
        assert_eq!(recording["neutral"], is_kit, "{recording}");
    }
    let card = desk.run(["catalog", "show", &id(&desk, "kit/loop.wav")]).ends_with(0).stdout;
    assert!(card.contains("neutral never reported"), "{card}");

    let told = desk.run(["catalog", "stats"]).ends_with(0).stdout;
    for words in ["recordings  1\n", "neutral     2 references, 0.0 h\n", "0 tracks, until"] {
        assert!(told.contains(words), "{words:?}: {told}");
    }
    let stats = &parse(&desk.run(["catalog", "stats", "--json"]).ends_with(0).stdout)[0];
    assert_eq!((&stats["recordings"], &stats["neutral"]), (&1.into(), &2.into()));
    assert!((stats["seconds"].as_f64().unwrap() - 20.0).abs() < 0.1, "{stats}");
    assert!((stats["neutral_seconds"].as_f64().unwrap() - 2.5).abs() < 0.1, "{stats}");
    let told = desk.run(["catalog", "check"]).ends_with(0).stdout;
    assert!(told.starts_with("3 recordings (2 of them neutral references), "), "{told}");
    let added = log(&desk).into_iter().find(|line| line.contains("neutral")).unwrap();
    assert!(added.starts_with("add ") && added.contains(": 2 neutral references added"), "{added}");

    // The same again, merged, and one of them removed.
    let told = desk.run(["catalog", "add", "--neutral", "kit"]).ends_with(0).stdout;
    assert!(told.starts_with("0 neutral references added, 2 already there, 0 refused"), "{told}");
    desk.run(["catalog", "compact"]).ends_with(0);
    desk.run(["catalog", "remove", &id(&desk, "kit/shot.wav")]).ends_with(0);
    let list = desk.run(["catalog", "list"]).ends_with(0).stdout;
    assert!(list.ends_with("1 recording, 0.0 h; 1 neutral reference, 0.0 h\n"), "{list}");
    desk.run(["catalog", "check"]).ends_with(0);
}

#[test]
fn a_neutral_reference_may_be_short_but_not_silent() {
    let desk = Desk::new();
    desk.write_wav("kit/shot.wav", excerpt(&song(1, 20), 3.0, 3.4));
    desk.write_wav("kit/silence.wav", &vec![0.0; 2 * RATE_HZ as usize]);
    // As a recording it could not be told from others.
    desk.run(["catalog", "add", "kit/shot.wav"]).ends_with(3);
    let added = desk.run(["catalog", "add", "--neutral", "kit"]).ends_with(3);
    assert!(added.stdout.starts_with("1 neutral reference added, 0 already there, 1 refused"));
    let told = |line: &str| line.contains("silence.wav") && line.contains("digital silence");
    assert!(added.stderr.lines().any(told), "{added:#?}");
}

#[test]
fn nothing_of_ours_is_made_neutral_and_nothing_neutral_ours_without_being_removed_first() {
    let desk = with_kit();
    let before = desk.run(["catalog", "list", "--json"]).ends_with(0).stdout;
    // The file itself, and the same audio in another one.
    desk.write("copies/song.wav", &wav(&song(1, 20)));
    desk.write("copies/loop.wav", &tagged_wav(&a_loop(2.0), &[("INAM", "Mine")]));
    let (ours, neutral) = (id(&desk, "masters/song-1.wav"), id(&desk, "kit/loop.wav"));
    for (args, words) in [
        (&["--neutral", "masters/song-1.wav"][..], ["as the recording", &*ours, "add --neutral"]),
        (&["--neutral", "copies/song.wav"], ["as the recording", &ours, "add --neutral"]),
        (&["kit/loop.wav"], ["as the neutral reference", &neutral, "then catalog add"]),
        (&["copies/loop.wav"], ["as the neutral reference", &neutral, "then catalog add"]),
    ] {
        let told = desk.run(["catalog", "add"].iter().chain(args)).ends_with(3);
        let line = told.stderr.lines().find(|line| line.starts_with("refused: ")).unwrap();
        assert!(words.iter().all(|word| line.contains(word)), "{words:?}: {line}");
        assert!(line.contains("catalog remove"), "{line}");
    }
    assert_eq!(desk.run(["catalog", "list", "--json"]).ends_with(0).stdout, before);
    desk.run(["catalog", "remove", &ours]).ends_with(0);
    desk.run(["catalog", "add", "--neutral", "masters/song-1.wav"]).ends_with(0);
    desk.run(["scan", "dump"]).ends_with(4).says_in_one_line(&["is empty"]);
}

#[test]
fn an_entry_does_not_get_a_neutral_reference_for_its_sound() {
    let desk = with_kit();
    let plain = desk.write_wav("plain.wav", &song(502, 20));
    encode(&plain, &desk.path("kit/tagged.flac"), &["-metadata", "ISRC=GBAYE0000777"]);
    desk.run(["catalog", "add", "--neutral", "kit"]).ends_with(0);
    let hash = leakhound::base::digest(&fs::read(desk.path("kit/loop.wav")).unwrap());
    let rows = [
        format!(
            r#"{{"entry_id":"a","title":"A","isrcs":["GBAYE0000701"],"audio":[{{"uri":"kit/loop.wav","hash":"{hash}"}}]}}"#
        ),
        r#"{"entry_id":"b","title":"B","isrcs":["GBAYE0000702"],"audio":[{"uri":"kit/shot.wav"}]}"#
            .to_owned(),
        r#"{"entry_id":"c","title":"C","isrcs":["GBAYE0000777"]}"#.to_owned(),
    ];
    desk.write("rows.jsonl", rows.join("\n").as_bytes());
    let told = desk.run(["catalog", "import", "rows.jsonl"]).ends_with(3);
    assert!(told.stdout.contains("0 recordings added, 2 refused, 0 linked"), "{told:#?}");
    assert!(told.stderr.contains("as the neutral reference"), "{told:#?}");
    let list = desk.run(["catalog", "list", "--entries"]).ends_with(0).stdout;
    assert!(list.ends_with("3 entries, 3 of them without audio\n"), "{list}");
}

#[test]
fn what_is_neutral_is_not_exported_and_the_export_says_so() {
    let desk = with_kit();
    let told = desk.run(["catalog", "export", "--out", "all.jsonl"]).ends_with(0).stdout;
    assert!(told.contains("and 1 recording without one"), "{told}");
    assert!(told.ends_with("left out: 2 neutral references\n"), "{told}");
    let entries = parse(&fs::read_to_string(desk.path("all.jsonl")).unwrap());
    let ids: Vec<_> = entries.iter().map(|entry| entry["entry_id"].as_str().unwrap()).collect();
    assert_eq!(ids, [format!("r-{}", id(&desk, "masters/song-1.wav"))]);
}

#[test]
fn the_hash_and_the_isrc_of_a_neutral_reference_name_nothing() {
    let desk = Desk::with_songs(&[1], 20);
    let plain = desk.write_wav("plain.wav", &song(502, 20));
    let path = desk.path("masters/tagged.flac");
    encode(&plain, &path, &["-metadata", "ISRC=GBAYE0000777"]);
    let hash = leakhound::base::digest(&fs::read(&path).unwrap());
    desk.write("dump/list.csv", format!("id,isrc,sha256\n1,GBAYE0000777,{hash}\n").as_bytes());
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    assert_eq!(record(&desk.scan(1), "list.csv").findings.len(), 1);
    let file = id(&desk, "masters/tagged.flac");
    desk.run(["catalog", "remove", &file]).ends_with(0);
    desk.run(["catalog", "add", "--neutral", "masters/tagged.flac"]).ends_with(0);
    let code = desk.run(["scan", "dump"]).code;
    assert_ne!(code, 1);
    let records = crate::common::records(&desk.jsonl());
    assert_eq!(record(&records, "list.csv").findings, []);
}

#[test]
fn a_stretch_is_masked_listed_and_unmasked() {
    let desk = Desk::with_songs(&[1, 2], 20);
    let (one, two) = (id(&desk, "masters/song-1.wav"), id(&desk, "masters/song-2.wav"));
    let mask = |args: &[&str]| desk.run(["catalog", "mask"].iter().chain(args));
    let told = mask(&[&one[..6], "0:12-0:16.5", "1-3", "--note", "a sample of X"]).ends_with(0);
    let expected = format!(
        "{one}  0:00:01.0 to 0:00:03.0  The Seeds – Song 1: a sample of X\n\
         {one}  0:00:12.0 to 0:00:16.5  The Seeds – Song 1: a sample of X\n"
    );
    assert_eq!(told.stdout, expected);
    let path = desk.path("masters/song-2.wav");
    mask(&[path.to_str().unwrap(), "18-20"]).ends_with(0);
    assert_eq!(mask(&[&one, "--list"]).ends_with(0).stdout, expected);
    let all = parse(&mask(&["--list", "--json"]).ends_with(0).stdout);
    assert_eq!(all.len(), 3);
    let first = all.iter().find(|mask| mask["recording_id"] == one.as_str()).unwrap();
    assert_eq!((&first["start_seconds"], &first["end_seconds"]), (&1.0.into(), &3.0.into()));
    let card = desk.run(["catalog", "show", &one]).ends_with(0).stdout;
    assert!(card.contains("0:00:12.0 to 0:00:16.5  a sample of X"), "{card}");
    let stats = desk.run(["catalog", "stats"]).ends_with(0).stdout;
    assert!(stats.ends_with("; 3 masks\n"), "{stats}");

    // The same again changes nothing; another reason does.
    let before = log(&desk);
    mask(&[&one, "1-3", "--note", "a sample of X"]).ends_with(0);
    assert_eq!(log(&desk), before);
    mask(&[&one, "1-3", "--note", "licensed"]).ends_with(0);
    let told = mask(&[&one, "1-3", "5-6", "--remove"]).ends_with(0).stdout;
    assert!(told.starts_with("0:00:05.0 to 0:00:06.0 was not masked\n"), "{told}");
    assert_eq!(
        log(&desk)[before.len()..],
        [
            format!("mask {one} 0:00:01.0 to 0:00:03.0 licensed"),
            format!("unmask {one} 0:00:01.0 to 0:00:03.0")
        ]
    );
    // All of a recording, and those of one that goes.
    assert_eq!(mask(&[&one, "--remove"]).ends_with(0).stdout, "");
    desk.run(["catalog", "compact"]).ends_with(0);
    assert_eq!(mask(&["--list"]).ends_with(0).stdout.lines().count(), 1);
    desk.run(["catalog", "remove", &two]).ends_with(0);
    assert_eq!(mask(&["--list"]).ends_with(0).stdout, "");
    desk.run(["catalog", "check"]).ends_with(0);
}

#[test]
fn a_mask_that_cannot_be_is_refused_in_one_line_with_its_numbers() {
    let desk = with_kit();
    let plain = desk.write_wav("plain.wav", &song(3, 20));
    for name in ["a", "b"] {
        let cut = if name == "a" { "15" } else { "16" };
        let to = desk.path(format!("masters/{name}.flac"));
        encode(&plain, &to, &["-metadata", "ISRC=GBAYE0000001", "-t", cut]);
    }
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    let ours = id(&desk, "masters/song-1.wav");
    let neutral = id(&desk, "kit/loop.wav");
    for (args, words) in [
        (&[&*ours, "5-0:12", "0:12-0:05"][..], &["0:00:05.0", "0:00:12.0", "FROM-TO"][..]),
        (&[&ours, "7-7"], &["0:00:07.0", "FROM-TO"]),
        (&[&ours, "--", "-0:05-0:10"], &["-0:00:05.0", "begins at 0"]),
        (&[&ours, "0:05--0:10"], &["-0:00:10.0", "begins at 0"]),
        (&[&ours, "0:12-0:30"], &["0:00:30.0", "0:00:20.0", &ours]),
        (&[&ours, "12"], &["\"12\"", "FROM-TO"]),
        (&[&ours, "a-b"], &["\"a-b\"", "0:12-0:20"]),
        (&["nobody", "1-2"], &["no recording matches \"nobody\"", "catalog list"]),
        (&["GBAYE0000001", "1-2"], &["matches 2 recordings", "whole id"]),
        (&[&neutral, "0-1"], &[&neutral, "neutral reference"]),
    ] {
        desk.run(["catalog", "mask"].iter().chain(args)).ends_with(2).says_in_one_line(words);
    }
    for args in [&[][..], &[&*ours], &["--list", "--remove"], &[&ours, "1-2", "--list"]] {
        desk.run(["catalog", "mask"].iter().chain(args)).ends_with(2);
    }
    assert_eq!(desk.run(["catalog", "mask", "--list"]).ends_with(0).stdout, "");
    // Lengths are shown to the tenth.
    desk.run(["catalog", "mask", &ours, "12-20.05"]).ends_with(0);
}

#[test]
fn a_mask_that_fits_no_recording_any_more_is_told() {
    let desk = Desk::with_songs(&[1], 20);
    let database = rusqlite::Connection::open(desk.path("home/catalog/catalog.sqlite")).unwrap();
    let ours = id(&desk, "masters/song-1.wav");
    for (name, from, to) in [("nobody", 1.0, 2.0), (&ours, 5.0, 4.0), (&ours, 19.0, 33.0)] {
        database.execute("DELETE FROM masks", []).unwrap();
        let row = rusqlite::params![name, from, to];
        database.execute("INSERT INTO masks VALUES (?1, ?2, ?3, '')", row).unwrap();
        let checked = desk.run(["catalog", "check"]).ends_with(4);
        assert!(checked.stdout.contains(&format!("a mask from {from} to {to} s is of {name}")));
    }
}

#[test]
fn what_is_neutral_and_masked_is_in_the_digest_of_the_catalogue() {
    let desk = with_kit();
    desk.write_wav("dump/other.wav", &song(9, 20));
    let ours = id(&desk, "masters/song-1.wav");
    let digest = || {
        desk.run(["scan", "dump"]).ends_with(0);
        let manifest = desk.run(["manifest", "--out", "-"]).ends_with(0).stdout;
        let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
        manifest["content"]["catalogue"]["digest"].as_str().unwrap().to_owned()
    };
    let before = digest();
    assert_eq!(digest(), before);
    desk.run(["catalog", "mask", &ours, "1-3"]).ends_with(0);
    let masked = digest();
    assert_ne!(masked, before);
    // Why it is masked changes no finding.
    desk.run(["catalog", "mask", &ours, "1-3", "--note", "a jingle"]).ends_with(0);
    assert_eq!(digest(), masked);
    desk.run(["catalog", "mask", &ours, "--remove"]).ends_with(0);
    assert_eq!(digest(), before);
    desk.run(["catalog", "remove", &ours]).ends_with(0);
    desk.run(["catalog", "add", "kit", "masters"]).ends_with(3);
    assert_eq!(digest(), before);
    let neutral = ["catalog", "remove", &id(&desk, "kit/loop.wav")];
    desk.run(neutral).ends_with(0);
    desk.run(["catalog", "add", "kit/loop.wav"]).ends_with(0);
    assert_ne!(digest(), before);
}

/// Somebody else's song with our loop, four times over, in its middle.
fn theirs() -> Vec<f32> {
    let mut sound = song(77, 30).to_vec();
    let loops = a_loop(4.0).repeat(3);
    let at = 10 * RATE_HZ as usize;
    sound[at..at + loops.len()].copy_from_slice(&loops);
    sound
}

/// A song of ours that opens with the same loop.
fn ours() -> Vec<f32> {
    [a_loop(4.0).repeat(3), song(4, 40).to_vec()].concat()
}

#[test]
fn a_neutral_reference_is_never_a_finding_and_is_no_evidence() {
    let desk = Desk::new();
    desk.write_wav("masters/ours.wav", &ours());
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    desk.write_wav("dump/loop.wav", &a_loop(4.0).repeat(3));
    desk.write_wav("dump/theirs.wav", &theirs());
    desk.write_wav("dump/ours.wav", &ours());
    assert_ne!(record(&desk.scan(1), "theirs.wav").findings, []);
    desk.write_wav("kit/loop.wav", &a_loop(4.0));
    desk.run(["catalog", "add", "--neutral", "kit"]).ends_with(0);
    let records = desk.scan(1);
    for name in ["loop.wav", "theirs.wav"] {
        assert_eq!(record(&records, name).findings, [], "{name}");
    }
    let found = record(&records, "/ours.wav");
    assert_eq!(found.findings.len(), 1, "{found:#?}");
    assert!(found.findings[0].recording_path.ends_with("masters/ours.wav"));
    assert_eq!(found.verdict, leakhound::record::Verdict::Match);
}

#[test]
fn what_lies_in_a_mask_alone_accuses_nobody() {
    let desk = Desk::new();
    let path = desk.write_wav("masters/ours.wav", &ours());
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    desk.write_wav("dump/theirs.wav", &theirs());
    desk.write_wav("dump/ours.wav", &ours());
    desk.run(["catalog", "mask", path.to_str().unwrap(), "0-12"]).ends_with(0);
    let records = desk.scan(1);
    assert_eq!(record(&records, "theirs.wav").findings, []);
    assert_eq!(record(&records, "/ours.wav").verdict, leakhound::record::Verdict::Match);
}

#[test]
fn a_copy_of_a_song_over_a_neutral_loop_is_a_match_and_the_loop_is_no_rival_nor_runner_up() {
    let desk = Desk::new();
    let under = a_loop(4.0).repeat(10);
    let over: Vec<f32> =
        song(4, 40).iter().zip(&under).map(|(song, loops)| 0.5 * song + 0.5 * loops).collect();
    desk.write_wav("masters/over.wav", &over);
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    desk.write_wav("kit/loop.wav", &a_loop(4.0));
    desk.run(["catalog", "add", "--neutral", "kit"]).ends_with(0);
    // Quieter, so that it is not the same file.
    let quieter: Vec<f32> = over.iter().map(|sample| 0.4 * sample).collect();
    desk.write_wav("dump/over.wav", &quieter);
    let records = desk.scan(1);
    let [finding] = &record(&records, "over.wav").findings[..] else { panic!("{records:#?}") };
    assert_eq!(finding.verdict, leakhound::record::Verdict::Match, "{finding:#?}");
    assert_eq!(finding.evidence.as_ref().unwrap().runner_up, None);
}
