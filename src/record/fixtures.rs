//! Records for unit tests.

use super::{ClaimCheck, Finding, ItemFacts, ItemRecord, Verdict};

/// An item of 200 s at a place on disk, with a SHA-256.
pub(crate) fn facts(path: &str, sha256: &str) -> ItemFacts {
    ItemFacts {
        path: path.to_owned(),
        size_bytes: 1,
        sha256: sha256.to_owned(),
        codec: "flac".to_owned(),
        duration_seconds: 200.0,
        streams: 1,
        locator: path.to_owned(),
        containers: String::new(),
        offset: None,
        torrent: None,
    }
}

/// The record of an item with findings; its verdict is that of the first.
pub(crate) fn record_of(item: ItemFacts, findings: Vec<Finding>) -> ItemRecord {
    ItemRecord {
        item,
        verdict: findings.first().map_or(Verdict::Clear, |finding| finding.verdict),
        findings,
        failure: None,
        notes: Vec::new(),
        claims: ClaimCheck::default(),
        is_partial: false,
    }
}
