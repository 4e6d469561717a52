//! The kinds of containers, and the checks of those that no fixed magic number tells.

use super::text::text;
use crate::bytes::codecs::Codec;

/// Bytes of the head that are needed to tell a container: two tar headers, since one of 512 bytes is checked whole.
pub(crate) const HEAD_BYTES: usize = 1_024;

/// A kind of container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContainerKind {
    /// One compressed file, which may be a container in turn.
    Packed(Codec),
    Tar,
    Zip,
    SevenZ,
    Rar,
    Cpio,
    /// An archive of Unix's `ar`, such as a Debian package.
    Ar,
    /// An image of a disc (ISO 9660), which no first bytes tell.
    Disc,
    Cab,
    Warc,
    Parquet,
    /// An Arrow stream or file.
    Arrow,
    /// A `NumPy` array.
    Npy,
    /// A text with sound in it, in Base64 or as samples in JSON; no first bytes tell it.
    Text,
    /// A container that is known but not read: its name with an article, and the remedy.
    Unread(&'static str, &'static str),
}

impl ContainerKind {
    /// Its name in the field `containers` of records.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Packed(codec) => codec.as_str(),
            Self::Tar => "tar",
            Self::Zip => "zip",
            Self::SevenZ => "7z",
            Self::Rar => "rar",
            Self::Cpio => "cpio",
            Self::Ar => "ar",
            Self::Disc => "iso",
            Self::Cab => "cab",
            Self::Warc => "warc",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
            Self::Npy => "npy",
            Self::Text => "text",
            Self::Unread(what, _) => what,
        }
    }

    /// Its name with an article, for people.
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Packed(Codec::Gzip) => "a gzip file",
            Self::Packed(Codec::Bzip2) => "a bzip2 file",
            Self::Packed(Codec::Xz) => "an xz file",
            Self::Packed(Codec::Zstd) => "a Zstandard file",
            Self::Packed(Codec::Lzip) => "an lzip file",
            Self::Packed(Codec::Lzma) => "an LZMA file",
            Self::Packed(Codec::Lz4) => "an LZ4 file",
            Self::Tar => "a tar archive",
            Self::Zip => "a ZIP archive",
            Self::SevenZ => "a 7-Zip archive",
            Self::Rar => "a RAR archive",
            Self::Cpio => "a cpio archive",
            Self::Ar => "an ar archive",
            Self::Disc => "an image of a disc",
            Self::Cab => "a CAB archive",
            Self::Warc => "a WARC archive",
            Self::Parquet => "a Parquet table",
            Self::Arrow => "an Arrow table",
            Self::Npy => "a NumPy array",
            Self::Text => "a text",
            Self::Unread(what, _) => what,
        }
    }
}

/// A level from 1 to 9, and the magic number of a block or of the end. `BZh` alone may begin a text.
pub(super) fn is_bzip2(head: &[u8]) -> bool {
    let [b'B', b'Z', b'h', b'1'..=b'9', block @ ..] = head else { return false };
    block.starts_with(b"\x31\x41\x59\x26\x53\x59") || block.starts_with(b"\x17\x72\x45\x38\x50\x90")
}

/// A BMP image: its length, four bytes that are zero, and where its dots begin.
pub(super) fn is_bmp(head: &[u8]) -> bool {
    head.starts_with(b"BM") && head.get(6..10) == Some(&[0; 4]) && head.get(11..14) == Some(&[0; 3])
}

/// A header of LZMA as old programs write it: usual properties, a dictionary of a power of two, a length that is unknown or below
/// 256 GiB, and the zero that any stream begins with.
pub(super) fn is_lzma(head: &[u8]) -> bool {
    let [0x5d, a, b, c, d, length @ ..] = head else { return false };
    let dictionary = u32::from_le_bytes([*a, *b, *c, *d]);
    let Some((length, [0, ..])) = length.split_first_chunk() else { return false };
    let length = u64::from_le_bytes(*length);
    dictionary.is_power_of_two() && dictionary >= 4_096 && (length == u64::MAX || length < 1 << 38)
}

/// A header of cpio, which is all digits: its magic number alone may begin a list of numbers.
pub(super) fn is_cpio(head: &[u8]) -> bool {
    let digits =
        |count: usize, is: fn(&u8) -> bool| head.get(..count).is_some_and(|h| h.iter().all(is));
    let is_octal = |byte: &u8| matches!(byte, b'0'..=b'7');
    match head.get(..6) {
        Some(b"070701" | b"070702") => digits(110, u8::is_ascii_hexdigit),
        Some(b"070707") => digits(76, is_octal),
        _ => false,
    }
}

/// An encrypted Parquet table: its magic number may begin a text.
pub(super) fn is_encrypted_parquet(head: &[u8]) -> bool {
    head.starts_with(b"PARE") && text(head).is_none()
}

/// A `DuckDB` database: its magic number, behind a checksum, may stand in a text.
pub(super) fn is_duckdb(head: &[u8]) -> bool {
    head.get(8..12).is_some_and(|mark| mark == b"DUCK") && text(head).is_none()
}

