//! What bytes are, told by the first of them; a name is never looked at.
//!
//! | file | its one responsibility |
//! |---|---|
//! | `magic` | the table of magic numbers |
//! | `container` | the kinds of containers, and checks beyond a magic number |
//! | `sound` | the kinds of sound, or what else a file is |
//! | `text` | the kinds of text |
//! | `look` | a description for people, and an estimate of the bit rate |
//! | `arrow` | the first message of an Arrow stream |

pub(crate) mod arrow;
pub(crate) mod container;
mod look;
pub(crate) mod magic;
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

/// Whether something begins as an `SQLite` database does.
pub(crate) fn is_database(head: &[u8]) -> bool {
    head.starts_with(&SQLITE_MAGIC)
}
