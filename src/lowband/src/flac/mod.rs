//! FLAC, by RFC 9639.
//!
//! All of the spectrum is decoded, at the full sample rate, to mono. Of a frame of mid and side the side is not read if the mid is so
//! loud that it cannot be what is left of channels that cancel: it is only needed for the lowest bit of the sum.
//!
//! | file | responsibility |
//! |---|---|
//! | `info` | the stream information block |
//! | `header` | the header of a frame |
//! | `bits` | the bits of a packet |
//! | `subframe` | one channel of a frame |
//! | `residual` | what the predictor leaves |
//! | `predict` | from residuals to samples |
//! | `mix` | from channels to mono |

use std::fmt;

use symphonia_core::audio::layouts::CHANNEL_LAYOUT_MONO;
use symphonia_core::audio::{AudioBuffer, AudioMut as _, AudioSpec, GenericAudioBufferRef};
use symphonia_core::codecs::CodecInfo;
use symphonia_core::codecs::audio::well_known::CODEC_ID_FLAC;
use symphonia_core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, FinalizeResult,
};
use symphonia_core::codecs::registry::{RegisterableAudioDecoder, SupportedAudioCodec};
use symphonia_core::errors::{Result, decode_error, unsupported_error};
use symphonia_core::packet::PacketRef;
use symphonia_core::support_audio_codec;

use crate::{Balance, NEEDS_FULL};
use bits::Bits;
use header::{Channels, FrameHeader};
use info::StreamInfo;

mod bits;
mod header;
mod info;
mod mix;
mod predict;
mod residual;
mod subframe;

/// The lowest number of bits per sample of which the lowest bit of the mid may be left out: a quarter of a step is −102 dB of full scale.
const BITS_OF_A_MID_ALONE: u32 = 16;

/// Of so many frames of mid and side one has its side read, to compare its loudness: 0.4 s at 44.1 kHz. A guess.
const MEASURED_EVERY: u32 = 4;

/// A decoder of FLAC, in mono.
///
/// It takes one or two channels at any rate with blocks of 256 samples or more; [`FlacDecoder::try_new`] fails with
/// [`crate::NEEDS_FULL`] for other streams. The same packets give frames and errors as in Symphonia's decoder, but for damage in a
/// side that is not read.
pub struct FlacDecoder {
    params: AudioCodecParameters,
    info: StreamInfo,
    /// The samples of the channels as they are coded.
    blocks: [Vec<i32>; 2],
    /// The packet behind the header of its frame.
    reversed: Vec<u8>,
    /// Whether the last mid was too soft to be heard alone.
    is_soft: bool,
    balance: Balance,
    /// Number of frames of mid and side since one was measured; `None` before the first.
    unmeasured: Option<u32>,
    output: AudioBuffer<f32>,
}

impl fmt::Debug for FlacDecoder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FlacDecoder").field("info", &self.info).finish_non_exhaustive()
    }
}

impl FlacDecoder {
    /// A decoder of the stream whose information block is the extra data of `params`.
    ///
    /// # Errors
    ///
    /// [`symphonia_core::errors::Error::Unsupported`] with [`crate::NEEDS_FULL`] if the stream needs the full decoder; other errors
    /// if no decoder can be made of the block.
    pub fn try_new(params: &AudioCodecParameters, _: &AudioDecoderOptions) -> Result<Self> {
        if params.codec != CODEC_ID_FLAC {
            return unsupported_error("lowband: not FLAC");
        }
        let Some(extra_data) = &params.extra_data else {
            return unsupported_error("lowband: FLAC without its information block");
        };
        let info = StreamInfo::read(extra_data)?;
        let spec = AudioSpec::new(info.rate_hz, CHANNEL_LAYOUT_MONO);
        let second = if info.channels == 2 { info.longest_block } else { 0 };
        Ok(Self {
            params: params.clone(),
            info,
            blocks: [vec![0; info.longest_block], vec![0; second]],
            reversed: Vec::new(),
            is_soft: false,
            balance: Balance::default(),
            unmeasured: None,
            output: AudioBuffer::new(spec, info.longest_block),
        })
    }

