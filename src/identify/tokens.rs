//! The words of a stream: runs of letters, digits and hyphens, and the identifiers among them.
//!
//! It knows no format: JSON, CSV, XML and file names are words between other characters. What is read goes
//! by once and nothing of it is kept.

use super::Identifier;

/// A longer word is none.
const MAX_BYTES: usize = 64;

/// The word that is being read. Start from the default.
#[derive(Debug, Clone)]
pub struct Tokens {
    word: [u8; MAX_BYTES],
    length: usize,
    /// Line feeds so far.
    lines: u64,
}

impl Default for Tokens {
    fn default() -> Self {
        Self { word: [0; MAX_BYTES], length: 0, lines: 0 }
    }
}

impl Tokens {
    /// Reads on, and hands each identifier to `take` with the number of its line, from 1.
    pub fn feed(&mut self, bytes: &[u8], take: &mut impl FnMut(Identifier, u64)) {
        for &byte in bytes {
            if byte.is_ascii_alphanumeric() || byte == b'-' {
                if let Some(slot) = self.word.get_mut(self.length) {
                    *slot = byte;
                }
                self.length = (self.length + 1).min(MAX_BYTES + 1);
                continue;
            }
            if self.length >= 12 {
                self.end(take);
            }
            self.length = 0;
            self.lines += u64::from(byte == b'\n');
        }
    }

    /// Takes the last word.
    pub fn finish(&mut self, take: &mut impl FnMut(Identifier, u64)) {
        self.end(take);
        self.length = 0;
    }

    fn end(&self, take: &mut impl FnMut(Identifier, u64)) {
        let Some(word) = self.word.get(..self.length) else { return };
        let line = self.lines + 1;
        if let Some(identifier) = Identifier::parse(word) {
            take(identifier, line);
            return;
        }
        // `01-GBAYE0000351-title`
        for part in word.split(|&byte| byte == b'-').filter(|part| part.len() < word.len()) {
            if let Some(identifier) = Identifier::parse(part) {
                take(identifier, line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(pieces: &[&[u8]]) -> Vec<(String, u64)> {
        let (mut tokens, mut found) = (Tokens::default(), Vec::new());
        let mut take = |identifier: Identifier, line| found.push((identifier.to_string(), line));
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

    #[test]
    fn a_word_without_end_is_none() {
        assert_eq!(found(&[&b"GBAYE0000351".repeat(10_000)]), []);
    }

    proptest! {
        #[test]
        fn where_a_text_is_cut_does_not_matter(
            text in "[A-C0-1 \n-]{0,200}(GBAYE0000351)?[A-Z \n-]{0,100}",
            cut in 0_usize..300,
        ) {
            let bytes = text.as_bytes();
            let cut = cut.min(bytes.len());
            prop_assert_eq!(found(&[&bytes[..cut], &bytes[cut..]]), found(&[bytes]));
        }
    }
}
