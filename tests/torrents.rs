//! Torrents beside their data: which file of which torrent an item is, and whether it has the torrent's hashes. Another client
//! made the torrents (`scripts/torrents`); their data is made here.
#![cfg(feature = "torrent")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use leakhound::record::Integrity::{Damaged, Partial, Unchecked, Unverified, Verified};
use leakhound::record::{FailureKind, Integrity, ItemRecord, TorrentFacts, Verdict};
use sha1::{Digest as _, Sha1};

use crate::common::{Desk, gz, record, records, tar};

const RATE_HZ: u32 = 11_025;
const VERSIONS: [&str; 3] = ["v1", "v2", "hybrid"];

/// The tunes of `scripts/torrents`: three triangle waves at a time, in whole numbers. The generator is that of the script, whose
/// torrents have the hashes of these very bytes.
fn tune(seed: u64, seconds: u32) -> Vec<u8> {
    let mut dice = seed;
    let mut roll = || {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        dice >> 33
    };
    let (mut phases, mut steps) = ([0_u32; 3], [0_u32; 3]);
    let count = seconds * RATE_HZ;
    let mut samples = Vec::new();
    for at in 0..count {
        if at % 1_102 == 0 {
            steps = steps.map(|_| (((200 + roll() % 2_500) << 32) / u64::from(RATE_HZ)) as u32);
        }
        let mut total = 0;
        for (phase, step) in phases.iter_mut().zip(steps) {
            *phase = phase.wrapping_add(step);
            let high = (*phase >> 16) as i32;
            total += (if high < 32_768 { high } else { 65_535 - high }) - 16_384;
        }
        samples.extend(((total >> 2) as i16).to_le_bytes());
    }
    let bytes = samples.len() as u32;
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + bytes).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(RATE_HZ.to_le_bytes());
    wav.extend((RATE_HZ * 2).to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend(bytes.to_le_bytes());
    wav.extend(samples);
    wav
}

fn fixture(version: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/torrents");
    std::fs::read(folder.join(format!("{version}.torrent"))).unwrap()
}

/// A catalogue of tunes 1 and 2, and in `dump` a torrent with its data.
fn shared(version: &str) -> Desk {
    let desk = Desk::new();
    desk.write("masters/one.wav", &tune(1, 12));
    desk.write("masters/two.wav", &tune(2, 12));
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    desk.write(format!("dump/{version}.torrent"), &fixture(version));
    desk.write("dump/album/01 one.wav", &tune(1, 12));
    desk.write("dump/album/02 two.wav", &tune(2, 12));
    desk.write("dump/album/cover.txt", b"no music\n");
    desk.write("dump/album/disc 2/03 other.wav", &tune(3, 12));
    desk
}

fn scan(desk: &Desk) -> Vec<ItemRecord> {
    desk.run(["scan", "dump"]);
    records(&desk.jsonl())
}

fn facts<'a>(found: &'a [ItemRecord], name: &str) -> &'a TorrentFacts {
    let record = record(found, name);
    record.item.torrent.as_ref().unwrap_or_else(|| panic!("no torrent: {record:#?}"))
}

fn standings(found: &[ItemRecord]) -> [Integrity; 2] {
    ["01 one.wav", "02 two.wav"].map(|name| facts(found, name).integrity)
}

