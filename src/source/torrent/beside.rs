//! The torrents among the scanned files, and where their data is.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::metainfo::Metainfo;
use super::share::Share;
use super::unfinished::{finished, on_disk};
use super::{Torrent, TorrentFile};
use crate::record::FailureRecord;
use crate::source::{Folders, Item, path_of_key};
use crate::storage;

/// What a build without the feature `torrent` says of a `.torrent` file.
#[cfg(not(feature = "torrent"))]
const TORRENTS_LEFT_OUT: &str = "is a torrent, and this build of leakhound reads none: no file is compared with its hashes; \
                                 build it with the feature `torrent`";

/// Most torrents over the same data that are compared, and that are held in memory at a time. A guess.
const MAX_ALIKE: usize = 8;

/// The torrents of a dump, by the place of their data.
#[derive(Debug, Default)]
pub(in crate::source) struct Torrents {
    /// From the folder or file that has the name of a torrent to its `.torrent` files.
    pub(super) by_data: BTreeMap<PathBuf, Vec<PathBuf>>,
    /// From a `.torrent` file to the folder with its data.
    pub(super) folders: BTreeMap<PathBuf, PathBuf>,
    /// The torrents whose data was met last, by their `.torrent` files; `None` for one that could not be read. A walk in the
    /// order of paths meets all data of a torrent together.
    open: Vec<(PathBuf, Option<Arc<Torrent>>)>,
}

/// Whether a file has the name of a torrent.
pub(crate) fn is_called_torrent(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("torrent"))
}

impl Torrents {
    /// The torrents among files and folders. Their data is searched beside them, in the folders above, and in the scanned paths.
    #[cfg(feature = "torrent")]
    pub(in crate::source) fn among(folders: &Folders) -> Self {
        let mut torrents = Self::default();
        let roots = folders.roots();
        for item in folders.items().flatten() {
            let file = &item.place.locator.file;
            if !is_called_torrent(file) {
                continue;
            }
            // An unreadable one is reported when the walk comes to it: see [`unreadable`].
            let Ok(metainfo) = read(file) else { continue };
            let named = |folder: &&Path| roots.iter().any(|root| folder.starts_with(root));
            let beside = file.parent().into_iter();
            let above = file.ancestors().skip(2).take_while(named);
            let mut places = beside.chain(above).chain(roots.iter().map(PathBuf::as_path));
            if let Some(folder) = places.find(|folder| has_data(folder, &metainfo)) {
                let alike = torrents.by_data.entry(folder.join(&metainfo.name)).or_default();
                if alike.len() < MAX_ALIKE {
                    alike.push(file.clone());
                }
                torrents.folders.insert(file.clone(), folder.to_path_buf());
            }
        }
        torrents
    }

    /// No torrents: this build does not read them.
    #[cfg(not(feature = "torrent"))]
    pub(in crate::source) fn among(_: &Folders) -> Self {
        Self::default()
    }

    /// The file of torrents that a file on disk is, if any.
    pub(in crate::source) fn file_at(&mut self, path: &Path) -> Option<TorrentFile> {
        let wanted = self.over(path);
        if wanted.is_empty() {
            return None;
        }
        self.open.retain(|(file, _)| wanted.contains(file));
        for file in &wanted {
            if self.open.iter().all(|(open, _)| open != file) {
                let folder = self.folders.get(file);
                let torrent = folder.and_then(|folder| Torrent::load(file, folder).ok());
                self.open.push((file.clone(), torrent.map(Arc::new)));
            }
        }
        let open = |file| self.open.iter().find(|(open, _)| open == file)?.1.as_ref();
        TorrentFile::of(
            wanted.iter().filter_map(open).filter_map(|torrent| Share::at(torrent, path)),
        )
    }

    /// The `.torrent` files whose data is at a path or around it, the innermost data first; for the same data in the order of
    /// their names.
    fn over(&self, path: &Path) -> Vec<PathBuf> {
        if self.by_data.is_empty() {
            return Vec::new();
        }
        let whole = finished(path);
        let places = whole.as_deref().into_iter().chain(path.ancestors());
        let torrents = places.filter_map(|place| self.by_data.get(place)).flatten();
        torrents.take(MAX_ALIKE).cloned().collect()
    }

