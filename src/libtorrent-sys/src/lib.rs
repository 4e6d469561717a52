//! `.torrent` files, read by libtorrent-rasterbar 2.0: versions 1, 2 and hybrid.
//!
//! One call of libtorrent parses a torrent. There is no session, so no socket, no thread and no file is opened. Any bytes
//! give a [`Metainfo`] or an [`Error`].

#![deny(unsafe_op_in_unsafe_fn)]

pub use cxx::Exception as Error;
pub use ffi::{File, Metainfo};

#[cxx::bridge(namespace = "leakhound")]
mod ffi {
    /// The content of a `.torrent` file.
    #[derive(Debug, Clone, PartialEq, Eq)]
    struct Metainfo {
        /// Name of the torrent: that of the folder of its files, or of its only file.
        name: Vec<u8>,
        /// SHA-1 of the info dictionary, 20 bytes; empty if the torrent is version 2 only.
        info_hash_v1: Vec<u8>,
        /// SHA-256 of the info dictionary, 32 bytes; empty if the torrent is version 1 only.
        info_hash_v2: Vec<u8>,
        /// Length of a piece in bytes.
        piece_length: u32,
        /// SHA-1 of each piece, 20 bytes each; empty if the torrent is version 2 only.
        pieces: Vec<u8>,
        /// All files, padding files included, in the order of their offsets.
        files: Vec<File>,
    }

    /// A file of a torrent.
    #[derive(Debug, Clone, PartialEq, Eq)]
    struct File {
        /// Its path, with the torrent's name first if there are several files. libtorrent has removed parts that lead out of it.
        path: Vec<u8>,
        /// Its length in bytes.
        length: u64,
        /// Number of bytes of the torrent before it.
        offset: u64,
        /// Whether it is padding: zeros that move the next file to the start of a piece.
        is_padding: bool,
        /// Whether it is a symbolic link to another file, without bytes of its own.
        is_link: bool,
        /// Root of the file's hash tree (version 2), 32 bytes; empty if there is none.
        root: Vec<u8>,
        /// The layer of that tree with one hash per piece, 32 bytes each; empty if the file has at most one piece.
        layer: Vec<u8>,
    }

    unsafe extern "C++" {
        include!("metainfo.h");

        fn parse(
            bytes: &[u8],
            max_bytes: i32,
            max_pieces: i32,
            max_depth: i32,
            max_tokens: i32,
            max_alike: i32,
            max_path_bytes: i64,
        ) -> Result<Metainfo>;
    }
}

/// Limits on a `.torrent` file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of the `.torrent` file.
    pub max_bytes: i32,
    /// Most pieces.
    pub max_pieces: i32,
    /// Deepest nesting of lists and dictionaries.
    pub max_depth: i32,
    /// Most bencoded values of any kind.
    pub max_tokens: i32,
    /// Most files of version 1 with the same path, or with paths that libtorrent takes for the same.
    pub max_alike: i32,
    /// Most bytes of the paths of all files together; a folder is stored once in the torrent, but is in every path below it.
    pub max_path_bytes: i64,
}

impl Default for Limits {
    /// 32 MiB and a million pieces; a torrent of 60,000 files in 16 TiB needs a tenth of that. The others are guesses.
    fn default() -> Self {
        Self {
            max_bytes: 32 << 20,
            max_pieces: 1 << 20,
            max_depth: 100,
            max_tokens: 4_000_000,
            max_alike: 100,
            max_path_bytes: 128 << 20,
        }
    }
}

/// Reads a `.torrent` file.
///
/// # Errors
///
/// If the bytes are not a torrent, or exceed `limits`.
pub fn parse(bytes: &[u8], limits: Limits) -> Result<Metainfo, Error> {
    let Limits { max_bytes, max_pieces, max_depth, max_tokens, max_alike, max_path_bytes } = limits;
    ffi::parse(bytes, max_bytes, max_pieces, max_depth, max_tokens, max_alike, max_path_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn small() -> Vec<u8> {
        let mut torrent =
            b"d4:infod6:lengthi5e4:name5:a.wav12:piece lengthi16384e6:pieces20:".to_vec();
        torrent.extend([7; 20]);
        torrent.extend(b"ee");
        torrent
    }

    #[test]
    fn a_small_torrent_is_read() {
        let read = parse(&small(), Limits::default()).unwrap();
        assert_eq!((&read.name[..], read.piece_length), (&b"a.wav"[..], 16_384));
        assert_eq!(hex(&read.pieces), "07".repeat(20));
        assert_eq!((read.files.len(), read.files[0].length), (1, 5));
        assert_eq!((read.info_hash_v1.len(), read.info_hash_v2.len()), (20, 0));
    }

    #[test]
    fn bytes_that_are_no_torrent_or_exceed_a_limit_are_an_error() {
        let deep = [b"d4:info".to_vec(), b"l".repeat(100_000)].concat();
        for bytes in [&b""[..], b"d", b"de", b"i5e", b"\xff\xfe", &deep, &small()[..60]] {
            assert!(parse(bytes, Limits::default()).is_err());
        }
        let tight = Limits { max_bytes: 50, ..Limits::default() };
        assert!(parse(&small(), tight).unwrap_err().what().contains("longer than 50"));
        assert!(parse(&small(), Limits { max_tokens: 3, ..Limits::default() }).is_err());
    }

    #[test]
    fn many_files_of_one_path_and_paths_that_are_too_long_are_refused() {
        let torrent = |files: &[u8]| {
            let piece = b"4:name1:x12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee";
            [&b"d4:infod5:filesl"[..], files, b"e", piece].concat()
        };
        let alike: Vec<u8> = (0..200)
            .flat_map(|n| format!("d6:lengthi1e4:pathl3:a{}aee", ["/", "|"][n % 2]).into_bytes())
            .collect();
        let error = parse(&torrent(&alike), Limits::default()).unwrap_err();
        assert!(error.what().contains("files of nearly the same path"), "{error}");
        let titles: Vec<u8> =
            (0..200).flat_map(|n| format!("d6:lengthi1e4:pathl3:{n:03}ee").into_bytes()).collect();
        assert_eq!(parse(&torrent(&titles), Limits::default()).unwrap().files.len(), 200);
        let tight = Limits { max_path_bytes: 500, ..Limits::default() };
        let error = parse(&torrent(&titles), tight).unwrap_err();
        assert!(error.what().contains("more than 500 bytes"), "{error}");
    }

    #[test]
    fn any_change_of_a_byte_gives_a_torrent_or_an_error() {
        let whole = small();
        for at in 0..whole.len() {
            for byte in [0, b'-', b'0', b'9', b'd', b'e', b'i', b'l', 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] = byte;
                let _ = parse(&bytes, Limits::default());
            }
            let _ = parse(&whole[..at], Limits::default());
        }
    }
}
