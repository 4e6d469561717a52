//! `APEv2`: texts have to be UTF-8, and some programs write them as Latin-1. Symphonia 0.6.1 then loses the whole tag.

use std::io;
use std::ops::Range;

use super::{Embedded, MAX_FOUND, MAX_TAG_BYTES, at, decoded};
use crate::bytes::Reader;

/// Length of the footer, and of the header if there is one.
const FOOTER_BYTES: u64 = 32;
/// Most items of a tag. A guess.
const MAX_ITEMS: usize = 1_024;

/// The items of a tag, with its footer, that ends at `end`.
pub(super) fn range(file: &mut Reader, base: u64, end: u64) -> io::Result<Option<Range<u64>>> {
    let Some(start) = end.checked_sub(FOOTER_BYTES).filter(|&start| start >= base) else {
        return Ok(None);
    };
    let footer = at(file, start, FOOTER_BYTES)?;
    let [b'A', b'P', b'E', b'T', b'A', b'G', b'E', b'X', _, _, _, _, a, b, c, d, ..] = footer[..]
    else {
        return Ok(None);
    };
    // Of items and footer.
    let bytes = u64::from(u32::from_le_bytes([a, b, c, d]));
    let is_sane = (FOOTER_BYTES..=MAX_TAG_BYTES).contains(&bytes);
    Ok(end.checked_sub(bytes).filter(|&start| is_sane && start >= base).map(|start| start..end))
}

/// Reads the texts of items.
pub(super) fn read(items: &[u8], found: &mut Embedded) {
    let mut rest = items;
    for _ in 0..MAX_ITEMS {
        let Some((&[a, b, c, d, flags, _, _, _], behind)) = rest.split_first_chunk::<8>() else {
            return;
        };
        let bytes = u32::from_le_bytes([a, b, c, d]) as usize;
        let Some(end) = behind.iter().take(256).position(|&byte| byte == 0) else { return };
        let (key, behind) = (&behind[..end], &behind[end + 1..]);
        let Some((value, next)) = behind.split_at_checked(bytes) else { return };
        let is_key = !key.is_empty() && key.iter().all(|byte| matches!(byte, 0x20..0x7f));
        if !is_key || key.starts_with(b"APETAGEX") {
            return;
        }
        // Neither binary nor reserved: text, or a link.
        if matches!(flags >> 1 & 3, 0 | 2) {
            let key = String::from_utf8_lossy(key);
            let values = value.split(|&byte| byte == 0).filter(|value| !value.is_empty());
            for value in values.take(MAX_FOUND) {
                found.pair(&key, decoded(value));
            }
        }
        rest = next;
    }
}
