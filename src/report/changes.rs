//! Compares the findings of two runs: new, gone or standing; and writes the comparison as text of one screen, for a mail.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Change, Counts, RunSummary};
use crate::base::{shorten, thousands, visible};
use crate::record::{ItemRecord, Relation, Verdict};
use crate::wording::{called, claim, claims, counted, plural};

/// Most findings listed under each heading. A guess: the text fits on one screen.
const MAX_LISTED: usize = 5;
/// Most characters of a line. A guess.
const MAX_LINE_CHARS: usize = 100;

/// A finding for the comparison. The same bytes at several places are one finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its verdict; the strongest of all places.
    pub verdict: Verdict,
    /// Name of the recording.
    pub name: String,
    /// What the finding claims; `None` if no sound was found.
    pub relation: Option<Relation>,
    /// What the finding claims, in words; `""` if no sound was found.
    pub claim: String,
    /// Path of the item at the first place.
    pub path: String,
    /// Number of places.
    pub places: u64,
}

/// The findings of a run, by their ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    by_id: BTreeMap<String, Told>,
    /// Ids by locator, recording and stream, to recognise a finding in an item whose bytes have changed.
    by_place: BTreeMap<(String, String, u32), String>,
}

impl Findings {
    /// Adds the findings of an item, except those that are permitted or that a person dismissed.
    pub fn add(&mut self, record: &ItemRecord) {
        for finding in &record.findings {
            if finding.verdict > Verdict::Suspect || finding.is_dismissed() {
                continue;
            }
            let place = (record.item.locator.clone(), finding.recording_id.clone(), finding.stream);
            // Runs of old versions have no ids: their findings are recognised by place.
            let id = match finding.finding_id.as_str() {
                "" => format!("{place:?}"),
                id => id.to_owned(),
            };
            self.by_place.insert(place, id.clone());
            let told = self.by_id.entry(id).or_insert_with(|| Told {
                verdict: finding.verdict,
                name: called(finding),
                relation: finding.relation,
                claim: claim(finding).unwrap_or_default(),
                path: record.item.path.clone(),
                places: 0,
            });
            told.places += 1;
            told.verdict = told.verdict.min(finding.verdict);
        }
    }
}

/// The comparison of two runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Findings of the later run only; matches first, then by name.
    pub new: Vec<Told>,
    /// Findings of the earlier run only.
    pub gone: Vec<Told>,
    /// Findings of both runs.
    pub standing: Vec<Told>,
    /// Number of standing findings that are at more places now.
    pub spread: u64,
}

impl Changes {
    /// Whether the later run has a new finding, or a standing one at more places.
    pub fn is_more(&self) -> bool {
        !self.new.is_empty() || self.spread > 0
    }

    /// The numbers, for the summary of a report; `run` is the earlier run.
    pub fn since(&self, run: &str) -> Change {
        Change {
            since_run: run.to_owned(),
            new: self.new.len() as u64,
            gone: self.gone.len() as u64,
            standing: self.standing.len() as u64,
        }
    }

    /// Compares two runs. A finding stands if its id is in both runs, or if the same recording was found at the same place.
    pub fn between(before: &Findings, now: &Findings) -> Self {
        let mut changes = Self::default();
        // Findings that stand under another id: the new id, and the old.
        let mut renamed_now = BTreeSet::new();
        let mut renamed_before = BTreeSet::new();
        for (place, id) in &now.by_place {
            if let Some(old) = before.by_place.get(place).filter(|old| *old != id) {
                renamed_now.insert(id);
                renamed_before.insert(old);
            }
        }
        for (id, told) in &now.by_id {
            let old = before.by_id.get(id);
            if old.is_none() && !renamed_now.contains(id) {
                changes.new.push(told.clone());
                continue;
            }
            changes.spread += u64::from(old.is_some_and(|old| old.places < told.places));
            changes.standing.push(told.clone());
        }
        for (id, told) in &before.by_id {
            if !now.by_id.contains_key(id) && !renamed_before.contains(id) {
                changes.gone.push(told.clone());
            }
        }
        for list in [&mut changes.new, &mut changes.gone, &mut changes.standing] {
            list.sort_by(|a, b| (a.verdict, &a.name, &a.path).cmp(&(b.verdict, &b.name, &b.path)));
        }
        changes
    }
}

/// A run with the time of its begin, for [`text`].
#[derive(Debug, Clone, PartialEq)]
pub struct RunOnDay {
    /// The run.
    pub summary: RunSummary,
    /// Begin of the run, such as `2026-11-23 19:12:34 UTC`.
    pub begun: String,
}

