//! `leakhound review`: lists findings and records decisions, in the terminal.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use leakhound::notice::Notices;
use leakhound::record::{DecisionState, Finding, Ground, ItemFacts};
use leakhound::review::{
    Batch, FindingFilter, History, NewDecision, Recorder, ReviewQueue, ReviewStore, read_batch,
};
use leakhound::wording::{called, chance, claim, counted, moment, share, thousands, visible, warp};

use crate::args::{Decide, Global, Review, ReviewCommand, ReviewList};
use crate::exit::{Exit, UsageError};
use crate::out::Out;
use crate::{home, review_server, setup, show};

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
        Some(ReviewCommand::Show { findings, run, json }) => {
            evidence(global, findings, *run, *json)
        }
        Some(ReviewCommand::History { finding, json }) => {
            history(global, finding.as_deref(), *json)
        }
        Some(ReviewCommand::Batch { file, by, run }) => batch(global, file, by.as_deref(), *run),
    }
}

/// The findings of a run, or of the newest.
pub(super) fn queue(global: &Global, run: Option<i64>) -> anyhow::Result<ReviewQueue> {
    Ok(ReviewQueue::open(&home::home(global)?, run)?)
}

fn recorder(global: &Global) -> Recorder {
    Recorder { who: global.operator(), at: setup::now() }
}

fn list(global: &Global, wanted: &ReviewList) -> anyhow::Result<Exit> {
    let queue = queue(global, wanted.run)?;
    let filter = FindingFilter { verdict: wanted.verdict, recording: wanted.recording.clone() };
    let run_id = queue.run().run_id;
    let notices = Notices::of_home(&home::home(global)?)?;
    let mut out = Out::lock();
    let (mut listed, mut decided) = (0_u64, 0_u64);
    queue.each::<anyhow::Error>(|record, finding| {
        if !filter.has(finding) {
            return Ok(());
        }
        if finding.decision.is_some() && !wanted.all {
            decided += 1;
            return Ok(());
        }
        listed += 1;
        let item = &record.item;
        let noticed = Finding { notices: notices.of(item, finding), ..finding.clone() };
        if wanted.json {
            writeln!(out, "{}", object(run_id, item, &noticed))?;
        } else {
            write!(out, "{}", line(item, &noticed))?;
        }
        Ok(())
    })?;
    if !wanted.json && !global.quiet {
        writeln!(
            out,
            "run {run_id}: {}{}",
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

/// A finding as `--json` prints it.
fn object(run: i64, item: &ItemFacts, finding: &Finding) -> serde_json::Value {
    serde_json::json!({"run": run, "item": item, "finding": finding})
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
    let notices = finding
        .notices
        .iter()
        .map(|notice| format!("                    {}\n", visible(&notice.describe())));
    let notices: String = notices.collect();
    format!(
        "{}  {:<9} {}\n                    in {}\n                    {}\n{decision}{notices}",
        finding.finding_id,
        finding.verdict.as_str(),
        visible(&name),
        visible(&item.path),
        visible(&heard),
    )
}

fn evidence(
    global: &Global,
    names: &[String],
    run: Option<i64>,
    json: bool,
) -> anyhow::Result<Exit> {
    let queue = queue(global, run)?;
    let mut out = Out::lock();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let found = queue.find(&names)?.into_iter().collect::<Result<Vec<_>, _>>()?;
    let notices = Notices::of_home(&home::home(global)?)?;
    for entry in found.into_iter().flatten() {
        let mut record = entry.record().clone();
        notices.apply(&mut record);
        let (item, finding) = (&record.item, &record.findings[0]);
        if json {
            writeln!(out, "{}", object(queue.run().run_id, item, finding))?;
            continue;
        }
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
    ground: Option<Ground>,
) -> anyhow::Result<Exit> {
    let queue = queue(global, decide.run)?;
    let by = decide.by.clone().or_else(|| global.known_operator()).unwrap_or_default();
    let decision = NewDecision { state, ground, reason: decide.reason.clone(), by };
    let names: Vec<_> = decide.findings.iter().map(String::as_str).collect();
    let entries = queue.find_all(&names)?;
    let decisions: Vec<_> = entries.iter().map(|entry| (entry, &decision)).collect();
    queue.decide(&decisions, &recorder(global))?;
    if !global.quiet {
        let decisions = queue.store().decisions()?;
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
    let queue = queue(global, run)?;
    let operator = by.map(str::to_owned).or_else(|| global.known_operator()).unwrap_or_default();
    let Batch { decisions, same } = queue
        .batch(&orders, &operator)
        .map_err(|error| if error.is_usage() { usage(error.to_string()) } else { error.into() })?;
    let all: Vec<_> = decisions.iter().map(|(entry, decision)| (entry, decision)).collect();
    queue.decide(&all, &recorder(global))?;
    if !global.quiet {
        let new = counted(decisions.len() as u64, "decision");
        writeln!(Out::lock(), "{new} recorded, {} already recorded", thousands(same))?;
    }
    Ok(Exit::Clear)
}

fn history(global: &Global, finding: Option<&str>, json: bool) -> anyhow::Result<Exit> {
    let rows = ReviewStore::open(&home::home(global)?)?.history()?;
    let mut out = Out::lock();
    for row in rows.into_iter().filter(|row| finding.is_none_or(|name| row.is_of(name))) {
        let History { number, case, ruling } = row;
        let state = ruling.state.map_or("withdrawn", DecisionState::as_str);
        let ground = ruling.ground.map_or("", Ground::as_str);
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
