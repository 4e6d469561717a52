//! Why a session could not do what it was asked for.

use std::io;
use std::path::PathBuf;

use crate::catalog::CatalogError;
use crate::cluster::ClusterError;
use crate::notice::NoticeStoreError;
use crate::report::ReportError;
use crate::results::{ChoiceError, ResultsError};
use crate::review::ReviewError;

/// Why a session could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The folder of the home cannot be made.
    #[error("cannot make the home folder {}; name one that you may write to with --home DIR", path.display())]
    Home {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// A path that was named is not there, or cannot be looked at.
    #[error("{}: {reason}; check the path", path.display())]
    Path {
        /// The path.
        path: PathBuf,
        /// The system's reason.
        reason: io::Error,
    },
    /// What was named as a dump is the home.
    #[error("{} is the home of leakhound, or lies in it; name the dump", path.display())]
    OwnHome {
        /// The path that was named.
        path: PathBuf,
    },
    /// Nothing to search for.
    #[error(
        "the catalogue in {} is empty; add the label's recordings first: leakhound catalog add PATH",
        home.display()
    )]
    EmptyCatalogue {
        /// The home.
        home: PathBuf,
    },
    /// The threshold for matches is above that for suspects.
    #[error(
        "--match-below {match_below:e} is above --suspect-below {suspect_below:e}; a match \
         has to be more certain than a suspect"
    )]
    Thresholds {
        /// False-alarm probability below which a finding may be a match.
        match_below: f64,
        /// False-alarm probability below which a finding is a suspect.
        suspect_below: f64,
    },
    /// There is hardly room on the disk of the home.
    #[error(
        "the disk of {} has only {} bytes left; free some space",
        home.display(), crate::wording::thousands(*free)
    )]
    NoRoom {
        /// The home.
        home: PathBuf,
        /// What is left, in bytes.
        free: u64,
    },
    /// Another process watches with this home.
    #[error(transparent)]
    Lock(#[from] crate::watch::LockError),
    /// The worker threads cannot be started.
    #[error("cannot start the worker threads: {reason}")]
    Threads {
        /// The system's reason.
        reason: String,
    },
    /// Catalogue or index.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// Index: damage that was found while it was searched.
    #[error(transparent)]
    Index(#[from] crate::index::IndexError),
    /// A run that is not there.
    #[error(transparent)]
    Choice(#[from] ChoiceError),
    /// Results.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// A plan, its units or its parts.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// Decisions.
    #[error(transparent)]
    Review(#[from] ReviewError),
    /// Notices.
    #[error(transparent)]
    Notices(#[from] NoticeStoreError),
    /// Reports.
    #[error(transparent)]
    Report(#[from] ReportError),
}

impl SessionError {
    /// Whether the caller asked for what cannot be: a path, a run or thresholds that make no sense. Else something failed.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Path { .. } | Self::OwnHome { .. } | Self::Thresholds { .. } => true,
            Self::Choice(error) => error.is_usage(),
            Self::Results(error) => error.is_usage(),
            Self::Cluster(error) => error.is_usage(),
            Self::Notices(error) => error.is_usage(),
            _ => false,
        }
    }
}
