//! What an item claims to be: which recordings it names, how surely, and where.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{Identifier, Identifiers};
use crate::catalog::Recording;
use crate::index::TrackId;
use crate::record::Tier;
use crate::wording::shorten;

/// Recordings that one item may claim; of others only the number is told. A dump of metadata may name a whole
/// catalogue, and its record is one row.
pub(crate) const MAX_CLAIMS: usize = 50_000;
/// Places that are named of one recording in one item; the others are counted.
const MAX_PLACES: usize = 10;
/// Of a place so many characters: a table may be called as it likes.
const MAX_PLACE_CHARS: usize = 300;

/// What an item claims to be.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    by_track: BTreeMap<TrackId, Claim>,
    /// How often something beyond [`MAX_CLAIMS`] recordings was named.
    beyond: u64,
    /// What is read speaks of several recordings, not of the item alone.
    pub(super) is_listing: bool,
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
    pub(super) fn take(
        &mut self,
        known: &Identifiers,
        identifier: Identifier,
        place: impl Fn() -> String,
    ) {
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
                let place = place();
                let place = shorten(&place, MAX_PLACE_CHARS);
                claim.places.push(format!("{} {identifier} in {place}", identifier.kind()));
            }
        }
    }

    /// Adds what another way to read the same thing found of recordings that are not claimed yet.
    pub(super) fn join(&mut self, other: Self) {
        for (track, claim) in other.by_track {
            let is_full = self.by_track.len() >= MAX_CLAIMS;
            match self.by_track.entry(track) {
                Entry::Vacant(_) if is_full => self.beyond += claim.count,
                Entry::Vacant(place) => _ = place.insert(claim),
                Entry::Occupied(_) => {}
            }
        }
        self.beyond = self.beyond.max(other.beyond);
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
    pub(crate) fn tiers(&self) -> Vec<Tier> {
        let tiers = [(Tier::Identifier, self.named.is_some()), (Tier::FileHash, self.is_hash)];
        tiers.into_iter().filter(|(_, is)| *is).map(|(tier, _)| tier).collect()
    }
}
