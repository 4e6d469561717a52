//! One field: the text that a row has for it, checked, normalised and put into an entry.
//!
//! What is wrong is said with the remedy and never mended in silence: a bar code that lost its zeros
//! may have lost other digits, too.

use crate::catalog::{AudioName, Entry, Policy, Role, WORLD};
use crate::identify::Identifier;

/// Longest text of a field, in characters; titles of classical recordings have a few hundred.
const MAX_CHARS: usize = 2_000;
/// Most values in one field.
const MAX_VALUES: usize = 1_000;

/// In which order a date with two numbers in front of the year is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DateOrder {
    /// Not known: `03/04/2020` is refused.
    #[default]
    Unknown,
    /// Month first.
    Mdy,
    /// Day first.
    Dmy,
}

macro_rules! fields {
    ($($name:literal => $field:ident, $what:literal;)+) => {
        /// What a column may hold.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Field { $(#[doc = $what] $field),+ }

        impl Field {
            /// All fields, with their names and what they hold.
            pub const ALL: &'static [(&'static str, Field, &'static str)] =
                &[$(($name, Field::$field, $what)),+];
        }
    };
}

fields! {
    "entry_id" => EntryId, "own id of the entry";
    "own_id" => OwnId, "ids of the label";
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
    "grid" => Grid, "GRid of the release";
    "catalogue_number" => CatalogueNumber, "catalogue number of the release";
    "release_date" => ReleaseDate, "date of the release";
    "territories" => Territories, "countries with rights";
    "territories_excluded" => TerritoriesExcluded, "countries without";
    "share" => Share, "share of the rights in percent";
    "role" => Role, "`owner`, `exclusive_licensee`, `non_exclusive` or `distributor`";
    "valid_from" => ValidFrom, "first day of the rights";
    "valid_until" => ValidUntil, "last day of the rights";
    "spotify_id" => SpotifyId, "Spotify ids or links";
    "youtube_id" => YoutubeId, "YouTube ids or links";
    "apple_id" => AppleId, "Apple Music ids";
    "deezer_id" => DeezerId, "Deezer ids";
    "musicbrainz_id" => MusicbrainzId, "MusicBrainz ids";
    "acoustid" => Acoustid, "AcoustIDs";
    "us_registration_number" => UsRegistrationNumber, "US copyright registration";
    "us_registration_date" => UsRegistrationDate, "its date";
    "first_publication_date" => FirstPublicationDate, "date of first publication";
    "policy" => Policy, "`index`, `exclude` or `review`";
    "flags" => Flags, "words about it";
    "audio" => Audio, "path, URI or name of the sound file";
    "audio_hash" => AudioHash, "hash of the sound file";
    "ignore" => Ignore, "nothing that is read";
}

impl Field {
    /// The field of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, ..)| *known == name).map(|(_, field, _)| *field)
    }

    /// Its name.
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

    /// Puts one value into an entry; of a release into its last one.
    ///
    /// # Errors
    ///
    /// Why the value cannot be right, with the remedy.
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
                // A table may have columns of both kinds.
                if !release.upc.is_empty() && release.upc != code {
                    return Err(format!("is not the {} of another column", release.upc));
                }
                release.upc = code;
            }
            Self::Grid => release(entry).grid = grid(text)?,
            Self::CatalogueNumber => release(entry).catalogue_number.clone_from(text),
            Self::ReleaseDate => release(entry).date = date(text, order)?,
            Self::Territories => territory(text, &mut entry.territories)?,
            Self::TerritoriesExcluded => territory(text, &mut entry.territories_excluded)?,
            Self::Share => entry.share_percent = Some(share(text)?),
            Self::Role => {
                entry.role = Role::parse(text).ok_or_else(|| one_of(&Role::WORDS[1..]))?;
            }
            Self::ValidFrom => entry.valid_from = date(text, order)?,
            Self::ValidUntil => entry.valid_until = date(text, order)?,
            Self::SpotifyId => service(entry, "spotify", spotify(text)?)?,
            Self::YoutubeId => service(entry, "youtube", last_part(text, &["v=", "/"]))?,
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
                // Names and hashes of a row go together in their order.
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

