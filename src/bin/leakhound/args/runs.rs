//! The arguments of `leakhound runs`.

use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(crate) struct Runs {
    /// Print one JSON object per line
    #[arg(long)]
    pub(crate) json: bool,
}
