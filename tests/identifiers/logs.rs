//! Identifiers in the logs that SQLite keeps beside a database.

use leakhound::record::FailureKind;
use rusqlite::Connection;

use super::{FIRST, SECOND, database, label, scan, tiers};
use crate::common::{Desk, record, tar};

/// A database with one row, and its copy in the dump with a log that another row is in.
fn logged(desk: &Desk, mode: &str) {
    let path = desk.path("raw/x.sqlite");
    for ending in ["", "-wal", "-shm", "-journal"] {
        let _ = std::fs::remove_file(desk.path(format!("raw/x.sqlite{ending}")));
    }
    database(&path, &format!("PRAGMA journal_mode = {mode}; CREATE TABLE t (n, isrc TEXT);"));
    let open = Connection::open(&path).unwrap();
    std::fs::create_dir_all(desk.path("dump")).unwrap();
    let copy = |name: &str| {
        std::fs::copy(desk.path(format!("raw/{name}")), desk.path(format!("dump/{name}"))).unwrap();
    };
    if mode == "WAL" {
        open.execute_batch(&format!(
            "INSERT INTO t VALUES (0, '{FIRST}'); PRAGMA wal_checkpoint(TRUNCATE);
             INSERT INTO t VALUES (1, '{SECOND}');"
        ))
        .unwrap();
        copy("x.sqlite-wal");
    } else {
        // Pages are written before the transaction ends, and the program ends before that.
        open.execute_batch(&format!(
            "INSERT INTO t VALUES (1, '{SECOND}');
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
             INSERT INTO t SELECT i, printf('%.*c', 200, 'x') FROM n;
             PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN;
             UPDATE t SET isrc = printf('%.*c', 200, 'y');"
        ))
        .unwrap();
        copy("x.sqlite-journal");
    }
    copy("x.sqlite");
}

#[test]
fn rows_of_a_write_ahead_log_are_found_and_those_of_the_database_are_not_told_twice() {
    let desk = label();
    logged(&desk, "WAL");
    let found = scan(&desk);
    assert_eq!(tiers(record(&found, "/x.sqlite")), [(FIRST, "T0".to_owned())], "{found:#?}");
    let log = record(&found, "/x.sqlite-wal");
    assert_eq!(tiers(log), [(SECOND, "T0".to_owned())], "{log:#?}");
    assert_eq!(log.findings[0].claimed_by[0], format!("ISRC {SECOND} in t, rowid 2, isrc"));
    // Nothing is written beside a database.
    assert_eq!(std::fs::read_dir(desk.path("dump")).unwrap().count(), 2);
}

#[test]
fn what_a_transaction_that_never_ended_has_overwritten_is_found() {
    let desk = label();
    logged(&desk, "DELETE");
    let before = std::fs::read(desk.path("dump/x.sqlite")).unwrap();
    let found = scan(&desk);
    assert!(tiers(record(&found, "/x.sqlite")).is_empty(), "{found:#?}");
    assert_eq!(
        tiers(record(&found, "/x.sqlite-journal")),
        [(SECOND, "T0".to_owned())],
        "{found:#?}"
    );
    assert_eq!(std::fs::read(desk.path("dump/x.sqlite")).unwrap(), before);
    assert_eq!(std::fs::read_dir(desk.path("dump")).unwrap().count(), 2);
}

#[test]
fn a_log_without_its_database_or_of_several_is_told() {
    let desk = label();
    logged(&desk, "WAL");
    let log = std::fs::read(desk.path("dump/x.sqlite-wal")).unwrap();
    let base = std::fs::read(desk.path("dump/x.sqlite")).unwrap();
    std::fs::remove_dir_all(desk.path("dump")).unwrap();
    desk.write("dump/alone.sqlite-wal", &log);
    desk.write("dump/both.tar", &tar(&[("x.sqlite", &base), ("x.sqlite-wal", &log)]));
    logged(&desk, "DELETE");
    // The name of a file that SQLite would delete.
    let victim = desk.write("raw/victim", b"precious");
    let name = victim.to_str().unwrap().as_bytes();
    let mut journal = std::fs::read(desk.path("dump/x.sqlite-journal")).unwrap();
    journal.extend([0, 0, 0, 1]);
    journal.extend(name);
    journal.extend((name.len() as u32).to_be_bytes());
    journal
        .extend(name.iter().fold(0_u32, |sum, &byte| sum.wrapping_add(byte.into())).to_be_bytes());
    journal.extend([0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7]);
    desk.write("dump/x.sqlite-journal", &journal);
    let found = scan(&desk);
    let failure = |name: &str| record(&found, name).failure.as_ref().unwrap();
    for name in ["/alone.sqlite-wal", "!/x.sqlite-wal"] {
        assert_eq!(failure(name).kind, FailureKind::MetadataPacked, "{found:#?}");
        assert!(failure(name).message.contains("write-ahead log"), "{found:#?}");
    }
    assert!(failure("/x.sqlite-journal").message.contains("several databases"), "{found:#?}");
    assert_eq!(std::fs::read(victim).unwrap(), b"precious");
}
