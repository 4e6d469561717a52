//! `leakhound runs`: lists the scans.

use std::io::Write as _;

use leakhound::results::ResultStore;
use leakhound::wording::{counted, visible};

use crate::args::Global;
use crate::exit::Exit;
use crate::home;
use crate::out::Out;

pub(crate) fn run(global: &Global) -> anyhow::Result<Exit> {
    let store = ResultStore::open(&home::home(global)?)?;
    let mut out = Out::lock();
    for run in store.runs()? {
        let state = if run.complete { "complete" } else { "stopped " };
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
