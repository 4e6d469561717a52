//! The reference linter: finds what would make a catalogue accuse wrongly.
//!
//! It checks the label's metadata (`words`), looks for passages without music (`still`), and compares each recording with all
//! others (`sound`) and with the neutral references (`kit`), as released or also at other speeds, tempos and pitches. Each line
//! says how it affects reports.
//! Passages that recordings share with each other or with a neutral reference, and steady tones, are marked in the catalogue: a
//! finding inside such a passage alone is a suspect and says so.

mod kit;
mod sound;
mod still;
mod words;

use std::sync::atomic::AtomicBool;

use crate::catalog::{Catalog, CatalogError, Passage};
use crate::index::IndexError;
use crate::scan::Mode;

/// A kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LintKind {
    /// Two recordings have the same sound.
    SameAudio,
    /// One recording belongs to several entries.
    SeveralEntries,
    /// Several entries have the same ISRC.
    SharedIsrc,
    /// Two recordings are versions of one: a remaster, an edit.
    Version,
    /// One recording is the other at another speed, tempo or pitch.
    OtherSpeed,
    /// A recording is a short stretch of another: a preview was delivered instead of the master.
    Preview,
    /// The file is much shorter or longer than the label says.
    WrongLength,
    /// A passage is in other recordings too.
    SharedPassage,
    /// A passage of silence.
    Silence,
    /// A passage of a steady tone.
    Tone,
    /// Silence and tones are most of a recording.
    NoMusic,
    /// Neutral references and masks explain at least half of a recording.
    OnlyKit,
    /// A recording is shorter than 10 s.
    TooShort,
    /// The label's rights are not exclusive.
    NonExclusive,
    /// A recording is in the public domain, or free by licence.
    PublicDomain,
    /// A recording is unfit as a reference by its kind: a sample library, karaoke, a mix.
    NoReference,
}

impl LintKind {
    /// The kind's word in output, as in JSON.
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

    /// How it affects reports; and the remedy.
    pub const fn effect(self) -> &'static str {
        match self {
            Self::SameAudio => {
                "one item is reported as two recordings; remove one, or give both files to one entry"
            }
            Self::SeveralEntries => {
                "reports show the metadata of the entry with the lowest id, and the rights that accuse least; split or merge the entries"
            }
            Self::SharedIsrc => {
                "an item that carries the ISRC is reported as a suspect of each entry; correct the ISRC"
            }
            Self::Version => {
                "an item is reported as each version that it holds, the best first; if only one is yours, set the policy of the other to review or exclude"
            }
            Self::OtherSpeed => {
                "a copy of one is reported as both, the other as changed in speed; if only one is yours, set the policy of the other to review or exclude"
            }
            Self::Preview => {
                "short clips are reported twice, and a coverage of 100 % means only the preview; remove it, or import the whole file"
            }
            Self::WrongLength => {
                "the file may hold another recording or a preview, and would accuse under the wrong name; listen to it"
            }
            Self::SharedPassage => {
                "a finding in the passage alone may be from elsewhere; it is marked, and such a finding is a suspect"
            }
            Self::Silence => {
                "nothing can be found there, so that a whole copy is reported as a part of the recording; cut the file if the silence is not on the release"
            }
            Self::Tone => {
                "other files hold the same tone; it is marked, and a finding in it alone is a suspect"
            }
            Self::NoMusic => {
                "hardly anything tells it from other files; listen to it, then remove it or set its policy to exclude"
            }
            Self::OnlyKit => {
                "neutral material is no evidence, so that it is hardly ever found; remove it, or unmark the neutral reference if that is yours alone"
            }
            Self::TooShort => {
                "a true match can hardly be told from chance; set its policy to review"
            }
            Self::NonExclusive => {
                "somebody else may have licensed the use; its findings are suspects for a person to look at"
            }
            Self::PublicDomain => "its findings are no infringement and are shown as permitted",
            Self::NoReference => {
                "others use the same sound lawfully; set its policy to exclude or review"
            }
        }
    }
}

/// One problem that the linter found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Line {
    /// Kind of the problem.
    pub kind: LintKind,
    /// Ids of the recordings and entries that it is about.
    pub about: Vec<String>,
    /// A sentence with names and numbers.
    pub detail: String,
}

/// All problems that were found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Linted {
    /// Sorted by kind, then by what they are about.
    pub lines: Vec<Line>,
    /// Passages to be marked in the catalogue.
    pub passages: Vec<Passage>,
    /// Number of recordings that were compared.
    pub recordings: usize,
    /// Number of neutral references that they were compared with.
    pub neutral: usize,
    /// Whether it was stopped before its end.
    pub stopped: bool,
}

/// Why a catalogue cannot be linted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LintError {
    /// The catalogue cannot be read.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// Its index is damaged.
    #[error(transparent)]
    Index(#[from] IndexError),
}

/// Lints a catalogue on a day (`YYYY-MM-DD`). Recordings are compared on `pool`, as thoroughly as `mode` compares items. `tell` is
/// called with the number of recordings done and of all.
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
