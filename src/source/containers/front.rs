//! Containers whose members follow each other, each behind its header: they are read from their front to their end.

use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::ops::ControlFlow;

use super::rows::missing_note;
use super::traversal::{At, Input, Member, Unpacker};
use crate::bytes::{Bytes, Reader};
use crate::record::FailureKind;
use crate::source::{Extent, Place, To};

/// A container that is read from its front, and how far it is read.
pub(super) struct Front<'r> {
    from: From<'r>,
    position: u64,
    /// Bytes that were read and are to be read again.
    back: Vec<u8>,
}

enum From<'r> {
    /// Its bytes, a reader of them, and their length.
    Stored(Bytes, BufReader<Reader>, u64),
    Stream(&'r mut dyn Read),
}

/// A member, whose bytes come next.
pub(super) struct Next {
    pub(super) name: Vec<u8>,
    /// Its length in bytes.
    pub(super) length: u64,
    pub(super) notes: Vec<String>,
}

impl<'r> Front<'r> {
    pub(super) fn new(input: Input<'r>) -> io::Result<Self> {
        let from = match input {
            Input::Stored(bytes) => {
                let reader = bytes.open_stored()?;
                let length = reader.length();
                From::Stored(bytes, BufReader::new(reader), length)
            }
            Input::Stream(stream) => From::Stream(stream),
        };
        Ok(Self { from, position: 0, back: Vec::new() })
    }

    /// Shows the members of a container from its front; damage ends it with a row.
    pub(super) fn walk(
        unpacker: &mut Unpacker<'_>,
        at: &At,
        input: Input<'r>,
        members: impl FnOnce(&mut Unpacker<'_>, &At, &mut Self) -> io::Result<ControlFlow<()>>,
    ) -> ControlFlow<()> {
        let shown = Self::new(input).and_then(|mut front| members(unpacker, at, &mut front));
        shown.unwrap_or_else(|error| unpacker.broken(&at.place, &error))
    }

    /// Bytes before what comes next.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Gives bytes back that were just read: they come again.
    pub(super) fn push_back(&mut self, bytes: Vec<u8>) {
        self.position -= bytes.len() as u64;
        self.back = bytes;
    }

    /// Reads as many bytes, or fewer at the end.
    pub(super) fn bytes(&mut self, count: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.take(count as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Passes over bytes; fewer at the end.
    pub(super) fn skip(&mut self, count: u64) -> io::Result<()> {
        let end = self.position.saturating_add(count);
        self.skip_to(end)
    }

    fn skip_to(&mut self, end: u64) -> io::Result<()> {
        let back = (self.back.len() as u64).min(end.saturating_sub(self.position));
        self.back.drain(..back as usize);
        self.position += back;
        match &mut self.from {
            From::Stored(_, reader, length) => {
                self.position = end.min(*length);
                reader.seek(SeekFrom::Start(self.position))?;
            }
            From::Stream(_) => {
                let left = end.saturating_sub(self.position);
                io::copy(&mut self.take(left), &mut io::sink())?;
            }
        }
        Ok(())
    }

    /// The place of a member whose bytes come next.
    pub(super) fn place(&self, at: &At, name: Vec<u8>, length: u64) -> Place {
        let extent = Extent { offset: self.position, length };
        at.member(To::Member { name, nth: 1 }, Some(extent))
    }

    /// Shows the member whose bytes come next, and passes over it.
    pub(super) fn member(
        &mut self,
        unpacker: &mut Unpacker<'_>,
        at: &At,
        next: Next,
    ) -> ControlFlow<()> {
        let Next { name, length, mut notes } = next;
        let mut place = self.place(at, name, length);
        let (offset, depth) = (self.position, at.depth);
        let (mut bytes, mut declared) = (None, length);
        if let From::Stored(stored, _, whole) = &self.from {
            if depth == 1 {
                unpacker.passed_to(offset);
            }
            let there = length.min(whole.saturating_sub(offset));
            if there < length {
                notes.push(missing_note(length - there, length));
                declared = there;
            }
            bytes = stored.slice(offset, there);
        }
        if let Some(Bytes::Range { offset, .. }) = &bytes {
            place.offset = Some(*offset);
        }
        let is_stream = bytes.is_none();
        let mut stream = self.take(length);
        let read = &mut stream as &mut dyn Read;
        unpacker.member(Member {
            place,
            depth,
            stream: read,
            declared: Some(declared),
            bytes,
            notes,
        })?;
        if is_stream {
            unpacker.drain(&mut stream)?;
        }
        // An error comes again at the next header.
        let _ = self.skip_to(offset.saturating_add(length));
        ControlFlow::Continue(())
    }

    /// Shows the row of something whose bytes come next and are not looked at, and passes over it.
    pub(super) fn row(
        &mut self,
        unpacker: &mut Unpacker<'_>,
        at: &At,
        next: Next,
        (kind, message): (FailureKind, String),
    ) -> ControlFlow<()> {
        unpacker.counted()?;
        let place = self.place(at, next.name, next.length);
        unpacker.row(&place, kind, message)?;
        // An error comes again at the next header.
        let _ = self.skip(next.length);
        ControlFlow::Continue(())
    }

    /// Whether the last member is cut: more was passed over than is there. Only known of what is stored.
    pub(super) fn missing(&self, end: u64) -> u64 {
        match &self.from {
            From::Stored(.., length) => end.saturating_sub(*length),
            From::Stream(_) => end.saturating_sub(self.position),
        }
    }
}

impl Read for Front<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.from {
            _ if !self.back.is_empty() => {
                let count = buffer.len().min(self.back.len());
                buffer[..count].copy_from_slice(&self.back[..count]);
                self.back.drain(..count);
                count
            }
            From::Stored(_, reader, _) => reader.read(buffer)?,
            From::Stream(stream) => stream.read(buffer)?,
        };
        self.position += read as u64;
        Ok(read)
    }
}

/// What a member is by its mode on Unix, if it is no file: a folder, or a row.
pub(super) enum Special {
    Folder,
    Row(FailureKind, String),
}

/// What a mode says of a member; `None` for a file.
pub(super) fn special(mode: u32) -> Option<Special> {
    let row = |message: &str| Some(Special::Row(FailureKind::NotAudio, message.to_owned()));
    match mode & 0o170_000 {
        0 | 0o100_000 => None,
        0o040_000 => Some(Special::Folder),
        0o120_000 => row("is a link, which is not followed"),
        _ => row("is a pipe or device, not a file; it has no bytes"),
    }
}
