//! The pages of an SQLite database as they come, for one that is too long to be held: a stream that is read once, in the memory
//! of one page.
//!
//! The grammar is <https://www.sqlite.org/fileformat2.html>. Bytes are big-endian, a varint has seven bits a byte and nine bytes
//! at most.
//!
//! ```text
//! file    page, page, …; the first begins with the header of 100 bytes, which counts as a part of it
//! header  "SQLite format 3\0", 16: bytes of a page (1 means 65,536), 20: bytes that are kept free at the end of each,
//!         24: count of changes, 28: pages, right if 92 has the count of changes, 56: encoding of texts (2, 3: UTF-16)
//! page    a kind: 0x0d a leaf of a table, 0x05 what leads to leaves; then, of a leaf, 3: cells, 8: where each cell is
//! cell    varint: bytes of the record, varint: rowid, the record as far as it lies here, the number of the page that it goes on in
//! record  varint: bytes of its header, varints: kinds of its values, the values
//! ```
//!
//! Leaves say not whose they are: a row has no name of a table or a column here. Those of `sqlite_schema` are known by what they
//! say, and by the way from page 1. Rows that were deleted may lie in pages that are free: they count as rows, since
//! whoever has the file has them. Tables without rowid lie in the pages of indexes, which are not read.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::base::Losses;
use crate::identifier::personal_word;
use crate::sniff::SQLITE_MAGIC;

/// What a database begins with.
pub(super) const HEADER_BYTES: usize = 100;
const LEAF: u8 = 0x0d;
const INTERIOR: u8 = 0x05;
/// Pages of the schema that are kept in mind.
const MAX_SCHEMA_PAGES: usize = 100_000;
/// Values of a row of `sqlite_schema`: type, name, table, page, SQL.
const SCHEMA_VALUES: usize = 5;

/// What is missing of a database of so many bytes, by its header: SQLite takes what is missing of a page for zeros.
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
    /// Text in UTF-8, or bytes.
    pub(super) bytes: &'a [u8],
    pub(super) is_text: bool,
}

/// What came of reading.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub(super) lost: Losses,
    /// Rows that go on in other pages, where they are not read.
    pub(super) cut_rows: u64,
    /// A table is made without rowid.
    pub(super) has_unread_tables: bool,
    /// Why nothing of it counts.
    pub(super) refused: Option<Refused>,
    pub(super) is_cancelled: bool,
}

/// Why nothing that was read counts.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It holds personal data: which column says so.
    Personal(String),
    /// The schema cannot be read, so nobody knows whether it does.
    NoSchema(String),
    /// The schema cannot be read in this way.
    ScatteredSchema,
}

/// Reads to the end, or until it is refused.
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
        let why = summary.lost.first().unwrap_or("it ends before");
        summary.refused = Some(Refused::NoSchema(format!("page {missing} of its schema: {why}")));
    }
    summary
}

struct Reading<'a> {
    summary: Summary,
    /// Pages of the schema that are still to come.
    schema: BTreeSet<u64>,
    take: &'a mut dyn FnMut(Value<'_>),
}

/// What the header says.
struct Layout {
    page_bytes: usize,
    /// Bytes of a page without those that are kept free.
    usable: usize,
    encoding: &'static Encoding,
    /// Pages, if it can be believed.
    pages: Option<u64>,
}

impl Layout {
    fn of(header: &[u8; HEADER_BYTES]) -> Option<Self> {
        let four = |at: usize| number(header, at, 4).unwrap_or(0);
        let page_bytes = match number(header, 16, 2)? {
            1 => 65_536,
            bytes => bytes as usize,
        };
        let is_right = page_bytes.is_power_of_two() && (512..=65_536).contains(&page_bytes);
        let usable = page_bytes.checked_sub(usize::from(header[20]))?;
        let encoding = match four(56) {
            2 => UTF_16LE,
            3 => UTF_16BE,
            _ => UTF_8,
        };
        let pages = Some(four(28)).filter(|&pages| pages > 0 && four(24) == four(92));
        (is_right && usable >= 480 && header.starts_with(&SQLITE_MAGIC)).then_some(Self {
            page_bytes,
            usable,
            encoding,
            pages,
        })
    }
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
            return self.summary.lost.add("its header is none of a database");
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
            Some(&INTERIOR) if is_schema => self.lead(number, page, head),
            _ if is_schema => Err("it is none of a table; it is encrypted or damaged"),
            // Indexes, what is free, what others go on in.
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

