//! Tables, arrays and texts with sound as other programs write them: those of `fixtures/tables/sound`, made by `scripts/tables`.

use std::fs;

use leakhound::source::{Dump, Folders, Item, Locator, ScanLimits, Source as _, To};

use crate::common::{Seen, content, leads_back, sound_tables as folder, walk};

/// Each file, and the places of the sound in it: row group, row and column of a cell, or the name of a member.
const SOUNDS: &[(&str, &[&str])] = &[
    ("base64.arrow", &["0.0 audio_base64"]),
    ("base64.csv", &["line 2"]),
    ("base64.jsonl", &["line 1", "line 2"]),
    ("base64.parquet", &["0.0 audio_base64"]),
    ("channels-first.arrow", &["0.0 audio"]),
    ("channels-first.parquet", &["0.0 audio"]),
    ("channels-last.arrow", &["0.0 audio"]),
    ("channels-last.parquet", &["0.0 audio"]),
    ("clip.wav", &[""]),
    ("coded.arrow", &["0.0 audio", "0.2 audio"]),
    ("coded.parquet", &["0.0 audio", "0.2 audio"]),
    ("data-url.arrow", &["0.0 content"]),
    ("data-url.json", &["line 1"]),
    ("data-url.parquet", &["0.0 content"]),
    ("duckdb.json", &["line 1"]),
    ("duckdb.parquet", &["0.0 audio", "0.0 waveform"]),
    ("fixed-list.arrow", &["0.0 audio"]),
    ("fixed-list.parquet", &["0.0 audio"]),
    ("float16.arrow", &["0.0 waveform"]),
    ("float16.parquet", &["0.0 waveform"]),
    ("float32.arrow", &["0.0 waveform"]),
    ("float32.parquet", &["0.0 waveform"]),
    ("float64.arrow", &["0.0 waveform"]),
    ("float64.parquet", &["0.0 waveform"]),
    ("hugging-face-files.parquet", &["0.0 audio"]),
    ("hugging-face-files/data-00000-of-00001.arrow", &["0.0 audio"]),
    ("hugging-face-samples.parquet", &["0.0 audio"]),
    ("hugging-face-samples/data-00000-of-00001.arrow", &["0.0 audio"]),
    ("hugging-face-several.parquet", &["0.0 takes[0]", "0.0 takes[1]"]),
    ("hugging-face-several/data-00000-of-00001.arrow", &["0.0 takes[0]", "0.0 takes[1]"]),
    ("hugging-face.jsonl", &["0.0 audio.array"]),
    ("int16.arrow", &["0.0 waveform"]),
    ("int16.parquet", &["0.0 waveform"]),
    ("int32.arrow", &["0.0 waveform"]),
    ("int32.parquet", &["0.0 waveform"]),
    ("large-list-view.arrow", &["0.0 array", "0.1 array"]),
    ("list-of-bytes.arrow", &["0.0 takes[0]", "0.0 takes[2]"]),
    ("list-of-bytes.parquet", &["0.0 takes[0]", "0.0 takes[2]"]),
    ("list-of-structs.arrow", &["0.0 takes[0]", "0.0 takes[2]", "0.3 takes[0]"]),
    ("list-of-structs.parquet", &["0.0 takes[0]", "0.0 takes[2]", "0.3 takes[0]"]),
    ("list-view-of-structs.arrow", &["0.0 takes[0]", "0.0 takes[1]", "0.2 takes[0]"]),
    ("list-view-out-of-order.arrow", &["0.0 takes[0]", "0.1 takes[0]", "0.1 takes[1]"]),
    ("list-view.arrow", &["0.0 array", "0.1 array"]),
    ("map.arrow", &["0.0 takes.entries.value[0]", "0.0 takes.entries.value[1]"]),
    ("map.parquet", &["0.0 takes.key_value.value[0]", "0.0 takes.key_value.value[1]"]),
    ("nested.arrow", &["0.0 a.b.audio"]),
    ("nested.parquet", &["0.0 a.b.audio"]),
    ("one.npy", &["~"]),
    ("one.npz", &["audio.npy ~"]),
    ("page.html", &["line 1"]),
    ("pandas.feather", &["0.0 audio", "0.0 waveform"]),
    ("pandas.parquet", &["0.0 audio", "0.0 waveform"]),
    ("polars.arrow", &["0.0 audio", "0.0 waveform"]),
    ("polars.parquet", &["0.0 audio", "0.0 waveform"]),
    ("rate-as-float.arrow", &["0.0 speech"]),
    ("rate-as-float.parquet", &["0.0 speech"]),
    ("runs-of-rates.arrow", &["0.0 waveform", "0.1 waveform"]),
    ("runs.arrow", &["0.0 audio", "0.1 audio", "0.3 audio"]),
    ("stereo.npz", &["waveform.npy ~"]),
    ("union-dense.arrow", &["0.0 audio", "0.2 audio"]),
    ("union-sparse.arrow", &["0.0 audio"]),
    ("viewed.arrow", &["0.0 audio"]),
    ("viewed.parquet", &["0.0 audio"]),
    ("webdataset.tar", &["000.wav", "001.npy ~", "002.npz audio.npy ~", "003.txt line 1"]),
    ("wide.arrow", &["0.0 audio"]),
    ("wide.parquet", &["0.0 audio"]),
];

fn seen() -> Seen {
    let folders = Folders::new(&[folder()]).unwrap();
    let mut seen = Seen::default();
    assert!(Dump::new(folders, ScanLimits::default()).walk(&mut seen).is_continue());
    seen
}

