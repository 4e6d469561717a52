//! Tar files: ustar, PAX, GNU and those from before ustar, stored or as a stream.
//!
//! Members of a stored file are not copied: they are read from their place in it. Names are never used as paths, and links
//! are not followed.

use std::cell::Cell;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::rc::Rc;

use tar::{Archive, Entries, Entry, EntryType};

use super::group::{MAX_SIDE_CAR_BYTES, is_side_car, key_of};
use super::held::Together;
use super::rows::{damaged_member, missing_note};
use super::tar_sparse::{Described, Sparse};
use super::traversal::{At, Input, Member, Unpacker};
use crate::bytes::{Bytes, Reader};
use crate::record::FailureKind;
use crate::source::section::Section;
use crate::source::{Extent, To};

/// Most bytes of the headers of one member, with long names, PAX records and zeros before them. A guess: real headers have
/// a few KiB, and the padding at the end of a tape has 10 KiB.
const MAX_HEADER_BYTES: u64 = 16 << 20;
/// Headers and members begin at multiples of this (POSIX).
const BLOCK_BYTES: u64 = 512;

/// Shows the members of a tar file.
pub(super) fn walk(unpacker: &mut Unpacker<'_>, at: &At, input: Input<'_>) -> ControlFlow<()> {
    let checks = Checks::default();
    match input {
        Input::Stored(bytes) => {
            let reader = match bytes.open_stored() {
                Ok(reader) => reader,
                Err(error) => return unpacker.broken(&at.place, &error),
            };
            let whole = reader.length();
            let Section { from: base, to } =
                unpacker.section(at).unwrap_or(Section { from: 0, to: u64::MAX });
            let stored = Stored { bytes, whole, base, to };
            let reader = match stored.reader(reader) {
                Ok(reader) => reader,
                Err(error) => return unpacker.broken(&at.place, &error),
            };
            let reader = Checked { inner: BufReader::new(reader), checks: checks.clone() };
            let mut archive = Archive::new(reader);
            archive.set_ignore_zeros(true);
            match archive.entries_with_seek() {
                Ok(entries) => members(unpacker, at, entries, &checks, Some(&stored)),
                Err(error) => unpacker.broken(&at.place, &error),
            }
        }
        Input::Stream(stream) => {
            let mut archive = Archive::new(Checked { inner: stream, checks: checks.clone() });
            archive.set_ignore_zeros(true);
            match archive.entries() {
                Ok(entries) => members(unpacker, at, entries, &checks, None),
                Err(error) => unpacker.broken(&at.place, &error),
            }
        }
    }
}

/// A tar file that can be read from any position, and which part of it is read.
struct Stored {
    bytes: Bytes,
    /// Its length.
    whole: u64,
    /// Where its section begins; the crate counts from there.
    base: u64,
    /// Where the next section begins.
    to: u64,
}

impl Stored {
    /// A reader from the begin of the section to the end of the file.
    fn reader(&self, whole: Reader) -> io::Result<Reader> {
        let rest = self.whole.saturating_sub(self.base);
        match self.bytes.slice(self.base, rest) {
            Some(rest) if self.base > 0 => rest.open_stored(),
            _ => Ok(whole),
        }
    }
}

/// Where the header behind a member that ends at `end` begins.
fn padded(end: u64) -> u64 {
    end.div_ceil(BLOCK_BYTES).saturating_mul(BLOCK_BYTES)
}

fn members<R: Read>(
    unpacker: &mut Unpacker<'_>,
    at: &At,
    mut entries: Entries<'_, R>,
    checks: &Checks,
    stored: Option<&Stored>,
) -> ControlFlow<()> {
    let base = stored.map_or(0, |stored| stored.base);
    let (mut end, mut rest) = (base, 0);
    loop {
        if stored.is_some_and(|stored| end > base && padded(end) >= stored.to) {
            return unpacker.section_ends();
        }
        checks.left.set(MAX_HEADER_BYTES.saturating_add(rest));
        let entry = match entries.next() {
            None => break,
            Some(Ok(entry)) => entry,
            Some(Err(error)) => return stop(unpacker, at, &error, end, checks),
        };
        checks.left.set(u64::MAX);
        checks.zeros.set(0);
        // The crate skips the unread rest of a sparse file when it reads the next header.
        let is_sparse = entry.header().entry_type().is_gnu_sparse();
        rest = if is_sparse { entry.header().entry_size().unwrap_or(0) } else { 0 };
        // The holes of a sparse file are not stored.
        let length = if is_sparse { rest } else { entry.size() };
        end = base.saturating_add(entry.raw_file_position()).saturating_add(length);
        if at.depth == 1 && stored.is_some() {
            unpacker.passed_to(base.saturating_add(entry.raw_header_position()));
        }
        member(unpacker, at, entry, stored)?;
    }
    unpacker.section_ends()?;
    let missing = stored.map_or(0, |stored| end.saturating_sub(stored.whole));
    if missing > 0 {
        return unpacker.truncated(&at.place, &format!("{missing} bytes are missing"));
    }
    // A block of zeros ends a tar file. The last member is padded by less than a block, so these are not its zeros.
    if checks.zeros.get() < BLOCK_BYTES {
        return unpacker.truncated(&at.place, "the zeros at its end are missing");
    }
    ControlFlow::Continue(())
}

