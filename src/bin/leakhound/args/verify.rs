//! The arguments of `leakhound verify`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(crate) struct Verify {
    /// Number of the run [default: the newest that has ended]
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<i64>,
    /// Manifest that was written earlier, to be compared byte for byte
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
    /// Print one JSON object per check and line
    #[arg(long)]
    pub(crate) json: bool,
}