/// What an entry holds, as the rows of a table: the first has everything, each further one another release and file.
pub fn cells(entry: &Entry) -> Vec<Vec<(Field, Vec<String>)>> {
    // Taken apart whole, so that a new field cannot be forgotten.
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
    use Field as F;
    let one = |text: &str| if text.is_empty() { Vec::new() } else { vec![text.to_owned()] };
    let number = |number: &Option<f64>| number.iter().map(f64::to_string).collect();
    let ids = |service: &str| service_ids.get(service).cloned().unwrap_or_default();
    let mut rows = vec![vec![
        (F::OwnId, own_ids.clone()),
        (F::Isrc, isrcs.clone()),
        (F::Iswc, iswcs.clone()),
        (F::Title, one(title)),
        (F::Version, one(version)),
        (F::Artist, artists.clone()),
        (F::Label, one(label)),
        (F::PLine, one(p_line)),
        (F::CLine, one(c_line)),
        (F::Duration, number(duration_seconds)),
        (F::Territories, territories.clone()),
        (F::TerritoriesExcluded, territories_excluded.clone()),
        (F::Share, number(share_percent)),
        (F::Role, one(role.as_str())),
        (F::ValidFrom, one(valid_from)),
        (F::ValidUntil, one(valid_until)),
        (F::SpotifyId, ids("spotify")),
        (F::YoutubeId, ids("youtube")),
        (F::AppleId, ids("apple")),
        (F::DeezerId, ids("deezer")),
        (F::MusicbrainzId, ids("musicbrainz")),
        (F::Acoustid, ids("acoustid")),
        (F::UsRegistrationNumber, one(us_registration_number)),
        (F::UsRegistrationDate, one(us_registration_date)),
        (F::FirstPublicationDate, one(first_publication_date)),
        (F::Policy, one(policy.as_str())),
        (F::Flags, flags.clone()),
    ]];
    rows.resize_with(releases.len().max(audio.len()).max(1), Vec::new);
    for (row, release) in rows.iter_mut().zip(releases) {
        row.extend([
            (F::ReleaseTitle, one(&release.title)),
            (F::Upc, one(&release.upc)),
            (F::Grid, one(&release.grid)),
            (F::CatalogueNumber, one(&release.catalogue_number)),
            (F::ReleaseDate, one(&release.date)),
        ]);
    }
    for (row, file) in rows.iter_mut().zip(audio) {
        row.extend([(F::Audio, one(&file.uri)), (F::AudioHash, one(&file.hash))]);
    }
    for row in &mut rows {
        row.insert(0, (F::EntryId, one(entry_id)));
    }
    rows
}

/// An entry of which nothing was checked, checked.
///
/// # Errors
///
/// What is wrong: field, value and why.
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
        let why = format!("is no service that is known: {}", SERVICES.join(", "));
        wrong.push((Field::Ignore, service.clone(), why));
    }
    if wrong.is_empty() { Ok(whole) } else { Err(wrong) }
}

/// Services whose ids are kept.
const SERVICES: [&str; 6] = ["acoustid", "apple", "deezer", "musicbrainz", "spotify", "youtube"];

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

/// One line of text: white space of any kind is one blank, control characters are none.
pub(crate) fn line(text: &str) -> Result<String, String> {
    let mut line = String::with_capacity(text.len().min(4 * MAX_CHARS));
    let mut chars = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        chars += word.chars().count() + 1;
        if chars > MAX_CHARS + 1 {
            return Err(format!("is longer than {MAX_CHARS} characters; is a quote missing?"));
        }
    }
    Ok(line)
}

/// Letters and digits, upper case.
fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// Whether a spreadsheet has written a number as `1.23E+11`.
fn is_scientific(text: &str) -> bool {
    let Some((number, exponent)) = text.split_once(['e', 'E']) else { return false };
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let (whole, part) = number.split_once(['.', ',']).unwrap_or((number, "0"));
    digits(whole) && digits(part) && digits(exponent.trim_start_matches('+'))
}

const AS_TEXT: &str =
    "format the column as text before the numbers are typed or pasted, and export it again";

fn isrc(text: &str) -> Result<String, String> {
    let letters = letters(text);
    let code = letters.strip_prefix("ISRC").unwrap_or(&letters);
    match Identifier::parse(code.as_bytes()) {
        Some(isrc @ Identifier::Isrc(_)) => Ok(isrc.to_string()),
        _ if code.len() == 12 => Err(
            "is no ISRC: two letters, three letters or digits and seven digits, such as GBAYE0000351"
                .into(),
        ),
        _ => Err(format!("is no ISRC: it has {} letters and digits, not 12", code.len())),
    }
}

fn upc(text: &str) -> Result<String, String> {
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let plain = plain.strip_suffix(".0").unwrap_or(&plain);
    if is_scientific(plain) {
        return Err(format!(
            "is a number that a spreadsheet has rounded; the last digits are lost: {AS_TEXT}"
        ));
    }
    if plain.is_empty() || !plain.bytes().all(|b| b.is_ascii_digit()) {
        return Err("is no UPC or EAN: it has other characters than digits".into());
    }
    let length = plain.len();
    if length < 12 {
        let padded = format!("{plain:0>12}");
        return Err(match Identifier::parse(padded.as_bytes()) {
            Some(_) if length >= 6 => format!(
                "has {length} digits: a spreadsheet has taken the leading zeros away (it may have been \
                 {padded}): {AS_TEXT}"
            ),
            _ => format!("has {length} digits, a UPC has 12 and an EAN 13"),
        });
    }
    match Identifier::parse(plain.as_bytes()) {
        Some(Identifier::Upc(digits)) => {
            let digits = String::from_utf8_lossy(&digits).into_owned();
            let zeros = digits.bytes().take_while(|b| *b == b'0').count();
            Ok(digits[zeros.min(2)..].to_owned())
        }
        _ if (12..=14).contains(&length) => {
            Err("is no UPC or EAN: its check digit is wrong, so a digit was mistyped".into())
        }
        _ => Err(format!("has {length} digits, a UPC has 12 and an EAN 13")),
    }
}

