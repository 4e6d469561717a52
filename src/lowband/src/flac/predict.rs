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
        1 => narrow::<0, 0, 1>(&[1], 0, block),
        2 => narrow::<0, 1, 1>(&[-1, 2], 0, block),
        3 => narrow::<0, 2, 1>(&[1, -3, 3], 0, block),
        4 => narrow::<0, 3, 1>(&[-1, 4, -6, 4], 0, block),
        _ => {}
    }
}

/// Adds what a linear predictor predicts to the residuals of samples of `bits` bits.
pub(super) fn linear(predictor: Linear<'_>, bits: u32, block: &mut [i32]) {
    let Linear { coefficients, shift } = predictor;
    let largest: u64 = coefficients.iter().map(|c| u64::from(c.unsigned_abs())).sum();
    // No sum of samples of `bits` bits is larger than this.
    let is_narrow = largest << (bits.max(1) - 1) < 1 << 31;
    macro_rules! orders {
        ($($far:literal + $middle:literal + $near:literal)*) => {
            match coefficients.len() {
                $(order if order == $far + $middle + $near => if is_narrow {
                    narrow::<$far, $middle, $near>(coefficients, shift, block);
                } else {
                    wide::<{ $far + $middle + $near }>(coefficients, shift, block);
                })*
                _ => {}
            }
        };
    }
    orders!(
        0+0+1 0+1+1 0+2+1 0+3+1 0+3+2 0+4+2 0+5+2 4+2+2 4+3+2 4+4+2 4+5+2 8+2+2 8+3+2 8+4+2 8+5+2 12+2+2
        12+3+2 12+4+2 12+5+2 16+2+2 16+3+2 16+4+2 16+5+2 20+2+2 20+3+2 20+4+2 20+5+2 24+2+2 24+3+2 24+4+2 24+5+2 28+2+2
    );
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
    far.iter_mut().for_each(|coefficient| *coefficient = signed(*coefficient, MIDDLE));
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

/// For sums of 64 bits.
fn wide<const N: usize>(coefficients: &[i32], shift: u32, block: &mut [i32]) {
    let Some(coefficients) = coefficients.first_chunk::<N>() else { return };
    let coefficients = coefficients.map(i64::from);
    let Some(mut newest) = N.checked_sub(1).and_then(|at| block.get(at)).copied() else { return };
    for at in N..block.len() {
        let (past, rest) = block.split_at_mut(at);
        let Some((past, sample)) = past.last_chunk::<N>().zip(rest.first_mut()) else { return };
        let mut sum = 0_i64;
        for i in 0..N - 1 {
            sum = sum.wrapping_add(coefficients[i].wrapping_mul(i64::from(past[i])));
        }
        sum = sum.wrapping_add(coefficients[N - 1].wrapping_mul(i64::from(newest)));
        newest = sample.wrapping_add((sum >> shift) as i32);
        *sample = newest;
    }
}
