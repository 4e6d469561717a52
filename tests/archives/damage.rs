//! Archives that are cut, damaged, encrypted or made to exhaust the reader.

use leakhound::record::{FailureKind, Verdict};

use super::{kinds, library, message, scan};
use crate::common::formats::{ar, cab, cpio, disc, warc};
use crate::common::rar::{Rar, packed};
use crate::common::zips::{Method, zip_by};
use crate::common::{
    Dice, bz2, excerpt, gz, pack, record, records, sevenz, song, tar, tar_header, wav, xz, zip, zst,
};

#[test]
fn a_cut_archive_gives_the_members_before_the_cut_and_one_row() {
    let desk = library();
    let members = pack(&desk, "plain");
    let whole = tar(&members);
    let offset = |name: &str| {
        let at = members.iter().position(|(n, _)| n == name).unwrap();
        members[..at].iter().map(|(_, b)| 512 + b.len().next_multiple_of(512)).sum::<usize>()
    };
    // In the sound of the second clip, before its header, and in its header.
    let two = offset("b/two.wav");
    for (cut, left) in [(two + 300_000, true), (two, false), (two + 100, false)] {
        for packed in [false, true] {
            let bytes = if packed { zst(&whole[..cut]) } else { whole[..cut].to_vec() };
            let name = format!("cut-{cut}-{packed}/x");
            desk.write(&name, &bytes);
            let found = scan(&desk, &name);
            let row = record(&found, "/x");
            assert_eq!(
                row.failure.as_ref().unwrap().kind,
                FailureKind::ContainerTruncated,
                "{row:#?}"
            );
            assert_eq!(record(&found, "one.wav").verdict, Verdict::Match);
            let two = found.iter().find(|r| r.item.path.ends_with("two.wav"));
            assert_eq!(two.is_some(), left, "{name}");
            if let Some(two) = two {
                assert_eq!(two.verdict, Verdict::Match);
                assert!(two.notes[0].contains("its container is damaged"), "{:?}", two.notes);
            }
        }
    }
    // A compressed stream that is cut.
    let packed = gz(&whole);
    desk.write("cut-gz/x", &packed[..packed.len() * 9 / 10]);
    let found = scan(&desk, "cut-gz");
    assert_eq!(
        record(&found, "/x").failure.as_ref().unwrap().kind,
        FailureKind::ContainerTruncated
    );
    assert_eq!(record(&found, "one.wav").verdict, Verdict::Match);
}

#[test]
fn a_damaged_header_ends_an_archive_with_one_row() {
    let desk = library();
    let mut bytes = tar(&[("a.wav", wav(excerpt(&song(1, 30), 0.0, 12.0))), ("b", vec![1; 600])]);
    let at = bytes.len() - 1024 - 1024 - 512 + 20;
    bytes[at] ^= 0x55;
    desk.write("dump/x", &bytes);
    let found = scan(&desk, "dump");
    assert_eq!(kinds(&found), ["container_damaged", ""]);
    assert_eq!(found[1].verdict, Verdict::Match);
}

#[test]
fn a_name_without_end_is_not_read_into_memory() {
    let desk = library();
    let clip = wav(excerpt(&song(1, 30), 3.0, 15.0));
    let mut bytes = tar(&[("a.wav", &clip)]);
    bytes.truncate(bytes.len() - 1024);
    let mut header = tar_header(1 << 40);
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_path("././@LongLink").unwrap();
    header.set_cksum();
    bytes.extend(header.as_bytes());
    bytes.extend(vec![b'a'; 20 << 20]);
    desk.write("dump/x", &bytes);
    let found = scan(&desk, "dump");
    assert_eq!(kinds(&found), ["container_damaged", ""]);
    assert!(message(&found[0]).contains("header"), "{found:#?}");
}

