//! Records of the folders of a disc, and what Rock Ridge adds to them.

use std::io::{self, BufReader};

use super::fields::bytes_at;
use crate::bytes::Reader;

/// Length of a sector, which no record crosses.
const SECTOR_BYTES: usize = 2_048;
/// Length of a record without its name.
const FIXED_BYTES: usize = 33;
/// Most areas of one record that continue in others. A guess: real ones have one.
const MAX_AREAS: usize = 32;
/// Longest area, and longest name of Rock Ridge. A guess: one sector each.
const MAX_AREA_BYTES: u64 = 2_048;
const MAX_NAME_BYTES: usize = 4_096;

/// How names are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// Capital letters, and a version behind a semicolon.
    Plain,
    /// UCS-2.
    Joliet,
    /// Names of Unix, in areas behind the records, of which the first bytes are something else's.
    RockRidge { skip: usize },
}

/// A record of a folder.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'r> {
    pub(super) block: u64,
    pub(super) length: u64,
    pub(super) is_folder: bool,
    /// The next record has more of the same file.
    pub(super) goes_on: bool,
    pub(super) is_interleaved: bool,
    name: &'r [u8],
    /// What stands behind the name, for programs.
    area: &'r [u8],
}

/// What a record and its areas say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) name: Vec<u8>,
    pub(super) mode: u32,
    pub(super) is_packed: bool,
    /// The block of the folder that stands for it, as the format allows but few folders in each other.
    pub(super) moved_to: Option<u64>,
    /// It is such a folder.
    pub(super) is_relocated: bool,
}

/// A number of four bytes that is written twice, the lowest byte first and then the highest.
pub(super) fn both(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)))
}

/// The records in the bytes of a folder.
pub(super) fn records(folder: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = folder.get(at..)?;
            let length = usize::from(*rest.first()?);
            if length == 0 {
                // The next record lies in the next sector.
                at = (at + 1).next_multiple_of(SECTOR_BYTES);
                continue;
            }
            at += length;
            // A record that is none ends the folder.
            return Record::of(rest);
        }
    })
}

impl<'r> Record<'r> {
    /// The record at the front of `bytes`.
    pub(super) fn of(bytes: &'r [u8]) -> Option<Self> {
        let whole = bytes.get(..usize::from(*bytes.first()?))?;
        let (fixed, rest) = whole.split_at_checked(FIXED_BYTES)?;
        let (name, rest) = rest.split_at_checked(usize::from(fixed[32]))?;
        // A name of even length has a byte behind it.
        let area = rest.get(usize::from(name.len().is_multiple_of(2))..).unwrap_or_default();
        Some(Self {
            // Attributes may stand before the bytes.
            block: both(&fixed[2..]) + u64::from(fixed[1]),
            length: both(&fixed[10..]),
            is_folder: fixed[25] & 0x02 != 0,
            goes_on: fixed[25] & 0x80 != 0,
            is_interleaved: fixed[26] != 0,
            name,
            area,
        })
    }

    /// Whether it is the folder itself or the one that it is in.
    pub(super) fn is_dot(&self) -> bool {
        matches!(self.name, [0 | 1])
    }

    /// Of the first record of a disc: how many bytes of areas are passed over, if it has names of Rock Ridge.
    pub(super) fn rock_ridge(&self) -> Option<usize> {
        match self.area {
            [b'S', b'P', 7, 1, 0xbe, 0xef, skip, ..] => Some(usize::from(*skip)),
            // CD-ROM XA puts 14 bytes before it.
            [_, _, _, _, _, _, b'X', b'A', ..] => match self.area.get(14..)? {
                [b'S', b'P', 7, 1, 0xbe, 0xef, skip, ..] => Some(usize::from(*skip)),
                _ => None,
            },
            _ => None,
        }
    }

    /// What it says, and its areas.
    pub(super) fn said(
        &self,
        names: Names,
        block_bytes: u64,
        reader: &mut BufReader<Reader>,
    ) -> io::Result<Said> {
        let mut said = Said::default();
        match names {
            Names::Plain => said.name = plain(self.name),
            Names::Joliet => {
                let letters = self.name.as_chunks::<2>().0.iter().map(|b| u16::from_be_bytes(*b));
                let name = String::from_utf16_lossy(&letters.collect::<Vec<_>>());
                said.name = plain(name.as_bytes());
            }
            Names::RockRidge { skip } => {
                let mut area = self.area.get(skip..).unwrap_or_default().to_vec();
                for _ in 0..MAX_AREAS {
                    let Some((block, offset, length)) = said.take(&area) else { break };
                    let at = block.saturating_mul(block_bytes).saturating_add(offset);
                    area = bytes_at(reader, at, length.min(MAX_AREA_BYTES) as usize)?;
                }
                if said.name.is_empty() {
                    said.name = plain(self.name);
                }
            }
        }
        Ok(said)
    }
}

