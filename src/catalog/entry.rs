//! An entry: what the label says of one recording, with or without its audio.
//!
//! It holds identifiers, names, releases and rights as the label gave them, each in one normal form. It knows no file format
//! and no database.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The whole world, as a territory.
pub const WORLD: &str = "WW";

/// What the label says of one recording. A field that it did not give is empty or `None`.
///
/// Dates are `YYYY`, `YYYY-MM` or `YYYY-MM-DD`. Text is one line, without control characters. Lists have no
/// element twice, and keep the order in which they were given.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Entry {
    /// The entry's id: as the label gave it, else made from its identifiers. It never changes.
    pub entry_id: String,
    /// Ids of the recording in the label's other systems.
    pub own_ids: Vec<String>,
    /// International Standard Recording Codes, 12 characters each; a recording may have several.
    pub isrcs: Vec<String>,
    /// International Standard Musical Work Codes of the works that are performed, 11 characters each.
    pub iswcs: Vec<String>,
    /// Title, without the version.
    pub title: String,
    /// Version, such as `Radio Edit` or `2011 Remaster`.
    pub version: String,
    /// Artists, as displayed.
    pub artists: Vec<String>,
    /// Name of the label.
    pub label: String,
    /// ℗ line.
    pub p_line: String,
    /// © line.
    pub c_line: String,
    /// Length in seconds.
    pub duration_seconds: Option<f64>,
    /// Releases that contain the recording.
    pub releases: Vec<Release>,
    /// Countries (ISO 3166-1, two letters) in which the label has the rights, or [`WORLD`]. An empty list also means the whole
    /// world.
    pub territories: Vec<String>,
    /// Countries in which the label does not have the rights.
    pub territories_excluded: Vec<String>,
    /// The label's share of the rights in percent.
    pub share_percent: Option<f64>,
    /// The right by which the label acts.
    pub role: Role,
    /// First day of the rights.
    pub valid_from: String,
    /// Last day of the rights.
    pub valid_until: String,
    /// Ids at services, by the name of the service: `spotify`, `youtube`, `apple`, `deezer`, `musicbrainz` or `acoustid`.
    pub service_ids: BTreeMap<String, Vec<String>>,
    /// Number of its registration at the US Copyright Office.
    pub us_registration_number: String,
    /// Date of that registration.
    pub us_registration_date: String,
    /// Date of first publication.
    pub first_publication_date: String,
    /// How a scan treats the recording.
    pub policy: Policy,
    /// The label's marks, such as `public_domain`, `sample_library` or `karaoke`.
    pub flags: Vec<String>,
    /// The sound files of the recording, as the label names them.
    pub audio: Vec<AudioName>,
}

/// A release that contains a recording.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Release {
    /// Title of the release.
    pub title: String,
    /// UPC (12 digits) or EAN (13 digits) with a valid check digit.
    pub upc: String,
    /// Global Release Identifier, 18 characters.
    pub grid: String,
    /// The label's catalogue number.
    pub catalogue_number: String,
    /// Date of the release.
    pub date: String,
}

/// A sound file as the label names it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AudioName {
    /// Path, URI or name; empty if only the hash is known.
    pub uri: String,
    /// Lower-case hex of its MD5, SHA-1, SHA-256, SHA-384 or SHA-512, which the length tells apart; empty if not given.
    pub hash: String,
}

/// The right by which the label acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The label did not say.
    #[default]
    #[serde(rename = "")]
    Unknown,
    /// The label owns the rights.
    Owner,
    /// The label is the only licensee.
    ExclusiveLicensee,
    /// One licensee among others.
    NonExclusive,
    /// The label only distributes the recording.
    Distributor,
}

/// How a scan treats a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// The label did not say: as [`Policy::Index`].
    #[default]
    #[serde(rename = "")]
    Unsaid,
    /// The recording is searched for, and findings are reported.
    Index,
    /// Findings are shown, but are not infringements.
    Exclude,
    /// Findings are for a person to look at, and never a match by themselves.
    Review,
}

macro_rules! words {
    ($type:ty { $($word:literal => $value:ident),+ $(,)? }) => {
        impl $type {
            /// Its name in tables and records; empty for the default.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word),+ }
            }

            /// The value with a name, in any case and with blanks or hyphens for underscores.
            pub fn parse(word: &str) -> Option<Self> {
                let word = word.trim().to_lowercase().replace([' ', '-'], "_");
                match word.as_str() { $($word => Some(Self::$value),)+ _ => None }
            }

            /// All names; the first is the empty one of the default.
            pub const WORDS: &'static [&'static str] = &[$($word),+];
        }
    };
}

words!(Role {
    "" => Unknown,
    "owner" => Owner,
    "exclusive_licensee" => ExclusiveLicensee,
    "non_exclusive" => NonExclusive,
    "distributor" => Distributor,
});
words!(Policy { "" => Unsaid, "index" => Index, "exclude" => Exclude, "review" => Review });

impl Release {
    /// Whether all of its fields are empty.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Entry {
    /// Whether it has anything by which the recording could be known.
    pub fn names_something(&self) -> bool {
        !(self.entry_id.is_empty()
            && self.own_ids.is_empty()
            && self.isrcs.is_empty()
            && self.title.is_empty()
            && self.audio.is_empty())
    }
}
