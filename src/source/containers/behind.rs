//! Archives behind a program that unpacks them, or behind a picture that hides them.

use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};

use memchr::memmem::Finder;

use super::rar::volume;
use super::zip::is_behind as ends_as_zip;
use crate::bytes::Bytes;
use crate::sniff::container::ContainerKind;
use crate::sniff::magic::{is_picture, may_hide_archive};
use crate::sniff::picture;

/// How far an archive is looked for. A guess: the programs that unpack themselves have some 100 KiB to 2 MiB, pictures a few MiB.
const MAX_SEARCH_BYTES: u64 = 16 << 20;
/// Most marks whose header is looked at: a program that unpacks archives has a few of them. A guess.
const MAX_MARKS: usize = 1_000;
/// What 7z and RAR archives begin with.
const MARKS: [(&[u8], ContainerKind); 2] =
    [(b"7z\xbc\xaf\x27\x1c", ContainerKind::SevenZ), (b"Rar!\x1a\x07", ContainerKind::Rar)];

/// The archive behind what something begins as, and its bytes; `None` if there is none. `head` are the first bytes.
///
/// # Errors
///
/// If the bytes cannot be read.
pub(super) fn archive(head: &[u8], bytes: &Bytes) -> io::Result<Option<(ContainerKind, Bytes)>> {
    if may_begin_disc(head) && is_disc(bytes)? {
        return Ok(Some((ContainerKind::Disc, bytes.clone())));
    }
    if !may_hide_archive(head) {
        return Ok(None);
    }
    let Some(reader) = bytes.open_seekable()? else { return Ok(None) };
    let length = reader.length();
    let mut reader = BufReader::new(reader);
    // A picture whose structure has no end may be damaged, or have its end behind the archive.
    let from = if is_picture(head) { picture::end(&mut reader, 0).unwrap_or(1) } else { 1 };
    if from >= length {
        return Ok(None);
    }
    if ends_as_zip(&mut reader)? {
        // Its directory states places in the whole file, or in what is behind the program: the reader of zip files tells.
        return Ok(Some((ContainerKind::Zip, bytes.clone())));
    }
    let mut front = Vec::new();
    reader.seek(SeekFrom::Start(from))?;
    (&mut reader).take(MAX_SEARCH_BYTES).read_to_end(&mut front)?;
    let mut found: Option<(u64, ContainerKind)> = None;
    for (mark, kind) in MARKS {
        let finder = Finder::new(mark);
        for at in finder.find_iter(&front).take(MAX_MARKS) {
            let place = from + at as u64;
            let begins = match kind {
                ContainerKind::SevenZ => is_sevenz(&front[at..]),
                _ => volume::begins_at(&mut reader, place)?,
            };
            if begins {
                found = found.filter(|(before, _)| *before < place).or(Some((place, kind)));
                break;
            }
        }
    }
    let Some((at, kind)) = found else { return Ok(None) };
    Ok(Some((kind, behind(bytes, at, length)?)))
}

/// Whether what begins like this may be an image of a disc or have an archive behind it.
pub(super) fn may_be(head: &[u8]) -> bool {
    may_hide_archive(head) || may_begin_disc(head)
}

/// Whether more than its front has to be read of what begins like this, to tell whether an archive lies behind it or to read that.
pub(super) fn needs_all(head: &[u8], front: &Bytes) -> bool {
    may_hide_archive(head) || is_disc(front).unwrap_or(false)
}

/// Whether an image of a disc may begin like this: its first 16 sectors are for boot loaders, and mostly zero.
fn may_begin_disc(head: &[u8]) -> bool {
    head.len() >= 512 && (head.iter().all(|&byte| byte == 0) || head[510..512] == *b"\x55\xaa")
}

/// Byte position of the magic number of ISO 9660: behind a type byte in sector 16 of 2,048 bytes (ECMA-119).
const DISC_MARK: u64 = 16 * 2_048 + 1;

/// Whether something is an image of a disc. Its magic number lies beyond the bytes that tell other containers.
pub(super) fn is_disc(bytes: &Bytes) -> io::Result<bool> {
    let Some(mut file) = bytes.open_seekable()? else { return Ok(false) };
    let mut mark = [0; 5];
    if file.length() < DISC_MARK + 5 {
        return Ok(false);
    }
    file.seek(SeekFrom::Start(DISC_MARK))?;
    file.read_exact(&mut mark)?;
    Ok(mark == *b"CD001")
}

