//! Finds identifiers in a stream of text.
//!
//! A run is a sequence of letters, digits, hyphens and underscores; anything else separates runs. So JSON, CSV, XML, links and
//! file names are all read alike. The stream is read once, and only the current run is kept.
//!
//! Characters may be escaped, as `\n`, `\u0047` and `%3A` are in strings and links. A run next to a backslash or a percent sign
//! is read twice, verbatim and unescaped: `dir\nXyz` may be a path, or two lines of a text.

use super::Identifier;
use super::run::{Around, MAX_RUN_BYTES, MIN_BYTES, escaped, identifiers, is_word};

/// Reads a text in pieces. Start from the default.
#[derive(Debug, Clone, Default)]
pub struct Tokens {
    /// The beginning of a run that the last piece ended in. Kept up to one byte more than the longest run, which says that it
    /// is too long.
    run: Vec<u8>,
    /// The last piece ended with a dot after the run: the next byte tells whether that is a decimal point.
    is_at_dot: bool,
    /// Number of line feeds so far.
    lines: u64,
    /// The byte before the run.
    before: u8,
    /// Number of bytes between the previous run and this one.
    between: usize,
    /// The word that is being unescaped.
    word: Option<Unescaped>,
}

/// A word of several runs that escaped characters join, as in `GB\u002dAYE`.
#[derive(Debug, Clone)]
struct Unescaped {
    word: Vec<u8>,
    around: Around,
    line: u64,
    /// Whether nothing of it was escaped yet.
    is_plain: bool,
    /// The identifiers in its runs as they were read verbatim.
    verbatim: Vec<Identifier>,
}

impl Tokens {
    /// Reads the next piece, and hands each identifier to `take` with the number of its line, from 1.
    pub fn feed(&mut self, mut bytes: &[u8], take: &mut impl FnMut(Identifier, u64)) {
        if self.is_at_dot {
            let Some(&first) = bytes.first() else { return };
            self.carried_ends(&[b'.', first], take);
            (self.before, self.between) = (b'.', 1);
        } else if !self.run.is_empty() {
            let end = bytes.iter().position(|&byte| !is_word(byte));
            self.carry(&bytes[..end.unwrap_or(bytes.len())]);
            let Some(end) = end else { return };
            bytes = &bytes[end..];
            if is_cut_at_dot(&self.run, bytes) {
                self.is_at_dot = true;
                return;
            }
            self.carried_ends(bytes, take);
        }
        while let Some(start) = bytes.iter().position(|&byte| is_word(byte)) {
            let (between, run_on) = bytes.split_at(start);
            let before = between.last().copied().unwrap_or(self.before);
            self.lines += line_feeds(between);
            let Some(end) = run_on.iter().position(|&byte| !is_word(byte)) else {
                self.before = before;
                self.between += start;
                self.carry(run_on);
                return;
            };
            let (run, rest) = run_on.split_at(end);
            bytes = rest;
            // The usual case: too short, and nothing is escaped.
            if end < MIN_BYTES && !escapes(before) && !escapes(rest[0]) && self.word.is_none() {
                self.between = 0;
                continue;
            }
            self.before = before;
            self.between += start;
            if is_cut_at_dot(run, rest) {
                self.carry(run);
                self.is_at_dot = true;
                return;
            }
            self.ends(run, rest, take);
        }
        if let Some(&last) = bytes.last() {
            self.lines += line_feeds(bytes);
            self.before = last;
            self.between += bytes.len();
        }
    }

    /// Ends the text, and hands on the identifiers in its last word.
    pub fn finish(&mut self, take: &mut impl FnMut(Identifier, u64)) {
        if !self.run.is_empty() {
            self.carried_ends(b"", take);
        }
        self.unescaped_ends(take);
        (self.before, self.between) = (0, 0);
    }

