//! The log beside an SQLite database: rows in a write-ahead log that are not yet in the database, and a transaction of a hot rollback
//! journal that is to be undone.
//!
//! SQLite reads both, on copies: it would write beside the originals. What the database alone names is left to its own record.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use rusqlite::{Connection, OpenFlags};

use super::database::{self, Unread};
use super::document::Read;
use super::{Claims, Identifiers};
use crate::bytes::Bytes;
use crate::sniff::{JOURNAL_MAGIC, LogKind, is_database};
use crate::source::Item;
use crate::storage;

/// Most bytes of a database and its log that are copied. A guess.
const MAX_COPIED_BYTES: u64 = 1 << 30;
/// Bytes of a database or log by which it is recognised.
const HEAD_BYTES: u64 = 16;

impl Identifiers {
    /// Looks up the identifiers that a log adds to its database.
    pub(super) fn in_log(
        &self,
        item: &Item,
        kind: LogKind,
        claims: &mut Claims,
        notes: &mut Vec<String>,
        cancel: &AtomicBool,
    ) -> Read {
        let Some((log, database)) = beside(item, kind) else {
            return Read::Apart(format!("is {} without its database beside it", kind.in_words()));
        };
        let bytes = [&log, &database].map(|path| storage::metadata(path).map_or(0, |of| of.bytes));
        if bytes.iter().sum::<u64>() > MAX_COPIED_BYTES {
            return Read::Apart(format!(
                "is {} that is with its database longer than the {} MiB that are copied to read them",
                kind.in_words(),
                MAX_COPIED_BYTES >> 20
            ));
        }
        let read = self.in_copies((&log, &database), kind, claims, notes, cancel);
        let read = read.unwrap_or_else(Read::Broken);
        if matches!(read, Read::Cancelled | Read::Personal(_)) {
            return read;
        }
        let mut alone = Claims::default();
        let of_database =
            Item { size_bytes: bytes[1], bytes: Bytes::from(database.as_path()), ..item.clone() };
        if self.in_database(&of_database, &mut alone, &mut Vec::new(), cancel) == Read::Cancelled {
            return Read::Cancelled;
        }
        claims.leave_out(&alone);
        read
    }

    fn in_copies(
        &self,
        (log, database): (&Path, &Path),
        kind: LogKind,
        claims: &mut Claims,
        notes: &mut Vec<String>,
        cancel: &AtomicBool,
    ) -> Result<Read, String> {
        let failed = |error: io::Error| format!("its copy could not be made: {error}");
        let folder = tempfile::tempdir().map_err(failed)?;
        let copied = folder.path().join("database");
        let log_copied = folder.path().join(format!("database{}", kind.ending()));
        copy(database, &copied).map_err(failed)?;
        copy(log, &log_copied).map_err(failed)?;
        if kind == LogKind::Rollback && is_of_several(&log_copied).map_err(failed)? {
            // SQLite would look for the file that it names, and might delete it.
            return Err("it is of a transaction over several databases".to_owned());
        }
        let length =
            copied.metadata().map_err(failed)?.len() + log_copied.metadata().map_err(failed)?.len();
        let told = |error: rusqlite::Error| error.to_string();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let database = Connection::open_with_flags(&copied, flags).map_err(told)?;
        let (tables, lost) = match database::schema(&database).map_err(told)? {
            Ok(schema) => schema,
            Err(column) => return Ok(Read::Personal(column)),
        };
        let mut unread = Unread { lost, ..Unread::default() };
        let most_rows = length / database::MIN_ROW_BYTES;
        let flow = self.in_tables(&database, &tables, most_rows, &mut unread, claims, cancel);
        Ok(if flow.is_break() { Read::Cancelled } else { unread.end(notes) })
    }
}

/// The paths of a log and of the database beside it.
fn beside(item: &Item, kind: LogKind) -> Option<(PathBuf, PathBuf)> {
    let Bytes::File(log) = &item.bytes else { return None };
    let name = log.file_name()?.to_str()?;
    let database = log.with_file_name(name.strip_suffix(kind.ending())?);
    storage::plain_file(&database)?;
    let head = Bytes::from(database.as_path()).head(HEAD_BYTES).ok()?;
    is_database(&head).then(|| (log.clone(), database))
}

/// Copies the bytes of a file, at most as many as are allowed. Its permissions are not copied: SQLite has to write.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    io::copy(&mut storage::open(from)?.take(MAX_COPIED_BYTES), &mut File::create_new(to)?)?;
    Ok(())
}

/// Whether a journal ends with the name of that of a transaction over several databases.
fn is_of_several(journal: &Path) -> io::Result<bool> {
    let mut file = File::open(journal)?;
    let length = file.metadata()?.len();
    let mut end = Vec::new();
    file.seek(SeekFrom::Start(length.saturating_sub(JOURNAL_MAGIC.len() as u64)))?;
    file.read_to_end(&mut end)?;
    Ok(end == JOURNAL_MAGIC)
}
