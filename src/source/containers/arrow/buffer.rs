//! One buffer of a batch, stored or compressed, read from front to end through a small window.

use std::cell::Cell;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::rc::Rc;

use polars_arrow_format::ipc::CompressionType;

use super::errors::{damaged, truncated, unsupported};
use super::message::File;
use crate::bytes::codecs::Codec;
use crate::source::Extent;
use crate::source::containers::table::Load;

/// Bytes that are read at a time. A guess.
const WINDOW_BYTES: usize = 16 << 10;
/// Most memory of a decompressor: the largest window of Zstandard, see `bytes::codecs`.
const MAX_UNPACKER_BYTES: u64 = 128 << 20;
/// Stands in place of the uncompressed length before a buffer that is not compressed although its batch is (Arrow's
/// `Message.fbs`, `BodyCompressionMethod`).
const NOT_COMPRESSED: i64 = -1;

/// The buffers of one batch.
#[derive(Clone)]
pub(super) struct Buffers {
    pub(super) file: File,
    pub(super) codec: Option<CompressionType>,
    pub(super) load: Load,
    /// The most memory that the open parts of the batch take, in bytes.
    held: Rc<Cell<u64>>,
}

/// Where the bytes of a buffer are.
pub(super) enum Place {
    /// Uncompressed in the table.
    Stored(Extent),
    /// Compressed in the table, with the uncompressed length that the table states.
    Packed(CompressionType, Extent, u64),
}

impl Buffers {
    pub(super) fn new(file: &File, codec: Option<CompressionType>, load: &Load) -> Self {
        Self { file: file.clone(), codec, load: load.clone(), held: Rc::default() }
    }

    pub(super) fn place(&self, stored: Extent) -> io::Result<Place> {
        let Some(codec) = self.codec.filter(|_| stored.length > 0) else {
            return Ok(Place::Stored(stored));
        };
        let Some(length) = stored.length.checked_sub(8) else {
            return Err(damaged(format!("a compressed buffer of {} bytes", stored.length)));
        };
        let front = self.file.take(Extent { length: 8, ..stored })?;
        let told = front.first_chunk().map_or(0, |&eight| i64::from_le_bytes(eight));
        let behind = Extent { offset: stored.offset + 8, length };
        match u64::try_from(told) {
            Ok(told) => Ok(Place::Packed(codec, behind, told)),
            Err(_) if told == NOT_COMPRESSED => Ok(Place::Stored(behind)),
            Err(_) => Err(damaged(format!("a compressed buffer that unpacks to {told} bytes"))),
        }
    }

    /// Opens a buffer, to be read from its front.
    pub(super) fn stream(&self, stored: Extent) -> io::Result<Stream> {
        match self.place(stored)? {
            Place::Stored(extent) => {
                // Counted for each reader: many columns may use the same few bytes.
                self.load.allowance.add(extent.length).map_err(io::Error::other)?;
                let part = Part { file: self.file.clone(), from: extent.offset, at: 0 };
                let reader = Inner::Stored(BufReader::with_capacity(WINDOW_BYTES, part));
                Ok(Stream { reader, position: 0, length: extent.length })
            }
            Place::Packed(codec, stored, length) => {
                self.hold(length.min(MAX_UNPACKER_BYTES))?;
                let unpacker = self.load.allowance.count(self.unpacker(codec, stored)?);
                let unpacker: Box<dyn Read> = Box::new(unpacker);
                let reader = Inner::Unpacked(BufReader::with_capacity(WINDOW_BYTES, unpacker));
                Ok(Stream { reader, position: 0, length })
            }
        }
    }

    /// Decompresses a buffer into memory.
    pub(super) fn unpack(
        &self,
        codec: CompressionType,
        stored: Extent,
        length: u64,
    ) -> io::Result<Vec<u8>> {
        self.hold(length)?;
        let mut bytes = Vec::new();
        let unpacker = self.load.allowance.count(self.unpacker(codec, stored)?);
        unpacker.take(length).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != length {
            return Err(damaged(format!("a buffer of {length} bytes unpacks to {}", bytes.len())));
        }
        Ok(bytes)
    }

    fn unpacker(&self, codec: CompressionType, stored: Extent) -> io::Result<Box<dyn Read>> {
        let part = Part { file: self.file.clone(), from: stored.offset, at: 0 };
        let packed = BufReader::with_capacity(WINDOW_BYTES, part.take(stored.length));
        match codec {
            CompressionType::Lz4Frame => Ok(Box::new(lz4_flex::frame::FrameDecoder::new(packed))),
            CompressionType::Zstd => Codec::Zstd.unpack(packed),
        }
    }

    /// The memory counted so far, in bytes.
    pub(super) fn held(&self) -> u64 {
        self.held.get()
    }

    /// Counts memory that is held until the end of the batch.
    pub(super) fn hold(&self, bytes: u64) -> io::Result<()> {
        let held = self.held.get().saturating_add(bytes);
        if held > self.load.max_bytes {
            return Err(unsupported(format!(
                "its compressed buffers need {} MiB of memory, and may take {} MiB: allow more with --max-page",
                held >> 20,
                self.load.max_bytes >> 20
            )));
        }
        self.held.set(held);
        Ok(())
    }
}

