//! Rarer containers that are made to exhaust the reader.

use leakhound::source::ScanLimits;

use crate::common::formats::{ar, cpio, disc, lz4, lzip, warc};
use crate::common::rar::{Rar, packed};
use crate::common::{gz, tar, walk};

/// Limits that small files meet.
const LOW: ScanLimits = ScanLimits {
    max_ratio: 2,
    ratio_slack_bytes: 1 << 20,
    max_depth: 8,
    max_item_bytes: 1 << 20,
    extra_item_bytes: 1 << 20,
    max_container_bytes: 1 << 20,
    max_members: 100,
    text_slack_bytes: 1 << 16,
    max_directory_bytes: 1 << 20,
    max_footer_bytes: 1 << 20,
    max_page_bytes: 1 << 20,
};

#[test]
fn what_unpacks_to_much_more_than_its_length_is_told() {
    let zeros = vec![0; 20 << 20];
    let limits = ScanLimits { max_item_bytes: 64 << 20, ..LOW };
    for bytes in [lzip(&zeros), lz4(&zeros)] {
        walk(&bytes, limits).says("container_bomb", "unpacks to more than");
    }
}

#[test]
fn members_beyond_the_limit_are_told_in_every_container() {
    let members: Vec<_> = (0..120).map(|n| (format!("{n}"), vec![n as u8; 40])).collect();
    for bytes in [
        cpio(&members, true),
        ar(&members, true),
        warc(&members),
        Rar::Four.stored(&members),
        Rar::Five.stored(&members),
    ] {
        let seen = walk(&bytes, LOW);
        assert_eq!(seen.items.len(), 100);
        seen.says("container_members", "more than 100 members");
    }
}

#[test]
fn a_folder_in_itself_and_files_that_share_their_bytes_are_no_endless_work() {
    let members: Vec<_> = (0..24).map(|n| (format!("{n}.wav"), vec![n as u8; 3_000])).collect();
    let mut image = disc(&members, false);
    let root = 19 * 2_048;
    // Every file is the whole image from its first block on: each overlaps all others.
    let mut at = root;
    while image[at] > 0 {
        let length = usize::from(image[at]);
        if image[at + 25] == 0 {
            image[at + 2..at + 6].fill(0);
            image[at + 10..at + 14].copy_from_slice(&(100_000_u32).to_le_bytes());
        }
        at += length;
    }
    walk(&image, LOW).says("container_bomb", "unpacks to more than");
    // A folder in the root that is the root.
    let mut image = disc(&members[..2], false);
    let at = root + usize::from(image[root]);
    let file = at + usize::from(image[at]);
    image[file + 25] = 2;
    image[file + 2] = 19;
    image[file + 10..file + 14].copy_from_slice(&2_048_u32.to_le_bytes());
    let seen = walk(&image, LOW);
    assert_eq!(seen.items.len(), 1, "{:#?}", seen.rows);
    // A folder that is longer than the image.
    let mut image = disc(&members, false);
    image[16 * 2_048 + 166..16 * 2_048 + 170].copy_from_slice(&(60_u32 << 20).to_le_bytes());
    walk(&image, LOW).says("container_damaged", "folders overlap");
}

#[test]
fn lengths_without_sense_are_damage_or_missing_bytes() {
    let members = [("a.bin", vec![7; 100])];
    let with = |mut bytes: Vec<u8>, old: &str, new: &str| {
        let at = bytes.windows(old.len()).position(|window| window == old.as_bytes()).unwrap();
        bytes.splice(at..at + old.len(), new.bytes());
        bytes
    };
    // The length of the name, and that of the member.
    let cpio = |field: usize| {
        let mut bytes = cpio(&members, true);
        bytes[6 + 8 * field..14 + 8 * field].copy_from_slice(b"FFFFFFFF");
        bytes
    };
    let (name, length) = (cpio(11), cpio(6));
    walk(&name, LOW).says("container_damaged", "header at byte 0");
    walk(&length, LOW).says("container_truncated", "bytes are missing");
    let ar = with(ar(&members, false), "105       ", "9999999999");
    walk(&ar, LOW).says("container_truncated", "bytes are missing");
    let warc = with(warc(&members), "Content-Length: 144", "Content-Length: 18446744073709551615");
    walk(&warc, LOW).says("container_truncated", "bytes are missing");
}

#[test]
fn without_a_program_that_unpacks_compressed_rar_has_a_row_with_the_remedy() {
    let members = [("a.txt", b"text ".repeat(1_000))];
    for rar in [Rar::Four, Rar::Five] {
        let seen = walk(&packed(rar, &members, false, None).remove(0), ScanLimits::default());
        assert!(seen.items.is_empty());
        seen.says("unsupported", "unpack it and scan the folder");
    }
}

#[test]
fn a_program_that_is_too_large_to_be_searched_for_an_archive_is_told() {
    let program = |bytes: usize| [&b"\x7fELF"[..], &vec![0x5a; bytes], b"Rar!"].concat();
    let archive = tar(&[("small", program(1_000)), ("large", program(2 << 20))]);
    let limits = ScanLimits { max_item_bytes: 8 << 20, max_ratio: 10_000, ..LOW };
    let seen = walk(&gz(&archive), limits);
    assert_eq!(seen.items.len(), 1, "{:#?}", seen.items);
    assert_eq!(seen.kinds(), ["container_unsupported"]);
    seen.says("container_unsupported", "more than the 1 MiB of memory");
    // Zeros may begin an image of a disc, but they are none.
    let zeros = gz(&tar(&[("zeros", vec![0; 2 << 20])]));
    assert_eq!(walk(&zeros, limits).items.len(), 1);
    // What lies on disk needs no memory.
    assert_eq!(walk(&archive, limits).items.len(), 2);
}
