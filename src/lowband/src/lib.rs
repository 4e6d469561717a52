//! Decoders of MP3, Vorbis and AAC-LC that reconstruct only the lowest part of the spectrum, and of FLAC, as mono.
//!
//! A fingerprint hears nothing above 5 kHz. An inverse MDCT of the first `K = N / 4` coefficients samples the full one at every
//! fourth place, `n = 4m + 1.5`; a window sampled there is the window of size `K`, so that aliasing still cancels. Dequantisation,
//! transform and overlap cost a quarter, and the output needs no resampler: 44.1 kHz becomes 11,025 Hz. Near the new Nyquist
//! frequency, from about 0.92 of it on, the result is wrong.
//!
//! FLAC has no spectrum of which a part could be left out: it keeps its sample rate. Its decoder is made for speed, and of a loud mid
//! it leaves the side out.
//!
//! The decoders take what is plain. For anything else they fail with [`NEEDS_FULL`], at the start or at a later packet: the caller
//! decodes the whole stream with another decoder. A damaged packet is an error of that packet, as in Symphonia's own decoders.
//!
//! | file | responsibility |
//! |---|---|
//! | `reduction` | which part of the spectrum is kept, by the sample rate |
//! | `heard` | which mix of two channels is reconstructed |
//! | `output` | the samples of one packet, trimmed |
//! | `mp3`, `vorbis`, `aac`, `flac` | the codecs |

use symphonia_core::codecs::registry::CodecRegistry;

mod aac;
mod flac;
mod heard;
mod mp3;
mod output;
mod reduction;
mod vorbis;

pub use flac::FlacDecoder;
pub use heard::{Balance, CANCELLED, Heard};
pub use mp3::Mp3Decoder;
pub use reduction::Reduction;
pub use vorbis::VorbisDecoder;

/// The text of [`symphonia_core::errors::Error::Unsupported`] with which a decoder says that the stream needs the full decoder.
pub const NEEDS_FULL: &str = "lowband: the stream needs the full decoder";

/// Registers the decoders of this crate.
pub fn register(registry: &mut CodecRegistry) {
    registry.register_audio_decoder::<Mp3Decoder>();
    registry.register_audio_decoder::<VorbisDecoder>();
    registry.register_audio_decoder::<aac::AacDecoder>();
    registry.register_audio_decoder::<FlacDecoder>();
}
