//! Arrow tables as streams and files: sound in a cell is found as in a file, and a table that contradicts itself has a row.

use std::io::Read as _;

use leakhound::bytes::Bytes;
use leakhound::record::Verdict::{Clear, Match};
use leakhound::record::{FailureKind, ItemRecord};
use leakhound::source::{Found, Item, Locator, ScanLimits, To, find};
use polars_arrow_format::ipc::planus::Builder;
use polars_arrow_format::ipc::{
    CompressionType, Endianness, Field, Int, Message, MessageHeader, MetadataVersion, Schema,
    Struct, Tensor, Type, Union, UnionMode,
};

use crate::common::arrow::{
    Array, Shape, Table, audio, batch_of, bytes, codes, floats, framed, lists, numbers, parts,
    texts,
};
use crate::common::{Desk, Dice, RATE_HZ, encode, excerpt, gz, records, song, tar, wav};
use crate::hostile::{Seen, walk};

const SHAPES: [Shape; 3] = [Shape::Narrow, Shape::Wide, Shape::Views];
const CODECS: [Option<CompressionType>; 3] =
    [None, Some(CompressionType::Lz4Frame), Some(CompressionType::Zstd)];

fn scan(desk: &Desk, path: &str) -> Vec<ItemRecord> {
    desk.run(["scan", path]);
    records(&desk.jsonl())
}

/// Two batches of three rows: a clip, a name without a file, null; then three clips.
fn shard(shape: Shape) -> Table {
    let clip = |seed, from| wav(excerpt(&song(seed, 30), from, from + 14.0));
    let (a, b, c, d) = (clip(1, 3.0), clip(2, 5.0), clip(9, 0.0), clip(1, 9.0));
    let ids = |ids: [&str; 3]| texts("video_id", shape, &ids.map(Some));
    let first = audio(shape, &[(Some(&a), Some("a.wav")), (None, Some("b.wav")), (None, None)]);
    let second = audio(shape, &[(Some(&b), Some("c.wav")), (Some(&c), None), (Some(&d), None)]);
    Table::stream(vec![
        vec![ids(["id0", "id1", "id2"]), first],
        vec![ids(["id3", "id4", "id5"]), second],
    ])
}

/// Small cells of bytes that are not sound.
fn small(rows: usize) -> Vec<Array> {
    let cells: Vec<Vec<u8>> = (0..rows).map(|row| vec![row as u8 + 1; 1_000]).collect();
    let cells: Vec<_> = cells.iter().map(|cell| (Some(cell.as_slice()), Some("x"))).collect();
    vec![audio(Shape::Narrow, &cells)]
}

fn content(item: &Item) -> Vec<u8> {
    let mut bytes = Vec::new();
    item.bytes.stream().unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

/// Checks that every item is found again by the text of its locator.
fn leads_back(seen: &Seen) {
    for item in &seen.items {
        let locator: Locator = item.place.locator.to_string().parse().unwrap();
        let found = find(&locator, ScanLimits::default()).unwrap();
        let Found::Item(found) = found else { panic!("{locator} leads to {found:?}") };
        assert_eq!(content(&found), content(item), "{locator}");
    }
}

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
            leads_back(&seen);
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
    leads_back(&seen);
}

