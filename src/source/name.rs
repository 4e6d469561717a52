//! File names as bytes and as text. Each name on disk has exactly one text, even if it is not UTF-8.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::wording::visible;

/// The path as reports write it.
///
/// Bytes that are not UTF-8 are written as `\xNN`. A backslash is written as `\\`, so that no two names have the same text; on
/// Windows, where it separates folders, it stays.
pub fn display_path(path: &Path) -> String {
    let mut out = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        if cfg!(windows) {
            out.push_str(chunk.valid());
        } else {
            out.push_str(&chunk.valid().replace('\\', r"\\"));
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
}

/// A path as part of a message, without line breaks or control characters.
pub(super) fn shown_path(path: &Path) -> String {
    visible(&display_path(path)).into_owned()
}

/// The name of a file as part of a message.
pub(super) fn shown_name(path: &Path) -> String {
    shown_path(Path::new(path.file_name().unwrap_or_default()))
}

/// The bytes that paths are stored as and sorted by.
pub fn path_key(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

/// The path of stored bytes.
#[cfg(unix)]
pub fn path_of_key(key: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    PathBuf::from(OsStr::from_bytes(key))
}

/// The path of stored bytes. On systems whose paths are text, bytes that are not UTF-8 are replaced.
#[cfg(not(unix))]
pub fn path_of_key(key: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::new(&*String::from_utf8_lossy(key)))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt as _;

    fn shown(bytes: &[u8]) -> String {
        display_path(Path::new(OsStr::from_bytes(bytes)))
    }

    #[test]
    fn each_name_has_a_text_of_its_own() {
        assert_eq!(shown(b"/a/b c.mp3"), "/a/b c.mp3");
        assert_eq!(shown("/ä/é.ogg".as_bytes()), "/ä/é.ogg");
        assert_eq!(shown(b"/a\xff\xfe.mp3"), r"/a\xff\xfe.mp3");
        assert_eq!(shown(br"/a\xff.mp3"), r"/a\\xff.mp3");
    }

    #[test]
    fn a_key_leads_back_to_its_path() {
        let path = Path::new(OsStr::from_bytes(b"/a\xff/b\\c"));
        assert_eq!(path_of_key(path_key(path)), path);
    }
}
