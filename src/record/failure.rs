//! Why an item could not be compared: the stage, the kind and one line for people.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why an item could not be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureRecord {
    /// The stage at which it failed.
    pub stage: Stage,
    /// The kind of failure, to group and count by.
    pub kind: FailureKind,
    /// One line: what is wrong, with its numbers, and after a `;` what to do about it.
    pub message: String,
}

impl FailureRecord {
    /// Joins what is wrong (`is empty (0 bytes)`) and what to do about it (`fetch it again`) into the one line `what; remedy`.
    pub fn new(
        stage: Stage,
        kind: FailureKind,
        what: impl fmt::Display,
        remedy: impl fmt::Display,
    ) -> Self {
        Self { stage, kind, message: format!("{what}; {remedy}") }
    }
}

/// A failure while the item is still at hand: what is wrong and what to do about it are apart. The record joins them into one
/// line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The stage at which the item failed.
    pub stage: Stage,
    /// The kind of failure.
    pub kind: FailureKind,
    /// What is wrong, as a clause whose subject is the item: `is empty (0 bytes)`.
    pub what: String,
    /// What to do about it: `fetch it again`; `""` if `what` says it.
    pub remedy: String,
}

impl From<Failure> for FailureRecord {
    fn from(failure: Failure) -> Self {
        let Failure { stage, kind, what, remedy } = failure;
        if remedy.is_empty() {
            return Self { stage, kind, message: what };
        }
        Self::new(stage, kind, what, remedy)
    }
}

/// The stage of the way from source to verdict at which an item failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Finding it: a folder that cannot be listed, a broken link.
    Walk,
    /// Opening and reading its bytes.
    Read,
    /// Recognising its format.
    Probe,
    /// Decoding it.
    Decode,
    /// Making its fingerprint: it is too short or too quiet.
    Fingerprint,
    /// Comparing it with the catalogue.
    Match,
}

impl Stage {
    /// All stages, in their order.
    pub const ALL: [Self; 6] =
        [Self::Walk, Self::Read, Self::Probe, Self::Decode, Self::Fingerprint, Self::Match];

    /// The word of the JSONL contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Walk => "walk",
            Self::Read => "read",
            Self::Probe => "probe",
            Self::Decode => "decode",
            Self::Fingerprint => "fingerprint",
            Self::Match => "match",
        }
    }
}

