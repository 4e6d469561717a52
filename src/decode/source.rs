//! A part of a file as Symphonia reads it: bounded in time and bytes, and cancellable. Bytes in it may be replaced, and it can hide
//! that the file can be sought in.

use std::io::{self, Read, Seek, SeekFrom};

use symphonia::core::io::MediaSource;

use super::guard::Guard;
use super::parts::Part;
use crate::bytes::Reader;

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
        self.guard.has_read(read as u64, from + read as u64);
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
        self.guard.has_sought();
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
    use std::sync::atomic::AtomicBool;
    use std::time::Duration;

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
