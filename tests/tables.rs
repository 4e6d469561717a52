//! Parquet tables with sound in their cells: it is found as in a file.

use crate::common::parquet::{FILES, FLOATS, binary, cells, column, shard, table, table_by};
use crate::common::{Desk, Dice, RATE_HZ, encode, excerpt, gz, record, records, song, tar, wav};
use leakhound::record::Verdict::{self, Clear, Failed, Match};
use leakhound::record::{FailureKind, ItemRecord};
use leakhound::source::{Locator, To};
use parquet::basic::Encoding;
use parquet::data_type::{ByteArrayType, DoubleType, FloatType, Int64Type};
use parquet::file::properties::{WriterProperties, WriterVersion};

const RAW: &str = "message schema { required binary sound; }";

/// A hundred rows of text, one of them an ISRC, in an encoding that stores lengths.
fn in_lengths(encoding: Encoding, version: WriterVersion) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_encoding(encoding)
        .set_writer_version(version);
    let mut values = vec![&b"a row of something else"[..]; 99];
    values.push(b"GBAYE0000351");
    table_by(properties, "message m { optional binary t (STRING); }", 1, &mut |_, rows| {
        column::<ByteArrayType>(rows, &binary(&values), &[1; 100], None);
    })
}

#[test]
fn columns_in_every_encoding_of_lengths_are_read_and_wrong_counts_are_refused() {
    let desk = Desk::new();
    desk.write("rows.csv", b"isrc,title\nGBAYE0000351,x\n");
    desk.run(["catalog", "import", "rows.csv"]).ends_with(0);
    for encoding in [Encoding::DELTA_LENGTH_BYTE_ARRAY, Encoding::DELTA_BYTE_ARRAY] {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let table = in_lengths(encoding, version);
            desk.write("dump/x", &table);
            let found = scan(&desk, "dump");
            let claimed = &found[0].findings.first().expect("the ISRC").claimed_by;
            assert!(claimed[0].contains("row 99"), "{encoding} {version:?}: {claimed:?}");
            // Blocks of 128 values in 4 miniblocks, for 100 values.
            let at = table.windows(4).position(|window| window == [128, 1, 4, 100]).unwrap();
            let mut lying = table;
            lying[at + 3] = 127;
            desk.write("dump/x", &lying);
            let found = scan(&desk, "dump");
            assert_eq!(found[0].findings.len(), 0);
            let failure = found[0].failure.as_ref().expect("it is not read");
            assert_eq!(failure.kind, FailureKind::MetadataDamaged);
            assert!(
                failure.message.contains("states that it has 127 values"),
                "{encoding} {version:?}: {failure:?}"
            );
        }
    }
}

pub(crate) fn scan(desk: &Desk, path: &str) -> Vec<ItemRecord> {
    desk.run(["scan", path]);
    records(&desk.jsonl())
}

fn verdicts(records: &[ItemRecord]) -> Vec<Verdict> {
    records.iter().map(|record| record.verdict).collect()
}

#[test]
fn the_sound_in_the_cells_of_a_table_is_found() {
    let desk = Desk::with_songs(&[1, 2], 30);
    desk.write("dump/train-00000", &shard());
    let found = scan(&desk, "dump");
    assert_eq!(found.len(), 6, "{found:#?}");
    let names = found[0].failure.as_ref().unwrap();
    assert_eq!(names.kind, FailureKind::NotAudio);
    assert!(names.message.contains("names 1 files"), "{names:?}");

    assert_eq!(verdicts(&found[1..5]), [Match, Match, Clear, Match]);
    // A row describes a file that the table does not hold, so the columns of text are an item as well.
    assert!(found[5].item.path.ends_with("!/columns of text"), "{:#?}", found[5]);
    let locator: Locator = found[4].item.locator.parse().unwrap();
    assert_eq!(locator.steps[0].to, To::Cell { group: 1, row: 2, column: "audio".into() });
    assert_eq!(found[1].item.containers, "parquet");
    assert_eq!(found[1].notes, ["its table calls it a.wav"]);
    assert_eq!(found[1].findings[0].title, "Song 1");
    assert!((found[1].findings[0].item_coverage - 1.0).abs() < 0.05);
}

#[test]
fn a_table_in_an_archive_gives_the_same() {
    let desk = Desk::with_songs(&[1, 2], 30);
    desk.write("plain/x", &shard());
    desk.write("packed/x", &gz(&tar(&[("data/x.parquet", shard())])));
    let strip = |records: Vec<ItemRecord>| -> Vec<_> {
        records.into_iter().map(|r| (r.verdict, r.item.sha256, r.findings)).collect()
    };
    let packed = scan(&desk, "packed");
    assert_eq!(packed[1].item.containers, "gzip/tar/parquet");
    assert_eq!(strip(packed), strip(scan(&desk, "plain")));
}

