//! One watch a home, and one process that tells what happened.
//!
//! The file of a lock stays where it is: if it were deleted, two processes could hold locks on two files of one name.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

/// Longest number of a process that is read from a lock file, in bytes.
const MAX_NUMBER_BYTES: u64 = 20;

/// What a lock is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// To watch.
    Watch,
    /// To tell what happened.
    Tell,
}

impl Role {
    fn file(self) -> &'static str {
        match self {
            Self::Watch => "watch.lock",
            Self::Tell => "tell.lock",
        }
    }
}

/// Why a lock was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another process has it.
    #[error(
        "another leakhound{process} watches with the home {}; end it, or name another home with --home DIR",
        home.display()
    )]
    Taken {
        /// The home.
        home: PathBuf,
        /// ` (process 123)`, if it is known.
        process: String,
    },
    /// Its file cannot be made or locked.
    #[error("cannot lock {}: is the disk full, or may you not write there?", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
}

/// A lock on a home. The system releases it however the process ends.
#[derive(Debug)]
pub struct HomeLock {
    _file: File,
}

impl HomeLock {
    /// Takes the lock.
    ///
    /// # Errors
    ///
    /// [`LockError::Taken`] if another process has it, or an error of its file.
    pub fn take(home: &Path, role: Role) -> Result<Self, LockError> {
        let path = home.join(role.file());
        let failed = |source| LockError::File { path: path.clone(), source };
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let process = process_in(&mut file);
                return Err(LockError::Taken { home: home.to_path_buf(), process });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        // The number is for people alone: without room for it the lock is as good.
        let number = std::process::id().to_string();
        let _ = file.set_len(0).and_then(|()| file.write_all(number.as_bytes()));
        Ok(Self { _file: file })
    }
}

/// The number of the process that wrote itself into a lock file.
fn process_in(file: &mut File) -> String {
    let mut text = String::new();
    let _ = file.rewind();
    let read = file.take(MAX_NUMBER_BYTES).read_to_string(&mut text);
    match read.ok().and_then(|_| text.trim().parse::<u32>().ok()) {
        Some(number) => format!(" (process {number})"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_watched_by_one_process_and_its_number_is_told() {
        let home = tempfile::tempdir().unwrap();
        let lock = HomeLock::take(home.path(), Role::Watch).unwrap();
        let told = HomeLock::take(home.path(), Role::Watch).unwrap_err().to_string();
        assert!(told.contains(&format!("(process {})", std::process::id())), "{told}");
        HomeLock::take(home.path(), Role::Tell).unwrap();
        drop(lock);
        HomeLock::take(home.path(), Role::Watch).unwrap();
    }
}
