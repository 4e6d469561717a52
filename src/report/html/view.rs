//! What the page's templates show, in words: the templates hold no arithmetic.
//!
//! Text that comes from outside reaches a template only as [`Shown`], so none is shown raw.

use std::fmt;

use askama::Template;

use crate::record::{Finding, ItemRecord, Verdict};
use crate::report::tally::Tally;
use crate::text::{chance, clock, share, shorten, thousands, visible, warp};

use super::super::{Counts, RunSummary};
use super::charts::{Chart, charts};
use super::data::NOT_HEARD;

/// Characters of a path or title shown in a table.
const CELL_CHARS: usize = 160;
/// Containers of the heat map.
const CONTAINERS: usize = 14;

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

/// The page up to its findings.
#[derive(Template)]
#[template(path = "head.html", config = "src/report/askama.toml")]
pub(super) struct Head<'a> {
    pub(super) run: &'a Run,
    pub(super) policy: String,
    pub(super) style: &'static str,
    pub(super) charts: Vec<Chart>,
    pub(super) containers: Vec<ContainerRow>,
    pub(super) containers_unlisted: String,
    pub(super) reasons: Vec<ReasonRow>,
}

/// The findings as a table that needs no script.
#[derive(Template)]
#[template(path = "plain.html", config = "src/report/askama.toml")]
pub(super) struct Plain<'a> {
    pub(super) run: &'a Run,
    pub(super) rows: &'a [PlainRow],
    pub(super) unlisted: Option<String>,
}

/// The page after its findings.
#[derive(Template)]
#[template(path = "foot.html", config = "src/report/askama.toml")]
pub(super) struct Foot<'a> {
    pub(super) run: &'a Run,
    pub(super) listed: String,
    /// How many findings there are, if the page has not all.
    pub(super) unlisted: Option<String>,
    pub(super) failures: &'a [FailureGroup],
    pub(super) not_audio: &'a [Shown],
    pub(super) not_audio_unlisted: String,
    pub(super) script: &'static str,
}

impl<'a> Head<'a> {
    pub(super) fn new(run: &'a Run, tally: &Tally, policy: String, style: &'static str) -> Self {
        let (containers, unlisted) = container_rows(tally);
        Self {
            run,
            policy,
            style,
            charts: charts(tally),
            containers,
            containers_unlisted: if unlisted == 0 { String::new() } else { thousands(unlisted) },
            reasons: reason_rows(tally),
        }
    }
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
    any_suspect: bool,
    any_finding: bool,
    /// If there are any.
    permitted: Option<String>,
    not_audio: String,
    failed: String,
    found: String,
    share_out: String,
    hours: String,
    shares: Vec<Part>,
    sure: String,
    unread: String,
    change: Option<ChangeWords>,
}

/// A part of a bar that stands for all items.
#[derive(Debug, Clone)]
pub(super) struct Part {
    class: &'static str,
    word: &'static str,
    count: String,
    x: String,
    width: String,
}

/// What has changed since an earlier run.
#[derive(Debug, Clone)]
pub(super) struct ChangeWords {
    since: Shown,
    new: String,
    gone: String,
    standing: String,
}

impl Run {
    pub(super) fn new(summary: &RunSummary) -> Self {
        let RunSummary { roots, counts, .. } = summary;
        let Counts { items, matched, suspect, permitted, clear, failed, not_audio, .. } = *counts;
        let tenths = (counts.audio_seconds / 360.0).round() as u64;
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
            any_suspect: suspect > 0,
            any_finding: counts.findings > 0,
            permitted: (permitted > 0).then(|| thousands(permitted)),
            failed: thousands(failed),
            not_audio: thousands(not_audio),
            found: thousands(counts.recordings_found),
            share_out: share(
                counts.recordings_found as f64 / summary.catalogue_recordings.max(1) as f64,
            ),
            hours: format!("{}.{}", thousands(tenths / 10), tenths % 10),
            shares: parts(counts),
            sure: how_sure(counts),
            unread: unread(counts),
            change: summary.change.as_ref().map(|change| ChangeWords {
                since: Shown::new(&change.since_run),
                new: thousands(change.new),
                gone: thousands(change.gone),
                standing: thousands(change.standing),
            }),
        }
    }
}

fn parts(counts: &Counts) -> Vec<Part> {
    let all = [
        ("match", "match", counts.matched),
        ("suspect", "suspect", counts.suspect),
        ("permitted", "permitted", counts.permitted),
        ("clear", "clear", counts.clear),
        ("failed", "could not be read", counts.failed),
        ("not-audio", "not audio", counts.not_audio),
    ];
    let whole = counts.items.max(1) as f64;
    let mut x = 0.0;
    let part = |(class, word, count): (&'static str, &'static str, u64)| {
        let width = count as f64 / whole * 1_000.0;
        let at = x;
        x += width;
        (count > 0).then(|| Part {
            class,
            word,
            count: thousands(count),
            x: format!("{at:.2}"),
            width: format!("{width:.2}"),
        })
    };
    all.into_iter().filter_map(part).collect()
}

/// How likely chance alone explains the weakest match, over all items of the run.
fn how_sure(counts: &Counts) -> String {
    let Some(weakest) = counts.tally.weakest_match else {
        return "Nothing was found that is a match.".to_owned();
    };
    let compared = counts.items - counts.failed - counts.not_audio;
    // Never surer than the words of a single chance are.
    let in_runs = weakest.max(1e-12) * compared as f64;
    let runs = if in_runs > 0.0 && in_runs < 1.0 {
        let runs = (1.0 / in_runs).min(1e12) as u64;
        let power = 10_u64.pow(runs.ilog10());
        format!(
            " Among {} items like these that hold nothing of the catalogue, one run in {} would show a match as weak as that.",
            thousands(compared),
            thousands(runs / power * power)
        )
    } else {
        String::new()
    };
    let weakest = chance(weakest);
    format!(
        "For the weakest match: {weakest}.{runs} Each finding has a chance of its own. It is the chance of a coincidence of sound, and says nothing about licences."
    )
}

