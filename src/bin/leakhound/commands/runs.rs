//! `leakhound runs`: lists the scans.

use std::io::Write as _;

use leakhound::results::{About, ResultStore, Run};
use leakhound::wording::{counted, moment, visible};

use crate::args::{Global, Runs};
use crate::exit::Exit;
use crate::out::Out;
use crate::{about, home, setup};

pub(crate) fn run(global: &Global, command: &Runs) -> anyhow::Result<Exit> {
    let store = ResultStore::open(&home::home(global)?)?;
    let runs = match command.run {
        Some(_) => vec![store.run(command.run)?],
        None => store.runs()?,
    };
    if let (Some(path), Some(run)) = (&command.about, runs.first()) {
        setup::session(global)?.say_about(run, &about::read(path)?)?;
    }
    let abouts = store.abouts()?;
    let mut out = Out::lock();
    for run in runs {
        let about = abouts.get(&run.run_id);
        if command.json {
            writeln!(out, "{}", object(&run, about))?;
            continue;
        }
        let state = match run {
            Run { pruned: Some(_), .. } => "pruned  ",
            Run { complete: true, .. } => "complete",
            Run { complete: false, .. } => "stopped ",
        };
        let roots = run.key.roots.join(", ");
        writeln!(
            out,
            "{:>5}  {state}  {:<8}  {} searched for in {}",
            run.run_id,
            run.key.mode,
            counted(run.key.catalogue_recordings, "recording"),
            visible(&roots)
        )?;
        if let Some(about) = about {
            writeln!(out, "                 {}", visible(&about.describe()))?;
        }
    }
    out.flush()?;
    Ok(Exit::Clear)
}

fn object(run: &Run, about: Option<&About>) -> serde_json::Value {
    let Run { run_id, key, complete, started, pruned } = run;
    serde_json::json!({
        "run_id": run_id, "complete": complete, "started": moment(*started), "mode": key.mode.as_str(),
        "recordings": key.catalogue_recordings, "roots": key.roots, "decoders": key.decoders,
        "tool_version": key.tool_version, "about": about, "pruned": pruned.map(moment),
    })
}
