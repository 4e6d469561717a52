//! Identifiers: what tags, names and tables say, looked up among those of the catalogue.
//!
//! | tier | what agrees |
//! |---|---|
//! | T0 | an identifier: ISRC, UPC, the id of a service |
//! | T1 | the SHA-256 of the file |
//!
//! An identifier is a claim. It is compared with the sound where there is any, and never takes its place.

mod document;
mod tokens;

pub(crate) use document::{PERSONAL, Read};
pub use tokens::Tokens;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::catalog::{CatalogError, Entry as CatalogEntry, Recording, Records, Snapshot};
use crate::ingest::hex;
use crate::record::json;
use crate::source::Item;
use crate::units::TrackId;

/// Recordings of one ISRC or id of a service, and of one bar code: edits of a song may share the first, and a box of records
/// has the second. What more of them have is a placeholder, and says nothing.
const MAX_SHARERS: (usize, usize) = (32, 1_000);
/// Recordings that one item may claim; of others only the number is told. A dump of metadata may name a whole
/// catalogue, and its record is one row.
pub(crate) const MAX_CLAIMS: usize = 50_000;
/// Places that are named of one recording in one item; the others are counted.
const MAX_PLACES: usize = 10;

/// The last two bits of a key.
const IS_ISRC: u32 = 0;
const IS_UPC: u32 = 1;
const IS_SHA256: u32 = 2;
const IS_SERVICES: u32 = 3;

/// The identifiers of the catalogue's recordings: 12 bytes for each, and for those that cannot be heard their ids. The
/// records themselves are read when one is claimed.
#[derive(Debug)]
pub struct Identifiers {
    records: Arc<Records>,
    /// Ids of the entries that cannot be heard, and the number after the last track, which is that of the first of them.
    silent: Vec<Box<str>>,
    first_silent: u32,
    /// Of all that is known by the delivery alone: entries that cannot be heard, ids of services.
    delivered_digest: Option<String>,
    /// Whether there is any id of a service.
    has_services: bool,
    /// The two halves of an identifier's key, and a track that may have it; sorted.
    keys: Vec<[u32; 3]>,
}

/// One identifier, in the one way that it is written here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Identifier {
    /// International Standard Recording Code, upper case, without hyphens.
    Isrc([u8; 12]),
    /// UPC or EAN, with zeros in front.
    Upc([u8; 14]),
    /// SHA-256 of a file.
    Sha256([u8; 32]),
    /// Id of a track at Spotify.
    Spotify([u8; 22]),
    /// Id of a video at `YouTube`.
    YouTube([u8; 11]),
    /// Id of a recording at `MusicBrainz`, or of a track at `AcoustID`.
    Uuid([u8; 16]),
}

