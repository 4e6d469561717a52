//! An object read from any position.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use crate::cache::{BLOCK_BYTES, Id};
use crate::listing::Object;
use crate::store::Store;

/// By how much more is fetched at once with each step of a reader that goes straight on, and the most, in blocks: 64 KiB, 256 KiB,
/// 1 MiB, then 4 MiB. A guess: a song of 4 MB takes four requests, and a window of 12 s of it no more than it needs.
const GROWTH: u64 = 4;
const MAX_RUN: u64 = 64;

/// Reads an object in the state in which it was listed; one that was changed since is an error.
#[derive(Debug)]
pub struct Reader {
    store: Arc<Store>,
    bucket: Arc<str>,
    object: Arc<Object>,
    id: Id,
    position: u64,
    /// The block that was read last, with its bytes.
    block: Option<(u64, Arc<[u8]>)>,
    /// Blocks that were fetched at once last.
    run: u64,
}

impl Reader {
    pub(crate) fn new(store: Arc<Store>, bucket: &str, object: Arc<Object>, id: Id) -> Self {
        Self { store, bucket: bucket.into(), object, id, position: 0, block: None, run: 0 }
    }

    /// The object.
    pub fn object(&self) -> &Object {
        &self.object
    }

    fn block(&mut self, block: u64) -> io::Result<Arc<[u8]>> {
        if let Some((at, bytes)) = self.block.as_ref()
            && *at == block
        {
            return Ok(Arc::clone(bytes));
        }
        let goes_on = match &self.block {
            Some((before, _)) => before + 1 == block,
            None => false,
        };
        let run = if goes_on { (self.run * GROWTH).clamp(1, MAX_RUN) } else { 1 };
        let (bytes, fetched) =
            self.store.block((&self.bucket, &self.object, self.id), block, run)?;
        // What was there already says nothing of how much is worth fetching.
        if fetched || !goes_on {
            self.run = run;
        }
        self.block = Some((block, Arc::clone(&bytes)));
        Ok(bytes)
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.object.size || buffer.is_empty() {
            return Ok(0);
        }
        let bytes = self.block(self.position / BLOCK_BYTES)?;
        let within = (self.position % BLOCK_BYTES) as usize;
        let there = bytes.get(within..).unwrap_or_default();
        let count = there.len().min(buffer.len());
        buffer[..count].copy_from_slice(&there[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.object.size.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
