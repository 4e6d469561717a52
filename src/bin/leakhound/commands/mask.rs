//! `leakhound catalog mask`: stretches of recordings that count as no evidence.

use std::io::Write as _;

use leakhound::catalog::{Catalog, Mask, Recording};
use leakhound::wording::{clock, named, visible};

use super::{catalog, log};
use crate::args::{self, Global};
use crate::exit::{Exit, UsageError};
use crate::out::Out;

/// Adds, removes or lists masks.
pub(crate) fn run(
    global: &Global,
    catalog: &Catalog,
    command: &args::Mask,
) -> anyhow::Result<Exit> {
    let args::Mask { recording, stretches, note, list, remove, json } = command;
    let recording = match recording {
        Some(name) => catalog::named(catalog, std::slice::from_ref(name), true)?.pop(),
        None => None,
    };
    let of = |mask: &Mask| {
        recording.as_ref().is_none_or(|recording| recording.recording_id == mask.recording_id)
    };
    let kept = || anyhow::Ok(catalog.masks()?.into_iter().filter(of).collect::<Vec<_>>());
    if !list && let Some(recording) = &recording {
        let made = |text: &String| recording.mask(text, note).map_err(UsageError);
        // All stretches are parsed before the first is written.
        let mut masks = stretches.iter().map(made).collect::<Result<Vec<_>, _>>()?;
        if masks.is_empty() {
            masks = kept()?;
        }
        let verb = if *remove { "unmask" } else { "mask" };
        let changed = catalog.mask(&masks, !remove, &|detail| log::line(global, verb, detail))?;
        if *remove && !global.quiet {
            for mask in masks.iter().filter(|mask| !changed.contains(mask)) {
                writeln!(Out::lock(), "{} was not masked", stretch(mask))?;
            }
        }
    }
    let mut out = Out::lock();
    for mask in kept()? {
        if *json {
            writeln!(out, "{}", serde_json::to_string(&mask)?)?;
            continue;
        }
        let recording = catalog.find(&mask.recording_id)?;
        let name = recording.first().map_or_else(String::new, |recording| {
            let Recording { artist, title, path, .. } = recording;
            named(artist, title, path)
        });
        let note = if mask.note.is_empty() { String::new() } else { format!(": {}", mask.note) };
        let line = format!("{}  {}  {name}{note}", mask.recording_id, stretch(&mask));
        writeln!(out, "{}", visible(&line))?;
    }
    out.flush()?;
    Ok(Exit::Clear)
}

/// Prints the masks of recordings, as further rows of `catalog show`.
pub(super) fn cards(catalog: &Catalog, recordings: &[Recording]) -> anyhow::Result<()> {
    let mut out = Out::lock();
    for mask in catalog.masks()? {
        if recordings.iter().any(|recording| recording.recording_id == mask.recording_id) {
            let line = format!("mask    {} {}  {}", mask.recording_id, stretch(&mask), mask.note);
            writeln!(out, "{}", visible(line.trim_end()))?;
        }
    }
    out.flush()?;
    Ok(())
}

fn stretch(mask: &Mask) -> String {
    format!("{} to {}", clock(mask.start_seconds), clock(mask.end_seconds))
}
