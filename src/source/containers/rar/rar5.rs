//! Headers of RAR 5 to 7.

use std::io::{self, BufReader};

use super::headers::{
    Algorithm, Fields, Header, Kind, Main, Packed, Packing, Piece, Placed, damaged,
};
use crate::bytes::Reader;
use crate::source::containers::fields::bytes_at;

/// Longest header: the format allows 2 MiB.
const MAX_HEADER_BYTES: u64 = 2 << 20;
/// Bytes in which the checksum and the length of a header lie: the length has at most 3.
const FIXED_BYTES: usize = 4 + 3;

/// Reads the header at byte `at`.
pub(super) fn header(reader: &mut BufReader<Reader>, at: u64) -> io::Result<Placed> {
    let fixed = bytes_at(reader, at, FIXED_BYTES)?;
    let mut fields = Fields(&fixed[4..]);
    let size = fields.number().filter(|size| (2..=MAX_HEADER_BYTES).contains(size));
    let size = size.ok_or_else(|| damaged(at))?;
    let begin = FIXED_BYTES - fields.0.len();
    let whole = bytes_at(reader, at, begin + size as usize)?;
    parse(&whole, begin, at).ok_or_else(|| damaged(at))
}

fn parse(whole: &[u8], begin: usize, at: u64) -> Option<Placed> {
    let crc = Fields(whole).u32()?;
    if crc32fast::hash(&whole[4..]) != crc {
        return None;
    }
    let mut fields = Fields(&whole[begin..]);
    let (kind, flags) = (fields.number()?, fields.number()?);
    let extra = if flags & 0x01 != 0 { fields.number()? } else { 0 };
    let data = if flags & 0x02 != 0 { fields.number()? } else { 0 };
    let behind = at + whole.len() as u64;
    let next = behind.checked_add(data)?;
    let extra = fields.0.len().checked_sub(usize::try_from(extra).ok()?)?;
    let (body, extra) = fields.0.split_at(extra);
    let mut fields = Fields(body);
    let header = match kind {
        1 => {
            let archive = fields.number()?;
            let number = if archive & 0x02 != 0 { fields.number()? } else { 0 };
            Header::Main(Main {
                is_volume: archive & 0x01 != 0,
                is_solid: archive & 0x04 != 0,
                number: Some(number),
            })
        }
        2 => Header::Member(Box::new(piece(fields, extra, flags, (behind, data))?)),
        4 => Header::Encryption,
        5 => Header::End(fields.number()? & 0x01 != 0),
        _ => Header::Other,
    };
    Some(Placed { header, next })
}

fn piece(mut fields: Fields<'_>, extra: &[u8], flags: u64, packed: (u64, u64)) -> Option<Piece> {
    let file = fields.number()?;
    let (unpacked, _attributes) = (fields.number()?, fields.number()?);
    if file & 0x02 != 0 {
        // When it was changed.
        fields.u32()?;
    }
    let crc32 = if file & 0x04 != 0 { Some(fields.u32()?) } else { None };
    let (packing, _host) = (packing(fields.number()?), fields.number()?);
    let name = fields.counted()?.to_vec();
    let mut piece = Piece {
        name,
        packed,
        unpacked: (file & 0x08 == 0).then_some(unpacked),
        packing,
        kind: if file & 0x01 != 0 { Kind::Folder } else { Kind::File },
        is_encrypted: false,
        goes_before: flags & 0x08 != 0,
        goes_on: flags & 0x10 != 0,
        crc32,
        blake2: None,
    };
    let mut records = Fields(extra);
    while !records.0.is_empty() {
        // What follows damage here is of no use, but the member is.
        let Some(mut record) = records.counted().map(Fields) else { break };
        match record.number() {
            Some(1) => piece.is_encrypted = true,
            Some(2) if record.number() == Some(0) => {
                piece.blake2 = record.bytes(32).and_then(|hash| hash.try_into().ok());
            }
            Some(5) => {
                let kind = record.number();
                record.number();
                let to = record.counted().unwrap_or_default().to_vec();
                piece.kind = if kind == Some(5) { Kind::Copy(to) } else { Kind::Link(to) };
            }
            _ => {}
        }
    }
    Some(piece)
}

fn packing(info: u64) -> Packing {
    let (version, method) = (info & 0x3f, info >> 7 & 7);
    let power = info >> 10 & 0x1f;
    let (algorithm, dictionary) = match version {
        _ if method == 0 => return Packing::Stored,
        0 if power <= 15 => (Algorithm::Rar50, (128 << 10) << power),
        // In parts of 32. Bit 20 means the algorithm of version 0 with such a dictionary.
        1 => {
            let is_old = info & 0x10_0000 != 0;
            let algorithm = if is_old { Algorithm::Rar50 } else { Algorithm::Rar70 };
            (algorithm, (32 + (info >> 15 & 0x1f)) << (power + 12))
        }
        _ => return Packing::Unknown(version),
    };
    match method {
        1..=5 => Packing::Packed(Packed { algorithm, is_solid: info & 0x40 != 0, dictionary }),
        _ => Packing::Unknown(version),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dictionary_of_each_version_is_told() {
        let packed = |info| match packing(info) {
            Packing::Packed(packed) => Some((packed.algorithm, packed.is_solid, packed.dictionary)),
            _ => None,
        };
        assert_eq!(packing(0), Packing::Stored);
        assert_eq!(packed(3 << 7 | 5 << 10), Some((Algorithm::Rar50, false, 4 << 20)));
        assert_eq!(packed(0x40 | 1 << 7), Some((Algorithm::Rar50, true, 128 << 10)));
        assert_eq!(
            packed(1 | 5 << 7 | 1 << 10 | 16 << 15),
            Some((Algorithm::Rar70, false, 384 << 10))
        );
        assert_eq!(packed(1 | 5 << 7 | 1 << 20), Some((Algorithm::Rar50, false, 128 << 10)));
        assert_eq!(packing(2 | 1 << 7), Packing::Unknown(2));
        assert_eq!(packing(3 << 7 | 31 << 10), Packing::Unknown(0));
    }
}
