//! Fields: the contents of columns, how a value is put into an entry, and how an entry is written as rows of values.
//!
//! `value` checks the values.

use super::value::{
    DateOrder, date, duration, grid, hash, isrc, iswc, last_part, line, share, spotify, territory,
    upc, youtube,
};
use crate::catalog::{AudioName, Entry, Policy, Role};

/// Most values in one field of an entry. A guess.
const MAX_VALUES: usize = 1_000;

macro_rules! fields {
    ($($name:literal => $field:ident, $what:literal;)+) => {
        /// The content of a column.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Field { $(#[doc = $what] $field),+ }

        impl Field {
            /// All fields: name, field and content.
            pub const ALL: &'static [(&'static str, Field, &'static str)] =
                &[$(($name, Field::$field, $what)),+];
        }
    };
}

fields! {
    "entry_id" => EntryId, "id of the entry";
    "own_id" => OwnId, "the label's ids of the recording";
    "isrc" => Isrc, "ISRCs";
    "iswc" => Iswc, "ISWCs";
    "title" => Title, "title";
    "version" => Version, "version";
    "artist" => Artist, "artists";
    "label" => Label, "label";
    "p_line" => PLine, "℗ line";
    "c_line" => CLine, "© line";
    "duration" => Duration, "length: seconds, `m:ss`, `h:mm:ss` or `PT3M21S`";
    "release_title" => ReleaseTitle, "title of the release";
    "upc" => Upc, "UPC or EAN of the release";
    "grid" => Grid, "`GRid` of the release";
    "catalogue_number" => CatalogueNumber, "catalogue number of the release";
    "release_date" => ReleaseDate, "date of the release";
    "territories" => Territories, "countries with rights";
    "territories_excluded" => TerritoriesExcluded, "countries without rights";
    "share" => Share, "share of the rights in percent";
    "role" => Role, "`owner`, `exclusive_licensee`, `non_exclusive` or `distributor`";
    "valid_from" => ValidFrom, "first day of the rights";
    "valid_until" => ValidUntil, "last day of the rights";
    "spotify_id" => SpotifyId, "Spotify ids or links";
    "youtube_id" => YoutubeId, "`YouTube` ids or links";
    "apple_id" => AppleId, "Apple Music ids";
    "deezer_id" => DeezerId, "Deezer ids";
    "musicbrainz_id" => MusicbrainzId, "`MusicBrainz` ids";
    "acoustid" => Acoustid, "`AcoustID`s";
    "us_registration_number" => UsRegistrationNumber, "number of the US copyright registration";
    "us_registration_date" => UsRegistrationDate, "date of the US copyright registration";
    "first_publication_date" => FirstPublicationDate, "date of first publication";
    "policy" => Policy, "`index`, `exclude` or `review`";
    "flags" => Flags, "marks such as `public_domain` or `karaoke`";
    "audio" => Audio, "path, URI or name of the sound file";
    "audio_hash" => AudioHash, "hash of the sound file";
    "ignore" => Ignore, "nothing: the column is not read";
}

