//! The polyphase synthesis of the lowest `N` of 32 sub-bands, one of each `R = 32 / N` samples: ISO/IEC 11172-3, section 2.4.3.2.2.
//!
//! The full synthesis makes of the sub-band values `s[k]` of a slot the vector `V[i] = Σ s[k] cos((16 + i)(2k + 1) π / 64)`, and
//! sample `j` of 32 is a sum of the `V[j]` and `V[j + 32]` of 16 slots, weighted by the window. With the upper sub-bands zero and only
//! samples `j = R m + R / 2` kept, `i` is `R n + R / 2`, and
//!
//! `V = Σ s[k] cos((2 (n + N / 2) + 1)(2k + 1) π / 4N)`
//!
//! is a DCT-IV of size `N`, which goes on oddly at its end: of the `2N` values `H = N / 2` and another `H` are different, the others
//! are their mirror images. So the result is that of the full synthesis, with nothing above the sub-bands that are kept. Sample `m`
//! stands where sample `R m + R / 2` of the full synthesis stands.

use std::f64::consts::PI;

use super::hybrid::Slots;
use super::window;

/// Slots that a sample depends on.
const TAPS: usize = 16;

/// Slots of a granule.
const SLOTS: usize = 18;

/// Factors of the synthesis. `H` is `N / 2`.
#[derive(Debug)]
pub(super) struct Factors<const N: usize, const H: usize> {
    /// Of even and of odd slots, whose odd sub-bands are inverted: by sub-band, the first and the second `H` values.
    matrix: [[[[f32; H]; 2]; N]; 2],
    /// By slot, the oldest first: the weights for the lower half of the samples, and those for the upper half, from its end.
    window: [[[f32; H]; 2]; TAPS],
}

impl<const N: usize, const H: usize> Factors<N, H> {
    pub(super) fn new() -> Self {
        let cos =
            |n: usize, k: usize| (((2 * n + 1) * (2 * k + 1)) as f64 * PI / (4 * N) as f64).cos();
        let row = |k: usize, sign: f64| -> [[f32; H]; 2] {
            [
                std::array::from_fn(|m| (sign * cos(H + m, k)) as f32),
                std::array::from_fn(|m| (-sign * cos(H - 1 - m, k)) as f32),
            ]
        };
        let sign = |k: usize, slot: usize| if k % 2 == 1 && slot == 1 { -1.0 } else { 1.0 };
        let step = 32 / N;
        let weights = |row: usize| -> [[f32; H]; 2] {
            // The newest slot is row 15. Odd rows give their first values, of which the mirror images are negative.
            let at = 32 * (TAPS - 1 - row) + step / 2;
            let mirror = if row % 2 == 1 { -1.0 } else { 1.0 };
            [
                std::array::from_fn(|m| window::coefficient(at + step * m) as f32),
                std::array::from_fn(|m| {
                    (mirror * window::coefficient(at + step * (N - 1 - m))) as f32
                }),
            ]
        };
        Self {
            matrix: std::array::from_fn(|slot| std::array::from_fn(|k| row(k, sign(k, slot)))),
            window: std::array::from_fn(weights),
        }
    }
}

/// The values of the last slots.
#[derive(Debug)]
pub(super) struct Synthesis<const H: usize> {
    /// The `TAPS - 1` last slots of the granule before, then those of this one. Both kinds of values.
    slots: Box<[[[f32; H]; 2]; TAPS - 1 + SLOTS]>,
}

impl<const H: usize> Synthesis<H> {
    pub(super) fn new() -> Self {
        Self { slots: Box::new([[[0.0; H]; 2]; TAPS - 1 + SLOTS]) }
    }

    /// Makes the `18 N` samples of a granule.
    pub(super) fn granule<const N: usize>(
        &mut self,
        factors: &Factors<N, H>,
        bands: &Slots<N>,
        out: &mut [f32],
    ) {
        self.slots.copy_within(SLOTS.., 0);
        for (slot, (values, bands)) in self.slots[TAPS - 1..].iter_mut().zip(bands).enumerate() {
            let mut sums = [[0.0; H]; 2];
            for (row, &band) in factors.matrix[slot % 2].iter().zip(bands) {
                for m in 0..H {
                    sums[0][m] += row[0][m] * band;
                    sums[1][m] += row[1][m] * band;
                }
            }
            *values = sums;
        }
        for (slots, out) in self.slots.windows(TAPS).zip(out.chunks_exact_mut(N)) {
            let mut lower = [0.0; H];
            let mut upper = [0.0; H];
            for (row, (slot, weights)) in slots.iter().zip(&factors.window).enumerate() {
                let values = if row % 2 == 1 { &slot[0] } else { &slot[1] };
                for m in 0..H {
                    lower[m] += values[m] * weights[0][m];
                    upper[m] += values[m] * weights[1][m];
                }
            }
            out[..H].copy_from_slice(&lower);
            for (out, sample) in out[H..].iter_mut().rev().zip(upper) {
                *out = sample;
            }
        }
    }
}
