//! MP4: a row of boxes. Fragments behind damage are read with the table of tracks at the front.

use super::view::View;
use super::{Part, Parts, Patch, behind_padding};
use crate::sniff::boxes::{BOX_HEAD_BYTES, BoxHead};

/// Walks the boxes from `at` on.
pub(super) fn walk(view: &mut View<'_>, at: u64, found: &mut Parts) -> u64 {
    let length = view.length();
    let mut next = at;
    // End of the table of tracks, and where the part that is walked ends the damage before it.
    let mut tables_end = None;
    let mut patches = Vec::new();
    let mut whole = true;
    loop {
        if next >= length || view.is_over() {
            next = length;
            break;
        }
        match box_at(view, next) {
            Some((kind, _)) if kind == *b"ftyp" && tables_end.is_some() => break,
            Some((kind, bytes)) => {
                let end = next.saturating_add(bytes);
                if kind == *b"moov" {
                    tables_end = Some(end);
                }
                if end > length {
                    whole = false;
                    next = length;
                    break;
                }
                next = end;
            }
            None if is_before_file(view, next) => break,
            None => {
                let is_fragment = |view: &mut View<'_>, name: u64| {
                    name >= 4
                        && view.array(name + 8) == Some(*b"mfhd")
                        && box_at(view, name - 4).is_some()
                };
                let hole = tables_end.filter(|&end| end + 16 <= next);
                let place = view.find(b"moof", next + 4, length, is_fragment);
                let Some((hole, fragment)) = hole.zip(place.map(|name| name - 4)) else { break };
                let before = part(at..next, patches.clone(), true);
                if !found.resume(before, next..fragment) {
                    break;
                }
                let mut free = b"\0\0\0\x01free".to_vec();
                free.extend((fragment - hole).to_be_bytes());
                patches = vec![Patch { at: hole, bytes: free }];
                next = fragment;
            }
        }
    }
    found.part(part(at..next, patches, whole));
    next
}

/// Whether nothing but padding lies between `at` and another file.
fn is_before_file(view: &mut View<'_>, at: u64) -> bool {
    let Ok(behind) = behind_padding(view, at) else { return false };
    (0..=3)
        .filter_map(|zeros| behind.checked_sub(zeros))
        .any(|start| start >= at && box_at(view, start).is_some_and(|(name, _)| name == *b"ftyp"))
}

fn part(range: std::ops::Range<u64>, patches: Vec<Patch>, whole: bool) -> Part {
    let continues = !patches.is_empty();
    Part { range, patches, seekable: true, continues, whole, ..Part::default() }
}

/// The name and the length of the box at `at`, if there can be one.
fn box_at(view: &mut View<'_>, at: u64) -> Option<([u8; 4], u64)> {
    let BoxHead { name, bytes, .. } = BoxHead::of(view.bytes(at, BOX_HEAD_BYTES))?;
    let is_letter =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-' | b'_' | 0xa9);
    let rest = view.length().saturating_sub(at);
    name.iter().all(is_letter).then(|| (name, bytes.unwrap_or(rest)))
}
