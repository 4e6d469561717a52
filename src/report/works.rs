//! The works list: one row for each recording that was found, with the label's data about it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::table::Cell;
use crate::record::{Finding, ItemRecord, Verdict};
use crate::wording::called;

/// The recordings with a match or a suspect, collected from the items.
#[derive(Debug, Default)]
pub(super) struct Works {
    by_id: BTreeMap<String, Listed>,
}

#[derive(Debug)]
struct Listed {
    finding: Finding,
    matches: u64,
    suspects: u64,
}

impl Works {
    pub(super) const COLUMNS: [&str; 15] = [
        "artist",
        "title",
        "label",
        "release",
        "isrc",
        "upc",
        "grid",
        "catalogue_number",
        "p_line",
        "c_line",
        "registration",
        "first_published",
        "recording_id",
        "matches",
        "suspects",
    ];

    pub(super) fn add(&mut self, record: &ItemRecord) {
        for finding in &record.findings {
            let (is_match, is_suspect) =
                (finding.verdict == Verdict::Match, finding.verdict == Verdict::Suspect);
            if !is_match && !is_suspect {
                continue;
            }
            if !self.by_id.contains_key(&finding.recording_id) {
                // Fields that differ between items are dropped.
                let kept = Finding { spans: Vec::new(), claimed_by: Vec::new(), ..finding.clone() };
                let listed = Listed { finding: kept, matches: 0, suspects: 0 };
                self.by_id.insert(finding.recording_id.clone(), listed);
            }
            if let Some(listed) = self.by_id.get_mut(&finding.recording_id) {
                listed.matches += u64::from(is_match);
                listed.suspects += u64::from(is_suspect);
            }
        }
    }

    /// The recordings by artist, title and id.
    fn sorted(&self) -> Vec<&Listed> {
        let mut all: Vec<_> = self.by_id.values().collect();
        let key = |listed: &&Listed| {
            let Finding { artist, title, recording_id, .. } = &listed.finding;
            (artist.clone(), title.clone(), recording_id.clone())
        };
        all.sort_by_key(key);
        all
    }

    /// One row for each recording, with the cells of [`Works::COLUMNS`].
    pub(super) fn rows(&self) -> impl Iterator<Item = [Cell<'_>; Self::COLUMNS.len()]> {
        self.sorted().into_iter().map(|Listed { finding, matches, suspects }| {
            let work = finding.work.clone().unwrap_or_default();
            let text = |text: &str| match text {
                "" => Cell::None,
                text => Cell::Text(Cow::Owned(text.to_owned())),
            };
            [
                text(&finding.artist),
                text(&finding.title),
                text(&work.label),
                text(&work.of_releases(|release| &release.title)),
                text(&finding.isrc),
                text(&work.of_releases(|release| &release.upc)),
                text(&work.of_releases(|release| &release.grid)),
                text(&work.of_releases(|release| &release.catalogue_number)),
                text(&work.p_line),
                text(&work.c_line),
                text(&work.registration),
                text(&work.first_published),
                text(&finding.recording_id),
                Cell::Whole(*matches),
                Cell::Whole(*suspects),
            ]
        })
    }

    /// One row of the printed list for each recording: its id; and name, label with releases, registration, and the number of
    /// findings as `matches / suspects`.
    pub(super) fn lines(&self) -> impl Iterator<Item = (&str, [String; 4])> {
        self.sorted().into_iter().map(|Listed { finding, matches, suspects }| {
            let work = finding.work.clone().unwrap_or_default();
            let about = [
                work.label.clone(),
                work.of_releases(|release| &release.title),
                work.of_releases(|release| &release.upc),
                work.p_line.clone(),
            ];
            let about: Vec<_> = about.into_iter().filter(|text| !text.is_empty()).collect();
            let found = format!("{matches} / {suspects}");
            (
                finding.recording_id.as_str(),
                [called(finding), about.join(" · "), work.registration, found],
            )
        })
    }
}
