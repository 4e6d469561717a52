//! `leakhound query`: the answer about single files, kept nowhere.

use std::io::Write as _;
use std::sync::atomic::AtomicBool;

use leakhound::matching::LookupScratch;
use leakhound::record::{NOT_AUDIO, Verdict};
use leakhound::scan::examine_failed;
use leakhound::source::{Folders, Source as _, display_path};

use crate::args::{Global, Query};
use crate::exit::Exit;
use crate::out::Out;
use crate::{home, setup, show};

pub(crate) fn run(global: &Global, command: &Query) -> anyhow::Result<Exit> {
    let home = home::home(global)?;
    let files = Folders::new(&command.files).map_err(super::scan::missing)?;
    let engine = setup::engine(global, &command.search, &home)?;
    let mut scratch = LookupScratch::default();
    let mut out = Out::lock();
    let (mut found, mut failed) = (false, false);
    for item in files.items() {
        let record = match item {
            Ok(item) => engine.examine(&item, &mut scratch, &AtomicBool::new(false)),
            Err(row) => {
                Some(examine_failed(display_path(&row.path), 0, String::new(), row.failure))
            }
        };
        if let Some(damage) = engine.snapshot.index.damage() {
            return Err(damage.into());
        }
        // Nobody cancels a query but by ending the process.
        let Some(record) = record else { continue };
        found |= matches!(record.verdict, Verdict::Match | Verdict::Suspect);
        failed |= record.failure.as_ref().is_some_and(|f| f.kind != NOT_AUDIO);
        if command.json {
            writeln!(out, "{}", serde_json::to_string(&record)?)?;
        } else if !global.quiet {
            write!(out, "{}", show::item(&record))?;
        }
        out.flush()?;
    }
    Ok(match (found, failed) {
        (true, _) => Exit::Found,
        (false, true) => Exit::Incomplete,
        (false, false) => Exit::Clear,
    })
}
