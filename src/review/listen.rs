//! Cuts a short clip of a file for a person to listen to: decoded in memory, never written to disk.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::bytes::Bytes;
use crate::decode::{DecodeError, Decoder, PcmSink};
use crate::signal::SampleRate;

/// Longest clip, in seconds. A guess: 60 s at 48 kHz and 16 bits are 5.8 MB.
pub const MAX_CLIP_SECONDS: f64 = 60.0;
/// Highest sample rate of a clip, in Hz; higher rates are divided by a whole number. Frequencies above are inaudible.
const MAX_RATE_HZ: u32 = 48_000;

/// Why there is no clip.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// The file cannot be decoded.
    #[error("cannot be decoded")]
    Decode(#[source] DecodeError),
    /// The file ends before the clip begins, or has no such stream.
    #[error(
        "has no sound at {from_seconds:.1} s of stream {stream}; is it the file that was scanned?"
    )]
    Nothing {
        /// Begin of the clip in the stream, in seconds.
        from_seconds: f64,
        /// Audio stream, from 0.
        stream: u32,
    },
}

/// A clip of mono sound.
#[derive(Debug, Clone, PartialEq)]
pub struct Clip {
    /// Samples, nominally within [-1, 1].
    pub samples: Vec<f32>,
    /// Sample rate.
    pub sample_rate: SampleRate,
}

/// Decodes `seconds` (at most [`MAX_CLIP_SECONDS`]) of a stream of a file, from `from_seconds`.
///
/// Everything before is decoded and discarded, so that the clip begins at exactly the sample that the scan counted.
///
/// # Errors
///
/// If the file cannot be decoded, or ends before the clip begins.
pub fn cut(
    decoder: &Decoder,
    bytes: &Bytes,
    stream: u32,
    from_seconds: f64,
    seconds: f64,
) -> Result<Clip, ListenError> {
    let enough = AtomicBool::new(false);
    let from = from_seconds.max(0.0);
    let until = from + seconds.clamp(0.0, MAX_CLIP_SECONDS);
    let mut sink = Cutter {
        seen: Vec::new(),
        stream: stream as usize,
        from,
        until,
        before: 0.0,
        count: 0,
        rate: None,
        step: 1,
        phase: 0,
        samples: Vec::new(),
        enough: &enough,
    };
    let decoded = decoder.decode(bytes, &enough, &mut sink);
    let is_enough = enough.load(Ordering::Relaxed);
    match (decoded, sink.rate) {
        (Err(error), _) if !is_enough => Err(ListenError::Decode(error)),
        (_, Some(rate)) if !sink.samples.is_empty() => {
            let hz = rate.hz() / sink.step;
            let sample_rate = SampleRate::new(hz).unwrap_or(rate);
            Ok(Clip { samples: sink.samples, sample_rate })
        }
        _ => Err(ListenError::Nothing { from_seconds: from, stream }),
    }
}

/// Keeps the samples of the clip, and sets `enough` after its end to stop the decoder.
struct Cutter<'a> {
    /// Numbers of the streams that gave sound, sorted: records count only those.
    seen: Vec<usize>,
    stream: usize,
    from: f64,
    until: f64,
    /// Seconds that passed at earlier sample rates, and samples at the present rate.
    before: f64,
    count: u64,
    rate: Option<SampleRate>,
    /// Each sample of the clip is the mean of this many samples.
    step: u32,
    phase: u32,
    samples: Vec<f32>,
    enough: &'a AtomicBool,
}

impl PcmSink for Cutter<'_> {
    fn begin(&mut self, stream: usize, sample_rate: SampleRate) {
        if !self.seen.contains(&stream) {
            self.seen.push(stream);
            self.seen.sort_unstable();
        }
        // If the rate of the stream changes inside of the clip, the clip ends there.
        if self.is_it(stream) {
            match self.rate {
                Some(rate) if rate != sample_rate && !self.samples.is_empty() => {
                    self.enough.store(true, Ordering::Relaxed);
                }
                rate => {
                    if let Some(rate) = rate {
                        self.before += self.count as f64 / f64::from(rate.hz());
                    }
                    self.count = 0;
                    self.rate = Some(sample_rate);
                    self.step = sample_rate.hz().div_ceil(MAX_RATE_HZ);
                }
            }
        }
    }

    fn push(&mut self, stream: usize, samples: &[f32]) {
        let Some(rate) = self.rate.filter(|_| self.is_it(stream)) else { return };
        if self.enough.load(Ordering::Relaxed) {
            return;
        }
        let second = f64::from(rate.hz());
        for (sample, nth) in samples.iter().zip(self.count..) {
            let at = self.before + nth as f64 / second;
            if at >= self.until {
                self.enough.store(true, Ordering::Relaxed);
                break;
            }
            if at < self.from {
                continue;
            }
            if self.phase == 0 {
                self.samples.push(0.0);
            }
            if let Some(last) = self.samples.last_mut() {
                *last += sample / self.step as f32;
            }
            self.phase = (self.phase + 1) % self.step;
        }
        self.count += samples.len() as u64;
    }

    fn restart(&mut self) {
        self.seen.clear();
        self.samples.clear();
        (self.before, self.count, self.rate, self.phase) = (0.0, 0, None, 0);
    }
}

impl Cutter<'_> {
    /// Whether this is the stream to cut.
    fn is_it(&self, stream: usize) -> bool {
        self.seen.get(self.stream) == Some(&stream)
    }
}

/// A clip as a 16-bit WAV file.
pub fn to_wav(clip: &Clip) -> Vec<u8> {
    let (rate, bytes) = (clip.sample_rate.hz(), clip.samples.len() as u32 * 2);
    let mut wav = Vec::with_capacity(44 + bytes as usize);
    wav.extend(b"RIFF");
    wav.extend((36 + bytes).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(rate.to_le_bytes());
    wav.extend((rate * 2).to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend(bytes.to_le_bytes());
    for sample in &clip.samples {
        let level = (sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)).round() as i16;
        wav.extend(level.to_le_bytes());
    }
    wav
}
