//! Containers that are made to exceed limits or to hide members: each gets rows that say so.
//!
//! They are walked by the library, with limits so low that small files meet them.

use std::io::Read as _;

use leakhound::record::FailureKind;
use leakhound::source::{Dump, Folders, Found, Locator, ScanLimits, Source as _, find};
use parquet::data_type::{ByteArrayType, FloatType, Int64Type};

use crate::common::parquet::{column, table};
use crate::common::{
    Desk, Dice, Seen, gz, records, sevenz, tar, tar_header, tar_sparse, walk, zip, zst,
};

#[test]
fn overlapping_members_of_a_zip_file_are_read_once() {
    let whole = zip(&[("a.bin", vec![7; 10_000])]);
    let at = |mark: &[u8]| whole.windows(4).position(|four| four == mark).unwrap();
    let (directory, end) = (at(b"PK\x01\x02"), at(b"PK\x05\x06"));
    let mut bytes = whole[..directory].to_vec();
    for letter in b'a'..=b'z' {
        let mut entry = whole[directory..end].to_vec();
        entry[46] = letter;
        bytes.extend(entry);
    }
    let length = (bytes.len() - directory) as u32;
    let mut tail = whole[end..].to_vec();
    tail[8..10].copy_from_slice(&26_u16.to_le_bytes());
    tail[10..12].copy_from_slice(&26_u16.to_le_bytes());
    tail[12..16].copy_from_slice(&length.to_le_bytes());
    bytes.extend(tail);
    let seen = walk(&bytes, ScanLimits::default());
    assert_eq!(seen.items.len(), 1);
    seen.says("container_damaged", "members that overlap");
}

#[test]
fn two_entries_of_one_name_at_one_place_are_two_items() {
    let whole = zip(&[("a.bin", vec![7; 10_000])]);
    let at = |mark: &[u8]| whole.windows(4).position(|four| four == mark).unwrap();
    let (directory, end) = (at(b"PK\x01\x02"), at(b"PK\x05\x06"));
    // The second entry states a shorter length. Found by tests/fuzz.rs, seed 7, round 52149.
    let mut again = whole[directory..end].to_vec();
    again[20..24].copy_from_slice(&10_u32.to_le_bytes());
    again[24..28].copy_from_slice(&10_u32.to_le_bytes());
    let mut tail = whole[end..].to_vec();
    tail[8..12].copy_from_slice(&[2, 0, 2, 0]);
    tail[12..16].copy_from_slice(&(2 * (end - directory) as u32).to_le_bytes());
    let bytes = [&whole[..end], &again, &tail].concat();
    let seen = walk(&bytes, ScanLimits::default());
    assert_eq!(seen.items.len(), 2, "{:#?}", seen.rows);
    assert_ne!(seen.items[0].place.locator.key(), seen.items[1].place.locator.key());
    for item in &seen.items {
        let Found::Item(found) = find(&item.place.locator, ScanLimits::default()).unwrap() else {
            panic!("{} leads nowhere", item.place.locator)
        };
        assert_eq!(found.size_bytes, item.size_bytes);
    }
}

#[test]
fn holes_of_sparse_members_count_as_decompressed_bytes() {
    let mut bytes = Vec::new();
    for _ in 0..10 {
        bytes.extend_from_slice(tar_sparse("hole", (1 << 20, 0), 1 << 20).as_bytes());
    }
    bytes.extend([0; 1024]);
    let limits = ScanLimits { ratio_slack_bytes: 2 << 20, ..ScanLimits::default() };
    let seen = walk(&bytes, limits);
    assert_eq!(seen.kinds(), ["container_bomb"]);
    assert!((2..=4).contains(&seen.items.len()), "{}", seen.items.len());
    // Members of one name are different items.
    let mut keys: Vec<_> = seen.items.iter().map(|item| item.place.locator.key()).collect();
    keys.dedup();
    assert_eq!(keys.len(), seen.items.len());
}

