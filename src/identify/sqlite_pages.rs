//! Reads the pages of an SQLite database from a stream, in the memory of one page, for a database that is too long to be held.
//!
//! A leaf does not say which table it belongs to, so its rows have no names of tables or columns. The leaves of `sqlite_schema`
//! are found from page 1 on, and their rows recognised by their content. Deleted rows in free pages are read as well, since
//! they are in the file. Tables without rowid are stored like indexes, which are not read.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};

use encoding_rs::{Encoding, UTF_8};

use super::sqlite_format::{
    HEADER_BYTES, INTERIOR, LEAF, Layout, Row, number, value_bytes, varint,
};
use crate::base::Losses;
use crate::identifier::personal_word;

/// Most pages of the schema that are remembered until they come. A guess.
const MAX_SCHEMA_PAGES: usize = 100_000;
/// Number of values of a row of `sqlite_schema`: type, name, table, page, SQL.
const SCHEMA_VALUES: usize = 5;

/// Says where a database of `length` bytes ends too early, by its header: SQLite reads a missing part of a page as zeros.
pub(super) fn missing(head: &[u8], length: u64) -> Option<String> {
    let Layout { page_bytes, pages, .. } = Layout::of(head.first_chunk()?)?;
    let (there, all) = (length / page_bytes as u64, pages?);
    (there < all).then(|| format!("it ends within page {} of {all}", there + 1))
}

/// A value that may name a recording.
pub(super) struct Value<'a> {
    /// Number of its page, from 1.
    pub(super) page: u64,
    pub(super) rowid: i64,
    /// The text in UTF-8, or the blob.
    pub(super) bytes: &'a [u8],
    pub(super) is_text: bool,
}

/// The result of reading a database.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub(super) lost: Losses,
    /// Number of rows that continue on other pages, where they are not read.
    pub(super) cut_rows: u64,
    /// Whether there is a table without rowid.
    pub(super) has_unread_tables: bool,
    /// Why the values that were handed on must not be used.
    pub(super) refused: Option<Refused>,
    pub(super) is_cancelled: bool,
}

/// Why nothing of a database may be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It has this column of personal data.
    Personal(String),
    /// The schema cannot be read, for this reason, so it may have such a column.
    NoSchema(String),
    /// A row of the schema continues on other pages, which a stream cannot follow.
    ScatteredSchema,
}

/// Reads a database to its end, or until it is refused, and hands on its texts and blobs.
pub(super) fn read(
    stream: &mut dyn Read,
    cancel: &AtomicBool,
    take: &mut dyn FnMut(Value<'_>),
) -> Summary {
    let mut reading = Reading { summary: Summary::default(), schema: BTreeSet::from([1]), take };
    reading.pages(stream, cancel);
    let Reading { mut summary, schema, .. } = reading;
    if let Some(missing) = schema.first()
        && summary.refused.is_none()
    {
        let why = summary.lost.first().unwrap_or("the file ends before it");
        summary.refused = Some(Refused::NoSchema(format!("page {missing} of its schema: {why}")));
    }
    summary
}

struct Reading<'a> {
    summary: Summary,
    /// Numbers of the schema's pages that were not read yet.
    schema: BTreeSet<u64>,
    take: &'a mut dyn FnMut(Value<'_>),
}

