//! A finding: one recording of the catalogue in an item.

use serde::{Deserialize, Serialize};

use super::{Decision, DecisionState, Evidence, NoticeFacts, Span, Standing, Verdict, Work};

/// One recording of the catalogue found in an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Id in the catalogue.
    pub recording_id: String,
    /// Path of the recording's file when it was added to the catalogue.
    pub recording_path: String,
    /// Title of the recording, `""` if the catalogue has none.
    pub title: String,
    /// Artist of the recording, `""` if the catalogue has none.
    pub artist: String,
    /// ISRC of the recording, `""` if the catalogue has none.
    pub isrc: String,
    /// [`Verdict::Match`], [`Verdict::Suspect`] or [`Verdict::Permitted`].
    pub verdict: Verdict,
    /// The probability that an unrelated item scores as high at the best alignment of the whole search space: all recordings,
    /// offsets and warps that were searched. From 1e-30 to 1.
    pub false_alarm_probability: f64,
    /// Log-likelihood ratio of the best span of the best alignment, in nats: how much likelier its peaks and sub-fingerprints
    /// are if the item holds the recording than by chance. A claim that nobody heard has 0.
    pub score: f64,
    /// Tempo of the item relative to the recording: 1.10 is 10 % faster.
    pub tempo: f64,
    /// Pitch of the item relative to the recording, in cents: 100 is a semitone higher.
    pub pitch_cents: f64,
    /// The stretches that agree, in order of the item's time.
    pub spans: Vec<Span>,
    /// Share of the item's duration inside the spans, 0 to 1.
    pub item_coverage: f64,
    /// Share of the recording's duration inside the spans, 0 to 1.
    pub recording_coverage: f64,
    /// Number of the item's audio stream, from 0.
    pub stream: u32,
    /// Ids of other recordings of the catalogue that hold the same passage: a loop, a sample, another edit. Which of them the
    /// item took it from cannot be told.
    #[serde(default)]
    pub shares_passage_with: Vec<String>,
    /// The kinds of evidence for it. Without [`Tier::Sound`] or [`Tier::ChangedSound`] it is only a claim of the item's: its
    /// spans are empty and its numbers are placeholders. Empty in records from before there were tiers, which were made from
    /// sound alone.
    #[serde(default)]
    pub tiers: Vec<Tier>,
    /// The places that name the recording, for [`Tier::Identifier`] and [`Tier::FileHash`]: `ISRC GBAYE0000351 in its tags`.
    #[serde(default)]
    pub claimed_by: Vec<String>,
    /// Why it is, or may be, less than an infringement, by the catalogue's rights, licences and marks; `null` if nothing
    /// speaks against it.
    #[serde(default)]
    pub standing: Option<Standing>,
    /// How item and recording are related; `null` for a claim that nobody heard, and in records from before relations were told.
    #[serde(default)]
    pub relation: Option<Relation>,
    /// The shares that the relation was decided by; `null` where there is no relation.
    #[serde(default)]
    pub explained: Option<Explained>,
    /// The alignment in few points, to be drawn; `null` for a claim that nobody heard, and in older records.
    #[serde(default)]
    pub evidence: Option<Evidence>,
    /// A lasting id: the same bytes with the same recording at the same place have the same id in every run and at every path.
    /// `f-` and 16 hexadecimal digits; `""` in records from before there were ids.
    #[serde(default)]
    pub finding_id: String,
    /// What else the catalogue says of the recording; `null` in records from before it was kept.
    #[serde(default)]
    pub work: Option<Work>,
    /// Digest of the stream's fingerprint, in lower-case hex: the same for files of the same sound in other bytes (another
    /// container, other tags). `""` for a claim that nobody heard, and in older records.
    #[serde(default)]
    pub sound: String,
    /// What a person decided about it; `null` if nobody has. Added when records are read, never stored with them.
    #[serde(default)]
    pub decision: Option<Decision>,
    /// Notices about it, the first one first. Added when records are read, never stored with them.
    #[serde(default)]
    pub notices: Vec<NoticeFacts>,
}

/// A kind of evidence for a finding. There is no `T2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Tier {
    /// An identifier of the recording, such as its ISRC.
    #[serde(rename = "T0")]
    Identifier,
    /// The hash of the label's file.
    #[serde(rename = "T1")]
    FileHash,
    /// The sound, as released.
    #[serde(rename = "T3")]
    Sound,
    /// The sound at another speed, tempo or pitch.
    #[serde(rename = "T4")]
    ChangedSound,
}

impl Tier {
    /// All tiers.
    pub const ALL: [Self; 4] = [Self::Identifier, Self::FileHash, Self::Sound, Self::ChangedSound];

