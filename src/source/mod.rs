//! Where items come from. A source lists them; decoding opens them.
//!
//! It reads names and sizes, never audio.

mod folder;
mod name;

pub use folder::Folders;
pub use name::{display_path, path_key, path_of_key};

use std::path::PathBuf;

use crate::record::FailureRecord;

/// A file to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Absolute path.
    pub path: PathBuf,
    /// Size on disk.
    pub size_bytes: u64,
    /// Last change of the content, in nanoseconds since 1970; with the size it tells an unchanged
    /// file.
    pub modified_ns: i64,
}

/// Something that is listed but cannot be an item: it becomes a row of the results as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlisted {
    /// Absolute path.
    pub path: PathBuf,
    /// Why.
    pub failure: FailureRecord,
}

/// A place that items come from.
pub trait Source: Send {
    /// The items, in the same order at each call.
    fn items(&self) -> Box<dyn Iterator<Item = Result<Item, Unlisted>> + Send + '_>;
}
