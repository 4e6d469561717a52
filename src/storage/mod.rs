//! Files on disk, and the objects of a store (`s3://bucket/key`), asked for in the same way.
//!
//! Only this room and what is written to a home know of the difference. An object is a file that has no links and is never changed
//! in part; what its key would be as a path is in `key`. Objects are read in builds with the feature `s3` alone, and of the buckets
//! that the user named ([`absolute`]) alone: nothing that a dump says leads to another.
//!
//! | file | its one responsibility |
//! |---|---|
//! | `mod` | what is asked of a path, whichever it is |
//! | `file` | an open file |
//! | `key` | keys of objects as paths |
//! | `object` | the same questions about an object |
//! | `without` | what a build without objects says instead |

mod file;
mod key;
#[cfg(feature = "s3")]
mod object;
#[cfg(not(feature = "s3"))]
#[path = "without.rs"]
mod object;

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::base::{self, open_file};
pub use file::File;
pub use key::{SCHEME, is_object};
pub(crate) use object::objects_behind;
pub use object::{Traffic, begin, lost, traffic};

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file, or an object.
    File,
    /// A folder, or what the keys of several objects begin with.
    Folder,
    /// A link, where links are not followed.
    Link,
    /// A pipe, socket or device.
    Other,
}

/// What is told of a file without opening it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// What it is.
    pub kind: Kind,
    /// Its size, in bytes.
    pub bytes: u64,
    /// Its last change, in nanoseconds since 1970. Of an object, a number that is other if it was written again.
    pub modified_ns: i64,
}

impl From<fs::Metadata> for Metadata {
    fn from(found: fs::Metadata) -> Self {
        let kind = match found.file_type() {
            kind if kind.is_file() => Kind::File,
            kind if kind.is_dir() => Kind::Folder,
            kind if kind.is_symlink() => Kind::Link,
            _ => Kind::Other,
        };
        let modified_ns =
            found.modified().map_or(0, |time| match time.duration_since(UNIX_EPOCH) {
                Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
                Err(before) => -i64::try_from(before.duration().as_nanos()).unwrap_or(i64::MAX),
            });
        Self { kind, bytes: found.len(), modified_ns }
    }
}

/// What is wrong with the store of objects, with its remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}; {remedy}")]
pub struct StoreFault {
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
    /// Whether the caller asked for what cannot be: what is not there, or what this build does not read.
    pub is_usage: bool,
}

impl StoreFault {
    /// The fault in an error of reading or writing, if it is of the store.
    pub fn of(error: &io::Error) -> Option<Self> {
        if let Some(own) = error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()) {
            return Some(own.clone());
        }
        object::fault_of(error)
    }
}

/// The absolute path of what the user named. Of `s3://` its bucket may be read from now on, and credentials are looked for.
///
/// # Errors
///
/// If there is no current folder; if the store cannot be asked, or this build asks none.
pub fn absolute(path: &Path) -> io::Result<PathBuf> {
    if is_object(path) { object::named(path) } else { std::path::absolute(path) }
}

/// A path with its links resolved.
///
/// # Errors
///
/// If there is nothing.
pub fn canonical(path: &Path) -> io::Result<PathBuf> {
    if is_object(path) {
        object::metadata(path).map(|_| path.to_path_buf())
    } else {
        path.canonicalize()
    }
}

/// What a path leads to. Links are followed.
///
/// # Errors
///
/// If there is nothing, or it cannot be looked at.
pub fn metadata(path: &Path) -> io::Result<Metadata> {
    if is_object(path) { object::metadata(path) } else { fs::metadata(path).map(Into::into) }
}

/// The same of a link itself.
///
/// # Errors
///
/// As [`metadata`].
pub fn link_metadata(path: &Path) -> io::Result<Metadata> {
    if is_object(path) {
        object::metadata(path)
    } else {
        fs::symlink_metadata(path).map(Into::into)
    }
}

/// Whether a path leads to a file. Links are followed.
pub fn is_file(path: &Path) -> bool {
    if is_object(path) { object::file(path).is_ok() } else { path.is_file() }
}

/// The metadata of a file; `None` if it is no file, or only a link to one, which may lead out of a dump.
pub fn plain_file(path: &Path) -> Option<Metadata> {
    if is_object(path) {
        return object::file(path).ok();
    }
    fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file).map(Into::into)
}

