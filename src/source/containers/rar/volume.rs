//! The volumes of an archive: where each begins, and what its first header says.

use std::io::{self, BufReader};

use super::headers::{Header, MARK, Placed, Version};
use super::{rar4, rar5};
use crate::bytes::{Bytes, Reader};
use crate::source::containers::fields::bytes_at;

/// Reads the header at byte `at` of a volume.
///
/// # Errors
///
/// `UnexpectedEof` if it is cut off, `InvalidData` if it is damaged, else an error of the disk.
pub(super) fn header(
    version: Version,
    reader: &mut BufReader<Reader>,
    at: u64,
) -> io::Result<Placed> {
    match version {
        Version::Four => rar4::header(reader, at),
        Version::Five => rar5::header(reader, at),
    }
}

/// Whether an archive begins at byte `at`: its mark, and an intact header.
pub(in crate::source) fn begins_at(reader: &mut BufReader<Reader>, at: u64) -> io::Result<bool> {
    let Some((version, mark)) = mark_at(reader, at)? else { return Ok(false) };
    Ok(header(version, reader, at + mark).is_ok())
}

/// What the first header of a file says, if it is a volume of a RAR archive.
pub(in crate::source) fn volume(bytes: &Bytes) -> io::Result<Option<Volume>> {
    let mut reader = BufReader::new(bytes.open_stored()?);
    let Some((version, mark)) = mark_at(&mut reader, 0)? else { return Ok(None) };
    let Header::Main(main) = header(version, &mut reader, mark)?.header else { return Ok(None) };
    Ok(main.is_volume.then_some(Volume { number: main.number, version }))
}

/// A volume of a RAR archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) struct Volume {
    /// Its number from 0, if it is stated.
    pub(in crate::source) number: Option<u64>,
    version: Version,
}

impl Volume {
    /// Whether another volume can be the one behind this.
    pub(in crate::source) fn precedes(self, next: Self) -> bool {
        // RAR 4 has no numbers, and RAR 3.0 marked later volumes as the first.
        let follows = self
            .number
            .zip(next.number)
            .is_none_or(|(number, next)| number.checked_add(1) == Some(next));
        self.version == next.version && follows
    }
}

/// Most headers that are read to find the end of an archive. A guess; each takes a few microseconds.
const MAX_HEADERS_TO_THE_END: u32 = 1 << 20;

/// Whether a file has the header that ends an archive, as RAR 3 and later write it. False for one that is cut.
pub(in crate::source) fn is_whole(bytes: &Bytes) -> io::Result<bool> {
    let mut reader = BufReader::new(bytes.open_stored()?);
    let Some((version, mut at)) = mark_at(&mut reader, 0)? else { return Ok(false) };
    for _ in 0..MAX_HEADERS_TO_THE_END {
        match header(version, &mut reader, at) {
            // What is encrypted has no end that could be seen.
            Ok(placed) if matches!(placed.header, Header::End(_) | Header::Encryption) => {
                return Ok(true);
            }
            Ok(placed) => at = placed.next,
            Err(error) if error.raw_os_error().is_some() => return Err(error),
            Err(_) => return Ok(false),
        }
    }
    Ok(true)
}

/// The version of the volume that begins at byte `at`, and the length of its mark; `None` if none begins there.
pub(super) fn mark_at(
    reader: &mut BufReader<Reader>,
    at: u64,
) -> io::Result<Option<(Version, u64)>> {
    match bytes_at(reader, at, MARK.len() + 2) {
        Ok(head) => Ok(Version::of(&head)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where each volume begins and ends. In memory each but the last ends at one of `ends`. Parts that do not begin as a volume were cut
/// by another program and belong to the one before.
pub(super) fn volumes(
    bytes: &Bytes,
    ends: &[u64],
    reader: &mut BufReader<Reader>,
) -> io::Result<Vec<(u64, u64)>> {
    let whole = reader.get_ref().length();
    let mut all = vec![(0, whole)];
    let mut end = 0;
    let mut sum = |volume: &crate::bytes::Volume| {
        end += volume.bytes;
        end
    };
    let ends = match bytes {
        Bytes::Volumes { volumes, .. } => {
            volumes[..volumes.len().saturating_sub(1)].iter().map(&mut sum).collect()
        }
        _ => ends.to_vec(),
    };
    for begin in ends {
        if mark_at(reader, begin)?.is_some()
            && let Some(last) = all.last_mut()
        {
            last.1 = begin;
            all.push((begin, whole));
        }
    }
    Ok(all)
}
