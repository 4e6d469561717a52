//! Whether what is on disk is what a torrent holds, by its hashes: SHA-1 of pieces (version 1, BEP 3) or the
//! SHA-256 tree of a file (version 2, BEP 52).

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::sync::atomic::{AtomicBool, Ordering};

use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::metainfo::{FileInfo, SHA256_BYTES};
use super::{Torrent, Verified};

/// Bytes of a leaf of the tree of version 2.
const LEAF_BYTES: u64 = 16 << 10;
/// Bytes that are read at a time.
const BLOCK_BYTES: usize = 64 << 10;

/// What is known of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    Unknown = 0,
    /// Its hash is right.
    Fits = 1,
    /// It is all there, and its hash is wrong.
    Differs = 2,
    /// Not all of it is there, or it is as zero as what was never fetched.
    Missing = 3,
}

impl Piece {
    pub(super) fn of(number: u8) -> Self {
        match number {
            1 => Self::Fits,
            2 => Self::Differs,
            3 => Self::Missing,
            _ => Self::Unknown,
        }
    }
}

impl Torrent {
    /// Compares a stretch of a file on disk with the pieces that it lies in. `None` if `cancel` was raised.
    pub(super) fn verify(
        &self,
        file: usize,
        from: u64,
        to: u64,
        cancel: &AtomicBool,
    ) -> Option<Verified> {
        let info = &self.metainfo.files[file];
        let (from, to) = (from.min(info.bytes), to.min(info.bytes));
        let is_v2 = info.root.is_some();
        let piece_bytes = self.metainfo.piece_bytes;
        // Pieces of version 2 begin with their file, those of version 1 with the torrent.
        let base = if is_v2 { 0 } else { info.offset };
        let mut verified = Verified { bytes: 0, differs: false, all: true };
        let mut at = from;
        while at < to {
            let piece = (base + at) / piece_bytes;
            let end = ((piece + 1) * piece_bytes - base).min(to);
            match self.piece(file, piece, is_v2, cancel)? {
                Piece::Fits => verified.bytes += end - at,
                Piece::Differs => (verified.differs, verified.all) = (true, false),
                Piece::Missing | Piece::Unknown => verified.all = false,
            }
            at = end;
        }
        Some(verified)
    }

    /// What is known of a piece, after a look at it if need be.
    fn piece(&self, file: usize, piece: u64, is_v2: bool, cancel: &AtomicBool) -> Option<Piece> {
        let first =
            if is_v2 { self.metainfo.files[file].offset / self.metainfo.piece_bytes } else { 0 };
        let slot = usize::try_from(first + piece).ok().and_then(|at| self.pieces.get(at));
        let known = slot.map_or(Piece::Unknown, |slot| Piece::of(slot.load(Ordering::Relaxed)));
        if known != Piece::Unknown {
            return Some(known);
        }
        let looked = if is_v2 {
            self.tree_piece(file, piece, cancel)
        } else {
            self.flat_piece(piece, cancel)
        };
        let found = match looked {
            Ok(found) => found?,
            // What cannot be read is not there.
            Err(_) => Piece::Missing,
        };
        if let Some(slot) = slot {
            slot.store(found as u8, Ordering::Relaxed);
        }
        Some(found)
    }

    /// A piece of version 1: a stretch of all files in a row, those that pad among them.
    fn flat_piece(&self, piece: u64, cancel: &AtomicBool) -> io::Result<Option<Piece>> {
        let Some(expected) =
            usize::try_from(piece).ok().and_then(|at| self.metainfo.pieces.get(at))
        else {
            return Ok(Some(Piece::Missing));
        };
        let from = piece * self.metainfo.piece_bytes;
        let to = from + self.metainfo.piece_bytes;
        let files = &self.metainfo.files;
        let first = files.partition_point(|file| file.offset + file.bytes <= from);
        let mut hasher = Sha1::new();
        let mut zeros = true;
        for file in files[first..].iter().take_while(|file| file.offset < to) {
            let within = (from.saturating_sub(file.offset), file.bytes.min(to - file.offset));
            let whole = if file.is_padding {
                hash_zeros(within.1 - within.0, &mut hasher);
                true
            } else {
                let mut take = |block: &[u8]| {
                    zeros &= block.iter().all(|&byte| byte == 0);
                    hasher.update(block);
                };
                match self.read(file, within, cancel, &mut take)? {
                    Some(whole) => whole,
                    None => return Ok(None),
                }
            };
            if !whole {
                return Ok(Some(Piece::Missing));
            }
        }
        Ok(Some(judged(hasher.finalize()[..] == expected[..], zeros)))
    }

