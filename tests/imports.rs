//! Imports of deliveries, and exports.

use std::fs;

use leakhound::record::Tier;
use rusqlite::Connection;
use serde_json::Value;

use crate::common::deliveries::{Track, csv, grid, tracks, upc, xlsx};
use crate::common::ern::{batch, ern};
use crate::common::{Desk, encode, excerpt, parse, song, wav, zip};

/// The export of a home as JSONL.
fn entries(desk: &Desk) -> String {
    desk.run(["catalog", "export", "--out", "-", "--format", "jsonl"]).ends_with(0).stdout
}

fn import(bytes: &[u8], name: &str) -> Desk {
    import_all(&[bytes.to_vec()], name)
}

/// Imports several files, each in a folder of its own.
fn import_all(files: &[Vec<u8>], name: &str) -> Desk {
    let desk = Desk::new();
    for (at, bytes) in files.iter().enumerate() {
        desk.write(format!("delivery/{at:03}/{name}"), bytes);
    }
    let done = desk.run(["catalog", "import", "delivery"]).ends_with(0);
    assert!(done.stderr.is_empty(), "{done:#?}");
    desk
}

#[test]
fn each_format_of_the_same_recordings_gives_the_same_entries() {
    let tracks = tracks(1_000);
    let expected: String = {
        let desk = import(&csv(&tracks, b','), "tracks.csv");
        entries(&desk)
    };
    assert_eq!(parse(&expected).len(), 1_000);
    let first = &parse(&expected).into_iter().find(|e| e["isrcs"][0] == "GBAYE2000004").unwrap();
    assert_eq!(first["title"], "Song <4> & “Söhne”");
    assert_eq!(first["artists"], serde_json::json!(["Artist 0", "Guest, The"]));
    assert_eq!(first["releases"][0]["upc"], upc(1));
    assert_eq!(first["releases"][0]["grid"], grid(1));
    assert_eq!(first["territories_excluded"], serde_json::json!(["US", "CA"]));
    let message = |version: &str| -> Vec<Vec<u8>> {
        batch(version, &tracks).into_iter().map(String::into_bytes).collect()
    };
    for (name, files) in [
        ("tracks.tsv", vec![csv(&tracks, b'\t')]),
        ("tracks.csv", vec![csv(&tracks, b';')]),
        ("tracks.xlsx", vec![xlsx(&tracks)]),
        ("382.xml", message("382")),
        ("383.xml", message("383")),
        ("41.xml", message("41")),
        ("411.xml", message("411")),
        ("42.xml", message("42")),
        ("43.xml", message("43")),
    ] {
        let desk = import_all(&files, name);
        let found = entries(&desk);
        for (ours, theirs) in found.lines().zip(expected.lines()) {
            assert_eq!(ours, theirs, "{name}");
        }
        assert_eq!(found.len(), expected.len(), "{name}");
    }
}

#[test]
#[ignore = "writes the messages that scripts/ern-schemas holds against the published schemas"]
fn ern_messages_are_written_for_their_validation() {
    let folder = std::env::var("LEAKHOUND_ERN_SAMPLES").expect("a folder to write to");
    let mut tracks = tracks(15);
    for (at, track) in tracks.iter_mut().enumerate() {
        track.file = Some((format!("{at} & .wav"), format!("{at:032x}")));
    }
    for version in ["382", "383", "41", "411", "42", "43"] {
        for (at, message) in batch(version, &tracks).into_iter().enumerate() {
            fs::write(format!("{folder}/{version}-{at}.xml"), message).unwrap();
        }
    }
}

