//! An open file.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom};

/// A file on disk, or an object of a store, that is read from any position.
#[derive(Debug)]
pub enum File {
    /// On disk.
    Disk(fs::File),
    /// In a store.
    #[cfg(feature = "s3")]
    Object(Box<objects::Reader>),
}

impl File {
    /// Its length in bytes.
    ///
    /// # Errors
    ///
    /// If the system does not tell.
    pub fn length(&self) -> io::Result<u64> {
        match self {
            Self::Disk(file) => Ok(file.metadata()?.len()),
            #[cfg(feature = "s3")]
            Self::Object(reader) => Ok(reader.object().size),
        }
    }
}

impl Read for File {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Disk(file) => file.read(buffer),
            #[cfg(feature = "s3")]
            Self::Object(reader) => reader.read(buffer),
        }
    }
}

impl Seek for File {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::Disk(file) => file.seek(to),
            #[cfg(feature = "s3")]
            Self::Object(reader) => reader.seek(to),
        }
    }
}
