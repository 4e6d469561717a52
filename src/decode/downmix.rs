//! Mixes the channels of one block to mono, for every sample type. Between blocks only the loudness of mid and side is kept.

use lowband::{Balance, CANCELLED, Heard};
use symphonia::core::audio::sample::{i24, u24};

/// A larger sample is damage: +30 dB. Music that was encoded too loud decodes to +20 dB at most.
const MAX_MAGNITUDE: f32 = 32.0;
/// Number of independent sums, so that the loops below compile to vector instructions: 256 bits of `f32`.
const LANES: usize = 8;

/// A sample type that converts to a number within [-1, 1].
pub(super) trait Pcm: Copy {
    /// The sample as a number; full scale is 1.
    fn number(self) -> f32;
}

macro_rules! pcm {
    ($($type:ty, $value:ident => $number:expr;)*) => {
        $(impl Pcm for $type {
            #[inline(always)]
            #[allow(clippy::inline_always, reason = "one conversion in the innermost loop")]
            fn number(self) -> f32 {
                let $value = self;
                $number
            }
        })*
    };
}

pcm! {
    f32, x => x;
    f64, x => x as f32;
    i8, x => f32::from(x) / 128.0;
    i16, x => f32::from(x) / 32_768.0;
    i24, x => x.inner() as f32 / 8_388_608.0;
    i32, x => x as f32 / 2_147_483_648.0;
    u8, x => (f32::from(x) - 128.0) / 128.0;
    u16, x => (f32::from(x) - 32_768.0) / 32_768.0;
    u24, x => (x.inner() as f32 - 8_388_608.0) / 8_388_608.0;
    u32, x => (f64::from(x) / 2_147_483_648.0 - 1.0) as f32;
}

/// What mixing found out about a block.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Block {
    /// Largest magnitude of the mono samples, after repair.
    pub(super) peak: f32,
    /// Number of samples that were infinite, not a number, or larger than [`MAX_MAGNITUDE`].
    pub(super) repaired: u64,
}

/// Mixes `channels` planes of `frames` samples into `mono`, which is overwritten. Planes whose bit is set in `lfe` (bit 0 is plane
/// 0) are left out unless there are no others.
///
/// Two channels give (L+R)/2, or (L−R)/2 where the sum cancels, or where the difference is the louder one over some seconds: then one
/// channel has the opposite polarity. More give their mean, or the loudest channel where the mean cancels. `balance` is that of the
/// stream, and `seconds` the length of the block.
pub(super) fn mix<'a, S: Pcm + 'a>(
    (channels, frames, lfe): (usize, usize, u64),
    plane: impl Fn(usize) -> &'a [S],
    mono: &mut Vec<f32>,
    (balance, seconds): (&mut Balance, f32),
) -> Block {
    mono.clear();
    mono.resize(frames, 0.0);
    let peak = match channels {
        0 => 0.0,
        1 => copy(plane(0), mono),
        2 => stereo(plane(0), plane(1), mono, (balance, seconds)),
        _ => many(channels, lfe, plane, mono),
    };
    if peak <= MAX_MAGNITUDE {
        return Block { peak, repaired: 0 };
    }
    repair(mono)
}

/// Largest magnitude, or NaN if any sample is NaN, which `max` would hide.
fn magnitude(samples: &[f32]) -> f32 {
    let mut peak = [0.0_f32; LANES];
    let mut sum = [0.0_f32; LANES];
    let (chunks, rest) = samples.as_chunks::<LANES>();
    for chunk in chunks {
        for i in 0..LANES {
            peak[i] = larger(chunk[i].abs(), peak[i]);
            sum[i] += chunk[i] * 0.0;
        }
    }
    for &sample in rest {
        peak[0] = larger(sample.abs(), peak[0]);
        sum[0] += sample * 0.0;
    }
    // Zero times a finite number is zero; times infinity or NaN it is NaN.
    peak.into_iter().fold(0.0, larger) + sum.iter().sum::<f32>()
}

/// The larger of two numbers in one instruction; `f32::max` takes three, to handle NaN.
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