#[test]
fn an_export_that_was_imported_is_exported_as_the_same_bytes() {
    let desk = Desk::new();
    desk.write("tracks.csv", &csv(&tracks(30), b','));
    let odd = serde_json::json!({
        "entry_id": "odd; one", "own_ids": ["=1+1", "a;b", "c\\d"], "isrcs": ["GBAYE0000351", "USRC17607839"],
        "iswcs": ["T0345246801"], "title": "=HYPERLINK(\"x\")", "version": "'quoted'", "artists": ["A; B", "\"C\", D"],
        "duration_seconds": 201.25, "share_percent": 37.5, "role": "exclusive_licensee", "policy": "review",
        "territories": ["DE", "AT"], "valid_from": "2001", "valid_until": "2031-12-31",
        "service_ids": {"spotify": ["4uLU6hMCjMI75M1A2tKUQC"], "youtube": ["dQw4w9WgXcQ"]},
        "us_registration_number": "SR0000123456", "us_registration_date": "2020-02-03",
        "first_publication_date": "2020", "flags": ["karaoke"],
        "releases": [{"title": "+1", "upc": "036000291452"}, {"title": "@home", "catalogue_number": "-7"}],
        "audio": [{"uri": "a;b.wav", "hash": ""}, {"uri": "", "hash": "ab".repeat(16)}, {"uri": "c.wav", "hash": "cd".repeat(32)}],
        "p_line": "℗ x", "c_line": "© y", "label": "_x0041_ & <b>", "territories_excluded": ["US"],
    });
    desk.write("odd.jsonl", format!("{odd}\n").as_bytes());
    desk.run(["catalog", "import", "tracks.csv", "odd.jsonl"]).ends_with(0);
    let all = entries(&desk);
    for ending in ["jsonl", "csv", "xlsx"] {
        let name = format!("out.{ending}");
        desk.run(["catalog", "export", "--out", &name]).ends_with(0);
        let bytes = fs::read(desk.path(&name)).unwrap();
        let other = Desk::new();
        other.write(&name, &bytes);
        let done = other.run(["catalog", "import", &name]).ends_with(0);
        assert!(done.stdout.contains("31 entries new"), "{done:#?}");
        assert_eq!(entries(&other), all, "{ending}");
        other.run(["catalog", "export", "--out", "again", "--format", ending]).ends_with(0);
        assert!(fs::read(other.path("again")).unwrap() == bytes, "{ending} differs");
        let done = desk.run(["catalog", "import", &name]).ends_with(0);
        assert!(done.stdout.contains("0 entries new, 0 updated, 31 unchanged"), "{done:#?}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(desk.path(&name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}

#[test]
fn recordings_without_an_entry_are_exported_and_imported_as_entries() {
    let desk = Desk::new();
    let tags = [
        "title==Song; one",
        "artist=The \"Seeds\"",
        "album=Album",
        "ISRC=GB-AYE-00-00351",
        "date=2020-04",
    ];
    let tags: Vec<&str> = tags.iter().flat_map(|tag| ["-metadata", tag]).collect();
    let plain = desk.write_wav("plain.wav", &song(1, 20));
    encode(&plain, &desk.path("masters/tagged.flac"), &tags);
    desk.write("masters/odd; name.wav", &wav(&song(2, 20)));
    desk.write_wav("masters/delivered.wav", &song(3, 20));
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    let row = r#"{"entry_id":"z","title":"Delivered","audio":[{"uri":"delivered.wav"}]}"#;
    desk.write("masters/rows.jsonl", row.as_bytes());
    desk.run(["catalog", "import", "masters/rows.jsonl"]).ends_with(0);
    let all = entries(&desk);
    let rows = parse(&all);
    assert_eq!(rows.len(), 3, "{all}");
    let tagged = rows.iter().find(|row| row["title"] == "=Song; one").unwrap();
    assert_eq!(tagged["artists"], serde_json::json!(["The \"Seeds\""]));
    assert_eq!(tagged["isrcs"], serde_json::json!(["GBAYE0000351"]));
    assert_eq!(tagged["releases"][0]["title"], "Album");
    assert_eq!(tagged["releases"][0]["date"], "2020-04");
    let path = desk.path("masters/tagged.flac");
    assert_eq!(tagged["audio"][0]["uri"], path.to_str().unwrap());
    let hash = leakhound::base::digest(&fs::read(&path).unwrap());
    assert_eq!(tagged["audio"][0]["hash"], hash);
    for ending in ["jsonl", "csv", "xlsx"] {
        let name = format!("out.{ending}");
        let done = desk.run(["catalog", "export", "--out", &name]).ends_with(0);
        assert!(done.stdout.contains("1 entry in out."), "{done:#?}");
        assert!(done.stdout.contains("and 2 recordings without one"), "{done:#?}");
        let bytes = fs::read(desk.path(&name)).unwrap();
        let other = Desk::new();
        other.write(&name, &bytes);
        let done = other.run(["catalog", "import", &name]).ends_with(0);
        assert!(done.stdout.contains("3 entries new"), "{done:#?}");
        assert_eq!(entries(&other), all, "{ending}");
        other.run(["catalog", "export", "--out", "again", "--format", ending]).ends_with(0);
        assert!(fs::read(other.path("again")).unwrap() == bytes, "{ending} differs");
    }
    // In the same home they become entries, linked to their recordings.
    let done = desk.run(["catalog", "import", "out.csv"]).ends_with(0);
    assert!(done.stdout.contains("2 entries new, 0 updated, 1 unchanged"), "{done:#?}");
    assert!(done.stdout.contains("2 linked"), "{done:#?}");
    assert_eq!(entries(&desk), all);
    // With the sound files beside the export, a new home gets the same recordings.
    let other = Desk::new();
    other.write("out.csv", &fs::read(desk.path("out.csv")).unwrap());
    let masters = desk.path("masters");
    let masters = masters.to_str().unwrap();
    other.run(["catalog", "import", "--audio", masters, "out.csv"]).ends_with(0);
    let list = |desk: &Desk| desk.run(["catalog", "list", "--json"]).ends_with(0).stdout;
    assert_eq!(list(&other), list(&desk));
}

#[test]
fn importing_the_same_again_changes_nothing_and_a_changed_file_updates_entries() {
    let desk = Desk::new();
    let mut all = tracks(20);
    // On a second release, and under a title that was mistyped there.
    let again = Track { release: 9, title: "Sonk".into(), ..all[0].clone() };
    all.push(again);
    desk.write("tracks.csv", &csv(&all, b','));
    let done = desk.run(["catalog", "import", "tracks.csv"]).ends_with(0);
    assert!(done.stdout.contains("21 rows: 20 entries new"), "{done:#?}");
    assert!(done.stderr.contains("row 22, title: \"Sonk\" is \"Song <1>"), "{done:#?}");
    let first = entries(&desk);
    let one = parse(&first).into_iter().find(|e| e["isrcs"][0] == "GBAYE2000001").unwrap();
    assert_eq!(one["releases"].as_array().unwrap().len(), 2);
    let done = desk.run(["catalog", "import", "tracks.csv"]).ends_with(0);
    assert!(done.stdout.contains("0 entries new, 0 updated, 20 unchanged"), "{done:#?}");
    assert_eq!(entries(&desk), first);
    all.truncate(20);
    all[4].title = "Another title".into();
    desk.write("tracks.csv", &csv(&all, b','));
    let tried = desk.run(["catalog", "import", "--dry-run", "tracks.csv"]).ends_with(0);
    assert!(tried.stdout.contains("0 entries new, 1 updated, 19 unchanged"), "{tried:#?}");
    assert!(tried.stdout.contains("row 2      Artist 0 – Song <1>"), "{tried:#?}");
    assert_eq!(entries(&desk), first);
    let done = desk.run(["catalog", "import", "tracks.csv"]).ends_with(0);
    assert!(done.stdout.contains("0 entries new, 1 updated, 19 unchanged"), "{done:#?}");
    assert!(entries(&desk).contains("Another title"));
}

#[test]
fn an_invalid_row_is_reported_with_file_row_column_value_and_reason_and_the_others_are_imported() {
    let desk = Desk::new();
    let table = "Report of the label;;;;\n\
        ;;;;\n\
        Title;ISRC;UPC;Release date;Remarks\n\
        Good;GBAYE0000351;036000291452;2020-01-02;x\n\
        Bad code;GBAYE000035;036000291452;2020-01-02;\n\
        Rounded;GBAYE0000353;1.23E+11;2020-01-02;\n\
        Zeros lost;GBAYE0000354;36000291452;2020-01-02;\n\
        Two wrong;GBAYE00X0355;036000291453;2020-01-02;\n\
        Which day;GBAYE0000356;;03/04/2020;\n\
        ;;;;nobody\n\
        Good, too;GBAYE0000357;;;\n";
    desk.write("t.csv", table.as_bytes());
    let done = desk.run(["catalog", "import", "t.csv"]).ends_with(3);
    assert!(
        done.stdout.contains("2 rows: 2 entries new, 0 updated, 0 unchanged; 6 refused"),
        "{done:#?}"
    );
    for told in [
        "warning: t.csv, row 3: the columns Remarks are not read",
        "refused: t.csv, row 5, ISRC: \"GBAYE000035\" is not an ISRC: it has 11",
        "refused: t.csv, row 6, UPC: \"1.23E+11\" is a number that a spreadsheet has rounded",
        "refused: t.csv, row 7, UPC: \"36000291452\" has 11 digits: a spreadsheet has removed the leading zeros (it may have been 036000291452): format the column as text",
        "refused: t.csv, row 8, ISRC: \"GBAYE00X0355\" is not an ISRC",
        "refused: t.csv, row 8, UPC: \"036000291453\" is not a UPC or EAN: its check digit is wrong",
        "refused: t.csv, row 9, Release date: \"03/04/2020\" is a date that can be read in two ways",
        "refused: t.csv, row 10: names no recording",
    ] {
        assert!(done.stderr.contains(told), "{told}\n{done:#?}");
    }
    assert_eq!(parse(&entries(&desk)).len(), 2);
}

#[test]
fn a_table_with_unknown_headers_is_refused_until_a_mapping_file_names_their_fields() {
    let desk = Desk::new();
    desk.write("t.csv", "Werk|Kode|Tag\nLied|GBAYE0000351|03/04/2020\n".as_bytes());
    let done = desk.run(["catalog", "import", "t.csv"]).ends_with(3);
    assert!(done.stderr.contains("has no header that is known (it begins with Werk"), "{done:#?}");
    let map =
        r#"{"columns": {"werk": "title", "Kode": "isrc", "Tag": "release_date"}, "dates": "dmy"}"#;
    desk.write("map.json", map.as_bytes());
    desk.run(["catalog", "import", "--mapping", "map.json", "t.csv"]).ends_with(0);
    assert!(entries(&desk).contains("\"date\":\"2020-04-03\""));
    desk.write("map.json", br#"{"columns": {"werk": "titel"}}"#);
    desk.run(["catalog", "import", "--mapping", "map.json", "t.csv"])
        .ends_with(2)
        .says_in_one_line(&["map.json", "\"titel\"", "is not a field"]);
}

/// Makes a delivery: a message for each release, with its sound files beside it.
fn delivery(desk: &Desk, version: &str, count: usize) -> Vec<Track> {
    let mut all = tracks(count);
    for release in all.chunk_mut_by_release() {
        let folder = format!("batch/20260101/{}", upc(release[0].release));
        for track in release.iter_mut() {
            let seed: u64 = track.isrc[5..].parse().unwrap();
            let file = wav(excerpt(&song(seed, 12), 0.0, 12.0));
            let name = format!("{}_01_{}.wav", upc(track.release), &track.isrc[8..]);
            desk.write(format!("{folder}/resources/{name}"), &file);
            track.file = Some((name, md5(&file)));
        }
        let name = format!("{folder}/{}.xml", upc(release[0].release));
        desk.write(name, ern(version, release).as_bytes());
    }
    desk.write(
        "batch/20260101/BatchComplete_20260101.xml",
        b"<?xml version=\"1.0\"?><echo:ManifestMessage xmlns:echo=\"x\"/>",
    );
    all
}

trait ByRelease {
    fn chunk_mut_by_release(&mut self) -> Vec<&mut [Track]>;
}

impl ByRelease for Vec<Track> {
    fn chunk_mut_by_release(&mut self) -> Vec<&mut [Track]> {
        self.chunk_by_mut(|a, b| a.release == b.release).collect()
    }
}

fn md5(bytes: &[u8]) -> String {
    use md5::Digest as _;
    leakhound::base::hex(&md5::Md5::digest(bytes))
}

#[test]
fn a_delivery_with_its_audio_becomes_a_catalogue() {
    let desk = Desk::new();
    let all = delivery(&desk, "382", 50);
    let done = desk.run(["catalog", "import", "batch"]).ends_with(0);
    assert!(done.stderr.contains("is not an ERN message but a ManifestMessage"), "{done:#?}");
    assert!(done.stdout.contains("50 rows: 50 entries new"), "{done:#?}");
    assert!(done.stdout.contains("50 files found, 0 not found"), "{done:#?}");
    assert!(done.stdout.contains("50 recordings added, 0 refused, 50 linked"), "{done:#?}");
    let recordings = parse(&desk.run(["catalog", "list", "--json"]).ends_with(0).stdout);
    assert_eq!(recordings.len(), 50);
    let one = recordings.iter().find(|r| r["isrc"] == *all[3].isrc).unwrap();
    assert_eq!(one["title"], *all[3].title);
    assert_eq!(one["artist"], "Artist 0; Guest, The");
    assert_eq!(one["upc"], upc(1));
    let shown = desk.run(["catalog", "show", &all[2].isrc]).ends_with(0).stdout;
    for word in ["Radio Edit 3", "territories_excluded", "US; CA", &grid(1), "sha256"] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    let again = desk.run(["catalog", "import", "batch"]).ends_with(0);
    assert!(again.stdout.contains("0 entries new, 0 updated, 50 unchanged"), "{again:#?}");
    assert!(again.stdout.contains("0 recordings added, 0 refused, 0 linked"), "{again:#?}");
    // Its sound is found under the label's words.
    let clip = wav(excerpt(&song(2_000_004, 12), 2.0, 10.0));
    desk.write("dump/x.wav", &clip);
    let found = desk.scan(1);
    assert_eq!(found[0].findings[0].isrc, all[3].isrc);
    assert_eq!(found[0].findings[0].title, all[3].title);
    // The finding has everything that a claim needs.
    let work = found[0].findings[0].work.as_ref().unwrap();
    assert_eq!(
        (work.label.as_str(), work.p_line.as_str()),
        ("Léger Records", "2020 Léger Records")
    );
    let release = &work.releases[0];
    assert_eq!((release.upc.clone(), release.grid.clone()), (upc(1), grid(1)));
    assert_eq!(work.territories_excluded, ["US", "CA"]);
}

#[test]
fn a_file_with_another_hash_than_the_message_gives_is_not_used() {
    let desk = Desk::new();
    let all = delivery(&desk, "43", 3);
    let file = |n: usize| {
        format!("batch/20260101/{}/resources/{}", upc(1), all[n].file.as_ref().unwrap().0)
    };
    desk.write(file(0), &wav(&song(77, 12)));
    fs::remove_file(desk.path(file(1))).unwrap();
    let done = desk.run(["catalog", "import", "batch"]).ends_with(0);
    assert!(done.stderr.contains("have it sent again"), "{done:#?}");
    assert!(done.stderr.contains("was not found: it is imported without audio"), "{done:#?}");
    assert!(done.stdout.contains("3 entries new"), "{done:#?}");
    assert!(done.stdout.contains("1 file found, 2 not found"), "{done:#?}");
    assert!(done.stdout.contains("1 recording added, 0 refused, 1 linked"), "{done:#?}");
    // A file that is found later is linked then.
    desk.write(file(1), &wav(excerpt(&song(2_000_002, 12), 0.0, 12.0)));
    let done = desk.run(["catalog", "import", "batch"]).ends_with(0);
    assert!(done.stdout.contains("3 unchanged"), "{done:#?}");
    assert!(done.stdout.contains("1 recording added, 0 refused, 1 linked"), "{done:#?}");
}

#[test]
fn recordings_that_were_added_before_are_linked_by_their_isrc() {
    let desk = Desk::new();
    let plain = desk.write_wav("raw.wav", &song(5, 20));
    let to = desk.path("masters/x.flac");
    encode(&plain, &to, &["-metadata", "ISRC=GB-AYE-20-00001", "-metadata", "title=tag"]);
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    desk.write("t.csv", &csv(&tracks(2), b','));
    let done = desk.run(["catalog", "import", "t.csv"]).ends_with(0);
    assert!(done.stdout.contains("1 linked"), "{done:#?}");
    let recordings = parse(&desk.run(["catalog", "list", "--json"]).ends_with(0).stdout);
    assert_eq!(recordings[0]["title"], "Song <1> & “Söhne”");
    assert_eq!(recordings[0]["isrc"], "GBAYE2000001");
}

#[test]
fn an_entry_without_audio_is_found_by_its_identifiers() {
    let desk = import(&csv(&tracks(3), b','), "t.csv");
    desk.write(
        "dump/list.jsonl",
        b"{\"isrc\": \"GB-AYE-20-00002\"}\n{\"isrc\": \"FRXXX0000001\"}\n",
    );
    let found = desk.scan(1);
    assert_eq!(found[0].findings.len(), 1);
    let finding = &found[0].findings[0];
    assert_eq!(
        (finding.title.as_str(), Tier::join(&finding.tiers, "+").as_str()),
        ("Song <2> & “Söhne”", "T0")
    );
    assert!(finding.recording_id.starts_with("e-"));
    let work = finding.work.as_ref().unwrap();
    assert_eq!(work.entry_id, finding.recording_id);
    assert_eq!(work.releases[0].catalogue_number, "CAT-1");
}

#[test]
fn damaged_and_hostile_messages_are_refused_or_read_with_warnings() {
    let whole = ern("382", &tracks(3));
    let bomb = format!(
        "<!DOCTYPE x [<!ENTITY a \"{}\"><!ENTITY b \"&a;&a;&a;&a;\">]>\n{}",
        "ha".repeat(1_000),
        whole[whole.find("<ern:").unwrap()..].replace("Léger", "&b;")
    );
    let deep = format!("<NewReleaseMessage>{}", "<a>".repeat(100_000));
    let dangling = whole.replacen("&amp;", "&", 3);
    let other_namespace = whole.replace("ern:", "n0:").replace("ResourceList", "n0:ResourceList");
    let wrong = whole.replacen("GBAYE2000002", "GBAYE200002", 1);
    for (name, xml, code, said, kept) in [
        ("cut", whole[..whole.len() / 2].to_owned(), 3, "is damaged (", 0),
        ("bomb", bomb, 0, "the entity &b; is not expanded", 3),
        ("deep", deep, 3, "lie more than 64 deep", 0),
        ("endless", format!("<NewReleaseMessage><a>{}", "x".repeat(3 << 20)), 3, "is damaged", 0),
        ("dangling", dangling, 0, "", 3),
        ("namespace", other_namespace, 0, "", 3),
        ("wrong", wrong, 3, "A2, row 2, ISRC: \"GBAYE200002\" is not an ISRC: it has 11", 2),
        ("other", "<html><body/></html>".into(), 0, "is not an ERN message but a html", 0),
        ("empty", String::new(), 3, "is empty (0 bytes): have it sent again", 0),
        ("crossed", whole.replace("</ReferenceTitle>", "</Title>"), 3, "is damaged", 0),
    ] {
        let desk = Desk::new();
        desk.write("m.xml", xml.as_bytes());
        let done = desk.run(["catalog", "import", "m.xml"]).ends_with(code);
        assert!(done.stderr.contains(said), "{name}: {done:#?}");
        assert_eq!(parse(&entries(&desk)).len(), kept, "{name}");
    }
}

#[test]
fn tables_that_would_exhaust_memory_are_refused() {
    let desk = Desk::new();
    let open = format!("title,isrc\nfirst,GBAYE0000351\n\"never closed,{}", "x,\n".repeat(1 << 20));
    desk.write("open.csv", open.as_bytes());
    let done = desk.run(["catalog", "import", "open.csv"]).ends_with(3);
    assert!(done.stderr.contains("row 3: cannot be read further"), "{done:#?}");
    assert!(done.stdout.contains("1 entry new"), "{done:#?}");
    let strings = vec![b' '; (512 << 20) + 2];
    // `zip` stores the first member and compresses the second.
    desk.write("bomb.xlsx", &zip(&[("x", Vec::new()), ("xl/sharedStrings.xml", strings)]));
    let done = desk.run(["catalog", "import", "bomb.xlsx"]).ends_with(3);
    assert!(done.stderr.contains("unpacks to more than 512 MB"), "{done:#?}");
    desk.write("no.xlsx", b"PK\x03\x04 nothing");
    let done = desk.run(["catalog", "import", "no.xlsx"]).ends_with(3);
    assert!(done.stderr.contains("is a damaged ZIP archive"), "{done:#?}");
    desk.write("long.jsonl", format!("{{\"title\": \"{}\"}}\n", "x".repeat(3_000)).as_bytes());
    let done = desk.run(["catalog", "import", "long.jsonl"]).ends_with(3);
    assert!(done.stderr.contains("longer than 2000 characters"), "{done:#?}");
}

#[test]
fn the_log_shows_who_did_what_and_reveals_changes_to_itself() {
    let desk = Desk::with_songs(&[1], 20);
    desk.write("t.csv", &csv(&tracks(3), b','));
    desk.run(["catalog", "import", "--operator", "Ann", "t.csv"]).ends_with(0);
    desk.run(["catalog", "export", "--operator", "Bob", "--out", "o.csv"]).ends_with(0);
    let id = parse(&entries(&desk))[0]["entry_id"].as_str().unwrap().to_owned();
    desk.run(["catalog", "remove", &id]).ends_with(0);
    let shown = desk.run(["catalog", "log"]).ends_with(0).stdout;
    for words in [
        "add",
        "Ann  import  t.csv: 3 new, 0 updated",
        "Bob  export  o.csv: begun",
        "Bob  export  o.csv: 3 entries and 1 recording without one written",
        &format!("remove  0 recordings, 1 entries: {id}"),
        "the log is intact",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let rows: Vec<Value> = parse(&desk.run(["catalog", "log", "--json"]).ends_with(0).stdout);
    assert_eq!(rows[1]["previous"], rows[0]["digest"]);
    let database = Connection::open(desk.path("home/catalog/catalog.sqlite")).unwrap();
    let refused = database.execute("UPDATE log SET who = 'nobody'", []).unwrap_err().to_string();
    assert!(refused.contains("append-only"), "{refused}");
    database
        .execute_batch(
            "DROP TRIGGER log_is_never_changed; UPDATE log SET who = 'nobody' WHERE number = 2",
        )
        .unwrap();
    desk.run(["catalog", "log"]).ends_with(4).says_in_one_line(&["row 2 of the log", "restore"]);
}

#[test]
fn the_log_has_changes_and_not_attempts() {
    let desk = Desk::with_songs(&[1, 2], 20);
    let log = || -> Vec<String> {
        let rows = parse(&desk.run(["catalog", "log", "--json"]).ends_with(0).stdout);
        let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
        rows.iter().map(|row| format!("{} {}", text(row, "action"), text(row, "detail"))).collect()
    };
    let masters = desk.path("masters");
    let before = log();
    assert_eq!(before.len(), 1);
    let told = format!("add {}: 2 recordings added, the first is ", masters.display());
    assert!(before[0].starts_with(&told), "{before:?}");
    // None of these changes anything.
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    desk.run(["catalog", "compact"]).ends_with(0);
    desk.run(["catalog", "lint"]).ends_with(0);
    let hash = "ab".repeat(32);
    desk.run(["catalog", "allow", "--remove", "--hash", &hash]).ends_with(0);
    desk.run(["catalog", "remove", "nobody"]).ends_with(2);
    {
        let lock = fs::File::create(desk.path("home/catalog/write.lock")).unwrap();
        lock.lock().unwrap();
        let ids = parse(&desk.run(["catalog", "list", "--json"]).ends_with(0).stdout);
        let id = ids[0]["recording_id"].as_str().unwrap();
        for args in [&["remove", id][..], &["compact"], &["allow", "--hash", &hash]] {
            let args = ["catalog"].iter().chain(args);
            desk.run(args).ends_with(4).says_in_one_line(&["another program"]);
        }
    }
    assert_eq!(log(), before);
    // An export is logged before it begins and after it ends.
    desk.write("folder/file", b"");
    desk.run(["catalog", "export", "--out", "folder", "--format", "csv"]).ends_with(4);
    desk.run(["catalog", "allow", "--hash", &hash, "--note", "a contract"]).ends_with(0);
    let after = log();
    assert_eq!(after[1], "export folder: begun");
    assert!(after[2].starts_with("export folder: failed: cannot write folder"), "{after:?}");
    assert_eq!(after[3], format!("allow hash {hash} a contract"));
    assert_eq!(after.len(), 4);
}

/// The SQL of a catalogue's tables, indexes and triggers.
fn schema(database: &Connection) -> Vec<String> {
    let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
    let mut statement = database.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Removes what version 4 added, so that the database is as version 3 wrote it.
fn back_to_version_3(database: &Connection) {
    let added = "DROP TRIGGER recording_removed_with_masks; DROP TABLE masks;
        DROP INDEX recordings_neutral; ALTER TABLE recordings DROP COLUMN neutral";
    database.execute_batch(added).unwrap();
    database.pragma_update(None, "user_version", 3).unwrap();
}

#[test]
fn a_catalogue_of_version_3_is_brought_up() {
    let desk = Desk::with_songs(&[1], 20);
    desk.write("t.csv", &csv(&tracks(3), b','));
    desk.run(["catalog", "import", "t.csv"]).ends_with(0);
    let shown = |args: &[&str]| desk.run(["catalog"].iter().chain(args)).ends_with(0).stdout;
    let all = || [shown(&["list", "--json"]), shown(&["list", "--entries"]), shown(&["log"])];
    let before = all();
    let database = Connection::open(desk.path("home/catalog/catalog.sqlite")).unwrap();
    back_to_version_3(&database);
    let version_3 = Connection::open_in_memory().unwrap();
    version_3.execute_batch(include_str!("../src/catalog/schema.sql")).unwrap();
    let entries = include_str!("../src/catalog/migrations/3-entries.sql");
    version_3.execute_batch(entries).unwrap();
    assert_eq!(schema(&database), schema(&version_3));
    drop(database);
    assert_eq!(all(), before);
    let list = parse(&before[0]);
    assert_eq!(list[0]["neutral"], false);
    let id = list[0]["recording_id"].as_str().unwrap();
    desk.run(["catalog", "mask", id, "1-2"]).ends_with(0);
    desk.write_wav("kit/loop.wav", excerpt(&song(2, 20), 1.0, 3.0));
    desk.run(["catalog", "add", "--neutral", "kit"]).ends_with(0);
    desk.run(["catalog", "check"]).ends_with(0);
    desk.run(["scan", "masters"]).ends_with(1);
}

#[test]
fn a_catalogue_of_version_2_is_brought_up() {
    let desk = Desk::with_songs(&[1], 20);
    let before = desk.run(["catalog", "list", "--json"]).ends_with(0).stdout;
    let path = desk.path("home/catalog/catalog.sqlite");
    let database = Connection::open(&path).unwrap();
    back_to_version_3(&database);
    // Without what version 3 added, the database is as version 2 wrote it.
    let added = "SELECT 'DROP ' || type || ' ' || name FROM sqlite_schema WHERE type IN ('trigger', 'table')
        AND name NOT IN ('facts', 'recordings') AND name NOT LIKE 'sqlite_%' ORDER BY type DESC";
    let drops: Vec<String> = {
        let mut statement = database.prepare(added).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    database.execute_batch(&drops.join(";")).unwrap();
    database.pragma_update(None, "user_version", 2).unwrap();
    let version_2 = Connection::open_in_memory().unwrap();
    version_2.execute_batch(include_str!("../src/catalog/schema.sql")).unwrap();
    assert_eq!(schema(&database), schema(&version_2));
    drop(database);
    assert_eq!(desk.run(["catalog", "list", "--json"]).ends_with(0).stdout, before);
    desk.write("t.csv", &csv(&tracks(3), b','));
    desk.run(["catalog", "import", "t.csv"]).ends_with(0);
    desk.run(["catalog", "check"]).ends_with(0);
    desk.run(["scan", "masters"]).ends_with(1);
}

#[cfg(unix)]
#[test]
fn only_their_owner_can_read_the_files_of_the_catalogue() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::with_songs(&[1], 20);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for entry in walk(&desk.path("home/catalog")) {
        assert_eq!(mode(&entry), 0o600, "{}", entry.display());
    }
}

#[cfg(unix)]
fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}
