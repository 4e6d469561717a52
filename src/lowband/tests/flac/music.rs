//! Files of the usual encoders.

use lowband::NEEDS_FULL;
use symphonia::core::errors::Error;

use crate::material::{Image, signal};
use crate::shared::{ffmpeg, music};
use crate::streams::{Difference, Stream, decode, difference};

/// The signal of these tests, encoded by `ffmpeg` with these arguments in this container.
fn encoded(level: f64, arguments: &[&str], container: &str) -> Vec<u8> {
    let [left, right] = signal(60_000, 16, level, Image::Wide);
    let both = left.iter().zip(&right);
    let samples: Vec<u8> = both
        .flat_map(|(left, right)| [*left as i16, *right as i16])
        .flat_map(i16::to_le_bytes)
        .collect();
    let arguments = [&["-c:a", "flac"], arguments].concat();
    ffmpeg(samples, &["-ar", "44100", "-ac", "2"], &arguments, container)
}

/// All packets are equal, but for loud mids, which are known to a quarter of a step (of 24 bits, as far as `f32` tells).
fn assert_alike(found: Difference, bits: u32, what: &str) {
    let bound = if bits > 20 { 0.5 } else { 0.26 };
    assert!(found.packets > 0 && found.steps <= bound, "{what}: {found:?}");
    assert!(found.steps > 0.0 || found.equal == found.packets, "{what}: {found:?}");
}

#[test]
fn files_of_every_level_rate_and_width_are_those_of_the_full_decoder() {
    for level in [0.05, 0.9] {
        for arguments in [
            &["-compression_level", "0"][..],
            &["-compression_level", "5"],
            &["-compression_level", "12"],
            &["-compression_level", "8", "-lpc_type", "cholesky", "-max_prediction_order", "32"],
            &["-ar", "8000"],
            &["-ar", "96000"],
            &["-ac", "1"],
            &["-sample_fmt", "s32"],
            &["-frame_size", "300"],
            &["-ch_mode", "mid_side"],
            &["-ch_mode", "left_side"],
            &["-ch_mode", "right_side"],
            &["-ch_mode", "indep"],
        ] {
            for container in ["flac", "ogg", "matroska"] {
                let file = encoded(level, &[arguments, &["-strict", "-2"]].concat(), container);
                let stream = Stream::read(file).expect("a FLAC stream");
                let what = format!("{level} {arguments:?} {container}");
                assert_alike(difference(&stream), stream.bits(), &what);
            }
        }
    }
}

#[test]
fn surround_needs_the_full_decoder() {
    let stream = Stream::read(encoded(0.5, &["-ac", "6"], "flac")).expect("a FLAC stream");
    assert!(matches!(stream.low(), Err(Error::Unsupported(text)) if text == NEEDS_FULL));
}

#[test]
fn music_is_that_of_the_full_decoder() {
    let Some(files) = music() else { return };
    let mut compared = 0;
    for file in files {
        let bytes = std::fs::read(&file).expect("a file that can be read");
        let Some(stream) = Stream::read(bytes) else { continue };
        match stream.low() {
            Err(Error::Unsupported(text)) if text == NEEDS_FULL => {
                println!("{}: needs the full decoder", file.display());
                continue;
            }
            Err(error) => panic!("{}: {error}", file.display()),
            Ok(mut low) => {
                if stream.packets.iter().any(|packet| decode(&mut low, packet) == Err("full")) {
                    println!("{}: a packet needs the full decoder", file.display());
                    continue;
                }
            }
        }
        let found = difference(&stream);
        println!("{}: {found:?}", file.display());
        assert_alike(found, stream.bits(), &file.display().to_string());
        compared += 1;
    }
    println!("{compared} files of FLAC");
}
