//! `leakhound query`: looks up single files, and shows decisions about the same audio. Nothing is stored.

use std::io::Write as _;
use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use leakhound::matching::LookupScratch;
use leakhound::record::{FailureKind, ItemRecord};
use leakhound::review::{Decisions, ReviewStore};
use leakhound::scan::{Engine, examine_failed};
use leakhound::source::{Dump, Folders, Item, ScanLimits, Source as _, Unlisted, Visit};
use leakhound::wording::day;

use crate::args::{Global, Query};
use crate::exit::Exit;
use crate::out::Out;
use crate::{home, setup, show};

pub(crate) fn run(global: &Global, command: &Query) -> anyhow::Result<Exit> {
    let home = home::home(global)?;
    let files = Folders::new(&command.files).map_err(super::scan::missing)?;
    let engine =
        setup::engine(&home, global.decoding(), &command.search.searching()?, &day(setup::now()))?;
    let mut asker = Asker {
        engine: &engine,
        decisions: ReviewStore::open(&home)?.decisions()?,
        scratch: LookupScratch::default(),
        out: Out::lock(),
        command,
        quiet: global.quiet,
        found: false,
        failed: false,
        error: None,
    };
    // The walk stops early at an error only, which the asker keeps.
    let _ = Dump::new(files, ScanLimits::default()).walk(&mut asker);
    if let Some(error) = asker.error {
        return Err(error);
    }
    Ok(match (asker.found, asker.failed) {
        (true, _) => Exit::Found,
        (false, true) => Exit::Incomplete,
        (false, false) => Exit::Clear,
    })
}

/// Examines each item that the walk visits, and prints its record.
struct Asker<'a> {
    engine: &'a Engine,
    decisions: Decisions,
    scratch: LookupScratch,
    out: Out,
    command: &'a Query,
    quiet: bool,
    found: bool,
    failed: bool,
    error: Option<anyhow::Error>,
}

impl Asker<'_> {
    fn answer(&mut self, mut record: ItemRecord) -> ControlFlow<()> {
        self.decisions.apply(&mut record);
        // A dismissed finding does not count, as in a scan.
        self.found |= record.alarms();
        self.failed |= record.failure.as_ref().is_some_and(|f| f.kind != FailureKind::NotAudio);
        match self.write(&record) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.error = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn write(&mut self, record: &ItemRecord) -> anyhow::Result<()> {
        if self.command.json {
            writeln!(self.out, "{}", serde_json::to_string(record)?)?;
        } else if !self.quiet {
            write!(self.out, "{}", show::item(record))?;
        }
        Ok(self.out.flush()?)
    }
}

impl Visit for Asker<'_> {
    fn item(&mut self, item: Item) -> ControlFlow<()> {
        // A query has no stop flag: Ctrl-C ends the process.
        let record = self.engine.examine(&item, &mut self.scratch, &AtomicBool::new(false));
        if let Some(damage) = self.engine.snapshot.damage() {
            self.error = Some(damage.into());
            return ControlFlow::Break(());
        }
        record.map_or(ControlFlow::Continue(()), |record| self.answer(record))
    }

    fn unlisted(&mut self, row: Unlisted) -> ControlFlow<()> {
        self.answer(examine_failed(&row.place, row.size_bytes, String::new(), row.failure))
    }
}
