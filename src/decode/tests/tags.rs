//! Tags, read by either decoder.

use super::*;

#[test]
fn tags_come_through_both_decoders() {
    let (_directory, tune, _) = tune_file();
    let tags = [
        "title=A Tïtle",
        "artist=Somebody",
        "album=Songs",
        "ISRC=GBAYE0000001",
        "BARCODE=5012345678900",
        "publisher=A Label",
        "date=2026",
    ];
    let arguments: Vec<&str> = tags.iter().flat_map(|tag| ["-metadata", tag]).collect();
    for (name, codec, help) in [
        ("a.flac", "flac", false),
        ("a.mp3", "libmp3lame", false),
        ("a.opus", "libopus", false),
        ("a.mka", "flac", false),
        ("a.wv", "wavpack", true),
    ] {
        let path = encode(&tune, name, &[&arguments[..], &["-c:a", codec]].concat());
        let (result, _) = if help { decode_or_help(&path) } else { decode(&path) };
        let tags = result.expect(name).tags;
        // Matroska keeps it apart from the tags, where Symphonia does not look.
        let title = (name != "a.mka").then_some("A Tïtle");
        assert_eq!(tags.title.as_deref(), title, "{name}");
        assert_eq!(tags.artist.as_deref(), Some("Somebody"), "{name}");
        assert_eq!(tags.album.as_deref(), Some("Songs"), "{name}");
        assert_eq!(tags.isrc.as_deref(), Some("GBAYE0000001"), "{name}");
        assert_eq!(tags.upc.as_deref(), Some("5012345678900"), "{name}");
        assert_eq!(tags.label.as_deref(), Some("A Label"), "{name}");
        assert_eq!(tags.date.as_deref(), Some("2026"), "{name}");
    }
}

#[test]
fn the_tags_of_a_wav_file_come_from_its_list_and_from_an_id3_chunk_in_front_or_behind() {
    let (directory, tune, _) = tune_file();
    let tags = ["-metadata", "title=In ID3", "-metadata", "ISRC=GBAYE0000001"];
    let arguments = [&tags[..], &["-c:a", "pcm_s16be", "-write_id3v2", "1"]].concat();
    let aiff = fs::read(encode(&tune, "a.aiff", &arguments)).expect("read");
    let at = aiff.windows(4).position(|four| four == b"ID3 ").expect("an ID3 chunk");
    let bytes: [u8; 4] = aiff[at + 4..at + 8].try_into().expect("four bytes");
    let id3 = &aiff[at + 8..][..u32::from_be_bytes(bytes) as usize];
    let mut id3 = [b"id3 ", &(id3.len() as u32).to_le_bytes()[..], id3].concat();
    id3.resize(id3.len().next_multiple_of(2), 0);
    let list = b"LIST\x1e\0\0\0INFOINAM\x08\0\0\0In list\0IART\x02\0\0\0Me";
    let file = wav(44_100, 1, &self::tune(7, 2.0));
    let chunks = &file[12..];
    let whole = |chunks: &[&[u8]]| {
        let body = [&[&b"WAVE"[..]], chunks].concat().concat();
        [b"RIFF", &(body.len() as u32).to_le_bytes()[..], &body].concat()
    };
    for (name, file, title, isrc) in [
        ("list-in-front", whole(&[list, chunks]), "In list", None),
        ("list-behind", whole(&[chunks, list]), "In list", None),
        ("id3-behind", whole(&[chunks, &id3]), "In ID3", Some("GBAYE0000001")),
        ("both", whole(&[list, chunks, &id3]), "In ID3", Some("GBAYE0000001")),
    ] {
        let path = write(directory.path(), name, &file);
        let tags = decode(&path).0.expect(name).tags;
        assert_eq!(tags.title.as_deref(), Some(title), "{name}");
        assert_eq!(tags.isrc.as_deref(), isrc, "{name}");
        let artist = name.contains("list") || name == "both";
        assert_eq!(tags.artist.as_deref(), artist.then_some("Me"), "{name}");
    }
}
