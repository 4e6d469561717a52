//! Fonts that the user names for the PDF: files, and the number of one in a collection.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use leakhound::report::pdf::FontFile;
use leakhound::source::display_path;

use crate::exit::UsageError;

/// The largest file that is read; a collection of all of Chinese, Japanese and Korean has 120 MB.
const MOST_BYTES: u64 = 256 << 20;

/// Reads fonts named as `FILE` or `FILE#NUMBER`; what is wrong with one is told with its name.
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
        return Err(failed("it is no file; name a .ttf, .otf or .ttc file"));
    }
    if about.len() > MOST_BYTES {
        let (size, most) = (about.len() >> 20, MOST_BYTES >> 20);
        return Err(failed(&format!("it has {size} MiB; a font has {most} at the most")));
    }
    let mut bytes = Vec::new();
    let read = File::open(&path).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes));
    read.map_err(unread)?;
    FontFile::new(&shown, bytes, index).map_err(|error| failed(&error.to_string()))
}

/// Path and number; a file whose name ends like a number is itself.
fn parts(name: &Path) -> (PathBuf, u32) {
    let numbered = || {
        let (path, number) = name.to_str()?.rsplit_once('#')?;
        Some((PathBuf::from(path), number.parse().ok()?))
    };
    let whole = (name.to_path_buf(), 0);
    if name.exists() { whole } else { numbered().unwrap_or(whole) }
}
