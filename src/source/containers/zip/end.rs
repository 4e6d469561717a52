//! The end of a zip file, where its directory is stated (APPNOTE 4.3.14 to 4.3.16).

use std::io::{self, Read, Seek, SeekFrom};

use crate::source::containers::fields::{bytes_at, end_of, number};

/// Length of the record at the end without its comment, whose length has 16 bits.
const RECORD_BYTES: usize = 22;
/// Length of the locator of zip64, right before that record.
const LOCATOR_BYTES: usize = 20;
/// Longest end: locator, record and comment.
const MAX_END_BYTES: u64 = (LOCATOR_BYTES + RECORD_BYTES) as u64 + 0xffff;
/// What the record begins with.
const MARK: &[u8] = b"PK\x05\x06";

/// The records at the end of a zip file.
pub(super) struct Records {
    /// The last one, with its comment.
    pub(super) last: Vec<u8>,
    /// Its place in the file.
    at: u64,
    /// The locator of zip64.
    pub(super) locator: Option<Vec<u8>>,
}

impl Records {
    /// Those of a file that ends as a zip file does.
    pub(super) fn of<F: Read + Seek>(file: &mut F) -> io::Result<Option<Self>> {
        let end = end_of(file, MAX_END_BYTES)?;
        let length = file.seek(SeekFrom::End(0))?;
        let is_record = |at: &usize| {
            let record = &end[*at..];
            record.starts_with(MARK)
                && record.len() as u64 == RECORD_BYTES as u64 + number(record, 20, 2)
        };
        let last = (0..(end.len() + 1).saturating_sub(RECORD_BYTES)).rev().find(is_record);
        Ok(last.map(|from| {
            let before = from.checked_sub(LOCATOR_BYTES).map(|before| &end[before..from]);
            let locator = before.filter(|locator| locator.starts_with(b"PK\x06\x07"));
            Self {
                last: end[from..].to_vec(),
                at: length - (end.len() - from) as u64,
                locator: locator.map(<[u8]>::to_vec),
            }
        }))
    }
}

/// Whether the end of a file has the signature of the end-of-central-directory record. Without it, the crate would search
/// the whole file.
pub(in crate::source) fn has_directory<F: Read + Seek>(file: &mut F) -> io::Result<bool> {
    let end = end_of(file, MAX_END_BYTES)?;
    Ok(end.windows(MARK.len()).any(|mark| mark == MARK))
}

/// Whether a file ends as a zip file that has members does: with its record, and a directory where that says.
pub(in crate::source) fn is_behind<F: Read + Seek>(file: &mut F) -> io::Result<bool> {
    let Some(records) = Records::of(file)? else { return Ok(false) };
    let length = number(&records.last, 12, 4);
    if length == u64::from(u32::MAX) {
        // The numbers of a zip64 file stand in another record.
        return Ok(records.locator.is_some());
    }
    let Some(directory) = records.at.checked_sub(length) else { return Ok(false) };
    match bytes_at(file, directory, 4) {
        Ok(mark) => Ok(mark == b"PK\x01\x02"),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