    /// Keeps a part of a run.
    fn carry(&mut self, bytes: &[u8]) {
        let room = MAX_RUN_BYTES + 1 - self.run.len();
        self.run.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Ends the run that was kept; `rest` follows it.
    fn carried_ends(&mut self, rest: &[u8], take: &mut impl FnMut(Identifier, u64)) {
        let mut run = std::mem::take(&mut self.run);
        self.ends(&run, rest, take);
        self.is_at_dot = false;
        run.clear();
        self.run = run;
    }

    /// Ends a run; `rest` follows it.
    fn ends(&mut self, run: &[u8], rest: &[u8], take: &mut impl FnMut(Identifier, u64)) {
        let goes_on = rest.first().is_some_and(|&byte| escapes(byte));
        if goes_on || escapes(self.before) || self.word.is_some() {
            self.unescape(run, rest, goes_on, take);
        } else if run.len() >= MIN_BYTES {
            let around = Around { before: self.before, is_decimal: is_decimal(rest) };
            let line = self.lines + 1;
            identifiers(run, around, &mut |identifier| take(identifier, line));
        }
        self.between = 0;
    }

    /// Ends a run that is next to an escaped character or part of an unescaped word.
    #[cold]
    fn unescape(
        &mut self,
        run: &[u8],
        rest: &[u8],
        goes_on: bool,
        take: &mut impl FnMut(Identifier, u64),
    ) {
        let line = self.lines + 1;
        let around = Around { before: self.before, is_decimal: is_decimal(rest) };
        let is_long = run.len() > MAX_RUN_BYTES;
        let escaped = if is_long { None } else { escaped(self.before, run) };
        let joins = self.between == 1 && escaped.is_some_and(|(byte, _)| is_word(byte));
        if !joins {
            self.unescaped_ends(take);
        }
        let mut verbatim = Vec::new();
        identifiers(run, around, &mut |identifier| {
            verbatim.push(identifier);
            take(identifier, line);
        });
        let begun = |before, is_plain| Unescaped {
            word: Vec::new(),
            around: Around { before, ..around },
            line,
            is_plain,
            verbatim: Vec::new(),
        };
        match escaped {
            Some((byte, length)) if is_word(byte) => {
                let word = self.word.get_or_insert_with(|| begun(0, false));
                word.is_plain = false;
                word.push(&[byte]);
                word.push(&run[length..]);
            }
            Some((byte, length)) => {
                self.word.insert(begun(byte, false)).push(&run[length..]);
            }
            None if goes_on && !is_long => {
                self.word.insert(begun(self.before, true)).push(run);
            }
            None => {}
        }
        if let Some(word) = &mut self.word {
            word.around.is_decimal = around.is_decimal;
            if word.word.len() <= MAX_RUN_BYTES {
                word.verbatim.append(&mut verbatim);
            }
        }
        if !goes_on {
            self.unescaped_ends(take);
        }
    }

    /// Ends the unescaped word, and hands on its identifiers that were not found verbatim.
    fn unescaped_ends(&mut self, take: &mut impl FnMut(Identifier, u64)) {
        let Some(Unescaped { word, around, line, is_plain, mut verbatim }) = self.word.take()
        else {
            return;
        };
        if is_plain {
            return;
        }
        verbatim.sort_unstable();
        identifiers(&word, around, &mut |identifier| {
            if verbatim.binary_search(&identifier).is_err() {
                take(identifier, line);
            }
        });
    }
}

impl Unescaped {
    fn push(&mut self, bytes: &[u8]) {
        let room = MAX_RUN_BYTES + 1 - self.word.len();
        self.word.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// Whether a byte begins an escaped character.
fn escapes(byte: u8) -> bool {
    matches!(byte, b'\\' | b'%')
}

fn line_feeds(bytes: &[u8]) -> u64 {
    bytes.iter().map(|&byte| u64::from(byte == b'\n')).sum()
}

/// Whether a piece ends with a dot after digits, so that the next byte has to tell whether that is a decimal point.
fn is_cut_at_dot(run: &[u8], rest: &[u8]) -> bool {
    rest == b"." && run.last().is_some_and(u8::is_ascii_digit)
}

fn is_decimal(rest: &[u8]) -> bool {
    matches!(rest, [b'.', digit, ..] if digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(pieces: &[&[u8]]) -> Vec<(String, u64)> {
        let (mut tokens, mut found) = (Tokens::default(), Vec::new());
        let mut take = |identifier: Identifier, line| {
            // Any eleven characters may be an id at YouTube.
            if !matches!(identifier, Identifier::YouTube(_)) {
                found.push((identifier.to_string(), line));
            }
        };
        for piece in pieces {
            tokens.feed(piece, &mut take);
        }
        tokens.finish(&mut take);
        found
    }

    #[test]
    fn identifiers_are_found_among_the_words_of_any_text() {
        let text = b"{\"isrc\":\"GBAYE0000351\",\"t\":1700000000000}\n\
            x;US-RC1-76-07839;0036000291452\n/dump/01-usrc17607840-title.mp3 GBAYE0000351x";
        let expected = [
            ("GBAYE0000351".to_owned(), 1),
            ("USRC17607839".to_owned(), 2),
            ("00036000291452".to_owned(), 2),
            ("USRC17607840".to_owned(), 3),
        ];
        assert_eq!(found(&[text]), expected);
    }

    fn is_found(text: &str, id: &str) -> bool {
        let (mut tokens, mut is_found) = (Tokens::default(), false);
        let mut take = |identifier: Identifier, _| is_found |= identifier.to_string() == id;
        tokens.feed(text.as_bytes(), &mut take);
        tokens.finish(&mut take);
        is_found
    }

    #[test]
    fn ids_of_services_are_found_in_links_names_and_rows() {
        let (video, dashed) = ("dQw4w9WgXcQ", "-aE2_5G-WE_");
        for text in [
            "https://www.youtube.com/watch?v=ID&t=3",
            "https://youtu.be/ID",
            "A title [ID].opus",
            "A title-ID.m4a",
            "ID_30000_40000.flac",
            "YID.wav",
            "audioset_ID_30.wav",
            "1,ID,30.0,\"x\"",
        ] {
            for id in [video, dashed] {
                assert!(is_found(&text.replace("ID", id), id), "{id} in {text}");
            }
        }
        assert!(!is_found("xdQw4w9WgXcQ", video) && !is_found("dQw4w9WgXcQx", video));
        let track = "003vvx7Niy0yvhvHt4a68B";
        for text in [
            "spotify:track:ID",
            "https://open.spotify.com/track/ID?si=x",
            "aacid__spotify_files_pop_0__20260116T000346Z__ID__x",
            "{\"track_id\":\"ID\"}",
        ] {
            assert!(is_found(&text.replace("ID", track), track), "{text}");
        }
        let uuid = "b1a9c0e9-d987-4042-ae91-78d6a3267d69";
        assert!(is_found(&format!("recording/{}?x", uuid.to_uppercase()), uuid));
    }

    #[test]
    fn escaped_characters_separate_words_and_join_them() {
        let (isrc, video, track) = ("GBAYE0000351", "dQw4w9WgXcQ", "003vvx7Niy0yvhvHt4a68B");
        for (text, id) in [
            (r#"{"d":"Tracklist:\nGBAYE0000351\tmore"}"#, isrc),
            (r#"{"d":"{\\\"x\\\":1}\\nGBAYE0000351"}"#, isrc),
            (r"1\rGBAYE0000351", isrc),
            (r#""\u0047BAYE0000351""#, isrc),
            (r#""GB\u002dAYE\u002d00\u002d00351""#, isrc),
            (r#""\u0047\u0042\u0041\u0059\u0045\u0030\u0030\u0030\u0030\u0033\u0035\u0031""#, isrc),
            (r"\U0001f3b5GBAYE0000351", isrc),
            ("q=isrc%3AGBAYE0000351&type=track", isrc),
            ("q=isrc%253AGBAYE0000351", isrc),
            ("GB%2DAYE%2D00%2d00351", isrc),
            ("u=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3DdQw4w9WgXcQ%26t%3D1", video),
            (r"x\ndQw4w9WgXcQ", video),
            ("x=spotify%3Atrack%3A003vvx7Niy0yvhvHt4a68B", track),
            // Verbatim: a folder of a path.
            (r"C:\music\GBAYE0000351.mp3", isrc),
            (r"C:\music\nQw4w9WgXcQ", "nQw4w9WgXcQ"),
            ("100%GBAYE0000351", isrc),
        ] {
            assert!(is_found(text, id), "{id} in {text}");
        }
        // An identifier that both readings find is reported once.
        assert_eq!(found(&[br"GBAYE0000351\u002dx \u002dGBAYE0000351\n"]).len(), 2);
    }

    #[test]
    fn identifiers_are_found_in_long_names_with_hyphens() {
        let sha256 = "ab".repeat(32);
        for (text, id) in [
            (
                "the-very-long-title-of-a-song-with-many-words-and-even-more-words-in-it-GBAYE0000351.mp3",
                "GBAYE0000351",
            ),
            ("01-GB-AYE-00-00351-title.mp3", "GBAYE0000351"),
            ("ISRC-gb-aye-00-00351", "GBAYE0000351"),
            ("ISRCGBAYE0000351", "GBAYE0000351"),
            (&format!("sha256-{sha256}"), &sha256),
            (
                "recording-b1a9c0e9-d987-4042-ae91-78d6a3267d69",
                "b1a9c0e9-d987-4042-ae91-78d6a3267d69",
            ),
        ] {
            assert!(is_found(text, id), "{id} in {text}");
        }
    }

    #[test]
    fn numbers_that_look_like_bar_codes_are_ignored() {
        for text in [
            "3.00036000291452",
            "0.036000291452",
            "+036000291452",
            "036000291452.7",
            "0360-0029-1452",
            "0360-00-29-14-52",
            "1-0-36000-29145-2",
            "12036000291452",
        ] {
            assert_eq!(found(&[text.as_bytes()]), [], "{text}");
        }
        for text in
            ["036000291452.flac", "upc 036000291452. x", "0-36000-29145-2", "x.0-036000-291452"]
        {
            let expected = usize::from(!text.starts_with("x."));
            assert_eq!(found(&[text.as_bytes()]).len(), expected, "{text}");
        }
    }

    #[test]
    fn a_run_that_is_too_long_is_ignored() {
        assert_eq!(found(&[&b"GBAYE0000351".repeat(10_000)]), []);
    }

    proptest! {
        #[test]
        fn any_pieces_of_a_text_give_the_same_identifiers(
            text in "[A-C0-1 \n_-]{0,200}(GBAYE0000351)?[A-Z \n_-]{0,100}|\
                ([nu%.+\\\\ -]{0,4}(GBAYE|GB|AYE|-|%2D|\\\\u002d|00|00351|0000351|036000291452|x)){0,20}[.]?[0-9]?",
            cut in 0_usize..300,
        ) {
            let bytes = text.as_bytes();
            let cut = cut.min(bytes.len());
            prop_assert_eq!(found(&[&bytes[..cut], &bytes[cut..]]), found(&[bytes]));
        }
    }
}
