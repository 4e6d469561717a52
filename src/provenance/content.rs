//! Sums up the records of a run for its manifest.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{Items, Tallied, Torrent};
use crate::base::hex;
use crate::record::{
    Explained, FailureKind, Finding, ItemRecord, Relation, Span, StandingKind, Tier, Verdict, Work,
    json,
};
use crate::source::Locator;

/// Sums up the records of a run, which are added in the order of their paths.
#[derive(Debug)]
pub struct Gather {
    roots: Vec<String>,
    records: Sha256,
    /// One hash for each root, and a last one for items below none: roots may sort differently on another machine.
    by_root: Vec<Sha256>,
    counts: Tallied,
    failures: BTreeMap<String, u64>,
    torrents: BTreeMap<[String; 3], BTreeMap<String, u64>>,
    containers: BTreeSet<PathBuf>,
    containers_found: BTreeSet<PathBuf>,
}

/// The sums over all records of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Gathered {
    /// Number of the items, and a digest that is equal on all machines.
    pub items: Items,
    /// SHA-256 of the records as stored.
    pub records_digest: String,
    /// Counts by result.
    pub counts: Tallied,
    /// Number of failures by kind.
    pub failures: BTreeMap<String, u64>,
    /// Torrents that contain items, sorted by info-hash.
    pub torrents: Vec<Torrent>,
    /// Containers on disk that contain items.
    pub containers: BTreeSet<PathBuf>,
    /// Containers of items with findings.
    pub containers_found: BTreeSet<PathBuf>,
}

impl Gather {
    /// No records yet, of a run over these roots.
    pub fn new(roots: &[String]) -> Self {
        Self {
            roots: roots.to_vec(),
            records: Sha256::new(),
            by_root: vec![Sha256::new(); roots.len() + 1],
            counts: Tallied::default(),
            failures: BTreeMap::new(),
            torrents: BTreeMap::new(),
            containers: BTreeSet::new(),
            containers_found: BTreeSet::new(),
        }
    }

    /// Adds a record, with its text as stored.
    pub fn add(&mut self, text: &str, record: &ItemRecord) {
        self.records.update(text.as_bytes());
        self.records.update(b"\n");
        let (root, path) = below(&self.roots, &record.item.path);
        let said = json(&Portable::of(record, &path));
        let of_root = &mut self.by_root[root.unwrap_or(self.roots.len())];
        of_root.update(said.as_bytes());
        of_root.update(b"\n");
        self.count(record);
        if let Some(torrent) = &record.item.torrent {
            let key = [&torrent.info_hash, &torrent.info_hash_v2, &torrent.name].map(Clone::clone);
            let integrity = torrent.integrity.as_str().to_owned();
            *self.torrents.entry(key).or_default().entry(integrity).or_default() += 1;
        }
        if !record.item.containers.is_empty()
            && let Ok(locator) = record.item.locator.parse::<Locator>()
        {
            if !record.findings.is_empty() && !self.containers_found.contains(&locator.file) {
                self.containers_found.insert(locator.file.clone());
            }
            if !self.containers.contains(&locator.file) {
                self.containers.insert(locator.file);
            }
        }
    }

    fn count(&mut self, record: &ItemRecord) {
        let counts = &mut self.counts;
        counts.seen += 1;
        counts.decoded += u64::from(record.failure.is_none() && record.item.streams > 0);
        let failure = record.failure.as_ref();
        *match record.verdict {
            Verdict::Match => &mut counts.matched,
            Verdict::Suspect => &mut counts.suspect,
            Verdict::Permitted => &mut counts.permitted,
            Verdict::Clear => &mut counts.clear,
            Verdict::Failed if failure.is_some_and(|f| f.kind == FailureKind::NotAudio) => {
                &mut counts.skipped
            }
            Verdict::Failed => &mut counts.failed,
        } += 1;
        counts.findings += record.findings.len() as u64;
        counts.bytes = counts.bytes.saturating_add(record.item.size_bytes);
        let milliseconds = (record.item.duration_seconds * 1_000.0).round() as u64;
        counts.audio_milliseconds = counts.audio_milliseconds.saturating_add(milliseconds);
        if let Some(failure) = failure {
            *self.failures.entry(failure.kind.as_str().to_owned()).or_default() += 1;
        }
    }

    /// The sums over the records added.
    pub fn finish(self) -> Gathered {
        let mut items = Sha256::new();
        for of_root in self.by_root {
            items.update(of_root.finalize());
        }
        let torrents = self.torrents.into_iter();
        let torrents = torrents.map(|([info_hash, info_hash_v2, name], items)| Torrent {
            info_hash,
            info_hash_v2,
            name,
            items,
        });
        Gathered {
            items: Items { count: self.counts.seen, digest: hex(&items.finalize()) },
            records_digest: hex(&self.records.finalize()),
            counts: self.counts,
            failures: self.failures,
            torrents: torrents.collect(),
            containers: self.containers,
            containers_found: self.containers_found,
        }
    }
}

/// The number of the root that contains a path, and the path relative to it, such as `0/music/x.ogg`. The path of a root itself is
/// `0`. A path below no root is returned unchanged.
pub(super) fn below(roots: &[String], path: &str) -> (Option<usize>, String) {
    for (number, root) in roots.iter().enumerate() {
        let Some(rest) = path.strip_prefix(root.as_str()) else { continue };
        if rest.is_empty() || rest.starts_with(['/', '\\', '!']) || root.ends_with(['/', '\\']) {
            let rest = rest.trim_start_matches(['/', '\\']).replace('\\', "/");
            let between = if rest.is_empty() || rest.starts_with("!/") { "" } else { "/" };
            return (Some(number), format!("{number}{between}{rest}"));
        }
    }
    (None, path.to_owned())
}

