//! The messages of an Arrow table, one after the other: a schema, then dictionaries and record batches.
//!
//! A message is the mark `0xFFFFFFFF`, the length of its header, the header (a flatbuffer) and a body of buffers; the grammar
//! is <https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc>. A stream is
//! nothing but messages. A file (Feather version 2) is a stream between two marks, with a directory behind it that says
//! where they lie; it is read as the stream that it is, so that one without its end gives what is there.
//!
//! A body is not read here: of it is told which bytes its buffers are, none of them outside of it, no two of the same.

use std::cell::RefCell;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::rc::Rc;

use polars_arrow_format::ipc::planus::{self, ReadAsRoot as _};
use polars_arrow_format::ipc::{
    BodyCompressionMethod, CompressionType, FooterRef, MessageHeaderRef, MessageRef,
    MetadataVersion, RecordBatchRef,
};

use super::schema::Schema;
use crate::bytes::{Bytes, Reader};
use crate::sniff::arrow::MARK;
use crate::source::{Extent, ScanLimits};

/// Stands before each message.
/// At the begin of a file, there with two zeros behind, and at its end.
const MAGIC: &[u8; 6] = b"ARROW1";
/// Where the first message of a file lies.
const FIRST_MESSAGE: u64 = 8;
/// No header is shorter.
const MIN_HEADER_BYTES: u32 = 16;

/// The bytes of a table, read from any place by all who read of it.
#[derive(Clone)]
pub(super) struct File {
    pub(super) bytes: Bytes,
    pub(super) length: u64,
    reader: Rc<RefCell<Reader>>,
}

impl File {
    pub(super) fn open(bytes: &Bytes) -> io::Result<Self> {
        let reader = bytes.open()?;
        let length = reader.length();
        Ok(Self { bytes: bytes.clone(), length, reader: Rc::new(RefCell::new(reader)) })
    }

    /// Reads what is there of these bytes.
    pub(super) fn read(&self, at: u64, to: &mut [u8]) -> io::Result<usize> {
        let mut reader = self.reader.borrow_mut();
        reader.seek(SeekFrom::Start(at))?;
        reader.read(to)
    }

    /// Takes a stretch into memory, which is not longer than the table.
    pub(super) fn take(&self, stretch: Extent) -> io::Result<Vec<u8>> {
        let there = self.length.saturating_sub(stretch.offset);
        if stretch.length > there {
            let Extent { offset, length } = stretch;
            return Err(cut(format!(
                "{length} bytes are wanted at byte {offset}, {there} are there"
            )));
        }
        let mut taken = Vec::with_capacity(stretch.length as usize);
        let mut reader = self.reader.borrow_mut();
        reader.seek(SeekFrom::Start(stretch.offset))?;
        (&mut *reader).take(stretch.length).read_to_end(&mut taken)?;
        Ok(taken)
    }
}

/// What a message is about.
pub(super) enum Message {
    Schema(Schema),
    Dictionary { id: i64, is_delta: bool, batch: io::Result<Batch> },
    Batch(io::Result<Batch>),
}

/// Where the parts of a batch lie.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) rows: u64,
    /// Of each field in the order of the schema, a struct before its parts: entries, and how many of them are null; less than 0
    /// if nobody counted.
    pub(super) nodes: Vec<(u64, i64)>,
    /// By their bytes in the table.
    pub(super) buffers: Vec<Extent>,
    /// Buffers of data of each field whose values are views.
    pub(super) variadic: Vec<u64>,
    pub(super) codec: Option<CompressionType>,
}

/// Reads the messages of a table.
pub(super) struct Messages {
    file: File,
    /// Where the next message begins.
    pub(super) at: u64,
    pub(super) is_file: bool,
    /// The mark of the end was seen.
    has_ended: bool,
    batches: u64,
    /// Longest header.
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

