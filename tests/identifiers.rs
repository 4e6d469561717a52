//! Identifiers in tags, names, texts and tables, with and without sound.

use std::path::Path;

use leakhound::record::Verdict::{self, Failed, Suspect};
use leakhound::record::{FailureKind, ItemRecord, Tier};
use rusqlite::Connection;

use crate::common::{Desk, encode, excerpt, gz, record, records, song, tar, wav, zst};

const FIRST: &str = "GBAYE0000351";
const SECOND: &str = "USRC17607839";

/// A catalogue of songs 1 and 2 with their ISRCs, as FLAC.
fn label() -> Desk {
    let desk = Desk::new();
    for (seed, isrc) in [(1, FIRST), (2, SECOND)] {
        let whole = desk.write_wav(format!("raw/{seed}.wav"), &song(seed, 30));
        let title = format!("title=Song {seed}");
        let isrc = format!("isrc={isrc}");
        let to = desk.path(format!("masters/{seed}.flac"));
        encode(&whole, &to, &["-metadata", &title, "-metadata", &isrc]);
    }
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    desk
}

/// A clip of a song, or of another sound, with an ISRC in its tags.
fn tagged(desk: &Desk, name: &str, seed: u64, isrc: Option<&str>) {
    let from = desk.write_wav("raw/clip.wav", excerpt(&song(seed, 30), 4.0, 18.0));
    std::fs::create_dir_all(desk.path("dump")).unwrap();
    let isrc = isrc.map(|isrc| format!("isrc={isrc}"));
    let tags: Vec<&str> = isrc.iter().flat_map(|isrc| ["-metadata", isrc]).collect();
    encode(&from, &desk.path(format!("dump/{name}")), &tags);
}

fn scan(desk: &Desk) -> Vec<ItemRecord> {
    desk.run(["scan", "dump"]);
    records(&desk.jsonl())
}

fn tiers(record: &ItemRecord) -> Vec<(&str, String)> {
    record.findings.iter().map(|f| (f.isrc.as_str(), Tier::join(&f.tiers, "+"))).collect()
}

#[test]
fn a_text_of_any_format_that_names_a_recording_is_a_suspect() {
    let desk = label();
    let rows = format!("{{\"id\":1}}\n{{\"id\":2,\"external_ids\":{{\"isrc\":\"{FIRST}\"}}}}\n");
    desk.write("dump/a.jsonl", rows.as_bytes());
    desk.write("dump/b.csv", format!("id;isrc\n1;GB-AYE-00-00351\n2;{SECOND}\n").as_bytes());
    desk.write(
        "dump/c.xml",
        format!("<?xml version=\"1.0\"?>\n<a><ISRC>{FIRST}</ISRC></a>").as_bytes(),
    );
    desk.write("dump/d.txt", b"nothing of ours: GBAYE0000352\n");
    desk.write("dump/e", &zst(rows.as_bytes()));
    desk.write("dump/f", &gz(&tar(&[("meta/x.json", rows.as_bytes())])));
    let found = scan(&desk);
    let verdicts: Vec<_> = found.iter().map(|r| r.verdict).collect();
    assert_eq!(verdicts, [Suspect, Suspect, Suspect, Failed, Suspect, Suspect], "{found:#?}");
    let first = &found[0].findings[0];
    assert_eq!(first.claimed_by, [format!("ISRC {FIRST} in line 2")]);
    assert_eq!((first.title.as_str(), Tier::join(&first.tiers, "+").as_str()), ("Song 1", "T0"));
    assert_eq!(found[1].findings.len(), 2);
    assert_eq!(found[0].claims.as_str(), "claim_only");
    let done = desk.run(["scan", "dump"]).ends_with(1);
    assert!(done.stdout.contains("not heard"), "{done:#?}");
    for format in ["html", "csv"] {
        let report = desk.run(["report", "--format", format, "--out", "-"]).ends_with(0).stdout;
        assert!(report.contains("in line 2"), "{report}");
    }
}

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

