//! From bytes to mono PCM at the file's own rate.
//!
//! It does not resample and knows nothing of fingerprints. The only user of Symphonia, libopus and
//! the outside `ffmpeg` program.
//!
//! | file | its one responsibility |
//! |---|---|
//! | `sniff`, `look` | what a file is, by its first bytes; in words, for people |
//! | `plan` | who decodes it, and which attempt is kept |
//! | `native`, `source`, `planes`, `codecs`, `opus` | a pass of Symphonia, its bounded reader, its buffers, its codecs |
//! | `ffmpeg`, `child` | a pass of ffmpeg, and programs that come to an end |
//! | `installed` | which ffmpeg there is, asked once |
//! | `excerpt` | a few windows of a file instead |
//! | `riff`, `priming` | the tags of a WAV file and the silence in front of AAC, which Symphonia drops |
//! | `stream`, `downmix` | a stream on its way to the sink, its channels to mono |
//! | `pass`, `notes`, `tags`, `error` | what comes out |

use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::bytes::Bytes;
use crate::signal::SampleRate;

mod child;
mod codecs;
mod downmix;
mod error;
mod excerpt;
mod ffmpeg;
mod installed;
mod native;
mod notes;
mod opus;
mod pass;
mod plan;
mod planes;
mod priming;
mod riff;
mod shielded;
mod source;
mod stream;
mod tags;
#[cfg(test)]
mod tests;
mod trim;

pub use error::{DecodeError, Help};
pub use ffmpeg::Ffmpeg;
pub use tags::Tags;

/// Versions of the decoders that are built in, as `Cargo.lock` has them (a test compares).
const BUILT_IN: &str = "symphonia 0.6.1 + libopus (opusic-sys 0.7.7)";

/// A stream without a larger magnitude is digital silence: −100 dBFS, below one step of 16 bits.
const SILENCE: f32 = 1e-5;

/// Takes what is decoded, block by block. Samples are mono, nominally within [-1, 1], never NaN or
/// infinite.
pub trait PcmSink {
    /// Stream `stream` (0, 1, … in the order of the file's audio streams) begins, or goes on at
    /// another rate: what follows has `sample_rate`.
    fn begin(&mut self, stream: usize, sample_rate: SampleRate);

    /// The next samples of a stream, shape `(n_samples,)`.
    fn push(&mut self, stream: usize, samples: &[f32]);

    /// All that came before is void: another decoder starts from the beginning.
    fn restart(&mut self);
}

/// What decoding one item may cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DecodeLimits {
    /// Sound of one stream, in seconds; the rest is left out with a note. 86,400 is a day, at
    /// 44.1 kHz 3.8 · 10⁹ samples.
    pub max_seconds_of_audio: f64,
    /// Audio streams of one file; the rest is left out with a note. 32 is twice what films carry.
    pub max_streams: usize,
    /// Wall-clock time of one item, all attempts together. 600 s at 400 times real time is 67 h of
    /// Opus.
    pub timeout: Duration,
}

/// Decodes files. Shared by all workers: the decoders are listed once, and no call changes it.
pub struct Decoder {
    limits: DecodeLimits,
    native: native::Native,
    /// Looked for when it is first asked for: to start it takes longer than to decode a short file.
    ffmpeg: LazyLock<Option<Ffmpeg>, Find>,
}

type Find = Box<dyn FnOnce() -> Option<Ffmpeg> + Send>;

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder")
            .field("limits", &self.limits)
            .field("ffmpeg", &self.ffmpeg)
            .finish_non_exhaustive()
    }
}

impl Decoder {
    /// A decoder; without `ffmpeg`, what Symphonia lacks is an error.
    pub fn new(limits: DecodeLimits, ffmpeg: Option<Ffmpeg>) -> Self {
        Self::finding(limits, move || ffmpeg)
    }

    /// A decoder that looks for ffmpeg (with [`Ffmpeg::find`], say) when a file or
    /// [`Decoder::describe`] first needs it.
    pub fn finding(
        limits: DecodeLimits,
        find: impl FnOnce() -> Option<Ffmpeg> + Send + 'static,
    ) -> Self {
        let ffmpeg = LazyLock::new(Box::new(find) as Find);
        Self { limits, native: native::Native::new(), ffmpeg }
    }

    /// Names and versions of the decoders, such as `symphonia 0.6.1 + libopus (opusic-sys 0.7.7) +
    /// ffmpeg 5.1.9`.
    pub fn describe(&self) -> String {
        match &*self.ffmpeg {
            Some(ffmpeg) => format!("{BUILT_IN} + ffmpeg {}", ffmpeg.version()),
            None => BUILT_IN.to_owned(),
        }
    }

    /// Decodes every audio stream of a file into `sink`. `cancel` is looked at once a packet.
    ///
    /// Streams that are interleaved in the file come interleaved. Memory does not grow with the
    /// length of the file. After an error, what the sink holds is void.
    ///
    /// # Errors
    ///
    /// Any [`DecodeError`]. A file that is damaged or cut is no error as long as some of it gives
    /// sound; [`Decoded::notes`] tells.
    pub fn decode(
        &self,
        source: &Bytes,
        cancel: &AtomicBool,
        sink: &mut dyn PcmSink,
    ) -> Result<Decoded, DecodeError> {
        plan::decode(self, source, cancel, sink)
    }

    /// Decodes a few windows of a file into `sink`, window n as stream n, each as long as asked for.
    ///
    /// `None` if the file has to be decoded whole instead, and then what the sink holds is void: it is
    /// short, not Symphonia's, damaged, silent, cannot be sought in, has several tracks, or a length
    /// that its size does not bear out; or `cancel` was raised.
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

/// The windows that are decoded of a file that is sampled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Windows {
    /// How many, spread evenly over the file.
    pub count: usize,
    /// Length of each, in seconds.
    pub seconds: f64,
}

/// What is known of a file whose windows were decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Excerpts {
    /// Codec in lower case, as ffprobe names it.
    pub codec: String,
    /// Length that the container gives.
    pub declared_seconds: f64,
    /// What the file says of itself.
    pub tags: Tags,
}

/// What was decoded of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The streams of which there was any sound, in the order of the file. Never empty.
    pub streams: Vec<StreamInfo>,
    /// What the file says of itself.
    pub tags: Tags,
    /// What a reader of the report should know, one sentence each.
    pub notes: Vec<String>,
}

/// What was decoded of one audio stream.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamInfo {
    /// The number by which the sink knows it: its place among the audio streams of the file.
    pub index: usize,
    /// Codec in lower case, as ffprobe names it: `mp3`, `opus`, `pcm_s16le`.
    pub codec: String,
    /// Container in lower case: `ogg`, `isomp4`, `wave`.
    pub container: String,
    /// Rate of most of it.
    pub sample_rate: SampleRate,
    /// Largest number of channels it had.
    pub channels: u16,
    /// Decoded length.
    pub duration_seconds: f64,
    /// Length that the container gives, if it does. That of a raw MP3 or AAC file is an estimate.
    pub declared_seconds: Option<f64>,
    /// Packets that could not be decoded.
    pub damaged_packets: u64,
    /// A part of it is missing: it ends early, or has a gap that its container tells of.
    pub truncated: bool,
    /// Largest magnitude of the mono samples; full scale is 1.
    pub peak: f32,
}
