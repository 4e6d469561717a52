//! A zip file without a directory: its members one after the other from the front.

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use zip::read::{ZipFile, read_zipfile_from_stream};
use zip::result::ZipError;

use super::told::broken;
use crate::bytes::Reader;
use crate::source::containers::traversal::{At, Member, Unpacker};
use crate::source::{Extent, To};

/// Whether the first bytes are those of the first volume of a split zip file.
fn begins_split(body: &mut BufReader<Reader>) -> std::io::Result<bool> {
    let mut mark = [0; 4];
    body.seek(SeekFrom::Start(0))?;
    body.read_exact(&mut mark)?;
    Ok(mark == *b"PK\x07\x08")
}

/// Reads members from the front, without a directory.
pub(super) fn salvage(
    unpacker: &mut Unpacker<'_>,
    at: &At,
    mut body: BufReader<Reader>,
    why: &ZipError,
) -> ControlFlow<()> {
    if matches!(why, ZipError::Io(error) if error.raw_os_error().is_some()) {
        return broken(unpacker, at, why);
    }
    // The first volume of a split archive begins with a signature of 4 bytes.
    let mut offset = if begins_split(&mut body).unwrap_or(false) { 4 } else { 0 };
    if let Err(error) = body.seek(SeekFrom::Start(offset)) {
        return unpacker.broken(&at.place, &error);
    }
    let end = loop {
        if at.depth == 1 {
            unpacker.passed_to(offset);
        }
        match read_zipfile_from_stream(&mut body) {
            Ok(Some(file)) => salvaged(unpacker, at, file, offset)?,
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
        match body.stream_position() {
            Ok(position) => offset = position,
            Err(error) => return unpacker.broken(&at.place, &error),
        }
    };
    let reason = end.map_or(String::new(), |error| format!("; after byte {offset}: {error}"));
    unpacker.truncated(&at.place, &format!("its directory is missing{reason}"))
}

fn salvaged<R: Read>(
    unpacker: &mut Unpacker<'_>,
    at: &At,
    file: ZipFile<'_, R>,
    offset: u64,
) -> ControlFlow<()> {
    let name = file.name_raw().to_vec();
    let length = file.compressed_size();
    let place = at.member(To::Member { name, nth: 1 }, Some(Extent { offset, length }));
    let (is_dir, declared) = (file.is_dir() && file.size() == 0, file.size());
    let mut stream = unpacker.limited(file);
    if !is_dir {
        let depth = at.depth;
        let (declared, bytes, notes) = (Some(declared), None, Vec::new());
        let stream = &mut stream;
        unpacker.member(Member { place, depth, stream, declared, bytes, notes })?;
    }
    unpacker.drain(&mut stream)
}
