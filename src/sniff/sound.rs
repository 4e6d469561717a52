//! Which kind of sound a file is, or what else, by its first bytes; its name is never looked at.
//!
//! This decides which decoder is asked, not whether the file is intact: the decoder finds that out.

use super::container::ContainerKind;
use super::magic::{Known, look_up};
use super::text::{text, utf16};
use super::{SKIP, UNPACK};

/// Bytes of the head that are looked at: 64 KiB hold 340 packets of an MPEG transport stream.
pub(crate) const HEAD_BYTES: usize = 64 << 10;

/// What the decoder does with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SoundKind {
    /// Symphonia reads the container.
    Native(&'static str),
    /// Audio or video in a container that Symphonia does not read, or takes for another.
    Foreign(&'static str),
    /// A piece of sound that cannot be decoded by itself: its name with an article, and the remedy.
    Piece(&'static str, &'static str),
    /// Certainly not audio: its name with an article, and the remedy.
    NotAudio(&'static str, &'static str),
    /// No known format. It may still be sound, such as an MP3 that is cut at both ends.
    Unknown,
}

/// Whether something begins as a text does.
pub(crate) fn is_text(head: &[u8]) -> bool {
    look_up(head).is_none() && text(head).is_some()
}

/// Longest tag that is read into memory: pictures are in it. A guess.
pub(crate) const MAX_TAG_BYTES: u64 = 16 << 20;
/// Most `ID3v2` tags at the front that are skipped; some editors leave an old one. A guess.
pub(crate) const MAX_TAGS: usize = 8;

/// Length of the `ID3v2` tag at the start of `head`, 0 without one.
pub(crate) fn id3v2_bytes(head: &[u8]) -> u64 {
    let [b'I', b'D', b'3', major, minor, flags, size @ ..] = head else { return 0 };
    let Some(size) = size.first_chunk::<4>() else { return 0 };
    if *major == 0xff || *minor == 0xff || size.iter().any(|byte| byte & 0x80 != 0) {
        return 0;
    }
    let body = size.iter().fold(0, |sum, &byte| sum << 7 | u64::from(byte));
    // Bit 4 announces a footer as long as the header.
    10 + body + if flags & 0x10 == 0 { 0 } else { 10 }
}

/// Length of the first page of an Ogg file if that page is Spotify's own, 0 otherwise.
///
/// The packet of such a page begins with 0x81, as no codec in Xiph's registry does.
pub(crate) fn private_ogg_page_bytes(head: &[u8]) -> u64 {
    if !head.starts_with(b"OggS") || head.len() < 28 {
        return 0;
    }
    let segments = usize::from(head[26]);
    let Some(table) = head.get(27..27 + segments) else { return 0 };
    let body: u64 = table.iter().map(|&length| u64::from(length)).sum();
    if body > 0 && head.get(27 + segments) == Some(&0x81) { 27 + segments as u64 + body } else { 0 }
}

/// The kind of a file that begins with `head`; an `ID3v2` tag must have been removed.
pub(crate) fn sniff(head: &[u8]) -> SoundKind {
    by_table(head)
        .or_else(|| mpeg_audio(head))
        .or_else(|| by_sync_words(head))
        .or_else(|| text(head).map(not_audio))
        .unwrap_or(SoundKind::Unknown)
}

/// The kind of a compressed text or database, which is never sound.
pub(crate) fn sniff_text(head: &[u8]) -> SoundKind {
    match by_table(head).or_else(|| text(head).map(not_audio)) {
        Some(kind @ SoundKind::NotAudio(..)) => kind,
        _ => SoundKind::NotAudio("text", SKIP),
    }
}

/// Whether something begins with the magic number of a format of sound, which chance hardly makes.
pub(crate) fn has_magic(head: &[u8]) -> bool {
    matches!(look_up(head), Some(Known::Native(_) | Known::Foreign(_)))
}

fn not_audio((what, remedy): (&'static str, &'static str)) -> SoundKind {
    SoundKind::NotAudio(what, remedy)
}

fn by_table(head: &[u8]) -> Option<SoundKind> {
    Some(match look_up(head)? {
        Known::Native(name) => SoundKind::Native(name),
        Known::Foreign(name) => SoundKind::Foreign(name),
        Known::Piece(what, remedy) => SoundKind::Piece(what, remedy),
        Known::Container(ContainerKind::Unread(what, remedy)) | Known::NotAudio(what, remedy) => {
            SoundKind::NotAudio(what, remedy)
        }
        Known::Container(kind) => SoundKind::NotAudio(kind.in_words(), UNPACK),
    })
}

/// MPEG audio and ADTS without a container, told by a sync word and a plausible header.
fn mpeg_audio(head: &[u8]) -> Option<SoundKind> {
    let [0xff, second, third, fourth, ..] = *head else { return None };
    // Layer 0 is ADTS, which exists for MPEG-2 and MPEG-4 only; sampling rate indices end at 12.
    if second & 0xf6 == 0xf0 && (third >> 2 & 0xf) < 13 {
        return Some(SoundKind::Native("ADTS"));
    }
    let layer = second >> 1 & 3;
    let plausible = second & 0xe0 == 0xe0
        && second >> 3 & 3 != 1
        && layer != 0
        && third >> 4 != 0xf
        && third >> 2 & 3 != 3
        && fourth & 3 != 2;
    // UTF-16 text begins with FF FE, which is also a layer 1 sync word.
    (plausible && utf16(head).is_none()).then_some(match layer {
        1 => SoundKind::Native("MP3"),
        2 => SoundKind::Native("MP2"),
        _ => SoundKind::Native("MP1"),
    })
}

/// Streams known by a repeated sync word, or by one that no other format begins with.
fn by_sync_words(head: &[u8]) -> Option<SoundKind> {
    let every = |start: usize, step: usize| {
        (0..5).all(|i| head.get(start + i * step).is_some_and(|&byte| byte == 0x47))
    };
    // A recording may begin anywhere in a packet. Packets have 188 bytes, 192 on Blu-ray, 204 with error correction.
    if [188, 192, 204].iter().any(|&step| (0..step).any(|start| every(start, step))) {
        return Some(SoundKind::Foreign("MPEG transport stream"));
    }
    if head.starts_with(b"\x0b\x77") || head.starts_with(b"\x77\x0b") {
        return Some(SoundKind::Foreign("AC-3"));
    }
    if head.get(4..8).is_some_and(|sync| matches!(sync, b"\xf8\x72\x6f\xba" | b"\xf8\x72\x6f\xbb"))
    {
        return Some(SoundKind::Foreign("TrueHD"));
    }
    if head.starts_with(b"\x56") && head.get(1).is_some_and(|byte| byte & 0xe0 == 0xe0) {
        return Some(SoundKind::Foreign("LOAS AAC"));
    }
    None
}

/// What a file of no known format looks like.
pub(crate) fn looks_like_unknown(head: &[u8]) -> &'static str {
    if head.iter().all(|&byte| byte == 0) {
        "zero bytes (a download that is not complete?)"
    } else {
        "no known format"
    }
}

