//! JSON whose long strings and numbers are cut, so that a reader of values holds none of any length.

use std::io::{self, BufRead as _, BufReader, Read};

use memchr::{memchr, memchr2};

/// Most bytes of a string that are handed on: longer ones are neither names nor numbers, but texts and pictures. A guess.
pub(super) const MAX_STRING_BYTES: usize = 4 << 10;
/// Bytes by which a string may exceed that, so that no character and no pair of escapes is cut. One that has no such place is no text.
const SLACK_BYTES: usize = 16;
/// Most characters of a number that are handed on: the longest that says anything more has 767 digits. Beyond, it is no sample.
const MAX_NUMBER_BYTES: usize = 1_024;
/// Bytes that are read at a time.
const BLOCK_BYTES: usize = 64 << 10;

/// A text of JSON without what its strings and numbers have beyond [`MAX_STRING_BYTES`] and [`MAX_NUMBER_BYTES`].
pub(super) struct Shortened<R> {
    text: BufReader<R>,
    cutter: Cutter,
}

/// Tells which bytes are left out.
struct Cutter {
    place: Place,
    /// Bytes of the current string or number so far.
    length: usize,
    /// The rest of the current string is left out.
    is_cut: bool,
    /// The last character was the first half of a pair of escapes.
    is_half: bool,
}

/// Where in the text the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    String,
    /// Behind a backslash.
    Escape,
    /// In the four digits of a code: how many are left, and the code so far.
    Code(u8, u32),
}

impl<R: Read> Shortened<R> {
    pub(super) fn new(text: R) -> Self {
        let cutter = Cutter { place: Place::Outside, length: 0, is_cut: false, is_half: false };
        Self { text: BufReader::with_capacity(BLOCK_BYTES, text), cutter }
    }
}

impl Cutter {
    /// Takes the first of these bytes: returns how many, and whether they are handed on.
    fn take(&mut self, bytes: &[u8]) -> (usize, bool) {
        let end = match self.place {
            Place::Outside => {
                let end = memchr(b'"', bytes).unwrap_or(bytes.len());
                match self.numbers(&bytes[..end]) {
                    (0, _) => end,
                    taken => return taken,
                }
            }
            Place::String if self.is_cut => memchr2(b'"', b'\\', bytes).unwrap_or(bytes.len()),
            Place::String | Place::Escape | Place::Code(..) => 0,
        };
        if end > 0 { (end, !self.is_cut) } else { (1, self.keeps(bytes[0])) }
    }

    /// The same for bytes outside of strings, of which nothing but long numbers is left out.
    fn numbers(&mut self, bytes: &[u8]) -> (usize, bool) {
        let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        if self.length >= MAX_NUMBER_BYTES {
            let rest = bytes.iter().take_while(|byte| is_digit(byte)).count();
            if rest > 0 {
                return (rest, false);
            }
        }
        for (at, byte) in bytes.iter().enumerate() {
            self.length = if is_digit(byte) { self.length + 1 } else { 0 };
            if self.length == MAX_NUMBER_BYTES {
                return (at + 1, true);
            }
        }
        (bytes.len(), true)
    }

    /// Takes one byte. Whether it is handed on.
    fn keeps(&mut self, byte: u8) -> bool {
        match self.place {
            Place::Outside => {
                if byte == b'"' {
                    (self.place, self.length, self.is_half) = (Place::String, 0, false);
                }
                return true;
            }
            Place::String if byte == b'"' => {
                (self.place, self.length, self.is_cut) = (Place::Outside, 0, false);
                return true;
            }
            Place::String => {
                let begins = byte & 0xc0 != 0x80 && !self.is_half;
                let most = if begins { MAX_STRING_BYTES } else { MAX_STRING_BYTES + SLACK_BYTES };
                self.is_cut |= self.length >= most;
                if byte == b'\\' {
                    self.place = Place::Escape;
                } else {
                    self.is_half = false;
                }
            }
            Place::Escape if byte == b'u' => self.place = Place::Code(4, 0),
            Place::Escape => (self.place, self.is_half) = (Place::String, false),
            Place::Code(left, code) => {
                let code = code << 4 | char::from(byte).to_digit(16).unwrap_or(0);
                self.place = Place::Code(left - 1, code);
                if left == 1 {
                    (self.place, self.is_half) = (Place::String, (0xd800..0xdc00).contains(&code));
                }
            }
        }
        self.length += 1;
        !self.is_cut
    }
}