#[test]
fn a_table_that_is_cut_gives_the_cells_before_the_cut_and_one_row() {
    for is_file in [false, true] {
        let table = Table { is_file, ..Table::stream(vec![small(3), small(3)]) };
        let whole = table.write();
        let all = walk(&whole, ScanLimits::default());
        assert_eq!((all.items.len(), all.rows.len()), (6, 0), "{:#?}", all.rows);
        for cut in 100..whole.len() {
            // At every byte near the end, and at some of the others.
            if cut % 97 != 0 && cut < whole.len() - 500 {
                continue;
            }
            let seen = walk(&whole[..cut], ScanLimits::default());
            assert!(seen.rows.len() <= 1, "{:#?}", seen.rows);
            let is_whole = |item: &&Item| item.notes.iter().all(|note| !note.contains("damaged"));
            let there: Vec<_> = seen.items.iter().filter(is_whole).collect();
            for (item, before) in there.iter().zip(&all.items) {
                assert_eq!(item.place.locator.steps, before.place.locator.steps);
            }
            // A stream may end between two batches.
            let is_between = !is_file && there.len() % 3 == 0 && there.len() == seen.items.len();
            let told = seen.kinds() == ["container_truncated"];
            assert!(there.len() == 6 || told || is_between, "{cut}: {:#?}", seen.rows);
        }
    }
    // In the second cell of the second batch.
    let whole = Table::stream(vec![small(3), small(3)]).write();
    let at = whole.windows(500).rposition(|bytes| bytes == [2; 500]).unwrap() + 500;
    let seen = walk(&whole[..at - 100], ScanLimits::default());
    assert_eq!(seen.items.len(), 5);
    let notes = seen.items[4].notes.concat();
    assert!(notes.contains("100 of 1000 bytes are missing"), "{notes}");
    seen.says("container_truncated", "the first of them is 1 from its row 1 of 3 on");
    leads_back(&seen);
}

