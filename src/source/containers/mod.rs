//! Archives, compressed files and tables.
//!
//! | file | its one responsibility |
//! |---|---|
//! | `traversal` | through a file on disk, container in container |
//! | `open` | from the kind of a container to its reader |
//! | `limits` | what reading a file has cost so far |
//! | `rows` | failures in words |
//! | `tar`, `zip`, `sevenz`, `parquet/`, `arrow/` | the reader of one kind of container each |
//! | `encoded` | sound in Base64, in cells and texts |
//! | `json` | samples in JSON |
//! | `npy`, `npy_header` | NumPy arrays of samples |
//! | `group` | members of a tar file that belong together |
//! | `columns` | which columns of a table hold sound, name it or describe it |
//! | `table` | what Parquet and Arrow tables share |
//! | `samples` | samples as WAV files |
//! | `text` | a text with sound in it |
//! | `texts` | the columns of text of a table |

mod arrow;
mod columns;
mod encoded;
mod group;
mod json;
mod limits;
mod npy;
mod npy_header;
mod open;
mod parquet;
mod rows;
mod samples;
pub(super) mod sevenz;
mod table;
mod tar;
mod text;
mod texts;
mod traversal;
pub(super) mod zip;

pub(super) use npy::json_beside;
pub(crate) use table::Value;
pub(crate) use texts::{is_table, texts};

use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::ControlFlow;

use self::traversal::Unpacker;
use super::{Item, ScanLimits, Visit};
use crate::bytes::{Budget, Reader};
use crate::sniff::container::{ContainerKind, HEAD_BYTES};
use crate::sniff::is_text;

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

/// The kind of container that a file is; `None` if it is none or cannot be read.
pub(super) fn container_kind(item: &Item) -> Option<ContainerKind> {
    let head = item.bytes.head(HEAD_BYTES as u64).ok()?;
    if is_text(&head) && traversal::has_sound(&item.bytes) {
        return Some(ContainerKind::Text);
    }
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
