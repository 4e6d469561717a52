//! Files that appear whole or not at all.
//!
//! A file is written under a temporary name in the folder that it belongs in, synced, and renamed. A reader, or a run after a
//! crash, finds the old file or the new one and never half of one. A killed program may leave a file named `.XXXXXX.part`.

use std::fs::File;
use std::io;
use std::path::Path;

/// Who may read a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Its owner alone: it tells of unreleased music.
    Owner,
    /// Everybody whom the user's umask admits, as for any new file.
    Umask,
}

/// Writes a file and puts it in the place of any that is there.
///
/// The content is on disk before the file gets its name. The name itself can be lost in a power cut unless the folder is
/// synced, too.
///
/// # Errors
///
/// What `write` returns; else if the file cannot be made, synced or renamed. Nothing of it is left then.
pub fn write_atomically<T, E: From<io::Error>>(
    path: &Path,
    access: Access,
    write: impl FnOnce(&mut File) -> Result<T, E>,
) -> Result<T, E> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if access == Access::Owner {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = access;
    // Files that `tempfile` itself opens have errors that name them, and nobody knows these names.
    let mut file = tempfile::Builder::new()
        .prefix(".")
        .suffix(".part")
        .make_in(folder.unwrap_or(Path::new(".")), |part| options.open(part))?;
    let value = write(file.as_file_mut())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(value)
}

/// Syncs a folder, so that the names of the files in it outlast a power cut. Only Unix can.
///
/// # Errors
///
/// If the folder cannot be opened or synced.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_that_cannot_be_finished_leaves_the_old_one_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.csv");
        let write = |text: &'static str, end: io::Result<u8>| {
            write_atomically(&path, Access::Umask, |file| {
                file.write_all(text.as_bytes())?;
                end
            })
        };
        assert_eq!(write("old", Ok(7)).unwrap(), 7);
        assert!(write("new", Err(io::Error::other("no room"))).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        write("new", Ok(0)).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(names(folder.path()), ["report.csv"]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_named_by_the_systems_error_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gone/report.csv");
        let error = write_atomically(&path, Access::Umask, |_| Ok::<_, io::Error>(())).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(!error.to_string().contains(".part"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_about_unreleased_music_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        for (name, access) in [("a", Access::Owner), ("b", Access::Umask)] {
            let path = folder.path().join(name);
            write_atomically(&path, access, |_| Ok::<_, io::Error>(())).unwrap();
            let mode = path.metadata().unwrap().permissions().mode() & 0o777;
            let plain = folder.path().join("plain");
            File::create(&plain).unwrap();
            let usual = plain.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, if access == Access::Owner { 0o600 } else { usual }, "{name}");
        }
    }
}