/// Reads a table from byte `from`.
pub(super) struct Part {
    pub(super) file: File,
    pub(super) from: u64,
    pub(super) at: u64,
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(self.from.saturating_add(self.at), buffer)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Part {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(_) => None,
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

enum Inner {
    Stored(BufReader<Part>),
    Unpacked(BufReader<Box<dyn Read>>),
}

/// A buffer that is being read.
pub(super) struct Stream {
    reader: Inner,
    position: u64,
    /// Its length in bytes, as the table states it.
    pub(super) length: u64,
}

impl Stream {
    pub(super) fn fill(&mut self, to: &mut [u8]) -> io::Result<()> {
        let left = self.length - self.position;
        if to.len() as u64 > left {
            return Err(damaged(format!("a buffer of {} bytes is too short", self.length)));
        }
        match &mut self.reader {
            Inner::Stored(reader) => reader.read_exact(to),
            Inner::Unpacked(reader) => reader.read_exact(to),
        }
        .map_err(|error| self.short(error))?;
        self.position += to.len() as u64;
        Ok(())
    }

    /// Skips to this byte, which must not have been read yet.
    pub(super) fn go_to(&mut self, position: u64) -> io::Result<()> {
        let Some(by) = position.checked_sub(self.position).filter(|_| position <= self.length)
        else {
            return Err(damaged(format!(
                "byte {position} of a buffer of {} bytes is used out of order or beyond its end",
                self.length
            )));
        };
        match &mut self.reader {
            Inner::Stored(reader) => {
                let by = i64::try_from(by).map_err(|_| io::ErrorKind::InvalidInput)?;
                reader.seek_relative(by)?;
            }
            Inner::Unpacked(reader) => {
                let skipped = io::copy(&mut reader.take(by), &mut io::sink())?;
                if skipped < by {
                    return Err(self.short(io::ErrorKind::UnexpectedEof.into()));
                }
            }
        }
        self.position = position;
        Ok(())
    }

    /// The next `length` bytes.
    pub(super) fn next(&mut self, length: u64) -> Next<'_> {
        Next { left: length.min(self.length - self.position), stream: self }
    }

    fn short(&self, error: io::Error) -> io::Error {
        match (&self.reader, error.kind()) {
            (Inner::Stored(_), io::ErrorKind::UnexpectedEof) => {
                truncated(format!("the end of a buffer of {} bytes is missing", self.length))
            }
            (Inner::Unpacked(_), io::ErrorKind::UnexpectedEof) => {
                damaged(format!("a compressed buffer of {} bytes ends too early", self.length))
            }
            _ => error,
        }
    }
}

/// A number of next bytes of a buffer.
pub(super) struct Next<'s> {
    stream: &'s mut Stream,
    left: u64,
}

impl Read for Next<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = match &mut self.stream.reader {
            Inner::Stored(reader) => reader.read(&mut buffer[..most])?,
            Inner::Unpacked(reader) => reader.read(&mut buffer[..most])?,
        };
        self.left -= read as u64;
        self.stream.position += read as u64;
        Ok(read)
    }
}

/// Reads bits, the lowest of a byte first.
pub(super) struct Bits {
    stream: Stream,
    byte: u8,
    count: u8,
}

impl Bits {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, byte: 0, count: 0 }
    }

    pub(super) fn next(&mut self) -> io::Result<bool> {
        if self.count == 0 {
            let mut byte = [0];
            self.stream.fill(&mut byte)?;
            (self.byte, self.count) = (byte[0], 8);
        }
        let bit = self.byte & 1 == 1;
        self.byte >>= 1;
        self.count -= 1;
        Ok(bit)
    }
}

/// Reads the offsets of values in order. Each value begins where the one before ends.
pub(super) struct Offsets {
    stream: Stream,
    is_wide: bool,
    last: Option<u64>,
}

impl Offsets {
    pub(super) fn new(stream: Stream, is_wide: bool) -> Self {
        Self { stream, is_wide, last: None }
    }

    /// Whether no offset was read yet.
    pub(super) fn is_new(&self) -> bool {
        self.last.is_none()
    }

    fn one(&mut self) -> io::Result<u64> {
        let offset = if self.is_wide {
            let mut eight = [0; 8];
            self.stream.fill(&mut eight)?;
            i64::from_le_bytes(eight)
        } else {
            let mut four = [0; 4];
            self.stream.fill(&mut four)?;
            i32::from_le_bytes(four).into()
        };
        u64::try_from(offset).map_err(|_| damaged(format!("a value begins at byte {offset}")))
    }

    pub(super) fn next(&mut self) -> io::Result<(u64, u64)> {
        let begin = match self.last {
            Some(last) => last,
            None => self.one()?,
        };
        let end = self.one()?;
        if end < begin {
            return Err(damaged(format!("a value begins at byte {begin} and ends at {end}")));
        }
        self.last = Some(end);
        Ok((begin, end))
    }
}
