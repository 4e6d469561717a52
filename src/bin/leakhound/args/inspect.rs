//! The arguments of `leakhound inspect`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::{CatalogueFile, Limits};

#[derive(Debug, ClapArgs)]
pub(crate) struct Inspect {
    /// Files and folders
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Hash all audio and compare it with the label's files; without this, only unpacked files with the size of one of
    /// the label's are hashed
    #[arg(long)]
    pub(crate) hash: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) limits: Limits,
    #[command(flatten)]
    pub(crate) catalogue: CatalogueFile,
}
