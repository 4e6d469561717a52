//! Metadata in a file beside an item.

use leakhound::record::Verdict;

use super::{FIRST, SECOND, label, scan, tiers};
use crate::common::{excerpt, gz, record, song, tar, wav, zst};

#[test]
fn a_repeated_scan_reads_changed_metadata_beside_a_file() {
    let desk = label();
    desk.write_wav("dump/a.wav", &song(5, 20));
    desk.write("dump/metadata.csv", b"file_name,isrc\na.wav,FRXXX0000001\n");
    desk.run(["scan", "dump"]).ends_with(0);
    desk.write("dump/metadata.csv", format!("file_name,isrc\na.wav,{FIRST}\n").as_bytes());
    let found = scan(&desk);
    assert_eq!(record(&found, "a.wav").findings[0].isrc, FIRST);
}

#[test]
fn a_side_car_in_a_shard_speaks_for_its_member() {
    let desk = label();
    let json = |isrc: &str| format!("{{\"isrc\": \"{isrc}\"}}").into_bytes();
    let clip = |seed: u64| wav(excerpt(&song(seed, 30), 4.0, 18.0));
    let shard = tar(&[
        ("0001.json", json(FIRST)),
        ("0001.wav", clip(1)),
        ("0002.flac", clip(2)),
        ("0002.json", json(FIRST)),
        ("0003.wav", clip(1)),
        ("0004.json", json(FIRST)),
    ]);
    desk.write("dump/plain.tar", &shard);
    desk.write("dump/packed", &gz(&shard));
    let found = scan(&desk);
    for container in ["plain.tar", "packed"] {
        let claims = |name: &str| record(&found, &format!("{container}!/{name}")).claims.as_str();
        assert_eq!(claims("0001.wav"), "agree");
        assert_eq!(claims("0002.flac"), "disagree");
        assert_eq!(claims("0003.wav"), "sound_only");
        assert_eq!(claims("0004.json"), "claim_only");
        let first = record(&found, &format!("{container}!/0001.wav"));
        assert_eq!(first.findings[0].claimed_by, [format!("ISRC {FIRST} in its side-car")]);
    }
}

#[test]
fn a_side_car_with_several_isrcs_accuses_only_of_recordings_that_are_heard() {
    let desk = label();
    let album =
        format!("{{\"tracks\": [\"{FIRST}\", \"{SECOND}\", \"FRXXX0000001\"]}}").into_bytes();
    let clip = |seed: u64| wav(excerpt(&song(seed, 30), 4.0, 18.0));
    let shard = tar(&[
        ("1.wav", clip(1)),
        ("1.json", album.clone()),
        ("5.wav", clip(5)),
        ("5.json", album),
    ]);
    desk.write("dump/x.tar", &shard);
    let found = scan(&desk);
    let heard = record(&found, "1.wav");
    assert_eq!(tiers(heard), [(FIRST, "T0+T3".to_owned())]);
    assert_eq!(heard.claims.as_str(), "sound_only");
    let other = record(&found, "5.wav");
    assert_eq!(other.verdict, Verdict::Clear, "{other:#?}");
    assert!(other.notes[0].contains("2 of which"), "{other:#?}");
}

#[test]
fn metadata_beside_files_speaks_for_each_of_them() {
    let desk = label();
    let clip = |seed: u64| wav(excerpt(&song(seed, 30), 4.0, 18.0));
    // An AudioFolder, with a table of each kind.
    desk.write(
        "dump/a/metadata.csv",
        format!("file_name,id\nx/1.wav,{FIRST}\n2.wav,{FIRST}\n").as_bytes(),
    );
    desk.write("dump/a/x/1.wav", &clip(1));
    desk.write("dump/a/2.wav", &clip(2));
    desk.write("dump/a/3.wav", &clip(1));
    desk.write(
        "dump/b/metadata.jsonl",
        format!("{{\"file_name\": \"1.wav\", \"isrc\": \"{FIRST}\"}}\nno json\n").as_bytes(),
    );
    desk.write("dump/b/1.wav", &clip(1));
    let rows = [("1.wav", FIRST), ("2.wav", "none"), ("x/3.wav", FIRST)];
    desk.write("dump/p/metadata.parquet", &crate::common::parquet::metadata(&rows));
    for name in ["1.wav", "2.wav", "x/3.wav"] {
        desk.write(format!("dump/p/{name}"), &clip(1));
    }
    // A container of Anna's Archive: files without endings, their metadata beside the folder.
    let aacid = |id: &str| format!("aacid__some_files__20260116T000346Z__{id}__abc");
    let folder = "annas_archive_data__aacid__some_files__20260116T000346Z--20260116T000347Z";
    let line = |id: &str, isrc: &str, folder: &str| {
        format!(
            "{{\"aacid\": \"{}\", \"metadata\": {{\"isrc\": \"{isrc}\"}}, \"data_folder\": \"{folder}\"}}\n",
            aacid(id)
        )
    };
    let lines = line("one", FIRST, folder) + &line("two", FIRST, "elsewhere");
    desk.write(
        "dump/c/annas_archive_meta__aacid__some_files__20260116T000346Z--20260116T000347Z.jsonl.seekable.zst",
        &zst(lines.as_bytes()),
    );
    desk.write(format!("dump/c/{folder}/{}", aacid("one")), &clip(1));
    desk.write(format!("dump/c/{folder}/{}", aacid("two")), &clip(1));
    let found = scan(&desk);
    let claims = |name: &str| record(&found, name).claims.as_str();
    assert_eq!(claims("a/x/1.wav"), "agree");
    assert_eq!(claims("a/2.wav"), "disagree");
    assert_eq!(claims("a/3.wav"), "sound_only");
    assert_eq!(claims("b/1.wav"), "agree");
    assert_eq!(claims("p/1.wav"), "agree");
    assert_eq!(claims("p/2.wav"), "sound_only");
    assert_eq!(claims("p/x/3.wav"), "agree");
    assert_eq!(claims(&aacid("one")), "agree");
    assert_eq!(claims(&aacid("two")), "sound_only");
}
