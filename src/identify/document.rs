//! Documents: texts, tables and databases that may name recordings.
//!
//! Texts are read as streams, of tables (Parquet, Arrow) the columns of text. A database or text with columns about listeners
//! is refused.

use std::io::{self, Read as _};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use super::utf16::{ToUtf8, encoding};
use super::{Claims, Identifiers};
use crate::base::Losses;
use crate::base::panic_message;
use crate::bytes::Bytes;
use crate::identifier::{PERSONAL, Tokens, personal};
use crate::sniff::{LogKind, is_database, log_kind};
use crate::source::{Item, Value, is_table, texts};

/// Bytes at the front of a text that are searched for such columns. A guess.
const HEAD_BYTES: u64 = 64 << 10;
/// Values, or rows, between two looks at the flag that stops the scan. A guess.
pub(super) const ROWS: u64 = 10_000;

/// How the reading of a document ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// The document was read to its end.
    Whole,
    /// It was refused for this column of personal data.
    Personal(String),
    /// It has to be unpacked before it can be read, for this reason.
    Packed(String),
    /// It is of no use without another file that is not beside it, for this reason.
    Apart(String),
    /// Parts of it could not be read, for this reason.
    Broken(String),
    /// `cancel` was set.
    Cancelled,
}

impl Identifiers {
    /// Looks up the identifiers in a document. `notes` gets what a person should know about the reading.
    pub(crate) fn in_document(
        &self,
        item: &Item,
        claims: &mut Claims,
        notes: &mut Vec<String>,
        cancel: &AtomicBool,
    ) -> Read {
        let read = if begins_as_database(&item.bytes) {
            self.in_database(item, claims, notes, cancel)
        } else if let Some(kind) = log_of(&item.bytes) {
            self.in_log(item, kind, claims, notes, cancel)
        } else if is_table(&item.bytes) {
            self.in_columns(&item.bytes, claims, notes, cancel)
        } else {
            let read = self.in_stream(&item.bytes, claims, cancel);
            read.unwrap_or_else(|error| Read::Broken(error.to_string()))
        };
        if matches!(read, Read::Personal(_)) {
            *claims = Claims::default();
        }
        read
    }

    /// Looks up the identifiers in the columns of text of a table.
    fn in_columns(
        &self,
        bytes: &Bytes,
        claims: &mut Claims,
        notes: &mut Vec<String>,
        cancel: &AtomicBool,
    ) -> Read {
        let mut count = 0_u64;
        let mut cancelled = false;
        let mut each = |value: Value<'_>| {
            count += 1;
            cancelled = count.is_multiple_of(ROWS) && cancel.load(Ordering::Relaxed);
            let Value { group, row, column, text } = value;
            self.in_words(text, || format!("row {row} of group {group}, {column}"), claims);
            if cancelled { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let mut lost = Losses::default();
        // The reader of tables may panic at a damaged one.
        let read = catch_unwind(AssertUnwindSafe(|| texts(bytes, &mut lost, &mut each)));
        let read =
            read.unwrap_or_else(|panic| Err(io::Error::other(panic_message(panic.as_ref()))));
        if let Err(error) = read {
            lost.add(error.to_string());
        }
        notes.extend(lost.unread.take().map(|unread| format!("it {unread}")));
        match lost.told("parts") {
            _ if cancelled => Read::Cancelled,
            Some(told) => Read::Broken(told),
            None => Read::Whole,
        }
    }

    /// Looks up the identifiers in a text, which is read as a stream.
    fn in_stream(
        &self,
        bytes: &Bytes,
        claims: &mut Claims,
        cancel: &AtomicBool,
    ) -> io::Result<Read> {
        let mut reader = bytes.stream()?;
        let mut head = Vec::new();
        let read = (&mut reader).take(HEAD_BYTES).read_to_end(&mut head);
        let mut utf16 = encoding(&head).map(ToUtf8::new);
        if let Some(utf16) = &mut utf16 {
            let packed = std::mem::take(&mut head);
            utf16.feed(&packed, &mut |text| head.extend_from_slice(text));
        }
        if let Some(key) = personal_key(&head) {
            return Ok(Read::Personal(key.to_owned()));
        }
        let mut words = Tokens::default();
        let mut take = |identifier, line| claims.take(self, identifier, || format!("line {line}"));
        words.feed(&head, &mut take);
        drop(head);
        let mut ended = read.map(|_| ());
        let mut block = vec![0; 1 << 17];
        while ended.is_ok() {
            if cancel.load(Ordering::Relaxed) {
                return Ok(Read::Cancelled);
            }
            match (reader.read(&mut block), &mut utf16) {
                (Ok(0), _) => break,
                (Ok(read), None) => words.feed(&block[..read], &mut take),
                (Ok(read), Some(utf16)) => {
                    utf16.feed(&block[..read], &mut |text| words.feed(text, &mut take));
                }
                (Err(error), _) if error.kind() == io::ErrorKind::Interrupted => {}
                (Err(error), _) => ended = Err(error),
            }
        }
        words.finish(&mut take);
        ended.map(|()| Read::Whole)
    }

    /// Looks up the identifiers in one value.
    pub(super) fn in_words(&self, text: &[u8], place: impl Fn() -> String, claims: &mut Claims) {
        let mut words = Tokens::default();
        let mut take = |identifier, _| claims.take(self, identifier, &place);
        words.feed(text, &mut take);
        words.finish(&mut take);
    }
}

/// The kind of log of an SQLite database that bytes begin as.
fn log_of(bytes: &Bytes) -> Option<LogKind> {
    log_kind(&bytes.head(16).ok()?)
}

/// Whether bytes begin as an SQLite database.
fn begins_as_database(bytes: &Bytes) -> bool {
    bytes.head(16).is_ok_and(|head| is_database(&head))
}

/// The name of a column about people, if the head of a text has it as a JSON key or in the header of a table.
fn personal_key(head: &[u8]) -> Option<&'static str> {
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'');
    let first = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let header = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    let column = |cell: &[u8]| {
        let cell = cell.trim_ascii();
        personal(cell.strip_prefix(b"\"").and_then(|cell| cell.strip_suffix(b"\"")).unwrap_or(cell))
    };
    let columns = header.split(|byte| matches!(byte, b',' | b';' | b'\t' | b'|'));
    columns.into_iter().find_map(column).or_else(|| {
        let quotes = head.iter().enumerate().filter(|(_, byte)| is_quote(byte));
        quotes.into_iter().find_map(|(at, _)| {
            let text = &head[at + 1..];
            let name = PERSONAL.into_iter().find(|name| {
                text.get(..name.len()).is_some_and(|text| text == name.as_bytes())
                    && text.get(name.len()).is_some_and(is_quote)
            })?;
            let behind = text[name.len() + 1..].trim_ascii_start();
            (behind.first() == Some(&b':')).then_some(name)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_headers_about_people_are_known() {
        for text in [
            "{\"id\": 1, \"owner_display_name\" : \"x\"}",
            "[{'added_by_id':3}]",
            "id;owner_id;name\n1;2;3\n",
            "\u{feff}\"added_by\",isrc\n",
            "id\tOwner_ID\r\n",
        ] {
            assert!(personal_key(text.as_bytes()).is_some(), "{text}");
        }
        for text in
            ["", "{\"title\": \"owner_id\"}", "id,isrc\nowner_id,x\n", "{\"owner_ids\":1}", "\""]
        {
            assert_eq!(personal_key(text.as_bytes()), None, "{text}");
        }
    }
}
