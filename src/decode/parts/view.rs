//! The bytes of a file at any place, through one buffer.

use std::io::{self, Read, Seek, SeekFrom};

use memchr::memmem::Finder;

use super::MAX_STEPS;
use crate::bytes::{Bytes, Reader};
use crate::decode::DecodeError;
use crate::decode::guard::Guard;

/// Size of the buffer. A guess.
const BUFFER_BYTES: usize = 256 << 10;
/// How many calls pass between two looks at the limits of the item. A guess.
const CHECK_EVERY: u64 = 1_024;

/// A file whose structure is walked.
pub(super) struct View<'a> {
    file: Reader,
    length: u64,
    buffer: Vec<u8>,
    /// Offset of the buffer in the file.
    start: u64,
    guard: &'a Guard<'a>,
    steps: u64,
    stopped: Option<DecodeError>,
}

impl<'a> View<'a> {
    pub(super) fn of(source: &Bytes, guard: &'a Guard<'a>) -> io::Result<Self> {
        let file = source.open_stored()?;
        let length = file.length();
        Ok(Self { file, length, buffer: Vec::new(), start: 0, guard, steps: 0, stopped: None })
    }

    /// Length of the file.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// `Err` once a limit of the item was reached.
    pub(super) fn check(&mut self) -> Result<(), DecodeError> {
        match self.stopped.take() {
            Some(error) => Err(error),
            None => self.guard.check(),
        }
    }

    /// Whether a walk has to end: it takes too long.
    pub(super) fn is_over(&mut self) -> bool {
        self.steps += 1;
        if self.steps % CHECK_EVERY == 0
            && self.stopped.is_none()
            && let Err(error) = self.guard.check()
        {
            self.stopped = Some(error);
        }
        self.stopped.is_some() || self.steps > MAX_STEPS
    }

    /// At most `most` bytes from `at` on: fewer at the end of the file, or where it cannot be read.
    pub(super) fn bytes(&mut self, at: u64, most: usize) -> &[u8] {
        let most = most.min(BUFFER_BYTES);
        let end = at.saturating_add(most as u64).min(self.length);
        let there = self.start..self.start + self.buffer.len() as u64;
        if at >= end {
            return &[];
        }
        if !(there.contains(&at) && end <= there.end) {
            self.fill(at);
        }
        let from = (at - self.start) as usize;
        let to = ((end - self.start) as usize).min(self.buffer.len());
        self.buffer.get(from..to).unwrap_or_default()
    }

    /// What is in the buffer from `at` on: at least `least` bytes, but at the end of the file.
    fn rest(&mut self, at: u64, least: usize) -> &[u8] {
        let end = self.start + self.buffer.len() as u64;
        let needed = at.saturating_add(least as u64).min(self.length);
        if at < self.start || needed > end {
            self.fill(at);
        }
        self.buffer.get((at - self.start) as usize..).unwrap_or_default()
    }

    fn fill(&mut self, at: u64) {
        self.start = at;
        self.buffer.clear();
        if self.file.seek(SeekFrom::Start(at)).is_ok() {
            // What was read before an error is kept.
            let _ = (&mut self.file).take(BUFFER_BYTES as u64).read_to_end(&mut self.buffer);
        }
    }

    /// `N` bytes at `at`.
    pub(super) fn array<const N: usize>(&mut self, at: u64) -> Option<[u8; N]> {
        self.bytes(at, N).first_chunk().copied()
    }

    /// The first place from `from` on, and before `to`, at which `what` begins and `is_it` agrees.
    pub(super) fn find(
        &mut self,
        what: &[u8],
        from: u64,
        to: u64,
        mut is_it: impl FnMut(&mut Self, u64) -> bool,
    ) -> Option<u64> {
        let finder = Finder::new(what);
        let (mut at, to) = (from, to.min(self.length));
        while at < to && !self.is_over() {
            let bytes = self.rest(at, what.len());
            let read = bytes.len() as u64;
            match finder.find(bytes) {
                Some(place) => {
                    let place = at + place as u64;
                    if place >= to {
                        return None;
                    }
                    if is_it(self, place) {
                        return Some(place);
                    }
                    at = place + 1;
                }
                None if read < what.len() as u64 => return None,
                // A beginning may lie across the edge.
                None => at += read - (what.len() as u64 - 1),
            }
        }
        None
    }
}
