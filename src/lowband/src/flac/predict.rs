//! Predictors: from residuals to samples (RFC 9639, sections 9.2.5 and 9.2.6).
//!
//! Sums wrap around or lose bits where samples are larger than they may be: in a valid stream the results are right, and in another
//! nothing breaks.

use std::array;

/// A linear predictor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Predictor {
    /// The last `order` are used, and the others are zero. The last is that of the sample before.
    coefficients: [i16; MOST],
    order: usize,
    /// The sum is divided by two to the power of this.
    shift: u32,
    /// Whether this is the fixed predictor of its order, at most 4.
    is_fixed: bool,
}

/// The highest order.
const MOST: usize = 32;
/// A number with this added is rounded to a whole number, which is in its low bits.
const WHOLE: f64 = 6_755_399_441_055_744.0;
/// The number of samples that are predicted before the past of the next is moved.
const CHUNK: usize = 256;

impl Predictor {
    /// A predictor with these coefficients, at most 32. The last is that of the sample before.
    pub(super) fn new(coefficients: &[i16], shift: u32) -> Self {
        let order = coefficients.len().min(MOST);
        let mut all = [0; MOST];
        all[MOST - order..].copy_from_slice(&coefficients[..order]);
        Self { coefficients: all, order, shift, is_fixed: false }
    }

    /// The fixed predictor of an order of at most 4, which needs no coefficients.
    pub(super) fn fixed(order: usize) -> Self {
        Self { coefficients: [0; MOST], order, shift: 0, is_fixed: true }
    }

    /// Adds the predictions to the residuals of samples of `bits` bits, behind the first samples.
    pub(super) fn run(&self, bits: u32, block: &mut [i32]) {
        if self.is_fixed {
            match self.order {
                1 => fixed::<1>(block),
                2 => fixed::<2>(block),
                3 => fixed::<3>(block),
                4 => fixed::<4>(block),
                _ => {}
            }
            return;
        }
        let coefficients = self.coefficients.map(i32::from);
        let coefficients = &coefficients[MOST - self.order..];
        let largest: u64 = coefficients.iter().map(|c| u64::from(c.unsigned_abs())).sum();
        // No sum of samples of `bits` bits is larger than this.
        let is_narrow = largest << (bits.max(1) - 1) < 1 << 31;
        macro_rules! orders {
            ($($far:literal + $middle:literal + $near:literal)*) => {
                match self.order {
                    $(order if order == $far + $middle + $near => if is_narrow {
                        narrow::<$far, $middle, $near>(coefficients, self.shift, block);
                    } else {
                        wide::<
                            { far_of($far + $middle + $near) },
                            { $far + $middle + $near - far_of($far + $middle + $near) },
                        >(coefficients, self.shift, block);
                    })*
                    _ => {}
                }
            };
        }
        orders!(
            0+0+1 0+1+1 0+2+1 0+3+1 0+3+2 0+4+2 0+5+2 4+2+2 4+3+2 4+4+2 4+5+2 8+2+2 8+3+2 8+4+2 8+5+2 12+2+2
            12+3+2 12+4+2 12+5+2 16+2+2 16+3+2 16+4+2 16+5+2 20+2+2 20+3+2 20+4+2 20+5+2 24+2+2 24+3+2 24+4+2
            24+5+2 28+2+2
        );
    }
}

/// Runs two predictors, each on its block of samples of so many bits. The blocks have equal lengths.
pub(super) fn run_both(predictors: [Predictor; 2], bits: [u32; 2], blocks: [&mut [i32]; 2]) {
    let [first, second] = blocks;
    let orders = predictors.map(|predictor| predictor.order);
    let highest = orders[0].max(orders[1]);
    // With higher orders there is little gain, and fixed predictors are fast.
    let width = [2, 4, 6, 8, 10, 12].into_iter().find(|&width| width >= highest);
    let Some(width) = width.filter(|_| predictors.iter().all(|predictor| !predictor.is_fixed))
    else {
        predictors[0].run(bits[0], first);
        predictors[1].run(bits[1], second);
        return;
    };
    let start = width.min(first.len());
    predictors[0].run(bits[0], &mut first[..start]);
    predictors[1].run(bits[1], &mut second[..start]);
    match width {
        2 => pair::<2>(predictors, first, second),
        4 => pair::<4>(predictors, first, second),
        6 => pair::<6>(predictors, first, second),
        8 => pair::<8>(predictors, first, second),
        10 => pair::<10>(predictors, first, second),
        _ => pair::<12>(predictors, first, second),
    }
}

