//! The names of the chapters of a Matroska file. Symphonia 0.6.1 hands on those of one edition only, and of none without an id.

use std::io;

use memchr::memmem::Finder;

use super::{Embedded, MAX_TEXT_BYTES, MAX_XMP_AWAY, at};
use crate::bytes::Reader;
use crate::decode::ebml::Element;

const CHAPTERS: [u8; 4] = [0x10, 0x43, 0xa7, 0x70];
/// Elements that hold others: an edition, a chapter, what is shown of it.
const MASTERS: [u32; 3] = [0x45b9, 0xb6, 0x80];
/// The name that is shown.
const NAME: u32 = 0x85;
/// Most elements in elements: chapters may have chapters. A guess.
const MAX_DEPTH: usize = 12;

/// Reads the names of the chapters, which stand before the sound or at the end of the file.
pub(super) fn chapters(file: &mut Reader, base: u64, found: &mut Embedded) -> io::Result<()> {
    let finder = Finder::new(&CHAPTERS);
    let back = file.length().saturating_sub(MAX_XMP_AWAY).max(base + MAX_XMP_AWAY);
    for from in [base, back] {
        let bytes = at(file, from, MAX_XMP_AWAY)?;
        for place in finder.find_iter(&bytes).take(4) {
            let content = at(file, from + place as u64, MAX_TEXT_BYTES)?;
            if let Some((_, content, _)) = element(&content) {
                names(content, found, 0);
            }
        }
    }
    Ok(())
}

fn names(content: &[u8], found: &mut Embedded, depth: usize) {
    let mut rest = content;
    while let Some((id, content, behind)) = element(rest) {
        if id == NAME {
            found.text(content);
        } else if MASTERS.contains(&id) && depth < MAX_DEPTH {
            names(content, found, depth + 1);
        }
        rest = behind;
    }
}

/// The id and the content of the first element, and what is behind it.
fn element(bytes: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let Element { id, head_bytes, bytes: size } = Element::of(bytes)?;
    let (content, behind) =
        bytes.get(head_bytes..)?.split_at_checked(usize::try_from(size?).ok()?)?;
    Some((id, content, behind))
}
