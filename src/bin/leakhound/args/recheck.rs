//! The arguments of `leakhound recheck`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::Limits;

#[derive(Debug, ClapArgs)]
pub(crate) struct Recheck {
    /// Id of the finding, or its start: `f-` and hexadecimal digits, as reports have it
    #[arg(value_name = "FINDING")]
    pub(crate) finding: String,
    /// Where the dump is now: the same file or folder that was scanned, or one that holds the item
    #[arg(long, value_name = "PATH")]
    pub(crate) dump: PathBuf,
    /// The run whose finding it is [default: the newest that has it]
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<i64>,
    #[command(flatten)]
    pub(crate) limits: Limits,
}