    /// Section 9.
    fn decode_packet(&mut self, packet: &PacketRef<'_>) -> Result<()> {
        let (header, data) = FrameHeader::read(packet.data)?;
        let FrameHeader { samples, channels, bits: bits_per_sample } = header;
        let bits_per_sample = bits_per_sample.unwrap_or(self.info.bits);
        if samples > self.info.longest_block {
            return decode_error("flac: a block is longer than the stream declares");
        }
        let count = if let Channels::Independent(count) = channels { count } else { 2 };
        let has_wide_side = bits_per_sample == 32 && !matches!(channels, Channels::Independent(_));
        if count != self.info.channels || has_wide_side {
            return unsupported_error(NEEDS_FULL);
        }
        self.output.clear();
        self.output.render_silence(Some(samples));
        let out = self.output.plane_mut(0).unwrap_or_default();
        let [first, second] = &mut self.blocks;
        let first = &mut first[..samples];
        bits::reverse(data, &mut self.reversed);
        let bits = &mut Bits::new(&self.reversed);

        let (first_is_side, second_is_side) = match channels {
            Channels::Independent(_) => (0, 0),
            Channels::LeftSide | Channels::MidSide => (0, 1),
            Channels::SideRight => (1, 0),
        };
        let first_read = subframe::read(bits, bits_per_sample + first_is_side, first)?;
        if count == 1 {
            first_read.finish(first);
            mix::mono(first, bits_per_sample, out);
            return Ok(());
        }
        let second = &mut second[..samples];
        let mut frames = 1;
        let mut read_second =
            |second: &mut [i32]| subframe::read(bits, bits_per_sample + second_is_side, second);
        if channels == Channels::MidSide && bits_per_sample >= BITS_OF_A_MID_ALONE {
            let since = self.unmeasured.map_or(0, |frames| frames + 1);
            let is_known = self.unmeasured.replace(since).is_some();
            let is_measured = !is_known || since >= MEASURED_EVERY || self.balance.is_side_louder();
            // If the last mid was too soft to be heard alone, so is this, most likely: this saves time, and changes no sample.
            let early = (is_measured || self.is_soft).then(|| read_second(second));
            if let Some(Ok(second_read)) = early {
                subframe::finish_both([first_read, second_read], [&mut *first, &mut *second]);
            } else {
                first_read.finish(first);
            }
            if !is_measured {
                self.is_soft = mix::mid_alone(first, bits_per_sample, out, &self.balance).is_none();
                if !self.is_soft {
                    return Ok(());
                }
            }
            frames = self.unmeasured.replace(0).map_or(1, |frames| frames.max(1));
            match early {
                Some(second_read) => {
                    second_read?;
                }
                None => read_second(second)?.finish(second),
            }
        } else {
            // Both at once, since each sample waits for the one before.
            let second_read = read_second(second)?;
            subframe::finish_both([first_read, second_read], [&mut *first, &mut *second]);
        }
        let seconds = samples as f32 / self.info.rate_hz as f32;
        mix::stereo(channels, (first, second), bits_per_sample, out, |mid, side| {
            // A frame counts for those before it whose side was not read.
            let frames = frames as f32;
            self.balance.add(frames * mid, frames * side, frames * seconds);
            // The mean energy of the channels is that of mid and side together.
            self.balance.of_block(mid, mid + side, mid + side)
        });
        Ok(())
    }
}

impl AudioDecoder for FlacDecoder {
    fn reset(&mut self) {
        self.balance = Balance::default();
        self.unmeasured = None;
    }

    fn codec_info(&self) -> &CodecInfo {
        &Self::supported_codecs()[0].info
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.params
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> Result<GenericAudioBufferRef<'_>> {
        if let Err(error) = self.decode_packet(packet) {
            self.output.clear();
            return Err(error);
        }
        Ok(GenericAudioBufferRef::F32(&self.output))
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        GenericAudioBufferRef::F32(&self.output)
    }
}

impl RegisterableAudioDecoder for FlacDecoder {
    fn try_registry_new(
        params: &AudioCodecParameters,
        options: &AudioDecoderOptions,
    ) -> Result<Box<dyn AudioDecoder>> {
        Ok(Box::new(Self::try_new(params, options)?))
    }

    fn supported_codecs() -> &'static [SupportedAudioCodec] {
        &[support_audio_codec!(CODEC_ID_FLAC, "flac", "Free Lossless Audio Codec")]
    }
}