#[test]
fn a_match_names_the_file_of_the_torrent_and_is_verified() {
    for version in VERSIONS {
        let desk = shared(version);
        let found = scan(&desk);
        let one = record(&found, "01 one.wav");
        assert_eq!(one.verdict, Verdict::Match, "{version}");
        let facts = facts(&found, "01 one.wav");
        assert_eq!((&*facts.name, &*facts.file), ("album", "album/01 one.wav"));
        assert_eq!((facts.integrity, facts.verified_bytes), (Verified, one.item.size_bytes));
        assert_eq!(standings(&found), [Verified; 2], "{version}");
        // Items without a finding are not compared.
        assert_eq!(self::facts(&found, "03 other.wav").integrity, Unchecked);
        let torrent = record(&found, &format!("{version}.torrent"));
        assert!(torrent.notes[0].contains("4 files of 793,941 bytes"), "{torrent:#?}");
        assert!(torrent.notes[0].contains("4 of the files are here"), "{torrent:#?}");

        let done = desk.run(["scan", "dump"]).ends_with(1);
        assert!(done.stdout.contains("of the torrent album ("), "{done:#?}");
        for format in ["html", "csv"] {
            let report = desk.run(["report", "--format", format, "--out", "-"]).ends_with(0).stdout;
            assert!(report.contains("album/01 one.wav"), "{report}");
        }
        let shown = desk.run(["show", &facts.locator]).ends_with(0).stdout;
        assert!(shown.contains("verified") && shown.contains(&one.item.sha256), "{shown}");
        desk.run(["extract", &facts.locator, "--out", "out"]).ends_with(0);
        assert_eq!(std::fs::read(desk.path("out")).unwrap(), tune(1, 12));
        // It is not a file of another torrent.
        let other = facts.locator.replace(&facts.locator[facts.locator.len() - 30..], "nothing");
        desk.run(["show", &other]).ends_with(2);
    }
}

#[test]
fn one_wrong_byte_is_damage_of_its_file_only() {
    for version in VERSIONS {
        let desk = shared(version);
        let mut bytes = tune(2, 12);
        bytes[150_001] ^= 1;
        desk.write("dump/album/02 two.wav", &bytes);
        let found = scan(&desk);
        assert_eq!(record(&found, "02 two.wav").verdict, Verdict::Match);
        assert_eq!(standings(&found), [Verified, Damaged], "{version}");
        // All pieces but the one with the byte.
        assert_eq!(facts(&found, "02 two.wav").verified_bytes, 264_644 - (16 << 10));
    }
}

#[test]
fn a_file_that_was_fetched_in_part_is_verified_in_part() {
    for version in VERSIONS {
        let desk = shared(version);
        // The second half of one file is missing, that of the other is zeros.
        let mut bytes = tune(2, 12);
        bytes[140_000..].fill(0);
        desk.write("dump/album/01 one.wav", &tune(1, 12)[..140_000]);
        desk.write("dump/album/02 two.wav", &bytes);
        let found = scan(&desk);
        assert_eq!(record(&found, "01 one.wav").verdict, Verdict::Match, "{version}");
        let standings = standings(&found);
        assert_eq!(standings[0], Partial, "{version}");
        // The piece in which the zeros begin is neither zero nor right.
        assert_eq!(standings[1], Damaged, "{version}");
        assert_eq!(facts(&found, "01 one.wav").verified_bytes, 8 * (16 << 10), "{version}");
    }
}

#[test]
fn a_file_that_shares_a_piece_with_one_that_is_missing_is_verified_without_that_piece() {
    for (version, standing) in [("v1", Partial), ("v2", Verified), ("hybrid", Verified)] {
        let desk = shared(version);
        std::fs::remove_file(desk.path("dump/album/02 two.wav")).unwrap();
        let found = scan(&desk);
        assert_eq!(facts(&found, "01 one.wav").integrity, standing, "{version}");
    }
}

#[test]
fn an_unchanged_file_is_compared_again_when_its_neighbours_or_its_torrent_change() {
    let desk = shared("v1");
    std::fs::remove_file(desk.path("dump/album/02 two.wav")).unwrap();
    assert_eq!(facts(&scan(&desk), "01 one.wav").integrity, Partial);
    // The file that it shares a piece with is there now.
    desk.write("dump/album/02 two.wav", &tune(2, 12));
    assert_eq!(facts(&scan(&desk), "01 one.wav").integrity, Verified);
    // The torrent is replaced by another.
    desk.write("dump/v1.torrent", &fixture("v2"));
    assert_eq!(facts(&scan(&desk), "01 one.wav").info_hash, "");
    // Nothing has changed: all is taken over.
    let done = desk.run(["scan", "dump"]).ends_with(1);
    assert!(done.stdout.contains("5 items unchanged"), "{done:#?}");
}

#[test]
fn a_file_longer_than_the_torrent_states_is_damaged() {
    let desk = shared("v2");
    desk.write("dump/album/01 one.wav", &[tune(1, 12), vec![0; 10]].concat());
    assert_eq!(standings(&scan(&desk))[0], Damaged);
}

