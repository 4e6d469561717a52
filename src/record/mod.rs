//! The item record: all that a run concluded about one item, as every report writes it.
//!
//! It is the JSONL contract: keys are always present, later versions add keys and take none away.
//! It holds no logic of matching and knows no file format.

mod released;

pub use released::{
    AS_RELEASED_CENTS, AS_RELEASED_TEMPO, is_as_released, is_released_pitch, is_released_tempo,
};

use serde::{Deserialize, Serialize};

/// Raised when the record of the same item says more than before, so that an old one is not taken over into a new run.
pub const RECORD_VERSION: u32 = 6;

/// What a run concluded about an item, or what one finding claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The item holds a recording of the catalogue.
    Match,
    /// It may hold one: a person has to look.
    Suspect,
    /// It holds one, and may: the use is licensed, or no right of the label's is in force.
    Permitted,
    /// It was read and nothing was found.
    Clear,
    /// It could not be read, so nothing is known about it.
    Failed,
}

impl Verdict {
    /// The word of the JSONL contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Suspect => "suspect",
            Self::Permitted => "permitted",
            Self::Clear => "clear",
            Self::Failed => "failed",
        }
    }
}

/// The JSON of a record or of a part of one.
pub(crate) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("text, numbers and lists only")
}

/// One object of the JSONL report: an item, its verdict and its findings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemRecord {
    /// What was looked at.
    pub item: ItemFacts,
    /// The strongest verdict of the findings, `clear` without any, `failed` if it was not readable.
    pub verdict: Verdict,
    /// Strongest first.
    pub findings: Vec<Finding>,
    /// Why nothing is known, or `null`.
    pub failure: Option<FailureRecord>,
    /// What is true of the item but did not stop it from being compared: damaged packets, a
    /// truncated end, the help of an outside decoder. One sentence each.
    pub notes: Vec<String>,
    /// What identifiers (ISRC, hash) and sound that is a match say of each other: `agree`; `disagree`, they name different recordings;
    /// `claim_only`, identifiers of the catalogue and no sound of it; `sound_only`, the other way round; `foreign_claim`, sound
    /// of the catalogue under an ISRC that is not in it; `""` if neither is of the catalogue.
    #[serde(default)]
    pub claims: String,
}

impl ItemRecord {
    /// Whether it has a match or suspect that nobody has dismissed.
    pub fn alarms(&self) -> bool {
        self.findings.iter().any(|f| f.verdict <= Verdict::Suspect && !f.is_dismissed())
    }
}

/// What is known of the item itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemFacts {
    /// Absolute path. Bytes that are not UTF-8 stand as `\xNN`, a backslash as `\\` (not on Windows). In
    /// a container, its path, `!/` and the name of the member.
    pub path: String,
    /// Its own size.
    pub size_bytes: u64,
    /// SHA-256 of the bytes, lower-case hex; empty if they could not be read to the end.
    pub sha256: String,
    /// Codec of the first audio stream, `""` if unknown.
    pub codec: String,
    /// Decoded length of the longest audio stream; of an item that was only probed, the length that its
    /// container gives.
    pub duration_seconds: f64,
    /// Number of audio streams that were decoded.
    pub streams: u32,
    /// Where it is, for programs: [`crate::source::Locator`] has its grammar.
    #[serde(default)]
    pub locator: String,
    /// Kinds of the containers that it lies in, outermost first: `gzip/tar`; `""` for a file on disk.
    #[serde(default)]
    pub containers: String,
    /// Byte offset in the file on disk at which it lies as it is; `null` if it is compressed or scattered there.
    #[serde(default)]
    pub offset: Option<u64>,
    /// The file of a torrent that it is, or that its container is; `null` if no torrent beside it has it.
    #[serde(default)]
    pub torrent: Option<TorrentFacts>,
}

/// Which file of which torrent an item is, and whether it is what the torrent's hashes say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TorrentFacts {
    /// Where it is in the torrent, for programs: the `.torrent` file, info-hash and path.
    pub locator: String,
    /// Info-hash of version 1, lower-case hex; `""` if it has none.
    pub info_hash: String,
    /// … of version 2.
    pub info_hash_v2: String,
    /// What the torrent is called.
    pub name: String,
    /// Path of the file in the torrent.
    pub file: String,
    /// Whether the bytes on disk are those of the torrent.
    pub integrity: Integrity,
    /// How many bytes of the item, or of its container if it lies compressed there, have the right hashes.
    pub verified_bytes: u64,
    /// Other torrents there that have the file, too, and fit no better; of the first eight.
    #[serde(default)]
    pub others: u32,
}