impl Field {
    /// The field with a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, ..)| *known == name).map(|(_, field, _)| *field)
    }

    /// Name of the field.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, field, _)| *field == self).map_or("", |(name, ..)| name)
    }

    /// Whether a cell may hold several values.
    pub(crate) fn is_list(self) -> bool {
        use Field as F;
        matches!(
            self,
            F::OwnId
                | F::Isrc
                | F::Iswc
                | F::Artist
                | F::Territories
                | F::TerritoriesExcluded
                | F::SpotifyId
                | F::YoutubeId
                | F::AppleId
                | F::DeezerId
                | F::MusicbrainzId
                | F::Acoustid
                | F::Flags
                | F::Audio
                | F::AudioHash
        )
    }

    /// Puts one value into an entry; a value of a release into its last release.
    ///
    /// # Errors
    ///
    /// Why the value is not valid, with the remedy.
    pub(crate) fn put(self, text: &str, order: DateOrder, entry: &mut Entry) -> Result<(), String> {
        let text = &line(text)?;
        if text.is_empty() {
            return Ok(());
        }
        let service = |entry: &mut Entry, name: &str, id: String| {
            push(entry.service_ids.entry(name.to_owned()).or_default(), id)
        };
        match self {
            Self::EntryId => entry.entry_id.clone_from(text),
            Self::OwnId => push(&mut entry.own_ids, text.clone())?,
            Self::Isrc => push(&mut entry.isrcs, isrc(text)?)?,
            Self::Iswc => push(&mut entry.iswcs, iswc(text)?)?,
            Self::Title => entry.title.clone_from(text),
            Self::Version => entry.version.clone_from(text),
            Self::Artist => push(&mut entry.artists, text.clone())?,
            Self::Label => entry.label.clone_from(text),
            Self::PLine => entry.p_line.clone_from(text),
            Self::CLine => entry.c_line.clone_from(text),
            Self::Duration => entry.duration_seconds = Some(duration(text)?),
            Self::ReleaseTitle => release(entry).title.clone_from(text),
            Self::Upc => {
                let (code, release) = (upc(text)?, release(entry));
                // A table may have a column for UPCs and one for EANs.
                if !release.upc.is_empty() && release.upc != code {
                    return Err(format!("differs from {} in another column", release.upc));
                }
                release.upc = code;
            }
            Self::Grid => release(entry).grid = grid(text)?,
            Self::CatalogueNumber => release(entry).catalogue_number.clone_from(text),
            Self::ReleaseDate => release(entry).date = date(text, order)?,
            Self::Territories => push(&mut entry.territories, territory(text)?)?,
            Self::TerritoriesExcluded => push(&mut entry.territories_excluded, territory(text)?)?,
            Self::Share => entry.share_percent = Some(share(text)?),
            Self::Role => {
                entry.role = Role::parse(text).ok_or_else(|| one_of(&Role::WORDS[1..]))?;
            }
            Self::ValidFrom => entry.valid_from = date(text, order)?,
            Self::ValidUntil => entry.valid_until = date(text, order)?,
            Self::SpotifyId => service(entry, "spotify", spotify(text)?)?,
            Self::YoutubeId => service(entry, "youtube", youtube(text)?)?,
            Self::AppleId => service(entry, "apple", last_part(text, &["i=", "/"]))?,
            Self::DeezerId => service(entry, "deezer", last_part(text, &["/"]))?,
            Self::MusicbrainzId => service(entry, "musicbrainz", last_part(text, &["/"]))?,
            Self::Acoustid => service(entry, "acoustid", last_part(text, &["/"]))?,
            Self::UsRegistrationNumber => entry.us_registration_number.clone_from(text),
            Self::UsRegistrationDate => entry.us_registration_date = date(text, order)?,
            Self::FirstPublicationDate => entry.first_publication_date = date(text, order)?,
            Self::Policy => {
                entry.policy = Policy::parse(text).ok_or_else(|| one_of(&Policy::WORDS[1..]))?;
            }
            Self::Flags => push(&mut entry.flags, text.to_lowercase().replace(' ', "_"))?,
            Self::Audio => {
                entry.audio.push(AudioName { uri: text.clone(), hash: String::new() });
            }
            Self::AudioHash => {
                let hash = hash(text)?;
                // Names and hashes of a row are paired in their order.
                match entry.audio.iter_mut().find(|file| file.hash.is_empty()) {
                    Some(file) => file.hash = hash,
                    None => entry.audio.push(AudioName { uri: String::new(), hash }),
                }
            }
            Self::Ignore => {}
        }
        Ok(())
    }
}

