//! Files of strangers: a name may belong to a pipe, whose opening never ends, or to a link that leads anywhere.

use std::fs::File;
use std::io;
use std::path::Path;

/// Opens a file for reading, and nothing else: opening a pipe waits for a writer, and reading a device may never end.
///
/// # Errors
///
/// If it is a pipe, a device or a folder, or cannot be opened.
pub(crate) fn open_file(path: &Path) -> io::Result<File> {
    if path.metadata()?.is_file() {
        return File::open(path);
    }
    let message = "it is a pipe, socket, device or folder, not a file, and was not opened";
    Err(io::Error::new(io::ErrorKind::InvalidInput, message))
}

#[cfg(test)]
mod tests {
    #![cfg(unix)]
    use super::*;
    use crate::storage::plain_file;
    use std::os::unix::fs::symlink;

    #[test]
    fn pipes_devices_and_folders_are_not_opened_and_links_are_no_plain_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        assert!(std::process::Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
        std::fs::write(path("file"), "12").unwrap();
        symlink("file", path("link")).unwrap();
        symlink("/dev/zero", path("device")).unwrap();
        for name in ["pipe", "device", "."] {
            let error = open_file(&path(name)).unwrap_err();
            assert!(error.to_string().contains("not a file"), "{name}: {error}");
            assert!(plain_file(&path(name)).is_none(), "{name}");
        }
        assert!(open_file(&path("link")).is_ok() && plain_file(&path("link")).is_none());
        assert_eq!(plain_file(&path("file")).map(|data| data.bytes), Some(2));
        assert!(open_file(&path("nothing")).is_err() && plain_file(&path("nothing")).is_none());
    }
}