    /// A piece of version 2: a stretch of one file, by the hashes of its leaves.
    fn tree_piece(
        &self,
        file: usize,
        piece: u64,
        cancel: &AtomicBool,
    ) -> io::Result<Option<Piece>> {
        let info = &self.metainfo.files[file];
        let piece_bytes = self.metainfo.piece_bytes;
        let from = piece * piece_bytes;
        let to = (from + piece_bytes).min(info.bytes);
        let is_only = info.bytes <= piece_bytes;
        let expected = if is_only { info.root } else { self.layer_hash(file, piece) };
        let Some(expected) = expected else { return Ok(Some(Piece::Missing)) };
        let mut leaves: Vec<[u8; SHA256_BYTES]> = Vec::new();
        let mut zeros = true;
        let (mut leaf, mut filled) = (Sha256::new(), 0);
        let mut take = |mut block: &[u8]| {
            zeros &= block.iter().all(|&byte| byte == 0);
            while !block.is_empty() {
                let (now, rest) = block.split_at(block.len().min((LEAF_BYTES - filled) as usize));
                leaf.update(now);
                filled += now.len() as u64;
                if filled == LEAF_BYTES {
                    leaves.push(leaf.finalize_reset().into());
                    filled = 0;
                }
                block = rest;
            }
        };
        match self.read(info, (from, to), cancel, &mut take)? {
            Some(true) => {}
            Some(false) => return Ok(Some(Piece::Missing)),
            None => return Ok(None),
        }
        if filled > 0 {
            leaves.push(leaf.finalize().into());
        }
        // A file of one piece has as many leaves as it needs, every other piece as many as any.
        let width = if is_only { leaves.len() } else { (piece_bytes / LEAF_BYTES) as usize };
        let root = root(leaves, width.next_power_of_two(), [0; SHA256_BYTES]);
        Ok(Some(judged(root == expected, zeros)))
    }

    /// The hash of a piece, if the layer that has it is that of the file's root.
    fn layer_hash(&self, file: usize, piece: u64) -> Option<[u8; SHA256_BYTES]> {
        let info = &self.metainfo.files[file];
        let is_sound = self.layers[file].get_or_init(|| {
            let leaves = (self.metainfo.piece_bytes / LEAF_BYTES).max(1) as usize;
            let empty = root(Vec::new(), leaves.next_power_of_two(), [0; SHA256_BYTES]);
            let count = usize::try_from(info.bytes.div_ceil(self.metainfo.piece_bytes));
            Ok(info.layer.len()) == count
                && Some(root(info.layer.clone(), info.layer.len().next_power_of_two(), empty))
                    == info.root
        });
        let at = usize::try_from(piece).ok()?;
        info.layer.get(at).copied().filter(|_| *is_sound)
    }

    /// Reads a stretch of a file on disk. False if not all of it is there, `None` if `cancel` was raised.
    fn read(
        &self,
        file: &FileInfo,
        (from, to): (u64, u64),
        cancel: &AtomicBool,
        take: &mut dyn FnMut(&[u8]),
    ) -> io::Result<Option<bool>> {
        let Some(mut on_disk) = self.open(file)? else { return Ok(Some(false)) };
        on_disk.seek(SeekFrom::Start(from))?;
        let mut left = to.saturating_sub(from);
        let mut block = vec![0; BLOCK_BYTES];
        while left > 0 {
            if cancel.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let most = block.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            match on_disk.read(&mut block[..most]) {
                Ok(0) => return Ok(Some(false)),
                Ok(read) => {
                    take(&block[..read]);
                    left -= read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Some(true))
    }

    /// Opens a file of the torrent, if it lies in the folder that the torrent was saved in: a link out of it could
    /// lead anywhere.
    fn open(&self, file: &FileInfo) -> io::Result<Option<File>> {
        if file.path.as_os_str().is_empty() {
            return Ok(None);
        }
        let path = self.folder.join(&file.path).canonicalize()?;
        let is_inside = path.starts_with(&self.real_folder) && path.metadata()?.is_file();
        if is_inside { File::open(path).map(Some) } else { Ok(None) }
    }
}

/// What was never fetched may be zeros on disk.
fn judged(fits: bool, zeros: bool) -> Piece {
    match (fits, zeros) {
        (true, _) => Piece::Fits,
        (false, true) => Piece::Missing,
        (false, false) => Piece::Differs,
    }
}

fn hash_zeros(mut bytes: u64, hasher: &mut Sha1) {
    let block = [0; 4_096];
    while bytes > 0 {
        let now = bytes.min(block.len() as u64);
        hasher.update(&block[..now as usize]);
        bytes -= now;
    }
}

/// Root of the tree over `width` hashes, a power of two; those that are not there are `empty`.
fn root(
    mut hashes: Vec<[u8; SHA256_BYTES]>,
    width: usize,
    empty: [u8; SHA256_BYTES],
) -> [u8; SHA256_BYTES] {
    let pair = |left: &[u8], right: &[u8]| -> [u8; SHA256_BYTES] {
        Sha256::new().chain_update(left).chain_update(right).finalize().into()
    };
    let (mut width, mut empty) = (width, empty);
    while width > 1 {
        hashes = hashes.chunks(2).map(|two| pair(&two[0], two.get(1).unwrap_or(&empty))).collect();
        // All that is to the right of those that are there is alike.
        empty = pair(&empty, &empty);
        width /= 2;
    }
    hashes.first().copied().unwrap_or(empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(left: [u8; 32], right: [u8; 32]) -> [u8; 32] {
        Sha256::digest([left, right].concat()).into()
    }

    #[test]
    fn the_root_of_a_tree_is_that_of_all_its_leaves_and_empty_ones() {
        let (a, b, c, none) = ([1; 32], [2; 32], [3; 32], [0; 32]);
        assert_eq!(root(vec![a], 1, none), a);
        assert_eq!(root(vec![a, b, c], 4, none), pair(pair(a, b), pair(c, none)));
        let right = pair(pair(none, none), pair(none, none));
        assert_eq!(root(vec![a, b, c], 8, none), pair(pair(pair(a, b), pair(c, none)), right));
        assert_eq!(root(Vec::new(), 2, none), pair(none, none));
    }
}
