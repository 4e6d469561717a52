//! The arguments of `leakhound config`: all that can be set, so that options show as what they are.

use clap::Args as ClapArgs;

use super::{Hashing, Limits, Search, Watching};

#[derive(Debug, ClapArgs)]
pub(crate) struct Config {
    /// Print one JSON object per setting and line
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) search: Search,
    #[command(flatten)]
    pub(crate) hashing: Hashing,
    #[command(flatten)]
    pub(crate) watching: Watching,
    #[command(flatten)]
    pub(crate) limits: Limits,
}
