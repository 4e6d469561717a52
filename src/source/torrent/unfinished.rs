//! What clients call a file until all of it is there.

use std::path::{Path, PathBuf};

/// Endings behind the whole name: those of qBittorrent (and libtorrent's other clients), of µTorrent, and of Transmission.
/// Clients whose unfinished files are longer than the torrent says are left out: what they hold could not be told from damage.
const ENDINGS: [&str; 3] = ["!qB", "!ut", "part"];

/// What a file will be called when all of it is there, if it is called as one that is not.
pub(super) fn finished(path: &Path) -> Option<PathBuf> {
    let ending = path.extension()?;
    ENDINGS.iter().any(|&known| ending == known).then(|| path.with_extension(""))
}

/// Where a file lies, finished or not; if it lies nowhere, where it would.
pub(super) fn as_it_lies(path: PathBuf) -> PathBuf {
    if path.exists() {
        return path;
    }
    let unfinished = ENDINGS.iter().map(|ending| {
        let mut name = path.clone().into_os_string();
        name.push(".");
        name.push(ending);
        PathBuf::from(name)
    });
    let there = unfinished.into_iter().find(|path| path.is_file());
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
