//! Why a file gave no sound.
//!
//! It holds no way to recover: a file that was decoded in part is a success with notes.

use std::fmt;
use std::io;

use crate::record::{FailureKind, Stage};

/// Whether the outside decoder took part, for the remedy of [`DecodeError::Unsupported`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Help {
    /// There was none to ask.
    Absent,
    /// It could not read the file either.
    Failed,
}

impl fmt::Display for Help {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "install ffmpeg and ffprobe, or drop --no-ffmpeg, to read it",
            Self::Failed => "ffmpeg could not read it either; fetch it again or convert it to FLAC",
        })
    }
}

/// Why a file could not be decoded. The message does not repeat the path: the item has it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The file system refused.
    #[error("could not be read; check its permissions and the medium it is on")]
    Read {
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A folder, pipe, socket or device.
    #[error("is a {what}, not a regular file; name a file")]
    NotAFile {
        /// `folder`, `pipe or device`.
        what: &'static str,
    },
    /// It has no bytes.
    #[error("is empty (0 bytes); fetch it again")]
    Empty,
    /// Its bytes are of another kind.
    #[error("is not audio: it looks like {looks_like}; {remedy}")]
    NotAudio {
        /// What its first bytes say, such as `a JPEG image`.
        looks_like: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// It is audio that no decoder at hand reads.
    #[error("holds {what}, which is not decoded here; {help}")]
    Unsupported {
        /// The container or codec, and what the decoder said of it.
        what: String,
        /// Whether ffmpeg was asked.
        help: Help,
    },
    /// The container was read and lists no audio.
    #[error("{container} file without an audio stream; nothing to compare")]
    NoAudioStream {
        /// Name of the container.
        container: String,
    },
    /// There is an audio stream and not one packet of it could be decoded.
    #[error(
        "none of its {packets} audio packets could be decoded ({damaged_packets} damaged); \
         fetch it again"
    )]
    NothingDecoded {
        /// Audio packets that were read.
        packets: u64,
        /// Those that the decoder refused.
        damaged_packets: u64,
    },
    /// Every stream holds digital silence only.
    #[error("holds {seconds:.1} s of digital silence; nothing to compare")]
    Silent {
        /// Length of the longest stream.
        seconds: f64,
    },
    /// The time for one item is over.
    #[error("not decoded within {limit_seconds:.0} s; raise the time for one item")]
    TimedOut {
        /// The limit.
        limit_seconds: f64,
    },
    /// The reader of the container goes round in circles.
    #[error(
        "its container made the reader take in {read_bytes} bytes of a file of {file_bytes}; \
         it is damaged or made to stall a scan"
    )]
    ReadsTooMuch {
        /// Bytes that were read before it was stopped.
        read_bytes: u64,
        /// Size of the file.
        file_bytes: u64,
    },
    /// The run was stopped.
    #[error("stopped before it was decoded; run the scan again")]
    Cancelled,
    /// ffmpeg is there and could not be run.
    #[error("{program} could not be run; check its installation, or pass --no-ffmpeg")]
    Ffmpeg {
        /// `ffmpeg` or `ffprobe`.
        program: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl DecodeError {
    /// The stage of the record at which this ends an item.
    pub const fn stage(&self) -> Stage {
        match self {
            Self::Read { .. } | Self::NotAFile { .. } => Stage::Read,
            Self::Empty
            | Self::NotAudio { .. }
            | Self::Unsupported { .. }
            | Self::NoAudioStream { .. } => Stage::Probe,
            Self::NothingDecoded { .. }
            | Self::Silent { .. }
            | Self::TimedOut { .. }
            | Self::ReadsTooMuch { .. }
            | Self::Cancelled
            | Self::Ffmpeg { .. } => Stage::Decode,
        }
    }

    /// A stable word to group and count by.
    pub const fn kind(&self) -> FailureKind {
        match self {
            Self::Read { .. } => FailureKind::Io,
            Self::NotAFile { .. } => FailureKind::NotAFile,
            Self::Empty => FailureKind::Empty,
            Self::NotAudio { .. } => FailureKind::NotAudio,
            Self::Unsupported { .. } => FailureKind::Unsupported,
            Self::NoAudioStream { .. } => FailureKind::NoAudio,
            Self::NothingDecoded { .. } => FailureKind::Damaged,
            Self::Silent { .. } => FailureKind::Silent,
            Self::TimedOut { .. } | Self::ReadsTooMuch { .. } => FailureKind::Timeout,
            Self::Cancelled => FailureKind::Cancelled,
            Self::Ffmpeg { .. } => FailureKind::Ffmpeg,
        }
    }
}
