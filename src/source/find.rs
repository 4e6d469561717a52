//! Finds the item at a locator.

use std::io::{self, Read as _, Seek as _};
use std::ops::ControlFlow;
use std::path::Path;

use super::containers::{may_be_part, show};
use super::{
    Extent, Item, Locator, Place, ScanLimits, Stamp, Step, To, TorrentFile, Unlisted, Visit,
    segment_files, volumes,
};
use crate::base::{Access, write_atomically};
use crate::bytes::Bytes;
use crate::sniff::container::{ContainerKind, is_tar};

/// What was found at a locator.
#[derive(Debug)]
pub enum Found {
    /// An item.
    Item(Box<Item>),
    /// Something that is not an item, with its failure.
    Row(Box<Unlisted>),
    /// Nothing: the file has changed since the locator was made, or the limits are lower than those of its scan.
    Nothing,
}

/// Finds the item at a locator.
///
/// # Errors
///
/// If the metadata of the file on disk cannot be read.
pub fn find(locator: &Locator, limits: ScanLimits) -> io::Result<Found> {
    let mut file = Item::of_file(&locator.file, Stamp::of(&locator.file.metadata()?));
    if locator.is_file() {
        segment_files::joined(&mut file);
        return Ok(Found::Item(Box::new(file)));
    }
    if let [Step { to: To::Shared { info_hash, path }, extent: None }] = &locator.steps[..] {
        return Ok(match TorrentFile::find(&locator.file, info_hash, path) {
            Some(shared) => Found::Item(Box::new(shared.item()?)),
            None => Found::Nothing,
        });
    }
    volumes::joined(&mut file);
    let Some((kind, bytes)) = volumes::container(&file, &|| false) else {
        return Ok(Found::Nothing);
    };
    if kind == ContainerKind::Tar
        && let Some(item) = stored_in_tar(locator, &file)?
    {
        return Ok(Found::Item(Box::new(item)));
    }
    let mut finder = Finder { key: locator.key(), found: Found::Nothing };
    // The walk ends at the item, so how it ended tells nothing.
    let _ = show(limits, &limits.budget(), kind, bytes, &file, &mut finder);
    Ok(finder.found)
}

/// The member of an uncompressed tar file, told by the header right before it, so that a long file need not be read. `None`
/// if the whole file has to be read instead.
fn stored_in_tar(locator: &Locator, file: &Item) -> io::Result<Option<Item>> {
    let [step] = &locator.steps[..] else { return Ok(None) };
    let (To::Member { name, nth: 1 }, Some(Extent { offset, length })) = (&step.to, step.extent)
    else {
        return Ok(None);
    };
    // Others of the file may belong to it.
    if may_be_part(name) {
        return Ok(None);
    }
    let mut header = [0; 512];
    let mut reader = file.bytes.open_stored()?;
    let Some(before) = offset.checked_sub(512) else { return Ok(None) };
    reader.seek(io::SeekFrom::Start(before))?;
    if reader.read_exact(&mut header).is_err() || !is_tar(&header) {
        return Ok(None);
    }
    let header = tar::Header::from_byte_slice(&header);
    let declared = header.entry_size();
    let kind = header.entry_type();
    // Of a long name the header has only the beginning.
    let is_it = name.starts_with(&header.path_bytes()) && (kind.is_file() || kind.is_contiguous());
    let is_there = offset.checked_add(length).is_some_and(|end| end <= reader.length());
    // The name or size may be in a PAX header, or the end of the member may be missing.
    if !is_it || !is_there || declared.ok() != Some(length) {
        return Ok(None);
    }
    let place = Place {
        locator: locator.clone(),
        stamp: file.place.stamp,
        containers: ContainerKind::Tar.as_str().to_owned(),
        offset: matches!(file.bytes, Bytes::File(_)).then_some(offset),
    };
    let bytes = file.bytes.slice(offset, length);
    Ok(bytes.map(|bytes| Item::within(place, length, bytes)))
}

struct Finder {
    key: Vec<u8>,
    found: Found,
}

impl Visit for Finder {
    fn wants(&mut self, place: &Place) -> bool {
        place.locator.key() == self.key
    }

    fn enters(&mut self, container: &Place) -> bool {
        self.key.starts_with(&container.locator.key())
    }

    fn item(&mut self, item: Item) -> ControlFlow<()> {
        self.found = Found::Item(Box::new(item));
        ControlFlow::Break(())
    }

    fn unlisted(&mut self, row: Unlisted) -> ControlFlow<()> {
        if row.place.locator.key() != self.key {
            return ControlFlow::Continue(());
        }
        self.found = Found::Row(Box::new(row));
        ControlFlow::Break(())
    }
}

/// Writes the bytes of an item to a file, which appears complete or not at all. Returns their number.
///
/// # Errors
///
/// If the item cannot be read or the file cannot be written.
pub fn extract(bytes: &Bytes, to: &Path) -> io::Result<u64> {
    write_atomically(to, Access::Umask, |out| io::copy(&mut bytes.stream()?, out))
}