impl Said {
    /// Takes the fields of an area. The place of the area in which they go on: block, byte in it, and length.
    fn take(&mut self, area: &[u8]) -> Option<(u64, u64, u64)> {
        let (mut rest, mut more) = (area, None);
        while let [a, b, length, _version, ..] = rest {
            let Some(field) = rest.get(4..usize::from(*length)) else { break };
            match &[*a, *b] {
                // Its first byte has flags.
                b"NM" if self.name.len() < MAX_NAME_BYTES => {
                    self.name.extend_from_slice(field.get(1..).unwrap_or_default());
                }
                b"PX" => self.mode = both(field) as u32,
                b"ZF" => self.is_packed = true,
                b"CL" => self.moved_to = Some(both(field)),
                b"RE" => self.is_relocated = true,
                b"CE" if field.len() >= 24 => {
                    more = Some((both(field), both(&field[8..]), both(&field[16..])));
                }
                b"ST" => break,
                _ => {}
            }
            rest = &rest[usize::from(*length)..];
        }
        more
    }
}

/// A name without its version, and without the dot of a name that has no ending.
fn plain(name: &[u8]) -> Vec<u8> {
    let end = name.iter().rposition(|&byte| byte == b';');
    let is_version = |at: &usize| name[at + 1..].iter().all(u8::is_ascii_digit);
    let name = &name[..end.filter(is_version).unwrap_or(name.len())];
    name.strip_suffix(b".").filter(|name| !name.is_empty()).unwrap_or(name).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &[u8], area: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; FIXED_BYTES];
        (bytes[2], bytes[10], bytes[32]) = (20, 100, name.len() as u8);
        bytes.extend(name);
        if name.len().is_multiple_of(2) {
            bytes.push(0);
        }
        bytes.extend(area);
        bytes[0] = bytes.len() as u8;
        bytes
    }

    #[test]
    fn records_are_read_up_to_damage_and_never_across_a_sector() {
        let mut folder = [record(b"\0", b""), record(b"A.WAV;1", b"")].concat();
        folder.resize(SECTOR_BYTES, 0);
        folder.extend(record(b"B.", b""));
        folder.extend([60, 0, 0]);
        let read: Vec<_> = records(&folder).map(|record| plain(record.name)).collect();
        assert_eq!(read, [&b"\0"[..], b"A.WAV", b"B"]);
        assert!(records(&[33]).next().is_none() && records(&[200; 100]).next().is_none());
    }

    #[test]
    fn names_of_rock_ridge_go_on_in_other_areas() {
        let field = |name: &[u8], bytes: &[u8]| [name, &[4 + bytes.len() as u8, 1], bytes].concat();
        let number = |number: u32| [number.to_le_bytes(), number.to_be_bytes()].concat();
        let more = [number(0), number(3), number(40)].concat();
        let area = [
            field(b"PX", &number(0o120_777)),
            field(b"NM", b"\x01long "),
            field(b"CE", &more),
            vec![0; 3],
        ]
        .concat();
        let mut behind = [vec![9; 3], field(b"NM", b"\0name"), field(b"ZF", b"pz")].concat();
        behind.resize(43, 0);
        let mut reader =
            BufReader::new(crate::bytes::Bytes::of_memory(behind).open_stored().unwrap());
        let bytes = record(b"LONG", &area);
        let record = Record::of(&bytes).unwrap();
        let said = record.said(Names::RockRidge { skip: 0 }, 2_048, &mut reader).unwrap();
        assert_eq!(said.name, b"long name");
        assert_eq!((said.mode, said.is_packed), (0o120_777, true));
        // An area that continues in itself ends.
        let mut own = field(b"CE", &[number(0), number(0), number(28)].concat());
        own.resize(28, 0);
        let mut reader =
            BufReader::new(crate::bytes::Bytes::of_memory(own.clone()).open_stored().unwrap());
        let bytes = super::tests::record(b"LOOP", &own);
        let record = Record::of(&bytes).unwrap();
        let said = record.said(Names::RockRidge { skip: 0 }, 2_048, &mut reader).unwrap();
        assert_eq!(said.name, b"LOOP");
    }
}
