//! Tables that would take too much memory or work.

use leakhound::source::ScanLimits;
use polars_arrow_format::ipc::planus::Builder;
use polars_arrow_format::ipc::{
    CompressionType, Endianness, Field, Message, MessageHeader, MetadataVersion, Schema, Struct,
    Type,
};

use super::message;
use crate::common::arrow::{
    Shape, Table, audio, batch_of, bytes, codes, floats, framed, lists, numbers, parts,
};
use crate::common::walk;

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
