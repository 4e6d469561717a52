//! What is read of a table: sound, samples, dictionaries, text, several streams in a file.

use leakhound::bytes::Bytes;
use leakhound::record::Verdict::{Clear, Match};
use leakhound::record::{FailureKind, ItemRecord};
use leakhound::source::{ScanLimits, To};
use polars_arrow_format::ipc::CompressionType;

use super::{CODECS, SHAPES, lead_back, scan, shard, small};
use crate::common::arrow::{
    Shape, Table, audio, bytes, codes, floats, lists, numbers, parts, texts,
};
use crate::common::{Desk, RATE_HZ, encode, excerpt, gz, song, tar, wav};
use crate::common::{content, walk};

#[test]
fn the_sound_in_the_cells_of_a_stream_and_of_a_file_is_found() {
    let desk = Desk::with_songs(&[1, 2], 30);
    let mut nth = 0;
    for is_file in [false, true] {
        for codec in CODECS {
            for shape in SHAPES {
                nth += 1;
                let table = Table { codec, is_file, ..shard(shape) };
                let folder = format!("dump-{nth}");
                desk.write(format!("{folder}/data"), &table.write());
                let found = scan(&desk, &folder);
                assert_eq!(found.len(), 6, "{found:#?}");
                let names = found[0].failure.as_ref().unwrap();
                assert_eq!(names.kind, FailureKind::NotAudio);
                assert!(names.message.contains("names 1 files"), "{names:?}");
                let verdicts: Vec<_> = found[1..5].iter().map(|record| record.verdict).collect();
                assert_eq!(verdicts, [Match, Match, Clear, Match]);
                assert_eq!(found[1].item.containers, "arrow");
                assert_eq!(found[1].notes, ["its table calls it a.wav"]);
                assert!(found[4].item.path.ends_with("!/row 2 of group 1, audio"), "{found:#?}");
            }
        }
    }
}

#[test]
fn an_uncompressed_cell_has_a_place_and_every_locator_leads_back() {
    for codec in CODECS {
        for shape in SHAPES {
            let bytes = Table { codec, ..shard(shape) }.write();
            let seen = walk(&bytes, ScanLimits::default());
            // And the table itself: a row describes a file that the table does not hold.
            assert_eq!(seen.items.len(), 5, "{:#?}", seen.rows);
            for item in &seen.items[..4] {
                let Some(extent) = item.place.locator.steps[0].extent else {
                    assert!(codec.is_some());
                    continue;
                };
                let (from, length) = (extent.offset as usize, extent.length as usize);
                assert_eq!(content(item), bytes[from..from + length]);
                assert_eq!(item.place.offset, Some(extent.offset));
                assert!(matches!(item.bytes, Bytes::Range { .. }), "nothing is held");
            }
            assert_eq!(codec.is_none(), seen.items[0].place.offset.is_some());
            lead_back(&seen);
        }
    }
}

#[test]
fn a_table_in_an_archive_gives_the_same() {
    let desk = Desk::with_songs(&[1, 2], 30);
    let table = shard(Shape::Narrow).write();
    desk.write("plain/x", &table);
    desk.write("stored/x", &tar(&[("data/x.arrow", &table)]));
    desk.write("packed/x", &gz(&tar(&[("data/x.arrow", &table)])));
    let strip = |records: Vec<ItemRecord>| -> Vec<_> {
        records.into_iter().map(|r| (r.verdict, r.item.sha256, r.findings)).collect()
    };
    let plain = strip(scan(&desk, "plain"));
    let stored = scan(&desk, "stored");
    assert_eq!(stored[1].item.containers, "tar/arrow");
    // By its place in the file on disk.
    let whole = std::fs::read(desk.path("stored/x")).unwrap();
    assert_eq!(&whole[stored[1].item.offset.unwrap() as usize..][..4], b"RIFF");
    let packed = scan(&desk, "packed");
    assert_eq!(packed[1].item.containers, "gzip/tar/arrow");
    assert_eq!(packed[1].item.offset, None);
    assert_eq!((strip(stored), strip(packed)), (plain.clone(), plain));
}

#[test]
fn cells_of_bytes_alone_of_samples_and_of_a_dictionary_are_read_too() {
    let desk = Desk::with_songs(&[1, 2], 30);
    let song = song(2, 30);
    let clip = excerpt(&song, 5.0, 20.0);
    let file = wav(clip);
    desk.write(
        "dump/raw",
        &Table::stream(vec![vec![bytes("sound", Shape::Wide, &[Some(&file)])]]).write(),
    );
    for is_double in [false, true] {
        // A null list, one of samples, an empty one; the rate of the null list is null.
        let samples = floats("item", clip, is_double);
        let array = lists("array", &[None, Some(clip.len()), Some(0)], samples);
        let rate = numbers("sampling_rate", &[None, Some(i64::from(RATE_HZ)), Some(1)]);
        let heard = parts("heard", &[false, true, true], vec![array, rate]);
        let table =
            Table { codec: Some(CompressionType::Zstd), ..Table::stream(vec![vec![heard]]) };
        desk.write(format!("dump/samples-{is_double}"), &table.write());
    }
    for (is_file, shape) in [(false, Shape::Narrow), (true, Shape::Wide), (true, Shape::Views)] {
        let values = bytes("", shape, &[None, Some(b"no sound")]);
        let more = bytes("", shape, &[Some(&file)]);
        let coded = codes("sound", 7, &values, &[Some(2), None, Some(0)]);
        let dictionaries = vec![(7, values), (7, more)];
        let table = Table { dictionaries, is_file, ..Table::stream(vec![vec![coded]]) };
        desk.write(format!("dump/coded-{is_file}-{}", shape == Shape::Views), &table.write());
    }
    let found = scan(&desk, "dump");
    let verdicts: Vec<_> = found.iter().map(|record| record.verdict).collect();
    assert_eq!(verdicts, [Match; 6], "{found:#?}");
    assert!(found[4].item.path.ends_with("samples-false!/row 1 of group 0, heard"), "{found:#?}");
    assert_eq!(found[4].item.codec, "pcm_f32le");
}