fn repair(mono: &mut [f32]) -> Block {
    let mut block = Block::default();
    for sample in mono {
        if !sample.is_finite() {
            *sample = 0.0;
            block.repaired += 1;
        } else if sample.abs() > MAX_MAGNITUDE {
            *sample = sample.clamp(-MAX_MAGNITUDE, MAX_MAGNITUDE);
            block.repaired += 1;
        }
        block.peak = block.peak.max(sample.abs());
    }
    block
}

fn copy<S: Pcm>(plane: &[S], mono: &mut [f32]) -> f32 {
    for (out, &sample) in mono.iter_mut().zip(plane) {
        *out = sample.number();
    }
    magnitude(mono)
}

fn stereo<S: Pcm>(
    left: &[S],
    right: &[S],
    mono: &mut [f32],
    (balance, seconds): (&mut Balance, f32),
) -> f32 {
    let mut mid = [0.0_f32; LANES];
    let mut both = [0.0_f32; LANES];
    let mut peak = [0.0_f32; LANES];
    let (left_chunks, left_rest) = left.as_chunks::<LANES>();
    let (right_chunks, right_rest) = right.as_chunks::<LANES>();
    let (out_chunks, out_rest) = mono.as_chunks_mut::<LANES>();
    for ((out, left), right) in out_chunks.iter_mut().zip(left_chunks).zip(right_chunks) {
        for i in 0..LANES {
            let (l, r) = (left[i].number(), right[i].number());
            let m = 0.5 * (l + r);
            out[i] = m;
            mid[i] += m * m;
            both[i] += l * l + r * r;
            peak[i] = larger(m.abs(), peak[i]);
        }
    }
    for ((out, left), right) in out_rest.iter_mut().zip(left_rest).zip(right_rest) {
        let (l, r) = (left.number(), right.number());
        *out = 0.5 * (l + r);
        mid[0] += *out * *out;
        both[0] += l * l + r * r;
        peak[0] = larger(out.abs(), peak[0]);
    }
    let energy = mid.iter().sum::<f32>();
    if balance.heard(energy, both.iter().sum(), 0.0, seconds) == Heard::Side {
        for ((out, left), right) in mono.iter_mut().zip(left).zip(right) {
            *out = 0.5 * (left.number() - right.number());
        }
        return magnitude(mono);
    }
    // A NaN always shows in the energy, but may be lost in the peak.
    if energy.is_nan() { energy } else { peak.into_iter().fold(0.0, larger) }
}

