//! Which container a file is, by its first bytes; its name is never looked at.

use super::arrow::is_stream;
use super::is_text;
use crate::bytes::codecs::Codec;

/// First bytes that are looked at. A tar file tells at byte 257 what it is.
pub(crate) const HEAD_BYTES: usize = 1_024;

/// A kind of container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContainerKind {
    /// One compressed file.
    Packed(Codec),
    Tar,
    Zip,
    SevenZ,
    Parquet,
    /// A stream or a file.
    Arrow,
    /// One that is known and not read: what it is, and what to do.
    Unread(&'static str, &'static str),
}

const UNPACK: &str = "unpack it and scan the folder";

const MAGIC: &[(&[u8], ContainerKind)] = &[
    (b"\x1f\x8b\x08", ContainerKind::Packed(Codec::Gzip)),
    (b"\xfd7zXZ\0", ContainerKind::Packed(Codec::Xz)),
    (b"\x28\xb5\x2f\xfd", ContainerKind::Packed(Codec::Zstd)),
    (b"PK\x03\x04", ContainerKind::Zip),
    (b"PK\x05\x06", ContainerKind::Zip),
    (b"PK\x07\x08PK\x03\x04", ContainerKind::Zip),
    (b"7z\xbc\xaf\x27\x1c", ContainerKind::SevenZ),
    (b"PAR1", ContainerKind::Parquet),
    (b"Rar!\x1a\x07", ContainerKind::Unread("a RAR archive", UNPACK)),
    (b"\x04\x22\x4d\x18", ContainerKind::Unread("an LZ4 file", UNPACK)),
    (b"ARROW1\0\0", ContainerKind::Arrow),
    (
        b"FEA1",
        ContainerKind::Unread(
            "a Feather table of version 1",
            "write it anew as version 2, Parquet or CSV",
        ),
    ),
    (
        b"\x89HDF\r\n\x1a\n",
        ContainerKind::Unread(
            "an HDF5 file",
            "write the sound in it to files, as h5py can, and scan these",
        ),
    ),
    (b"LZIP", ContainerKind::Unread("an lzip file", UNPACK)),
    (b"\x02\x21\x4c\x18", ContainerKind::Unread("an LZ4 file", UNPACK)),
    (
        b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff",
        ContainerKind::Unread("an LZMA file", UNPACK),
    ),
    (b"\x1f\x9d\x90", ContainerKind::Unread("a compress file", UNPACK)),
    (b"\x89LZO\0\r\n\x1a\n", ContainerKind::Unread("an lzop file", UNPACK)),
    (b"!<arch>\n", ContainerKind::Unread("an ar archive", UNPACK)),
    (b"xar!\0\x1c", ContainerKind::Unread("a xar archive", UNPACK)),
    (b"MSWIM\0\0\0", ContainerKind::Unread("a WIM image", UNPACK)),
    (b"WARC/1.", ContainerKind::Unread("a WARC archive", UNPACK)),
    (b"MSCF\0\0\0\0", ContainerKind::Unread("a CAB archive", UNPACK)),
];

impl ContainerKind {
    /// The container that begins like this, if it is one.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        let known = MAGIC.iter().find(|(magic, _)| head.starts_with(magic));
        known.map(|&(_, kind)| kind).or_else(|| {
            if is_bzip2(head) {
                Some(Self::Packed(Codec::Bzip2))
            } else if is_skippable(head) {
                Some(Self::Packed(Codec::Zstd))
            } else if is_tar(head) {
                Some(Self::Tar)
            } else if is_stream(head) {
                Some(Self::Arrow)
            } else if is_cpio(head) {
                Some(Self::Unread("a cpio archive", UNPACK))
            } else if head.starts_with(b"PARE") && !is_text(head) {
                let remedy = "write it anew without encryption";
                Some(Self::Unread("an encrypted Parquet table", remedy))
            } else {
                None
            }
        })
    }

    /// Its word in the records.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Packed(codec) => codec.as_str(),
            Self::Tar => "tar",
            Self::Zip => "zip",
            Self::SevenZ => "7z",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
            Self::Unread(what, _) => what,
        }
    }
}

/// The level, and the mark of a first block or of the end.
fn is_bzip2(head: &[u8]) -> bool {
    let [b'B', b'Z', b'h', b'1'..=b'9', block @ ..] = head else { return false };
    block.starts_with(b"\x31\x41\x59\x26\x53\x59") || block.starts_with(b"\x17\x72\x45\x38\x50\x90")
}

/// A header in digits, as long as it has to be: a list of numbers may begin as its mark does.
fn is_cpio(head: &[u8]) -> bool {
    let digits =
        |count: usize, is: fn(&u8) -> bool| head.get(..count).is_some_and(|h| h.iter().all(is));
    let is_octal = |byte: &u8| matches!(byte, b'0'..=b'7');
    match head.get(..6) {
        Some(b"070701" | b"070702") => digits(110, u8::is_ascii_hexdigit),
        Some(b"070707") => digits(76, is_octal),
        _ => false,
    }
}

/// A skippable frame of Zstandard with another frame behind it, as parallel packers write them.
fn is_skippable(head: &[u8]) -> bool {
    let [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, behind @ ..] = head else { return false };
    let bytes = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
    behind.get(bytes..).is_some_and(|frame| frame.starts_with(b"\x28\xb5\x2f\xfd"))
}

/// A header whose sum is right. Tar files from before 1988 have no magic.
pub(crate) fn is_tar(head: &[u8]) -> bool {
    let Some(header) = head.get(..512) else { return false };
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    let field = &header[148..156];
    let blanks = 8 * u32::from(b' ');
    let expected = sum - field.iter().map(|&byte| u32::from(byte)).sum::<u32>() + blanks;
    let digits: Vec<u8> = field.iter().copied().filter(|b| !matches!(b, b' ' | 0)).collect();
    let written = std::str::from_utf8(&digits).ok().and_then(|d| u32::from_str_radix(d, 8).ok());
    // Old programs took bytes for signed numbers.
    let high = |bytes: &[u8]| bytes.iter().filter(|byte| **byte >= 0x80).count() as u32;
    let signed = expected.checked_sub(256 * (high(header) - high(field)));
    // A header of extensions needs no name.
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
            (b"Rar!\x1a\x07\x01\0", Some("a RAR archive")),
            (b"\x89HDF\r\n\x1a\n", Some("an HDF5 file")),
            (b"FEA1\0\0\0\0", Some("a Feather table of version 1")),
            (b"ARROW1\0\0\xff\xff\xff\xff", Some("arrow")),
            (b"\xff\xff\xff\xff\x10\0\0\0", None),
            (&[0xff; 1024], None),
            (b"ID3\x04", None),
            (&[b"070701".repeat(20), b"x".to_vec()].concat(), Some("a cpio archive")),
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

    /// The begin of a stream: a header whose table has its kind (1, a schema) as its second field.
    #[test]
    fn a_stream_of_arrow_is_known_by_its_first_message() {
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
    fn a_tar_file_is_known_by_its_sum_with_magic_or_without() {
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
