//! The arguments of `leakhound scan`.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use clap::builder::{PossibleValue, TypedValueParser};
use leakhound::provenance::WhichContainers;

use super::choice::choice;
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
    #[command(flatten)]
    pub(crate) hashing: Hashing,
    /// What the dump is, as a TOML file: name, version, revision, licence, source, publisher, category, collected,
    /// obtained, summaries; reports show it
    #[arg(long, value_name = "FILE")]
    pub(crate) about: Option<PathBuf>,
}

/// Which containers are hashed: an argument of every command that ends a run.
#[derive(Debug, ClapArgs)]
pub(crate) struct Hashing {
    /// Containers whose SHA-256 goes into the manifest; each is read once more, unless it has not changed since it was
    /// last hashed
    #[arg(long, env = "LEAKHOUND_HASH_CONTAINERS", hide_env = true, value_name = "HASH_CONTAINERS", default_value_t,
          value_parser = containers())]
    pub(crate) hash_containers: WhichContainers,
}

/// The choices of containers to hash.
fn containers() -> impl TypedValueParser<Value = WhichContainers> {
    choice(WhichContainers::ALL, |which| {
        PossibleValue::new(which.as_str()).help(match which {
            WhichContainers::Found => "Containers in which something was found",
            WhichContainers::All => "All containers",
            WhichContainers::None => "No containers",
        })
    })
}
