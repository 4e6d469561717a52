//! Frames with any side information and random main data. As all Huffman codes are complete, any bits are some lines.

use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_MP3;
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};

use crate::decoding::{Decoded, Stream, mixed};
use crate::material::{Random, decode_with_ffmpeg};
use crate::spectra::error_db;

/// What the frames of a stream have.
#[derive(Debug, Clone, Copy)]
struct Kind {
    mpeg1: bool,
    /// The header's index: 44.1, 48, 32 kHz, or half of these.
    rate: u8,
    /// The header's mode and mode extension, four bits.
    mode: u8,
    /// Block types: long, start, short, stop.
    blocks: &'static [u32],
    /// Short blocks are mixed.
    mixed: bool,
    /// The block types of the channels of a granule differ at times.
    differ: bool,
}

const ALL_BLOCKS: &[u32] = &[0, 1, 2, 3];
const STEREO: u8 = 0b0000;
const MONO: u8 = 0b1100;
const JOINT_PLAIN: u8 = 0b0100;
const INTENSITY: u8 = 0b0101;
const MID_SIDE: u8 = 0b0110;
const MID_SIDE_INTENSITY: u8 = 0b0111;

/// Bits, the highest first.
#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
    used: usize,
}

impl Writer {
    fn put(&mut self, bits: u32, count: usize) {
        for bit in (0..count).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let last = self.bytes.last_mut().unwrap();
            *last |= ((bits >> bit & 1) as u8) << (7 - self.used % 8);
            self.used += 1;
        }
    }
}

impl Kind {
    fn rate_hz(self) -> u32 {
        [44_100, 48_000, 32_000][usize::from(self.rate)] / if self.mpeg1 { 1 } else { 2 }
    }

    fn channels(self) -> usize {
        if self.mode == MONO { 1 } else { 2 }
    }

    /// A frame of 256 kbit/s, or 144 in MPEG-2.
    fn frame(self, random: &mut Random) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.put(if self.mpeg1 { 0xfffb } else { 0xfff3 }, 16);
        writer.put(0b1101_0000 | u32::from(self.rate) << 2, 8);
        writer.put(u32::from(self.mode) << 4, 8);
        let (slots, kbps) = if self.mpeg1 { (144, 256) } else { (72, 144) };
        let bytes = (slots * kbps * 1000 / self.rate_hz()) as usize;
        let granules = if self.mpeg1 { 2 } else { 1 };
        let side_bytes = match (self.mpeg1, self.channels()) {
            (true, 2) => 32,
            (true, _) | (false, 2) => 17,
            _ => 9,
        };
        // No bit reservoir, private bits.
        writer.put(0, if self.mpeg1 { 9 } else { 8 });
        match (self.mpeg1, self.channels()) {
            (true, 2) => writer.put(random.below(8 << 8) as u32, 3 + 8),
            (true, _) => writer.put(random.below(32 << 4) as u32, 5 + 4),
            (false, channels) => writer.put(0, channels),
        }
        // At least a word less than there is, as the last word of a channel may exceed its part.
        let room = (8 * (bytes - 4 - side_bytes) - 64) / granules / self.channels();
        for _ in 0..granules {
            let block = self.blocks[random.below(self.blocks.len())];
            for channel in 0..self.channels() {
                let other = self.differ && channel == 1 && random.below(2) == 0;
                let block =
                    if other { self.blocks[random.below(self.blocks.len())] } else { block };
                // A side channel that drowns the mid would be heard instead.
                let low = channel == 1 && self.mode & 0b0110 == MID_SIDE;
                self.granule(&mut writer, random, block, if low { 120 } else { 170 }, room);
            }
        }
        assert_eq!(writer.used, 8 * (4 + side_bytes));
        while writer.bytes.len() < bytes {
            writer.put(random.below(256) as u32, 8);
        }
        writer.bytes
    }

    fn granule(self, writer: &mut Writer, random: &mut Random, block: u32, gain: u32, room: usize) {
        let mut any = |writer: &mut Writer, end: usize, count: usize| {
            writer.put(random.below(end) as u32, count);
        };
        writer.put((room.min(4095) - room / 8) as u32, 12);
        any(writer, 120, 9);
        writer.put(gain, 8);
        if self.mpeg1 {
            any(writer, 16, 4);
        } else {
            any(writer, 512, 9);
        }
        // Tables without linbits: else single lines would drown all others.
        if block == 0 {
            writer.put(0, 1);
            for _ in 0..3 {
                any(writer, 16, 5);
            }
            any(writer, 16, 4);
            any(writer, 8, 3);
        } else {
            writer.put(1, 1);
            writer.put(block, 2);
            writer.put(u32::from(self.mixed), 1);
            for _ in 0..2 {
                any(writer, 16, 5);
            }
            for _ in 0..3 {
                any(writer, 3, 3);
            }
        }
        if self.mpeg1 {
            any(writer, 2, 1);
        }
        any(writer, 2, 1);
        any(writer, 2, 1);
    }

    fn stream(self, frames: usize) -> Stream {
        let mut random = Random::new(7);
        let mut params = AudioCodecParameters::new();
        params.for_codec(CODEC_ID_MP3).with_sample_rate(self.rate_hz());
        let packet = |frame: Vec<u8>| Packet::new(0, Timestamp::ZERO, Duration::ZERO, frame);
        let packets = (0..frames).map(|_| packet(self.frame(&mut random))).collect();
        Stream { params, packets }
    }

    /// The error below 5 kHz against the full decoder, in dB.
    fn error_db(self) -> f64 {
        let stream = self.stream(150);
        let (full, low) = (stream.decode(stream.full()), stream.decode(stream.low()));
        for (full, low) in full.iter().zip(&low) {
            assert!(matches!(full, Decoded::Channels(_)), "{self:?}");
            assert_eq!(full.frames(), low.frames().map(|frames| frames * stream.factor()));
        }
        let (full, low) = (mixed(&full, [0.5, 0.5]), mixed(&low, [1.0, 0.0]));
        error_db(&full, &low, stream.factor(), stream.rate_hz(), 5000.0, 0)
    }
}

