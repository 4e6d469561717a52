//! Documents: texts, tables and databases that may name recordings.
//!
//! A text is read as a stream, of a table (Parquet, Arrow) the columns of text. Of a database only columns that may hold
//! identifiers are read, and one that holds what people listen to is refused.

use std::io::{self, Read as _};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use super::{Claims, Identifiers, Tokens};
use crate::catalog::panic_message;
use crate::source::{Bytes, Item, Locator, Value, is_table, texts};

/// Columns that name people, in the playlists of a scrape.
pub(crate) const PERSONAL: [&str; 4] =
    ["owner_id", "owner_display_name", "added_by_id", "added_by"];
/// What the name of a column with identifiers holds.
const IDENTIFYING: [&str; 5] = ["isrc", "upc", "ean", "sha256", "barcode"];
/// The same of one with texts that may be ids of services, or links to them.
const OF_SERVICES: [&str; 5] = ["id", "url", "uri", "link", "alternatives"];
/// Longest database in a container that is held in memory to be read; beside the item's own memory.
const MAX_DATABASE_BYTES: u64 = 64 << 20;
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
        let read = if is_database {
            match opened(item) {
                Ok(Some(database)) => self.in_database(&database, item.size_bytes, claims, cancel),
                Ok(None) => return Read::Packed,
                Err(error) => return Read::Broken(error),
            }
            .map_err(|error| error.to_string())
        } else if is_table(&item.bytes) {
            self.in_columns(&item.bytes, claims, cancel).map_err(|error| error.to_string())
        } else {
            self.in_stream(&item.bytes, claims, cancel).map_err(|error| error.to_string())
        };
        read.unwrap_or_else(Read::Broken)
    }

    fn in_columns(
        &self,
        bytes: &Bytes,
        claims: &mut Claims,
        cancel: &AtomicBool,
    ) -> io::Result<Read> {
        let mut count = 0_u64;
        let mut cancelled = false;
        let mut each = |value: Value<'_>| {
            count += 1;
            cancelled = count.is_multiple_of(ROWS) && cancel.load(Ordering::Relaxed);
            let Value { group, row, column, text } = value;
            let place = || format!("row {row} of group {group}, {column}");
            let mut words = Tokens::default();
            let mut take = |identifier, _| claims.take(self, identifier, place);
            words.feed(text, &mut take);
            words.finish(&mut take);
            if cancelled { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        // The reader of tables may break down over a broken one.
        let read = catch_unwind(AssertUnwindSafe(|| texts(bytes, &mut each)));
        read.unwrap_or_else(|panic| Err(io::Error::other(panic_message(panic.as_ref()))))?;
        Ok(if cancelled { Read::Cancelled } else { Read::Whole })
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
        database: &Connection,
        size_bytes: u64,
        claims: &mut Claims,
        cancel: &AtomicBool,
    ) -> rusqlite::Result<Read> {
        database.pragma_update(None, "trusted_schema", false)?;
        database.pragma_update(None, "cell_size_check", true)?;
        database.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        // A row takes four bytes of a page or more: what has more of them goes round in circles.
        let most_rows = size_bytes / 4;
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
        let mut statement = database.prepare(tables)?;
        let tables: Vec<String> =
            statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let mut wanted = Vec::new();
        for table in tables {
            let columns = columns(database, &table)?;
            let has = |names: &[&str], column: &str| {
                names.iter().any(|name| column.eq_ignore_ascii_case(name))
            };
            if let Some(personal) = columns.iter().find(|column| has(&PERSONAL, column)) {
                return Ok(Read::Personal(format!("{table}.{personal}")));
            }
            let may_hold = |column: String| {
                let lower = column.to_ascii_lowercase();
                let is_one = |names: &[&str]| names.iter().any(|name| lower.contains(name));
                let identifies = is_one(&IDENTIFYING);
                (identifies || self.has_services && is_one(&OF_SERVICES))
                    .then_some((column, identifies))
            };
            let columns: Vec<_> = columns.into_iter().filter_map(may_hold).collect();
            if !columns.is_empty() {
                wanted.push((table, columns));
            }
        }
        for (table, columns) in wanted {
            match self.in_table(database, &table, &columns, most_rows, claims, cancel)? {
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
        columns: &[(String, bool)],
        most_rows: u64,
        claims: &mut Claims,
        cancel: &AtomicBool,
    ) -> rusqlite::Result<Read> {
        // A longer cell is not even read: it may have as many bytes as the database.
        let cell = |(column, _): &(String, bool)| {
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
            for (at, (column, identifies)) in columns.iter().enumerate() {
                let place = || format!("{table}, row {number}, {column}");
                let mut words = Tokens::default();
                let mut take = |identifier, _| claims.take(self, identifier, place);
                match row.get_ref(at)? {
                    ValueRef::Text(text) => words.feed(text, &mut take),
                    // A hash may be kept as bytes, and a bar code as a number.
                    ValueRef::Blob(bytes) if *identifies && bytes.len() == 32 => {
                        words.feed(crate::ingest::hex(bytes).as_bytes(), &mut take);
                    }
                    ValueRef::Integer(number) if *identifies && number > 0 => {
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

/// Opens a database on disk, or one in a container that is short enough to be held in memory. `None` if it is not.
fn opened(item: &Item) -> Result<Option<Connection>, String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    if let Bytes::File(path) = &item.bytes {
        // Immutable: no journal is replayed, and nothing is written beside what is scanned.
        let url = format!("file:{}?immutable=1", Locator::of_file(path));
        return Connection::open_with_flags(url, flags).map(Some).map_err(|e| e.to_string());
    }
    if item.size_bytes > MAX_DATABASE_BYTES {
        return Ok(None);
    }
    let in_memory = || -> Result<Connection, Box<dyn std::error::Error>> {
        let mut bytes = item.bytes.open()?;
        let length = bytes.length() as usize;
        let mut head = [0; 100];
        bytes.read_exact(&mut head)?;
        // What is in memory has no journal beside it, whatever it says.
        head[18..20].fill(1);
        let mut database = Connection::open_in_memory()?;
        let whole = head.as_slice().chain(bytes);
        database.deserialize_read_exact(rusqlite::MAIN_DB, whole, length, true)?;
        Ok(database)
    };
    in_memory().map(Some).map_err(|error| error.to_string())
}

fn columns(database: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = database.prepare("SELECT name FROM pragma_table_info(?1)")?;
    statement.query_map([table], |row| row.get(0))?.collect()
}

/// A name in quotes, so that it is nothing else.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