/// Shows the row of a tar file whose next header cannot be read; `end` is the end of the last member.
fn stop(
    unpacker: &mut Unpacker<'_>,
    at: &At,
    error: &io::Error,
    end: u64,
    checks: &Checks,
) -> ControlFlow<()> {
    // The crate has no kind of error for a file that ends inside a header.
    if checks.at_end.get() || error.kind() == io::ErrorKind::UnexpectedEof {
        unpacker.truncated(&at.place, &format!("after byte {end}"))
    } else {
        unpacker.broken(&at.place, error)
    }
}

fn member<R: Read>(
    unpacker: &mut Unpacker<'_>,
    at: &At,
    mut entry: Entry<'_, R>,
    stored: Option<&Stored>,
) -> ControlFlow<()> {
    let kind = entry.header().entry_type();
    if is_passed_over(kind) {
        return ControlFlow::Continue(());
    }
    let base = stored.map_or(0, |stored| stored.base);
    let (offset, length) = (base.saturating_add(entry.raw_file_position()), entry.size());
    let is_sparse = kind.is_gnu_sparse();
    // Of a sparse member the stored part, so that members of one name have different extents.
    let stored_bytes = if is_sparse { entry.header().entry_size().unwrap_or(0) } else { length };
    let extent = Extent { offset, length: stored_bytes };
    let name = entry.path_bytes().into_owned();
    let key = key_of(&name);
    let is_side_car = is_side_car(&name) && length <= MAX_SIDE_CAR_BYTES && !is_sparse;
    let mut place = at.member(To::Member { name, nth: 1 }, Some(extent));
    let bytes = stored.filter(|_| !is_sparse).and_then(|Stored { bytes, whole, .. }| {
        let there = length.min(whole.saturating_sub(offset));
        Some((bytes.slice(offset, there)?, length - there))
    });
    place.offset = match &bytes {
        Some((Bytes::Range { offset, .. }, _)) => Some(*offset),
        _ => None,
    };
    if has_no_bytes(kind) {
        unpacker.counted()?;
        let message = match entry.link_name_bytes() {
            Some(to) => format!(
                "is a link to {}, which is looked at under its own name if it is there",
                crate::wording::visible(&String::from_utf8_lossy(&to))
            ),
            None => "is a pipe or device, not a file; it has no bytes".to_owned(),
        };
        return unpacker.row(&place, FailureKind::NotAudio, message);
    }
    if let Some(described) = Described::of(&mut entry) {
        return sparse(unpacker, at, &mut entry, described, (base, length));
    }
    let mut notes = Vec::new();
    let mut declared = Some(length);
    let bytes = bytes.map(|(bytes, missing)| {
        if missing > 0 {
            notes.push(missing_note(missing, length));
            declared = Some(length - missing);
        }
        bytes
    });
    unpacker.join(Some(&key))?;
    if is_side_car {
        let mut text = Vec::new();
        // An error comes again when the member itself is read.
        let _ = (&mut entry).take(MAX_SIDE_CAR_BYTES).read_to_end(&mut text);
        unpacker.side_car(&text);
        let (depth, stream) = (at.depth, &mut &text[..]);
        return unpacker.member(Member { place, depth, stream, declared, bytes, notes });
    }
    // A sparse file may be of any length: its holes must not be read for nothing.
    let has_rest = bytes.is_none() && !is_sparse;
    let depth = at.depth;
    if is_sparse {
        // Holes count like decompressed bytes.
        let stream = &mut unpacker.limited(&mut entry);
        return unpacker.member(Member { place, depth, stream, declared, bytes, notes });
    }
    let stream = &mut entry;
    unpacker.member(Member { place, depth, stream, declared, bytes, notes })?;
    if has_rest { unpacker.drain(&mut entry) } else { ControlFlow::Continue(()) }
}

/// Whether an entry is neither a member nor shown as one.
fn is_passed_over(kind: EntryType) -> bool {
    kind.is_dir() || kind == EntryType::XGlobalHeader
}

/// Whether a member is of a type without bytes. Types that POSIX does not name are unpacked as files.
fn has_no_bytes(kind: EntryType) -> bool {
    kind.is_hard_link()
        || kind.is_symlink()
        || kind.is_character_special()
        || kind.is_block_special()
        || kind.is_fifo()
}