/// Whether what is on disk is what a torrent's hashes say. It is looked into where something was found, or an item could
/// not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Integrity {
    /// Every byte has the right hash.
    Verified,
    /// Some have; the others were not fetched, or share a piece with a file that is not there or is wrong itself.
    Partial,
    /// None could be compared.
    Unverified,
    /// Some are there and have another hash, in a piece that is no other file's, or are more than the torrent has.
    Damaged,
    /// It was not looked into.
    Unchecked,
}

impl Integrity {
    /// The word of the JSONL contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Partial => "partial",
            Self::Unverified => "unverified",
            Self::Damaged => "damaged",
            Self::Unchecked => "unchecked",
        }
    }
}

impl TorrentFacts {
    /// A sentence of it.
    pub fn describe(&self) -> String {
        let hash = if self.info_hash.is_empty() { &self.info_hash_v2 } else { &self.info_hash };
        let integrity = match self.integrity {
            Integrity::Verified => "verified",
            Integrity::Partial => "verified in part",
            Integrity::Unverified => "not verified",
            Integrity::Damaged => "damaged: it is not what the torrent says",
            Integrity::Unchecked => "not compared",
        };
        let others = match (self.others, self.integrity) {
            (0, _) => String::new(),
            (others, Integrity::Unchecked) => {
                format!("; torrents beside it that have it, too: {others}")
            }
            (others, _) => format!("; torrents beside it that fit no better: {others}"),
        };
        format!("file {} of the torrent {} ({hash}), {integrity}{others}", self.file, self.name)
    }
}

/// One recording of the catalogue found in an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Id in the catalogue.
    pub recording_id: String,
    /// Where the catalogue's file was when it was added.
    pub recording_path: String,
    /// Title of the recording, `""` if the catalogue has none.
    pub title: String,
    /// Artist, likewise.
    pub artist: String,
    /// ISRC, likewise.
    pub isrc: String,
    /// [`Verdict::Match`], [`Verdict::Suspect`] or [`Verdict::Permitted`].
    pub verdict: Verdict,
    /// Chance that an unrelated item scores as high against the whole catalogue, all hypotheses
    /// counted.
    pub false_alarm_probability: f64,
    /// Catalogue landmarks and peaks that agree on this alignment.
    pub score: f64,
    /// How much faster the item plays than the recording: 1.10 is 10 % faster.
    pub tempo: f64,
    /// How much higher the item sounds than the recording, in cents.
    pub pitch_cents: f64,
    /// Where both agree, in order of the item's time.
    pub spans: Vec<Span>,
    /// Share of the item's duration inside the spans, 0 to 1.
    pub item_coverage: f64,
    /// Share of the recording's duration inside the spans, 0 to 1.
    pub recording_coverage: f64,
    /// Audio stream of the item, from 0.
    pub stream: u32,
    /// Ids of other recordings of the catalogue that hold the same sound as this one where the item agrees with
    /// both: a loop, a sample, another edit. Which of them the item took it from cannot be told there.
    #[serde(default)]
    pub shares_passage_with: Vec<String>,
    /// What speaks for it: `T0` an identifier, `T1` the hash of the file, `T3` the sound, `T4` the sound at another
    /// speed, tempo or pitch. Without `T3` or `T4` it is a claim of the item's, its spans are empty and its numbers say
    /// nothing.
    #[serde(default)]
    pub tiers: Vec<String>,
    /// Where the item says so, for `T0` and `T1`: `ISRC GBAYE0000351 in its tags`.
    #[serde(default)]
    pub claimed_by: Vec<String>,
    /// What the catalogue's rights, licences and marks say of it; `null` where all of it is the label's.
    #[serde(default)]
    pub standing: Option<Standing>,
    /// What the finding claims; `null` of a claim that nobody heard, and in records of before relations were named.
    #[serde(default)]
    pub relation: Option<Relation>,
    /// The numbers that the relation rests on; `null` where there is no relation.
    #[serde(default)]
    pub explained: Option<Explained>,
    /// What the alignment looks like, for people who want to see it; `null` of a claim that nobody heard, and in records of before.
    #[serde(default)]
    pub evidence: Option<Evidence>,
    /// Names the finding for good: the same bytes with the same recording at the same place have the same id in every
    /// run and at every path. `f-` and 16 hexadecimal digits; `""` in records of before there were ids.
    #[serde(default)]
    pub finding_id: String,
    /// What the catalogue says of the recording beyond its title; `null` in records of before it was kept.
    #[serde(default)]
    pub work: Option<Work>,
    /// Digest of what was heard of the stream, in lower-case hex: other bytes with the very same sound (another container, other tags) have the
    /// same. `""` of a claim that nobody heard, and in records of before.
    #[serde(default)]
    pub sound: String,
    /// What a person decided about it; `null` if nobody has. It changes nothing of what was found.
    #[serde(default)]
    pub decision: Option<Decision>,
}

