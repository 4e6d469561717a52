//! The limits of one item while it is decoded.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::DecodeError;

/// How many times a file may be read over: films whose tracks are interleaved packet by packet make the reader go back and forth.
/// A guess.
const MAX_READS_OF_A_FILE: u64 = 16;
/// Added for small files, whose first blocks are read many times to recognise the format. A guess.
const EXTRA_READ_BYTES: u64 = 256 << 20;

/// The limits of one item: the cancel flag of the run, the time, and the number of bytes read.
#[derive(Debug)]
pub(super) struct Guard<'a> {
    cancel: &'a AtomicBool,
    start: Instant,
    timeout: Duration,
    file_bytes: u64,
    read_bytes: AtomicU64,
    /// Offset in the file at which the last read ended.
    position: AtomicU64,
}

impl<'a> Guard<'a> {
    pub(super) fn new(cancel: &'a AtomicBool, timeout: Duration, file_bytes: u64) -> Self {
        Self {
            cancel,
            start: Instant::now(),
            timeout,
            file_bytes,
            read_bytes: AtomicU64::new(0),
            position: AtomicU64::new(0),
        }
    }

    /// `Err` once a limit is reached.
    pub(super) fn check(&self) -> Result<(), DecodeError> {
        if self.cancel.load(Ordering::Relaxed) {
            return Err(DecodeError::Cancelled);
        }
        if self.start.elapsed() >= self.timeout {
            return Err(DecodeError::TimedOut { limit_seconds: self.timeout.as_secs_f64() });
        }
        let read_bytes = self.read_bytes.load(Ordering::Relaxed);
        if read_bytes > self.file_bytes.saturating_mul(MAX_READS_OF_A_FILE) + EXTRA_READ_BYTES {
            return Err(DecodeError::ReadsTooMuch { read_bytes, file_bytes: self.file_bytes });
        }
        Ok(())
    }

    /// Starts another attempt at the same file: the bytes are counted from zero, the time goes on.
    pub(super) fn rewind(&self) {
        self.read_bytes.store(0, Ordering::Relaxed);
        self.position.store(0, Ordering::Relaxed);
    }

    /// Counts `bytes` that were read, up to `position` in the file.
    pub(super) fn has_read(&self, bytes: u64, position: u64) {
        self.read_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.position.store(position, Ordering::Relaxed);
    }

    /// Counts a seek as well, so that a reader that only seeks reaches the limit.
    pub(super) fn has_sought(&self) {
        self.read_bytes.fetch_add(64, Ordering::Relaxed);
    }

    /// Size of the file.
    pub(super) fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// Number of bytes between the end of the last read and the end of the file.
    pub(super) fn unread_bytes(&self) -> u64 {
        self.file_bytes.saturating_sub(self.position.load(Ordering::Relaxed))
    }
}