/// `A1-2425G-ABC1234002-M`: the last character checks the others (ISO 7064, MOD 37,36).
fn grid(text: &str) -> Result<String, String> {
    let letters = letters(text);
    let code = letters.strip_prefix("GRID").unwrap_or(&letters);
    if code.len() != 18 || !code.starts_with("A1") {
        return Err("is no GRid: A1, then 16 letters and digits".into());
    }
    let value = |c: char| c.to_digit(36).unwrap_or(0);
    let (front, last) = code.split_at(17);
    let sum = front.chars().fold(36, |sum, c| {
        let sum = (sum + value(c)) % 36;
        (if sum == 0 { 36 } else { sum }) * 2 % 37
    });
    let check = (37 - sum) % 36;
    if last.chars().next().map(value) == Some(check) {
        Ok(code.to_owned())
    } else {
        Err("is no GRid: its check character is wrong, so a character was mistyped".into())
    }
}

/// `T-034.524.680-1`: the last digit checks the others.
fn iswc(text: &str) -> Result<String, String> {
    let letters = letters(text);
    let code = letters.strip_prefix("ISWC").unwrap_or(&letters);
    let digits: Vec<u32> = code.chars().skip(1).filter_map(|c| c.to_digit(10)).collect();
    if !code.starts_with('T') || code.len() != 11 || digits.len() != 10 {
        return Err("is no ISWC: T and ten digits, such as T-034.524.680-1".into());
    }
    let sum: u32 = 1 + digits.iter().take(9).zip(1..).map(|(digit, at)| digit * at).sum::<u32>();
    if (sum + digits[9]).is_multiple_of(10) {
        Ok(code.to_owned())
    } else {
        Err("is no ISWC: its check digit is wrong, so a digit was mistyped".into())
    }
}

/// Lower-case hex.
pub(crate) fn hash(text: &str) -> Result<String, String> {
    let hex: String = text.chars().filter(|c| !matches!(c, ' ' | ':' | '-')).collect();
    let right =
        matches!(hex.len(), 32 | 40 | 64 | 96 | 128) && hex.bytes().all(|b| b.is_ascii_hexdigit());
    if right { Ok(hex.to_lowercase()) } else { Err("is no MD5, SHA-1 or SHA-2 in hex".into()) }
}