/// The fixed predictor of order `N`: a residual is the difference of order `N` of the samples.
fn fixed<const N: usize>(block: &mut [i32]) {
    let Some((start, residuals)) = block.split_first_chunk_mut::<N>() else { return };
    // The differences of each order below `N` at the last sample.
    let mut differences = *start;
    differences.reverse();
    for order in 1..N {
        for at in (order..N).rev() {
            // Of the order before, that of the sample is at `at - 1`, and that of the sample before at `at`.
            differences[at] = differences[at - 1].wrapping_sub(differences[at]);
        }
    }
    for residual in residuals {
        let mut difference = *residual;
        for lower in differences.iter_mut().rev() {
            difference = lower.wrapping_add(difference);
            *lower = difference;
        }
        *residual = difference;
    }
}

/// Two predictors of orders of at most `N`, behind the first `N` samples, in numbers of 64 bits with fractions: a product has at most
/// 33 + 15 bits and a sum at most four more, so that no bit is lost. Two such numbers fit a vector on all processors.
fn pair<const N: usize>(predictors: [Predictor; 2], first: &mut [i32], second: &mut [i32]) {
    let scales = predictors.map(|predictor| 0.5_f64.powi(predictor.shift as i32));
    // Rounding down is rounding to the nearest of a number that is less by nearly a half; no sum is then halfway between two numbers.
    let biases = scales.map(|scale| 0.5 * scale - 0.5);
    let coefficient = |i: usize, channel: usize| {
        f64::from(predictors[channel].coefficients[MOST - N + i]) * scales[channel]
    };
    let coefficients: [[f64; 2]; N] = array::from_fn(|i| [coefficient(i, 0), coefficient(i, 1)]);
    let Some((first_start, first)) = first.split_first_chunk_mut::<N>() else { return };
    let Some((second_start, second)) = second.split_first_chunk_mut::<N>() else { return };
    let mut past = [[0.0; 2]; CHUNK + MOST];
    for ((past, first), second) in past.iter_mut().zip(first_start).zip(second_start) {
        *past = [f64::from(*first), f64::from(*second)];
    }
    let mut newest = past[N - 1];
    for (first, second) in first.chunks_mut(CHUNK).zip(second.chunks_mut(CHUNK)) {
        let length = first.len();
        for (at, (first, second)) in first.iter_mut().zip(second).enumerate() {
            let (before, next) = past.split_at_mut(at + N);
            let Some((before, next)) = before.last_chunk::<N>().zip(next.first_mut()) else {
                return;
            };
            let mut sums = biases;
            for i in 0..N - 1 {
                sums = array::from_fn(|channel| {
                    sums[channel] + coefficients[i][channel] * before[i][channel]
                });
            }
            let residuals = [f64::from(*first) + WHOLE, f64::from(*second) + WHOLE];
            let rounded: [f64; 2] = array::from_fn(|channel| {
                let sum = sums[channel] + coefficients[N - 1][channel] * newest[channel];
                sum + residuals[channel]
            });
            newest = rounded.map(|number| number - WHOLE);
            *next = newest;
            *first = rounded[0].to_bits() as i32;
            *second = rounded[1].to_bits() as i32;
        }
        past.copy_within(length..length + N, 0);
    }
}

