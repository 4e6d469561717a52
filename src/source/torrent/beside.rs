//! Which torrents lie in what is scanned, and where their data is.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::metainfo::Metainfo;
use super::{Torrent, TorrentFile};
use crate::source::{Folders, Item, Stamp, path_of_key};

/// Torrents of one name in one folder; more are not looked at.
const MAX_ALIKE: usize = 8;

/// The torrents of a dump, by where their data lies.
#[derive(Debug, Default)]
pub(in crate::source) struct Torrents {
    /// From the folder or file that a torrent is called after to its `.torrent` files.
    by_data: BTreeMap<PathBuf, Vec<PathBuf>>,
    /// From a `.torrent` file to the folder with its data.
    folders: BTreeMap<PathBuf, PathBuf>,
    /// Those whose data was met last, read. A walk in the order of names meets all data of a torrent in a row.
    open: Option<(PathBuf, Vec<Arc<Torrent>>)>,
}

/// Whether a file is called as torrents are.
fn is_called_torrent(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("torrent"))
}

impl Torrents {
    /// Those among files and folders. Their data is looked for beside them, in the folders above, and in what was named.
    #[cfg(feature = "torrent")]
    pub(in crate::source) fn among(folders: &Folders) -> Self {
        let mut torrents = Self::default();
        let roots = folders.roots();
        for item in folders.items().flatten() {
            let file = &item.place.locator.file;
            if !is_called_torrent(file) {
                continue;
            }
            // One that cannot be read says so when its turn comes.
            let Ok(metainfo) = read(file) else { continue };
            let named = |folder: &&Path| roots.iter().any(|root| folder.starts_with(root));
            let beside = file.parent().into_iter();
            let above = file.ancestors().skip(2).take_while(named);
            let mut places = beside.chain(above).chain(roots.iter().map(PathBuf::as_path));
            if let Some(folder) = places.find(|folder| folder.join(&metainfo.name).exists()) {
                let alike = torrents.by_data.entry(folder.join(&metainfo.name)).or_default();
                if alike.len() < MAX_ALIKE {
                    alike.push(file.clone());
                }
                torrents.folders.insert(file.clone(), folder.to_path_buf());
            }
        }
        torrents
    }

    /// None: this build reads no torrents.
    #[cfg(not(feature = "torrent"))]
    pub(in crate::source) fn among(_: &Folders) -> Self {
        Self::default()
    }

    /// The file of a torrent that a file on disk is.
    pub(in crate::source) fn file_at(&mut self, path: &Path) -> Option<TorrentFile> {
        if self.by_data.is_empty() {
            return None;
        }
        let data = path.ancestors().find(|place| self.by_data.contains_key(*place))?.to_path_buf();
        if self.open.as_ref().is_none_or(|(open, _)| *open != data) {
            let read = |file: &PathBuf| Torrent::load(file, self.folders.get(file)?).ok();
            let torrents = self.by_data.get(&data)?.iter().filter_map(read);
            self.open = Some((data.clone(), torrents.map(Arc::new).collect()));
        }
        let (_, torrents) = self.open.as_ref()?;
        torrents.iter().find_map(|torrent| torrent.file_at(path))
    }

    /// What a file that is called a torrent holds, as a sentence. `None` if it is not called one.
    pub(in crate::source) fn note(&self, file: &Path) -> Option<String> {
        if !is_called_torrent(file) || cfg!(not(feature = "torrent")) {
            return None;
        }
        let folder = self.folders.get(file).map_or_else(|| file.parent(), |f| Some(f.as_path()))?;
        Some(match Torrent::load(file, folder) {
            Ok(torrent) => torrent.describe(),
            Err(error) => format!("is called a torrent and cannot be read as one: {error}"),
        })
    }
}

/// Reads a `.torrent` file.
#[cfg(feature = "torrent")]
fn read(file: &Path) -> io::Result<Metainfo> {
    use std::io::Read as _;

    use super::metainfo::{MAX_BYTES, parse};
    let mut bytes = Vec::new();
    std::fs::File::open(file)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    parse(&bytes).map_err(io::Error::other)
}

#[cfg(not(feature = "torrent"))]
fn read(_: &Path) -> io::Result<Metainfo> {
    Err(io::ErrorKind::Unsupported.into())
}

impl Torrent {
    /// Reads a `.torrent` file whose data would be in `folder`.
    fn load(file: &Path, folder: &Path) -> io::Result<Self> {
        Self::new(file, read(file)?, folder)
    }
}

impl TorrentFile {
    /// The file of a torrent, if its data is beside the `.torrent` file or in a folder above.
    pub(in crate::source) fn find(file: &Path, info_hash: &str, path: &[u8]) -> Option<Self> {
        let metainfo = read(file).ok()?;
        if ![&metainfo.info_hash_v1, &metainfo.info_hash_v2].contains(&&info_hash.to_owned()) {
            return None;
        }
        let mut above = file.ancestors().skip(1);
        let folder = above.find(|folder| folder.join(&metainfo.name).exists())?;
        let torrent = Arc::new(Torrent::new(file, metainfo, folder).ok()?);
        let path = folder.join(path_of_key(path));
        torrent.file_at(&path)
    }

    /// The item that it is on disk.
    pub(in crate::source) fn item(self) -> io::Result<Item> {
        let path = self.path();
        let stamp = Stamp::of(&path.metadata()?);
        Ok(Item { torrent: Some(self), ..Item::of_file(path, stamp) })
    }
}
