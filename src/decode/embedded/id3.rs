//! `ID3v2`: its texts, whichever way the sizes of frames are written.
//!
//! In version 2.4 they have seven bits a byte, but iTunes wrote eight, as in version 2.3; Symphonia 0.6.1 then loses the rest of the
//! tag. A tag may also stand behind the sound.

use std::io;

use super::{Embedded, MAX_FOUND, at, decoded};
use crate::bytes::Reader;
use crate::sniff::sound::id3v2_bytes;

/// Most frames of a tag. A guess.
const MAX_FRAMES: usize = 4_096;
/// Longest frame that is read: a longer one is a picture. A guess.
const MAX_FRAME_BYTES: usize = 1 << 20;
/// Bytes before the end of a file that are searched for a tag without a footer. A guess.
const MAX_TAIL_BYTES: u64 = 64 << 10;

/// The start of a tag that ends at `end` and has no footer: it is found by its header.
pub(super) fn before(file: &mut Reader, base: u64, end: u64) -> io::Result<Option<u64>> {
    let start = end.saturating_sub(MAX_TAIL_BYTES).max(base + 1);
    let tail = at(file, start, end.saturating_sub(start))?;
    let mut places = memchr::memmem::find_iter(&tail, b"ID3");
    let is_tag = |&place: &usize| {
        let bytes = id3v2_bytes(&tail[place..]);
        bytes > 0 && start + place as u64 + bytes == end
    };
    Ok(places.find(is_tag).map(|place| start + place as u64))
}

/// Reads the texts of a tag.
pub(super) fn read(tag: &[u8], found: &mut Embedded) {
    let [b'I', b'D', b'3', version, _, flags, ..] = tag else { return };
    let end = usize::try_from(id3v2_bytes(tag)).unwrap_or(usize::MAX).min(tag.len());
    let Some(body) = tag.get(10..end) else { return };
    // Only in version 2.4 each frame tells by itself.
    let whole;
    let mut body = body;
    if flags & 0x80 != 0 && *version < 4 {
        whole = synchronised(body);
        body = &whole;
    }
    if flags & 0x40 != 0 && *version > 2 {
        let size = body.first_chunk().copied().unwrap_or_default();
        let bytes = if *version == 3 { 4 + plain(size) } else { syncsafe(size).unwrap_or(0) };
        body = body.get(bytes..).unwrap_or_default();
    }
    frames(body, *version, found, 0);
}

fn frames(body: &[u8], version: u8, found: &mut Embedded, depth: usize) {
    let header = if version == 2 { 6 } else { 10 };
    let mut rest = body;
    for _ in 0..MAX_FRAMES {
        let Some((head, behind)) = rest.split_at_checked(header) else { return };
        let name = &head[..if version == 2 { 3 } else { 4 }];
        if !is_name(name) {
            return;
        }
        let bytes = match (version, &head[name.len()..]) {
            (2, &[a, b, c]) => plain([0, a, b, c]),
            (3, &[a, b, c, d, ..]) => plain([a, b, c, d]),
            (_, &[a, b, c, d, ..]) => size(behind, [a, b, c, d]),
            _ => return,
        };
        let Some((content, next)) = behind.split_at_checked(bytes) else { return };
        let flags = if version == 2 { 0 } else { head[9] };
        frame(name, content, (version, flags), found, depth);
        rest = next;
    }
}

/// The size of a frame of version 2.4: the reading behind which another frame begins, or the tag ends.
fn size(behind: &[u8], size: [u8; 4]) -> usize {
    let fits = |bytes: usize| {
        behind.get(bytes..).is_some_and(|next| {
            next.is_empty() || next[0] == 0 || next.get(..4).is_some_and(is_name)
        })
    };
    match syncsafe(size) {
        Some(bytes) if fits(bytes) || !fits(plain(size)) => bytes,
        _ => plain(size),
    }
}

fn is_name(name: &[u8]) -> bool {
    name.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn plain(size: [u8; 4]) -> usize {
    u32::from_be_bytes(size) as usize
}

fn syncsafe(size: [u8; 4]) -> Option<usize> {
    let is_safe = size.iter().all(|byte| byte & 0x80 == 0);
    is_safe.then(|| size.iter().fold(0, |sum, &byte| sum << 7 | usize::from(byte)))
}

/// Without the zeros that keep players from taking a tag for sound.
fn synchronised(bytes: &[u8]) -> Vec<u8> {
    let mut before = 0;
    let keeps = |&byte: &u8| {
        let is_filler = before == 0xff && byte == 0;
        before = byte;
        !is_filler
    };
    bytes.iter().copied().filter(keeps).collect()
}

fn frame(
    name: &[u8],
    content: &[u8],
    (version, flags): (u8, u8),
    found: &mut Embedded,
    depth: usize,
) {
    // Compressed or encrypted.
    let is_coded = if version == 4 { flags & 0x0c != 0 } else { version == 3 && flags & 0xc0 != 0 };
    if is_coded || content.len() > MAX_FRAME_BYTES {
        return;
    }
    let whole;
    let mut content = content;
    if version == 4 {
        // A length of four bytes.
        content = content.get(if flags & 1 == 0 { 0 } else { 4 }..).unwrap_or_default();
        if flags & 2 != 0 {
            whole = synchronised(content);
            content = &whole;
        }
    }
    match name {
        b"TXXX" | b"TXX" => {
            let texts = texts(content);
            let (key, values) = texts.split_first().map_or(("", &[][..]), |(k, v)| (k, v));
            for value in values {
                found.pair(key, value.clone());
            }
        }
        [b'T', ..] => {
            let key = String::from_utf8_lossy(name);
            for text in texts(content) {
                found.pair(&key, text);
            }
        }
        b"COMM" | b"USLT" | b"COM" | b"ULT" => {
            // A language of three letters follows the encoding.
            let Some((&encoding, text)) = content.split_first() else { return };
            let text = [&[encoding], text.get(3..).unwrap_or_default()].concat();
            for text in texts(&text) {
                found.push(text);
            }
        }
        [b'W', ..] | b"UFID" | b"UFI" | b"PRIV" => found.text(content),
        // A name, and 16 bytes of times and places before the frames of its own.
        b"CHAP" if depth == 0 => {
            let name = content.iter().position(|&byte| byte == 0).unwrap_or(content.len());
            frames(content.get(name + 17..).unwrap_or_default(), version, found, 1);
        }
        _ => {}
    }
}

/// The texts of a frame that begins with their encoding, separated by zeros.
fn texts(content: &[u8]) -> Vec<String> {
    let Some((&encoding, bytes)) = content.split_first() else { return Vec::new() };
    let text = match encoding {
        1 => {
            let encoding = match bytes {
                [0xfe, 0xff, ..] => encoding_rs::UTF_16BE,
                _ => encoding_rs::UTF_16LE,
            };
            encoding.decode_without_bom_handling(bytes).0.replace('\u{feff}', "")
        }
        2 => encoding_rs::UTF_16BE.decode_without_bom_handling(bytes).0.into_owned(),
        _ => decoded(bytes),
    };
    let texts = text.split('\0').filter(|text| !text.trim().is_empty());
    texts.take(MAX_FOUND).map(str::to_owned).collect()
}
