//! Streams in segments whose parts are files in one folder on disk.

use std::collections::HashMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::segments::{self, LOOK_BYTES, MAX_HEAD_BYTES, MAX_PARTS, Role, is_head, role, sets};
use super::volumes::{self, united, whole_file};
use super::{Item, Place, Stamp, Unlisted, path_key};
use crate::base::open_file;
use crate::bytes::{Bytes, Volume};
use crate::record::{FailureKind, FailureRecord, Stage};

/// The streams in the folders around a walk.
#[derive(Debug, Default)]
pub(super) struct SegmentFiles {
    /// The folders around the last file, the outermost first.
    open: Vec<(PathBuf, Arc<Streams>)>,
}

/// The streams in a folder.
#[derive(Debug, Default)]
struct Streams {
    streams: Vec<Stream>,
    /// The stream of each part.
    of: HashMap<PathBuf, usize>,
}

/// A stream that is read as one file, which goes by its head.
#[derive(Debug)]
struct Stream {
    /// The head, and its segments in their order.
    parts: Vec<PathBuf>,
    notes: Vec<String>,
    is_damaged: bool,
    /// What is said of a segment.
    row: String,
}

impl SegmentFiles {
    /// Gives the head of a stream the bytes of all of it. A segment has a row instead, if its head `is_listed`.
    pub(super) fn join(
        &mut self,
        mut item: Item,
        is_listed: &dyn Fn(&Path) -> bool,
    ) -> Result<Item, Box<Unlisted>> {
        let Some((streams, number)) = self.stream_of(&item) else { return Ok(item) };
        let Stream { parts, row, .. } = &streams.streams[number];
        if parts[0] == item.place.locator.file {
            streams.streams[number].join(&mut item);
        } else if is_listed(&parts[0]) {
            let (stage, kind, message) = (Stage::Read, FailureKind::NotAudio, row.clone());
            return Err(Box::new(Unlisted {
                place: Place { offset: None, ..item.place },
                size_bytes: item.size_bytes,
                failure: FailureRecord { stage, kind, message },
            }));
        }
        Ok(item)
    }

    /// The last path of the stream that a file is a part of, in the order of a walk.
    pub(super) fn upto(&mut self, item: &Item) -> Option<PathBuf> {
        let (streams, number) = self.stream_of(item)?;
        streams.streams[number].parts.iter().max().cloned()
    }

    fn stream_of(&mut self, item: &Item) -> Option<(Arc<Streams>, usize)> {
        let file = &item.place.locator.file;
        // Most files are told by their names, and of the others most by their first bytes.
        if !may_be(file) || part(file).is_none() {
            return None;
        }
        self.open.retain(|(folder, _)| file.starts_with(folder));
        let folder = file.parent()?;
        let streams = if let Some((_, streams)) = self.open.iter().find(|(open, _)| open == folder)
        {
            Arc::clone(streams)
        } else {
            let streams = Arc::new(Streams::in_folder(folder));
            self.open.push((folder.to_path_buf(), Arc::clone(&streams)));
            streams
        };
        let number = *streams.of.get(file)?;
        Some((streams, number))
    }
}

/// Gives an item that is the head of a stream the bytes of all of it. An item that is none stays as it is.
pub(super) fn joined(item: &mut Item) {
    let Some((streams, number)) = SegmentFiles::default().stream_of(item) else { return };
    let stream = &streams.streams[number];
    if stream.parts[0] == item.place.locator.file {
        stream.join(item);
    }
}

/// The files on disk that are read as one: the named one, and the further parts if it is a split archive or the head of a stream.
pub fn volumes_of(file: &Path) -> Vec<PathBuf> {
    let stamp = file.metadata().map(|metadata| Stamp::of(&metadata)).unwrap_or_default();
    let mut item = Item::of_file(file, stamp);
    if let Some(volumes) = volumes::joined(&mut item) {
        return volumes.iter().map(|volume| volume.path.clone()).collect();
    }
    joined(&mut item);
    match item.bytes {
        Bytes::Volumes { volumes, .. } => {
            volumes.iter().map(|volume| volume.path.clone()).collect()
        }
        _ => vec![file.to_path_buf()],
    }
}

impl Stream {
    fn join(&self, item: &mut Item) {
        let volumes: Option<Vec<Volume>> = self.parts.iter().cloned().map(whole_file).collect();
        // If a part was removed meanwhile, the head remains as it is.
        if volumes.and_then(|volumes| united(item, volumes)).is_some() {
            item.notes.extend_from_slice(&self.notes);
            item.is_damaged |= self.is_damaged;
        }
    }
}

impl Streams {
    /// Looks through the files of a folder. Links are no parts: they could lead out of the scanned paths.
    fn in_folder(folder: &Path) -> Self {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> = entries
            .map(|entry| entry.path())
            .filter(|path| may_be(path))
            .take(MAX_PARTS + 1)
            .collect();
        if files.len() > MAX_PARTS {
            return Self::default();
        }
        files.sort();
        let parts = files.into_iter().filter_map(|path| Some((part(&path)?, path)));
        let parts: Vec<(Role, PathBuf)> = parts.collect();
        let keys: Vec<_> = parts.iter().map(|(_, path)| name_of(path)).collect();
        let roles = keys.iter().zip(&parts).map(|(key, (role, _))| (&key[..], Some(*role)));
        let mut found = Self::default();
        for set in sets(&roles.collect::<Vec<_>>()) {
            let name = |part: usize| &keys[part][..];
            let stream = Stream {
                parts: set.parts().map(|part| parts[part].1.clone()).collect(),
                notes: set.notes(name),
                is_damaged: set.is_damaged(),
                row: set.row(name),
            };
            let number = found.streams.len();
            found.of.extend(stream.parts.iter().map(|path| (path.clone(), number)));
            found.streams.push(stream);
        }
        found
    }
}

fn name_of(path: &Path) -> Vec<u8> {
    path_key(path.file_name().unwrap_or_default().as_ref()).to_vec()
}

fn may_be(path: &Path) -> bool {
    segments::may_be(&name_of(path))
}

/// What a file is, by its name and bytes.
fn part(path: &Path) -> Option<Role> {
    let length = whole_file(path.to_path_buf())?.bytes;
    let mut begin = Vec::new();
    open_file(path).ok()?.take(LOOK_BYTES).read_to_end(&mut begin).ok()?;
    let role = role(&name_of(path), &begin)?;
    if let Role::Head(format) = role {
        let mut bytes = Vec::new();
        open_file(path).ok()?.take(MAX_HEAD_BYTES).read_to_end(&mut bytes).ok()?;
        return (bytes.len() as u64 == length && is_head(format, &bytes)).then_some(role);
    }
    Some(role)
}
