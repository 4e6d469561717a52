//! Makes untrusted text safe to display.
//!
//! Titles, tags and paths come from unknown people. Control characters in them can run terminal commands, bidirectional
//! controls can make `exe.gpj` look like `jpg.exe`, and invisible characters can make two names look alike. Every such text
//! passes [`visible`] before it is printed or written into a report.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::thousands;

/// The text with every character escaped that could control a terminal, hide itself or reorder what is around it.
///
/// Line breaks and tabs become `\n`, `\r` and `\t`; other control characters, bidirectional controls and invisible format
/// characters become `\u{202E}` and the like. The joiners U+200C and U+200D are kept: Persian, Indic scripts and emoji need
/// them.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            hidden if is_hidden(hidden) => {
                // Writing into a String does not fail.
                let _ = write!(shown, "\\u{{{:04X}}}", u32::from(hidden));
            }
            plain => shown.push(plain),
        }
    }
    Cow::Owned(shown)
}

/// The text if it has at most `max_chars` characters; otherwise its start and end, `max_chars` characters in all, with the
/// number of characters left out between them.
pub fn shorten(text: &str, max_chars: usize) -> Cow<'_, str> {
    let length = text.chars().count();
    if length <= max_chars {
        return Cow::Borrowed(text);
    }
    let (head, tail) = (max_chars.div_ceil(2), max_chars / 2);
    let left_out = thousands((length - head - tail) as u64);
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(length - tail).collect();
    Cow::Owned(format!("{start} … {left_out} characters … {end}"))
}

/// Whether a character shows nothing itself but can change how the text around it is shown.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{FEFF}'
                | '\u{FFF9}'..='\u{FFFB}'
                | '\u{E0000}'..='\u{E007F}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_control_the_terminal_or_hide_text_are_escaped() {
        assert_eq!(visible("Café – 夜"), "Café – 夜");
        assert!(matches!(visible("plain"), Cow::Borrowed(_)));
        assert_eq!(visible("a\u{1b}[31mb"), "a\\u{001B}[31mb");
        assert_eq!(visible("gpj\u{202E}exe.\u{2066}"), "gpj\\u{202E}exe.\\u{2066}");
        assert_eq!(visible("a\nb\r\tc\0\u{85}"), "a\\nb\\r\\tc\\u{0000}\\u{0085}");
        assert_eq!(visible("\u{FEFF}\u{200B}x\u{E0041}"), "\\u{FEFF}\\u{200B}x\\u{E0041}");
        assert_eq!(visible("نمی\u{200C}خواهم"), "نمی\u{200C}خواهم");
    }

    #[test]
    fn a_long_text_loses_its_middle_and_says_how_many_characters() {
        assert_eq!(shorten("abcdef", 6), "abcdef");
        assert_eq!(shorten("éèêëēėę", 4), "éè … 3 characters … ėę");
    }
}
