//! The arguments of `leakhound query`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::Search;

#[derive(Debug, ClapArgs)]
pub(crate) struct Query {
    /// Files
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// One JSON object a line, as in the JSONL report
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) search: Search,
}
