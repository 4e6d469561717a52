//! The arguments of `leakhound extract`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::Limits;

#[derive(Debug, ClapArgs)]
pub(crate) struct Extract {
    /// The item's locator, as the JSONL report has it
    #[arg(value_name = "LOCATOR")]
    pub(crate) locator: String,
    /// File to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Write over a file that is there; never over what is extracted from
    #[arg(long)]
    pub(crate) force: bool,
    /// Those of the scan
    #[command(flatten)]
    pub(crate) limits: Limits,
}
