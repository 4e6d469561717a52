//! The lock that keeps other writers out.

use std::fs::{self, File};

use super::store::private;
use super::{Catalog, CatalogError};

/// The right to change the catalogue; others are told to wait.
#[derive(Debug)]
pub(super) struct WriteLock {
    _file: File,
}

/// A writer is told to wait after a quarter of a second.
const LOCK_TRIES: u32 = 10;
const LOCK_PAUSE: std::time::Duration = std::time::Duration::from_millis(25);

impl Catalog {
    /// Keeps other writers out until the lock is dropped.
    pub(super) fn lock(&self) -> Result<WriteLock, CatalogError> {
        let path = self.folder.join("write.lock");
        let write = |source| CatalogError::Write { path: path.clone(), source };
        let file = File::create(&path).map_err(write)?;
        private(&path).map_err(write)?;
        // A program that this one starts meanwhile (ffmpeg) holds a lock that was just dropped until it is under way.
        for _ in 0..LOCK_TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(WriteLock { _file: file }),
                Err(fs::TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
                Err(fs::TryLockError::Error(source)) => {
                    return Err(CatalogError::Write { path, source });
                }
            }
        }
        Err(CatalogError::Busy { path })
    }
}
