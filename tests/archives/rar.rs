//! RAR archives: stored members in place and across volumes, compressed ones by a process of its own, and what cannot be read.

use leakhound::record::{FailureKind, Verdict};

use super::{kinds, library, message, scan};
use crate::common::rar::{Rar, Said, packed};
use crate::common::{excerpt, gz, pack, record, song, tar, wav, without_place, zip};

const BOTH: [Rar; 2] = [Rar::Four, Rar::Five];

#[test]
fn stored_members_are_read_in_place() {
    let desk = library();
    let expected = without_place(&scan(&desk, "plain"));
    let members = pack(&desk, "plain");
    for rar in BOTH {
        let name = format!("{rar:?}");
        let archive = rar.stored(&members);
        desk.write(format!("{name}/dump"), &archive);
        let found = scan(&desk, &name);
        assert_eq!(without_place(&found), expected, "{name}");
        for record in &found {
            assert_eq!(record.item.containers, "rar");
            let (_, bytes) =
                members.iter().find(|(n, _)| record.item.path.ends_with(n.as_str())).unwrap();
            let at = record.item.offset.unwrap() as usize;
            assert_eq!(&archive[at..at + bytes.len()], &bytes[..]);
        }
        desk.write(format!("{name}-packed/dump"), &gz(&tar(&[("x.rar", &archive)])));
        assert_eq!(without_place(&scan(&desk, &format!("{name}-packed"))), expected, "{name}");
    }
}

#[test]
fn stored_members_are_read_across_volumes_by_either_way_to_name_them() {
    let desk = library();
    let expected = without_place(&scan(&desk, "plain"));
    let members = pack(&desk, "plain");
    let whole: usize = members.iter().map(|(_, bytes)| bytes.len()).sum();
    for rar in BOTH {
        for (case, names) in
            [("new", "d.part1.rar d.part2.rar d.part3.rar"), ("old", "d.rar d.r00 d.r01")]
        {
            let folder = format!("{rar:?}-{case}");
            let volumes = rar.volumes(&members, whole.div_ceil(3));
            for (name, volume) in names.split(' ').zip(&volumes) {
                desk.write(format!("{folder}/{name}"), volume);
            }
            let mut found = scan(&desk, &folder);
            let rows = found.iter().filter(|record| record.item.containers.is_empty()).count();
            assert_eq!(rows, 2, "each later volume has a row: {found:#?}");
            found.retain(|record| !record.item.containers.is_empty());
            assert_eq!(without_place(&found), expected, "{folder}");
            for record in &found {
                desk.run(["extract", &record.item.locator, "--out", "out", "--force"]).ends_with(0);
                let extracted = std::fs::read(desk.path("out")).unwrap();
                assert_eq!(leakhound::base::digest(&extracted), record.item.sha256);
            }
        }
    }
}

#[test]
fn volumes_inside_another_archive_are_read_as_one() {
    let desk = library();
    let expected = without_place(&scan(&desk, "plain"));
    let members = pack(&desk, "plain");
    let whole: usize = members.iter().map(|(_, bytes)| bytes.len()).sum();
    let folder = |names: &str, volumes: &[Vec<u8>]| -> Vec<_> {
        let named = names.split(' ').map(|name| format!("a/{name}")).zip(volumes.to_vec());
        // In any order, and among others.
        let mut all: Vec<_> = named.chain([("a/b.nfo".to_owned(), b"text\n".to_vec())]).collect();
        all.rotate_left(1);
        all
    };
    for rar in BOTH {
        let volumes = rar.volumes(&members, whole.div_ceil(3));
        for names in ["d.part1.rar d.part2.rar d.part3.rar", "d.rar d.r00 d.r01"] {
            let files = folder(names, &volumes);
            let outer = [tar(&files), gz(&tar(&files)), zip(&files), rar.stored(&files)];
            for (number, bytes) in outer.iter().enumerate() {
                let case = format!("{rar:?}-{number}-{}", names.len());
                desk.write(format!("{case}/x"), bytes);
                let mut found = scan(&desk, &case);
                found.retain(|record| record.item.path.contains("/d."));
                let (rows, found): (Vec<_>, Vec<_>) = found.into_iter().partition(|record| {
                    let failure = record.failure.as_ref();
                    failure.is_some_and(|failure| failure.message.contains("is a volume of the"))
                });
                assert_eq!(rows.len(), 2, "{case}: {rows:#?}");
                assert_eq!(without_place(&found), expected, "{case}");
                for record in &found {
                    let out = ["extract", &record.item.locator, "--out", "out", "--force"];
                    desk.run(out).ends_with(0);
                    let extracted = std::fs::read(desk.path("out")).unwrap();
                    assert_eq!(leakhound::base::digest(&extracted), record.item.sha256);
                }
            }
        }
        // Without the first the others are read, and it is named or told.
        let files = folder("d.part2.rar d.part3.rar", &volumes[1..]);
        desk.write(format!("{rar:?}-without/x"), &zip(&files));
        let found = scan(&desk, &format!("{rar:?}-without"));
        // RAR 4 has no numbers: only of a member that begins there it is known.
        let told = |record: &leakhound::record::ItemRecord| {
            let failure = record.failure.as_ref().map(|failure| &failure.message);
            record.notes.iter().chain(failure).any(|text| text.contains("volume before it"))
        };
        assert!(found.iter().any(told), "{found:#?}");
    }
}

