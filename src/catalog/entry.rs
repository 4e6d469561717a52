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

    /// Whether both are the same release: the first identifier that both have decides, else all that both say.
    fn is(&self, other: &Self) -> bool {
        for (a, b) in [
            (&self.upc, &other.upc),
            (&self.grid, &other.grid),
            (&self.catalogue_number, &other.catalogue_number),
        ] {
            if !a.is_empty() && !b.is_empty() {
                return a == b;
            }
        }
        let agree = |a: &str, b: &str| a.is_empty() || b.is_empty() || a == b;
        self.title == other.title && agree(&self.date, &other.date)
    }
}

impl Release {
    fn merge(&mut self, other: Self, takes: &mut dyn FnMut(&'static str, String, String) -> bool) {
        let Self { title, upc, grid, catalogue_number, date } = other;
        for (field, ours, theirs) in [
            ("release title", &mut self.title, title),
            ("upc", &mut self.upc, upc),
            ("grid", &mut self.grid, grid),
            ("catalogue_number", &mut self.catalogue_number, catalogue_number),
            ("release date", &mut self.date, date),
        ] {
            let differ = !theirs.is_empty() && *ours != theirs;
            if differ && (ours.is_empty() || takes(field, ours.clone(), theirs.clone())) {
                *ours = theirs;
            }
        }
    }
}

/// A field in which two rows of one import say different things of one recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The field.
    pub field: &'static str,
    /// What stays.
    pub kept: String,
    /// What does not.
    pub dropped: String,
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

    /// Takes in what another row of the same import says of the same recording: lists grow, what is empty is
    /// filled, and where both speak the first stays. Returns where they differ.
    pub fn unite(&mut self, other: Self) -> Vec<Conflict> {
        let mut conflicts = Vec::new();
        self.merge(other, &mut |field, kept, dropped| {
            conflicts.push(Conflict { field, kept, dropped });
            false
        });
        conflicts
    }

    /// Takes in what a later import says: lists grow, and where both speak the later is right. With `replace`, lists
    /// that it carries take the place of the earlier.
    pub fn update(&mut self, later: Self, replace: bool) {
        if replace {
            let Self { own_ids, isrcs, iswcs, artists, releases, audio, .. } = self;
            for (list, new) in [
                (own_ids, &later.own_ids),
                (isrcs, &later.isrcs),
                (iswcs, &later.iswcs),
                (artists, &later.artists),
            ] {
                if !new.is_empty() {
                    list.clear();
                }
            }
            if !later.releases.is_empty() {
                releases.clear();
            }
            if !later.audio.is_empty() {
                audio.clear();
            }
        }
        self.merge(later, &mut |_, _, _| true);
    }

