//! The record of an item, and what tells whether the item has changed since.

use crate::record::{FailureRecord, ItemFacts, ItemRecord, Verdict};
use crate::source::{Place, Stamp};

/// What a scan found out about one item, with what tells whether the item has changed since.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Key of the item's locator.
    pub key: Vec<u8>,
    /// What tells whether the file on disk has changed that the item is or lies in.
    pub stamp: Stamp,
    /// The record.
    pub record: ItemRecord,
}

pub(super) fn outcome(place: &Place, record: ItemRecord) -> Box<Outcome> {
    Box::new(Outcome { key: place.locator.key(), stamp: place.stamp, record })
}

/// What is known of an item before it is decoded.
pub(super) fn facts(place: &Place, size_bytes: u64, sha256: String) -> ItemFacts {
    ItemFacts {
        path: place.locator.display(),
        size_bytes,
        sha256,
        codec: String::new(),
        duration_seconds: 0.0,
        streams: 0,
        locator: place.locator.to_string(),
        containers: place.containers.clone(),
        offset: place.offset,
        torrent: None,
    }
}

/// The record of an item of which nothing is known.
pub fn examine_failed(
    place: &Place,
    size_bytes: u64,
    sha256: String,
    failure: FailureRecord,
) -> ItemRecord {
    ItemRecord {
        item: facts(place, size_bytes, sha256),
        verdict: Verdict::Failed,
        findings: Vec::new(),
        failure: Some(failure),
        notes: Vec::new(),
        claims: String::new(),
    }
}
