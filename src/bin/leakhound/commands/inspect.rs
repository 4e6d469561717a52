//! `leakhound inspect`: what is in a dump, without decoding.

use std::io::Write as _;
use std::path::PathBuf;

use leakhound::source::{Dump, Folders, ScanLimits, Source as _, Survey, Tally};
use leakhound::text::{clock, thousands, visible};

use crate::args::Global;
use crate::exit::Exit;
use crate::out::Out;
use crate::setup;

pub(crate) fn run(global: &Global, paths: &[PathBuf]) -> anyhow::Result<Exit> {
    let folders = Folders::new(paths).map_err(super::scan::missing)?;
    let mut survey = Survey::default();
    // A survey never breaks off.
    let _ = Dump::new(folders, ScanLimits::default()).walk(&mut survey);
    let mut out = Out::lock();
    writeln!(out, "{:>12}  {:>18}  {:<32}  in", "items", "bytes", "what")?;
    for ((containers, what), tally) in &survey.kinds {
        let Tally { items, bytes, .. } = *tally;
        let place = if containers.is_empty() { "folders" } else { containers };
        let (items, bytes) = (thousands(items), thousands(bytes));
        writeln!(out, "{items:>12}  {bytes:>18}  {:<32}  {place}", visible(what))?;
    }
    for (kind, (count, first)) in &survey.unread {
        writeln!(out, "{:>12}  not read, {}: {}", thousands(*count), kind, visible(first))?;
    }
    let threads = setup::threads(global) as f64;
    writeln!(
        out,
        "about {} of sound; a full scan takes about {}, a probe {} with {threads} threads",
        clock(survey.sound_seconds),
        clock(survey.full_seconds() / threads),
        clock(survey.probe_seconds() / threads),
    )?;
    out.flush()?;
    Ok(if survey.unread.is_empty() { Exit::Clear } else { Exit::Incomplete })
}
