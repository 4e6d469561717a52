//! The arguments of `leakhound recheck`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::{CatalogueFile, Limits};

#[derive(Debug, ClapArgs)]
pub(crate) struct Recheck {
    /// Id of the finding, or its first characters: f- and hexadecimal digits, as in the reports
    #[arg(value_name = "FINDING")]
    pub(crate) finding: String,
    /// Where the dump is now: the file or folder that was scanned, or one that contains the item
    #[arg(long, value_name = "PATH")]
    pub(crate) dump: PathBuf,
    /// Run of the finding [default: the newest that has it]
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<i64>,
    #[command(flatten)]
    pub(crate) limits: Limits,
    #[command(flatten)]
    pub(crate) catalogue: CatalogueFile,
}
