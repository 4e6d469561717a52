//! Parquet tables with samples under the names that programs use, and with sound in Base64.

use leakhound::record::FailureKind;
use leakhound::record::Verdict::Match;
use parquet::data_type::{ByteArrayType, FloatType, Int32Type, Int64Type};

use crate::common::parquet::{binary, column, table};
use crate::common::{Desk, RATE_HZ, excerpt, records, song, wav};
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

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |chunk: &[u8]| {
        let bits = (0..3).fold(0, |sum, at| sum << 8 | u32::from(*chunk.get(at).unwrap_or(&0)));
        let letter = |at: usize| char::from(LETTERS[(bits >> (18 - 6 * at)) as usize & 63]);
        let letters: String = (0..=chunk.len()).map(letter).collect();
        letters + &"=".repeat(3 - chunk.len())
    };
    bytes.chunks(3).map(group).collect()
}
