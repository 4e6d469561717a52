//! The arguments of `leakhound show`.

use clap::Args as ClapArgs;

use super::Limits;

#[derive(Debug, ClapArgs)]
pub(crate) struct Show {
    /// The item's locator, as the JSONL report has it
    #[arg(value_name = "LOCATOR")]
    pub(crate) locator: String,
    /// The record of the newest run that has it, as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Those of the scan
    #[command(flatten)]
    pub(crate) limits: Limits,
}
