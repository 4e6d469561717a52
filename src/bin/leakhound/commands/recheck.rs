//! `leakhound recheck`: repeats one finding from the original bytes.

use std::io::Write as _;
use std::sync::atomic::AtomicBool;

use leakhound::matching::LookupScratch;
use leakhound::provenance;
use leakhound::provenance::{Located, Recheck, candidates, changed_since, locate};
use leakhound::results::ResultStore;
use leakhound::session::Settings;
use leakhound::source::{Dump, Folders, Locator, ScanLimits};
use leakhound::storage;
use leakhound::wording::{called, day, visible};

use crate::args::{self, Global};
use crate::exit::Exit;
use crate::out::Out;
use crate::{home, setup};

pub(crate) fn run(global: &Global, command: &args::Recheck) -> anyhow::Result<Exit> {
    let home = home::home(global)?;
    let store = ResultStore::open(&home)?;
    let (run, mut found) = store.find(&command.finding, command.run)?;
    let path = storage::absolute(&command.dump)?;
    let folders = Folders::new(std::slice::from_ref(&path)).map_err(super::scan::missing)?;
    let dump = Dump::new(folders, ScanLimits::from(&command.limits));
    // The same bytes may be at several places; any of them will do.
    let (record, at) = found.swap_remove(0);
    let finding = &record.findings[at];
    let mut out = Out::lock();
    writeln!(
        out,
        "finding {} of run {}: {} in {}",
        finding.finding_id,
        run.run_id,
        visible(&called(finding)),
        visible(&record.item.path)
    )?;
    let file = record.item.locator.parse::<Locator>().map(|locator| locator.file);
    let files = candidates(&file.unwrap_or_default(), &run.key.roots, &path);
    let item = match locate(&dump, &record.item, &files) {
        Located::Here(item) => item,
        Located::Differs { locator, sha256 } => {
            writeln!(
                out,
                "the bytes differ: SHA-256 {} was scanned, at {locator} is {sha256}",
                record.item.sha256
            )?;
            return Ok(Exit::Found);
        }
        Located::Unreadable(why) => {
            writeln!(out, "the item is there but cannot be read: {}", visible(&why))?;
            return Ok(Exit::Incomplete);
        }
        Located::Nowhere => {
            writeln!(
                out,
                "no item of this size and SHA-256 ({}) is in {}; name the file or folder that contains it with --dump",
                record.item.sha256,
                visible(&path.to_string_lossy())
            )?;
            return Ok(Exit::Incomplete);
        }
    };
    writeln!(out, "        {} has the same SHA-256, {}", item.place.locator, record.item.sha256)?;
    let sealed = setup::of_run(global, &store, &run)?;
    if sealed.is_none() {
        writeln!(out, "        the run has no manifest: the default settings are used")?;
    }
    let (settings, rights_day) = sealed.unwrap_or_else(|| {
        (Settings { mode: run.key.mode, ..setup::settings(global) }, day(run.started))
    });
    let settings = command.catalogue.put_into(settings);
    let engine = setup::session_with(global, settings)?.engine_on(&rights_day)?;
    for line in changed_since(&engine, &run)? {
        writeln!(out, "        {line}")?;
    }
    let never = AtomicBool::new(false);
    let now = engine.examine(&item, &mut LookupScratch::default(), &never);
    if let Some(damage) = engine.snapshot.damage() {
        return Err(damage.into());
    }
    let now = now.ok_or_else(|| anyhow::anyhow!("the item was not examined"))?;
    let exit = match provenance::recheck(finding, &now) {
        Recheck::Stands => {
            writeln!(out, "it stands, to the last digit")?;
            Exit::Clear
        }
        Recheck::Differs(lines) => {
            writeln!(out, "it stands with differences")?;
            for line in lines {
                writeln!(out, "        {line}")?;
            }
            Exit::Found
        }
        Recheck::Falls(why) => {
            writeln!(out, "it does not stand: {}", visible(&why))?;
            Exit::Found
        }
    };
    out.flush()?;
    Ok(exit)
}
