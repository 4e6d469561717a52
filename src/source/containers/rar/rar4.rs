//! Headers of RAR 1.5 to 4.

use std::io::{self, BufReader};

use super::headers::{
    Algorithm, Fields, Header, Kind, Main, Packed, Packing, Piece, Placed, damaged,
};
use crate::bytes::Reader;
use crate::source::containers::fields::bytes_at;

/// Checksum, type, flags and length: what each header begins with.
const FIXED_BYTES: usize = 7;

/// Types of headers.
const MAIN: u8 = 0x73;
const FILE: u8 = 0x74;
const COMMENT: u8 = 0x75;
const SERVICE: u8 = 0x7a;
const END: u8 = 0x7b;

/// Host systems whose paths have slashes: Unix, Mac and `BeOS`.
const SLASHES: [u8; 3] = [3, 4, 5];
const UNIX: u8 = 3;

/// Reads the header at byte `at`.
pub(super) fn header(reader: &mut BufReader<Reader>, at: u64) -> io::Result<Placed> {
    let fixed = bytes_at(reader, at, FIXED_BYTES)?;
    let size = usize::from(u16::from_le_bytes([fixed[5], fixed[6]]));
    if size < FIXED_BYTES {
        return Err(damaged(at));
    }
    let whole = bytes_at(reader, at, size)?;
    parse(&whole, at).ok_or_else(|| damaged(at))
}

fn parse(whole: &[u8], at: u64) -> Option<Placed> {
    let mut fields = Fields(whole);
    let (crc, kind, flags) = (fields.u16()?, fields.u8()?, fields.u16()?);
    fields.u16()?;
    // With an old comment inside, the checksum covers less.
    let has_comment = kind == COMMENT
        || (kind == MAIN && flags & 0x0002 != 0)
        || (kind == FILE && flags & 0x0008 != 0);
    if !has_comment && crc32fast::hash(&whole[2..]) as u16 != crc {
        return None;
    }
    let behind = at + whole.len() as u64;
    let header = match kind {
        MAIN if flags & 0x0080 != 0 => Header::Encryption,
        MAIN => Header::Main(Main {
            is_volume: flags & 0x0001 != 0,
            is_solid: flags & 0x0008 != 0,
            number: None,
        }),
        FILE | SERVICE => {
            let piece = piece(fields, flags, behind)?;
            let next = behind.checked_add(piece.packed.1)?;
            let header = if kind == FILE { Header::Member(Box::new(piece)) } else { Header::Other };
            return Some(Placed { header, next });
        }
        END => Header::End(flags & 0x0001 != 0),
        _ => {
            let more = if flags & 0x8000 != 0 { fields.u32()? } else { 0 };
            return Some(Placed { header: Header::Other, next: behind + u64::from(more) });
        }
    };
    Some(Placed { header, next: behind })
}

