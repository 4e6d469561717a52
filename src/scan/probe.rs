//! The short look at an item: a few excerpts, and clear if none of them holds anything.

use std::sync::atomic::AtomicBool;

use super::Engine;
use super::examine::{MIN_PEAKS, round};
use super::mode::as_released;
use super::outcome::facts;
use crate::decode::Windows;
use crate::matching::{LookupScratch, MatchConfig, Matcher, Share};
use crate::record::{ClaimCheck, ItemFacts, ItemRecord, Verdict};
use crate::signal::fingerprint::Fingerprint;
use crate::source::Item;

/// What is listened to of an item. A clip of 3 s is enough to tell; 8 s bear a quiet bar.
const WINDOWS: Windows = Windows { count: 3, seconds: 8.0 };
/// What is as released leads by far: few candidates are aligned, of few cells with many votes.
const CANDIDATES: Share = Share { item: 4, window: 4 };
const BINS: Share = Share { item: 128, window: 128 };
const POSTINGS: Share = Share { item: 60_000, window: 60_000 };
const MIN_VOTES: usize = 6;

impl Engine {
    /// The record of an item in whose windows nothing is found. `None` if it has to be examined whole:
    /// something is found, a window is too quiet to tell, or it cannot be sampled.
    pub(super) fn probe(
        &self,
        item: &Item,
        sha256: &str,
        scratch: &mut LookupScratch,
        cancel: &AtomicBool,
    ) -> Option<ItemRecord> {
        // What claims to be ours is listened to whole.
        if !self.claims(item, sha256, None).is_empty() {
            return None;
        }
        let (excerpts, fingerprints) = self.ingester.ingest_excerpts(item, WINDOWS, cancel)?;
        if !self.claims(item, sha256, Some(&excerpts.tags)).is_empty() {
            return None;
        }
        if !fingerprints.iter().all(|fingerprint| self.is_clear(fingerprint, scratch)) {
            return None;
        }
        let facts = ItemFacts {
            codec: excerpts.codec,
            duration_seconds: round(excerpts.declared_seconds, 3),
            streams: 1,
            ..facts(&item.place, item.size_bytes, sha256.to_owned())
        };
        let note = format!(
            "probed: {} windows of {} s, {} s of {:.0} s",
            WINDOWS.count,
            WINDOWS.seconds,
            WINDOWS.total_seconds(),
            excerpts.declared_seconds
        );
        Some(ItemRecord {
            item: facts,
            claims: ClaimCheck::default(),
            verdict: Verdict::Clear,
            findings: Vec::new(),
            failure: None,
            notes: item.notes.iter().cloned().chain([note]).collect(),
        })
    }

    /// Whether a window holds no recording as released, and enough to tell.
    fn is_clear(&self, window: &Fingerprint, scratch: &mut LookupScratch) -> bool {
        let config = *self.ingester.fingerprinter().config();
        let matching = MatchConfig {
            candidates: CANDIDATES,
            bins: BINS,
            identity_postings: POSTINGS,
            min_votes: MIN_VOTES,
            ..as_released(self.matching)
        };
        let matcher = Matcher::new(&self.snapshot.index, config, matching, self.verdict);
        let verdict = |chance| self.verdict.verdict(chance);
        window.peaks.len() >= MIN_PEAKS
            && matcher
                .search(window, scratch)
                .iter()
                // A loop of a sample pack raises no suspicion.
                .filter(|found| !self.snapshot.neutral(found.track))
                .all(|found| verdict(found.false_alarm_probability()) == Verdict::Clear)
    }
}
