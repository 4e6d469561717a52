//! Joins two entries of one recording: rows of one import, or the stored entry and that of a later import.

use super::entry::{AudioName, Entry, Policy, Release, Role};

/// A field in which two rows of one import contradict each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Name of the field.
    pub field: &'static str,
    /// The value that is kept.
    pub kept: String,
    /// The value that is dropped.
    pub dropped: String,
}

impl Entry {
    /// Joins another row of the same import about the same recording: lists grow, empty fields are filled, and where both
    /// rows have a value the first is kept. Returns the contradictions.
    pub fn unite(&mut self, other: Self) -> Vec<Conflict> {
        let mut conflicts = Vec::new();
        self.merge(other, &mut |field, kept, dropped| {
            conflicts.push(Conflict { field, kept, dropped });
            false
        });
        conflicts
    }

    /// Joins the entry of a later import: its values replace the earlier ones, but lists of identifiers, marks, releases and
    /// files grow. With `replace`, its non-empty lists replace the earlier ones, too.
    pub fn update(&mut self, later: Self, replace: bool) {
        if replace {
            let Self { own_ids, isrcs, iswcs, flags, releases, audio, .. } = self;
            for (list, new) in [
                (own_ids, &later.own_ids),
                (isrcs, &later.isrcs),
                (iswcs, &later.iswcs),
                (flags, &later.flags),
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

    /// Joins another entry; `takes` decides where both have a value.
    fn merge(&mut self, other: Self, takes: Takes) {
        // Destructured without `..`, so that a new field cannot be forgotten.
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
            settle(field, ours, theirs, takes);
        }
        settle("artists", &mut self.artists, artists, takes);
        settle("territories", &mut self.territories, territories, takes);
        let excluded = &mut self.territories_excluded;
        settle("territories_excluded", excluded, territories_excluded, takes);
        settle("duration", &mut self.duration_seconds, duration_seconds, takes);
        settle("share", &mut self.share_percent, share_percent, takes);
        settle("role", &mut self.role, role, takes);
        settle("policy", &mut self.policy, policy, takes);
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

    fn add_release(&mut self, mut release: Release, takes: Takes) {
        if release.is_empty() {
            return;
        }
        let mut place = self.releases.len();
        // Two releases joined may have an identifier by which a third is the same.
        while let Some(at) = self.releases.iter().position(|known| known.is(&release)) {
            let mut known = self.releases.remove(at);
            known.merge(release, takes);
            release = known;
            place = place.min(at);
        }
        self.releases.insert(place, release);
    }

    fn add_audio(&mut self, file: AudioName) {
        if self.audio.contains(&file) {
            return;
        }
        let same = |known: &&mut AudioName| known.uri == file.uri && !file.uri.is_empty();
        match self.audio.iter_mut().find(same) {
            Some(_) if file.hash.is_empty() => {}
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

/// Decides between two values, given the name of the field, our value and the other: whether the other one is taken.
type Takes<'a> = &'a mut dyn FnMut(&'static str, String, String) -> bool;

/// The value of a field, which may be empty.
trait Value: PartialEq {
    fn is_given(&self) -> bool;
    /// The value as a text for people.
    fn shown(&self) -> String;
}

impl Value for String {
    fn is_given(&self) -> bool {
        !self.is_empty()
    }

    fn shown(&self) -> String {
        self.clone()
    }
}

impl Value for Vec<String> {
    fn is_given(&self) -> bool {
        !self.is_empty()
    }

    fn shown(&self) -> String {
        self.join("; ")
    }
}

impl Value for Option<f64> {
    fn is_given(&self) -> bool {
        self.is_some()
    }

    fn shown(&self) -> String {
        self.map_or_else(String::new, |number| number.to_string())
    }
}

impl Value for Role {
    fn is_given(&self) -> bool {
        *self != Self::Unknown
    }

    fn shown(&self) -> String {
        self.as_str().to_owned()
    }
}

impl Value for Policy {
    fn is_given(&self) -> bool {
        *self != Self::Unsaid
    }

    fn shown(&self) -> String {
        self.as_str().to_owned()
    }
}

/// Replaces our value by theirs if ours is empty, or if `takes` decides so.
fn settle<T: Value>(field: &'static str, ours: &mut T, theirs: T, takes: Takes) {
    let differs = theirs.is_given() && *ours != theirs;
    if differs && (!ours.is_given() || takes(field, ours.shown(), theirs.shown())) {
        *ours = theirs;
    }
}

impl Release {
    /// Whether both are the same release. The first kind of identifier that both have decides; without one, the titles have to
    /// be equal, and the dates, too, if both have one.
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

    fn merge(&mut self, other: Self, takes: Takes) {
        let Self { title, upc, grid, catalogue_number, date } = other;
        settle("release title", &mut self.title, title, takes);
        settle("upc", &mut self.upc, upc, takes);
        settle("grid", &mut self.grid, grid, takes);
        settle("catalogue_number", &mut self.catalogue_number, catalogue_number, takes);
        settle("release date", &mut self.date, date, takes);
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
    fn of_two_titles_in_one_import_the_first_is_kept_and_the_other_reported() {
        let mut one = entry("Song", "036000291452");
        let conflicts = one.unite(entry("Sonk", "036000291452"));
        assert_eq!(one.title, "Song");
        let expected = Conflict { field: "title", kept: "Song".into(), dropped: "Sonk".into() };
        assert_eq!(conflicts, [expected]);
    }

    #[test]
    fn a_later_import_replaces_values_and_removes_none() {
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
    fn lists_are_replaced_on_request() {
        let mut one = entry("Song", "036000291452");
        one.update(entry("Song", "5901234123457"), true);
        assert_eq!(one.releases, [release("5901234123457", "Album")]);
        one.update(Entry { title: "Other".into(), ..Entry::default() }, true);
        assert_eq!(one.releases.len(), 1, "an empty list replaces nothing");
    }

    #[test]
    fn joining_the_same_entry_again_changes_nothing() {
        let one = entry("Song", "036000291452");
        let mut again = one.clone();
        again.update(one.clone(), false);
        assert_eq!(again, one);
        again.update(one.clone(), true);
        assert_eq!(again, one);
    }
}
