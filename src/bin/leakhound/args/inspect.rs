//! The arguments of `leakhound inspect`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::Limits;

#[derive(Debug, ClapArgs)]
pub(crate) struct Inspect {
    /// Files and folders
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Hash all sound and compare it with the label's files; without it only what has the size of one, where it lies
    /// unpacked
    #[arg(long)]
    pub(crate) hash: bool,
    #[command(flatten)]
    pub(crate) limits: Limits,
}
