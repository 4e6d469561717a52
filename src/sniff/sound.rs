//! What a file is, by its first bytes alone; its name is never looked at.
//!
//! It decides who is asked, not whether a file is sound: that the decoders find out.

/// Bytes of the head that are looked at. 64 KiB holds 340 transport stream packets.
pub(crate) const HEAD_BYTES: usize = 64 << 10;

/// What is done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SoundKind {
    /// Symphonia has a reader for the container.
    Native(&'static str),
    /// Audio or video whose container Symphonia lacks, or takes for another.
    Foreign(&'static str),
    /// Certainly something else: what it looks like, and what to do.
    NotAudio(&'static str, &'static str),
    /// No known beginning; it may be sound all the same, such as an MP3 cut at both ends.
    Unknown,
}

/// Whether something begins as a text does.
pub(crate) fn is_text(head: &[u8]) -> bool {
    by_magic(head).or_else(|| by_form(head)).is_none() && text(head).is_some()
}

const SKIP: &str = "leave it out of the scan";
const UNPACK: &str = "unpack it and scan the folder";
const RENDER: &str = "it holds notes, not sound: render it to WAV first";

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

/// Length of the first page of an Ogg file that begins with a page of Spotify's own, 0 otherwise.
///
/// Its packet begins with 0x81, which no codec of the Ogg registry does.
pub(crate) fn private_ogg_page_bytes(head: &[u8]) -> u64 {
    if !head.starts_with(b"OggS") || head.len() < 28 {
        return 0;
    }
    let segments = usize::from(head[26]);
    let Some(table) = head.get(27..27 + segments) else { return 0 };
    let body: u64 = table.iter().map(|&length| u64::from(length)).sum();
    if body > 0 && head.get(27 + segments) == Some(&0x81) { 27 + segments as u64 + body } else { 0 }
}

/// Tells what begins with `head`, in which no tag is left at the front.
pub(crate) fn sniff(head: &[u8]) -> SoundKind {
    by_magic(head)
        .or_else(|| by_form(head))
        .or_else(|| mpeg_audio(head))
        .or_else(|| by_structure(head))
        .or_else(|| text(head))
        .unwrap_or(SoundKind::Unknown)
}

/// Beginnings that stand for one kind each.
const MAGIC: &[(&[u8], SoundKind)] = &[
    (b"fLaC", SoundKind::Native("FLAC")),
    (b"caff", SoundKind::Native("CAF")),
    (b"\x1a\x45\xdf\xa3", SoundKind::Native("Matroska")),
    // Other audio and video.
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", SoundKind::Foreign("ASF (WMA)")),
    (b"MAC ", SoundKind::Foreign("Monkey's Audio")),
    (b"wvpk", SoundKind::Foreign("WavPack")),
    (b"MP+", SoundKind::Foreign("Musepack")),
    (b"MPCK", SoundKind::Foreign("Musepack")),
    (b"TTA1", SoundKind::Foreign("True Audio")),
    (b"TTA2", SoundKind::Foreign("True Audio")),
    (b"tBaK", SoundKind::Foreign("TAK")),
    (b"ajkg", SoundKind::Foreign("Shorten")),
    (b"OFR ", SoundKind::Foreign("OptimFROG")),
    (b"\x7f\xfe\x80\x01", SoundKind::Foreign("DTS")),
    (b"\xfe\x7f\x01\x80", SoundKind::Foreign("DTS")),
    (b"\x1f\xff\xe8\x00", SoundKind::Foreign("DTS")),
    (b"\xff\x1f\x00\xe8", SoundKind::Foreign("DTS")),
    (b"DTSHDHDR", SoundKind::Foreign("DTS-HD")),
    (b"\x00\x00\x01\xba", SoundKind::Foreign("MPEG program stream")),
    (b"\x00\x00\x01\xb3", SoundKind::Foreign("MPEG video")),
    (b"FLV\x01", SoundKind::Foreign("FLV")),
    (b"riff\x2e\x91\xcf\x11", SoundKind::Foreign("Wave64")),
    (b".snd", SoundKind::Foreign("AU")),
    (b"dns.", SoundKind::Foreign("AU")),
    (b"DSD ", SoundKind::Foreign("DSF")),
    (b"FRM8", SoundKind::Foreign("DSDIFF")),
    (b".RMF", SoundKind::Foreign("RealMedia")),
    (b".ra\xfd", SoundKind::Foreign("RealAudio")),
    (b"#!AMR", SoundKind::Foreign("AMR")),
    (b"Creative Voice File\x1a", SoundKind::Foreign("VOC")),
    (b"\x06\x0e\x2b\x34\x02\x05\x01\x01", SoundKind::Foreign("MXF")),
    (b"nut/multimedia", SoundKind::Foreign("NUT")),
    (b"FWS", SoundKind::Foreign("Flash")),
    (b"CWS", SoundKind::Foreign("Flash")),
    // Pictures and documents.
    (b"\xff\xd8\xff", SoundKind::NotAudio("a JPEG image", SKIP)),
    (b"\x89PNG\r\n\x1a\n", SoundKind::NotAudio("a PNG image", SKIP)),
    (b"GIF8", SoundKind::NotAudio("a GIF image", SKIP)),
    (b"II*\0", SoundKind::NotAudio("a TIFF image", SKIP)),
    (b"MM\0*", SoundKind::NotAudio("a TIFF image", SKIP)),
    (b"8BPS", SoundKind::NotAudio("a Photoshop image", SKIP)),
    (b"%PDF-", SoundKind::NotAudio("a PDF document", SKIP)),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", SoundKind::NotAudio("an Office document", SKIP)),
    (b"\x00\x05\x16\x07", SoundKind::NotAudio("macOS file attributes", SKIP)),
    (b"wOF2", SoundKind::NotAudio("a font", SKIP)),
    (b"wOFF", SoundKind::NotAudio("a font", SKIP)),
    // Archives.
    (b"PK\x03\x04", SoundKind::NotAudio("a ZIP archive", UNPACK)),
    (b"PK\x05\x06", SoundKind::NotAudio("a ZIP archive", UNPACK)),
    (b"\x1f\x8b\x08", SoundKind::NotAudio("a gzip archive", UNPACK)),
    (b"\x28\xb5\x2f\xfd", SoundKind::NotAudio("a Zstandard archive", UNPACK)),
    (b"\xfd7zXZ\0", SoundKind::NotAudio("an xz archive", UNPACK)),
    (b"BZh", SoundKind::NotAudio("a bzip2 archive", UNPACK)),
    (b"7z\xbc\xaf\x27\x1c", SoundKind::NotAudio("a 7-Zip archive", UNPACK)),
    (b"Rar!\x1a\x07", SoundKind::NotAudio("a RAR archive", UNPACK)),
    (b"\x04\x22\x4d\x18", SoundKind::NotAudio("an LZ4 archive", UNPACK)),
    // Data and programs.
    (b"SQLite format 3\0", SoundKind::NotAudio("an SQLite database", SKIP)),
    (b"PAR1", SoundKind::NotAudio("a Parquet table", UNPACK)),
    (b"ARROW1", SoundKind::NotAudio("an Arrow table", UNPACK)),
    (b"\x93NUMPY", SoundKind::NotAudio("a NumPy array", UNPACK)),
    (b"\x89HDF\r\n\x1a\n", SoundKind::NotAudio("an HDF5 table", UNPACK)),
    (b"\x7fELF", SoundKind::NotAudio("a program", SKIP)),
    (b"MZ\x90\0", SoundKind::NotAudio("a program", SKIP)),
    (b"\xca\xfe\xba\xbe", SoundKind::NotAudio("a program", SKIP)),
    // Notes.
    (b"MThd", SoundKind::NotAudio("a MIDI file", RENDER)),
    (b"IMPM", SoundKind::NotAudio("a tracker module", RENDER)),
    (b"Extended Module: ", SoundKind::NotAudio("a tracker module", RENDER)),
];

fn by_magic(head: &[u8]) -> Option<SoundKind> {
    if head.starts_with(b"BZh") && !head.get(3).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map(|&(_, kind)| kind)
}

/// Containers whose kind stands a few bytes in.
fn by_form(head: &[u8]) -> Option<SoundKind> {
    let at = |offset: usize, magic: &[u8]| head.get(offset..).is_some_and(|h| h.starts_with(magic));
    if at(0, b"RIFF") {
        return Some(match head.get(8..12) {
            Some(b"WAVE") => SoundKind::Native("WAV"),
            Some(b"AVI ") => SoundKind::Foreign("AVI"),
            Some(b"WEBP") => SoundKind::NotAudio("a WebP image", SKIP),
            Some(b"RMID") => SoundKind::NotAudio("a MIDI file", RENDER),
            _ => SoundKind::Foreign("RIFF"),
        });
    }
    if at(0, b"RF64") || at(0, b"BW64") || at(0, b"RIFX") {
        return Some(SoundKind::Foreign("RF64"));
    }
    if at(0, b"FORM") {
        return Some(match head.get(8..12) {
            Some(b"AIFF" | b"AIFC") => SoundKind::Native("AIFF"),
            _ => SoundKind::Foreign("IFF"),
        });
    }
    if at(0, b"OggS") {
        // The first packet begins behind the header and its table of segments.
        let packet = 27 + usize::from(*head.get(26)?);
        return Some(if at(packet, b"Speex   ") {
            SoundKind::Foreign("Speex")
        } else {
            SoundKind::Native("Ogg")
        });
    }
    if at(4, b"ftyp") {
        let picture = [&b"avif"[..], b"heic", b"heix", b"mif1"].iter().any(|brand| at(8, brand));
        return Some(if picture {
            SoundKind::NotAudio("a HEIF image", SKIP)
        } else {
            SoundKind::Native("MP4")
        });
    }
    // QuickTime without a file type: Symphonia asks for one.
    if [&b"moov"[..], b"mdat", b"wide", b"free", b"skip"].iter().any(|atom| at(4, atom)) {
        return Some(SoundKind::Foreign("QuickTime"));
    }
    if super::arrow::is_stream(head) {
        return Some(SoundKind::NotAudio("an Arrow table", UNPACK));
    }
    if at(257, b"ustar") {
        return Some(SoundKind::NotAudio("a tar archive", UNPACK));
    }
    // A dictionary of bencode with another called `info` in it.
    let is_dictionary = at(0, b"d") && head.get(1).is_some_and(u8::is_ascii_digit);
    if is_dictionary && head.windows(7).any(|key| key == b"4:infod") {
        return Some(SoundKind::NotAudio(
            "a torrent file",
            "put it beside what it names and scan both",
        ));
    }
    if at(44, b"SCRM") || at(1080, b"M.K.") || at(1080, b"M!K!") {
        return Some(SoundKind::NotAudio("a tracker module", RENDER));
    }
    None
}

/// Raw MPEG audio and ADTS: a sync word.
fn mpeg_audio(head: &[u8]) -> Option<SoundKind> {
    let [0xff, second, third, fourth, ..] = *head else { return None };
    // Layer 0 is ADTS, of which only MPEG-2 and 4 exist.
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

/// Streams known by a sync word that comes again.
fn by_structure(head: &[u8]) -> Option<SoundKind> {
    let every = |start: usize, step: usize| {
        (0..5).all(|i| head.get(start + i * step).is_some_and(|&byte| byte == 0x47))
    };
    // A recording may begin anywhere in a packet; Blu-ray puts four bytes before each.
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

/// Text in UTF-16 with a mark, if it is.
fn utf16(head: &[u8]) -> Option<SoundKind> {
    let unit: fn([u8; 2]) -> u16 = match head {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return None,
    };
    let units = head[2..].as_chunks::<2>().0;
    let units = &units[..units.len().min(2048)];
    let odd = |unit: u16| (unit < 0x20 && !matches!(unit, 9 | 10 | 13)) || unit >= 0xfff0;
    let strange = units.iter().filter(|&&pair| odd(unit(pair))).count();
    let decoded = char::decode_utf16(units.iter().map(|&pair| unit(pair)));
    let broken = decoded.filter(Result::is_err).count();
    // The last character may be cut.
    (strange == 0 && broken <= 1).then_some(SoundKind::NotAudio("text", SKIP))
}

fn text(head: &[u8]) -> Option<SoundKind> {
    if let Some(kind) = utf16(head) {
        return Some(kind);
    }
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let head = &head[..head.len().min(8192)];
    let valid = match std::str::from_utf8(head) {
        Ok(valid) => valid,
        // A character cut at the end is no fault.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    let control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\x0c' | '\x1b');
    if valid.is_empty() || valid.contains(control) {
        return None;
    }
    let start = valid.trim_start();
    let lower: String = start.chars().take(64).collect::<String>().to_ascii_lowercase();
    let looks_like = if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        "an HTML page"
    } else if lower.starts_with("<?xml") || lower.starts_with("<svg") {
        "an XML document"
    } else if lower.starts_with("#extm3u") || lower.starts_with("[playlist]") {
        return Some(SoundKind::NotAudio("a playlist", "scan the files that it names"));
    } else if lower.starts_with("webvtt") || valid.contains(" --> ") {
        "subtitles"
    } else if lower.starts_with('{') || lower.starts_with('[') {
        "JSON or text"
    } else {
        "text"
    };
    Some(SoundKind::NotAudio(looks_like, SKIP))
}

/// What to say of a file of no known kind.
pub(crate) fn looks_like_unknown(head: &[u8]) -> &'static str {
    if head.iter().all(|&byte| byte == 0) {
        "zero bytes (a download that is not complete?)"
    } else {
        "no known format"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_beginnings_are_told_apart() {
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
}
