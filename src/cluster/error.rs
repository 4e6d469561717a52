//! Why a plan cannot be made, done or merged.

use std::io;
use std::path::PathBuf;

use super::refused::Refused;
use crate::catalog::CatalogError;
use crate::storage::StoreFault;

/// Why a plan cannot be made, done or merged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}; is it there and yours?", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {source}; is the disk full, or may you not write there?", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// There is no plan.
    #[error("there is no plan in {}; make one: leakhound plan DUMP --out {}", path.display(), path.display())]
    NoPlan {
        /// The folder.
        path: PathBuf,
    },
    /// A newer program wrote the plan.
    #[error("the plan {} has version {found}, and this program reads version {known}; use the program that made it", path.display())]
    Version {
        /// The plan.
        path: PathBuf,
        /// Its version.
        found: u64,
        /// The version that this program reads.
        known: u32,
    },
    /// The plan was changed or is not whole.
    #[error("the plan {} is damaged: {what}; copy it again, or plan again into another folder", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// A folder that is written to lies in the dump.
    #[error("{} lies in the dump, which would change as it is scanned; name a folder outside of it", path.display())]
    Inside {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds another plan.
    #[error(
        "{} holds another plan ({found}; this one is {new}): the dump, the catalogue, the settings or the day differ; \
         name another folder",
        path.display()
    )]
    Other {
        /// The folder.
        path: PathBuf,
        /// The digest of the plan in it.
        found: String,
        /// The digest of the new plan.
        new: String,
    },
    /// A number without a unit.
    #[error("there is no unit {unit}: the plan has {units} units, numbered from 0")]
    NoUnit {
        /// The number.
        unit: u64,
        /// Number of units.
        units: u64,
    },
    /// This machine would not make the records that the plan promises.
    #[error(
        "this machine differs from the one that planned in: {what}; use the same program, the same catalogue (catalog pack) \
         and the same ffmpeg"
    )]
    Differs {
        /// What differs, with both values.
        what: String,
    },
    /// A root of the dump is not there.
    #[error("{}: {reason}; the dump has to be at the same path as on the machine that planned", path.display())]
    Root {
        /// The root.
        path: PathBuf,
        /// The system's reason.
        reason: io::Error,
    },
    /// A container that is read in sections is not what it was.
    #[error("{} was changed since it was planned, and its sections would not fit together; plan again", path.display())]
    Changed {
        /// The container.
        path: PathBuf,
    },
    /// The walk of a unit ended before its end.
    #[error(
        "unit {unit} was not walked to its end; do it again, and please report it with the files if it stays so"
    )]
    Unfinished {
        /// The unit.
        unit: u64,
    },
    /// A part holds a record that its unit does not have.
    #[error("part {} holds a record of another unit ({item}); remove it with its mark and do unit {unit} again", part.display())]
    ForeignItem {
        /// The part.
        part: PathBuf,
        /// The unit.
        unit: u64,
        /// The item.
        item: String,
    },
    /// The rows of a part cannot be sorted in the temporary folder.
    #[error(
        "cannot sort the records of unit {unit} in the temporary folder: {source}; is its disk full? TMPDIR names another"
    )]
    Sort {
        /// The unit.
        unit: u64,
        /// The database's reason.
        source: rusqlite::Error,
    },
    /// The store of objects that the dump is in.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// Parts that cannot be merged.
    #[error(transparent)]
    Refused(#[from] Box<Refused>),
    /// Catalogue or index.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

impl ClusterError {
    /// Whether the caller asked for what cannot be. Else something failed.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::NoPlan { .. } | Self::NoUnit { .. } | Self::Other { .. } | Self::Inside { .. }
        )
    }
}
