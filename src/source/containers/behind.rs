//! Archives behind a program that unpacks them, or behind a picture that hides them.

use std::io::{self, Read as _, Seek as _, SeekFrom};

use super::rar::volume;
use crate::bytes::{Bytes, Reader};
use crate::sniff::container::ContainerKind;
use crate::sniff::magic::{is_picture, may_hide_archive};

/// How far an archive is looked for. A guess: the programs that unpack themselves have some 100 KiB to 2 MiB, pictures a few MiB.
const MAX_SEARCH_BYTES: u64 = 16 << 20;
/// Longest end of a zip file: its record of 22 bytes, and a comment whose length has 16 bits.
const MAX_END_BYTES: u64 = 22 + 0xffff;

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
    let Some(mut reader) = bytes.open_seekable()? else { return Ok(None) };
    let length = reader.length();
    if is_picture(head) {
        let end = end(&mut reader, PICTURE_END_BYTES)?;
        if ends_as_picture(head, length, &end) {
            return Ok(None);
        }
    }
    let end = end(&mut reader, MAX_END_BYTES)?;
    if ends_as_zip(&mut reader, &end)? {
        // Its directory states places in the whole file, or in what is behind the program: the reader of zip files tells.
        return Ok(Some((ContainerKind::Zip, bytes.clone())));
    }
    let mut front = Vec::new();
    reader.seek(SeekFrom::Start(0))?;
    (&mut reader).take(MAX_SEARCH_BYTES).read_to_end(&mut front)?;
    for at in 1..front.len() {
        let here = &front[at..];
        let kind = if here.starts_with(b"7z\xbc\xaf\x27\x1c") && is_sevenz(here) {
            ContainerKind::SevenZ
        } else if here.starts_with(b"Rar!\x1a\x07") && volume::begins_at(bytes, at as u64)? {
            ContainerKind::Rar
        } else {
            continue;
        };
        return Ok(Some((kind, from(bytes, at as u64, length)?)));
    }
    Ok(None)
}

/// The last bytes, at most so many.
fn end(reader: &mut Reader, most: u64) -> io::Result<Vec<u8>> {
    let mut end = Vec::new();
    reader.seek(SeekFrom::Start(reader.length().saturating_sub(most)))?;
    reader.take(most).read_to_end(&mut end)?;
    Ok(end)
}

/// Whether what begins like this may be an image of a disc or have an archive behind it.
pub(super) fn may_be(head: &[u8]) -> bool {
    may_hide_archive(head) || may_begin_disc(head)
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
fn from(bytes: &Bytes, at: u64, length: u64) -> io::Result<Bytes> {
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

/// Whether the last bytes are the end of a zip file that has members: its record, and a directory where that says.
fn ends_as_zip(reader: &mut Reader, end: &[u8]) -> io::Result<bool> {
    let is_record = |at: &usize| {
        let record = &end[*at..];
        let comment = record.get(20..22).map_or(0, |n| usize::from(n[0]) | usize::from(n[1]) << 8);
        record.starts_with(b"PK\x05\x06") && record.len() == 22 + comment
    };
    let Some(at) = (0..end.len().saturating_sub(21)).rev().find(is_record) else {
        return Ok(false);
    };
    let number = |from: usize| {
        let bytes = end.get(at + from..).and_then(<[u8]>::first_chunk);
        bytes.map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)))
    };
    if number(12) == u64::from(u32::MAX) {
        // The numbers of a zip64 file stand in another record, right before.
        return Ok(at.checked_sub(20).is_some_and(|at| end[at..].starts_with(b"PK\x06\x07")));
    }
    let record = reader.length() - (end.len() - at) as u64;
    let Some(directory) = record.checked_sub(number(12)) else { return Ok(false) };
    let mut mark = [0; 4];
    reader.seek(SeekFrom::Start(directory))?;
    Ok(reader.read_exact(&mut mark).is_ok() && mark == *b"PK\x01\x02")
}

/// Bytes at the end of a picture that are looked at: its usual end, and zeros that some programs put behind it.
const PICTURE_END_BYTES: u64 = 1_024;

/// Whether a picture ends where it should: with the marker, chunk or byte that ends a JPEG, PNG or GIF image, and then perhaps zeros; or
/// with the length that a WebP or BMP image states.
fn ends_as_picture(head: &[u8], length: u64, end: &[u8]) -> bool {
    let stated = |at: usize| {
        let bytes = head.get(at..).and_then(<[u8]>::first_chunk);
        bytes.map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)))
    };
    if head.starts_with(b"RIFF") || head.starts_with(b"BM") {
        let whole = if head.starts_with(b"BM") { stated(2) } else { stated(4) + 8 };
        return length <= whole + 1;
    }
    let zeros = end.iter().rev().take_while(|&&byte| byte == 0).count();
    let end = &end[..end.len() - zeros];
    [&b"\xff\xd9"[..], b"IEND\xaeB`\x82", b";"].iter().any(|mark| end.ends_with(mark))
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
        // A picture that ends as pictures do.
        let whole = [&b"\xff\xd8\xff\xe0"[..], &sevenz, b"\xff\xd9\0\0"].concat();
        assert_eq!(found(&whole), None);
    }
}
