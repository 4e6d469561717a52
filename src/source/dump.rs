//! Files and folders on disk, with all containers among them opened.

use std::ops::ControlFlow;

use super::containers::{container_kind, json_beside, show};
use super::sidecar::Joined;
use super::torrent::Torrents;
use super::volumes::Volumes;
use super::{Folders, Item, ScanLimits, Source, Visit};
use crate::bytes::{Budget, Bytes};

/// What is scanned: files and folders, and the members of the containers among them.
#[derive(Debug, Clone)]
pub struct Dump {
    folders: Folders,
    limits: ScanLimits,
}

impl Dump {
    /// The files and folders, with containers read within `limits`.
    pub fn new(folders: Folders, limits: ScanLimits) -> Self {
        Self { folders, limits }
    }

    /// The files and folders.
    pub fn folders(&self) -> &Folders {
        &self.folders
    }

    /// The settings that may change what is found, as text: results of scans with other text are not reused.
    pub fn settings(&self) -> String {
        format!("{:?}", self.limits)
    }
}

impl Dump {
    fn file(&self, item: Item, budget: &Budget, visit: &mut dyn Visit) -> ControlFlow<()> {
        // A file that cannot be opened fails again in the decoder, which reports it.
        let Some(kind) = container_kind(&item) else { return visit.item(item) };
        show(self.limits, budget, kind, item, visit)
    }
}

impl Source for Dump {
    fn walk(&self, visit: &mut dyn Visit) -> ControlFlow<()> {
        let budget = self.limits.budget();
        let mut torrents = Torrents::among(&self.folders);
        let mut joined = Joined::among(&self.folders, self.limits);
        let mut volumes = Volumes::default();
        for found in self.folders.items() {
            match found {
                Err(row) => visit.unlisted(*row)?,
                Ok(mut item) => {
                    if let Some(row) = volumes.later(&item) {
                        visit.unlisted(row)?;
                        continue;
                    }
                    volumes.join(&mut item);
                    // A torrent describes each volume of a split archive as a file of its own.
                    if !matches!(item.bytes, Bytes::Volumes { .. }) {
                        item.torrent = torrents.file_at(&item.place.locator.file);
                    }
                    if let Some(file) = &item.torrent {
                        item.place.stamp = item.place.stamp.beside(file.surroundings());
                    }
                    item.side_car = joined.of(&item.place.locator.file);
                    if let Some(said) = &item.side_car {
                        let said = u64::from(crc32fast::hash(said.as_bytes()));
                        item.place.stamp = item.place.stamp.beside(said);
                    }
                    // An array on disk has its sample rate in a file beside it.
                    if let Some(json) = json_beside(&item.place.locator.file) {
                        let json = u64::from(crc32fast::hash(&json));
                        item.place.stamp = item.place.stamp.beside(json);
                    }
                    if visit.wants_file(&item.place) {
                        item.notes.extend(torrents.note(&item.place.locator.file));
                        self.file(item, &budget, visit)?;
                    }
                }
            }
            if visit.is_over() {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    fn sizes(&self, each: &mut dyn FnMut(u64) -> ControlFlow<()>) -> ControlFlow<()> {
        for item in self.folders.items() {
            each(item.map_or(0, |item| item.size_bytes))?;
        }
        ControlFlow::Continue(())
    }
}