/// Writes an entry as rows of a table. The first row has all fields with the first release and file; each further row has
/// another release and file.
pub fn cells(entry: &Entry) -> Vec<Vec<(Field, Vec<String>)>> {
    // Destructured without `..`, so that a new field cannot be forgotten.
    let Entry {
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
    } = entry;
    let one = |text: &str| if text.is_empty() { Vec::new() } else { vec![text.to_owned()] };
    let number = |number: &Option<f64>| number.iter().map(f64::to_string).collect();
    let ids = |service: &str| service_ids.get(service).cloned().unwrap_or_default();
    let mut rows = vec![vec![
        (Field::OwnId, own_ids.clone()),
        (Field::Isrc, isrcs.clone()),
        (Field::Iswc, iswcs.clone()),
        (Field::Title, one(title)),
        (Field::Version, one(version)),
        (Field::Artist, artists.clone()),
        (Field::Label, one(label)),
        (Field::PLine, one(p_line)),
        (Field::CLine, one(c_line)),
        (Field::Duration, number(duration_seconds)),
        (Field::Territories, territories.clone()),
        (Field::TerritoriesExcluded, territories_excluded.clone()),
        (Field::Share, number(share_percent)),
        (Field::Role, one(role.as_str())),
        (Field::ValidFrom, one(valid_from)),
        (Field::ValidUntil, one(valid_until)),
        (Field::SpotifyId, ids("spotify")),
        (Field::YoutubeId, ids("youtube")),
        (Field::AppleId, ids("apple")),
        (Field::DeezerId, ids("deezer")),
        (Field::MusicbrainzId, ids("musicbrainz")),
        (Field::Acoustid, ids("acoustid")),
        (Field::UsRegistrationNumber, one(us_registration_number)),
        (Field::UsRegistrationDate, one(us_registration_date)),
        (Field::FirstPublicationDate, one(first_publication_date)),
        (Field::Policy, one(policy.as_str())),
        (Field::Flags, flags.clone()),
    ]];
    rows.resize_with(releases.len().max(audio.len()).max(1), Vec::new);
    for (row, release) in rows.iter_mut().zip(releases) {
        row.extend([
            (Field::ReleaseTitle, one(&release.title)),
            (Field::Upc, one(&release.upc)),
            (Field::Grid, one(&release.grid)),
            (Field::CatalogueNumber, one(&release.catalogue_number)),
            (Field::ReleaseDate, one(&release.date)),
        ]);
    }
    for (row, file) in rows.iter_mut().zip(audio) {
        row.extend([(Field::Audio, one(&file.uri)), (Field::AudioHash, one(&file.hash))]);
    }
    for row in &mut rows {
        row.insert(0, (Field::EntryId, one(entry_id)));
    }
    rows
}

/// Checks all values of an entry, and returns it with each value in its normal form.
///
/// # Errors
///
/// The values that are not valid: field, value and reason.
pub(crate) fn checked(entry: &Entry) -> Result<Entry, Vec<(Field, String, String)>> {
    let mut whole = Entry::default();
    let mut wrong = Vec::new();
    for row in cells(entry) {
        let mut part = Entry::default();
        for (field, values) in row {
            for value in values {
                if let Err(why) = field.put(&value, DateOrder::Unknown, &mut part) {
                    wrong.push((field, value, why));
                }
            }
        }
        whole.unite(part);
    }
    if let Some(service) = entry.service_ids.keys().find(|name| !SERVICES.contains(&name.as_str()))
    {
        let why = format!("is not a known service; known are {}", SERVICES.join(", "));
        wrong.push((Field::Ignore, service.clone(), why));
    }
    if wrong.is_empty() { Ok(whole) } else { Err(wrong) }
}

/// The services whose ids an entry may have.
const SERVICES: [&str; 6] = ["acoustid", "apple", "deezer", "musicbrainz", "spotify", "youtube"];

/// The last release of an entry, which is made if there is none.
fn release(entry: &mut Entry) -> &mut crate::catalog::Release {
    if entry.releases.is_empty() {
        entry.releases.push(crate::catalog::Release::default());
    }
    entry.releases.last_mut().expect("one was put there")
}

fn push(list: &mut Vec<String>, value: String) -> Result<(), String> {
    if list.len() >= MAX_VALUES {
        return Err(format!("has more than {MAX_VALUES} values; is the separator right?"));
    }
    if !list.contains(&value) {
        list.push(value);
    }
    Ok(())
}

