//! Texts in UTF-16, as Windows writes them: recognised by their byte-order mark, or by the zeros between their letters, and
//! converted to UTF-8 as a stream.

use encoding_rs::{Decoder, Encoding, UTF_16BE, UTF_16LE};

/// Fewest characters by which a text without a mark is recognised. A guess.
const MIN_CHARACTERS: usize = 6;

/// The encoding of a text by its first bytes, if it is UTF-16.
pub(super) fn encoding(head: &[u8]) -> Option<&'static Encoding> {
    match head {
        [0xff, 0xfe, ..] => return Some(UTF_16LE),
        [0xfe, 0xff, ..] => return Some(UTF_16BE),
        _ => {}
    }
    let pairs = head.as_chunks::<2>().0;
    let zeros = |at: usize| pairs.iter().filter(|pair| pair[at] == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    // Letters of other scripts have no zero bytes, but line feeds, digits and the names of columns do: so half of the characters
    // must have a zero in one half, and at most one in fifty in the other (a guess).
    let between = |most: usize, fewest: usize| {
        pairs.len() >= MIN_CHARACTERS && most * 2 >= pairs.len() && fewest * 50 <= pairs.len()
    };
    if between(odd, even) {
        Some(UTF_16LE)
    } else if between(even, odd) {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Converts a text to UTF-8.
pub(super) struct ToUtf8 {
    decoder: Decoder,
    text: Vec<u8>,
}

impl ToUtf8 {
    pub(super) fn new(encoding: &'static Encoding) -> Self {
        Self { decoder: encoding.new_decoder_with_bom_removal(), text: vec![0; 1 << 16] }
    }

    /// Converts the next bytes, and hands on the text in UTF-8.
    pub(super) fn feed(&mut self, mut bytes: &[u8], take: &mut dyn FnMut(&[u8])) {
        while !bytes.is_empty() {
            let (_, read, written, _) = self.decoder.decode_to_utf8(bytes, &mut self.text, false);
            take(&self.text[..written]);
            bytes = &bytes[read..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn utf_16_is_recognised_with_and_without_its_mark_and_converted_in_any_pieces() {
        let text = "isrc,title\r\nGBAYE0000351,Größe \u{1f3b5}\r\n";
        for unit in [u16::to_le_bytes, u16::to_be_bytes] {
            for mark in ["", "\u{feff}"] {
                let bytes = utf16(&format!("{mark}{text}"), unit);
                for step in [1, 3, 1_000] {
                    let mut to_utf8 = ToUtf8::new(encoding(&bytes).expect("UTF-16"));
                    let mut read = Vec::new();
                    for piece in bytes.chunks(step) {
                        to_utf8.feed(piece, &mut |text| read.extend_from_slice(text));
                    }
                    assert_eq!(String::from_utf8(read).unwrap(), text);
                }
            }
        }
    }

    #[test]
    fn other_bytes_are_not_taken_for_utf_16() {
        let text = "isrc;title\nGBAYE0000351;Größe\n".as_bytes();
        for bytes in [text, &[0; 100], &[1, 0, 0, 0].repeat(20), b"", b"a\0b"] {
            assert_eq!(encoding(bytes), None, "{bytes:?}");
        }
    }
}
