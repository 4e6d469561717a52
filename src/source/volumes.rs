//! Split archives: `x.7z.001` and `.002`, `x.tar.aa` and `.ab`, `x.zip.part1` and `.part2`. They are read as one file.
//!
//! The name of a part gives the name of the next. Files are joined if the first begins as a container and is not complete, no
//! other begins as a container or sound, and all but the last have the same length. RAR and `zip -s` make volumes of their own,
//! which say that they are some.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::containers::{IsOver, cab, container_begun, container_in, disc, rar, sevenz, zip};
use super::name::shown_name;
use super::part_names::Counted;
use super::{Item, Place, Stamp, Unlisted, path_of_key, volume_names};
use crate::base::{open_file, plain_file};
use crate::bytes::{Bytes, Volume};
use crate::record::{FailureKind, FailureRecord, Stage};
use crate::sniff::container::{ContainerKind, HEAD_BYTES};

/// Most parts of one archive; further ones are read as files of their own. A guess.
const MAX_VOLUMES: usize = 10_000;

/// The parts that were read with the archive that they belong to.
#[derive(Debug, Default)]
pub(super) struct Volumes {
    /// From the path of a part to the path that its archive goes by.
    parts: HashMap<PathBuf, Arc<Path>>,
    /// The last path of each archive whose parts are known already, by the path that it goes by.
    known: HashMap<PathBuf, PathBuf>,
    /// What was looked for from its parts, so that no chain of names is followed from each of them.
    looked_for: HashSet<PathBuf>,
    /// From the volumes of RAR archives that were passed on the way to the first, to that.
    passed: HashMap<PathBuf, Arc<Path>>,
}

impl Volumes {
    /// The row of a file that is read with the archive that it is a part of; `None` for any other file. An archive may come behind
    /// its parts, so `is_listed` tells whether a file will come at all.
    pub(super) fn part(
        &mut self,
        item: &Item,
        is_listed: &dyn Fn(&Path) -> bool,
    ) -> Option<Unlisted> {
        let head = self.head(item, is_listed)?;
        let name = shown_name(&head);
        let message = format!("is a part of the split archive {name}, and is read with it");
        Some(Unlisted {
            place: Place { offset: None, ..item.place.clone() },
            size_bytes: item.size_bytes,
            failure: FailureRecord { stage: Stage::Read, kind: FailureKind::NotAudio, message },
        })
    }

    /// The path of the archive that a file is a part of, which is forgotten. `None` for any other file.
    fn head(&mut self, item: &Item, is_listed: &dyn Fn(&Path) -> bool) -> Option<Arc<Path>> {
        let path = &item.place.locator.file;
        if !self.parts.contains_key(path)
            && let Some(head) = self.head_of(path)
            && is_listed(&head)
            && !self.known.contains_key(&head)
            && self.looked_for.insert(head.clone())
            && let Ok(metadata) = fs::symlink_metadata(&head)
        {
            self.join(&mut Item::of_file(head, Stamp::of(&metadata)));
        }
        self.parts.remove(path)
    }

    /// The file on disk that the archive of a volume goes by: the first volume of a RAR archive that is there, or the last of a split
    /// zip file. `None` if the name is none of a volume, or of the very file that the archive goes by.
    fn head_of(&mut self, path: &Path) -> Option<PathBuf> {
        if let Some(zip) = volume_names::zip_of(path)
            && plain_file(&zip).is_some()
            && is_split_zip(&Bytes::File(zip.clone())).is_ok_and(|is| is)
        {
            return Some(zip);
        }
        let (mut head, mut passed) = (path.to_path_buf(), Vec::new());
        for _ in 0..MAX_VOLUMES {
            if let Some(known) = self.passed.get(&head) {
                head = known.to_path_buf();
                break;
            }
            let Some(before) = volume_names::before_rar(&head) else { break };
            if plain_file(&before).is_none() || rar_volume(&before).is_none() {
                break;
            }
            passed.push(std::mem::replace(&mut head, before));
        }
        let first: Arc<Path> = head.as_path().into();
        self.passed.extend(passed.into_iter().map(|volume| (volume, Arc::clone(&first))));
        (head != path).then_some(head)
    }

    /// The last path of the split archive that a file belongs to, in the order of a walk, whether it is a part or what the archive
    /// goes by; `None` for any other file.
    pub(super) fn upto(
        &mut self,
        item: &Item,
        is_listed: &dyn Fn(&Path) -> bool,
    ) -> Option<PathBuf> {
        if let Some(head) = self.head(item, is_listed) {
            return self.known.get(&*head).cloned();
        }
        let path = &item.place.locator.file;
        if !self.known.contains_key(path) {
            self.join(&mut item.clone());
        }
        self.known.get(path).cloned()
    }

