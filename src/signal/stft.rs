//! The power spectrum, frame by frame: a short-time Fourier transform. The only user of `rustfft`.
//!
//! Frame `t` is centred on sample `t · hop`: half a frame of zeros is added before and after the signal.

use std::sync::Arc;

use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

/// Shape of the short-time Fourier transform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StftConfig {
    /// Samples a frame. 2048 at 11 025 Hz is 186 ms, and a bin is 5.4 Hz wide.
    pub n_fft: usize,
    /// Samples from frame to frame. 256 at 11 025 Hz is 23.2 ms.
    pub hop: usize,
}

/// The plan of the transform, shared by all workers.
#[derive(Clone)]
pub struct Stft {
    config: StftConfig,
    fft: Arc<dyn Fft<f32>>,
    /// Hann, periodic, shape `(n_fft,)`.
    window: Arc<[f32]>,
}

impl std::fmt::Debug for Stft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stft").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Stft {
    /// Plans the transform.
    ///
    /// # Panics
    ///
    /// If `n_fft` is odd or under 4, or `hop` is zero or longer than half a frame.
    pub fn new(config: StftConfig) -> Self {
        assert!(config.n_fft >= 4 && config.n_fft.is_multiple_of(2), "n_fft {}", config.n_fft);
        assert!(config.hop > 0 && config.hop <= config.n_fft / 2, "hop {}", config.hop);
        let fft = FftPlanner::new().plan_fft_forward(config.n_fft);
        let window = (0..config.n_fft)
            .map(|n| {
                let phase = n as f64 / config.n_fft as f64 * std::f64::consts::TAU;
                (0.5 - 0.5 * phase.cos()) as f32
            })
            .collect();
        Self { config, fft, window }
    }

    /// Number of bins of a spectrum: `n_fft / 2 + 1`.
    pub fn n_bins(&self) -> usize {
        self.config.n_fft / 2 + 1
    }

    /// Begins a signal.
    pub fn stream(&self) -> StftStream {
        StftStream {
            stft: self.clone(),
            pending: vec![0.0; self.config.n_fft / 2],
            buffer: vec![Complex32::default(); self.config.n_fft],
            scratch: vec![Complex32::default(); self.fft.get_inplace_scratch_len()],
            power: [vec![0.0; self.n_bins()], vec![0.0; self.n_bins()]],
        }
    }
}

/// The transform of one signal in progress.
#[derive(Debug)]
pub struct StftStream {
    stft: Stft,
    pending: Vec<f32>,
    buffer: Vec<Complex32>,
    scratch: Vec<Complex32>,
    power: [Vec<f32>; 2],
}

impl StftStream {
    /// Takes samples `(n_samples,)` and visits each new power spectrum `(n_bins,)` in order.
    pub fn push(&mut self, samples: &[f32], visit: &mut impl FnMut(&[f32])) {
        self.pending.extend_from_slice(samples);
        let StftConfig { n_fft, hop } = self.stft.config;
        let mut at = 0;
        while self.pending.len() >= at + n_fft + hop {
            self.two_frames(at);
            visit(&self.power[0]);
            visit(&self.power[1]);
            at += 2 * hop;
        }
        self.pending.drain(..at);
    }

    /// Visits the rest of the spectra: the last frame is centred on the last hop that has a sample.
    pub fn finish(mut self, visit: &mut impl FnMut(&[f32])) {
        let StftConfig { n_fft, hop } = self.stft.config;
        let frames = self.pending.len().saturating_sub(n_fft / 2).div_ceil(hop);
        self.pending.resize(n_fft + (frames + 1) * hop, 0.0);
        for pair in 0..frames.div_ceil(2) {
            self.two_frames(pair * 2 * hop);
            visit(&self.power[0]);
            if pair * 2 + 1 < frames {
                visit(&self.power[1]);
            }
        }
    }