#[test]
fn a_directory_that_is_too_long_is_not_read_into_memory() {
    let members: Vec<_> = (0..400).map(|n| (format!("{n}.bin"), vec![1; 10])).collect();
    let limits = ScanLimits { max_directory_bytes: 2 << 10, ..ScanLimits::default() };
    let seen = walk(&sevenz(&members, true), limits);
    assert!(seen.items.is_empty());
    assert_eq!(seen.rows.len(), 1);
    let limits = ScanLimits { max_footer_bytes: 10, ..ScanLimits::default() };
    walk(&lists(3, 1), limits).says("container_unsupported", "directory");
}

/// A table of rows with this many equal samples each.
fn lists(rows: usize, samples: usize) -> Vec<u8> {
    let schema = "message schema { optional group audio {
        optional group array (LIST) { repeated group list { optional float element; } }
        optional int64 sampling_rate; } }";
    table(schema, 1, &mut |_, group| {
        let mut repetitions = vec![1; samples];
        repetitions[0] = 0;
        let repetitions = repetitions.repeat(rows);
        let values = vec![0.5; samples * rows];
        column::<FloatType>(group, &values, &vec![4; values.len()], Some(&repetitions));
        column::<Int64Type>(group, &vec![8_000; rows], &vec![2; rows], None);
    })
}

#[test]
fn a_list_of_a_few_bytes_that_repeats_one_sample_a_million_times_is_refused() {
    let bytes = lists(2, 1 << 20);
    assert!(bytes.len() < 50_000, "{}", bytes.len());
    assert_eq!(walk(&bytes, ScanLimits::default()).items.len(), 2);
    let limits = ScanLimits { max_item_bytes: 1 << 20, ..ScanLimits::default() };
    walk(&bytes, limits).says("container_damaged", "a list has more than 262144 values");
    let limits = ScanLimits { max_ratio: 1, ratio_slack_bytes: 10, ..ScanLimits::default() };
    assert_eq!(walk(&bytes, limits).kinds(), ["container_bomb"]);
}

#[test]
fn empty_rows_of_a_table_count_as_members() {
    let schema = "message schema { optional group audio { optional binary bytes; } }";
    let bytes =
        table(schema, 1, &mut |_, rows| column::<ByteArrayType>(rows, &[], &[0; 5_000], None));
    let limits = ScanLimits { max_members: 1_000, ..ScanLimits::default() };
    assert_eq!(walk(&bytes, limits).kinds(), ["container_members"]);
    // Empty cells have no rows of their own; the table has one.
    assert_eq!(walk(&bytes, ScanLimits::default()).kinds(), ["container_empty"]);
}

#[test]
fn each_container_that_is_not_read_has_a_row_with_the_remedy() {
    for (head, what, remedy) in [
        (&b"\x89HDF\r\n\x1a\n"[..], "an HDF5 file", "write the sound in it to files"),
        (b"FEA1", "a Feather table of version 1", "write it again"),
        (b"ORC\x0a\x03", "an ORC table", "as Parquet"),
        (b"Obj\x01\x04\x14avro.codec", "an Avro file", "as Parquet"),
        (b"\x80\x04\x95\x2a\0\0\0\0\0\0\0}", "a pickle", "runs the code"),
        (b"\x80\x02}q\0(X", "a pickle", "runs the code"),
        (b"PARE\x15\x04", "an encrypted Parquet table", "without encryption"),
        (b"\x1f\x9d\x90", "a compress file", "unpack it"),
        (b"xar!\0\x1c", "a xar archive", "unpack it"),
    ] {
        let bytes = [head, &[0; 2_000]].concat();
        for bytes in [gz(&tar(&[("x", &bytes)])), bytes] {
            let seen = walk(&bytes, ScanLimits::default());
            assert_eq!((seen.items.len(), seen.rows.len()), (0, 1));
            seen.says("container_unsupported", what);
            seen.says("container_unsupported", remedy);
        }
    }
}

#[test]
fn an_image_of_a_disc_without_its_descriptors_is_a_row() {
    let mut bytes = vec![0; 40_000];
    bytes[32_768..32_774].copy_from_slice(b"\x01CD001");
    let seen = walk(&bytes, ScanLimits::default());
    assert!(seen.items.is_empty());
    seen.says("container_damaged", "blocks");
}

/// A zip file whose end states this number of entries.
fn counting(whole: &[u8], count: u16) -> Vec<u8> {
    let end = whole.windows(4).rposition(|four| four == b"PK\x05\x06").unwrap();
    let mut bytes = whole.to_vec();
    bytes[end + 8..end + 10].copy_from_slice(&count.to_le_bytes());
    bytes[end + 10..end + 12].copy_from_slice(&count.to_le_bytes());
    bytes
}