/// What a finding claims of an item and a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The item is the recording, whole.
    Copy,
    /// The item is a part of the recording.
    Excerpt,
    /// The recording, whole or in part, is in a longer item: a mix, an album, a film.
    Contains,
    /// The recording sounds under or over something else: speech, other music, noise.
    Layered,
    /// Parts of the recording alone: its voice, its drums, all but its voice.
    Stem,
    /// Both hold the same loop, sample or kit, or play the same notes, and differ in the rest. Never a match.
    SharedMaterial,
}

impl Relation {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Copy,
        Self::Excerpt,
        Self::Contains,
        Self::Layered,
        Self::Stem,
        Self::SharedMaterial,
    ];

    /// The word of the JSONL contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Excerpt => "excerpt",
            Self::Contains => "contains",
            Self::Layered => "layered",
            Self::Stem => "stem",
            Self::SharedMaterial => "shared_material",
        }
    }

    /// A sentence for people who decide about it.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Copy => "The item is a copy of the recording.",
            Self::Excerpt => "The item is an excerpt of the recording.",
            Self::Contains => {
                "The item contains the recording, or a part of it, beside other material."
            }
            Self::Layered => "The recording can be heard in the item together with other sound.",
            Self::Stem => {
                "The item has some of the recording's parts alone (a stem), or it is another recording of the same notes."
            }
            Self::SharedMaterial => {
                "Both hold common material (a loop, a sample, a drum kit, the same notes) and differ in the rest: \
                 this does not show that the item uses the recording."
            }
        }
    }
}

/// How much of an item and of a recording agrees where they are aligned. Shares are from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Explained {
    /// The share of the recording's peaks in the spans that the item has, too.
    pub recording_share: f64,
    /// The share of the item's strong peaks in the spans that the recording has, too.
    pub item_share: f64,
    /// The largest share of the recording's peaks that the same two reach at any other alignment: high where music
    /// keeps to a grid or repeats a loop.
    pub elsewhere_share: f64,
    /// The largest share that another recording of the catalogue reaches in the same stretch of the item, of those that have
    /// something in common with this one there; 0 if there is none. Recordings that are the same sound are left out.
    pub others_share: f64,
}

/// What a person decided about a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What.
    pub state: DecisionState,
    /// Why it was dismissed; `null` else.
    pub ground: Option<Ground>,
    /// In that person's words.
    pub reason: String,
    /// The person's name.
    pub by: String,
    /// When, `2026-11-23T19:12:34Z`.
    pub at: String,
    /// What ties it to this finding.
    pub basis: Basis,
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DecisionState {
    /// It is an infringement; a notice may be drafted.
    Accepted,
    /// It is none, or not the label's business.
    Dismissed,
    /// Later.
    Deferred,
}

/// Why a finding was dismissed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// The use is licensed.
    Licensed,
    /// Both took it from the same source: a sample library, a loop.
    SharedSample,
    /// The recording is not in the item.
    Wrong,
    /// The recording is not the label's.
    NotOurs,
}

/// What ties a decision to a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// It was decided about this item, at this place.
    Item,
    /// … about the same bytes elsewhere.
    Bytes,
    /// … about the very same sound in other bytes.
    Sound,
}

impl DecisionState {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Dismissed => "dismissed",
            Self::Deferred => "deferred",
        }
    }
}

