//! The words of a stream: runs of letters, digits, hyphens and underscores, and the identifiers among them.
//!
//! It knows no format: JSON, CSV, XML, links and file names are words between other characters. What is read goes
//! by once and nothing of it is kept.

use super::Identifier;

/// A longer run is none: longer than any path.
const MAX_RUN_BYTES: usize = 4_096;
/// A longer word between underscores is none, unless a hyphen parts it.
const MAX_WORD_BYTES: usize = 64;
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

/// What was read of a text so far. Start from the default.
#[derive(Debug, Clone, Default)]
pub struct Tokens {
    /// The run that is being read, where it began before what was fed last; one byte more than the longest says that it is
    /// too long.
    run: Vec<u8>,
    /// Line feeds so far.
    lines: u64,
}

impl Tokens {
    /// Reads on, and hands each identifier to `take` with the number of its line, from 1.
    pub fn feed(&mut self, mut bytes: &[u8], take: &mut impl FnMut(Identifier, u64)) {
        if !self.run.is_empty() {
            let end = bytes.iter().position(|&byte| !is_word(byte));
            self.carry(&bytes[..end.unwrap_or(bytes.len())]);
            let Some(end) = end else { return };
            self.finish(take);
            bytes = &bytes[end..];
        }
        while let Some(start) = bytes.iter().position(|&byte| is_word(byte)) {
            self.lines += line_feeds(&bytes[..start]);
            bytes = &bytes[start..];
            let Some(end) = bytes.iter().position(|&byte| !is_word(byte)) else {
                self.carry(bytes);
                return;
            };
            if end >= MIN_BYTES {
                identifiers(&bytes[..end], self.lines + 1, take);
            }
            bytes = &bytes[end..];
        }
        self.lines += line_feeds(bytes);
    }

    /// Takes the last word.
    pub fn finish(&mut self, take: &mut impl FnMut(Identifier, u64)) {
        identifiers(&self.run, self.lines + 1, take);
        self.run.clear();
    }

    fn carry(&mut self, bytes: &[u8]) {
        let room = MAX_RUN_BYTES + 1 - self.run.len();
        self.run.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

fn is_word(byte: u8) -> bool {
    IS_WORD[usize::from(byte)]
}

fn line_feeds(bytes: &[u8]) -> u64 {
    bytes.iter().map(|&byte| u64::from(byte == b'\n')).sum()
}

/// Those of one run.
fn identifiers(run: &[u8], line: u64, take: &mut impl FnMut(Identifier, u64)) {
    if !(MIN_BYTES..=MAX_RUN_BYTES).contains(&run.len()) {
        return;
    }
    of_services(run, &mut |identifier| take(identifier, line));
    for word in run.split(|&byte| byte == b'_') {
        if word.len() > MAX_WORD_BYTES {
            continue;
        }
        if let Some(identifier) = Identifier::parse(word) {
            take(identifier, line);
            continue;
        }
        // `01-GBAYE0000351-title`
        for part in word.split(|&byte| byte == b'-').filter(|part| part.len() < word.len()) {
            if let Some(identifier) = Identifier::parse(part) {
                take(identifier, line);
            }
        }
    }
}

/// What may be ids of services: they may have hyphens and underscores themselves, and stand between them in names of files, as in
/// `title-dQw4w9WgXcQ` and `dQw4w9WgXcQ_30000_40000`.
fn of_services(run: &[u8], take: &mut impl FnMut(Identifier)) {
    let parts = |at: usize| matches!(run.get(at), None | Some(b'-' | b'_'));
    for start in 0..=run.len() - MIN_BYTES {
        if start > 0 && !parts(start - 1) {
            continue;
        }
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
    }
    // AudioSet's clips have a `Y` in front, so that no name begins with a hyphen.
    if let [b'Y', id @ ..] = run
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
    fn a_word_without_end_is_none() {
        assert_eq!(found(&[&b"GBAYE0000351".repeat(10_000)]), []);
    }

    proptest! {
        #[test]
        fn where_a_text_is_cut_does_not_matter(
            text in "[A-C0-1 \n_-]{0,200}(GBAYE0000351)?[A-Z \n_-]{0,100}",
            cut in 0_usize..300,
        ) {
            let bytes = text.as_bytes();
            let cut = cut.min(bytes.len());
            prop_assert_eq!(found(&[&bytes[..cut], &bytes[cut..]]), found(&[bytes]));
        }
    }
}
