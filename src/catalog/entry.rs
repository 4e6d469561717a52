//! An entry: what the label says of one recording, with or without its audio.
//!
//! It holds identifiers, names, releases and rights as they were given, in the one way that each is written
//! here. It knows no file format and no database.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The territory that is the whole world.
pub const WORLD: &str = "WW";

/// What the label says of one recording. What was not said is empty or `None`.
///
/// Dates are `YYYY`, `YYYY-MM` or `YYYY-MM-DD`. Text is one line, without control characters. Lists have no
/// element twice, and keep the order in which they were given.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Entry {
    /// Its own id: as the label gave it, else made from its identifiers. Never changes.
    pub entry_id: String,
    /// The label's ids of it in other systems.
    pub own_ids: Vec<String>,
    /// International Standard Recording Codes: a recording may have several.
    pub isrcs: Vec<String>,
    /// Codes of the works that it plays.
    pub iswcs: Vec<String>,
    /// Title without the version.
    pub title: String,
    /// Version: `Radio Edit`, `2011 Remaster`.
    pub version: String,
    /// Artists, as displayed.
    pub artists: Vec<String>,
    /// Label.
    pub label: String,
    /// ℗ line.
    pub p_line: String,
    /// © line.
    pub c_line: String,
    /// Length that the label gives, in seconds.
    pub duration_seconds: Option<f64>,
    /// Releases that it is on.
    pub releases: Vec<Release>,
    /// Countries (ISO 3166, two letters) in which the rights are the label's, or [`WORLD`]; empty, too, for the
    /// whole world.
    pub territories: Vec<String>,
    /// Countries in which they are not.
    pub territories_excluded: Vec<String>,
    /// Share of the rights, in percent.
    pub share_percent: Option<f64>,
    /// By what right.
    pub role: Role,
    /// First day of the rights.
    pub valid_from: String,
    /// Last day of the rights.
    pub valid_until: String,
    /// Ids at services by the service's name: `spotify`, `youtube`, `apple`, `deezer`, `musicbrainz`, `acoustid`.
    pub service_ids: BTreeMap<String, Vec<String>>,
    /// Number of its registration at the US Copyright Office.
    pub us_registration_number: String,
    /// Date of that registration.
    pub us_registration_date: String,
    /// Date of first publication.
    pub first_publication_date: String,
    /// What a scan does with it.
    pub policy: Policy,
    /// Words of the label about it: `public_domain`, `sample_library`, `karaoke`.
    pub flags: Vec<String>,
    /// Its sound files, as the label names them.
    pub audio: Vec<AudioName>,
}

/// A release that a recording is on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Release {
    /// Title.
    pub title: String,
    /// UPC (12 digits) or EAN (13), its check digit right.
    pub upc: String,
    /// Global Release Identifier, 18 characters.
    pub grid: String,
    /// The label's catalogue number.
    pub catalogue_number: String,
    /// Date of release.
    pub date: String,
}

/// A sound file as the label names it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AudioName {
    /// Path, URI or name; empty where only the hash is known.
    pub uri: String,
    /// Lower-case hex of its MD5, SHA-1, SHA-256, SHA-384 or SHA-512, told apart by their length; empty if not given.
    pub hash: String,
}

/// By what right the label acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It did not say.
    #[default]
    #[serde(rename = "")]
    Unknown,
    /// Its own.
    Owner,
    /// Licensed to it alone.
    ExclusiveLicensee,
    /// Licensed to others, too.
    NonExclusive,
    /// It only distributes.
    Distributor,
}

/// What a scan does with a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// It did not say: as `Index`.
    #[default]
    #[serde(rename = "")]
    Unsaid,
    /// It is searched for, and what is found is reported.
    Index,
    /// It is no reference: what is found of it is shown, and is no infringement.
    Exclude,
    /// What is found of it is for a person to look at, never a match by itself.
    Review,
}

macro_rules! words {
    ($type:ty { $($word:literal => $value:ident),+ $(,)? }) => {
        impl $type {
            /// The word for it in tables.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word),+ }
            }

            /// What a word of a table means.
            pub fn parse(word: &str) -> Option<Self> {
                let word = word.trim().to_lowercase().replace([' ', '-'], "_");
                match word.as_str() { $($word => Some(Self::$value),)+ _ => None }
            }

            /// All words.
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
    /// Whether nothing is known of it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Entry {
    /// Whether it names a recording at all.
    pub fn names_something(&self) -> bool {
        !(self.entry_id.is_empty()
            && self.own_ids.is_empty()
            && self.isrcs.is_empty()
            && self.title.is_empty()
            && self.audio.is_empty())
    }
}
