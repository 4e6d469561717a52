//! The lock that keeps other writers out of the catalogue.

use std::fs::{self, File};

use super::{Catalog, CatalogError};
use crate::base::owner_only;

/// The right to change the catalogue, until it is dropped.
#[derive(Debug)]
pub(super) struct WriteLock {
    _file: File,
}

/// Attempts to take the lock before the catalogue is reported as busy: a quarter of a second in all. A guess.
const LOCK_TRIES: u32 = 10;
/// Pause between two attempts.
const LOCK_PAUSE: std::time::Duration = std::time::Duration::from_millis(25);

impl Catalog {
    /// Takes the lock, or fails if another program holds it.
    pub(super) fn lock(&self) -> Result<WriteLock, CatalogError> {
        let path = self.folder.join("write.lock");
        let write = |source| CatalogError::Write { path: path.clone(), source };
        let file = File::create(&path).map_err(write)?;
        owner_only(&path).map_err(write)?;
        // A child that is being started (ffmpeg) inherits the lock file, and holds a lock that was just dropped until it runs its
        // own program.
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
