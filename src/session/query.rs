//! What is in a file: an answer that is not kept.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Session, SessionError, store_answers};
use crate::matching::LookupScratch;
use crate::record::ItemRecord;
use crate::review::Decisions;
use crate::scan::{Engine, examine_failed};
use crate::source::{Dump, Item, Source as _, Unlisted, Visit};
use crate::storage;

impl Session {
    /// What is in a file, with what people decided about the same audio. One record a file; one a member if the file
    /// is a container. Nothing is kept.
    ///
    /// # Errors
    ///
    /// If the path is not there, or the catalogue is empty or damaged. A file that cannot be read is no error: its
    /// record has a failure.
    pub fn query(&self, path: &Path) -> Result<Vec<ItemRecord>, SessionError> {
        let mut records = Vec::new();
        self.query_each(&[path.to_path_buf()], &mut |record| {
            records.push(record);
            ControlFlow::Continue(())
        })?;
        Ok(records)
    }

    /// The same for several files and folders, one record at a time, until `take` breaks off.
    ///
    /// # Errors
    ///
    /// As [`Session::query`].
    pub fn query_each(
        &self,
        paths: &[PathBuf],
        take: &mut dyn FnMut(ItemRecord) -> ControlFlow<()>,
    ) -> Result<(), SessionError> {
        let dump = Dump::new(self.dump_folders(paths)?, self.settings.limits);
        let engine = self.engine()?;
        let decisions = self.decisions()?;
        let scratch = LookupScratch::default();
        let mut asker = Asker { engine: &engine, decisions, scratch, stop: &self.stop, take };
        // It breaks off where `take` does, or at damage, which is told next.
        let _ = dump.walk(&mut asker);
        if let Some(damage) = engine.snapshot.damage() {
            return Err(damage.into());
        }
        store_answers()
    }
}

/// Answers about each item as the walk comes to it.
struct Asker<'a> {
    engine: &'a Engine,
    decisions: Decisions,
    scratch: LookupScratch,
    stop: &'a AtomicBool,
    take: &'a mut dyn FnMut(ItemRecord) -> ControlFlow<()>,
}

impl Asker<'_> {
    fn answer(&mut self, mut record: ItemRecord) -> ControlFlow<()> {
        if storage::lost().is_some() {
            return ControlFlow::Break(());
        }
        self.decisions.apply(&mut record);
        (self.take)(record)
    }
}

impl Visit for Asker<'_> {
    fn item(&mut self, item: Item) -> ControlFlow<()> {
        match self.engine.examine(&item, &mut self.scratch, self.stop) {
            Some(record) => self.answer(record),
            // The index is damaged, or it was stopped.
            None => ControlFlow::Break(()),
        }
    }

    fn unlisted(&mut self, row: Unlisted) -> ControlFlow<()> {
        self.answer(examine_failed(&row.place, row.size_bytes, String::new(), row.failure))
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