    /// Joins two entries; `takes` says of each field in which both speak whether the other's value wins.
    fn merge(&mut self, other: Self, takes: &mut dyn FnMut(&'static str, String, String) -> bool) {
        // Taken apart whole, so that a new field cannot be forgotten.
        let Self {
            entry_id,
            own_ids,
            isrcs,
            iswcs,
            title,
            version,
            artists,
            label,
            p_line,
            c_line,
            duration_seconds,
            releases,
            territories,
            territories_excluded,
            share_percent,
            role,
            valid_from,
            valid_until,
            service_ids,
            us_registration_number,
            us_registration_date,
            first_publication_date,
            policy,
            flags,
            audio,
        } = other;
        if self.entry_id.is_empty() {
            self.entry_id = entry_id;
        }
        for (field, ours, theirs) in [
            ("title", &mut self.title, title),
            ("version", &mut self.version, version),
            ("label", &mut self.label, label),
            ("p_line", &mut self.p_line, p_line),
            ("c_line", &mut self.c_line, c_line),
            ("valid_from", &mut self.valid_from, valid_from),
            ("valid_until", &mut self.valid_until, valid_until),
            ("us_registration_number", &mut self.us_registration_number, us_registration_number),
            ("us_registration_date", &mut self.us_registration_date, us_registration_date),
            ("first_publication_date", &mut self.first_publication_date, first_publication_date),
        ] {
            if theirs.is_empty() || *ours == theirs {
                continue;
            }
            if ours.is_empty() || takes(field, ours.clone(), theirs.clone()) {
                *ours = theirs;
            }
        }
        for (field, ours, theirs) in [
            ("artists", &mut self.artists, artists),
            ("territories", &mut self.territories, territories),
            ("territories_excluded", &mut self.territories_excluded, territories_excluded),
        ] {
            if theirs.is_empty() || *ours == theirs {
                continue;
            }
            if ours.is_empty() || takes(field, ours.join("; "), theirs.join("; ")) {
                *ours = theirs;
            }
        }
        for (field, ours, theirs) in [
            ("duration", &mut self.duration_seconds, duration_seconds),
            ("share", &mut self.share_percent, share_percent),
        ] {
            let Some(new) = theirs else { continue };
            let wins = match *ours {
                None => true,
                Some(old) if old.to_bits() == new.to_bits() => false,
                Some(old) => takes(field, old.to_string(), new.to_string()),
            };
            if wins {
                *ours = Some(new);
            }
        }
        if role != Role::Unknown
            && role != self.role
            && (self.role == Role::Unknown
                || takes("role", self.role.as_str().into(), role.as_str().into()))
        {
            self.role = role;
        }
        if policy != Policy::Unsaid
            && policy != self.policy
            && (self.policy == Policy::Unsaid
                || takes("policy", self.policy.as_str().into(), policy.as_str().into()))
        {
            self.policy = policy;
        }
        for (ours, theirs) in [
            (&mut self.own_ids, own_ids),
            (&mut self.isrcs, isrcs),
            (&mut self.iswcs, iswcs),
            (&mut self.flags, flags),
        ] {
            add_new(ours, theirs);
        }
        for (service, ids) in service_ids {
            add_new(self.service_ids.entry(service).or_default(), ids);
        }
        for release in releases {
            self.add_release(release, takes);
        }
        for file in audio {
            self.add_audio(file);
        }
    }

    fn add_release(
        &mut self,
        mut release: Release,
        takes: &mut dyn FnMut(&'static str, String, String) -> bool,
    ) {
        if release.is_empty() {
            return;
        }
        let mut place = self.releases.len();
        // What two of them say together may tell that a third is the same.
        while let Some(at) = self.releases.iter().position(|known| known.is(&release)) {
            let mut known = self.releases.remove(at);
            known.merge(release, takes);
            release = known;
            place = place.min(at);
        }
        self.releases.insert(place, release);
    }

    fn add_audio(&mut self, file: AudioName) {
        let same = |known: &&mut AudioName| known.uri == file.uri;
        match self.audio.iter_mut().find(same) {
            Some(known) if file.hash.is_empty() || known.hash == file.hash => {}
            Some(known) if known.hash.is_empty() => known.hash = file.hash,
            _ => self.audio.push(file),
        }
    }
}

fn add_new(list: &mut Vec<String>, more: Vec<String>) {
    for value in more {
        if !list.contains(&value) {
            list.push(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(upc: &str, title: &str) -> Release {
        Release { upc: upc.into(), title: title.into(), ..Release::default() }
    }

    fn entry(title: &str, upc: &str) -> Entry {
        Entry {
            title: title.into(),
            isrcs: vec!["GBAYE0000351".into()],
            releases: vec![release(upc, "Album")],
            ..Entry::default()
        }
    }

    #[test]
    fn rows_of_one_recording_become_one_entry_with_all_its_releases() {
        let mut one = entry("Song", "036000291452");
        let conflicts = one.unite(entry("Song", "5901234123457"));
        assert_eq!(conflicts, []);
        assert_eq!(one.releases.len(), 2);
        assert_eq!(one.isrcs.len(), 1);
    }

    #[test]
    fn of_two_titles_in_one_import_the_first_stays_and_the_other_is_told() {
        let mut one = entry("Song", "036000291452");
        let conflicts = one.unite(entry("Sonk", "036000291452"));
        assert_eq!(one.title, "Song");
        let expected = Conflict { field: "title", kept: "Song".into(), dropped: "Sonk".into() };
        assert_eq!(conflicts, [expected]);
    }

    #[test]
    fn a_later_import_is_right_and_takes_nothing_away() {
        let mut one = entry("Sonk", "036000291452");
        one.label = "Label".into();
        let mut later = entry("Song", "036000291452");
        later.releases[0].date = "2001-02-03".into();
        one.update(later, false);
        assert_eq!((one.title.as_str(), one.label.as_str()), ("Song", "Label"));
        assert_eq!(one.releases.len(), 1);
        assert_eq!(one.releases[0].date, "2001-02-03");
    }

    #[test]
    fn lists_are_replaced_where_that_is_asked_for() {
        let mut one = entry("Song", "036000291452");
        one.update(entry("Song", "5901234123457"), true);
        assert_eq!(one.releases, [release("5901234123457", "Album")]);
        one.update(Entry { title: "Other".into(), ..Entry::default() }, true);
        assert_eq!(one.releases.len(), 1, "what it does not carry stays");
    }

    #[test]
    fn taking_in_the_same_again_changes_nothing() {
        let one = entry("Song", "036000291452");
        let mut again = one.clone();
        again.update(one.clone(), false);
        assert_eq!(again, one);
        again.update(one.clone(), true);
        assert_eq!(again, one);
    }
}
