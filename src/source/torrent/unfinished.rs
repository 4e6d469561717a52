//! The names that clients give a file until it is fully downloaded.

use std::path::{Path, PathBuf};

use crate::storage;

/// Endings that are appended to the name by qBittorrent (and other clients of libtorrent), µTorrent and Transmission. Clients
/// whose unfinished files are longer than the torrent states are left out: those could not be told from damaged ones.
const ENDINGS: [&str; 3] = ["!qB", "!ut", "part"];

/// The name of a file once it is finished; `None` if it does not have the name of an unfinished one.
pub(super) fn finished(path: &Path) -> Option<PathBuf> {
    let ending = path.extension()?;
    ENDINGS.iter().any(|&known| ending == known).then(|| path.with_extension(""))
}

/// The path of a file on disk, finished or not; unchanged if there is neither.
pub(super) fn on_disk(path: PathBuf) -> PathBuf {
    if storage::exists(&path) {
        return path;
    }
    let unfinished = ENDINGS.iter().map(|ending| {
        let mut name = path.clone().into_os_string();
        name.push(".");
        name.push(ending);
        PathBuf::from(name)
    });
    let there = unfinished.into_iter().find(|path| storage::is_file(path));
    there.unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_loses_the_ending_that_a_client_gave_it_and_no_other() {
        let whole = |name: &str| finished(Path::new(name)).map(|path| path.display().to_string());
        for name in ["a/b.ogg.!qB", "a/b.ogg.!ut", "a/b.ogg.part"] {
            assert_eq!(whole(name).as_deref(), Some("a/b.ogg"), "{name}");
        }
        for name in ["a/b.ogg", "a.part/b", ".part", "part", "x.part1", ""] {
            assert_eq!(whole(name), None, "{name}");
        }
    }
}
