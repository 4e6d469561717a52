//! Texts where Symphonia does not look.

use super::*;

fn found(file: &[u8]) -> Embedded {
    read(&Bytes::of_memory(file.to_vec()), 0)
}

fn frame(name: &[u8], size: u32, content: &[u8]) -> Vec<u8> {
    [name, &size.to_be_bytes(), &[0, 0], content].concat()
}

fn safe(bytes: usize) -> u32 {
    (0..4).fold(0, |sum, at| sum | ((bytes as u32 >> (7 * at)) & 0x7f) << (8 * at))
}

fn id3(version: u8, flags: u8, frames: &[u8]) -> Vec<u8> {
    [b"ID3".as_slice(), &[version, 0, flags], &safe(frames.len()).to_be_bytes(), frames].concat()
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

#[test]
fn sizes_of_frames_are_read_in_either_way() {
    let long = [b"\x03eng\0".as_slice(), &b"word ".repeat(60)].concat();
    let isrc = b"\x03GBAYE0000351";
    for size in [safe as fn(usize) -> u32, |bytes| bytes as u32] {
        let frames =
            [frame(b"COMM", size(long.len()), &long), frame(b"TSRC", size(isrc.len()), isrc)];
        let padded = [&frames.concat()[..], &[0; 50]].concat();
        for body in [&frames.concat()[..], &padded] {
            let found = found(&id3(4, 0, body));
            assert_eq!(found.pairs, [pair("TSRC", "GBAYE0000351")]);
            assert!(found.texts[0].starts_with("word word"));
        }
    }
}

#[test]
fn texts_of_each_encoding_and_the_frames_of_chapters_are_read() {
    let utf16 = b"\x01\xff\xfeA\0\xe9\0\0\0\xff\xfeB\0";
    let name = [b"one\0".as_slice(), &[0; 16], &frame(b"TIT2", 6, b"\0N\xe9w\0\0")].concat();
    let frames = [
        frame(b"TXXX", 11, b"\x03UPC\0number"),
        frame(b"TPE1", utf16.len() as u32, utf16),
        frame(b"CHAP", name.len() as u32, &name),
        frame(b"PRIV", 7, b"XMP\0<x>"),
    ];
    let found = found(&id3(3, 0, &frames.concat()));
    let expected =
        [pair("UPC", "number"), pair("TPE1", "Aé"), pair("TPE1", "B"), pair("TIT2", "Néw")];
    assert_eq!((found.pairs.as_slice(), &found.texts[0][..]), (&expected[..], "XMP <x>"));
}

#[test]
fn a_tag_behind_the_sound_is_found_by_its_footer_or_its_header() {
    let isrc = frame(b"TSRC", 13, b"\x03GBAYE0000351");
    let tag = id3(4, 0, &isrc);
    let mut footed = id3(4, 0x10, &isrc);
    let footer = [b"3DI", &footed[3..10]].concat();
    footed.extend(footer);
    let old = [b"TAG".as_slice(), &[0x20; 125]].concat();
    for tag in [&tag, &footed] {
        for end in [&b""[..], &old] {
            let file = [&[0x55; 300], &tag[..], end].concat();
            assert_eq!(found(&file).pairs, [pair("TSRC", "GBAYE0000351")]);
        }
    }
}

#[test]
fn an_item_of_ape_that_is_not_utf8_costs_only_itself() {
    let item = |key: &[u8], value: &[u8]| {
        [&(value.len() as u32).to_le_bytes()[..], &[0; 4], key, b"\0", value].concat()
    };
    let items = [item(b"Title", b"Caf\xe9"), item(b"ISRC", b"GBAYE0000351")].concat();
    let size = (items.len() as u32 + 32).to_le_bytes();
    let footer = [b"APETAGEX\xd0\x07\0\0".as_slice(), &size, &[2, 0, 0, 0], &[0; 12]].concat();
    let file = [&[0x55; 90], &items[..], &footer].concat();
    assert_eq!(found(&file).pairs, [pair("Title", "Café"), pair("ISRC", "GBAYE0000351")]);
}

#[test]
fn chunks_of_wav_and_aiff_hold_texts() {
    let le = |name: &[u8], content: &[u8]| {
        [name, &(content.len() as u32).to_le_bytes(), content].concat()
    };
    let be = |name: &[u8], content: &[u8]| {
        [name, &(content.len() as u32).to_be_bytes(), content].concat()
    };
    let chunks = [
        le(b"bext", b"ISRC one\0\0\0origin\0\0\0"),
        le(b"data", &[7; 9]),
        b"\0".to_vec(),
        le(b"iXML", b"<a>two</a>"),
    ];
    let wav = le(b"RIFF", &[b"WAVE".to_vec(), chunks.concat()].concat());
    assert_eq!(found(&wav).texts, ["ISRC one   origin   ", "<a>two</a>"]);
    let chunks = [be(b"SSND", &[7; 8]), be(b"ANNO", b"three!")];
    let aiff = be(b"FORM", &[b"AIFF".to_vec(), chunks.concat()].concat());
    assert_eq!(found(&aiff).texts, ["three!"]);
}

#[test]
fn the_codes_of_a_cue_sheet_are_read() {
    let track = |isrc: &[u8], points: u8| {
        let head = [&[0; 9], isrc, &[0; 14], &[points]].concat();
        [head, vec![0; 12 * usize::from(points)]].concat()
    };
    let mut sheet = b"5012345678900".to_vec();
    sheet.resize(395, 0);
    sheet.push(2);
    sheet.extend(track(b"GBAYE0000351", 3));
    sheet.extend(track(b"GBAYE0000352", 1));
    let block = |kind: u8, content: &[u8]| {
        [&(u32::from(kind) << 24 | content.len() as u32).to_be_bytes(), content].concat()
    };
    let file = [b"fLaC".to_vec(), block(0, &[0; 34]), block(0x85, &sheet)].concat();
    let texts: Vec<_> = found(&file).texts.iter().map(|text| text.trim().to_owned()).collect();
    assert_eq!(texts, ["5012345678900", "GBAYE0000351", "GBAYE0000352"]);
}

#[test]
fn xmp_is_found_at_either_end() {
    let packet = b"<x:xmpmeta><isrc>GBAYE0000351</isrc></x:xmpmeta>";
    for (before, behind) in [(100, 3 << 20), (3 << 20, 100)] {
        let file = [&vec![0x55; before][..], packet, &vec![0x55; behind]].concat();
        assert_eq!(found(&file).texts, ["<x:xmpmeta><isrc>GBAYE0000351</isrc>"]);
    }
}

#[test]
fn names_of_chapters_of_mp4_are_read() {
    let boxed = |name: &[u8], content: &[u8]| {
        [&(content.len() as u32 + 8).to_be_bytes(), name, content].concat()
    };
    let chapter = |name: &[u8]| [&[0; 8], &[name.len() as u8][..], name].concat();
    let list = [b"\x01\0\0\0\0\0\0\0\x02".to_vec(), chapter(b"one"), chapter(b"GBAYE0000351")];
    let udta = boxed(b"udta", &boxed(b"chpl", &list.concat()));
    let file = [boxed(b"ftyp", b"M4A \0\0\0\0"), boxed(b"moov", &udta)].concat();
    assert_eq!(found(&file).texts, ["one", "GBAYE0000351"]);
}

#[test]
fn no_bytes_make_it_panic() {
    let mut dice = crate::dice::Dice::new(3);
    let isrc = frame(b"TSRC", 13, b"\x03GBAYE0000351");
    let tag = id3(4, 0xd0, &[isrc.clone(), isrc].concat());
    let seeds = [tag.clone(), [&[0x55; 90], &tag[..]].concat(), b"fLaC\x05\0\x02\0".to_vec()];
    for round in 0..2_000 {
        let mut file = [&seeds[round % seeds.len()][..], &[0; 600]].concat();
        for _ in 0..4 {
            let at = (dice.share() * file.len() as f64) as usize;
            file[at] = (dice.share() * 256.0) as u8;
        }
        found(&file);
    }
}

#[test]
fn no_file_makes_more_texts_than_are_kept() {
    let many = [b"\0".as_slice(), &b"a\0".repeat(1 << 18)].concat();
    let tag = found(&id3(4, 0, &frame(b"TXXX", safe(many.len()), &many)));
    assert_eq!(tag.pairs.len(), MAX_FOUND - 1);
    // Cue sheets of tracks, each with another ISRC.
    let tracks = (0..20_000_u32).flat_map(|nth| {
        let mut track = vec![0; 36];
        track[9..21].copy_from_slice(format!("GBXYZ{nth:07}").as_bytes());
        track
    });
    let sheet: Vec<u8> = std::iter::repeat_n(0, 396).chain(tracks).collect();
    let length = (sheet.len() as u32).to_be_bytes();
    let file = [b"fLaC\x85", &length[1..], &sheet].concat();
    assert_eq!(found(&file).texts.len(), MAX_FOUND);
}