impl Identifier {
    /// The identifier that a word is, if it is one: letters, digits and hyphens.
    pub fn parse(word: &[u8]) -> Option<Self> {
        let plain = |byte: &&u8| **byte != b'-';
        match word.len() {
            64 => hexadecimal(word).map(Self::Sha256),
            36 => uuid(word),
            12..=18 => {
                let mut letters = [0; 14];
                let mut count = 0;
                for byte in word.iter().filter(plain) {
                    *letters.get_mut(count)? = byte.to_ascii_uppercase();
                    count += 1;
                }
                match count {
                    12 => isrc(letters.first_chunk()?).or_else(|| upc(&letters[..12])),
                    13 | 14 => upc(&letters[..count]),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The identifier that an id at a service is, by the name that entries give the service. Ids of Apple and Deezer are plain
    /// numbers, which mean something else wherever they are met: they are none.
    fn at_service(service: &str, id: &str) -> Option<Self> {
        let id = id.as_bytes();
        match service {
            "spotify" => id.try_into().ok().map(Self::Spotify),
            "youtube" => id.try_into().ok().map(Self::YouTube),
            "musicbrainz" | "acoustid" => uuid(id),
            _ => None,
        }
    }

    /// Whether it is made as any word of eleven letters is, or as a number: one id at `YouTube` in ten thousand is.
    pub(crate) fn reads_as_a_word(&self) -> bool {
        let Self::YouTube([first, others @ ..]) = self else { return false };
        let all = |is: fn(&u8) -> bool| others.iter().all(is);
        first.is_ascii_alphabetic() && (all(u8::is_ascii_lowercase) || all(u8::is_ascii_uppercase))
            || first.is_ascii_digit() && all(u8::is_ascii_digit)
    }

    const fn is_of_service(self) -> bool {
        matches!(self, Self::Spotify(_) | Self::YouTube(_) | Self::Uuid(_))
    }

    /// 62 bits that few others have and two that tell its kind, in two halves.
    fn key(&self) -> [u32; 2] {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        let key = hasher.finish();
        let kind = match self {
            Self::Isrc(_) => IS_ISRC,
            Self::Upc(_) => IS_UPC,
            Self::Sha256(_) => IS_SHA256,
            Self::Spotify(_) | Self::YouTube(_) | Self::Uuid(_) => IS_SERVICES,
        };
        [(key >> 32) as u32, key as u32 & !3 | kind]
    }

    /// Its word in the records.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Isrc(_) => "ISRC",
            Self::Upc(_) => "UPC",
            Self::Sha256(_) => "SHA-256",
            Self::Spotify(_) => "Spotify id",
            Self::YouTube(_) => "YouTube id",
            Self::Uuid(_) => "MusicBrainz or AcoustID id",
        }
    }
}

impl std::fmt::Display for Identifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Isrc(letters) => f.write_str(&String::from_utf8_lossy(letters)),
            Self::Upc(digits) => f.write_str(&String::from_utf8_lossy(digits)),
            Self::Sha256(bytes) => f.write_str(&hex(bytes)),
            Self::Spotify(letters) => f.write_str(&String::from_utf8_lossy(letters)),
            Self::YouTube(letters) => f.write_str(&String::from_utf8_lossy(letters)),
            Self::Uuid(bytes) => {
                let digits = hex(bytes);
                let parts =
                    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
                f.write_str(&parts.join("-"))
            }
        }
    }
}

/// Country, registrant, year and number: `GBAYE0000351`.
fn isrc(letters: &[u8; 12]) -> Option<Identifier> {
    let right = letters[..2].iter().all(u8::is_ascii_uppercase)
        && letters[2..5].iter().all(u8::is_ascii_alphanumeric)
        && letters[5..].iter().all(u8::is_ascii_digit);
    right.then_some(Identifier::Isrc(*letters))
}

/// Digits, the last of which checks the others.
fn upc(digits: &[u8]) -> Option<Identifier> {
    if !digits.iter().all(u8::is_ascii_digit) || digits.iter().all(|&digit| digit == b'0') {
        return None;
    }
    let mut padded = [b'0'; 14];
    padded[14 - digits.len()..].copy_from_slice(digits);
    let weigh =
        |(at, digit): (usize, &u8)| u32::from(digit - b'0') * if at % 2 == 0 { 3 } else { 1 };
    let sum: u32 = padded.iter().enumerate().map(weigh).sum();
    sum.is_multiple_of(10).then_some(Identifier::Upc(padded))
}

/// `N` bytes by their `2 · N` digits.
fn hexadecimal<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

/// `b1a9c0e9-d987-4042-ae91-78d6a3267d69`.
fn uuid(word: &[u8]) -> Option<Identifier> {
    let mut digits = [0; 32];
    let mut count = 0;
    for (at, &byte) in word.iter().enumerate() {
        if matches!(at, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return None;
            }
        } else {
            *digits.get_mut(count)? = byte;
            count += 1;
        }
    }
    if count < digits.len() { None } else { hexadecimal(&digits).map(Identifier::Uuid) }
}