/// A date as `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
pub(crate) fn date(text: &str, order: DateOrder) -> Result<String, String> {
    let day = text.split(['T', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = day.split(['-', '/', '.']).collect();
    let number = |part: &str| -> Option<u32> {
        (part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok())?
    };
    let numbers: Option<Vec<u32>> = parts.iter().map(|part| number(part)).collect();
    let wrong = || "is no date; write 2020-04-03".to_owned();
    let numbers = numbers.ok_or_else(wrong)?;
    let (year, month, day) = match (numbers.as_slice(), parts[0].len()) {
        (&[year], 4) => (year, None, None),
        (&[year, month], 4) => (year, Some(month), None),
        (&[year, month, day], 4) => (year, Some(month), Some(day)),
        (&[first, second, year], _) if parts[2].len() == 4 => {
            let month_first = match order {
                DateOrder::Mdy => true,
                DateOrder::Dmy => false,
                DateOrder::Unknown if text.contains('.') || first > 12 => false,
                DateOrder::Unknown if second > 12 || first == second => true,
                DateOrder::Unknown => {
                    return Err(
                        "is a date that can be read in two ways; write 2020-04-03, or name \
                                the order in a mapping file: \"dates\": \"mdy\" or \"dmy\""
                            .into(),
                    );
                }
            };
            let (month, day) = if month_first { (first, second) } else { (second, first) };
            (year, Some(month), Some(day))
        }
        _ => return Err(wrong()),
    };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = |month| match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => 31,
    };
    if !(1800..=2200).contains(&year) {
        return Err(format!("has the year {year}; write 2020-04-03"));
    }
    match (month, day) {
        (None, _) => Ok(format!("{year}")),
        (Some(month @ 1..=12), None) => Ok(format!("{year}-{month:02}")),
        (Some(month @ 1..=12), Some(day)) if (1..=days(month)).contains(&day) => {
            Ok(format!("{year}-{month:02}-{day:02}"))
        }
        _ => Err("is a day that no calendar has; write 2020-04-03".into()),
    }
}

/// Seconds, `m:ss`, `h:mm:ss` or ISO 8601, rounded to milliseconds.
fn duration(text: &str) -> Result<f64, String> {
    let wrong = || "is no length; write 201.5, 3:21 or PT3M21S".to_owned();
    let number = |part: &str| -> Option<f64> {
        let plain = part.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if plain { part.parse().ok() } else { None }
    };
    let seconds = if let Some(iso) = text.strip_prefix("PT") {
        let mut seconds = 0.0;
        let mut rest = iso;
        for (unit, worth) in [('H', 3_600.0), ('M', 60.0), ('S', 1.0)] {
            if let Some((count, after)) = rest.split_once(unit) {
                seconds += worth * number(count).ok_or_else(wrong)?;
                rest = after;
            }
        }
        if !rest.is_empty() || iso.is_empty() {
            return Err(wrong());
        }
        seconds
    } else {
        let mut seconds = 0.0;
        for part in text.split(':') {
            seconds = 60.0 * seconds + number(part).ok_or_else(wrong)?;
        }
        seconds
    };
    if seconds.is_finite() && seconds < 1e6 {
        Ok((seconds * 1_000.0).round() / 1_000.0)
    } else {
        Err(wrong())
    }
}

fn share(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('%').trim().replace(',', ".");
    match number.parse::<f64>() {
        Ok(share) if (0.0..=100.0).contains(&share) => Ok(share),
        _ => Err("is no share; write a number of percent from 0 to 100".into()),
    }
}

/// A country, or the whole world, which is no country at all.
fn territory(text: &str, list: &mut Vec<String>) -> Result<(), String> {
    let plain: String = text.chars().filter(char::is_ascii_alphabetic).collect();
    let upper = plain.to_ascii_uppercase();
    match upper.as_str() {
        "WORLDWIDE" | "WORLD" | "WW" | "GLOBAL" | "ALL" => push(list, WORLD.to_owned()),
        code if code.len() == 2 && text.len() == 2 => push(list, code.to_owned()),
        _ => Err("is no country code of two letters (ISO 3166), and not Worldwide".into()),
    }
}

/// The 22 characters of an id, a URI or a link.
fn spotify(text: &str) -> Result<String, String> {
    let id = last_part(text, &["spotify:track:", "/"]);
    if id.len() == 22 && id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        Ok(id)
    } else {
        Err("is no Spotify id: it has 22 letters and digits".into())
    }
}

/// What follows the first of these marks that occurs, up to `?` or `&`.
fn last_part(text: &str, marks: &[&str]) -> String {
    let found = marks.iter().find_map(|mark| text.rsplit_once(mark));
    let id = found.map_or(text, |(_, id)| id);
    id.split(['?', '&', '#']).next().unwrap_or(id).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(field: Field, text: &str) -> Result<Entry, String> {
        let mut entry = Entry::default();
        field.put(text, DateOrder::Unknown, &mut entry).map(|()| entry)
    }

    #[test]
    fn an_isrc_is_known_however_it_is_written() {
        for text in ["GBAYE0000351", "gb-aye-00-00351", "ISRC: GB AYE 00 00351"] {
            assert_eq!(put(Field::Isrc, text).unwrap().isrcs, ["GBAYE0000351"], "{text}");
        }
        assert!(put(Field::Isrc, "GBAYE000035").unwrap_err().contains("11 letters"));
        assert!(put(Field::Isrc, "1BAYE0000351").unwrap_err().contains("two letters"));
    }

    #[test]
    fn a_bar_code_is_written_in_one_way_and_its_check_digit_is_right() {
        for text in ["036000291452", "0036000291452", "0 36000-29145 2", "036000291452.0"] {
            assert_eq!(put(Field::Upc, text).unwrap().releases[0].upc, "036000291452", "{text}");
        }
        assert_eq!(put(Field::Upc, "5901234123457").unwrap().releases[0].upc, "5901234123457");
        assert!(put(Field::Upc, "036000291453").unwrap_err().contains("check digit"));
    }

    #[test]
    fn what_a_spreadsheet_did_to_a_bar_code_is_refused_with_the_remedy() {
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
        assert_eq!(super::date("03/04/2020", DateOrder::Mdy).unwrap(), "2020-03-04");
        assert_eq!(super::date("03/04/2020", DateOrder::Dmy).unwrap(), "2020-04-03");
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
    fn text_is_one_line_of_bounded_length() {
        assert_eq!(line("  a\r\n\tb\u{0}c \u{85} ").unwrap(), "a b c");
        assert!(line(&"x".repeat(3_000)).is_err());
    }
}
