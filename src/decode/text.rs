//! Texts in tags, whose encoding is not stated or stated wrongly.

/// UTF-8 if it is valid, as programs write today; UTF-16 if it begins with its mark; otherwise Latin-1, as older ones did.
pub(super) fn decoded(bytes: &[u8]) -> String {
    if let Some((encoding, mark)) = encoding_rs::Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[mark..]).0.into_owned();
    }
    let latin_1 = || bytes.iter().copied().map(char::from).collect();
    std::str::from_utf8(bytes).map_or_else(|_| latin_1(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_in_the_encoding_that_it_is_in() {
        assert_eq!(decoded("Név".as_bytes()), "Név");
        assert_eq!(decoded(b"N\xe9v"), "Név");
        assert_eq!(decoded(b"\xff\xfeN\0\xe9\0v\0"), "Név");
        assert_eq!(decoded(b"\xef\xbb\xbfa"), "a");
    }
}
