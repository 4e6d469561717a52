//! From bytes to mono PCM at the file's own rate.
//!
//! Nothing is resampled here, but of some codecs only the low band is decoded if that is asked for ([`Band`]). This is the only room
//! that uses Symphonia, libopus and the `ffmpeg` program.
//!
//! | file | responsibility |
//! |---|---|
//! | `plan`, `accounts` | which decoders are tried on a file, and which attempt is kept; what ffmpeg left unread |
//! | `native`, `run` | one pass of Symphonia over all parts of a file, and over one |
//! | `source`, `guard`, `planes`, `codecs`, `opus`, `shielded` | for it: bounded reader, limits, buffers, codecs, panics |
//! | `parts` | the stretches of a file that are decoded one after the other, and what is in none of them |
//! | `mpeg` | headers of MPEG audio |
//! | `band` | the decoders of the low band, and which streams they take |
//! | `ffmpeg`, `child` | one pass of ffmpeg; running a program under a time limit |
//! | `installed` | the version of the installed ffmpeg, remembered between runs |
//! | `excerpt` | a few windows of a file, reached by seeking |
//! | `riff`, `priming`, `trim` | what Symphonia drops or cuts wrongly: tags of WAV, encoder delay of AAC, ends of packets |
//! | `embedded` | texts that neither decoder hands on, where identifiers may be |
//! | `stream`, `downmix` | one stream on its way to the sink; its channels mixed to mono |
//! | `pass`, `notes`, `tags`, `error` | results |

use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::bytes::Bytes;
use crate::signal::SampleRate;

mod accounts;
mod band;
mod child;
mod codecs;
mod downmix;
mod ebml;
mod embedded;
mod end_tags;
mod error;
mod excerpt;
mod ffmpeg;
mod guard;
mod installed;
mod mpeg;
mod native;
mod notes;
mod opus;
mod parts;
mod pass;
mod plan;
mod planes;
mod priming;
mod riff;
mod run;
mod shielded;
mod source;
mod stream;
mod tags;
#[cfg(test)]
mod tests;
mod text;
mod trim;

pub use band::Band;
pub use error::{DecodeError, Help};
pub use ffmpeg::Ffmpeg;
pub use tags::Tags;

/// Names and versions of the built-in decoders. A test compares them with `Cargo.lock`.
const BUILT_IN: &str = "symphonia 0.6.1 + libopus (opusic-sys 0.7.7)";
/// The crate that also decides for every band which of mid and side is heard.
const LOW_BAND: &str = "lowband 0.2.0";

/// Largest magnitude of digital silence: −100 dBFS, a third of one step of 16 bits.
const SILENCE: f32 = 1e-5;

/// Receives decoded samples, block by block. They are mono, nominally within [-1, 1], never NaN or infinite.
pub trait PcmSink {
    /// Stream `stream` (numbered from 0 in the order of the file's audio streams) begins or changes its rate: the samples
    /// that follow have `sample_rate`.
    fn begin(&mut self, stream: usize, sample_rate: SampleRate);

    /// The next samples of a stream.
    fn push(&mut self, stream: usize, samples: &[f32]);

    /// Discards everything received so far: another decoder starts from the beginning.
    fn restart(&mut self);
}

/// Limits on what decoding one item may cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DecodeLimits {
    /// Longest decoded length of one stream, in seconds; the rest is left out with a note. 86,400 is a day: 3.8 · 10⁹ samples
    /// at 44.1 kHz.
    pub max_seconds_of_audio: f64,
    /// Most audio streams of one file; the rest is left out with a note. 32 is twice what films carry.
    pub max_streams: usize,
    /// Wall-clock time for one item, all attempts together. 600 s at 400 times real time is 67 h of Opus.
    pub timeout: Duration,
}

impl Default for DecodeLimits {
    /// A day of sound, 32 streams, ten minutes: guesses, far above any recording or film.
    fn default() -> Self {
        Self { max_seconds_of_audio: 86_400.0, max_streams: 32, timeout: Duration::from_secs(600) }
    }
}

/// Decodes files. Shared by all workers: no call changes it.
///
/// # Example
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/example.rs"));
/// use std::sync::atomic::AtomicBool;
///
/// use leakhound::bytes::Bytes;
/// use leakhound::decode::{DecodeLimits, Decoder, Ffmpeg, PcmSink};
/// use leakhound::signal::SampleRate;
///
/// /// Finds the largest sample.
/// struct Loudest(f32);
///
/// impl PcmSink for Loudest {
///     fn begin(&mut self, _stream: usize, _rate: SampleRate) {}
///     fn push(&mut self, _stream: usize, samples: &[f32]) {
///         self.0 = samples.iter().fold(self.0, |most, sample| most.max(sample.abs()));
///     }
///     fn restart(&mut self) {
///         self.0 = 0.0;
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = Example::new()?;
/// # let path = folder.dump()?.join("clip.wav");
/// let decoder = Decoder::finding(DecodeLimits::default(), Ffmpeg::find);
/// let (mut sink, never) = (Loudest(0.0), AtomicBool::new(false));
/// let decoded = decoder.decode(&Bytes::from(path.as_path()), &never, &mut sink)?;
/// println!("{} streams, peak {:.2}", decoded.streams.len(), sink.0);
/// # assert!(decoded.streams.len() == 1 && sink.0 > 0.1);
/// # Ok(())
/// # }
/// ```
pub struct Decoder {
    limits: DecodeLimits,
    band: Band,
    native: native::Native,
    /// Looked for when first needed: starting ffmpeg takes longer than decoding a short file.
    ffmpeg: LazyLock<Option<Ffmpeg>, Find>,
}

