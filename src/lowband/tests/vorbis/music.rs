//! The same music by both decoders.

use std::path::Path;

use lowband::NEEDS_FULL;
use symphonia::core::errors::Error;

use crate::material::{Stereo, encode};
use crate::shared::music;
use crate::spectra::{Difference, compare};
use crate::streams::{Stream, decode, frames};

/// Decodes a stream by both decoders and compares the mid (`sign` 1) or the side (`sign` −1) up to `share` of the new Nyquist
/// frequency.
pub(crate) fn difference(stream: &Stream, sign: f32, share: f64) -> Difference {
    let mut low = stream.low().expect("the low band can be decoded");
    let mut full = stream.full().expect("the stream can be decoded");
    let factor = stream.factor();
    let (mut low_samples, mut full_samples) = (Vec::new(), Vec::new());
    for packet in &stream.packets {
        let low = decode(&mut low, packet);
        let full = decode(full.as_mut(), packet);
        match (frames(&low), frames(&full)) {
            (Ok(low), Ok(full)) => assert!((low * factor).abs_diff(full) <= factor, "{low} {full}"),
            (low, full) => assert_eq!(low, full),
        }
        if let (Ok(low), Ok(full)) = (low, full) {
            low_samples.extend_from_slice(&low[0]);
            match full.as_slice() {
                [left, right] => full_samples.extend(
                    left.iter().zip(right).map(|(left, right)| (left + sign * right) / 2.0),
                ),
                [only] => full_samples.extend_from_slice(only),
                _ => panic!("one or two channels"),
            }
        }
    }
    compare(&low_samples, &full_samples, factor, share)
}

fn check(rate_hz: u32, stereo: Stereo, encoder: &[&str], format: &str, bound_db: f64) {
    let file = encode(rate_hz, 4, stereo, encoder, format);
    let stream = Stream::read(file).expect("a Vorbis stream");
    let sign = if stereo == Stereo::Inverted { -1.0 } else { 1.0 };
    let new_nyquist = f64::from(rate_hz) / stream.factor() as f64 / 2.0;
    let found = difference(&stream, sign, (5000.0 / new_nyquist).min(0.9));
    println!("{rate_hz} {stereo:?} {encoder:?}: {found:?}");
    assert_eq!(found.lag, 0, "{rate_hz} {stereo:?} {encoder:?}");
    assert!(found.worst_db < bound_db + 10.0, "{rate_hz} {stereo:?} {encoder:?}: {found:?}");
    assert!(found.error_db < bound_db, "{rate_hz} {stereo:?} {encoder:?}: {found:?}");
}

#[test]
fn the_low_band_is_that_of_the_full_decoder_at_every_quality() {
    for quality in ["-1", "2", "5", "10"] {
        for stereo in [Stereo::Mono, Stereo::Panned] {
            check(44_100, stereo, &["-c:a", "libvorbis", "-q:a", quality], "ogg", -70.0);
        }
    }
}

#[test]
fn the_low_band_is_that_of_the_full_decoder_at_every_rate() {
    for rate_hz in [48_000, 32_000, 24_000, 22_050] {
        for stereo in [Stereo::Mono, Stereo::Panned] {
            check(rate_hz, stereo, &["-c:a", "libvorbis", "-q:a", "4"], "ogg", -70.0);
        }
    }
}

#[test]
fn the_low_band_of_another_encoder_is_that_of_the_full_decoder() {
    let encoder = ["-c:a", "vorbis", "-strict", "-2", "-q:a", "5"];
    check(44_100, Stereo::Panned, &encoder, "ogg", -70.0);
    check(48_000, Stereo::Panned, &encoder, "ogg", -70.0);
}

#[test]
fn headers_in_matroska_are_read() {
    check(44_100, Stereo::Panned, &["-c:a", "libvorbis", "-q:a", "4"], "matroska", -70.0);
}

#[test]
fn the_side_is_heard_of_channels_in_opposite_polarity() {
    check(44_100, Stereo::Inverted, &["-c:a", "libvorbis", "-q:a", "4"], "ogg", -70.0);
}

#[test]
fn other_rates_and_more_channels_need_the_full_decoder() {
    let refused = |file| {
        let stream = Stream::read(file).expect("a Vorbis stream");
        matches!(stream.low(), Err(Error::Unsupported(text)) if text == NEEDS_FULL)
    };
    let libvorbis = ["-c:a", "libvorbis", "-q:a", "2"];
    for rate_hz in [8_000, 11_025, 16_000, 96_000] {
        assert!(refused(encode(rate_hz, 1, Stereo::Mono, &libvorbis, "ogg")), "{rate_hz}");
    }
    let surround = ["-c:a", "libvorbis", "-ac", "6", "-q:a", "2"];
    assert!(refused(encode(44_100, 1, Stereo::Panned, &surround, "ogg")));
}

#[test]
fn music_is_that_of_the_full_decoder() {
    let Some(files) = music() else { return };
    let mut compared = 0;
    let is_called = |file: &Path, ending: &str| {
        file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(ending))
    };
    for file in files {
        if !["ogg", "oga", "mkv", "webm"].iter().any(|ending| is_called(&file, ending)) {
            continue;
        }
        let bytes = std::fs::read(&file).expect("a file that can be read");
        let Some(mut stream) = Stream::read(bytes) else { continue };
        if stream.packets.len() < 40 {
            continue;
        }
        match stream.low() {
            Err(Error::Unsupported(text)) if text == NEEDS_FULL => {
                println!("{}: needs the full decoder", file.display());
                continue;
            }
            Err(error) => panic!("{}: {error}", file.display()),
            Ok(_) => {}
        }
        stream.packets.truncate(4000);
        let rate_hz = f64::from(stream.params.sample_rate.unwrap_or(0));
        let share = (5000.0 / (rate_hz / stream.factor() as f64 / 2.0)).min(0.9);
        // Where the mid cancels, blocks of the side are heard. A file that is so for the most part
        // is compared with the side; the median does not see a few such blocks.
        let [mid, side] = [1.0, -1.0].map(|sign| difference(&stream, sign, share));
        let found = if mid.median_db <= side.median_db { mid } else { side };
        println!("{}: {found:.1?}", file.display());
        assert_eq!(found.lag, 0, "{}", file.display());
        assert!(found.median_db < -55.0, "{}: {found:?}", file.display());
        compared += 1;
    }
    assert!(compared > 0, "no music in the folder that LOWBAND_MUSIC names");
}
