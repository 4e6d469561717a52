//! Archives of `ar`, of which a Debian package is one.

use std::io;
use std::ops::ControlFlow;

use super::fields::digits;
use super::front::{Front, Next};
use super::traversal::{At, Input, Unpacker};

/// What an archive begins with.
const MARK: &[u8] = b"!<arch>\n";
const HEADER_BYTES: usize = 60;
/// Longest table of long names, and longest name. A guess: real ones have a few KiB.
const MAX_NAMES_BYTES: u64 = 16 << 20;
const MAX_NAME_BYTES: u64 = 64 << 10;
/// Names of tables of symbols, which are no members.
const SYMBOLS: [&[u8]; 4] = [b"/", b"/SYM64/", b"__.SYMDEF", b"__.SYMDEF SORTED"];

/// Shows the members of an ar archive.
pub(super) fn walk(unpacker: &mut Unpacker<'_>, at: &At, input: Input<'_>) -> ControlFlow<()> {
    Front::walk(unpacker, at, input, members)
}

fn members(
    unpacker: &mut Unpacker<'_>,
    at: &At,
    front: &mut Front<'_>,
) -> io::Result<ControlFlow<()>> {
    front.skip(MARK.len() as u64)?;
    let mut names = Vec::new();
    loop {
        let begin = front.position();
        let head = front.bytes(HEADER_BYTES)?;
        // Some programs pad the last member, others do not.
        if head.iter().all(|&byte| byte == b'\n') {
            return Ok(ControlFlow::Continue(()));
        }
        if head.len() < HEADER_BYTES {
            return Ok(unpacker.truncated(&at.place, &format!("after byte {begin}")));
        }
        let damaged = || {
            let message = format!("the header at byte {begin} is damaged");
            io::Error::new(io::ErrorKind::InvalidData, message)
        };
        let length = number(&head[48..58]).filter(|_| head.ends_with(b"`\n"));
        let mut length = length.ok_or_else(damaged)?;
        let padding = length % 2;
        let mut name = head[..16].trim_ascii_end().to_vec();
        if name == b"//" {
            if length > MAX_NAMES_BYTES {
                return Err(damaged());
            }
            names = front.bytes(length as usize)?;
            front.skip(padding)?;
            continue;
        }
        if let Some(bytes) = name.strip_prefix(b"#1/").and_then(number) {
            // BSD: the name stands before the bytes.
            if bytes > MAX_NAME_BYTES.min(length) {
                return Err(damaged());
            }
            name = front.bytes(bytes as usize)?;
            name.truncate(name.iter().position(|&byte| byte == 0).unwrap_or(name.len()));
            length -= bytes;
        } else if let Some(from) = name.strip_prefix(b"/").and_then(number) {
            let long = usize::try_from(from).ok().and_then(|from| names.get(from..));
            let long = long.ok_or_else(damaged)?;
            let end = long.iter().position(|&byte| byte == b'\n').unwrap_or(long.len());
            let end = end.min(MAX_NAME_BYTES as usize);
            name = long[..end].strip_suffix(b"/").unwrap_or(&long[..end]).to_vec();
        } else if !SYMBOLS.contains(&&name[..]) {
            name = name.strip_suffix(b"/").unwrap_or(&name).to_vec();
        }
        let end = front.position().saturating_add(length);
        if SYMBOLS.contains(&&name[..]) {
            front.skip(length)?;
        } else {
            let flow = front.member(unpacker, at, Next { name, length, notes: Vec::new() });
            if flow.is_break() {
                return Ok(flow);
            }
        }
        let missing = front.missing(end);
        if missing > 0 {
            return Ok(unpacker.truncated(&at.place, &format!("{missing} bytes are missing")));
        }
        front.skip(padding)?;
    }
}

/// A decimal number, with blanks behind it.
fn number(text: &[u8]) -> Option<u64> {
    digits(text.trim_ascii_end(), 10)
}
