//! One audio stream on its way to the sink, with its counts and limits. Used by both decoders.

use lowband::Balance;

use super::downmix::{self, Pcm};
use super::{PcmSink, StreamInfo};
use crate::signal::SampleRate;

/// Lowest and highest sample rate that is accepted, in Hz: a quarter of the telephone's 8 kHz, twice DXD. A guess.
const RATES_HZ: std::ops::RangeInclusive<u32> = 2_000..=768_000;

/// Packets with fewer frames are gathered: `QuickTime` cuts PCM into single frames, and the choice between mid and side needs a
/// longer stretch. A guess.
const SMALL_FRAMES: usize = 256;
/// Number of gathered frames that are mixed together: 23 ms at 44.1 kHz. A guess.
const GATHERED_FRAMES: usize = 1_024;

/// What is known of a stream before it is decoded.
#[derive(Debug, Clone)]
pub(super) struct StreamHead {
    pub(super) index: usize,
    pub(super) codec: String,
    pub(super) container: String,
    pub(super) declared_seconds: Option<f64>,
    /// Whether that length is only estimated from a bit rate, so that no other length contradicts it.
    pub(super) is_estimated: bool,
    /// Encoder delay, which is dropped.
    pub(super) priming_seconds: f64,
}

/// A stream being decoded.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) head: StreamHead,
    max_seconds: f64,
    /// The full sample rate over that of the samples that arrive: 1 but in the low band.
    reduction: u32,
    /// Of the samples that arrive.
    rate: Option<SampleRate>,
    channels: u16,
    /// Number of samples at each full rate, in order of appearance. Nearly always one entry.
    samples: Vec<(SampleRate, u64)>,
    seconds: f64,
    peak: f32,
    /// Number of packets given to the decoder, and of those that it refused.
    pub(super) packets: u64,
    pub(super) damaged: u64,
    /// Number of samples that were not finite or far too large.
    pub(super) repaired: u64,
    /// Whether a part of the stream is missing.
    pub(super) truncated: bool,
    /// Whether the limit of length is reached; the rest is not decoded.
    pub(super) full: bool,
    mono: Vec<f32>,
    balance: Balance,
    gathered: Gathered,
}

/// Small packets that wait to be mixed together.
#[derive(Debug, Default)]
struct Gathered {
    rate_hz: u32,
    lfe: u64,
    /// One per channel, all of the same length.
    planes: Vec<Vec<f32>>,
}

impl Gathered {
    fn frames(&self) -> usize {
        self.planes.first().map_or(0, Vec::len)
    }
}

impl Stream {
    pub(super) fn new(head: StreamHead, max_seconds: f64) -> Self {
        Self {
            head,
            max_seconds,
            reduction: 1,
            rate: None,
            channels: 0,
            samples: Vec::new(),
            seconds: 0.0,
            peak: 0.0,
            packets: 0,
            damaged: 0,
            repaired: 0,
            truncated: false,
            full: false,
            mono: Vec::new(),
            balance: Balance::default(),
            gathered: Gathered::default(),
        }
    }

    /// Raises the number of channels to that of the coded stream, which its decoder may mix.
    pub(super) fn coded_channels(&mut self, channels: usize) {
        self.channels = self.channels.max(u16::try_from(channels).unwrap_or(u16::MAX));
    }

    /// The full sample rate over that of the samples that arrive from now on: 1 but in the low band.
    pub(super) fn reduce(&mut self, reduction: u32, sink: &mut dyn PcmSink) {
        self.flush(sink);
        self.reduction = reduction;
    }

    /// Decoded length in seconds.
    pub(super) fn seconds(&self) -> f64 {
        self.seconds
    }

    pub(super) fn peak(&self) -> f32 {
        self.peak
    }

    /// Mixes a block of planes and hands it on, or gathers it. False if the sample rate or the channels are unusable.
    pub(super) fn push<'a, S: Pcm + 'a>(
        &mut self,
        rate_hz: u32,
        (channels, frames, lfe): (usize, usize, u64),
        plane: impl Fn(usize) -> &'a [S],
        sink: &mut dyn PcmSink,
    ) -> bool {
        let gathered = &self.gathered;
        let same = (gathered.rate_hz, gathered.planes.len()) == (rate_hz, channels);
        let small = frames < SMALL_FRAMES;
        if gathered.frames() > 0 && !(small && same) {
            self.flush(sink);
        }
        if !small {
            return self.mix(rate_hz, (channels, frames, lfe), plane, sink);
        }
        if channels == 0 || !RATES_HZ.contains(&rate_hz) {
            return frames == 0;
        }
        let gathered = &mut self.gathered;
        (gathered.rate_hz, gathered.lfe) = (rate_hz, lfe);
        gathered.planes.resize_with(channels, Vec::new);
        for (channel, gathered) in gathered.planes.iter_mut().enumerate() {
            gathered.extend(plane(channel).iter().take(frames).map(|sample| sample.number()));
        }
        gathered.frames() < GATHERED_FRAMES || self.flush(sink)
    }

