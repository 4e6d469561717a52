//! Parquet tables with samples under the names that programs use, and with sound in Base64.

use leakhound::record::FailureKind;
use leakhound::record::Verdict::Match;
use leakhound::source::ScanLimits;
use parquet::data_type::{ByteArrayType, FloatType, Int32Type, Int64Type};

use crate::common::arrow::{Shape, Table, texts};
use crate::common::parquet::{binary, column, table};
use crate::common::{Desk, RATE_HZ, base64, excerpt, records, song, walk, wav};
use crate::tables::scan;

#[test]
fn samples_under_other_names_and_sound_in_base64_are_read() {
    let desk = Desk::with_songs(&[1, 2], 30);
    let clip = song(2, 30);
    let clip = excerpt(&clip, 5.0, 20.0);
    let levels = |definition: i16| {
        let mut repetitions = vec![1; clip.len()];
        repetitions[0] = 0;
        (vec![definition; clip.len()], repetitions)
    };
    let whole: Vec<i32> = clip.iter().map(|sample| (sample * 32_767.0) as i32).collect();
    let long: Vec<i64> = whole.iter().map(|&sample| sample.into()).collect();
    let list = |name: &str, kind: &str| {
        format!(
            "optional group {name} (LIST) {{ repeated group list {{ optional {kind} element; }} }}"
        )
    };
    for (name, schema, kind) in [
        ("a-top", format!("{} optional int64 sampling_rate;", list("array", "float")), "float"),
        ("b-wave", format!("{} optional int64 sample_rate;", list("waveform", "int32")), "int32"),
        ("c-long", format!("{} optional int64 sr;", list("audio", "int64")), "int64"),
        (
            "d-apart",
            format!("{} optional int64 audio_sample_rate;", list("audio", "float")),
            "float",
        ),
    ] {
        let shard = table(&format!("message schema {{ {schema} }}"), 1, &mut |_, rows| {
            let (definitions, repetitions) = levels(3);
            let repetitions = Some(&repetitions[..]);
            match kind {
                "int32" => column::<Int32Type>(rows, &whole, &definitions, repetitions),
                "int64" => column::<Int64Type>(rows, &long, &definitions, repetitions),
                _ => column::<FloatType>(rows, clip, &definitions, repetitions),
            }
            column::<Int64Type>(rows, &[i64::from(RATE_HZ)], &[1], None);
        });
        desk.write(format!("dump/{name}"), &shard);
    }
    let encoded = base64(&wav(clip));
    let text = "message schema { required binary audio_b64 (STRING); }";
    let shard = table(text, 1, &mut |_, rows| {
        let mut column = rows.next_column().unwrap().unwrap();
        let cells = binary(&[encoded.as_bytes(), b"clips/one.wav"]);
        column.typed::<ByteArrayType>().write_batch(&cells, None, None).unwrap();
        column.close().unwrap();
    });
    desk.write("dump/e-text", &shard);
    let found = scan(&desk, "dump");
    let heard: Vec<_> = found.iter().filter(|record| record.item.streams > 0).collect();
    assert_eq!(heard.len(), 5, "{found:#?}");
    assert!(heard.iter().all(|record| record.verdict == Match), "{found:#?}");
    for record in heard {
        let shown = desk.run(["show", &record.item.locator]).ends_with(0).stdout;
        assert!(shown.contains("run "), "{shown}");
    }
}

#[test]
fn samples_that_cannot_be_read_have_a_row_with_the_remedy() {
    let desk = Desk::with_songs(&[1], 30);
    let schema = "message schema {
        optional group waveform (LIST) { repeated group list { optional float element; } } }";
    let shard = table(schema, 1, &mut |_, rows| {
        column::<FloatType>(rows, &[0.5, 0.25], &[3, 3], Some(&[0, 1]));
    });
    desk.write("dump/x", &shard);
    desk.run(["scan", "dump"]).ends_with(3);
    let found = records(&desk.jsonl());
    let failure = found[0].failure.as_ref().unwrap();
    assert_eq!(failure.kind, FailureKind::ContainerUnsupported);
    assert!(failure.message.contains("sampling_rate"), "{failure:?}");
}

#[test]
fn the_first_rows_tell_what_a_column_holds_whatever_groups_without_rows_are_before_them() {
    let clip = wav(&song(1, 3));
    let text = "message schema { optional binary said (STRING); }";
    let parquet = table(text, 3, &mut |group, rows| {
        let cells = binary(&[base64(&clip).as_bytes()]);
        let rows_there = usize::from(group > 0);
        column::<ByteArrayType>(rows, &cells[..rows_there], &[1][..rows_there], None);
    });
    let encoded = base64(&clip);
    let batch = |rows: &[Option<&str>]| vec![texts("said", Shape::Narrow, rows)];
    let batches = vec![batch(&[]), batch(&[]), batch(&[Some(&encoded)]), batch(&[None])];
    let arrow = Table::stream(batches).write();
    // Four times a quarter of what an item may have, which is the most values of a list.
    let limits = ScanLimits { max_item_bytes: clip.len() as u64 * 2, ..ScanLimits::default() };
    for (bytes, sounds) in [(parquet, 2), (arrow, 1)] {
        let seen = walk(&bytes, limits);
        assert_eq!((seen.items.len(), seen.rows.len()), (sounds, 0), "{:#?}", seen.rows);
        assert!(seen.items.iter().all(|item| item.size_bytes == clip.len() as u64));
    }
}