impl Identifiers {
    /// Those of the recordings of a snapshot, and of its entries without audio, which are known by them alone.
    ///
    /// # Errors
    ///
    /// If the records cannot be read.
    pub fn of(snapshot: &Snapshot) -> Result<Self, CatalogError> {
        let records = snapshot.records();
        let mut keys = Vec::new();
        let mut keep = |track: u32, texts: [&str; 3]| {
            each(texts, |identifier| {
                let [high, low] = identifier.key();
                keys.push([high, low, track]);
            });
        };
        records.each_identifier(|track, texts| keep(track.0, texts))?;
        let mut services = Vec::new();
        let mut keep_services = |track: u32, entry: &CatalogEntry| {
            let before = services.len();
            each_at_services(entry, |identifier| {
                let [high, low] = identifier.key();
                services.push([high, low, track]);
            });
            services.len() > before
        };
        let mut digest = Delivered::default();
        records.each_entry_of_sound(|track, id, entry| {
            if keep_services(track.0, entry) {
                digest.add(&json(&(id, &entry.service_ids)));
            }
        })?;
        let first_silent = snapshot.index.track_bound() as u32;
        let mut silent = Vec::new();
        records.each_silent(|entry| {
            let track = first_silent + silent.len() as u32;
            let recording = entry.as_recording();
            digest.add(&json(&recording));
            if keep_services(track, entry) {
                digest.add(&json(&entry.service_ids));
            }
            let Recording { recording_id, isrc, upc, sha256, .. } = recording;
            keep(track, [&isrc, &upc, &sha256]);
            silent.push(recording_id.into_boxed_str());
        })?;
        let has_services = !services.is_empty();
        keys.append(&mut services);
        keys.sort_unstable();
        keys.dedup();
        let keys = keys
            .chunk_by(|a, b| a[..2] == b[..2])
            .filter(|sharers| sharers.len() <= most_sharers(sharers[0]))
            .flatten()
            .copied()
            .collect();
        let delivered_digest = digest.finish();
        Ok(Self { records, silent, first_silent, delivered_digest, has_services, keys })
    }

    /// A digest of what is known by the label's deliveries alone, if anything is: recordings without sound, and ids of services.
    pub fn delivered_digest(&self) -> Option<&str> {
        self.delivered_digest.as_deref()
    }

    /// Whether there are recordings without sound, which only their identifiers can find.
    pub fn has_silent(&self) -> bool {
        !self.silent.is_empty()
    }

    fn recording(&self, track: TrackId) -> Option<Recording> {
        match track.0.checked_sub(self.first_silent) {
            Some(at) => self.records.silent(self.silent.get(at as usize)?),
            None => self.records.get(track),
        }
    }

    /// The tracks that may have an identifier: two identifiers may have one key.
    fn tracks(&self, identifier: Identifier) -> impl Iterator<Item = TrackId> {
        // Every eleventh word or so of a text may be an id at YouTube.
        let keys = if identifier.is_of_service() && !self.has_services { &[] } else { &*self.keys };
        let [high, low] = if keys.is_empty() { [0, 0] } else { identifier.key() };
        let from = keys.partition_point(|key| *key < [high, low, 0]);
        let of_key = keys[from..].iter().take_while(move |key| key[..2] == [high, low]);
        of_key.map(|key| TrackId(key[2]))
    }

    /// Whether a recording has an identifier.
    fn has(&self, recording: &Recording, identifier: Identifier) -> bool {
        let mut has = false;
        if identifier.is_of_service() {
            for entry in self.records.entries_of(&recording.recording_id) {
                each_at_services(&entry, |one| has |= one == identifier);
            }
        } else {
            let Recording { isrc, upc, sha256, .. } = recording;
            each([isrc, upc, sha256], |one| has |= one == identifier);
        }
        has
    }

    /// Looks up what a text says.
    pub(crate) fn in_text(&self, text: &str, place: &str, claims: &mut Claims) {
        let mut words = Tokens::default();
        let mut take = |identifier, _| claims.take(self, identifier, || place.to_owned());
        words.feed(text.as_bytes(), &mut take);
        words.finish(&mut take);
    }

    /// Looks up what an item is called and what lies beside it says.
    pub(crate) fn outside(&self, item: &Item, claims: &mut Claims) {
        let name = String::from_utf8_lossy(&item.place.locator.name()).into_owned();
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
        self.in_text(name, "its name", claims);
        if let Some(text) = &item.side_car {
            self.in_side_car(text, claims);
        }
    }

