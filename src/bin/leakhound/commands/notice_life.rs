//! `leakhound notice list|show|mark|done|undo`: what becomes of notices, as people say. Nothing is ever sent.

use std::io::Write as _;

use leakhound::notice::{Act, Day, Notice, NoticeState, NoticeStore, Step};
use leakhound::record::{Checked, Deadline};
use leakhound::review::Recorder;
use leakhound::wording::{called, counted, day, visible};
use serde_json::{Value, json};

use crate::args::{Global, NoticeRemark};
use crate::exit::Exit;
use crate::out::Out;
use crate::{home, setup};

pub(super) fn store(global: &Global) -> anyhow::Result<NoticeStore> {
    Ok(NoticeStore::open(&home::home(global)?)?)
}

pub(super) fn recorder(global: &Global) -> Recorder {
    Recorder { who: global.operator(), at: setup::now() }
}

/// What `list` lists.
pub(super) struct Wanted {
    /// The last day of the deadlines that are listed; `None` for all notices.
    pub(super) due_until: Option<Day>,
    pub(super) state: Option<NoticeState>,
    pub(super) json: bool,
}

pub(super) fn list(global: &Global, wanted: &Wanted) -> anyhow::Result<Exit> {
    let mut rows: Vec<(Notice, Vec<Deadline>)> = Vec::new();
    for notice in store(global)?.all()? {
        if wanted.state.is_some_and(|state| state != notice.life.state) {
            continue;
        }
        let mut due = notice.life.deadlines();
        if let Some(until) = wanted.due_until {
            due.retain(|deadline| deadline.day <= until.to_string());
            if due.is_empty() {
                continue;
            }
        }
        rows.push((notice, due));
    }
    if wanted.due_until.is_some() {
        rows.sort_by(|a, b| (&a.1[0].day, a.0.number).cmp(&(&b.1[0].day, b.0.number)));
    }
    let mut out = Out::lock();
    for (notice, due) in &rows {
        if wanted.json {
            writeln!(out, "{}", object(notice, due))?;
        } else {
            write!(out, "{}", lines(notice, due))?;
        }
    }
    if !wanted.json && !global.quiet {
        let notices = counted(rows.len() as u64, "notice");
        match wanted.due_until {
            Some(until) => writeln!(out, "{notices} with a deadline until {until}")?,
            None => writeln!(out, "{notices}")?,
        }
    }
    out.flush()?;
    Ok(if wanted.due_until.is_some() && !rows.is_empty() { Exit::Found } else { Exit::Clear })
}

/// A notice with its deadlines, as `--json` prints it.
fn object(notice: &Notice, due: &[Deadline]) -> Value {
    let life = &notice.life;
    json!({
        "number": notice.number, "kind": notice.kind, "state": life.state, "since": life.since.to_string(),
        "addressee": life.addressee, "reference": life.reference, "by": life.by, "note": life.note,
        "drafted": day(notice.at), "drafted_by": notice.by, "draft": notice.draft, "draft_sha256": notice.draft_sha256,
        "place": notice.place, "run_id": notice.run_id, "findings": notice.findings, "due": due,
    })
}

/// A notice in some lines: how far it is, what it is about, what is due.
fn lines(notice: &Notice, due: &[Deadline]) -> String {
    let life = &notice.life;
    let mut text =
        format!("notice {}  {} since {}", notice.number, life.state.describe(), life.since);
    for (name, value) in [("to", &life.addressee), ("reference", &life.reference), ("by", &life.by)]
    {
        if !value.is_empty() {
            text += &format!(", {name} {}", visible(value));
        }
    }
    text += &format!(
        "\n          {} of run {}{}; drafted {} by {}\n",
        counted(notice.findings, "finding"),
        notice.run_id,
        if notice.place.is_empty() {
            String::new()
        } else {
            format!(", at {}", visible(&notice.place))
        },
        day(notice.at),
        visible(&notice.by),
    );
    for deadline in due {
        text += &format!("          {}: {}\n", deadline.describe(), visible(&deadline.basis));
    }
    text
}

