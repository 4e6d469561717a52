//! RAR archives of stored members, with any number of volumes, made in memory.

use std::ops::Range;

/// The two generations of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rar {
    Four,
    Five,
}

/// What is said of a member beside its name and bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) is_encrypted: bool,
    pub(crate) is_folder: bool,
    /// Its checksum is wrong.
    pub(crate) is_wrong: bool,
}

/// A stretch of a member in a volume.
struct Piece<'m> {
    name: &'m str,
    bytes: &'m [u8],
    range: Range<usize>,
    said: Said,
}

impl Piece<'_> {
    fn goes_before(&self) -> bool {
        self.range.start > 0
    }

    fn goes_on(&self) -> bool {
        self.range.end < self.bytes.len()
    }

    /// Of the piece, or of the whole member in the last.
    fn crc(&self) -> u32 {
        let covered = if self.goes_on() { &self.bytes[self.range.clone()] } else { self.bytes };
        crc32fast::hash(covered) ^ u32::from(self.said.is_wrong)
    }
}

impl Rar {
    /// An archive with these members.
    pub(crate) fn stored<N: AsRef<str>, B: AsRef<[u8]>>(self, members: &[(N, B)]) -> Vec<u8> {
        self.volumes(members, usize::MAX).remove(0)
    }

    /// The volumes of an archive, each with `room` bytes of members.
    pub(crate) fn volumes<N: AsRef<str>, B: AsRef<[u8]>>(
        self,
        members: &[(N, B)],
        room: usize,
    ) -> Vec<Vec<u8>> {
        let said: Vec<_> = members.iter().map(|(n, b)| (n, b, Said::default())).collect();
        self.of(&said, room)
    }

    /// The same, with more said of each member.
    pub(crate) fn of<N: AsRef<str>, B: AsRef<[u8]>>(
        self,
        members: &[(N, B, Said)],
        room: usize,
    ) -> Vec<Vec<u8>> {
        let mut volumes: Vec<Vec<Piece<'_>>> = vec![Vec::new()];
        let mut left = room;
        for (name, bytes, said) in members {
            let (name, bytes) = (name.as_ref(), bytes.as_ref());
            let mut at = 0_usize;
            loop {
                if left == 0 {
                    volumes.push(Vec::new());
                    left = room;
                }
                let end = bytes.len().min(at.saturating_add(left));
                volumes.last_mut().unwrap().push(Piece {
                    name,
                    bytes,
                    range: at..end,
                    said: *said,
                });
                (left, at) = (left - (end - at), end);
                if at == bytes.len() {
                    break;
                }
            }
        }
        let last = volumes.len() - 1;
        let is_split = last > 0;
        let volume = |(number, pieces): (usize, &Vec<Piece<'_>>)| match self {
            Self::Four => four(number, pieces, is_split, number < last),
            Self::Five => five(number, pieces, is_split, number < last),
        };
        volumes.iter().enumerate().map(volume).collect()
    }
}

fn four(number: usize, pieces: &[Piece<'_>], is_split: bool, goes_on: bool) -> Vec<u8> {
    let header = |kind: u8, flags: u16, body: &[u8]| {
        let size = (7 + body.len()) as u16;
        let rest = [&[kind][..], &flags.to_le_bytes(), &size.to_le_bytes(), body].concat();
        [&(crc32fast::hash(&rest) as u16).to_le_bytes()[..], &rest].concat()
    };
    let mut out = b"Rar!\x1a\x07\0".to_vec();
    let first = if is_split && number == 0 { 0x100 } else { 0 };
    out.extend(header(0x73, u16::from(is_split) | first, &[0; 6]));
    for piece in pieces {
        let mut body = (piece.range.len() as u32).to_le_bytes().to_vec();
        body.extend((piece.bytes.len() as u32).to_le_bytes());
        body.push(2);
        body.extend(piece.crc().to_le_bytes());
        body.extend([0, 0, 0, 0, 20, 0x30]);
        body.extend((piece.name.len() as u16).to_le_bytes());
        body.extend(0x20_u32.to_le_bytes());
        body.extend(piece.name.as_bytes());
        let mut flags = 0x8000 | u16::from(piece.goes_before()) | u16::from(piece.goes_on()) << 1;
        flags |= u16::from(piece.said.is_encrypted) << 2;
        flags |= if piece.said.is_folder { 0xe0 } else { 0 };
        // A name that is not ASCII is UTF-8.
        flags |= if piece.name.is_ascii() { 0 } else { 0x200 };
        out.extend(header(0x74, flags, &body));
        out.extend(&piece.bytes[piece.range.clone()]);
    }
    out.extend(header(0x7b, 0x4000 | u16::from(goes_on), &[]));
    out
}

/// A number of RAR 5.
fn number5(mut number: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
    out
}

/// A header of RAR 5.
pub(crate) fn header5(kind: u64, flags: u64, body: &[u8]) -> Vec<u8> {
    let inner = [number5(kind), number5(flags), body.to_vec()].concat();
    let sized = [number5(inner.len() as u64), inner].concat();
    [&crc32fast::hash(&sized).to_le_bytes()[..], &sized].concat()
}

fn five(number: usize, pieces: &[Piece<'_>], is_split: bool, goes_on: bool) -> Vec<u8> {
    let mut out = b"Rar!\x1a\x07\x01\0".to_vec();
    let mut archive = number5(u64::from(is_split) | u64::from(number > 0) << 1);
    if number > 0 {
        archive.extend(number5(number as u64));
    }
    out.extend(header5(1, 0, &archive));
    for piece in pieces {
        let said = piece.said;
        // A record of encryption, of which only the type counts here.
        let extra: &[u8] = if said.is_encrypted { &[3, 1, 0, 0] } else { &[] };
        let mut flags = 2 | u64::from(piece.goes_before()) << 3 | u64::from(piece.goes_on()) << 4;
        let mut body = Vec::new();
        if said.is_encrypted {
            flags |= 1;
            body.extend(number5(extra.len() as u64));
        }
        body.extend(number5(piece.range.len() as u64));
        body.extend(number5(u64::from(said.is_folder) | 4));
        body.extend(number5(piece.bytes.len() as u64));
        body.push(0);
        body.extend(piece.crc().to_le_bytes());
        body.extend([0, 1]);
        body.extend(number5(piece.name.len() as u64));
        body.extend(piece.name.as_bytes());
        body.extend(extra);
        out.extend(header5(2, flags, &body));
        out.extend(&piece.bytes[piece.range.clone()]);
    }
    out.extend(header5(5, 0, &number5(u64::from(goes_on))));
    out
}

/// Compressed members, by the crate that also unpacks them.
pub(crate) fn packed<N: AsRef<str>, B: AsRef<[u8]>>(
    version: Rar,
    members: &[(N, B)],
    is_solid: bool,
    volume: Option<usize>,
) -> Vec<Vec<u8>> {
    use rars::{ArchiveVersion, Builder};
    let version = match version {
        Rar::Four => ArchiveVersion::Rar29,
        Rar::Five => ArchiveVersion::Rar50,
    };
    let mut builder = Builder::new(version).solid(is_solid).volume_size(volume);
    for (name, bytes) in members {
        let (name, bytes) = (name.as_ref().as_bytes().to_vec(), bytes.as_ref().to_vec());
        builder.add_bytes(name, bytes, None, None).unwrap();
    }
    if volume.is_some() {
        builder.build_volumes(None).unwrap()
    } else {
        vec![builder.to_bytes().unwrap()]
    }
}
