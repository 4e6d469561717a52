//! Packets of FLAC, and what decoders make of them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use lowband::{CANCELLED, FlacDecoder};
use symphonia::core::codecs::audio::well_known::CODEC_ID_FLAC;
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Result;
use symphonia::core::packet::Packet;

pub(crate) use crate::shared::{Outcome, Stream, decode};

impl Stream {
    /// `None` if there is no FLAC track.
    pub(crate) fn read(file: Vec<u8>) -> Option<Self> {
        Self::of(CODEC_ID_FLAC, file)
    }

    pub(crate) fn low(&self) -> Result<FlacDecoder> {
        FlacDecoder::try_new(&self.params, &AudioDecoderOptions::default())
    }

    /// Bits per sample.
    pub(crate) fn bits(&self) -> u32 {
        self.params.bits_per_sample.expect("a number of bits")
    }
}

/// What Symphonia's decoder makes of a packet. `None` if it panics: where overflow is checked, it does at some damage.
pub(crate) fn decode_full(decoder: &mut dyn AudioDecoder, packet: &Packet) -> Option<Outcome> {
    catch_unwind(AssertUnwindSafe(|| decode(decoder, packet))).ok()
}

/// What the low band of a packet is to be: the mid, or the side where the mid cancels.
pub(crate) fn mixed(channels: &[Vec<f32>]) -> Vec<f32> {
    let [left, right] = channels else { return channels[0].clone() };
    let both = || left.iter().zip(right);
    let mid: Vec<f32> = both().map(|(left, right)| 0.5 * (left + right)).collect();
    let energy = |samples: &[f32]| samples.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>();
    if energy(&mid) < f64::from(CANCELLED) * 0.5 * (energy(left) + energy(right)) {
        return both().map(|(left, right)| 0.5 * (left - right)).collect();
    }
    mid
}

/// How the low band of a stream differs from the full decode.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Difference {
    /// Number of packets that both decode.
    pub(crate) packets: usize,
    /// Of these, those that are equal in every bit.
    pub(crate) equal: usize,
    /// The largest difference of two samples, in steps of the stream.
    pub(crate) steps: f64,
}

/// Decodes a stream by both decoders: each packet gives as many frames, or an error of the same kind.
pub(crate) fn difference(stream: &Stream) -> Difference {
    let mut low = stream.low().expect("the stream can be decoded");
    let mut full = stream.full().expect("the stream can be decoded");
    let mut found = Difference::default();
    let step = f64::powi(0.5, stream.bits() as i32 - 1);
    for packet in &stream.packets {
        match (decode(&mut low, packet), decode(full.as_mut(), packet)) {
            (Ok(low), Ok(full)) => {
                let expected = mixed(&full);
                assert_eq!((low.len(), low[0].len()), (1, expected.len()));
                found.packets += 1;
                found.equal += usize::from(low[0] == expected);
                for (low, expected) in low[0].iter().zip(&expected) {
                    let steps = f64::from((low - expected).abs()) / step;
                    found.steps = found.steps.max(steps);
                }
            }
            (low, full) => assert_eq!(low.map(|_| ()), full.map(|_| ())),
        }
    }
    found
}