    /// Gives an item that is a split archive, or its first part, the bytes of the whole archive.
    pub(super) fn join(&mut self, item: &mut Item) {
        let Some(volumes) = joined(item) else { return };
        let head: Arc<Path> = item.place.locator.file.as_path().into();
        let last = volumes.iter().map(|volume| &volume.path).max().cloned().unwrap_or_default();
        if self.known.insert(head.to_path_buf(), last).is_some() {
            return;
        }
        let others = volumes.iter().filter(|volume| *volume.path != *head);
        self.parts.extend(others.map(|volume| (volume.path.clone(), Arc::clone(&head))));
    }
}

/// Gives an item that is a split archive, or its first part, the bytes of the whole archive, and returns the parts. `None`, with the
/// item unchanged, for any other file.
pub(super) fn joined(item: &mut Item) -> Option<Arc<[Volume]>> {
    let (kind, bytes) = begun(item)?;
    let path = &item.place.locator.file;
    let volumes = match kind {
        ContainerKind::Rar => rar(path, &bytes),
        ContainerKind::Zip => zip_split(path),
        _ => None,
    };
    let volumes = match volumes {
        Some(volumes) => volumes,
        None => cut(item, kind)?,
    };
    united(item, volumes)
}

/// Gives an item the bytes of these files, of which it is one. `None`, with the item unchanged, if one of them is not there.
pub(super) fn united(item: &mut Item, volumes: Vec<Volume>) -> Option<Arc<[Volume]>> {
    let path = &item.place.locator.file;
    let mut stamps = crc32fast::Hasher::new();
    for volume in volumes.iter().filter(|volume| volume.path != *path) {
        let metadata = fs::symlink_metadata(&volume.path).ok()?;
        stamps.update(&volume.bytes.to_le_bytes());
        stamps.update(&Stamp::of(&metadata).modified_ns.to_le_bytes());
    }
    let volumes: Arc<[Volume]> = volumes.into();
    item.size_bytes = volumes.iter().fold(0, |sum, volume| sum.saturating_add(volume.bytes));
    item.bytes =
        Bytes::Volumes { volumes: Arc::clone(&volumes), offset: 0, length: item.size_bytes };
    item.place.stamp = item.place.stamp.beside(u64::from(stamps.finalize()));
    Some(volumes)
}

/// A file on disk as a part.
pub(super) fn whole_file(path: PathBuf) -> Option<Volume> {
    let bytes = plain_file(&path)?.len();
    Some(Volume { path, offset: 0, bytes })
}

/// What a file says of its place among the volumes of a RAR archive; `None` if it is none.
fn rar_volume(path: &Path) -> Option<rar::Volume> {
    let (kind, bytes) = begun(&Item::of_file(path, Stamp::default()))?;
    if kind != ContainerKind::Rar {
        return None;
    }
    rar::volume(&bytes).ok()?
}

/// The volumes of a RAR archive from `path` on, which may not be the first. `bytes` are those of that file behind the program that
/// may stand in front of it.
fn rar(path: &Path, bytes: &Bytes) -> Option<Vec<Volume>> {
    let mut last = rar::volume(bytes).ok()??;
    let first = match bytes {
        Bytes::Range { path, offset, length } => {
            Volume { path: path.clone(), offset: *offset, bytes: *length }
        }
        _ => whole_file(path.to_path_buf())?,
    };
    let mut volumes = vec![first];
    while volumes.len() < MAX_VOLUMES {
        let next = volumes.last().and_then(|last| volume_names::after_rar(&last.path));
        let Some(next) = next.and_then(whole_file) else { break };
        match rar_volume(&next.path) {
            Some(number) if last.precedes(number) => last = number,
            _ => break,
        }
        volumes.push(next);
    }
    (volumes.len() > 1).then_some(volumes)
}

/// The volumes of a split zip file whose last is `path`, if all are there.
fn zip_split(path: &Path) -> Option<Vec<Volume>> {
    let last = whole_file(path.to_path_buf())?;
    let count = zip::volumes_before(&Bytes::File(path.to_path_buf())).ok()?;
    if count == 0 || count as usize > MAX_VOLUMES || !volume_names::is_zip(path) {
        return None;
    }
    let name = |number| volume_names::zip_volume(path, number).and_then(whole_file);
    let mut volumes = (1..=count).map(name).collect::<Option<Vec<_>>>()?;
    volumes.push(last);
    Some(volumes)
}

