//! Identifiers in tags, names, texts and tables, looked up among those of the catalogue.
//!
//! | tier | what agrees |
//! |---|---|
//! | T0 | an identifier: ISRC, UPC, the id of a service |
//! | T1 | the SHA-256 of the file |
//!
//! An identifier is a claim. It is compared with the sound if there is any, and never replaces it.

mod claims;
mod database;
mod database_log;
mod document;
mod isrc_text;
mod sqlite_format;
mod sqlite_pages;
mod utf16;

pub(crate) use claims::{Claim, Claims, MAX_CLAIMS, Named};
pub(crate) use document::Read;

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::base::hex;
use crate::catalog::{CatalogError, Entry, Recording, Records, Snapshot};
use crate::identifier::{IS_ISRC, IS_SERVICES, IS_UPC, Identifier, Tokens};
use crate::index::TrackId;
use crate::record::json;
use crate::source::Item;

/// Most recordings with one ISRC or id of a service. Edits of a song may share one; an identifier of more recordings is a
/// placeholder, and is ignored. A guess.
const MAX_SHARERS: usize = 32;
/// Most recordings with one bar code, which all recordings of a box set share. A guess.
const MAX_SHARERS_OF_BAR_CODE: usize = 1_000;

/// The identifiers of the catalogue's recordings: 12 bytes for each, and the ids of the entries without audio. The records
/// themselves are read when one is claimed.
#[derive(Debug)]
pub struct Identifiers {
    records: Arc<Records>,
    /// Ids of the entries without audio. They are numbered as tracks from `first_without_audio` on.
    without_audio: Vec<Box<str>>,
    first_without_audio: u32,
    delivered_digest: Option<String>,
    /// Whether there is any id of a service.
    has_services: bool,
    /// The two halves of the key of an identifier, and a track that may have it; sorted.
    keys: Vec<[u32; 3]>,
}

impl Identifiers {
    /// The identifiers of the recordings of a snapshot, and of its entries without audio, which can be found by them alone.
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
        let mut keep_services = |track: u32, entry: &Entry| {
            let before = services.len();
            each_at_services(entry, |identifier| {
                let [high, low] = identifier.key();
                services.push([high, low, track]);
            });
            services.len() > before
        };
        let mut digest = Delivered::default();
        records.each_entry_with_audio(|track, id, entry| {
            if keep_services(track.0, entry) {
                digest.add(&json(&(id, &entry.service_ids)));
            }
        })?;
        let first_without_audio = snapshot.index.track_bound() as u32;
        let mut without_audio: Vec<Box<str>> = Vec::new();
        records.each_without_audio(|entry| {
            let track = first_without_audio + without_audio.len() as u32;
            let recording = entry.as_recording();
            digest.add(&json(&recording));
            if keep_services(track, entry) {
                digest.add(&json(&entry.service_ids));
            }
            let Recording { recording_id, isrc, upc, sha256, .. } = recording;
            keep(track, [&isrc, &upc, &sha256]);
            without_audio.push(recording_id.into_boxed_str());
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
        Ok(Self {
            records,
            without_audio,
            first_without_audio,
            delivered_digest,
            has_services,
            keys,
        })
    }

    /// A digest of everything that is known by the label's deliveries alone, if there is any: entries without audio, and ids of
    /// services.
    pub fn delivered_digest(&self) -> Option<&str> {
        self.delivered_digest.as_deref()
    }

    /// Whether there are entries without audio, which only their identifiers can find.
    pub fn has_entries_without_audio(&self) -> bool {
        !self.without_audio.is_empty()
    }

    /// The recording of a track, or the entry without audio that is numbered as one.
    fn recording(&self, track: TrackId) -> Option<Recording> {
        match track.0.checked_sub(self.first_without_audio) {
            Some(at) => self.records.without_audio(self.without_audio.get(at as usize)?),
            None => self.records.get(track),
        }
    }

    /// The tracks that may have an identifier. They have its key, which others may have, too.
    fn tracks(&self, identifier: Identifier) -> impl Iterator<Item = TrackId> {
        // Without ids of services no key is computed for them: any word of eleven letters may be an id at YouTube.
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

    /// Looks up the identifiers in a short text, such as a tag or a name.
    pub(crate) fn in_text(&self, text: &str, place: &str, claims: &mut Claims) {
        let mut words = Tokens::default();
        let mut has_isrc = false;
        let mut take = |identifier: Identifier, _| {
            has_isrc |= matches!(identifier, Identifier::Isrc(_));
            claims.take(self, identifier, || place.to_owned());
        };
        words.feed(text.as_bytes(), &mut take);
        words.finish(&mut take);
        if !has_isrc && let Some(isrc) = isrc_text::isrc(text) {
            claims.take(self, isrc, || place.to_owned());
        }
    }

    /// Looks up the identifiers in the name of an item and in its side-car.
    pub(crate) fn outside(&self, item: &Item, claims: &mut Claims) {
        let name = String::from_utf8_lossy(&item.place.locator.name()).into_owned();
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
        self.in_text(name, "its name", claims);
        if let Some(text) = &item.side_car {
            self.in_side_car(text, claims);
        }
    }

    /// Looks up the identifiers in the text beside an item that speaks of it. If it has several ISRCs, as the list of an album
    /// has, or several of the catalogue's ids at one service, it speaks of other items, too, and its identifiers count no more
    /// than a bar code.
    fn in_side_car(&self, text: &str, claims: &mut Claims) {
        let mut firsts: Vec<Identifier> = Vec::new();
        let mut several = false;
        let mut words = Tokens::default();
        let mut look = |identifier: Identifier, _| {
            // Ids of artists and albums look like those of tracks: only the catalogue's count.
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

/// The most recordings that may share the identifier of a key.
fn most_sharers(key: [u32; 3]) -> usize {
    match key[1] & 3 {
        IS_ISRC | IS_SERVICES => MAX_SHARERS,
        IS_UPC => MAX_SHARERS_OF_BAR_CODE,
        _ => usize::MAX,
    }
}

/// Visits the identifiers in texts.
fn each(texts: [&str; 3], mut visit: impl FnMut(Identifier)) {
    for text in texts {
        let mut words = Tokens::default();
        words.feed(text.as_bytes(), &mut |identifier, _| visit(identifier));
        words.finish(&mut |identifier, _| visit(identifier));
    }
}

/// Visits the ids of an entry at services.
fn each_at_services(entry: &Entry, mut visit: impl FnMut(Identifier)) {
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
    use crate::catalog::{Catalog, LogLine};
    use crate::signal::fingerprint::FingerprintConfig;

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
    fn an_identifier_of_too_many_recordings_is_a_placeholder_and_claims_nothing() {
        let of = |count: usize| (0..count).map(|id| entry(id, "XXXXX0000000")).collect::<Vec<_>>();
        assert_eq!(claimed(of(MAX_SHARERS), "XXXXX0000000"), (MAX_SHARERS, 0));
        assert_eq!(claimed(of(MAX_SHARERS + 1), "XXXXX0000000"), (0, 0));
    }

    #[test]
    fn a_text_that_names_more_recordings_than_are_kept_says_how_many() {
        let isrc = |id: usize| format!("GBAYE{id:07}");
        let all: Vec<_> = (0..MAX_CLAIMS + 7).map(|id| entry(id, &isrc(id))).collect();
        let text: String = (0..MAX_CLAIMS + 7).map(|id| isrc(id) + "\n").collect();
        assert_eq!(claimed(all, &text), (MAX_CLAIMS, 7));
    }
}