fn piece(mut fields: Fields<'_>, flags: u16, behind: u64) -> Option<Piece> {
    let (mut packed, mut unpacked) = (u64::from(fields.u32()?), u64::from(fields.u32()?));
    let (host, crc32, _time) = (fields.u8()?, fields.u32()?, fields.u32()?);
    let (version, method) = (fields.u8()?, fields.u8()?);
    let name_bytes = usize::from(fields.u16()?);
    let attributes = fields.u32()?;
    if flags & 0x0100 != 0 {
        packed |= u64::from(fields.u32()?) << 32;
        unpacked |= u64::from(fields.u32()?) << 32;
    }
    let name = fields.bytes(name_bytes)?;
    let mut name = if flags & 0x0200 != 0 { unicode(name) } else { name.to_vec() };
    if !SLASHES.contains(&host) || flags & 0x0200 != 0 {
        name.iter_mut().filter(|byte| **byte == b'\\').for_each(|byte| *byte = b'/');
    }
    let algorithm = match version {
        15 => Some(Algorithm::Rar15),
        20 | 26 => Some(Algorithm::Rar20),
        29 | 36 => Some(Algorithm::Rar29),
        _ => None,
    };
    let packing = match (method, algorithm) {
        (0x30, _) => Packing::Stored,
        (0x31..=0x35, Some(algorithm)) => Packing::Packed(Packed {
            algorithm,
            is_solid: flags & 0x0010 != 0,
            // At most 4 MiB; 7 means a folder.
            dictionary: (64 << 10) << (u64::from(flags >> 5 & 7)).min(6),
        }),
        _ => Packing::Unknown(version.into()),
    };
    let kind = if flags & 0x00e0 == 0x00e0 {
        Kind::Folder
    } else if host == UNIX && attributes & 0o170_000 == 0o120_000 {
        // Its bytes say where it leads.
        Kind::Link(Vec::new())
    } else {
        Kind::File
    };
    Some(Piece {
        name,
        packed: (behind, packed),
        unpacked: (unpacked != u64::MAX).then_some(unpacked),
        packing,
        kind,
        is_encrypted: flags & 0x0004 != 0,
        goes_before: flags & 0x0001 != 0,
        goes_on: flags & 0x0002 != 0,
        crc32: Some(crc32),
        blake2: None,
    })
}

/// A name with Unicode: UTF-8, or a name of the old system, a zero, and what makes UTF-16 of it: the high byte that most letters
/// share, and two bits for each letter that say how it is written.
fn unicode(field: &[u8]) -> Vec<u8> {
    let Some(zero) = field.iter().position(|&byte| byte == 0) else { return field.to_vec() };
    let (old, code) = (&field[..zero], &field[zero + 1..]);
    let letters = letters(old, code).unwrap_or_default();
    if letters.is_empty() {
        return old.to_vec();
    }
    String::from_utf16_lossy(&letters).into_bytes()
}

fn letters(old: &[u8], code: &[u8]) -> Option<Vec<u16>> {
    let mut code = code.iter().copied();
    let high = u16::from(code.next()?) << 8;
    let (mut letters, mut flags, mut left) = (Vec::new(), 0_u8, 0);
    loop {
        if left == 0 {
            let Some(next) = code.next() else { break };
            (flags, left) = (next, 4);
        }
        left -= 1;
        let how = flags >> 6;
        flags <<= 2;
        let Some(byte) = code.next() else { break };
        match how {
            0 => letters.push(u16::from(byte)),
            1 => letters.push(high | u16::from(byte)),
            2 => letters.push(u16::from(byte) | u16::from(code.next()?) << 8),
            // A stretch of the old name, each letter moved by one number.
            _ => {
                let moved = if byte & 0x80 != 0 { Some(code.next()?) } else { None };
                for _ in 0..(byte & 0x7f) + 2 {
                    let Some(&letter) = old.get(letters.len()) else { break };
                    letters.push(match moved {
                        Some(by) => high | u16::from(letter.wrapping_add(by)),
                        None => u16::from(letter),
                    });
                }
            }
        }
    }
    Some(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_the_code_of_rar_4_is_read() {
        assert_eq!(unicode("päx".as_bytes()), "päx".as_bytes());
        // A letter as it is, two with the high byte 4, one of two bytes, and two of the old name.
        let code = [0x04, 0b00_01_01_10, b'a', 0x10, 0x11, 0x22, 0x22, 0b11_00_00_00, 0];
        assert_eq!(unicode(&[b"a??? z", &b"\0"[..], &code].concat()), "aАБ∢ z".as_bytes());
        // The same letters with 1 added and the high byte.
        assert_eq!(unicode(b"ab\0\x04\xc0\x80\x01"), "\u{462}\u{463}".as_bytes());
        // No code, or one that breaks off.
        assert_eq!(unicode(b"ab\0"), b"ab");
        assert_eq!(unicode(b"ab\0\x04\x80\x01"), b"ab");
        assert_eq!(unicode(b"ab\0\x04\xc0\xff"), b"ab");
    }
}
