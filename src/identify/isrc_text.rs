//! ISRCs as people type them into a tag or a name: `ISRC GB AYE 00 00351`, with dots, typographic hyphens or non-breaking
//! spaces.
//!
//! Only a short text that is an ISRC as a whole is read so: in a long one, any twelve letters in a row could be taken for one.

use super::Identifier;

/// Longest text that may be an ISRC, in bytes. A guess.
const MAX_BYTES: usize = 96;

/// The ISRC that a short text is, or that follows the word `ISRC` in it, if it has separators: without any it is found as
/// any word is.
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
    let (mut count, mut separators) = (0, 0);
    for c in text.trim_end().chars() {
        if is_separator(c) {
            separators += 1;
        } else {
            *letters.get_mut(count)? = u8::try_from(c).ok().filter(u8::is_ascii_alphanumeric)?;
            count += 1;
        }
    }
    // Without separators it is found as any word is.
    let is_whole = count == letters.len() && separators > 0;
    let isrc = |found: &Identifier| matches!(found, Identifier::Isrc(_));
    Identifier::parse(&letters).filter(isrc).filter(|_| is_whole)
}

/// Whether a character may separate the parts of an ISRC: spaces, dots, hyphens, dashes, and marks without width.
fn is_separator(c: char) -> bool {
    matches!(c, '-' | '.' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{200b}' | '\u{2060}')
        || c.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_isrc_is_read_with_any_separators() {
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
        // With hyphens in the usual places it is found as a word, too.
        assert!(isrc("GB-AYE-00-00351").is_some());
        let long = format!("{} ISRC GB AYE 00 00351", "x".repeat(100));
        for text in
            ["GBAYE0000351", "GB AYE 00 0035", "a GB AYE 00 00351 b", "in 2000 12 34567", &long]
        {
            assert_eq!(isrc(text), None, "{text}");
        }
    }
}