#[test]
fn a_batch_that_contradicts_itself_is_left_out_and_the_others_are_read() {
    type Lie = (&'static str, fn(&mut polars_arrow_format::ipc::RecordBatch));
    let lies: [Lie; 14] = [
        ("rows", |b| b.length = 1 << 62),
        ("negative rows", |b| b.length = -1),
        ("nodes of 2^62 entries", |b| {
            b.length = 1 << 62;
            b.nodes.as_mut().unwrap().iter_mut().for_each(|node| node.length = 1 << 62);
        }),
        ("a negative entry", |b| b.nodes.as_mut().unwrap()[1].length = -5),
        ("a node too few", |b| assert!(b.nodes.as_mut().unwrap().pop().is_some())),
        ("a buffer too many", |b| {
            let last = b.buffers.as_ref().unwrap()[0];
            b.buffers.as_mut().unwrap().push(last);
        }),
        ("a negative offset", |b| b.buffers.as_mut().unwrap()[3].offset = -8),
        ("a negative length", |b| b.buffers.as_mut().unwrap()[3].length = -8),
        ("a length beyond the body", |b| b.buffers.as_mut().unwrap()[3].length = 1 << 40),
        ("an offset beyond all", |b| b.buffers.as_mut().unwrap()[3].offset = i64::MAX),
        ("buffers over each other", |b| b.buffers.as_mut().unwrap()[3].offset = 0),
        ("offsets that are short", |b| b.buffers.as_mut().unwrap()[2].length = 8),
        ("nulls without a bitmap", |b| b.nodes.as_mut().unwrap()[1].null_count = 2),
        ("data that is short", |b| b.buffers.as_mut().unwrap()[3].length = 1_500),
    ];
    for (what, lie) in lies {
        let table = Table::stream(vec![small(2), small(3), small(2)]);
        let bytes = table.edited(&mut |nth, message, _| {
            if nth == 2 {
                lie(batch_of(message).unwrap());
            }
        });
        let seen = walk(&bytes, ScanLimits::default());
        assert_eq!(seen.kinds(), ["container_damaged"], "{what}: {:#?}", seen.rows);
        assert!(
            seen.rows[0].failure.message.contains("the first of them is 1"),
            "{:#?}",
            seen.rows
        );
        let partly = usize::from(what == "data that is short");
        assert_eq!(seen.items.len(), 4 + partly, "{what}");
        leads_back(&seen);
    }
}

#[test]
fn offsets_that_go_back_and_short_bitmaps_end_their_batch() {
    let edited = |change: &dyn Fn(&mut Vec<u8>)| {
        let table = Table::stream(vec![small(3)]);
        table.edited(&mut |nth, _, body| {
            if nth == 1 {
                change(body);
            }
        })
    };
    // The offsets of the bytes come first in a body where nothing is null.
    for (offset, value, items) in [(8, 0_i32, 1), (8, -1, 1), (12, i32::MAX, 2), (0, -4, 0)] {
        let bytes = edited(&|body| body[offset..offset + 4].copy_from_slice(&value.to_le_bytes()));
        let seen = walk(&bytes, ScanLimits::default());
        assert_eq!(seen.kinds(), ["container_damaged"], "{value}: {:#?}", seen.rows);
        assert_eq!(seen.items.len(), items, "{value}");
    }
    let rows: Vec<_> = (0..20).map(|row| (row % 2 == 0).then_some([1, 2, 3])).collect();
    let table = Table::stream(vec![vec![bytes("sound", Shape::Narrow, &rows)]]);
    let bytes = table.edited(&mut |_, message, _| {
        if let Some(batch) = batch_of(message) {
            batch.buffers.as_mut().unwrap()[0].length = 2;
        }
    });
    walk(&bytes, ScanLimits::default())
        .says("container_damaged", "a bitmap of 2 bytes for 20 values");
}

#[test]
fn null_rows_of_a_batch_count_as_members() {
    let rows: Vec<Option<&[u8]>> = vec![None; 5_000];
    let bytes = Table::stream(vec![vec![bytes("sound", Shape::Narrow, &rows)]]).write();
    let limits = ScanLimits { max_members: 1_000, ..ScanLimits::default() };
    assert_eq!(walk(&bytes, limits).kinds(), ["container_members"]);
    // Null cells have no rows of their own; the table has one.
    assert_eq!(walk(&bytes, ScanLimits::default()).kinds(), ["container_empty"]);
}

#[test]
fn compressed_buffers_with_wrong_lengths_or_too_much_memory_are_refused() {
    for codec in [CompressionType::Lz4Frame, CompressionType::Zstd] {
        let silent = vec![0_u8; 4 << 20];
        let cells: Vec<_> = [(); 4].map(|()| (Some(&silent[..]), None)).into();
        let table =
            Table { codec: Some(codec), ..Table::stream(vec![vec![audio(Shape::Narrow, &cells)]]) };
        let bytes = table.write();
        assert!(bytes.len() < 200_000, "{}", bytes.len());
        assert_eq!(walk(&bytes, ScanLimits::default()).items.len(), 4);
        let limits =
            ScanLimits { max_ratio: 1, ratio_slack_bytes: 6 << 20, ..ScanLimits::default() };
        let seen = walk(&bytes, limits);
        assert_eq!(seen.kinds(), ["container_bomb"]);
        assert!(seen.items.len() < 3, "{:#?}", seen.items);
        let limits = ScanLimits { max_page_bytes: 1 << 20, ..ScanLimits::default() };
        walk(&bytes, limits).says("container_unsupported", "allow more with --max-page");
        let limits = ScanLimits { max_item_bytes: 1 << 20, ..ScanLimits::default() };
        assert_eq!(walk(&bytes, limits).kinds(), ["too_large"; 4]);
        // The length before the buffer of all cells, and the compressed bytes behind it.
        let data = table.edited(&mut |_, _, _| {});
        for told in [-2_i64, 100, 1 << 62] {
            let lied = table.edited(&mut |_, message, body| {
                if let Some(batch) = batch_of(message) {
                    let at = batch.buffers.as_ref().unwrap()[3].offset as usize;
                    body[at..at + 8].copy_from_slice(&told.to_le_bytes());
                }
            });
            let seen = walk(&lied, ScanLimits::default());
            let right = if told > 1_000 { 4 } else { 0 };
            assert_eq!(seen.items.len(), right, "{told}: {:#?}", seen.rows);
        }
        for at in (200..data.len()).step_by(data.len() / 60) {
            let mut noise = data.clone();
            noise[at..(at + 8).min(data.len())].fill(0x5a);
            let seen = walk(&noise, ScanLimits::default());
            assert!(!seen.items.is_empty() || !seen.rows.is_empty());
        }
    }
}

#[test]
fn values_that_views_and_dictionaries_repeat_count_each_time() {
    let song = vec![7_u8; 1 << 20];
    let values = bytes("", Shape::Narrow, &[Some(&song)]);
    let coded = codes("sound", 1, &values, &vec![Some(0); 1_000]);
    let by_code = Table { dictionaries: vec![(1, values)], ..Table::stream(vec![vec![coded]]) };
    let mut views = bytes("sound", Shape::Views, &[Some(&song)]);
    views.buffers[1] = views.buffers[1].repeat(1_000);
    views.nodes[0].length = 1_000;
    for table in [by_code, Table::stream(vec![vec![views]])] {
        let limits = ScanLimits { max_ratio: 10, ratio_slack_bytes: 0, ..ScanLimits::default() };
        let seen = walk(&table.write(), limits);
        assert_eq!(seen.kinds(), ["container_bomb"]);
        assert!((5..=20).contains(&seen.items.len()), "{}", seen.items.len());
    }
}

#[test]
fn views_and_dictionary_numbers_out_of_range_end_their_batch() {
    let long = [b'x'; 40];
    for (at, value) in [(0, -1_i32), (0, 1_000), (8, 2), (8, -1), (12, 30), (12, -1)] {
        let mut views = bytes("sound", Shape::Views, &[Some(long)]);
        views.buffers[1][at..at + 4].copy_from_slice(&value.to_le_bytes());
        let seen = walk(&Table::stream(vec![vec![views]]).write(), ScanLimits::default());
        assert_eq!(
            (seen.kinds(), seen.items.len()),
            (vec!["container_damaged"], 0),
            "{at} {value}"
        );
    }
    let values = bytes("", Shape::Narrow, &[Some(long)]);
    for code in [1, -1, i16::MAX] {
        let coded = codes("sound", 1, &values, &[Some(0), Some(code)]);
        let table =
            Table { dictionaries: vec![(1, values.clone())], ..Table::stream(vec![vec![coded]]) };
        let seen = walk(&table.write(), ScanLimits::default());
        assert_eq!((seen.kinds(), seen.items.len()), (vec!["container_damaged"], 1), "{code}");
    }
    let coded = codes("sound", 1, &values, &[Some(0)]);
    let table = Table { dictionaries: vec![(2, values)], ..Table::stream(vec![vec![coded]]) };
    walk(&table.write(), ScanLimits::default())
        .says("container_damaged", "its dictionary 1 is missing");
}

#[test]
fn a_list_longer_than_the_longest_item_is_refused_before_memory_is_allocated() {
    let samples = vec![0.5; 1 << 20];
    let array = lists("array", &[Some(samples.len())], floats("item", &samples, false));
    let heard = parts("heard", &[true], vec![array, numbers("sampling_rate", &[Some(8_000)])]);
    let table = Table { codec: Some(CompressionType::Zstd), ..Table::stream(vec![vec![heard]]) };
    let limits = ScanLimits { max_item_bytes: 1 << 20, ..ScanLimits::default() };
    walk(&table.write(), limits).says("container_damaged", "a list has more than 262144 values");
}

fn schema(fields: Vec<Field>) -> Vec<u8> {
    let schema = Schema { fields: Some(fields), ..Schema::default() };
    framed(&message(MessageHeader::Schema(Box::new(schema)), 0))
}

fn message(header: MessageHeader, body_length: i64) -> Message {
    Message {
        version: MetadataVersion::V5,
        header: Some(header),
        body_length,
        custom_metadata: None,
    }
}

fn nested(depth: usize) -> Field {
    let mut field = bytes("bytes", Shape::Narrow, &[Some(b"x")]).field;
    for _ in 0..depth {
        let type_ = Some(Type::Struct(Box::new(Struct {})));
        let children = Some(vec![field]);
        field = Field { name: Some("s".to_owned()), type_, children, ..Field::default() };
    }
    field
}

#[test]
fn too_many_columns_and_columns_nested_too_deep_are_refused() {
    let limits = ScanLimits::default();
    walk(&schema(vec![nested(1_000)]), limits).says("container_unsupported", "more than 32 parts");
    let many = (0..30_000).map(|_| nested(0)).collect();
    walk(&schema(many), limits).says("container_unsupported", "more than 20000 columns");
}

/// A flatbuffer in which the children of each field are the next one, twice: 2^30 columns in a kilobyte.
fn folded(name: Option<&str>) -> Vec<u8> {
    let mut builder = Builder::new();
    let text = Type::Utf8(Box::default());
    let mut field = Field::create(&mut builder, name, true, text, (), (), ());
    for _ in 0..30 {
        let part = Type::Struct(Box::default());
        field = Field::create(&mut builder, (), true, part, (), [field, field], ());
    }
    let schema = Schema::create(&mut builder, Endianness::Little, [field], (), ());
    let header = MessageHeader::builder().schema(schema);
    let message = Message::create(&mut builder, MetadataVersion::V5, header, 0_i64, ());
    let mut header = builder.finish(message, None).to_vec();
    header.resize(header.len().next_multiple_of(8), 0);
    [&[0xff; 4][..], &(header.len() as u32).to_le_bytes(), &header].concat()
}

#[test]
fn a_schema_whose_fields_share_their_children_or_names_is_refused() {
    assert!(folded(None).len() < 5_000);
    let limits = ScanLimits::default();
    walk(&folded(None), limits).says("container_unsupported", "more than 20000 columns");
    walk(&folded(Some("text")), limits).says("container_damaged", "share their names");
}

#[test]
fn messages_with_wrong_lengths_are_refused() {
    let limits = ScanLimits::default();
    let whole = Table::stream(vec![small(2)]).write();
    let with = |at: usize, number: u32| {
        let mut bytes = whole.clone();
        bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
        bytes
    };
    let header = u32::from_le_bytes(whole[4..8].try_into().unwrap()) as usize;
    let second = 8 + header;
    // A header of gigabytes: longer than the limit, and longer than the file.
    walk(&with(second + 4, 2 << 30), limits).says("container_unsupported", "a header of 2048 MiB");
    walk(&with(second + 4, 60 << 20), limits).says("container_truncated", "bytes are needed");
    let low = ScanLimits { max_footer_bytes: 100, ..limits };
    walk(&whole, low).says("container_unsupported", "at most 0 MiB are read into memory");
    for body_length in [-8, i64::MAX, 1 << 40] {
        let bytes = Table::stream(vec![small(2), small(2)]).edited(&mut |nth, message, _| {
            if nth == 1 {
                message.body_length = body_length;
            }
        });
        let seen = walk(&bytes, limits);
        assert_eq!(seen.rows.len(), 1, "{body_length}: {:#?}", seen.rows);
    }
    walk(&[&whole[..], b"and more"].concat(), limits)
        .says("container_damaged", "after its end-of-stream marker");
}

#[test]
fn parts_that_are_not_read_have_a_row_with_the_remedy() {
    let limits = ScanLimits::default();
    let edited = |change: &dyn Fn(&mut Message)| {
        Table::stream(vec![small(2)]).edited(&mut |_, message, _| change(message))
    };
    let old = edited(&|message| message.version = MetadataVersion::V3);
    walk(&old, limits).says("container_unsupported", "is of version 3");
    let big = edited(&|message| {
        if let Some(MessageHeader::Schema(schema)) = &mut message.header {
            schema.endianness = Endianness::Big;
        }
    });
    walk(&big, limits).says("container_unsupported", "big-endian");
    let tensor = Tensor {
        type_: Type::Int(Box::new(Int { bit_width: 8, is_signed: true })),
        shape: Vec::new(),
        strides: None,
        data: polars_arrow_format::ipc::Buffer { offset: 0, length: 0 },
    };
    let tensor = framed(&message(MessageHeader::Tensor(Box::new(tensor)), 0));
    let stream = Table::stream(vec![small(2)]).write();
    walk(&[&stream[..stream.len() - 8], &tensor].concat(), limits)
        .says("container_unsupported", "a tensor");
    // Files in lists and in a union, beside sound that is read.
    let takes =
        parts("item", &[true; 2], vec![bytes("bytes", Shape::Narrow, &[Some(b"x"), Some(b"y")])]);
    let takes = lists("takes", &[Some(1), Some(1)], takes);
    let mut either = bytes("either", Shape::Narrow, &[Some(b"x"), Some(b"y")]);
    let child = either.field.clone();
    either.field.type_ =
        Some(Type::Union(Box::new(Union { mode: UnionMode::Sparse, type_ids: None })));
    either.field.children = Some(vec![child]);
    either.nodes.insert(0, either.nodes[0]);
    either.buffers.insert(0, vec![0, 0]);
    let table = Table::stream(vec![[vec![takes, either], small(2)].concat()]);
    let seen = walk(&table.write(), limits);
    assert_eq!(seen.items.len(), 2);
    seen.says("container_unsupported", "not read here (takes.item.bytes, either.either)");
}

#[test]
fn a_directory_with_more_batches_than_the_file_is_reported() {
    let table = Table { is_file: true, ..Table::stream(vec![small(2), small(2)]) };
    let whole = table.write();
    let one = Table { is_file: true, ..Table::stream(vec![small(2)]) }.write();
    let end = |bytes: &[u8]| {
        let length = u32::from_le_bytes(bytes[bytes.len() - 10..][..4].try_into().unwrap());
        bytes.len() - 10 - length as usize
    };
    let mixed = [&one[..end(&one)], &whole[end(&whole)..]].concat();
    let seen = walk(&mixed, ScanLimits::default());
    assert_eq!(seen.items.len(), 2);
    seen.says("container_damaged", "its directory names 2 record batches, and 1 were found");
}

#[test]
fn memory_does_not_grow_with_the_length_of_a_batch() {
    // 64 MiB of sound in one batch, which is not read from disk.
    let cell = vec![3_u8; 8 << 20];
    let cells: Vec<_> = [(); 8].map(|()| (Some(&cell[..]), None)).into();
    let table = Table::stream(vec![vec![audio(Shape::Narrow, &cells)]]);
    let limits = ScanLimits {
        max_item_bytes: 1 << 10,
        max_page_bytes: 1 << 10,
        extra_item_bytes: 0,
        ..ScanLimits::default()
    };
    let seen = walk(&table.write(), limits);
    assert_eq!((seen.items.len(), seen.rows.len()), (8, 0), "{:#?}", seen.rows);
}

#[test]
fn random_changes_of_a_table_give_items_or_rows() {
    let mut dice = Dice::new(7);
    let mut roll = |below: usize| dice.below(below);
    let values = texts("", Shape::Narrow, &[Some("a"), Some("b")]);
    let columns = || {
        let takes = lists(
            "ids",
            &[Some(2), None],
            texts("item", Shape::Views, &[Some("x"), Some("a text that is long")]),
        );
        [vec![codes("c", 1, &values, &[Some(0), Some(1)]), takes], small(2)].concat()
    };
    let table = Table {
        dictionaries: vec![(1, values.clone())],
        ..Table::stream(vec![columns(), columns()])
    };
    let seeds: Vec<Vec<u8>> = CODECS
        .into_iter()
        .flat_map(|codec| {
            [false, true].map(|is_file| Table { codec, is_file, ..table.clone() }.write())
        })
        .collect();
    for _ in 0..600 {
        let mut bytes = seeds[roll(seeds.len())].clone();
        for _ in 0..=roll(4) {
            let at = roll(bytes.len());
            match roll(4) {
                0 => bytes[at] ^= 1 << roll(8),
                1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][roll(5)],
                2 => bytes.truncate(at.max(1)),
                _ => {
                    let number = [1_u64 << 31, u64::from(u32::MAX), 1 << 62, u64::MAX][roll(4)];
                    for (to, from) in bytes[at..].iter_mut().zip(number.to_le_bytes()) {
                        *to = from;
                    }
                }
            }
        }
        let seen = walk(&bytes, ScanLimits::default());
        assert!(!seen.items.is_empty() || !seen.rows.is_empty());
        leads_back(&seen);
    }
}

#[test]
fn tables_of_another_writer_are_read_too() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tables");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
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
        leads_back(&seen);
        count += 1;
    }
    assert_eq!(count, 7);
}
