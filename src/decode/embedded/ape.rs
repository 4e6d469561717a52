//! `APEv2`: texts have to be UTF-8, and some programs write them as Latin-1. Symphonia 0.6.1 then loses the whole tag.

use super::{Embedded, MAX_FOUND, decoded};

/// Length of the header, if there is one.
const HEADER_BYTES: usize = 32;
/// Most items of a tag. A guess.
const MAX_ITEMS: usize = 1_024;

/// Reads the texts of a tag: items, perhaps a header before them, and a footer.
pub(super) fn read(tag: &[u8], found: &mut Embedded) {
    let is_headed = tag.starts_with(b"APETAGEX");
    let mut rest = tag.get(if is_headed { HEADER_BYTES } else { 0 }..).unwrap_or_default();
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
