//! Documents: texts, tables and databases that may name recordings.
//!
//! A text is read as a stream. Of a database on disk only columns that may hold identifiers are read, and
//! one that holds what people listen to is refused.

use std::io::{self, Read as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use super::{Claims, Identifiers, Tokens};
use crate::source::{Bytes, Item, Locator};

/// Columns that name people, in the playlists of a scrape.
const PERSONAL: [&str; 4] = ["owner_id", "owner_display_name", "added_by_id", "added_by"];
/// What the name of a column with identifiers holds.
const IDENTIFYING: [&str; 5] = ["isrc", "upc", "ean", "sha256", "barcode"];
/// Longest cell that is read.
const MAX_CELL_BYTES: usize = 1 << 20;
/// Rows between two looks at the flag that stops.
const ROWS: u64 = 10_000;

/// What became of a document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// It was read to its end.
    Whole,
    /// It holds personal data: which column says so.
    Personal(String),
    /// It has to be unpacked first.
    Packed,
    /// It could not be read to its end.
    Broken(String),
    /// `cancel` was raised.
    Cancelled,
}

impl Identifiers {
    /// Looks up what a document says.
    pub(crate) fn in_document(
        &self,
        item: &Item,
        claims: &mut Claims,
        cancel: &AtomicBool,
    ) -> Read {
        let mut head = [0; 16];
        let is_database = item.bytes.open().and_then(|mut r| r.read_exact(&mut head)).is_ok()
            && head == *b"SQLite format 3\0";
        match (&item.bytes, is_database) {
            (Bytes::File(path), true) => match self.in_database(path, claims, cancel) {
                Ok(read) => read,
                Err(error) => Read::Broken(error.to_string()),
            },
            (_, true) => Read::Packed,
            (bytes, false) => {
                let read = self.in_stream(bytes, claims, cancel);
                read.unwrap_or_else(|error| Read::Broken(error.to_string()))
            }
        }
    }

    fn in_stream(
        &self,
        bytes: &Bytes,
        claims: &mut Claims,
        cancel: &AtomicBool,
    ) -> io::Result<Read> {
        let mut reader = bytes.stream()?;
        let mut block = vec![0; 1 << 17];
        let mut words = Tokens::default();
        let mut take = |identifier, line| claims.take(self, identifier, || format!("line {line}"));
        loop {
            if cancel.load(Ordering::Relaxed) {
                return Ok(Read::Cancelled);
            }
            match reader.read(&mut block) {
                Ok(0) => break,
                Ok(read) => words.feed(&block[..read], &mut take),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        words.finish(&mut take);
        Ok(Read::Whole)
    }

    fn in_database(
        &self,
        path: &Path,
        claims: &mut Claims,
        cancel: &AtomicBool,
    ) -> rusqlite::Result<Read> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_URI;
        // Immutable: no journal is replayed, and nothing is written beside what is scanned.
        let url = format!("file:{}?immutable=1", Locator::of_file(path));
        let database = Connection::open_with_flags(url, flags)?;
        database.pragma_update(None, "trusted_schema", false)?;
        database.pragma_update(None, "cell_size_check", true)?;
        database.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        // A row takes four bytes of a page or more: what has more of them goes round in circles.
        let most_rows = path.metadata().map_or(0, |metadata| metadata.len()) / 4;
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
        let mut statement = database.prepare(tables)?;
        let tables: Vec<String> =
            statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let mut wanted = Vec::new();
        for table in tables {
            let columns = columns(&database, &table)?;
            let has = |names: &[&str], column: &str| {
                names.iter().any(|name| column.eq_ignore_ascii_case(name))
            };
            if let Some(personal) = columns.iter().find(|column| has(&PERSONAL, column)) {
                return Ok(Read::Personal(format!("{table}.{personal}")));
            }
            let identifies = |column: &String| {
                let column = column.to_ascii_lowercase();
                IDENTIFYING.iter().any(|name| column.contains(name))
            };
            let columns: Vec<String> = columns.into_iter().filter(identifies).collect();
            if !columns.is_empty() {
                wanted.push((table, columns));
            }
        }
        for (table, columns) in wanted {
            match self.in_table(&database, &table, &columns, most_rows, claims, cancel)? {
                Read::Whole => {}
                other => return Ok(other),
            }
        }
        Ok(Read::Whole)
    }

    fn in_table(
        &self,
        database: &Connection,
        table: &str,
        columns: &[String],
        most_rows: u64,
        claims: &mut Claims,
        cancel: &AtomicBool,
    ) -> rusqlite::Result<Read> {
        // A longer cell is not even read: it may have as many bytes as the database.
        let cell = |column: &String| {
            let column = quoted(column);
            format!("CASE WHEN octet_length({column}) <= {MAX_CELL_BYTES} THEN {column} END")
        };
        let list = columns.iter().map(cell).collect::<Vec<_>>().join(", ");
        let mut statement = database.prepare(&format!("SELECT {list} FROM {}", quoted(table)))?;
        let mut rows = statement.query([])?;
        let mut number = 0_u64;
        while let Some(row) = rows.next()? {
            number += 1;
            if number > most_rows {
                let message = format!("{table} has more rows than the file has room for");
                return Ok(Read::Broken(message));
            }
            if number.is_multiple_of(ROWS) && cancel.load(Ordering::Relaxed) {
                return Ok(Read::Cancelled);
            }
            for (at, column) in columns.iter().enumerate() {
                let place = || format!("{table}, row {number}, {column}");
                let mut words = Tokens::default();
                let mut take = |identifier, _| claims.take(self, identifier, place);
                match row.get_ref(at)? {
                    ValueRef::Text(text) => words.feed(text, &mut take),
                    // A hash may be kept as bytes, and a bar code as a number.
                    ValueRef::Blob(bytes) if bytes.len() == 32 => {
                        words.feed(crate::ingest::hex(bytes).as_bytes(), &mut take);
                    }
                    ValueRef::Integer(number) if number > 0 => {
                        words.feed(format!("{number:012}").as_bytes(), &mut take);
                    }
                    _ => continue,
                }
                words.finish(&mut take);
            }
        }
        Ok(Read::Whole)
    }
}

fn columns(database: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = database.prepare("SELECT name FROM pragma_table_info(?1)")?;
    statement.query_map([table], |row| row.get(0))?.collect()
}

/// A name in quotes, so that it is nothing else.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