    /// Looks up what lies beside an item and speaks of it. One that has several ISRCs, as the list of an album has, or several
    /// of the catalogue's ids at one service, speaks of others too: what it says counts for no more than a bar code does.
    fn in_side_car(&self, text: &str, claims: &mut Claims) {
        let mut firsts: Vec<Identifier> = Vec::new();
        let mut several = false;
        let mut words = Tokens::default();
        let mut look = |identifier: Identifier, _| {
            // Ids of artists and albums look like those of tracks.
            let counts = matches!(identifier, Identifier::Isrc(_))
                || identifier.is_of_service() && self.tracks(identifier).next().is_some();
            if counts {
                match firsts.iter().find(|first| first.kind() == identifier.kind()) {
                    Some(first) => several |= *first != identifier,
                    None => firsts.push(identifier),
                }
            }
        };
        words.feed(text.as_bytes(), &mut look);
        words.finish(&mut look);
        claims.is_listing = several;
        self.in_text(text, "its side-car", claims);
        claims.is_listing = false;
    }
}

/// What an item claims to be.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    by_track: BTreeMap<TrackId, Claim>,
    /// How often something beyond [`MAX_CLAIMS`] recordings was named.
    beyond: u64,
    /// What is read speaks of several recordings, not of the item alone.
    is_listing: bool,
}

/// What names a recording, from the least sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Named {
    /// A bar code, which is that of a whole release.
    ByBarCode,
    /// An ISRC or an id of a service, among others.
    InList,
    /// An ISRC or an id of a service.
    ById,
}

/// What an item claims of one recording.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) recording: Recording,
    pub(crate) is_hash: bool,
    /// The surest of the identifiers that name it.
    pub(crate) named: Option<Named>,
    /// Where it says so.
    places: Vec<String>,
    count: u64,
}

impl Claims {
    fn take(&mut self, known: &Identifiers, identifier: Identifier, place: impl Fn() -> String) {
        let named = match identifier {
            Identifier::Sha256(_) => None,
            Identifier::Upc(_) => Some(Named::ByBarCode),
            _ if self.is_listing => Some(Named::InList),
            _ => Some(Named::ById),
        };
        for track in known.tracks(identifier) {
            let is_full = self.by_track.len() >= MAX_CLAIMS;
            let claim = match self.by_track.entry(track) {
                Entry::Occupied(claim) if known.has(&claim.get().recording, identifier) => {
                    claim.into_mut()
                }
                Entry::Occupied(_) => continue,
                Entry::Vacant(_) if is_full => {
                    self.beyond += 1;
                    continue;
                }
                Entry::Vacant(place) => match known.recording(track) {
                    Some(recording) if known.has(&recording, identifier) => {
                        place.insert(Claim::of(recording))
                    }
                    _ => continue,
                },
            };
            claim.is_hash |= named.is_none();
            claim.named = claim.named.max(named);
            claim.count += 1;
            if claim.places.len() < MAX_PLACES {
                claim.places.push(format!("{} {identifier} in {}", identifier.kind(), place()));
            }
        }
    }

    /// How often recordings were named beyond those that are kept.
    pub(crate) fn beyond(&self) -> u64 {
        self.beyond
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_track.is_empty()
    }

    pub(crate) fn into_iter(self) -> impl Iterator<Item = Claim> {
        self.by_track.into_values()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Claim> {
        self.by_track.values()
    }
}

impl Claim {
    fn of(recording: Recording) -> Self {
        Self { recording, is_hash: false, named: None, places: Vec::new(), count: 0 }
    }

    /// Where it says so, and how often beside.
    pub(crate) fn places(&self) -> Vec<String> {
        let mut places = self.places.clone();
        let more = self.count - places.len() as u64;
        if more > 0 {
            places.push(format!("{more} more"));
        }
        places
    }