fn many<'a, S: Pcm + 'a>(
    channels: usize,
    lfe: u64,
    plane: impl Fn(usize) -> &'a [S],
    mono: &mut [f32],
) -> f32 {
    let is_lfe = |channel: usize| channel < 64 && lfe >> channel & 1 == 1;
    let kept = (0..channels).filter(|&channel| !is_lfe(channel)).count();
    let kept_lfe = kept == 0;
    let (mut total, mut loudest, mut loudest_energy) = (0.0, 0, -1.0);
    let scale = 1.0 / if kept_lfe { channels } else { kept } as f32;
    for channel in (0..channels).filter(|&channel| kept_lfe || !is_lfe(channel)) {
        let mut energy = 0.0;
        for (out, &sample) in mono.iter_mut().zip(plane(channel)) {
            let x = sample.number();
            *out += scale * x;
            energy += x * x;
        }
        total += energy;
        if energy > loudest_energy {
            (loudest, loudest_energy) = (channel, energy);
        }
    }
    if mono.iter().map(|x| x * x).sum::<f32>() < CANCELLED * scale * total {
        return copy(plane(loudest), mono);
    }
    magnitude(mono)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(n: usize) -> Vec<f32> {
        (0..n).map(|i| (i as f32 * 0.13).sin() * 0.5).collect()
    }

    fn mixed(planes: &[Vec<f32>], lfe: u64) -> (Vec<f32>, Block) {
        // Dirty and of another length: it has to be overwritten.
        let mut mono = vec![9.0; 7];
        let shape = (planes.len(), planes[0].len(), lfe);
        let block = mix(shape, |i| &planes[i][..], &mut mono, (&mut Balance::default(), 0.02));
        (mono, block)
    }

    #[test]
    fn equal_channels_give_the_channel() {
        let x = tone(1003);
        let (mono, block) = mixed(&[x.clone(), x.clone()], 0);
        assert_eq!(mono, x);
        assert!((block.peak - 0.5).abs() < 1e-3 && block.repaired == 0);
    }

    #[test]
    fn inverted_channels_give_the_side() {
        let x = tone(1003);
        let (mono, _) = mixed(&[x.clone(), x.iter().map(|s| -s).collect()], 0);
        assert_eq!(mono, x);
    }

    #[test]
    fn the_side_is_heard_of_stereo_whose_one_channel_has_the_opposite_polarity() {
        // A voice in the middle, and other sound at either side.
        let (voice, a, b) = (tone(4_410), tone(9_000), tone(7_000));
        let at = |i: usize| (voice[i] + 0.3 * a[4_000 + i], voice[i] - 0.3 * b[2_000 + i]);
        let left: Vec<f32> = (0..4_410).map(|i| at(i).0).collect();
        let right: Vec<f32> = (0..4_410).map(|i| at(i).1).collect();
        let opposite: Vec<f32> = right.iter().map(|s| -s).collect();
        let last = |planes: [&[f32]; 2]| {
            let (mut mono, mut balance) = (Vec::new(), Balance::default());
            for _ in 0..30 {
                mix((2, 4_410, 0), |i| planes[i], &mut mono, (&mut balance, 0.1));
            }
            mono
        };
        assert_eq!(last([&left, &opposite]), last([&left, &right]));
    }

    #[test]
    fn one_silent_channel_gives_half_the_other() {
        let x = tone(100);
        let (mono, _) = mixed(&[x.clone(), vec![0.0; 100]], 0);
        assert!(mono.iter().zip(&x).all(|(m, s)| (m - 0.5 * s).abs() < 1e-7));
    }

    #[test]
    fn the_bass_channel_of_surround_is_left_out() {
        let x = tone(50);
        let mut planes = vec![x.clone(); 6];
        planes[3] = vec![1.0; 50];
        let (mono, _) = mixed(&planes, 1 << 3);
        assert!(mono.iter().zip(&x).all(|(m, s)| (m - s).abs() < 1e-6));
        let (only_bass, _) = mixed(&planes[3..6], 0b111);
        assert!((only_bass[0] - (1.0 + 2.0 * x[0]) / 3.0).abs() < 1e-6);
    }

    #[test]
    fn surround_that_cancels_gives_its_loudest_channel() {
        let x = tone(64);
        let negative: Vec<f32> = x.iter().map(|s| -s).collect();
        let (mono, _) = mixed(&[x.clone(), negative.clone(), x.clone(), negative], 0);
        assert_eq!(mono, x);
    }

    #[test]
    fn no_number_leaves_that_is_not_one() {
        let mut x = tone(64);
        x[3] = f32::NAN;
        x[9] = f32::NEG_INFINITY;
        x[10] = 1e30;
        let (mono, block) = mixed(&[x.clone()], 0);
        assert_eq!((mono[3], mono[9], mono[10]), (0.0, 0.0, MAX_MAGNITUDE));
        assert_eq!(block, Block { peak: MAX_MAGNITUDE, repaired: 3 });
        let (mono, block) = mixed(&[x, tone(64)], 0);
        assert!(mono.iter().all(|s| s.abs() <= MAX_MAGNITUDE) && block.repaired == 3);
    }

    #[test]
    fn every_sample_type_has_its_full_scale() {
        assert!((i8::MIN.number() + 1.0).abs() < 1e-6 && (u8::MIN.number() + 1.0).abs() < 1e-6);
        assert!((i16::MIN.number() + 1.0).abs() < 1e-6 && (u16::MAX.number() - 1.0).abs() < 1e-3);
        assert!((i32::MIN.number() + 1.0).abs() < 1e-6 && (u32::MIN.number() + 1.0).abs() < 1e-6);
        assert!(
            (i24(-8_388_608).number() + 1.0).abs() < 1e-6 && u24(8_388_608).number().abs() < 1e-6
        );
        assert_eq!((0.25_f64.number(), 0.25_f32.number()), (0.25, 0.25));
    }
}