    /// A page that leads to others of the schema.
    fn lead(&mut self, number: u64, page: &[u8], head: usize) -> Result<(), &'static str> {
        let cells = self::number(page, head + 3, 2).ok_or(CUT)?;
        let mut pages = vec![self::number(page, head + 8, 4).ok_or(CUT)?];
        for cell in 0..cells as usize {
            let at = self::number(page, head + 12 + 2 * cell, 2).ok_or(CUT)?;
            pages.push(self::number(page, at as usize, 4).ok_or(CUT)?);
        }
        if self.schema.len() + pages.len() > MAX_SCHEMA_PAGES {
            return Err("it leads to more pages than can be kept in mind");
        }
        // A page that has passed was read as any other.
        self.schema.extend(pages.into_iter().filter(|&page| page > number));
        Ok(())
    }

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
                broken = Some("a row of it lies beyond its end");
                continue;
            };
            // Rows do not lie over each other: those that do would be read a thousand times.
            room = room.checked_sub(row.record.len()).ok_or("its rows lie over each other")?;
            if self.row(number, &row, layout).is_none() {
                broken = Some("a row of it is none");
            }
            if self.summary.refused.is_some() {
                return Ok(());
            }
        }
        broken.map_or(Ok(()), Err)
    }

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
                // The last word of what is cut is not what it looks like.
                let bytes = if is_whole { &*text } else { without_last_word(&text) };
                (self.take)(Value { page, rowid: row.id, bytes, is_text });
            } else if kind >= 12 && is_whole {
                (self.take)(Value { page, rowid: row.id, bytes, is_text });
            }
        }
        self.schema_row(schema, row.is_cut, layout.encoding);
        Some(())
    }

    /// Looks at what makes a table, if a row does.
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

const CUT: &str = "it ends before its rows do";

/// A row, as far as it lies on its page.
struct Row<'a> {
    id: i64,
    record: &'a [u8],
    is_cut: bool,
}

impl<'a> Row<'a> {
    fn of(cell: &'a [u8], usable: usize) -> Option<Self> {
        let (record_bytes, first) = varint(cell)?;
        let (id, second) = varint(&cell[first..])?;
        // The bytes that lie here, as the format has it.
        let (most, usable) = (usable as u64 - 35, usable as u64);
        let least = (usable - 12) * 32 / 255 - 23;
        let here = if record_bytes <= most {
            record_bytes
        } else {
            let fitting = least + (record_bytes - least) % (usable - 4);
            if fitting <= most { fitting } else { least }
        };
        let record = cell.get(first + second..)?.get(..usize::try_from(here).ok()?)?;
        Some(Self { id: id as i64, record, is_cut: record_bytes > most })
    }
}

/// The bytes of a value of a kind.
fn value_bytes(kind: u64) -> Option<usize> {
    Some(match kind {
        0 | 8 | 9 => 0,
        1..=4 => kind as usize,
        5 => 6,
        6 | 7 => 8,
        10 | 11 => return None,
        _ => usize::try_from((kind - 12) / 2).ok()?,
    })
}

/// A varint, and its length.
fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut number = 0_u64;
    for (at, &byte) in bytes.iter().take(9).enumerate() {
        if at == 8 {
            return Some((number << 8 | u64::from(byte), 9));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number, at + 1));
        }
    }
    None
}

/// A number of some bytes.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(length)?)?;
    Some(bytes.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
}

fn utf8<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> std::borrow::Cow<'a, [u8]> {
    if encoding == UTF_8 {
        return bytes.into();
    }
    encoding.decode_without_bom_handling(bytes).0.into_owned().into_bytes().into()
}

fn without_last_word(text: &[u8]) -> &[u8] {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let end = text.iter().rposition(|byte| !is_word(byte)).map_or(0, |at| at + 1);
    &text[..end]
}

/// Fills a buffer as far as a stream goes.
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
    fn what_goes_on_in_other_pages_is_read_as_far_as_it_lies_here_and_counted() {
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
    fn a_schema_that_cannot_be_read_counts_for_nothing() {
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
    fn any_bytes_are_read_or_lost() {
        let whole = database(&format!("PRAGMA page_size=512;{ROWS}"));
        let mut dice = 1_u64;
        for _ in 0..300 {
            let mut bytes = whole.clone();
            for _ in 0..40 {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99);
                let at = (dice >> 33) as usize % bytes.len();
                bytes[at] = (dice >> 20) as u8;
            }
            texts(&bytes);
        }
    }
}