impl Reading<'_> {
    fn pages(&mut self, stream: &mut dyn Read, cancel: &AtomicBool) {
        let mut header = [0; HEADER_BYTES];
        let layout = match fill(stream, &mut header) {
            Ok(HEADER_BYTES) => Layout::of(&header),
            Ok(_) => None,
            Err(error) => return self.summary.lost.add(error.to_string()),
        };
        let Some(layout) = layout else {
            return self.summary.lost.add("it does not begin with the header of a database");
        };
        let mut page = vec![0; layout.page_bytes];
        page[..HEADER_BYTES].copy_from_slice(&header);
        let (mut number, mut from) = (0_u64, HEADER_BYTES);
        loop {
            if cancel.load(Ordering::Relaxed) {
                self.summary.is_cancelled = true;
                return;
            }
            let read = match fill(stream, &mut page[from..]) {
                Ok(read) => read + from,
                Err(error) => return self.summary.lost.add(error.to_string()),
            };
            if read < page.len() {
                let all = layout.pages.unwrap_or(number);
                if read > 0 || number < all {
                    let all = all.max(number + 1);
                    self.summary.lost.add(format!("it ends within page {} of {all}", number + 1));
                }
                return;
            }
            number += 1;
            self.page(number, &page[..layout.usable], &layout);
            if self.summary.refused.is_some() {
                return;
            }
            from = 0;
        }
    }

    fn page(&mut self, number: u64, page: &[u8], layout: &Layout) {
        let is_schema = self.schema.remove(&number);
        let head = if number == 1 { HEADER_BYTES } else { 0 };
        let read = match page.get(head) {
            Some(&LEAF) => self.leaf(number, page, head, layout),
            Some(&INTERIOR) if is_schema => self.interior(number, page, head),
            _ if is_schema => {
                Err("it is not a page of a table: the database is encrypted or damaged")
            }
            // Indexes, free pages, and rests of rows.
            _ => Ok(()),
        };
        if let Err(why) = read {
            self.summary.lost.add(format!("page {number}: {why}"));
            if is_schema && self.summary.refused.is_none() {
                let why = format!("page {number} of its schema: {why}");
                self.summary.refused = Some(Refused::NoSchema(why));
            }
        }
    }

    /// Remembers the pages of the schema to which an interior page points.
    fn interior(&mut self, number: u64, page: &[u8], head: usize) -> Result<(), &'static str> {
        let cells = self::number(page, head + 3, 2).ok_or(CUT)?;
        let mut pages = vec![self::number(page, head + 8, 4).ok_or(CUT)?];
        for cell in 0..cells as usize {
            let at = self::number(page, head + 12 + 2 * cell, 2).ok_or(CUT)?;
            pages.push(self::number(page, at as usize, 4).ok_or(CUT)?);
        }
        if self.schema.len() + pages.len() > MAX_SCHEMA_PAGES {
            return Err("it points to more pages than can be remembered");
        }
        // An earlier page was read already, as the page of any table is.
        self.schema.extend(pages.into_iter().filter(|&page| page > number));
        Ok(())
    }

    /// Reads the rows of a leaf.
    fn leaf(
        &mut self,
        number: u64,
        page: &[u8],
        head: usize,
        layout: &Layout,
    ) -> Result<(), &'static str> {
        let cells = self::number(page, head + 3, 2).ok_or(CUT)? as usize;
        let (mut broken, mut room) = (None, page.len());
        for cell in 0..cells {
            let begins = self::number(page, head + 8 + 2 * cell, 2).ok_or(CUT)? as usize;
            let row = page.get(begins..).and_then(|cell| Row::of(cell, page.len()));
            let Some(row) = row else {
                broken = Some("one of its rows lies beyond its end");
                continue;
            };
            // A hostile page could have a thousand rows at one place, which would all be read.
            room = room.checked_sub(row.record.len()).ok_or("its rows overlap")?;
            if self.row(number, &row, layout).is_none() {
                broken = Some("one of its rows is damaged");
            }
            if self.summary.refused.is_some() {
                return Ok(());
            }
        }
        broken.map_or(Ok(()), Err)
    }

    /// Hands on the values of a row; `None` if it is damaged.
    fn row(&mut self, page: u64, row: &Row<'_>, layout: &Layout) -> Option<()> {
        self.summary.cut_rows += u64::from(row.is_cut);
        let (header_bytes, first) = varint(row.record)?;
        let header_bytes = usize::try_from(header_bytes).ok()?.min(row.record.len());
        let mut kinds = row.record.get(first..header_bytes)?;
        let mut at = header_bytes;
        let mut schema: [&[u8]; SCHEMA_VALUES] = [&[]; SCHEMA_VALUES];
        for nth in 0.. {
            if kinds.is_empty() {
                break;
            }
            let (kind, length) = varint(kinds)?;
            kinds = &kinds[length..];
            let end = at.checked_add(value_bytes(kind)?)?;
            let is_whole = end <= row.record.len();
            if !is_whole && !row.is_cut {
                return None;
            }
            let bytes = row.record.get(at..end.min(row.record.len())).unwrap_or_default();
            at = end;
            let is_text = kind >= 13 && kind % 2 == 1;
            if is_text && let Some(value) = schema.get_mut(nth) {
                *value = bytes;
            }
            if is_text {
                let text = utf8(bytes, layout.encoding);
                // The last word may be cut, and then look like another identifier.
                let bytes = if is_whole { &*text } else { without_last_word(&text) };
                (self.take)(Value { page, rowid: row.id, bytes, is_text });
            } else if kind >= 12 && is_whole {
                (self.take)(Value { page, rowid: row.id, bytes, is_text });
            }
        }
        self.schema_row(schema, row.is_cut, layout.encoding);
        Some(())
    }

    /// Checks the SQL of a table or view, if a row is one of `sqlite_schema`.
    fn schema_row(
        &mut self,
        values: [&[u8]; SCHEMA_VALUES],
        is_cut: bool,
        encoding: &'static Encoding,
    ) {
        let [kind, name, .., sql] = values.map(|value| utf8(value, encoding));
        if !matches!(&*kind, b"table" | b"view") {
            return;
        }
        let begins = sql.get(..6).is_some_and(|word| word.eq_ignore_ascii_case(b"create"));
        if begins && let Some(word) = personal_word(&sql) {
            let column = format!("{}.{word}", String::from_utf8_lossy(&name));
            self.summary.refused = Some(Refused::Personal(column));
        } else if is_cut && (begins || sql.is_empty()) {
            self.summary.refused = Some(Refused::ScatteredSchema);
        } else if begins {
            let upper = sql.to_ascii_uppercase();
            self.summary.has_unread_tables |= upper.windows(13).any(|w| w == b"WITHOUT ROWID");
        }
    }
}

const CUT: &str = "it ends before its rows";