#[cfg(test)]
mod tests {
    use super::super::RENDER;
    use super::super::magic::{JOIN, MP4_PIECE};
    use super::*;

    #[test]
    fn formats_are_told_by_their_first_bytes() {
        let not_audio = |what| SoundKind::NotAudio(what, SKIP);
        let table: &[(&[u8], SoundKind)] = &[
            (b"RIFF\x24\0\0\0WAVEfmt ", SoundKind::Native("WAV")),
            (b"RIFF\x24\0\0\0AVI LIST", SoundKind::Foreign("AVI")),
            (b"RIFF\x24\0\0\0WEBPVP8 ", not_audio("a WebP image")),
            (b"FORM\0\0\0\0AIFCFVER", SoundKind::Native("AIFF")),
            (b"\0\0\0\x20ftypM4A \0\0\0\0", SoundKind::Native("MP4")),
            (b"\0\0\0\x20ftypavif\0\0\0\0", not_audio("a HEIF image")),
            (b"\xff\xfb\x90\x64\0\0", SoundKind::Native("MP3")),
            (b"\xff\xfd\x84\x04\0\0", SoundKind::Native("MP2")),
            (b"\xff\xf1\x50\x80\x2d\x7f", SoundKind::Native("ADTS")),
            (b"\0\0\0\x18stypmsdh\0\0\0\0", SoundKind::Piece(MP4_PIECE, JOIN)),
            (b"\x1f\x43\xb6\x75\xff", SoundKind::Piece("a segment of WebM without its head", JOIN)),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", not_audio("a JPEG image")),
            (b"\x0b\x77\x12\x34", SoundKind::Foreign("AC-3")),
            (b"PK\x03\x04\x14\0", SoundKind::NotAudio("a ZIP archive", UNPACK)),
            (b"\xff\xfeh\0i\0\n\0", not_audio("text")),
            (b"hello, this is no music\n", not_audio("text")),
            ("naïve café\n".as_bytes(), not_audio("text")),
            (b"  <!DOCTYPE html><title>404", not_audio("an HTML page")),
            (b"{\"error\": 404}", not_audio("JSON or text")),
            (b"1\n00:00:01,000 --> 00:00:02,000\nHi", not_audio("subtitles")),
            (b"MThd\0\0\0\x06", SoundKind::NotAudio("a MIDI file", RENDER)),
            (b"\x80\x81\x82\x83", SoundKind::Unknown),
            (b"BZhello", not_audio("text")),
            (b"", SoundKind::Unknown),
        ];
        for (head, kind) in table {
            assert_eq!(sniff(head), *kind, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn a_transport_stream_is_known_wherever_it_begins() {
        for (step, start) in [(188, 0), (192, 4), (188, 100)] {
            let mut head = vec![0xff; 4096];
            head[0] = 0xff;
            (start..4096).step_by(step).for_each(|i| head[i] = 0x47);
            assert_eq!(sniff(&head), SoundKind::Foreign("MPEG transport stream"));
        }
    }

    #[test]
    fn speex_in_ogg_is_foreign_and_vorbis_is_not() {
        let page = |packet: &[u8]| {
            let mut head = b"OggS\0\x02".to_vec();
            head.resize(26, 0);
            head.extend([1, packet.len() as u8]);
            head.extend(packet);
            head
        };
        assert_eq!(sniff(&page(b"Speex   1.2")), SoundKind::Foreign("Speex"));
        assert_eq!(sniff(&page(b"\x01vorbis\0\0\0\0")), SoundKind::Native("Ogg"));
        assert_eq!(private_ogg_page_bytes(&page(b"\x01vorbis\0\0\0\0")), 0);
        assert_eq!(private_ogg_page_bytes(&page(&[0x81; 100])), 128);
    }

    #[test]
    fn the_length_of_a_tag_is_synchsafe() {
        assert_eq!(id3v2_bytes(b"ID3\x04\0\0\0\0\x02\x01"), 10 + 257);
        assert_eq!(id3v2_bytes(b"ID3\x04\0\x10\0\0\0\x01"), 21);
        assert_eq!(id3v2_bytes(b"ID3\x04\0\0\0\0\x02\x81"), 0);
        assert_eq!(id3v2_bytes(b"ID3"), 0);
    }

    #[test]
    fn a_container_is_named_with_its_remedy_where_sound_was_expected() {
        for (head, what) in [
            (&b"\x1f\x8b\x08\0"[..], "a gzip file"),
            (b"PAR1\x15\x04", "a Parquet table"),
            (b"LZIP\x01", "an lzip file"),
            (b"\x89LZO\0\r\n\x1a\n", "an lzop file"),
            (b"Rar!\x1a\x07\x01\0", "a RAR archive"),
        ] {
            assert_eq!(sniff(head), SoundKind::NotAudio(what, UNPACK));
        }
    }

    #[test]
    fn a_compressed_text_is_never_taken_for_sound() {
        let dash = "V\u{2014}E\n".as_bytes();
        assert_eq!(sniff(dash), SoundKind::Foreign("LOAS AAC"));
        assert_eq!(sniff_text(dash), SoundKind::NotAudio("text", SKIP));
        assert_eq!(
            sniff_text(b"SQLite format 3\0"),
            SoundKind::NotAudio("an SQLite database", SKIP)
        );
    }
}
