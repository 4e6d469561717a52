//! Rows of the tables in the page: containers, reasons of failures, items that could not be read, findings.

use crate::base::thousands;
use crate::record::{Finding, ItemRecord, Verdict};
use crate::report::tally::Tally;
use crate::wording::{agreement, chance, claim, clock, share, warp};

use super::data::NOT_HEARD;
use super::shown::Shown;

/// Rows of the heat map of containers. A guess: what fits beside a chart.
const MAX_CONTAINERS: usize = 14;
/// Rows of the chart of failures. A guess, likewise.
const MAX_REASONS: usize = 12;

/// One row of the heat map: the name of a container, and a cell for each verdict.
#[derive(Debug)]
pub(super) struct ContainerRow {
    pub(super) name: Shown,
    pub(super) cells: Vec<HeatCell>,
}

#[derive(Debug)]
pub(super) struct HeatCell {
    pub(super) class: String,
    pub(super) count: String,
}

/// The containers with most matches, then most suspects, and the number of containers left out.
pub(super) fn container_rows(tally: &Tally) -> (Vec<ContainerRow>, u64) {
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
    let rows = all.iter().take(MAX_CONTAINERS).map(row).collect();
    (rows, all.len().saturating_sub(MAX_CONTAINERS) as u64)
}

/// One bar of the chart of failures: kind, number of items, and the bar's width in percent of the longest.
#[derive(Debug)]
pub(super) struct ReasonRow {
    pub(super) kind: Shown,
    pub(super) count: String,
    pub(super) width: String,
}

pub(super) fn reason_rows(tally: &Tally) -> Vec<ReasonRow> {
    let mut all: Vec<_> = tally.failures.iter().collect();
    all.sort_by_key(|(kind, count)| (std::cmp::Reverse(**count), kind.as_str()));
    let most = all.first().map_or(1, |(_, count)| **count) as f64;
    let row = |(kind, count): (&String, &u64)| ReasonRow {
        kind: Shown::short(&kind.replace('_', " ")),
        count: thousands(*count),
        width: format!("{:.1}", *count as f64 / most * 100.0),
    };
    all.into_iter().take(MAX_REASONS).map(row).collect()
}

/// The failures of one kind: their number, those listed, and how many are not.
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
    pub(super) path: Shown,
    pub(super) stage: &'static str,
    pub(super) message: Shown,
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

/// One row of the table of findings that needs no script.
#[derive(Debug)]
pub(super) struct PlainRow {
    pub(super) class: &'static str,
    pub(super) verdict: &'static str,
    pub(super) path: Shown,
    pub(super) title: Shown,
    pub(super) artist: Shown,
    pub(super) isrc: Shown,
    pub(super) id: Shown,
    pub(super) standing: Option<Shown>,
    pub(super) decision: Option<Shown>,
    pub(super) notices: Vec<Shown>,
    pub(super) how: String,
    /// What the finding claims; `""` if it is not known.
    pub(super) claim: String,
    pub(super) agrees: String,
    pub(super) of_item: String,
    pub(super) of_recording: String,
    pub(super) spans: String,
    pub(super) chance: String,
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
            decision: finding.decision.as_ref().map(|decision| Shown::short(&decision.describe())),
            notices: finding.notices.iter().map(|n| Shown::short(&n.describe())).collect(),
            how: if heard {
                warp(finding.tempo, finding.pitch_cents)
            } else {
                "not heard".to_owned()
            },
            claim: claim(finding).unwrap_or_default(),
            agrees: finding.explained.as_ref().map(agreement).unwrap_or_default(),
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

/// The first three spans of a finding, in words.
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
