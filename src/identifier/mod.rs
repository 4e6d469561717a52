//! Identifiers of recordings, releases and files: their normal forms, and how they are found in text.

mod personal;
mod run;
mod tokens;

pub(crate) use personal::{PERSONAL, personal, personal_word};
pub use tokens::Tokens;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::base::hex;

/// The last two bits of the key of an ISRC.
pub(crate) const IS_ISRC: u32 = 0;
/// The last two bits of the key of a UPC or EAN.
pub(crate) const IS_UPC: u32 = 1;
/// The last two bits of the key of a SHA-256.
const IS_SHA256: u32 = 2;
/// The last two bits of the key of an id at a service.
pub(crate) const IS_SERVICES: u32 = 3;

/// An identifier in its normal form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Identifier {
    /// International Standard Recording Code (ISO 3901) in upper case, without hyphens.
    Isrc([u8; 12]),
    /// UPC or EAN in digits, padded with leading zeros.
    Upc([u8; 14]),
    /// SHA-256 of a file.
    Sha256([u8; 32]),
    /// Id of a track at Spotify: letters and digits.
    Spotify([u8; 22]),
    /// Id of a video at `YouTube`: letters, digits, `-` and `_`.
    YouTube([u8; 11]),
    /// UUID of a recording at `MusicBrainz`, or of a track at `AcoustID`.
    Uuid([u8; 16]),
}

impl Identifier {
    /// Reads a word as an identifier other than an id at Spotify or `YouTube`. Hyphens are accepted where each kind has them.
    pub fn parse(word: &[u8]) -> Option<Self> {
        match word.len() {
            12 => {
                let mut letters: [u8; 12] = word.try_into().ok()?;
                letters.make_ascii_uppercase();
                isrc(&letters).or_else(|| upc(&letters))
            }
            13 | 14 => upc(word),
            15 => hyphenated(word),
            36 => uuid(word),
            64 => hexadecimal(word).map(Self::Sha256),
            _ => None,
        }
    }

    /// Reads an id at a service, by the name that entries give the service. Ids at Apple and Deezer are plain numbers, which
    /// could be anything in a text: they are not identifiers.
    pub(crate) fn at_service(service: &str, id: &str) -> Option<Self> {
        let id = id.as_bytes();
        match service {
            "spotify" => id.try_into().ok().map(Self::Spotify),
            "youtube" => id.try_into().ok().map(Self::YouTube),
            "musicbrainz" | "acoustid" => uuid(id),
            _ => None,
        }
    }

    /// Whether it looks like an ordinary word of eleven letters or a number, as one id at `YouTube` in ten thousand does.
    pub(crate) fn reads_as_a_word(&self) -> bool {
        let Self::YouTube([first, others @ ..]) = self else { return false };
        let all = |is: fn(&u8) -> bool| others.iter().all(is);
        first.is_ascii_alphabetic() && (all(u8::is_ascii_lowercase) || all(u8::is_ascii_uppercase))
            || first.is_ascii_digit() && all(u8::is_ascii_digit)
    }

    /// Whether it is an id at a service.
    pub(crate) const fn is_of_service(self) -> bool {
        matches!(self, Self::Spotify(_) | Self::YouTube(_) | Self::Uuid(_))
    }

    /// A key in two halves: 62 bits of a hash, then two bits for the kind. Different identifiers seldom have the same.
    pub(crate) fn key(&self) -> [u32; 2] {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        let key = hasher.finish();
        let kind = match self {
            Self::Isrc(_) => IS_ISRC,
            Self::Upc(_) => IS_UPC,
            Self::Sha256(_) => IS_SHA256,
            Self::Spotify(_) | Self::YouTube(_) | Self::Uuid(_) => IS_SERVICES,
        };
        [(key >> 32) as u32, key as u32 & !3 | kind]
    }

    /// Name of the kind of identifier in records.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Isrc(_) => "ISRC",
            Self::Upc(_) => "UPC",
            Self::Sha256(_) => "SHA-256",
            Self::Spotify(_) => "Spotify id",
            Self::YouTube(_) => "YouTube id",
            Self::Uuid(_) => "MusicBrainz or AcoustID id",
        }
    }
}

