//! Compares files on disk with the hashes of a torrent: SHA-1 of pieces (version 1, BEP 3) or the SHA-256 tree of a file
//! (version 2, BEP 52).

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::sync::atomic::{AtomicBool, Ordering};

use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::metainfo::{FileInfo, SHA256_BYTES};
use super::{Torrent, Verified};
use crate::base::open_file;

/// Bytes of a leaf of a hash tree (BEP 52), and of the blocks in which clients fetch pieces (BEP 3).
const LEAF_BYTES: u64 = 16 << 10;
/// Bytes that are read at a time.
const BLOCK_BYTES: usize = 64 << 10;

/// The state of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    Unknown = 0,
    /// It has the right hash.
    Fits = 1,
    /// It is complete and of one file alone, and has the wrong hash.
    Differs = 2,
    /// It cannot be judged: part of it is missing, a block of zeros may never have been fetched, or it has the wrong hash and
    /// belongs to several files, some of which may be right.
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
    /// Compares bytes `from` to `to` of a file on disk with the pieces that they belong to. `None` if `cancel` was raised.
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
        // Pieces are counted from the start of the file in version 2, and from the start of the torrent in version 1.
        let base = if is_v2 { 0 } else { info.offset };
        let mut verified = Verified { bytes: 0, differs: false, lacks: false, all: true };
        let mut at = from;
        while at < to {
            let piece = (base + at) / piece_bytes;
            let end = ((piece + 1) * piece_bytes - base).min(to);
            match self.piece(file, piece, is_v2, cancel)? {
                Piece::Fits => verified.bytes += end - at,
                Piece::Differs => (verified.differs, verified.all) = (true, false),
                Piece::Missing | Piece::Unknown => (verified.lacks, verified.all) = (true, false),
            }
            at = end;
        }
        Some(verified)
    }

    /// The state of a piece, which is compared the first time.
    fn piece(&self, file: usize, piece: u64, is_v2: bool, cancel: &AtomicBool) -> Option<Piece> {
        let first =
            if is_v2 { self.metainfo.files[file].offset / self.metainfo.piece_bytes } else { 0 };
        let slot = usize::try_from(first + piece).ok().and_then(|at| self.pieces.get(at));
        let known = slot.map_or(Piece::Unknown, |slot| Piece::of(slot.load(Ordering::Relaxed)));
        if known != Piece::Unknown {
            return Some(known);
        }
        let looked = if is_v2 {
            self.both_ways(file, piece, first + piece, cancel)
        } else {
            self.flat_piece(piece, cancel)
        };
        let found = match looked {
            Ok(found) => found?,
            // Bytes that cannot be read count as missing.
            Err(_) => Piece::Missing,
        };
        if let Some(slot) = slot {
            slot.store(found as u8, Ordering::Relaxed);
        }
        Some(found)
    }

    /// A piece of a file with a hash tree. A hybrid torrent has hashes of version 1 as well, and these need not be of the same
    /// bytes. As a record names both info-hashes, both must agree.
    fn both_ways(
        &self,
        file: usize,
        piece: u64,
        flat_piece: u64,
        cancel: &AtomicBool,
    ) -> io::Result<Option<Piece>> {
        let by_tree = self.tree_piece(file, piece, cancel)?;
        if self.metainfo.pieces.is_empty() || matches!(by_tree, None | Some(Piece::Missing)) {
            return Ok(by_tree);
        }
        let by_row = self.flat_piece(flat_piece, cancel)?;
        Ok(by_row.map(|by_row| if by_tree == Some(by_row) { by_row } else { Piece::Missing }))
    }

    /// Compares a piece of version 1: a stretch of all files one after the other, including padding.
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
        let (mut hasher, mut blocks, mut owners) = (Sha1::new(), Blocks::default(), 0);
        for file in files[first..].iter().take_while(|file| file.offset < to) {
            let within = (from.saturating_sub(file.offset), file.bytes.min(to - file.offset));
            let bytes = within.1.saturating_sub(within.0);
            if bytes == 0 {
                // An empty file that is not on disk leaves no gap.
                continue;
            }
            if file.is_padding {
                hash_zeros(bytes, &mut hasher);
                blocks.pad(bytes);
                continue;
            }
            owners += 1;
            let mut take = |block: &[u8]| {
                blocks.take(block);
                hasher.update(block);
            };
            match self.read(file, within, cancel, &mut take)? {
                Some(true) => {}
                Some(false) => return Ok(Some(Piece::Missing)),
                None => return Ok(None),
            }
        }
        // A wrong hash of several files does not tell which of them is wrong.
        let is_told = owners == 1 && blocks.are_fetched();
        Ok(Some(judged(hasher.finalize()[..] == expected[..], is_told)))
    }

    /// Compares a piece of version 2: a stretch of one file, by the hashes of its leaves.
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
        let mut blocks = Blocks::default();
        let (mut leaf, mut filled) = (Sha256::new(), 0);
        let mut take = |mut block: &[u8]| {
            blocks.take(block);
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
        // The tree of a file of one piece is as wide as its leaves need; every other piece has a full tree.
        let width = if is_only { leaves.len() } else { (piece_bytes / LEAF_BYTES) as usize };
        let root = root(leaves, width.next_power_of_two(), [0; SHA256_BYTES]);
        Ok(Some(judged(root == expected, blocks.are_fetched())))
    }

    /// The hash of a piece in the piece layer, if the layer has the root of the file.
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

    /// Reads a stretch of a file on disk. False if part of it is missing, `None` if `cancel` was raised.
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

    /// Opens a file of the torrent; `None` if it is not inside the folder of the torrent, as a link out of it could lead
    /// anywhere.
    pub(super) fn open(&self, file: &FileInfo) -> io::Result<Option<File>> {
        if file.path.as_os_str().is_empty() {
            return Ok(None);
        }
        let path = self.on_disk(file).canonicalize()?;
        if path.starts_with(&self.real_folder) { open_file(&path).map(Some) } else { Ok(None) }
    }
}

