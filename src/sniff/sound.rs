//! What a file is, by its first bytes alone; its name is never looked at.
//!
//! It decides who is asked, not whether a file is sound: that the decoders find out.

/// Bytes of the head that are looked at. 64 KiB holds 340 transport stream packets.
pub(crate) const HEAD_BYTES: usize = 64 << 10;

/// What is done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
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
pub(crate) fn sniff(head: &[u8]) -> Kind {
    by_magic(head)
        .or_else(|| by_form(head))
        .or_else(|| mpeg_audio(head))
        .or_else(|| by_structure(head))
        .or_else(|| text(head))
        .unwrap_or(Kind::Unknown)
}

/// Beginnings that stand for one kind each.
const MAGIC: &[(&[u8], Kind)] = &[
    (b"fLaC", Kind::Native("FLAC")),
    (b"caff", Kind::Native("CAF")),
    (b"\x1a\x45\xdf\xa3", Kind::Native("Matroska")),
    // Other audio and video.
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Kind::Foreign("ASF (WMA)")),
    (b"MAC ", Kind::Foreign("Monkey's Audio")),
    (b"wvpk", Kind::Foreign("WavPack")),
    (b"MP+", Kind::Foreign("Musepack")),
    (b"MPCK", Kind::Foreign("Musepack")),
    (b"TTA1", Kind::Foreign("True Audio")),
    (b"TTA2", Kind::Foreign("True Audio")),
    (b"tBaK", Kind::Foreign("TAK")),
    (b"ajkg", Kind::Foreign("Shorten")),
    (b"OFR ", Kind::Foreign("OptimFROG")),
    (b"\x7f\xfe\x80\x01", Kind::Foreign("DTS")),
    (b"\xfe\x7f\x01\x80", Kind::Foreign("DTS")),
    (b"\x1f\xff\xe8\x00", Kind::Foreign("DTS")),
    (b"\xff\x1f\x00\xe8", Kind::Foreign("DTS")),
    (b"DTSHDHDR", Kind::Foreign("DTS-HD")),
    (b"\x00\x00\x01\xba", Kind::Foreign("MPEG program stream")),
    (b"\x00\x00\x01\xb3", Kind::Foreign("MPEG video")),
    (b"FLV\x01", Kind::Foreign("FLV")),
    (b"riff\x2e\x91\xcf\x11", Kind::Foreign("Wave64")),
    (b".snd", Kind::Foreign("AU")),
    (b"dns.", Kind::Foreign("AU")),
    (b"DSD ", Kind::Foreign("DSF")),
    (b"FRM8", Kind::Foreign("DSDIFF")),
    (b".RMF", Kind::Foreign("RealMedia")),
    (b".ra\xfd", Kind::Foreign("RealAudio")),
    (b"#!AMR", Kind::Foreign("AMR")),
    (b"Creative Voice File\x1a", Kind::Foreign("VOC")),
    (b"\x06\x0e\x2b\x34\x02\x05\x01\x01", Kind::Foreign("MXF")),
    (b"nut/multimedia", Kind::Foreign("NUT")),
    (b"FWS", Kind::Foreign("Flash")),
    (b"CWS", Kind::Foreign("Flash")),
    // Pictures and documents.
    (b"\xff\xd8\xff", Kind::NotAudio("a JPEG image", SKIP)),
    (b"\x89PNG\r\n\x1a\n", Kind::NotAudio("a PNG image", SKIP)),
    (b"GIF8", Kind::NotAudio("a GIF image", SKIP)),
    (b"II*\0", Kind::NotAudio("a TIFF image", SKIP)),
    (b"MM\0*", Kind::NotAudio("a TIFF image", SKIP)),
    (b"8BPS", Kind::NotAudio("a Photoshop image", SKIP)),
    (b"%PDF-", Kind::NotAudio("a PDF document", SKIP)),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind::NotAudio("an Office document", SKIP)),
    (b"\x00\x05\x16\x07", Kind::NotAudio("macOS file attributes", SKIP)),
    (b"wOF2", Kind::NotAudio("a font", SKIP)),
    (b"wOFF", Kind::NotAudio("a font", SKIP)),
    // Archives.
    (b"PK\x03\x04", Kind::NotAudio("a ZIP archive", UNPACK)),
    (b"PK\x05\x06", Kind::NotAudio("a ZIP archive", UNPACK)),
    (b"\x1f\x8b\x08", Kind::NotAudio("a gzip archive", UNPACK)),
    (b"\x28\xb5\x2f\xfd", Kind::NotAudio("a Zstandard archive", UNPACK)),
    (b"\xfd7zXZ\0", Kind::NotAudio("an xz archive", UNPACK)),
    (b"BZh", Kind::NotAudio("a bzip2 archive", UNPACK)),
    (b"7z\xbc\xaf\x27\x1c", Kind::NotAudio("a 7-Zip archive", UNPACK)),
    (b"Rar!\x1a\x07", Kind::NotAudio("a RAR archive", UNPACK)),
    (b"\x04\x22\x4d\x18", Kind::NotAudio("an LZ4 archive", UNPACK)),
    // Data and programs.
    (b"SQLite format 3\0", Kind::NotAudio("an SQLite database", SKIP)),
    (b"PAR1", Kind::NotAudio("a Parquet table", UNPACK)),
    (b"ARROW1", Kind::NotAudio("an Arrow table", UNPACK)),
    (b"\x93NUMPY", Kind::NotAudio("a NumPy array", UNPACK)),
    (b"\x89HDF\r\n\x1a\n", Kind::NotAudio("an HDF5 table", UNPACK)),
    (b"\x7fELF", Kind::NotAudio("a program", SKIP)),
    (b"MZ\x90\0", Kind::NotAudio("a program", SKIP)),
    (b"\xca\xfe\xba\xbe", Kind::NotAudio("a program", SKIP)),
    // Notes.
    (b"MThd", Kind::NotAudio("a MIDI file", RENDER)),
    (b"IMPM", Kind::NotAudio("a tracker module", RENDER)),
    (b"Extended Module: ", Kind::NotAudio("a tracker module", RENDER)),
];

