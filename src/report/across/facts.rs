//! The report across dumps as data: the objects of its JSONL.

use serde::Serialize;

use crate::record::{NoticeState, Relation};
use crate::results::About;

/// A run that the report is about.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OfRun {
    /// Number of the run.
    pub run_id: i64,
    /// The day on which it began, in UTC.
    pub day: String,
    /// Number of its dump in the report.
    pub dump: u32,
    /// Whether it is complete.
    pub complete: bool,
    /// Whether it is one of those that say what is in the dump now.
    pub newest: bool,
    /// Mode of its search.
    pub mode: String,
    /// Number of recordings that it searched for.
    pub catalogue_recordings: u64,
    /// Digest of the catalogue.
    pub catalogue_digest: String,
    /// SHA-256 of its manifest; `""` if it has none.
    pub manifest_digest: String,
    /// Recordings with a match in it.
    pub recordings: u64,
    /// Of these, recordings that no earlier run of the report had a match of.
    pub new: u64,
    /// Recordings with a match in this or an earlier run of the report.
    pub so_far: u64,
}

/// What the newest runs over a dump add up to.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Sums {
    /// Items.
    pub items: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// Decoded audio, in seconds.
    pub audio_seconds: f64,
    /// Items with a match.
    pub matched: u64,
    /// Items with a suspect and no match.
    pub suspect: u64,
    /// Items with permitted findings only.
    pub permitted: u64,
    /// Items that were read and have no finding.
    pub clear: u64,
    /// Items that could not be read.
    pub failed: u64,
    /// Items that are not audio.
    pub not_audio: u64,
    /// Items that were read in part.
    pub partial: u64,
    /// Findings that people dismissed; they are left out.
    pub dismissed: u64,
}

/// A dump or data set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dump {
    /// Number in the report, from 1, in the order of first runs.
    pub number: u32,
    /// Name, version and revision, if a person said them; else its paths.
    pub name: String,
    /// What it is, as a person says; `null` if nobody did.
    pub about: Option<About>,
    /// The files and folders that were scanned.
    pub roots: Vec<String>,
    /// Numbers of its runs, oldest first.
    pub runs: Vec<i64>,
    /// The day of its first run.
    pub first_day: String,
    /// The day of its newest run.
    pub last_day: String,
    /// Whether its newest runs are complete.
    pub complete: bool,
    /// What its newest runs add up to.
    pub sums: Sums,
    /// Number of recordings that its newest run searched for.
    pub catalogue_recordings: u64,
    /// Recordings with a match in it now.
    pub recordings: u64,
    /// Recordings with suspects only.
    pub suspected: u64,
    /// Recordings that an earlier run found and the newest did not.
    pub gone: u64,
}

/// What the whole report adds up to.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Totals {
    /// Recordings with a match in a dump now.
    pub recordings: u64,
    /// Of these, recordings in more than one dump.
    pub in_several: u64,
    /// Recordings with suspects only.
    pub suspected: u64,
    /// Recordings that earlier runs found and no newest run did.
    pub gone: u64,
    /// Number of recordings that the newest run searched for.
    pub catalogue_recordings: u64,
    /// Number of states of the catalogue that the newest runs searched for.
    pub catalogues: u64,
    /// Runs that were left out because they were stopped before their end.
    pub stopped: u64,
    /// Runs that were left out because their records were deleted.
    pub pruned: u64,
}

/// A recording in a dump.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Place {
    /// Number of the dump in the report.
    pub dump: u32,
    /// Matches in its newest runs.
    pub matches: u64,
    /// Suspects in its newest runs. Neither matches nor suspects: the recording is no longer found.
    pub suspects: u64,
    /// Findings in its newest runs by what they claim.
    pub relations: Relations,
    /// Findings in its newest runs that play as released.
    pub as_released: u64,
    /// Findings in its newest runs at another speed, tempo or pitch.
    pub changed: u64,
    /// How the strongest finding plays, in words; `""` if it is only a claim.
    pub how: String,
    /// What the strongest finding claims, in words; `""` if it is only a claim.
    pub claim: String,
    /// Path of the item of the strongest finding.
    pub path: String,
    /// Id of the strongest finding.
    pub finding_id: String,
    /// The day and the run in which it was first found there.
    pub first_day: String,
    /// Likewise.
    pub first_run: i64,
    /// The day and the run in which it was last found there.
    pub last_day: String,
    /// Likewise.
    pub last_run: i64,
    /// Notices about its findings there, by their numbers.
    pub notices: Vec<PlaceNotice>,
}

/// Numbers of findings by what they claim, in the order of [`Relation::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Relations(pub [u64; Relation::ALL.len()]);

impl Serialize for Relations {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let told = Relation::ALL.iter().zip(self.0).filter(|(_, count)| *count > 0);
        serializer.collect_map(told.map(|(relation, count)| (relation.as_str(), count)))
    }
}

/// A notice about a recording in a dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PlaceNotice {
    /// Number of the notice.
    pub number: i64,
    /// How far it is.
    pub state: NoticeState,
}

impl Place {
    /// Whether the newest runs found it.
    pub fn is_there(&self) -> bool {
        self.matches + self.suspects > 0
    }
}

/// A recording that some run found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Work {
    /// Id in the catalogue.
    pub recording_id: String,
    /// Artist.
    pub artist: String,
    /// Title.
    pub title: String,
    /// ISRC.
    pub isrc: String,
    /// Label.
    pub label: String,
    /// Titles of its releases, joined by `; `.
    pub releases: String,
    /// Bar codes of its releases, joined by `; `.
    pub upcs: String,
    /// ℗ line.
    pub p_line: String,
    /// Number of its registration at the US Copyright Office.
    pub registration: String,
    /// The day on which it was first found in any dump of the report.
    pub first_day: String,
    /// The dumps where it is or was, in the order of their numbers.
    pub places: Vec<Place>,
}
