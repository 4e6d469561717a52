//! Identifiers in SQLite databases.

use leakhound::record::FailureKind;

use super::{FIRST, SECOND, database, label, scan, tiers};
use crate::common::{Desk, gz, record, records, tar, zst};

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
