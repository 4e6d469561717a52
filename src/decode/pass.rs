//! The result of one pass of one decoder over a file. `plan` compares passes.

use std::ops::Range;

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
    /// The same, if that was a decoder that was given up, not the reader.
    pub(super) given_up: Option<String>,
    /// The stretches of the file that no reader understood, by their offsets. Only those that are large enough to be told.
    pub(super) gaps: Vec<Range<u64>>,
    /// Number of bytes among the frames of a stream that are no frames.
    pub(super) stray_bytes: u64,
    /// Number of bytes of all packets that were read.
    pub(super) packet_bytes: u64,
    /// The same as ffmpeg tells it; `None` if there is more than audio in the file, or if it does not tell.
    pub(super) all_packet_bytes: Option<u64>,
    /// Whether samples behind the declared end were kept.
    pub(super) behind_end: bool,
    /// Whether only the low band of a stream was decoded.
    pub(super) is_low: bool,
    /// Whether a decoder of the low band gave up, since the stream is unusual.
    pub(super) needs_full: bool,
}

impl Pass {
    /// Ends the pass, since a decoder does not go on.
    pub(super) fn give_up(&mut self, why: String) {
        self.given_up = Some(why.clone());
        self.broken = Some(why);
    }

    /// Decoded length of all streams together, in seconds, by which passes are compared.
    pub(super) fn seconds(&self) -> f64 {
        self.streams.iter().map(Stream::seconds).sum()
    }

    /// Whether its reader goes on to the last byte, so that what it leaves is not read.
    pub(super) fn reads_to_the_end(&self) -> bool {
        matches!(self.container.as_str(), "mp1" | "mp2" | "mp3" | "aac" | "flac" | "ogg")
    }

    /// Number of bytes that were not read.
    pub(super) fn unread_bytes(&self) -> u64 {
        self.stray_bytes + self.gaps.iter().map(|gap| gap.end - gap.start).sum::<u64>()
    }

    /// Whether a file was decoded to its end, and most of it without damage.
    pub(super) fn is_whole(&self) -> bool {
        let (packets, damaged) = self.packets();
        self.unread_bytes() == 0
            && self.broken.is_none()
            && damaged * 5 <= packets
            && self.seconds() > 0.0
    }

    /// Whether some of the file was not heard.
    pub(super) fn is_partial(&self) -> bool {
        let (packets, damaged) = self.packets();
        self.unread_bytes() > 0
            || damaged * 5 > packets
            || !self.undecodable.is_empty()
            || self.left_out > 0
            || self.streams.iter().any(|stream| stream.full)
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
