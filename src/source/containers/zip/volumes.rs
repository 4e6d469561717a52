//! Zip files that `zip -s` split: their directory states a volume and a place in it for each member. Here it is written anew, for the
//! volumes taken as one file.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use super::end::Records;
use crate::bytes::{Bytes, Reader, Volume};
use crate::source::containers::fields::{damaged, number};

/// Length of an entry without its name and what follows that.
const ENTRY_BYTES: usize = 46;

/// A number that stands in another record, as it needs more bytes.
const ELSEWHERE: u64 = 0xffff_ffff;

/// The end of a zip file.
struct End {
    /// The number of this volume from 0.
    volume: u64,
    /// The volume in which the directory begins, its place there and its length in bytes.
    first: u64,
    offset: u64,
    length: u64,
    /// Number of entries.
    count: u64,
}

/// The number of volumes before the one that ends here; 0 of a file that is no zip file or is not split.
pub(in crate::source) fn volumes_before(bytes: &Bytes) -> io::Result<u32> {
    let mut reader = bytes.open_stored()?;
    let Some(Records { last, locator, .. }) = Records::of(&mut reader)? else { return Ok(0) };
    let volume = number(&last, 4, 2);
    let count = match locator {
        Some(locator) if volume == 0xffff => number(&locator, 16, 4).saturating_sub(1),
        _ => volume,
    };
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The directory of a split zip file, written for all its volumes as one file, and that file as a reader of zip files wants it.
///
/// # Errors
///
/// If the directory is damaged, is longer than `most` bytes, or cannot be read.
pub(super) fn directory(bytes: &Bytes, volumes: &[Volume], most: u64) -> io::Result<Joined> {
    let mut reader = bytes.open_stored()?;
    let mut begins = vec![0_u64];
    for volume in volumes {
        begins.push(begins.last().map_or(0, |begin| begin + volume.bytes));
    }
    let place = |volume: u64, offset: u64| {
        let begin = usize::try_from(volume).ok().and_then(|volume| begins.get(volume));
        begin.and_then(|begin| begin.checked_add(offset))
    };
    let lost = || damaged("its directory lies in a volume that it does not have");
    let end = end(&mut reader, &place)?;
    let from = place(end.first, end.offset).ok_or_else(lost)?;
    if end.length > most || end.volume + 1 != volumes.len() as u64 {
        return Err(damaged("its directory is too long, or says another number of volumes"));
    }
    let mut old = Vec::new();
    reader.seek(SeekFrom::Start(from))?;
    (&mut reader).take(end.length).read_to_end(&mut old)?;
    let (mut new, mut rest) = (Vec::new(), &old[..]);
    for _ in 0..end.count {
        let (entry, behind) =
            entry(rest, &place).ok_or_else(|| damaged("its directory is damaged"))?;
        new.extend(entry);
        rest = behind;
    }
    let length = new.len() as u64;
    let begin = from + length;
    // The records that end a zip64 file.
    new.extend(b"PK\x06\x06");
    new.extend(44_u64.to_le_bytes());
    new.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for number in [end.count, end.count, length, from] {
        new.extend(number.to_le_bytes());
    }
    new.extend(b"PK\x06\x07\0\0\0\0");
    new.extend(begin.to_le_bytes());
    new.extend(1_u32.to_le_bytes());
    new.extend(b"PK\x05\x06\0\0\0\0");
    new.extend([0xff; 12]);
    new.extend([0, 0]);
    Ok(Joined { members: reader, split: from, directory: Cursor::new(new), position: 0 })
}

fn end(reader: &mut Reader, place: &dyn Fn(u64, u64) -> Option<u64>) -> io::Result<End> {
    let records = Records::of(reader)?.ok_or_else(|| damaged("its end is missing"))?;
    let Records { last: record, locator, .. } = records;
    let end = End {
        volume: number(&record, 4, 2),
        first: number(&record, 6, 2),
        offset: number(&record, 16, 4),
        length: number(&record, 12, 4),
        count: number(&record, 10, 2),
    };
    let is_long = [end.volume, end.first, end.count].contains(&0xffff)
        || [end.offset, end.length].contains(&ELSEWHERE);
    let Some(locator) = locator.filter(|_| is_long) else { return Ok(end) };
    let at = place(number(&locator, 4, 4), number(&locator, 8, 8));
    let mut record = [0; 56];
    reader.seek(SeekFrom::Start(at.ok_or_else(|| damaged("its end is damaged"))?))?;
    reader.read_exact(&mut record)?;
    if !record.starts_with(b"PK\x06\x06") {
        return Err(damaged("its end is damaged"));
    }
    Ok(End {
        volume: number(&record, 16, 4),
        first: number(&record, 20, 4),
        offset: number(&record, 48, 8),
        length: number(&record, 40, 8),
        count: number(&record, 32, 8),
    })
}

/// The first entry of a directory, written anew, and what follows it.
fn entry<'d>(
    bytes: &'d [u8],
    place: &dyn Fn(u64, u64) -> Option<u64>,
) -> Option<(Vec<u8>, &'d [u8])> {
    let (fixed, rest) = bytes.split_at_checked(ENTRY_BYTES)?;
    if !fixed.starts_with(b"PK\x01\x02") {
        return None;
    }
    let length = |at| number(fixed, at, 2) as usize;
    let (name, rest) = rest.split_at_checked(length(28))?;
    let (mut extra, rest) = rest.split_at_checked(length(30))?;
    let (_comment, rest) = rest.split_at_checked(length(32))?;
    let mut numbers = [number(fixed, 24, 4), number(fixed, 20, 4), number(fixed, 42, 4)];
    let mut volume = number(fixed, 34, 2);
    let mut others = Vec::new();
    while extra.len() >= 4 {
        let (field, behind) = extra.split_at_checked(4 + number(extra, 2, 2) as usize)?;
        extra = behind;
        if number(field, 0, 2) != 1 {
            others.extend_from_slice(field);
            continue;
        }
        let mut long = field.get(4..)?;
        for number in numbers.iter_mut().filter(|number| **number == ELSEWHERE) {
            let (bytes, behind) = long.split_first_chunk()?;
            (*number, long) = (u64::from_le_bytes(*bytes), behind);
        }
        if volume == 0xffff {
            volume = u64::from(u32::from_le_bytes(*long.first_chunk()?));
        }
    }
    numbers[2] = place(volume, numbers[2])?;
    let mut entry = fixed.to_vec();
    entry[20..28].fill(0xff);
    entry[42..46].fill(0xff);
    entry[32..36].fill(0);
    entry[30..32].copy_from_slice(&u16::try_from(others.len() + 28).ok()?.to_le_bytes());
    entry.extend_from_slice(name);
    entry.extend([1, 0, 24, 0]);
    entry.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    entry.extend(others);
    Some((entry, rest))
}

/// All volumes up to the directory, and then the directory written anew.
#[derive(Debug)]
pub(super) struct Joined {
    members: Reader,
    /// Where the directory begins.
    split: u64,
    directory: Cursor<Vec<u8>>,
    position: u64,
}

impl Read for Joined {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.split.saturating_sub(self.position);
        let read = if left > 0 {
            let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            self.members.seek(SeekFrom::Start(self.position))?;
            self.members.read(&mut buffer[..most])?
        } else {
            self.directory.set_position(self.position - self.split);
            self.directory.read(buffer)?
        };
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Joined {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let length = self.split + self.directory.get_ref().len() as u64;
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => length.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
