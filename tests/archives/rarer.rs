//! Rarer containers, archives behind programs and pictures, and forms of zip and tar files that few programs write.

use leakhound::record::{FailureKind, Verdict};

use super::{kinds, library, message, scan};
use crate::common::formats::{ar, cab, cpio, disc, lz4, lzip, warc};
use crate::common::rar::Rar;
use crate::common::zips::{Method, zip_by};
use crate::common::{
    excerpt, gz, pack, record, sevenz, song, tar, tar_header, wav, without_place, zip,
};

#[test]
fn members_of_rarer_containers_are_found_as_in_a_folder() {
    let desk = library();
    let expected = without_place(&scan(&desk, "plain"));
    let members = pack(&desk, "plain");
    let tar = tar(&members);
    for (name, bytes, containers) in [
        ("lzip", lzip(&tar), "lzip/tar"),
        ("lz4", lz4(&tar), "lz4/tar"),
        ("newc", cpio(&members, true), "cpio"),
        ("odc", cpio(&members, false), "cpio"),
        ("newc-gz", gz(&cpio(&members, true)), "gzip/cpio"),
        ("gnu-ar", ar(&members, true), "ar"),
        ("bsd-ar", ar(&members, false), "ar"),
        ("ar-gz", gz(&ar(&members, true)), "gzip/ar"),
        ("rock-ridge", disc(&members, false), "iso"),
        ("joliet", disc(&members, true), "iso"),
        ("iso-gz", gz(&disc(&members, true)), "gzip/iso"),
        ("cab", cab(&members, false), "cab"),
        ("mszip", cab(&members, true), "cab"),
        ("warc", warc(&members), "warc"),
        ("warc-gz", gz(&warc(&members)), "gzip/warc"),
        ("zip-lzma", zip_by(&members, Method::Lzma, usize::MAX).remove(0), "zip"),
        ("zip-xz", zip_by(&members, Method::Xz, usize::MAX).remove(0), "zip"),
        ("zip-ppmd", zip_by(&members, Method::Ppmd, usize::MAX).remove(0), "zip"),
    ] {
        desk.write(format!("{name}/dump"), &bytes);
        let found = scan(&desk, name);
        assert!(found.iter().all(|r| r.item.containers == containers), "{name}: {found:#?}");
        assert_eq!(without_place(&found), expected, "{name}");
        for record in found.iter().filter(|record| record.verdict == Verdict::Match) {
            desk.run(["extract", &record.item.locator, "--out", "out", "--force"]).ends_with(0);
            let extracted = std::fs::read(desk.path("out")).unwrap();
            assert_eq!(leakhound::base::digest(&extracted), record.item.sha256, "{name}");
        }
    }
}

#[test]
fn an_archive_behind_a_program_or_a_picture_is_read() {
    let desk = library();
    let expected = without_place(&scan(&desk, "plain"));
    let members = pack(&desk, "plain");
    let stub = [&b"MZ\x90\0"[..], &[0x5a; 9_000]].concat();
    let picture = [&b"\xff\xd8\xff\xe0\0\x10JFIF"[..], &[0x33; 9_000], b"\xff\xd9"].concat();
    for (name, archive, containers) in [
        ("7z", sevenz(&members, true), "7z"),
        ("zip", zip(&members), "zip"),
        ("rar4", Rar::Four.stored(&members), "rar"),
        ("rar5", Rar::Five.stored(&members), "rar"),
    ] {
        for (front, bytes) in [("program", &stub), ("picture", &picture)] {
            let hidden = [&bytes[..], &archive].concat();
            desk.write(format!("{front}-{name}/x"), &hidden);
            let found = scan(&desk, &format!("{front}-{name}"));
            assert!(found.iter().all(|r| r.item.containers == containers), "{name}: {found:#?}");
            assert_eq!(without_place(&found), expected, "{front}, {name}");
            // In a container that lies on disk, and in one that comes as a stream.
            let outer = tar(&[("x.bin", &hidden), ("y.jpg", &picture)]);
            for (case, bytes) in [("lying", outer.clone()), ("streamed", gz(&outer))] {
                let folder = format!("{front}-{name}-{case}");
                desk.write(format!("{folder}/x"), &bytes);
                let mut found = scan(&desk, &folder);
                assert_eq!(
                    record(&found, "y.jpg").failure.as_ref().unwrap().kind,
                    FailureKind::NotAudio
                );
                found.retain(|record| !record.item.path.ends_with("y.jpg"));
                assert_eq!(without_place(&found), expected, "{folder}");
                let two = record(&found, "two.wav");
                desk.run(["extract", &two.item.locator, "--out", "out", "--force"]).ends_with(0);
                let extracted = std::fs::read(desk.path("out")).unwrap();
                assert_eq!(leakhound::base::digest(&extracted), two.item.sha256);
            }
        }
    }
    // Volumes of which the first is a program.
    let whole: usize = members.iter().map(|(_, bytes)| bytes.len()).sum();
    let volumes = Rar::Five.volumes(&members, whole.div_ceil(2));
    desk.write("volumes/x.part1.exe", &[&stub[..], &volumes[0]].concat());
    desk.write("volumes/x.part2.rar", &volumes[1]);
    let mut found = scan(&desk, "volumes");
    found.retain(|record| !record.item.containers.is_empty());
    assert_eq!(without_place(&found), expected);
}

