//! Packets of a stream, and what decoders make of them.

use std::io::Cursor;

use lowband::VorbisDecoder;
use symphonia::core::audio::{Audio as _, GenericAudioBufferRef};
use symphonia::core::codecs::audio::well_known::CODEC_ID_VORBIS;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::{Error, Result};
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;

/// The Vorbis track of a file.
pub(crate) struct Stream {
    pub(crate) params: AudioCodecParameters,
    pub(crate) packets: Vec<Packet>,
}

impl Stream {
    /// `None` if there is no Vorbis track.
    pub(crate) fn read(file: Vec<u8>) -> Option<Self> {
        let options = MediaSourceStreamOptions::default();
        let source = MediaSourceStream::new(Box::new(Cursor::new(file)), options);
        let mut reader = symphonia::default::get_probe()
            .probe(&Hint::new(), source, FormatOptions::default(), MetadataOptions::default())
            .ok()?;
        let track = reader.default_track(TrackType::Audio)?;
        let id = track.id;
        let params = track.codec_params.as_ref()?.audio()?.clone();
        if params.codec != CODEC_ID_VORBIS {
            return None;
        }
        let mut packets = Vec::new();
        while let Ok(Some(packet)) = reader.next_packet() {
            if packet.track_id == id {
                packets.push(packet);
            }
        }
        Some(Self { params, packets })
    }

    pub(crate) fn low(&self) -> Result<VorbisDecoder> {
        VorbisDecoder::try_new(&self.params, &AudioDecoderOptions::default())
    }

    pub(crate) fn full(&self) -> Result<Box<dyn AudioDecoder>> {
        let codecs = symphonia::default::get_codecs();
        codecs.make_audio_decoder(&self.params, &AudioDecoderOptions::default())
    }

    /// The divisor of the sample rate.
    pub(crate) fn factor(&self) -> usize {
        if self.params.sample_rate.expect("a sample rate") > 40_000 { 4 } else { 2 }
    }
}

/// What a decoder makes of one packet: its samples, channel by channel, or the kind of its error.
pub(crate) type Outcome = std::result::Result<Vec<Vec<f32>>, &'static str>;

pub(crate) fn decode(decoder: &mut dyn AudioDecoder, packet: &Packet) -> Outcome {
    match decoder.decode(packet) {
        Ok(GenericAudioBufferRef::F32(buffer)) => Ok((0..buffer.num_planes())
            .map(|channel| buffer.plane(channel).unwrap_or_default().to_vec())
            .collect()),
        Ok(_) => panic!("samples are f32"),
        Err(Error::DecodeError(_)) => Err("decode"),
        Err(Error::IoError(_)) => Err("io"),
        Err(other) => panic!("an error of another kind: {other}"),
    }
}

/// The frames of an outcome.
pub(crate) fn frames(outcome: &Outcome) -> std::result::Result<usize, &'static str> {
    outcome.as_ref().map(|channels| channels.first().map_or(0, Vec::len)).map_err(|kind| *kind)
}
