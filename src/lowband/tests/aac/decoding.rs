//! Packets of a file, and what the two decoders make of them.

use std::f64::consts::TAU;
use std::io::Cursor;

use symphonia::core::audio::{Audio as _, GenericAudioBufferRef};
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::errors::{Error, Result};
use symphonia::core::formats::FormatOptions;
use symphonia::core::formats::probe::Hint;
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;

/// A track without its container.
pub struct Track {
    pub params: AudioCodecParameters,
    pub packets: Vec<Packet>,
}

impl Track {
    pub fn of(file: Vec<u8>) -> Self {
        let stream = MediaSourceStream::new(
            Box::new(Cursor::new(file)),
            MediaSourceStreamOptions::default(),
        );
        let (options, metadata) = (FormatOptions::default(), MetadataOptions::default());
        let mut format = symphonia::default::get_probe()
            .probe(&Hint::new(), stream, options, metadata)
            .expect("a container that Symphonia knows");
        let Some(CodecParameters::Audio(params)) = format.tracks()[0].codec_params.clone() else {
            panic!("an audio track");
        };
        let packets = std::iter::from_fn(|| format.next_packet().ok().flatten()).collect();
        Self { params, packets }
    }

    pub fn full(&self) -> Box<dyn AudioDecoder> {
        symphonia::default::get_codecs()
            .make_audio_decoder(&self.params, &AudioDecoderOptions::default())
            .expect("the full decoder takes the track")
    }

    pub fn low(&self) -> Box<dyn AudioDecoder> {
        low(&self.params).expect("the decoder takes the track")
    }
}

/// A decoder of the low band.
pub fn low(params: &AudioCodecParameters) -> Result<Box<dyn AudioDecoder>> {
    let mut codecs = CodecRegistry::new();
    lowband::register(&mut codecs);
    codecs.make_audio_decoder(params, &AudioDecoderOptions::default())
}

/// The channels of one packet.
pub fn decode(decoder: &mut dyn AudioDecoder, packet: &Packet) -> Result<Vec<Vec<f32>>> {
    let GenericAudioBufferRef::F32(buffer) = decoder.decode(packet)? else {
        panic!("samples as f32")
    };
    let channels = buffer.spec().channels().count();
    Ok((0..channels).map(|plane| buffer.plane(plane).expect("a channel").to_vec()).collect())
}

/// All samples of a track whose packets are all good, by channel.
pub fn decode_all(decoder: &mut dyn AudioDecoder, packets: &[Packet]) -> Vec<Vec<f32>> {
    let mut all = Vec::new();
    for packet in packets {
        let samples = decode(decoder, packet).expect("a good packet");
        all.resize(samples.len(), Vec::new());
        for (all, samples) in all.iter_mut().zip(samples) {
            all.extend(samples);
        }
    }
    all
}

/// What a packet gives: a number of frames, or a kind of error.
pub fn outcome(result: &Result<Vec<Vec<f32>>>) -> std::result::Result<usize, &'static str> {
    match result {
        Ok(samples) => Ok(samples[0].len()),
        Err(Error::DecodeError(_)) => Err("decode"),
        Err(Error::IoError(_)) => Err("io"),
        Err(Error::Unsupported(_)) => Err("unsupported"),
        Err(_) => Err("other"),
    }
}

/// Energies of a band of the spectrum.
#[derive(Debug, Clone, Copy, Default)]
pub struct Energies {
    pub full: f64,
    pub low: f64,
    pub error: f64,
}

impl Energies {
    /// The error relative to the full decode, in dB.
    pub fn error_db(self) -> f64 {
        10.0 * (self.error / self.full).log10()
    }

    /// The energy relative to the full decode, in dB.
    pub fn level_db(self) -> f64 {
        10.0 * (self.low / self.full).log10()
    }

    pub fn add(&mut self, other: Self) {
        self.full += other.full;
        self.low += other.low;
        self.error += other.error;
    }
}

/// Frames of a block that is compared.
const BLOCK: usize = 8192;

/// Compares samples at the full rate with reduced ones, by bands that end at `edges_hz`: sample `m` of `low` lies at
/// `factor · m + (factor − 1) / 2`. A wrong place of half a frame would make an error of −10 dB at 5 kHz.
pub fn compared(full: &[f32], low: &[f32], rate_hz: u32, edges_hz: &[f64]) -> Vec<Energies> {
    let factor = full.len() / low.len();
    assert_eq!(full.len(), low.len() * factor, "as many frames");
    let place = |m: usize| (factor * m) as f64 + (factor as f64 - 1.0) / 2.0;
    let window = |at: f64| 0.5 - 0.5 * (TAU * (at + 0.5) / BLOCK as f64).cos();
    let mut bands = vec![Energies::default(); edges_hz.len()];
    for start in (0..full.len().saturating_sub(BLOCK)).step_by(BLOCK * 3 / 4) {
        let of_full: Vec<_> =
            (0..BLOCK).map(|at| (f64::from(full[start + at]) * window(at as f64), 0.0)).collect();
        let reduced = &low[start / factor..][..BLOCK / factor];
        let of_low: Vec<_> = reduced
            .iter()
            .enumerate()
            .map(|(m, &sample)| (f64::from(sample) * window(place(m)) * factor as f64, 0.0))
            .collect();
        let (of_full, of_low) = (transformed(&of_full), transformed(&of_low));
        for bin in 1..BLOCK / factor / 2 {
            let hz = bin as f64 * f64::from(rate_hz) / BLOCK as f64;
            let Some(band) = edges_hz.iter().position(|&edge| hz <= edge) else { break };
            let turned = times(of_full[bin], turn(bin as f64 * place(0) / BLOCK as f64));
            let difference = (turned.0 - of_low[bin].0, turned.1 - of_low[bin].1);
            bands[band].add(Energies {
                full: norm(turned),
                low: norm(of_low[bin]),
                error: norm(difference),
            });
        }
    }
    bands
}

type Complex = (f64, f64);

fn times(a: Complex, b: Complex) -> Complex {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

fn norm(a: Complex) -> f64 {
    a.0 * a.0 + a.1 * a.1
}

fn turn(turns: f64) -> Complex {
    ((TAU * turns).cos(), (TAU * turns).sin())
}

/// The Fourier transform of a power of two values.
fn transformed(values: &[Complex]) -> Vec<Complex> {
    let turns: Vec<_> =
        (0..values.len() / 2).map(|at| turn(-(at as f64) / values.len() as f64)).collect();
    let mut of = values.to_vec();
    let mut from = of.clone();
    // Stockham's order: no sorting of bits.
    let (mut size, mut stride) = (values.len(), 1);
    while size > 1 {
        std::mem::swap(&mut of, &mut from);
        let half = size / 2;
        for at in 0..half {
            for part in 0..stride {
                let (a, b) = (from[part + stride * at], from[part + stride * (at + half)]);
                of[part + stride * 2 * at] = (a.0 + b.0, a.1 + b.1);
                of[part + stride * (2 * at + 1)] =
                    times((a.0 - b.0, a.1 - b.1), turns[at * stride]);
            }
        }
        (size, stride) = (half, 2 * stride);
    }
    of
}
