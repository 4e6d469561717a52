//! What the catalogue keeps of its changes, and catalogues of earlier versions.

use std::fs;

use rusqlite::Connection;
use serde_json::Value;

use super::entries;
use crate::common::deliveries::{csv, tracks};
use crate::common::{Desk, excerpt, parse, song};

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
    version_3.execute_batch(include_str!("../../src/catalog/schema.sql")).unwrap();
    let entries = include_str!("../../src/catalog/migrations/3-entries.sql");
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
    version_2.execute_batch(include_str!("../../src/catalog/schema.sql")).unwrap();
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
