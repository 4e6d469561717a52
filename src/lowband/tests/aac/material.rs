//! Music that the tests make, and AAC that ffmpeg makes of it.

use std::f64::consts::TAU;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A generator of numbers that tests repeat.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2).wrapping_add(1))
    }

    pub fn next(&mut self) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.next() as usize % limit
    }

    /// A number from −1 to 1.
    pub fn unit(&mut self) -> f64 {
        f64::from(self.next()) / f64::from(1u32 << 30) - 1.0
    }
}

/// What of the two channels differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Image {
    /// Voices at different places.
    Wide,
    /// The right channel is the left one with its sign turned.
    Opposite,
}

/// Eight seconds of notes with sharp attacks, chords, and bursts of noise, as interleaved stereo.
pub fn music(rate_hz: u32, image: Image) -> Vec<f32> {
    let rate = f64::from(rate_hz);
    let frames = 8 * rate_hz as usize;
    let (mut left, mut right) = (vec![0.0f64; frames], vec![0.0f64; frames]);
    let mut random = Random::new(7);
    for note in 0..44 {
        let start = (f64::from(note) * 0.18 * rate) as usize;
        let pitch = 110.0 * (f64::from(random.next() % 36) / 12.0).exp2();
        let place = f64::from(random.next() % 101) / 100.0;
        let harmonics = (0.45 * rate / pitch).min(40.0) as u32;
        let decay = 3.0 + 9.0 * random.unit().abs();
        for at in start..frames.min(start + rate as usize) {
            let seconds = (at - start) as f64 / rate;
            let angle = TAU * pitch * seconds;
            // sin((h + 1) x) = 2 cos(x) sin(h x) − sin((h − 1) x).
            let (mut before, mut sine, twice) = (0.0, angle.sin(), 2.0 * angle.cos());
            let mut value = 0.0;
            for harmonic in 1..=harmonics {
                value += sine / f64::from(harmonic);
                (before, sine) = (sine, twice * sine - before);
            }
            value *= 0.12 * (-decay * seconds).exp();
            left[at] += value * (1.0 - place);
            right[at] += value * place;
        }
        // A drum on every third note.
        if note % 3 == 0 {
            for at in start..frames.min(start + rate as usize / 8) {
                let fade = 0.4 * (-40.0 * (at - start) as f64 / rate).exp();
                left[at] += fade * random.unit();
                right[at] += fade * random.unit();
            }
        }
    }
    let side = |(left, right): (f64, f64)| match image {
        Image::Wide => [left as f32, right as f32],
        Image::Opposite => [left as f32, -left as f32],
    };
    left.into_iter().zip(right).flat_map(side).collect()
}

/// How to encode.
#[derive(Debug, Clone, Copy)]
pub struct Encoding<'a> {
    pub rate_hz: u32,
    pub channels: u32,
    pub kbit: u32,
    /// Options of ffmpeg's encoder.
    pub options: &'a str,
    /// The end of the file's name: `aac`, `m4a` or `mka`.
    pub container: &'a str,
}

/// A file of AAC of interleaved stereo at the rate of the encoding.
pub fn encoded(music: &[f32], encoding: &Encoding<'_>) -> Vec<u8> {
    let input = ["-f", "f32le", "-ar", &encoding.rate_hz.to_string(), "-ac", "2", "-i", "-"];
    let bytes: Vec<u8> = music.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    run(&input.map(str::to_owned), &bytes, encoding).expect("ffmpeg encodes the music")
}

/// A file of AAC of the first half minute of an audio file; `None` if ffmpeg cannot read it.
pub fn encoded_file(path: &Path, encoding: &Encoding<'_>) -> Option<Vec<u8>> {
    let input = ["-t", "30", "-i", &path.to_string_lossy()].map(str::to_owned);
    run(&input, &[], encoding)
}

fn run(input: &[String], bytes: &[u8], encoding: &Encoding<'_>) -> Option<Vec<u8>> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let mut name = format!("lowband-aac-{}", std::process::id());
    write!(name, "-{}.{}", COUNT.fetch_add(1, Ordering::Relaxed), encoding.container)
        .expect("a string takes everything");
    let path = Removed(std::env::temp_dir().join(name));
    let mut child = Command::new("ffmpeg")
        .args(["-v", "error", "-y"])
        .args(input)
        .args(["-map", "0:a:0", "-map_metadata", "-1", "-c:a", "aac"])
        .args(["-ar", &encoding.rate_hz.to_string(), "-ac", &encoding.channels.to_string()])
        .args(["-b:a", &format!("{}k", encoding.kbit)])
        .args(encoding.options.split_whitespace())
        .arg(&path.0)
        .stdin(Stdio::piped())
        .spawn()
        .expect("the tests need the program ffmpeg");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(bytes).expect("ffmpeg reads the music");
    drop(stdin);
    let is_good = child.wait().expect("ffmpeg ends").success();
    is_good.then(|| std::fs::read(&path.0).expect("ffmpeg writes the file"))
}

/// A file that is removed when dropped.
struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        // It may not have been made.
        let _ = std::fs::remove_file(&self.0);
    }
}