/// A catalogue with ids at services: songs 1 and 2, and an entry without audio for song 3.
fn known_at_services() -> Desk {
    let desk = label();
    let rows = [
        "isrc,title,spotify_id,youtube_id".to_owned(),
        format!("{FIRST},Song 1,{TRACK},https://www.youtube.com/watch?v={VIDEO}"),
        format!("{SECOND},Song 2,4iV5W9uYEdYUVa79Axb7Rh,"),
        "GBAYE0000353,Song 3,,-aE2_5G-WE_".to_owned(),
    ];
    desk.write("rows.csv", rows.join("\n").as_bytes());
    desk.run(["catalog", "import", "rows.csv"]).ends_with(0);
    desk
}

const TRACK: &str = "003vvx7Niy0yvhvHt4a68B";
const VIDEO: &str = "dQw4w9WgXcQ";

#[test]
fn ids_at_services_are_found_in_tags_names_side_cars_lists_and_databases() {
    let desk = known_at_services();
    let from = desk.write_wav("raw/other.wav", &song(5, 20));
    std::fs::create_dir_all(desk.path("dump")).unwrap();
    let link = format!("purl=https://www.youtube.com/watch?v={VIDEO}");
    encode(&from, &desk.path("dump/a-tags.opus"), &["-metadata", &link]);
    std::fs::copy(&from, desk.path(format!("dump/b title-{VIDEO}.wav"))).unwrap();
    let card = format!("{{\"id\":\"{TRACK}\",\"album\":{{\"id\":\"5ht7ItJgpBH7W6vJ5BqpPr\"}}}}");
    let clip = wav(&song(5, 20));
    desk.write("dump/c.tar", &tar(&[("c.wav", &*clip), ("c.json", card.as_bytes())]));
    desk.write("dump/d.csv", b"# YTID, start\n-aE2_5G-WE_, 30.000\nxxxxxxxxxxx, 1.0\n");
    database(
        &desk.path("dump/e.sqlite3"),
        &format!(
            "CREATE TABLE track_files (rowid INTEGER PRIMARY KEY, track_id TEXT, filename TEXT);
             INSERT INTO track_files (track_id, filename) VALUES ('x', 'y'), ('{TRACK}', 'z');"
        ),
    );
    desk.write("dump/f.txt", TRACK.to_lowercase().as_bytes());
    let found = scan(&desk);
    let claimed = |name: &str| {
        let findings = &record(&found, name).findings;
        let said = findings.iter().map(|f| format!("{}: {}", f.isrc, f.claimed_by.join(", ")));
        said.collect::<Vec<_>>()
    };
    assert_eq!(claimed("a-tags.opus"), [format!("{FIRST}: YouTube id {VIDEO} in its tags")]);
    assert_eq!(
        claimed(&format!("-{VIDEO}.wav")),
        [format!("{FIRST}: YouTube id {VIDEO} in its name")]
    );
    assert_eq!(claimed("c.wav"), [format!("{FIRST}: Spotify id {TRACK} in its side-car")]);
    assert_eq!(claimed("d.csv"), ["GBAYE0000353: YouTube id -aE2_5G-WE_ in line 2"]);
    assert_eq!(
        claimed("e.sqlite3"),
        [format!("{FIRST}: Spotify id {TRACK} in track_files, rowid 2, track_id")]
    );
    assert_eq!(claimed("f.txt"), Vec::<String>::new(), "letters of another case are another id");
}

#[test]
fn a_side_car_with_several_tracks_of_the_catalogue_is_a_listing() {
    let desk = known_at_services();
    let list = format!("[\"spotify:track:{TRACK}\",\"spotify:track:4iV5W9uYEdYUVa79Axb7Rh\"]");
    let clip = wav(&song(5, 20));
    desk.write("dump/x.tar", &tar(&[("album.wav", &*clip), ("album.json", list.as_bytes())]));
    let found = scan(&desk);
    let record = record(&found, "album.wav");
    assert!(record.findings.is_empty(), "{record:#?}");
    assert!(record.notes.iter().any(|note| note.contains("names several recordings, 2 of which")));
}

