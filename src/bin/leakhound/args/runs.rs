//! The arguments of `leakhound runs`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(crate) struct Runs {
    /// Number of a run [default: all runs]
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<i64>,
    /// Say what the dump of the run is, as a TOML file, like scan --about; it holds for later runs over the same paths
    #[arg(long, value_name = "FILE", requires = "run")]
    pub(crate) about: Option<PathBuf>,
    /// Print one JSON object per line
    #[arg(long)]
    pub(crate) json: bool,
}
