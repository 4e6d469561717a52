//! What bytes are, told by the first of them; a name is never looked at.
//!
//! | file | its one responsibility |
//! |---|---|
//! | `container` | which container it is |
//! | `sound` | which kind of sound, or what else |
//! | `look` | the same in words, for people |
//! | `arrow` | the begin of a stream of Arrow |

pub(crate) mod arrow;
pub(crate) mod container;
mod look;
pub(crate) mod sound;

pub use look::{Look, look_into};
pub(crate) use sound::is_text;

/// The first bytes of an `SQLite` database.
pub(crate) const SQLITE_MAGIC: [u8; 16] = *b"SQLite format 3\0";

/// Whether something begins as an `SQLite` database does.
pub(crate) fn is_database(head: &[u8]) -> bool {
    head.starts_with(&SQLITE_MAGIC)
}