fn by_magic(head: &[u8]) -> Option<Kind> {
    if head.starts_with(b"BZh") && !head.get(3).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map(|&(_, kind)| kind)
}

/// Containers whose kind stands a few bytes in.
fn by_form(head: &[u8]) -> Option<Kind> {
    let at = |offset: usize, magic: &[u8]| head.get(offset..).is_some_and(|h| h.starts_with(magic));
    if at(0, b"RIFF") {
        return Some(match head.get(8..12) {
            Some(b"WAVE") => Kind::Native("WAV"),
            Some(b"AVI ") => Kind::Foreign("AVI"),
            Some(b"WEBP") => Kind::NotAudio("a WebP image", SKIP),
            Some(b"RMID") => Kind::NotAudio("a MIDI file", RENDER),
            _ => Kind::Foreign("RIFF"),
        });
    }
    if at(0, b"RF64") || at(0, b"BW64") || at(0, b"RIFX") {
        return Some(Kind::Foreign("RF64"));
    }
    if at(0, b"FORM") {
        return Some(match head.get(8..12) {
            Some(b"AIFF" | b"AIFC") => Kind::Native("AIFF"),
            _ => Kind::Foreign("IFF"),
        });
    }
    if at(0, b"OggS") {
        // The first packet begins behind the header and its table of segments.
        let packet = 27 + usize::from(*head.get(26)?);
        return Some(if at(packet, b"Speex   ") {
            Kind::Foreign("Speex")
        } else {
            Kind::Native("Ogg")
        });
    }
    if at(4, b"ftyp") {
        let picture = [&b"avif"[..], b"heic", b"heix", b"mif1"].iter().any(|brand| at(8, brand));
        return Some(if picture {
            Kind::NotAudio("a HEIF image", SKIP)
        } else {
            Kind::Native("MP4")
        });
    }
    // QuickTime without a file type: Symphonia asks for one.
    if [&b"moov"[..], b"mdat", b"wide", b"free", b"skip"].iter().any(|atom| at(4, atom)) {
        return Some(Kind::Foreign("QuickTime"));
    }
    if super::arrow::is_stream(head) {
        return Some(Kind::NotAudio("an Arrow table", UNPACK));
    }
    if at(257, b"ustar") {
        return Some(Kind::NotAudio("a tar archive", UNPACK));
    }
    // A dictionary of bencode with another called `info` in it.
    let is_dictionary = at(0, b"d") && head.get(1).is_some_and(u8::is_ascii_digit);
    if is_dictionary && head.windows(7).any(|key| key == b"4:infod") {
        return Some(Kind::NotAudio("a torrent file", "put it beside what it names and scan both"));
    }
    if at(44, b"SCRM") || at(1080, b"M.K.") || at(1080, b"M!K!") {
        return Some(Kind::NotAudio("a tracker module", RENDER));
    }
    None
}