impl<R: Read> Read for Shortened<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        while written < buffer.len() {
            // What is there is handed on before more is waited for, or an error comes.
            if written > 0 && self.text.buffer().is_empty() {
                break;
            }
            let bytes = self.text.fill_buf()?;
            if bytes.is_empty() {
                break;
            }
            let bytes = &bytes[..bytes.len().min(buffer.len() - written)];
            let (taken, is_kept) = self.cutter.take(bytes);
            if is_kept {
                buffer[written..written + taken].copy_from_slice(&bytes[..taken]);
                written += taken;
            }
            self.text.consume(taken);
        }
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shortened(text: &[u8]) -> Vec<u8> {
        let mut short = Vec::new();
        Shortened::new(text).read_to_end(&mut short).unwrap();
        short
    }

    #[test]
    fn a_text_of_short_strings_stays_as_it_is() {
        for text in [
            &br#"{"a \" \\": ["\u00e9", "\ud83d\ude00", 1.5, null], "": "\\"}"#[..],
            b"",
            b"\"open",
            b"\"\\",
            "\"né\"".as_bytes(),
        ] {
            assert_eq!(shortened(text), text);
        }
    }

    #[test]
    fn of_a_long_string_the_front_is_left_and_it_stays_a_string() {
        for unit in ["x", "é", "\\\"", "\\\\", "\\u00e9", "\\ud83d\\ude00", "\u{1f600}", "ab\\n"] {
            for lead in ["", "a", "ab", "abc"] {
                let long = format!("{lead}{}", unit.repeat(2 * MAX_STRING_BYTES));
                let text = format!("[\"{long}\", {{\"{long}\": 7}}, 8]");
                let short = shortened(text.as_bytes());
                assert!(short.len() < 3 * MAX_STRING_BYTES, "{unit}");
                let whole: serde_json::Value = serde_json::from_slice(&short).unwrap();
                let front: String = serde_json::from_str(&format!("\"{long}\"")).unwrap();
                let left = whole[0].as_str().unwrap();
                assert!(!left.is_empty() && front.starts_with(left), "{unit}");
                assert_eq!((&whole[1][left], &whole[2]), (&7.into(), &8.into()), "{unit}");
            }
        }
    }

    #[test]
    fn of_a_long_number_the_front_is_left() {
        let digits = "7".repeat(3 * MAX_NUMBER_BYTES);
        for number in [digits.clone(), format!("-0.{digits}"), format!("1e-{digits}")] {
            let text = format!("[{number}, 1.5,{number}]");
            let short = shortened(text.as_bytes());
            let cut = &number[..MAX_NUMBER_BYTES];
            assert_eq!(String::from_utf8(short).unwrap(), format!("[{cut}, 1.5,{cut}]"));
        }
        let many = format!("[{}0]", "123456,".repeat(MAX_NUMBER_BYTES));
        assert_eq!(shortened(many.as_bytes()), many.as_bytes());
        let digits = "1".repeat(MAX_NUMBER_BYTES);
        let edges = format!("[{digits},\"{digits}\"{digits}]");
        assert_eq!(shortened(edges.as_bytes()), edges.as_bytes());
    }

    #[test]
    fn what_is_no_text_is_cut_as_well() {
        for unit in [&b"\x80"[..], b"\\ud800", b"\xff"] {
            let text = [&b"\""[..], &unit.repeat(3 * MAX_STRING_BYTES)].concat();
            assert!(shortened(&text).len() <= MAX_STRING_BYTES + SLACK_BYTES + 8);
        }
    }
}