impl Ground {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Licensed, Self::SharedSample, Self::Wrong, Self::NotOurs];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Licensed => "licensed",
            Self::SharedSample => "shared_sample",
            Self::Wrong => "wrong",
            Self::NotOurs => "not_ours",
        }
    }
}

impl Basis {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Item => "item",
            Self::Bytes => "bytes",
            Self::Sound => "sound",
        }
    }
}

impl Decision {
    /// A sentence of it.
    pub fn describe(&self) -> String {
        let Self { state, ground, reason, by, at, basis } = self;
        let ground = ground
            .map_or_else(String::new, |ground| format!(" ({})", ground.as_str().replace('_', " ")));
        let basis = match basis {
            Basis::Item => "",
            Basis::Bytes => ", of the same bytes elsewhere",
            Basis::Sound => ", of the same sound in other bytes",
        };
        let day = at.get(..10).unwrap_or(at);
        format!("{}{ground} by {by} on {day}{basis}: {reason}", state.as_str())
    }
}

/// What an alignment was scored on, in few points: at most 1 kB, whatever the length of the item.
///
/// The texts are base64 (RFC 4648, with padding) of packed points, which programs unpack as the fields say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Spectral peaks of the recording inside the spans.
    pub peaks: u64,
    /// … and how many of them the item has where they should be, by 35 ms and 14 cents. Under noise few are, and prints decide.
    pub peaks_met: u64,
    /// Up to 64 peaks that met, spread over all spans by the item's time. Four bytes each, big-endian from the highest bit: 12 bits time in the
    /// item over its duration, 12 bits time in the recording over its duration, 8 bits pitch of the recording's peak in 1/50 octave above 250 Hz.
    pub dots: String,
    /// Length of the recording, which `dots` are told in.
    pub recording_seconds: f64,
    /// The stretch of a few seconds with most peaks that met; `null` if none did.
    pub window: Option<PeakWindow>,
    /// The share of the recording's strong peaks that is met when the recording is moved by −3.0, −2.9 … +3.0 s against the item, in the best span:
    /// 61 bytes in percent. That in the middle is the alignment, the others are chance and what the music repeats.
    pub met_when_moved: String,
    /// The next best recording for the same stretch of the item; `null` if no other recording showed any likeness there.
    pub runner_up: Option<RunnerUp>,
}

/// Peaks of item and recording in one short stretch of both, to lie over each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeakWindow {
    /// The stretch of the item, and that of the recording which lies on it.
    pub span: Span,
    /// Up to 64 of the item's peaks: those that the recording's meet, then the strongest others. Three bytes each, big-endian, by time: 12 bits
    /// time over the window, 12 bits pitch in 1/800 octave above 250 Hz.
    pub item: String,
    /// The recording's up to 64 strongest peaks, likewise.
    pub recording: String,
}

/// The next best recording for a stretch of an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunnerUp {
    /// Id in the catalogue.
    pub recording_id: String,
    /// Title of the recording, `""` if the catalogue has none.
    pub title: String,
    /// Artist, likewise.
    pub artist: String,
    /// Chance that an unrelated item scores as high; 1 is no evidence at all.
    pub false_alarm_probability: f64,
}

/// What the catalogue says of a recording that was found: what the label delivered of it, else what the tags of the
/// label's file say. What was not said is empty or `null`; nothing is guessed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Work {
    /// Id of the label's entry, `""` if only the sound file is known.
    pub entry_id: String,
    /// The label's ids of it in other systems.
    pub own_ids: Vec<String>,
    /// Version: `Radio Edit`.
    pub version: String,
    /// Label.
    pub label: String,
    /// Releases that it is on, in the label's order.
    pub releases: Vec<Release>,
    /// ℗ line.
    pub p_line: String,
    /// © line.
    pub c_line: String,
    /// Number of its registration at the US Copyright Office.
    pub registration: String,
    /// Date of that registration: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    pub registration_date: String,
    /// Date of first publication, likewise.
    pub first_published: String,
    /// Countries in which the rights are the label's; `WW`, or none, is the whole world.
    pub territories: Vec<String>,
    /// Countries in which they are not.
    pub territories_excluded: Vec<String>,
    /// Share of the rights, in percent.
    pub share_percent: Option<f64>,
}

