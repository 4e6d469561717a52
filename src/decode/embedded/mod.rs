//! Texts in a file that the decoders do not hand on: chunks of broadcast WAV and of AIFF, cue sheets of FLAC, chapters, XMP, and
//! tags of ID3 and APE where other programs write them otherwise than the formats say.
//!
//! They are searched for identifiers. At whatever is malformed, what was read so far is kept.
//!
//! | file | what it reads |
//! |---|---|
//! | `id3` | `ID3v2` with plain sizes, behind the sound, and in chunks |
//! | `ape` | `APEv2` whose texts are not UTF-8 |
//! | `ebml` | names of chapters of Matroska |
//! | `mod` | all else |

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use memchr::memmem::Finder;

use super::end_tags::{EndTag, MAX_END_TAGS};
use super::riff::each_chunk;
use super::text::decoded;
use crate::bytes::{Bytes, Reader};
use crate::sniff::sound::{MAX_TAG_BYTES, id3v2_bytes};

mod ape;
mod ebml;
mod id3;
#[cfg(test)]
mod tests;

/// Most blocks of FLAC that are visited; a file has about five. A guess.
const MAX_BLOCKS: usize = 256;
/// Longest text that is read: the description of a film's sound has some hundred KiB. A guess.
const MAX_TEXT_BYTES: u64 = 1 << 20;
/// Most texts, and most pairs, that are kept of a file: an album on one track has some hundred. A guess.
const MAX_FOUND: usize = 4_096;
/// Bytes at either end of a file that are searched for XMP. A guess.
const MAX_XMP_AWAY: u64 = 1 << 20;
/// Chunks of WAV and AIFF that hold text: broadcast extension, EBU Core, iXML, XMP, cart of radio stations, name, author, copyright,
/// annotation.
const TEXT_CHUNKS: [[u8; 4]; 10] = [
    *b"bext", *b"axml", *b"iXML", *b"_PMX", *b"cart", *b"XMP ", *b"NAME", *b"AUTH", *b"(c) ",
    *b"ANNO",
];

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Embedded {
    /// Names of tags and their values.
    pub(super) pairs: Vec<(String, String)>,
    /// Texts without a name.
    pub(super) texts: Vec<String>,
}

/// Reads the texts of the file that begins at byte `base`.
pub(super) fn read(source: &Bytes, base: u64) -> Embedded {
    let mut found = Embedded::default();
    // A file that cannot be read fails in the pass itself.
    if let Ok(mut file) = source.open_stored() {
        let _ = front(&mut file, base, &mut found);
        let _ = back(&mut file, base, &mut found);
        let _ = xmp(&mut file, base, &mut found);
    }
    found
}

/// What begins at the front of the file.
fn front(file: &mut Reader, base: u64, found: &mut Embedded) -> io::Result<()> {
    let tag = at(file, base, 10)?;
    let tag_bytes = id3v2_bytes(&tag);
    if tag_bytes > 0 {
        id3::read(&at(file, base, tag_bytes.min(MAX_TAG_BYTES))?, found);
    }
    let start = base + tag_bytes;
    let head = at(file, start, 12)?;
    match head.get(..4) {
        Some(b"RIFF" | b"RF64") => texts_in_chunks(file, start + 12, u32::from_le_bytes, found),
        Some(b"FORM") => texts_in_chunks(file, start + 12, u32::from_be_bytes, found),
        Some(b"fLaC") => cue_sheet(file, start + 4, found),
        Some(b"\x1a\x45\xdf\xa3") => ebml::chapters(file, start, found),
        _ if head.get(4..8) == Some(b"ftyp") => chapters(file, start, found),
        _ => Ok(()),
    }
}

/// Tags behind the sound, the last first.
fn back(file: &mut Reader, base: u64, found: &mut Embedded) -> io::Result<()> {
    let mut rest = base..file.seek(SeekFrom::End(0))?;
    for _ in 0..MAX_END_TAGS {
        let mut read =
            |range: Range<u64>| at(file, range.start, range.end - range.start).unwrap_or_default();
        let last = EndTag::last(&rest, &mut read);
        let Some((kind, tag)) = last else {
            // Only its front tells a tag without a footer.
            let Some(start) = id3::before(file, base, rest.end)? else { break };
            id3::read(&at(file, start, rest.end - start)?, found);
            rest.end = start;
            continue;
        };
        let bytes = tag.end - tag.start;
        match kind {
            EndTag::Ape if bytes <= MAX_TAG_BYTES => ape::read(&at(file, tag.start, bytes)?, found),
            EndTag::Id3v2 if bytes <= MAX_TAG_BYTES => {
                id3::read(&at(file, tag.start, bytes)?, found);
            }
            _ => {}
        }
        rest.end = tag.start;
    }
    Ok(())
}

