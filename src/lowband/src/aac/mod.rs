//! AAC-LC (ISO/IEC 14496-3, subpart 4) for mono and stereo in one channel element: the lowest quarter or half of the spectrum, in
//! mono.
//!
//! A packet of 1024 frames becomes `1024 / factor` samples; sample `m` is the full decode at `4m + 1.5`, or `2m + 0.5` where half
//! the spectrum is kept. As in Symphonia's decoder the first packet gives samples, too, and nothing is trimmed: the caller knows of
//! the encoder's delay.
//!
//! Codewords run from low to high lines without lengths. Those above the kept lines are skipped by table; in the last channel of a
//! packet reading ends there. So what follows is not looked at: damage at the end of a packet is not seen, and harms nothing that is
//! heard.
//!
//! | file | responsibility |
//! |---|---|
//! | `config` | what the stream is, and whether it is plain |
//! | `bits`, `books`, `levels`, `lookup` | bits, codebooks, look-up of codewords |
//! | `bands` | bands of scale factors |
//! | `side`, `channel` | what is coded of a channel |
//! | `spectrum`, `pulse`, `tns` | lines of a channel |
//! | `stereo` | two channels |
//! | `imdct`, `synthesis` | from lines to samples |

mod bands;
mod bits;
mod books;
mod channel;
mod config;
mod imdct;
mod levels;
mod lookup;
mod pulse;
mod side;
mod spectrum;
mod stereo;
mod synthesis;
mod tns;

use symphonia_core::audio::GenericAudioBufferRef;
use symphonia_core::audio::layouts::CHANNEL_LAYOUT_MONO;
use symphonia_core::codecs::CodecInfo;
use symphonia_core::codecs::audio::well_known::CODEC_ID_AAC;
use symphonia_core::codecs::audio::well_known::profiles::CODEC_PROFILE_AAC_LC;
use symphonia_core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, FinalizeResult,
};
use symphonia_core::codecs::registry::{RegisterableAudioDecoder, SupportedAudioCodec};
use symphonia_core::errors::{Result, decode_error, unsupported_error};
use symphonia_core::packet::PacketRef;
use symphonia_core::{codec_profile, support_audio_codec};

use self::bands::Bands;
use self::bits::Bits;
use self::channel::Channel;
use self::config::Config;
use self::spectrum::Noise;
use self::stereo::Mask;
use self::synthesis::Synthesis;
use crate::output::Output;
use crate::{Balance, Heard, NEEDS_FULL};

/// Lines of a long window, and frames of a packet at the full rate.
const FRAME: usize = 1024;

/// The decoder.
pub(crate) struct AacDecoder {
    params: AudioCodecParameters,
    stereo: bool,
    bands: Bands,
    /// Number of lines of a long window that are kept.
    kept: usize,
    channels: [Channel; 2],
    noise: Noise,
    synthesis: Synthesis,
    heard: Heard,
    balance: Balance,
    /// Length of a packet, in seconds.
    seconds: f32,
    /// Whether the channel element of the stream has been seen.
    is_known: bool,
    output: Output,
}

/// Which channels a packet holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    /// None, only other data.
    Nothing,
    One,
    Two,
}

impl AacDecoder {
    fn new(params: &AudioCodecParameters) -> Result<Self> {
        if params.codec != CODEC_ID_AAC {
            return unsupported_error(NEEDS_FULL);
        }
        let config = Config::of(params)?;
        let factor = config.reduction.factor();
        let mut params = params.clone();
        params
            .with_sample_rate(config.rate_hz / factor as u32)
            .with_channels(CHANNEL_LAYOUT_MONO)
            .with_max_frames_per_packet((FRAME / factor) as u64);
        Ok(Self {
            params,
            stereo: config.stereo,
            bands: Bands::of_rate(config.rate_hz),
            kept: FRAME / factor,
            channels: [Channel::new(), Channel::new()],
            noise: Noise::new(),
            synthesis: Synthesis::new(config.reduction),
            heard: Heard::Mid,
            balance: Balance::default(),
            seconds: FRAME as f32 / config.rate_hz as f32,
            is_known: false,
            output: Output::new(config.reduction, config.rate_hz, FRAME),
        })
    }

    /// Reads elements up to and with the channels: `raw_data_block` (table 4.3).
    fn read(&mut self, bits: &mut Bits<'_>) -> Result<Element> {
        // As Symphonia: fewer bits than an element has are padding.
        while bits.left() > 3 {
            match bits.read(3) {
                // A single channel, or a channel of low frequencies, which is one.
                0 | 3 => {
                    self.expect(false)?;
                    self.read_one(bits)?;
                    return Ok(Element::One);
                }
                1 => {
                    self.expect(true)?;
                    self.read_two(bits)?;
                    return Ok(Element::Two);
                }
                4 => skip_data(bits)?,
                6 => skip_fill(bits)?,
                7 => break,
                // Coupling, or a program configuration.
                _ => return unsupported_error(NEEDS_FULL),
            }
        }
        Ok(Element::Nothing)
    }

