//! One member of a zip file, as its directory states it.

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use zip::CompressionMethod;
use zip::read::{OwnedZipFileEntry, ZipFileEntry};
use zip::result::ZipError;

use super::methods;
use crate::bytes::{Bytes, Reader};
use crate::record::FailureKind;
use crate::source::containers::rows::{damaged_member, missing_note};
use crate::source::containers::sum::Summed;
use crate::source::containers::traversal::{At, Member, Unpacker, length_of};
use crate::source::{Extent, Place, To};

/// The methods of compression that are read.
const READ: [CompressionMethod; 5] = [
    CompressionMethod::STORE,
    CompressionMethod::DEFLATE,
    CompressionMethod::DEFLATE64,
    CompressionMethod::BZIP2,
    CompressionMethod::ZSTD,
];

/// Longest target of a link, in bytes: as long as a path on Linux may be (`PATH_MAX`). A longer member is read as a file.
const MAX_TARGET_BYTES: u64 = 4_096;

/// Largest compressed size of an empty member. A guess: every method takes less than 40 bytes for nothing.
const MAX_EMPTY_MEMBER_BYTES: u64 = 64;

pub(super) fn member(
    unpacker: &mut Unpacker<'_>,
    at: &At,
    entry: ZipFileEntry<'_>,
    nth: u64,
    bytes: &Bytes,
    body: &mut BufReader<Reader>,
) -> ControlFlow<()> {
    // A name that ends with a slash does not make a folder of a member with bytes.
    if entry.is_dir() && entry.size() == 0 && entry.compressed_size() <= MAX_EMPTY_MEMBER_BYTES {
        return ControlFlow::Continue(());
    }
    let (length, header, size) = (entry.compressed_size(), entry.header_start(), entry.size());
    let stored = entry.compression() == CompressionMethod::Stored;
    let to = To::Member { name: entry.name_raw().to_vec(), nth };
    // Until its own header is read, the place of that header stands for the place of its bytes.
    let unopened = at.member(to.clone(), Some(Extent { offset: header, length }));
    if entry.encrypted() {
        unpacker.counted()?;
        let message = "is encrypted; unpack it with its password and scan the folder".to_owned();
        return unpacker.row(&unopened, FailureKind::Encrypted, message);
    }
    if entry.is_symlink() && size <= MAX_TARGET_BYTES {
        unpacker.counted()?;
        let message = "is a link, which is not followed".to_owned();
        return unpacker.row(&unopened, FailureKind::NotAudio, message);
    }
    let method = entry.compression();
    if methods::is_one(method) {
        return packed(unpacker, at, &entry, (to, unopened), body);
    }
    if !READ.contains(&method) {
        unpacker.counted()?;
        let message = format!(
            "is compressed by a method that is not read here ({method}); unpack it and scan the folder"
        );
        return unpacker.row(&unopened, FailureKind::Unsupported, message);
    }
    // Opened through a reference: an owned entry reads its member to the end when it is dropped.
    let entry = OwnedZipFileEntry::from(entry);
    let file = match entry.as_ref().with_reader(body, zip::ZipReadOptions::new()) {
        Ok(file) => file,
        Err(error) => return unread(unpacker, &unopened, &error),
    };
    let offset = file.data_start().unwrap_or(header);
    let mut place = at.member(to, Some(Extent { offset, length }));
    let mut notes = Vec::new();
    let lies = if stored { bytes.slice(offset, length) } else { None };
    let mut declared = size;
    if let Some(Bytes::Range { offset, .. }) = &lies {
        place.offset = Some(*offset);
        let there = lies.as_ref().map_or(0, length_of);
        if there < length {
            let missing = length - there;
            notes.push(missing_note(missing, length));
        }
        declared = there;
    }
    let mut stream = unpacker.limited(file);
    unpacker.member(Member {
        place,
        depth: at.depth,
        stream: &mut stream,
        declared: Some(declared),
        bytes: lies,
        notes,
    })
}

/// Shows a member in LZMA, XZ or `PPMd`.
fn packed(
    unpacker: &mut Unpacker<'_>,
    at: &At,
    entry: &ZipFileEntry<'_>,
    (to, unopened): (To, Place),
    body: &mut BufReader<Reader>,
) -> ControlFlow<()> {
    let (length, size) = (entry.compressed_size(), entry.size());
    let opened = data_start(body, entry.header_start()).and_then(|offset| {
        body.seek(SeekFrom::Start(offset))?;
        let stream = methods::unpack(entry.compression(), body.take(length), size)?;
        Ok((offset, Summed::new(stream, size, Some(entry.crc32()), None)))
    });
    let (offset, stream) = match opened {
        Ok(opened) => opened,
        Err(error) if error.raw_os_error().is_some() => return unpacker.broken(&unopened, &error),
        Err(error) => {
            unpacker.counted()?;
            return unpacker.tell(&unopened, damaged_member(&error));
        }
    };
    let place = at.member(to, Some(Extent { offset, length }));
    let mut stream = unpacker.limited(stream);
    let (depth, declared, bytes, notes) = (at.depth, Some(size), None, Vec::new());
    let stream = &mut stream as &mut dyn Read;
    unpacker.member(Member { place, depth, stream, declared, bytes, notes })
}

/// Where the bytes of a member begin: behind its own header, whose name and extra fields may differ from those in the directory.
fn data_start(body: &mut BufReader<Reader>, header: u64) -> std::io::Result<u64> {
    let mut fixed = [0; 30];
    body.seek(SeekFrom::Start(header))?;
    body.read_exact(&mut fixed)?;
    if !fixed.starts_with(b"PK\x03\x04") {
        let message = "there is no header at the place that the directory states";
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, message));
    }
    let length = |at: usize| u64::from(u16::from_le_bytes([fixed[at], fixed[at + 1]]));
    Ok(header + 30 + length(26) + length(28))
}

/// Shows the row of a member that cannot be opened.
fn unread(unpacker: &mut Unpacker<'_>, place: &Place, error: &ZipError) -> ControlFlow<()> {
    unpacker.counted()?;
    match error {
        ZipError::CompressionMethodNotSupported(_) | ZipError::UnsupportedArchive(_) => {
            let message = format!(
                "is compressed by a method that is not read here ({error}); unpack it and scan the folder"
            );
            unpacker.row(place, FailureKind::Unsupported, message)
        }
        ZipError::Io(error) if error.raw_os_error().is_some() => unpacker.broken(place, error),
        _ => {
            let message = format!(
                "is not at the place that the directory of its zip file states ({error}); fetch it again"
            );
            unpacker.row(place, FailureKind::Damaged, message)
        }
    }
}
