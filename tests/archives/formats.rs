//! Every kind of archive: members, split archives, archives in archives, names and sizes.

use leakhound::record::{FailureKind, ItemRecord, Verdict};
use leakhound::source::{Locator, To};

use super::{kinds, library, message, scan};
use crate::common::{
    bz2, encode, excerpt, gz, pack, record, records, sevenz, song, tar, tar_header, wav,
    without_place, xz, zip, zst,
};

#[test]
fn members_of_an_archive_are_found_as_in_a_folder() {
    let desk = library();
    let expected = without_place(&scan(&desk, "plain"));
    assert_eq!(expected.iter().filter(|(_, r)| r.verdict == Verdict::Match).count(), 2);
    let members = pack(&desk, "plain");
    let tar = tar(&members);
    for (name, bytes, containers) in [
        ("zip", zip(&members), "zip"),
        ("7z", sevenz(&members, false), "7z"),
        ("7z-solid", sevenz(&members, true), "7z"),
        ("zip-in-tar-gz", gz(&crate::common::tar(&[("a.zip", zip(&members))])), "gzip/tar/zip"),
        ("7z-in-zip", zip(&[("first", b"x".to_vec()), ("a", sevenz(&members, true))]), "zip/7z"),
        ("tar", tar.clone(), "tar"),
        ("tar-gz", gz(&tar), "gzip/tar"),
        ("tar-bz2", bz2(&tar), "bzip2/tar"),
        ("tar-xz", xz(&tar), "xz/tar"),
        ("tar-zst", zst(&tar), "zstd/tar"),
    ] {
        // The format must not be told by the name.
        desk.write(format!("{name}/dump"), &bytes);
        let mut found = scan(&desk, name);
        found.retain(|record| !record.item.path.ends_with("!/first"));
        assert!(found.iter().all(|r| r.item.containers == containers), "{name}: {found:#?}");
        assert_eq!(without_place(&found), expected, "{name}");
        for record in &found {
            let locator: Locator = record.item.locator.parse().unwrap();
            assert_eq!(locator.to_string(), record.item.locator);
            assert_eq!(locator.file, desk.path(format!("{name}/dump")).canonicalize().unwrap());
            assert!(record.item.path.contains("/dump!/"), "{}", record.item.path);
        }
    }
}

#[test]
fn a_split_archive_is_read_as_one() {
    let desk = library();
    let expected = without_place(&scan(&desk, "plain"));
    let members = pack(&desk, "plain");
    let tar = tar(&members);
    for (name, bytes, ending) in [
        ("7z", sevenz(&members, true), ".001 .002 .003 .004"),
        ("zip", zip(&members), ".000 .001 .002 .003"),
        ("tar", tar.clone(), ".part1 .part2 .part3 .part4"),
        ("tar.gz", gz(&tar), "aa ab ac ad"),
        ("tar.xz", xz(&tar), "_az _ba _bb _bc"),
        ("tar.zst", zst(&tar), ".09 .10 .11 .12"),
    ] {
        let size = bytes.len().div_ceil(4);
        for (volume, ending) in bytes.chunks(size).zip(ending.split(' ')) {
            desk.write(format!("{name}-cut/dump.{name}{ending}"), volume);
        }
        let mut found = scan(&desk, &format!("{name}-cut"));
        let later = found.iter().filter(|r| r.item.containers.is_empty()).count();
        assert_eq!(later, 3, "each later part has a row: {found:#?}");
        found.retain(|record| !record.item.containers.is_empty());
        assert_eq!(without_place(&found), expected, "{name}");
        for record in &found {
            assert_eq!(record.item.offset, None, "not an offset in one file: {record:#?}");
            desk.run(["extract", &record.item.locator, "--out", "out", "--force"]).ends_with(0);
            let extracted = std::fs::read(desk.path("out")).unwrap();
            assert_eq!(leakhound::base::digest(&extracted), record.item.sha256);
        }
        let again = scan(&desk, &format!("{name}-cut"));
        assert_eq!(again.len(), found.len() + 3, "an unchanged archive is taken over");
        // A change of a later part is noticed, even if the first is the same.
        let last = ending.rsplit(' ').next().unwrap();
        desk.write(format!("{name}-cut/dump.{name}{last}"), b"no volume of it");
        let damaged = scan(&desk, &format!("{name}-cut"));
        assert!(kinds(&damaged).iter().any(|kind| kind.starts_with("container_")), "{damaged:#?}");
    }
}

