//! Limits on containers: arguments of every command that opens them.

use clap::Args as ClapArgs;

/// Limits on containers. An item beyond a limit gets a record that names the limit.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Limits on containers")]
pub(crate) struct Limits {
    /// How deep containers may be nested
    #[arg(long = "max-depth", env = "LEAKHOUND_MAX_DEPTH", hide_env = true, value_name = "N", default_value = "8", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) depth: u16,
    /// Memory for one compressed item, in MiB
    #[arg(long = "max-item", env = "LEAKHOUND_MAX_ITEM", hide_env = true, value_name = "MIB", default_value = "256", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub(crate) item: u32,
    /// A file may unpack to this many times its size, plus 1 GiB
    #[arg(long = "max-ratio", env = "LEAKHOUND_MAX_RATIO", hide_env = true, value_name = "N", default_value = "100", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) ratio: u32,
    /// Most members of one file
    #[arg(long = "max-members", env = "LEAKHOUND_MAX_MEMBERS", hide_env = true, value_name = "N", default_value = "200000000", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) members: u64,
    /// Memory for one page of a Parquet table or one batch of an Arrow table, in MiB; a compressed page takes twice as
    /// much
    #[arg(long = "max-page", env = "LEAKHOUND_MAX_PAGE", hide_env = true, value_name = "MIB", default_value = "512", value_parser = clap::value_parser!(u32).range(1..=2_048))]
    pub(crate) page: u32,
}

impl From<&Limits> for leakhound::source::ScanLimits {
    fn from(limits: &Limits) -> Self {
        Self {
            max_depth: usize::from(limits.depth),
            max_item_bytes: u64::from(limits.item) << 20,
            max_ratio: u64::from(limits.ratio),
            max_members: limits.members,
            max_page_bytes: u64::from(limits.page) << 20,
            ..Self::default()
        }
    }
}
