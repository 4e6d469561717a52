//! Reads what a dump is from a TOML file.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use leakhound::results::{About, MAX_ABOUT_BYTES};

use crate::exit::UsageError;

/// What a dump is, as the file says.
pub(crate) fn read(path: &Path) -> anyhow::Result<About> {
    let usage = |why: String| anyhow::Error::from(UsageError(format!("{}: {why}", path.display())));
    let mut text = String::new();
    let file = File::open(path).map_err(|error| usage(format!("{error}; check the path")))?;
    // One byte more tells a file that is too long.
    let read = file.take(MAX_ABOUT_BYTES as u64 + 1).read_to_string(&mut text);
    read.map_err(|error| usage(format!("{error}; save it as UTF-8")))?;
    About::parse(&text).map_err(|error| usage(error.to_string()))
}
