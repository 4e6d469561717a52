//! Claims beside sound: tags, names, and how they agree with what is heard.

use leakhound::record::Verdict::{self};

use super::{FIRST, SECOND, database, label, scan, tagged, tiers};
use crate::common::{encode, gz, record, records, song, tar, wav};

#[test]
fn a_finding_says_whether_tags_and_sound_agree() {
    let desk = label();
    tagged(&desk, "a-agree.ogg", 1, Some(FIRST));
    tagged(&desk, "b-claim.ogg", 5, Some(FIRST));
    tagged(&desk, "c-sound.ogg", 1, None);
    tagged(&desk, "d-foreign.ogg", 1, Some("FRXXX0000001"));
    tagged(&desk, "e-disagree.ogg", 1, Some(SECOND));
    tagged(&desk, "f-none.ogg", 5, None);
    tagged(&desk, &format!("g-{FIRST}.ogg"), 1, None);
    std::fs::copy(desk.path("masters/2.flac"), desk.path("dump/h-copy.flac")).unwrap();
    let found = scan(&desk);
    let claims: Vec<_> = found.iter().map(|r| r.claims.as_str()).collect();
    let expected =
        ["agree", "claim_only", "sound_only", "foreign_claim", "disagree", "", "agree", "agree"];
    assert_eq!(claims, expected, "{found:#?}");
    let all: Vec<_> = found.iter().map(tiers).collect();
    assert_eq!(all[0], [(FIRST, "T0+T3".to_owned())]);
    assert_eq!(all[1], [(FIRST, "T0".to_owned())]);
    assert_eq!(found[1].verdict, Verdict::Suspect);
    assert_eq!(all[2], [(FIRST, "T3".to_owned())]);
    assert_eq!(all[4], [(FIRST, "T3".to_owned()), (SECOND, "T0".to_owned())]);
    assert_eq!(all[7], [(SECOND, "T0+T1+T3".to_owned())]);
    // The mode of the scan does not matter.
    desk.run(["scan", "--mode", "probe", "dump"]).ends_with(1);
    let probed = records(&desk.jsonl());
    assert_eq!(record(&probed, "h-copy.flac").claims.as_str(), "agree");
}

#[test]
fn an_inspection_counts_items_that_name_recordings_and_refuses_data_about_people() {
    let desk = label();
    desk.write(format!("dump/{FIRST}.mp3"), b"ID3\x04\0\0\0\0\0\0\xff\xfb\x90\0");
    // The name of a picture is not a claim.
    desk.write(format!("dump/{FIRST}.jpg"), b"\xff\xd8\xff\xe0\0\x10JFIF");
    desk.write("dump/rows.jsonl.gz", &gz(format!("{{\"isrc\": \"{SECOND}\"}}\n").as_bytes()));
    tagged(&desk, "x.opus", 5, None);
    database(&desk.path("dump/y.sqlite"), "CREATE TABLE p (owner_id TEXT, isrc TEXT);");
    let done = desk.run(["inspect", "dump"]).ends_with(3);
    assert!(done.stdout.contains("2 items name 2 recordings of the catalogue"), "{done:#?}");
    let line = format!("{FIRST}.mp3: Song 1, by ISRC {FIRST} in its name");
    assert!(done.stdout.contains(&line), "{done:#?}");
    let elsewhere = desk.run(["--home", "nowhere", "inspect", "dump"]).ends_with(0).stdout;
    assert!(elsewhere.contains("there is no catalogue in nowhere"), "{elsewhere}");
    assert!(!desk.path("nowhere").exists());
    assert!(done.stdout.contains("Ogg Opus"), "{done:#?}");
    assert!(!done.stdout.contains("byte for byte"), "{done:#?}");
    assert!(done.stdout.contains("personal_data"), "{done:#?}");
}

#[test]
fn an_inspection_counts_copies_of_the_labels_files_and_names_the_codecs_in_containers() {
    let desk = label();
    let master = std::fs::read(desk.path("masters/2.flac")).unwrap();
    desk.write("dump/other-name", &master);
    desk.write("dump/x.tgz", &gz(&tar(&[("a.flac", &master)])));
    tagged(&desk, "x.m4a", 5, None);
    let from = desk.path("raw/clip.wav");
    encode(&from, &desk.path("dump/lossless.m4a"), &["-c:a", "alac"]);
    encode(&from, &desk.path("dump/x.webm"), &[]);
    let said = desk.run(["inspect", "dump"]).stdout;
    for words in ["MP4 AAC", "MP4 ALAC", "Matroska Opus"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(said.contains("1 item is a file of the label, byte for byte: 1 recording\n"), "{said}");
    let said = desk.run(["inspect", "--hash", "dump"]).stdout;
    assert!(
        said.contains("2 items are files of the label, byte for byte: 1 recording\n"),
        "{said}"
    );
}

#[test]
fn a_probe_decodes_the_whole_of_a_file_whose_tags_name_a_recording() {
    let desk = label();
    let from = desk.write_wav("raw/long.wav", &song(5, 120));
    std::fs::create_dir_all(desk.path("dump")).unwrap();
    let isrc = format!("isrc={FIRST}");
    encode(&from, &desk.path("dump/ours.flac"), &["-metadata", &isrc]);
    encode(&from, &desk.path("dump/theirs.flac"), &[]);
    desk.run(["scan", "--mode", "probe", "dump"]).ends_with(1);
    let found = records(&desk.jsonl());
    let claims: Vec<_> = found.iter().map(|record| record.claims.as_str()).collect();
    assert_eq!(claims, ["claim_only", ""], "{found:#?}");
}

#[test]
fn a_claim_by_an_item_that_cannot_be_heard_is_a_note() {
    let desk = label();
    desk.write(format!("dump/{FIRST}.mp3"), &[0; 5_000]);
    let wav = wav(&vec![0.0; 40_000]);
    desk.write(format!("dump/silence-{FIRST}.wav"), &wav);
    let found = scan(&desk);
    assert!(found.iter().all(|r| r.verdict == Verdict::Failed));
    assert!(found.iter().all(|r| r.notes[0].contains("claims to be")), "{found:#?}");
}

#[test]
fn an_isrc_with_spaces_or_typographic_hyphens_is_found_in_tags_and_names() {
    let desk = label();
    tagged(&desk, "a.ogg", 5, Some("GB AYE 00 00351"));
    tagged(&desk, "b.ogg", 5, Some("GB\u{2011}AYE\u{2011}00\u{2011}00351"));
    tagged(&desk, "GB AYE 00 00351.ogg", 5, None);
    let found = scan(&desk);
    for record in &found {
        assert_eq!(tiers(record), [(FIRST, "T0".to_owned())], "{record:#?}");
        assert_eq!(record.findings[0].claimed_by.len(), 1, "{record:#?}");
    }
}
