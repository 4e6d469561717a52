//! Times each stage between decoding and verdict on a minute of synthesised music.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use leakhound::signal::SampleRate;
use leakhound::signal::fingerprint::{FingerprintConfig, Fingerprinter};
use leakhound::signal::landmarks::{Density, landmarks};
use leakhound::signal::resample::Resampler;
use leakhound::signal::stft::Stft;

const SECONDS: usize = 60;

fn main() {
    divan::main();
}

fn rate(hz: u32) -> SampleRate {
    SampleRate::new(hz).expect("not zero")
}

/// Decaying notes over noise, at `hz`.
fn music(hz: usize) -> Vec<f32> {
    let mut state = 7_u32;
    (0..SECONDS * hz)
        .map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 8) as f32 / 8_388_608.0 - 1.0;
            let t = i as f32 / hz as f32;
            let step = (t * 6.0).floor();
            let note = 200.0 * 2_f32.powf((step * 7.0 % 23.0) / 12.0);
            let decay = (-6.0 * (t * 6.0).fract()).exp();
            let tone: f32 = (1..6)
                .map(|h| (t * note * h as f32 * std::f32::consts::TAU).sin() / h as f32)
                .sum();
            0.3 * decay * tone + 0.02 * noise
        })
        .collect()
}

#[divan::bench(args = [44_100, 48_000])]
fn resample(bencher: Bencher, hz: u32) {
    let samples = music(hz as usize);
    bencher.counter(ItemsCount::new(SECONDS)).bench(|| {
        let mut resampler = Resampler::new(rate(hz), rate(11_025));
        let mut count = 0;
        resampler.push(&samples, &mut |s| count += s.len());
        resampler.finish(&mut |s| count += s.len());
        count
    });
}

#[divan::bench]
fn stft(bencher: Bencher) {
    let stft = Stft::new(FingerprintConfig::default().stft);
    let samples = music(11_025);
    bencher.counter(ItemsCount::new(SECONDS)).bench(|| {
        let mut stream = stft.stream();
        let mut sum = 0.0;
        stream.push(&samples, &mut |power| sum += power[100]);
        sum
    });
}

#[divan::bench]
fn stft_and_peaks(bencher: Bencher) {
    let fingerprinter = Fingerprinter::new(FingerprintConfig::default());
    let samples = music(11_025);
    bencher.counter(ItemsCount::new(SECONDS)).bench(|| {
        let mut stream = fingerprinter.stream(rate(11_025));
        stream.push(&samples);
        stream.finish()
    });
}

#[divan::bench]
fn dense_landmarks(bencher: Bencher) {
    let config = FingerprintConfig::default();
    let mut stream = Fingerprinter::new(config).stream(rate(11_025));
    stream.push(&music(11_025));
    let peaks = stream.finish().peaks;
    let density = Density { fan_out: 20, probe: 0.2 };
    bencher.counter(ItemsCount::new(SECONDS)).bench(|| {
        let mut count = 0_u64;
        landmarks(black_box(&peaks), config.landmarks, density, |h, _| {
            count += u64::from(h.0);
        });
        count
    });
}
