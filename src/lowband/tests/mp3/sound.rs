//! What is heard of intact files.

use std::fs;
use std::path::PathBuf;

use symphonia::core::codecs::audio::AudioDecoderOptions;

use crate::decoding::{Decoded, Stream, mixed};
use crate::material::{encode, music, opposite};
use crate::spectra::error_db;

/// The greatest error below 5 kHz, in dB. It is about -99 dB.
const BOUND_DB: f64 = -80.0;

/// Asserts of a file that frames, place and sound are those of the full decoder.
fn assert_alike(name: &str, file: &[u8], weights: [f32; 2]) {
    let stream = Stream::of(file);
    let (factor, rate_hz) = (stream.factor(), stream.rate_hz());
    let untrimmed = AudioDecoderOptions::default().gapless(false);
    let full = stream.decode(stream.full_with(untrimmed));
    let low = stream.decode(stream.try_low(untrimmed).unwrap());
    assert!(full.len() > 20, "{name}");
    for (full, low) in full.iter().zip(&low) {
        assert_eq!(full.frames(), low.frames().map(|frames| frames * factor), "{name}");
    }
    let (full, low) = (mixed(&full, weights), mixed(&low, [1.0, 0.0]));
    let errors = [-1, 0, 1].map(|lag| error_db(&full, &low, factor, rate_hz, 5000.0, lag));
    println!("{name}: {:.1} dB", errors[1]);
    assert!(errors[1] < BOUND_DB, "{name}: {errors:?} dB");
    assert!(errors[0] > -40.0 && errors[2] > -40.0, "{name}: {errors:?} dB");
}

#[test]
fn music_sounds_as_from_the_full_decoder() {
    for (rate_hz, options) in [
        (44_100, "-b:a 128k"),
        (44_100, "-b:a 320k"),
        (44_100, "-q:a 2"),
        (44_100, "-q:a 7"),
        (44_100, "-b:a 64k"),
        (44_100, "-joint_stereo 0 -b:a 192k"),
        (44_100, "-ac 1 -b:a 96k"),
        (48_000, "-b:a 160k"),
        (32_000, "-b:a 96k"),
        (24_000, "-b:a 64k"),
        (22_050, "-b:a 48k"),
        (22_050, "-ac 1 -q:a 5"),
    ] {
        let file = encode(&music(rate_hz, 8), rate_hz, options);
        assert_alike(&format!("{rate_hz} {options}"), &file, [0.5, 0.5]);
    }
}

#[test]
fn the_side_is_heard_where_the_mid_cancels() {
    for options in ["-b:a 128k", "-joint_stereo 0 -b:a 192k"] {
        let file = encode(&opposite(&music(44_100, 8)), 44_100, options);
        assert_alike(options, &file, [0.5, -0.5]);
    }
}

#[test]
fn music_of_a_folder_sounds_as_from_the_full_decoder() {
    let Some(folder) = std::env::var_os("LOWBAND_MUSIC") else { return };
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files {
        if path.extension().is_some_and(|extension| extension == "mp3") {
            let name = path.display().to_string();
            assert_alike(&name, &fs::read(&path).unwrap(), [0.5, 0.5]);
        }
    }
}

#[test]
fn gapless_files_are_trimmed_to_a_part_of_the_frames() {
    for (rate_hz, options) in [(44_100, "-b:a 128k"), (22_050, "-b:a 64k")] {
        let stream = Stream::of(&encode(&music(rate_hz, 3), rate_hz, options));
        let factor = stream.factor();
        let full = mixed(&stream.decode(stream.full()), [0.5, 0.5]);
        let low = mixed(&stream.decode(stream.low()), [1.0, 0.0]);
        assert_eq!(full.len(), 3 * rate_hz, "the full decoder trims");
        assert!(full.len().abs_diff(low.len() * factor) <= factor, "{} {}", full.len(), low.len());
        // Trimming does not move the samples by more than the frames that one stands for.
        let place = (-2..=2).min_by(|&a, &b| {
            let error = |lag| error_db(&full, &low, factor, rate_hz, 5000.0, lag);
            error(a).total_cmp(&error(b))
        });
        let at = place.unwrap() + factor as isize / 2;
        assert!((0..factor as isize).contains(&at), "{at}");
    }
}

#[test]
fn a_decoder_that_is_reset_decodes_as_a_new_one() {
    let stream = Stream::of(&encode(&music(44_100, 3), 44_100, "-b:a 128k"));
    let mut decoder = stream.low();
    for packet in &stream.packets[..40] {
        assert!(decoder.decode(packet).is_ok());
    }
    decoder.reset();
    let rest = Stream { packets: stream.packets[30..].to_vec(), ..stream.clone() };
    assert_eq!(rest.decode(decoder), rest.decode(rest.low()));
}

#[test]
fn streams_of_other_rates_need_the_full_decoder() {
    for rate_hz in [16_000, 12_000, 11_025, 8_000] {
        let mut stream = Stream::of(&encode(&music(rate_hz, 2), rate_hz, "-b:a 32k"));
        let error = stream.try_low(AudioDecoderOptions::default()).err().unwrap();
        assert_eq!(error.to_string(), format!("unsupported feature: {}", lowband::NEEDS_FULL));
        stream.params.sample_rate = None;
        assert_eq!(stream.decode(stream.low())[0], Decoded::NeedsFull);
    }
}

#[test]
fn the_rate_is_that_of_the_packets_where_the_container_tells_none() {
    let mut stream = Stream::of(&encode(&music(32_000, 2), 32_000, "-b:a 96k"));
    let low = stream.decode(stream.low());
    stream.params.sample_rate = None;
    assert_eq!(stream.decode(stream.low()), low);
}
