//! Identifiers in the tags of sound where few programs look.

use super::{FIRST, SECOND, label, scan, tiers};
use crate::common::{encode, excerpt, record, song, wav};

/// A chunk of a WAV file.
fn chunk(name: &[u8], content: &[u8]) -> Vec<u8> {
    let mut content = content.to_vec();
    content.resize(content.len().next_multiple_of(2), 0);
    [name, &(content.len() as u32).to_le_bytes(), &content].concat()
}

#[test]
fn chunks_of_broadcast_wav_name_a_recording() {
    let desk = label();
    let plain = wav(excerpt(&song(5, 30), 4.0, 9.0));
    for (name, content) in [
        ("axml", format!("<a xmlns:dc=\"x\"><dc:identifier>ISRC:{FIRST}</dc:identifier></a>")),
        ("bext", format!("ISRC {FIRST}\0\0\0")),
        ("iXML", format!("<BWFXML><USER><ISRC>{FIRST}</ISRC></USER></BWFXML>")),
        ("_PMX", format!("<x:xmpmeta><xmpDM:isrc>{FIRST}</xmpDM:isrc></x:xmpmeta>")),
    ] {
        let mut file = [&plain[..], &chunk(name.as_bytes(), content.as_bytes())].concat();
        let length = file.len() as u32 - 8;
        file[4..8].copy_from_slice(&length.to_le_bytes());
        desk.write(format!("dump/{name}.wav"), &file);
    }
    let found = scan(&desk);
    assert_eq!(found.len(), 4);
    for record in &found {
        assert_eq!(tiers(record), [(FIRST, "T0".to_owned())], "{record:#?}");
        assert!(!record.is_partial && record.notes.is_empty(), "{record:#?}");
    }
}

#[test]
fn long_comments_and_chapters_name_recordings() {
    let desk = label();
    let from = desk.write_wav("raw/clip.wav", excerpt(&song(5, 30), 4.0, 9.0));
    std::fs::create_dir_all(desk.path("dump")).unwrap();
    let mut sheet: String =
        (0..60).map(|n| format!("TRACK {n:02} AUDIO TITLE words ISRC FRXXX{n:07} ")).collect();
    sheet += &format!("TRACK 60 ISRC {SECOND}");
    assert!(sheet.len() > 2_000);
    let comment = format!("cuesheet={sheet}");
    encode(&from, &desk.path("dump/long.flac"), &["-metadata", &comment]);
    let chapters = format!(
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=2000\ntitle=First {FIRST}\n"
    );
    let chapters = desk.write("raw/chapters", chapters.as_bytes());
    let chapters = chapters.to_str().unwrap();
    for (name, codec) in [("c.mka", "flac"), ("c.m4a", "aac"), ("c.mp3", "libmp3lame")] {
        let more = ["-i", chapters, "-map_metadata", "1", "-map", "0:a", "-c:a", codec];
        encode(&from, &desk.path(format!("dump/{name}")), &more);
    }
    let found = scan(&desk);
    assert_eq!(tiers(record(&found, "/long.flac")), [(SECOND, "T0".to_owned())]);
    for name in ["/c.mka", "/c.m4a", "/c.mp3"] {
        assert_eq!(tiers(record(&found, name)), [(FIRST, "T0".to_owned())], "{name}: {found:#?}");
    }
}