#[test]
fn numbered_files_that_are_archives_or_sound_themselves_are_not_joined() {
    let desk = library();
    let members = pack(&desk, "plain");
    let whole = zip(&members);
    // Another download of the same name, and other files beside it.
    desk.write("own/dump.zip.1", &whole);
    desk.write("own/dump.zip.2", &whole);
    desk.write("own/dump.zip.3", &wav(&song(1, 30)));
    desk.write("own/song-01", &wav(&song(2, 30)));
    desk.write("own/song-02", &wav(&song(2, 30)));
    let found = scan(&desk, "own");
    let matches = found.iter().filter(|record| record.verdict == Verdict::Match).count();
    assert_eq!(matches, 2 + 2 + 1 + 2, "{found:#?}");
    // A tar file that was split before a header: its second part is a tar file itself.
    let tar = tar(&members);
    let cut =
        (1..tar.len() / 512).map(|block| 512 * block).filter(|&at| tar[at..].starts_with(b"b/"));
    let cut = cut.min_by_key(|at| at.abs_diff(tar.len() / 2)).unwrap();
    desk.write("cut/dump.tar.001", &tar[..cut]);
    desk.write("cut/dump.tar.002", &tar[cut..]);
    let found = scan(&desk, "cut");
    let matches = found.iter().filter(|record| record.verdict == Verdict::Match).count();
    assert_eq!(matches, 2, "{found:#?}");
}

#[test]
fn the_locator_of_a_member_of_a_plain_tar_file_has_its_place() {
    let desk = library();
    let members = pack(&desk, "plain");
    let archive = desk.write("dump/x.tar", &tar(&members));
    let archive = std::fs::read(archive).unwrap();
    let found = scan(&desk, "dump");
    assert_eq!(found.len(), members.len());
    for (name, bytes) in &members {
        let record = record(&found, &format!("x.tar!/{name}"));
        let locator: Locator = record.item.locator.parse().unwrap();
        let extent = locator.steps[0].extent.unwrap();
        let at = extent.offset as usize;
        assert_eq!(&archive[at..at + extent.length as usize], &bytes[..]);
        assert_eq!(record.item.offset, Some(extent.offset));
    }
}

#[test]
fn the_content_of_a_compressed_file_is_an_item() {
    let desk = library();
    let clip = wav(excerpt(&song(1, 30), 3.0, 18.0));
    desk.write("dump/a", &gz(&clip));
    desk.write("dump/b", &zst(&zst(&clip)));
    desk.write("dump/c", &gz(b"text\n"));
    let found = scan(&desk, "dump");
    let verdicts: Vec<_> = found.iter().map(|r| r.verdict).collect();
    assert_eq!(verdicts, [Verdict::Match, Verdict::Match, Verdict::Failed]);
    assert_eq!(kinds(&found), ["", "", "not_audio"]);
    let steps = |r: &ItemRecord| r.item.locator.parse::<Locator>().unwrap().steps;
    assert_eq!(steps(&found[0])[0].to, To::Packed);
    assert_eq!(found[1].item.containers, "zstd/zstd");
}

#[test]
fn containers_in_containers_are_opened_down_to_a_limit() {
    let desk = library();
    let plain = without_place(&scan(&desk, "plain"));
    let inner = gz(&tar(&pack(&desk, "plain")));
    let outer = zst(&tar(&[("deep/inner.bin", &inner), ("beside.txt", &b"text".to_vec())]));
    desk.write("dump/outer", &outer);
    let found = scan(&desk, "dump");
    assert_eq!(found.len(), plain.len() + 1);
    let deep: Vec<_> = found.iter().filter(|r| r.item.path.contains("!/deep/")).cloned().collect();
    assert_eq!(without_place(&deep), plain);
    assert!(deep.iter().all(|r| r.item.containers == "zstd/tar/gzip/tar"));
    assert!(deep[0].item.path.contains("outer!/deep/inner.bin!/a/"), "{}", deep[0].item.path);

    let mut shell = wav(&song(1, 30));
    for _ in 0..9 {
        shell = gz(&shell);
    }
    desk.write("shells/x", &shell);
    let found = scan(&desk, "shells");
    assert_eq!(kinds(&found), ["container_too_deep"]);
    assert!(message(&found[0]).contains("8 containers"));
}

