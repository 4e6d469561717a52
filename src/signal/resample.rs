//! A streaming resampler from any sample rate to that of the fingerprint. Mono in, mono out.
//!
//! While the rate is at least twice the output's, a half-band decimator halves it. A polyphase bank does the rest: it has one
//! filter for each position that an output sample may have between two input samples. 44.1 kHz is halved twice and needs no
//! bank. All filters are symmetric and their delay is compensated, so that output sample `n` is the input at
//! `n / output_rate` seconds.
//!
//! The band up to 0.907 of the output's Nyquist frequency passes unchanged. Aliases may land above it, where no peaks are
//! picked: this halves the length of the filters.

use std::f64::consts::PI;

use crate::signal::SampleRate;

/// Lowest input rate that is accepted, in Hz: below it little of the fingerprint's band is left.
pub const MIN_RATE_HZ: u32 = 1_000;
/// Highest input rate that is accepted, in Hz: twice the highest of any studio. A bound, because a header may claim 4 GHz.
pub const MAX_RATE_HZ: u32 = 768_000;

/// Share of the band up to Nyquist that passes unchanged: 5000 Hz of 5512.5.
const PASS: f64 = 0.907;
/// Stop-band attenuation of a half-band decimator, in dB. A guess.
const DECIMATOR_STOP_DB: f64 = 60.0;
/// Stop-band attenuation of a polyphase bank, in dB: less, since only the last kilohertz below 6 kHz aliases, and a bank costs more.
/// A guess.
const BANK_STOP_DB: f64 = 50.0;
/// Outputs of a half-band decimator that are summed at once, in vector instructions.
const DECIMATOR_LANES: usize = 16;
/// Products of one output of a polyphase bank that are summed at once.
const BANK_LANES: usize = 8;
/// Largest number of phases of a polyphase bank. The usual rates have at most 441 and are exact; others are off by up to a
/// thousandth of a sample, −50 dB at the end of the band.
const MAX_PHASES: u64 = 512;
/// Longer blocks are cut, so that the output of each stage stays in the first cache. A guess.
const BLOCK_SAMPLES: usize = 2_048;
/// Input that flushes the filters at the end.
const SILENCE: [f32; 256] = [0.0; 256];

/// A streaming resampler for one signal.
#[derive(Debug)]
pub struct Resampler {
    decimators: Vec<HalfBandDecimator>,
    /// `None` if halving alone gives the output's rate.
    bank: Option<PolyphaseBank>,
    /// Input samples so far, to cut the tail to length.
    pushed: u64,
    /// Output samples so far.
    emitted: u64,
    /// Output rate over input rate.
    ratio: f64,
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
        let halvings = (input.hz() / output.hz()).checked_ilog2().unwrap_or(0);
        let ratio = f64::from(output.hz()) / f64::from(input.hz());
        let decimators =
            (0..halvings).map(|n| HalfBandDecimator::new(ratio * f64::from(1 << n))).collect();
        let (from, to) = (u64::from(input.hz()), u64::from(output.hz()) << halvings);
        let bank = (from != to).then(|| PolyphaseBank::new(from, to));
        Self { decimators, bank, pushed: 0, emitted: 0, ratio }
    }

    /// Takes input `(n_samples,)` and hands on what is ready.
    pub fn push(&mut self, samples: &[f32], emit: &mut impl FnMut(&[f32])) {
        self.pushed += samples.len() as u64;
        for block in samples.chunks(BLOCK_SAMPLES) {
            self.run(block, u64::MAX, emit);
        }
    }

    /// Hands on the rest. The output ends where the input ended.
    pub fn finish(mut self, emit: &mut impl FnMut(&[f32])) {
        let wanted = (self.pushed as f64 * self.ratio).round() as u64;
        while self.emitted < wanted {
            self.run(&SILENCE, wanted - self.emitted, emit);
        }
    }

    /// Sends samples through all stages, and hands on at most `most` samples of the output.
    fn run(&mut self, samples: &[f32], most: u64, emit: &mut impl FnMut(&[f32])) {
        let mut samples = samples;
        for decimator in &mut self.decimators {
            samples = decimator.run(samples);
        }
        if let Some(bank) = &mut self.bank {
            samples = bank.run(samples);
        }
        let samples = &samples[..samples.len().min(most as usize)];
        self.emitted += samples.len() as u64;
        emit(samples);
    }
}

/// Halves a rate. Every other coefficient of a half-band filter is zero, so only the odd samples and the even sample in the middle are
/// multiplied.
#[derive(Debug)]
struct HalfBandDecimator {
    /// Coefficients 1, 3, 5 … to either side of the middle one, which is 0.5; shape `(reach,)`.
    taps: Vec<f32>,
    /// Samples 0, 2, 4 …; the first belongs to the next output.
    even: Vec<f32>,
    /// Samples 1, 3, 5 …; the first lies `2 · reach - 1` samples before the first of `even`.
    odd: Vec<f32>,
    next_is_odd: bool,
    out: Vec<f32>,
}