#[test]
fn columns_of_text_are_read_for_identifiers_and_describe_the_sound_in_their_row() {
    let desk = Desk::new();
    let raw = desk.write_wav("raw/1.wav", &song(1, 30));
    std::fs::create_dir_all(desk.path("masters")).unwrap();
    encode(&raw, &desk.path("masters/1.flac"), &["-metadata", "isrc=GBAYE0000351"]);
    desk.run(["catalog", "add", "masters"]).ends_with(0);
    let isrc = Some("GBAYE0000351");
    let clip = wav(excerpt(&song(1, 30), 3.0, 17.0));
    for shape in SHAPES {
        let ids = lists(
            "ids",
            &[Some(1), None, Some(2)],
            texts("item", shape, &[Some("x"), Some("y"), isrc]),
        );
        let people = texts("added_by", shape, &[isrc, None, None]);
        let links = Table::stream(vec![vec![numbers("n", &[Some(1), None, None]), ids, people]]);
        let values = texts("", shape, &[Some("none"), isrc]);
        let coded = codes("isrc", 1, &values, &[Some(1), Some(0)]);
        let cells = audio(shape, &[(Some(&clip), Some("a.wav")), (Some(&clip), Some("b.wav"))]);
        let sound =
            Table { dictionaries: vec![(1, values)], ..Table::stream(vec![vec![coded, cells]]) };
        for (codec, is_file) in CODECS.into_iter().zip([false, true, false]) {
            let links = Table { codec, is_file, ..links.clone() };
            desk.write("dump/links", &links.write());
            desk.write("dump/sound", &Table { codec, is_file, ..sound.clone() }.write());
            let found = scan(&desk, "dump");
            let claims: Vec<_> = found.iter().map(|record| record.claims.as_str()).collect();
            assert_eq!(claims, ["claim_only", "agree", "sound_only"], "{found:#?}");
            let places = &found[0].findings[0].claimed_by;
            assert_eq!(*places, ["ISRC GBAYE0000351 in row 2 of group 0, ids.item"]);
        }
    }
}

#[test]
fn a_table_without_sound_is_one_item_that_is_not_audio() {
    for is_file in [false, true] {
        let table =
            Table { is_file, ..Table::stream(vec![vec![texts("a", Shape::Narrow, &[Some("b")])]]) };
        let desk = Desk::with_songs(&[1], 15);
        desk.write("dump/x", &table.write());
        let found = desk.scan(0);
        assert_eq!(found.len(), 1);
        let failure = found[0].failure.as_ref().unwrap();
        assert_eq!(failure.kind, FailureKind::NotAudio);
        assert!(failure.message.contains("an Arrow table"), "{failure:?}");
    }
}

#[test]
fn several_streams_in_a_file_are_one_table_with_the_columns_of_each() {
    let (first, second) = (shard(Shape::Narrow).write(), Table::stream(vec![small(2)]).write());
    let text = Table::stream(vec![vec![texts("a", Shape::Narrow, &[Some("b")])]]).write();
    let seen = walk(&[text, first, second].concat(), ScanLimits::default());
    assert_eq!(seen.items.len(), 7);
    let to = To::Cell { group: 3, row: 1, column: "audio".to_owned() };
    assert_eq!(seen.items[5].place.locator.steps[0].to, to);
    lead_back(&seen);
}

#[test]
fn tables_of_another_writer_are_read_too() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tables");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // Those with sound are in `tests/written.rs`.
        if path.is_dir() {
            continue;
        }
        let seen = walk(&std::fs::read(&path).unwrap(), ScanLimits::default());
        let cells = [0, 3, 4].map(|n| format!("cell {n} ").repeat(9).into_bytes());
        let found: Vec<_> = seen.items[..3].iter().map(content).collect();
        assert_eq!(found, cells, "{path:?}: {:#?}", seen.rows);
        // Their cells are not sound, so that the columns of text are an item as well.
        assert_eq!(seen.items.len(), 4);
        assert_eq!(seen.kinds(), ["not_audio"]);
        seen.says("not_audio", "names 1 files");
        assert_eq!(seen.items[0].notes, ["its table calls it 0.wav"]);
        assert_eq!(seen.items[1].side_car.as_deref(), Some("GBAYE0000351 "));
        lead_back(&seen);
        count += 1;
    }
    assert_eq!(count, 7);
}
