//! 7z files, block by block.
//!
//! The files of a block are compressed as one: a block that breaks costs what is behind the break, and
//! the next block is read.

use std::collections::HashMap;
use std::io::{self, BufReader, Read};
use std::ops::ControlFlow;

use sevenz_rust2::{
    Archive, ArchiveEntry, Block, BlockDecoder, Coder, EncoderMethod, Error, Password,
};

use super::unpack::{At, Member, Unpacker};
use crate::bytes::{Bytes, Reader};
use crate::record::FailureKind;
use crate::source::{Place, To};

/// Memory for the dictionary of one block. The largest that the usual programs make without being told to is
/// 64 MiB.
const MAX_MEMORY_KIB: usize = 256 << 10;

/// Coders of one block that unpack: of programs BCJ2 takes apart into three streams, all others into one. What one puts out
/// for the next is seen by nobody, so a chain of them could go on for ever.
const MAX_STAGES: usize = 3;

/// The coders of a block that unpack more than they are given; filters and copies do not.
fn stages(block: &Block) -> usize {
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
    let unpack = ids.iter().filter(|id| !filters.contains(id)).count();
    // Without BCJ2 there is a chain.
    if unpack > 1 && !ids.contains(&EncoderMethod::ID_BCJ2) { MAX_STAGES + 1 } else { unpack }
}

/// Shows the members of a 7z file.
pub(super) fn walk(unpacker: &mut Unpacker<'_>, at: &At, bytes: &Bytes) -> ControlFlow<()> {
    let mut reader = match bytes.open().map(BufReader::new) {
        Ok(reader) => reader,
        Err(error) => return unpacker.broken(&at.place, &error),
    };
    let password = Password::empty();
    // What the crate makes of a directory takes up to two hundred times its length.
    let directory_kib = (unpacker.limits.max_directory_bytes >> 10) as usize;
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

/// The row of a file whose directory cannot be read.
fn unopened(
    unpacker: &mut Unpacker<'_>,
    at: &At,
    error: &Error,
    most_kib: usize,
) -> ControlFlow<()> {
    match error {
        Error::Io(error, _) if error.raw_os_error().is_some() => unpacker.broken(&at.place, error),
        Error::Io(error, _) if error.kind() == io::ErrorKind::UnexpectedEof => {
            unpacker.truncated(&at.place, "its directory, which lies at the end, is missing")
        }
        Error::PasswordRequired | Error::MaybeBadPassword(_) => encrypted(unpacker, &at.place),
        Error::UnsupportedCompressionMethod(method) if method.contains("AES") => {
            encrypted(unpacker, &at.place)
        }
        Error::MaxMemLimited { .. } => {
            let message = format!(
                "has a directory that needs more than {} MiB to be opened; unpack it and scan the folder",
                most_kib >> 10
            );
            unpacker.row(&at.place, FailureKind::ContainerUnsupported, message)
        }
        Error::Other(what) if what.contains("out of range") => {
            unpacker.truncated(&at.place, "its directory, which lies at the end, is missing")
        }
        error => unpacker.broken(&at.place, &io::Error::other(plain(error))),
    }
}

/// What is wrong, in the words of the package and without their wrapping.
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
    /// How often each name came. The directory is in memory anyhow.
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
        let stages = archive.blocks.get(block).map_or(1, stages);
        if stages > MAX_STAGES {
            let error = "one compression over another".to_owned();
            return self.lost(unpacker, files, &Error::UnsupportedCompressionMethod(error));
        }
        let password = Password::empty();
        let most = MAX_MEMORY_KIB / stages.max(1);
        let decoder =
            BlockDecoder::new_with_memory_limit(1, most, block, archive, &password, reader);
        let (mut next, mut flow) = (0, ControlFlow::Continue(()));
        let result = decoder.for_each_entries(&mut |file, stream| {
            // One place at a time: a block may have hundreds of thousands.
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

    /// Rows for what lies behind a break.
    fn lost(
        &mut self,
        unpacker: &mut Unpacker<'_>,
        files: &[usize],
        error: &Error,
    ) -> ControlFlow<()> {
        let (kind, why) = match error {
            Error::UnsupportedCompressionMethod(method) => (
                FailureKind::Unsupported,
                format!("is compressed in a way that is not read here ({method})"),
            ),
            Error::MaxMemLimited { .. } => (
                FailureKind::Unsupported,
                format!("needs more than {} MiB of memory to unpack", MAX_MEMORY_KIB >> 10),
            ),
            error => (
                FailureKind::Damaged,
                format!("lies behind damage in its 7z file ({})", plain(error)),
            ),
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
