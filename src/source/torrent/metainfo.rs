//! The content of a `.torrent` file in the types of this crate. libtorrent reads the file; nothing else of it is used.

use std::path::{Component, Path, PathBuf};

use crate::source::path_of_key;

/// Bytes of a hash of version 1.
pub(super) const SHA1_BYTES: usize = 20;
/// Bytes of a hash of version 2.
pub(super) const SHA256_BYTES: usize = 32;

/// The content of a `.torrent` file.
#[derive(Debug)]
pub(super) struct Metainfo {
    /// The name of the folder of its files, or of its only file: one component of a path.
    pub(super) name: PathBuf,
    /// Lower-case hex; empty if it is only of version 2.
    pub(super) info_hash_v1: String,
    /// Lower-case hex; empty if it is only of version 1.
    pub(super) info_hash_v2: String,
    /// Length of a piece in bytes, at least 1.
    pub(super) piece_bytes: u64,
    /// SHA-1 of each piece; empty if it is only of version 2.
    pub(super) pieces: Vec<[u8; SHA1_BYTES]>,
    /// In the order of their offsets.
    pub(super) files: Vec<FileInfo>,
}

/// A file of a torrent.
#[derive(Debug)]
pub(super) struct FileInfo {
    /// Relative to the folder in which the torrent was saved, and never out of it; empty if the stated path leads out.
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    /// Number of bytes of the torrent before it.
    pub(super) offset: u64,
    /// Zeros between files, which clients do not store on disk.
    pub(super) is_padding: bool,
    /// Root of the hash tree of version 2.
    pub(super) root: Option<[u8; SHA256_BYTES]>,
    /// The piece layer of that tree: one hash per piece; empty for a file of one piece.
    pub(super) layer: Vec<[u8; SHA256_BYTES]>,
}

/// Longest `.torrent` file that is read, in bytes: see `libtorrent_sys::Limits`.
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
        // A file whose path leads out is never found on disk.
        path: inside(&file.path).unwrap_or_default(),
        bytes: file.length,
        offset: file.offset,
        is_padding: file.is_padding,
        root: file.root.first_chunk().copied(),
        layer: file.layer.as_chunks().0.to_vec(),
    };
    Ok(Metainfo {
        name: name.ok_or("its name cannot be the name of a file")?,
        info_hash_v1: hex(&read.info_hash_v1),
        info_hash_v2: hex(&read.info_hash_v2),
        piece_bytes: u64::from(read.piece_length.max(1)),
        pieces: read.pieces.as_chunks().0.to_vec(),
        files: read.files.into_iter().filter(|file| !file.is_link).map(file).collect(),
    })
}

/// The path of these bytes, if it is relative and does not lead out of its folder.
#[cfg_attr(not(feature = "torrent"), allow(dead_code, reason = "torrents are not read without it"))]
fn inside(bytes: &[u8]) -> Option<PathBuf> {
    let path = path_of_key(bytes);
    let stays = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_)));
    (!bytes.is_empty() && !bytes.contains(&0) && stays(&path)).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_leads_out_is_refused() {
        for bytes in [&b""[..], b"/etc/passwd", b"a/../../b", b"..", b"a\0b"] {
            assert_eq!(inside(bytes), None, "{}", bytes.escape_ascii());
        }
        assert_eq!(inside(b"a/b.ogg"), Some("a/b.ogg".into()));
    }
}
