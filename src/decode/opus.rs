//! Decodes stereo Opus to mono, as long as that loses nothing.
//!
//! Asked for mono, libopus mixes the channels before the inverse transform and saves one of two transforms. Where left and right
//! cancel, nothing would be left: so a few packets at the start and every few seconds are decoded in stereo as well, and once
//! their mid is weak, all that follow (see `downmix`). The same holds from the first packet with speech (SILK) on, which
//! libopus 1.6.1 mixes differently, in part with a shift in time.

use symphonia::core::audio::{Audio as _, GenericAudioBufferRef, layouts::CHANNEL_LAYOUT_MONO};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, FinalizeResult,
};
use symphonia::core::codecs::registry::{RegisterableAudioDecoder, SupportedAudioCodec};
use symphonia::core::errors::Result;
use symphonia::core::packet::PacketRef;
use symphonia::core::units::Duration;
use symphonia_adapter_libopus::OpusDecoder;

/// Sample rates that libopus decodes to.
const RATES_HZ: [u32; 5] = [8_000, 12_000, 16_000, 24_000, 48_000];
const RATE_HZ: u32 = 48_000;
/// The sample rate of the low band: the lowest with more than 5 kHz.
const LOW_RATE_HZ: u32 = 12_000;
/// The full rate over that of the low band.
pub(super) const REDUCTION: u32 = RATE_HZ / LOW_RATE_HZ;
/// Packets that are decoded in stereo at each check; the first only initialises the decoder. A guess.
const CHECK_PACKETS: u32 = 4;
/// Time between two checks: the most that may be lost of a passage that cancels, once per stream. A guess.
const CHECK_EVERY_SECONDS: u32 = 5;
/// Smallest first byte of a packet that is coded by CELT alone, without the SILK layer for speech (RFC 6716, section 3.1).
const FIRST_OF_MUSIC: u8 = 0x80;
/// A mid with less than this share of the mean energy of the channels is weak: a little more than the third below which the side is so
/// much louder that `downmix` may use it instead.
const WEAK: f32 = 0.36;

/// The decoder of a stream of two channels.
pub(super) struct Opus {
    params: AudioCodecParameters,
    mid: Box<dyn AudioDecoder>,
    both: Box<dyn AudioDecoder>,
    state: State,
}

/// Which of the two decoders are in use.
#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    /// Both decoders, for a check: energy of the mid, mean energy of the channels, and number of packets so far.
    Checked { mid: f32, mean: f32, packets: u32 },
    /// The mono decoder alone: number of samples since the last check.
    Mid { samples: u64 },
    /// The stereo decoder, to the end.
    Both,
}

const FRESH: State = State::Checked { mid: 0.0, mean: 0.0, packets: 0 };

/// The encoder delay of a stream, in seconds, by its `OpusHead` (RFC 7845, section 5.1; in MP4 the version is 0 and numbers are
/// big-endian).
pub(super) fn priming_seconds(params: &AudioCodecParameters) -> f64 {
    let head = params.extra_data.as_deref().and_then(|head| head.strip_prefix(b"OpusHead"));
    let samples = match head {
        Some(&[0, _, a, b, ..]) => u16::from_be_bytes([a, b]),
        Some(&[_, _, a, b, ..]) => u16::from_le_bytes([a, b]),
        _ => 0,
    };
    f64::from(samples) / f64::from(RATE_HZ)
}

impl AudioDecoder for Opus {
    fn reset(&mut self) {
        self.mid.reset();
        self.both.reset();
        self.state = FRESH;
    }