/// The part of a record that is the same on all machines.
#[derive(Serialize)]
struct Portable<'a> {
    path: &'a str,
    offset: Option<u64>,
    size_bytes: u64,
    sha256: &'a str,
    containers: &'a str,
    codec: &'a str,
    duration_seconds: f64,
    streams: u32,
    verdict: Verdict,
    claims: &'a str,
    failure: Option<[&'a str; 2]>,
    torrent: Option<[&'a str; 4]>,
    findings: Vec<PortableFinding<'a>>,
}

#[derive(Serialize)]
struct PortableFinding<'a> {
    finding_id: &'a str,
    recording_id: &'a str,
    title: &'a str,
    artist: &'a str,
    isrc: &'a str,
    work: Option<&'a Work>,
    verdict: Verdict,
    false_alarm_probability: f64,
    score: f64,
    tempo: f64,
    pitch_cents: f64,
    spans: &'a [Span],
    item_coverage: f64,
    recording_coverage: f64,
    stream: u32,
    shares_passage_with: &'a [String],
    tiers: &'a [Tier],
    standing: Option<StandingKind>,
    relation: Option<Relation>,
    explained: Option<Explained>,
}

impl<'a> Portable<'a> {
    fn of(record: &'a ItemRecord, path: &'a str) -> Self {
        let item = &record.item;
        Self {
            path,
            offset: item.offset,
            size_bytes: item.size_bytes,
            sha256: &item.sha256,
            containers: &item.containers,
            codec: &item.codec,
            duration_seconds: item.duration_seconds,
            streams: item.streams,
            verdict: record.verdict,
            claims: record.claims.as_str(),
            failure: record.failure.as_ref().map(|f| [f.stage.as_str(), f.kind.as_str()]),
            torrent: item
                .torrent
                .as_ref()
                .map(|t| [&*t.info_hash, &*t.info_hash_v2, &*t.file, t.integrity.as_str()]),
            findings: record.findings.iter().map(PortableFinding::of).collect(),
        }
    }
}

impl<'a> PortableFinding<'a> {
    fn of(finding: &'a Finding) -> Self {
        Self {
            finding_id: &finding.finding_id,
            recording_id: &finding.recording_id,
            title: &finding.title,
            artist: &finding.artist,
            isrc: &finding.isrc,
            work: finding.work.as_ref(),
            verdict: finding.verdict,
            false_alarm_probability: finding.false_alarm_probability,
            score: finding.score,
            tempo: finding.tempo,
            pitch_cents: finding.pitch_cents,
            spans: &finding.spans,
            item_coverage: finding.item_coverage,
            recording_coverage: finding.recording_coverage,
            stream: finding.stream,
            shares_passage_with: &finding.shares_passage_with,
            tiers: &finding.tiers,
            standing: finding.standing.as_ref().map(|standing| standing.kind),
            relation: finding.relation,
            explained: finding.explained,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_claim_of_a_finding_is_part_of_the_digest_of_the_items() {
        let record = |relation: &str, share: f64| -> ItemRecord {
            serde_json::from_value(serde_json::json!({
                "item": {"path": "/d/x", "size_bytes": 1, "sha256": "aa", "codec": "flac", "duration_seconds": 1.0,
                         "streams": 1},
                "verdict": "match", "failure": null, "notes": [], "findings": [{
                    "recording_id": "r", "recording_path": "", "title": "", "artist": "", "isrc": "",
                    "verdict": "match", "false_alarm_probability": 1e-30, "score": 10.0, "tempo": 1.0,
                    "pitch_cents": 0.0, "stream": 0, "item_coverage": 1.0, "recording_coverage": 1.0, "spans": [],
                    "relation": relation, "explained": {"recording_share": share, "item_share": 0.9,
                                                        "elsewhere_share": 0.2, "others_share": 0.0}}],
            }))
            .unwrap()
        };
        let digest = |relation: &str, share: f64| {
            let mut gather = Gather::new(&["/d".to_owned()]);
            gather.add("", &record(relation, share));
            gather.finish().items.digest
        };
        assert_eq!(digest("copy", 0.9), digest("copy", 0.9));
        assert_ne!(digest("copy", 0.9), digest("stem", 0.9));
        assert_ne!(digest("copy", 0.9), digest("copy", 0.8));
    }

    #[test]
    fn a_path_is_made_relative_to_the_root_that_contains_it() {
        let roots = ["/a/dump".to_owned(), "/b/x.tar".to_owned(), "/".to_owned()];
        for (path, expected) in [
            ("/a/dump/m/x.ogg", (Some(0), "0/m/x.ogg")),
            ("/a/dump", (Some(0), "0")),
            ("/a/dumpster/x", (Some(2), "2/a/dumpster/x")),
            ("/b/x.tar!/m.mp3", (Some(1), "1!/m.mp3")),
        ] {
            assert_eq!(below(&roots, path), (expected.0, expected.1.to_owned()));
        }
        assert_eq!(below(&roots[..2], "/c"), (None, "/c".to_owned()));
    }
}