#[test]
fn a_missing_volume_is_named_and_the_others_are_read() {
    let desk = library();
    let clip = wav(excerpt(&song(1, 30), 0.0, 15.0));
    let members = [("a.wav", &clip), ("b.wav", &clip), ("c.wav", &clip)];
    for rar in BOTH {
        let volumes = rar.volumes(&members, clip.len() / 2 + clip.len() / 4);
        assert_eq!(volumes.len(), 4);
        let folder = |missing: usize| {
            let folder = format!("{rar:?}-{missing}");
            for (number, volume) in volumes.iter().enumerate().filter(|(n, _)| *n != missing) {
                desk.write(format!("{folder}/d.part{}.rar", number + 1), volume);
            }
            scan(&desk, &folder)
        };
        let names = |missing: &str, rows: &[leakhound::record::ItemRecord]| {
            let is_named = rows.iter().any(|record| {
                record.failure.as_ref().is_some_and(|failure| {
                    failure.kind == FailureKind::ContainerTruncated
                        && failure.message.contains(&format!("{missing} is missing"))
                })
            });
            assert!(is_named, "{missing}: {rows:#?}");
        };
        // The first: `a` lacks its front, which is told, and the others are whole.
        let found = folder(0);
        names("d.part1.rar", &found);
        let a = record(&found, "a.wav");
        assert!(a.notes.iter().any(|note| note.contains("d.part1.rar")), "{a:#?}");
        assert_eq!(record(&found, "b.wav").verdict, Verdict::Match);
        assert_eq!(record(&found, "c.wav").verdict, Verdict::Match);
        // One in the middle.
        let found = folder(1);
        names("d.part2.rar", &found);
        let a = record(&found, "d.part1.rar!/a.wav");
        assert_eq!(a.verdict, Verdict::Match, "of what is there: {a:#?}");
        assert!(a.notes.iter().any(|note| note.contains("d.part2.rar")), "{a:#?}");
        assert_eq!(record(&found, "c.wav").verdict, Verdict::Match);
        // The last.
        let found = folder(3);
        names("d.part4.rar", &found);
        assert_eq!(record(&found, "a.wav").verdict, Verdict::Match);
        assert!(record(&found, "c.wav").notes.iter().any(|note| note.contains("d.part4.rar")));
    }
}

