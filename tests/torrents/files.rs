//! Which file of which torrent an item is.

use leakhound::record::Integrity::{Damaged, Partial, Unchecked, Verified};
use leakhound::record::Verdict;

use super::{VERSIONS, facts, fixture, scan, shared, standings, torrent, torrent_of, tune};
use crate::common::{gz, record, tar};

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
fn music_with_the_name_of_a_torrent_is_still_scanned() {
    let desk = shared("v1");
    desk.write("dump/hidden.torrent", &tune(1, 12));
    let found = scan(&desk);
    assert_eq!(record(&found, "hidden.torrent").verdict, Verdict::Match);
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
fn an_inspection_names_the_torrents() {
    let desk = shared("hybrid");
    let done = desk.run(["inspect", "dump"]).ends_with(0);
    assert!(done.stdout.contains("a torrent"), "{done:#?}");
    assert!(done.stdout.contains("dump/hybrid.torrent: torrent album (v1 "), "{done:#?}");
}
