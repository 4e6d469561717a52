//! The arguments of `leakhound show`.

use clap::Args as ClapArgs;

use super::Limits;

#[derive(Debug, ClapArgs)]
pub(crate) struct Show {
    /// Locator of the item, as in the JSONL report
    #[arg(value_name = "LOCATOR")]
    pub(crate) locator: String,
    /// Print the record of the newest run that has the item, as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) limits: Limits,
}