    /// The word of the JSONL contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identifier => "T0",
            Self::FileHash => "T1",
            Self::Sound => "T3",
            Self::ChangedSound => "T4",
        }
    }

    /// The words of some tiers with a separator between them: `T0+T3`.
    pub fn join(tiers: &[Self], separator: &str) -> String {
        tiers.iter().map(|tier| tier.as_str()).collect::<Vec<_>>().join(separator)
    }
}

/// How an item and a recording are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The item is the recording, whole.
    Copy,
    /// The item is a part of the recording.
    Excerpt,
    /// The item is longer and contains the recording, whole or in part: a mix, an album, a film.
    Contains,
    /// The recording sounds under or over something else: speech, other music, noise.
    Layered,
    /// The item has parts of the recording alone: its voice, its drums, all but its voice.
    Stem,
    /// Both use the same loop, sample or drum kit, or play the same notes, and differ in the rest. Never a match.
    SharedMaterial,
}

impl Relation {
    /// All relations.
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
}

crate::base::impl_from_word!(Relation, "relation");

/// How much of an item and of a recording agrees where they are aligned. Shares are from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Explained {
    /// Share of the recording's peaks in the spans that the item has as well.
    pub recording_share: f64,
    /// Share of the item's strong peaks in the spans that the recording has as well.
    pub item_share: f64,
    /// Largest share of the recording's peaks that the item has at any other alignment of the two: high if the music keeps to
    /// a grid or repeats a loop.
    pub elsewhere_share: f64,
    /// Largest such share of another recording of the catalogue in the same stretch of the item, among those that have
    /// something in common with this one there; 0 if there is none. Other editions of the same recording are left out.
    pub others_share: f64,
    /// What else the relation was decided by. Records from before it was told do not have the key, so that their digests stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measures: Option<Measures>,
}

/// What a relation is decided by beside the shares of [`Explained`], measured over the surest alignment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// Length of its spans in the item, in seconds.
    pub seconds: f64,
    /// Log-likelihood ratio, in nats, of the peaks that agree beyond what other alignments of the two and other recordings agree.
    pub score_beyond: f64,
    /// Share of the recording's strong peaks that are missing where nothing in the item hides them.
    pub absent_share: f64,
    /// The same with each peak weighted by how seldom it agrees at the recording's other alignments.
    pub own_absent_share: f64,
    /// Share of the bits of the sub-fingerprints that agree; 0.5 by chance.
    pub sub_fingerprint_share: f64,
    /// Score of the best other recording in the same stretch of the item, as a share of this one's; 0 if there is none.
    pub rival_score_share: f64,
    /// Deviation of the levels of agreeing peaks from one gain an octave, in dB: four fifths deviate less.
    pub level_deviation_db: f64,
    /// The probability that a piece made from the recording's kit, at its tempo and in its key, that holds nothing else of it agrees
    /// as closely: from 1e-6 to 0.6. The false-alarm probability of a finding is that of unrelated music.
    pub same_kit_probability: f64,
    /// Number of the recording's strong peaks where both go on before and after the spans.
    pub beside_peaks: usize,
    /// Share of them that agrees.
    pub beside_share: f64,
}

impl Finding {
    /// A finding of a recording of which nothing is known but its id: no sound was heard (probability 1, score 0, the same tempo
    /// and pitch, no spans), and all else is empty.
    pub fn unheard(recording_id: String, verdict: Verdict) -> Self {
        Self {
            recording_id,
            recording_path: String::new(),
            title: String::new(),
            artist: String::new(),
            isrc: String::new(),
            verdict,
            false_alarm_probability: 1.0,
            score: 0.0,
            tempo: 1.0,
            pitch_cents: 0.0,
            spans: Vec::new(),
            item_coverage: 0.0,
            recording_coverage: 0.0,
            stream: 0,
            shares_passage_with: Vec::new(),
            tiers: Vec::new(),
            claimed_by: Vec::new(),
            standing: None,
            relation: None,
            explained: None,
            evidence: None,
            finding_id: String::new(),
            work: None,
            sound: String::new(),
            decision: None,
            notices: Vec::new(),
        }
    }

    /// Whether a person dismissed it.
    pub fn is_dismissed(&self) -> bool {
        self.decision.as_ref().is_some_and(|d| d.state == DecisionState::Dismissed)
    }

    /// Whether it was heard; otherwise it is only a claim of the item's.
    pub fn is_heard(&self) -> bool {
        // Records from before there were tiers were made from sound alone.
        self.tiers.is_empty()
            || self.tiers.iter().any(|tier| matches!(tier, Tier::Sound | Tier::ChangedSound))
    }
}