/// At most `bytes` bytes at an offset, fewer at the end of the file.
fn at(file: &mut Reader, offset: u64, bytes: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    file.seek(SeekFrom::Start(offset))?;
    file.take(bytes).read_to_end(&mut content)?;
    Ok(content)
}

/// The texts in chunks of WAV or AIFF.
fn texts_in_chunks(
    file: &mut Reader,
    from: u64,
    size: fn([u8; 4]) -> u32,
    found: &mut Embedded,
) -> io::Result<()> {
    each_chunk(file, from, size, &mut |file, name, Range { start, end }| {
        let bytes = end - start;
        if TEXT_CHUNKS.contains(&name) {
            found.text(&at(file, start, bytes.min(MAX_TEXT_BYTES))?);
        } else if name.eq_ignore_ascii_case(b"id3 ") && bytes <= MAX_TAG_BYTES {
            id3::read(&at(file, start, bytes)?, found);
        }
        Ok(())
    })
}

/// The bar code and the ISRCs of the cue sheet of a FLAC file (RFC 9639, section 8.7).
fn cue_sheet(file: &mut Reader, from: u64, found: &mut Embedded) -> io::Result<()> {
    let mut next = from;
    for _ in 0..MAX_BLOCKS {
        let head = at(file, next, 4)?;
        let [kind, a, b, c] = head[..] else { break };
        let bytes = u64::from(u32::from_be_bytes([0, a, b, c]));
        // A cue sheet, or data of a program.
        if kind & 0x7f == 5 {
            let sheet = at(file, next + 4, bytes.min(MAX_TEXT_BYTES))?;
            found.text(sheet.get(..128).unwrap_or_default());
            let mut track = 396;
            while let Some(isrc) = sheet.get(track + 9..track + 21).filter(|_| !found.is_full()) {
                found.text(isrc);
                let Some(&points) = sheet.get(track + 35) else { break };
                track += 36 + 12 * usize::from(points);
            }
        } else if kind & 0x7f == 2 {
            found.text(&at(file, next + 8, bytes.saturating_sub(4).min(MAX_TEXT_BYTES))?);
        }
        next += 4 + bytes;
        if kind & 0x80 != 0 {
            break;
        }
    }
    Ok(())
}

/// The names of the chapters of an MP4 file, as Nero writes them.
fn chapters(file: &mut Reader, base: u64, found: &mut Embedded) -> io::Result<()> {
    let end = file.seek(SeekFrom::End(0))?;
    let path = [*b"moov", *b"udta", *b"chpl"];
    let list = super::priming::content(file, base..end, &path)?;
    // Version and flags, in version 1 four bytes more, the number of chapters; of each its time, the length of its name, and that.
    let mut rest = list.get(if list.first() == Some(&1) { 9 } else { 5 }..).unwrap_or_default();
    while let Some((&length, name)) = rest.get(8..).and_then(<[u8]>::split_first) {
        let Some((name, behind)) = name.split_at_checked(usize::from(length)) else { break };
        found.text(name);
        rest = behind;
    }
    Ok(())
}

/// XMP wherever it is: programs find it by its first bytes (ISO 16684-1, section 7.3).
fn xmp(file: &mut Reader, base: u64, found: &mut Embedded) -> io::Result<()> {
    let (begin, end) = (Finder::new("<x:xmpmeta"), Finder::new("</x:xmpmeta>"));
    let length = file.seek(SeekFrom::End(0))?;
    let back = length.saturating_sub(MAX_XMP_AWAY).max(base + MAX_XMP_AWAY);
    for from in [base, back] {
        let bytes = at(file, from, MAX_XMP_AWAY)?;
        let Some(start) = begin.find(&bytes) else { continue };
        let packet = at(file, from + start as u64, MAX_TEXT_BYTES)?;
        let Some(length) = end.find(&packet) else { continue };
        found.text(&packet[..length]);
    }
    Ok(())
}

impl Embedded {
    /// Takes a text: UTF-8 or UTF-16 with a mark, else Latin-1. Zeros separate words.
    fn text(&mut self, bytes: &[u8]) {
        if self.texts.len() < MAX_FOUND {
            self.push(decoded(bytes).replace('\0', " "));
        }
    }

    fn push(&mut self, text: String) {
        let is_new = self.texts.len() < MAX_FOUND && !self.texts.contains(&text);
        if is_new && !text.trim().is_empty() {
            self.texts.push(text);
        }
    }

    fn pair(&mut self, name: &str, value: String) {
        if self.pairs.len() < MAX_FOUND {
            self.pairs.push((name.to_owned(), value));
        }
    }

    /// Whether no further text is kept.
    fn is_full(&self) -> bool {
        self.texts.len() >= MAX_FOUND
    }
}
