//! Archives in a dump: their members are found as in a folder, in every format and with every kind of damage.

use std::time::Duration;

use leakhound::record::{FailureKind, ItemRecord, Verdict};
use leakhound::source::{Locator, To};

use crate::common::{
    Desk, Dice, bz2, encode, excerpt, gz, pack, record, records, sevenz, song, tar, tar_header,
    wav, without_place, xz, zip, zst,
};

/// A catalogue of songs 1 and 2, and a folder `plain` with clips of them, another song, and files that are not sound.
fn library() -> Desk {
    let desk = Desk::with_songs(&[1, 2], 30);
    desk.write_wav("plain/a/one.wav", excerpt(&song(1, 30), 3.0, 18.0));
    desk.write_wav("plain/a/other.wav", &song(5, 15));
    desk.write_wav("plain/b/two.wav", excerpt(&song(2, 30), 10.0, 25.0));
    desk.write("plain/b/notes.txt", b"no music\n");
    desk.write("plain/b/broken.mp3", &[0; 5_000]);
    desk.write("plain/empty.ogg", b"");
    desk
}

fn scan(desk: &Desk, path: &str) -> Vec<ItemRecord> {
    desk.run(["scan", path]);
    records(&desk.jsonl())
}

fn kinds(records: &[ItemRecord]) -> Vec<&str> {
    records.iter().map(|r| r.failure.as_ref().map_or("", |failure| failure.kind.as_str())).collect()
}

fn message(record: &ItemRecord) -> &str {
    &record.failure.as_ref().unwrap_or_else(|| panic!("no failure: {record:#?}")).message
}

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
    desk.write("dump/a.mp3", b"Rar!\x1a\x07\x01\0 and so on");
    let done = desk.run(["scan", "dump"]).ends_with(3);
    assert!(done.stdout.contains("1 not read"), "{done:#?}");
    let found = records(&desk.jsonl());
    assert_eq!(kinds(&found), ["container_unsupported"]);
    assert!(message(&found[0]).contains("RAR"));
}

#[test]
fn an_unchanged_archive_is_taken_over_as_a_whole() {
    let desk = library();
    let members = pack(&desk, "plain");
    let archive = desk.write("dump/x", &gz(&tar(&members)));
    let first = scan(&desk, "dump");
    let done = desk.run(["scan", "dump"]).ends_with(1);
    assert!(done.stdout.contains(&format!("{} items unchanged", members.len())), "{done:#?}");
    assert_eq!(records(&desk.jsonl()), first);
    // A changed archive is read again.
    std::fs::write(archive, gz(&tar(&members[1..]))).unwrap();
    let done = desk.run(["scan", "dump"]);
    assert!(!done.stdout.contains(" unchanged"), "{done:#?}");
    assert_eq!(records(&desk.jsonl()).len(), members.len() - 1);
}

#[test]
fn a_scan_that_was_killed_in_an_archive_continues_there() {
    let desk = library();
    let song = song(1, 30);
    let clip = |i: usize| wav(excerpt(&song, i as f64 / 10.0, i as f64 / 10.0 + 12.0));
    let members: Vec<_> = (0..60).map(|i| (format!("{i:02}.wav"), clip(i))).collect();
    desk.write("dump/x", &zst(&tar(&members)));
    desk.write("dump/y", &tar(&members));
    let start = |home: &str| {
        let mut command =
            desk.command(["--home", home, "--threads", "2", "--quiet", "scan", "dump"]);
        command.spawn().unwrap()
    };
    let copied = std::process::Command::new("cp")
        .arg("-R")
        .arg(desk.path("home"))
        .arg(desk.path("calm"))
        .status();
    assert!(copied.unwrap().success());
    start("calm").wait().unwrap();
    let mut child = start("home");
    std::thread::sleep(Duration::from_millis(700));
    child.kill().unwrap();
    child.wait().unwrap();
    start("home").wait().unwrap();
    let report = |home: &str| {
        desk.run(["--home", home, "report", "--format", "jsonl", "--out", "-"]).ends_with(0).stdout
    };
    assert_eq!(records(&report("home")).len(), 120);
    assert_eq!(report("home"), report("calm"));
}

