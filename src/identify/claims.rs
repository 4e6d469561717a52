//! The claims of an item: which recordings it names, how surely, and where.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{Identifier, Identifiers};
use crate::catalog::Recording;
use crate::index::TrackId;
use crate::record::Tier;
use crate::wording::shorten;

/// Most recordings that one item may claim; further ones are only counted. A dump of metadata may name a whole catalogue, and
/// its record is one row. A guess.
pub(crate) const MAX_CLAIMS: usize = 50_000;
/// Places that are listed for one recording in one item; further ones are only counted. A guess.
const MAX_PLACES: usize = 10;
/// Most characters of a place: the name of a table may have any length. A guess.
const MAX_PLACE_CHARS: usize = 300;

/// The claims of an item, by recording.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    by_track: BTreeMap<TrackId, Claim>,
    /// Number of times that a recording was named after [`MAX_CLAIMS`] were claimed.
    beyond: u64,
    /// The text that is being read speaks of several recordings, not of the item alone.
    pub(super) is_listing: bool,
}

/// How an item names a recording, from the least to the most specific.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Named {
    /// By a bar code, which a whole release shares.
    ByBarCode,
    /// By an ISRC or an id of a service in a list of several.
    InList,
    /// By an ISRC or an id of a service that stands alone.
    ById,
}

/// The claim of an item to be one recording.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) recording: Recording,
    pub(crate) is_hash: bool,
    /// The most specific way in which it is named; `None` if only by its hash.
    pub(crate) named: Option<Named>,
    /// The first places that name it: kind of identifier, its value, and where it stands.
    places: Vec<String>,
    /// Number of all places.
    count: u64,
}

impl Claims {
    /// Takes an identifier that was found at a place.
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

    /// Adds the claims that another way of reading the same item found, for recordings that are not claimed yet.
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

    /// Drops the claims of recordings that `other` has as well.
    pub(super) fn leave_out(&mut self, other: &Self) {
        self.by_track.retain(|track, _| !other.by_track.contains_key(track));
    }

    /// Number of times that recordings were named beyond those that are kept.
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

    /// The first places, and the number of the others.
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
