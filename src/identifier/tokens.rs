//! The words of a stream: runs of letters, digits, hyphens and underscores, and the identifiers among them.
//!
//! It knows no format: JSON, CSV, XML, links and file names are words between other characters. What is read goes
//! by once and nothing of it is kept.
//!
//! A character may be escaped, as `\n`, `\u0047` or `%3A` are in strings and links. Behind a backslash or a percent sign a run is
//! read twice, as it stands and unescaped: `dir\nXyz` may be a path, or a line of a text.

use super::Identifier;

/// A longer run is none: longer than any path.
const MAX_RUN_BYTES: usize = 4_096;
/// The shortest identifier.
const MIN_BYTES: usize = 11;
/// What a run is made of.
const IS_WORD: [bool; 256] = {
    let mut is = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        is[byte] = matches!(byte as u8, b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_');
        byte += 1;
    }
    is
};
/// What stands for an escaped character that is no part of a word.
const NO_WORD: u8 = b' ';

/// What was read of a text so far. Start from the default.
#[derive(Debug, Clone, Default)]
pub struct Tokens {
    /// The run that is being read, where it began before what was fed last; one byte more than the longest says that it is
    /// too long.
    run: Vec<u8>,
    /// The run has ended with a dot, and what comes next says whether that is a decimal point.
    is_at_dot: bool,
    /// Line feeds so far.
    lines: u64,
    /// The byte before the run, and how many stand between it and the run before.
    before: u8,
    between: usize,
    /// The word that is being unescaped.
    word: Option<Unescaped>,
}

/// A word of several runs that escapes join, `GB\u002dAYE`, as it is unescaped.
#[derive(Debug, Clone)]
struct Unescaped {
    word: Vec<u8>,
    around: Around,
    line: u64,
    /// Nothing of it was escaped yet.
    is_plain: bool,
    /// What its runs are, read as they stand.
    said: Vec<Identifier>,
}

/// What stands around a run.
#[derive(Debug, Clone, Copy, Default)]
struct Around {
    before: u8,
    /// Behind it are a dot and a digit.
    is_decimal: bool,
}

impl Tokens {
    /// Reads on, and hands each identifier to `take` with the number of its line, from 1.
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
            // Most runs are too short, and nothing is escaped.
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

    /// Takes the last word.
    pub fn finish(&mut self, take: &mut impl FnMut(Identifier, u64)) {
        if !self.run.is_empty() {
            self.carried_ends(b"", take);
        }
        self.unescaped_ends(take);
        (self.before, self.between) = (0, 0);
    }

