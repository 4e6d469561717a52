//! Checks of the label's metadata: rights, flags, lengths, identifiers.

use std::collections::BTreeMap;

use super::{Line, LintKind, Linted};
use crate::catalog::{Catalog, CatalogError, Entry, Recording, Role};
use crate::wording::clock;

/// Shortest recording that is a good reference, in seconds: a jingle. A guess.
const SHORTEST_SECONDS: f64 = 10.0;
/// The length that the label says and that of the file may differ by this much, in seconds. A guess.
const LENGTH_SECONDS: f64 = 5.0;
/// Or by this share, if that is more. A guess.
const LENGTH_SHARE: f64 = 0.03;
/// Years after which a sound recording of that year is free in the United States (17 USC 1401, for those of 1923 and later);
/// elsewhere it is earlier.
const FREE_AFTER_YEARS: i32 = 100;
/// Flags of recordings that are unfit as references, from the rules of video platforms.
const NO_REFERENCE: [&str; 8] = [
    "compilation",
    "dj_mix",
    "game_audio",
    "karaoke",
    "loop",
    "sample_library",
    "sound_alike",
    "sound_effect",
];
/// Flags of recordings that anyone may use.
const FREE: [&str; 3] = ["cc0", "creative_commons", "public_domain"];

pub(super) fn lint(catalog: &Catalog, day: &str, linted: &mut Linted) -> Result<(), CatalogError> {
    let recordings: BTreeMap<String, Recording> =
        catalog.recordings()?.into_iter().map(|r| (r.recording_id.clone(), r)).collect();
    // A neutral reference may be a single drum hit.
    for recording in recordings.values().filter(|recording| !recording.neutral) {
        if recording.duration_seconds < SHORTEST_SECONDS {
            let detail = format!("{} is {:.1} s long", recording.title, recording.duration_seconds);
            linted.add(LintKind::TooShort, [&recording.recording_id], detail);
        }
    }
    let mut entries_of: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (recording, entry) in catalog.audio_links()? {
        entries_of.entry(recording).or_default().push(entry);
    }
    let mut sounds: BTreeMap<&String, Vec<&Recording>> = BTreeMap::new();
    for (recording, entries) in &entries_of {
        if entries.len() > 1 {
            let about = std::iter::once(recording).chain(entries);
            linted.add(LintKind::SeveralEntries, about, format!("{} entries", entries.len()));
        }
        for entry in entries {
            sounds.entry(entry).or_default().extend(recordings.get(recording));
        }
    }
    let mut by_isrc: BTreeMap<String, Vec<String>> = BTreeMap::new();
    catalog.for_each_entry(|entry| {
        for isrc in &entry.isrcs {
            by_isrc.entry(isrc.clone()).or_default().push(entry.entry_id.clone());
        }
        let sounds = sounds.get(&entry.entry_id).map_or(&[][..], Vec::as_slice);
        self::entry(&entry, sounds, day, linted);
        Ok::<_, CatalogError>(())
    })?;
    for (isrc, entries) in by_isrc.iter().filter(|(_, entries)| entries.len() > 1) {
        linted.add(
            LintKind::SharedIsrc,
            entries,
            format!("{} entries have the ISRC {isrc}", entries.len()),
        );
    }
    Ok(())
}

fn entry(entry: &Entry, sounds: &[&Recording], day: &str, linted: &mut Linted) {
    let id = &entry.entry_id;
    let name = entry.name();
    if entry.role == Role::NonExclusive {
        linted.add(LintKind::NonExclusive, [id], name.clone());
    }
    for flag in &entry.flags {
        if FREE.contains(&flag.as_str()) {
            linted.add(LintKind::PublicDomain, [id], format!("{name}: {flag}"));
        } else if NO_REFERENCE.contains(&flag.as_str()) {
            linted.add(LintKind::NoReference, [id], format!("{name}: {flag}"));
        }
    }
    let year = |date: &str| date.get(..4).and_then(|year| year.parse::<i32>().ok());
    if let (Some(published), Some(today)) = (year(&entry.first_publication_date), year(day))
        && today - published > FREE_AFTER_YEARS
    {
        let detail = format!(
            "{name}: first published {published}, free in the United States by now; its policy is yours to set"
        );
        linted.add(LintKind::PublicDomain, [id], detail);
    }
    let Some(said) = entry.duration_seconds else { return };
    for sound in sounds {
        let found = sound.duration_seconds;
        if (said - found).abs() > LENGTH_SECONDS.max(LENGTH_SHARE * said) {
            let detail =
                format!("{name}: the label says {}, the file has {}", clock(said), clock(found));
            linted.add(LintKind::WrongLength, [id, &sound.recording_id], detail);
        }
    }
}

impl Linted {
    pub(super) fn add<'a>(
        &mut self,
        kind: LintKind,
        about: impl IntoIterator<Item = &'a String>,
        detail: String,
    ) {
        let about = about.into_iter().cloned().collect();
        self.lines.push(Line { kind, about, detail });
    }
}
