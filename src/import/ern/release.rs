//! The releases of a message, and the recordings that they contain.

use super::recording::{details, put, title, year_line};
use super::tree::Node;
use crate::catalog::Entry;
use crate::import::Problem;
use crate::import::field::Field;

/// A release, as texts that were not checked yet.
#[derive(Debug, Default)]
pub(super) struct OnRelease {
    reference: String,
    /// Whether it is a track release, which deals refer to, but which is not a release for the catalogue.
    of_track: bool,
    recordings: Vec<String>,
    /// Fields, the names of their elements, and their texts.
    fields: Vec<(Field, &'static str, String)>,
    label: String,
    c_line: String,
}

/// The releases of a message.
#[derive(Debug, Default)]
pub(super) struct Releases(Vec<OnRelease>);

impl Releases {
    /// Takes a release.
    pub(super) fn take(&mut self, node: &Node) {
        let mut references = Vec::new();
        node.within("ReleaseResourceReference", &mut references);
        let recordings = references.iter().map(|n| n.text.trim().to_owned()).collect();
        let details = details(node, "ReleaseDetailsByTerritory");
        let mut fields = Vec::new();
        let ids: [(Field, &'static str); 3] = [
            (Field::Upc, "ICPN"),
            (Field::Grid, "GRid"),
            (Field::CatalogueNumber, "CatalogNumber"),
        ];
        for (field, element) in ids {
            let text = node.text_at(&["ReleaseId", element]);
            fields.extend(text.map(|text| (field, element, text.to_owned())));
        }
        if let Some((text, _)) = title(node, "").or_else(|| title(details, "")) {
            fields.push((Field::ReleaseTitle, "TitleText", text.to_owned()));
        }
        let dates = ["GlobalOriginalReleaseDate", "OriginalReleaseDate", "ReleaseDate"];
        let date = dates.into_iter().find_map(|name| {
            let text = node.text_at(&[name]).or_else(|| details.text_at(&[name]));
            text.map(|text| (Field::ReleaseDate, name, text.to_owned()))
        });
        fields.extend(date);
        let kind = node.text_at(&["ReleaseType"]);
        let text = |name| node.text_at(&[name]).or_else(|| details.text_at(&[name]));
        self.0.push(OnRelease {
            reference: text("ReleaseReference").unwrap_or_default().to_owned(),
            of_track: node.name == "TrackRelease" || kind == Some("TrackRelease"),
            recordings,
            fields,
            label: text("ReleaseLabelReference")
                .or_else(|| text("LabelName"))
                .unwrap_or_default()
                .to_owned(),
            c_line: [node, details]
                .into_iter()
                .find_map(|holder| year_line(holder, "CLine"))
                .unwrap_or_default(),
        });
    }

    /// The releases that contain a recording, in the order of the message.
    pub(super) fn of(&self, recording: &str) -> Vec<&OnRelease> {
        self.0.iter().filter(|release| release.recordings.iter().any(|r| r == recording)).collect()
    }
}

impl OnRelease {
    /// The reference by which deals name it, such as `R0`.
    pub(super) fn reference(&self) -> &str {
        &self.reference
    }

    /// Adds the release to the entry of a recording, and its label and © line if the recording has none.
    pub(super) fn add_to(
        &self,
        entry: &mut Entry,
        parties: &std::collections::BTreeMap<String, String>,
        problems: &mut Vec<Problem>,
    ) {
        if self.of_track {
            return;
        }
        let mut part = Entry::default();
        for (field, element, text) in &self.fields {
            put(*field, element, &[text], &mut part, problems);
        }
        entry.releases.append(&mut part.releases);
        let label = parties.get(&self.label).unwrap_or(&self.label);
        if entry.label.is_empty() && !label.is_empty() {
            put(Field::Label, "ReleaseLabelReference", &[label], entry, problems);
        }
        if entry.c_line.is_empty() && !self.c_line.is_empty() {
            put(Field::CLine, "CLine", &[&self.c_line], entry, problems);
        }
    }
}
