//! ISRCs as people type them into a tag or a name: `ISRC GB AYE 00 00351`, with dots, hyphens of other kinds, or spaces that do
//! not break.
//!
//! Only a short text is read so, and only if it is all ISRC: in a long one any twelve letters would do.

use super::Identifier;

/// Longest text that may be one.
const MAX_BYTES: usize = 96;

/// The ISRC that a short text is, or that follows the word in it, if it has anything between its letters.
pub(super) fn isrc(text: &str) -> Option<Identifier> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let without_ending = text.rsplit_once('.').map_or("", |(name, _)| name);
    [text, without_ending].into_iter().find_map(|text| {
        let behind = text.to_ascii_uppercase().find("ISRC").map_or(text, |at| &text[at + 4..]);
        whole(behind)
    })
}

fn whole(text: &str) -> Option<Identifier> {
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    let mut letters = [0; 12];
    let (mut count, mut between) = (0, 0);
    for c in text.trim_end().chars() {
        if is_between(c) {
            between += 1;
        } else {
            *letters.get_mut(count)? = u8::try_from(c).ok().filter(u8::is_ascii_alphanumeric)?;
            count += 1;
        }
    }
    // One without is found as any word is.
    let is_whole = count == letters.len() && between > 0;
    let isrc = |found: &Identifier| matches!(found, Identifier::Isrc(_));
    Identifier::parse(&letters).filter(isrc).filter(|_| is_whole)
}

/// Spaces, dots, hyphens and dashes, and marks without width.
fn is_between(c: char) -> bool {
    matches!(c, '-' | '.' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{200b}' | '\u{2060}')
        || c.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_isrc_is_known_by_its_letters_whatever_stands_between_them() {
        for text in [
            "GB AYE 00 00351",
            "ISRC GB AYE 00 00351",
            "isrc: GBAYE 00 00351",
            "GB.AYE.00.00351",
            "GB\u{2011}AYE\u{2011}00\u{2011}00351",
            "GB\u{2013}AYE\u{2013}00\u{2013}00351",
            "GB\u{ad}AYE\u{ad}00\u{ad}00351",
            "ISRC\u{a0}GB\u{a0}AYE\u{a0}00\u{a0}00351",
            "GB AYE 00 00351.flac",
        ] {
            assert_eq!(isrc(text).map(|isrc| isrc.to_string()).as_deref(), Some("GBAYE0000351"));
        }
        // Hyphens in their places are found as words are, too.
        assert!(isrc("GB-AYE-00-00351").is_some());
        let long = format!("{} ISRC GB AYE 00 00351", "x".repeat(100));
        for text in
            ["GBAYE0000351", "GB AYE 00 0035", "a GB AYE 00 00351 b", "in 2000 12 34567", &long]
        {
            assert_eq!(isrc(text), None, "{text}");
        }
    }
}
