//! Whether something is text, and of which kind.

use super::SKIP;

/// What a text is called, and the remedy.
pub(super) type Text = (&'static str, &'static str);

/// Text in UTF-16, if it begins with a byte order mark and has no control characters.
pub(super) fn utf16(head: &[u8]) -> Option<Text> {
    let unit: fn([u8; 2]) -> u16 = match head {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return None,
    };
    let units = head[2..].as_chunks::<2>().0;
    let units = &units[..units.len().min(2048)];
    let odd = |unit: u16| (unit < 0x20 && !matches!(unit, 9 | 10 | 13)) || unit >= 0xfff0;
    let strange = units.iter().filter(|&&pair| odd(unit(pair))).count();
    let decoded = char::decode_utf16(units.iter().map(|&pair| unit(pair)));
    let broken = decoded.filter(Result::is_err).count();
    // The head may end inside a character.
    (strange == 0 && broken <= 1).then_some(("text", SKIP))
}

/// Text in UTF-8 or UTF-16 without control characters.
pub(super) fn text(head: &[u8]) -> Option<Text> {
    if let Some(kind) = utf16(head) {
        return Some(kind);
    }
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let head = &head[..head.len().min(8192)];
    let valid = match std::str::from_utf8(head) {
        Ok(valid) => valid,
        // The head may end inside a character.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    let control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\x0c' | '\x1b');
    if valid.is_empty() || valid.contains(control) {
        return None;
    }
    let start = valid.trim_start();
    let lower: String = start.chars().take(64).collect::<String>().to_ascii_lowercase();
    let looks_like = if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        "an HTML page"
    } else if lower.starts_with("<?xml") || lower.starts_with("<svg") {
        "an XML document"
    } else if lower.starts_with("#extm3u") || lower.starts_with("[playlist]") {
        return Some(("a playlist", "scan the files that it names"));
    } else if lower.starts_with("webvtt") || valid.contains(" --> ") {
        "subtitles"
    } else if lower.starts_with('{') || lower.starts_with('[') {
        "JSON or text"
    } else {
        "text"
    };
    Some((looks_like, SKIP))
}
