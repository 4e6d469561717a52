//! SQLite databases. SQLite reads every table, column by column; of a database that is too long to be held in memory the pages
//! are read as a stream.
//!
//! A table that cannot be read does not affect the others. Virtual tables are skipped: their content is in other tables.

use std::io::{self, Read as _};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use super::document::{ROWS, Read};
use super::sqlite_format::HEADER_BYTES;
use super::sqlite_pages::{self, Refused};
use super::{Claims, Identifiers};
use crate::base::Losses;
use crate::base::hex;
use crate::bytes::Bytes;
use crate::identifier::{PERSONAL, personal_word};
use crate::source::{Item, Locator};
use crate::storage::is_object;

/// Words in the name of a column of numbers that may be bar codes.
const OF_BAR_CODES: [&str; 6] = ["isrc", "upc", "ean", "gtin", "barcode", "code"];
/// Words in the declared type of a column of numbers or times.
const OF_NUMBERS: [&str; 9] = ["INT", "REAL", "FLOA", "DOUB", "NUM", "DEC", "BOOL", "DATE", "TIME"];
/// Longest database in a container that is held in memory to be read, in addition to the item's own memory. A guess.
const MAX_DATABASE_BYTES: u64 = 64 << 20;
/// Smallest page of a database, by the file format.
const MIN_DATABASE_BYTES: u64 = 512;
/// Fewest bytes of a page that a row takes. A table with more rows than fit into the file is a loop of pages.
pub(super) const MIN_ROW_BYTES: u64 = 4;
/// Longest cell that is read. A guess.
const MAX_CELL_BYTES: i32 = 1 << 20;
/// Longest blob that is read as a text. A guess.
const MAX_BLOB_BYTES: usize = 64 << 10;

/// A column of a table.
struct Column {
    name: String,
    /// Whether its numbers may be bar codes.
    has_codes: bool,
    /// Whether its values are computed when they are read (a virtual generated column).
    is_computed: bool,
}

/// A table, and the columns of it that are read.
pub(super) struct Table {
    name: String,
    columns: Vec<Column>,
    /// A name for the rowid that no column has, if there is one.
    rowid: Option<&'static str>,
}

/// What could not be read of a database.
#[derive(Default)]
pub(super) struct Unread {
    pub(super) lost: Losses,
    /// Cells that are longer than [`MAX_CELL_BYTES`].
    pub(super) long_cells: u64,
}

