//! Files and folders on disk, with all containers among them opened.

use std::ops::ControlFlow;
use std::path::Path;

use super::containers::{json_beside, show, show_section};
use super::listing::Listing;
use super::section::{Reading, SectionEnd};
use super::segment_files::SegmentFiles;
use super::sidecar::Joined;
use super::torrent::{TorrentPlace, Torrents};
use super::volumes::{Volumes, begun, container};
use super::{Folders, Item, Listed, ScanLimits, Source, Span, Unlisted, Visit};
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

    /// What containers may cost.
    pub fn limits(&self) -> ScanLimits {
        self.limits
    }

    /// The settings that may change what is found, as text: results of scans with other text are not reused.
    pub fn settings(&self) -> String {
        format!("{:?}", self.limits)
    }
}

/// What is known of the files of a walk from other files: it is found in the order of the walk.
struct Around {
    torrents: Torrents,
    joined: Joined,
    volumes: Volumes,
    segments: SegmentFiles,
}

impl Dump {
    /// The walk of everything, or of a stretch over which these torrents lie.
    fn around(&self, torrents: Torrents) -> Around {
        let joined = Joined::among(&self.folders, self.limits);
        let (volumes, segments) = (Volumes::default(), SegmentFiles::default());
        Around { torrents, joined, volumes, segments }
    }

    fn walk_among(
        &self,
        mut around: Around,
        found: &mut dyn Iterator<Item = Listed>,
        visit: &mut dyn Visit,
    ) -> ControlFlow<()> {
        let budget = self.limits.budget();
        for found in found {
            match found.and_then(|item| around.prepared(&self.folders, item)) {
                Err(row) => visit.unlisted(*row)?,
                Ok(item) => {
                    if visit.wants_file(&item.place) {
                        self.file(around.noted(item), &budget, visit)?;
                    }
                }
            }
            if visit.is_over() {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    fn file(&self, item: Item, budget: &Budget, visit: &mut dyn Visit) -> ControlFlow<()> {
        // A file that cannot be opened fails again in the decoder, which reports it.
        let container = container(&item, &|| visit.is_over());
        if visit.is_over() {
            return ControlFlow::Break(());
        }
        let Some((kind, bytes)) = container else { return visit.item(item) };
        show(self.limits, budget, kind, bytes, &item, visit)
    }

    /// Walks a part of the dump.
    pub(super) fn walk_part(
        &self,
        span: &Span,
        torrents: &[TorrentPlace],
        listing: &mut Listing,
        visit: &mut dyn Visit,
    ) -> ControlFlow<()> {
        let around = self.around(Torrents::of(torrents));
        let listed = self.folders.items_in(span.clone());
        self.walk_among(around, &mut listed.inspect(|found| listing.add(found)), visit)
    }

    /// Reads a section of a file of the dump that is a container, or what is said of it last. No end is told if it is none.
    pub(super) fn walk_section(
        &self,
        file: &Path,
        torrents: &[TorrentPlace],
        reading: Reading,
        visit: &mut dyn Visit,
    ) -> (ControlFlow<()>, Option<SectionEnd>) {
        let mut around = self.around(Torrents::of(torrents));
        let item = self.folders.item_at(file).and_then(Result::ok);
        let item = item.and_then(|item| around.prepared(&self.folders, item).ok());
        let found = item.and_then(|item| Some((begun(&item)?, item)));
        let Some(((kind, bytes), item)) = found else { return (ControlFlow::Continue(()), None) };
        let budget = self.limits.budget();
        let (flow, end) = show_section(self.limits, &budget, kind, (bytes, &item), reading, visit);
        (flow, Some(end))
    }
}

impl Around {
    /// An item with what other files say of it, or the row of a file that was read with another.
    fn prepared(&mut self, folders: &Folders, mut item: Item) -> Result<Item, Box<Unlisted>> {
        if let Some(row) = self.volumes.part(&item, &|path| folders.lists(path)) {
            return Err(Box::new(row));
        }
        self.volumes.join(&mut item);
        let mut item = self.segments.join(item, &|path| folders.lists(path))?;
        if let Bytes::Volumes { volumes, .. } = &item.bytes {
            let parts = volumes.iter().map(|volume| volume.path.as_path());
            if let Some(row) = folders.waiting_for(&item.place.locator.file, parts) {
                return Err(row);
            }
        }
        // A torrent describes each volume of a split archive as a file of its own.
        if !matches!(item.bytes, Bytes::Volumes { .. }) {
            item.torrent = self.torrents.file_at(&item.place.locator.file);
        }
        if let Some(file) = &item.torrent {
            item.place.stamp = item.place.stamp.beside(file.surroundings());
        }
        item.side_car = self.joined.of(&item.place.locator.file);
        if let Some(said) = &item.side_car {
            let said = u64::from(crc32fast::hash(said.as_bytes()));
            item.place.stamp = item.place.stamp.beside(said);
        }
        // An array on disk has its sample rate in a file beside it.
        if let Some(json) = json_beside(&item.place.locator.file) {
            let json = u64::from(crc32fast::hash(&json));
            item.place.stamp = item.place.stamp.beside(json);
        }
        Ok(item)
    }

    fn noted(&self, mut item: Item) -> Item {
        item.notes.extend(self.torrents.note(&item.place.locator.file));
        item
    }
}

impl Source for Dump {
    fn walk(&self, visit: &mut dyn Visit) -> ControlFlow<()> {
        let around = self.around(Torrents::among(&self.folders));
        self.walk_among(around, &mut self.folders.items(), visit)
    }

    fn sizes(&self, each: &mut dyn FnMut(u64) -> ControlFlow<()>) -> ControlFlow<()> {
        for item in self.folders.items() {
            each(item.map_or(0, |item| item.size_bytes))?;
        }
        ControlFlow::Continue(())
    }
}
