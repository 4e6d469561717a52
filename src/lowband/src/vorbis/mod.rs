//! Vorbis I, by the specification of the Xiph.Org Foundation.
//!
//! Sample `m` of the output is sample `4 m + 1.5` of the full decode where a quarter of the spectrum is kept, and `2 m + 0.5` where a
//! half is.
//!
//! | file | responsibility |
//! |---|---|
//! | `headers` | the identification and the set-up header |
//! | `bits` | the bits of a packet |
//! | `code` | tables of codewords |
//! | `codebook` | codewords and their vectors |
//! | `floor` | the coarse shape of a spectrum |
//! | `residue` | its fine shape |
//! | `spectrum` | coupling, and the mix of the channels |
//! | `synthesis` | inverse MDCT and overlap |

use std::fmt;
use std::io;

use symphonia_core::audio::GenericAudioBufferRef;
use symphonia_core::codecs::CodecInfo;
use symphonia_core::codecs::audio::well_known::CODEC_ID_VORBIS;
use symphonia_core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, FinalizeResult,
};
use symphonia_core::codecs::registry::{RegisterableAudioDecoder, SupportedAudioCodec};
use symphonia_core::errors::{Error, Result, decode_error, unsupported_error};
use symphonia_core::packet::PacketRef;
use symphonia_core::support_audio_codec;

use crate::Balance;
use crate::output::Output;
use bits::{Bits, PADDING};
use headers::{Identification, Setup, position_of_highest_bit};
use residue::{Part, Scratch};
use spectrum::Channel;
use synthesis::Synthesis;

mod bits;
mod code;
mod codebook;
mod floor;
mod headers;
mod residue;
mod spectrum;
mod synthesis;

/// A decoder of the lowest quarter or half of Vorbis, in mono.
///
/// It takes one or two channels at 44.1, 48, 22.05, 24 or 32 kHz with floors of type 1; [`VorbisDecoder::try_new`] fails with
/// [`crate::NEEDS_FULL`] for other streams. The same packets give frames and errors as in Symphonia's decoder, but for damage in
/// the part of a packet that is not read.
pub struct VorbisDecoder {
    gapless: bool,
    params: AudioCodecParameters,
    identification: Identification,
    setup: Setup,
    channels: Vec<Channel>,
    spectrum: Vec<f32>,
    scratch: Scratch,
    /// The packet, padded.
    packet: Vec<u8>,
    synthesis: Synthesis,
    balance: Balance,
    output: Output,
}

impl fmt::Debug for VorbisDecoder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut decoder = formatter.debug_struct("VorbisDecoder");
        decoder.field("identification", &self.identification).finish_non_exhaustive()
    }
}

impl VorbisDecoder {
    /// A decoder of the stream whose headers are the extra data of `params`.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] with [`crate::NEEDS_FULL`] if the stream needs the full decoder; other errors if no decoder can be
    /// made of the headers.
    pub fn try_new(params: &AudioCodecParameters, options: &AudioDecoderOptions) -> Result<Self> {
        if params.codec != CODEC_ID_VORBIS {
            return unsupported_error("lowband: not Vorbis");
        }
        let Some(extra_data) = &params.extra_data else {
            return unsupported_error("lowband: Vorbis without headers");
        };
        let (identification, setup) = headers::read(extra_data)?;
        let Identification { channels, rate_hz, reduction, block_sizes } = identification;
        let kept = block_sizes.map(|size| size / 2 / reduction.factor());
        let [_, longest] = block_sizes;
        let channel = |_| Channel::new(longest / 2, kept[1]);
        Ok(Self {
            gapless: options.gapless,
            params: params.clone(),
            identification,
            setup,
            channels: (0..channels).map(channel).collect(),
            spectrum: vec![0.0; kept[1]],
            scratch: Scratch::default(),
            packet: Vec::new(),
            synthesis: Synthesis::new(kept),
            balance: Balance::default(),
            output: Output::new(reduction, rate_hz, longest / 2),
        })
    }