#[test]
fn a_zip_file_that_zip_split_is_read_as_one_and_a_missing_volume_is_named() {
    let desk = library();
    let expected = without_place(&scan(&desk, "plain"));
    let members = pack(&desk, "plain");
    let whole: usize = members.iter().map(|(_, bytes)| bytes.len()).sum();
    let volumes = zip_by(&members, Method::Stored, whole.div_ceil(3));
    let names = ["x.z01", "x.z02", "x.z03", "x.zip"];
    let names: Vec<_> = names[..volumes.len() - 1].iter().chain(&["x.zip"]).collect();
    for (name, volume) in names.iter().zip(&volumes) {
        desk.write(format!("all/{name}"), volume);
        if **name != "x.z02" {
            desk.write(format!("some/{name}"), volume);
        }
    }
    let mut found = scan(&desk, "all");
    let rows = found.iter().filter(|record| record.item.containers.is_empty()).count();
    assert_eq!(rows, volumes.len() - 1, "{found:#?}");
    found.retain(|record| !record.item.containers.is_empty());
    assert_eq!(without_place(&found), expected);
    for record in &found {
        desk.run(["extract", &record.item.locator, "--out", "out", "--force"]).ends_with(0);
        let extracted = std::fs::read(desk.path("out")).unwrap();
        assert_eq!(leakhound::base::digest(&extracted), record.item.sha256);
    }
    let found = scan(&desk, "some");
    let row = record(&found, "/x.zip");
    assert_eq!(row.failure.as_ref().unwrap().kind, FailureKind::ContainerTruncated);
    assert!(message(row).contains("x.z02 is missing"), "{row:#?}");
    assert_eq!(record(&found, "one.wav").verdict, Verdict::Match, "from the first volume");
}

#[test]
fn a_sparse_member_has_zeros_in_its_holes() {
    let desk = library();
    let clip = wav(excerpt(&song(1, 30), 3.0, 15.0));
    // Silence behind the sound: the header of the file states it.
    let hole = 200_000;
    let mut plain = clip.clone();
    plain.extend(vec![0; hole]);
    let bytes = plain.len() - 44;
    plain[4..8].copy_from_slice(&(bytes as u32 + 36).to_le_bytes());
    plain[40..44].copy_from_slice(&(bytes as u32).to_le_bytes());
    let stored = &plain[..clip.len()];
    let size = plain.len().to_string();
    let map = format!("0,{},{size},0", stored.len());
    let mut list = format!("2\n0\n{}\n{size}\n0\n", stored.len()).into_bytes();
    list.resize(512, 0);
    let front = [&list[..], stored].concat();
    let mut archive = tar::Builder::new(Vec::new());
    let mut add = |records: &[(&str, &str)], bytes: &[u8]| {
        let records = records.iter().map(|(key, value)| (*key, value.as_bytes()));
        archive.append_pax_extensions(records).unwrap();
        let mut header = tar_header(bytes.len() as u64);
        header.set_path("GNUSparseFile.1/x").unwrap();
        header.set_cksum();
        archive.append(&header, bytes).unwrap();
    };
    let old =
        [("GNU.sparse.map", &*map), ("GNU.sparse.size", &size), ("GNU.sparse.name", "old.wav")];
    add(&old, stored);
    let new = [
        ("GNU.sparse.major", "1"),
        ("GNU.sparse.minor", "0"),
        ("GNU.sparse.realsize", &size),
        ("GNU.sparse.name", "new.wav"),
    ];
    add(&new, &front);
    add(
        &[("GNU.sparse.map", "5,2,1,1"), ("GNU.sparse.size", "9"), ("GNU.sparse.name", "bad")],
        b"abc",
    );
    let archive = archive.into_inner().unwrap();
    for (name, bytes) in [("lying", archive.clone()), ("streamed", gz(&archive))] {
        desk.write(format!("{name}/x"), &bytes);
        let found = scan(&desk, name);
        assert_eq!(kinds(&found), ["damaged", "", ""], "{found:#?}");
        for wanted in ["old.wav", "new.wav"] {
            let record = record(&found, wanted);
            assert_eq!(record.verdict, Verdict::Match);
            assert_eq!(record.item.sha256, leakhound::base::digest(&plain));
        }
    }
}

#[test]
fn cut_containers_leave_what_came_before_and_one_row() {
    let desk = library();
    let clip = wav(excerpt(&song(1, 30), 0.0, 15.0));
    let members = [("a.wav", &clip), ("b.wav", &clip)];
    for (name, whole) in [
        ("newc", cpio(&members, true)),
        ("odc", cpio(&members, false)),
        ("ar", ar(&members, true)),
        ("warc", warc(&members)),
        ("iso", disc(&members, false)),
        ("cab", cab(&members, false)),
    ] {
        let cut = &whole[..whole.len() - clip.len() / 4];
        desk.write(format!("{name}/x"), cut);
        let found = scan(&desk, name);
        assert_eq!(record(&found, "a.wav").verdict, Verdict::Match, "{name}");
        let row = record(&found, "/x").failure.as_ref().unwrap();
        assert_eq!(row.kind, FailureKind::ContainerTruncated, "{name}: {row:?}");
        let b = record(&found, "b.wav");
        assert!(b.notes.iter().any(|note| note.contains("damaged")), "{name}: {b:#?}");
    }
}