/// The file of an item, and its place there.
fn place(locator: &Locator) -> (String, String) {
    let steps = locator.steps.iter().map(|step| match &step.to {
        To::Member { name, .. } => String::from_utf8(name.clone()).unwrap(),
        To::Cell { group, row, column } => format!("{group}.{row} {column}"),
        To::Packed => "~".to_owned(),
        other => format!("{other:?}"),
    });
    let file = locator.file.strip_prefix(folder()).unwrap().to_str().unwrap().to_owned();
    (file, steps.collect::<Vec<_>>().join(" "))
}

/// Whether something is the clip, or a WAV file of floats with its samples in each channel.
fn is_clip(bytes: &[u8], clip: &[u8]) -> bool {
    if bytes == clip {
        return true;
    }
    if bytes.len() < 44 || !bytes.starts_with(b"RIFF") {
        return false;
    }
    let channels = usize::from(bytes[22]);
    assert_eq!(bytes[24..28], clip[24..28], "the rate");
    let (floats, _) = bytes[44..].as_chunks::<4>();
    let (ints, _) = clip[44..].as_chunks::<2>();
    let all = ints.iter().flat_map(|int| std::iter::repeat_n(int, channels));
    floats.len() == channels * ints.len()
        && all.zip(floats).all(|(int, float)| {
            let wanted = f32::from(i16::from_le_bytes(*int)) / 32_768.0;
            (f32::from_le_bytes(*float) - wanted).abs() < 1e-3
        })
}

#[test]
fn the_sound_in_what_other_programs_write_is_found_and_found_again() {
    let clip = fs::read(folder().join("clip.wav")).unwrap();
    let mut found = Vec::new();
    for item in &seen().items {
        if is_clip(&content(item), &clip) {
            found.push(place(&leads_back(item)));
        }
    }
    let wanted = SOUNDS.iter().flat_map(|(file, places)| {
        places.iter().map(|place| ((*file).to_owned(), (*place).to_owned()))
    });
    found.sort();
    assert_eq!(found, wanted.collect::<Vec<_>>());
}

#[test]
fn what_describes_a_sound_comes_with_it_and_a_text_remains_an_item() {
    let seen = seen();
    let said = |file: &str, at: &str| {
        let it = |item: &&Item| place(&item.place.locator) == (file.to_owned(), at.to_owned());
        seen.items.iter().find(it).map(|item| item.side_car.as_deref().unwrap_or("").to_owned())
    };
    assert_eq!(said("runs.arrow", "0.3 audio").unwrap(), "GBAYE0000351 ");
    assert!(said("webdataset.tar", "001.npy ~").unwrap().contains("sampling_rate"));
    assert_eq!(said("data-url.json", "text").unwrap(), "");
    assert_eq!(said("base64.csv", "text").unwrap(), "");
    assert_eq!(said("one.json", "").unwrap(), "");
}

#[test]
fn what_is_known_as_sound_and_not_read_has_a_row_that_is_no_mere_remark() {
    let seen = seen();
    let told = |file: &str| {
        let row = seen.rows.iter().find(|row| row.place.locator.file == folder().join(file));
        let failure = &row.unwrap_or_else(|| panic!("{file}")).failure;
        (failure.kind.as_str(), failure.message.clone())
    };
    for (file, what) in [
        ("fixed-bytes.arrow", "(audio)"),
        ("fixed-bytes.parquet", "(audio)"),
        ("raw.arrow", "1 cells of no known format with a sample rate"),
        ("raw.parquet", "1 cells of no known format with a sample rate"),
        ("spectrum.arrow", "20 lists of 30 values"),
        ("spectrum.parquet", "20 lists of 30 values"),
        ("without-rate.arrow", "not read here (waveform"),
        ("without-rate.parquet", "not read here (waveform"),
        ("without-rate.npy", "8078 samples of 1 channels (int16), without a sample rate"),
    ] {
        let (kind, message) = told(file);
        assert!(kind == "container_unsupported" && message.contains(what), "{file}: {message}");
    }
    for file in ["list-of-structs.arrow", "list-of-structs.parquet"] {
        assert!(told(file).1.contains("names 1 files"), "{file}");
    }
    let (kind, message) = told("one.npz");
    assert!(kind == "not_audio" && message.contains("1 numbers"), "{message}");
}

#[test]
fn damaged_tables_and_arrays_of_other_programs_neither_panic_nor_grow() {
    let limits = ScanLimits { ratio_slack_bytes: 8 << 20, ..ScanLimits::default() };
    let odd = ["index out", "range", "overflow when", "attempt to", "capacity", "unwrap"];
    for name in [
        "channels-first.arrow",
        "float16.arrow",
        "list-of-structs.arrow",
        "list-view-of-structs.arrow",
        "list-view-out-of-order.arrow",
        "list-view.arrow",
        "map.arrow",
        "one.npz",
        "runs-of-rates.arrow",
        "runs.arrow",
        "union-dense.arrow",
        "union-sparse.arrow",
    ] {
        let whole = fs::read(folder().join(name)).unwrap();
        // Not in the sound, of which there is more than of anything else.
        let quiet = |at: usize| {
            whole[at..(at + 8).min(whole.len())].iter().all(|&byte| byte < 9 || byte == 0xff)
        };
        let places: Vec<usize> = (8..whole.len()).step_by(4).filter(|&at| quiet(at)).collect();
        for at in places.into_iter().step_by(3) {
            for value in [
                [0xff; 8],
                [0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0x7f],
                [1, 0, 0, 0, 0, 0, 0, 0],
            ] {
                let mut bytes = whole.clone();
                let end = (at + 8).min(bytes.len());
                bytes[at..end].copy_from_slice(&value[..end - at]);
                let seen = walk(&bytes, limits);
                for row in &seen.rows {
                    let message = &row.failure.message;
                    let is_panic = odd.iter().any(|word| message.contains(word));
                    assert!(!is_panic, "{name}, byte {at}: {message}");
                }
            }
        }
    }
}
