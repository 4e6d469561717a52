//! MP3: MPEG-1 and MPEG-2 Audio Layer III.
//!
//! Huffman codes stand in order of frequency and the length of each granule is told: only the lowest lines are decoded. The channels
//! are mixed before alias reduction and inverse MDCT, which are made of the lowest 8 or 16 of 32 sub-bands, as is the synthesis.
//!
//! Sample `m` of the output stands where sample `F m + F / 2` of the full decoder does, `F` being 4 or 2: half a sample of the full
//! rate behind the middle of the samples that it stands for. Above 0.94 of the new Nyquist frequency there are aliases.
//!
//! Which packets are refused, and what is heard after one was, follows Symphonia's decoder.
//!
//! | file | responsibility |
//! |---|---|
//! | `header`, `side`, `scalefactors` | what stands before the lines |
//! | `bands` | scalefactor bands |
//! | `bits`, `reservoir` | where bits come from |
//! | `huffman`, `huffman_tables` | the lines |
//! | `requantise`, `intensity`, `mix` | from lines of two channels to those of one |
//! | `hybrid`, `synthesis`, `window` | from lines to samples |
//! | `layer3` | a frame, all of it |

use std::fmt;
use std::sync::LazyLock;

use symphonia_core::audio::GenericAudioBufferRef;
use symphonia_core::codecs::CodecInfo;
use symphonia_core::codecs::audio::well_known::CODEC_ID_MP3;
use symphonia_core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, FinalizeResult,
};
use symphonia_core::codecs::registry::{RegisterableAudioDecoder, SupportedAudioCodec};
use symphonia_core::errors::{Result, decode_error, unsupported_error};
use symphonia_core::packet::PacketRef;
use symphonia_core::support_audio_codec;

use crate::Reduction;
use crate::output::Output;
use header::{Header, Parsed};
use layer3::Layer3;

mod bands;
mod bits;
mod header;
mod huffman;
mod huffman_tables;
mod hybrid;
mod intensity;
mod layer3;
mod mix;
mod requantise;
mod reservoir;
mod scalefactors;
mod side;
mod synthesis;
mod window;

/// Frames of a packet at most, at the full rate.
const PACKET_FRAMES: usize = 1152;

static QUARTER: LazyLock<synthesis::Factors<8, 4>> = LazyLock::new(synthesis::Factors::new);
static HALF: LazyLock<synthesis::Factors<16, 8>> = LazyLock::new(synthesis::Factors::new);

/// A decoder of MP3 that keeps the lowest quarter of the spectrum, or half of it. It gives one channel.
pub struct Mp3Decoder {
    params: AudioCodecParameters,
    gapless: bool,
    /// Rate and whether there are two channels, by the first packet. Other packets are damaged.
    spec: Option<(u32, bool)>,
    state: State,
    output: Output,
}

enum State {
    Quarter(Box<Layer3<8, 4>>),
    Half(Box<Layer3<16, 8>>),
}

impl State {
    fn new(reduction: Reduction) -> Self {
        match reduction {
            Reduction::Quarter => Self::Quarter(Box::new(Layer3::new(&QUARTER))),
            Reduction::Half => Self::Half(Box::new(Layer3::new(&HALF))),
        }
    }

    fn reduction(&self) -> Reduction {
        match self {
            Self::Quarter(_) => Reduction::Quarter,
            Self::Half(_) => Reduction::Half,
        }
    }
}

impl fmt::Debug for Mp3Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mp3Decoder").field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl Mp3Decoder {
    fn new(params: &AudioCodecParameters, options: AudioDecoderOptions) -> Result<Self> {
        let rate_hz = params.sample_rate.unwrap_or(44_100);
        let Some(reduction) = Reduction::of_rate(rate_hz) else {
            return unsupported_error(crate::NEEDS_FULL);
        };
        if params.codec != CODEC_ID_MP3 {
            return unsupported_error(crate::NEEDS_FULL);
        }
        Ok(Self {
            params: params.clone(),
            gapless: options.gapless,
            spec: None,
            state: State::new(reduction),
            output: Output::new(reduction, rate_hz, PACKET_FRAMES),
        })
    }

    fn decode_packet(&mut self, packet: &PacketRef<'_>) -> Result<()> {
        let (parsed, body) = header::find(packet.data)?;
        let header = match parsed {
            Parsed::Layer3(header) => header,
            Parsed::OtherRate if self.spec.is_none() => {
                return unsupported_error(crate::NEEDS_FULL);
            }
            _ => return decode_error("lowband: another layer or sample rate"),
        };
        if body.len() != header.body {
            return decode_error("lowband: the packet is not as long as its header tells");
        }
        self.check_spec(&header)?;
        let body = body.get(if header.checksum { 2 } else { 0 }..).unwrap_or_default();
        let frames = 576 * header.granules() / self.state.reduction().factor();
        let samples = self.output.samples(frames);
        match &mut self.state {
            State::Quarter(layer3) => layer3.decode(&header, body, samples)?,
            State::Half(layer3) => layer3.decode(&header, body, samples)?,
        }
        if self.gapless {
            self.output.trim(packet);
        }
        Ok(())
    }

    /// Takes rate and channels of the first packet, and refuses others.
    fn check_spec(&mut self, header: &Header) -> Result<()> {
        let spec = (header.rate_hz, header.stereo);
        match self.spec {
            Some(first) if first != spec => {
                return decode_error("lowband: rate or channels are not those of the first packet");
            }
            Some(_) => return Ok(()),
            None => {}
        }
        let Some(reduction) = Reduction::of_rate(header.rate_hz) else {
            return unsupported_error(crate::NEEDS_FULL);
        };
        self.spec = Some(spec);
        if reduction != self.state.reduction() {
            self.state = State::new(reduction);
        }
        self.output = Output::new(reduction, header.rate_hz, PACKET_FRAMES);
        Ok(())
    }
}

impl AudioDecoder for Mp3Decoder {
    fn reset(&mut self) {
        self.state = State::new(self.state.reduction());
    }

    fn codec_info(&self) -> &CodecInfo {
        &Self::supported_codecs()[0].info
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.params
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> Result<GenericAudioBufferRef<'_>> {
        match self.decode_packet(packet) {
            Ok(()) => Ok(self.output.as_buffer()),
            Err(error) => {
                self.output.clear();
                Err(error)
            }
        }
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.output.as_buffer()
    }
}

impl RegisterableAudioDecoder for Mp3Decoder {
    fn try_registry_new(
        params: &AudioCodecParameters,
        options: &AudioDecoderOptions,
    ) -> Result<Box<dyn AudioDecoder>> {
        Ok(Box::new(Self::new(params, *options)?))
    }

    fn supported_codecs() -> &'static [SupportedAudioCodec] {
        &[support_audio_codec!(CODEC_ID_MP3, "mp3", "MPEG Audio Layer 3, the low band")]
    }
}