    /// Mixes the gathered frames. Has to be called at the end.
    pub(super) fn flush(&mut self, sink: &mut dyn PcmSink) -> bool {
        let mut gathered = std::mem::take(&mut self.gathered);
        let shape = (gathered.planes.len(), gathered.frames(), gathered.lfe);
        let taken = self.mix(gathered.rate_hz, shape, |i| &gathered.planes[i][..], sink);
        gathered.planes.iter_mut().for_each(Vec::clear);
        self.gathered = gathered;
        taken
    }

    /// Mixes a block of planes and hands it on. False if the sample rate or the channels are unusable.
    fn mix<'a, S: Pcm + 'a>(
        &mut self,
        rate_hz: u32,
        (channels, frames, lfe): (usize, usize, u64),
        plane: impl Fn(usize) -> &'a [S],
        sink: &mut dyn PcmSink,
    ) -> bool {
        if frames == 0 || self.full {
            return true;
        }
        let Some(rate) = SampleRate::new(rate_hz).filter(|rate| RATES_HZ.contains(&rate.hz()))
        else {
            return false;
        };
        if channels == 0 {
            return false;
        }
        let balance = (&mut self.balance, frames as f32 / rate.hz() as f32);
        let block = downmix::mix((channels, frames, lfe), plane, &mut self.mono, balance);
        if self.head.priming_seconds > 0.0 && !self.unprime(rate) {
            return true;
        }
        let frames = self.mono.len();
        if self.rate != Some(rate) {
            self.rate = Some(rate);
            sink.begin(self.head.index, rate);
        }
        let left = (self.max_seconds - self.seconds) * f64::from(rate.hz());
        if left < frames as f64 {
            self.mono.truncate(left.max(0.0).round() as usize);
            self.full = true;
        }
        self.coded_channels(channels);
        self.peak = self.peak.max(block.peak);
        self.repaired += block.repaired;
        self.count(rate, self.mono.len() as u64);
        sink.push(self.head.index, &self.mono);
        true
    }

    /// Drops the encoder delay from a block. False if nothing is left.
    fn unprime(&mut self, rate: SampleRate) -> bool {
        let rate = f64::from(rate.hz());
        let priming = (self.head.priming_seconds * rate).round() as usize;
        let dropped = priming.min(self.mono.len());
        self.mono.drain(..dropped);
        let left = priming - dropped;
        self.head.priming_seconds = left as f64 / rate;
        !self.mono.is_empty()
    }

    fn count(&mut self, rate: SampleRate, samples: u64) {
        let full = SampleRate::new(rate.hz().saturating_mul(self.reduction));
        let (rate, samples) = (full.unwrap_or(rate), samples * u64::from(self.reduction));
        match self.samples.iter_mut().find(|(other, _)| *other == rate) {
            Some((_, count)) => *count += samples,
            None => self.samples.push((rate, samples)),
        }
        let length = |&(rate, count): &(SampleRate, u64)| count as f64 / f64::from(rate.hz());
        self.seconds = self.samples.iter().map(length).sum();
    }

    /// What was decoded; `None` if nothing was. The sample rate is that of the largest part.
    pub(super) fn info(&self) -> Option<StreamInfo> {
        let length = |(rate, count): &(SampleRate, u64)| *count as f64 / f64::from(rate.hz());
        let (sample_rate, _) =
            *self.samples.iter().rev().max_by(|a, b| length(a).total_cmp(&length(b)))?;
        Some(StreamInfo {
            index: self.head.index,
            codec: self.head.codec.clone(),
            container: self.head.container.clone(),
            sample_rate,
            channels: self.channels,
            duration_seconds: self.seconds,
            declared_seconds: self.head.declared_seconds,
            damaged_packets: self.damaged,
            truncated: self.truncated,
            peak: self.peak,
        })
    }
}
