//! The one table of magic numbers: what begins how, and what it is.
//!
//! An entry says whether a file is a container, sound, or neither and then what to do with it. Entries are tried from the
//! top, so a more specific one stands above a more general one. Containers come first: the name of a first member may
//! begin like any other format, but no other format has the checksum of a tar header.

use super::arrow::is_stream;
use super::container::{
    ContainerKind, is_bmp, is_bzip2, is_cpio, is_duckdb, is_encrypted_parquet, is_lzma,
    is_skippable, is_tar,
};
use super::{JOURNAL_MAGIC, RENDER, SKIP, UNPACK};
use crate::bytes::codecs::Codec;

/// What begins with certain bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Container(ContainerKind),
    /// Sound in a container that Symphonia reads.
    Native(&'static str),
    /// Sound or video in a container that Symphonia does not read, or takes for another.
    Foreign(&'static str),
    /// A piece of sound that cannot be read by itself: its name with an article, and the remedy.
    Piece(&'static str, &'static str),
    /// Neither: its name with an article, and the remedy.
    NotAudio(&'static str, &'static str),
}

/// What an entry looks for.
enum Mark {
    /// Each of these at its byte position.
    Bytes(&'static [(usize, &'static [u8])]),
    Check(fn(&[u8]) -> bool),
}

use Known::{Container, Foreign, Native, NotAudio, Piece};
use Mark::{Bytes, Check};

/// Name of a segment of MP4.
pub(super) const MP4_PIECE: &str = "a segment of MP4 without its head";
/// Remedy for such a piece.
pub(super) const JOIN: &str = "put the segment with the head of its stream (often called init.mp4) and all others in their order into one file";

/// Remedy for a table that is not read.
const AS_PARQUET: &str = "write it again as Parquet";

const fn unread(what: &'static str) -> Known {
    Container(ContainerKind::Unread(what, UNPACK))
}

/// What begins with `head`, if the table knows it.
pub(super) fn look_up(head: &[u8]) -> Option<Known> {
    let is_there =
        |&(at, bytes): &(usize, &[u8])| head.get(at..).is_some_and(|h| h.starts_with(bytes));
    let fits = |mark: &Mark| match mark {
        Bytes(all) => all.iter().all(is_there),
        Check(is) => is(head),
    };
    TABLE.iter().find(|(mark, _)| fits(mark)).map(|&(_, known)| known)
}

impl ContainerKind {
    /// The container that begins like this, if it is one.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        match look_up(head)? {
            Container(kind) => Some(kind),
            Native(_) | Foreign(_) | Piece(..) | NotAudio(..) => None,
        }
    }
}

/// Whether a file may have an archive behind what it begins as: a program that unpacks itself, or a picture that hides one.
pub(crate) fn may_hide_archive(head: &[u8]) -> bool {
    is_picture(head) || head.starts_with(b"#!/") || is_named(head, &["a program"])
}

/// Whether something begins as a picture.
pub(crate) fn is_picture(head: &[u8]) -> bool {
    is_named(head, &["a JPEG image", "a PNG image", "a GIF image", "a WebP image", "a BMP image"])
}

fn is_named(head: &[u8], names: &[&str]) -> bool {
    matches!(look_up(head), Some(Known::NotAudio(what, _)) if names.contains(&what))
}

/// Whether something begins like a torrent: a dictionary of bencode with a dictionary `info` in it.
fn is_torrent(head: &[u8]) -> bool {
    head.first() == Some(&b'd')
        && head.get(1).is_some_and(u8::is_ascii_digit)
        && head.windows(7).any(|key| key == b"4:infod")
}

/// Whether something begins as an ORC table does: its mark is too short to be told from a word.
fn is_orc(head: &[u8]) -> bool {
    head.starts_with(b"ORC") && head.contains(&0)
}