#[test]
fn names_in_an_archive_are_only_names_and_links_are_not_followed() {
    let desk = library();
    let clip = wav(excerpt(&song(1, 30), 3.0, 15.0));
    let mut archive = tar::Builder::new(Vec::new());
    let mut raw = |name: &[u8], kind: tar::EntryType, link: &str, bytes: &[u8]| {
        let mut header = tar_header(bytes.len() as u64);
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_entry_type(kind);
        header.set_link_name(link).unwrap();
        header.set_cksum();
        archive.append(&header, bytes).unwrap();
    };
    raw(b"../../../etc/passwd", tar::EntryType::Regular, "x", &clip);
    raw(b"/abs.wav", tar::EntryType::Regular, "x", &clip);
    raw(b"twice.wav", tar::EntryType::Regular, "x", &clip);
    raw(b"twice.wav", tar::EntryType::Regular, "x", b"text\n");
    raw(b"\xff\x1b[31m.wav", tar::EntryType::Regular, "x", &clip);
    raw(b"link", tar::EntryType::Symlink, "/etc/passwd", b"");
    raw(b"hard", tar::EntryType::Link, "twice.wav", b"");
    raw(b"pipe", tar::EntryType::Fifo, "x", b"");
    raw(b"folder/", tar::EntryType::Directory, "x", b"");
    let archive = archive.into_inner().unwrap();
    desk.write("dump/x", &archive);
    let done = desk.run(["scan", "dump"]).ends_with(1);
    assert!(!done.stdout.contains('\u{1b}'));
    let found = records(&desk.jsonl());
    assert_eq!(found.len(), 8);
    assert_eq!(record(&found, "x!/../../../etc/passwd").verdict, Verdict::Match);
    assert_eq!(record(&found, "x!//abs.wav").verdict, Verdict::Match);
    let twice: Vec<_> = found.iter().filter(|r| r.item.path.ends_with("twice.wav")).collect();
    assert_eq!(twice.len(), 2);
    assert_ne!(twice[0].item.locator, twice[1].item.locator);
    assert_eq!(
        record(&found, r"\xff\u{1b}[31m.wav".replace(r"\u{1b}", "\u{1b}").as_str()).verdict,
        Verdict::Match
    );
    for name in ["x!/link", "x!/hard", "x!/pipe"] {
        assert_eq!(record(&found, name).failure.as_ref().unwrap().kind, FailureKind::NotAudio);
    }
    assert!(message(record(&found, "x!/link")).contains("link to /etc/passwd"));
}

#[test]
fn names_and_sizes_of_any_kind_of_tar_are_read() {
    let desk = library();
    let clip = wav(excerpt(&song(1, 30), 3.0, 15.0));
    let long = format!("{}/song.wav", "very-long-folder/".repeat(20));
    let mut archive = tar::Builder::new(Vec::new());
    // A GNU long name.
    archive.append_data(&mut tar_header(clip.len() as u64), &long, &clip[..]).unwrap();
    // A name and a size in a PAX header; those in the header itself are wrong.
    let size = clip.len().to_string();
    archive
        .append_pax_extensions([("path", "päx/song.wav".as_bytes()), ("size", size.as_bytes())])
        .unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_path("short").unwrap();
    header.set_size(0);
    header.set_cksum();
    archive.append(&header, &clip[..]).unwrap();
    let mut bytes = archive.into_inner().unwrap();
    bytes.truncate(bytes.len() - 1024);
    // The size in base 256.
    let mut header = tar_header(0);
    header.set_path("base256.wav").unwrap();
    let field = &mut header.as_old_mut().size;
    field.fill(0);
    field[0] = 0x80;
    field[4..].copy_from_slice(&(clip.len() as u64).to_be_bytes());
    header.set_cksum();
    bytes.extend(header.as_bytes());
    bytes.extend(&clip);
    bytes.resize(bytes.len().next_multiple_of(512) + 1024, 0);
    for (name, bytes) in [("plain", bytes.clone()), ("packed", zst(&bytes))] {
        desk.write(format!("dump/{name}"), &bytes);
    }
    let found = scan(&desk, "dump");
    assert_eq!(found.len(), 6, "{found:#?}");
    assert!(found.iter().all(|r| r.verdict == Verdict::Match));
    record(&found, &format!("plain!/{long}"));
    record(&found, "plain!/päx/song.wav");
}

#[test]
fn formats_that_only_ffmpeg_reads_are_read_in_an_archive_too() {
    let desk = library();
    let from = desk.path("plain/a/one.wav");
    std::fs::create_dir_all(desk.path("odd")).unwrap();
    for (name, arguments) in [("a.wv", &[][..]), ("b.wma", &[]), ("c.w64", &[])] {
        encode(&from, &desk.path("odd").join(name), arguments);
    }
    let expected = without_place(&scan(&desk, "odd"));
    assert!(expected.iter().all(|(_, r)| r.verdict == Verdict::Match));
    let archive = tar(&pack(&desk, "odd"));
    for (name, bytes) in [("lying", archive.clone()), ("streamed", gz(&archive))] {
        desk.write(format!("{name}/x"), &bytes);
        assert_eq!(without_place(&scan(&desk, name)), expected, "{name}");
    }
}

#[test]
fn members_of_one_name_in_a_zip_file_are_two_items() {
    let desk = library();
    let clip = wav(excerpt(&song(1, 30), 3.0, 15.0));
    let mut bytes = zip(&[("twice1.wav", clip.clone()), ("twice2.wav", clip)]);
    let name = b"twice2.wav";
    while let Some(at) = bytes.windows(name.len()).position(|window| window == name) {
        bytes[at + 5] = b'1';
    }
    desk.write("dump/x", &bytes);
    let found = scan(&desk, "dump");
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|record| record.verdict == Verdict::Match));
    assert_ne!(found[0].item.locator, found[1].item.locator);
}