impl Work {
    /// One thing of all releases, those left out that have none, joined by `; `.
    pub fn of_releases(&self, of: fn(&Release) -> &str) -> String {
        let texts: Vec<_> = self.releases.iter().map(of).filter(|text| !text.is_empty()).collect();
        texts.join("; ")
    }
}

/// A release that a recording is on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Release {
    /// Title.
    pub title: String,
    /// UPC (12 digits) or EAN (13).
    pub upc: String,
    /// Global Release Identifier.
    pub grid: String,
    /// The label's catalogue number.
    pub catalogue_number: String,
    /// Date of release.
    pub date: String,
}

/// Why a finding is less than an infringement, or may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// A stable word to group and count by.
    pub kind: StandingKind,
    /// One line for people.
    pub reason: String,
}

/// How a recording or a finding of it stands, the fullest right first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StandingKind {
    /// The rights hold in some territories, and where the item is offered is not known.
    Limited,
    /// A passage that other recordings of the catalogue hold, too.
    SharedPassage,
    /// Some seconds of a longer item and of a longer recording: in records of before [`Relation`] was told.
    BriefPassage,
    /// Both hold a loop, a sample, a kit or the same notes, and differ in the rest.
    SharedMaterial,
    /// A part of the recording alone, or another recording of the same notes.
    Stem,
    /// What agrees loops exactly: where in the recording it is from, or whether it is from there at all, cannot be told.
    ExactLoop,
    /// The label wants a person to look at it, or somebody else may have licensed the use.
    Review,
    /// The item is offered where the label has no rights.
    OutsideTerritory,
    /// The rights have ended.
    Expired,
    /// The label does not want it reported.
    Excluded,
    /// Nobody's right.
    PublicDomain,
    /// This dump, file or recording is licensed.
    Licensed,
}

impl StandingKind {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Limited => "limited",
            Self::SharedPassage => "shared_passage",
            Self::BriefPassage => "brief_passage",
            Self::SharedMaterial => "shared_material",
            Self::Stem => "stem",
            Self::ExactLoop => "exact_loop",
            Self::Review => "review",
            Self::OutsideTerritory => "outside_territory",
            Self::Expired => "expired",
            Self::Excluded => "excluded",
            Self::PublicDomain => "public_domain",
            Self::Licensed => "licensed",
        }
    }

    /// Whether it is no infringement, as far as the catalogue tells.
    pub const fn is_permitted(self) -> bool {
        !matches!(
            self,
            Self::Limited
                | Self::SharedPassage
                | Self::BriefPassage
                | Self::SharedMaterial
                | Self::Stem
                | Self::ExactLoop
                | Self::Review
        )
    }
}

impl Finding {
    /// Whether a person dismissed it.
    pub fn is_dismissed(&self) -> bool {
        self.decision.as_ref().is_some_and(|d| d.state == DecisionState::Dismissed)
    }

    /// Whether the sound speaks for it; else the item only says so.
    pub fn is_heard(&self) -> bool {
        // Records of before there were tiers speak of sound alone.
        self.tiers.is_empty() || self.tiers.iter().any(|tier| matches!(tier.as_str(), "T3" | "T4"))
    }
}

/// A stretch of the item and the stretch of the recording that it agrees with, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// Start in the item.
    pub item_start_seconds: f64,
    /// End in the item.
    pub item_end_seconds: f64,
    /// Start in the recording.
    pub recording_start_seconds: f64,
    /// End in the recording.
    pub recording_end_seconds: f64,
}

/// Why an item could not be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureRecord {
    /// Where it ended.
    pub stage: Stage,
    /// What kind of end: a stable word to group and count by, such as `empty` or `truncated`.
    pub kind: String,
    /// One line: the thing, the numbers, the remedy.
    pub message: String,
}

/// The kind of failure of an item that is no audio and does not claim to be: a cover image, a text
/// file. It is counted apart from what could not be read, for it alarms nobody.
pub const NOT_AUDIO: &str = "not_audio";

/// The stage of the way from source to verdict at which an item failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Finding it: a folder that cannot be listed, a link that leads nowhere.
    Walk,
    /// Opening and reading its bytes.
    Read,
    /// Telling what it is.
    Probe,
    /// Decoding it.
    Decode,
    /// Making its fingerprint: too short, silent.
    Fingerprint,
    /// Comparing it.
    Match,
}

impl Stage {
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
