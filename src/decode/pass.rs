//! What one pass of one decoder over a file recovered.
//!
//! It compares nothing; see `plan`.

use super::DecodeError;
use super::stream::Stream;
use super::tags::Tags;

/// What a pass recovered.
#[derive(Debug, Default)]
pub(super) struct Pass {
    pub(super) streams: Vec<Stream>,
    pub(super) tags: Tags,
    pub(super) container: String,
    /// Audio tracks without a decoder: index of the stream, codec, what the decoder said.
    pub(super) undecodable: Vec<(usize, String, String)>,
    /// Tracks of which not even the kind is known.
    pub(super) unnamed: usize,
    /// Audio tracks above the limit.
    pub(super) left_out: usize,
    /// What broke the container, if not its end.
    pub(super) broken: Option<String>,
    /// Sound behind the declared end was kept.
    pub(super) behind_end: bool,
}

impl Pass {
    /// Length of all streams together, in seconds: what attempts are compared by.
    pub(super) fn seconds(&self) -> f64 {
        self.streams.iter().map(Stream::seconds).sum()
    }

    /// Packets given to decoders, and those that were refused.
    pub(super) fn packets(&self) -> (u64, u64) {
        self.streams.iter().fold((0, 0), |(packets, damaged), stream| {
            (packets + stream.packets, damaged + stream.damaged)
        })
    }
}

/// Why there was no pass.
#[derive(Debug)]
pub(super) enum Failure {
    /// No reader takes the container.
    Probe(String),
    /// The item has to end.
    Stop(DecodeError),
}
