//! How programs name what they have not finished downloading.

use std::ffi::OsStr;
use std::path::{Component, Path};

/// Endings of unfinished files, in lower case: qBittorrent and other clients of libtorrent, µTorrent, Transmission and browsers
/// (`part`), `BitComet`, Thunder, Chrome, Safari, Opera, `WinSCP`, Resilio Sync, Hugging Face, `yt-dlp`, DC++, aria2.
const ENDINGS: [&str; 18] = [
    "!qb",
    "!ut",
    "part",
    "partial",
    "bc!",
    "jc!",
    "xltd",
    "crdownload",
    "download",
    "opdownload",
    "filepart",
    "!sync",
    "incomplete",
    "ytdl",
    "dctmp",
    "aria2",
    "parts",
    "lftp-pget-status",
];
/// Endings of files that lie beside an unfinished file, whose name has no ending of its own.
const BESIDE: [&str; 2] = ["aria2", "lftp-pget-status"];
/// Names of folders for unfinished files, in lower case.
const FOLDERS: [&str; 6] =
    ["incomplete", "~incomplete", ".incomplete", "_incomplete", "__incomplete", "!incomplete"];
/// How names of folders begin while an archive is unpacked into them.
const UNPACKING: &str = "_unpack_";

/// Why the name of a file below a root tells that it is not finished, as a clause whose subject is the file.
pub(super) fn unfinished(file: &Path, roots: &[std::path::PathBuf]) -> Option<String> {
    if let Some(ending) = ending_of(file) {
        return Some(format!("has the ending .{ending} of an unfinished download"));
    }
    let below = roots.iter().find_map(|root| file.strip_prefix(root).ok()).unwrap_or(file);
    let folders = below.parent().into_iter().flat_map(Path::components);
    let mut names = folders.filter_map(|folder| match folder {
        Component::Normal(name) => Some(name.to_string_lossy().to_lowercase()),
        _ => None,
    });
    let name = names.find(|name| FOLDERS.contains(&&**name) || name.starts_with(UNPACKING))?;
    Some(format!("is in a folder {name} for unfinished downloads"))
}

/// Whether a file that a downloader keeps beside an unfinished one is there. It looks at the disk.
pub(super) fn unfinished_beside(file: &Path) -> Option<String> {
    let beside = BESIDE.iter().find(|ending| {
        let mut name = file.as_os_str().to_owned();
        name.push(".");
        name.push(ending);
        Path::new(&name).is_file()
    })?;
    Some(format!("has a file .{beside} of an unfinished download beside it"))
}

fn ending_of(file: &Path) -> Option<&'static str> {
    let ending = file.extension().map(OsStr::to_string_lossy)?.to_lowercase();
    ENDINGS.into_iter().find(|known| *known == ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_that_clients_give_unfinished_files_are_known_and_no_others() {
        let roots = ["/dump/incomplete".into(), "/dump".into()];
        let is = |name: &str| unfinished(Path::new(name), &roots).is_some();
        for name in [
            "/dump/a.mp3.part",
            "/dump/a.flac.!qB",
            "/dump/a.!ut",
            "/dump/a.zip.crdownload",
            "/dump/a.BC!",
            "/dump/a.rar.aria2",
            "/dump/x/~incomplete/a.mp3",
            "/dump/Incomplete/x/a.mp3",
            "/dump/_UNPACK_x/a.mp3",
            "/dump/.0a1b.parts",
        ] {
            assert!(is(name), "{name}");
        }
        for name in [
            "/dump/a.mp3",
            "/dump/a.part1.rar",
            "/dump/part",
            "/dump/.part",
            "/dump/incomplete.mp3",
            // The folder was named to be watched.
            "/dump/incomplete/a.mp3",
        ] {
            assert!(!is(name), "{name}");
        }
    }

    #[test]
    fn a_file_beside_which_aria2_keeps_its_notes_is_unfinished() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.zip");
        assert_eq!(unfinished_beside(&file), None);
        std::fs::write(folder.path().join("a.zip.aria2"), "1").unwrap();
        assert!(unfinished_beside(&file).unwrap().contains(".aria2"));
    }
}