#[test]
fn any_number_of_threads_finds_the_same_in_an_archive() {
    let desk = library();
    desk.write("dump/x", &zst(&tar(&pack(&desk, "plain"))));
    desk.write("dump/y", &tar(&pack(&desk, "plain")));
    let reports = ["1", "2", "8"].map(|threads| {
        let home = format!("home-{threads}");
        let copied = std::process::Command::new("cp")
            .arg("-R")
            .arg(desk.path("home"))
            .arg(desk.path(&home))
            .status();
        assert!(copied.unwrap().success());
        desk.run(["--home", &home, "--threads", threads, "scan", "dump"]).ends_with(1);
        desk.run(["--home", &home, "report", "--format", "jsonl", "--out", "-"]).stdout
    });
    assert_eq!(reports[0], reports[1]);
    assert_eq!(reports[0], reports[2]);
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
fn a_query_answers_about_the_members_of_an_archive() {
    let desk = library();
    desk.write("x.tar", &tar(&pack(&desk, "plain")));
    let done = desk.run(["query", "x.tar"]).ends_with(1);
    assert!(done.stdout.contains("x.tar!/a/one.wav"), "{done:#?}");
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

#[test]
fn a_locator_leads_back_to_its_item_and_to_its_bytes() {
    let desk = library();
    let members = pack(&desk, "plain");
    desk.write("dump/x.tar", &tar(&members));
    desk.write(
        "dump/y.tgz",
        &gz(&tar(&[("in.zip", zip(&members)), ("in.7z", sevenz(&members, true))])),
    );
    desk.write("dump/z", &gz(&members[0].1));
    desk.run(["scan", "dump"]).ends_with(1);
    let found = records(&desk.jsonl());
    assert_eq!(found.len(), 3 * members.len() + 1);
    for record in &found {
        let locator = record.item.locator.as_str();
        let json = desk.run(["show", "--json", locator]).ends_with(0).stdout;
        assert_eq!(records(&json), std::slice::from_ref(record));
        let shown = desk.run(["show", locator]).ends_with(0).stdout;
        assert!(shown.contains(&record.item.sha256), "{shown}");
        desk.run(["extract", locator, "--out", "out", "--force"]).ends_with(0);
        let bytes = std::fs::read(desk.path("out")).unwrap();
        assert_eq!(leakhound::base::digest(&bytes), record.item.sha256, "{locator}");
    }
    for (locator, words) in [
        (format!("{}!nothing", desk.path("dump/x.tar").display()), "there is nothing at"),
        ("dump/x.tar!a b".to_owned(), "not a locator"),
        ("nowhere!a".to_owned(), "nowhere"),
    ] {
        desk.run(["show", &locator]).ends_with(2).says_in_one_line(&[words]);
        desk.run(["extract", &locator, "--out", "nowhere"]).ends_with(2).says_in_one_line(&[words]);
    }
}

#[test]
fn an_existing_file_is_not_overwritten_without_force_and_the_archive_itself_never() {
    let desk = library();
    let whole = tar(&pack(&desk, "plain"));
    desk.write("x.tar", &whole);
    desk.run(["scan", "x.tar"]).ends_with(1);
    let found = records(&desk.jsonl());
    let locator = found[0].item.locator.as_str();
    desk.write("notes", b"a reviewer's");
    let again = desk.run(["extract", locator, "--out", "notes"]);
    again.ends_with(2).says_in_one_line(&["notes exists", "--force"]);
    desk.run(["extract", locator, "--out", "notes", "--force"]).ends_with(0);
    let onto = desk.run(["extract", locator, "--out", "x.tar", "--force"]);
    onto.ends_with(2).says_in_one_line(&["x.tar contains the item itself"]);
    assert!(std::fs::read(desk.path("x.tar")).unwrap() == whole);
}

#[test]
fn an_inspection_lists_the_items_without_decoding() {
    let desk = library();
    let members = pack(&desk, "plain");
    desk.write("dump/x.tar", &tar(&members));
    desk.write("dump/y.tgz", &gz(&tar(&members)));
    desk.write("dump/z.rar", b"Rar!\x1a\x07\x01\0");
    let done = desk.run(["inspect", "dump"]).ends_with(3);
    let line = |words: &[&str]| {
        let found = done.stdout.lines().any(|line| words.iter().all(|word| line.contains(word)));
        assert!(found, "{words:?}: {}", done.stdout);
    };
    line(&["3 ", "WAV", " tar"]);
    line(&["3 ", "WAV", "gzip/tar"]);
    line(&["1 ", "text", "gzip/tar"]);
    line(&["1 ", "empty"]);
    line(&["not read", "container_unsupported", "RAR"]);
    // Three clips of 15 s, twice, at a quarter of the usual rate.
    line(&["about 0:00:22", "of audio", "full scan", "probe"]);
    assert!(!desk.path("home/results.sqlite").exists(), "nothing was scanned");
}