#[test]
fn compressed_members_are_unpacked_alone_solid_and_across_volumes() {
    let desk = library();
    let all = pack(&desk, "plain");
    let two: Vec<_> = all.iter().filter(|(name, _)| name == "b/two.wav").cloned().collect();
    for rar in BOTH {
        for (case, is_solid, volume) in
            [("alone", false, None), ("solid", true, None), ("volumes", true, Some(200_000))]
        {
            let folder = format!("{rar:?}-{case}");
            // The crate writes volumes of RAR 4 with one member only.
            let members = if rar == Rar::Four && volume.is_some() { &two } else { &all };
            for (name, bytes) in members {
                desk.write(format!("{folder}-plain/{name}"), bytes);
            }
            let expected = without_place(&scan(&desk, &format!("{folder}-plain")));
            let volumes = packed(rar, members, is_solid, volume);
            assert_eq!(volumes.len() > 1, volume.is_some(), "{folder}");
            for (number, volume) in volumes.iter().enumerate() {
                desk.write(format!("{folder}/d.part{}.rar", number + 1), volume);
            }
            let mut found = scan(&desk, &folder);
            found.retain(|record| !record.item.containers.is_empty());
            assert_eq!(without_place(&found), expected, "{folder}");
            let two = record(&found, "two.wav");
            assert_eq!(two.verdict, Verdict::Match);
            desk.run(["extract", &two.item.locator, "--out", "out", "--force"]).ends_with(0);
            let extracted = std::fs::read(desk.path("out")).unwrap();
            assert_eq!(leakhound::base::digest(&extracted), two.item.sha256);
        }
    }
}

#[test]
fn damage_in_a_solid_archive_costs_what_follows_it_and_elsewhere_one_member() {
    let desk = library();
    let clip = |from: f64| wav(excerpt(&song(1, 30), from, from + 12.0));
    let members = [("a.wav", clip(0.0)), ("b.wav", clip(5.0)), ("c.wav", clip(10.0))];
    for rar in BOTH {
        for is_solid in [false, true] {
            let mut archive = packed(rar, &members, is_solid, None).remove(0);
            // In the second member, of which each takes about a third.
            let at = archive.len() / 2;
            archive[at..at + 64].fill(0x55);
            let name = format!("{rar:?}-{is_solid}/x");
            desk.write(&name, &archive);
            let found = scan(&desk, &name);
            assert_eq!(found.len(), 3, "{found:#?}");
            assert_eq!(record(&found, "a.wav").verdict, Verdict::Match);
            let told = |name: &str| {
                let record = record(&found, name);
                record.failure.is_some() || record.notes.iter().any(|n| n.contains("damaged"))
            };
            assert!(told("b.wav"), "{found:#?}");
            assert_eq!(told("c.wav"), is_solid, "{found:#?}");
        }
    }
}

#[test]
fn encrypted_members_and_headers_have_rows_with_the_remedy() {
    let desk = library();
    let clip = wav(excerpt(&song(1, 30), 0.0, 12.0));
    let secret = Said { is_encrypted: true, ..Said::default() };
    let folder = Said { is_folder: true, ..Said::default() };
    for rar in BOTH {
        let members = [
            ("d", &[][..], folder),
            ("d/secret.wav", &clip[..], secret),
            ("d/öffen.wav", &clip[..], Said::default()),
        ];
        let name = format!("{rar:?}/x");
        desk.write(&name, &rar.of(&members, usize::MAX).remove(0));
        let found = scan(&desk, &name);
        assert_eq!(found.len(), 2, "{found:#?}");
        let secret = record(&found, "x!/d/secret.wav");
        assert_eq!(secret.failure.as_ref().unwrap().kind, FailureKind::Encrypted);
        assert!(message(secret).contains("password"));
        assert_eq!(record(&found, "x!/d/öffen.wav").verdict, Verdict::Match);
    }
    // A main header whose flags say that the rest is encrypted, and the header of encryption.
    let mut four = Rar::Four.stored(&[("a.wav", &clip)]);
    four[10] |= 0x80;
    let crc = crc32fast::hash(&four[9..20]) as u16;
    four[7..9].copy_from_slice(&crc.to_le_bytes());
    let five =
        [&b"Rar!\x1a\x07\x01\0"[..], &crate::common::rar::header5(4, 0, &[0; 20]), &[9; 500]];
    for (name, bytes) in [("four", four), ("five", five.concat())] {
        desk.write(format!("headers-{name}/x"), &bytes);
        let found = scan(&desk, &format!("headers-{name}"));
        assert_eq!(kinds(&found), ["encrypted"], "{found:#?}");
    }
}

