//! The arguments of `leakhound scan`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use super::{Limits, Search};

#[derive(Debug, ClapArgs)]
pub(crate) struct Scan {
    /// Files and folders
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) limits: Limits,
    #[command(flatten)]
    pub(crate) search: Search,
    /// Containers whose SHA-256 goes into the manifest; each is read once more, unless it has not changed since
    #[arg(long, value_enum, default_value_t = HashContainers::Found)]
    pub(crate) hash_containers: HashContainers,
}

/// Which containers on disk are hashed for the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HashContainers {
    /// Those in which something was found
    Found,
    /// All
    All,
    /// None
    None,
}
