//! The low band: it sounds like the low part of the whole spectrum, and what is unusual is decoded in full.

use super::*;
use crate::signal::fingerprint::{Fingerprint, FingerprintConfig, Fingerprinter};

/// Ending and arguments of ffmpeg for each codec that has a decoder of the low band.
const CODECS: [(&str, &[&str]); 5] = [
    ("mp3", &["-c:a", "libmp3lame", "-b:a", "128k"]),
    ("ogg", &["-c:a", "libvorbis", "-b:a", "160k"]),
    ("m4a", &["-c:a", "aac", "-b:a", "160k"]),
    ("aac", &["-c:a", "aac", "-b:a", "128k"]),
    ("opus", &["-c:a", "libopus", "-b:a", "75k"]),
];

fn low(path: &Path) -> (Result<Decoded, DecodeError>, Kept) {
    let decoder = Decoder::new(LIMITS, None).with_band(Band::Low);
    let mut kept = Kept::default();
    let result = decoder.decode(&path.into(), &AtomicBool::new(false), &mut kept);
    (result, kept)
}

fn fingerprint((rates, samples): &(Vec<SampleRate>, Vec<f32>)) -> Fingerprint {
    let mut stream = Fingerprinter::new(FingerprintConfig::default()).stream(rates[0]);
    stream.push(samples);
    stream.finish()
}

#[test]
fn the_low_band_gives_the_same_peaks_at_the_same_times() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let both = interleave(&tune(1, 12.0), &tune(2, 12.0));
    let path = write(directory.path(), "tune.wav", &wav(RATE_HZ, 2, &both));
    for rate in ["44100", "48000", "32000", "22050"] {
        for (ending, codec) in CODECS {
            if ending == "opus" && rate != "48000" {
                continue;
            }
            let name = format!("{rate}.{ending}");
            let file = encode(&path, &name, &[&["-ar", rate], codec].concat());
            let ((full, all), (part, some)) = (decode(&file), low(&file));
            let (full, part) = (full.expect("decoded"), part.expect("decoded"));
            let (full, part) = (&full.streams[0], &part.streams[0]);
            assert_eq!((full.sample_rate, full.channels), (part.sample_rate, part.channels));
            assert!((full.duration_seconds - part.duration_seconds).abs() < 1e-3, "{name}");
            assert!(some.streams[0].1.len() * 2 <= all.streams[0].1.len(), "{name}: not reduced");
            let (full, part) = (fingerprint(&all.streams[0]), fingerprint(&some.streams[0]));
            // Times are in 1/16 of 23 ms, pitches in 1/8192 octave.
            let is_near = |peak: &&crate::signal::peaks::Peak| {
                part.all_peaks.iter().any(|other| {
                    peak.time.abs_diff(other.time) <= 4 && peak.pitch.abs_diff(other.pitch) <= 16
                })
            };
            let kept = full.all_peaks.iter().filter(is_near).count();
            let share = kept as f64 / full.all_peaks.len() as f64;
            assert!(full.all_peaks.len() > 100 && share > 0.9, "{name}: {share:.3}");
        }
    }
}

#[test]
fn sound_above_the_low_band_alone_is_no_silence() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let tone: Vec<f32> = (0..RATE_HZ * 3)
        .map(|at| (at as f32 * 9_000.0 / RATE_HZ as f32 * std::f32::consts::TAU).sin() * 0.5)
        .collect();
    let path = write(directory.path(), "high.wav", &wav(RATE_HZ, 1, &tone));
    for (ending, codec) in CODECS {
        let (result, _) = low(&encode(&path, &format!("high.{ending}"), codec));
        let decoded = result.unwrap_or_else(|error| panic!("{ending}: {error}"));
        assert!((decoded.streams[0].duration_seconds - 3.0).abs() < 0.2, "{ending}");
    }
}