fn unread(counts: &Counts) -> String {
    if counts.failed == 0 {
        return "Every audio item could be read.".to_owned();
    }
    let mut kinds: Vec<_> = counts.tally.failures.iter().collect();
    kinds.sort_by_key(|(kind, count)| (std::cmp::Reverse(**count), kind.as_str()));
    let words = |(kind, count): &(&String, &u64)| {
        format!("{} {}", thousands(**count), visible(&kind.replace('_', " ")))
    };
    let listed: Vec<_> = kinds.iter().take(4).map(words).collect();
    let more = if kinds.len() > 4 { ", and others" } else { "" };
    format!(
        "{} items: {}{more}. They may or may not hold a recording.",
        thousands(counts.failed),
        listed.join(", ")
    )
}

/// A container of the heat map.
#[derive(Debug)]
pub(super) struct ContainerRow {
    name: Shown,
    cells: Vec<HeatCell>,
}

#[derive(Debug)]
struct HeatCell {
    class: String,
    count: String,
}

/// Those with most matches, then most suspects; and how many more there are.
fn container_rows(tally: &Tally) -> (Vec<ContainerRow>, u64) {
    let mut all: Vec<_> = tally.containers.iter().collect();
    all.sort_by_key(|(name, [matched, suspect, permitted, ..])| {
        (std::cmp::Reverse((*matched, *suspect, *permitted)), name.as_str())
    });
    let row = |(name, counts): &(&String, &[u64; 5])| {
        let whole = counts.iter().sum::<u64>().max(1) as f64;
        let cell = |(class, count): (&str, &u64)| {
            let shade = (*count as f64 / whole * 4.0).ceil() as u64;
            HeatCell { class: format!("heat-{class} heat-{shade}"), count: thousands(*count) }
        };
        let classes = ["match", "suspect", "permitted", "clear", "failed"];
        let name = if name.is_empty() { Shown::new("no folder") } else { Shown::short(name) };
        ContainerRow { name, cells: classes.into_iter().zip(*counts).map(cell).collect() }
    };
    let rows = all.iter().take(CONTAINERS).map(row).collect();
    (rows, all.len().saturating_sub(CONTAINERS) as u64)
}

/// A reason why items could not be read.
#[derive(Debug)]
pub(super) struct ReasonRow {
    kind: Shown,
    count: String,
    width: String,
}

fn reason_rows(tally: &Tally) -> Vec<ReasonRow> {
    let mut all: Vec<_> = tally.failures.iter().collect();
    all.sort_by_key(|(kind, count)| (std::cmp::Reverse(**count), kind.as_str()));
    let most = all.first().map_or(1, |(_, count)| **count) as f64;
    let row = |(kind, count): (&String, &u64)| ReasonRow {
        kind: Shown::short(&kind.replace('_', " ")),
        count: thousands(*count),
        width: format!("{:.1}", *count as f64 / most * 100.0),
    };
    all.into_iter().take(12).map(row).collect()
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

/// One finding, of the table that needs no script.
#[derive(Debug)]
pub(super) struct PlainRow {
    class: &'static str,
    verdict: &'static str,
    path: Shown,
    title: Shown,
    artist: Shown,
    isrc: Shown,
    id: Shown,
    standing: Option<Shown>,
    how: String,
    of_item: String,
    of_recording: String,
    spans: String,
    chance: String,
}

impl PlainRow {
    pub(super) fn new(record: &ItemRecord, finding: &Finding) -> Self {
        let heard = finding.is_heard();
        Self {
            class: finding.verdict.as_str(),
            verdict: match finding.verdict {
                Verdict::Match => "Match",
                Verdict::Permitted => "Permitted",
                _ => "Suspect",
            },
            path: Shown::short(&record.item.path),
            title: Shown::short(&finding.title),
            artist: Shown::short(&finding.artist),
            isrc: Shown::short(&finding.isrc),
            id: Shown::short(&finding.recording_id),
            standing: finding.standing.as_ref().map(|standing| {
                let kind = standing.kind.as_str().replace('_', " ");
                Shown::short(&format!("{kind}: {}", standing.reason))
            }),
            how: if heard {
                warp(finding.tempo, finding.pitch_cents)
            } else {
                "not heard".to_owned()
            },
            of_item: share(finding.item_coverage),
            of_recording: share(finding.recording_coverage),
            spans: spans(finding),
            chance: if heard {
                chance(finding.false_alarm_probability)
            } else {
                NOT_HEARD.to_owned()
            },
        }
    }
}

/// The first spans of a finding, in words.
fn spans(finding: &Finding) -> String {
    let told = finding.spans.iter().take(3).map(|span| {
        format!(
            "item {} – {} is recording {} – {}",
            clock(span.item_start_seconds),
            clock(span.item_end_seconds),
            clock(span.recording_start_seconds),
            clock(span.recording_end_seconds)
        )
    });
    let told: Vec<_> = told.collect();
    let more = if finding.spans.len() > told.len() { "; and more" } else { "" };
    told.join("; ") + more
}

/// How many more there are than are listed, `""` if none.
pub(super) fn unlisted(all: u64, listed: usize) -> String {
    let more = all.saturating_sub(listed as u64);
    if more == 0 { String::new() } else { thousands(more) }
}