#[test]
fn a_bomb_has_a_row_and_the_members_before_it_are_found() {
    let desk = library();
    let clip = wav(excerpt(&song(1, 30), 3.0, 15.0));
    // 1.2 GiB of zeros in a few KiB: over the slack of 1 GiB.
    let mut packed = zstd::Encoder::new(Vec::new(), 1).unwrap();
    std::io::Write::write_all(
        &mut packed,
        &tar(&[("a.wav", &clip)])[..512 + clip.len().next_multiple_of(512)],
    )
    .unwrap();
    let mut header = tar_header(10 << 30);
    header.set_path("zeros").unwrap();
    header.set_cksum();
    std::io::Write::write_all(&mut packed, header.as_bytes()).unwrap();
    std::io::copy(&mut std::io::Read::take(std::io::repeat(0), 2200 << 20), &mut packed).unwrap();
    desk.write("dump/bomb", &packed.finish().unwrap());
    desk.write_wav("dump/clip.wav", excerpt(&song(2, 30), 3.0, 15.0));
    let found = scan(&desk, "dump");
    assert_eq!(kinds(&found), ["container_bomb", "", "too_large", ""], "{found:#?}");
    assert_eq!(found[1].verdict, Verdict::Match);
    assert_eq!(found[3].verdict, Verdict::Match);
}

#[test]
fn an_archive_that_is_not_read_has_a_row_and_sets_the_exit_code() {
    let desk = library();
    desk.write("dump/a.mp3", b"\x89HDF\r\n\x1a\n and so on");
    let done = desk.run(["scan", "dump"]).ends_with(3);
    assert!(done.stdout.contains("1 not read"), "{done:#?}");
    let found = records(&desk.jsonl());
    assert_eq!(kinds(&found), ["container_unsupported"]);
    assert!(message(&found[0]).contains("HDF5"));
}

#[test]
fn a_zip_file_without_its_directory_is_read_from_the_front() {
    let desk = library();
    let members = pack(&desk, "plain");
    let whole = zip(&members);
    for (name, cut) in [("directory", whole.len() - 30), ("middle", whole.len() * 3 / 4)] {
        desk.write(format!("{name}/x"), &whole[..cut]);
        let found = scan(&desk, name);
        assert_eq!(
            record(&found, "/x").failure.as_ref().unwrap().kind,
            FailureKind::ContainerTruncated
        );
        assert_eq!(record(&found, "one.wav").verdict, Verdict::Match, "{name}");
    }
}

#[test]
fn an_encrypted_member_has_a_row_and_the_others_are_found() {
    let desk = library();
    let clip = wav(excerpt(&song(1, 30), 3.0, 15.0));
    let mut bytes = zip(&[("a.wav", clip.clone()), ("b.wav", clip)]);
    // The first bit of the flags, in the header and in the directory.
    let headers = bytes.windows(4).position(|four| four == b"PK\x03\x04").unwrap();
    bytes[headers + 6] |= 1;
    let directory = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    bytes[directory + 8] |= 1;
    desk.write("dump/x", &bytes);
    let done = desk.run(["scan", "dump"]).ends_with(1);
    assert!(done.stdout.contains("1 not read"), "{done:#?}");
    let found = records(&desk.jsonl());
    assert_eq!(kinds(&found), ["encrypted", ""]);
    assert!(message(&found[0]).contains("password"));
    assert_eq!(found[1].verdict, Verdict::Match);
}