    /// Transforms two real frames as one complex one, the first as its real and the second as its imaginary part. Their spectra are
    /// separated by symmetry (Press et al., Numerical Recipes, section 12.3). One real transform a frame, as the crate `realfft`
    /// has it, took 1.38 times as long.
    fn two_frames(&mut self, at: usize) {
        let StftConfig { n_fft, hop } = self.stft.config;
        let first = &self.pending[at..at + n_fft];
        let second = &self.pending[at + hop..at + hop + n_fft];
        for (((slot, a), b), w) in
            self.buffer.iter_mut().zip(first).zip(second).zip(self.stft.window.iter())
        {
            *slot = Complex32::new(a * w, b * w);
        }
        self.stft.fft.process_with_scratch(&mut self.buffer, &mut self.scratch);
        let z = &self.buffer;
        let [first, second] = &mut self.power;
        let edge = |k: usize| (z[k].re * z[k].re, z[k].im * z[k].im);
        (first[0], second[0]) = edge(0);
        (first[n_fft / 2], second[n_fft / 2]) = edge(n_fft / 2);
        let low = &z[1..n_fft / 2];
        let high = &z[n_fft / 2 + 1..];
        let bins = first[1..n_fft / 2].iter_mut().zip(&mut second[1..n_fft / 2]);
        for (((a, b), zk), zn) in bins.zip(low).zip(high.iter().rev()) {
            let (sum_re, dif_im) = (zk.re + zn.re, zk.im - zn.im);
            let (sum_im, dif_re) = (zk.im + zn.im, zk.re - zn.re);
            *a = 0.25 * (sum_re * sum_re + dif_im * dif_im);
            *b = 0.25 * (sum_im * sum_im + dif_re * dif_re);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    const CONFIG: StftConfig = StftConfig { n_fft: 64, hop: 16 };

    fn noise(n: usize) -> Vec<f32> {
        let mut dice = Dice::new(1);
        (0..n).map(|_| (2.0 * dice.share() - 1.0) as f32).collect()
    }

    fn spectra(stft: &Stft, samples: &[f32], block: usize) -> Vec<Vec<f32>> {
        let mut stream = stft.stream();
        let mut out = Vec::new();
        for chunk in samples.chunks(block) {
            stream.push(chunk, &mut |p| out.push(p.to_vec()));
        }
        stream.finish(&mut |p| out.push(p.to_vec()));
        out
    }

    #[test]
    fn it_agrees_with_a_plain_dft() {
        let samples = noise(300);
        let stft = Stft::new(CONFIG);
        let got = spectra(&stft, &samples, 300);
        assert_eq!(got.len(), 300_usize.div_ceil(16));
        for (t, frame) in got.iter().enumerate() {
            for (k, power) in frame.iter().enumerate() {
                let (mut re, mut im) = (0.0_f64, 0.0_f64);
                for n in 0..64 {
                    let at = (t * 16 + n) as isize - 32;
                    let x = usize::try_from(at).ok().and_then(|i| samples.get(i)).copied();
                    let phase = n as f64 / 64.0 * std::f64::consts::TAU;
                    let x = f64::from(x.unwrap_or(0.0)) * (0.5 - 0.5 * phase.cos());
                    re += x * (phase * k as f64).cos();
                    im -= x * (phase * k as f64).sin();
                }
                let truth = re * re + im * im;
                assert!((f64::from(*power) - truth).abs() < 1e-3, "frame {t} bin {k}");
            }
        }
    }

    #[test]
    fn the_size_of_the_blocks_changes_nothing() {
        let stft = Stft::new(CONFIG);
        let samples = noise(1_000);
        assert_eq!(spectra(&stft, &samples, 1), spectra(&stft, &samples, 999));
    }

    #[test]
    fn a_sine_at_bin_k_peaks_at_k() {
        let samples: Vec<f32> =
            (0..512).map(|n| (n as f32 * 9.0 / 64.0 * std::f32::consts::TAU).sin()).collect();
        let frame = &spectra(&Stft::new(CONFIG), &samples, 512)[10];
        let best = (0..33).max_by(|a, b| frame[*a].total_cmp(&frame[*b])).unwrap();
        assert_eq!(best, 9);
    }

    #[test]
    fn nothing_gives_no_frame() {
        assert!(spectra(&Stft::new(CONFIG), &[], 1).is_empty());
    }
}
