//! 7z files, block by block.
//!
//! The files of a block are compressed as one stream: damage costs the rest of its block, and the next block is read.

use std::collections::HashMap;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::ops::ControlFlow;

use sevenz_rust2::{
    Archive, ArchiveEntry, Block, BlockDecoder, Coder, EncoderMethod, Error, Password,
};

use super::traversal::{At, Member, Unpacker};
use crate::bytes::{Bytes, Reader};
use crate::record::FailureKind;
use crate::source::{Place, To};

/// Memory for the dictionaries of one block, in KiB: four times the 64 MiB that the usual programs choose at most by default.
const MAX_MEMORY_KIB: usize = 256 << 10;

/// Most decompressors in one block. 7-Zip uses three with the filter BCJ2, which splits programs into three streams, and one
/// otherwise. In a chain of them the output of all but the last is not counted here, so a chain could run without end.
const MAX_DECOMPRESSORS: usize = 3;

/// The number of decompressors in a block; filters and copies, whose output is as long as their input, do not count. More than
/// [`MAX_DECOMPRESSORS`] for a chain of any length.
fn decompressors(block: &Block) -> usize {
    let filters = [
        EncoderMethod::ID_COPY,
        EncoderMethod::ID_DELTA,
        EncoderMethod::ID_BCJ_X86,
        EncoderMethod::ID_BCJ2,
        EncoderMethod::ID_BCJ_PPC,
        EncoderMethod::ID_BCJ_IA64,
        EncoderMethod::ID_BCJ_ARM,
        EncoderMethod::ID_BCJ_ARM64,
        EncoderMethod::ID_BCJ_ARM_THUMB,
        EncoderMethod::ID_BCJ_SPARC,
        EncoderMethod::ID_BCJ_RISCV,
    ];
    let ids: Vec<&[u8]> = block.coders.iter().map(Coder::encoder_method_id).collect();
    let count = ids.iter().filter(|id| !filters.contains(id)).count();
    let is_chain = count > 1 && !ids.contains(&EncoderMethod::ID_BCJ2);
    if is_chain { MAX_DECOMPRESSORS + 1 } else { count }
}

/// Shows the members of a 7z file.
pub(super) fn walk(unpacker: &mut Unpacker<'_>, at: &At, bytes: &Bytes) -> ControlFlow<()> {
    let mut reader = match bytes.open_stored().map(BufReader::new) {
        Ok(reader) => reader,
        Err(error) => return unpacker.broken(&at.place, &error),
    };
    match has_directory(&mut reader) {
        Ok(true) => {}
        Ok(false) => return without_directory(unpacker, at),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return without_directory(unpacker, at);
        }
        Err(error) => return unpacker.broken(&at.place, &error),
    }
    let password = Password::empty();
    // A directory takes up to two hundred times its length in memory.
    let directory_kib = (unpacker.costs.limits.max_directory_bytes >> 10) as usize;
    let archive = match Archive::read_with_memory_limit(&mut reader, &password, directory_kib) {
        Ok(archive) => archive,
        Err(error) => return unopened(unpacker, at, &error, directory_kib),
    };
    let mut walk = Walk { at, archive: &archive, seen: HashMap::new() };
    for (block, files) in files_of_blocks(&archive).iter().enumerate() {
        walk.block(unpacker, block, files, &mut reader)?;
    }
    for (index, file) in archive.files.iter().enumerate() {
        let is_in_a_block =
            archive.stream_map.file_block_index.get(index).is_some_and(Option::is_some);
        if !is_in_a_block && !file.is_directory && !file.is_anti_item {
            let place = walk.place(file);
            walk.member(unpacker, place, 0, &mut io::empty())?;
        }
    }
    ControlFlow::Continue(())
}

/// Whether the directory, whose place the first 32 bytes state, lies within the file. Leaves the reader at byte 32.
pub(in crate::source) fn has_directory(reader: &mut BufReader<Reader>) -> io::Result<bool> {
    const HEADER_BYTES: u64 = 32;
    let length = reader.get_ref().length();
    let mut header = [0; HEADER_BYTES as usize];
    reader.seek(SeekFrom::Start(0))?;
    reader.read_exact(&mut header)?;
    let number = |at: usize| {
        let bytes = header.get(at..).and_then(<[u8]>::first_chunk);
        bytes.map_or(u64::MAX, |&bytes| u64::from_le_bytes(bytes))
    };
    let end = number(12).checked_add(number(20)).and_then(|end| end.checked_add(HEADER_BYTES));
    // Numbers without sense are damage, which the crate finds.
    Ok(end.is_none_or(|end| end <= length))
}

