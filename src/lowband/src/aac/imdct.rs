//! The inverse MDCT, by a complex transform of half the size.

use std::f64::consts::PI;

use symphonia_core::dsp::complex::Complex;
use symphonia_core::dsp::fft::Fft;

/// An inverse MDCT: `y[n] = scale · Σ x[k] cos(π / 4N · (2n + 1 + N) (2k + 1))`, for `N` lines and `2N` samples.
pub(super) struct Imdct {
    fft: Fft,
    turns: Box<[Complex<f32>]>,
    work: Box<[Complex<f32>]>,
}

impl Imdct {
    /// A transform of `lines` lines, a power of two of at least 8.
    pub(super) fn new(lines: usize, scale: f64) -> Self {
        let half = lines / 2;
        let turn = |k: usize| {
            let (sine, cosine) = (PI / lines as f64 * (k as f64 + 0.125)).sin_cos();
            let root = scale.sqrt();
            Complex::new((root * cosine) as f32, (root * sine) as f32)
        };
        Self {
            fft: Fft::new(half),
            turns: (0..half).map(turn).collect(),
            work: vec![Complex::default(); half].into(),
        }
    }

    /// Transforms `N` lines into `2N` samples.
    pub(super) fn transform(&mut self, lines: &[f32], samples: &mut [f32]) {
        let even = lines.iter().step_by(2);
        let odd = lines.iter().rev().step_by(2);
        for (((to, turn), even), odd) in self.work.iter_mut().zip(&self.turns).zip(even).zip(odd) {
            to.re = -(odd * turn.im + even * turn.re);
            to.im = even * turn.im - odd * turn.re;
        }
        self.fft.fft_inplace(&mut self.work);
        for (value, turn) in self.work.iter_mut().zip(&self.turns) {
            let &mut Complex { re, im } = value;
            value.re = turn.re * re + turn.im * im;
            value.im = turn.im * re - turn.re * im;
        }
        // The second and the third quarter; the first and the last mirror them.
        let half = self.work.len();
        let (low, high) = self.work.split_at(half / 2);
        let (first, samples) = samples.split_at_mut(half);
        let (second, samples) = samples.split_at_mut(half);
        let (third, fourth) = samples.split_at_mut(half);
        interleave(second, low, high);
        interleave(third, high, low);
        for (to, from) in first.iter_mut().zip(second.iter().rev()) {
            *to = -from;
        }
        for (to, from) in fourth.iter_mut().zip(third.iter().rev()) {
            *to = *from;
        }
    }
}

/// Imaginary parts from the front at even places, real parts from the back at odd ones.
fn interleave(to: &mut [f32], front: &[Complex<f32>], back: &[Complex<f32>]) {
    let (pairs, _) = to.as_chunks_mut::<2>();
    for ((pair, front), back) in pairs.iter_mut().zip(front).zip(back.iter().rev()) {
        *pair = [front.im, back.re];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transform_is_the_sum_of_its_cosines() {
        for size in [32usize, 64, 256, 512] {
            let lines: Vec<f32> = (0..size).map(|k| ((k * k + 3) % 17) as f32 - 8.0).collect();
            let mut samples = vec![0.0; 2 * size];
            Imdct::new(size, 0.25).transform(&lines, &mut samples);
            for (n, &sample) in samples.iter().enumerate() {
                let term = |(k, &line): (usize, &f32)| {
                    let angle = ((2 * n + 1 + size) * (2 * k + 1) % (8 * size)) as f64;
                    f64::from(line) * (PI / (4 * size) as f64 * angle).cos()
                };
                let expected = 0.25 * lines.iter().enumerate().map(term).sum::<f64>();
                assert!((f64::from(sample) - expected).abs() < 1e-3, "{n} of {size}");
            }
        }
    }
}
