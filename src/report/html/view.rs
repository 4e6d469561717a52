//! The data of the page's templates, already in words: templates do no arithmetic.
//!
//! Untrusted text reaches a template only as [`Shown`], so that none is shown raw.

use askama::Template;

use crate::base::thousands;
use crate::base::visible;
use crate::report::tally::Tally;
use crate::wording::{chance, counted, plural, share};

use super::super::{Counts, RunSummary};
use super::charts::{Chart, charts};
use super::rows::{ContainerRow, FailureGroup, PlainRow, ReasonRow, container_rows, reason_rows};
use super::shown::Shown;

/// What the mode of a run does not search for, as a sentence; `""` for the modes that search for everything.
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
    /// How many findings are not in the table: `3 more are`.
    pub(super) unlisted: Option<String>,
}

/// The page after its findings.
#[derive(Template)]
#[template(path = "foot.html", config = "src/report/askama.toml")]
pub(super) struct Foot<'a> {
    pub(super) run: &'a Run,
    pub(super) listed: String,
    /// The number of findings, if the page does not have all of them.
    pub(super) unlisted: Option<String>,
    pub(super) notices: Vec<Vec<Shown>>,
    pub(super) notices_head: Vec<String>,
    pub(super) notices_unlisted: String,
    pub(super) failures: &'a [FailureGroup],
    pub(super) not_audio: &'a [Shown],
    pub(super) not_audio_unlisted: String,
    /// What findings may claim: the word for each relation, and a sentence that explains it.
    pub(super) relations: Vec<(String, &'static str)>,
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
            containers_unlisted: if unlisted == 0 {
                String::new()
            } else {
                counted(unlisted, "more container")
            },
            reasons: reason_rows(tally),
        }
    }
}

/// The summary of the run, in words.
#[derive(Debug, Clone)]
pub(super) struct Run {
    id: Shown,
    tool_version: Shown,
    mode: Shown,
    /// What the mode does not search for, as a sentence; `""` if nothing.
    missed: &'static str,
    roots: Vec<Shown>,
    /// What the dump is, as a person says.
    about: Option<Shown>,
    catalogue_digest: Shown,
    fingerprint_digest: Shown,
    decoders: Shown,
    complete: bool,
    recordings: String,
    /// The same with its noun.
    searched: String,
    /// What was compared with what, as the begin of a sentence.
    compared: String,
    /// What was found in how many items, as sentences.
    told: String,
    items: String,
    clear: String,
    matched: String,
    suspect: String,
    any_finding: bool,
    /// Items with permitted findings only; `None` if there are none.
    permitted: Option<String>,
    not_audio: String,
    failed: String,
    found: String,
    share_out: String,
    /// Numbers of findings by what they claim; `""` if none is known.
    claims: String,
    hours: String,
    shares: Vec<Part>,
    sure: String,
    unread: String,
    change: Option<ChangeWords>,
}

/// One part of the bar of all items: its legend, and place and width out of 1,000.
#[derive(Debug, Clone)]
pub(super) struct Part {
    class: &'static str,
    word: &'static str,
    count: String,
    x: String,
    width: String,
}

/// The change since an earlier run, in words.
#[derive(Debug, Clone)]
pub(super) struct ChangeWords {
    since: Shown,
    new: String,
    noun: &'static str,
    gone: String,
    standing: String,
}

