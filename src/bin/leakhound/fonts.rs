//! Fonts for the PDF that the user names: a file, and the number of a font in a collection.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use leakhound::report::pdf::FontFile;
use leakhound::source::display_path;

use crate::exit::UsageError;

/// Largest font file that is read, in bytes: twice the 120 MB of a collection for Chinese, Japanese and Korean.
const MAX_BYTES: u64 = 256 << 20;

/// Reads fonts named as `FILE` or `FILE#NUMBER`.
///
/// # Errors
///
/// If one cannot be read or is not a font; the message names it.
pub(crate) fn read(names: &[PathBuf]) -> Result<Vec<FontFile>, UsageError> {
    names.iter().map(|name| one(name)).collect()
}

fn one(name: &Path) -> Result<FontFile, UsageError> {
    let shown = display_path(name);
    let failed = |why: &str| UsageError(format!("--font {shown}: {why}"));
    let (path, index) = parts(name);
    let unread = |error: std::io::Error| failed(&format!("{error}; check the path"));
    let about = path.metadata().map_err(unread)?;
    if !about.is_file() {
        return Err(failed("it is not a file; name a .ttf, .otf or .ttc file"));
    }
    if about.len() > MAX_BYTES {
        let (size, most) = (about.len() >> 20, MAX_BYTES >> 20);
        return Err(failed(&format!("it has {size} MiB; fonts of up to {most} MiB are read")));
    }
    let mut bytes = Vec::new();
    let read = File::open(&path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes));
    read.map_err(unread)?;
    FontFile::new(&shown, bytes, index).map_err(|error| failed(&error.to_string()))
}

/// The path and the number of the font. If a file has the whole name, `#` included, it is that file.
fn parts(name: &Path) -> (PathBuf, u32) {
    let numbered = || {
        let (path, number) = name.to_str()?.rsplit_once('#')?;
        Some((PathBuf::from(path), number.parse().ok()?))
    };
    let whole = (name.to_path_buf(), 0);
    if name.exists() { whole } else { numbered().unwrap_or(whole) }
}