/// A torrent of version 1, made here.
fn torrent(name: &str, data: &[u8], piece_bytes: usize) -> Vec<u8> {
    bencoded(name, &format!("6:lengthi{}e", data.len()), data, piece_bytes)
}

/// A torrent of version 1 with several files; those in `.pad` are padding.
fn torrent_of(name: &str, files: &[(&str, &[u8])], piece_bytes: usize) -> Vec<u8> {
    let part = |part: &str| format!("{}:{part}", part.len());
    let file = |(path, bytes): &(&str, &[u8])| {
        let attr = if path.starts_with(".pad/") { "4:attr1:p" } else { "" };
        let path: String = path.split('/').map(part).collect();
        format!("d{attr}6:lengthi{}e4:pathl{path}ee", bytes.len())
    };
    let list: String = files.iter().map(file).collect();
    let data: Vec<u8> = files.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
    bencoded(name, &format!("5:filesl{list}e"), &data, piece_bytes)
}

fn bencoded(name: &str, files: &str, data: &[u8], piece_bytes: usize) -> Vec<u8> {
    let pieces: Vec<u8> = data.chunks(piece_bytes).flat_map(Sha1::digest).collect();
    let mut info = format!(
        "d{files}4:name{}:{name}12:piece lengthi{piece_bytes}e6:pieces{}:",
        name.len(),
        pieces.len()
    )
    .into_bytes();
    info.extend(pieces);
    info.push(b'e');
    [&b"d4:info"[..], &info, b"e"].concat()
}

#[test]
fn a_member_of_an_archive_is_verified_by_the_pieces_that_contain_it() {
    let desk = shared("v1");
    let mut archive = tar(&[("a.wav", tune(1, 12)), ("b.wav", tune(2, 12))]);
    desk.write("dump/songs.tar.torrent", &torrent("songs.tar", &archive, 16 << 10));
    let packed = gz(&archive);
    desk.write("dump/songs.tgz.torrent", &torrent("songs.tgz", &packed, 16 << 10));
    archive[400_000] ^= 1;
    desk.write("dump/songs.tar", &archive);
    desk.write("dump/songs.tgz", &packed);
    let found = scan(&desk);
    assert_eq!(facts(&found, "songs.tar!/a.wav").integrity, Verified);
    assert_eq!(facts(&found, "songs.tar!/b.wav").integrity, Damaged);
    // A compressed member is verified by all pieces of its container.
    let packed = facts(&found, "songs.tgz!/a.wav");
    assert_eq!((packed.integrity, &*packed.file), (Verified, "songs.tgz"));
}

#[test]
fn a_member_whose_end_is_missing_is_verified_in_part() {
    let desk = shared("v1");
    let archive = tar(&[("a.wav", tune(1, 12)), ("b.wav", tune(2, 12))]);
    desk.write("dump/songs.tar.torrent", &torrent("songs.tar", &archive, 16 << 10));
    // Up to the last complete piece.
    let there = archive.len() * 7 / 8 / (16 << 10) * (16 << 10);
    desk.write("dump/songs.tar", &archive[..there]);
    let found = scan(&desk);
    assert_eq!(facts(&found, "songs.tar!/a.wav").integrity, Verified);
    assert_eq!(facts(&found, "songs.tar!/b.wav").integrity, Partial);
}

#[test]
fn a_piece_that_cannot_be_compared_leaves_its_file_unverified() {
    let desk = shared("v2");
    // One piece of both files, of which the second is missing.
    let (one, two) = (tune(1, 12), tune(2, 12));
    let pair = torrent_of("pair", &[("a.wav", &one), ("b.wav", &two)], 1 << 20);
    desk.write("dump/pair.torrent", &pair);
    desk.write("dump/pair/a.wav", &one);
    assert_eq!(facts(&scan(&desk), "a.wav").integrity, Unverified);
    desk.write("dump/pair/b.wav", &two);
    desk.write("dump/pair/a.wav", &one);
    assert_eq!(facts(&scan(&desk), "pair/b.wav").integrity, Verified);
}

