//! The two files of a finding, as they are heard on the review page.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::base::digest;
use crate::decode::{DecodeLimits, Decoder};
use crate::ingest::Ingester;
use crate::signal::SampleRate;
use crate::signal::fingerprint::{FingerprintConfig, Fingerprinter};

/// Writes a second of sound; its SHA-256.
fn write(path: &Path, level: f32) -> String {
    let sample_rate = SampleRate::new(8_000).unwrap();
    let wav = to_wav(&Clip { samples: vec![level; 8_000], sample_rate });
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, &wav).unwrap();
    digest(&wav)
}

fn audio(root: &Path, dump: Option<PathBuf>) -> Result<Audio, AudioError> {
    let fingerprinter = Fingerprinter::new(FingerprintConfig::default());
    let ingester = Ingester::new(Decoder::new(DecodeLimits::default(), None), fingerprinter);
    Audio::new(ingester, &[root.to_str().unwrap().to_owned()], dump)
}

#[test]
fn a_long_span_becomes_several_stretches_of_both_files() {
    let long = Span { recording_end_seconds: 85.0, ..span(0.0, 150.0) };
    let empty = span(5.0, 5.0);
    let found = finding("rec", "sound", vec![long, empty, span(200.0, 210.0)]);
    let all = stretches(&found);
    assert_eq!(all.len(), 4);
    assert_eq!((all[1].item_from, all[1].item_seconds), (50.0, 50.0));
    assert_eq!((all[1].recording_from, all[1].recording_seconds), (35.0, 25.0));
    assert_eq!((all[3].item_from, all[3].recording_from), (200.0, 210.0));
}

#[test]
fn both_sides_are_heard_if_they_are_the_files_that_were_compared() {
    let folder = tempfile::tempdir().unwrap();
    let (dump, master) = (folder.path().join("dump"), folder.path().join("master.wav"));
    let here = dump.join("a.wav");
    let facts = item(here.to_str().unwrap(), &write(&here, 0.25));
    let found = Finding {
        recording_path: master.to_str().unwrap().to_owned(),
        recording_id: write(&master, 0.5)[..16].to_owned(),
        ..finding("", "sound", Vec::new())
    };
    let stretch =
        Stretch { item_from: 0.25, item_seconds: 0.5, recording_from: 0.0, recording_seconds: 0.5 };
    let there = audio(&dump, None).unwrap();
    for side in [Side::Item, Side::Recording] {
        let wav = there.wav(&facts, &found, side, stretch).unwrap();
        assert_eq!((&wav[..4], wav.len()), (&b"RIFF"[..], 44 + 2 * 4_000), "{side:?}");
    }
    let late = Stretch { item_from: 7.0, ..stretch };
    let silent = there.wav(&facts, &found, Side::Item, late).unwrap_err();
    assert!(matches!(silent, AudioError::Listen { .. }), "{silent}");
    assert_eq!(silent.to_string(), here.to_str().unwrap());

    // The dump was moved.
    let moved = folder.path().join("moved");
    fs::rename(&dump, &moved).unwrap();
    let gone = there.wav(&facts, &found, Side::Item, stretch).unwrap_err();
    assert!(gone.to_string().ends_with(" is missing; say where the dump is with --dump PATH"));
    let there = audio(&dump, Some(moved.clone())).unwrap();
    there.wav(&facts, &found, Side::Item, stretch).unwrap();
    let nowhere = audio(&dump, Some(dump.clone())).unwrap_err();
    assert!(nowhere.is_usage() && nowhere.to_string().starts_with("--dump "), "{nowhere}");

    // Other files lie in their places.
    let other = write(&moved.join("a.wav"), 0.125);
    write(&master, 0.75);
    let there = audio(&dump, Some(moved)).unwrap();
    let changed = there.wav(&facts, &found, Side::Item, stretch).unwrap_err();
    let told = format!("{}: is a different file now: its SHA-256 is {other}", facts.path);
    assert_eq!(changed.to_string(), told);
    let changed = there.wav(&facts, &found, Side::Recording, stretch).unwrap_err();
    assert!(matches!(changed, AudioError::Different { .. }), "{changed}");
    fs::remove_file(&master).unwrap();
    let gone = there.wav(&facts, &found, Side::Recording, stretch).unwrap_err();
    assert!(matches!(gone, AudioError::NoRecording { .. }), "{gone}");
}