#[test]
fn any_frame_sounds_as_from_the_full_decoder() {
    let modes = [STEREO, MONO, JOINT_PLAIN, INTENSITY, MID_SIDE, MID_SIDE_INTENSITY];
    for (mpeg1, rate) in [(true, 0), (true, 1), (true, 2), (false, 0), (false, 1)] {
        for mode in modes {
            for blocks in [&[0][..], &[1], &[2], &[3], ALL_BLOCKS] {
                let kind = Kind { mpeg1, rate, mode, blocks, mixed: false, differ: mode == STEREO };
                let error = kind.error_db();
                assert!(error < -60.0, "{error} dB: {kind:?}");
            }
        }
    }
}

#[test]
fn frames_of_joint_stereo_with_different_blocks_are_refused_as_by_the_full_decoder() {
    for mode in [JOINT_PLAIN, INTENSITY, MID_SIDE, MID_SIDE_INTENSITY] {
        let kind =
            Kind { mpeg1: true, rate: 0, mode, blocks: ALL_BLOCKS, mixed: false, differ: true };
        let stream = kind.stream(100);
        let (full, low) = (stream.decode(stream.full()), stream.decode(stream.low()));
        let refused = |decoded: &[Decoded]| -> Vec<bool> {
            decoded.iter().map(|packet| *packet == Decoded::Damaged).collect()
        };
        assert_eq!(refused(&full), refused(&low));
        assert!(refused(&full).contains(&true));
    }
}

#[test]
fn mixed_blocks_sound_as_from_ffmpeg() {
    // Symphonia leaves out the short part of mixed blocks.
    for (mpeg1, rate) in [(true, 0), (true, 1), (true, 2), (false, 0), (false, 1)] {
        let kind = Kind { mpeg1, rate, mode: MONO, blocks: &[2], mixed: true, differ: false };
        let stream = kind.stream(150);
        let file: Vec<u8> = stream.packets.iter().flat_map(|packet| packet.data.to_vec()).collect();
        let full = decode_with_ffmpeg(&file);
        let low = mixed(&stream.decode(stream.low()), [1.0, 0.0]);
        let error = error_db(&full, &low, stream.factor(), stream.rate_hz(), 5000.0, 0);
        assert!(error < -60.0, "{error} dB: {kind:?}");
    }
}
