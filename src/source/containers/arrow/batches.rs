//! The record batches of an Arrow table in order, with the schema and the dictionaries that apply to each.

use std::io;
use std::rc::Rc;

use super::buffer::Buffers;
use super::errors::{damaged, truncated};
use super::layout::Batch;
use super::leaf::Dictionaries;
use super::lookup::Lookup;
use super::message::{File, Message, Messages};
use super::schema::{Buffer, Schema, Values};
use crate::bytes::Bytes;
use crate::source::ScanLimits;
use crate::source::containers::table::Load;

/// Most batches of one dictionary (the first and its deltas). A guess.
const MAX_PIECES: usize = 1_000;

/// Reads the record batches of a table.
pub(super) struct Batches {
    file: File,
    messages: Messages,
    load: Load,
    schema: Schema,
    /// Schemas so far.
    schemas: usize,
    /// Record batches so far.
    count: u64,
    dictionaries: Dictionaries,
    /// Memory of the dictionaries, in bytes.
    held: u64,
    /// The dictionaries were read ahead: in a file they may stand behind the batches that need them.
    has_dictionaries: bool,
}

impl Batches {
    /// Opens a table whose schema can be read.
    pub(super) fn open(bytes: &Bytes, limits: ScanLimits, load: &Load) -> io::Result<Self> {
        let file = File::open(bytes)?;
        let mut messages = Messages::new(&file, limits)?;
        let schema = match messages.next()? {
            Some(Message::Schema(schema)) => schema,
            Some(_) => return Err(damaged("its first message is not a schema")),
            None => return Err(truncated("it has no schema".to_owned())),
        };
        let mut batches = Self {
            file,
            messages,
            load: load.clone(),
            schema,
            schemas: 1,
            count: 0,
            dictionaries: Dictionaries::default(),
            held: 0,
            has_dictionaries: false,
        };
        let is_coded =
            batches.schema.leaves.iter().any(|l| matches!(l.values, Some(Values::Codes { .. })));
        if batches.messages.is_file && is_coded {
            let mut ahead = Messages::new(&batches.file, limits)?;
            // An error comes again when the messages are read in order.
            while let Ok(Some(message)) = ahead.next() {
                if let Message::Dictionary { id, is_delta, batch } = message {
                    batches.dictionary(id, is_delta, batch);
                }
            }
            batches.has_dictionaries = true;
        }
        Ok(batches)
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// The byte position up to which the table is read.
    pub(super) fn at(&self) -> u64 {
        self.messages.at.min(self.file.length)
    }

    /// The columns of the batch that came last and of those that follow.
    pub(super) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The number of schemas so far: one stream may follow another in a file.
    pub(super) fn schemas(&self) -> usize {
        self.schemas
    }

    pub(super) fn dictionaries(&self) -> &Dictionaries {
        &self.dictionaries
    }

    /// The number of the next batch, from 0, and the batch or why it cannot be read; `None` after the last. After an error of
    /// its own it must not be called again.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, io::Result<Batch>)>> {
        loop {
            let count = self.count;
            let told = |error: io::Error| {
                io::Error::new(error.kind(), format!("after {count} record batches: {error}"))
            };
            match self.messages.next() {
                Err(error) if error.raw_os_error().is_some() => return Err(error),
                Err(error) if error.kind() == io::ErrorKind::Unsupported => return Err(error),
                Err(error) => return Err(told(error)),
                Ok(None) => return Ok(None),
                Ok(Some(Message::Schema(schema))) => {
                    self.schema = schema;
                    self.schemas += 1;
                    self.dictionaries.clear();
                    self.held = 0;
                }
                Ok(Some(Message::Dictionary { id, is_delta, batch })) => {
                    if !self.has_dictionaries {
                        self.dictionary(id, is_delta, batch);
                    }
                }
                Ok(Some(Message::Batch(batch))) => {
                    let number = self.count;
                    self.count += 1;
                    return Ok(Some((number, batch)));
                }
            }
        }
    }

    /// Keeps a dictionary. One that cannot be read is missing when a column needs it.
    fn dictionary(&mut self, id: i64, is_delta: bool, batch: io::Result<Batch>) {
        let read = batch.and_then(|batch| {
            let pieces = self.dictionaries.get(&id).map_or(0, Vec::len);
            if is_delta && pieces >= MAX_PIECES {
                return Err(damaged(format!("a dictionary of more than {MAX_PIECES} batches")));
            }
            let leaf = self.schema.leaves.iter().find_map(|leaf| match leaf.values {
                Some(Values::Codes { dictionary, shape, .. }) if dictionary == id => Some(shape),
                _ => None,
            });
            let shape = leaf.ok_or_else(|| damaged("a dictionary that no column uses"))?;
            let buffers = Buffers::new(&self.file, batch.codec, &self.load);
            buffers.hold(self.held)?;
            let lookup = Lookup::open(&buffers, &batch, 0, Buffer::FIRST, shape)?;
            let lookup = lookup.in_memory(&buffers)?;
            self.held = buffers.held();
            Ok(Rc::new(lookup))
        });
        match read {
            Ok(lookup) if is_delta => self.dictionaries.entry(id).or_default().push(lookup),
            Ok(lookup) => drop(self.dictionaries.insert(id, vec![lookup])),
            Err(_) => drop(self.dictionaries.remove(&id)),
        }
    }
}
