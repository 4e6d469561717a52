//! Reading stored bytes from any position: a stretch of a file, several files as one, or memory.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use super::budget::Buffer;
use crate::storage::{self, File};

/// One of several stretches of files that are read as one: a part of a split archive, or what lies of a member in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// The file.
    pub path: PathBuf,
    /// Byte position of the stretch in the file.
    pub offset: u64,
    /// Its length in bytes.
    pub bytes: u64,
}

/// Reads the bytes of an item from any position.
#[derive(Debug)]
pub struct Reader {
    inner: Inner,
    /// Where the item begins in its file or volumes; 0 in memory.
    start: u64,
    length: u64,
    /// Relative to `start`; may be beyond the end.
    position: u64,
}

#[derive(Debug)]
enum Inner {
    File(File),
    Volumes(OpenVolumes),
    Memory(Arc<Buffer>),
}

/// The parts of a split archive; only one file is open at a time.
#[derive(Debug)]
struct OpenVolumes {
    volumes: Arc<[Volume]>,
    open: Option<OpenVolume>,
}

#[derive(Debug)]
struct OpenVolume {
    file: File,
    /// Byte position of the volume in the file.
    offset: u64,
    /// Its range of the bytes of all volumes.
    span: Range<u64>,
    /// The position in all volumes of the next byte that the file gives.
    next: u64,
}

impl OpenVolumes {
    /// Reads from byte `at` of all volumes, up to the end of the one that holds it.
    fn read(&mut self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.open.as_ref().is_some_and(|open| open.span.contains(&at)) {
            let mut begin = 0;
            let spans = self.volumes.iter().map(|volume| {
                let span = begin..begin + volume.bytes;
                begin = span.end;
                (volume, span)
            });
            let Some((volume, span)) = spans.into_iter().find(|(_, span)| span.contains(&at))
            else {
                return Ok(0);
            };
            let (offset, mut file) = (volume.offset, storage::open(&volume.path)?);
            if offset > 0 {
                file.seek(SeekFrom::Start(offset))?;
            }
            self.open = Some(OpenVolume { file, offset, next: span.start, span });
        }
        let Some(OpenVolume { file, offset, span, next }) = &mut self.open else { return Ok(0) };
        if *next != at {
            file.seek(SeekFrom::Start(*offset + (at - span.start)))?;
            *next = at;
        }
        let left = usize::try_from(span.end - at).unwrap_or(usize::MAX);
        let most = buffer.len().min(left);
        let read = file.read(&mut buffer[..most])?;
        if read == 0 && most > 0 {
            let message = "one of its volumes is shorter than when it was listed";
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
        }
        *next += read as u64;
        Ok(read)
    }
}

impl Reader {
    /// Reads `length` bytes of a file from `start`, or as many as there are.
    pub(super) fn of_file(mut file: File, start: u64, length: u64) -> io::Result<Self> {
        let there = file.length()?.saturating_sub(start);
        if start > 0 {
            file.seek(SeekFrom::Start(start))?;
        }
        let inner = Inner::File(file);
        Ok(Self { inner, start, length: there.min(length), position: 0 })
    }

    /// Reads `length` bytes of volumes from `start`, or as many as there are.
    pub(super) fn of_volumes(volumes: &Arc<[Volume]>, start: u64, length: u64) -> Self {
        let whole = volumes.iter().fold(0_u64, |sum, volume| sum.saturating_add(volume.bytes));
        let there = whole.saturating_sub(start);
        let inner = Inner::Volumes(OpenVolumes { volumes: Arc::clone(volumes), open: None });
        Self { inner, start, length: there.min(length), position: 0 }
    }

    pub(super) fn of_memory(buffer: &Arc<Buffer>) -> Self {
        let length = buffer.bytes.len() as u64;
        Self { inner: Inner::Memory(Arc::clone(buffer)), start: 0, length, position: 0 }
    }

    /// Length of the item in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(self.position);
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = match &mut self.inner {
            Inner::File(file) => file.read(&mut buffer[..most])?,
            Inner::Volumes(volumes) => {
                volumes.read(self.start.saturating_add(self.position), &mut buffer[..most])?
            }
            Inner::Memory(memory) => {
                let at = self.position as usize;
                // A position beyond the end reads nothing.
                let from = memory.bytes.get(at..at + most).unwrap_or_default();
                buffer[..from.len()].copy_from_slice(from);
                from.len()
            }
        };
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
        };
        let target =
            target.and_then(|position| Some((position, position.checked_add(self.start)?)));
        let (position, in_file) = target.ok_or(io::ErrorKind::InvalidInput)?;
        if let Inner::File(file) = &mut self.inner {
            file.seek(SeekFrom::Start(in_file))?;
        }
        self.position = position;
        Ok(position)
    }
}
