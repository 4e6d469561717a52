//! Hands the planes of a decoded buffer of Symphonia, of any sample type, to a stream.

use symphonia::core::audio::sample::Sample;
use symphonia::core::audio::{Audio, AudioBuffer, Channels, GenericAudioBufferRef, Position};

use super::PcmSink;
use super::downmix::Pcm;
use super::stream::Stream;

/// Hands a buffer to a stream. False if it has no usable sample rate or no channels.
pub(super) fn push(
    stream: &mut Stream,
    buffer: &GenericAudioBufferRef<'_>,
    sink: &mut dyn PcmSink,
) -> bool {
    match buffer {
        GenericAudioBufferRef::U8(buffer) => push_planes(stream, buffer, sink),
        GenericAudioBufferRef::U16(buffer) => push_planes(stream, buffer, sink),
        GenericAudioBufferRef::U24(buffer) => push_planes(stream, buffer, sink),
        GenericAudioBufferRef::U32(buffer) => push_planes(stream, buffer, sink),
        GenericAudioBufferRef::S8(buffer) => push_planes(stream, buffer, sink),
        GenericAudioBufferRef::S16(buffer) => push_planes(stream, buffer, sink),
        GenericAudioBufferRef::S24(buffer) => push_planes(stream, buffer, sink),
        GenericAudioBufferRef::S32(buffer) => push_planes(stream, buffer, sink),
        GenericAudioBufferRef::F32(buffer) => push_planes(stream, buffer, sink),
        GenericAudioBufferRef::F64(buffer) => push_planes(stream, buffer, sink),
    }
}

fn push_planes<S>(stream: &mut Stream, buffer: &AudioBuffer<S>, sink: &mut dyn PcmSink) -> bool
where
    S: Pcm + Sample,
{
    let spec = buffer.spec();
    let shape = (buffer.num_planes(), buffer.frames(), lfe(spec.channels()));
    stream.push(spec.rate(), shape, |i| buffer.plane(i).unwrap_or(&[]), sink)
}

/// Bits of the planes with low-frequency effects, if the layout names them.
fn lfe(channels: &Channels) -> u64 {
    let Channels::Positioned(present) = channels else { return 0 };
    let bit = |position: Position| {
        let index = channels.get_canonical_index_for_positioned_channel(position);
        index.filter(|&index| present.contains(position) && index < 64).map_or(0, |i| 1 << i)
    };
    bit(Position::LFE1) | bit(Position::LFE2)
}
