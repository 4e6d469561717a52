//! The item: what it is, what was found in it, or why it could not be compared.

use serde::{Deserialize, Serialize};

use super::{FailureKind, FailureRecord, Finding, TorrentFacts, Verdict};

/// One object of the JSONL report: an item, its verdict and its findings.
///
/// # Example
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/example.rs"));
/// use leakhound::record::{ItemRecord, Relation};
/// use leakhound::report::Format;
/// use leakhound::session::Session;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = Example::new()?;
/// # let (masters, dump) = (folder.masters()?, folder.dump()?);
/// # let session = Session::open(folder.path().join("home"))?;
/// # session.add(&[masters])?;
/// # session.scan(&[dump], &mut |_: &leakhound::scan::Progress| {})?;
/// let mut report = Vec::new();
/// session.report(None, Format::Jsonl, &mut report)?;
/// for line in String::from_utf8(report)?.lines() {
///     let record: ItemRecord = serde_json::from_str(line)?;
///     for finding in &record.findings {
///         println!("{}: {:?} of {}", record.item.path, finding.relation, finding.recording_path);
///         # assert_eq!(finding.relation, Some(Relation::Excerpt));
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemRecord {
    /// What is known of the item itself.
    pub item: ItemFacts,
    /// The strongest verdict of the findings; `clear` if there are none, `failed` if the item could not be compared.
    pub verdict: Verdict,
    /// The findings, strongest first.
    pub findings: Vec<Finding>,
    /// Why the item could not be compared; `null` if it was.
    pub failure: Option<FailureRecord>,
    /// What is odd about the item without keeping it from being compared: damaged packets, a truncated end, a fallback to
    /// ffmpeg. One sentence each.
    pub notes: Vec<String>,
    /// Whether its identifiers (ISRC, hash of the file) and its sound name the same recordings.
    #[serde(default)]
    pub claims: ClaimCheck,
    /// Whether some of the sound that may be in it was not heard, so that `clear` holds for the rest alone: bytes that were not read,
    /// streams that were left out, much damage. The notes tell.
    #[serde(default)]
    pub is_partial: bool,
}

impl ItemRecord {
    /// Whether it has a match or a suspect that nobody has dismissed.
    pub fn alarms(&self) -> bool {
        self.findings.iter().any(|f| f.verdict <= Verdict::Suspect && !f.is_dismissed())
    }

    /// Whether nothing, or not enough, is known about it: it could not be read, or not all of it. Not so for what is no audio.
    pub fn is_unknown(&self) -> bool {
        self.is_partial
            || self.failure.as_ref().is_some_and(|failure| failure.kind != FailureKind::NotAudio)
    }
}

/// How the identifiers of an item (ISRC, hash of the file) compare with what was heard in it. Only matches count as heard.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum ClaimCheck {
    /// Neither an identifier nor a sound is in the catalogue: `""`.
    #[default]
    #[serde(rename = "")]
    Nothing,
    /// Both name the same recording.
    Agree,
    /// They name different recordings.
    Disagree,
    /// An identifier is in the catalogue, no sound was heard.
    ClaimOnly,
    /// A recording was heard, no identifier is in the catalogue.
    SoundOnly,
    /// A recording was heard in an item that has an ISRC, which is not in the catalogue.
    ForeignClaim,
}

impl ClaimCheck {
    /// The word of the JSONL contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Agree => "agree",
            Self::Disagree => "disagree",
            Self::ClaimOnly => "claim_only",
            Self::SoundOnly => "sound_only",
            Self::ForeignClaim => "foreign_claim",
        }
    }
}

/// What is known of the item itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemFacts {
    /// Absolute path. Bytes that are not UTF-8 are written as `\xNN`, a backslash as `\\` (not on Windows). For a member of a
    /// container: the container's path, `!/` and the member's name.
    pub path: String,
    /// Size in bytes, unpacked if it lies in a container.
    pub size_bytes: u64,
    /// SHA-256 of the bytes, lower-case hex; `""` if they could not be read to the end.
    pub sha256: String,
    /// Codec of the first audio stream, `""` if unknown.
    pub codec: String,
    /// Decoded length of the longest audio stream; if the item was only probed, the length that its container declares.
    pub duration_seconds: f64,
    /// Number of audio streams that were decoded.
    pub streams: u32,
    /// Where the item is, to find it again: [`crate::source::Locator`] has the grammar.
    #[serde(default)]
    pub locator: String,
    /// The containers that the item lies in, outermost first: `gzip/tar`; `""` for a file on disk.
    #[serde(default)]
    pub containers: String,
    /// Byte offset of the item in the file on disk; `null` if its bytes are compressed or scattered there.
    #[serde(default)]
    pub offset: Option<u64>,
    /// The torrent's file that the item is, or lies in; `null` if no torrent beside it lists it.
    #[serde(default)]
    pub torrent: Option<TorrentFacts>,
}
