//! Signals, and MP3 files of them.

use std::f32::consts::TAU;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Random numbers that are always the same (xorshift).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() >> 16) as usize % end
    }

    /// From -1 to 1.
    pub fn noise(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0
    }
}

/// A signal of two channels, `(left, right)`.
pub type Signal = Vec<(f32, f32)>;

/// Chords of harmonics across the stereo field, strokes that make encoders switch blocks, noise, and a pause.
pub fn music(rate_hz: usize, seconds: usize) -> Signal {
    let mut random = Random::new(1);
    let mut signal = vec![(0.0, 0.0); rate_hz * seconds];
    let rate = rate_hz as f32;
    // Notes of 1.5 s, every 0.3 s.
    for note in 0..seconds * 10 / 3 {
        let hz = 60.0 * f32::exp2(random.below(48) as f32 / 12.0);
        let pan = random.noise();
        let start = note * rate_hz * 3 / 10;
        for (i, (left, right)) in signal.iter_mut().skip(start).take(rate_hz * 3 / 2).enumerate() {
            let t = i as f32 / rate;
            let mut sample = 0.0;
            for harmonic in 1..12 {
                let hz = hz * harmonic as f32;
                if hz < 0.45 * rate {
                    sample += (TAU * hz * t).sin() / harmonic as f32;
                }
            }
            let sample = 0.08 * sample * (-3.0 * t).exp() * (200.0 * t).min(1.0);
            *left += sample * (1.0 + pan);
            *right += sample * (1.0 - pan);
        }
    }
    // Strokes of noise, every 0.7 s.
    for stroke in 0..seconds * 10 / 7 {
        let start = stroke * rate_hz * 7 / 10 + random.below(2000);
        let pan = random.noise();
        for (i, (left, right)) in signal.iter_mut().skip(start).take(rate_hz / 5).enumerate() {
            let sample = 0.5 * random.noise() * (-(i as f32) / rate * 60.0).exp();
            *left += sample * (1.0 + pan);
            *right += sample * (1.0 - pan);
        }
    }
    for (i, sample) in signal.iter_mut().enumerate() {
        let pause = i / rate_hz % 8 == 7;
        let gain = if pause { 0.0 } else { 0.6 };
        let noise = (0.01 * random.noise(), 0.01 * random.noise());
        *sample = (gain * (sample.0 + noise.0), gain * (sample.1 + noise.1));
    }
    signal
}

/// The same with the right channel in opposite polarity of the left.
pub fn opposite(signal: &Signal) -> Signal {
    signal.iter().map(|&(left, _)| (left, -left)).collect()
}

/// Encodes a signal with the `ffmpeg` program and its LAME.
pub fn encode(signal: &Signal, rate_hz: usize, options: &str) -> Vec<u8> {
    let bytes = signal.iter().flat_map(|&(left, right)| [left, right]).flat_map(f32::to_le_bytes);
    let from = format!("-f f32le -ac 2 -ar {rate_hz}");
    ffmpeg(&bytes.collect::<Vec<u8>>(), &from, &format!("-c:a libmp3lame {options} -f mp3"))
}

/// Decodes an MP3 file of one channel with the `ffmpeg` program.
pub fn decode_with_ffmpeg(file: &[u8]) -> Vec<f32> {
    let bytes = ffmpeg(file, "-f mp3", "-f f32le");
    bytes.as_chunks::<4>().0.iter().map(|&sample| f32::from_le_bytes(sample)).collect()
}

fn ffmpeg(input: &[u8], from: &str, to: &str) -> Vec<u8> {
    static FILES: AtomicUsize = AtomicUsize::new(0);
    let file = FILES.fetch_add(1, Ordering::Relaxed);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let name = format!("lowband-mp3-{}-{file}", std::process::id());
    let (source, target) = (folder.join(name.clone() + ".in"), folder.join(name + ".out"));
    fs::write(&source, input).unwrap();
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-y"])
        .args(from.split_whitespace())
        .arg("-i")
        .arg(&source)
        .args(to.split_whitespace())
        .arg(&target)
        .status()
        .expect("the tests need the ffmpeg program");
    assert!(status.success(), "ffmpeg failed: {from} to {to}");
    let output = fs::read(&target).unwrap();
    fs::remove_file(source).unwrap();
    fs::remove_file(target).unwrap();
    output
}