    /// A sentence about a torrent. `None` for a file without the name of a torrent, or an unreadable one: see [`unreadable`].
    #[cfg_attr(
        not(feature = "torrent"),
        allow(clippy::unused_self, reason = "there is nothing to look up")
    )]
    pub(in crate::source) fn note(&self, file: &Path) -> Option<String> {
        if !is_called_torrent(file) {
            return None;
        }
        #[cfg(not(feature = "torrent"))]
        return Some(TORRENTS_LEFT_OUT.into());
        #[cfg(feature = "torrent")]
        self.describe(file)
    }

    #[cfg(feature = "torrent")]
    fn describe(&self, file: &Path) -> Option<String> {
        let folder = self.folders.get(file).map_or_else(|| file.parent(), |f| Some(f.as_path()))?;
        Torrent::load(file, folder).ok().map(|torrent| torrent.describe())
    }
}

/// Whether the data of a torrent lies in a folder.
fn has_data(folder: &Path, metainfo: &Metainfo) -> bool {
    storage::exists(&on_disk(folder.join(&metainfo.name)))
}

/// Why an item that has the name of a torrent cannot be read as one. This is reported because the files beside it are then not
/// compared with it.
#[cfg(feature = "torrent")]
pub(crate) fn unreadable(item: &Item) -> Option<FailureRecord> {
    use std::io::Read as _;

    use super::metainfo::{MAX_BYTES, parse};
    use crate::record::{FailureKind, Stage};
    if !is_called_torrent(&path_of_key(&item.place.locator.name())) {
        return None;
    }
    let mut bytes = Vec::new();
    // An error of the disk is reported by the decoder.
    item.bytes.stream().ok()?.take(MAX_BYTES + 1).read_to_end(&mut bytes).ok()?;
    let error = parse(&bytes).err()?;
    let message = format!(
        "is called a torrent and cannot be read as one: {}; no file was compared with it: fetch it again",
        error.split_whitespace().collect::<Vec<_>>().join(" ")
    );
    Some(FailureRecord { stage: Stage::Read, kind: FailureKind::TorrentUnreadable, message })
}

/// Always `None`: this build does not read torrents.
#[cfg(not(feature = "torrent"))]
pub(crate) fn unreadable(_: &Item) -> Option<FailureRecord> {
    None
}

/// Reads a `.torrent` file.
#[cfg(feature = "torrent")]
fn read(file: &Path) -> io::Result<Metainfo> {
    use std::io::Read as _;

    use super::metainfo::{MAX_BYTES, parse};
    let mut bytes = Vec::new();
    storage::open(file)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    parse(&bytes).map_err(io::Error::other)
}

#[cfg(not(feature = "torrent"))]
fn read(_: &Path) -> io::Result<Metainfo> {
    Err(io::ErrorKind::Unsupported.into())
}

impl Torrent {
    /// Reads a `.torrent` file whose data is in `folder`.
    fn load(file: &Path, folder: &Path) -> io::Result<Self> {
        Self::new(file, read(file)?, folder)
    }
}

impl TorrentFile {
    /// The file at `path` of the torrent with this info-hash, if its data is beside the `.torrent` file or in a folder above.
    pub(in crate::source) fn find(file: &Path, info_hash: &str, path: &[u8]) -> Option<Self> {
        let metainfo = read(file).ok()?;
        if ![&metainfo.info_hash_v1, &metainfo.info_hash_v2].contains(&&info_hash.to_owned()) {
            return None;
        }
        let mut above = file.ancestors().skip(1);
        let folder = above.find(|folder| has_data(folder, &metainfo))?;
        let torrent = Arc::new(Torrent::new(file, metainfo, folder).ok()?);
        let path = folder.join(path_of_key(path));
        Self::of(Share::at(&torrent, &path).into_iter())
    }
}

#[cfg(all(test, not(feature = "torrent")))]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_torrents_says_so_in_one_line_where_it_meets_one() {
        let torrents = Torrents::default();
        let note = torrents.note(Path::new("/dump/a.torrent")).unwrap();
        assert!(note.contains("the feature `torrent`") && !note.contains('\n'), "{note}");
        assert_eq!(torrents.note(Path::new("/dump/a.ogg")), None);
    }
}
