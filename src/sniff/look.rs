//! What something is, in words for people, and an estimate of its bit rate.

use std::io::{self, Read, Seek, SeekFrom};

use super::boxes::{BOX_HEAD_BYTES, BoxHead};
use super::sound::{
    HEAD_BYTES, SoundKind, id3v2_bytes, looks_like_unknown, private_ogg_page_bytes, sniff,
    sniff_text,
};
use crate::bytes::Bytes;

/// What something looks like by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Such as `Ogg` or `a JPEG image`.
    pub what: &'static str,
    /// Bytes per second at the usual bit rate of its format: a rough estimate. `None` if it is not sound.
    pub bytes_per_second: Option<f64>,
}

/// Looks at the bytes of an item.
///
/// # Errors
///
/// If they cannot be read.
pub fn look_at(bytes: &Bytes) -> io::Result<Look> {
    match bytes.open_seekable()? {
        Some(reader) => look_into(reader),
        // A compressed text, of which no more than the kind of text is to be told.
        None => Ok(described(sniff_text(&bytes.head(HEAD_BYTES as u64)?), &[])),
    }
}

/// Looks at the first 64 KiB of a stream.
fn look(stream: impl Read) -> io::Result<Look> {
    let mut head = Vec::new();
    stream.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    let tag = usize::try_from(id3v2_bytes(&head)).unwrap_or(usize::MAX);
    // A tag that is longer than the head nearly always belongs to an MP3 file: it holds pictures.
    let behind = if tag == 0 { Some(&head[..]) } else { head.get(tag..) };
    let kind = behind.map_or(SoundKind::Native("MP3"), sniff);
    Ok(described(kind, &head))
}

fn described(kind: SoundKind, head: &[u8]) -> Look {
    match kind {
        SoundKind::Native("Ogg") => ogg(head),
        SoundKind::Native("MP4") => named_in(head, "MP4", IN_MP4),
        SoundKind::Native("Matroska") => named_in(head, "Matroska", IN_MATROSKA),
        SoundKind::Native(what) => Look { what, bytes_per_second: Some(usual_rate(what)) },
        SoundKind::Foreign(what) => Look { what, bytes_per_second: Some(DEFAULT_BYTES_PER_SECOND) },
        SoundKind::Piece(what, _) => {
            Look { what, bytes_per_second: Some(DEFAULT_BYTES_PER_SECOND) }
        }
        SoundKind::NotAudio(what, _) => Look { what, bytes_per_second: None },
        SoundKind::Unknown if head.is_empty() => Look { what: "empty", bytes_per_second: None },
        SoundKind::Unknown => Look { what: looks_like_unknown(head), bytes_per_second: None },
    }
}

/// Looks at a file, and in MP4 for its table of tracks, which may stand behind the sound.
pub(crate) fn look_into(mut file: impl Read + Seek) -> io::Result<Look> {
    let first = look(&mut file)?;
    if first.what != "MP4" {
        return Ok(first);
    }
    let mut at = 0;
    for _ in 0..MAX_BOXES {
        let mut head = Vec::new();
        file.seek(SeekFrom::Start(at))?;
        (&mut file).take(BOX_HEAD_BYTES as u64).read_to_end(&mut head)?;
        let Some(head) = BoxHead::of(&head) else { break };
        if head.name == *b"moov" {
            let mut table = Vec::new();
            file.take(HEAD_BYTES as u64).read_to_end(&mut table)?;
            return Ok(named_in(&table, "MP4", IN_MP4));
        }
        let Some(next) = head.bytes.and_then(|bytes| at.checked_add(bytes)) else { break };
        at = next;
    }
    Ok(first)
}

/// The codec of an Ogg file, told by its first packet; a first page that is Spotify's own is skipped.
fn ogg(head: &[u8]) -> Look {
    let page = head.get(private_ogg_page_bytes(head) as usize..).unwrap_or_default();
    let packet = page.get(26).and_then(|&segments| page.get(27 + usize::from(segments)..));
    let begins = |magic: &[u8]| packet.is_some_and(|packet| packet.starts_with(magic));
    let (what, rate) = if begins(b"OpusHead") {
        ("Ogg Opus", 12_000.0)
    } else if begins(b"\x01vorbis") {
        ("Ogg Vorbis", 20_000.0)
    } else if begins(b"\x7fFLAC") {
        ("Ogg FLAC", 110_000.0)
    } else {
        ("Ogg", 18_000.0)
    };
    Look { what, bytes_per_second: Some(rate) }
}

/// Bytes per second of MP3 at 192 kbit/s, and of formats whose usual rate is not known.
const DEFAULT_BYTES_PER_SECOND: f64 = 24_000.0;

/// Bytes per second at usual bit rates: CD sound as WAV, two thirds of that as FLAC, 144 kbit/s of Vorbis or AAC. Guesses.
fn usual_rate(what: &str) -> f64 {
    match what {
        "WAV" | "AIFF" | "CAF" => 176_400.0,
        "FLAC" => 110_000.0,
        "Ogg" | "Matroska" | "ADTS" => 18_000.0,
        _ => DEFAULT_BYTES_PER_SECOND,
    }
}

/// Boxes of an MP4 file that are searched for its table of tracks. A guess: a fragmented file has thousands, but its table
/// is in front.
const MAX_BOXES: usize = 64;

/// Names of codecs in tables of tracks, what is shown for each, and bytes per second at usual bit rates (guesses).
type Codecs = &'static [(&'static [u8], &'static str, f64)];
const IN_MP4: Codecs = &[
    (b"mp4a", "MP4 AAC", 18_000.0),
    (b"alac", "MP4 ALAC", 110_000.0),
    (b"Opus", "MP4 Opus", 16_000.0),
    (b"fLaC", "MP4 FLAC", 110_000.0),
    (b"ac-3", "MP4 AC-3", 48_000.0),
    (b"ec-3", "MP4 E-AC-3", 32_000.0),
];
const IN_MATROSKA: Codecs = &[
    (b"A_OPUS", "Matroska Opus", 16_000.0),
    (b"A_VORBIS", "Matroska Vorbis", 20_000.0),
    (b"A_AAC", "Matroska AAC", 18_000.0),
    (b"A_FLAC", "Matroska FLAC", 110_000.0),
    (b"A_MPEG/L3", "Matroska MP3", 24_000.0),
    (b"A_AC3", "Matroska AC-3", 48_000.0),
    (b"A_PCM", "Matroska PCM", 176_400.0),
];

/// The first codec that a table of tracks in the head names. In MP4 it follows `stsd`, a version, a count and a size.
fn named_in(head: &[u8], container: &'static str, codecs: Codecs) -> Look {
    let mut entries =
        head.windows(20).filter(|window| container != "MP4" || window.starts_with(b"stsd"));
    let name = |window: &[u8]| {
        let name = if container == "MP4" { &window[16..] } else { window };
        codecs.iter().find(|(magic, ..)| name.starts_with(magic))
    };
    match entries.find_map(name) {
        Some(&(_, what, rate)) => Look { what, bytes_per_second: Some(rate) },
        None => Look { what: container, bytes_per_second: Some(usual_rate(container)) },
    }
}
