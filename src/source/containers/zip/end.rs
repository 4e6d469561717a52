//! The end of a zip file, where its directory is stated.

use std::io::{BufReader, Read, Seek, SeekFrom};

use crate::bytes::Reader;

/// Longest end-of-central-directory record: 22 bytes, and a comment whose length has 16 bits (APPNOTE 4.3.16).
const MAX_END_BYTES: u64 = 22 + 0xffff;

/// Whether the end of a file has the signature of the end-of-central-directory record. Without it, the crate would search
/// the whole file.
pub(in crate::source) fn has_directory(reader: &mut BufReader<Reader>) -> std::io::Result<bool> {
    let mut end = Vec::new();
    let from = reader.get_ref().length().saturating_sub(MAX_END_BYTES);
    reader.seek(SeekFrom::Start(from))?;
    reader.take(MAX_END_BYTES).read_to_end(&mut end)?;
    Ok(end.windows(4).any(|mark| mark == b"PK\x05\x06"))
}
