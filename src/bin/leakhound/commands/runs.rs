//! `leakhound runs`: lists the scans.

use std::io::Write as _;

use leakhound::results::{ResultStore, Run};
use leakhound::wording::{counted, moment, visible};

use crate::args::{Global, Runs};
use crate::exit::Exit;
use crate::home;
use crate::out::Out;

pub(crate) fn run(global: &Global, command: &Runs) -> anyhow::Result<Exit> {
    let store = ResultStore::open(&home::home(global)?)?;
    let mut out = Out::lock();
    for run in store.runs()? {
        if command.json {
            writeln!(out, "{}", object(&run))?;
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
    }
    out.flush()?;
    Ok(Exit::Clear)
}

fn object(run: &Run) -> serde_json::Value {
    let Run { run_id, key, complete, started, pruned } = run;
    serde_json::json!({
        "run_id": run_id, "complete": complete, "started": moment(*started), "mode": key.mode.as_str(),
        "recordings": key.catalogue_recordings, "roots": key.roots, "decoders": key.decoders,
        "tool_version": key.tool_version, "pruned": pruned.map(moment),
    })
}