fn without_directory(unpacker: &mut Unpacker<'_>, at: &At) -> ControlFlow<()> {
    unpacker.truncated(&at.place, "its directory, which lies at the end, is missing")
}

/// Shows the row of a file whose directory cannot be read.
fn unopened(
    unpacker: &mut Unpacker<'_>,
    at: &At,
    error: &Error,
    most_kib: usize,
) -> ControlFlow<()> {
    match error {
        Error::Io(error, _) if error.raw_os_error().is_some() => unpacker.broken(&at.place, error),
        Error::Io(error, _) if error.kind() == io::ErrorKind::UnexpectedEof => {
            without_directory(unpacker, at)
        }
        error if is_encryption(error) => encrypted(unpacker, &at.place),
        Error::MaxMemLimited { .. } => {
            let message = format!(
                "has a directory of more than {} MiB; unpack it and scan the folder",
                most_kib >> 10
            );
            unpacker.row(&at.place, FailureKind::ContainerUnsupported, message)
        }
        error => unpacker.broken(&at.place, &io::Error::other(plain(error))),
    }
}

/// Whether a directory is encrypted. The crate is built without AES, so it names the method as one that it does not know.
fn is_encryption(error: &Error) -> bool {
    match error {
        Error::PasswordRequired | Error::MaybeBadPassword(_) => true,
        Error::UnsupportedCompressionMethod(method) => {
            method == EncoderMethod::AES256_SHA256.name()
        }
        _ => false,
    }
}

/// What is wrong, in the words of the crate but without its prefix.
fn plain(error: &Error) -> String {
    match error {
        Error::Io(error, _) => error.to_string(),
        Error::Other(what) => what.to_string(),
        other => other.to_string(),
    }
}

fn encrypted(unpacker: &mut Unpacker<'_>, place: &Place) -> ControlFlow<()> {
    let message = "is encrypted; unpack it with its password and scan the folder".to_owned();
    unpacker.row(place, FailureKind::Encrypted, message)
}

/// The files of each block, in their order.
fn files_of_blocks(archive: &Archive) -> Vec<Vec<usize>> {
    let mut files = vec![Vec::new(); archive.blocks.len()];
    for (file, block) in archive.stream_map.file_block_index.iter().enumerate() {
        if let Some(list) = block.and_then(|block| files.get_mut(block)) {
            list.push(file);
        }
    }
    files
}

struct Walk<'a> {
    at: &'a At,
    archive: &'a Archive,
    /// How often each name came so far. The directory is in memory, so the number of names is bounded.
    seen: HashMap<&'a str, u64>,
}

impl<'a> Walk<'a> {
    fn place(&mut self, file: &'a ArchiveEntry) -> Place {
        let nth = self.seen.entry(&file.name).or_default();
        *nth += 1;
        self.at.member(To::Member { name: file.name.clone().into_bytes(), nth: *nth }, None)
    }

    fn member(
        &mut self,
        unpacker: &mut Unpacker<'_>,
        place: Place,
        declared: u64,
        stream: &mut dyn Read,
    ) -> ControlFlow<()> {
        let (depth, bytes, notes) = (self.at.depth, None, Vec::new());
        unpacker.member(Member { place, depth, stream, declared: Some(declared), bytes, notes })
    }

    fn block(
        &mut self,
        unpacker: &mut Unpacker<'_>,
        block: usize,
        files: &[usize],
        reader: &mut BufReader<Reader>,
    ) -> ControlFlow<()> {
        let archive = self.archive;
        if files.first().is_some_and(|&index| archive.is_file_encrypted(index)) {
            for &index in files {
                unpacker.counted()?;
                let place = self.place(&archive.files[index]);
                encrypted(unpacker, &place)?;
            }
            return ControlFlow::Continue(());
        }
        let decompressors = archive.blocks.get(block).map_or(1, decompressors);
        if decompressors > MAX_DECOMPRESSORS {
            let error = "one compression over another".to_owned();
            return self.lost(unpacker, files, &Error::UnsupportedCompressionMethod(error));
        }
        let password = Password::empty();
        let most = MAX_MEMORY_KIB / decompressors.max(1);
        let decoder =
            BlockDecoder::new_with_memory_limit(1, most, block, archive, &password, reader);
        let (mut next, mut flow) = (0, ControlFlow::Continue(()));
        let result = decoder.for_each_entries(&mut |file, stream| {
            // Places are made one at a time: a block may have hundreds of thousands of files.
            let place = files.get(next).map(|&index| self.place(&archive.files[index]));
            next += 1;
            if let Some(place) = place
                && !file.is_directory
            {
                let mut stream = unpacker.limited(stream);
                flow = self.member(unpacker, place, file.size, &mut stream);
                if flow.is_continue() {
                    flow = unpacker.drain(&mut stream);
                }
            }
            Ok(flow.is_continue())
        });
        flow?;
        match result {
            Ok(_) => ControlFlow::Continue(()),
            Err(error) => self.lost(unpacker, &files[next.min(files.len())..], &error),
        }
    }

