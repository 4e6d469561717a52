//! Identifiers in texts, compressed or not.

use leakhound::record::Verdict::{Failed, Suspect};
use leakhound::record::{FailureKind, Tier};

use super::{FIRST, SECOND, label, scan};
use crate::common::{gz, records, tar, zst};

#[test]
fn a_text_of_any_format_that_names_a_recording_is_a_suspect() {
    let desk = label();
    let rows = format!("{{\"id\":1}}\n{{\"id\":2,\"external_ids\":{{\"isrc\":\"{FIRST}\"}}}}\n");
    desk.write("dump/a.jsonl", rows.as_bytes());
    desk.write("dump/b.csv", format!("id;isrc\n1;GB-AYE-00-00351\n2;{SECOND}\n").as_bytes());
    desk.write(
        "dump/c.xml",
        format!("<?xml version=\"1.0\"?>\n<a><ISRC>{FIRST}</ISRC></a>").as_bytes(),
    );
    desk.write("dump/d.txt", b"nothing of ours: GBAYE0000352\n");
    desk.write("dump/e", &zst(rows.as_bytes()));
    desk.write("dump/f", &gz(&tar(&[("meta/x.json", rows.as_bytes())])));
    let found = scan(&desk);
    let verdicts: Vec<_> = found.iter().map(|r| r.verdict).collect();
    assert_eq!(verdicts, [Suspect, Suspect, Suspect, Failed, Suspect, Suspect], "{found:#?}");
    let first = &found[0].findings[0];
    assert_eq!(first.claimed_by, [format!("ISRC {FIRST} in line 2")]);
    assert_eq!((first.title.as_str(), Tier::join(&first.tiers, "+").as_str()), ("Song 1", "T0"));
    assert_eq!(found[1].findings.len(), 2);
    assert_eq!(found[0].claims.as_str(), "claim_only");
    let done = desk.run(["scan", "dump"]).ends_with(1);
    assert!(done.stdout.contains("not heard"), "{done:#?}");
    for format in ["html", "csv"] {
        let report = desk.run(["report", "--format", format, "--out", "-"]).ends_with(0).stdout;
        assert!(report.contains("in line 2"), "{report}");
    }
}

#[test]
fn a_compressed_text_of_any_length_is_searched() {
    let desk = label();
    // 300 MB, more than an item may take of memory.
    let mut packed = zstd::Encoder::new(Vec::new(), 1).unwrap();
    let row = "{\"id\": 17, \"name\": \"nobody\", \"isrc\": \"FRXXX0000001\"}\n".repeat(10_000);
    for _ in 0..560 {
        std::io::Write::write_all(&mut packed, row.as_bytes()).unwrap();
    }
    std::io::Write::write_all(&mut packed, format!("{{\"isrc\": \"{SECOND}\"}}\n").as_bytes())
        .unwrap();
    desk.write("dump/rows.jsonl.seekable.zst", &packed.finish().unwrap());
    let found = scan(&desk);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].findings[0].claimed_by, [format!("ISRC {SECOND} in line 5600001")]);
    assert_eq!(found[0].item.size_bytes, 560 * row.len() as u64 + 25);
    let shown = desk.run(["show", &found[0].item.locator]).ends_with(0).stdout;
    assert!(shown.contains(&found[0].item.sha256), "{shown}");
}

#[test]
fn identifiers_are_found_in_texts_in_each_spelling() {
    let desk = label();
    let wide = |unit: fn(u16) -> [u8; 2], mark: &str| -> Vec<u8> {
        format!("{mark}isrc,title\r\n{FIRST},x\r\n").encode_utf16().flat_map(unit).collect()
    };
    let texts: Vec<(&str, Vec<u8>)> = vec![
        ("utf-16le.csv", wide(u16::to_le_bytes, "\u{feff}")),
        ("utf-16le-plain.csv", wide(u16::to_le_bytes, "")),
        ("utf-16be.csv", wide(u16::to_be_bytes, "\u{feff}")),
        ("utf-16be-plain.csv", wide(u16::to_be_bytes, "")),
        ("x.json", b"{\n\"d\":\"Tracklist:\\nGBAYE0000351\"}".to_vec()),
        ("y.json", b"{\n\"isrc\":\"GB\\u002dAYE\\u002d00\\u002d00351\"}".to_vec()),
        ("links.txt", b"\nhttps://x.example/q=isrc%3AGBAYE0000351".to_vec()),
        ("names.txt", b"\nthe-very-long-title-of-a-song-with-many-words-and-even-more-of-them-GB-AYE-00-00351.mp3".to_vec()),
    ];
    let count = texts.len();
    for (name, text) in texts {
        desk.write(format!("dump/{name}"), &text);
    }
    desk.write("dump/w.csv.zst", &zst(&wide(u16::to_le_bytes, "\u{feff}").repeat(1_000)));
    let found = scan(&desk);
    assert_eq!(found.len(), count + 1);
    for record in &found {
        let places: Vec<_> = record.findings.iter().map(|f| f.claimed_by[0].as_str()).collect();
        assert_eq!(places, [format!("ISRC {FIRST} in line 2")], "{record:#?}");
    }
}

#[test]
fn texts_about_people_are_refused_by_their_keys_and_headers() {
    let desk = label();
    desk.write(
        "dump/a.jsonl",
        format!("{{\"owner_display_name\":\"someone\",\"tracks\":[\"{FIRST}\"]}}\n").as_bytes(),
    );
    desk.write("dump/b.csv", format!("owner_id,added_by_id,isrc\nsomeone,x,{FIRST}\n").as_bytes());
    desk.write(
        "dump/c.jsonl.zst",
        &zst(format!("{{\"added_by_id\":\"someone\",\"i\":\"{FIRST}\"}}").as_bytes()),
    );
    desk.run(["scan", "dump"]).ends_with(3);
    let found = records(&desk.jsonl());
    assert!(!desk.jsonl().contains("someone"));
    for record in found {
        assert_eq!(record.failure.as_ref().unwrap().kind, FailureKind::PersonalData, "{record:#?}");
    }
    let said = desk.run(["inspect", "dump"]).ends_with(3).stdout;
    assert!(
        said.contains("personal_data") && !said.contains("1 recording of the catalogue"),
        "{said}"
    );
}

#[test]
fn a_truncated_compressed_text_is_searched_to_its_end() {
    let desk = label();
    let noise: Vec<String> =
        (0..20_000_u32).map(|i| format!("{:x}\n", i.wrapping_mul(2_654_435_761))).collect();
    let noise = noise.concat();
    let packed = gz(format!("{FIRST}\n{noise}").as_bytes());
    desk.write("dump/x.csv.gz", &packed[..packed.len() / 2]);
    desk.run(["scan", "dump"]).ends_with(3);
    let found = records(&desk.jsonl());
    assert!(found[0].notes.iter().any(|note| note.contains("claims to be")), "{found:#?}");
}