#[test]
fn cells_of_bytes_alone_and_of_samples_are_read_too() {
    let desk = Desk::with_songs(&[1, 2], 30);
    let clip = song(2, 30);
    let clip = excerpt(&clip, 5.0, 20.0);
    let raw = table(RAW, 1, &mut |_, rows| {
        let mut column = rows.next_column().unwrap().unwrap();
        let cells = binary(&[&wav(clip), b"\x01\x02 no sound"]);
        column.typed::<ByteArrayType>().write_batch(&cells, None, None).unwrap();
        column.close().unwrap();
    });
    desk.write("dump/raw", &raw);
    let samples = |double: bool| {
        let schema = if double { FLOATS.replace("float", "double") } else { FLOATS.to_owned() };
        table(&schema, 1, &mut |_, rows| {
            // A row of samples, and a null row.
            let mut definitions = vec![4; clip.len()];
            let mut repetitions = vec![1; clip.len()];
            repetitions[0] = 0;
            definitions.push(0);
            repetitions.push(0);
            column::<ByteArrayType>(rows, &binary(&[b"a"]), &[2, 0], None);
            if double {
                let clip: Vec<f64> = clip.iter().copied().map(f64::from).collect();
                column::<DoubleType>(rows, &clip, &definitions, Some(&repetitions));
            } else {
                column::<FloatType>(rows, clip, &definitions, Some(&repetitions));
            }
            column::<Int64Type>(rows, &[i64::from(RATE_HZ)], &[2, 0], None);
        })
    };
    desk.write("dump/samples32", &samples(false));
    desk.write("dump/samples64", &samples(true));
    let found = scan(&desk, "dump");

    assert_eq!(verdicts(&found), [Match, Failed, Match, Match], "{found:#?}");
    assert_eq!(record(&found, "samples32!/row 0 of group 0, audio").item.codec, "pcm_f32le");
}

#[test]
fn a_table_without_sound_is_one_item_that_is_not_audio() {
    let desk = Desk::with_songs(&[1], 30);
    let text = table("message schema { required binary title (STRING); }", 1, &mut |_, rows| {
        let mut column = rows.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&binary(&[b"a", b"b"]), None, None).unwrap();
        column.close().unwrap();
    });
    desk.write("dump/x", &text);
    let found = scan(&desk, "dump");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].failure.as_ref().unwrap().kind, FailureKind::NotAudio);
}

#[test]
fn text_in_rows_without_sound_is_read_and_every_row_is_taken_over() {
    let desk = Desk::new();
    let raw = desk.write_wav("raw/1.wav", &song(1, 30));
    std::fs::create_dir_all(desk.path("masters")).unwrap();
    encode(&raw, &desk.path("masters/1.flac"), &["-metadata", "isrc=GBAYE0000351"]);
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    let clip = wav(excerpt(&song(1, 30), 3.0, 17.0));
    let picture = b"\xff\xd8\xff\xe0\0\x10JFIF\0 a cover".to_vec();
    for (name, cell, other) in [
        ("cover", Some(&picture), None),
        ("link", None, None),
        ("mixed", None, Some(&clip)),
        ("sound", Some(&clip), None),
    ] {
        let rows_of = [(&b"GBAYE0000351"[..], cell), (b"x", other)];
        let rows_of = &rows_of[..if other.is_some() { 2 } else { 1 }];
        let shard = table(FILES, 1, &mut |_, rows| {
            let words: Vec<&[u8]> = rows_of.iter().map(|(word, _)| *word).collect();
            let cells: Vec<&[u8]> =
                rows_of.iter().filter_map(|(_, cell)| cell.map(Vec::as_slice)).collect();
            let defined: Vec<i16> =
                rows_of.iter().map(|(_, cell)| if cell.is_some() { 2 } else { 1 }).collect();
            column::<ByteArrayType>(rows, &binary(&words), &vec![1; words.len()], None);
            column::<ByteArrayType>(rows, &binary(&cells), &defined, None);
            column::<ByteArrayType>(rows, &[], &vec![1; words.len()], None);
        });
        desk.write(format!("{name}/x.parquet"), &shard);
        let found = scan(&desk, name);
        let claimed = found.iter().filter(|r| r.verdict == Verdict::Suspect).count();
        assert_eq!(claimed, usize::from(name != "sound"), "{name}: {found:#?}");
        for record in &found {
            let shown = desk.run(["show", &record.item.locator]).ends_with(0).stdout;
            assert!(shown.contains("run "), "{shown}");
        }
        assert_eq!(scan(&desk, name), found, "{name}: nothing is lost that was known");
    }
}

