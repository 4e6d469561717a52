//! A part of a file as Symphonia reads it: bounded in time and bytes, and cancellable. Bytes in it may be replaced, and it can hide
//! that the file can be sought in.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use symphonia::core::io::MediaSource;

use super::DecodeError;
use super::parts::Part;
use crate::bytes::Reader;

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

    /// Size of the file.
    pub(super) fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// Number of bytes between the end of the last read and the end of the file.
    pub(super) fn unread_bytes(&self) -> u64 {
        self.file_bytes.saturating_sub(self.position.load(Ordering::Relaxed))
    }
}

/// The bytes of a part of an item. Each read checks `guard`.
#[derive(Debug)]
pub(super) struct FileSource<'a> {
    file: Reader,
    part: &'a Part,
    position: u64,
    guard: &'a Guard<'a>,
}

impl<'a> FileSource<'a> {
    pub(super) fn new(mut file: Reader, part: &'a Part, guard: &'a Guard<'a>) -> io::Result<Self> {
        file.seek(SeekFrom::Start(part.range.start))?;
        Ok(Self { file, part, position: 0, guard })
    }

    fn length(&self) -> u64 {
        self.part.range.end.saturating_sub(self.part.range.start)
    }

    /// Replaces what is patched in `read`, which are the bytes at `from` in the file.
    fn patch(&self, from: u64, read: &mut [u8]) {
        for patch in &self.part.patches {
            for (at, &byte) in (patch.at..).zip(&patch.bytes) {
                let place = at.checked_sub(from).and_then(|place| usize::try_from(place).ok());
                if let Some(slot) = place.and_then(|place| read.get_mut(place)) {
                    *slot = byte;
                }
            }
        }
    }
}

impl Read for FileSource<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.guard.check().map_err(io::Error::other)?;
        let left = self.length().saturating_sub(self.position);
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.file.read(&mut buffer[..most])?;
        let from = self.part.range.start + self.position;
        self.patch(from, &mut buffer[..read]);
        self.position += read as u64;
        self.guard.read_bytes.fetch_add(read as u64, Ordering::Relaxed);
        self.guard.position.store(from + read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl Seek for FileSource<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.length().checked_add_signed(by),
        };
        let in_file = |position: u64| position.checked_add(self.part.range.start);
        let target = target.and_then(|position| Some((position, in_file(position)?)));
        let (position, in_file) = target.ok_or(io::ErrorKind::InvalidInput)?;
        self.file.seek(SeekFrom::Start(in_file))?;
        self.position = position;
        // Seeks are counted as well, so that a reader that only seeks reaches the limit.
        self.guard.read_bytes.fetch_add(64, Ordering::Relaxed);
        Ok(position)
    }
}

impl MediaSource for FileSource<'_> {
    fn is_seekable(&self) -> bool {
        self.part.seekable
    }

    fn byte_len(&self) -> Option<u64> {
        self.part.seekable.then(|| self.length())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::Bytes;
    use crate::decode::parts::Patch;
    use crate::record::FailureKind;

    fn reader(bytes: Vec<u8>) -> Reader {
        Bytes::of_memory(bytes).open_stored().expect("opened")
    }

    fn part(range: std::ops::Range<u64>) -> Part {
        Part { range, seekable: true, ..Part::default() }
    }

    #[test]
    fn a_part_hides_what_is_around_it_and_shows_patches_in_place_of_the_bytes() {
        let file = reader(b"junkpayloadmore".to_vec());
        let cancel = AtomicBool::new(false);
        let guard = Guard::new(&cancel, Duration::from_secs(9), 15);
        let patches =
            vec![Patch { at: 2, bytes: b"xyPA".to_vec() }, Patch { at: 10, bytes: b"Dz".to_vec() }];
        let part = Part { patches, ..part(4..11) };
        let mut source = FileSource::new(file, &part, &guard).expect("opened");
        assert_eq!(source.byte_len(), Some(7));
        let mut all = String::new();
        source.read_to_string(&mut all).expect("read");
        assert_eq!(all, "PAyloaD");
        assert_eq!(source.seek(SeekFrom::End(-4)).expect("sought"), 3);
        assert!(source.seek(SeekFrom::Start(u64::MAX)).is_err());
        all.clear();
        source.read_to_string(&mut all).expect("read");
        assert_eq!(all, "loaD");
        assert_eq!(guard.unread_bytes(), 4);
    }

    #[test]
    fn reading_a_small_file_for_ever_ends() {
        let file = reader(vec![0; 4096]);
        let cancel = AtomicBool::new(false);
        let guard = Guard::new(&cancel, Duration::from_secs(60), 4096);
        let part = part(0..4096);
        let mut source = FileSource::new(file, &part, &guard).expect("opened");
        let mut buffer = [0; 4096];
        let failed = (0..1_000_000).find(|_| {
            source.seek(SeekFrom::Start(0)).and_then(|_| source.read(&mut buffer)).is_err()
        });
        assert!(failed.is_some());
        assert_eq!(guard.check().expect_err("over the limit").kind(), FailureKind::Timeout);
    }

    #[test]
    fn the_flag_stops_a_read() {
        let cancel = AtomicBool::new(true);
        let guard = Guard::new(&cancel, Duration::from_secs(60), 10);
        let file = reader(vec![0; 10]);
        let part = part(0..10);
        let mut source = FileSource::new(file, &part, &guard).expect("opened");
        assert!(source.read(&mut [0; 4]).is_err());
    }
}