#[test]
fn paths_of_a_torrent_that_lead_out_are_not_followed() {
    let desk = shared("v1");
    let out = torrent("../../masters/one.wav", &tune(1, 12), 16 << 10);
    desk.write("dump/out.torrent", &out);
    std::os::unix::fs::symlink(desk.path("masters"), desk.path("dump/linked")).unwrap();
    let found = scan(&desk);
    assert_eq!(standings(&found), [Verified; 2]);
    assert!(found.iter().all(|record| !record.item.path.contains("masters/")), "{found:#?}");
}

#[test]
fn an_unreadable_torrent_has_a_row() {
    let desk = Desk::new();
    desk.write("masters/one.wav", &tune(1, 12));
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    desk.write("dump/none.torrent", b"d4:info");
    desk.write("dump/cut.TORRENT", &fixture("hybrid")[..900]);
    desk.write("dump/packed.tar", &tar(&[("in.torrent", b"GIF89a".to_vec())]));
    desk.write("dump/fine.torrent", &fixture("v2"));
    desk.run(["scan", "dump"]).ends_with(3);
    let found = records(&desk.jsonl());
    for name in ["none.torrent", "cut.TORRENT", "packed.tar!/in.torrent"] {
        let failure = record(&found, name).failure.as_ref().unwrap();
        assert_eq!(failure.kind, FailureKind::TorrentUnreadable, "{name}");
        assert!(failure.message.contains("cannot be read as one: "), "{failure:?}");
        assert!(failure.message.contains("fetch it again"), "{failure:?}");
    }
    let fine = record(&found, "fine.torrent");
    assert_eq!(fine.failure.as_ref().unwrap().kind, FailureKind::NotAudio);
    assert!(fine.notes[0].starts_with("torrent album (v2 "), "{fine:#?}");
    // Unchanged, it is not read again.
    let again = desk.run(["scan", "dump"]).ends_with(3);
    assert!(again.stdout.contains("4 items unchanged"), "{again:#?}");

    let done = desk.run(["inspect", "dump"]).ends_with(3);
    assert!(done.stdout.contains("3  not read, torrent_unreadable: "), "{done:#?}");
    assert!(done.stdout.contains("dump/cut.TORRENT: is called a torrent"), "{done:#?}");
    assert!(done.stdout.contains("dump/fine.torrent: torrent album (v2 "), "{done:#?}");
}

#[test]
fn music_with_the_name_of_a_torrent_is_still_scanned() {
    let desk = shared("v1");
    desk.write("dump/hidden.torrent", &tune(1, 12));
    let found = scan(&desk);
    assert_eq!(record(&found, "hidden.torrent").verdict, Verdict::Match);
}

#[test]
fn a_wrong_piece_of_several_files_is_damage_of_none_of_them() {
    for (version, standing) in
        [("v1", [Partial; 2]), ("v2", [Verified, Damaged]), ("hybrid", [Verified, Damaged])]
    {
        let desk = shared(version);
        // The first file ends in the piece in which the second begins.
        let mut bytes = tune(2, 12);
        bytes[1_000] ^= 1;
        desk.write("dump/album/02 two.wav", &bytes);
        assert_eq!(standings(&scan(&desk)), standing, "{version}");
    }
}

#[test]
fn a_neighbour_that_was_not_fetched_is_no_damage() {
    for (version, standing) in [("v1", Partial), ("v2", Verified), ("hybrid", Verified)] {
        let desk = shared(version);
        desk.write("dump/album/02 two.wav", &vec![0; tune(2, 12).len()]);
        let found = scan(&desk);
        assert_eq!(standings(&found), [standing, Unverified], "{version}");
        // An item that cannot be decoded is compared as well.
        assert_eq!(record(&found, "02 two.wav").verdict, Verdict::Failed);
    }
}