    /// Checks a channel element against the configuration. If the first one differs, the stream is of another kind (two single
    /// channels, for one); if a later one does, it is damaged.
    fn expect(&mut self, pair: bool) -> Result<()> {
        if pair == self.stereo {
            self.is_known = true;
            Ok(())
        } else if self.is_known {
            decode_error("aac: a channel element of another kind")
        } else {
            unsupported_error(NEEDS_FULL)
        }
    }

    /// Reads `single_channel_element` (table 4.4).
    fn read_one(&mut self, bits: &mut Bits<'_>) -> Result<()> {
        let channel = &mut self.channels[0];
        let _tag = bits.read(4);
        channel.read_side(bits, &self.bands, false, self.kept)?;
        channel.read_lines(bits, &self.bands, true, &mut self.noise)?;
        channel.shape(&self.bands);
        Ok(())
    }

    /// Reads `channel_pair_element` (table 4.5).
    fn read_two(&mut self, bits: &mut Bits<'_>) -> Result<()> {
        let [left, right] = &mut self.channels;
        let (bands, kept, noise) = (&self.bands, self.kept, &mut self.noise);
        let _tag = bits.read(4);
        let mask = if bits.flag() {
            left.info.read(bits, bands)?;
            let mask = Mask::read(bits, &left.info)?;
            right.info.copy(&left.info);
            Some(mask)
        } else {
            None
        };
        left.read_side(bits, bands, mask.is_some(), kept)?;
        let before_lines = *bits;
        left.read_lines(bits, bands, false, noise)?;
        right.read_side(bits, bands, mask.is_some(), kept)?;
        if mask.is_some() && left.wanted != right.wanted {
            // A filter of one channel runs over lines that joint stereo makes of both.
            let is_short = left.wanted < right.wanted;
            left.wanted = left.wanted.max(right.wanted);
            right.wanted = left.wanted;
            if is_short {
                left.read_lines(&mut before_lines.clone(), bands, false, noise)?;
            }
        }
        right.read_lines(bits, bands, true, noise)?;
        if let Some(mask) = &mask {
            stereo::separate(left, right, mask, bands);
        }
        left.shape(bands);
        right.shape(bands);
        Ok(())
    }

    /// Makes the samples of a packet.
    fn synthesise(&mut self, element: Element) {
        let out = self.output.samples(self.kept);
        if element == Element::Nothing {
            // Silence; the overlap stays, as in Symphonia.
            return;
        }
        self.synthesis.begin(out);
        let [left, right] = &mut self.channels;
        let (of_left, of_right) = (left.info.windows, right.info.windows);
        if element == Element::One {
            self.synthesis.add(&left.lines, of_left, 1.0, out);
            self.synthesis.end();
            return;
        }
        if of_left == of_right {
            let balance = (&mut self.balance, self.seconds);
            self.heard = stereo::mix(left, right, self.kept, balance);
            self.synthesis.add(&left.lines, of_left, 1.0, out);
        } else {
            // Lines of different windows do not compare: what was heard before is heard on.
            let weights = self.heard.weights();
            self.synthesis.add(&left.lines, of_left, weights.0, out);
            self.synthesis.add(&right.lines, of_right, weights.1, out);
        }
        self.synthesis.end();
    }
}

/// Skips `data_stream_element` (table 4.10).
fn skip_data(bits: &mut Bits<'_>) -> Result<()> {
    let _tag = bits.read(4);
    let is_aligned = bits.flag();
    let mut count = bits.read(8);
    if count == 255 {
        count += bits.read(8);
    }
    if is_aligned {
        bits.align();
    }
    bits.skip_bytes(count);
    bits.check()
}

/// Skips `fill_element` (table 4.11), whatever it holds: that of HE-AAC is left out as the full decoder leaves it out.
fn skip_fill(bits: &mut Bits<'_>) -> Result<()> {
    let mut count = bits.read(4);
    if count == 15 {
        count += bits.read(8).saturating_sub(1);
    }
    bits.skip_bytes(count);
    bits.check()
}

impl AudioDecoder for AacDecoder {
    fn reset(&mut self) {
        self.channels.iter_mut().for_each(Channel::reset);
        self.synthesis.reset();
        self.heard = Heard::Mid;
        self.balance = Balance::default();
    }

    fn codec_info(&self) -> &CodecInfo {
        &Self::supported_codecs()[0].info
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.params
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> Result<GenericAudioBufferRef<'_>> {
        let mut bits = Bits::new(packet.data);
        match self.read(&mut bits) {
            Ok(element) => {
                self.synthesise(element);
                Ok(self.output.as_buffer())
            }
            Err(error) => {
                self.output.clear();
                // What was read behind the end may look like any other error.
                bits.check()?;
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

impl RegisterableAudioDecoder for AacDecoder {
    fn try_registry_new(
        params: &AudioCodecParameters,
        _options: &AudioDecoderOptions,
    ) -> Result<Box<dyn AudioDecoder>> {
        Ok(Box::new(Self::new(params)?))
    }

    fn supported_codecs() -> &'static [SupportedAudioCodec] {
        &[support_audio_codec!(
            CODEC_ID_AAC,
            "aac",
            "Advanced Audio Coding",
            &[codec_profile!(CODEC_PROFILE_AAC_LC, "aac-lc", "Low Complexity")]
        )]
    }
}
