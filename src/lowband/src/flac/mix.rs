//! From the channels of a block to mono.

use std::array;

use super::header::Channels;
use crate::{Balance, Heard};

/// Sums are made in so many parts.
const PARTS: usize = 8;

/// One channel, of samples of `bits` bits.
pub(super) fn mono(samples: &[i32], bits: u32, out: &mut [f32]) {
    let scale = full_scale(bits);
    for (out, &sample) in out.iter_mut().zip(samples) {
        *out = sample as f32 * scale;
    }
}

/// The mid where the side was not read, of which the lowest bit tells whether half a step was rounded off: its mean, a quarter of a
/// step, is added.
///
/// `None`, and nothing of use in `out`, if the mid is so soft that it may be what is left of channels that cancel.
pub(super) fn mid_alone(mid: &[i32], bits: u32, out: &mut [f32], balance: &Balance) -> Option<()> {
    let scale = full_scale(bits);
    let mut energies = [0.0_f32; PARTS];
    let (mids, mid_rest) = mid.as_chunks::<PARTS>();
    let (outs, out_rest) = out.as_chunks_mut::<PARTS>();
    for (out, mid) in outs.iter_mut().zip(mids) {
        for i in 0..PARTS {
            out[i] = (mid[i] as f32 + 0.25) * scale;
            energies[i] += out[i] * out[i];
        }
    }
    for (out, &mid) in out_rest.iter_mut().zip(mid_rest) {
        *out = (mid as f32 + 0.25) * scale;
    }
    // No side is louder than full scale.
    let (energy, loudest) = (energies.iter().sum::<f32>(), mid.len() as f32);
    let both = energy + loudest;
    (balance.of_block(energy, both, both) == Heard::Mid).then_some(())
}

/// Two channels as they are coded, of samples of `bits` bits: the mid or the side, whichever `heard` chooses by their energies.
pub(super) fn stereo(
    channels: Channels,
    (first, second): (&[i32], &[i32]),
    bits: u32,
    out: &mut [f32],
    heard: impl FnOnce(f32, f32) -> Heard,
) {
    let scale = 0.5 * full_scale(bits);
    let blocks = (first, second);
    // The sum and the difference of the channels.
    match channels {
        Channels::Independent(_) if bits > 24 => {
            let sum = |a: i32, b: i32| a as f32 + b as f32;
            mix(blocks, scale, out, sum, |a, b| a as f32 - b as f32, heard);
        }
        Channels::Independent(_) => {
            let sum = |a: i32, b: i32| a.wrapping_add(b) as f32;
            mix(blocks, scale, out, sum, |a, b| a.wrapping_sub(b) as f32, heard);
        }
        Channels::LeftSide => {
            let sum = |left: i32, side: i32| left.wrapping_mul(2).wrapping_sub(side) as f32;
            mix(blocks, scale, out, sum, |_, side| side as f32, heard);
        }
        Channels::SideRight => {
            let sum = |side: i32, right: i32| right.wrapping_mul(2).wrapping_add(side) as f32;
            mix(blocks, scale, out, sum, |side, _| side as f32, heard);
        }
        Channels::MidSide => {
            let sum = |mid: i32, side: i32| (mid.wrapping_mul(2) | (side & 1)) as f32;
            mix(blocks, scale, out, sum, |_, side| side as f32, heard);
        }
    }
}

/// Writes the mid, or the side if `heard` chooses that.
#[inline]
fn mix(
    (first, second): (&[i32], &[i32]),
    scale: f32,
    out: &mut [f32],
    sum: impl Fn(i32, i32) -> f32,
    difference: impl Fn(i32, i32) -> f32,
    heard: impl FnOnce(f32, f32) -> Heard,
) {
    let mut mids = [0.0_f32; PARTS];
    let mut sides = [0.0_f32; PARTS];
    let (firsts, first_rest) = first.as_chunks::<PARTS>();
    let (seconds, second_rest) = second.as_chunks::<PARTS>();
    let (outs, out_rest) = out.as_chunks_mut::<PARTS>();
    for ((out, first), second) in outs.iter_mut().zip(firsts).zip(seconds) {
        *out = array::from_fn(|i| sum(first[i], second[i]) * scale);
        for i in 0..PARTS {
            let side = difference(first[i], second[i]) * scale;
            mids[i] += out[i] * out[i];
            sides[i] += side * side;
        }
    }
    for ((out, &first), &second) in out_rest.iter_mut().zip(first_rest).zip(second_rest) {
        *out = sum(first, second) * scale;
        let side = difference(first, second) * scale;
        mids[0] += *out * *out;
        sides[0] += side * side;
    }
    let (mid, side) = (mids.iter().sum::<f32>(), sides.iter().sum::<f32>());
    if heard(mid, side) == Heard::Side {
        for ((out, &first), &second) in out.iter_mut().zip(first).zip(second) {
            *out = difference(first, second) * scale;
        }
    }
}

/// What a sample of `bits` bits is multiplied by, so that full scale is 1.
fn full_scale(bits: u32) -> f32 {
    0.5_f32.powi(bits as i32 - 1)
}
