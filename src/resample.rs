//! Any sample rate → the fingerprint's rate, streaming.
//!
//! The only user of the resampler crate (rubato). Mono in, mono out; the resampler's delay is
//! removed, so that output sample `n` is the input at `n / output_rate` seconds.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler as _};

use crate::units::SampleRate;

/// Lowest input rate that is taken, in Hz: below it nothing of the fingerprint's band is left.
pub const MIN_RATE_HZ: u32 = 1_000;
/// Highest input rate that is taken, in Hz: twice what any studio delivers. A bound, because a
/// header may claim 4 GHz and the filter's length grows with the rate.
pub const MAX_RATE_HZ: u32 = 768_000;

/// Input samples a block aims at. 2048 at 44.1 kHz is 46 ms; longer blocks measured no faster.
const BLOCK_SAMPLES: usize = 2048;

/// A streaming resampler for one signal.
pub struct Resampler {
    /// `None` where the input already has the output's rate.
    fft: Option<Fft<f32>>,
    pending: Vec<f32>,
    block: Vec<f32>,
    /// Output samples still to be dropped: the filter's delay.
    to_skip: usize,
    /// Input and output samples so far, to cut the tail to length.
    pushed: u64,
    emitted: u64,
    ratio: f64,
}

impl std::fmt::Debug for Resampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resampler").field("ratio", &self.ratio).finish_non_exhaustive()
    }
}

impl Resampler {
    /// A resampler from `input` to `output`.
    ///
    /// # Panics
    ///
    /// If `input` is outside [`MIN_RATE_HZ`] … [`MAX_RATE_HZ`]: the caller refuses such a signal.
    pub fn new(input: SampleRate, output: SampleRate) -> Self {
        assert!(
            (MIN_RATE_HZ..=MAX_RATE_HZ).contains(&input.hz()),
            "sample rate {input} outside {MIN_RATE_HZ}..={MAX_RATE_HZ} Hz"
        );
        let fft = (input != output).then(|| {
            Fft::new_custom(
                input.hz() as usize,
                output.hz() as usize,
                BLOCK_SAMPLES,
                1,
                1,
                rubato::WindowFunction::BlackmanHarris2,
                FixedSync::Both,
            )
            .expect("rates are not zero and the block is not empty")
        });
        let to_skip = fft.as_ref().map_or(0, rubato::Resampler::output_delay);
        let block = vec![0.0; fft.as_ref().map_or(0, rubato::Resampler::output_frames_max)];
        let ratio = f64::from(output.hz()) / f64::from(input.hz());
        Self { fft, pending: Vec::new(), block, to_skip, pushed: 0, emitted: 0, ratio }
    }

    /// Takes input `(n_samples,)` and hands on what is ready.
    pub fn push(&mut self, mut samples: &[f32], emit: &mut impl FnMut(&[f32])) {
        self.pushed += samples.len() as u64;
        let Some(need) = self.fft.as_ref().map(rubato::Resampler::input_frames_next) else {
            self.emitted += samples.len() as u64;
            emit(samples);
            return;
        };
        if !self.pending.is_empty() {
            let take = (need - self.pending.len()).min(samples.len());
            self.pending.extend_from_slice(&samples[..take]);
            samples = &samples[take..];
            if self.pending.len() < need {
                return;
            }
            let block = std::mem::take(&mut self.pending);
            self.run(&block, emit);
            self.pending = block;
            self.pending.clear();
        }
        let mut blocks = samples.chunks_exact(need);
        for block in &mut blocks {
            self.run(block, emit);
        }
        self.pending.extend_from_slice(blocks.remainder());
    }

    /// Hands on the rest: output ends where the input ended.
    pub fn finish(mut self, emit: &mut impl FnMut(&[f32])) {
        let Some(need) = self.fft.as_ref().map(rubato::Resampler::input_frames_next) else {
            return;
        };
        let wanted = (self.pushed as f64 * self.ratio).round() as u64;
        while self.emitted < wanted {
            let mut block = std::mem::take(&mut self.pending);
            block.resize(need, 0.0);
            let left = wanted - self.emitted;
            let mut cut = |out: &[f32]| emit(&out[..out.len().min(left as usize)]);
            self.run(&block, &mut cut);
        }
    }

    fn run(&mut self, input: &[f32], emit: &mut impl FnMut(&[f32])) {
        let fft = self.fft.as_mut().expect("only called with a resampler");
        let frames = self.block.len();
        let source = SequentialSlice::new(input, 1, input.len()).expect("one channel, whole slice");
        let mut target =
            SequentialSlice::new_mut(&mut self.block, 1, frames).expect("one channel, whole slice");
        let (_, written) = fft
            .process_into_buffer(&source, &mut target, None)
            .expect("both buffers have the sizes that the resampler named");
        let skip = self.to_skip.min(written);
        self.to_skip -= skip;
        self.emitted += (written - skip) as u64;
        if skip < written {
            emit(&self.block[skip..written]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(hz: u32) -> SampleRate {
        SampleRate::new(hz).unwrap()
    }

    fn sine(hz: f64, rate: u32, seconds: f64) -> Vec<f32> {
        let n = (seconds * f64::from(rate)) as usize;
        (0..n)
            .map(|i| (i as f64 / f64::from(rate) * hz * std::f64::consts::TAU).sin() as f32)
            .collect()
    }

    fn resample(input: &[f32], from: u32, block: usize) -> Vec<f32> {
        let mut resampler = Resampler::new(rate(from), rate(11_025));
        let mut out = Vec::new();
        for chunk in input.chunks(block) {
            resampler.push(chunk, &mut |s| out.extend_from_slice(s));
        }
        resampler.finish(&mut |s| out.extend_from_slice(s));
        out
    }

    #[test]
    fn a_tone_keeps_its_time_and_height_at_every_usual_rate() {
        for from in [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 44_099] {
            let out = resample(&sine(100.0, from, 1.5), from, 1_000);
            let truth = sine(100.0, 11_025, 1.5);
            assert!(out.len().abs_diff(truth.len()) <= 1, "{from}: {} samples", out.len());
            // The ends ring; the middle has to agree but for the delay's rounding to a sample.
            let worst = (2_000..14_000).map(|i| (out[i] - truth[i]).abs()).fold(0.0, f32::max);
            assert!(worst < 0.03, "{from} Hz: off by {worst}");
        }
    }

    #[test]
    fn the_size_of_the_blocks_changes_nothing() {
        let input = sine(700.0, 48_000, 0.7);
        assert_eq!(resample(&input, 48_000, 1), resample(&input, 48_000, 4_801));
    }

    #[test]
    fn what_lies_above_the_new_nyquist_is_gone() {
        let out = resample(&sine(9_000.0, 44_100, 1.0), 44_100, 4_096);
        let worst = out[1_000..10_000].iter().fold(0.0_f32, |a, s| a.max(s.abs()));
        assert!(worst < 1e-3, "alias of {worst}");
    }
}
