//! Why a segment or a manifest cannot be used.

use std::path::PathBuf;

use super::VERSION;

/// Why a segment or a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// The file is missing or cannot be read.
    #[error("cannot read the index segment {}: restore it from a copy, or add its recordings again in a new --home", path.display())]
    Read {
        /// The segment.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The file is no segment, or its bytes were changed.
    #[error("the index segment {} is damaged ({what}): restore it from a copy, or add its recordings again in a new --home", path.display())]
    Damaged {
        /// The segment.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A newer program wrote it.
    #[error("the index segment {} has format {found}, this program reads {VERSION}: use a newer leakhound", path.display())]
    Newer {
        /// The segment.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// An older program wrote it.
    #[error("the index segment {} has format {found}, this program reads {VERSION}: add the recordings again in a new --home", path.display())]
    Older {
        /// The segment.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// The segment was made with another fingerprint configuration.
    #[error("the index segment {} was made with fingerprint settings {found:08x}, this program uses {expected:08x}: add the recordings again in a new --home", path.display())]
    Config {
        /// The segment.
        path: PathBuf,
        /// Its digest.
        found: u32,
        /// The program's digest.
        expected: u32,
    },
}
