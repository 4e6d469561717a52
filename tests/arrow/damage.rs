//! Tables that are cut, damaged, or contradict themselves.

use leakhound::source::{Item, ScanLimits};
use polars_arrow_format::ipc::{
    Endianness, Int, Message, MessageHeader, MetadataVersion, Tensor, Type, Union, UnionMode,
};

use super::{CODECS, lead_back, message, small};
use crate::common::Dice;
use crate::common::arrow::{Shape, Table, batch_of, bytes, codes, framed, lists, parts, texts};
use crate::common::walk;

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
    lead_back(&seen);
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
        lead_back(&seen);
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
    // Files in lists of lists, beside those in lists and in a union, which are read.
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
    let deep = bytes("item", Shape::Narrow, &[Some(b"x"), Some(b"y")]);
    let deep = lists("deep", &[Some(1), Some(1)], lists("item", &[Some(1), Some(1)], deep));
    let table = Table::stream(vec![[vec![takes, either, deep], small(2)].concat()]);
    let seen = walk(&table.write(), limits);
    assert_eq!(seen.items.len(), 6);
    seen.says("container_unsupported", "not read here (deep.item.item)");
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
        lead_back(&seen);
    }
}
