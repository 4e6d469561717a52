//! Streams of the encoder of these tests: decoded to the same samples as by Symphonia.

use lowband::NEEDS_FULL;
use symphonia::core::errors::Error;

use crate::encoder::{
    Format, Kind, LEFT_RIGHT, LEFT_SIDE, MID_SIDE, MONO, Residuals, SIDE_RIGHT, Subframe, file,
    frame, plain,
};
use crate::material::{Image, Numbers, signal};
use crate::streams::{Difference, Stream, difference};

/// So soft that the side is always read.
const SOFT: f64 = 0.05;
const ALL_STEREO: [u8; 4] = [LEFT_RIGHT, LEFT_SIDE, SIDE_RIGHT, MID_SIDE];

/// Linear prediction of `order`: the first coefficients are those of a fixed predictor.
pub(crate) fn linear(order: usize, precision: u32, shift: u32) -> Kind {
    let mut numbers = Numbers(order as u64 + 77);
    let most = (1_i64 << (precision - 1)) - 1;
    let mut coefficients: Vec<i64> = (0..order).map(|_| numbers.below(7) as i64 - 3).collect();
    coefficients[0] = (15_i64 << shift >> 3).min(most);
    if let Some(second) = coefficients.get_mut(1) {
        *second = (-7_i64 << shift >> 3).max(-most);
    }
    Kind::Linear { coefficients, precision, shift }
}

/// A stream with one frame for each length of a block.
pub(crate) fn stream(
    bits: u32,
    assignment: u8,
    (level, image): (f64, Image),
    blocks: &[usize],
    subframe: impl Fn(usize) -> Subframe,
) -> Stream {
    let channels = if assignment == MONO { 1 } else { 2 };
    let longest_block = blocks.iter().copied().max().unwrap_or(0).max(256) as u32;
    let format = Format { rate_hz: 44_100, channels, bits, longest_block };
    let [left, right] = signal(blocks.iter().sum(), bits, level, image);
    let mut at = 0;
    let mut frames = Vec::new();
    for (number, &block) in blocks.iter().enumerate() {
        let range = at..at + block;
        let mut samples = [left[range.clone()].to_vec(), right[range].to_vec()];
        let subframes = [subframe(number), subframe(number)];
        for samples in &mut samples {
            for sample in samples.iter_mut() {
                // As if nothing were in the lowest bits, of the side too.
                let wasted = subframes[0].wasted + u32::from(subframes[0].wasted > 0);
                *sample = *sample >> wasted << wasted;
            }
            if matches!(subframe(number).kind, Kind::Constant) {
                let first = samples[0];
                samples.fill(first);
            }
        }
        let both: Vec<&[i32]> = samples.iter().take(channels as usize).map(Vec::as_slice).collect();
        frames.push(frame(format, at as u64, assignment, &both, &subframes));
        at += block;
    }
    let stream = Stream::read(file(format, &frames)).expect("a FLAC stream");
    assert_eq!(stream.packets.len(), blocks.len(), "the reader takes every frame");
    stream
}

fn assert_exact(stream: &Stream, what: &str) {
    let found = difference(stream);
    let packets = stream.packets.len();
    assert_eq!(found, Difference { packets, equal: packets, steps: 0.0 }, "{what}");
}

#[test]
fn every_kind_of_subframe_at_every_width_gives_the_same_samples() {
    for bits in [5, 8, 12, 16, 20, 24, 28, 32] {
        for assignment in [MONO].into_iter().chain(ALL_STEREO) {
            if bits == 32 && assignment > LEFT_RIGHT {
                continue;
            }
            let mut kinds = vec![Kind::Constant, Kind::Verbatim];
            kinds.extend((0..=4).map(Kind::Fixed));
            kinds.extend((1..=32).map(|order| linear(order, 15, 10)));
            for kind in kinds {
                let wide = Residuals { wide: true, ..plain(Kind::Verbatim).residuals };
                let subframe = |_| Subframe { residuals: wide, ..plain(kind.clone()) };
                let stream = stream(bits, assignment, (SOFT, Image::Wide), &[300, 64], subframe);
                let what = format!("{bits} bits, channels {assignment}, {kind:?}");
                if bits == 28 && assignment > LEFT_RIGHT {
                    // Only here does a sum of the channels round once, and not twice.
                    let found = difference(&stream);
                    assert!(found.packets == 2 && found.steps <= 2.0, "{what}: {found:?}");
                } else {
                    assert_exact(&stream, &what);
                }
            }
        }
    }
}

#[test]
fn blocks_of_any_length_and_any_partitions_give_the_same_samples() {
    let blocks = [256, 1, 4096, 2, 4608, 577, 33, 16, 1152, 999];
    let subframe = |number: usize| {
        let partition_order = [3, 0, 8, 0, 5, 0, 0, 2, 4, 0][number];
        let residuals = Residuals { partition_order, ..plain(Kind::Verbatim).residuals };
        // No order that the shortest partition does not have.
        let kind = if number == 1 || number == 3 { Kind::Fixed(1) } else { Kind::Fixed(2) };
        Subframe { residuals, ..plain(kind) }
    };
    for assignment in [MONO].into_iter().chain(ALL_STEREO) {
        let stream = stream(16, assignment, (SOFT, Image::Wide), &blocks, subframe);
        assert_exact(&stream, &format!("channels {assignment}"));
    }
}

