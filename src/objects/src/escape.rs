//! Keys in addresses: percent-encoding as signatures require it, and the decoding of listings.

use std::fmt::Write as _;

/// Encodes the bytes of a text; `/` stays if it `is_path`.
pub(crate) fn encoded(text: &str, is_path: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
        if is_plain || is_path && byte == b'/' {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Decodes a key of a listing that was asked for with `encoding-type=url`, where a blank is a plus sign. `None` if it is no text.
pub(crate) fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (digits, behind) = rest.split_first_chunk::<2>()?;
                rest = behind;
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let [high, low] = digits.map(digit);
                (high? << 4 | low?) as u8
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blanks_come_back_whether_they_are_plus_signs_or_encoded() {
        assert_eq!(decoded("a+b%20c%2Bd").as_deref(), Some("a b c+d"));
        assert_eq!(decoded("%2"), None);
        assert_eq!(decoded("%zz"), None);
        assert_eq!(decoded("%ff"), None);
        assert_eq!(encoded("a b/ü~", true), "a%20b/%C3%BC~");
        assert_eq!(encoded("a/b", false), "a%2Fb");
    }

    proptest! {
        #[test]
        fn any_key_comes_back(key: String) {
            for is_path in [false, true] {
                prop_assert_eq!(decoded(&encoded(&key, is_path)), Some(key.clone()));
            }
        }
    }
}
