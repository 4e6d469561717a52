//! cpio archives in the formats newc (with checksum or without) and odc.

use std::io;
use std::ops::ControlFlow;

use super::fields::digits;
use super::front::{Front, Next, Special, special};
use super::traversal::{At, Input, Unpacker};
use crate::record::FailureKind;

/// Longest name, as of names that are kept. A guess: Linux allows 4 KiB.
const MAX_NAME_BYTES: u64 = 64 << 10;
/// The name of the member that ends an archive.
const TRAILER: &[u8] = b"TRAILER!!!";
/// Most zeros behind the end that are passed over to find another archive: blocks of tapes have 5 or 10 KiB.
const MAX_PADDING_BYTES: u64 = 1 << 20;

/// What the header of a member says.
#[derive(Debug, PartialEq, Eq)]
struct Header {
    mode: u32,
    links: u64,
    name_bytes: u64,
    length: u64,
    /// Length of the header, and what headers with names, and bytes, are padded to.
    own_bytes: u64,
    padding: u64,
}

impl Header {
    /// Parses the first bytes of a header.
    fn of(head: &[u8]) -> Option<Self> {
        match head.get(..6)? {
            b"070701" | b"070702" => Self::newc(head.get(..110)?),
            b"070707" => Self::odc(head.get(..76)?),
            _ => None,
        }
    }

    fn newc(head: &[u8]) -> Option<Self> {
        let field = |at: usize| digits(&head[6 + 8 * at..14 + 8 * at], 16);
        Some(Self {
            mode: field(1)? as u32,
            links: field(4)?,
            name_bytes: field(11)?,
            length: field(6)?,
            own_bytes: 110,
            padding: 4,
        })
    }

    fn odc(head: &[u8]) -> Option<Self> {
        let field = |from: usize, to: usize| digits(&head[from..to], 8);
        Some(Self {
            mode: field(18, 24)? as u32,
            links: field(36, 42)?,
            name_bytes: field(59, 65)?,
            length: field(65, 76)?,
            own_bytes: 76,
            padding: 1,
        })
    }
}

/// Shows the members of a cpio archive.
pub(super) fn walk(unpacker: &mut Unpacker<'_>, at: &At, input: Input<'_>) -> ControlFlow<()> {
    Front::walk(unpacker, at, input, members)
}

fn members(
    unpacker: &mut Unpacker<'_>,
    at: &At,
    front: &mut Front<'_>,
) -> io::Result<ControlFlow<()>> {
    loop {
        let begin = front.position();
        // The shorter header first; the longer has 34 more bytes.
        let mut head = front.bytes(76)?;
        if head.starts_with(b"07070") && !head.starts_with(b"070707") {
            head.extend(front.bytes(34)?);
        }
        if head.len() < 76 {
            let why = format!("after byte {begin}, without the member that ends it");
            return Ok(unpacker.truncated(&at.place, &why));
        }
        let header = Header::of(&head).filter(|header| header.name_bytes <= MAX_NAME_BYTES);
        let Some(header) = header else {
            let message = format!("the header at byte {begin} is damaged");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        };
        let mut name = front.bytes(header.name_bytes as usize)?;
        name.truncate(name.iter().position(|&byte| byte == 0).unwrap_or(name.len()));
        let pad = |bytes: u64| bytes.next_multiple_of(header.padding) - bytes;
        front.skip(pad(header.own_bytes + header.name_bytes))?;
        if name == TRAILER && header.length == 0 {
            match another(front)? {
                Behind::Archive => continue,
                Behind::Nothing => return Ok(ControlFlow::Continue(())),
                Behind::Bytes => {
                    let message = "is followed by bytes that are no cpio archive; they were not looked at: cut them off \
                         and scan them";
                    let kind = FailureKind::ContainerDamaged;
                    return Ok(unpacker.row(&at.place, kind, message.to_owned()));
                }
            }
        }
        let length = header.length;
        let end = front.position().saturating_add(length);
        let next = Next { name, length, notes: Vec::new() };
        let flow = match special(header.mode) {
            Some(Special::Folder) => {
                front.skip(length)?;
                ControlFlow::Continue(())
            }
            Some(Special::Row(kind, message)) => front.row(unpacker, at, next, (kind, message)),
            // Of several names of a file only the last has its bytes.
            None if header.links > 1 && length == 0 => {
                let message = "is another name of a file, whose bytes are looked at under the last of its names";
                front.row(unpacker, at, next, (FailureKind::NotAudio, message.to_owned()))
            }
            None => front.member(unpacker, at, next),
        };
        if flow.is_break() {
            return Ok(flow);
        }
        let missing = front.missing(end);
        if missing > 0 {
            return Ok(unpacker.truncated(&at.place, &format!("{missing} bytes are missing")));
        }
        front.skip(pad(length))?;
    }
}

/// What follows the end of an archive.
enum Behind {
    Nothing,
    /// Another archive, whose header is to be read from the front again.
    Archive,
    Bytes,
}

fn another(front: &mut Front<'_>) -> io::Result<Behind> {
    let begin = front.position();
    while front.position() - begin < MAX_PADDING_BYTES {
        let block = front.bytes(4)?;
        if block.is_empty() {
            return Ok(Behind::Nothing);
        }
        if block.iter().any(|&byte| byte != 0) {
            if !block.starts_with(b"0707") {
                return Ok(Behind::Bytes);
            }
            front.push_back(block);
            return Ok(Behind::Archive);
        }
    }
    Ok(Behind::Nothing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_headers_are_read() {
        let newc = format!(
            "070701{}",
            ["00000001", "000081A4", "0", "0", "2", "0", "1F", "0", "0", "0", "0", "6", "0"]
                .map(|field| format!("{field:0>8}"))
                .concat()
        );
        let header = Header::of(newc.as_bytes()).unwrap();
        assert_eq!(
            (header.mode, header.links, header.name_bytes, header.length),
            (0o100_644, 2, 6, 31)
        );
        let odc = "0707070000010000021006440000000000000000010000000000000000000000600000000037";
        let header = Header::of(odc.as_bytes()).unwrap();
        assert_eq!(
            (header.mode, header.links, header.name_bytes, header.length),
            (0o100_644, 1, 6, 31)
        );
        assert_eq!(Header::of(&odc.as_bytes()[..75]), None);
        assert_eq!(Header::of(newc.replace('F', "G").as_bytes()), None);
    }
}
