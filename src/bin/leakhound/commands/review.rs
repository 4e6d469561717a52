//! `leakhound review`: lists findings and records decisions, in the terminal.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use leakhound::record::{DecisionState, Finding, ItemFacts};
use leakhound::review::{History, ReviewStore, read_batch};
use leakhound::wording::{called, chance, claim, counted, moment, share, thousands, visible, warp};

use crate::args::{Decide, Global, Review, ReviewCommand, ReviewList};
use crate::exit::{Exit, UsageError};
use crate::out::Out;
use crate::review_queue::{Entry, NewDecision, ReviewQueue};
use crate::{home, review_server, show};

/// Largest batch that is read, in bytes: room for the CSV report of some hundred thousand findings. A guess.
const MAX_BATCH_BYTES: u64 = 1 << 29;

pub(crate) fn run(global: &Global, command: &Review) -> anyhow::Result<Exit> {
    let plain = |decide: &Decide, state| decide_on(global, decide, state, None);
    match &command.command {
        None if command.list.serve => review_server::serve(global, &command.list),
        None => list(global, &command.list),
        Some(ReviewCommand::Accept(decide)) => plain(decide, Some(DecisionState::Accepted)),
        Some(ReviewCommand::Defer(decide)) => plain(decide, Some(DecisionState::Deferred)),
        Some(ReviewCommand::Undo(decide)) => plain(decide, None),
        Some(ReviewCommand::Dismiss { ground, decide }) => {
            decide_on(global, decide, Some(DecisionState::Dismissed), Some(*ground))
        }
        Some(ReviewCommand::Show { findings, run }) => evidence(global, findings, *run),
        Some(ReviewCommand::History { finding, json }) => {
            history(global, finding.as_deref(), *json)
        }
        Some(ReviewCommand::Batch { file, by, run }) => batch(global, file, by.as_deref(), *run),
    }
}

fn list(global: &Global, wanted: &ReviewList) -> anyhow::Result<Exit> {
    let queue = ReviewQueue::open(global, wanted.run)?;
    let mut out = Out::lock();
    let (mut listed, mut decided) = (0_u64, 0_u64);
    queue.each(|record, finding| {
        if !is_wanted(finding, wanted) {
            return Ok(());
        }
        if finding.decision.is_some() && !wanted.all {
            decided += 1;
            return Ok(());
        }
        listed += 1;
        let item = &record.item;
        if wanted.json {
            let line =
                serde_json::json!({"run": queue.run.run_id, "item": item, "finding": finding});
            writeln!(out, "{line}")?;
        } else {
            write!(out, "{}", line(item, finding))?;
        }
        Ok(())
    })?;
    if !wanted.json && !global.quiet {
        writeln!(
            out,
            "run {}: {}{}",
            queue.run.run_id,
            counted(listed, if wanted.all { "finding" } else { "open finding" }),
            if decided > 0 {
                format!(", {} decided (--all lists them)", thousands(decided))
            } else {
                String::new()
            }
        )?;
    }
    out.flush()?;
    Ok(Exit::Clear)
}

fn is_wanted(finding: &Finding, wanted: &ReviewList) -> bool {
    let verdict = wanted.verdict.is_none_or(|verdict| verdict == finding.verdict);
    let recording = wanted.recording.as_ref().is_none_or(|text| {
        let name = format!("{} – {}", finding.artist, finding.title).to_lowercase();
        finding.recording_id == *text
            || finding.isrc.eq_ignore_ascii_case(text)
            || name.contains(&text.to_lowercase())
    });
    verdict && recording
}

/// A finding in three lines.
fn line(item: &ItemFacts, finding: &Finding) -> String {
    let name = called(finding);
    let heard = if finding.is_heard() {
        let claim = claim(finding).map_or_else(String::new, |claim| format!("{claim}; "));
        format!(
            "{claim}{}, {} of the item; {}",
            warp(finding.tempo, finding.pitch_cents),
            share(finding.item_coverage),
            chance(finding.false_alarm_probability)
        )
    } else {
        format!("not heard; {}", finding.claimed_by.join("; "))
    };
    let decision = finding.decision.as_ref().map_or_else(String::new, |decision| {
        format!("                    {}\n", visible(&decision.describe()))
    });
    format!(
        "{}  {:<9} {}\n                    in {}\n                    {}\n{decision}",
        finding.finding_id,
        finding.verdict.as_str(),
        visible(&name),
        visible(&item.path),
        visible(&heard),
    )
}

fn evidence(global: &Global, names: &[String], run: Option<i64>) -> anyhow::Result<Exit> {
    let queue = ReviewQueue::open(global, run)?;
    let mut out = Out::lock();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let found = queue.find(&names)?.into_iter().collect::<Result<Vec<_>, _>>()?;
    for entry in found.into_iter().flatten() {
        let (item, finding) = (entry.item(), entry.finding());
        writeln!(out, "{}  {}", finding.finding_id, finding.verdict.as_str())?;
        writeln!(out, "        {}", visible(&item.path))?;
        writeln!(out, "        {}, SHA-256 {}", item.locator, item.sha256)?;
        write!(out, "{}", show::finding(finding))?;
        if let Some(torrent) = &item.torrent {
            writeln!(out, "        {}", visible(&torrent.describe()))?;
        }
        for note in &entry.record().notes {
            writeln!(out, "        note: {}", visible(note))?;
        }
    }
    out.flush()?;
    Ok(Exit::Clear)
}