/// Raw MPEG audio and ADTS: a sync word.
fn mpeg_audio(head: &[u8]) -> Option<Kind> {
    let [0xff, second, third, fourth, ..] = *head else { return None };
    // Layer 0 is ADTS, of which only MPEG-2 and 4 exist.
    if second & 0xf6 == 0xf0 && (third >> 2 & 0xf) < 13 {
        return Some(Kind::Native("ADTS"));
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
        1 => Kind::Native("MP3"),
        2 => Kind::Native("MP2"),
        _ => Kind::Native("MP1"),
    })
}

/// Streams known by a sync word that comes again.
fn by_structure(head: &[u8]) -> Option<Kind> {
    let every = |start: usize, step: usize| {
        (0..5).all(|i| head.get(start + i * step).is_some_and(|&byte| byte == 0x47))
    };
    // A recording may begin anywhere in a packet; Blu-ray puts four bytes before each.
    if [188, 192, 204].iter().any(|&step| (0..step).any(|start| every(start, step))) {
        return Some(Kind::Foreign("MPEG transport stream"));
    }
    if head.starts_with(b"\x0b\x77") || head.starts_with(b"\x77\x0b") {
        return Some(Kind::Foreign("AC-3"));
    }
    if head.get(4..8).is_some_and(|sync| matches!(sync, b"\xf8\x72\x6f\xba" | b"\xf8\x72\x6f\xbb"))
    {
        return Some(Kind::Foreign("TrueHD"));
    }
    if head.starts_with(b"\x56") && head.get(1).is_some_and(|byte| byte & 0xe0 == 0xe0) {
        return Some(Kind::Foreign("LOAS AAC"));
    }
    None
}

/// Text in UTF-16 with a mark, if it is.
fn utf16(head: &[u8]) -> Option<Kind> {
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
    (strange == 0 && broken <= 1).then_some(Kind::NotAudio("text", SKIP))
}

fn text(head: &[u8]) -> Option<Kind> {
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
        return Some(Kind::NotAudio("a playlist", "scan the files that it names"));
    } else if lower.starts_with("webvtt") || valid.contains(" --> ") {
        "subtitles"
    } else if lower.starts_with('{') || lower.starts_with('[') {
        "JSON or text"
    } else {
        "text"
    };
    Some(Kind::NotAudio(looks_like, SKIP))
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
        let not_audio = |what| Kind::NotAudio(what, SKIP);
        let table: &[(&[u8], Kind)] = &[
            (b"RIFF\x24\0\0\0WAVEfmt ", Kind::Native("WAV")),
            (b"RIFF\x24\0\0\0AVI LIST", Kind::Foreign("AVI")),
            (b"RIFF\x24\0\0\0WEBPVP8 ", not_audio("a WebP image")),
            (b"FORM\0\0\0\0AIFCFVER", Kind::Native("AIFF")),
            (b"\0\0\0\x20ftypM4A \0\0\0\0", Kind::Native("MP4")),
            (b"\0\0\0\x20ftypavif\0\0\0\0", not_audio("a HEIF image")),
            (b"\xff\xfb\x90\x64\0\0", Kind::Native("MP3")),
            (b"\xff\xfd\x84\x04\0\0", Kind::Native("MP2")),
            (b"\xff\xf1\x50\x80\x2d\x7f", Kind::Native("ADTS")),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", not_audio("a JPEG image")),
            (b"\x0b\x77\x12\x34", Kind::Foreign("AC-3")),
            (b"PK\x03\x04\x14\0", Kind::NotAudio("a ZIP archive", UNPACK)),
            (b"\xff\xfeh\0i\0\n\0", not_audio("text")),
            (b"hello, this is no music\n", not_audio("text")),
            ("naïve café\n".as_bytes(), not_audio("text")),
            (b"  <!DOCTYPE html><title>404", not_audio("an HTML page")),
            (b"{\"error\": 404}", not_audio("JSON or text")),
            (b"1\n00:00:01,000 --> 00:00:02,000\nHi", not_audio("subtitles")),
            (b"MThd\0\0\0\x06", Kind::NotAudio("a MIDI file", RENDER)),
            (b"\x80\x81\x82\x83", Kind::Unknown),
            (b"BZhello", not_audio("text")),
            (b"", Kind::Unknown),
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
            assert_eq!(sniff(&head), Kind::Foreign("MPEG transport stream"));
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
        assert_eq!(sniff(&page(b"Speex   1.2")), Kind::Foreign("Speex"));
        assert_eq!(sniff(&page(b"\x01vorbis\0\0\0\0")), Kind::Native("Ogg"));
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
