//! Where items come from. A source shows them; decoding opens them.
//!
//! It reads names, sizes and the bytes that containers are made of; it decodes no sound.
//!
//! | file | its one responsibility |
//! |---|---|
//! | `folder`, `dump` | files and folders on disk; the same with all containers among them opened |
//! | `locator`, `name` | where an item is, as text and key |
//! | `bytes` | the bytes of an item, and the memory that those in flight may take |
//! | `find`, `survey` | from a locator back to its item; what is in a dump without decoding |
//! | `sidecar` | metadata beside files: `AudioFolder`, containers of Anna's Archive |
//! | `columns`, `table` | what the columns of a table are for; what tables of all formats share |
//! | `texts` | the columns of text of a table |
//! | `volumes` | archives that were cut into several files |
//! | `group` | members of a tar file that belong together |
//! | `torrent` | torrents whose data lies beside them |
//! | `limits` | what a container may cost |
//! | `kind`, `unpack` | which container a file is, by its bytes; the way into it |
//! | `packed`, `tar`, `zip`, `sevenz`, `parquet/`, `arrow/` | one file or folder a kind of container |

mod containers;
mod dump;
mod find;
mod folder;
mod limits;
mod locator;
mod name;
mod sidecar;
mod torrent;
mod volumes;

pub(crate) use containers::{Value, is_table, texts};
pub use dump::Dump;
pub use find::{Found, extract, find};
pub use folder::{Folders, Listed};
pub use limits::ScanLimits;
pub use locator::{Extent, Locator, LocatorError, Step, To, key_behind};
pub use name::{display_path, path_key, path_of_key};
pub use torrent::TorrentFile;
pub(crate) use torrent::{is_called_torrent, unreadable as unreadable_torrent};
pub use volumes::volumes_of;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use crate::bytes::Bytes;
use crate::record::FailureRecord;

/// What tells that a file on disk is the one it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stamp {
    /// Size on disk.
    pub size_bytes: u64,
    /// Last change of the content, in nanoseconds since 1970; see [`Stamp::beside`].
    pub modified_ns: i64,
}

impl Stamp {
    /// That of a file.
    pub fn of(metadata: &std::fs::Metadata) -> Self {
        let modified_ns =
            metadata.modified().map_or(0, |time| match time.duration_since(UNIX_EPOCH) {
                Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
                Err(before) => -i64::try_from(before.duration().as_nanos()).unwrap_or(i64::MAX),
            });
        Self { size_bytes: metadata.len(), modified_ns }
    }

    /// The same for a file of which a record says something that depends on others: it is another one when they are. It is
    /// only ever compared, and so tells no time any more.
    #[must_use]
    pub fn beside(self, others: u64) -> Self {
        Self { modified_ns: self.modified_ns ^ others as i64, ..self }
    }
}

/// A place in a dump: something to look at, or something that could not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where it is.
    pub locator: Locator,
    /// The file on disk that it is in.
    pub stamp: Stamp,
    /// Kinds of the containers that it lies in, outermost first: `gzip/tar`; empty for a file on disk.
    pub containers: String,
    /// Byte offset in the file on disk, if it lies there as it is.
    pub offset: Option<u64>,
}

impl Place {
    /// That of a file on disk.
    pub fn of_file(file: impl Into<std::path::PathBuf>, stamp: Stamp) -> Self {
        Self { locator: Locator::of_file(file), stamp, containers: String::new(), offset: Some(0) }
    }
}

/// Something to look at.
#[derive(Debug, Clone)]
pub struct Item {
    /// Where it is.
    pub place: Place,
    /// Its own size.
    pub size_bytes: u64,
    /// Its bytes.
    pub bytes: Bytes,
    /// What the container has to say of it, one sentence each: a checksum that is wrong, an end that is
    /// missing.
    pub notes: Vec<String>,
    /// Its container does not give all of it.
    pub is_damaged: bool,
    /// What lies beside it and speaks of it: the `.json` of the same name in a tar file.
    pub side_car: Option<Arc<str>>,
    /// The file of a torrent that it is, or that its container on disk is.
    pub torrent: Option<TorrentFile>,
}

impl Item {
    /// A file on disk.
    pub fn of_file(file: impl Into<std::path::PathBuf>, stamp: Stamp) -> Self {
        let file = file.into();
        Self {
            is_damaged: false,
            bytes: Bytes::File(file.clone()),
            place: Place::of_file(file, stamp),
            size_bytes: stamp.size_bytes,
            notes: Vec::new(),
            side_car: None,
            torrent: None,
        }
    }

    /// What lies in a container.
    pub(crate) fn within(place: Place, size_bytes: u64, bytes: Bytes) -> Self {
        let notes = Vec::new();
        Self { place, size_bytes, bytes, notes, is_damaged: false, side_car: None, torrent: None }
    }
}

/// Something that is there but cannot be an item: it becomes a row of the results as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlisted {
    /// Where.
    pub place: Place,
    /// Its own size, 0 if it is not known.
    pub size_bytes: u64,
    /// Why.
    pub failure: FailureRecord,
}

/// Takes what a source shows. Any call may break the walk off.
pub trait Visit {
    /// Whether a file on disk is to be looked into. False if all is known of it, and of what it holds.
    fn wants_file(&mut self, file: &Place) -> bool {
        let _ = file;
        true
    }

    /// Whether something in a container is wanted, before its bytes are read.
    fn wants(&mut self, place: &Place) -> bool {
        let _ = place;
        true
    }

    /// Whether a container is to be opened.
    fn enters(&mut self, container: &Place) -> bool {
        let _ = container;
        true
    }

    /// So many bytes of an item that comes as a stream are enough; `None` for all. The rest is only
    /// counted.
    fn most_bytes(&self) -> Option<u64> {
        None
    }

    /// Takes an item.
    fn item(&mut self, item: Item) -> ControlFlow<()>;

    /// Takes a row.
    fn unlisted(&mut self, row: Unlisted) -> ControlFlow<()>;

    /// Whether the walk is to end, for those who wait or read for long.
    fn is_over(&self) -> bool {
        false
    }

    /// So many more bytes of a container on disk are read.
    fn passed(&mut self, bytes: u64) {
        let _ = bytes;
    }
}

/// A place that items come from.
pub trait Source: Send {
    /// Shows everything to `visit`, in the same order at each call.
    fn walk(&self, visit: &mut dyn Visit) -> ControlFlow<()>;

    /// Tells the size of each file on disk, without looking into any; for the progress alone.
    fn sizes(&self, each: &mut dyn FnMut(u64) -> ControlFlow<()>) -> ControlFlow<()> {
        let _ = each;
        ControlFlow::Continue(())
    }
}