#[test]
fn a_wrong_size_in_a_zip_file_affects_its_member_only() {
    let desk = library();
    let clip = wav(excerpt(&song(1, 30), 3.0, 15.0));
    let members = [("a.wav", b"stored".to_vec()), ("b.wav", clip.clone()), ("c.wav", clip)];
    let whole = zip(&members);
    let directory = whole.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    let second = directory + 46 + 5;
    // Decompressed sizes of b.wav: 0, and 3 GiB.
    for size in [0_u32, 3 << 30] {
        let mut bytes = whole.clone();
        bytes[second + 24..second + 28].copy_from_slice(&size.to_le_bytes());
        let name = format!("size-{size}/x");
        desk.write(&name, &bytes);
        let found = scan(&desk, &name);
        assert_eq!(found.len(), 3, "{found:#?}");
        assert_eq!(record(&found, "c.wav").verdict, Verdict::Match);
        let b = record(&found, "b.wav");
        let kind = &b.failure.as_ref().unwrap_or_else(|| panic!("{b:#?}")).kind;
        assert_eq!(*kind, if size == 0 { FailureKind::Damaged } else { FailureKind::TooLarge });
    }
    // A wrong place.
    let mut bytes = whole;
    bytes[second + 42..second + 46].copy_from_slice(&7_u32.to_le_bytes());
    desk.write("astray/x", &bytes);
    let found = scan(&desk, "astray");
    assert_eq!(record(&found, "b.wav").failure.as_ref().unwrap().kind, FailureKind::Damaged);
    assert_eq!(record(&found, "c.wav").verdict, Verdict::Match);
}

#[test]
fn damage_in_one_block_of_a_7z_file_affects_that_block_only() {
    let desk = library();
    let clip = |seed| wav(excerpt(&song(seed, 30), 3.0, 15.0));
    let members = [("a.wav", clip(1)), ("b.wav", clip(2)), ("c.wav", clip(1))];
    let mut bytes = sevenz(&members, false);
    let half = bytes.len() / 2;
    bytes[half..half + 200].fill(0x55);
    desk.write("dump/x", &bytes);
    let found = scan(&desk, "dump");
    assert_eq!(record(&found, "a.wav").verdict, Verdict::Match);
    assert_eq!(record(&found, "c.wav").verdict, Verdict::Match);
    let b = record(&found, "b.wav");
    assert!(b.failure.is_some() || b.notes[0].contains("damaged"), "{b:#?}");
    let whole = sevenz(&members, true);
    desk.write("cut/x", &whole[..whole.len() - 60]);
    assert_eq!(kinds(&scan(&desk, "cut")), ["container_truncated"]);
}

#[test]
fn random_changes_of_an_archive_give_only_rows() {
    let desk = library();
    let members = pack(&desk, "plain");
    let mut dice = Dice::new(1);
    let mut roll = |below: usize| dice.below(below);
    for (name, whole) in [
        ("tar", tar(&members)),
        ("zip", zip(&members)),
        ("7z", sevenz(&members, true)),
        ("gz", gz(&tar(&members))),
        ("zst", zst(&tar(&members))),
        ("xz", xz(&tar(&members))),
        ("bz2", bz2(&tar(&members))),
        ("rar4", Rar::Four.stored(&members)),
        ("rar5-solid", packed(Rar::Five, &members, true, None).remove(0)),
        ("cpio", cpio(&members, true)),
        ("ar", ar(&members, true)),
        ("warc", warc(&members)),
        ("iso", disc(&members, false)),
        ("cab", cab(&members, true)),
        ("ppmd", zip_by(&members, Method::Ppmd, usize::MAX).remove(0)),
        ("behind", [&b"GIF89a"[..], &sevenz(&members, true)].concat()),
    ] {
        for round in 0..6 {
            let mut bytes = whole.clone();
            for _ in 0..=round * 4 {
                let at =
                    if round % 2 == 0 { roll(bytes.len()) } else { bytes.len() - 1 - roll(400) };
                bytes[at] = roll(256) as u8;
            }
            desk.write(format!("dump/{name}-{round}"), &bytes);
        }
    }
    let done = desk.run(["scan", "--mode", "probe", "dump"]);
    assert!([0, 1, 3].contains(&done.code), "{done:#?}");
    let found = records(&desk.jsonl());
    assert!(kinds(&found).iter().all(|kind| *kind != "panic"), "{found:#?}");
    // Every archive has a row.
    for record in std::fs::read_dir(desk.path("dump")).unwrap() {
        let path = record.unwrap().path().to_str().unwrap().to_owned();
        assert!(found.iter().any(|r| r.item.path.starts_with(&path)), "{path}");
    }
}
