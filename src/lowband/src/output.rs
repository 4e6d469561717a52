//! The samples of one packet.

use symphonia_core::audio::layouts::CHANNEL_LAYOUT_MONO;
use symphonia_core::audio::{
    Audio as _, AudioBuffer, AudioMut as _, AudioSpec, GenericAudioBufferRef,
};
use symphonia_core::packet::PacketRef;

use crate::Reduction;

/// The samples of the last packet, in mono at the reduced rate.
pub(crate) struct Output {
    reduction: Reduction,
    buffer: AudioBuffer<f32>,
}

impl Output {
    /// Room for packets of at most `full_frames` frames at the full rate `rate_hz`.
    pub(crate) fn new(reduction: Reduction, rate_hz: u32, full_frames: usize) -> Self {
        let spec = AudioSpec::new(rate_hz / reduction.factor() as u32, CHANNEL_LAYOUT_MONO);
        Self { reduction, buffer: AudioBuffer::new(spec, full_frames / reduction.factor()) }
    }

    /// Removes all samples.
    pub(crate) fn clear(&mut self) {
        self.buffer.clear();
    }

    /// Makes the packet `frames` samples long, at the reduced rate, all zero, and returns them. `frames` is cut to the room there is.
    pub(crate) fn samples(&mut self, frames: usize) -> &mut [f32] {
        self.buffer.clear();
        let frames = frames.min(self.buffer.capacity());
        self.buffer.render_silence(Some(frames));
        self.buffer.plane_mut(0).unwrap_or_default()
    }

    /// Cuts what the container trims, in frames of the full rate: sample `m` is kept if frame `factor · m + factor / 2` is.
    pub(crate) fn trim(&mut self, packet: &PacketRef<'_>) {
        let factor = self.reduction.factor() as u64;
        let reduced = |frames: u64| (frames.saturating_add(factor / 2 - 1) / factor) as usize;
        let full = self.buffer.frames() as u64 * factor;
        let start = reduced(packet.trim_start.get());
        let end = reduced(full.saturating_sub(packet.trim_end.get()));
        let frames = self.buffer.frames();
        self.buffer.trim(start.min(frames), frames.saturating_sub(end));
    }

    pub(crate) fn as_buffer(&self) -> GenericAudioBufferRef<'_> {
        GenericAudioBufferRef::F32(&self.buffer)
    }
}