#[test]
fn a_wrong_piece_of_one_file_and_its_padding_is_damage() {
    const PIECE_BYTES: usize = 32 << 10;
    let (one, two) = (tune(1, 12), tune(2, 12));
    let padding = vec![0; one.len().next_multiple_of(PIECE_BYTES) - one.len()];
    let mut wrong = one.clone();
    *wrong.last_mut().unwrap() ^= 1;
    for (pad, standing) in [(".pad/1", Damaged), ("no padding", Partial)] {
        let desk = shared("v2");
        let files = [("a.wav", &one[..]), (pad, &padding), ("b.wav", &two)];
        desk.write("dump/set.torrent", &torrent_of("set", &files, PIECE_BYTES));
        desk.write("dump/set/a.wav", &wrong);
        desk.write("dump/set/b.wav", &two);
        let found = scan(&desk);
        assert_eq!(facts(&found, "set/a.wav").integrity, standing, "{pad}");
        assert_eq!(facts(&found, "set/b.wav").integrity, Verified, "{pad}");
        desk.write("dump/set/a.wav", &one);
        let whole = if standing == Damaged { Verified } else { Partial };
        assert_eq!(facts(&scan(&desk), "set/a.wav").integrity, whole, "{pad}");
    }
}

#[test]
fn a_wrong_piece_with_a_block_of_zeros_counts_as_incomplete() {
    const BLOCK: usize = 16 << 10;
    let whole = tune(1, 12);
    let desk = shared("v1");
    // Four blocks per piece; the last piece has less than one, so it is left out.
    let song = whole[..whole.len() - 20_000].to_vec();
    desk.write("dump/song.wav.torrent", &torrent("song.wav", &song, 4 * BLOCK));
    let (last, end) = (3 * 4 * BLOCK, song.len());
    assert_eq!((end - last) / BLOCK, 2);
    for (zeros, wrong, standing, unverified) in [
        (5 * BLOCK..6 * BLOCK, None, Partial, 4 * BLOCK),
        // A wrong byte beside it may be damage, which cannot be told from missing bytes.
        (5 * BLOCK..6 * BLOCK, Some(6 * BLOCK), Partial, 4 * BLOCK),
        // The last block is shorter.
        (last + 2 * BLOCK..end, None, Partial, end - last),
        // Zeros as long as a block, but across two blocks, are damage.
        (5 * BLOCK + 1..6 * BLOCK + 1, None, Damaged, 4 * BLOCK),
    ] {
        let mut bytes = song.clone();
        bytes[zeros].fill(0);
        if let Some(at) = wrong {
            bytes[at] ^= 1;
        }
        desk.write("dump/song.wav", &bytes);
        let found = scan(&desk);
        let facts = facts(&found, "song.wav");
        let verified = (end - unverified) as u64;
        assert_eq!((facts.integrity, facts.verified_bytes), (standing, verified));
    }
}

#[test]
fn of_several_torrents_over_the_same_data_a_record_names_the_best() {
    let desk = shared("v1");
    let (two, other, cover) = (tune(2, 12), tune(3, 12), b"no music\n");
    let mut wrong = tune(1, 12);
    wrong[100_000] ^= 1;
    let mut files = [
        ("01 one.wav", &wrong[..]),
        ("02 two.wav", &two),
        ("cover.txt", cover),
        ("disc 2/03 other.wav", &other),
    ];
    // The first by name; a torrent of this one file has the nearer data.
    desk.write("dump/a.torrent", &torrent_of("album", &files, 16 << 10));
    desk.write("dump/album/0.torrent", &torrent("01 one.wav", &wrong, 16 << 10));
    let found = scan(&desk);
    let one = facts(&found, "01 one.wav");
    assert_eq!((one.integrity, one.others), (Verified, 2));
    assert!(one.locator.contains("dump/v1.torrent"), "{one:#?}");
    assert!(one.describe().ends_with("; torrents beside it that fit no better: 2"), "{one:#?}");
    let two = facts(&found, "02 two.wav");
    // Of equal ones the first.
    assert_eq!((two.integrity, two.others), (Verified, 1));
    assert!(two.locator.contains("dump/a.torrent"), "{two:#?}");
    let other = facts(&found, "03 other.wav");
    assert_eq!((other.integrity, other.others), (Unchecked, 1));
    assert!(other.locator.contains("dump/a.torrent"), "{other:#?}");

    // The file is compared again when a torrent is added, changed or removed.
    std::fs::remove_file(desk.path("dump/v1.torrent")).unwrap();
    let found = scan(&desk);
    let one = facts(&found, "01 one.wav");
    assert_eq!((one.integrity, one.others), (Damaged, 1));
    assert!(one.locator.contains("dump/album/0.torrent"), "{one:#?}");
    // An item that cannot be decoded names the best torrent as well.
    let broken = [b"no music at all ".repeat(5_000), vec![1; 7]].concat();
    files[1].1 = &broken;
    desk.write("dump/album/02 two.wav", &broken);
    desk.write("dump/z.torrent", &torrent_of("album", &files, 16 << 10));
    let found = scan(&desk);
    let two = facts(&found, "02 two.wav");
    assert_eq!((record(&found, "02 two.wav").verdict, two.integrity), (Verdict::Failed, Verified));
    assert!(two.locator.contains("dump/z.torrent"), "{two:#?}");
    assert_eq!((facts(&found, "01 one.wav").integrity, two.others), (Damaged, 1));
}