#[test]
fn escaped_partitions_and_unusual_rice_parameters_give_the_same_samples() {
    for bits in [8, 16, 24] {
        for assignment in [MONO, LEFT_SIDE, MID_SIDE] {
            for (escape_each, detune) in [(1, 0), (3, 0), (0, -5), (0, -3), (0, 4), (0, 30)] {
                for wide in [false, true] {
                    let residuals = Residuals { partition_order: 4, wide, escape_each, detune };
                    let subframe = |_| Subframe { residuals, ..plain(Kind::Fixed(2)) };
                    let material = (SOFT, Image::Wide);
                    let stream = stream(bits, assignment, material, &[4096, 576], subframe);
                    assert_exact(&stream, &format!("{bits} bits, {assignment}, {residuals:?}"));
                }
            }
        }
    }
}

#[test]
fn silence_has_residuals_without_bits() {
    let residuals = Residuals { partition_order: 2, wide: false, escape_each: 1, detune: 0 };
    let subframe = |_| Subframe { residuals, ..plain(Kind::Fixed(0)) };
    assert_exact(&stream(16, MID_SIDE, (0.0, Image::Wide), &[1024; 2], subframe), "silence");
}

#[test]
fn wasted_bits_come_back_as_zeros() {
    for bits in [16, 24] {
        for wasted in [1, 3, 7] {
            for assignment in [MONO].into_iter().chain(ALL_STEREO) {
                for kind in [Kind::Constant, Kind::Verbatim, Kind::Fixed(3), linear(8, 14, 11)] {
                    let subframe = |_| Subframe { wasted, ..plain(kind.clone()) };
                    let material = (SOFT, Image::Wide);
                    let stream = stream(bits, assignment, material, &[512; 3], subframe);
                    assert_exact(&stream, &format!("{bits}, {wasted}, {assignment}, {kind:?}"));
                }
            }
        }
    }
}

#[test]
fn predictions_need_more_than_32_bits_where_the_coefficients_are_large() {
    for bits in [16, 17, 20, 24] {
        for order in [2, 8, 12, 32] {
            let subframe = |_| Subframe {
                residuals: Residuals { wide: true, ..plain(Kind::Verbatim).residuals },
                ..plain(linear(order, 15, 13))
            };
            for assignment in [MONO, LEFT_RIGHT, MID_SIDE] {
                let level = if assignment == MID_SIDE { SOFT } else { 0.9 };
                let stream = stream(bits, assignment, (level, Image::Wide), &[4096], subframe);
                assert_exact(&stream, &format!("{bits} bits, order {order}"));
            }
        }
    }
}

#[test]
fn the_side_is_heard_of_channels_in_opposite_polarity() {
    for level in [SOFT, 0.9] {
        for assignment in ALL_STEREO {
            let subframe = |_| plain(Kind::Fixed(2));
            let stream = stream(16, assignment, (level, Image::Inverted), &[4096; 3], subframe);
            let mut decoder = stream.low().expect("the stream can be decoded");
            let sound = crate::streams::decode(&mut decoder, &stream.packets[0]).expect("sound");
            assert!(sound[0].iter().any(|sample| sample.abs() > 0.3 * level as f32));
            assert_exact(&stream, &format!("level {level}, channels {assignment}"));
        }
    }
}

#[test]
fn the_mid_of_a_loud_frame_is_known_to_a_quarter_of_a_step() {
    let subframe = |_| plain(Kind::Fixed(2));
    for bits in [16, 20, 24] {
        let stream = stream(bits, MID_SIDE, (0.9, Image::Wide), &[4096; 4], subframe);
        let found = difference(&stream);
        assert_eq!((found.packets, found.equal), (4, 0), "the side is not read");
        assert!(found.steps <= 0.26 || bits == 24 && found.steps <= 0.5, "{bits}: {found:?}");
    }
    // With fewer bits the lowest is worth reading.
    let stream = stream(12, MID_SIDE, (0.9, Image::Wide), &[4096; 4], subframe);
    assert_exact(&stream, "12 bits");
}

#[test]
fn what_is_not_one_or_two_channels_of_usual_blocks_needs_the_full_decoder() {
    let refused = |rate_hz, channels, longest_block| {
        let format = Format { rate_hz, channels, bits: 16, longest_block };
        let block = vec![0; longest_block as usize];
        let both = vec![block.as_slice(); 1];
        let frame = frame(format, 0, MONO, &both, &[plain(Kind::Constant)]);
        let stream = Stream::read(file(format, &[frame.clone(), frame]));
        // The reader takes no frame of other channels; the parameters are read all the same.
        let Some(stream) = stream else { return true };
        matches!(stream.low(), Err(Error::Unsupported(text)) if text == NEEDS_FULL)
    };
    assert!(!refused(44_100, 1, 4096));
    assert!(!refused(8_000, 1, 256) && !refused(192_000, 1, 65_535));
    assert!(refused(44_100, 1, 192));
    for channels in 3..=8 {
        assert!(refused(44_100, channels, 4096), "{channels} channels");
    }
}