#[test]
fn the_columns_of_text_of_a_table_are_read_for_identifiers() {
    let desk = Desk::new();
    let raw = desk.write_wav("raw/1.wav", &song(1, 30));
    std::fs::create_dir_all(desk.path("masters")).unwrap();
    encode(&raw, &desk.path("masters/1.flac"), &["-metadata", "isrc=GBAYE0000351"]);
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    let schema = "message schema { required binary title (STRING);
        optional group ids (LIST) { repeated group list { optional binary element (STRING); } }
        required binary added_by (STRING); }";
    let links = table(schema, 1, &mut |_, rows| {
        let mut titles = rows.next_column().unwrap().unwrap();
        titles.typed::<ByteArrayType>().write_batch(&binary(&[b"a", b"b"]), None, None).unwrap();
        titles.close().unwrap();
        column::<ByteArrayType>(
            rows,
            &binary(&[b"x", b"y", b"GBAYE0000351"]),
            &[3, 3, 3],
            Some(&[0, 0, 1]),
        );
        let mut people = rows.next_column().unwrap().unwrap();
        let named = binary(&[b"GBAYE0000351", b"someone"]);
        people.typed::<ByteArrayType>().write_batch(&named, None, None).unwrap();
        people.close().unwrap();
    });
    desk.write("dump/links.parquet", &links);
    // Beside sound they describe the sound in their row.
    let clip = wav(excerpt(&song(1, 30), 3.0, 17.0));
    let sound = table(FILES, 1, &mut |_, rows| {
        column::<ByteArrayType>(rows, &binary(&[b"GBAYE0000351", b"none"]), &[1, 1], None);
        column::<ByteArrayType>(rows, &binary(&[&clip, &clip]), &[2, 2], None);
        column::<ByteArrayType>(rows, &binary(&[b"a.wav", b"b.wav"]), &[2, 2], None);
    });
    desk.write("dump/sound.parquet", &sound);
    let found = scan(&desk, "dump");
    let claims: Vec<_> = found.iter().map(|record| record.claims.as_str()).collect();
    assert_eq!(claims, ["claim_only", "agree", "sound_only"], "{found:#?}");
    let places = &found[0].findings[0].claimed_by;
    assert_eq!(*places, ["ISRC GBAYE0000351 in row 1 of group 0, ids.list.element"]);
}

#[test]
fn a_page_that_is_too_large_has_a_row_with_the_limit() {
    let desk = Desk::with_songs(&[1], 30);
    let clip = || wav(&song(1, 30));
    let files: Vec<_> = ["a.wav", "b.wav", "c.wav", "d.wav"].map(|n| (n.to_owned(), clip())).into();
    // A page has at least one song of 1.3 MB.
    desk.write("dump/x.parquet", &cells(&files));
    desk.run(["scan", "--max-page", "1", "dump"]).ends_with(3);
    let found = records(&desk.jsonl());
    let told = &found[0].failure.as_ref().unwrap().message;
    assert!(told.contains("a page may take 1 MiB of memory"), "{told}");
    assert!(found.iter().all(|record| record.verdict == Verdict::Failed), "{found:#?}");
    let found = scan(&desk, "dump");
    assert_eq!(verdicts(&found), [Verdict::Match; 4]);
}

#[test]
fn a_damaged_table_has_a_row_and_its_readable_cells_are_found() {
    let desk = Desk::with_songs(&[1, 2], 30);
    let whole = shard();
    desk.write("cut/x", &whole[..whole.len() - 100]);
    let found = scan(&desk, "cut");
    assert!(found[0].failure.as_ref().unwrap().kind.is_container(), "{found:#?}");
    // In the sound of the last row.
    let mut bytes = whole.clone();
    let at = whole.len() * 9 / 10;
    bytes[at..at + 2_000].fill(0xff);
    desk.write("hole/x", &bytes);
    let found = scan(&desk, "hole");
    assert!(found.iter().any(|record| record.verdict == Verdict::Match), "{found:#?}");
    let mut dice = Dice::new(1);
    for round in 0..40 {
        let mut bytes = whole.clone();
        for _ in 0..4 {
            let back = dice.below(if round % 2 == 0 { 1_500 } else { bytes.len() });
            let at = bytes.len() - 1 - back;
            bytes[at] = dice.below(256) as u8;
        }
        desk.write(format!("fuzz/{round:02}"), &bytes);
    }
    let done = desk.run(["scan", "--mode", "probe", "fuzz"]);
    assert!([0, 1, 3].contains(&done.code), "{done:#?}");
    let found = records(&desk.jsonl());
    for round in 0..40 {
        let path = desk.path(format!("fuzz/{round:02}")).to_str().unwrap().to_owned();
        assert!(found.iter().any(|record| record.item.path.starts_with(&path)), "{path}");
    }
}