/// Whether something begins as a pickle does: its protocol, and a frame from 4 on, before that an object that is memorised.
fn is_pickle(head: &[u8]) -> bool {
    match head {
        [0x80, 4 | 5, 0x95, _, _, _, _, _, 0, 0, 0, ..]
        | [0x80, 2 | 3, b'}' | b']' | b')', b'q', 0, ..] => true,
        [0x80, 2 | 3, b'c', module, ..] => module.is_ascii_alphabetic() || *module == b'_',
        _ => false,
    }
}

/// Whether something is Ogg with Speex in its first packet, which begins behind the page's table of segments.
fn is_speex(head: &[u8]) -> bool {
    let packet = head.get(26).map(|&segments| 27 + usize::from(segments));
    head.starts_with(b"OggS")
        && packet
            .and_then(|at| head.get(at..))
            .is_some_and(|packet| packet.starts_with(b"Speex   "))
}

const TABLE: &[(Mark, Known)] = &[
    // Containers that are opened.
    (Bytes(&[(0, b"\x1f\x8b\x08")]), Container(ContainerKind::Packed(Codec::Gzip))),
    (Bytes(&[(0, b"\xfd7zXZ\0")]), Container(ContainerKind::Packed(Codec::Xz))),
    (Bytes(&[(0, b"\x28\xb5\x2f\xfd")]), Container(ContainerKind::Packed(Codec::Zstd))),
    (Bytes(&[(0, b"PK\x03\x04")]), Container(ContainerKind::Zip)),
    (Bytes(&[(0, b"PK\x05\x06")]), Container(ContainerKind::Zip)),
    (Bytes(&[(0, b"PK\x07\x08PK\x03\x04")]), Container(ContainerKind::Zip)),
    (Bytes(&[(0, b"7z\xbc\xaf\x27\x1c")]), Container(ContainerKind::SevenZ)),
    (Bytes(&[(0, b"Rar!\x1a\x07\0")]), Container(ContainerKind::Rar)),
    (Bytes(&[(0, b"Rar!\x1a\x07\x01\0")]), Container(ContainerKind::Rar)),
    (Bytes(&[(0, b"\x04\x22\x4d\x18")]), Container(ContainerKind::Packed(Codec::Lz4))),
    (Bytes(&[(0, b"\x02\x21\x4c\x18")]), Container(ContainerKind::Packed(Codec::Lz4))),
    (Bytes(&[(0, b"LZIP\x01")]), Container(ContainerKind::Packed(Codec::Lzip))),
    (Check(is_lzma), Container(ContainerKind::Packed(Codec::Lzma))),
    (Bytes(&[(0, b"!<arch>\n")]), Container(ContainerKind::Ar)),
    (Bytes(&[(0, b"WARC/1.")]), Container(ContainerKind::Warc)),
    (Bytes(&[(0, b"MSCF\0\0\0\0")]), Container(ContainerKind::Cab)),
    (Check(is_cpio), Container(ContainerKind::Cpio)),
    (Bytes(&[(0, b"PAR1")]), Container(ContainerKind::Parquet)),
    (Bytes(&[(0, b"ARROW1\0\0")]), Container(ContainerKind::Arrow)),
    (Bytes(&[(0, b"\x93NUMPY")]), Container(ContainerKind::Npy)),
    (Check(is_bzip2), Container(ContainerKind::Packed(Codec::Bzip2))),
    (Check(is_skippable), Container(ContainerKind::Packed(Codec::Zstd))),
    (Check(is_tar), Container(ContainerKind::Tar)),
    (Check(is_stream), Container(ContainerKind::Arrow)),
    // Containers that are not opened.
    (Bytes(&[(0, b"Obj\x01")]), Container(ContainerKind::Unread("an Avro file", AS_PARQUET))),
    (Check(is_orc), Container(ContainerKind::Unread("an ORC table", AS_PARQUET))),
    (
        Check(is_pickle),
        Container(ContainerKind::Unread(
            "a pickle",
            "loading one runs the code in it: write the sound in it to files where you trust it, and scan those",
        )),
    ),
    (
        Bytes(&[(0, b"FEA1")]),
        Container(ContainerKind::Unread(
            "a Feather table of version 1",
            "write it again as version 2, Parquet or CSV",
        )),
    ),
    (
        Bytes(&[(0, b"\x89HDF\r\n\x1a\n")]),
        Container(ContainerKind::Unread(
            "an HDF5 file",
            "write the sound in it to files, as h5py can, and scan these",
        )),
    ),
    (
        Bytes(&[(0, b"MATLAB 5.0 MAT-file")]),
        Container(ContainerKind::Unread(
            "a MATLAB file",
            "write the sound in it to files, as SciPy can, and scan these",
        )),
    ),
    (
        Check(is_duckdb),
        Container(ContainerKind::Unread(
            "a DuckDB database",
            "write its tables as Parquet (COPY … TO 'x.parquet') and scan these",
        )),
    ),
    (
        Check(is_encrypted_parquet),
        Container(ContainerKind::Unread(
            "an encrypted Parquet table",
            "write it again without encryption",
        )),
    ),
    (Bytes(&[(0, b"\x1f\x9d\x90")]), unread("a compress file")),
    (Bytes(&[(0, b"\x89LZO\0\r\n\x1a\n")]), unread("an lzop file")),
    (Bytes(&[(0, b"xar!\0\x1c")]), unread("a xar archive")),
    (Bytes(&[(0, b"MSWIM\0\0\0")]), unread("a WIM image")),
    // Sound and video.
    (Bytes(&[(0, b"fLaC")]), Native("FLAC")),
    (Bytes(&[(0, b"caff")]), Native("CAF")),
    (Bytes(&[(0, b"\x1a\x45\xdf\xa3")]), Native("Matroska")),
    (Bytes(&[(0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11")]), Foreign("ASF (WMA)")),
    (Bytes(&[(0, b"MAC ")]), Foreign("Monkey's Audio")),
    (Bytes(&[(0, b"wvpk")]), Foreign("WavPack")),
    (Bytes(&[(0, b"MP+")]), Foreign("Musepack")),
    (Bytes(&[(0, b"MPCK")]), Foreign("Musepack")),
    (Bytes(&[(0, b"TTA1")]), Foreign("True Audio")),
    (Bytes(&[(0, b"TTA2")]), Foreign("True Audio")),
    (Bytes(&[(0, b"tBaK")]), Foreign("TAK")),
    (Bytes(&[(0, b"ajkg")]), Foreign("Shorten")),
    (Bytes(&[(0, b"OFR ")]), Foreign("OptimFROG")),
    (Bytes(&[(0, b"\x7f\xfe\x80\x01")]), Foreign("DTS")),
    (Bytes(&[(0, b"\xfe\x7f\x01\x80")]), Foreign("DTS")),
    (Bytes(&[(0, b"\x1f\xff\xe8\x00")]), Foreign("DTS")),
    (Bytes(&[(0, b"\xff\x1f\x00\xe8")]), Foreign("DTS")),
    (Bytes(&[(0, b"DTSHDHDR")]), Foreign("DTS-HD")),
    (Bytes(&[(0, b"\x00\x00\x01\xba")]), Foreign("MPEG program stream")),
    (Bytes(&[(0, b"\x00\x00\x01\xb3")]), Foreign("MPEG video")),
    (Bytes(&[(0, b"FLV\x01")]), Foreign("FLV")),
    (Bytes(&[(0, b"riff\x2e\x91\xcf\x11")]), Foreign("Wave64")),
    (Bytes(&[(0, b".snd")]), Foreign("AU")),
    (Bytes(&[(0, b"dns.")]), Foreign("AU")),
    (Bytes(&[(0, b"DSD ")]), Foreign("DSF")),
    (Bytes(&[(0, b"FRM8")]), Foreign("DSDIFF")),
    (Bytes(&[(0, b".RMF")]), Foreign("RealMedia")),
    (Bytes(&[(0, b".ra\xfd")]), Foreign("RealAudio")),
    (Bytes(&[(0, b"#!AMR")]), Foreign("AMR")),
    (Bytes(&[(0, b"Creative Voice File\x1a")]), Foreign("VOC")),
    (Bytes(&[(0, b"\x06\x0e\x2b\x34\x02\x05\x01\x01")]), Foreign("MXF")),
    (Bytes(&[(0, b"nut/multimedia")]), Foreign("NUT")),
    (Bytes(&[(0, b"FWS")]), Foreign("Flash")),
    (Bytes(&[(0, b"CWS")]), Foreign("Flash")),
    // Pictures and documents.
    (Bytes(&[(0, b"\xff\xd8\xff")]), NotAudio("a JPEG image", SKIP)),
    (Bytes(&[(0, b"\x89PNG\r\n\x1a\n")]), NotAudio("a PNG image", SKIP)),
    (Bytes(&[(0, b"GIF8")]), NotAudio("a GIF image", SKIP)),
    (Bytes(&[(0, b"II*\0")]), NotAudio("a TIFF image", SKIP)),
    (Bytes(&[(0, b"MM\0*")]), NotAudio("a TIFF image", SKIP)),
    (Check(is_bmp), NotAudio("a BMP image", SKIP)),
    (Bytes(&[(0, b"8BPS")]), NotAudio("a Photoshop image", SKIP)),
    (Bytes(&[(0, b"%PDF-")]), NotAudio("a PDF document", SKIP)),
    (Bytes(&[(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")]), NotAudio("an Office document", SKIP)),
    (Bytes(&[(0, b"\x00\x05\x16\x07")]), NotAudio("macOS file attributes", SKIP)),
    (Bytes(&[(0, b"wOF2")]), NotAudio("a font", SKIP)),
    (Bytes(&[(0, b"wOFF")]), NotAudio("a font", SKIP)),
    // Data and programs.
    (Bytes(&[(0, b"SQLite format 3\0")]), NotAudio("an SQLite database", SKIP)),
    (Bytes(&[(0, b"\x37\x7f\x06\x82")]), NotAudio("a log of an SQLite database", SKIP)),
    (Bytes(&[(0, b"\x37\x7f\x06\x83")]), NotAudio("a log of an SQLite database", SKIP)),
    (Bytes(&[(0, &JOURNAL_MAGIC)]), NotAudio("a log of an SQLite database", SKIP)),
    (Bytes(&[(0, b"\x7fELF")]), NotAudio("a program", SKIP)),
    (Bytes(&[(0, b"MZ\x90\0")]), NotAudio("a program", SKIP)),
    (Bytes(&[(0, b"MZ\x50\0")]), NotAudio("a program", SKIP)),
    (Bytes(&[(0, b"\xcf\xfa\xed\xfe")]), NotAudio("a program", SKIP)),
    (Bytes(&[(0, b"\xca\xfe\xba\xbe")]), NotAudio("a program", SKIP)),
    // Notes.
    (Bytes(&[(0, b"MThd")]), NotAudio("a MIDI file", RENDER)),
    (Bytes(&[(0, b"IMPM")]), NotAudio("a tracker module", RENDER)),
    (Bytes(&[(0, b"Extended Module: ")]), NotAudio("a tracker module", RENDER)),
    // Formats told by more than their first bytes.
    (Bytes(&[(0, b"RIFF"), (8, b"WAVE")]), Native("WAV")),
    (Bytes(&[(0, b"RIFF"), (8, b"AVI ")]), Foreign("AVI")),
    (Bytes(&[(0, b"RIFF"), (8, b"WEBP")]), NotAudio("a WebP image", SKIP)),
    (Bytes(&[(0, b"RIFF"), (8, b"RMID")]), NotAudio("a MIDI file", RENDER)),
    (Bytes(&[(0, b"RIFF")]), Foreign("RIFF")),
    (Bytes(&[(0, b"RF64")]), Foreign("RF64")),
    (Bytes(&[(0, b"BW64")]), Foreign("RF64")),
    (Bytes(&[(0, b"RIFX")]), Foreign("RF64")),
    (Bytes(&[(0, b"FORM"), (8, b"AIFF")]), Native("AIFF")),
    (Bytes(&[(0, b"FORM"), (8, b"AIFC")]), Native("AIFF")),
    (Bytes(&[(0, b"FORM")]), Foreign("IFF")),
    (Check(is_speex), Foreign("Speex")),
    (Bytes(&[(0, b"OggS")]), Native("Ogg")),
    (Bytes(&[(4, b"ftyp"), (8, b"avif")]), NotAudio("a HEIF image", SKIP)),
    (Bytes(&[(4, b"ftyp"), (8, b"heic")]), NotAudio("a HEIF image", SKIP)),
    (Bytes(&[(4, b"ftyp"), (8, b"heix")]), NotAudio("a HEIF image", SKIP)),
    (Bytes(&[(4, b"ftyp"), (8, b"mif1")]), NotAudio("a HEIF image", SKIP)),
    (Bytes(&[(4, b"ftyp")]), Native("MP4")),
    // Segments of streams, whose tables are in a segment of their own.
    (Bytes(&[(4, b"styp")]), Piece(MP4_PIECE, JOIN)),
    (Bytes(&[(4, b"sidx")]), Piece(MP4_PIECE, JOIN)),
    (Bytes(&[(4, b"moof")]), Piece(MP4_PIECE, JOIN)),
    (Bytes(&[(4, b"emsg")]), Piece(MP4_PIECE, JOIN)),
    (Bytes(&[(4, b"prft")]), Piece(MP4_PIECE, JOIN)),
    (Bytes(&[(0, b"\x1f\x43\xb6\x75")]), Piece("a segment of WebM without its head", JOIN)),
    // QuickTime without a file type, which Symphonia asks for.
    (Bytes(&[(4, b"moov")]), Foreign("QuickTime")),
    (Bytes(&[(4, b"mdat")]), Foreign("QuickTime")),
    (Bytes(&[(4, b"wide")]), Foreign("QuickTime")),
    (Bytes(&[(4, b"free")]), Foreign("QuickTime")),
    (Bytes(&[(4, b"skip")]), Foreign("QuickTime")),
    // A tar header whose checksum is wrong.
    (Bytes(&[(257, b"ustar")]), NotAudio("a damaged tar archive", "fetch it again")),
    (
        Check(is_torrent),
        NotAudio("a torrent file", "put it beside the files that it names and scan both"),
    ),
    (Bytes(&[(44, b"SCRM")]), NotAudio("a tracker module", RENDER)),
    (Bytes(&[(1080, b"M.K.")]), NotAudio("a tracker module", RENDER)),
    (Bytes(&[(1080, b"M!K!")]), NotAudio("a tracker module", RENDER)),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_entry_is_hidden_by_one_above_it() {
        let mut above: Vec<&[(usize, &[u8])]> = Vec::new();
        for (mark, known) in TABLE {
            let Bytes(mark) = mark else { continue };
            let hides = |other: &&&[(usize, &[u8])]| {
                let holds = |&(at, bytes): &(usize, &[u8])| {
                    mark.iter().any(|&(from, whole)| from == at && whole.starts_with(bytes))
                };
                other.iter().all(holds)
            };
            assert_eq!(above.iter().find(hides), None, "{known:?}");
            above.push(mark);
        }
    }

    #[test]
    fn each_entry_has_a_mark_that_chance_hardly_makes_and_names_what_it_is() {
        for (mark, known) in TABLE {
            if let Bytes(mark) = mark {
                let bytes: usize = mark.iter().map(|(_, bytes)| bytes.len()).sum();
                assert!(bytes >= 3, "{known:?}");
            }
            if let NotAudio(what, _) | Piece(what, _) | Container(ContainerKind::Unread(what, _)) =
                known
            {
                assert!(
                    ["a ", "an ", "macOS "].iter().any(|begin| what.starts_with(begin)),
                    "{what}"
                );
            }
        }
        let containers: HashSet<_> = TABLE
            .iter()
            .filter_map(|(_, known)| match known {
                Container(kind) => Some(kind.as_str()),
                _ => None,
            })
            .collect();
        for word in ["gzip", "bzip2", "xz", "zstd", "tar", "zip", "7z", "parquet", "arrow"] {
            assert!(containers.contains(word), "{word}");
        }
    }
}