    /// The next message; `None` behind the last. Once it fails, there are no more.
    pub(super) fn next(&mut self) -> io::Result<Option<Message>> {
        let mut at = self.at;
        let (begin, length) = loop {
            let begin = at;
            let mut length = self.number(at)?;
            if length == Some(MARK) {
                at += 4;
                length = self.number(at)?;
                if length.is_none() {
                    return Err(cut(format!("a message breaks off at byte {at}")));
                }
            }
            match length {
                // A stream may end without a mark.
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
                            return Err(wrong(format!(
                                "{behind} bytes behind the mark of its end are no table"
                            )));
                        }
                    }
                }
                // Polars puts the columns there bare, and says where what comes next lies in the directory alone.
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
                "has a message at byte {begin} with a header of {length} MiB, more than {most} are not taken into memory; split the table"
            )));
        }
        let header = self.file.take(Extent { offset, length })?;
        let (message, body_bytes) =
            Self::read(&header, offset + length).map_err(|error| match error.kind() {
                io::ErrorKind::Other => wrong(format!("{error}, in its message at byte {begin}")),
                _ => error,
            })?;
        self.at =
            (offset + length).checked_add(body_bytes).ok_or_else(|| wrong("a body has no end"))?;
        self.batches += u64::from(matches!(message, Message::Batch(_)));
        Ok(Some(message))
    }

    fn read(header: &[u8], body_at: u64) -> io::Result<(Message, u64)> {
        let message = MessageRef::read_as_root(header).map_err(plain)?;
        let version = message.version().map_err(plain)?;
        if !matches!(version, MetadataVersion::V4 | MetadataVersion::V5) {
            let version = version as i16 + 1;
            return Err(unsupported(format!(
                "is of version {version} of the format, versions 4 and 5 are read; write it anew"
            )));
        }
        let length = message.body_length().map_err(plain)?;
        let length =
            u64::try_from(length).map_err(|_| wrong(format!("a body has {length} bytes")))?;
        let body = Extent { offset: body_at, length };
        let message = match message.header().map_err(plain)? {
            Some(MessageHeaderRef::Schema(schema)) => {
                Message::Schema(Schema::read(schema, version, header.len())?)
            }
            Some(MessageHeaderRef::RecordBatch(batch)) => Message::Batch(Batch::read(batch, body)),
            Some(MessageHeaderRef::DictionaryBatch(dictionary)) => {
                let batch = dictionary.data().map_err(plain)?;
                let batch = batch.ok_or_else(|| wrong("a dictionary has no values"))?;
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
            None => return Err(wrong("a message is about nothing")),
        };
        Ok((message, length))
    }

    /// The columns as the directory of a file has them, before the first of the messages that it names.
    fn by_directory(&mut self) -> io::Result<Message> {
        let (begin, bytes) = self.footer()?;
        let footer = FooterRef::read_as_root(&bytes).map_err(plain)?;
        let version = footer.version().map_err(plain)?;
        let schema = footer.schema().map_err(plain)?;
        let schema = schema.ok_or_else(|| wrong("its directory has no columns"))?;
        let blocks = [footer.dictionaries(), footer.record_batches()];
        let mut first = begin.saturating_sub(8);
        for block in blocks.into_iter().flatten().flatten().flatten() {
            let offset = u64::try_from(block.offset()).ok();
            let offset = offset.filter(|offset| (FIRST_MESSAGE..begin).contains(offset));
            first = first.min(offset.ok_or_else(|| wrong("its directory leads out of it"))?);
        }
        self.at = first;
        Ok(Message::Schema(Schema::read(schema, version, bytes.len())?))
    }

    /// What the directory of a file says, compared with what was there.
    fn directory(&self) -> io::Result<Option<Message>> {
        if !self.has_ended {
            return Err(cut("its directory is missing".to_owned()));
        }
        let (_, footer) = self.footer()?;
        let named = || FooterRef::read_as_root(&footer)?.record_batches();
        let named = named().map_err(plain)?.map_or(0, |blocks| blocks.len() as u64);
        if named != self.batches {
            let there = self.batches;
            return Err(wrong(format!(
                "its directory names {named} record batches, {there} lie there one after the other"
            )));
        }
        Ok(None)
    }

    /// The directory of a file, and where it begins.
    fn footer(&self) -> io::Result<(u64, Vec<u8>)> {
        let missing = || cut("its directory is missing".to_owned());
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
                "has a directory of {length} MiB, more than {most} are not taken into memory; split the table"
            )));
        }
        let offset = end - length;
        Ok((offset, self.file.take(Extent { offset, length })?))
    }
}

impl Batch {
    fn read(batch: RecordBatchRef<'_>, body: Extent) -> io::Result<Self> {
        let rows = batch.length().map_err(plain)?;
        let rows = u64::try_from(rows).map_err(|_| wrong(format!("a batch has {rows} rows")))?;
        let count = |length: i64| {
            u64::try_from(length).map_err(|_| wrong(format!("a field has {length} entries")))
        };
        let nodes = batch.nodes().map_err(plain)?;
        let nodes =
            nodes.into_iter().flatten().map(|node| Ok((count(node.length())?, node.null_count())));
        let stretch = |(offset, length): (i64, i64)| {
            let inside = || {
                let (offset, length) = (u64::try_from(offset).ok()?, u64::try_from(length).ok()?);
                offset.checked_add(length).filter(|&end| end <= body.length)?;
                Some(Extent { offset: body.offset.checked_add(offset)?, length })
            };
            inside().ok_or_else(|| {
                let whole = body.length;
                wrong(format!("a buffer of {length} bytes at byte {offset} of a body of {whole}"))
            })
        };
        let buffers = batch.buffers().map_err(plain)?;
        let buffers =
            buffers.into_iter().flatten().map(|buffer| stretch((buffer.offset(), buffer.length())));
        let counts = batch.variadic_buffer_counts().map_err(plain)?;
        let variadic = counts.into_iter().flatten().map(count);
        let compression = batch.compression().map_err(plain)?;
        let codec = match compression {
            None => None,
            Some(compression) => {
                let BodyCompressionMethod::Buffer = compression.method().map_err(plain)?;
                Some(compression.codec().map_err(plain)?)
            }
        };
        let batch = Self {
            rows,
            nodes: nodes.collect::<io::Result<_>>()?,
            buffers: buffers.collect::<io::Result<_>>()?,
            variadic: variadic.collect::<io::Result<_>>()?,
            codec,
        };
        batch.check()?;
        Ok(batch)
    }

    /// Buffers that lie over each other would make much of few bytes.
    fn check(&self) -> io::Result<()> {
        let mut order: Vec<Extent> =
            self.buffers.iter().copied().filter(|buffer| buffer.length > 0).collect();
        order.sort_unstable_by_key(|buffer| buffer.offset);
        let over = order.windows(2).find(|two| two[0].offset + two[0].length > two[1].offset);
        match over {
            None => Ok(()),
            Some(two) => {
                let at = two[1].offset;
                Err(wrong(format!("a batch whose buffers lie over each other, at byte {at}")))
            }
        }
    }
}

/// What is wrong with a table.
pub(super) fn wrong(what: impl Into<String>) -> io::Error {
    io::Error::other(what.into())
}

/// An end that is missing.
pub(super) fn cut(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, what)
}

/// What is right and not read here, with the remedy.
pub(super) fn unsupported(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, what)
}

pub(super) fn plain(error: planus::Error) -> io::Error {
    wrong(format!("no header of a message ({})", error.error_kind))
}