/// A skippable frame of Zstandard followed by another frame, as parallel compressors write them.
pub(super) fn is_skippable(head: &[u8]) -> bool {
    let [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, behind @ ..] = head else { return false };
    let bytes = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
    behind.get(bytes..).is_some_and(|frame| frame.starts_with(b"\x28\xb5\x2f\xfd"))
}

/// A tar header with the right checksum. Tar files from before 1988 (POSIX ustar) have no magic number.
pub(crate) fn is_tar(head: &[u8]) -> bool {
    let Some(header) = head.get(..512) else { return false };
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    let field = &header[148..156];
    let blanks = 8 * u32::from(b' ');
    let expected = sum - field.iter().map(|&byte| u32::from(byte)).sum::<u32>() + blanks;
    let digits: Vec<u8> = field.iter().copied().filter(|b| !matches!(b, b' ' | 0)).collect();
    let written = std::str::from_utf8(&digits).ok().and_then(|d| u32::from_str_radix(d, 8).ok());
    // Old programs summed the bytes as signed numbers.
    let high = |bytes: &[u8]| bytes.iter().filter(|byte| **byte >= 0x80).count() as u32;
    let signed = expected.checked_sub(256 * (high(header) - high(field)));
    // A header of extensions has no name of its own.
    (header[0] != 0 || &header[257..262] == b"ustar")
        && written.is_some()
        && (written == Some(expected) || written == signed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_known_by_their_first_bytes() {
        let table: &[(&[u8], Option<&str>)] = &[
            (b"\x1f\x8b\x08\0", Some("gzip")),
            (b"BZh9\x31\x41\x59\x26\x53\x59", Some("bzip2")),
            (b"BZh9 is a text", None),
            (b"\xfd7zXZ\0", Some("xz")),
            (b"\x28\xb5\x2f\xfd", Some("zstd")),
            (b"\x5e\x2a\x4d\x18\x02\0\0\0ab\x28\xb5\x2f\xfd", Some("zstd")),
            (b"\x5e\x2a\x4d\x18\x02\0\0\0ab\x28\xb5", None),
            (b"PK\x03\x04\x14", Some("zip")),
            (b"7z\xbc\xaf\x27\x1c\0", Some("7z")),
            (b"Rar!\x1a\x07\x01\0", Some("rar")),
            (b"Rar!\x1a\x07\0\xcf", Some("rar")),
            (b"LZIP\x01\x14", Some("lzip")),
            (b"\x04\x22\x4d\x18\x64", Some("lz4")),
            (b"!<arch>\ndebian-binary", Some("ar")),
            (b"WARC/1.0\r\n", Some("warc")),
            (b"MSCF\0\0\0\0", Some("cab")),
            (b"\x89HDF\r\n\x1a\n", Some("an HDF5 file")),
            (b"FEA1\0\0\0\0", Some("a Feather table of version 1")),
            (b"ARROW1\0\0\xff\xff\xff\xff", Some("arrow")),
            (b"\xff\xff\xff\xff\x10\0\0\0", None),
            (&[0xff; 1024], None),
            (b"ID3\x04", None),
            (&[b"070701".repeat(20), b"x".to_vec()].concat(), Some("cpio")),
            (b"070701,GBAYE0000351\n070702,USRC17607839\n", None),
            (b"PARENT_ID,isrc\n1,GBAYE0000351\n", None),
            (b"PARE\x15\x04\x00\x01", Some("an encrypted Parquet table")),
            (b"OggS", None),
            (&[0; 1024], None),
            (b"", None),
        ];
        for (head, word) in table {
            assert_eq!(
                ContainerKind::of(head).map(ContainerKind::as_str),
                *word,
                "{}",
                head.escape_ascii()
            );
        }
    }

    /// The first bytes of a stream: a header whose table has its kind (1, a schema) as its second field.
    #[test]
    fn an_arrow_stream_is_known_by_its_first_message() {
        let mut head = b"\xff\xff\xff\xff\x20\0\0\0\x10\0\0\0".to_vec();
        head.extend(b"\0\0\x08\0\x08\0\x04\0\x06\0\0\0");
        head.extend(b"\x0a\0\0\0\x04\0\x01\0\0\0\0\0\0\0\0\0");
        assert_eq!(ContainerKind::of(&head), Some(ContainerKind::Arrow));
        for (at, byte) in [(0, 0), (4, 0x21), (7, 0x80), (8, 0x40), (14, 4), (24, 0x40), (30, 3)] {
            let mut other = head.clone();
            other[at] = byte;
            assert_eq!(ContainerKind::of(&other), None, "{at}");
        }
        assert_eq!(ContainerKind::of(&head[..30]), None);
    }

    #[test]
    fn a_tar_file_is_known_by_its_checksum_with_a_magic_number_or_without() {
        for mut header in [tar::Header::new_ustar(), tar::Header::new_old()] {
            header.set_path("a/b.mp3").unwrap();
            header.set_size(5);
            header.set_cksum();
            assert_eq!(ContainerKind::of(header.as_bytes()), Some(ContainerKind::Tar));
            let mut wrong = *header.as_bytes();
            wrong[0] ^= 1;
            assert_eq!(ContainerKind::of(&wrong), None);
        }
    }
}
