//! Whether a text holds sound.

use super::encoded::is_in;
use super::json::has_samples;
use crate::bytes::Bytes;
use crate::sniff::container::HEAD_BYTES;

/// Whether a text holds sound, in Base64 or as samples in JSON.
pub(super) fn has_sound(text: &Bytes) -> bool {
    let is_json = text.head(HEAD_BYTES as u64).is_ok_and(|head| may_be_json(&head));
    is_in(text) || is_json && text.stream().is_ok_and(has_samples)
}

/// Whether a text begins as an object or a list of JSON does.
pub(super) fn may_be_json(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    matches!(head.trim_ascii_start().first(), Some(b'{' | b'['))
}