#[test]
fn a_cut_or_damaged_archive_leaves_the_members_before_it_and_one_row() {
    let desk = library();
    let clip = wav(excerpt(&song(1, 30), 0.0, 15.0));
    let members = [("a.wav", &clip), ("b.wav", &clip)];
    for rar in BOTH {
        let whole = rar.stored(&members);
        let name = format!("{rar:?}-cut/x");
        desk.write(&name, &whole[..whole.len() - clip.len() / 4]);
        let found = scan(&desk, &name);
        assert_eq!(kinds(&found), ["container_truncated", "", ""], "{found:#?}");
        assert!(record(&found, "b.wav").notes[0].contains("its container is damaged"));
        let mut damaged = whole.clone();
        // In the second header.
        let at = whole.windows(5).rposition(|window| window == b"b.wav").unwrap();
        damaged[at] ^= 1;
        let name = format!("{rar:?}-damaged/x");
        desk.write(&name, &damaged);
        let found = scan(&desk, &name);
        assert_eq!(kinds(&found), ["container_damaged", ""], "{found:#?}");
        assert_eq!(found[1].verdict, Verdict::Match);
    }
}

#[test]
fn a_member_with_another_checksum_is_told() {
    let desk = library();
    let members = [("a.wav", wav(excerpt(&song(1, 30), 0.0, 12.0)))];
    for rar in BOTH {
        let mut archive = packed(rar, &members, false, None).remove(0);
        // The checksum lies in the header of the member, whose own checksum is made to fit.
        let crc = crc32fast::hash(&members[0].1).to_le_bytes();
        let at = archive.windows(4).position(|window| window == crc).unwrap();
        let header = (7..at).find_map(|begin| {
            let (sum, size) = match rar {
                Rar::Four => {
                    (2, u16::from_le_bytes([archive[begin + 5], archive[begin + 6]]).into())
                }
                Rar::Five => (4, 5 + usize::from(archive[begin + 4])),
            };
            let summed = archive.get(begin + sum..begin + size)?;
            let is = crc32fast::hash(summed).to_le_bytes();
            let fits = archive[begin..].starts_with(&is[..sum]);
            (fits && begin + size > at).then_some((begin, sum, begin + size))
        });
        let (begin, sum, end) = header.unwrap();
        archive[at] ^= 1;
        let is = crc32fast::hash(&archive[begin + sum..end]).to_le_bytes();
        archive[begin..begin + sum].copy_from_slice(&is[..sum]);
        let folder = format!("{rar:?}/x");
        desk.write(&folder, &archive);
        let found = scan(&desk, &folder);
        let told = found[0].notes.iter().any(|note| note.contains("CRC-32"));
        assert!(told, "{found:#?}");
        assert_eq!(found[0].verdict, Verdict::Match);
    }
}

#[test]
fn a_dictionary_that_is_too_large_has_a_row_and_what_goes_on_with_it_too() {
    let desk = library();
    let clip = wav(excerpt(&song(1, 30), 0.0, 12.0));
    let member = |name: &[u8], info: &[u8]| {
        // 40 packed bytes, 1,000 unpacked.
        let body = [&[40, 0, 0xe8, 0x07, 0][..], info, &[1, name.len() as u8], name].concat();
        [&crate::common::rar::header5(2, 2, &body)[..], &[0x55; 40]].concat()
    };
    let mut archive = Rar::Five.stored(&[("a.wav", &clip)]);
    archive.truncate(archive.len() - 8);
    // Method 3 with 4 GiB; method 3 with 128 KiB, solid; a version of the format that does not exist.
    archive.extend(member(b"b.wav", &[0x80, 0x7b]));
    archive.extend(member(b"c.wav", &[0xc0, 0x03]));
    archive.extend(member(b"d.wav", &[0x82, 0x03]));
    archive.extend(crate::common::rar::header5(5, 0, &[0]));
    desk.write("dump/x", &archive);
    let found = scan(&desk, "dump");
    assert_eq!(kinds(&found), ["", "unsupported", "unsupported", "unsupported"], "{found:#?}");
    for (name, words) in [
        ("b.wav", "more than 256 MiB"),
        ("c.wav", "members before it"),
        ("d.wav", "method that is not read here"),
    ] {
        let message = message(record(&found, name));
        assert!(message.contains(words) && message.contains("unpack it"), "{message}");
    }
}
