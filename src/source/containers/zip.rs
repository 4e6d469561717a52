//! Zip files, including those of more than 4 GiB (zip64).
//!
//! The directory at the end is read entry by entry, so that its length costs no memory. Members that are stored uncompressed
//! are not copied: they are read from their place in the file. Without a directory, as in a file that is cut off, members
//! are read one after the other from the front.

use std::collections::HashMap;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use zip::CompressionMethod;
use zip::read::{Config, OwnedZipFileEntry, ZipFile, ZipFileEntry, read_zipfile_from_stream};
use zip::result::ZipError;
use zip::unstable::read::ZipIterable;

use super::rows::{damaged_member, missing_note};
use super::sum::Summed;
use super::traversal::{At, Member, Unpacker, length_of};
use super::zip_methods;
pub(in crate::source) use super::zip_volumes::volumes_before;
use super::zip_volumes::{self, Joined};
use crate::bytes::{Bytes, Reader};
use crate::record::FailureKind;
use crate::source::section::Section;
use crate::source::volume_names::zip_volume;
use crate::source::{Extent, Place, To};
use crate::wording::visible;

/// Longest end-of-central-directory record: 22 bytes, and a comment whose length has 16 bits (APPNOTE 4.3.16).
const MAX_END_BYTES: u64 = 22 + 0xffff;

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

/// Shows the members of a zip file.
pub(super) fn walk(unpacker: &mut Unpacker<'_>, at: &At, bytes: &Bytes) -> ControlFlow<()> {
    let open = || bytes.open_stored().map(BufReader::new);
    let opened = open().and_then(|mut first| {
        let has_directory = has_directory(&mut first)?;
        Ok((first, open()?, has_directory))
    });
    let (directory, mut body, has_directory) = match opened {
        Ok(readers) => readers,
        Err(error) => return unpacker.broken(&at.place, &error),
    };
    if !has_directory {
        return salvage(unpacker, at, body, &ZipError::FileNotFound);
    }
    let before = zip_volumes::volumes_before(bytes).unwrap_or(0);
    let directory = match bytes {
        _ if before == 0 => Ok(Either::Whole(directory)),
        Bytes::Volumes { volumes, .. } => {
            let most = unpacker.costs.limits.max_directory_bytes;
            zip_volumes::directory(bytes, volumes, most).map(Either::Joined)
        }
        _ => return incomplete(unpacker, at, before),
    };
    let directory = match directory {
        Ok(directory) => directory,
        Err(error) => return unpacker.broken(&at.place, &error),
    };
    let mut archive = match ZipIterable::try_new(directory, Config::default()) {
        Ok(archive) => archive,
        Err(ZipError::UnsupportedArchive(what)) => {
            let message = format!(
                "is a zip file of a form that is not read here ({what}); unpack it and scan the folder"
            );
            return unpacker.row(&at.place, FailureKind::ContainerUnsupported, message);
        }
        Err(error) => return salvage(unpacker, at, body, &error),
    };
    let entries = match archive.files() {
        Ok(entries) => entries,
        Err(error) => return salvage(unpacker, at, body, &error),
    };
    let whole = body.get_ref().length();
    // Each section reads the directory from its front, which numbers members, and opens its own members only.
    let section = unpacker.section(at).unwrap_or(Section { from: 0, to: u64::MAX });
    let (mut passed, mut count, mut last) = (0_u64, 0_u64, None);
    let mut first = u64::MAX;
    let mut order = Order::default();
    for entry in entries {
        if count >= section.to {
            return unpacker.section_ends();
        }
        // What is wrong before a section is told by the one that it is in.
        let is_before = count < section.from;
        let entry = match entry {
            Ok(entry) => entry,
            Err(_) if is_before => return ControlFlow::Continue(()),
            Err(error) => return broken(unpacker, at, &error),
        };
        passed = passed.saturating_add(entry.compressed_size());
        if passed > whole {
            if is_before {
                return ControlFlow::Continue(());
            }
            return overlapping(unpacker, at, passed, whole);
        }
        if at.depth == 1 && !is_before {
            unpacker.passed_to(passed);
        }
        (count, last) = (count + 1, Some(entry.central_header_start()));
        first = first.min(entry.header_start());
        let Some(nth) = order.nth(entry.header_start()) else {
            if is_before {
                return ControlFlow::Continue(());
            }
            let message =
                "has a directory without any order; unpack it with care and scan the folder";
            return unpacker.row(&at.place, FailureKind::ContainerDamaged, message.to_owned());
        };
        if !is_before {
            member(unpacker, at, entry, nth, bytes, &mut body)?;
        }
    }
    unpacker.section_ends()?;
    if before > 0 {
        return ControlFlow::Continue(());
    }
    if last.is_some_and(|last| another_follows(&mut body, last).unwrap_or(false)) {
        let message = format!(
            "has a directory with more members than the {count} that the end of the file states; those were looked at, the \
             others were not: unpack it and scan the folder"
        );
        return unpacker.row(&at.place, FailureKind::ContainerDamaged, message);
    }
    // A split archive begins with a signature of 4 bytes, one that unpacks itself with a program.
    if count > 0 && first > 4 && begins_as_zip(&mut body).unwrap_or(true) {
        let message = format!(
            "begins with {first} bytes of members that its directory does not name, as one archive behind another does; \
             they were not looked at: unpack it and scan the folder"
        );
        return unpacker.row(&at.place, FailureKind::ContainerDamaged, message);
    }
    ControlFlow::Continue(())
}

