//! The result of one pass of one decoder over a file. `plan` compares passes.

use super::stream::Stream;
use super::tags::Tags;
use super::{DecodeError, SILENCE};

/// What one pass decoded.
#[derive(Debug, Default)]
pub(super) struct Pass {
    pub(super) streams: Vec<Stream>,
    pub(super) tags: Tags,
    pub(super) container: String,
    /// Audio tracks without a decoder: number of the stream, codec, the decoder's reason.
    pub(super) undecodable: Vec<(usize, String, String)>,
    /// Number of tracks of an unknown kind.
    pub(super) unnamed: usize,
    /// Number of audio tracks above the limit.
    pub(super) left_out: usize,
    /// The error that ended the pass before the end of the container.
    pub(super) broken: Option<String>,
    /// Whether samples behind the declared end were kept.
    pub(super) behind_end: bool,
    /// Whether only the low band of a stream was decoded.
    pub(super) is_low: bool,
    /// Whether a decoder of the low band gave up, since the stream is unusual.
    pub(super) needs_full: bool,
}

impl Pass {
    /// Decoded length of all streams together, in seconds, by which passes are compared.
    pub(super) fn seconds(&self) -> f64 {
        self.streams.iter().map(Stream::seconds).sum()
    }

    /// Whether there is no sound in any stream.
    pub(super) fn is_silent(&self) -> bool {
        self.streams.iter().all(|stream| stream.peak() < SILENCE)
    }

    /// Number of packets given to decoders, and of those that were refused.
    pub(super) fn packets(&self) -> (u64, u64) {
        self.streams.iter().fold((0, 0), |(packets, damaged), stream| {
            (packets + stream.packets, damaged + stream.damaged)
        })
    }
}

/// Why there was no pass.
#[derive(Debug)]
pub(super) enum Failure {
    /// No reader recognises the container.
    Probe(String),
    /// A limit of the item was reached, or it could not be read.
    Stop(DecodeError),
}