/// Converts a text to UTF-8.
fn utf8<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> std::borrow::Cow<'a, [u8]> {
    if encoding == UTF_8 {
        return bytes.into();
    }
    encoding.decode_without_bom_handling(bytes).0.into_owned().into_bytes().into()
}

/// A text up to the end of its last separator.
fn without_last_word(text: &[u8]) -> &[u8] {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let end = text.iter().rposition(|byte| !is_word(byte)).map_or(0, |at| at + 1);
    &text[..end]
}

/// Reads until a buffer is full or the stream ends; returns the number of bytes.
fn fill(stream: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match stream.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;
    use rusqlite::Connection;

    fn database(sql: &str) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x");
        Connection::open(&file).unwrap().execute_batch(sql).unwrap();
        std::fs::read(file).unwrap()
    }

    fn texts(bytes: &[u8]) -> (Vec<(i64, String)>, Summary) {
        let mut texts = Vec::new();
        let mut take = |value: Value<'_>| {
            if value.is_text {
                texts.push((value.rowid, String::from_utf8_lossy(value.bytes).into_owned()));
            }
        };
        let summary = read(&mut &*bytes, &AtomicBool::new(false), &mut take);
        (texts, summary)
    }

    const ROWS: &str = "CREATE TABLE t (n INTEGER, a TEXT, b TEXT);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
        INSERT INTO t SELECT i, 'a' || i, printf('%.*c', i % 90, 'b') FROM n;";

    #[test]
    fn every_text_of_every_row_is_read_at_any_page_size_and_in_any_encoding() {
        for (page_bytes, encoding) in
            [(512, "UTF-8"), (4_096, "UTF-16le"), (8_192, "UTF-16be"), (65_536, "UTF-8")]
        {
            let sql =
                format!("PRAGMA page_size={page_bytes}; PRAGMA encoding='{encoding}'; {ROWS}");
            let (texts, summary) = texts(&database(&sql));
            assert_eq!((summary.lost.count, summary.cut_rows), (0, 0), "{summary:?}");
            assert_eq!(summary.refused, None);
            for i in [1, 2_500, 5_000] {
                assert!(texts.contains(&(i, format!("a{i}"))), "{page_bytes} {encoding} {i}");
            }
            assert_eq!(texts.iter().filter(|(_, text)| text.starts_with('a')).count(), 5_000);
        }
    }

    #[test]
    fn a_row_that_continues_on_other_pages_is_read_to_the_end_of_its_page_and_counted() {
        let sql = "CREATE TABLE t (a TEXT, b TEXT, c TEXT);
            INSERT INTO t VALUES ('first', printf('%.*c', 100000, 'x '), 'last'), ('a', 'b', 'c');";
        let (texts, summary) = texts(&database(sql));
        assert_eq!((summary.cut_rows, summary.lost.count), (1, 0));
        assert!(texts.contains(&(1, "first".into())) && texts.contains(&(2, "c".into())));
        assert!(!texts.contains(&(1, "last".into())));
    }

    #[test]
    fn a_column_about_people_refuses_the_database_wherever_its_table_stands() {
        let many: Vec<String> = (0..400).map(|i| format!("CREATE TABLE t{i} (a TEXT);")).collect();
        let many = many.concat();
        for sql in [
            format!("CREATE TABLE p (x TEXT, \"owner_id\" TEXT);{ROWS}"),
            format!("{many}{ROWS}CREATE TABLE p (added_by_id TEXT);"),
            format!("CREATE TABLE q (x TEXT); CREATE VIEW p AS SELECT x AS owner_id FROM q;{ROWS}"),
        ] {
            let (_, summary) = texts(&database(&sql));
            assert!(matches!(summary.refused, Some(Refused::Personal(c)) if c.starts_with("p.")));
        }
        let (_, summary) = texts(&database(&format!("{many}{ROWS}")));
        assert_eq!(summary.refused, None);
    }

    #[test]
    fn a_database_whose_schema_cannot_be_read_is_refused() {
        let whole = database(ROWS);
        let mut bytes = whole.clone();
        bytes[100..4_096].fill(0x5a);
        assert!(matches!(texts(&bytes).1.refused, Some(Refused::NoSchema(_))));
        assert!(matches!(texts(&whole[..3_000]).1.refused, Some(Refused::NoSchema(_))));
        assert!(matches!(texts(b"SQLite format 3\0").1.refused, Some(Refused::NoSchema(_))));
        let long = format!("CREATE TABLE t (a TEXT /* {} */)", "x".repeat(9_000));
        assert_eq!(texts(&database(&long)).1.refused, Some(Refused::ScatteredSchema));
        let cut = texts(&whole[..whole.len() / 2]).1;
        assert_eq!((cut.refused, cut.lost.count), (None, 1));
    }

    #[test]
    fn any_bytes_can_be_read_without_a_panic() {
        let whole = database(&format!("PRAGMA page_size=512;{ROWS}"));
        let mut dice = Dice::new(1);
        for _ in 0..300 {
            let mut bytes = whole.clone();
            for _ in 0..40 {
                let at = dice.below(bytes.len());
                bytes[at] = dice.below(256) as u8;
            }
            texts(&bytes);
        }
    }
}