/// The numbers of the entries at which a zip file may be cut into sections of some `target` bytes; none if its directory cannot
/// be read to its end, or states more than the file has.
pub(super) fn cuts(bytes: &Bytes, target: u64) -> Vec<(u64, u64)> {
    let open = || bytes.open_stored().map(BufReader::new);
    let mut cuts = Vec::new();
    let Ok(mut directory) = open() else { return cuts };
    if !has_directory(&mut directory).unwrap_or(false) {
        return cuts;
    }
    if zip_volumes::volumes_before(bytes).map_or(true, |before| before > 0) {
        return cuts;
    }
    let whole = directory.get_ref().length();
    let Ok(mut archive) = ZipIterable::try_new(directory, Config::default()) else { return cuts };
    let Ok(entries) = archive.files() else { return cuts };
    let (mut passed, mut last) = (0_u64, 0_u64);
    for (number, entry) in (0_u64..).zip(entries) {
        let Ok(entry) = entry else { return Vec::new() };
        if passed - last >= target {
            cuts.push((number, passed - last));
            last = passed;
        }
        passed = passed.saturating_add(entry.compressed_size());
        if passed > whole {
            return Vec::new();
        }
    }
    cuts
}

/// Whether the first bytes are those of a zip file, not of a program or picture in front of one.
fn begins_as_zip(body: &mut BufReader<Reader>) -> std::io::Result<bool> {
    let mut mark = [0; 2];
    body.seek(SeekFrom::Start(0))?;
    body.read_exact(&mut mark)?;
    Ok(mark == *b"PK")
}

/// Whether the first bytes are those of the first volume of a split zip file.
fn begins_split(body: &mut BufReader<Reader>) -> std::io::Result<bool> {
    let mut mark = [0; 4];
    body.seek(SeekFrom::Start(0))?;
    body.read_exact(&mut mark)?;
    Ok(mark == *b"PK\x07\x08")
}

/// Shows the row of the last volume of a split zip file whose others are not all there.
fn incomplete(unpacker: &mut Unpacker<'_>, at: &At, before: u32) -> ControlFlow<()> {
    let name = |path: &std::path::Path| {
        let name = std::path::Path::new(path.file_name().unwrap_or_default());
        visible(&crate::source::display_path(name)).into_owned()
    };
    let path = &at.place.locator.file;
    let volume = |number| zip_volume(path, number).filter(|path| !crate::storage::is_file(path));
    let missing = (1..=before.min(MAX_VOLUMES)).find_map(volume).filter(|_| at.depth == 1);
    let missing = missing.map_or("the others are".to_owned(), |path| format!("{} is", name(&path)));
    let message = format!(
        "is the last of {} volumes of a split zip file, and {missing} missing; fetch it and scan again",
        before.saturating_add(1)
    );
    unpacker.row(&at.place, FailureKind::ContainerTruncated, message)
}

/// Most volumes that are looked for by name. A guess.
const MAX_VOLUMES: u32 = 10_000;

/// What a directory is read from.
enum Either {
    Whole(BufReader<Reader>),
    /// Volumes, with a directory that was written for them.
    Joined(Joined),
}

impl Read for Either {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Whole(whole) => whole.read(buffer),
            Self::Joined(joined) => joined.read(buffer),
        }
    }
}

impl Seek for Either {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        match self {
            Self::Whole(whole) => whole.seek(to),
            Self::Joined(joined) => joined.seek(to),
        }
    }
}

/// Whether another entry follows the one at `header` in the directory. The end of the file may state fewer than there are:
/// some programs do beyond 65,535.
fn another_follows(body: &mut BufReader<Reader>, header: u64) -> std::io::Result<bool> {
    let mut entry = [0; 46];
    body.seek(SeekFrom::Start(header))?;
    body.read_exact(&mut entry)?;
    let lengths = entry[28..34].as_chunks::<2>().0;
    let behind: i64 = lengths.iter().map(|length| i64::from(u16::from_le_bytes(*length))).sum();
    let mut mark = [0; 4];
    body.seek_relative(behind)?;
    body.read_exact(&mut mark)?;
    Ok(mark == *b"PK\x01\x02")
}

