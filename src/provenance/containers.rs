//! Hashes containers on disk; unchanged containers keep the hash of an earlier run.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::content::below;
use super::{Container, Gathered};
use crate::bytes::Bytes;
use crate::ingest::sha256;
use crate::results::{ResultStore, ResultsError};
use crate::source::{Stamp, display_path, volumes_of};
use crate::storage;

/// Which containers on disk are hashed when a run ends. Each is read once more, unless it has not changed since it was hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhichContainers {
    /// Containers of items with findings.
    #[default]
    Found,
    /// All containers of items.
    All,
    /// No containers.
    None,
}

impl WhichContainers {
    /// All choices.
    pub const ALL: [Self; 3] = [Self::Found, Self::All, Self::None];

    /// The word that `FromStr` reads.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::All => "all",
            Self::None => "none",
        }
    }
}

crate::base::impl_from_word!(WhichContainers, "choice of containers");

impl std::fmt::Display for WhichContainers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Hashes the containers of a run, with all volumes of split archives. `None` if `stop` was set meanwhile; hashes made so far are
/// stored.
///
/// # Errors
///
/// If the results cannot be read or written.
pub fn hash_containers(
    store: &ResultStore,
    gathered: &Gathered,
    roots: &[String],
    which: WhichContainers,
    stop: &AtomicBool,
) -> Result<Option<Vec<Container>>, ResultsError> {
    let files: Vec<&PathBuf> = match which {
        WhichContainers::Found => gathered.containers_found.iter().collect(),
        WhichContainers::All => gathered.containers.iter().collect(),
        WhichContainers::None => Vec::new(),
    };
    let mut containers = Vec::new();
    for file in files.into_iter().flat_map(|file| volumes_of(file)) {
        let (size_bytes, sha256) = hash(store, &file, stop)?;
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let (_, path) = below(roots, &display_path(&file));
        containers.push(Container { path, size_bytes, sha256 });
    }
    containers.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Some(containers))
}

/// Size and hash of a file. The hash is empty if the file cannot be read, or changes while it is read.
fn hash(
    store: &ResultStore,
    file: &Path,
    stop: &AtomicBool,
) -> Result<(u64, String), ResultsError> {
    let stamp = || storage::metadata(file).map(|metadata| Stamp::of(&metadata));
    let Ok(before) = stamp() else { return Ok((0, String::new())) };
    if let Some(known) = store.file_hash(file, before)? {
        return Ok((before.size_bytes, known));
    }
    let hashed = sha256(&Bytes::File(file.to_path_buf()), stop).unwrap_or_default();
    if hashed.is_empty() || !stamp().is_ok_and(|after| after == before) {
        return Ok((before.size_bytes, String::new()));
    }
    store.keep_file_hash(file, before, &hashed)?;
    Ok((before.size_bytes, hashed))
}