impl std::fmt::Display for Identifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Isrc(letters) => f.write_str(&String::from_utf8_lossy(letters)),
            Self::Upc(digits) => f.write_str(&String::from_utf8_lossy(digits)),
            Self::Sha256(bytes) => f.write_str(&hex(bytes)),
            Self::Spotify(letters) => f.write_str(&String::from_utf8_lossy(letters)),
            Self::YouTube(letters) => f.write_str(&String::from_utf8_lossy(letters)),
            Self::Uuid(bytes) => {
                let digits = hex(bytes);
                let parts =
                    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
                f.write_str(&parts.join("-"))
            }
        }
    }
}

/// Reads `GB-AYE-00-00351`, `0-36000-29145-2` or `0-036000-291452`. With hyphens anywhere else it is something else, such as a
/// telephone number.
fn hyphenated(word: &[u8]) -> Option<Identifier> {
    let plain: Vec<u8> = word.iter().filter(|byte| **byte != b'-').copied().collect();
    let has_hyphens_at = |places: &[usize]| {
        word.len() - plain.len() == places.len() && places.iter().all(|&at| word[at] == b'-')
    };
    if has_hyphens_at(&[2, 6, 9]) {
        isrc(plain.to_ascii_uppercase().first_chunk()?)
    } else if has_hyphens_at(&[1, 7, 13]) || has_hyphens_at(&[1, 8]) {
        upc(&plain)
    } else {
        None
    }
}

/// Reads an ISRC: country (2 letters), registrant (3 letters or digits), year and number (7 digits).
fn isrc(letters: &[u8; 12]) -> Option<Identifier> {
    let right = letters[..2].iter().all(u8::is_ascii_uppercase)
        && letters[2..5].iter().all(u8::is_ascii_alphanumeric)
        && letters[5..].iter().all(u8::is_ascii_digit);
    right.then_some(Identifier::Isrc(*letters))
}

/// Reads a UPC or EAN. Its last digit is a check digit: with weights 3 and 1 from the left of 14 digits, the sum is a multiple of
/// 10 (GS1 General Specifications, section 7.9).
fn upc(digits: &[u8]) -> Option<Identifier> {
    if !digits.iter().all(u8::is_ascii_digit) || digits.iter().all(|&digit| digit == b'0') {
        return None;
    }
    let mut padded = [b'0'; 14];
    padded[14 - digits.len()..].copy_from_slice(digits);
    let weigh =
        |(at, digit): (usize, &u8)| u32::from(digit - b'0') * if at % 2 == 0 { 3 } else { 1 };
    let sum: u32 = padded.iter().enumerate().map(weigh).sum();
    sum.is_multiple_of(10).then_some(Identifier::Upc(padded))
}

/// Reads `N` bytes from `2 · N` hexadecimal digits.
fn hexadecimal<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

/// Reads a UUID such as `b1a9c0e9-d987-4042-ae91-78d6a3267d69`.
fn uuid(word: &[u8]) -> Option<Identifier> {
    let mut digits = [0; 32];
    let mut count = 0;
    for (at, &byte) in word.iter().enumerate() {
        if matches!(at, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return None;
            }
        } else {
            *digits.get_mut(count)? = byte;
            count += 1;
        }
    }
    if count < digits.len() { None } else { hexadecimal(&digits).map(Identifier::Uuid) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(word: &str) -> Option<String> {
        Identifier::parse(word.as_bytes()).map(|i| format!("{} {i}", i.kind()))
    }

    #[test]
    fn identifiers_are_read_in_each_of_their_spellings() {
        let isrc = Some("ISRC GBAYE0000351".to_owned());
        for word in ["GBAYE0000351", "gbaye0000351", "GB-AYE-00-00351"] {
            assert_eq!(shown(word), isrc, "{word}");
        }
        let upc = Some("UPC 00036000291452".to_owned());
        for word in [
            "036000291452",
            "0036000291452",
            "00036000291452",
            "0-36000-29145-2",
            "0-036000-291452",
        ] {
            assert_eq!(shown(word), upc, "{word}");
        }
        let sha256 = "ab".repeat(32);
        assert_eq!(shown(&sha256.to_uppercase()), Some(format!("SHA-256 {sha256}")));
    }

    #[test]
    fn other_words_are_not_identifiers() {
        for word in [
            "",
            "GBAYE000035",
            "1BAYE0000351",
            "GBAYE00003X1",
            "036000291453",
            "000000000000",
            "1700000000000",
            "abcdefghijkl",
            "------------",
            "GBAYE-00003-51",
            "G-BAYE-0000351-",
            "0360-0029-1452",
            "0-360-0029-1452",
            &"zz".repeat(32),
        ] {
            assert_eq!(shown(word), None, "{word}");
        }
    }
}
