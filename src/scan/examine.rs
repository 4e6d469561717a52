//! One item, from its bytes to its record.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool;

use super::claims::compare;
use super::neutral::{Sound, beyond, explained, repeated};
use super::outcome::{facts, finding_of};
use super::relation::{Extent, relation, verdict};
use super::{Engine, Mode};
use crate::base::digest;
use crate::base::panic_message;
use crate::bytes::Bytes;
use crate::catalog::Recording;
use crate::index::TrackId;
use crate::ingest::{Ingested, sha256_and_length};
use crate::matching::{Alignment, Explained, LookupScratch, MatchedSpan, Matcher};
use crate::record::{
    self, Failure, FailureKind, Finding, ItemFacts, ItemRecord, Span, Stage, Tier, TorrentFacts,
    Verdict, is_as_released, json,
};
use crate::signal::fingerprint::Fingerprint;
use crate::signal::peaks::Peak;
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

    /// The findings of one stream: one for each recording and warp.
    fn findings(
        &self,
        stream: u32,
        fingerprint: &Fingerprint,
        scratch: &mut LookupScratch,
    ) -> Vec<Finding> {
        let config = *self.ingester.fingerprinter().config();
        let matching = self.mode.matching(self.matching);
        let matcher = Matcher::new(&self.snapshot.index, config, matching, self.verdict);
        let all = matcher.search(fingerprint, scratch);
        let neutral = self.neutral(&all, fingerprint);
        let mut groups: Vec<Vec<Alignment>> = Vec::new();
        for alignment in &all {
            let verdict = self.verdict.verdict(alignment.false_alarm_probability());
            if verdict == Verdict::Clear || self.snapshot.neutral(alignment.track) {
                continue;
            }
            match groups.iter_mut().find(|g| same_finding(&g[0], alignment)) {
                Some(group) => group.push(alignment.clone()),
                None => groups.push(vec![alignment.clone()]),
            }
        }
        let groups: Vec<_> = groups
            .into_iter()
            .filter_map(|group| self.beyond_neutral(group, fingerprint, &neutral, (&matcher, &all)))
            .collect();
        let make = |(group, is_cut): &(Vec<Alignment>, bool)| {
            let recording = self.snapshot.recording(group[0].track)?;
            let mut told = matcher.explain(fingerprint, &group[0], &all, &self.is_rival());
            if *is_cut {
                // Beside the spans lies what was cut out of them, which must not count as more of the recording.
                told.beside = (0, 0);
            }
            let mut finding = self.finding(stream, fingerprint, &recording, (group, &told));
            finding.evidence =
                Some(self.evidence(&matcher, fingerprint, &recording, (group, &all)));
            let mut others: Vec<String> = groups
                .iter()
                .map(|(other, _)| other)
                .filter(|other| other[0].track != group[0].track)
                .filter(|other| {
                    group.iter().any(|a| other.iter().any(|b| matcher.share_a_passage(a, b)))
                })
                .filter_map(|other| self.snapshot.recording(other[0].track))
                .map(|recording| recording.recording_id)
                .collect();
            others.sort_unstable();
            others.dedup();
            finding.shares_passage_with = others;
            Some(finding)
        };
        groups.iter().filter_map(make).collect()
    }

    /// Whether a track may be a rival of a finding: not a neutral reference, which explains shared material only.
    fn is_rival(&self) -> impl Fn(TrackId) -> bool {
        |track| !self.snapshot.neutral(track)
    }

    /// The neutral references that match in an item, at all places where they repeat, each with its peaks.
    fn neutral(&self, all: &[Alignment], item: &Fingerprint) -> Vec<(Alignment, Vec<Peak>)> {
        let index = &self.snapshot.index;
        let frames = item.seconds * self.ingester.fingerprinter().config().frames_per_second();
        let is_sure = |a: &&Alignment| {
            self.snapshot.neutral(a.track)
                && self.verdict.verdict(a.false_alarm_probability()) == Verdict::Match
        };
        let everywhere = |alignment: &Alignment| {
            let peaks = index.peaks(alignment.track);
            let length = f64::from(index.frames(alignment.track));
            let sound = Sound { alignment, peaks: &peaks };
            (repeated(&item.all_peaks, frames, sound, length), peaks)
        };
        all.iter().filter(is_sure).map(everywhere).collect()
    }

    /// A recording's alignments without the stretches that neutral references and masks explain, and whether anything was cut out.
    /// `None` if too little is left for a finding.
    fn beyond_neutral(
        &self,
        group: Vec<Alignment>,
        item: &Fingerprint,
        neutral: &[(Alignment, Vec<Peak>)],
        (matcher, all): (&Matcher, &[Alignment]),
    ) -> Option<(Vec<Alignment>, bool)> {
        let track = group.first()?.track;
        let masks = self.snapshot.masks(track);
        if neutral.is_empty() && masks.is_empty() {
            return Some((group, false));
        }
        let rate = self.ingester.fingerprinter().config().frames_per_second();
        let peaks = self.snapshot.index.peaks(track);
        let sounds: Vec<_> =
            neutral.iter().map(|(alignment, peaks)| Sound { alignment, peaks }).collect();
        let (mut kept, mut is_cut) = (Vec::new(), false);
        for alignment in group {
            let sound = Sound { alignment: &alignment, peaks: &peaks };
            let stretches = explained(&item.all_peaks, sound, &sounds, rate);
            let spans: Vec<MatchedSpan> = alignment
                .spans
                .iter()
                .flat_map(|span| left_of(span, &stretches, masks, rate))
                .collect();
            if spans == alignment.spans {
                kept.push(alignment);
                continue;
            }
            is_cut = true;
            let Some(nats) = spans.iter().map(|span| span.nats).max_by(f64::total_cmp) else {
                continue;
            };
            let rest = Alignment { spans, nats, ..alignment };
            // The rest may be the edge of a shared loop, so it has to agree by itself.
            let told = matcher.explain(item, &rest, all, &self.is_rival());
            if told.nats >= LEFT_NATS && told.beyond >= LEFT_BEYOND {
                kept.push(rest);
            }
        }
        (!kept.is_empty()).then_some((kept, is_cut))
    }

    /// The finding of a recording's alignments, the best first, with the measures that decide how item and recording are related.
    fn finding(
        &self,
        stream: u32,
        fingerprint: &Fingerprint,
        recording: &Recording,
        (group, told): (&[Alignment], &Explained),
    ) -> Finding {
        let best = &group[0];
        let rate = self.ingester.fingerprinter().config().frames_per_second();
        let seconds = |frames: f64| round(frames / rate, 3);
        let mut spans: Vec<Span> = group
            .iter()
            .flat_map(|a| &a.spans)
            .map(|span| Span {
                item_start_seconds: seconds(span.item.0),
                item_end_seconds: seconds(span.item.1).min(round(fingerprint.seconds, 3)),
                recording_start_seconds: seconds(span.recording.0),
                recording_end_seconds: seconds(span.recording.1)
                    .min(round(recording.duration_seconds, 3)),
            })
            .collect();
        spans.sort_by(|a, b| a.item_start_seconds.total_cmp(&b.item_start_seconds));
        let chance = best.false_alarm_probability();
        let (tempo, pitch_cents) = told_warp(best);
        let item = spans.iter().map(|s| (s.item_start_seconds, s.item_end_seconds));
        let ours = spans.iter().map(|s| (s.recording_start_seconds, s.recording_end_seconds));
        let (item_coverage, recording_coverage) = (
            coverage(item.collect(), fingerprint.seconds),
            coverage(ours.collect(), recording.duration_seconds),
        );
        let extent = Extent {
            seconds: told.frames / rate,
            item: item_coverage,
            recording: recording_coverage,
            warped: sound_tier(tempo, pitch_cents) == Tier::ChangedSound,
            pitched: best.pitch_octaves.abs() > PITCHED_OCTAVES,
            surest: surest_share(
                best,
                told.frames,
                fingerprint.seconds * rate,
                recording.duration_seconds * rate,
            ),
        };
        let claim = relation(told, extent);
        let share = |part| round(Explained::share(part), 3);
        let verdict = verdict(&claim, self.verdict.verdict(chance));
        Finding {
            false_alarm_probability: significant(chance),
            score: round(best.nats, 1),
            tempo,
            pitch_cents,
            spans,
            item_coverage,
            recording_coverage,
            stream,
            tiers: vec![sound_tier(tempo, pitch_cents)],
            standing: claim.doubt,
            relation: Some(claim.relation),
            explained: Some(record::Explained {
                recording_share: share(told.recording),
                item_share: share(told.item),
                elsewhere_share: round(told.elsewhere, 3),
                others_share: round(told.others, 3),
            }),
            ..finding_of(recording, verdict)
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

/// The share of the item or of the recording inside an alignment, whichever is larger. Lengths are in frames.
fn surest_share(alignment: &Alignment, frames: f64, item: f64, recording: f64) -> f64 {
    let theirs: f64 = alignment.spans.iter().map(|s| s.recording.1 - s.recording.0).sum();
    (frames / item.max(1.0)).max(theirs / recording.max(1.0))
}

/// Pitch difference beyond which sub-fingerprints are not comparable, as their bands shift: 24 cents, a sixth of a band. A guess.
const PITCHED_OCTAVES: f64 = 0.02;

/// Least log-likelihood ratio, in nats, of the rest of a finding without neutral material: half of what a match needs, since a person
/// is asked first. A guess.
const LEFT_NATS: f64 = 12.0;
/// Least share of the recording's peaks that the rest of such a finding matches beyond chance. A guess.
const LEFT_BEYOND: f64 = 0.15;

/// The parts of a span outside the neutral stretches of the item and the masks of the recording, both in seconds.
fn left_of(
    span: &MatchedSpan,
    stretches: &[(f64, f64)],
    masks: &[(f64, f64)],
    rate: f64,
) -> Vec<MatchedSpan> {
    let told = Span {
        item_start_seconds: span.item.0 / rate,
        item_end_seconds: span.item.1 / rate,
        recording_start_seconds: span.recording.0 / rate,
        recording_end_seconds: span.recording.1 / rate,
    };
    let rest = beyond(&[told], stretches, masks);
    if rest == [told] {
        return vec![*span];
    }
    let length = span.item.1 - span.item.0;
    let cut = |rest: Span| {
        let item = (rest.item_start_seconds * rate, rest.item_end_seconds * rate);
        let share = (item.1 - item.0) / length;
        let part = |n: usize| (n as f64 * share).round() as usize;
        MatchedSpan {
            item,
            recording: (rest.recording_start_seconds * rate, rest.recording_end_seconds * rate),
            nats: span.nats * share,
            peaks: (part(span.peaks.0), part(span.peaks.1)),
        }
    };
    rest.into_iter().map(cut).collect()
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

/// Tempo and pitch (in cents) of an alignment, rounded as a record tells them.
fn told_warp(alignment: &Alignment) -> (f64, f64) {
    (round(alignment.tempo, 5), round(alignment.pitch_octaves * 1_200.0, 1))
}

/// T3 for sound as released, T4 for sound at another speed, tempo or pitch, from the numbers that a record tells.
fn sound_tier(tempo: f64, pitch_cents: f64) -> Tier {
    if is_as_released(tempo, pitch_cents) { Tier::Sound } else { Tier::ChangedSound }
}

/// Whether two alignments belong to one finding: the same recording at about the same warp, within 1 % and 24 cents. A guess.
fn same_finding(a: &Alignment, b: &Alignment) -> bool {
    a.track == b.track
        && (a.tempo / b.tempo - 1.0).abs() < 0.01
        && (a.pitch_octaves - b.pitch_octaves).abs() < 0.02
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

/// Share of `whole`, in seconds, inside the stretches, which may overlap.
pub(crate) fn coverage(mut stretches: Vec<(f64, f64)>, whole: f64) -> f64 {
    stretches.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut sum, mut end) = (0.0, 0.0_f64);
    for (from, to) in stretches {
        sum += (to - from.max(end)).max(0.0);
        end = end.max(to);
    }
    if whole > 0.0 { round((sum / whole).min(1.0), 4) } else { 0.0 }
}

/// Rounds to `digits` decimals. Never returns −0.
pub(super) fn round(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale + 0.0
}

/// Rounds to three significant digits.
pub(super) fn significant(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "rounded numbers are equal or wrong")]
mod tests {
    use super::*;

    #[test]
    fn a_finding_has_the_tier_of_what_words_call_it() {
        for (tempo, octaves) in [
            (1.0, 0.0),
            (1.0, 11.0 / 1_200.0),
            (1.0, 11.94 / 1_200.0),
            (1.0, 11.96 / 1_200.0),
            (1.0, -0.011),
            (1.004_994, 0.0),
            (1.004_996, 0.0),
            (0.994, 0.0),
        ] {
            let spans = Vec::new();
            let alignment = Alignment {
                track: TrackId(0),
                tempo,
                pitch_octaves: octaves,
                spans,
                nats: 0.0,
                warped: false,
                votes: 0,
                search_space: 1.0,
            };
            let (tempo, cents) = told_warp(&alignment);
            let is_said = crate::wording::warp(tempo, cents) == "as released";
            assert_eq!(is_said, sound_tier(tempo, cents) == Tier::Sound, "{tempo} {cents}");
        }
    }

    #[test]
    fn coverage_counts_what_overlaps_once() {
        assert_eq!(coverage(vec![(0.0, 10.0), (5.0, 15.0), (20.0, 25.0)], 40.0), 0.5);
        assert_eq!(coverage(vec![(0.0, 11.0)], 10.0), 1.0);
        assert_eq!(coverage(vec![], 0.0), 0.0);
    }

    #[test]
    fn numbers_are_rounded_to_what_they_mean() {
        assert_eq!(round(-0.0001, 3).to_string(), "0");
        assert_eq!(significant(1.234_567e-9), 1.23e-9);
        assert_eq!(significant(1.0), 1.0);
    }
}