impl HalfBandDecimator {
    /// A filter for a stage where the resampler's output rate is `ratio` of the stage's input rate.
    fn new(ratio: f64) -> Self {
        let length = kaiser_length(DECIMATOR_STOP_DB, 0.5 - PASS * ratio);
        let reach = (((length + 1.0) / 4.0).ceil() as usize).max(1);
        let tap = |k: usize| {
            let n = (2 * k + 1) as f64;
            0.5 * sinc(n / 2.0) * kaiser(DECIMATOR_STOP_DB, n / (2 * reach) as f64)
        };
        let sum: f64 = (0..reach).map(tap).sum();
        Self {
            // Both sides sum to 0.5, as the middle: the gain at 0 Hz is 1.
            taps: (0..reach).map(|k| (tap(k) * 0.25 / sum) as f32).collect(),
            even: Vec::new(),
            odd: vec![0.0; reach],
            next_is_odd: false,
            out: Vec::new(),
        }
    }

    fn run(&mut self, mut samples: &[f32]) -> &[f32] {
        if self.next_is_odd
            && let Some((first, rest)) = samples.split_first()
        {
            self.odd.push(*first);
            (self.next_is_odd, samples) = (false, rest);
        }
        let (pairs, rest) = samples.as_chunks::<2>();
        self.even.extend(pairs.iter().map(|pair| pair[0]));
        self.odd.extend(pairs.iter().map(|pair| pair[1]));
        if let [last] = rest {
            self.even.push(*last);
            self.next_is_odd = true;
        }
        let reach = self.taps.len();
        let ready = self.even.len().min((self.odd.len() + 1).saturating_sub(2 * reach));
        self.out.clear();
        self.out.resize(ready - ready % DECIMATOR_LANES, 0.0);
        let (blocks, _) = self.out.as_chunks_mut::<DECIMATOR_LANES>();
        let (middles, _) = self.even.as_chunks::<DECIMATOR_LANES>();
        for (n, (out, middle)) in blocks.iter_mut().zip(middles).enumerate() {
            let around = &self.odd[n * DECIMATOR_LANES..][..DECIMATOR_LANES + 2 * reach - 1];
            let mut sum = [0.0; DECIMATOR_LANES];
            for (k, tap) in self.taps.iter().enumerate() {
                let before = &around[reach - 1 - k..][..DECIMATOR_LANES];
                let after = &around[reach + k..][..DECIMATOR_LANES];
                for i in 0..DECIMATOR_LANES {
                    sum[i] += tap * (before[i] + after[i]);
                }
            }
            for i in 0..DECIMATOR_LANES {
                out[i] = 0.5 * middle[i] + sum[i];
            }
        }
        self.even.drain(..self.out.len());
        self.odd.drain(..self.out.len());
        &self.out
    }
}

/// Changes a rate: down by a factor of less than two, or up by any factor.
#[derive(Debug)]
struct PolyphaseBank {
    /// A filter for each phase, and one for a whole sample; shape `(phases + 1, length)`.
    rows: Vec<f32>,
    length: usize,
    phases: u64,
    /// Distance of two outputs in input samples: `step.0 + step.1 / to`.
    step: (usize, u64),
    to: u64,
    /// Start of the next output's window in `pending`.
    at: usize,
    /// Phase of the next output, in `to`-ths of a sample.
    phase: u64,
    pending: Vec<f32>,
    /// Four partial sums of each output. They are added later, for many outputs at once, in vector instructions.
    parts: Vec<[f32; 4]>,
    out: Vec<f32>,
}

impl PolyphaseBank {
    /// A bank for rates of the ratio `from : to`.
    fn new(from: u64, to: u64) -> Self {
        let common = greatest_common_divisor(from, to);
        let (from, to) = (from / common, to / common);
        let phases = to.min(MAX_PHASES);
        let cutoff = (to as f64 / from as f64).min(1.0);
        let chunks =
            (kaiser_length(BANK_STOP_DB, (1.0 - PASS) * cutoff) / BANK_LANES as f64).round();
        let length = chunks as usize * BANK_LANES;
        let half = (length / 2) as f64;
        let mut rows = Vec::with_capacity((phases as usize + 1) * length);
        for phase in 0..=phases {
            let tap = |i: usize| {
                let t = i as f64 + 1.0 - half - phase as f64 / phases as f64;
                sinc(cutoff * t) * kaiser(BANK_STOP_DB, t / half)
            };
            let sum: f64 = (0..length).map(tap).sum();
            rows.extend((0..length).map(|i| (tap(i) / sum) as f32));
        }
        Self {
            rows,
            length,
            phases,
            step: ((from / to) as usize, from % to),
            to,
            at: 0,
            phase: 0,
            pending: vec![0.0; length / 2 - 1],
            parts: Vec::new(),
            out: Vec::new(),
        }
    }

