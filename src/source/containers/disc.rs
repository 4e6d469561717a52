//! Images of discs: ISO 9660 with the names of Rock Ridge or Joliet, if it has them.
//!
//! Files lie uncompressed and are read from their place.

use std::collections::HashSet;
use std::io::{self, BufReader, Read};
use std::ops::ControlFlow;

use super::disc_record::{Names, Record, both, records};
use super::fields::{bytes_at, damaged};
use super::front::{Special, special};
use super::rows::missing_note;
use super::stretches::stretches;
use super::traversal::{At, Member, Unpacker};
use crate::bytes::{Bytes, Reader};
use crate::record::FailureKind;
use crate::source::{Extent, To};

/// Length of a sector, in which descriptors lie, from the 16th on.
const SECTOR_BYTES: u64 = 2_048;
/// Most descriptors that are read. A guess: real discs have two or three.
const MAX_DESCRIPTORS: u64 = 64;
/// Longest folder in bytes. A guess: 16 MiB hold 100,000 files.
const MAX_FOLDER_BYTES: u64 = 64 << 20;
/// Most folders in folders: the format allows 8, Rock Ridge any number.
const MAX_DEPTH: usize = 128;

/// What the descriptors of a disc say.
#[derive(Debug, Clone, Copy)]
struct Disc {
    root: Lies,
    names: Names,
    block_bytes: u64,
}

/// Where a folder lies: its block, and its length in bytes.
type Lies = (u64, u64);

/// Shows the files on an image of a disc.
pub(super) fn walk(unpacker: &mut Unpacker<'_>, at: &At, bytes: &Bytes) -> ControlFlow<()> {
    let opened = bytes.open_stored().map(BufReader::new).and_then(|mut reader| {
        let disc = disc(&mut reader)?;
        Ok((reader, disc))
    });
    match opened {
        Ok((reader, disc)) => {
            let whole = reader.get_ref().length();
            let seen = HashSet::from([disc.root.0]);
            let (missing, folders, files) = (0, 0, 0);
            Walk { at, bytes, whole, reader, disc, seen, missing, folders, files }.all(unpacker)
        }
        Err(error) => unpacker.broken(&at.place, &error),
    }
}

/// Whether an image is as long as it says.
pub(in crate::source) fn is_whole(bytes: &Bytes) -> io::Result<bool> {
    let mut reader = BufReader::new(bytes.open_stored()?);
    let head = bytes_at(&mut reader, 16 * SECTOR_BYTES, SECTOR_BYTES as usize)?;
    let block_bytes = u64::from(u16::from_le_bytes([head[128], head[129]]));
    Ok(both(&head[80..]).saturating_mul(block_bytes) <= reader.get_ref().length())
}

/// Chooses among the trees of a disc: that of the first descriptor if it has names of Rock Ridge, else that of Joliet, else the
/// first.
fn disc(reader: &mut BufReader<Reader>) -> io::Result<Disc> {
    let (mut first, mut joliet) = (None, None);
    for number in 0..MAX_DESCRIPTORS {
        let sector = bytes_at(reader, (16 + number) * SECTOR_BYTES, SECTOR_BYTES as usize)?;
        if &sector[1..6] != b"CD001" {
            break;
        }
        let block_bytes = u64::from(u16::from_le_bytes([sector[128], sector[129]]));
        let root = (both(&sector[158..]), both(&sector[166..]));
        let disc = |names| Some(Disc { root, names, block_bytes });
        match sector[0] {
            1 if first.is_none() => first = disc(Names::Plain),
            // Its escape sequences name UCS-2.
            2 if matches!(&sector[88..91], b"%/@" | b"%/C" | b"%/E") => {
                joliet = disc(Names::Joliet);
            }
            255 => break,
            _ => {}
        }
    }
    let first = first.ok_or_else(|| damaged("it has no descriptor of its files"))?;
    if !first.block_bytes.is_power_of_two() || !(512..=SECTOR_BYTES).contains(&first.block_bytes) {
        return Err(damaged("its blocks have no length that is allowed"));
    }
    let own = bytes_at(reader, first.root.0.saturating_mul(first.block_bytes), 255)?;
    if let Some(skip) = Record::of(&own).and_then(|record| record.rock_ridge()) {
        return Ok(Disc { names: Names::RockRidge { skip }, ..first });
    }
    let joliet = joliet.filter(|joliet: &Disc| joliet.block_bytes == first.block_bytes);
    Ok(joliet.unwrap_or(first))
}

struct Walk<'a> {
    at: &'a At,
    bytes: &'a Bytes,
    whole: u64,
    reader: BufReader<Reader>,
    disc: Disc,
    /// Blocks of folders that were read: in a damaged tree a folder may lie in itself.
    seen: HashSet<u64>,
    /// Bytes that lie behind the end of the image.
    missing: u64,
    /// Bytes of the folders and of the files so far.
    folders: u64,
    files: u64,
}

