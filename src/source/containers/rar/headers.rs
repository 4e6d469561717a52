//! What the headers of RAR 4 and 5 have in common.

use std::io;

use crate::source::containers::fields;

/// What each volume begins with: `Rar!`, two bytes, and the version.
pub(super) const MARK: &[u8] = b"Rar!\x1a\x07";

/// The two generations of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// RAR 1.5 to 4.
    Four,
    /// RAR 5 to 7.
    Five,
}

impl Version {
    /// The version of a volume that begins like this, and the length of its mark.
    pub(super) fn of(head: &[u8]) -> Option<(Self, u64)> {
        match head.strip_prefix(MARK)? {
            [0, ..] => Some((Self::Four, 7)),
            [1, 0, ..] => Some((Self::Five, 8)),
            _ => None,
        }
    }
}

/// A header, and where the next begins: behind the bytes that belong to it.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) header: Header,
    pub(super) next: u64,
}

#[derive(Debug)]
pub(super) enum Header {
    /// The first of each volume.
    Main(Main),
    /// Everything behind it is encrypted.
    Encryption,
    /// A member, or what lies of it in this volume.
    Member(Box<Piece>),
    /// The end of the volume. True if the archive goes on in the next.
    End(bool),
    /// What is no member: comments, recovery data, streams of NTFS.
    Other,
}

/// What the first header of a volume says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Main {
    pub(super) is_volume: bool,
    pub(super) is_solid: bool,
    /// Number of the volume from 0; RAR 4 has none.
    pub(super) number: Option<u64>,
}

/// A member, or what lies of it in one volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) name: Vec<u8>,
    /// Byte position of what is there of its packed bytes, and their length.
    pub(super) packed: (u64, u64),
    /// Length of the whole member in bytes, if it is stated.
    pub(super) unpacked: Option<u64>,
    pub(super) packing: Packing,
    pub(super) kind: Kind,
    pub(super) is_encrypted: bool,
    /// The previous volume has what comes before.
    pub(super) goes_before: bool,
    /// The next volume has the rest.
    pub(super) goes_on: bool,
    /// Checksum of the whole member; of a piece that is not the last it is that of the piece.
    pub(super) crc32: Option<u32>,
    /// The same by `BLAKE2sp`.
    pub(super) blake2: Option<[u8; 32]>,
}

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    /// A link, and where it leads, if the header says so.
    Link(Vec<u8>),
    /// The same bytes as an earlier member, which it names.
    Copy(Vec<u8>),
}

/// How a member is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Stored,
    Packed(Packed),
    /// A method of compression that is not known: its version.
    Unknown(u64),
}

/// What a decompressor has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packed {
    pub(super) algorithm: Algorithm,
    /// It goes on with the dictionary of the member before.
    pub(super) is_solid: bool,
    /// Length of the dictionary in bytes.
    pub(super) dictionary: u64,
}

/// The algorithm of compression, by the version of RAR that introduced it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rar15,
    Rar20,
    Rar29,
    Rar50,
    Rar70,
}

pub(super) fn damaged(at: u64) -> io::Error {
    fields::damaged(format!("the header at byte {at} is damaged"))
}

/// Takes numbers and bytes off the front of a header.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'h>(pub(super) &'h [u8]);

impl<'h> Fields<'h> {
    pub(super) fn bytes(&mut self, count: usize) -> Option<&'h [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// A number of RAR 5: seven bits a byte, the lowest first, and a bit that says whether another follows.
    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            // Of the tenth byte one bit is left.
            if shift == 63 && byte & 0x7f > 1 {
                return None;
            }
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// Takes what a number in front of it says is its length.
    pub(super) fn counted(&mut self) -> Option<&'h [u8]> {
        let count = usize::try_from(self.number()?).ok()?;
        self.bytes(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_seven_bits_a_byte_and_no_more_than_sixty_four() {
        let number = |bytes: &[u8]| Fields(bytes).number();
        assert_eq!(number(&[0x7f]), Some(127));
        assert_eq!(number(&[0x80, 0x01]), Some(128));
        assert_eq!(
            number(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
            Some(u64::MAX)
        );
        assert_eq!(number(&[0xff; 10]), None);
        assert_eq!(number(&[0x80]), None);
        assert_eq!(Fields(&[2, 9, 8, 7]).counted(), Some(&[9, 8][..]));
        assert_eq!(Fields(&[4, 9, 8, 7]).counted(), None);
    }
}
