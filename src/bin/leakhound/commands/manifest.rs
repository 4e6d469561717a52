//! `leakhound manifest`: writes the manifest of a run and attaches timestamps; and the making of a manifest for `leakhound scan`.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use leakhound::provenance::read_token;
use leakhound::results::{ResultStore, Run, Sealed};
use leakhound::source::display_path;
use leakhound::wording::visible;

use super::report::whole_file;
use crate::args::{Global, Manifest};
use crate::exit::{Exit, UsageError};
use crate::home;
use crate::out::Out;

pub(crate) fn run(global: &Global, command: &Manifest) -> anyhow::Result<Exit> {
    let store = ResultStore::open(&home::home(global)?)?;
    let (_, sealed) = choose(&store, command.run)?;
    if let Some(file) = &command.attach_token {
        attach(&store, &sealed, file)?;
    }
    match command.out.as_deref() {
        None => {}
        Some(out) if out == Path::new("-") => {
            Out::lock().write_all(sealed.document.as_bytes())?;
            return Ok(Exit::Clear);
        }
        Some(out) => {
            whole_file(out, |file| Ok(file.write_all(sealed.document.as_bytes())?))?;
            if !global.quiet {
                let (out, run) = (display_path(out), sealed.run_id);
                writeln!(Out::lock(), "{} (run {run})", visible(&out))?;
            }
        }
    }
    if !global.quiet {
        writeln!(Out::lock(), "SHA-256 {}", sealed.digest)?;
    }
    Ok(Exit::Clear)
}

/// The run with this number and its manifest; without a number, the newest run that has one.
pub(super) fn choose(store: &ResultStore, wanted: Option<i64>) -> anyhow::Result<(Run, Sealed)> {
    let wanted = match wanted {
        Some(id) => id,
        None => store.manifests()?.iter().map(|sealed| sealed.run_id).max().ok_or_else(|| {
            UsageError(
                "no run has a manifest yet; scan something first: leakhound scan PATH".into(),
            )
        })?,
    };
    let run = super::report::choose(store.runs()?, Some(wanted))?;
    let sealed = store.manifest(wanted)?.ok_or_else(|| {
        UsageError(if run.complete {
            format!("run {wanted} has no manifest: an old version of leakhound made it; scan again")
        } else {
            format!("run {wanted} has no manifest: it was stopped before its end; scan again to resume it")
        })
    })?;
    Ok((run, sealed))
}

/// Keeps a token of a timestamp authority with a manifest, if it stamps that manifest.
fn attach(store: &ResultStore, sealed: &Sealed, file: &Path) -> anyhow::Result<()> {
    let shown = file.display();
    let token = std::fs::read(file).with_context(|| format!("cannot read {shown}"))?;
    let stamped = read_token(&token).map_err(|error| UsageError(format!("{shown}: {error}")))?;
    if stamped.sha256 != sealed.digest {
        return Err(UsageError(format!(
            "{shown} is a timestamp of {}, but the manifest of run {} is {}: it is of another file",
            stamped.sha256, sealed.run_id, sealed.digest
        ))
        .into());
    }
    store.attach_token(sealed.run_id, &token)?;
    Ok(())
}