#[test]
fn files_are_scanned_again_for_a_new_id_at_a_service() {
    let desk = known_at_services();
    desk.write_wav("dump/b-M7lc1UVf-VE.wav", &song(5, 20));
    desk.run(["scan", "dump"]).ends_with(0);
    desk.write("more.csv", format!("isrc,youtube_id\n{SECOND},M7lc1UVf-VE\n").as_bytes());
    desk.run(["catalog", "import", "more.csv"]).ends_with(0);
    desk.run(["scan", "dump"]).ends_with(1);
    assert_eq!(records(&desk.jsonl())[0].findings[0].isrc, SECOND);
}

#[test]
fn an_invalid_id_is_refused_with_its_row() {
    let desk = Desk::new();
    desk.write(
        "rows.csv",
        b"isrc,title,youtube_id\nGBAYE0000351,x,PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf\n",
    );
    let done = desk.run(["catalog", "import", "rows.csv"]);
    let said = format!("{}{}", done.stdout, done.stderr);
    assert!(said.contains("is not the id of a YouTube video"), "{said}");
}

fn database(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn the_databases_of_a_scrape_are_searched() {
    let desk = label();
    desk.write("dump/x", b"");
    std::fs::remove_file(desk.path("dump/x")).unwrap();
    let hash = leakhound::base::digest(&std::fs::read(desk.path("masters/2.flac")).unwrap());
    database(
        &desk.path("dump/spotify_clean.sqlite3"),
        &format!(
            "CREATE TABLE tracks (rowid INTEGER PRIMARY KEY, id TEXT, name TEXT, external_id_isrc TEXT,
                external_id_upc TEXT, duration_ms INTEGER);
             INSERT INTO tracks (id, name, external_id_isrc) VALUES ('a', 'x', 'FRXXX0000001'),
                ('b', 'x', '{FIRST}'), ('c', 'x', NULL), ('d', 'x', lower('{FIRST}'));"
        ),
    );
    database(
        &desk.path("dump/spotify_clean_track_files.sqlite3"),
        &format!(
            "CREATE TABLE track_files (track_id TEXT, status TEXT, sha256_original TEXT, sha256_with_embedded_meta BLOB);
             INSERT INTO track_files VALUES ('a', 'success', NULL, NULL), ('b', 'success', '{hash}', x'{hash}');"
        ),
    );
    database(
        &desk.path("dump/playlists.sqlite3"),
        &format!(
            "CREATE TABLE p (owner_id TEXT, isrc TEXT); INSERT INTO p VALUES ('someone', '{FIRST}');"
        ),
    );
    let found = scan(&desk);
    assert_eq!(found.len(), 3);
    let personal = found[0].failure.as_ref().unwrap();
    assert_eq!(personal.kind, FailureKind::PersonalData);
    assert!(personal.message.contains("p.owner_id"), "{personal:?}");
    assert!(!desk.jsonl().contains("someone"));
    assert_eq!(tiers(&found[1]), [(FIRST, "T0".to_owned())]);
    assert_eq!(
        found[1].findings[0].claimed_by[0],
        format!("ISRC {FIRST} in tracks, rowid 2, external_id_isrc")
    );
    assert_eq!(found[1].findings[0].claimed_by.len(), 2);
    assert_eq!(tiers(&found[2]), [(SECOND, "T1".to_owned())]);
    // Nothing is written beside a database.
    assert_eq!(std::fs::read_dir(desk.path("dump")).unwrap().count(), 3);
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
    desk.write("dump/p/metadata.parquet", &crate::tables::metadata(&rows));
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

#[test]
fn a_database_in_an_archive_is_searched() {
    let desk = label();
    let path = desk.path("raw/x.sqlite");
    database(
        &path,
        &format!(
            "PRAGMA journal_mode = WAL; CREATE TABLE t (isrc TEXT); INSERT INTO t VALUES ('{FIRST}');"
        ),
    );
    let bytes = std::fs::read(&path).unwrap();
    let archive = tar(&[("meta/x.sqlite3", bytes)]);
    desk.write("dump/a.tar", &archive);
    desk.write("dump/b.tgz", &gz(&archive));
    let found = scan(&desk);
    for archive in ["a.tar", "b.tgz"] {
        let record = record(&found, &format!("{archive}!/meta/x.sqlite3"));
        assert_eq!(tiers(record), [(FIRST, "T0".to_owned())], "{record:#?}");
    }
}

#[test]
fn a_compressed_text_of_any_length_is_searched() {
    let desk = label();
    // 300 MB, more than an item may take of memory.
    let mut packed = zstd::Encoder::new(Vec::new(), 1).unwrap();
    let row = "{\"id\": 17, \"name\": \"nobody\", \"isrc\": \"FRXXX0000001\"}\n".repeat(10_000);
    for _ in 0..560 {
        std::io::Write::write_all(&mut packed, row.as_bytes()).unwrap();
    }
    std::io::Write::write_all(&mut packed, format!("{{\"isrc\": \"{SECOND}\"}}\n").as_bytes())
        .unwrap();
    desk.write("dump/rows.jsonl.seekable.zst", &packed.finish().unwrap());
    let found = scan(&desk);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].findings[0].claimed_by, [format!("ISRC {SECOND} in line 5600001")]);
    assert_eq!(found[0].item.size_bytes, 560 * row.len() as u64 + 25);
    let shown = desk.run(["show", &found[0].item.locator]).ends_with(0).stdout;
    assert!(shown.contains(&found[0].item.sha256), "{shown}");
}

