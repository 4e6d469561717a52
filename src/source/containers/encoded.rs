//! Sound in Base64: in the cells of tables, and anywhere in a text, such as JSON, CSV, HTML (`data:` URLs) or an e-mail.

use std::io::{self, Cursor, Read};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::sniff::container::ContainerKind;
use crate::sniff::look_into;
use crate::sniff::sound::{has_magic, id3v2_bytes};

/// Characters of a text that are decoded to tell whether it is sound: a multiple of four. A guess.
const HEAD_CHARACTERS: usize = 8_192;
/// Fewest characters of sound within a text, which are decoded to tell what it is: a multiple of four. A guess.
const MIN_CHARACTERS: usize = 1_024;
/// Fewest of them if its format has no magic number, but a sync word that chance makes in one text of some hundreds. A guess.
const MIN_UNSURE: usize = 8_192;
/// Fewest characters of a line that may go on in the next: e-mails have 76, PEM has 64.
const MIN_LINE: usize = 60;
/// Bytes of a text that are read at a time.
const BLOCK_BYTES: usize = 64 << 10;
/// Longest beginning of a `data:` URL, up to its comma, in bytes. A guess.
const MAX_URL_BYTES: usize = 800;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Whether something may be sound, or a container with sound, by its first bytes.
pub(super) fn may_be_sound(head: &[u8]) -> bool {
    let is_sound = |look: crate::sniff::Look| look.bytes_per_second.is_some();
    ContainerKind::of(head).is_some() || look_into(Cursor::new(head)).is_ok_and(is_sound)
}

/// The file that a text is the Base64 of, perhaps behind `data:…;base64,`; `None` if it is not sound. Line breaks are left out.
pub(super) fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.trim_ascii_start();
    let text = match text.strip_prefix(b"data:") {
        Some(url) => {
            let comma = url.iter().take(MAX_URL_BYTES).position(|&byte| byte == b',')?;
            url[..comma].ends_with(b";base64").then_some(&url[comma + 1..])?
        }
        None => text,
    };
    let mut characters = text.iter().filter(|byte| !byte.is_ascii_whitespace());
    let is_url = text.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let decode = |characters: &[u8]| {
        let engine = if is_url { &BASE64_URL } else { &BASE64 };
        engine.decode(characters).ok()
    };
    // Whole groups of four characters, so that the head is decoded by itself.
    let head: Vec<u8> = characters.by_ref().take(HEAD_CHARACTERS).copied().collect();
    if !may_be_sound(&decode(&head)?) {
        return None;
    }
    let all: Vec<u8> = head.iter().chain(characters).copied().collect();
    decode(&all)
}

/// Sound that was found in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// The line in which it begins, from 1.
    pub(super) line: u64,
    pub(super) bytes: Vec<u8>,
    /// Only its first bytes were kept.
    pub(super) is_longer: bool,
    /// The text ends with it.
    pub(super) is_last: bool,
}

/// Finds sound in a text.
pub(super) struct Finder<R> {
    stream: R,
    block: Vec<u8>,
    at: usize,
    line: u64,
    /// The most bytes of a sound that are kept.
    most: usize,
}

/// A run of characters of Base64.
#[derive(Default)]
struct Characters {
    /// Characters that were not decoded yet.
    waiting: Vec<u8>,
    count: usize,
    /// Characters in the current line.
    in_line: usize,
    line: u64,
    bytes: Vec<u8>,
    is_longer: bool,
    kind: Kind,
}

/// What a run was found to be.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Kind {
    #[default]
    Unknown,
    Sound,
    /// Sound by a sync word alone.
    Unsure,
    Other,
}

impl Characters {
    fn push(&mut self, character: u8, most: usize) {
        self.count += 1;
        self.in_line += 1;
        if self.kind == Kind::Other || self.is_longer {
            return;
        }
        self.waiting.push(match character {
            b'-' => b'+',
            b'_' => b'/',
            other => other,
        });
        if self.waiting.len() == MIN_CHARACTERS {
            self.decode(most);
        }
    }

    fn decode(&mut self, most: usize) {
        // A single character behind whole groups is not a byte.
        let whole = self.waiting.len() - usize::from(self.waiting.len() % 4 == 1);
        let decoded = BASE64.decode(&self.waiting[..whole]).unwrap_or_default();
        self.waiting.clear();
        if self.kind == Kind::Unknown {
            self.kind = kind(&decoded);
        }
        if self.kind == Kind::Other {
            return;
        }
        // Without room for any, it is only asked what there is.
        let room = most.saturating_sub(self.bytes.len()).min(decoded.len());
        self.is_longer = room < decoded.len();
        self.bytes.extend_from_slice(&decoded[..room]);
    }

    /// Ends the run. `None` if it is not sound.
    fn end(mut self, most: usize) -> Option<Run> {
        if self.count < MIN_CHARACTERS || self.kind == Kind::Other {
            return None;
        }
        if !self.is_longer {
            self.decode(most);
        }
        let Self { line, bytes, is_longer, .. } = self;
        let is_sound = self.kind == Kind::Sound || self.count >= MIN_UNSURE;
        is_sound.then_some(Run { line, bytes, is_longer, is_last: false })
    }
}

fn kind(head: &[u8]) -> Kind {
    if !may_be_sound(head) {
        Kind::Other
    } else if has_magic(head) || ContainerKind::of(head).is_some() || id3v2_bytes(head) > 0 {
        Kind::Sound
    } else {
        Kind::Unsure
    }
}

