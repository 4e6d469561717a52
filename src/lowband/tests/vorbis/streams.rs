//! Packets of Vorbis, and what decoders make of them.

use lowband::VorbisDecoder;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::codecs::audio::well_known::CODEC_ID_VORBIS;
use symphonia::core::errors::Result;

pub(crate) use crate::shared::{Outcome, Stream, decode};

impl Stream {
    /// `None` if there is no Vorbis track.
    pub(crate) fn read(file: Vec<u8>) -> Option<Self> {
        Self::of(CODEC_ID_VORBIS, file)
    }

    pub(crate) fn low(&self) -> Result<VorbisDecoder> {
        VorbisDecoder::try_new(&self.params, &AudioDecoderOptions::default())
    }

    /// The divisor of the sample rate.
    pub(crate) fn factor(&self) -> usize {
        if self.params.sample_rate.expect("a sample rate") > 40_000 { 4 } else { 2 }
    }
}

/// The frames of an outcome.
pub(crate) fn frames(outcome: &Outcome) -> std::result::Result<usize, &'static str> {
    outcome.as_ref().map(|channels| channels.first().map_or(0, Vec::len)).map_err(|kind| *kind)
}