/// Makes a database of more than 64 MiB with one row per page; `first` and `last` are SQL that runs before and after.
fn long_database(desk: &Desk, first: &str, last: &str) -> Vec<u8> {
    let path = desk.path("raw/long.sqlite3");
    let _ = std::fs::remove_file(&path);
    database(
        &path,
        &format!(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; {first}
             CREATE TABLE tracks (rowid INTEGER PRIMARY KEY, name TEXT, external_id_isrc TEXT);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
             INSERT INTO tracks SELECT i, printf('%.*c', 3500, 'x'),
                CASE i WHEN 19990 THEN '{FIRST}' ELSE 'FRXXX0000001' END FROM n; {last}"
        ),
    );
    std::fs::read(path).unwrap()
}

#[test]
fn a_compressed_database_of_any_length_is_searched_page_by_page() {
    let desk = label();
    let whole = long_database(&desk, "", "");
    assert!(whole.len() > 64 << 20);
    desk.write("dump/a.sqlite3.zst", &zst(&whole));
    let packed = gz(&tar(&[("b.sqlite3", &whole)]));
    desk.write("dump/b.tar.gz", &packed);
    let found = scan(&desk);
    assert_eq!(found.len(), 2);
    for record in &found {
        assert_eq!(tiers(record), [(FIRST, "T0".to_owned())], "{record:#?}");
        let place = &record.findings[0].claimed_by[0];
        assert!(place.contains("in page ") && place.ends_with(", rowid 19990"), "{place}");
        assert_eq!(record.item.size_bytes, whole.len() as u64);
    }
    let said = desk.run(["inspect", "dump/a.sqlite3.zst"]).stdout;
    assert!(said.contains("1 item names 1 recording of"), "{said}");
    // Truncated: what it names before the end is a suspect, and the missing part is reported.
    desk.write("cut/a.sqlite3", &whole[..whole.len() - 10_000]);
    desk.run(["scan", "cut"]).ends_with(1);
}