    /// Section 4.3.
    fn decode_packet(&mut self, packet: &PacketRef<'_>) -> Result<()> {
        self.packet.clear();
        self.packet.extend_from_slice(packet.data);
        self.packet.extend_from_slice(&[0; PADDING]);
        let bits = &mut Bits::new(&self.packet);
        let Setup { books, floors, residues, mappings, modes } = &self.setup;

        let is_header = bits.read(1) == 1;
        if is_header && !bits.ended() {
            return decode_error("vorbis: not an audio packet");
        }
        let mode = bits.read(position_of_highest_bit(modes.len() as u32 - 1)) as usize;
        let Some(&mode) = modes.get(mode).filter(|_| !bits.ended()) else {
            check_end(bits)?;
            return decode_error("vorbis: a mode that is not there");
        };
        if mode.long {
            // Whether the blocks before and after are long. As in Symphonia, the block before itself tells.
            bits.read(2);
        }
        check_end(bits)?;
        let Some(mapping) = mappings.get(mode.mapping) else { return Ok(()) };
        let lines = self.identification.block_sizes[usize::from(mode.long)] / 2;
        let kept = self.synthesis.kept(mode.long);

        for (channel, &floor) in self.channels.iter_mut().zip(&mapping.floors) {
            let floor = &floors[floor];
            let curve = &mut channel.curve[..kept];
            channel.audible = floor.read_heights(bits, books, &mut channel.heights);
            channel.decoded = channel.audible;
            if channel.audible {
                floor.render(&channel.heights, curve);
            } else {
                curve.fill(0.0);
            }
        }
        // Section 4.3.3.
        if mapping.coupling.is_some() && self.channels.iter().any(|channel| channel.audible) {
            self.channels.iter_mut().for_each(|channel| channel.decoded = true);
        }
        let (channels, scratch) = (self.channels.as_mut_slice(), &mut self.scratch);
        for (order, (residue, members)) in mapping.residues.iter().enumerate() {
            let part = Part { lines, kept, last: order + 1 == mapping.residues.len() };
            residues[*residue].decode(bits, books, part, members, channels, scratch)?;
        }
        let spectrum = &mut self.spectrum[..kept];
        let seconds = lines as f32 / self.identification.rate_hz as f32;
        let balance = (&mut self.balance, seconds);
        let audible = spectrum::mix(channels, mapping.coupling, spectrum, balance);

        let at_start = self.synthesis.at_start();
        let samples = self.output.samples(self.synthesis.samples(mode.long));
        self.synthesis.next(mode.long, audible.then_some(&*spectrum), samples);
        if self.gapless {
            if at_start {
                // The first block has nothing to overlap with.
                self.output.clear();
            } else {
                self.output.trim(packet);
            }
        }
        Ok(())
    }
}

/// The error of a packet that ends within its header, that of Symphonia's bit reader.
fn check_end(bits: &Bits<'_>) -> Result<()> {
    if bits.ended() {
        return Err(Error::IoError(io::Error::other("unexpected end of bitstream")));
    }
    Ok(())
}

impl AudioDecoder for VorbisDecoder {
    fn reset(&mut self) {
        self.synthesis.reset();
        self.balance = Balance::default();
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
        Ok(self.output.as_buffer())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.output.as_buffer()
    }
}

impl RegisterableAudioDecoder for VorbisDecoder {
    fn try_registry_new(
        params: &AudioCodecParameters,
        options: &AudioDecoderOptions,
    ) -> Result<Box<dyn AudioDecoder>> {
        Ok(Box::new(Self::try_new(params, options)?))
    }

    fn supported_codecs() -> &'static [SupportedAudioCodec] {
        &[support_audio_codec!(CODEC_ID_VORBIS, "vorbis", "Vorbis")]
    }
}
