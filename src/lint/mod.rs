//! The reference linter: what is wrong with a catalogue before it accuses anybody.
//!
//! It looks at what the label says (`words`), for passages without music (`still`), and compares each recording with all
//! others (`sound`), as released or also at other speeds, tempos and pitches, and with the neutral references (`kit`). Each line
//! says what it may do to a report.
//! Passages that recordings share with each other or with a neutral reference, and steady tones, are handed to the catalogue,
//! which marks them: a finding that lies in them alone is a suspect and says so.

mod kit;
mod sound;
mod still;
mod words;

use std::sync::atomic::AtomicBool;

use crate::catalog::{Catalog, CatalogError, Passage};
use crate::index::IndexError;
use crate::scan::Mode;

/// A kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LintKind {
    /// The same sound under two records.
    SameAudio,
    /// One recording is the sound of several entries.
    SeveralEntries,
    /// One ISRC for several entries.
    SharedIsrc,
    /// Versions of one recording: remaster, edit.
    Version,
    /// One recording is the other at another speed, tempo or pitch.
    OtherSpeed,
    /// A short stretch of another recording: a preview taken for a master.
    Preview,
    /// The file is much shorter or longer than the label says.
    WrongLength,
    /// A passage that other recordings hold, too.
    SharedPassage,
    /// A passage of silence.
    Silence,
    /// A passage of a steady tone.
    Tone,
    /// Silence and tones are most of it.
    NoMusic,
    /// Neutral references and masks explain half of it and more.
    OnlyKit,
    /// Too short.
    TooShort,
    /// The rights are not exclusive.
    NonExclusive,
    /// In the public domain, or free by licence.
    PublicDomain,
    /// What is no reference by its kind: sample library, karaoke, mix.
    NoReference,
}

impl LintKind {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SameAudio => "same_audio",
            Self::SeveralEntries => "several_entries",
            Self::SharedIsrc => "shared_isrc",
            Self::Version => "version",
            Self::OtherSpeed => "other_speed",
            Self::Preview => "preview",
            Self::WrongLength => "wrong_length",
            Self::SharedPassage => "shared_passage",
            Self::Silence => "silence",
            Self::Tone => "tone",
            Self::NoMusic => "no_music",
            Self::OnlyKit => "only_kit",
            Self::TooShort => "too_short",
            Self::NonExclusive => "non_exclusive",
            Self::PublicDomain => "public_domain",
            Self::NoReference => "no_reference",
        }
    }

    /// What it may do to a report, and what to do about it.
    pub const fn effect(self) -> &'static str {
        match self {
            Self::SameAudio => {
                "one item is reported as two recordings; remove one, or give both files to one entry"
            }
            Self::SeveralEntries => {
                "reports show the words of the first by its id, and the rights that accuse least; split or merge the entries"
            }
            Self::SharedIsrc => {
                "an identifier names several recordings, so what only claims it is a suspect of each; correct the ISRC"
            }
            Self::Version => {
                "an item is reported as each version that it holds, the best first; set the policy of one to review or exclude if only one is yours"
            }
            Self::OtherSpeed => {
                "an edit of the one in a dump is reported as both, one of them as changed in speed; set the policy of one to review or exclude if only one is yours"
            }
            Self::Preview => {
                "short clips are reported twice, and its coverage says 100 % of what is a part; remove it, or import the whole file"
            }
            Self::WrongLength => {
                "the sound may be another recording or a preview, and would accuse under the wrong name; listen to it"
            }
            Self::SharedPassage => {
                "a finding in the passage alone may be from elsewhere; it is marked, and such a finding is a suspect"
            }
            Self::Silence => {
                "nothing is found there, so that a whole copy is told as a part of the recording; cut the file if the silence is none of the release"
            }
            Self::Tone => {
                "whoever uses the same tone holds the same sound; it is marked, and a finding in it alone is a suspect"
            }
            Self::NoMusic => {
                "hardly anything of it can be told from other files; listen to it, and remove it or set its policy to exclude"
            }
            Self::OnlyKit => {
                "what is neutral speaks for no recording, so that hardly anything of it is ever found; remove it, or take back what is neutral if it is yours alone"
            }
            Self::TooShort => {
                "what agrees with it can hardly be told from chance; set its policy to review"
            }
            Self::NonExclusive => {
                "the use may be licensed by somebody else; what is found of it is a suspect for a person to look at"
            }
            Self::PublicDomain => {
                "what is found of it is no infringement and is shown as permitted"
            }
            Self::NoReference => {
                "others use the same sound lawfully; set its policy to exclude or review"
            }
        }
    }
}

/// One line of the linter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Line {
    /// What it is.
    pub kind: LintKind,
    /// Recordings and entries that it is about, by their ids.
    pub about: Vec<String>,
    /// With names and numbers.
    pub detail: String,
}

/// All that was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Linted {
    /// Sorted by kind and what they are about.
    pub lines: Vec<Line>,
    /// To be marked.
    pub passages: Vec<Passage>,
    /// Recordings that were compared.
    pub recordings: usize,
    /// Neutral references that they were compared with.
    pub neutral: usize,
    /// It was stopped before its end.
    pub stopped: bool,
}

/// Why a catalogue cannot be linted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LintError {
    /// It cannot be read.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// Its index is damaged.
    #[error(transparent)]
    Index(#[from] IndexError),
}

/// Lints a catalogue on a day (`YYYY-MM-DD`), comparing recordings as thoroughly as `mode` compares items. `pool` compares;
/// `tell` hears how many recordings are compared, of how many.
///
/// # Errors
///
/// If the catalogue cannot be read.
pub fn lint(
    catalog: &Catalog,
    day: &str,
    mode: Mode,
    pool: &rayon::ThreadPool,
    stop: &AtomicBool,
    tell: &(dyn Fn(usize, usize) + Sync),
) -> Result<Linted, LintError> {
    let mut linted = Linted::default();
    words::lint(catalog, day, &mut linted)?;
    sound::lint(catalog, mode, pool, stop, tell, &mut linted)?;
    linted.lines.sort();
    linted.lines.dedup();
    Ok(linted)
}