/// Defines [`FailureKind`] from one table, so that a variant and its word cannot part.
macro_rules! failure_kinds {
    ($($(#[$doc:meta])+ $kind:ident = $word:literal,)+) => {
        /// The kind of a failure: a stable word of the JSONL contract.
        ///
        /// Kinds are ordered as their words are. Every word can be read: one that this program does not know, from a record of
        /// another version, is kept as [`FailureKind::Other`] and written back unchanged.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum FailureKind {
            $($(#[$doc])+ $kind,)+
            /// A word that this program does not know. Made by parsing only.
            Other(Box<str>),
        }

        impl FailureKind {
            /// All kinds that this program writes.
            pub const KNOWN: &'static [Self] = &[$(Self::$kind),+];

            /// The word of the JSONL contract.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$kind => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for FailureKind {
            fn from(word: &str) -> Self {
                match word {
                    $($word => Self::$kind,)+
                    _ => Self::Other(word.into()),
                }
            }
        }
    };
}

failure_kinds! {
    /// The system refused to list, open or read it.
    Io = "io",
    /// A folder, pipe, socket or device.
    NotAFile = "not_a_file",
    /// A link out of the folders that were named.
    LinkOutside = "link_outside",
    /// A link to a folder that holds it.
    LinkLoop = "link_loop",
    /// A link to nothing.
    LinkBroken = "link_broken",
    /// No audio, and not named as audio: a cover image, a text file. Counted apart from what could not be read, since it needs
    /// nobody's attention.
    NotAudio = "not_audio",
    /// No audio although its name ends like that of an audio file.
    Mislabelled = "mislabelled",
    /// It has no bytes.
    Empty = "empty",
    /// A format or compression that is not read.
    Unsupported = "unsupported",
    /// A media file without an audio stream.
    NoAudio = "no_audio",
    /// Nothing of it could be decoded or unpacked.
    Damaged = "damaged",
    /// Digital silence only.
    Silent = "silent",
    /// Too few spectral peaks to be told from other recordings.
    TooShort = "too_short",
    /// A sample rate outside the range that is resampled.
    SampleRate = "sample_rate",
    /// It needs a password.
    Encrypted = "encrypted",
    /// It lies compressed and is longer than what is held in memory.
    TooLarge = "too_large",
    /// It was still being written, or its download was not complete.
    Unfinished = "unfinished",
    /// It took longer than an item may.
    Timeout = "timeout",
    /// The run was stopped. Never in a record: the item is examined in the next run.
    Cancelled = "cancelled",
    /// ffmpeg is installed and could not be run.
    Ffmpeg = "ffmpeg",
    /// A panic, which is a defect of this program.
    Panic = "panic",
    /// A database with data about people, which is not read.
    PersonalData = "personal_data",
    /// A document that could not be searched for identifiers to its end.
    MetadataDamaged = "metadata_damaged",
    /// A database that lies compressed and cannot be searched there.
    MetadataPacked = "metadata_packed",
    /// A `.torrent` file that cannot be parsed.
    TorrentUnreadable = "torrent_unreadable",
    /// A file added to the catalogue that is in it already, as a recording instead of a neutral reference or the other way
    /// round.
    OtherKind = "other_kind",
    /// The end of a container is missing.
    ContainerTruncated = "container_truncated",
    /// The structure of a container is damaged.
    ContainerDamaged = "container_damaged",
    /// A container without members.
    ContainerEmpty = "container_empty",
    /// A kind of container, or a feature of one, that is not read.
    ContainerUnsupported = "container_unsupported",
    /// Containers in containers, deeper than the limit.
    ContainerTooDeep = "container_too_deep",
    /// A container that unpacks to more than its limit.
    ContainerBomb = "container_bomb",
    /// A container with more members than the limit.
    ContainerMembers = "container_members",
}

impl FailureKind {
    /// Whether the failure holds as long as the bytes do, so that an unchanged file need not be scanned again. Failures that
    /// depend on the disk, the clock, the installation or a defect of this program do not, and nor do unknown ones.
    pub const fn is_lasting(&self) -> bool {
        match self {
            Self::NotAudio
            | Self::Mislabelled
            | Self::Empty
            | Self::Unsupported
            | Self::NoAudio
            | Self::Damaged
            | Self::Silent
            | Self::TooShort
            | Self::SampleRate
            | Self::Encrypted
            | Self::TooLarge
            | Self::PersonalData
            | Self::MetadataDamaged
            | Self::MetadataPacked
            | Self::TorrentUnreadable
            | Self::ContainerTruncated
            | Self::ContainerDamaged
            | Self::ContainerEmpty
            | Self::ContainerUnsupported
            | Self::ContainerTooDeep
            | Self::ContainerBomb
            | Self::ContainerMembers => true,
            Self::Io
            | Self::NotAFile
            | Self::LinkOutside
            | Self::LinkLoop
            | Self::LinkBroken
            | Self::Unfinished
            | Self::Timeout
            | Self::Cancelled
            | Self::Ffmpeg
            | Self::Panic
            | Self::OtherKind
            | Self::Other(_) => false,
        }
    }

    /// Whether it tells of a container whose members, or some of them, could not be listed. Their words begin with
    /// `container_`, those of other versions too.
    pub fn is_container(&self) -> bool {
        self.as_str().starts_with("container_")
    }
}

impl PartialOrd for FailureKind {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for FailureKind {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for FailureKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for FailureKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|word| Self::from(word.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::json;

    #[test]
    fn every_kind_is_read_back_from_its_word() {
        for kind in FailureKind::KNOWN {
            assert_eq!(FailureKind::from(kind.as_str()), *kind);
            assert_eq!(serde_json::from_str::<FailureKind>(&json(kind)).unwrap(), *kind);
        }
    }

    #[test]
    fn a_kind_of_another_version_is_written_back_unchanged_and_looked_into_again() {
        let text = r#"{"stage":"read","kind":"container_haunted","message":"is haunted"}"#;
        let record: FailureRecord = serde_json::from_str(text).unwrap();
        assert_eq!(record.kind, FailureKind::Other("container_haunted".into()));
        assert_eq!(json(&record), text);
        assert!(record.kind.is_container() && !record.kind.is_lasting());
    }

    #[test]
    fn what_is_wrong_and_what_to_do_about_it_make_one_line() {
        let failure =
            FailureRecord::new(Stage::Probe, FailureKind::Empty, "is empty", "fetch it again");
        assert_eq!(failure.message, "is empty; fetch it again");
    }
}