/// Most entries of a directory that are out of the order of their places in the file. A guess; each takes some 32 bytes of memory.
const MAX_DISORDER: usize = 1 << 20;

/// Numbers entries of a directory that have the same place in the file. Usually each lies behind the one before, which
/// needs no memory.
#[derive(Default)]
struct Order {
    /// Entries from this byte on lie behind all that came.
    next: u64,
    /// The number of entries at each byte before it.
    back: HashMap<u64, u64>,
}

impl Order {
    /// The number of an entry among those at the same byte: from 1 in order, from 2 out of order. `None` if too many are out
    /// of order.
    fn nth(&mut self, offset: u64) -> Option<u64> {
        if offset >= self.next {
            self.next = offset.saturating_add(1);
            return Some(1);
        }
        let count = self.back.entry(offset).or_insert(1);
        *count += 1;
        let nth = *count;
        (self.back.len() <= MAX_DISORDER).then_some(nth)
    }
}

/// Shows the row of a zip file whose members overlap, by which a short file could hold any amount.
fn overlapping(unpacker: &mut Unpacker<'_>, at: &At, declared: u64, whole: u64) -> ControlFlow<()> {
    let message = format!(
        "has members that overlap: at least {declared} bytes of them in a file of {whole}; those before were looked at, \
         the rest was not: unpack it with care and scan the folder"
    );
    unpacker.row(&at.place, FailureKind::ContainerDamaged, message)
}

/// Whether the end of a file has the signature of the end-of-central-directory record. Without it, the crate would search
/// the whole file.
pub(in crate::source) fn has_directory(reader: &mut BufReader<Reader>) -> std::io::Result<bool> {
    let mut end = Vec::new();
    let from = reader.get_ref().length().saturating_sub(MAX_END_BYTES);
    reader.seek(SeekFrom::Start(from))?;
    reader.take(MAX_END_BYTES).read_to_end(&mut end)?;
    Ok(end.windows(4).any(|mark| mark == b"PK\x05\x06"))
}

fn member(
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
    if zip_methods::is_one(method) {
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
        let stream = zip_methods::unpack(entry.compression(), body.take(length), size)?;
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

/// Shows the row of a zip file whose directory breaks off.
fn broken(unpacker: &mut Unpacker<'_>, at: &At, error: &ZipError) -> ControlFlow<()> {
    let io = match error {
        ZipError::Io(error) if error.raw_os_error().is_some() => {
            return unpacker.broken(&at.place, error);
        }
        other => std::io::Error::other(other.to_string()),
    };
    unpacker.broken(&at.place, &io)
}

/// Reads members from the front, without a directory.
fn salvage(
    unpacker: &mut Unpacker<'_>,
    at: &At,
    mut body: BufReader<Reader>,
    why: &ZipError,
) -> ControlFlow<()> {
    if matches!(why, ZipError::Io(error) if error.raw_os_error().is_some()) {
        return broken(unpacker, at, why);
    }
    // The first volume of a split archive begins with a signature of 4 bytes.
    let mut offset = if begins_split(&mut body).unwrap_or(false) { 4 } else { 0 };
    if let Err(error) = body.seek(SeekFrom::Start(offset)) {
        return unpacker.broken(&at.place, &error);
    }
    let end = loop {
        if at.depth == 1 {
            unpacker.passed_to(offset);
        }
        match read_zipfile_from_stream(&mut body) {
            Ok(Some(file)) => salvaged(unpacker, at, file, offset)?,
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
        match body.stream_position() {
            Ok(position) => offset = position,
            Err(error) => return unpacker.broken(&at.place, &error),
        }
    };
    let reason = end.map_or(String::new(), |error| format!("; after byte {offset}: {error}"));
    unpacker.truncated(&at.place, &format!("its directory is missing{reason}"))
}

fn salvaged<R: Read>(
    unpacker: &mut Unpacker<'_>,
    at: &At,
    file: ZipFile<'_, R>,
    offset: u64,
) -> ControlFlow<()> {
    let name = file.name_raw().to_vec();
    let length = file.compressed_size();
    let place = at.member(To::Member { name, nth: 1 }, Some(Extent { offset, length }));
    let (is_dir, declared) = (file.is_dir() && file.size() == 0, file.size());
    let mut stream = unpacker.limited(file);
    if !is_dir {
        let depth = at.depth;
        let (declared, bytes, notes) = (Some(declared), None, Vec::new());
        let stream = &mut stream;
        unpacker.member(Member { place, depth, stream, declared, bytes, notes })?;
    }
    unpacker.drain(&mut stream)
}