#[test]
fn a_torrent_with_two_files_counts_once() {
    let desk = shared("hybrid");
    desk.write("dump/copy.torrent", &fixture("hybrid"));
    let found = scan(&desk);
    assert_eq!(facts(&found, "01 one.wav").others, 0);
    assert!(facts(&found, "01 one.wav").locator.contains("dump/copy.torrent"));
}

#[test]
fn an_unfinished_file_is_a_file_of_the_torrent() {
    for version in VERSIONS {
        let desk = shared(version);
        let folder = desk.path("dump/album");
        let rename = |from: &str, to: &str| {
            std::fs::rename(folder.join(from), folder.join(to)).unwrap();
        };
        let mut bytes = tune(1, 12);
        bytes[8 * (16 << 10)..].fill(0);
        desk.write("dump/album/01 one.wav", &bytes);
        rename("01 one.wav", "01 one.wav.!qB");
        rename("02 two.wav", "02 two.wav.!ut");
        desk.write("dump/solo.wav.torrent", &torrent("solo.wav", &tune(1, 12), 16 << 10));
        desk.write("dump/solo.wav.part", &tune(1, 12));
        let found = scan(&desk);
        let one = facts(&found, "01 one.wav.!qB");
        assert_eq!((one.integrity, &*one.file), (Partial, "album/01 one.wav"), "{version}");
        assert_eq!(one.verified_bytes, 8 * (16 << 10), "{version}");
        let two = facts(&found, "02 two.wav.!ut");
        let standing = if version == "v1" { Partial } else { Verified };
        assert_eq!((two.integrity, &*two.file), (standing, "album/02 two.wav"), "{version}");
        assert_eq!(facts(&found, "solo.wav.part").integrity, Verified, "{version}");
        let torrent = record(&found, &format!("{version}.torrent"));
        assert!(torrent.notes[0].contains("4 of the files are here"), "{torrent:#?}");
        let shown = desk.run(["show", &one.locator]).ends_with(0).stdout;
        assert!(shown.contains("01 one.wav.!qB"), "{shown}");

        // Beside the finished file it is not a file of the torrent.
        desk.write("dump/album/01 one.wav", &tune(1, 12));
        let found = scan(&desk);
        assert_eq!(facts(&found, "01 one.wav").integrity, Verified, "{version}");
        assert!(record(&found, "01 one.wav.!qB").item.torrent.is_none(), "{version}");
        // The neighbour is compared again.
        assert_eq!(facts(&found, "02 two.wav.!ut").integrity, Verified, "{version}");
    }
}

#[test]
fn a_hybrid_torrent_verifies_only_what_both_versions_agree_on() {
    let desk = shared("hybrid");
    let mut forged = fixture("hybrid");
    let at = forged.windows(8).position(|key| key == b"6:pieces").unwrap();
    let colon = at + 8 + forged[at + 8..].iter().position(|&byte| byte == b':').unwrap();
    forged[colon + 1] ^= 1;
    desk.write("dump/hybrid.torrent", &forged);
    let found = scan(&desk);
    assert_eq!(standings(&found), [Partial, Verified]);
    assert_eq!(facts(&found, "01 one.wav").verified_bytes, 264_644 - (16 << 10));
}