impl<R: Read> Finder<R> {
    pub(super) fn new(stream: R, most: usize) -> Self {
        Self { stream, block: Vec::new(), at: 0, line: 1, most }
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        if self.at == self.block.len() {
            self.block.clear();
            self.at = 0;
            (&mut self.stream).take(BLOCK_BYTES as u64).read_to_end(&mut self.block)?;
        }
        let byte = self.block.get(self.at).copied();
        self.at += usize::from(byte.is_some());
        Ok(byte)
    }

    /// The next sound; `None` at the end of the text.
    pub(super) fn next(&mut self) -> io::Result<Option<Run>> {
        let mut run = Characters { line: self.line, ..Characters::default() };
        loop {
            let Some(byte) = self.byte()? else {
                let last = run.end(self.most);
                return Ok(last.map(|run| Run { is_last: true, ..run }));
            };
            let byte = if byte == b'\\' && run.count > 0 { self.escaped()? } else { byte };
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'-' | b'_' => {
                    run.push(byte, self.most);
                    continue;
                }
                b'\r' => continue,
                b'\n' => {
                    self.line += 1;
                    if run.in_line >= MIN_LINE {
                        run.in_line = 0;
                        continue;
                    }
                }
                _ => {}
            }
            if run.count > 0 {
                let ended = std::mem::take(&mut run);
                if let Some(found) = ended.end(self.most) {
                    return Ok(Some(found));
                }
            }
            run.line = self.line;
        }
    }

    /// The character behind a backslash, as JSON writes them: some writers escape the slash or all but letters and digits.
    fn escaped(&mut self) -> io::Result<u8> {
        Ok(match self.byte()? {
            Some(b'/') => b'/',
            // A line break within a text of one line: read over.
            Some(b'n' | b'r') => b'\r',
            Some(b'u') => {
                let mut code = 0;
                for _ in 0..4 {
                    let digit = self.byte()?.and_then(|byte| char::from(byte).to_digit(16));
                    let Some(digit) = digit else { return Ok(0) };
                    code = code * 16 + digit;
                }
                u8::try_from(code).unwrap_or(0)
            }
            Some(b'\n') => b'\n',
            _ => 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> Vec<u8> {
        [&b"RIFF\x24\0\0\0WAVEfmt "[..], &vec![0xfb; 20_000]].concat()
    }

    fn runs(text: &str) -> Vec<Run> {
        let mut finder = Finder::new(text.as_bytes(), 1 << 20);
        std::iter::from_fn(|| finder.next().unwrap()).collect()
    }

    fn broken(text: &str, width: usize, end: &str) -> String {
        let lines = text.as_bytes().chunks(width);
        lines
            .flat_map(|line| [String::from_utf8_lossy(line).into_owned(), end.to_owned()])
            .collect()
    }

    #[test]
    fn a_text_is_decoded_if_it_is_the_base64_of_sound() {
        let sound = sound();
        let text = BASE64.encode(&sound);
        for text in [
            &text,
            &broken(&text, 76, "\r\n"),
            &BASE64_URL.encode(&sound),
            &format!("data:audio/wav;base64,{text}"),
            &text.trim_end_matches('=').to_owned(),
        ] {
            assert_eq!(decoded(text.as_bytes()).as_deref(), Some(&sound[..]));
        }
        for text in ["", "clips/one.wav", "data:audio/wav,UklGRg", "aGVsbG8gd29ybGQ="] {
            assert_eq!(decoded(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn sound_is_found_anywhere_in_a_text_whatever_escapes_it() {
        let sound = sound();
        let text = BASE64.encode(&sound);
        let json = |text: &str| format!("{{\"id\": 1}}\n{{\"audio\": \"{text}\", \"b\": 2}}\n");
        for (text, line) in [
            (json(&text), 2),
            (json(&text.replace('/', "\\/")), 2),
            (json(&text.replace('+', "\\u002B").replace('=', "\\u003d")), 2),
            (json(&broken(&text, 76, "\\n")), 2),
            (json(&format!("data:audio/wav;base64,{text}")), 2),
            (format!("Content: x\r\n\r\n{}\r\n--end", broken(&text, 76, "\r\n")), 3),
            (format!("1,{}", BASE64_URL.encode(&sound)), 1),
            (text.clone(), 1),
        ] {
            let found = runs(&text);
            let (bytes, is_last) = (sound.clone(), !text.ends_with(['\n', 'd']));
            assert_eq!(found, [Run { line, bytes, is_longer: false, is_last }]);
        }
        let two = runs(&format!("[\"{text}\", \"{text}\"]"));
        assert_eq!((two.len(), two[1].line), (2, 1));
    }

    #[test]
    fn other_texts_hold_no_sound() {
        let word = "GBAYE0000351\n".repeat(10_000);
        let picture = BASE64.encode([&b"\x89PNG\r\n\x1a\n"[..], &[7; 5_000]].concat());
        let unsure = BASE64.encode([&b"\xff\xfb\x90\x64"[..], &[0; 2_000]].concat());
        let short = BASE64.encode(&sound()[..600]);
        for text in [&word, &picture, &unsure, &short, &"a".repeat(100_000)] {
            assert_eq!(runs(text), []);
        }
    }

    #[test]
    fn of_a_sound_that_is_too_long_no_more_is_kept_than_allowed() {
        let text = format!("\"{}\" \"x\"", BASE64.encode(sound()));
        let mut finder = Finder::new(text.as_bytes(), 1_000);
        let run = finder.next().unwrap().unwrap();
        assert_eq!((run.bytes.len(), run.is_longer), (1_000, true));
        assert_eq!(finder.next().unwrap(), None);
    }
}