/// Bytes from a position on.
fn behind(bytes: &Bytes, at: u64, length: u64) -> io::Result<Bytes> {
    if let Some(bytes) = bytes.slice(at, length - at) {
        return Ok(bytes);
    }
    let mut copy = Vec::new();
    let mut reader = bytes.open_stored()?;
    reader.seek(SeekFrom::Start(at))?;
    reader.read_to_end(&mut copy)?;
    Ok(Bytes::of_memory(copy))
}

/// Whether the first header of a 7z file has the right checksum.
fn is_sevenz(here: &[u8]) -> bool {
    let stated = here.get(8..12).and_then(<[u8]>::first_chunk);
    let header = here.get(12..32).map(crc32fast::hash);
    stated.is_some_and(|stated| header == Some(u32::from_le_bytes(*stated)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: &[u8]) -> Option<(ContainerKind, u64)> {
        let bytes = Bytes::of_memory(bytes.to_vec());
        let (kind, archive) = archive(&bytes.head(1_024).unwrap(), &bytes).unwrap()?;
        Some((kind, archive.length().unwrap().unwrap()))
    }

    #[test]
    fn an_archive_is_found_behind_a_program_or_a_picture_and_nowhere_else() {
        let header = [7; 20];
        let sum = crc32fast::hash(&header).to_le_bytes();
        let sevenz = [&b"7z\xbc\xaf\x27\x1c\0\x04"[..], &sum, &header, b"packed"].concat();
        let directory = b"PK\x01\x02 directory".to_vec();
        let mut zip =
            [b"PK\x03\x04 member", &directory[..], b"PK\x05\x06\0\0\0\0\x01\0\x01\0"].concat();
        zip.extend((directory.len() as u32).to_le_bytes());
        zip.extend([14, 0, 0, 0, 2, 0, b'h', b'i']);
        for front in
            [&b"MZ\x90\0 stub"[..], b"\x7fELF", b"#!/bin/sh\n", b"\xff\xd8\xff\xe0", b"GIF89a"]
        {
            let hidden = |archive: &[u8]| found(&[front, &[1; 5_000], archive].concat());
            let whole = |archive: &[u8]| (front.len() + 5_000 + archive.len()) as u64;
            assert_eq!(hidden(&sevenz), Some((ContainerKind::SevenZ, sevenz.len() as u64)));
            assert_eq!(hidden(&zip), Some((ContainerKind::Zip, whole(&zip))));
            assert_eq!(hidden(b"7z\xbc\xaf\x27\x1c and no header of 32 bytes"), None);
            assert_eq!(hidden(b"Rar!\x1a\x07\x01\0 and no header"), None);
            assert_eq!(hidden(b"PK\x05\x06 in the middle of a program"), None);
        }
        assert_eq!(found(&[&b"OggS"[..], &sevenz].concat()), None);
        // A picture with an archive among what it shows, and one that is cut off.
        let picture = |inside: &[u8]| {
            let length = (inside.len() as u16 + 2).to_be_bytes();
            [&b"\xff\xd8\xff\xe0"[..], &length, inside, b"\xff\xda\0\x02scan\xff\xd9"].concat()
        };
        let whole = picture(&sevenz);
        assert_eq!(found(&whole), None);
        assert!(found(&whole[..whole.len() - 2]).is_some());
        // An archive that ends as pictures do.
        let mut said = zip.clone();
        let at = said.len() - 4;
        said[at..].copy_from_slice(b"\x02\0\xff\xd9");
        let hidden = [picture(b"JFIF"), said].concat();
        assert_eq!(found(&hidden), Some((ContainerKind::Zip, hidden.len() as u64)));
        let hidden = [&picture(b"JFIF")[..], b"\0\0", &sevenz, b";"].concat();
        assert_eq!(found(&hidden), Some((ContainerKind::SevenZ, sevenz.len() as u64 + 1)));
    }

    #[test]
    fn a_program_with_many_marks_of_archives_is_searched_in_a_moment() {
        let marks = b"Rar!\x1a\x07\x01\x007z\xbc\xaf\x27\x1c".repeat(1 << 20);
        assert_eq!(found(&[&b"\x7fELF"[..], &marks].concat()), None);
    }
}
