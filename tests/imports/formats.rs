//! Tables and messages: each format gives the same entries, and exports import back.

use std::fs;

use super::{entries, import, import_all};
use crate::common::deliveries::{Track, csv, grid, tracks, upc, xlsx};
use crate::common::ern::{batch, ern};
use crate::common::{Desk, encode, parse, song, wav, zip};

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
        ("page", "<html><body/></html>".into(), 3, "is an HTML page", 0),
        ("other", "<Acknowledgement/>".into(), 3, "is not an ERN message but a Acknowledgement", 0),
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
