//! What bytes are, told by the first of them; a name is never looked at.
//!
//! | file | its one responsibility |
//! |---|---|
//! | `magic` | the table of magic numbers |
//! | `container` | the kinds of containers, and checks beyond a magic number |
//! | `sound` | the kinds of sound, or what else a file is |
//! | `text` | the kinds of text |
//! | `look` | a description for people, and an estimate of the bit rate |
//! | `picture` | where a picture ends |
//! | `boxes` | the boxes of MP4 |
//! | `arrow` | the first message of an Arrow stream |

pub(crate) mod arrow;
pub(crate) mod boxes;
pub(crate) mod container;
mod look;
pub(crate) mod magic;
pub(crate) mod picture;
pub(crate) mod sound;
mod text;

pub(crate) use look::look_into;
pub use look::{Look, look_at};
pub(crate) use sound::is_text;

/// Remedy for a file that is neither sound nor a container.
const SKIP: &str = "leave it out of the scan";
/// Remedy for a container.
const UNPACK: &str = "unpack it and scan the folder";
/// Remedy for notes without sound.
const RENDER: &str = "it holds notes, not sound: render it to WAV first";

/// The first bytes of an `SQLite` database.
pub(crate) const SQLITE_MAGIC: [u8; 16] = *b"SQLite format 3\0";

/// The first bytes of a rollback journal of `SQLite` that is not empty.
pub(crate) const JOURNAL_MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

/// The kinds of logs that `SQLite` keeps beside a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogKind {
    /// Pages that are not yet in the database.
    WriteAhead,
    /// Pages as they were before a transaction that has not ended.
    Rollback,
}

impl LogKind {
    /// The end of its name, behind that of the database.
    pub(crate) fn ending(self) -> &'static str {
        match self {
            Self::WriteAhead => "-wal",
            Self::Rollback => "-journal",
        }
    }

    /// What it is, with an article.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::WriteAhead => "the write-ahead log of an SQLite database",
            Self::Rollback => "the rollback journal of an SQLite database",
        }
    }
}

/// The kind of log that something begins as.
pub(crate) fn log_kind(head: &[u8]) -> Option<LogKind> {
    match head {
        [0x37, 0x7f, 0x06, 0x82 | 0x83, ..] => Some(LogKind::WriteAhead),
        _ if head.starts_with(&JOURNAL_MAGIC) => Some(LogKind::Rollback),
        _ => None,
    }
}

/// Whether something begins as an `SQLite` database does.
pub(crate) fn is_database(head: &[u8]) -> bool {
    head.starts_with(&SQLITE_MAGIC)
}
