//! Predictors: from residuals to samples (RFC 9639, sections 9.2.5 and 9.2.6).
//!
//! Sums wrap around: in a valid stream the results are right, and in another nothing breaks.

/// A linear predictor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Linear<'a> {
    /// The last is that of the sample before.
    pub(super) coefficients: &'a [i32],
    /// The sum is divided by two to the power of this.
    pub(super) shift: u32,
}

/// Adds what the fixed predictor of `order`, at most 4, predicts to the residuals behind the first `order` samples.
pub(super) fn fixed(order: usize, block: &mut [i32]) {
    match order {
        1 => narrow([1], 0, block),
        2 => narrow([-1, 2], 0, block),
        3 => narrow([1, -3, 3], 0, block),
        4 => narrow([-1, 4, -6, 4], 0, block),
        _ => {}
    }
}

/// Adds what a linear predictor predicts to the residuals of samples of `bits` bits.
pub(super) fn linear(predictor: Linear<'_>, bits: u32, block: &mut [i32]) {
    let largest: u64 = predictor.coefficients.iter().map(|c| u64::from(c.unsigned_abs())).sum();
    // No sum of samples of `bits` bits is larger than this.
    if largest << (bits.max(1) - 1) < 1 << 31 {
        by_order(predictor, block, Narrow);
    } else {
        by_order(predictor, block, Wide);
    }
}

trait Width {
    fn run<const N: usize>(&self, coefficients: [i32; N], shift: u32, block: &mut [i32]);
}

struct Narrow;
struct Wide;

impl Width for Narrow {
    fn run<const N: usize>(&self, coefficients: [i32; N], shift: u32, block: &mut [i32]) {
        narrow(coefficients, shift, block);
    }
}

impl Width for Wide {
    fn run<const N: usize>(&self, coefficients: [i32; N], shift: u32, block: &mut [i32]) {
        wide(coefficients, shift, block);
    }
}

fn by_order<W: Width>(predictor: Linear<'_>, block: &mut [i32], width: W) {
    let Linear { coefficients, shift } = predictor;
    macro_rules! orders {
        ($($order:literal)*) => {
            match coefficients.len() {
                $($order => {
                    if let Ok(coefficients) = <[i32; $order]>::try_from(coefficients) {
                        width.run(coefficients, shift, block);
                    }
                })*
                _ => {}
            }
        };
    }
    orders!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32);
}

/// For sums of 32 bits.
fn narrow<const N: usize>(coefficients: [i32; N], shift: u32, block: &mut [i32]) {
    for at in N..block.len() {
        let (past, rest) = block.split_at_mut(at);
        let Some((past, sample)) = past.last_chunk::<N>().zip(rest.first_mut()) else { return };
        let mut sum = 0_i32;
        for i in 0..N {
            sum = sum.wrapping_add(coefficients[i].wrapping_mul(past[i]));
        }
        *sample = sample.wrapping_add(sum >> shift);
    }
}

/// For sums of 64 bits.
fn wide<const N: usize>(coefficients: [i32; N], shift: u32, block: &mut [i32]) {
    for at in N..block.len() {
        let (past, rest) = block.split_at_mut(at);
        let Some((past, sample)) = past.last_chunk::<N>().zip(rest.first_mut()) else { return };
        let mut sum = 0_i64;
        for i in 0..N {
            sum = sum.wrapping_add(i64::from(coefficients[i]) * i64::from(past[i]));
        }
        *sample = sample.wrapping_add((sum >> shift) as i32);
    }
}