/// The text of one screen: what was scanned, what changed since the earlier run (without one: what was found), what could not be
/// read, and the first findings of each list.
pub fn text(now: &RunOnDay, before: Option<&RunOnDay>, changes: &Changes) -> String {
    let RunOnDay { summary, begun } = now;
    let counts = &summary.counts;
    let mut out = String::new();
    // Writing into a String does not fail.
    let roots = summary.roots.join(", ");
    let _ = writeln!(out, "Leakhound run {} of {begun}", summary.run_id);
    let _ = writeln!(out, "  {}", shorten(&visible(&roots), MAX_LINE_CHARS));
    if !summary.complete {
        let _ = writeln!(
            out,
            "  INCOMPLETE: the run was stopped before its end; scan again to resume it"
        );
    }
    let _ = match before {
        Some(run) => writeln!(out, "  since run {} of {}\n", run.summary.run_id, run.begun),
        None => writeln!(out),
    };
    if before.is_some() {
        let _ = writeln!(
            out,
            "{:>9} new       {}",
            thousands(changes.new.len() as u64),
            split(&changes.new)
        );
        let _ = writeln!(
            out,
            "{:>9} gone      {}",
            thousands(changes.gone.len() as u64),
            split(&changes.gone)
        );
        let spread = match changes.spread {
            0 => String::new(),
            spread => format!("; {} of them at more places", thousands(spread)),
        };
        let standing = thousands(changes.standing.len() as u64);
        let _ = writeln!(out, "{standing:>9} standing  {}{spread}", split(&changes.standing));
    } else {
        let found = thousands(changes.new.len() as u64);
        let _ = writeln!(out, "{found:>9} found     {}", split(&changes.new));
    }
    let old = before.map(|run| &run.summary.counts);
    let line = |out: &mut String, name: &str, of: fn(&Counts) -> u64| {
        let was = old.map_or(String::new(), |old| format!("  (before {})", thousands(of(old))));
        let _ = writeln!(out, "{:>9} {name}{was}", thousands(of(counts)));
    };
    let _ = writeln!(out);
    line(&mut out, "items", |counts| counts.items);
    line(&mut out, "could not be read", |counts| counts.failed);
    line(&mut out, "recordings found", |counts| counts.recordings_found);
    if counts.dismissed > 0 {
        line(&mut out, "findings dismissed by people, not listed here", |counts| counts.dismissed);
    }
    let _ = writeln!(out, "{:>9} recordings searched for", thousands(summary.catalogue_recordings));
    let heading = if before.is_some() { "New" } else { "Found" };
    list(&mut out, heading, &changes.new);
    list(&mut out, "Gone", &changes.gone);
    if !summary.manifest_digest.is_empty() {
        let _ = writeln!(out, "\nManifest SHA-256 {}", summary.manifest_digest);
    }
    out
}

fn split(list: &[Told]) -> String {
    if list.is_empty() {
        return String::new();
    }
    let matches = list.iter().filter(|told| told.verdict == Verdict::Match).count() as u64;
    let suspects = list.len() as u64 - matches;
    let mut by_claim = [0; Relation::ALL.len()];
    for relation in list.iter().filter_map(|told| told.relation) {
        by_claim[relation as usize] += 1;
    }
    let by_claim = match claims(&by_claim).as_str() {
        "" => String::new(),
        told => format!(": {told}"),
    };
    let matches = plural(matches, "match", "matches");
    format!("{matches}, {}{by_claim}", counted(suspects, "suspect"))
}

fn list(out: &mut String, heading: &str, list: &[Told]) {
    if list.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{heading}");
    for Told { verdict, name, claim, path, places, .. } in list.iter().take(MAX_LISTED) {
        let more = match places {
            0 | 1 => String::new(),
            more => format!(" and {} more", thousands(more - 1)),
        };
        let (name, path) = (visible(name), visible(path));
        let _ = writeln!(out, "  {:<8}{}", verdict.as_str(), shorten(&name, MAX_LINE_CHARS - 10));
        if !claim.is_empty() {
            let _ = writeln!(out, "          {claim}");
        }
        let _ = writeln!(out, "          {}{more}", shorten(&path, MAX_LINE_CHARS - 10));
    }
    if list.len() > MAX_LISTED {
        let _ = writeln!(out, "  … and {} more", thousands((list.len() - MAX_LISTED) as u64));
    }
}
