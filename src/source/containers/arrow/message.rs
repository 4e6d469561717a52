//! The messages of an Arrow table in order: a schema, then dictionaries and record batches.
//!
//! A message is the marker `0xFFFFFFFF`, the length of its header, the header (a flatbuffer) and a body of buffers; the format
//! is <https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc>. A stream has
//! nothing but messages. A file (Feather version 2) is a stream between two magic numbers, with a directory at the end that
//! has the place of each message. It is read as a stream, so that a file that is cut off gives what is there.
//!
//! Bodies are not read here. A [`Batch`] has the places of its buffers, which are checked to lie in its body and not to
//! overlap.

use std::cell::RefCell;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::rc::Rc;

use polars_arrow_format::ipc::planus::ReadAsRoot as _;
use polars_arrow_format::ipc::{FooterRef, MessageHeaderRef, MessageRef, MetadataVersion};

use super::errors::{damaged, plain, truncated, unsupported};
use super::layout::Batch;
use super::schema::Schema;
use crate::bytes::{Bytes, Reader};
use crate::sniff::arrow::MARK;
use crate::source::{Extent, ScanLimits};

/// The magic number at the start of a file, there followed by two zeros, and at its end.
const MAGIC: &[u8; 6] = b"ARROW1";
/// Byte position of the first message of a file.
const FIRST_MESSAGE: u64 = 8;
/// The shortest header: a flatbuffer with a table of two fields.
const MIN_HEADER_BYTES: u32 = 16;

/// The bytes of a table; clones share one open file.
#[derive(Clone)]
pub(super) struct File {
    pub(super) bytes: Bytes,
    pub(super) length: u64,
    reader: Rc<RefCell<Reader>>,
}

impl File {
    pub(super) fn open(bytes: &Bytes) -> io::Result<Self> {
        let reader = bytes.open_stored()?;
        let length = reader.length();
        Ok(Self { bytes: bytes.clone(), length, reader: Rc::new(RefCell::new(reader)) })
    }

    /// Reads from byte `at`, as many bytes as are there.
    pub(super) fn read(&self, at: u64, to: &mut [u8]) -> io::Result<usize> {
        let mut reader = self.reader.borrow_mut();
        reader.seek(SeekFrom::Start(at))?;
        reader.read(to)
    }

    /// Reads a stretch into memory. No memory is allocated for bytes that the table does not have.
    pub(super) fn take(&self, stretch: Extent) -> io::Result<Vec<u8>> {
        let there = self.length.saturating_sub(stretch.offset);
        if stretch.length > there {
            let Extent { offset, length } = stretch;
            return Err(truncated(format!(
                "{length} bytes are needed at byte {offset}, {there} are there"
            )));
        }
        let mut taken = Vec::with_capacity(stretch.length as usize);
        let mut reader = self.reader.borrow_mut();
        reader.seek(SeekFrom::Start(stretch.offset))?;
        (&mut *reader).take(stretch.length).read_to_end(&mut taken)?;
        Ok(taken)
    }
}

/// A message. A batch that cannot be read is an error of its own, as the next message can be.
pub(super) enum Message {
    Schema(Schema),
    Dictionary { id: i64, is_delta: bool, batch: io::Result<Batch> },
    Batch(io::Result<Batch>),
}

/// Reads the messages of a table.
pub(super) struct Messages {
    file: File,
    /// Byte position of the next message.
    pub(super) at: u64,
    pub(super) is_file: bool,
    /// The end-of-stream marker was read.
    has_ended: bool,
    /// Record batches so far.
    batches: u64,
    /// Longest header that is read, in bytes.
    most: u64,
}

impl Messages {
    pub(super) fn new(file: &File, limits: ScanLimits) -> io::Result<Self> {
        let mut magic = [0; MAGIC.len()];
        let read = file.read(0, &mut magic)?;
        let is_file = &magic[..read] == MAGIC;
        Ok(Self {
            file: file.clone(),
            at: if is_file { FIRST_MESSAGE } else { 0 },
            is_file,
            has_ended: false,
            batches: 0,
            most: limits.max_footer_bytes,
        })
    }

    fn number(&self, at: u64) -> io::Result<Option<u32>> {
        if at == self.file.length {
            return Ok(None);
        }
        let four = self.file.take(Extent { offset: at, length: 4 })?;
        Ok(four.first_chunk().map(|&four| u32::from_le_bytes(four)))
    }

