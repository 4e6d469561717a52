//! Packets of a track, and what decoders make of them.

use std::io::Cursor;

use lowband::NEEDS_FULL;
use symphonia::core::audio::{Audio as _, GenericAudioBufferRef};
use symphonia::core::codecs::audio::{
    AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions,
};
use symphonia::core::errors::{Error, Result};
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;

/// The track of a file that a program of tests is about.
pub(crate) struct Stream {
    pub(crate) params: AudioCodecParameters,
    pub(crate) packets: Vec<Packet>,
}

impl Stream {
    /// `None` if there is no track of this codec.
    pub(crate) fn of(codec: AudioCodecId, file: Vec<u8>) -> Option<Self> {
        let options = MediaSourceStreamOptions::default();
        let source = MediaSourceStream::new(Box::new(Cursor::new(file)), options);
        let mut reader = symphonia::default::get_probe()
            .probe(&Hint::new(), source, FormatOptions::default(), MetadataOptions::default())
            .ok()?;
        let track = reader.default_track(TrackType::Audio)?;
        let id = track.id;
        let params = track.codec_params.as_ref()?.audio()?.clone();
        if params.codec != codec {
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

    pub(crate) fn full(&self) -> Result<Box<dyn AudioDecoder>> {
        let codecs = symphonia::default::get_codecs();
        codecs.make_audio_decoder(&self.params, &AudioDecoderOptions::default())
    }
}

/// What a decoder makes of one packet: its samples, channel by channel, or the kind of its error.
pub(crate) type Outcome = std::result::Result<Vec<Vec<f32>>, &'static str>;

pub(crate) fn decode(decoder: &mut dyn AudioDecoder, packet: &Packet) -> Outcome {
    match decoder.decode(packet) {
        Ok(GenericAudioBufferRef::F32(buffer)) => Ok((0..buffer.num_planes())
            .map(|channel| buffer.plane(channel).unwrap_or_default().to_vec())
            .collect()),
        Ok(GenericAudioBufferRef::S32(buffer)) => Ok((0..buffer.num_planes())
            .map(|channel| buffer.plane(channel).unwrap_or_default())
            .map(|plane| plane.iter().map(|&x| x as f32 / 2_147_483_648.0).collect())
            .collect()),
        Ok(_) => panic!("samples are f32 or i32"),
        Err(Error::DecodeError(_)) => Err("decode"),
        Err(Error::IoError(_)) => Err("io"),
        Err(Error::Unsupported(NEEDS_FULL)) => Err("full"),
        Err(Error::Unsupported(_)) => Err("unsupported"),
        Err(other) => panic!("an error of another kind: {other}"),
    }
}
