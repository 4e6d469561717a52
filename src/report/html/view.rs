//! What the page's templates show, in words: the templates hold no arithmetic.
//!
//! Text that comes from outside reaches a template only as [`Shown`], so none is shown raw.

use std::fmt;

use askama::Template;

use crate::record::{Finding, ItemRecord, TorrentFacts, Verdict};
use crate::text::{chance, clock, share, shorten, thousands, visible, warp};

use super::super::{Counts, RunSummary};
use super::timeline::{Link, links, recording_seconds};

/// Characters of a path or title shown in a table; all of it is under Evidence.
const CELL_CHARS: usize = 160;
/// Spans told in the table; all of them are under Evidence.
const CELL_SPANS: usize = 3;
/// Spans drawn and told at all on the page.
const PAGE_SPANS: usize = 200;

/// Text from outside with its control characters made visible. The template escapes it for HTML.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shown(String);

impl Shown {
    pub(super) fn new(raw: &str) -> Self {
        Self(visible(raw).into_owned())
    }

    /// As much as a table's cell takes.
    fn short(raw: &str) -> Self {
        Self(visible(&shorten(raw, CELL_CHARS)).into_owned())
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a clear item may hold because of the mode, beside what every mode may miss.
fn missed(mode: &str) -> &'static str {
    match mode {
        "probe" => {
            "This run was in probe mode: most items were listened to in a few places only, as their \
             notes say, and not at changed speed, tempo or pitch."
        }
        "identity" => {
            "This run was in identity mode: nothing was searched for at changed speed, tempo or pitch."
        }
        _ => "",
    }
}

/// The page up to its first finding.
#[derive(Template)]
#[template(path = "head.html", config = "src/report/askama.toml")]
pub(super) struct Head {
    run: Run,
    style: &'static str,
}

/// The page after its last finding.
#[derive(Template)]
#[template(path = "foot.html", config = "src/report/askama.toml")]
pub(super) struct Foot<'a> {
    pub(super) run: &'a Run,
    pub(super) failures: &'a [FailureGroup],
    pub(super) not_audio: &'a [Shown],
    pub(super) not_audio_unlisted: String,
    pub(super) script: &'static str,
}

/// Start of a table of findings.
#[derive(Template)]
#[template(path = "table_head.html", config = "src/report/askama.toml")]
pub(super) struct TableHead {
    pub(super) caption: &'static str,
}

/// The run, in words.
#[derive(Debug, Clone)]
pub(super) struct Run {
    id: Shown,
    tool_version: Shown,
    mode: Shown,
    /// What the mode leaves out, as a sentence.
    missed: &'static str,
    roots: Vec<Shown>,
    catalogue_digest: Shown,
    fingerprint_digest: Shown,
    decoders: Shown,
    complete: bool,
    recordings: String,
    items: String,
    clear: String,
    matched: String,
    suspect: String,
    /// If there are any.
    permitted: Option<String>,
    failed: String,
    not_audio: String,
    found: String,
    hours: String,
}

impl Run {
    pub(super) fn new(summary: &RunSummary) -> Self {
        let RunSummary { roots, counts, .. } = summary;
        let Counts { items, matched, suspect, permitted, clear, failed, not_audio, .. } = *counts;
        let audio_seconds = counts.audio_seconds;
        let tenths = (audio_seconds / 360.0).round() as u64;
        Self {
            id: Shown::new(&summary.run_id),
            tool_version: Shown::new(&summary.tool_version),
            mode: Shown::new(&summary.mode),
            missed: missed(&summary.mode),
            roots: roots.iter().map(|root| Shown::new(root)).collect(),
            catalogue_digest: Shown::new(&summary.catalogue_digest),
            fingerprint_digest: Shown::new(&summary.fingerprint_digest),
            decoders: Shown::new(&summary.decoders),
            complete: summary.complete,
            recordings: thousands(summary.catalogue_recordings),
            items: thousands(items),
            clear: thousands(clear),
            matched: thousands(matched),
            suspect: thousands(suspect),
            permitted: (permitted > 0).then(|| thousands(permitted)),
            failed: thousands(failed),
            not_audio: thousands(not_audio),
            found: thousands(counts.recordings_found),
            hours: format!("{}.{}", thousands(tenths / 10), tenths % 10),
        }
    }

    pub(super) fn head(&self, style: &'static str) -> Head {
        Head { run: self.clone(), style }
    }
}

/// Failures of one kind.
#[derive(Debug)]
pub(super) struct FailureGroup {
    pub(super) kind: Shown,
    pub(super) count: String,
    pub(super) unlisted: String,
    pub(super) listed: Vec<FailureLine>,
}

/// One item that could not be read.
#[derive(Debug)]
pub(super) struct FailureLine {
    path: Shown,
    stage: &'static str,
    message: Shown,
}

impl FailureLine {
    pub(super) fn new(record: &ItemRecord) -> Self {
        let failure = record.failure.as_ref();
        Self {
            path: Shown::short(&record.item.path),
            stage: failure.map_or("", |failure| failure.stage.as_str()),
            message: Shown::short(failure.map_or("no reason given", |failure| &failure.message)),
        }
    }
}

/// What its torrent says of an item.
fn torrent_line(record: &ItemRecord) -> Option<String> {
    record.item.torrent.as_ref().map(TorrentFacts::describe)
}