pub(super) fn show(global: &Global, number: i64, json: bool) -> anyhow::Result<Exit> {
    let store = store(global)?;
    let notice = store.notice(number)?;
    let due = notice.life.deadlines();
    let mut found = Vec::new();
    store.each_material(number, |item, finding| found.push((item, finding)))?;
    let checks: Vec<Option<Checked>> =
        store.materials(Some(number))?.into_iter().map(|material| material.check).collect();
    let mut out = Out::lock();
    if json {
        let mut told = object(&notice, &due);
        told["steps"] = notice.steps.iter().map(step_object).collect();
        told["materials"] = found
            .iter()
            .zip(&checks)
            .map(|((item, finding), check)| {
                json!({
                    "finding_id": finding.finding_id, "recording_id": finding.recording_id, "recording": called(finding),
                    "path": item.path, "locator": item.locator, "sha256": item.sha256, "check": check,
                })
            })
            .collect();
        writeln!(out, "{told}")?;
        out.flush()?;
        return Ok(Exit::Clear);
    }
    write!(out, "{}", lines(&notice, &due))?;
    writeln!(
        out,
        "          draft {}.md, SHA-256 {}",
        visible(&notice.draft),
        notice.draft_sha256
    )?;
    for step in &notice.steps {
        writeln!(out, "{}", visible(&step_line(step)))?;
    }
    for ((item, finding), check) in found.iter().zip(&checks) {
        writeln!(out, "{}  {}", finding.finding_id, visible(&called(finding)))?;
        writeln!(out, "          in {}", visible(&item.path))?;
        if let Some(check) = check {
            writeln!(out, "          {}", visible(&check.describe()))?;
        }
    }
    out.flush()?;
    Ok(Exit::Clear)
}

fn step_object(step: &Step) -> Value {
    json!({
        "act": step.act.as_str(), "on": step.on.to_string(), "recorded": day(step.at), "by": step.by,
        "addressee": step.addressee, "reference": step.reference, "note": step.note,
        "due": step.due.map_or_else(String::new, |due| due.to_string()),
    })
}

fn step_line(step: &Step) -> String {
    let what = match step.act {
        Act::Reached(state) => state.describe(),
        Act::Done => "what was due is done",
        Act::Undone => "the last step is taken back",
        Act::Checked => "looked for",
    };
    let mut line = format!("  {}  {what}", step.on);
    let due = step.due.map_or_else(String::new, |due| due.to_string());
    let note = if step.act == Act::Checked { ("in", &step.note) } else { ("note", &step.note) };
    for (name, value) in [
        ("to", &step.addressee),
        ("reference", &step.reference),
        ("due", &due),
        ("by", &step.by),
        note,
    ] {
        if !value.is_empty() {
            line += &format!(", {name} {value}");
        }
    }
    line
}

/// Records a step, and prints where that leaves the notice.
pub(super) fn record(global: &Global, number: i64, step: &Step) -> anyhow::Result<Exit> {
    let notice = store(global)?.record(number, step, &recorder(global))?;
    if !global.quiet {
        write!(Out::lock(), "{}", lines(&notice, &notice.life.deadlines()))?;
    }
    Ok(Exit::Clear)
}

/// Records a step that changes no state, today.
pub(super) fn remark(global: &Global, act: Act, remark: &NoticeRemark) -> anyhow::Result<Exit> {
    let at = setup::now();
    let step = Step {
        act,
        on: Day::of(at),
        at,
        by: who(global, remark.by.as_ref()),
        addressee: String::new(),
        reference: String::new(),
        due: None,
        note: remark.note.trim().to_owned(),
    };
    record(global, remark.number, &step)
}

/// Who says so: as they say, else the operator.
pub(super) fn who(global: &Global, by: Option<&String>) -> String {
    by.cloned().or_else(|| global.known_operator()).unwrap_or_default().trim().to_owned()
}
