//! Archives, compressed files and tables.
//!
//! | file | its one responsibility |
//! |---|---|
//! | `traversal` | through a file on disk, container in container |
//! | `open` | from the kind of a container to its reader |
//! | `limits` | what reading a file has cost so far |
//! | `rows` | failures in words |
//! | `tar`, `zip`, `sevenz`, `parquet/`, `arrow/` | the reader of one kind of container each |
//! | `group` | members of a tar file that belong together |
//! | `columns` | which columns of a table hold sound, name it or describe it |
//! | `table` | what Parquet and Arrow tables share |
//! | `texts` | the columns of text of a table |

mod arrow;
mod columns;
mod group;
mod limits;
mod open;
mod parquet;
mod rows;
pub(super) mod sevenz;
mod table;
mod tar;
mod texts;
mod traversal;
pub(super) mod zip;

pub(crate) use table::Value;
pub(crate) use texts::{is_table, texts};

use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::ControlFlow;

use self::traversal::Unpacker;
use super::section::{Reading, Section, SectionEnd};
use super::{Item, ScanLimits, Visit};
use crate::bytes::{Budget, Bytes, Reader};
use crate::sniff::container::{ContainerKind, HEAD_BYTES};

/// Shows what is in a file on disk that is a container.
pub(super) fn show(
    limits: ScanLimits,
    budget: &Budget,
    kind: ContainerKind,
    file: Item,
    visit: &mut dyn Visit,
) -> ControlFlow<()> {
    Unpacker::new(limits, budget.clone(), &file, visit, open::open).file(kind, file.bytes)
}

/// Shows what is in one section of a file on disk that is a container, or what is said last of one whose sections were read.
pub(super) fn show_section(
    limits: ScanLimits,
    budget: &Budget,
    kind: ContainerKind,
    file: Item,
    reading: Reading,
    visit: &mut dyn Visit,
) -> (ControlFlow<()>, SectionEnd) {
    let unpacker = Unpacker::new(limits, budget.clone(), &file, visit, open::open);
    let mut unpacker = unpacker.reading(reading);
    let flow = unpacker.file(kind, file.bytes);
    (flow, unpacker.into_section_end())
}

/// Cuts a container into sections of some `target` bytes: each with its length in bytes. Empty if it is read as one: it comes
/// as a stream, it is short, or it cannot be read.
pub(super) fn sections(
    limits: ScanLimits,
    kind: ContainerKind,
    bytes: &Bytes,
    whole: u64,
    target: u64,
) -> Vec<(Section, u64)> {
    let cuts = match kind {
        ContainerKind::Tar => tar::cuts(bytes, target),
        ContainerKind::Zip => zip::cuts(bytes, target),
        ContainerKind::Parquet => parquet::cuts(bytes, limits, target),
        _ => Vec::new(),
    };
    if cuts.is_empty() {
        return Vec::new();
    }
    let (mut from, mut left) = (0, whole);
    let mut sections = Vec::with_capacity(cuts.len() + 1);
    for (to, weight) in cuts {
        sections.push((Section { from, to }, weight));
        left = left.saturating_sub(weight);
        from = to;
    }
    sections.push((Section { from, to: u64::MAX }, left));
    sections
}

/// The kind of container that a file is; `None` if it is none or cannot be read.
pub(super) fn container_kind(item: &Item) -> Option<ContainerKind> {
    let head = item.bytes.head(HEAD_BYTES as u64).ok()?;
    ContainerKind::of(&head).or_else(|| {
        let file = item.bytes.open_seekable().ok()??;
        is_disc(file).then_some(DISC)
    })
}

/// An image of a disc. Its magic number lies beyond the bytes that tell other containers, behind the boot sector.
const DISC: ContainerKind =
    ContainerKind::Unread("an image of a disc (ISO 9660)", "unpack it and scan the folder");

/// Byte position of the magic number of ISO 9660: behind a type byte in sector 16 of 2,048 bytes (ECMA-119).
const DISC_MARK: u64 = 16 * 2_048 + 1;

fn is_disc(mut file: Reader) -> bool {
    let mut mark = [0; 5];
    file.length() > DISC_MARK + 5
        && file.seek(SeekFrom::Start(DISC_MARK)).is_ok()
        && file.read_exact(&mut mark).is_ok()
        && mark == *b"CD001"
}
