//! Both decoders over the same packets.

use std::io::Cursor;

use symphonia::core::audio::{Audio as _, GenericAudioBufferRef};
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::errors::{Error, Result};
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;

/// The packets of a file.
#[derive(Debug, Clone)]
pub struct Stream {
    pub params: AudioCodecParameters,
    pub packets: Vec<Packet>,
}

/// What a packet became: the channels, or whether it was of another kind of error than damage.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoded {
    Channels(Vec<Vec<f32>>),
    Damaged,
    NeedsFull,
}

impl Decoded {
    pub fn frames(&self) -> Option<usize> {
        match self {
            Self::Channels(channels) => Some(channels[0].len()),
            _ => None,
        }
    }
}

impl Stream {
    /// Symphonia's demuxer.
    pub fn of(file: &[u8]) -> Self {
        let source = MediaSourceStream::new(
            Box::new(Cursor::new(file.to_vec())),
            MediaSourceStreamOptions::default(),
        );
        let mut reader = symphonia::default::get_probe()
            .probe(&Hint::new(), source, FormatOptions::default(), MetadataOptions::default())
            .unwrap();
        let track = reader.default_track(TrackType::Audio).unwrap();
        let Some(CodecParameters::Audio(params)) = track.codec_params.clone() else {
            panic!("no audio");
        };
        let mut packets = Vec::new();
        while let Some(packet) = reader.next_packet().unwrap() {
            packets.push(packet);
        }
        Self { params, packets }
    }

    pub fn rate_hz(&self) -> usize {
        self.params.sample_rate.unwrap() as usize
    }

    /// How much fewer samples the decoder of the low band gives.
    pub fn factor(&self) -> usize {
        lowband::Reduction::of_rate(self.params.sample_rate.unwrap()).unwrap().factor()
    }

    pub fn full_with(&self, options: AudioDecoderOptions) -> Box<dyn AudioDecoder> {
        symphonia::default::get_codecs().make_audio_decoder(&self.params, &options).unwrap()
    }

    pub fn full(&self) -> Box<dyn AudioDecoder> {
        self.full_with(AudioDecoderOptions::default())
    }

    pub fn try_low(&self, options: AudioDecoderOptions) -> Result<Box<dyn AudioDecoder>> {
        let mut registry = CodecRegistry::new();
        lowband::register(&mut registry);
        registry.make_audio_decoder(&self.params, &options)
    }

    pub fn low(&self) -> Box<dyn AudioDecoder> {
        self.try_low(AudioDecoderOptions::default()).unwrap()
    }

    /// All packets by a decoder.
    pub fn decode(&self, mut decoder: Box<dyn AudioDecoder>) -> Vec<Decoded> {
        self.packets.iter().map(|packet| decode(decoder.as_mut(), packet)).collect()
    }
}

/// A packet by a decoder.
pub fn decode(decoder: &mut dyn AudioDecoder, packet: &Packet) -> Decoded {
    let decoded = match decoder.decode(packet) {
        Ok(GenericAudioBufferRef::F32(buffer)) => {
            Decoded::Channels(buffer.iter_planes().map(<[f32]>::to_vec).collect())
        }
        Ok(_) => panic!("another sample format"),
        Err(Error::Unsupported(lowband::NEEDS_FULL)) => Decoded::NeedsFull,
        Err(_) => Decoded::Damaged,
    };
    assert!(matches!(decoded, Decoded::Channels(_)) || decoder.last_decoded().frames() == 0);
    decoded
}

/// One channel of all packets, by weights of the channels.
pub fn mixed(decoded: &[Decoded], weights: [f32; 2]) -> Vec<f32> {
    let mut samples = Vec::new();
    for packet in decoded {
        let Decoded::Channels(channels) = packet else { continue };
        match channels.as_slice() {
            [left, right] => samples.extend(
                left.iter().zip(right).map(|(left, right)| weights[0] * left + weights[1] * right),
            ),
            [mono] => samples.extend(mono),
            _ => panic!("too many channels"),
        }
    }
    samples
}