#[test]
fn members_that_a_zip_file_does_not_count_or_name_are_reported() {
    let members = [("a.bin", vec![7; 100]), ("b.bin", vec![8; 100]), ("c.bin", vec![9; 100])];
    let whole = zip(&members);
    assert!(walk(&whole, ScanLimits::default()).rows.is_empty());
    let seen = walk(&counting(&whole, 2), ScanLimits::default());
    assert_eq!(seen.items.len(), 2);
    seen.says("container_damaged", "more members than the 2");
    // Two archives in one file: programs read the last.
    let seen = walk(&[zip(&members[..1]), whole].concat(), ScanLimits::default());
    assert_eq!(seen.items.len(), 3);
    seen.says("container_damaged", "members that its directory does not name");
}

#[test]
fn a_folder_or_link_in_a_zip_file_that_has_bytes_is_read_as_a_file() {
    let song = b"fLaC and so on".repeat(500);
    let seen = walk(&zip(&[("song.flac/", &song)]), ScanLimits::default());
    assert_eq!(seen.items.len(), 1, "{:#?}", seen.rows);
    let mut header = tar_header(song.len() as u64);
    header.set_path("song.flac").unwrap();
    header.set_entry_type(tar::EntryType::new(b'Z'));
    header.set_cksum();
    let mut bytes = [header.as_bytes(), &song[..]].concat();
    bytes.resize(bytes.len().next_multiple_of(512) + 1_024, 0);
    let seen = walk(&bytes, ScanLimits::default());
    assert_eq!((seen.items.len(), seen.rows.len()), (1, 0), "{:#?}", seen.rows);
}

#[test]
fn a_tar_file_may_end_with_a_hole_and_damaged_holes_in_pax_records_are_reported() {
    let bytes = [tar_sparse("hole", (1 << 20, 0), 1 << 20).as_bytes(), &[0; 1_024][..]].concat();
    assert!(walk(&bytes, ScanLimits::default()).rows.is_empty());
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_pax_extensions([("GNU.sparse.major", &b"1"[..])]).unwrap();
    let mut header = tar_header(3);
    archive.append_data(&mut header, "GNUSparseFile.0/song.m4a", &b"1\n0"[..]).unwrap();
    let seen = walk(&archive.into_inner().unwrap(), ScanLimits::default());
    assert!(seen.items.is_empty());
    seen.says("damaged", "is damaged in its container");
}

#[test]
fn a_compressed_text_in_an_archive_is_limited_by_its_own_length() {
    let text = zst("{\"a\": 1}\n".repeat(1_000_000).as_bytes());
    let bytes = tar(&[("a.jsonl.zst", &text), ("b.jsonl.zst", &text)]);
    let seen = walk(&bytes, ScanLimits::default());
    assert_eq!(seen.items.len(), 2);
    for item in &seen.items {
        let mut plain = Vec::new();
        assert!(item.bytes.stream().unwrap().read_to_end(&mut plain).is_err());
        assert!(plain.len() < (1 << 20) + 101 * text.len() + (1 << 17), "{}", plain.len());
    }
}

#[test]
fn a_compressed_file_that_is_damaged_in_its_first_bytes_has_a_row() {
    let mut noise = vec![0; 700];
    let mut dice = Dice::new(1);
    for byte in &mut noise {
        *byte = dice.below(256) as u8;
    }
    noise[..4].copy_from_slice(b"OggS");
    let whole = gz(&noise);
    let seen = walk(&whole[..whole.len() - 60], ScanLimits::default());
    assert!(seen.items[0].notes[0].contains("its container is damaged"), "{:?}", seen.items);
}

