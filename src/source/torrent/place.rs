//! Where a torrent of a dump and its data are, as a plan keeps it: finding them again would take a walk through the dump.

use std::path::{Path, PathBuf};

use super::Torrents;
use super::beside::is_called_torrent;
use super::unfinished::finished;

/// Where a torrent of a dump and its data are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TorrentPlace {
    /// The `.torrent` file.
    pub file: PathBuf,
    /// The folder that its data was saved in.
    pub folder: PathBuf,
    /// The folder or file with its data; `None` if too many torrents before it are over the same data.
    pub data: Option<PathBuf>,
}

impl TorrentPlace {
    /// Its data, if a file is it or in it.
    pub(in crate::source) fn data_over(&self, file: &Path) -> Option<PathBuf> {
        let whole = finished(file);
        let is_over = |data: &&PathBuf| {
            file.starts_with(data) || whole.as_ref().is_some_and(|whole| whole == *data)
        };
        self.data.as_ref().filter(is_over).cloned()
    }
}

impl Torrents {
    /// The torrents whose data is at a path or around it, and the one that the path itself is.
    pub(in crate::source) fn places_over(&self, path: &Path) -> Vec<TorrentPlace> {
        let place = |file: &PathBuf, data: Option<PathBuf>| {
            let folder = self.folders.get(file)?.clone();
            Some(TorrentPlace { file: file.clone(), folder, data })
        };
        let whole = finished(path);
        let over = whole.as_deref().into_iter().chain(path.ancestors());
        let over = over.filter_map(|data| Some((data, self.by_data.get(data)?)));
        let mut found: Vec<TorrentPlace> = over
            .flat_map(|(data, files)| files.iter().map(move |file| (data, file)))
            .filter_map(|(data, file)| place(file, Some(data.to_path_buf())))
            .collect();
        if is_called_torrent(path) {
            // Its own note tells where its data is.
            found.extend(place(&path.to_path_buf(), None));
        }
        found
    }

    /// The torrents at these places, each in the order in which they were found.
    pub(in crate::source) fn of(places: &[TorrentPlace]) -> Self {
        let mut torrents = Self::default();
        for TorrentPlace { file, folder, data } in places {
            if let Some(data) = data {
                let alike = torrents.by_data.entry(data.clone()).or_default();
                if !alike.contains(file) {
                    alike.push(file.clone());
                }
            }
            torrents.folders.insert(file.clone(), folder.clone());
        }
        torrents
    }
}
