//! `leakhound manifest`: writes the manifest of a run, and attaches timestamps.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use leakhound::provenance::read_token;
use leakhound::results::{ResultStore, Sealed};
use leakhound::source::display_path;
use leakhound::wording::visible;

use super::report::whole_file;
use crate::args::{Global, Manifest};
use crate::exit::{Exit, UsageError};
use crate::home;
use crate::out::Out;

pub(crate) fn run(global: &Global, command: &Manifest) -> anyhow::Result<Exit> {
    let store = ResultStore::open(&home::home(global)?)?;
    let (_, sealed) = store.sealed_run(command.run)?;
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
