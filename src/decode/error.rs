//! Why nothing of a file could be decoded. A file that was decoded in part is a success with notes.

use std::fmt;
use std::io;

use crate::record::{FailureKind, Stage};

/// Whether ffmpeg was tried, for the remedy of [`DecodeError::Unsupported`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Help {
    /// ffmpeg is not installed or switched off.
    Absent,
    /// ffmpeg could not read the file either.
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

/// Why a file could not be decoded. Messages have no path, since the item's record has it.
#[derive(Debug)]
#[non_exhaustive]
pub enum DecodeError {
    /// The system refused to open or read the file.
    Read {
        /// The system's reason.
        source: io::Error,
    },
    /// A folder, pipe, socket or device.
    NotAFile {
        /// `folder`, `pipe or device`.
        what: &'static str,
    },
    /// It has no bytes.
    Empty,
    /// Its first bytes are those of another format.
    NotAudio {
        /// The format, such as `a JPEG image`.
        looks_like: &'static str,
        /// What to do about it.
        remedy: &'static str,
    },
    /// It is a piece of audio that cannot be decoded by itself.
    Piece {
        /// What it is, with an article.
        what: &'static str,
        /// What to do about it.
        remedy: &'static str,
    },
    /// It is audio that no available decoder reads.
    Unsupported {
        /// The container or codec, and the decoder's reason.
        what: String,
        /// Whether ffmpeg was tried.
        help: Help,
    },
    /// The container lists no audio.
    NoAudioStream {
        /// Name of the container.
        container: String,
    },
    /// There is an audio stream, but no packet of it could be decoded.
    NothingDecoded {
        /// Number of audio packets that were read.
        packets: u64,
        /// Number of packets that the decoder refused.
        damaged_packets: u64,
    },
    /// Every stream is digital silence.
    Silent {
        /// Length of the longest stream, in seconds.
        seconds: f64,
    },
    /// What could be decoded is without sound, but much could not.
    SilentPart {
        /// Length of the longest stream that was decoded, in seconds.
        seconds: f64,
        /// Number of packets that the decoder refused.
        damaged_packets: u64,
        /// Number of bytes that were not read.
        unread_bytes: u64,
    },
    /// The time limit for one item was reached.
    TimedOut {
        /// The limit, in seconds.
        limit_seconds: f64,
    },
    /// The container makes its reader read the same bytes again and again.
    ReadsTooMuch {
        /// Number of bytes that were read before it was stopped.
        read_bytes: u64,
        /// Size of the file.
        file_bytes: u64,
    },
    /// The run was stopped.
    Cancelled,
    /// ffmpeg is installed but could not be run.
    Ffmpeg {
        /// `ffmpeg` or `ffprobe`.
        program: &'static str,
        /// The system's reason.
        source: io::Error,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.what(), self.remedy())
    }
}

impl std::error::Error for DecodeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read { source } | Self::Ffmpeg { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl DecodeError {
    /// What is wrong with the file, as a clause whose subject is the file.
    pub fn what(&self) -> String {
        match self {
            Self::Read { .. } => "could not be read".to_owned(),
            Self::NotAFile { what } => format!("is a {what}, not a regular file"),
            Self::Empty => "is empty (0 bytes)".to_owned(),
            Self::NotAudio { looks_like, .. } => {
                format!("is not audio: it looks like {looks_like}")
            }
            Self::Piece { what, .. } => format!("is {what}, which cannot be decoded by itself"),
            Self::Unsupported { what, .. } => format!("holds {what}, which is not decoded here"),
            Self::NoAudioStream { container } => {
                format!("is a {container} file without an audio stream")
            }
            Self::NothingDecoded { packets, damaged_packets } => format!(
                "none of its {packets} audio packets could be decoded ({damaged_packets} damaged)"
            ),
            Self::Silent { seconds } => format!("holds {seconds:.1} s of digital silence"),
            Self::SilentPart { seconds, damaged_packets, unread_bytes } => format!(
                "is damaged: only {seconds:.1} s could be decoded, which are without sound; \
                 {damaged_packets} packets were damaged and {unread_bytes} bytes not read"
            ),
            Self::TimedOut { limit_seconds } => format!("not decoded within {limit_seconds:.0} s"),
            Self::ReadsTooMuch { read_bytes, file_bytes } => format!(
                "its container made the reader read {read_bytes} bytes of a file of {file_bytes}"
            ),
            Self::Cancelled => "stopped before it was decoded".to_owned(),
            Self::Ffmpeg { program, .. } => format!("{program} could not be run"),
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::Read { .. } => "check its permissions and the medium it is on",
            Self::NotAFile { .. } => "name a file",
            Self::Empty | Self::NothingDecoded { .. } | Self::SilentPart { .. } => "fetch it again",
            Self::NotAudio { remedy, .. } | Self::Piece { remedy, .. } => remedy,
            Self::Unsupported { help, .. } => return help.to_string(),
            Self::NoAudioStream { .. } | Self::Silent { .. } => "nothing to compare",
            Self::TimedOut { .. } => "raise the time for one item",
            Self::ReadsTooMuch { .. } => "it is damaged or made to stall a scan: fetch it again",
            Self::Cancelled => "run the scan again",
            Self::Ffmpeg { .. } => "check its installation, or pass --no-ffmpeg",
        }
        .to_owned()
    }

    /// The stage at which the item failed.
    pub const fn stage(&self) -> Stage {
        match self {
            Self::Read { .. } | Self::NotAFile { .. } => Stage::Read,
            Self::Empty
            | Self::NotAudio { .. }
            | Self::Piece { .. }
            | Self::Unsupported { .. }
            | Self::NoAudioStream { .. } => Stage::Probe,
            Self::NothingDecoded { .. }
            | Self::Silent { .. }
            | Self::SilentPart { .. }
            | Self::TimedOut { .. }
            | Self::ReadsTooMuch { .. }
            | Self::Cancelled
            | Self::Ffmpeg { .. } => Stage::Decode,
        }
    }

    /// The kind of failure, to group and count by.
    pub const fn kind(&self) -> FailureKind {
        match self {
            Self::Read { .. } => FailureKind::Io,
            Self::NotAFile { .. } => FailureKind::NotAFile,
            Self::Empty => FailureKind::Empty,
            Self::NotAudio { .. } => FailureKind::NotAudio,
            Self::Piece { .. } | Self::Unsupported { .. } => FailureKind::Unsupported,
            Self::NoAudioStream { .. } => FailureKind::NoAudio,
            Self::NothingDecoded { .. } | Self::SilentPart { .. } => FailureKind::Damaged,
            Self::Silent { .. } => FailureKind::Silent,
            Self::TimedOut { .. } | Self::ReadsTooMuch { .. } => FailureKind::Timeout,
            Self::Cancelled => FailureKind::Cancelled,
            Self::Ffmpeg { .. } => FailureKind::Ffmpeg,
        }
    }
}
