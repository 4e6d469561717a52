//! The arguments of `leakhound prune`.

use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(crate) struct Prune {
    /// Runs to prune, also if they have open findings [default: all old ones without]
    #[arg(value_name = "RUN")]
    pub(crate) runs: Vec<i64>,
    /// Newest complete runs over the same paths that are kept
    #[arg(long, value_name = "N", default_value = "3", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) keep: u16,
    /// Prune runs that are older than this
    #[arg(long, value_name = "DAYS", default_value = "30", value_parser = clap::value_parser!(u32).range(0..=36_500))]
    pub(crate) older_than: u32,
    /// Delete what is listed without this
    #[arg(long)]
    pub(crate) yes: bool,
    /// Print one JSON object per run and line
    #[arg(long)]
    pub(crate) json: bool,
}
