//! The arguments of `leakhound query`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::Search;

#[derive(Debug, ClapArgs)]
pub(crate) struct Query {
    /// Files and folders
    #[arg(required = true, value_name = "PATH")]
    pub(crate) files: Vec<PathBuf>,
    /// Print one JSON object per line, as in the JSONL report
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) search: Search,
}