    /// The tiers that speak for it.
    pub(crate) fn tiers(&self) -> Vec<String> {
        let tiers = [("T0", self.named.is_some()), ("T1", self.is_hash)];
        tiers.into_iter().filter(|(_, is)| *is).map(|(tier, _)| tier.to_owned()).collect()
    }
}

/// So many recordings may have the identifier of a key.
fn most_sharers(key: [u32; 3]) -> usize {
    let (of_isrc, of_upc) = MAX_SHARERS;
    match key[1] & 3 {
        IS_ISRC | IS_SERVICES => of_isrc,
        IS_UPC => of_upc,
        _ => usize::MAX,
    }
}

/// Visits the identifiers that texts hold.
fn each(texts: [&str; 3], mut visit: impl FnMut(Identifier)) {
    for text in texts {
        let mut words = Tokens::default();
        words.feed(text.as_bytes(), &mut |identifier, _| visit(identifier));
        words.finish(&mut |identifier, _| visit(identifier));
    }
}

/// Visits the ids that services have of an entry.
fn each_at_services(entry: &CatalogEntry, mut visit: impl FnMut(Identifier)) {
    for (service, ids) in &entry.service_ids {
        ids.iter().filter_map(|id| Identifier::at_service(service, id)).for_each(&mut visit);
    }
}

/// A digest of lines, if there are any.
#[derive(Default)]
struct Delivered {
    digest: Sha256,
    has_any: bool,
}

impl Delivered {
    fn add(&mut self, line: &str) {
        self.digest.update(line.as_bytes());
        self.digest.update(b"\n");
        self.has_any = true;
    }

    fn finish(self) -> Option<String> {
        self.has_any.then(|| hex(&self.digest.finalize()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Catalog, Entry, LogLine};
    use crate::fingerprint::FingerprintConfig;

    fn shown(word: &str) -> Option<String> {
        Identifier::parse(word.as_bytes()).map(|i| format!("{} {i}", i.kind()))
    }

    #[test]
    fn identifiers_are_known_however_they_are_written() {
        let isrc = Some("ISRC GBAYE0000351".to_owned());
        for word in ["GBAYE0000351", "gbaye0000351", "GB-AYE-00-00351"] {
            assert_eq!(shown(word), isrc, "{word}");
        }
        let upc = Some("UPC 00036000291452".to_owned());
        for word in ["036000291452", "0036000291452", "00036000291452"] {
            assert_eq!(shown(word), upc, "{word}");
        }
        let sha256 = "ab".repeat(32);
        assert_eq!(shown(&sha256.to_uppercase()), Some(format!("SHA-256 {sha256}")));
    }

    fn entry(id: usize, isrc: &str) -> Entry {
        Entry { entry_id: id.to_string(), isrcs: vec![isrc.to_owned()], ..Entry::default() }
    }

    fn claimed(entries: Vec<Entry>, text: &str) -> (usize, u64) {
        let home = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(home.path(), FingerprintConfig::default()).unwrap();
        let mut import = catalog.import().unwrap();
        for entry in entries {
            import.stage(entry).unwrap();
        }
        let line = |_| LogLine {
            at: 0,
            who: "a test".into(),
            action: "import".into(),
            detail: String::new(),
        };
        import.finish(false, Some(&line)).unwrap();
        let identifiers = Identifiers::of(&catalog.snapshot().unwrap()).unwrap();
        let mut claims = Claims::default();
        identifiers.in_text(text, "a text", &mut claims);
        (claims.iter().count(), claims.beyond())
    }

    #[test]
    fn what_half_the_catalogue_has_is_a_placeholder_and_claims_nothing() {
        let of = |count: usize| (0..count).map(|id| entry(id, "XXXXX0000000")).collect::<Vec<_>>();
        assert_eq!(claimed(of(MAX_SHARERS.0), "XXXXX0000000"), (MAX_SHARERS.0, 0));
        assert_eq!(claimed(of(MAX_SHARERS.0 + 1), "XXXXX0000000"), (0, 0));
    }

    #[test]
    fn a_text_that_names_more_recordings_than_are_kept_says_how_many() {
        let isrc = |id: usize| format!("GBAYE{id:07}");
        let all: Vec<_> = (0..MAX_CLAIMS + 7).map(|id| entry(id, &isrc(id))).collect();
        let text: String = (0..MAX_CLAIMS + 7).map(|id| isrc(id) + "\n").collect();
        assert_eq!(claimed(all, &text), (MAX_CLAIMS, 7));
    }

    #[test]
    fn words_that_are_no_identifiers_are_none() {
        for word in [
            "",
            "GBAYE000035",
            "1BAYE0000351",
            "GBAYE00003X1",
            "036000291453",
            "000000000000",
            "1700000000000",
            "abcdefghijkl",
            "------------",
            &"zz".repeat(32),
        ] {
            assert_eq!(shown(word), None, "{word}");
        }
    }
}