    /// Shows a row for each file behind damage.
    fn lost(
        &mut self,
        unpacker: &mut Unpacker<'_>,
        files: &[usize],
        error: &Error,
    ) -> ControlFlow<()> {
        let (kind, why) = match error {
            Error::UnsupportedCompressionMethod(method) => (
                FailureKind::Unsupported,
                format!("is compressed by a method that is not read here ({method})"),
            ),
            Error::MaxMemLimited { .. } => (
                FailureKind::Unsupported,
                format!("needs more than {} MiB of memory to unpack", MAX_MEMORY_KIB >> 10),
            ),
            error => {
                (FailureKind::Damaged, format!("follows damage in its 7z file ({})", plain(error)))
            }
        };
        let remedy = match kind {
            FailureKind::Damaged => "fetch it again",
            _ => "unpack it and scan the folder",
        };
        for &index in files {
            unpacker.counted()?;
            let place = self.place(&self.archive.files[index]);
            unpacker.row(&place, kind.clone(), format!("{why}; {remedy}"))?;
        }
        if files.is_empty() {
            return unpacker.broken(&self.at.place, &io::Error::other(plain(error)));
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A 7z file with this directory behind `packed`.
    fn file(packed: &[u8], directory: &[u8]) -> Vec<u8> {
        let mut place = (packed.len() as u64).to_le_bytes().to_vec();
        place.extend((directory.len() as u64).to_le_bytes());
        place.extend(crc32fast::hash(directory).to_le_bytes());
        let mut bytes = b"7z\xbc\xaf\x27\x1c\0\x04".to_vec();
        bytes.extend(crc32fast::hash(&place).to_le_bytes());
        bytes.extend(place);
        [&bytes[..], packed, directory].concat()
    }

    #[test]
    fn an_encrypted_directory_is_told_from_an_unknown_compression() {
        // A packed directory: a stream of 16 bytes, and one coder with an id of 4 bytes and 2 bytes of properties.
        let directory = |coder: [u8; 4]| {
            let head = [0x17, 0x06, 0, 1, 0x09, 16, 0, 0x07, 0x0b, 1, 0, 1, 0x24];
            [&head[..], &coder, &[2, 0, 0, 0x0c, 16, 0, 0]].concat()
        };
        let error = |coder| {
            let bytes = Bytes::of_memory(file(&[0; 16], &directory(coder)));
            let mut reader = BufReader::new(bytes.open_stored().unwrap());
            assert!(has_directory(&mut reader).unwrap());
            let read = Archive::read_with_memory_limit(&mut reader, &Password::empty(), 1 << 10);
            read.map(drop).unwrap_err()
        };
        let encrypted = error([0x06, 0xf1, 0x07, 0x01]);
        assert!(is_encryption(&encrypted), "{encrypted:?}");
        let unknown = error([0x06, 0xf1, 0x07, 0x02]);
        assert!(!is_encryption(&unknown), "{unknown:?}");
    }

    #[test]
    fn a_file_is_cut_off_if_its_directory_lies_behind_its_end() {
        let whole = file(b"packed", b"directory");
        let has_directory = |bytes: &[u8]| {
            let bytes = Bytes::of_memory(bytes.to_vec());
            super::has_directory(&mut BufReader::new(bytes.open_stored().unwrap()))
        };
        assert!(has_directory(&whole).unwrap());
        assert!(!has_directory(&whole[..whole.len() - 1]).unwrap());
        assert!(has_directory(&whole[..20]).is_err());
    }
}
