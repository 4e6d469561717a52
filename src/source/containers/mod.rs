//! Archives, compressed files and tables.
//!
//! | file | its one responsibility |
//! |---|---|
//! | `traversal/` | through a file on disk, container in container |
//! | `parts` | what it and the readers hand each other |
//! | `open` | from the kind of a container to its reader |
//! | `limits` | what reading a file has cost so far |
//! | `rows` | failures in words |
//! | `behind` | archives behind a program or a picture |
//! | `front` | containers whose members follow each other |
//! | `stretches` | several stretches of a container in a row |
//! | `fields` | fields of headers |
//! | `sum` | lengths and checksums that headers state |
//! | `tar`, `zip/`, `sevenz`, `rar/`, `cpio`, `ar`, `disc`, `cab`, `warc`, `parquet/`, `arrow/` | the reader of one kind of container each |
//! | `encoded` | sound in Base64, in cells and texts |
//! | `json`, `json_numbers`, `json_shortened` | samples in JSON |
//! | `npy`, `npy_header` | NumPy arrays of samples |
//! | `held` | members of a folder that are read together: segments of streams, volumes of RAR archives |
//! | `group` | members of a tar file that belong together |
//! | `columns` | which columns of a table hold sound, name it or describe it |
//! | `column_leaf`, `column_names`, `column_unread` | a column, the names in use, and columns that are not read |
//! | `table` | what Parquet and Arrow tables share |
//! | `samples` | samples as WAV files |
//! | `text` | a text with sound in it |
//! | `in_text` | whether a text is one |
//! | `texts` | the columns of text of a table |

mod ar;
mod arrow;
mod behind;
pub(super) mod cab;
mod cab_folder;
mod column_leaf;
mod column_names;
mod column_unread;
mod columns;
mod cpio;
pub(super) mod disc;
mod disc_record;
mod encoded;
mod fields;
mod front;
mod group;
mod held;
mod in_text;
mod json;
mod json_numbers;
mod json_shortened;
mod limits;
mod npy;
mod npy_header;
mod open;
mod parquet;
mod parts;
pub(super) mod rar;
mod rows;
mod samples;
pub(super) mod sevenz;
mod stretches;
mod sum;
mod table;
mod tar;
mod tar_sparse;
mod text;
mod texts;
mod traversal;
mod warc;
pub(super) mod zip;

pub use rar::{set_unpacker, unpack_rar};

pub(super) use held::may_be_part;
pub(super) use in_text::IsOver;
pub(super) use npy::json_beside;
pub(crate) use table::Value;
pub(crate) use texts::{is_table, texts};

use std::ops::ControlFlow;

use self::traversal::Unpacker;
use super::section::{Reading, Section, SectionEnd};
use super::{Item, ScanLimits, Visit};
use crate::bytes::{Budget, Bytes};
use crate::sniff::container::{ContainerKind, HEAD_BYTES};
use crate::sniff::is_text;

/// Shows what is in a file on disk that is a container; `bytes` are those of the container.
pub(super) fn show(
    limits: ScanLimits,
    budget: &Budget,
    kind: ContainerKind,
    bytes: Bytes,
    file: &Item,
    visit: &mut dyn Visit,
) -> ControlFlow<()> {
    Unpacker::new(limits, budget.clone(), file, visit, open::open).file(kind, bytes)
}

/// Shows what is in one section of a file on disk that is a container, or what is said last of one whose sections were read; `bytes`
/// are those of the container.
pub(super) fn show_section(
    limits: ScanLimits,
    budget: &Budget,
    kind: ContainerKind,
    (bytes, file): (Bytes, &Item),
    reading: Reading,
    visit: &mut dyn Visit,
) -> (ControlFlow<()>, SectionEnd) {
    let unpacker = Unpacker::new(limits, budget.clone(), file, visit, open::open);
    let mut unpacker = unpacker.reading(reading);
    let flow = unpacker.file(kind, bytes);
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

/// The kind of container that a file is, and the container's bytes: they may begin behind a program or a picture. `None` if it is none
/// or cannot be read. A text is read to its end, or to the first sound in it; if the walk ends before, the answer means nothing.
pub(super) fn container_in(item: &Item, is_over: IsOver<'_>) -> Option<(ContainerKind, Bytes)> {
    let head = item.bytes.head(HEAD_BYTES as u64).ok()?;
    if is_text(&head) && in_text::has_sound(&item.bytes, &head, is_over) {
        return Some((ContainerKind::Text, item.bytes.clone()));
    }
    container_begun(item)
}

/// The same by what tells a kind, at the front and the end: of texts nothing is known yet.
pub(super) fn container_begun(item: &Item) -> Option<(ContainerKind, Bytes)> {
    let head = item.bytes.head(HEAD_BYTES as u64).ok()?;
    if let Some(kind) = ContainerKind::of(&head) {
        return Some((kind, item.bytes.clone()));
    }
    if behind::is_disc(&item.bytes).ok()? {
        return Some((ContainerKind::Disc, item.bytes.clone()));
    }
    behind::archive(&head, &item.bytes).ok()?
}