    fn codec_info(&self) -> &CodecInfo {
        self.mid.codec_info()
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.params
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> Result<GenericAudioBufferRef<'_>> {
        let is_music = packet.data.first().is_none_or(|&first| first >= FIRST_OF_MUSIC);
        if !is_music && self.state != State::Both {
            if matches!(self.state, State::Mid { .. }) {
                self.both.reset();
            }
            self.state = State::Both;
        }
        match self.state {
            State::Both => return self.both.decode_ref(packet),
            State::Mid { samples } => {
                let decoded = self.mid.decode_ref(packet)?.frames() as u64;
                let samples = samples + decoded;
                self.state = State::Mid { samples };
                let rate_hz = self.params.sample_rate.unwrap_or(RATE_HZ);
                if samples >= u64::from(rate_hz * CHECK_EVERY_SECONDS) {
                    self.both.reset();
                    self.state = FRESH;
                }
            }
            State::Checked { mid, mean, packets } => {
                self.mid.decode_ref(packet)?;
                let (more_mid, more_mean) = energies(&self.both.decode_ref(packet)?);
                let counts = if packets == 0 { 0.0 } else { 1.0 };
                let (mid, mean) = (mid + counts * more_mid, mean + counts * more_mean);
                self.state = if packets + 1 < CHECK_PACKETS {
                    State::Checked { mid, mean, packets: packets + 1 }
                } else if mid < WEAK * mean {
                    State::Both
                } else {
                    State::Mid { samples: 0 }
                };
            }
        }
        Ok(self.last_decoded())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        if self.state == State::Both { self.both.last_decoded() } else { self.mid.last_decoded() }
    }
}

/// Energies of the mid and of the mean of two channels.
fn energies(buffer: &GenericAudioBufferRef<'_>) -> (f32, f32) {
    let GenericAudioBufferRef::F32(buffer) = buffer else { return (0.0, 0.0) };
    let plane = |i| buffer.plane(i).unwrap_or(&[]);
    let (mut mid, mut mean) = (0.0, 0.0);
    for (l, r) in plane(0).iter().zip(plane(1)) {
        mid += 0.25 * (l + r) * (l + r);
        mean += 0.5 * (l * l + r * r);
    }
    (mid, mean)
}

impl RegisterableAudioDecoder for Opus {
    fn try_registry_new(
        params: &AudioCodecParameters,
        options: &AudioDecoderOptions,
    ) -> Result<Box<dyn AudioDecoder>> {
        // Without the head, since the adapter drops the delay of one packet only and mistakes the byte order of MP4.
        let mut params = AudioCodecParameters { extra_data: None, ..params.clone() };
        if !params.sample_rate.is_some_and(|rate| RATES_HZ.contains(&rate)) {
            // Some containers declare the rate before encoding, which libopus refuses.
            params.with_sample_rate(RATE_HZ);
        }
        if params.channels.as_ref().is_none_or(|channels| channels.count() != 2) {
            return OpusDecoder::try_registry_new(&params, options);
        }
        let mut mono = params.clone();
        mono.with_channels(CHANNEL_LAYOUT_MONO);
        Ok(Box::new(Self {
            mid: OpusDecoder::try_registry_new(&mono, options)?,
            both: OpusDecoder::try_registry_new(&params, options)?,
            params,
            state: FRESH,
        }))
    }

    fn supported_codecs() -> &'static [SupportedAudioCodec] {
        OpusDecoder::supported_codecs()
    }
}

/// The same in the low band, at 12 kHz: libopus leaves out the bands above.
pub(super) struct LowOpus(Box<dyn AudioDecoder>);

impl AudioDecoder for LowOpus {
    fn reset(&mut self) {
        self.0.reset();
    }

    fn codec_info(&self) -> &CodecInfo {
        self.0.codec_info()
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        self.0.codec_params()
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> Result<GenericAudioBufferRef<'_>> {
        // Containers trim in samples of 48 kHz.
        let reduced = |full: Duration| Duration::from(full.get() / u64::from(REDUCTION));
        let mut packet = *packet;
        packet.trim_start = reduced(packet.trim_start);
        packet.trim_end = reduced(packet.trim_end);
        self.0.decode_ref(&packet)
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.0.last_decoded()
    }
}

impl RegisterableAudioDecoder for LowOpus {
    fn try_registry_new(
        params: &AudioCodecParameters,
        options: &AudioDecoderOptions,
    ) -> Result<Box<dyn AudioDecoder>> {
        let mut params = params.clone();
        params.with_sample_rate(LOW_RATE_HZ);
        Ok(Box::new(Self(Opus::try_registry_new(&params, options)?)))
    }

    fn supported_codecs() -> &'static [SupportedAudioCodec] {
        OpusDecoder::supported_codecs()
    }
}