fn decide_on(
    global: &Global,
    decide: &Decide,
    state: Option<DecisionState>,
    ground: Option<leakhound::record::Ground>,
) -> anyhow::Result<Exit> {
    let queue = ReviewQueue::open(global, decide.run)?;
    let by = decide.by.clone().or_else(|| global.known_operator()).unwrap_or_default();
    let decision = NewDecision { state, ground, reason: decide.reason.clone(), by };
    let names: Vec<_> = decide.findings.iter().map(String::as_str).collect();
    let found = queue.find(&names)?.into_iter().collect::<Result<Vec<_>, _>>()?;
    // Two names may be prefixes of the same id.
    let mut seen = BTreeSet::new();
    let mut entries: Vec<&Entry> = found.iter().flatten().collect();
    entries.retain(|entry| seen.insert((&entry.finding().finding_id, &entry.item().locator)));
    let decisions: Vec<_> = entries.iter().map(|entry| (*entry, &decision)).collect();
    queue.decide(global, &decisions)?;
    if !global.quiet {
        let decisions = queue.store.decisions()?;
        let mut out = Out::lock();
        for entry in entries {
            let mut record = entry.record().clone();
            decisions.apply(&mut record);
            for finding in &record.findings {
                write!(out, "{}", line(&record.item, finding))?;
            }
        }
        out.flush()?;
    }
    Ok(Exit::Clear)
}

fn batch(global: &Global, file: &Path, by: Option<&str>, run: Option<i64>) -> anyhow::Result<Exit> {
    let usage = |why: String| anyhow::Error::from(UsageError(format!("{}: {why}", file.display())));
    let size = file.metadata().map_err(|error| usage(format!("{error}; check the path")))?.len();
    if size > MAX_BATCH_BYTES {
        return Err(usage(format!(
            "it has {size} bytes, more than the limit of {MAX_BATCH_BYTES}; split it"
        )));
    }
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| usage("it is not UTF-8; save it as \"CSV UTF-8\"".into()))?;
    let orders = read_batch(&text).map_err(|error| usage(error.to_string()))?;
    let queue = ReviewQueue::open(global, run)?;
    let operator = by.map(str::to_owned).or_else(|| global.known_operator()).unwrap_or_default();
    let names: Vec<_> = orders.iter().map(|order| order.finding_id.as_str()).collect();
    let found = queue.find(&names)?;
    let (mut decisions, mut same) = (Vec::new(), 0_u64);
    for (order, entries) in orders.iter().zip(found) {
        let entries = entries.map_err(|why| usage(format!("row {}: {why}", order.row)))?;
        let by = if order.by.is_empty() { operator.clone() } else { order.by.clone() };
        let (state, ground, reason) = (order.state, order.ground, order.reason.clone());
        let decision = NewDecision { state, ground, reason, by };
        for entry in entries {
            // A report that was filled in also has the earlier decisions.
            if holds(entry.finding(), &decision) {
                same += 1;
            } else {
                decisions.push((entry, decision.clone()));
            }
        }
    }
    let all: Vec<_> = decisions.iter().map(|(entry, decision)| (entry, decision)).collect();
    queue.decide(global, &all)?;
    if !global.quiet {
        let new = counted(decisions.len() as u64, "decision");
        writeln!(Out::lock(), "{new} recorded, {} already recorded", thousands(same))?;
    }
    Ok(Exit::Clear)
}

/// Whether the decision is in force already.
fn holds(finding: &Finding, decision: &NewDecision) -> bool {
    match &finding.decision {
        None => decision.state.is_none(),
        Some(d) => {
            Some(d.state) == decision.state
                && d.ground == decision.ground
                && d.reason == decision.reason
                && d.by == decision.by
        }
    }
}

fn history(global: &Global, finding: Option<&str>, json: bool) -> anyhow::Result<Exit> {
    let rows = ReviewStore::open(&home::home(global)?)?.history()?;
    let start = finding.map(|f| if f.starts_with("f-") { f.to_owned() } else { format!("f-{f}") });
    let mut out = Out::lock();
    for History { number, case, ruling } in rows {
        if start.as_ref().is_some_and(|start| !case.finding_id.starts_with(start)) {
            continue;
        }
        let state = ruling.state.map_or("withdrawn", DecisionState::as_str);
        let ground = ruling.ground.map_or("", leakhound::record::Ground::as_str);
        if json {
            let line = serde_json::json!({
                "number": number, "at": moment(ruling.at), "by": ruling.by, "state": state, "ground": ground,
                "reason": ruling.reason, "finding_id": case.finding_id, "recording_id": case.recording_id,
                "recording": case.recording, "run": case.run_id, "path": case.path, "locator": case.locator,
                "sha256": case.sha256, "sound": case.sound, "verdict": case.verdict, "relation": case.relation,
            });
            writeln!(out, "{line}")?;
            continue;
        }
        let at = moment(ruling.at);
        let ground = if ground.is_empty() { String::new() } else { format!(" ({ground})") };
        let (by, reason) = (visible(&ruling.by), visible(&ruling.reason));
        writeln!(out, "{number:>5}  {at}  {}  {state}{ground} by {by}: {reason}", case.finding_id)?;
        writeln!(out, "       {} in {}", visible(&case.recording), visible(&case.path))?;
    }
    out.flush()?;
    Ok(Exit::Clear)
}