/// The state of a compared piece. A wrong hash is damage only if the piece is complete and of one file (`is_told`).
fn judged(fits: bool, is_told: bool) -> Piece {
    match (fits, is_told) {
        (true, _) => Piece::Fits,
        (false, true) => Piece::Differs,
        (false, false) => Piece::Missing,
    }
}

/// Tells whether a block of a piece was never fetched.
///
/// Clients fetch a piece block by block and write each when it comes, so missing parts are whole blocks of zeros on disk: a
/// hole, or reserved space. A piece with a wrong hash and such a block is taken for incomplete. The block may also be silence, with the
/// damage elsewhere; the two cannot be told apart, and "not verified" is true of both.
#[derive(Debug, Default)]
struct Blocks {
    /// Bytes of the current block so far.
    filled: u64,
    /// Some of them are on disk. Padding is never fetched.
    is_on_disk: bool,
    /// Some of the bytes on disk are not zero.
    is_written: bool,
    /// An earlier block was all zeros.
    is_any_missing: bool,
}

impl Blocks {
    /// Adds bytes that are on disk.
    fn take(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = (LEAF_BYTES - self.filled) as usize;
            let (now, rest) = bytes.split_at(bytes.len().min(room));
            self.is_on_disk = true;
            self.is_written |= now.iter().any(|&byte| byte != 0);
            self.pass(now.len() as u64);
            bytes = rest;
        }
    }

    /// Adds bytes of padding.
    fn pad(&mut self, mut bytes: u64) {
        while bytes > 0 {
            let now = bytes.min(LEAF_BYTES - self.filled);
            self.pass(now);
            bytes -= now;
        }
    }

    fn pass(&mut self, bytes: u64) {
        self.filled += bytes;
        if self.filled == LEAF_BYTES {
            *self = Self { is_any_missing: self.has_missing(), ..Self::default() };
        }
    }

    fn has_missing(&self) -> bool {
        self.is_any_missing || (self.is_on_disk && !self.is_written)
    }

    /// Whether all blocks were fetched, including the last, which may be shorter.
    fn are_fetched(&self) -> bool {
        !self.has_missing()
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

/// Root of the hash tree over `width` hashes, a power of two; missing hashes are `empty`.
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
        // All subtrees of missing hashes are the same.
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
    fn the_root_of_a_tree_includes_missing_leaves_as_empty_ones() {
        let (a, b, c, none) = ([1; 32], [2; 32], [3; 32], [0; 32]);
        assert_eq!(root(vec![a], 1, none), a);
        assert_eq!(root(vec![a, b, c], 4, none), pair(pair(a, b), pair(c, none)));
        let right = pair(pair(none, none), pair(none, none));
        assert_eq!(root(vec![a, b, c], 8, none), pair(pair(pair(a, b), pair(c, none)), right));
        assert_eq!(root(Vec::new(), 2, none), pair(none, none));
    }

    #[test]
    fn a_block_of_zeros_counts_as_never_fetched_unless_it_is_padding() {
        const BLOCK: usize = LEAF_BYTES as usize;
        let fetched = |stretches: &[(u8, usize)], padding| {
            let mut blocks = Blocks::default();
            for &(byte, count) in stretches {
                blocks.take(&vec![byte; count]);
            }
            blocks.pad(padding);
            blocks.are_fetched()
        };
        assert!(fetched(&[(1, BLOCK), (0, BLOCK - 1), (1, 1)], 0));
        assert!(!fetched(&[(1, BLOCK), (0, BLOCK), (1, 1)], 0));
        // Zeros over parts of two blocks leave neither empty.
        assert!(fetched(&[(1, BLOCK / 2), (0, BLOCK), (1, BLOCK / 2)], 0));
        // The last block may be short, or continue with padding.
        assert!(!fetched(&[(1, BLOCK), (0, 10)], 0));
        assert!(!fetched(&[(1, BLOCK), (0, 10)], LEAF_BYTES));
        assert!(fetched(&[(1, BLOCK)], 3 * LEAF_BYTES));
        assert!(fetched(&[(1, BLOCK), (1, 10)], 3 * LEAF_BYTES));
    }
}
