//! How much of the spectrum is decoded: the whole, or the low band that a fingerprint hears.

use lowband::Reduction;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_FLAC, CODEC_ID_OPUS};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::CodecRegistry;

use super::opus::{self, LowOpus};
use super::shielded::shielded;

/// How much of the spectrum is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Band {
    /// All that the file has, at its own sample rate.
    #[default]
    Full,
    /// At least the band up to 5 kHz, mixed to mono. MP3, Vorbis and AAC-LC are decoded at half or a quarter of their sample rate, and
    /// Opus at 12 kHz, which costs far less; FLAC at its own rate, by a faster decoder; all else is decoded in full.
    Low,
}

/// The decoders of the low band.
pub(super) struct LowBand(CodecRegistry);

/// A decoder of a stream.
pub(super) struct BandDecoder {
    pub(super) decoder: Box<dyn AudioDecoder>,
    /// The full sample rate over that of the samples: 1 but in the low band.
    pub(super) reduction: u32,
    /// The sample rate that the samples of the low band have to have, in Hz: a container may declare another than the stream has.
    pub(super) rate_hz: Option<u32>,
}

impl LowBand {
    pub(super) fn new() -> Self {
        let mut codecs = CodecRegistry::new();
        lowband::register(&mut codecs);
        codecs.register_audio_decoder::<LowOpus>();
        Self(codecs)
    }

    /// A decoder for a stream; `None` if it has to be decoded in full.
    pub(super) fn decoder(&self, params: &AudioCodecParameters) -> Option<BandDecoder> {
        let (reduction, rate_hz) = match params.codec {
            CODEC_ID_OPUS => (opus::REDUCTION, None),
            // The rate is not reduced.
            CODEC_ID_FLAC => (1, Some(params.sample_rate?)),
            _ => {
                let full_hz = params.sample_rate?;
                let reduction = Reduction::of_rate(full_hz)?.factor() as u32;
                (reduction, Some(full_hz / reduction))
            }
        };
        let options = AudioDecoderOptions::default();
        let decoder = shielded(|| self.0.make_audio_decoder(params, &options)).ok()?;
        Some(BandDecoder { decoder, reduction, rate_hz })
    }
}
