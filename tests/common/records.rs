//! Reads the JSON that the program writes.

use leakhound::record::{ItemRecord, Relation};
use serde::Deserialize as _;
use serde_json::Value;

/// The lines of a JSONL report, or of `--json`.
pub(crate) fn parse(jsonl: &str) -> Vec<Value> {
    let parse = |line: &str| -> Value {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
    };
    jsonl.lines().map(parse).collect()
}

/// The lines of a JSONL report as records.
pub(crate) fn records(jsonl: &str) -> Vec<ItemRecord> {
    parse(jsonl).into_iter().map(|line| serde_json::from_value(line).unwrap()).collect()
}

/// The only record whose path ends with `name`.
pub(crate) fn record<'a>(records: &'a [ItemRecord], ending: &str) -> &'a ItemRecord {
    let mut found = records.iter().filter(|record| record.item.path.ends_with(ending));
    let record = found.next().unwrap_or_else(|| panic!("no row for {ending}: {records:#?}"));
    assert!(found.next().is_none(), "more than one row for {ending}");
    record
}

/// A key, and the check of its value.
type Key = (&'static str, fn(&Value) -> bool);

/// Asserts that a line has every key of the contract, with a value of its type.
pub(crate) fn assert_contract(line: &Value) {
    let object = |value: &Value, keys: &[Key]| {
        for (key, is_right) in keys {
            let value = value.get(key).unwrap_or_else(|| panic!("no {key:?} in {line}"));
            assert!(is_right(value), "{key:?} is {value} in {line}");
        }
    };
    object(
        line,
        &[
            ("item", Value::is_object),
            ("verdict", Value::is_string),
            ("findings", Value::is_array),
            ("failure", |v| v.is_null() || v.is_object()),
            ("notes", Value::is_array),
            ("claims", Value::is_string),
            ("is_partial", Value::is_boolean),
        ],
    );
    object(
        &line["item"],
        &[
            ("path", Value::is_string),
            ("size_bytes", Value::is_u64),
            ("sha256", Value::is_string),
            ("codec", Value::is_string),
            ("duration_seconds", Value::is_number),
            ("streams", Value::is_u64),
            ("locator", Value::is_string),
            ("containers", Value::is_string),
            ("offset", |v| v.is_null() || v.is_u64()),
        ],
    );
    if !line["failure"].is_null() {
        let words: &[Key] =
            &[("stage", Value::is_string), ("kind", Value::is_string), ("message", one_line)];
        object(&line["failure"], words);
    }
    for finding in line["findings"].as_array().unwrap() {
        object(
            finding,
            &[
                ("recording_id", Value::is_string),
                ("recording_path", Value::is_string),
                ("title", Value::is_string),
                ("artist", Value::is_string),
                ("isrc", Value::is_string),
                ("verdict", |v| v == "match" || v == "suspect"),
                ("false_alarm_probability", Value::is_number),
                ("score", Value::is_number),
                ("tempo", Value::is_number),
                ("pitch_cents", Value::is_number),
                ("spans", |v| v.as_array().is_some_and(|spans| !spans.is_empty())),
                ("item_coverage", Value::is_number),
                ("recording_coverage", Value::is_number),
                ("stream", Value::is_u64),
                ("relation", |v| v.is_null() || Relation::deserialize(v).is_ok()),
                ("explained", |v| v.is_null() || v.is_object()),
                ("evidence", |v| v.is_null() || v.is_object()),
            ],
        );
        if finding["explained"].is_object() {
            let share: fn(&Value) -> bool =
                |v| v.as_f64().is_some_and(|share| (0.0..=1.0).contains(&share));
            let keys = ["recording_share", "item_share", "elsewhere_share", "others_share"];
            object(&finding["explained"], &keys.map(|key| (key, share)));
        }
        if finding["evidence"].is_object() {
            assert_evidence(&finding["evidence"], &object);
        }
        for span in finding["spans"].as_array().unwrap() {
            object(
                span,
                &[
                    ("item_start_seconds", Value::is_number),
                    ("item_end_seconds", Value::is_number),
                    ("recording_start_seconds", Value::is_number),
                    ("recording_end_seconds", Value::is_number),
                ],
            );
        }
    }
}

/// Asserts that an evidence has every key, and that its packed points are whole.
fn assert_evidence(evidence: &Value, object: &impl Fn(&Value, &[Key])) {
    object(
        evidence,
        &[
            ("peaks", Value::is_u64),
            ("peaks_met", Value::is_u64),
            ("dots", |v| v.as_str().is_some_and(|text| text.len() <= 344)),
            ("recording_seconds", Value::is_number),
            ("window", |v| v.is_null() || v.is_object()),
            ("met_when_moved", |v| v.as_str().is_some_and(|text| text.len() == 84)),
            ("runner_up", |v| v.is_null() || v.is_object()),
        ],
    );
    if evidence["window"].is_object() {
        let packed = |v: &Value| v.as_str().is_some_and(|text| text.len() <= 256);
        object(
            &evidence["window"],
            &[("span", Value::is_object), ("item", packed), ("recording", packed)],
        );
    }
}

fn one_line(message: &Value) -> bool {
    message.as_str().is_some_and(|text| !text.is_empty() && !text.contains(['\n', '\r']))
}
