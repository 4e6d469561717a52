//! What a build without the feature `s3` says of objects: that it reads none.

use std::convert::Infallible;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{File, Metadata, StoreFault};

/// What was asked of the store so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Requests.
    pub requests: u64,
    /// Requests that were repeated.
    pub repeated: u64,
    /// Bytes of objects that came.
    pub bytes: u64,
}

fn left_out() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        StoreFault {
            what: "this build of leakhound reads no object storage".into(),
            remedy: "build it with cargo install --path . --features s3, or mount the bucket"
                .into(),
            is_usage: true,
        },
    )
}

pub(super) fn named(_: &Path) -> io::Result<PathBuf> {
    Err(left_out())
}

pub(super) fn metadata(_: &Path) -> io::Result<Metadata> {
    Err(left_out())
}

pub(super) fn file(_: &Path) -> io::Result<Metadata> {
    Err(left_out())
}

pub(super) fn open(_: &Path) -> io::Result<File> {
    Err(left_out())
}

pub(super) fn each_name(_: &Path, _: &mut dyn FnMut(OsString, bool)) -> io::Result<()> {
    Err(left_out())
}

pub(super) fn put(_: &Path, _: &mut fs::File) -> io::Result<()> {
    Err(left_out())
}

pub(super) fn fault_of(_: &io::Error) -> Option<StoreFault> {
    None
}

/// No objects.
pub(crate) fn objects_behind(
    _: &Path,
    _: Option<&Path>,
) -> impl Iterator<Item = (PathBuf, Metadata)> + Send + use<> {
    std::iter::empty()
}

/// Begins anew with the store. There is none.
pub fn begin() {}

/// Why nothing more can be had from the store. There is none.
pub fn lost() -> Option<StoreFault> {
    None::<Infallible>.map(|never| match never {})
}

/// What was asked of the store so far: nothing.
pub fn traffic() -> Traffic {
    Traffic::default()
}