/// What a file is, with the container's own bytes: also the last volume of a split zip file, which begins like nothing.
pub(super) fn container(item: &Item, is_over: IsOver<'_>) -> Option<(ContainerKind, Bytes)> {
    container_in(item, is_over).or_else(|| last_of_zip(item))
}

/// The same without the texts that hold sound, which only a whole reading tells.
pub(super) fn begun(item: &Item) -> Option<(ContainerKind, Bytes)> {
    container_begun(item).or_else(|| last_of_zip(item))
}

fn last_of_zip(item: &Item) -> Option<(ContainerKind, Bytes)> {
    let is_split = volume_names::is_zip(&item.place.locator.file)
        && is_split_zip(&item.bytes).is_ok_and(|is| is);
    is_split.then(|| (ContainerKind::Zip, item.bytes.clone()))
}

fn is_split_zip(bytes: &Bytes) -> io::Result<bool> {
    Ok(zip::volumes_before(bytes)? > 0)
}

/// The parts of an archive that another program cut, of which the item is the first.
fn cut(item: &Item, kind: ContainerKind) -> Option<Vec<Volume>> {
    let Counted { before, mut count } = Counted::of(&item.place.locator.file)?;
    let first_bytes = item.size_bytes;
    if is_whole(kind, &item.bytes).unwrap_or(true) {
        return None;
    }
    let first = Volume { path: item.place.locator.file.clone(), offset: 0, bytes: first_bytes };
    let mut volumes = vec![first];
    while volumes.len() < MAX_VOLUMES && volumes.last().is_some_and(|v| v.bytes == first_bytes) {
        let Some(next) = count.next() else { break };
        count = next;
        let path = path_of_key(&[&before[..], &count.text()].concat());
        let Some(volume) = whole_file(path) else { break };
        if !(1..=first_bytes).contains(&volume.bytes) || is_of_its_own(&volume.path) {
            break;
        }
        volumes.push(volume);
    }
    (volumes.len() > 1).then_some(volumes)
}

/// Magic numbers of sound in files that may be numbered like parts. Only these, and not the whole table of `sniff`: the middle
/// of an archive may begin with any other file that is stored in it.
const SOUNDS: [&[u8]; 6] = [b"fLaC", b"OggS", b"RIFF", b"FORM", b"ID3", b"\x1a\x45\xdf\xa3"];

/// Whether a file begins as a container or sound, or cannot be read.
fn is_of_its_own(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = open_file(path).and_then(|file| file.take(HEAD_BYTES as u64).read_to_end(&mut head));
    read.is_err()
        || ContainerKind::of(&head).is_some()
        || SOUNDS.iter().any(|mark| head.starts_with(mark))
        || head.get(4..8) == Some(b"ftyp")
}

/// Whether a container is complete, as far as its first and last bytes tell. False for formats where they do not: these go on
/// in the next file if its name and bytes allow.
fn is_whole(kind: ContainerKind, bytes: &Bytes) -> io::Result<bool> {
    let mut reader = bytes.open_stored()?;
    let length = reader.length();
    let mut ends_with = |mark: &[u8]| {
        let mut end = vec![0; mark.len()];
        reader.seek(SeekFrom::Start(length.saturating_sub(mark.len() as u64)))?;
        reader.read_exact(&mut end)?;
        Ok(end == mark)
    };
    match kind {
        ContainerKind::Parquet => ends_with(b"PAR1"),
        ContainerKind::Arrow => ends_with(b"ARROW1"),
        ContainerKind::Packed(crate::bytes::codecs::Codec::Xz) => ends_with(b"YZ"),
        ContainerKind::Zip => zip::has_directory(&mut io::BufReader::new(reader)),
        ContainerKind::SevenZ => sevenz::has_directory(&mut io::BufReader::new(reader)),
        ContainerKind::Rar => rar::is_whole(bytes),
        ContainerKind::Tar
        | ContainerKind::Cpio
        | ContainerKind::Ar
        | ContainerKind::Warc
        | ContainerKind::Packed(_)
        | ContainerKind::Npy => Ok(false),
        ContainerKind::Disc => disc::is_whole(bytes),
        ContainerKind::Cab => cab::is_whole(bytes),
        ContainerKind::Text | ContainerKind::Unread(..) => Ok(true),
    }
}