type Find = Box<dyn FnOnce() -> Option<Ffmpeg> + Send>;

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder")
            .field("limits", &self.limits)
            .field("band", &self.band)
            .field("ffmpeg", &self.ffmpeg)
            .finish_non_exhaustive()
    }
}

impl Decoder {
    /// A decoder. Without `ffmpeg`, a format that Symphonia lacks is an error.
    pub fn new(limits: DecodeLimits, ffmpeg: Option<Ffmpeg>) -> Self {
        Self::finding(limits, move || ffmpeg)
    }

    /// A decoder that calls `find` (such as [`Ffmpeg::find`]) when a file or [`Decoder::describe`] first needs ffmpeg.
    pub fn finding(
        limits: DecodeLimits,
        find: impl FnOnce() -> Option<Ffmpeg> + Send + 'static,
    ) -> Self {
        let ffmpeg = LazyLock::new(Box::new(find) as Find);
        Self { limits, band: Band::Full, native: native::Native::new(), ffmpeg }
    }

    /// The same decoder for this band. The sink is told the sample rate that the samples have.
    #[must_use]
    pub fn with_band(self, band: Band) -> Self {
        Self { band, ..self }
    }

    /// Names and versions of all that samples depend on, such as `symphonia 0.6.1 + libopus (opusic-sys 0.7.7) + lowband 0.2.0 +
    /// ffmpeg 5.1.9`.
    pub fn describe(&self) -> String {
        let of_band = match self.band {
            Band::Full => " (mixing only)",
            Band::Low => "",
        };
        let ffmpeg = Option::as_ref(&self.ffmpeg);
        let ffmpeg = ffmpeg.map_or_else(String::new, |it| format!(" + ffmpeg {}", it.version()));
        format!("{BUILT_IN} + {LOW_BAND}{of_band}{ffmpeg}")
    }

    /// Decodes every audio stream of a file into `sink`. `cancel` is checked once per packet.
    ///
    /// Streams that are interleaved in the file arrive interleaved. Memory does not grow with the length of the file. After
    /// an error, what the sink has received is to be discarded.
    ///
    /// # Errors
    ///
    /// Any [`DecodeError`]. A damaged or truncated file is no error as long as some of it can be decoded: [`Decoded::notes`]
    /// tells.
    pub fn decode(
        &self,
        source: &Bytes,
        cancel: &AtomicBool,
        sink: &mut dyn PcmSink,
    ) -> Result<Decoded, DecodeError> {
        plan::decode(self, source, cancel, sink)
    }

    /// Decodes a few windows of a file into `sink`: window n as stream n, each of the requested length.
    ///
    /// `None` if the file has to be decoded whole instead, and what the sink has received is to be discarded: the file is short,
    /// damaged, silent or not read by Symphonia, cannot be sought in, has several tracks, or its declared length does not fit
    /// its size; or `cancel` was raised.
    pub fn sample(
        &self,
        source: &Bytes,
        windows: Windows,
        cancel: &AtomicBool,
        sink: &mut dyn PcmSink,
    ) -> Option<Excerpts> {
        excerpt::sample(self, source, windows, cancel, sink)
    }
}

/// Which windows of a file are decoded instead of the whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Windows {
    /// Number of windows, spread evenly over the file.
    pub count: usize,
    /// Length of each window, in seconds.
    pub seconds: f64,
}

/// What is known of a file of which windows were decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Excerpts {
    /// Codec in lower case, as ffprobe names it.
    pub codec: String,
    /// Length that the container declares, in seconds.
    pub declared_seconds: f64,
    /// The tags of the file.
    pub tags: Tags,
}

/// What was decoded of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The streams of which any samples were decoded, in the order of the file. Never empty.
    pub streams: Vec<StreamInfo>,
    /// The tags of the file.
    pub tags: Tags,
    /// Damage, limits and fallbacks that a reader of the report should know of, one sentence each.
    pub notes: Vec<String>,
    /// Whether some of the file was not heard: bytes that were not read, streams that were left out, much damage. The notes tell.
    pub is_partial: bool,
}

/// What was decoded of one audio stream.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamInfo {
    /// Number of the stream among the audio streams of the file, from 0: the one that the sink was given.
    pub index: usize,
    /// Codec in lower case, as ffprobe names it: `mp3`, `opus`, `pcm_s16le`.
    pub codec: String,
    /// Container in lower case: `ogg`, `isomp4`, `wave`.
    pub container: String,
    /// Sample rate of the largest part of it.
    pub sample_rate: SampleRate,
    /// Largest number of channels that it had.
    pub channels: u16,
    /// Decoded length, in seconds.
    pub duration_seconds: f64,
    /// Length that the container declares, in seconds, if it does. For a raw MP3 or AAC file it is an estimate.
    pub declared_seconds: Option<f64>,
    /// Number of packets that could not be decoded.
    pub damaged_packets: u64,
    /// Whether a part is missing: it ends early, or is shorter than declared.
    pub truncated: bool,
    /// Largest magnitude of the mono samples; full scale is 1.
    pub peak: f32,
}
