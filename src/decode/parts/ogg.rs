//! Ogg: a row of pages. Symphonia finds the next page behind damage, and opens each link of a chain.

use super::view::View;
use super::{Part, Parts};

/// Walks the pages from `at` on. What lies between pages is a gap.
pub(super) fn walk(view: &mut View<'_>, at: u64, found: &mut Parts) -> u64 {
    let length = view.length();
    let mut next = at;
    let mut end = at;
    while next < length && !view.is_over() {
        let bytes = page_bytes(view, next);
        if bytes > 0 {
            if next > end {
                found.gap(end..next);
            }
            next = (next + bytes).min(length);
            end = next;
            continue;
        }
        let is_page = |view: &mut View<'_>, at| page_bytes(view, at) > 0;
        match view.find(b"OggS", next + 1, length, is_page) {
            Some(page) => next = page,
            None => break,
        }
    }
    if next < length && view.is_over() {
        end = length;
    }
    found.part(Part { range: at..end, seekable: true, ..Part::default() });
    end
}

/// Length of the page at `at`, 0 if there is none.
fn page_bytes(view: &mut View<'_>, at: u64) -> u64 {
    let head = view.bytes(at, 27 + 255);
    let [b'O', b'g', b'g', b'S', 0, ..] = head else { return 0 };
    let Some(&segments) = head.get(26) else { return 0 };
    let Some(table) = head.get(27..27 + usize::from(segments)) else { return 0 };
    27 + u64::from(segments) + table.iter().map(|&bytes| u64::from(bytes)).sum::<u64>()
}
