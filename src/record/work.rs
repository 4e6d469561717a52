//! What the catalogue says of a recording that was found.

use serde::{Deserialize, Serialize};

/// What the catalogue says of a recording that was found: the label's delivery, or the tags of the label's file if there is
/// no delivery. Unknown fields are empty or `null`; nothing is guessed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Work {
    /// Id of the label's catalogue entry; `""` if only the sound file is known.
    pub entry_id: String,
    /// The label's own ids of the recording.
    pub own_ids: Vec<String>,
    /// Version of the title: `Radio Edit`.
    pub version: String,
    /// Name of the label.
    pub label: String,
    /// The releases that it is on, in the label's order.
    pub releases: Vec<Release>,
    /// ℗ line.
    pub p_line: String,
    /// © line.
    pub c_line: String,
    /// Number of its registration at the US Copyright Office.
    pub registration: String,
    /// Date of that registration: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    pub registration_date: String,
    /// Date of first publication: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    pub first_published: String,
    /// Countries where the label has the rights (ISO 3166); `WW`, or none, is the whole world.
    pub territories: Vec<String>,
    /// Countries where the label does not have the rights.
    pub territories_excluded: Vec<String>,
    /// The label's share of the rights, in percent.
    pub share_percent: Option<f64>,
}

impl Work {
    /// One field of all releases, the empty ones left out, joined by `; `.
    pub fn of_releases(&self, of: fn(&Release) -> &str) -> String {
        let texts: Vec<_> = self.releases.iter().map(of).filter(|text| !text.is_empty()).collect();
        texts.join("; ")
    }
}

/// A release that a recording is on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Release {
    /// Title of the release.
    pub title: String,
    /// UPC (12 digits) or EAN (13).
    pub upc: String,
    /// Global Release Identifier.
    pub grid: String,
    /// The label's catalogue number.
    pub catalogue_number: String,
    /// Date of release: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    pub date: String,
}