#[test]
fn a_compressed_database_about_people_is_refused_wherever_its_schema_says_so() {
    let desk = label();
    let late = "CREATE TABLE playlists (owner_display_name TEXT, x TEXT); INSERT INTO playlists VALUES ('someone', 'x');";
    let many: Vec<String> = (0..300).map(|i| format!("CREATE TABLE t{i} (a TEXT);")).collect();
    let many = many.concat();
    desk.write("dump/late.sqlite3.zst", &zst(&long_database(&desk, &many, late)));
    desk.run(["scan", "dump"]).ends_with(3);
    let found = records(&desk.jsonl());
    let failure = found[0].failure.as_ref().unwrap();
    assert_eq!(failure.kind, FailureKind::PersonalData, "{failure:?}");
    assert!(failure.message.contains("playlists.owner_display_name"), "{failure:?}");
    assert!(found[0].findings.is_empty());
}

#[test]
fn a_database_that_cannot_be_read_is_reported() {
    let desk = label();
    let path = desk.path("raw/x.sqlite3");
    database(&path, "CREATE TABLE t (isrc TEXT); INSERT INTO t VALUES ('FRXXX0000001');");
    let whole = std::fs::read(&path).unwrap();
    let noise: Vec<u8> =
        (0..40_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    desk.write("dump/a-cut.sqlite3", &whole[..5_000]);
    desk.write("dump/b-noise.sqlite3", &[b"SQLite format 3\0", &noise[..]].concat());
    desk.write("dump/c-header.sqlite3", b"SQLite format 3\0");
    desk.write("dump/d-encrypted.sqlite3", &noise);
    desk.write("dump/e.tar", &tar(&[("cut.sqlite3", &whole[..5_000])]));
    desk.write("dump/f.sqlite3.gz", &gz(&whole[..5_000]));
    let done = desk.run(["scan", "dump"]).ends_with(3);
    assert!(
        done.stdout.contains("metadata_damaged") || done.stdout.contains("not read"),
        "{done:#?}"
    );
    let found = records(&desk.jsonl());
    assert_eq!(found.len(), 6);
    for record in &found {
        let failure = record.failure.as_ref().unwrap();
        assert_eq!(failure.kind, FailureKind::MetadataDamaged, "{record:#?}");
        assert!(failure.message.ends_with("; fetch it again"), "{failure:?}");
    }
    let done = desk.run(["inspect", "dump"]).ends_with(3);
    assert!(done.stdout.contains("metadata_damaged"), "{done:#?}");
}

#[test]
fn a_damaged_table_does_not_affect_the_other_tables() {
    let desk = label();
    let path = desk.path("raw/x.sqlite3");
    let row = format!("INSERT INTO z VALUES ('{FIRST}');");
    database(
        &path,
        &format!(
            "CREATE TABLE a (isrc TEXT); CREATE TABLE z (isrc TEXT); {row} INSERT INTO a VALUES ('x');"
        ),
    );
    let whole = std::fs::read(&path).unwrap();
    let mut bytes = whole.clone();
    bytes[4_096..8_192].fill(0x5a);
    desk.write("dump/a.sqlite3", &bytes);
    // A virtual table of an unknown module, and a table whose SQL is damaged.
    database(
        &path,
        "PRAGMA writable_schema=ON; INSERT INTO sqlite_schema VALUES
            ('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v USING nosuch(isrc)');",
    );
    std::fs::copy(&path, desk.path("dump/b.sqlite3")).unwrap();
    database(
        &path,
        "PRAGMA writable_schema=ON; INSERT INTO sqlite_schema VALUES
            ('table', 'y', 'y', 2, 'CREATE GARBAGE');",
    );
    std::fs::copy(&path, desk.path("dump/c.sqlite3")).unwrap();
    let found = scan(&desk);
    for record in &found {
        assert_eq!(tiers(record), [(FIRST, "T0".to_owned())], "{record:#?}");
    }
    // A damaged page does not affect the others: the rows after it are found page by page.
    let mut bytes = long_database(&desk, "", "");
    bytes[40 << 20..][..4_096].fill(0x5a);
    desk.write("page/a.sqlite3", &bytes);
    desk.run(["scan", "page"]).ends_with(1);
    let place = &records(&desk.jsonl())[0].findings[0].claimed_by[0];
    assert!(place.ends_with(", rowid 19990"), "{place}");
    let notes = found.iter().map(|record| record.notes.join("\n")).collect::<Vec<_>>();
    assert!(notes[0].contains("a: database disk image is malformed; fetch it again"), "{notes:#?}");
    assert!(!notes[1].contains("fetch it again"), "{notes:#?}");
    assert!(notes[2].contains("malformed database schema"), "{notes:#?}");
    assert!(notes.iter().all(|note| !note.contains("leave it out")), "{notes:#?}");
}

#[test]
fn every_column_of_a_database_that_is_not_about_people_is_read() {
    let desk = label();
    std::fs::create_dir_all(desk.path("dump")).unwrap();
    let hash = leakhound::base::digest(&std::fs::read(desk.path("masters/2.flac")).unwrap());
    let long = 2 << 20;
    for (name, sql, claimed) in [
        (
            "a",
            "CREATE TABLE t (a TEXT, s TEXT GENERATED ALWAYS AS (a || '0000351') STORED);
             INSERT INTO t (a) VALUES ('GBAYE');"
                .to_owned(),
            Some("t, rowid 1, s"),
        ),
        (
            "b",
            "CREATE TABLE t (a TEXT, v TEXT GENERATED ALWAYS AS (a || '0000351') VIRTUAL);
             INSERT INTO t (a) VALUES ('GBAYE');"
                .to_owned(),
            Some("t, rowid 1, v"),
        ),
        ("c", format!("CREATE TABLE t (path, x INT); INSERT INTO t VALUES ('x/{FIRST}', 1);"), Some("t, rowid 1, path")),
        (
            "d",
            format!("CREATE TABLE t (data BLOB); INSERT INTO t VALUES (CAST('{{\"isrc\":\"{FIRST}\"}}' AS BLOB));"),
            Some("t, rowid 1, data"),
        ),
        ("e", format!("CREATE TABLE t (hash BLOB); INSERT INTO t VALUES (x'{hash}');"), Some("t, rowid 1, hash")),
        (
            "f",
            format!("CREATE TABLE t (isrc TEXT PRIMARY KEY, x) WITHOUT ROWID; INSERT INTO t VALUES ('{FIRST}', 1);"),
            Some("t, row 1, isrc"),
        ),
        (
            "g",
            format!(
                "CREATE TABLE t (id INTEGER PRIMARY KEY, isrc TEXT, x); CREATE INDEX i ON t (isrc);
                 INSERT INTO t VALUES (101, '{FIRST}', 1), (7, 'ZZ', 1);"
            ),
            Some("t, rowid 101, isrc"),
        ),
        ("h", format!("CREATE TABLE t (isrc TEXT); INSERT INTO t VALUES ('{FIRST} ' || printf('%.*c', {long}, 'x'));"), None),
        ("i", "CREATE TABLE t (isrc TEXT AS (hex(zeroblob(300000000))), x);INSERT INTO t (x) VALUES (1);".to_owned(), None),
    ] {
        let path = desk.path(format!("dump/{name}.sqlite3"));
        database(&path, &sql);
        let found = scan(&desk);
        let record = record(&found, &format!("{name}.sqlite3"));
        let places = record.findings.iter().flat_map(|f| &f.claimed_by);
        let places: Vec<_> = places.filter_map(|place| Some(place.split_once(" in ")?.1)).collect();
        assert_eq!(places, claimed.into_iter().collect::<Vec<_>>(), "{name}: {record:#?}");
        if name == "h" {
            assert!(record.notes[0].contains("1 of its cells are longer than 1 MiB"), "{record:#?}");
        }
        if name == "i" {
            assert_eq!(record.failure.as_ref().unwrap().kind, FailureKind::MetadataDamaged);
        }
    }
}

#[test]
fn identifiers_are_found_in_texts_in_each_spelling() {
    let desk = label();
    let wide = |unit: fn(u16) -> [u8; 2], mark: &str| -> Vec<u8> {
        format!("{mark}isrc,title\r\n{FIRST},x\r\n").encode_utf16().flat_map(unit).collect()
    };
    let texts: Vec<(&str, Vec<u8>)> = vec![
        ("utf-16le.csv", wide(u16::to_le_bytes, "\u{feff}")),
        ("utf-16le-plain.csv", wide(u16::to_le_bytes, "")),
        ("utf-16be.csv", wide(u16::to_be_bytes, "\u{feff}")),
        ("utf-16be-plain.csv", wide(u16::to_be_bytes, "")),
        ("x.json", b"{\n\"d\":\"Tracklist:\\nGBAYE0000351\"}".to_vec()),
        ("y.json", b"{\n\"isrc\":\"GB\\u002dAYE\\u002d00\\u002d00351\"}".to_vec()),
        ("links.txt", b"\nhttps://x.example/q=isrc%3AGBAYE0000351".to_vec()),
        ("names.txt", b"\nthe-very-long-title-of-a-song-with-many-words-and-even-more-of-them-GB-AYE-00-00351.mp3".to_vec()),
    ];
    let count = texts.len();
    for (name, text) in texts {
        desk.write(format!("dump/{name}"), &text);
    }
    desk.write("dump/w.csv.zst", &zst(&wide(u16::to_le_bytes, "\u{feff}").repeat(1_000)));
    let found = scan(&desk);
    assert_eq!(found.len(), count + 1);
    for record in &found {
        let places: Vec<_> = record.findings.iter().map(|f| f.claimed_by[0].as_str()).collect();
        assert_eq!(places, [format!("ISRC {FIRST} in line 2")], "{record:#?}");
    }
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

#[test]
fn texts_about_people_are_refused_by_their_keys_and_headers() {
    let desk = label();
    desk.write(
        "dump/a.jsonl",
        format!("{{\"owner_display_name\":\"someone\",\"tracks\":[\"{FIRST}\"]}}\n").as_bytes(),
    );
    desk.write("dump/b.csv", format!("owner_id,added_by_id,isrc\nsomeone,x,{FIRST}\n").as_bytes());
    desk.write(
        "dump/c.jsonl.zst",
        &zst(format!("{{\"added_by_id\":\"someone\",\"i\":\"{FIRST}\"}}").as_bytes()),
    );
    desk.run(["scan", "dump"]).ends_with(3);
    let found = records(&desk.jsonl());
    assert!(!desk.jsonl().contains("someone"));
    for record in found {
        assert_eq!(record.failure.as_ref().unwrap().kind, FailureKind::PersonalData, "{record:#?}");
    }
    let said = desk.run(["inspect", "dump"]).ends_with(3).stdout;
    assert!(
        said.contains("personal_data") && !said.contains("1 recording of the catalogue"),
        "{said}"
    );
}

#[test]
fn a_truncated_compressed_text_is_searched_to_its_end() {
    let desk = label();
    let noise: Vec<String> =
        (0..20_000_u32).map(|i| format!("{:x}\n", i.wrapping_mul(2_654_435_761))).collect();
    let noise = noise.concat();
    let packed = gz(format!("{FIRST}\n{noise}").as_bytes());
    desk.write("dump/x.csv.gz", &packed[..packed.len() / 2]);
    desk.run(["scan", "dump"]).ends_with(3);
    let found = records(&desk.jsonl());
    assert!(found[0].notes.iter().any(|note| note.contains("claims to be")), "{found:#?}");
}