fn one_of(words: &[&str]) -> String {
    format!("is none of {}", words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::WORLD;

    fn put(field: Field, text: &str) -> Result<Entry, String> {
        let mut entry = Entry::default();
        field.put(text, DateOrder::Unknown, &mut entry).map(|()| entry)
    }

    #[test]
    fn an_isrc_is_read_in_each_of_its_spellings() {
        for text in ["GBAYE0000351", "gb-aye-00-00351", "ISRC: GB AYE 00 00351"] {
            assert_eq!(put(Field::Isrc, text).unwrap().isrcs, ["GBAYE0000351"], "{text}");
        }
        assert!(put(Field::Isrc, "GBAYE000035").unwrap_err().contains("11 letters"));
        assert!(put(Field::Isrc, "1BAYE0000351").unwrap_err().contains("two letters"));
    }

    #[test]
    fn a_bar_code_is_normalised_and_its_check_digit_checked() {
        for text in ["036000291452", "0036000291452", "0 36000-29145 2", "036000291452.0"] {
            assert_eq!(put(Field::Upc, text).unwrap().releases[0].upc, "036000291452", "{text}");
        }
        assert_eq!(put(Field::Upc, "5901234123457").unwrap().releases[0].upc, "5901234123457");
        assert!(put(Field::Upc, "036000291453").unwrap_err().contains("check digit"));
    }

    #[test]
    fn a_bar_code_that_a_spreadsheet_changed_is_refused_with_the_remedy() {
        for text in ["1.23E+11", "1,23457E+11", "5.90123E+12"] {
            let why = put(Field::Upc, text).unwrap_err();
            assert!(why.contains("rounded") && why.contains("as text"), "{text}: {why}");
        }
        let why = put(Field::Upc, "36000291452").unwrap_err();
        assert!(why.contains("leading zeros") && why.contains("036000291452"), "{why}");
        assert!(put(Field::Upc, "12345").unwrap_err().contains("5 digits"));
    }

    #[test]
    fn grids_and_iswcs_are_checked() {
        let grid = put(Field::Grid, "A1-2425G-ABC1234002-M").unwrap();
        assert_eq!(grid.releases[0].grid, "A12425GABC1234002M");
        assert!(put(Field::Grid, "A1-2425G-ABC1234002-N").unwrap_err().contains("check"));
        assert_eq!(put(Field::Iswc, "T-034.524.680-1").unwrap().iswcs, ["T0345246801"]);
        assert!(put(Field::Iswc, "T-034.524.680-2").unwrap_err().contains("check digit"));
    }

    #[test]
    fn a_date_that_can_be_read_in_two_ways_is_refused() {
        let date = |text| date(text, DateOrder::Unknown);
        assert_eq!(date("2020-04-03").unwrap(), "2020-04-03");
        assert_eq!(date("2020-04-03T00:00:00Z").unwrap(), "2020-04-03");
        assert_eq!(date("2020").unwrap(), "2020");
        assert_eq!(date("25/12/2020").unwrap(), "2020-12-25");
        assert_eq!(date("12/25/2020").unwrap(), "2020-12-25");
        assert_eq!(date("3.4.2020").unwrap(), "2020-04-03");
        assert!(date("03/04/2020").unwrap_err().contains("two ways"));
        assert_eq!(super::super::value::date("03/04/2020", DateOrder::Mdy).unwrap(), "2020-03-04");
        assert_eq!(super::super::value::date("03/04/2020", DateOrder::Dmy).unwrap(), "2020-04-03");
        for wrong in ["", "soon", "2020-13-01", "2021-02-29", "20-1-1", "1-2-3-4", "99999-1-1"] {
            assert!(date(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn lengths_shares_and_countries_are_read_as_people_write_them() {
        for text in ["201", "201.0", "3:21", "0:03:21", "PT3M21S", "PT0H3M21S"] {
            assert_eq!(put(Field::Duration, text).unwrap().duration_seconds, Some(201.0), "{text}");
        }
        assert!(put(Field::Duration, "long").is_err());
        assert_eq!(put(Field::Share, "37,5 %").unwrap().share_percent, Some(37.5));
        assert!(put(Field::Share, "137").is_err());
        assert_eq!(put(Field::Territories, "de").unwrap().territories, ["DE"]);
        assert_eq!(put(Field::Territories, "Worldwide").unwrap().territories, [WORLD]);
        assert!(put(Field::Territories, "Germany").is_err());
    }

    #[test]
    fn ids_are_taken_out_of_links() {
        let id = "4uLU6hMCjMI75M1A2tKUQC";
        for text in [
            id.to_owned(),
            format!("spotify:track:{id}"),
            format!("https://open.spotify.com/track/{id}?si=x"),
        ] {
            assert_eq!(put(Field::SpotifyId, &text).unwrap().service_ids["spotify"], [id]);
        }
        let watch = "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=3";
        assert_eq!(put(Field::YoutubeId, watch).unwrap().service_ids["youtube"], ["dQw4w9WgXcQ"]);
    }

    #[test]
    fn text_becomes_one_line_of_bounded_length() {
        assert_eq!(line("  a\r\n\tb\u{0}c \u{85} ").unwrap(), "a b c");
        assert!(line(&"x".repeat(3_000)).is_err());
    }
}