#[test]
fn a_member_is_judged_by_its_own_bytes() {
    let desk = shared("v2");
    let archive = tar(&[("a.wav", tune(1, 12)), ("b.wav", tune(2, 12))]);
    desk.write("dump/songs.tar.torrent", &torrent("songs.tar", &archive, 16 << 10));
    // Longer than stated: members of the torrent are verified, an added one is not.
    let added = tar(&[("c.wav", tune(1, 12))]);
    let members = 2 * (512 + tune(1, 12).len().next_multiple_of(512));
    desk.write("dump/songs.tar", &[&archive[..members], &added].concat());
    let found = scan(&desk);
    assert_eq!(facts(&found, "songs.tar!/a.wav").integrity, Verified);
    // Its last piece contains the end of the archive, which differs.
    assert_eq!(facts(&found, "songs.tar!/c.wav").integrity, Damaged);

    // Shorter than stated: a member is not verified by a part of it.
    desk.write("dump/songs.tar", &archive[..members - 100_000]);
    let found = scan(&desk);
    assert_eq!(facts(&found, "songs.tar!/a.wav").integrity, Verified);
    assert_eq!(facts(&found, "songs.tar!/b.wav").integrity, Partial);
}

#[test]
fn an_empty_file_need_not_be_on_disk() {
    let desk = shared("v2");
    let (one, two) = (tune(1, 12), tune(2, 12));
    let files = [("a.wav", &one[..]), ("empty", &[]), ("b.wav", &two)];
    desk.write("dump/set.torrent", &torrent_of("set", &files, 16 << 10));
    desk.write("dump/set/a.wav", &one);
    desk.write("dump/set/b.wav", &two);
    let found = scan(&desk);
    assert_eq!(facts(&found, "set/a.wav").integrity, Verified);
    assert_eq!(facts(&found, "set/b.wav").integrity, Verified);
}

#[test]
fn a_link_out_of_the_torrent_is_not_compared() {
    let desk = shared("v2");
    let longer = [tune(1, 12), vec![0; 10]].concat();
    desk.write("dump/sub/solo.torrent", &torrent("solo.wav", &tune(1, 12), 16 << 10));
    desk.write("dump/elsewhere.wav", &longer);
    std::os::unix::fs::symlink("../elsewhere.wav", desk.path("dump/sub/solo.wav")).unwrap();
    let found = scan(&desk);
    assert_eq!(facts(&found, "sub/solo.wav").integrity, Unverified);
}

#[test]
fn an_inspection_names_the_torrents() {
    let desk = shared("hybrid");
    let done = desk.run(["inspect", "dump"]).ends_with(0);
    assert!(done.stdout.contains("a torrent"), "{done:#?}");
    assert!(done.stdout.contains("dump/hybrid.torrent: torrent album (v1 "), "{done:#?}");
}

