//! What a `.torrent` file says, in terms of this crate. libtorrent reads it, and nothing else of it is used.

use std::path::{Component, Path, PathBuf};

use crate::source::path_of_key;

/// Bytes of a hash of version 1, and of version 2.
pub(super) const SHA1_BYTES: usize = 20;
pub(super) const SHA256_BYTES: usize = 32;

/// What a `.torrent` file says.
#[derive(Debug)]
pub(super) struct Metainfo {
    /// Folder of its files, or its only file; one part of a path.
    pub(super) name: PathBuf,
    /// Lower-case hex; empty if it has none of that version.
    pub(super) info_hash_v1: String,
    pub(super) info_hash_v2: String,
    /// Bytes of a piece, at least 1.
    pub(super) piece_bytes: u64,
    /// SHA-1 of each piece.
    pub(super) pieces: Vec<[u8; SHA1_BYTES]>,
    /// In the order of their offsets.
    pub(super) files: Vec<FileInfo>,
}

/// A file of a torrent.
#[derive(Debug)]
pub(super) struct FileInfo {
    /// Relative to the folder in which the torrent was saved; never leads out of it.
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    /// Bytes of the torrent before it.
    pub(super) offset: u64,
    /// Zeros between files, which nobody keeps on disk.
    pub(super) is_padding: bool,
    /// Of the hash tree of version 2.
    pub(super) root: Option<[u8; SHA256_BYTES]>,
    /// The layer of that tree with a hash a piece; empty if there is no more than one.
    pub(super) layer: Vec<[u8; SHA256_BYTES]>,
}

/// Longest `.torrent` file that is read.
#[cfg(feature = "torrent")]
pub(super) const MAX_BYTES: u64 = 32 << 20;

/// Reads a `.torrent` file.
#[cfg(feature = "torrent")]
pub(super) fn parse(bytes: &[u8]) -> Result<Metainfo, String> {
    use crate::base::hex;
    let limits =
        libtorrent_sys::Limits { max_bytes: MAX_BYTES as i32, ..libtorrent_sys::Limits::default() };
    let read = libtorrent_sys::parse(bytes, limits).map_err(|error| error.what().to_owned())?;
    let name = inside(&read.name).filter(|name| name.components().count() == 1);
    let file = |file: libtorrent_sys::File| FileInfo {
        // What has no path of its own is missing for ever.
        path: inside(&file.path).unwrap_or_default(),
        bytes: file.length,
        offset: file.offset,
        is_padding: file.is_padding,
        root: file.root.first_chunk().copied(),
        layer: file.layer.as_chunks().0.to_vec(),
    };
    Ok(Metainfo {
        name: name.ok_or("its name is no name of a file")?,
        info_hash_v1: hex(&read.info_hash_v1),
        info_hash_v2: hex(&read.info_hash_v2),
        piece_bytes: u64::from(read.piece_length.max(1)),
        pieces: read.pieces.as_chunks().0.to_vec(),
        files: read.files.into_iter().filter(|file| !file.is_link).map(file).collect(),
    })
}

/// A path that stays where it is put, if these bytes are one.
#[cfg_attr(not(feature = "torrent"), allow(dead_code, reason = "nothing reads torrents then"))]
fn inside(bytes: &[u8]) -> Option<PathBuf> {
    let path = path_of_key(bytes);
    let stays = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_)));
    (!bytes.is_empty() && !bytes.contains(&0) && stays(&path)).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_leads_out_is_none() {
        for bytes in [&b""[..], b"/etc/passwd", b"a/../../b", b"..", b"a\0b"] {
            assert_eq!(inside(bytes), None, "{}", bytes.escape_ascii());
        }
        assert_eq!(inside(b"a/b.ogg"), Some("a/b.ogg".into()));
    }
}
