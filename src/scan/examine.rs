//! One item, from its bytes to its record.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool;

use super::claims::compare;
use super::findings::round;
use super::outcome::facts;
use super::{Engine, Mode};
use crate::base::digest;
use crate::base::panic_message;
use crate::bytes::Bytes;
use crate::ingest::{Ingested, sha256_and_length};
use crate::matching::LookupScratch;
use crate::record::{
    Failure, FailureKind, Finding, ItemFacts, ItemRecord, Stage, TorrentFacts, Verdict, json,
};
use crate::source::{Item, TorrentFile};

/// Fewest peaks of an item that is compared: with fewer a match could not be told from chance, and `clear` would claim too much.
/// The catalogue demands as many of a recording. A guess.
pub(super) const MIN_PEAKS: usize = 24;

impl Engine {
    /// Examines an item: decodes it, searches it, and makes its record. `None` if `cancel` was raised meanwhile, or if the
    /// catalogue turned out to be damaged: see [`crate::catalog::Snapshot::damage`].
    ///
    /// Never panics: a panic inside becomes the item's failure.
    pub fn examine(
        &self,
        item: &Item,
        scratch: &mut LookupScratch,
        cancel: &AtomicBool,
    ) -> Option<ItemRecord> {
        // A clone, since the size of a compressed member is only known once it was read.
        let mut item = item.clone();
        let run = catch_unwind(AssertUnwindSafe(|| self.try_examine(&mut item, scratch, cancel)));
        let item = &item;
        let result = run.unwrap_or_else(|panic| {
            *scratch = LookupScratch::default();
            let (kind, what) = (FailureKind::Panic, panic_message(panic.as_ref()));
            let failure = Failure { stage: Stage::Decode, kind, what, remedy: String::new() };
            Err((String::new(), failure))
        });
        let mut record = match result {
            Err((_, failure)) if failure.kind == FailureKind::Cancelled => return None,
            Err((sha256, failure)) => self.unheard(item, sha256, failure, cancel)?,
            Ok(record) => record,
        };
        self.describe(&mut record);
        if self.snapshot.damage().is_some() {
            return None;
        }
        record.item.torrent = match &item.torrent {
            Some(file) => Some(compared(file, item, &record, cancel)?),
            None => None,
        };
        self.rights.apply(&mut record);
        Some(record)
    }

    fn try_examine(
        &self,
        item: &mut Item,
        scratch: &mut LookupScratch,
        cancel: &AtomicBool,
    ) -> Result<ItemRecord, (String, Failure)> {
        let hashed = sha256_and_length(&item.bytes, cancel);
        let (sha256, length) = hashed.map_err(|failure| (String::new(), failure))?;
        if matches!(item.bytes, Bytes::Text(_)) {
            item.size_bytes = length;
        }
        if self.mode == Mode::Probe
            && let Some(record) = self.probe(item, &sha256, scratch, cancel)
        {
            return Ok(record);
        }
        let ingested = match self.ingester.ingest(item, cancel) {
            Ok(ingested) => ingested,
            Err(failure) => return Err((sha256, failure)),
        };
        if let Some(failure) = too_little(&ingested) {
            return Err((sha256, failure));
        }
        let mut findings = Vec::new();
        for (stream, fingerprint) in ingested.fingerprints.iter().enumerate() {
            let mut found = self.findings(stream as u32, fingerprint, scratch);
            if !found.is_empty() {
                let sound = fingerprint.digest();
                for finding in &mut found {
                    finding.sound.clone_from(&sound);
                }
            }
            findings.append(&mut found);
        }
        let tags = &ingested.decoded.tags;
        let mut notes = item.notes.clone();
        let claims = self.claims(item, &sha256, Some(tags));
        let claims = compare(&mut findings, claims, tags, &mut notes);
        findings.sort_by(|a, b| {
            let chance = a.false_alarm_probability.total_cmp(&b.false_alarm_probability);
            let order = chance.then(b.score.total_cmp(&a.score));
            order.then_with(|| (a.stream, &a.recording_id).cmp(&(b.stream, &b.recording_id)))
        });
        let verdict = findings.iter().map(|f| f.verdict).min().unwrap_or(Verdict::Clear);
        let streams = &ingested.decoded.streams;
        let seconds = ingested.fingerprints.iter().map(|f| f.seconds).fold(0.0, f64::max);
        let facts = ItemFacts {
            codec: streams.first().map_or_else(String::new, |s| s.codec.clone()),
            duration_seconds: round(seconds, 3),
            streams: streams.len() as u32,
            ..facts(&item.place, item.size_bytes, sha256)
        };
        notes.extend(ingested.decoded.notes);
        let is_partial = ingested.decoded.is_partial || item.is_damaged;
        Ok(ItemRecord { item: facts, verdict, findings, failure: None, notes, claims, is_partial })
    }

    /// Gives each finding its id and what the catalogue says of the recording.
    fn describe(&self, record: &mut ItemRecord) {
        let mut named = BTreeSet::new();
        for finding in &mut record.findings {
            let mut id = finding_id(&record.item.sha256, finding, 0);
            // Two findings of a recording may begin at the same place, at different speeds.
            for nth in 1.. {
                if named.insert(id.clone()) {
                    break;
                }
                id = finding_id(&record.item.sha256, finding, nth);
            }
            finding.finding_id = id;
            finding.work = self.snapshot.work(&finding.recording_id);
        }
    }
}

/// The id of a finding: `f-` and the first 16 digits of a digest of the item's bytes, the recording, and where it begins. Without the
/// letter, spreadsheets would read some ids as numbers. `nth` tells findings apart that are equal in all of these.
fn finding_id(sha256: &str, finding: &Finding, nth: u32) -> String {
    let Finding { recording_id, stream, spans, .. } = finding;
    let start = spans.first().map(|span| (span.item_start_seconds * 1_000.0).round() as i64);
    let digest = digest(json(&(sha256, recording_id, stream, start, nth)).as_bytes());
    format!("f-{}", &digest[..16])
}

/// The torrent's file that an item is, with its hashes compared if something was found or the item could not be read. `None` if
/// `cancel` was raised.
fn compared(
    file: &TorrentFile,
    item: &Item,
    record: &ItemRecord,
    cancel: &AtomicBool,
) -> Option<TorrentFacts> {
    let alarms =
        record.failure.as_ref().is_some_and(|failure| failure.kind != FailureKind::NotAudio);
    if record.findings.is_empty() && !alarms {
        return Some(file.facts());
    }
    // The length that the container declares, so that missing bytes count as not verified.
    let extent = item.place.locator.steps.last().and_then(|step| step.extent);
    let length = extent.map_or(item.size_bytes, |extent| extent.length);
    let stretch = item.place.offset.map(|offset| (offset, length));
    if stretch.is_none() && !file.is_short() {
        return Some(file.facts());
    }
    file.verified(stretch.filter(|_| !item.place.locator.is_file()), cancel)
}

/// The failure of an item with too few peaks to be compared.
fn too_little(ingested: &Ingested) -> Option<Failure> {
    let most = ingested.fingerprints.iter().max_by_key(|f| f.peaks.len())?;
    let notes = ingested.decoded.notes.iter().fold(String::new(), |all, note| all + "; " + note);
    (most.peaks.len() < MIN_PEAKS).then(|| Failure {
        stage: Stage::Fingerprint,
        kind: FailureKind::TooShort,
        what: format!(
            "its {:.1} s have {} spectral peaks, a comparison needs {MIN_PEAKS}: it is too short or \
             too quiet to be told from others{notes}",
            most.seconds,
            most.peaks.len(),
        ),
        remedy: String::new(),
    })
}