/// A value of bencode (BEP 3), read by a parser of the tests.
#[derive(Debug)]
enum Value<'a> {
    Number(i64),
    Bytes(&'a [u8]),
    List(Vec<Value<'a>>),
    /// Each value with the bytes that encode it.
    Dictionary(BTreeMap<&'a [u8], (Value<'a>, &'a [u8])>),
}

impl<'a> Value<'a> {
    fn read(bytes: &mut &'a [u8]) -> Self {
        let end = |mark: u8, bytes: &[u8]| bytes.iter().position(|&byte| byte == mark).unwrap();
        match bytes[0] {
            b'i' => {
                let at = end(b'e', bytes);
                let number = std::str::from_utf8(&bytes[1..at]).unwrap().parse().unwrap();
                *bytes = &bytes[at + 1..];
                Self::Number(number)
            }
            b'l' => {
                *bytes = &bytes[1..];
                let mut list = Vec::new();
                while bytes[0] != b'e' {
                    list.push(Self::read(bytes));
                }
                *bytes = &bytes[1..];
                Self::List(list)
            }
            b'd' => {
                *bytes = &bytes[1..];
                let mut map = BTreeMap::new();
                while bytes[0] != b'e' {
                    let Self::Bytes(key) = Self::read(bytes) else { panic!("no key") };
                    let before = *bytes;
                    let value = Self::read(bytes);
                    map.insert(key, (value, &before[..before.len() - bytes.len()]));
                }
                *bytes = &bytes[1..];
                Self::Dictionary(map)
            }
            _ => {
                let at = end(b':', bytes);
                let length: usize = std::str::from_utf8(&bytes[..at]).unwrap().parse().unwrap();
                let text = &bytes[at + 1..at + 1 + length];
                *bytes = &bytes[at + 1 + length..];
                Self::Bytes(text)
            }
        }
    }

    fn get(&self, key: &str) -> Option<&Self> {
        let Self::Dictionary(map) = self else { return None };
        map.get(key.as_bytes()).map(|(value, _)| value)
    }

    fn bytes(&self) -> &'a [u8] {
        let Self::Bytes(bytes) = self else { panic!("{self:?}") };
        bytes
    }

    fn number(&self) -> i64 {
        let Self::Number(number) = self else { panic!("{self:?}") };
        *number
    }
}

fn hex(bytes: &[u8]) -> String {
    leakhound::base::hex(bytes)
}

#[test]
fn libtorrent_and_the_parser_of_the_tests_agree_on_a_torrent() {
    for version in VERSIONS {
        let torrent = fixture(version);
        let Value::Dictionary(root) = Value::read(&mut &torrent[..]) else { panic!() };
        let (info, raw) = &root[&b"info"[..]];
        let read = libtorrent_sys::parse(&torrent, libtorrent_sys::Limits::default()).unwrap();
        assert_eq!(read.name, info.get("name").unwrap().bytes());
        assert_eq!(i64::from(read.piece_length), info.get("piece length").unwrap().number());
        let has_v1 = version != "v2";
        let v1 = if has_v1 { hex(&Sha1::digest(raw)) } else { String::new() };
        let v2 = if version == "v1" { String::new() } else { leakhound::base::digest(raw) };
        assert_eq!((hex(&read.info_hash_v1), hex(&read.info_hash_v2)), (v1, v2), "{version}");
        if has_v1 {
            assert_eq!(read.pieces, info.get("pieces").unwrap().bytes());
            let Some(Value::List(files)) = info.get("files") else { panic!() };
            assert_eq!(files.len(), read.files.len());
            for (file, read) in files.iter().zip(&read.files) {
                assert_eq!(file.get("length").unwrap().number() as u64, read.length);
                let is_padding = file.get("attr").is_some_and(|attr| attr.bytes().contains(&b'p'));
                assert_eq!(is_padding, read.is_padding);
            }
            assert_eq!(version == "hybrid", read.files.iter().any(|file| file.is_padding));
        }
        if version != "v1" {
            let tree = info.get("file tree").unwrap();
            let leaf = tree.get("01 one.wav").unwrap().get("").unwrap();
            let one = read.files.iter().find(|file| file.path == b"album/01 one.wav").unwrap();
            assert_eq!(one.root, leaf.get("pieces root").unwrap().bytes());
            let Value::Dictionary(layers) = &root[&b"piece layers"[..]].0 else { panic!() };
            assert_eq!(one.layer, layers[&one.root[..]].0.bytes());
            assert_eq!(one.layer.len(), 17 * 32);
        }
    }
}

#[test]
fn a_scan_of_torrents_opens_no_socket() {
    let desk = shared("hybrid");
    let log = desk.path("calls");
    let status = Command::new("strace")
        .args(["-f", "-e", "trace=%network", "-o"])
        .arg(&log)
        .arg(env!("CARGO_BIN_EXE_leakhound"))
        .args(["--home"])
        .arg(desk.path("home"))
        .args(["scan", "-q"])
        .arg(desk.path("dump"))
        .status()
        .unwrap_or_else(|error| panic!("strace cannot be run ({error}): install strace"));
    assert_eq!(status.code(), Some(1), "something is found");
    let calls = std::fs::read_to_string(log).unwrap();
    assert!(calls.contains("exited with 1"), "{calls}");
    // Without a socket nothing can be connected, bound or sent. Local pairs are made by another call, `socketpair`.
    assert!(!calls.contains(" socket("), "{calls}");
}
