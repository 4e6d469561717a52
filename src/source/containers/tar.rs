//! Tar files: ustar, PAX, GNU, old ones; plain on disk or from within a compression.
//!
//! Members of a plain file are not copied: they are read from where they lie. Names are only names,
//! links are not followed.

use std::cell::Cell;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::rc::Rc;

use tar::{Archive, Entries, Entry, EntryType};

use super::group::{MAX_SIDE_CAR_BYTES, is_side_car, key_of};
use super::unpack::{At, Input, Member, Unpacker};
use crate::bytes::Bytes;
use crate::record::FailureKind;
use crate::source::{Extent, To};

/// Headers of one member, its long names and PAX records among them, and zeros in front. Real ones have a
/// few KiB, and the padding at the end of a tape 10 KiB.
const MAX_HEADER_BYTES: u64 = 16 << 20;

/// Shows the members of a tar file.
pub(super) fn walk(unpacker: &mut Unpacker<'_>, at: &At, input: Input<'_>) -> ControlFlow<()> {
    let checks = Checks::default();
    match input {
        Input::Anywhere(bytes) => {
            let reader = match bytes.open() {
                Ok(reader) => reader,
                Err(error) => return unpacker.broken(&at.place, &error),
            };
            let whole = reader.length();
            let reader = Checked { inner: BufReader::new(reader), checks: checks.clone() };
            let mut archive = Archive::new(reader);
            archive.set_ignore_zeros(true);
            match archive.entries_with_seek() {
                Ok(entries) => members(unpacker, at, entries, &checks, Some(&(bytes, whole))),
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

fn members<R: Read>(
    unpacker: &mut Unpacker<'_>,
    at: &At,
    mut entries: Entries<'_, R>,
    checks: &Checks,
    lies: Option<&(Bytes, u64)>,
) -> ControlFlow<()> {
    let (mut end, mut rest) = (0, 0);
    loop {
        checks.left.set(MAX_HEADER_BYTES.saturating_add(rest));
        let entry = match entries.next() {
            None => break,
            Some(Ok(entry)) => entry,
            Some(Err(error)) => return stop(unpacker, at, &error, end),
        };
        checks.left.set(u64::MAX);
        checks.zeros.set(0);
        // What nobody reads of a sparse file is passed over with the next header.
        let is_sparse = entry.header().entry_type().is_gnu_sparse();
        rest = if is_sparse { entry.header().entry_size().unwrap_or(0) } else { 0 };
        // Holes take no room.
        let stored = if is_sparse { rest } else { entry.size() };
        end = entry.raw_file_position().saturating_add(stored);
        if at.depth == 1 && lies.is_some() {
            unpacker.passed_to(entry.raw_header_position());
        }
        member(unpacker, at, entry, lies)?;
    }
    let missing = lies.map_or(0, |(_, whole)| end.saturating_sub(*whole));
    if missing > 0 {
        return unpacker.truncated(&at.place, &format!("{missing} bytes are missing"));
    }
    // A block of zeros ends a tar file; the last member is padded by less than one.
    if checks.zeros.get() < 512 {
        return unpacker.truncated(&at.place, "it has no mark of its end");
    }
    ControlFlow::Continue(())
}

/// The row of a tar file that breaks off behind byte `end`.
fn stop(unpacker: &mut Unpacker<'_>, at: &At, error: &io::Error, end: u64) -> ControlFlow<()> {
    let text = error.to_string();
    // The crate has no kind of its own for a file that ends in a header.
    let cut = ["failed to read entire block", "unexpected EOF"].iter().any(|s| text.contains(s));
    if cut || error.kind() == io::ErrorKind::UnexpectedEof {
        unpacker.truncated(&at.place, &format!("behind byte {end}"))
    } else {
        unpacker.broken(&at.place, error)
    }
}

fn member<R: Read>(
    unpacker: &mut Unpacker<'_>,
    at: &At,
    mut entry: Entry<'_, R>,
    lies: Option<&(Bytes, u64)>,
) -> ControlFlow<()> {
    let kind = entry.header().entry_type();
    if kind.is_dir() || kind == EntryType::XGlobalHeader {
        return ControlFlow::Continue(());
    }
    let (offset, length) = (entry.raw_file_position(), entry.size());
    let is_sparse = kind.is_gnu_sparse();
    // Of a sparse member what is stored of it: it tells it from others of its name.
    let stored = if is_sparse { entry.header().entry_size().unwrap_or(0) } else { length };
    let extent = Extent { offset, length: stored };
    let name = entry.path_bytes().into_owned();
    let key = key_of(&name);
    let is_side_car = is_side_car(&name) && length <= MAX_SIDE_CAR_BYTES && !is_sparse;
    let mut place = at.member(To::Member { name, nth: 1 }, Some(extent));
    let bytes = lies.filter(|_| !is_sparse).and_then(|(bytes, whole)| {
        let there = length.min(whole.saturating_sub(offset));
        Some((bytes.slice(offset, there)?, length - there))
    });
    place.offset = match &bytes {
        Some((Bytes::Range { offset, .. }, _)) => Some(*offset),
        _ => None,
    };
    // What the standard does not name is a file to those who unpack it.
    let is_none = kind.is_hard_link()
        || kind.is_symlink()
        || kind.is_character_special()
        || kind.is_block_special()
        || kind.is_fifo();
    if is_none {
        unpacker.counted()?;
        let message = match entry.link_name_bytes() {
            Some(to) => format!(
                "is a link to {}, which is looked at under its own name if it is there",
                crate::wording::visible(&String::from_utf8_lossy(&to))
            ),
            None => "is a pipe or device, not a file; it holds nothing".to_owned(),
        };
        return unpacker.row(&place, FailureKind::NotAudio, message);
    }
    if is_sparse_by_pax(&mut entry) {
        unpacker.counted()?;
        let message = "is a sparse file as PAX headers describe it, of which the holes are not read here; unpack its \
            archive by tar and scan the folder";
        return unpacker.row(&place, FailureKind::Unsupported, message.to_owned());
    }
    let mut notes = Vec::new();
    let mut declared = Some(length);
    let bytes = bytes.map(|(bytes, missing)| {
        if missing > 0 {
            notes
                .push(format!("its container is damaged: {missing} of {length} bytes are missing"));
            declared = Some(length - missing);
        }
        bytes
    });
    unpacker.join(Some(&key))?;
    if is_side_car {
        let mut text = Vec::new();
        // What is missing of it is told by whoever reads the member itself.
        let _ = (&mut entry).take(MAX_SIDE_CAR_BYTES).read_to_end(&mut text);
        unpacker.side_car(&text);
        let (depth, stream) = (at.depth, &mut &text[..]);
        return unpacker.member(Member { place, depth, stream, declared, bytes, notes });
    }
    // The holes of a sparse file take no time to skip, and for ever to read.
    let has_rest = bytes.is_none() && !is_sparse;
    let depth = at.depth;
    if is_sparse {
        // They unpack as what is compressed does, and are counted likewise.
        let stream = &mut unpacker.limited(&mut entry);
        return unpacker.member(Member { place, depth, stream, declared, bytes, notes });
    }
    let stream = &mut entry;
    unpacker.member(Member { place, depth, stream, declared, bytes, notes })?;
    if has_rest { unpacker.drain(&mut entry) } else { ControlFlow::Continue(()) }
}

/// Whether PAX records say where a file has holes: what is stored of it is not what it is.
fn is_sparse_by_pax<R: Read>(entry: &mut Entry<'_, R>) -> bool {
    let Ok(Some(records)) = entry.pax_extensions() else { return false };
    records.flatten().any(|record| record.key_bytes().starts_with(b"GNU.sparse."))
}

/// What is looked after while a tar file is read.
#[derive(Debug, Clone, Default)]
struct Checks {
    /// Bytes that may be read until the next header is through: a long name is read into memory.
    left: Rc<Cell<u64>>,
    /// Zeros that were read last, in bytes.
    zeros: Rc<Cell<u64>>,
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
                "a header has more than {MAX_HEADER_BYTES} bytes, or as many zeros lie between members"
            )));
        }
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = self.inner.read(&mut buffer[..most])?;
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