    /// The next message; `None` after the last. After an error it must not be called again.
    pub(super) fn next(&mut self) -> io::Result<Option<Message>> {
        let mut at = self.at;
        let (begin, length) = loop {
            let begin = at;
            let mut length = self.number(at)?;
            if length == Some(MARK) {
                at += 4;
                length = self.number(at)?;
                if length.is_none() {
                    return Err(truncated(format!("a message breaks off at byte {at}")));
                }
            }
            match length {
                // A stream may end without an end-of-stream marker.
                None => return if self.is_file { self.directory() } else { Ok(None) },
                Some(0) => {
                    self.has_ended = true;
                    at += 4;
                    self.at = at;
                    if self.is_file {
                        return self.directory();
                    }
                    // Another stream may follow.
                    match self.number(at) {
                        Ok(Some(MARK)) => {}
                        Ok(None) => return Ok(None),
                        _ => {
                            let behind = self.file.length - at;
                            return Err(damaged(format!(
                                "{behind} bytes after its end-of-stream marker are not a table"
                            )));
                        }
                    }
                }
                // Polars writes a bare schema here, without the length of a message; only the directory has the places of
                // the other messages.
                Some(length)
                    if self.is_file && begin == FIRST_MESSAGE && length < MIN_HEADER_BYTES =>
                {
                    return self.by_directory().map(Some);
                }
                Some(length) => break (begin, u64::from(length)),
            }
        };
        let offset = at + 4;
        if length > self.most {
            let (length, most) = (length >> 20, self.most >> 20);
            return Err(unsupported(format!(
                "has a message at byte {begin} with a header of {length} MiB, and at most {most} MiB are read into memory; \
                 split the table"
            )));
        }
        let header = self.file.take(Extent { offset, length })?;
        let (message, body_bytes) =
            Self::read(&header, offset + length).map_err(|error| match error.kind() {
                io::ErrorKind::Other => damaged(format!("{error}, in its message at byte {begin}")),
                _ => error,
            })?;
        self.at = (offset + length)
            .checked_add(body_bytes)
            .ok_or_else(|| damaged("the length of a body overflows"))?;
        self.batches += u64::from(matches!(message, Message::Batch(_)));
        Ok(Some(message))
    }

    fn read(header: &[u8], body_at: u64) -> io::Result<(Message, u64)> {
        let message = MessageRef::read_as_root(header).map_err(plain)?;
        let version = message.version().map_err(plain)?;
        if !matches!(version, MetadataVersion::V4 | MetadataVersion::V5) {
            let version = version as i16 + 1;
            return Err(unsupported(format!(
                "is of version {version} of the format, and versions 4 and 5 are read; write it again with a newer program"
            )));
        }
        let length = message.body_length().map_err(plain)?;
        let length =
            u64::try_from(length).map_err(|_| damaged(format!("a body has {length} bytes")))?;
        let body = Extent { offset: body_at, length };
        let message = match message.header().map_err(plain)? {
            Some(MessageHeaderRef::Schema(schema)) => {
                Message::Schema(Schema::read(schema, version, header.len())?)
            }
            Some(MessageHeaderRef::RecordBatch(batch)) => Message::Batch(Batch::read(batch, body)),
            Some(MessageHeaderRef::DictionaryBatch(dictionary)) => {
                let batch = dictionary.data().map_err(plain)?;
                let batch = batch.ok_or_else(|| damaged("a dictionary has no values"))?;
                Message::Dictionary {
                    id: dictionary.id().map_err(plain)?,
                    is_delta: dictionary.is_delta().map_err(plain)?,
                    batch: Batch::read(batch, body),
                }
            }
            Some(MessageHeaderRef::Tensor(_) | MessageHeaderRef::SparseTensor(_)) => {
                let told =
                    "has a tensor among its messages, which is not read here; write it as a table";
                return Err(unsupported(told.to_owned()));
            }
            None => return Err(damaged("a message has no content")),
        };
        Ok((message, length))
    }

    /// The schema in the directory of a file. Reading goes on at the first message that the directory names.
    fn by_directory(&mut self) -> io::Result<Message> {
        let (begin, bytes) = self.footer()?;
        let footer = FooterRef::read_as_root(&bytes).map_err(plain)?;
        let version = footer.version().map_err(plain)?;
        let schema = footer.schema().map_err(plain)?;
        let schema = schema.ok_or_else(|| damaged("its directory has no schema"))?;
        let blocks = [footer.dictionaries(), footer.record_batches()];
        let mut first = begin.saturating_sub(8);
        for block in blocks.into_iter().flatten().flatten().flatten() {
            let offset = u64::try_from(block.offset()).ok();
            let offset = offset.filter(|offset| (FIRST_MESSAGE..begin).contains(offset));
            first = first.min(
                offset.ok_or_else(|| damaged("its directory names a place outside of the file"))?,
            );
        }
        self.at = first;
        Ok(Message::Schema(Schema::read(schema, version, bytes.len())?))
    }

    /// Compares the directory of a file with the messages that were read.
    fn directory(&self) -> io::Result<Option<Message>> {
        if !self.has_ended {
            return Err(truncated("its directory is missing".to_owned()));
        }
        let (_, footer) = self.footer()?;
        let named = || FooterRef::read_as_root(&footer)?.record_batches();
        let named = named().map_err(plain)?.map_or(0, |blocks| blocks.len() as u64);
        if named != self.batches {
            let there = self.batches;
            return Err(damaged(format!(
                "its directory names {named} record batches, and {there} were found one after the other"
            )));
        }
        Ok(None)
    }

    /// The byte position of the directory of a file, and its bytes.
    fn footer(&self) -> io::Result<(u64, Vec<u8>)> {
        let missing = || truncated("its directory is missing".to_owned());
        let end = self.file.length.checked_sub(10).filter(|&end| end >= self.at);
        let end = end.ok_or_else(missing)?;
        let tail = self.file.take(Extent { offset: end, length: 10 })?;
        let length = tail.first_chunk().map_or(0, |&four| u64::from(u32::from_le_bytes(four)));
        if tail[4..] != *MAGIC || length > end - self.at {
            return Err(missing());
        }
        if length > self.most {
            let (length, most) = (length >> 20, self.most >> 20);
            return Err(unsupported(format!(
                "has a directory of {length} MiB, and at most {most} MiB are read into memory; split the table"
            )));
        }
        let offset = end - length;
        Ok((offset, self.file.take(Extent { offset, length })?))
    }
}
