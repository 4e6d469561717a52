//! The outcome of one item: its record, and a stamp that tells whether the item has changed since.

use crate::catalog::Recording;
use crate::record::{ClaimCheck, FailureRecord, Finding, ItemFacts, ItemRecord, Verdict};
use crate::source::{Place, Stamp};

/// The record of one item, and what tells whether the item has changed since.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Key of the item's locator.
    pub key: Vec<u8>,
    /// Size and modification time of the file on disk that the item is, or lies in.
    pub stamp: Stamp,
    /// The record.
    pub record: ItemRecord,
}

pub(super) fn outcome(place: &Place, record: ItemRecord) -> Box<Outcome> {
    Box::new(Outcome { key: place.locator.key(), stamp: place.stamp, record })
}

/// The facts of an item before it is decoded.
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

/// A finding of a recording that says what the catalogue knows of it, and nothing yet of the item.
pub(super) fn finding_of(recording: &Recording, verdict: Verdict) -> Finding {
    Finding {
        recording_path: recording.path.clone(),
        title: recording.title.clone(),
        artist: recording.artist.clone(),
        isrc: recording.isrc.clone(),
        ..Finding::unheard(recording.recording_id.clone(), verdict)
    }
}

/// The record of an item that could not be compared.
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
        claims: ClaimCheck::default(),
        is_partial: false,
    }
}