/// Whether a path leads to anything. Links are followed.
pub fn exists(path: &Path) -> bool {
    if is_object(path) { object::metadata(path).is_ok() } else { path.exists() }
}

/// Opens a file to read it.
///
/// # Errors
///
/// If there is none, or it cannot be opened.
pub fn open(path: &Path) -> io::Result<File> {
    if is_object(path) { object::open(path) } else { open_file(path).map(File::Disk) }
}

/// Reads a text of at most `most` bytes.
///
/// # Errors
///
/// If it cannot be read, is longer, or is no text.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    let mut text = String::new();
    let mut file = open(path)?.take(most.saturating_add(1));
    file.read_to_string(&mut text)?;
    if text.len() as u64 > most {
        return Err(io::Error::other(format!("it has more than {most} bytes")));
    }
    Ok(text)
}

/// Calls `each` with the name of everything in a folder, and whether it is a folder; in no order.
///
/// # Errors
///
/// If the folder is not there, or cannot be listed. Of a store, one without anything is empty.
pub fn each_name(folder: &Path, each: &mut dyn FnMut(OsString, bool)) -> io::Result<()> {
    if is_object(folder) {
        return object::each_name(folder, each);
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        each(entry.file_name(), entry.path().is_dir());
    }
    Ok(())
}

/// Makes a folder and those around it. In a store there is nothing to make.
///
/// # Errors
///
/// If it cannot be made.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    if is_object(folder) { Ok(()) } else { fs::create_dir_all(folder) }
}

/// Makes sure that the names of the files in a folder outlast a power cut. An object that a store took does.
///
/// # Errors
///
/// If the folder cannot be synced.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if is_object(folder) { Ok(()) } else { base::sync_folder(folder) }
}

/// Writes a file, or an object, which appears whole or not at all: see [`base::write_atomically`].
///
/// # Errors
///
/// What `write` returns; else if it cannot be written.
pub fn write_atomically<T, E: From<io::Error>>(
    path: &Path,
    access: base::Access,
    write: impl FnOnce(&mut fs::File) -> Result<T, E>,
) -> Result<T, E> {
    if !is_object(path) {
        return base::write_atomically(path, access, write);
    }
    let mut file = tempfile::tempfile()?;
    let value = write(&mut file)?;
    object::put(path, &mut file)?;
    Ok(value)
}

/// Writes a file that lies on disk to a path, by its name or as an object.
///
/// # Errors
///
/// If it cannot be read or written.
pub(crate) fn move_file(from: &Path, to: &Path) -> io::Result<()> {
    if is_object(to) { object::put(to, &mut fs::File::open(from)?) } else { fs::rename(from, to) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_on_disk_is_told_and_read_as_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_atomically(&path, base::Access::Umask, |file| io::Write::write_all(file, b"hello"))
            .unwrap();
        let found = metadata(&path).unwrap();
        assert_eq!((found.kind, found.bytes), (Kind::File, 5));
        assert_eq!(metadata(folder.path()).unwrap().kind, Kind::Folder);
        assert_eq!(read_text(&path, 5).unwrap(), "hello");
        assert!(read_text(&path, 4).is_err());
        let mut names = Vec::new();
        each_name(folder.path(), &mut |name, is_folder| names.push((name, is_folder))).unwrap();
        assert_eq!(names, [(OsString::from("a"), false)]);
        #[cfg(unix)]
        {
            let link = folder.path().join("l");
            std::os::unix::fs::symlink("a", &link).unwrap();
            assert!(is_file(&link) && plain_file(&link).is_none());
            assert_eq!(link_metadata(&link).unwrap().kind, Kind::Link);
        }
    }

    #[cfg(not(feature = "s3"))]
    #[test]
    fn a_build_without_objects_says_so_in_one_line_with_the_remedy() {
        let error = absolute(Path::new("s3://bucket/dump")).unwrap_err();
        let fault = StoreFault::of(&error).unwrap();
        assert!(fault.remedy.contains("--features s3"), "{fault}");
        assert!(open(Path::new("s3://bucket/dump")).is_err());
        assert!(!is_file(Path::new("s3://bucket/dump")) && lost().is_none());
    }
}
