//! Archives, compressed files and tables: the way into them.
//!
//! | file | its one responsibility |
//! |---|---|
//! | `unpack` | container in container, and what they may cost |
//! | `tar`, `zip`, `sevenz`, `parquet/`, `arrow/` | one file or folder a kind |
//! | `group` | members of a tar file that belong together |
//! | `columns`, `table` | what the columns of a table are for; what tables of all formats share |
//! | `texts` | the columns of text of a table |

mod arrow;
mod columns;
mod group;
mod parquet;
mod sevenz;
mod table;
mod tar;
mod texts;
mod unpack;
pub(super) mod zip;

pub(crate) use texts::{Value, is_table, texts};
pub(super) use unpack::Unpacker;

use std::io::{Read as _, Seek as _, SeekFrom};

use super::Item;
use crate::bytes::Reader;
use crate::sniff::container::{ContainerKind, HEAD_BYTES};

/// The container that a file is.
pub(super) fn container_kind(item: &Item) -> Option<ContainerKind> {
    let mut head = Vec::new();
    let mut file = item.bytes.open().ok()?;
    (&mut file).take(HEAD_BYTES as u64).read_to_end(&mut head).ok()?;
    ContainerKind::of(&head).or_else(|| is_disc(file).then_some(DISC))
}

/// An image of a disc, which tells so behind what it boots from.
const DISC: ContainerKind =
    ContainerKind::Unread("an image of a disc (ISO 9660)", "unpack it and scan the folder");

fn is_disc(mut file: Reader) -> bool {
    let mut mark = [0; 5];
    file.length() > 32_774
        && file.seek(SeekFrom::Start(32_769)).is_ok()
        && file.read_exact(&mut mark).is_ok()
        && mark == *b"CD001"
}