impl Identifiers {
    /// Looks up the identifiers in a database.
    pub(super) fn in_database(
        &self,
        item: &Item,
        claims: &mut Claims,
        notes: &mut Vec<String>,
        cancel: &AtomicBool,
    ) -> Read {
        let opened = match opened(item) {
            Ok(Some((database, length))) => schema(&database)
                .map(|schema| Some((database, length, schema)))
                .map_err(|error| error.to_string()),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        let why = match opened {
            Ok(Some((_, _, Err(column)))) => return Read::Personal(column),
            Ok(Some((database, length, Ok((tables, lost))))) => {
                let mut unread = Unread { lost, ..Unread::default() };
                if let Some(missing) =
                    head_of(item).and_then(|head| sqlite_pages::missing(&head, length))
                {
                    unread.lost.add(missing);
                }
                let most_rows = length / MIN_ROW_BYTES;
                let flow =
                    self.in_tables(&database, &tables, most_rows, &mut unread, claims, cancel);
                if flow.is_break() {
                    return Read::Cancelled;
                }
                match unread.end(notes) {
                    Read::Broken(why) => Some(why),
                    read => return read,
                }
            }
            Ok(None) => None,
            Err(why) => Some(why),
        };
        // A database that SQLite cannot read, or not in this memory, is read page by page.
        let mut found = Claims::default();
        let stream = item.bytes.stream();
        let read = stream.map(|mut stream| self.in_pages(&mut *stream, &mut found, notes, cancel));
        claims.join(found);
        match (read, why) {
            (Ok(read @ (Read::Personal(_) | Read::Cancelled)), _) | (Ok(read), None) => read,
            (_, Some(why)) => Read::Broken(why),
            (Err(error), None) => Read::Broken(error.to_string()),
        }
    }

    /// Looks up the identifiers in tables. Breaks if it was cancelled.
    pub(super) fn in_tables(
        &self,
        database: &Connection,
        tables: &[Table],
        most_rows: u64,
        unread: &mut Unread,
        claims: &mut Claims,
        cancel: &AtomicBool,
    ) -> ControlFlow<()> {
        for is_computed in [false, true] {
            if is_computed {
                // An expression can make a value of any length.
                let limited = database.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_CELL_BYTES);
                if limited.is_err() {
                    return ControlFlow::Continue(());
                }
            }
            for table in tables {
                let columns: Vec<_> =
                    table.columns.iter().filter(|c| c.is_computed == is_computed).collect();
                if columns.is_empty() {
                    continue;
                }
                let mut rows = Rows { table, columns, most: most_rows, unread: &mut *unread };
                let read = rows.read(database, cancel, &mut |place, bytes| {
                    self.in_words(bytes, || place.to_string(), claims);
                });
                match read {
                    Ok(flow) => flow?,
                    Err(error) => {
                        let what = if is_computed { "generated columns of " } else { "" };
                        unread.lost.add(format!("{what}{}: {error}", table.name));
                    }
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Looks up the identifiers in the pages of a database.
    fn in_pages(
        &self,
        stream: &mut dyn io::Read,
        claims: &mut Claims,
        notes: &mut Vec<String>,
        cancel: &AtomicBool,
    ) -> Read {
        let mut found = Claims::default();
        let mut take = |value: sqlite_pages::Value<'_>| {
            let place = || format!("page {}, rowid {}", value.page, value.rowid);
            if value.is_text {
                self.in_words(value.bytes, place, &mut found);
            } else {
                each_text_of(value.bytes, &mut |text| self.in_words(text, place, &mut found));
            }
        };
        let sqlite_pages::Summary { lost, cut_rows, has_unread_tables, refused, is_cancelled } =
            sqlite_pages::read(stream, cancel, &mut take);
        match refused {
            _ if is_cancelled => return Read::Cancelled,
            Some(Refused::Personal(column)) => return Read::Personal(column),
            Some(Refused::NoSchema(why)) => return Read::Broken(why),
            Some(Refused::ScatteredSchema) => {
                return Read::Packed(
                    "it is a database in a container whose schema cannot be read as a stream"
                        .into(),
                );
            }
            None => *claims = found,
        }
        if cut_rows > 0 {
            notes.push(format!(
                "{cut_rows} of its rows are longer than a page and were not searched to their end; to search them, unpack \
                 it and scan the file"
            ));
        }
        if has_unread_tables {
            notes.push(
                "it has tables without rowid, which were not searched; to search them, unpack it and scan the file"
                    .to_owned(),
            );
        }
        lost.told("pages").map_or(Read::Whole, Read::Broken)
    }
}

impl Unread {
    /// Says what could not be read.
    pub(super) fn end(self, notes: &mut Vec<String>) -> Read {
        if self.long_cells > 0 {
            notes.push(format!(
                "{} of its cells are longer than {} MiB and were not searched",
                self.long_cells,
                MAX_CELL_BYTES >> 20
            ));
        }
        self.lost.told("tables").map_or(Read::Whole, Read::Broken)
    }
}

/// Reads some columns of all rows of a table.
struct Rows<'a> {
    table: &'a Table,
    columns: Vec<&'a Column>,
    /// Most rows that a database of its length can have.
    most: u64,
    unread: &'a mut Unread,
}

/// The place of a value.
struct CellPlace<'a> {
    table: &'a str,
    rowid: Option<i64>,
    /// Number of the row, from 1.
    row: u64,
    column: &'a str,
}

impl std::fmt::Display for CellPlace<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { table, rowid, row, column } = self;
        match rowid {
            Some(rowid) => write!(f, "{table}, rowid {rowid}, {column}"),
            None => write!(f, "{table}, row {row}, {column}"),
        }
    }
}

