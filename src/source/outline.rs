//! A dump from outside: its files in the order of the walk, and what belongs together. No more is read of a file than tells its kind
//! and its volumes, and of a container that is to be cut its directory: no member, and no text.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::containers::sections;
use super::section::Section;
use super::segment_files::SegmentFiles;
use super::sidecar::holds_metadata;
use super::torrent::{TorrentPlace, Torrents};
use super::volumes::{Volumes, begun};
use super::{Dump, Listed, Listing, Stamp};
use crate::bytes::Bytes;
#[cfg(test)]
use crate::{
    record::{FailureKind, FailureRecord, Stage},
    source::{Place, Unlisted},
};

/// A file of a dump as it is planned, or something that is none.
#[derive(Debug)]
pub struct Outlined {
    /// Its path.
    pub path: PathBuf,
    listed: Listed,
    /// The last path of the split archive, or stream in segments, that it belongs to.
    pub volumes_upto: Option<PathBuf>,
    /// The folder or file that it shares metadata or a torrent with.
    pub group: Option<PathBuf>,
    /// The torrents over it, and the one that it is.
    pub torrents: Vec<TorrentPlace>,
}

/// A container that is cut into sections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divided {
    /// Name of its kind, as in records.
    pub kind: &'static str,
    /// Its sections, each with its length in bytes.
    pub sections: Vec<(Section, u64)>,
}

impl Outlined {
    /// Its size in bytes; 0 for what is no file.
    pub fn size_bytes(&self) -> u64 {
        self.listed.as_ref().map_or(0, |item| item.place.stamp.size_bytes)
    }

    /// A row of which nobody knows where it belongs, as an error without a path has it.
    #[cfg(test)]
    pub(crate) fn lost() -> Self {
        let failure = FailureRecord {
            stage: Stage::Walk,
            kind: FailureKind::Io,
            message: "cannot be listed".into(),
        };
        let place = Place::of_file(PathBuf::new(), Stamp::default());
        let listed = Err(Box::new(Unlisted { place, size_bytes: 0, failure }));
        let path = PathBuf::new();
        Self { path, listed, volumes_upto: None, group: None, torrents: Vec::new() }
    }

    /// Size and time of change.
    pub fn stamp(&self) -> Stamp {
        self.listed.as_ref().map(|item| item.place.stamp).unwrap_or_default()
    }

    /// Adds it to the listing of its stretch.
    pub fn add_to(&self, listing: &mut Listing) {
        listing.add(&self.listed);
    }

    /// Cuts it into sections of some `target` bytes. `None` if it is read as one: it is short, no container, or one that comes
    /// as a stream.
    pub fn divide(&self, dump: &Dump, target: u64) -> Option<Divided> {
        let item = self.listed.as_ref().ok()?;
        if self.volumes_upto.is_some() || !matches!(item.bytes, Bytes::File(_)) {
            return None;
        }
        let (kind, bytes) = begun(item)?;
        if !matches!(bytes, Bytes::File(_)) {
            return None;
        }
        let sections = sections(dump.limits(), kind, &bytes, item.size_bytes, target);
        (!sections.is_empty()).then_some(Divided { kind: kind.as_str(), sections })
    }
}

impl Dump {
    /// Shows all files and rows in the order of the walk, until `each` breaks off.
    pub fn outline(&self, each: &mut dyn FnMut(Outlined) -> ControlFlow<()>) -> ControlFlow<()> {
        let torrents = Torrents::among(self.folders());
        let (mut volumes, mut segments) = (Volumes::default(), SegmentFiles::default());
        let mut metadata = Metadata::default();
        for listed in self.folders().items() {
            let file = match &listed {
                Ok(item) => item.place.locator.file.clone(),
                Err(row) => row.place.locator.file.clone(),
            };
            let (mut over, mut volumes_upto, mut group) = (Vec::new(), None, None);
            if let Ok(item) = &listed {
                volumes_upto = volumes.upto(item, &|path| self.folders().lists(path));
                volumes_upto = volumes_upto.or_else(|| segments.upto(item));
                over = torrents.places_over(&file);
                group = over.iter().find_map(|torrent| torrent.data_over(&file));
                group = metadata.outermost(self, &file).or(group);
            }
            each(Outlined { path: file, listed, volumes_upto, group, torrents: over })?;
        }
        ControlFlow::Continue(())
    }
}

/// Which folders around the walk hold metadata of the files in them.
#[derive(Default)]
struct Metadata {
    /// The folders around the last file, the outermost first.
    open: Vec<(PathBuf, bool)>,
}

impl Metadata {
    /// The outermost folder around a file that holds metadata.
    fn outermost(&mut self, dump: &Dump, file: &Path) -> Option<PathBuf> {
        self.open.retain(|(folder, _)| file.starts_with(folder));
        let known = self.open.last().map_or(0, |(folder, _)| folder.components().count());
        for folder in dump.folders().around(file, known) {
            self.open.push((folder.to_path_buf(), holds_metadata(dump.folders(), folder)));
        }
        self.open.iter().find(|(_, holds)| *holds).map(|(folder, _)| folder.clone())
    }
}
