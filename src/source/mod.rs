//! Where items come from: files and folders on disk, and the members of containers among them.
//!
//! A [`Source`] shows items to a [`Visit`]. It reads names, sizes and the bytes that containers are made of, and decodes no
//! sound.
//!
//! | file | its one responsibility |
//! |---|---|
//! | `folder` | files and folders on disk |
//! | `dump` | the same with all containers among them opened |
//! | `locator`, `name` | where an item is, as text and as key |
//! | `find` | from a locator back to its item |
//! | `containers/` | archives, compressed files and tables |
//! | `volumes` | archives that were split into several files |
//! | `volume_names`, `part_names` | how programs name the volumes that they make, and number parts |
//! | `segments`, `segment_files` | streams in segments: which parts belong together; the same on disk |
//! | `sidecar` | metadata beside files: `AudioFolder`, Anna's Archive |
//! | `torrent/` | torrents whose data is on disk |
//! | `limits` | what a container may cost |
//! | `outline`, `listing` | the files of a dump, for a plan |
//! | `span`, `portion` | a part of a dump that is walked by itself |
//! | `section` | a container that is read in sections |

mod containers;
mod dump;
mod find;
mod folder;
mod limits;
mod listing;
mod locator;
mod name;
mod outline;
mod part_names;
mod portion;
mod section;
mod segment_files;
mod segments;
mod sidecar;
mod span;
mod torrent;
mod volume_names;
mod volumes;

pub(crate) use containers::{Value, is_table, texts};
pub use containers::{set_unpacker, unpack_rar};
pub use dump::Dump;
pub use find::{Found, extract, find};
pub use folder::{Folders, Listed, Waits};
pub use limits::ScanLimits;
pub use listing::Listing;
pub use locator::{Extent, Locator, LocatorError, Step, To, key_behind};
pub use name::{display_path, path_key, path_of_key};
pub use outline::{Divided, Outlined};
pub use portion::{Met, Portion, Share};
pub use section::{BrokenGroup, Carried, Section, SectionEnd, TableEnd};
pub use segment_files::volumes_of;
pub use span::Span;
pub use torrent::{Downloads, TorrentFile, TorrentPlace};
pub(crate) use torrent::{is_called_torrent, unreadable as unreadable_torrent};

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use crate::bytes::Bytes;
use crate::record::FailureRecord;

/// Size and time of a file on disk, which tell whether it has changed since it was scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stamp {
    /// Size on disk.
    pub size_bytes: u64,
    /// Last change of the content, in nanoseconds since 1970; or a digest, see [`Stamp::beside`].
    pub modified_ns: i64,
}

impl Stamp {
    /// The stamp of a file.
    pub fn of(metadata: &std::fs::Metadata) -> Self {
        let modified_ns =
            metadata.modified().map_or(0, |time| match time.duration_since(UNIX_EPOCH) {
                Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
                Err(before) => -i64::try_from(before.duration().as_nanos()).unwrap_or(i64::MAX),
            });
        Self { size_bytes: metadata.len(), modified_ns }
    }

    /// The stamp of a file whose record depends on other files: it changes if the digest `others` of these changes. Stamps are
    /// only compared, so the time in it need not be a time any more.
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
    /// Stamp of the file on disk that it is in.
    pub stamp: Stamp,
    /// Kinds of the containers that it lies in, outermost first: `gzip/tar`; empty for a file on disk.
    pub containers: String,
    /// Byte offset in the file on disk, if it is stored there uncompressed.
    pub offset: Option<u64>,
}

impl Place {
    /// The place of a file on disk.
    pub fn of_file(file: impl Into<std::path::PathBuf>, stamp: Stamp) -> Self {
        Self { locator: Locator::of_file(file), stamp, containers: String::new(), offset: Some(0) }
    }
}

/// Something to look at.
#[derive(Debug, Clone)]
pub struct Item {
    /// Where it is.
    pub place: Place,
    /// Its size in bytes; 0 for a compressed text, whose size is only known at its end.
    pub size_bytes: u64,
    /// Its bytes.
    pub bytes: Bytes,
    /// What its container tells about it, one sentence each: a wrong checksum, a missing end.
    pub notes: Vec<String>,
    /// Part of it is missing in its container.
    pub is_damaged: bool,
    /// Text that describes it: the `.json` of the same name in a tar file, the columns of text in its row of a table.
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

    /// A member of a container.
    pub(crate) fn within(place: Place, size_bytes: u64, bytes: Bytes) -> Self {
        let notes = Vec::new();
        Self { place, size_bytes, bytes, notes, is_damaged: false, side_car: None, torrent: None }
    }
}

/// Something that is there but is not an item, such as a broken link. It becomes a row of the results unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlisted {
    /// Where it is.
    pub place: Place,
    /// Its size in bytes, 0 if unknown.
    pub size_bytes: u64,
    /// Why it is not an item.
    pub failure: FailureRecord,
}

/// Takes what a source shows. Methods that return [`ControlFlow::Break`] end the walk.
pub trait Visit {
    /// Whether a file on disk is to be read. False if the results of it and of its members are known already.
    fn wants_file(&mut self, file: &Place) -> bool {
        let _ = file;
        true
    }

    /// Whether a member of a container is wanted, before its bytes are read.
    fn wants(&mut self, place: &Place) -> bool {
        let _ = place;
        true
    }

    /// Whether a container is to be opened.
    fn enters(&mut self, container: &Place) -> bool {
        let _ = container;
        true
    }

    /// How many bytes of an item are needed if it comes as a stream; `None` for all. The rest is only counted.
    fn most_bytes(&self) -> Option<u64> {
        None
    }

    /// Takes an item.
    fn item(&mut self, item: Item) -> ControlFlow<()>;

    /// Takes a row for something that is not an item.
    fn unlisted(&mut self, row: Unlisted) -> ControlFlow<()>;

    /// Whether the walk is to end; asked while the source waits or reads for long.
    fn is_over(&self) -> bool {
        false
    }

    /// Reports that this many more bytes of a container on disk were read.
    fn passed(&mut self, bytes: u64) {
        let _ = bytes;
    }
}

/// A place that items come from.
pub trait Source: Send {
    /// Shows all items and rows to `visit`, in the same order at each call.
    fn walk(&self, visit: &mut dyn Visit) -> ControlFlow<()>;

    /// Calls `each` with the size of each file on disk, without reading any; only for the progress.
    fn sizes(&self, each: &mut dyn FnMut(u64) -> ControlFlow<()>) -> ControlFlow<()> {
        let _ = each;
        ControlFlow::Continue(())
    }
}
