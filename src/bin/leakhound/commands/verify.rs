//! `leakhound verify`: checks a run's manifest against the stored records.

use std::io::Write as _;

use anyhow::Context as _;
use leakhound::provenance::verify;
use leakhound::results::ResultStore;
use leakhound::wording::visible;

use crate::args::{Global, Verify};
use crate::exit::Exit;
use crate::home;
use crate::out::Out;

pub(crate) fn run(global: &Global, command: &Verify) -> anyhow::Result<Exit> {
    let Verify { run, manifest, json } = command;
    let store = ResultStore::open(&home::home(global)?)?;
    let (run, sealed) = store.sealed_run(*run)?;
    let file = match manifest {
        Some(path) => {
            Some(std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?)
        }
        None => None,
    };
    let checks = verify(&store, &run, &sealed, file.as_deref())?;
    let mut out = Out::lock();
    for check in &checks {
        if *json {
            let line =
                serde_json::json!({"run": run.run_id, "fits": check.fits, "told": check.told});
            writeln!(out, "{line}")?;
            continue;
        }
        // A check that fails is printed even with --quiet.
        if !check.fits || !global.quiet {
            let word = if check.fits { "right" } else { "WRONG" };
            writeln!(out, "{word}   {}", visible(&check.told))?;
        }
    }
    let fits = checks.iter().all(|check| check.fits);
    if !global.quiet && !json {
        let told = if fits { "is as it was when it ended" } else { "was changed" };
        writeln!(out, "run {} {told}", run.run_id)?;
    }
    out.flush()?;
    Ok(if fits { Exit::Clear } else { Exit::Found })
}