impl Walk<'_> {
    fn all(&mut self, unpacker: &mut Unpacker<'_>) -> ControlFlow<()> {
        // Folders that are still to be read, the next last, each with the names that lead to it.
        let mut folders = vec![(self.disc.root, Vec::new(), 0_usize)];
        while let Some((folder, path, depth)) = folders.pop() {
            if unpacker.visit.is_over() {
                return ControlFlow::Break(());
            }
            let mut inner = Vec::new();
            let read = self.folder(folder);
            let files = match read {
                Ok(files) => files,
                Err(error) => {
                    unpacker.broken(&self.at.place, &error)?;
                    continue;
                }
            };
            for file in files {
                let separator: &[u8] = if path.is_empty() { b"" } else { b"/" };
                let name = [&path, separator, &file.name].concat();
                if !file.is_folder {
                    self.file(unpacker, name, &file)?;
                } else if depth >= MAX_DEPTH {
                    let error = damaged("folders lie too deep in each other");
                    unpacker.broken(&self.at.place, &error)?;
                } else if self.seen.insert(file.pieces[0].0) {
                    inner.push((file.pieces[0], name, depth + 1));
                }
            }
            folders.extend(inner.into_iter().rev());
        }
        if self.missing > 0 {
            let why = format!("{} bytes are missing", self.missing);
            return unpacker.truncated(&self.at.place, &why);
        }
        ControlFlow::Continue(())
    }

    /// The files and folders in a folder.
    fn folder(&mut self, (block, length): (u64, u64)) -> io::Result<Vec<File>> {
        if length > MAX_FOLDER_BYTES {
            return Err(damaged("a folder is longer than is read here"));
        }
        // Folders that overlap could hold any amount in a short image.
        self.folders = self.folders.saturating_add(length);
        if self.folders > self.whole {
            return Err(damaged("its folders overlap"));
        }
        let at = block.saturating_mul(self.disc.block_bytes);
        let bytes = bytes_at(&mut self.reader, at, length as usize)?;
        let mut files: Vec<File> = Vec::new();
        let mut goes_on = false;
        // The first two are the folder itself and the one that it is in.
        for record in records(&bytes).filter(|record| !record.is_dot()) {
            let said = record.said(self.disc.names, self.disc.block_bytes, &mut self.reader)?;
            if said.is_relocated {
                continue;
            }
            let piece = (said.moved_to.unwrap_or(record.block), record.length);
            let continues = goes_on;
            goes_on = record.goes_on;
            match files.last_mut() {
                // A file of more than 4 GiB has several records.
                Some(last) if continues && last.name == said.name => last.pieces.push(piece),
                _ => {
                    let is_folder = record.is_folder || said.moved_to.is_some();
                    let pieces = vec![piece];
                    files.push(File {
                        name: said.name,
                        pieces,
                        is_folder,
                        mode: said.mode,
                        is_packed: said.is_packed,
                        is_interleaved: record.is_interleaved,
                    });
                }
            }
        }
        for file in files.iter_mut().filter(|file| file.is_folder) {
            // Where a folder was moved to, its first record says how long it is.
            let (block, length) = file.pieces[0];
            if length == 0 {
                let at = block.saturating_mul(self.disc.block_bytes);
                let own = bytes_at(&mut self.reader, at, 34)?;
                file.pieces[0].1 = both(&own[10..]);
            }
        }
        Ok(files)
    }

    fn file(&mut self, unpacker: &mut Unpacker<'_>, name: Vec<u8>, file: &File) -> ControlFlow<()> {
        let block_bytes = self.disc.block_bytes;
        let mut pieces = Vec::new();
        let (mut length, mut there) = (0_u64, 0_u64);
        for &(block, bytes) in &file.pieces {
            let begin = block.saturating_mul(block_bytes);
            let is_there = bytes.min(self.whole.saturating_sub(begin));
            length = length.saturating_add(bytes);
            // What follows a gap is of no use.
            if there + bytes == length || pieces.is_empty() {
                pieces.push((begin, is_there));
                there += is_there;
            }
        }
        let offset = pieces[0].0;
        let mut place =
            self.at.member(To::Member { name, nth: 1 }, Some(Extent { offset, length }));
        let unread = |why: &str| {
            (FailureKind::Unsupported, format!("{why}; mount the image and scan the folder"))
        };
        let row = match special(file.mode) {
            Some(Special::Row(kind, message)) => Some((kind, message)),
            _ if file.is_packed => Some(unread("is compressed by zisofs, which is not read here")),
            _ if file.is_interleaved => {
                Some(unread("is interleaved with others, which is not read here"))
            }
            _ => None,
        };
        if let Some((kind, message)) = row {
            unpacker.counted()?;
            return unpacker.row(&place, kind, message);
        }
        // Files may share bytes; what comes to more than the image is counted as if it were compressed.
        self.files = self.files.saturating_add(there);
        if self.files > self.whole
            && let Err(bomb) = unpacker.costs.allowance.add(there)
        {
            return unpacker.broken(&place, &io::Error::other(bomb));
        }
        let mut notes = Vec::new();
        if there < length {
            notes.push(missing_note(length - there, length));
            self.missing = self.missing.saturating_add(length - there);
        }
        let bytes = self.bytes.pieces(&pieces);
        if let Some(Bytes::Range { offset, .. }) = &bytes {
            place.offset = Some(*offset);
        }
        let mut stream = match stretches(self.bytes, &pieces) {
            Ok(stream) => stream,
            Err(error) => return unpacker.broken(&place, &error),
        };
        let (depth, declared) = (self.at.depth, Some(there));
        let stream = &mut stream as &mut dyn Read;
        unpacker.member(Member { place, depth, stream, declared, bytes, notes })
    }
}

/// A file or folder.
#[derive(Debug)]
struct File {
    name: Vec<u8>,
    /// The block at which each piece begins, and its length in bytes.
    pieces: Vec<(u64, u64)>,
    is_folder: bool,
    /// As on Unix; 0 if it is not told.
    mode: u32,
    is_packed: bool,
    is_interleaved: bool,
}
