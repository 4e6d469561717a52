//! The probe: a short look at a few windows of an item, which is clear if none of them holds anything.

use std::sync::atomic::AtomicBool;

use super::Engine;
use super::examine::MIN_PEAKS;
use super::findings::round;
use super::mode::{WINDOWS, probed};
use super::outcome::facts;
use crate::matching::{LookupScratch, Matcher};
use crate::record::{ClaimCheck, ItemFacts, ItemRecord, Verdict};
use crate::signal::fingerprint::Fingerprint;
use crate::source::Item;

impl Engine {
    /// The record of an item, if its windows hold nothing. `None` if the item has to be examined whole: something was found,
    /// a window is too quiet, or the file cannot be sampled.
    pub(super) fn probe(
        &self,
        item: &Item,
        sha256: &str,
        scratch: &mut LookupScratch,
        cancel: &AtomicBool,
    ) -> Option<ItemRecord> {
        // An item that claims to be ours is always examined whole.
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
            "probed: {} windows of {} s, {} s of {:.0} s in all",
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
            is_partial: item.is_damaged,
        })
    }

    /// Whether a window has enough peaks and holds no recording as released.
    fn is_clear(&self, window: &Fingerprint, scratch: &mut LookupScratch) -> bool {
        let config = *self.ingester.fingerprinter().config();
        let matching = probed(self.matching);
        let matcher = Matcher::new(&self.snapshot.index, config, matching, self.verdict);
        let verdict = |chance| self.verdict.verdict(chance);
        window.peaks.len() >= MIN_PEAKS
            && matcher
                .search(window, scratch)
                .iter()
                // A neutral reference, such as a loop of a sample pack, raises no suspicion.
                .filter(|found| !self.snapshot.neutral(found.track))
                .all(|found| verdict(found.false_alarm_probability()) == Verdict::Clear)
    }
}