    fn run(&mut self, samples: &[f32]) -> &[f32] {
        self.pending.extend_from_slice(samples);
        self.parts.clear();
        let (mut at, mut phase) = (self.at, self.phase);
        while let Some(window) = self.pending.get(at..at + self.length) {
            let row = if self.phases == self.to {
                phase
            } else {
                (phase * self.phases + self.to / 2) / self.to
            };
            let row = &self.rows[row as usize * self.length..][..self.length];
            self.parts.push(dot(window, row));
            at += self.step.0;
            phase += self.step.1;
            if phase >= self.to {
                phase -= self.to;
                at += 1;
            }
        }
        let done = at.min(self.pending.len());
        self.pending.drain(..done);
        (self.at, self.phase) = (at - done, phase);
        self.out.clear();
        self.out.extend(self.parts.iter().map(|[a, b, c, d]| (a + c) + (b + d)));
        &self.out
    }
}

/// The dot product of two slices, as four partial sums. Their length is a multiple of [`BANK_LANES`].
fn dot(a: &[f32], b: &[f32]) -> [f32; 4] {
    let mut sum = [0.0; BANK_LANES];
    for (a, b) in a.as_chunks::<BANK_LANES>().0.iter().zip(b.as_chunks::<BANK_LANES>().0) {
        for i in 0..BANK_LANES {
            sum[i] += a[i] * b[i];
        }
    }
    std::array::from_fn(|i| sum[i] + sum[i + 4])
}

/// Length of a filter that falls by `stop_db` over `width` cycles a sample (Oppenheim & Schafer, section
/// 7.5.3, as the window).
fn kaiser_length(stop_db: f64, width: f64) -> f64 {
    (stop_db - 8.0) / (2.285 * 2.0 * PI * width) + 1.0
}

/// Kaiser's window over [-1, 1], for `stop_db` of 50 and more.
fn kaiser(stop_db: f64, x: f64) -> f64 {
    let beta = 0.1102 * (stop_db - 8.7);
    let bessel = |x: f64| {
        let (mut sum, mut term, mut n) = (1.0, 1.0, 1.0);
        while term > 1e-9 * sum {
            term *= (x / (2.0 * n)).powi(2);
            sum += term;
            n += 1.0;
        }
        sum
    };
    bessel(beta * (1.0 - x * x).max(0.0).sqrt()) / bessel(beta)
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
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
        for from in
            [1_000, 8_000, 11_025, 12_000, 16_000, 22_050, 32_000, 44_100, 48_000, 44_099, 768_000]
        {
            let out = resample(&sine(100.0, from, 1.5), from, 1_000);
            let truth = sine(100.0, 11_025, 1.5);
            assert!(out.len().abs_diff(truth.len()) <= 1, "{from}: {} samples", out.len());
            // The ends ring.
            let worst = (200..16_000).map(|i| (out[i] - truth[i]).abs()).fold(0.0, f32::max);
            assert!(worst < 2e-3, "{from} Hz: off by {worst}");
        }
    }

    #[test]
    fn the_size_of_the_blocks_changes_nothing() {
        for from in [12_000, 44_100, 48_000, 44_099] {
            let input = sine(700.0, from, 0.7);
            assert_eq!(resample(&input, from, 1), resample(&input, from, 4_801), "{from}");
        }
    }

    #[test]
    fn the_band_passes_and_what_would_fold_into_it_is_gone() {
        for from in [12_000, 44_100, 48_000, 44_099, 96_000] {
            let loudest = |hz: f64| {
                let out = resample(&sine(hz, from, 0.5), from, 4_096);
                out[1_000..4_500].iter().fold(0.0_f32, |a, s| a.max(s.abs()))
            };
            for hz in [250.0, 3_000.0, 4_990.0] {
                assert!((loudest(hz) - 1.0).abs() < 0.01, "{from}: {} at {hz}", loudest(hz));
            }
            // At 48 kHz 6100 Hz still land at 5125 Hz, above the band.
            for hz in [7_000.0, 9_000.0, 17_000.0, 21_000.0, 40_000.0] {
                let alias = if 2.0 * hz < f64::from(from) { loudest(hz) } else { 0.0 };
                assert!(alias < 2e-3, "{from}: {alias} of {hz}");
            }
        }
    }
}