    fn carry(&mut self, bytes: &[u8]) {
        let room = MAX_RUN_BYTES + 1 - self.run.len();
        self.run.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// The run that was carried ends before `rest`.
    fn carried_ends(&mut self, rest: &[u8], take: &mut impl FnMut(Identifier, u64)) {
        let mut run = std::mem::take(&mut self.run);
        self.ends(&run, rest, take);
        self.is_at_dot = false;
        run.clear();
        self.run = run;
    }

    /// A run ends before `rest`.
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

    /// The same behind an escape or before one.
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
        let mut said = Vec::new();
        identifiers(run, around, &mut |identifier| {
            said.push(identifier);
            take(identifier, line);
        });
        let begun = |before, is_plain| Unescaped {
            word: Vec::new(),
            around: Around { before, ..around },
            line,
            is_plain,
            said: Vec::new(),
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
                word.said.append(&mut said);
            }
        }
        if !goes_on {
            self.unescaped_ends(take);
        }
    }

    /// Takes what the unescaped word holds that was not seen in it as it stands.
    fn unescaped_ends(&mut self, take: &mut impl FnMut(Identifier, u64)) {
        let Some(Unescaped { word, around, line, is_plain, mut said }) = self.word.take() else {
            return;
        };
        if is_plain {
            return;
        }
        said.sort_unstable();
        identifiers(&word, around, &mut |identifier| {
            if said.binary_search(&identifier).is_err() {
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

fn is_word(byte: u8) -> bool {
    IS_WORD[usize::from(byte)]
}

/// Whether what stands behind a byte may say which character is meant.
fn escapes(byte: u8) -> bool {
    matches!(byte, b'\\' | b'%')
}

fn line_feeds(bytes: &[u8]) -> u64 {
    bytes.iter().map(|&byte| u64::from(byte == b'\n')).sum()
}

/// Whether what follows a run cannot tell yet whether its digits go on behind a decimal point.
fn is_cut_at_dot(run: &[u8], rest: &[u8]) -> bool {
    rest == b"." && run.last().is_some_and(u8::is_ascii_digit)
}

fn is_decimal(rest: &[u8]) -> bool {
    matches!(rest, [b'.', digit, ..] if digit.is_ascii_digit())
}

/// The character that a run begins with behind an escape, and how many bytes of the run say so. All characters that are no
/// part of a word and are not ASCII are one.
fn escaped(before: u8, run: &[u8]) -> Option<(u8, usize)> {
    let number = |from: usize, digits: usize| {
        let text = std::str::from_utf8(run.get(from..from + digits)?).ok()?;
        let is_plain = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u32::from_str_radix(text, 16).ok().filter(|_| is_plain)?;
        let byte = u8::try_from(number).ok().filter(u8::is_ascii).unwrap_or(NO_WORD);
        Some((byte, from + digits))
    };
    match (before, run.first()?) {
        (b'\\', b'n' | b't' | b'r' | b'b' | b'f' | b'v') => Some((NO_WORD, 1)),
        (b'\\', b'u') => number(1, 4),
        (b'\\', b'U') => number(1, 8),
        (b'\\', b'x') => number(1, 2),
        (b'%', _) => {
            let mut read = number(0, 2)?;
            // Links in links are escaped twice: `%253A`.
            while read.0 == b'%'
                && let Some(inner) = number(read.1, 2)
            {
                read = inner;
            }
            Some(read)
        }
        _ => None,
    }
}

/// Those of one run.
fn identifiers(run: &[u8], around: Around, take: &mut impl FnMut(Identifier)) {
    if !(MIN_BYTES..=MAX_RUN_BYTES).contains(&run.len()) {
        return;
    }
    let parts = |byte: &u8| matches!(byte, b'-' | b'_');
    // Where a part begins, and where the identifier that was found last ends.
    let (mut at, mut known) = (0, 0);
    // `01_GB-AYE-00-00351-title`
    while at + MIN_BYTES <= run.len() {
        of_services(run, at, take);
        let end = run[at..].iter().position(parts).map_or(run.len(), |length| at + length);
        if at >= known
            && let Some((identifier, to)) = at_part(run, at, end)
        {
            let is_number =
                matches!(identifier, Identifier::Upc(_)) && around.is_number(run, at, to);
            if !is_number {
                take(identifier);
                known = to;
            }
        }
        at = end + 1;
    }
}

impl Around {
    /// Whether digits are those of a decimal, or of a telephone: `3.00036000291414`, `+036000291415`.
    fn is_number(self, run: &[u8], start: usize, end: usize) -> bool {
        start == 0 && matches!(self.before, b'.' | b'+') || end == run.len() && self.is_decimal
    }
}

/// The identifier that begins with a part of a run, and where it ends.
fn at_part(run: &[u8], start: usize, end: usize) -> Option<(Identifier, usize)> {
    let parted = |at: usize| matches!(run.get(at), None | Some(b'-' | b'_'));
    let of_length = |length: usize| {
        let end = start + length;
        let word = run.get(start..end).filter(|_| parted(end))?;
        Identifier::parse(word).map(|identifier| (identifier, end))
    };
    match end - start {
        length @ (12..=14 | 64) => of_length(length),
        16 if run[start..end].get(..4)?.eq_ignore_ascii_case(b"isrc") => {
            let isrc = |identifier: &Identifier| matches!(identifier, Identifier::Isrc(_));
            Identifier::parse(&run[start + 4..end]).filter(isrc).map(|isrc| (isrc, end))
        }
        2 => of_length(15),
        // A bar code with hyphens stands alone: others are dates and telephones.
        1 if start == 0 || run[start - 1] == b'_' => {
            of_length(15).filter(|(_, end)| run.get(*end) != Some(&b'-'))
        }
        8 => of_length(36),
        _ => None,
    }
}

/// What may be ids of services where a part of a run begins: they may have hyphens and underscores themselves, and stand between
/// them in names of files, as in `title-dQw4w9WgXcQ` and `dQw4w9WgXcQ_30000_40000`.
fn of_services(run: &[u8], start: usize, take: &mut impl FnMut(Identifier)) {
    let parts = |at: usize| matches!(run.get(at), None | Some(b'-' | b'_'));
    if parts(start + 11)
        && let Some(id) = run[start..].first_chunk()
    {
        take(Identifier::YouTube(*id));
    }
    if parts(start + 22)
        && let Some(id) = run[start..].first_chunk::<22>()
        && id.iter().all(u8::is_ascii_alphanumeric)
    {
        take(Identifier::Spotify(*id));
    }
    // AudioSet's clips have a `Y` in front, so that no name begins with a hyphen.
    if start == 0
        && let [b'Y', id @ ..] = run
        && let Some(id) = id.first_chunk()
        && parts(12)
    {
        take(Identifier::YouTube(*id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(pieces: &[&[u8]]) -> Vec<(String, u64)> {
        let (mut tokens, mut found) = (Tokens::default(), Vec::new());
        let mut take = |identifier: Identifier, line| {
            // Any eleven characters may be one.
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
    fn escaped_characters_part_words_and_join_them() {
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
            // As it stands: a folder of a path.
            (r"C:\music\GBAYE0000351.mp3", isrc),
            (r"C:\music\nQw4w9WgXcQ", "nQw4w9WgXcQ"),
            ("100%GBAYE0000351", isrc),
        ] {
            assert!(is_found(text, id), "{id} in {text}");
        }
        // One that is there in both readings is one.
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
    fn numbers_that_look_like_bar_codes_are_none() {
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
    fn a_word_without_end_is_none() {
        assert_eq!(found(&[&b"GBAYE0000351".repeat(10_000)]), []);
    }

    proptest! {
        #[test]
        fn where_a_text_is_cut_does_not_matter(
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