impl Rows<'_> {
    /// Hands on the texts of all rows. Breaks if it was cancelled.
    fn read(
        &mut self,
        database: &Connection,
        cancel: &AtomicBool,
        take: &mut dyn FnMut(&CellPlace<'_>, &[u8]),
    ) -> rusqlite::Result<ControlFlow<()>> {
        let Table { name, rowid, .. } = self.table;
        let with_rowid = rowid.and_then(|rowid| database.prepare(&self.query(Some(rowid))).ok());
        let has_rowid = with_rowid.is_some();
        let mut statement = match with_rowid {
            Some(statement) => statement,
            None => database.prepare(&self.query(None))?,
        };
        let mut rows = statement.query([])?;
        let mut row_number = 0;
        while let Some(row) = rows.next()? {
            row_number += 1;
            if row_number > self.most {
                self.unread
                    .lost
                    .add(format!("{name}: it has more rows than the file has room for"));
                break;
            }
            if row_number.is_multiple_of(ROWS) && cancel.load(Ordering::Relaxed) {
                return Ok(ControlFlow::Break(()));
            }
            let rowid = if has_rowid { row.get_ref(0)?.as_i64().ok() } else { None };
            for (at, column) in self.columns.iter().enumerate() {
                let place = CellPlace { table: name, rowid, row: row_number, column: &column.name };
                let mut take = |bytes: &[u8]| take(&place, bytes);
                match row.get_ref(at + usize::from(has_rowid))? {
                    ValueRef::Text(text) => take(text),
                    ValueRef::Blob(bytes) => each_text_of(bytes, &mut take),
                    ValueRef::Integer(number) if column.has_codes && number > 0 => {
                        take(format!("{number:012}").as_bytes());
                    }
                    ValueRef::Real(number) if number.is_infinite() => self.unread.long_cells += 1,
                    _ => {}
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The query for the rows, with the rowid in front if it has this name.
    fn query(&self, rowid: Option<&str>) -> String {
        // SQLite does not load a longer cell, which may be as long as the database: an infinite number stands for it.
        let cell = |column: &&Column| {
            let name = quoted(&column.name);
            format!("CASE WHEN octet_length({name}) > {MAX_CELL_BYTES} THEN 9e999 ELSE {name} END")
        };
        let cells = self.columns.iter().map(cell);
        let list: Vec<String> = rowid.map(str::to_owned).into_iter().chain(cells).collect();
        // In the order of the table, not in that of an index that has all of these columns.
        format!("SELECT {} FROM {} NOT INDEXED", list.join(", "), quoted(&self.table.name))
    }
}

/// Hands on the texts that a blob may be: 32 bytes may be a SHA-256, and any other a text.
fn each_text_of(bytes: &[u8], take: &mut dyn FnMut(&[u8])) {
    if bytes.len() == 32 {
        take(hex(bytes).as_bytes());
    }
    if bytes.len() <= MAX_BLOB_BYTES && std::str::from_utf8(bytes).is_ok() {
        take(bytes);
    }
}

/// The tables, and those that cannot be read; or the name of a column about people.
pub(super) type Schema = Result<(Vec<Table>, Losses), String>;

/// Reads which tables there are.
pub(super) fn schema(database: &Connection) -> rusqlite::Result<Schema> {
    database.pragma_update(None, "trusted_schema", false)?;
    database.pragma_update(None, "cell_size_check", true)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    let all =
        "SELECT type, name, sql FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name";
    let mut statement = database.prepare(all)?;
    let text = |value: ValueRef<'_>| match value {
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        _ => String::new(),
    };
    let made: Vec<[String; 3]> = statement
        .query_map([], |row| {
            Ok([text(row.get_ref(0)?), text(row.get_ref(1)?), text(row.get_ref(2)?)])
        })?
        .collect::<rusqlite::Result<_>>()?;
    let (mut tables, mut lost) = (Vec::new(), Losses::default());
    for [kind, name, sql] in made {
        let is_virtual =
            sql.get(..14).is_some_and(|begin| begin.eq_ignore_ascii_case("create virtual"));
        if kind == "view" || is_virtual {
            if let Some(word) = personal_word(sql.as_bytes()) {
                return Ok(Err(format!("{name}.{word}")));
            }
            continue;
        }
        match columns(database, &name) {
            Ok(Err(column)) => return Ok(Err(format!("{name}.{column}"))),
            Ok(Ok((columns, rowid))) => tables.push(Table { name, columns, rowid }),
            Err(error) => lost.add(format!("{name}: {error}")),
        }
    }
    Ok(Ok((tables, lost)))
}

/// The columns of a table, and a name for its rowid.
type Columns = (Vec<Column>, Option<&'static str>);

/// The columns of a table that are read; or the name of one about people.
///
/// Every column that may hold text is read: a choice by names would miss `hash`, `path` and `metadata`. Numbers and times are
/// left out by their declared type, since they cost as much to read as text.
fn columns(database: &Connection, table: &str) -> rusqlite::Result<Result<Columns, String>> {
    let mut statement =
        database.prepare("SELECT name, type, hidden FROM pragma_table_xinfo(?1)")?;
    let all: Vec<(String, String, i64)> = statement
        .query_map([table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let is_called = |name: &str| all.iter().any(|(column, ..)| column.eq_ignore_ascii_case(name));
    if let Some(personal) = PERSONAL.into_iter().find(|name| is_called(name)) {
        return Ok(Err(personal.to_owned()));
    }
    let rowid = ["_rowid_", "rowid", "oid"].into_iter().find(|name| !is_called(name));
    let column = |(name, form, hidden): (String, String, i64)| {
        let (lower, form) = (name.to_ascii_lowercase(), form.to_ascii_uppercase());
        let has_codes = OF_BAR_CODES.iter().any(|word| lower.contains(word));
        let is_number = OF_NUMBERS.iter().any(|word| form.contains(word));
        (has_codes || !is_number).then_some(Column { name, has_codes, is_computed: hidden == 2 })
    };
    let columns = all.into_iter().filter_map(column).collect();
    Ok(Ok((columns, rowid)))
}

/// Reads the header of a database.
fn head_of(item: &Item) -> Option<Vec<u8>> {
    item.bytes.head(HEADER_BYTES as u64).ok()
}

/// Opens a database on disk, or one in a container that is short enough to be held in memory. Returns the connection and the
/// length of the database; `None` if it is too long.
fn opened(item: &Item) -> Result<Option<(Connection, u64)>, String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let cut = || "it ends within its first page".to_owned();
    if let Bytes::File(path) = &item.bytes
        && !is_object(path)
    {
        // SQLite takes so short a file for a database without tables.
        if item.size_bytes < MIN_DATABASE_BYTES {
            return Err(cut());
        }
        // Immutable: SQLite replays no journal, and writes nothing beside the file.
        let url = format!("file:{}?immutable=1", Locator::of_file(path));
        let opened = Connection::open_with_flags(url, flags).map_err(|error| error.to_string());
        return opened.map(|database| Some((database, item.size_bytes)));
    }
    if item.size_bytes > MAX_DATABASE_BYTES {
        return Ok(None);
    }
    let in_memory = || -> Result<Option<(Connection, u64)>, Box<dyn std::error::Error>> {
        let mut bytes = Vec::new();
        // A compressed database may be longer than its container says.
        item.bytes.stream()?.take(MAX_DATABASE_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_DATABASE_BYTES {
            return Ok(None);
        }
        if (bytes.len() as u64) < MIN_DATABASE_BYTES {
            return Err(cut().into());
        }
        // SQLite refuses a database in WAL mode without its journal; 1 means that there is none.
        if let Some(versions) = bytes.get_mut(18..20) {
            versions.fill(1);
        }
        let mut database = Connection::open_in_memory()?;
        database.deserialize_read_exact(rusqlite::MAIN_DB, &bytes[..], bytes.len(), true)?;
        Ok(Some((database, bytes.len() as u64)))
    };
    in_memory().map_err(|error| error.to_string())
}

/// Quotes a name for SQL.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