impl Run {
    pub(super) fn new(summary: &RunSummary) -> Self {
        let RunSummary { roots, counts, .. } = summary;
        let Counts { items, matched, suspect, permitted, clear, failed, not_audio, .. } = *counts;
        let tenths = (counts.audio_seconds / 360.0).round() as u64;
        let hours = format!("{}.{}", thousands(tenths / 10), tenths % 10);
        Self {
            id: Shown::new(&summary.run_id),
            tool_version: Shown::new(&summary.tool_version),
            mode: Shown::new(&summary.mode),
            missed: missed(&summary.mode),
            about: summary.about.as_ref().map(|about| Shown::new(&about.describe())),
            roots: roots.iter().map(|root| Shown::new(root)).collect(),
            catalogue_digest: Shown::new(&summary.catalogue_digest),
            fingerprint_digest: Shown::new(&summary.fingerprint_digest),
            decoders: Shown::new(&summary.decoders),
            complete: summary.complete,
            recordings: thousands(summary.catalogue_recordings),
            searched: counted(summary.catalogue_recordings, "recording"),
            compared: format!(
                "{}, {hours} hours of audio, compared with the {} of the catalogue",
                counted(items, "item"),
                counted(summary.catalogue_recordings, "recording")
            ),
            told: what_was_found(summary),
            items: thousands(items),
            clear: thousands(clear),
            matched: thousands(matched),
            suspect: thousands(suspect),
            any_finding: counts.findings > 0,
            permitted: (permitted > 0).then(|| thousands(permitted)),
            failed: thousands(failed),
            not_audio: thousands(not_audio),
            found: thousands(counts.recordings_found),
            share_out: share_found(summary),
            claims: counts.claims(),
            hours,
            shares: parts(counts),
            sure: how_sure(counts),
            unread: unread(counts),
            change: summary.change.as_ref().map(|change| ChangeWords {
                since: Shown::new(&change.since_run),
                new: thousands(change.new),
                noun: if change.new == 1 { "new finding" } else { "new findings" },
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

/// The share of the catalogue's recordings that was found.
fn share_found(summary: &RunSummary) -> String {
    share(summary.counts.recordings_found as f64 / summary.catalogue_recordings.max(1) as f64)
}

/// How many recordings were found in how many items, and what else has findings.
fn what_was_found(summary: &RunSummary) -> String {
    let (counts, searched) = (&summary.counts, summary.catalogue_recordings);
    let found = counts.recordings_found;
    let mut told = format!(
        "{} of {} ({} of the catalogue) {} found in {}.",
        thousands(found),
        counted(searched, "recording"),
        share_found(summary),
        if found == 1 { "was" } else { "were" },
        counted(counts.matched, "item")
    );
    told += &match counts.suspect {
        0 => String::new(),
        1 => " 1 further item is a suspect: a person has to listen to it.".to_owned(),
        suspect => format!(
            " {} further items are suspects: a person has to listen to them.",
            thousands(suspect)
        ),
    };
    if counts.permitted > 0 {
        let items = plural(counts.permitted, "item contains", "items contain");
        told += &format!(
            " {items} only recordings whose use is licensed or in which the label holds no right."
        );
    }
    told
}

/// How sure the weakest match is: for one item, and over all items of the run.
fn how_sure(counts: &Counts) -> String {
    let Some(weakest) = counts.tally.weakest_match else {
        return "There are no matches.".to_owned();
    };
    let compared = counts.items - counts.failed - counts.not_audio;
    // `chance` states nothing below 1e-12, so the sum over items starts there.
    let in_runs = weakest.max(1e-12) * compared as f64;
    let runs = if in_runs > 0.0 && in_runs < 1.0 {
        let runs = (1.0 / in_runs).min(1e12) as u64;
        let power = 10_u64.pow(runs.ilog10());
        format!(
            " If {} {} contained nothing of the catalogue, one run in {} would still report a match this weak.",
            if compared == 1 { "this" } else { "these" },
            counted(compared, "item"),
            thousands(runs / power * power)
        )
    } else {
        String::new()
    };
    let weakest = chance(weakest);
    format!(
        "For the weakest match: {weakest}.{runs} Each finding states its own chance. It is the chance that sound agrees by coincidence; it says nothing about licences."
    )
}

fn unread(counts: &Counts) -> String {
    let partial = match counts.partial {
        0 => String::new(),
        1 => " 1 item was read in part: the rest of it may contain a recording.".to_owned(),
        items => format!(
            " {} items were read in part: the rest of them may contain a recording.",
            thousands(items)
        ),
    };
    unread_wholly(counts) + &partial
}

fn unread_wholly(counts: &Counts) -> String {
    if counts.failed == 0 {
        let read = if counts.partial == 0 { "read" } else { "opened" };
        return format!("Every audio item could be {read}.");
    }
    let mut kinds: Vec<_> = counts.tally.failures.iter().collect();
    kinds.sort_by_key(|(kind, count)| (std::cmp::Reverse(**count), kind.as_str()));
    let words = |(kind, count): &(&String, &u64)| {
        format!("{} {}", thousands(**count), visible(&kind.replace('_', " ")))
    };
    let listed: Vec<_> = kinds.iter().take(4).map(words).collect();
    let more = if kinds.len() > 4 { ", and others" } else { "" };
    format!(
        "{}: {}{more}. {} may or may not contain a recording.",
        counted(counts.failed, "item"),
        listed.join(", "),
        if counts.failed == 1 { "It" } else { "They" }
    )
}

/// The number of things that are not listed; `""` if all are.
pub(super) fn unlisted(all: u64, listed: usize) -> String {
    let more = all.saturating_sub(listed as u64);
    if more == 0 { String::new() } else { thousands(more) }
}