#[test]
fn what_has_no_decoder_of_the_low_band_is_decoded_in_full() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let mono = tune(3, 3.0);
    let path = write(directory.path(), "tune.wav", &wav(RATE_HZ, 1, &mono));
    for (name, codec) in [
        ("telephone.mp3", &["-ar", "8000", "-c:a", "libmp3lame"][..]),
        ("surround.ogg", &["-ac", "6", "-c:a", "libvorbis"]),
        ("high.m4a", &["-ar", "96000", "-c:a", "aac"]),
        ("surround.flac", &["-ac", "6", "-c:a", "flac"]),
        ("same.wav", &["-c:a", "pcm_s24le"]),
    ] {
        let file = encode(&path, name, codec);
        let ((full, all), (part, some)) = (decode(&file), low(&file));
        assert_eq!(full.expect("decoded"), part.expect("decoded"), "{name}");
        assert_eq!(all.streams, some.streams, "{name}");
    }
}

#[test]
fn flac_sounds_as_from_the_full_decoder_to_a_quarter_of_a_step_of_16_bits() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let (left, right) = (tune(4, 3.0), tune(5, 3.0));
    let inverted = left.iter().map(|sample| -sample).collect();
    // Nearly mono, so that mid and side are coded.
    let near = left.iter().zip(&right).map(|(left, right)| left + 0.01 * right).collect();
    for (what, right) in [("apart", right), ("inverted", inverted), ("near", near)] {
        let name = format!("{what}.wav");
        let path = write(directory.path(), &name, &wav(RATE_HZ, 2, &interleave(&left, &right)));
        for (name, codec) in [
            ("16.flac", &["-c:a", "flac"][..]),
            ("24.flac", &["-c:a", "flac", "-sample_fmt", "s32", "-ar", "96000"]),
            ("mono.flac", &["-c:a", "flac", "-ac", "1", "-ar", "11025"]),
            ("ogg.oga", &["-c:a", "flac"]),
        ] {
            let file = encode(&path, name, codec);
            let ((full, all), (part, some)) = (decode(&file), low(&file));
            let (full, mut part) = (full.expect("decoded"), part.expect("decoded"));
            assert_eq!(some.restarts, 0, "{what} {name}: not taken");
            let ((all_rates, all), (some_rates, some)) = (&all.streams[0], &some.streams[0]);
            assert_eq!((all_rates, all.len()), (some_rates, some.len()), "{what} {name}");
            for (all, some) in all.iter().zip(some) {
                assert!((all - some).abs() < 0.26 / 32_768.0, "{what} {name}: {all} {some}");
            }
            part.streams[0].peak = full.streams[0].peak;
            assert_eq!(full, part, "{what} {name}");
        }
    }
}

#[test]
fn of_damaged_flac_the_same_packets_are_given_up() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let both = interleave(&tune(6, 6.0), &tune(7, 6.0));
    let path = write(directory.path(), "tune.wav", &wav(RATE_HZ, 2, &both));
    let good = fs::read(encode(&path, "tune.flac", &["-c:a", "flac"])).expect("read");
    let mut dice = Dice::new(8);
    for round in 0..12 {
        let mut bytes = good.clone();
        for _ in 0..=round {
            let at = 9_000 + (dice.share() * (bytes.len() - 9_000) as f64) as usize;
            bytes[at] ^= 0x55;
        }
        if round % 3 == 0 {
            bytes.truncate(bytes.len() * 2 / 3);
        }
        let file = write(directory.path(), "damaged.flac", &bytes);
        let ((full, all), (part, some)) = (decode(&file), low(&file));
        let (full, mut part) = (full.expect("decoded"), part.expect("decoded"));
        assert_eq!(all.streams[0].1.len(), some.streams[0].1.len(), "round {round}");
        part.streams[0].peak = full.streams[0].peak;
        assert_eq!(full, part, "round {round}");
    }
}

#[test]
fn what_decodes_and_what_mixes_is_told_for_each_band() {
    let full = Decoder::new(LIMITS, None);
    let whole = full.describe();
    let low = full.with_band(Band::Low).describe();
    let lock = fs::read_to_string("Cargo.lock").expect("a lock file");
    let (_, version) = low.split_once(" + lowband ").expect("named");
    assert!(lock.contains(&format!("name = \"lowband\"\nversion = \"{version}\"")), "{low}");
    // Which channel is heard is decided by that crate in either band; records of the two are not mixed.
    assert_eq!(whole, format!("{low} (mixing only)"));
}