/// The places at which a tar file may be cut into sections of some `target` bytes: where a member begins that belongs to none
/// before it. The headers are read, and no members.
pub(super) fn cuts(bytes: &Bytes, target: u64) -> Vec<(u64, u64)> {
    let (mut cuts, checks) = (Vec::new(), Checks::default());
    let Ok(reader) = bytes.open_stored() else { return cuts };
    let whole = reader.length();
    let mut archive =
        Archive::new(Checked { inner: BufReader::new(reader), checks: checks.clone() });
    archive.set_ignore_zeros(true);
    let Ok(mut entries) = archive.entries_with_seek() else { return cuts };
    let (mut end, mut last, mut rest, mut group) = (0_u64, 0_u64, 0, None);
    let mut together = Together::default();
    loop {
        checks.left.set(MAX_HEADER_BYTES.saturating_add(rest));
        let Some(Ok(mut entry)) = entries.next() else { break };
        checks.left.set(u64::MAX);
        let kind = entry.header().entry_type();
        let is_sparse = kind.is_gnu_sparse();
        rest = if is_sparse { entry.header().entry_size().unwrap_or(0) } else { 0 };
        let length = if is_sparse { rest } else { entry.size() };
        let begin = padded(end);
        let body = entry.raw_file_position();
        end = body.saturating_add(length);
        if is_passed_over(kind) || has_no_bytes(kind) {
            continue;
        }
        let described = Described::of(&mut entry);
        let name = described.as_ref().and_then(|described| described.name.as_deref());
        let key = name.map_or_else(|| key_of(&entry.path_bytes()), key_of);
        match name {
            Some(name) => together.add(name, begin),
            None => together.add(&entry.path_bytes(), begin),
        }
        let is_new = group.replace(key.clone()) != Some(key);
        // A section does not begin with a member of a rare type, but what belongs to one stays with it.
        let is_plain = (kind.is_file() || kind.is_contiguous()) && described.is_none();
        if is_plain
            && is_new
            && begin - last >= target
            && end <= whole
            && begins_at(bytes, begin, whole, body)
        {
            cuts.push((begin, begin - last));
            last = begin;
        }
    }
    together.spared(cuts)
}

/// Whether a reader that begins at `begin` comes to the member whose bytes begin at `body`.
fn begins_at(bytes: &Bytes, begin: u64, whole: u64, body: u64) -> bool {
    let rest = bytes.slice(begin, whole.saturating_sub(begin));
    let Some(Ok(reader)) = rest.map(|rest| rest.open_stored()) else { return false };
    let checks = Checks::default();
    checks.left.set(MAX_HEADER_BYTES);
    let mut archive = Archive::new(Checked { inner: BufReader::new(reader), checks });
    archive.set_ignore_zeros(true);
    let Ok(mut entries) = archive.entries_with_seek() else { return false };
    matches!(entries.next(), Some(Ok(first)) if begin.checked_add(first.raw_file_position()) == Some(body))
}

/// Shows a file whose holes PAX records describe.
fn sparse<R: Read>(
    unpacker: &mut Unpacker<'_>,
    at: &At,
    entry: &mut Entry<'_, R>,
    described: Described,
    (base, stored_bytes): (u64, u64),
) -> ControlFlow<()> {
    let name = described.name.clone().unwrap_or_else(|| entry.path_bytes().into_owned());
    let key = key_of(&name);
    // The place of its header: behind that is not the file, but what is stored of it.
    let offset = base.saturating_add(entry.raw_header_position());
    let extent = Extent { offset, length: stored_bytes };
    let place = at.member(To::Member { name, nth: 1 }, Some(extent));
    unpacker.join(Some(&key))?;
    let sparse = match Sparse::new(&mut *entry, described, stored_bytes) {
        Ok(sparse) => sparse,
        Err(error) => {
            unpacker.counted()?;
            unpacker.tell(&place, damaged_member(&error))?;
            return unpacker.drain(entry);
        }
    };
    let (depth, declared) = (at.depth, Some(sparse.length()));
    let (bytes, notes) = (None, Vec::new());
    // Holes count like decompressed bytes.
    let stream = &mut unpacker.limited(sparse);
    unpacker.member(Member { place, depth, stream, declared, bytes, notes })?;
    unpacker.drain(entry)
}

/// What is checked while a tar file is read; clones share it.
#[derive(Debug, Clone, Default)]
struct Checks {
    /// Bytes that may be read before the next header is complete: the crate reads a long name into memory.
    left: Rc<Cell<u64>>,
    /// Number of zero bytes at the end of what was read.
    zeros: Rc<Cell<u64>>,
    /// The end of the file was met.
    at_end: Rc<Cell<bool>>,
}

struct Checked<R> {
    inner: R,
    checks: Checks,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.checks.left.get();
        if left == 0 {
            return Err(io::Error::other(format!(
                "a header has more than {MAX_HEADER_BYTES} bytes, or that many zeros stand before it"
            )));
        }
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = self.inner.read(&mut buffer[..most])?;
        self.checks.at_end.set(read == 0 && most > 0);
        if left != u64::MAX {
            self.checks.left.set(left - read as u64);
        }
        let zeros = buffer[..read].iter().rev().take_while(|&&byte| byte == 0).count();
        let before = if zeros == read { self.checks.zeros.get() } else { 0 };
        self.checks.zeros.set(before + zeros as u64);
        Ok(read)
    }
}

impl<R: Seek> Seek for Checked<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}
