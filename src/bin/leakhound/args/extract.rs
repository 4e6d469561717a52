//! The arguments of `leakhound extract`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::Limits;

#[derive(Debug, ClapArgs)]
pub(crate) struct Extract {
    /// Locator of the item, as in the JSONL report
    #[arg(value_name = "LOCATOR")]
    pub(crate) locator: String,
    /// File to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Overwrite an existing file, but never one that the item is extracted from
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) limits: Limits,
}
