//! What something is, in words for people, and about how much sound a byte of it is.

use std::io::{self, Read, Seek, SeekFrom};

use super::sound::{
    HEAD_BYTES, SoundKind, id3v2_bytes, looks_like_unknown, private_ogg_page_bytes, sniff,
};

/// What something looks like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Such as `Ogg` or `a JPEG image`.
    pub what: &'static str,
    /// Bytes of a second of it, if it may be sound: of the usual bit rates of its kind, so that it is a
    /// rough measure.
    pub bytes_per_second: Option<f64>,
}

/// Looks at the first bytes of something, 64 KiB of them.
///
/// # Errors
///
/// If it cannot be read.
fn look(stream: impl Read) -> io::Result<Look> {
    let mut head = Vec::new();
    stream.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    let tag = usize::try_from(id3v2_bytes(&head)).unwrap_or(usize::MAX);
    // A tag that is longer than the head is that of an MP3 file, nearly always.
    let behind = if tag == 0 { Some(&head[..]) } else { head.get(tag..) };
    let kind = behind.map_or(SoundKind::Native("MP3"), sniff);
    Ok(match kind {
        SoundKind::Native("Ogg") => ogg(&head),
        SoundKind::Native("MP4") => named_in(&head, "MP4", IN_MP4),
        SoundKind::Native("Matroska") => named_in(&head, "Matroska", IN_MATROSKA),
        SoundKind::Native(what) => Look { what, bytes_per_second: Some(usual_rate(what)) },
        SoundKind::Foreign(what) => Look { what, bytes_per_second: Some(24_000.0) },
        SoundKind::NotAudio(what, _) => Look { what, bytes_per_second: None },
        SoundKind::Unknown if head.is_empty() => Look { what: "empty", bytes_per_second: None },
        SoundKind::Unknown => Look { what: looks_like_unknown(&head), bytes_per_second: None },
    })
}

/// The same of something that can be read anywhere: the table of tracks of an MP4 file may lie behind its sound.
///
/// # Errors
///
/// If it cannot be read.
pub fn look_into(mut file: impl Read + Seek) -> io::Result<Look> {
    let first = look(&mut file)?;
    if first.what != "MP4" {
        return Ok(first);
    }
    let mut at = 0;
    for _ in 0..MAX_BOXES {
        let mut header = [0; 16];
        file.seek(SeekFrom::Start(at))?;
        if file.read_exact(&mut header).is_err() {
            break;
        }
        let [short, kind, long @ ..] = header.as_chunks::<4>().0 else { break };
        if kind == b"moov" {
            let mut table = Vec::new();
            file.take(HEAD_BYTES as u64).read_to_end(&mut table)?;
            return Ok(named_in(&table, "MP4", IN_MP4));
        }
        let bytes = match u32::from_be_bytes(*short) {
            1 => u64::from_be_bytes(*long.as_flattened().first_chunk().unwrap_or(&[0; 8])),
            short => u64::from(short),
        };
        // A box of no length goes to the end, and one is no shorter than its header.
        let Some(next) = at.checked_add(bytes).filter(|_| bytes >= 8) else { break };
        at = next;
    }
    Ok(first)
}

/// The codec of an Ogg file, by its first packet or that behind a page of Spotify's own.
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

/// Bytes a second: 160 kbit/s of Vorbis, 192 of MP3, two thirds of CD sound as FLAC.
fn usual_rate(what: &str) -> f64 {
    match what {
        "WAV" | "AIFF" | "CAF" => 176_400.0,
        "FLAC" => 110_000.0,
        "Ogg" | "Matroska" | "ADTS" => 18_000.0,
        _ => 24_000.0,
    }
}

/// Boxes of an MP4 file that are passed over: a fragmented one has a thousand, with its table in front.
const MAX_BOXES: usize = 64;

/// Names of codecs as tables of tracks have them, with what is shown, and bytes a second.
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

/// The codec that a container names first, where its table of tracks is in the head: in MP4 behind `stsd`, its size, version
/// and count.
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