/// One finding: a row to read and a row of evidence to open.
#[derive(Template)]
#[template(path = "finding.html", config = "src/report/askama.toml")]
pub(super) struct FindingRow {
    verdict: &'static str,
    verdict_word: &'static str,
    folder: Shown,
    name: Shown,
    path: Shown,
    size_bytes: String,
    sha256: Shown,
    /// Of an item in a container.
    locator: Option<Shown>,
    codec: Shown,
    item_length: String,
    stream: Option<String>,
    title: Shown,
    artist: Shown,
    recording_key: Shown,
    isrc: Shown,
    recording_id: Shown,
    recording_path: Shown,
    full_name: Option<Shown>,
    warp: String,
    tempo: String,
    pitch_cents: String,
    links: Vec<Link>,
    spans: Vec<[String; 4]>,
    spans_in_cell: usize,
    spans_unlisted: String,
    item_share: String,
    recording_share: String,
    share_key: String,
    recording_length: String,
    chance: String,
    probability: String,
    score: String,
    shared_with: Vec<Shown>,
    claimed_by: Vec<Shown>,
    standing: Option<Shown>,
    decision: Option<Shown>,
    notes: Vec<Shown>,
}

impl FindingRow {
    pub(super) fn new(record: &ItemRecord, finding: &Finding) -> Self {
        let item = &record.item;
        let cut = item.path.rfind(['/', '\\']).map_or(0, |separator| separator + 1);
        let (folder, name) = item.path.split_at(cut);
        let full_name = format!("{} – {}", finding.title, finding.artist);
        let times = |span: &crate::record::Span| {
            let crate::record::Span { item_start_seconds, item_end_seconds, .. } = *span;
            let recording = [span.recording_start_seconds, span.recording_end_seconds];
            [item_start_seconds, item_end_seconds, recording[0], recording[1]].map(clock)
        };
        Self {
            verdict: finding.verdict.as_str(),
            verdict_word: match finding.verdict {
                Verdict::Match => "Match",
                Verdict::Permitted => "Permitted",
                _ => "Suspect",
            },
            decision: finding.decision.as_ref().map(|decision| Shown::new(&decision.describe())),
            standing: finding.standing.as_ref().map(|standing| {
                let kind = standing.kind.as_str().replace('_', " ");
                Shown::new(&format!("{kind}: {}", standing.reason))
            }),
            folder: Shown::short(folder),
            name: Shown::short(name),
            path: Shown::new(&item.path),
            size_bytes: thousands(item.size_bytes),
            sha256: Shown::new(&item.sha256),
            locator: (!item.containers.is_empty()).then(|| Shown::new(&item.locator)),
            codec: Shown::new(&item.codec),
            item_length: clock(item.duration_seconds),
            stream: (item.streams > 1)
                .then(|| format!("{} of {}", finding.stream + 1, item.streams)),
            title: Shown::short(&finding.title),
            artist: Shown::short(&finding.artist),
            recording_key: Shown::short(&full_name.to_lowercase()),
            isrc: Shown::short(&finding.isrc),
            recording_id: Shown::short(&finding.recording_id),
            recording_path: Shown::new(&finding.recording_path),
            full_name: (full_name.chars().count() > CELL_CHARS).then(|| Shown::new(&full_name)),
            warp: if finding.is_heard() {
                warp(finding.tempo, finding.pitch_cents)
            } else {
                "not heard".to_owned()
            },
            claimed_by: finding.claimed_by.iter().map(|place| Shown::new(place)).collect(),
            tempo: format!("{:.4}", finding.tempo),
            pitch_cents: format!("{:+.1}", finding.pitch_cents),
            links: links(finding, item.duration_seconds, 12.0, 32.0)
                .into_iter()
                .take(PAGE_SPANS)
                .collect(),
            spans: finding.spans.iter().take(PAGE_SPANS).map(times).collect(),
            spans_in_cell: CELL_SPANS,
            spans_unlisted: unlisted(finding.spans.len() as u64, PAGE_SPANS),
            item_share: share(finding.item_coverage),
            recording_share: share(finding.recording_coverage),
            share_key: format!("{:.4}", finding.recording_coverage),
            recording_length: clock(recording_seconds(finding)),
            chance: if finding.is_heard() {
                chance(finding.false_alarm_probability)
            } else {
                "it says so; no sound of it was found".to_owned()
            },
            probability: format!("{:.3e}", finding.false_alarm_probability),
            score: tenths(finding.score),
            shared_with: finding.shares_passage_with.iter().map(|id| Shown::short(id)).collect(),
            notes: torrent_line(record)
                .iter()
                .chain(&record.notes)
                .map(|note| Shown::new(note))
                .collect(),
        }
    }
}

/// How many more there are than are listed, `""` if none.
pub(super) fn unlisted(all: u64, listed: usize) -> String {
    let more = all.saturating_sub(listed as u64);
    if more == 0 { String::new() } else { thousands(more) }
}

/// A score with its thousands set apart and one decimal.
fn tenths(score: f64) -> String {
    if !(0.0..1e15).contains(&score) {
        return format!("{score:.1}");
    }
    let tenths = (score * 10.0).round() as u64;
    format!("{}.{}", thousands(tenths / 10), tenths % 10)
}