#[test]
fn a_name_that_is_too_long_is_cut_and_stays_unique() {
    let long = "n".repeat(10_000);
    let bytes = tar(&[(format!("{long}a"), b"1"), (format!("{long}b"), b"2")]);
    for bytes in [bytes.clone(), gz(&bytes)] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x");
        std::fs::write(&file, &bytes).unwrap();
        let mut seen = Seen::default();
        let folders = Folders::new(std::slice::from_ref(&file)).unwrap();
        let _ = Dump::new(folders, ScanLimits::default()).walk(&mut seen);
        assert_eq!(seen.items.len(), 2);
        let names: Vec<_> = seen.items.iter().map(|item| item.place.locator.name()).collect();
        assert!(names[0] != names[1] && names[0].len() == 4_096);
        for item in &seen.items {
            let found = find(&item.place.locator, ScanLimits::default()).unwrap();
            let Found::Item(found) = found else { panic!("{found:?}") };
            assert_eq!(found.place.locator, item.place.locator);
        }
    }
}

#[test]
fn a_locator_with_another_name_finds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x");
    std::fs::write(&file, tar(&[("a.wav", b"12345")])).unwrap();
    let at = |name: &str| format!("{}!{name};512+5", file.display()).parse::<Locator>().unwrap();
    let found = |name| find(&at(name), ScanLimits::default()).unwrap();
    assert!(matches!(found("a.wav"), Found::Item(_)));
    assert!(matches!(found("b.wav"), Found::Nothing));
}

#[test]
fn the_limits_are_set_on_the_command_line() {
    let desk = Desk::with_songs(&[1], 15);
    desk.write("dump/x.tgz", &gz(&tar(&[("a.txt", b"a"), ("b.txt", b"b"), ("c.txt", b"c")])));
    let kinds = |flags: &[&str]| {
        desk.run(["scan", "dump"].iter().chain(flags));
        let of = |r: &leakhound::record::ItemRecord| r.failure.as_ref().map(|f| f.kind.to_string());
        records(&desk.jsonl()).iter().filter_map(of).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&[]), ["not_audio"; 3]);
    assert_eq!(kinds(&["--max-members", "2"])[0], "container_members");
    assert_eq!(kinds(&["--max-depth", "1"]), ["container_too_deep"]);
    let done = desk.run(["inspect", "dump", "--max-depth", "1"]).ends_with(3);
    assert!(done.stdout.contains("container_too_deep"), "{done:#?}");
}

/// A database whose tree refers to a few pages again and again, so that it has thousands of times the rows that fit into it.
fn circling(path: &std::path::Path) {
    let database = rusqlite::Connection::open(path).unwrap();
    let sql = "PRAGMA page_size = 512; CREATE TABLE t (isrc TEXT);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
        INSERT INTO t SELECT 'FRXXX0000001' FROM n;";
    database.execute_batch(sql).unwrap();
    drop(database);
    let mut bytes = std::fs::read(path).unwrap();
    let page = |number: u32| (number as usize - 1) * 512;
    let four = |bytes: &[u8], at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    let two = |bytes: &[u8], at: usize| usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
    // The offsets in an inner page of the numbers of its children.
    let children = |bytes: &[u8], number: u32| -> Vec<usize> {
        let at = page(number);
        assert_eq!(bytes[at], 5, "an inner page");
        let cells = (0..two(bytes, at + 3)).map(|cell| at + two(bytes, at + 12 + 2 * cell));
        cells.chain([at + 8]).collect()
    };
    let inner: Vec<u32> = children(&bytes, 2).iter().take(3).map(|&at| four(&bytes, at)).collect();
    let leaf = four(&bytes, children(&bytes, inner[2])[0]);
    // The root refers to one page only, that to the next, and so on.
    let next = [inner[0], inner[1], inner[2], leaf];
    for (number, to) in [2, inner[0], inner[1], inner[2]].into_iter().zip(next) {
        for at in children(&bytes, number) {
            bytes[at..at + 4].copy_from_slice(&to.to_be_bytes());
        }
    }
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_database_with_more_rows_than_it_has_room_for_is_given_up() {
    let desk = Desk::with_songs(&[1], 15);
    desk.write("dump/a.txt", b"nothing\n");
    circling(&desk.path("dump/x.sqlite"));
    desk.run(["scan", "dump"]);
    let found = records(&desk.jsonl());
    assert_eq!(found.len(), 2);
    let failure = found[1].failure.as_ref().unwrap();
    assert_eq!(failure.kind, FailureKind::MetadataDamaged);
    assert!(failure.message.contains("more rows than the file has room for"), "{found:#?}");
}