/// For sums of 32 bits.
///
/// The products of the `FAR` oldest samples are made by vectors; those of the next are not, since a vector of samples that were stored
/// one by one just before is slow to load; and the `NEAR` newest samples are kept in registers.
fn narrow<const FAR: usize, const MIDDLE: usize, const NEAR: usize>(
    coefficients: &[i32],
    shift: u32,
    block: &mut [i32],
) {
    let Some((&(mut far), rest)) = coefficients.split_first_chunk::<FAR>() else { return };
    let Some((&(mut middle), rest)) = rest.split_first_chunk::<MIDDLE>() else { return };
    // The sign of the sum changes with each of the middle; these make up for it.
    let signed = |coefficient: i32, changes: usize| {
        if changes % 2 == 1 { -coefficient } else { coefficient }
    };
    for coefficient in &mut far {
        *coefficient = signed(*coefficient, MIDDLE);
    }
    for (i, coefficient) in middle.iter_mut().enumerate() {
        *coefficient = signed(*coefficient, MIDDLE - 1 - i);
    }
    let Some(&near) = rest.first_chunk::<NEAR>() else { return };
    let Some(start) = block.get(FAR + MIDDLE..).and_then(|block| block.first_chunk::<NEAR>())
    else {
        return;
    };
    let mut newest = *start;
    for at in FAR + MIDDLE + NEAR..block.len() {
        let (past, rest) = block.split_at_mut(at);
        let past = &past[at - FAR - MIDDLE - NEAR..];
        let Some((oldest, past)) = past.split_first_chunk::<FAR>() else { return };
        let Some((past, sample)) = past.first_chunk::<MIDDLE>().zip(rest.first_mut()) else {
            return;
        };
        let mut sum = 0_i32;
        for i in 0..FAR {
            sum = sum.wrapping_add(far[i].wrapping_mul(oldest[i]));
        }
        // Subtracting in turn keeps the compiler from making vectors of these.
        for i in 0..MIDDLE {
            sum = middle[i].wrapping_mul(past[i]).wrapping_sub(sum);
        }
        for i in 0..NEAR {
            sum = sum.wrapping_add(near[i].wrapping_mul(newest[i]));
        }
        *sample = sample.wrapping_add(sum >> shift);
        for i in 1..NEAR {
            newest[i - 1] = newest[i];
        }
        newest[NEAR - 1] = *sample;
    }
}

/// For sums of 64 bits: the products of the `FAR` oldest samples, an even number, as [`pair`] makes them, and the others as whole
/// numbers, which are ready sooner.
fn wide<const FAR: usize, const NEAR: usize>(coefficients: &[i32], shift: u32, block: &mut [i32]) {
    let Some((far, near)) = coefficients.split_first_chunk::<FAR>() else { return };
    let Some(near) = near.first_chunk::<NEAR>() else { return };
    let (far, near) = (far.map(f64::from), near.map(i64::from));
    let mut past = [0.0; CHUNK + MOST];
    for (past, sample) in past.iter_mut().zip(&block[..block.len().min(FAR + NEAR)]) {
        *past = f64::from(*sample);
    }
    let mut start = 0;
    while start + FAR + NEAR < block.len() {
        let length = CHUNK.min(block.len() - start - FAR - NEAR);
        for at in 0..length {
            let (before, rest) = block.split_at_mut(start + at + FAR + NEAR);
            let Some((before, sample)) = before.last_chunk::<NEAR>().zip(rest.first_mut()) else {
                return;
            };
            let mut sums = [WHOLE, 0.0];
            if let Some(oldest) = past[at..].first_chunk::<FAR>() {
                for i in 0..FAR / 2 {
                    sums[0] += far[2 * i] * oldest[2 * i];
                    sums[1] += far[2 * i + 1] * oldest[2 * i + 1];
                }
            }
            let whole = (sums[0] + sums[1]).to_bits() as i64;
            let mut sum = whole.wrapping_sub(WHOLE.to_bits() as i64);
            for i in 0..NEAR {
                sum = sum.wrapping_add(near[i].wrapping_mul(i64::from(before[i])));
            }
            *sample = sample.wrapping_add((sum >> shift) as i32);
            past[at + FAR + NEAR] = f64::from(*sample);
        }
        past.copy_within(length..length + FAR + NEAR, 0);
        start += length;
    }
}

/// The number of oldest samples of which [`wide`] makes products as vectors: all but the four or five newest.
const fn far_of(order: usize) -> usize {
    order.saturating_sub(4) & !1
}
