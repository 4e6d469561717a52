//! The arguments of `leakhound watch`, and of the command by which it tells what was found.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::{Hashing, Limits, Search};

#[derive(Debug, ClapArgs)]
pub(crate) struct Watch {
    /// Files and folders
    #[arg(required = true, value_name = "FOLDER")]
    pub(crate) paths: Vec<PathBuf>,
    /// Scan once what is finished, tell what is new, and end; exit code 0: nothing new, 1: something new, 3: nothing new,
    /// but some items could not be read
    #[arg(long)]
    pub(crate) once: bool,
    /// Print what happens as one JSON object per line
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) watching: Watching,
    #[command(flatten)]
    pub(crate) search: Search,
    #[command(flatten)]
    pub(crate) hashing: Hashing,
    #[command(flatten)]
    pub(crate) limits: Limits,
}

/// When files are finished, and who is told what was found.
#[derive(Debug, ClapArgs)]
pub(crate) struct Watching {
    /// Command that is run for each new finding, with one line of JSON on its standard input; no shell is started
    #[arg(long, env = "LEAKHOUND_ON_FINDING", hide_env = true, value_name = "CMD")]
    pub(crate) on_finding: Option<String>,
    /// Longest time for that command; then it is ended, and run again later
    #[arg(long, env = "LEAKHOUND_COMMAND_TIMEOUT", hide_env = true, value_name = "SECONDS", default_value = "60",
          value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub(crate) command_timeout: u32,
    /// A file is finished once its size and times have been the same for so long
    #[arg(long, env = "LEAKHOUND_SETTLE", hide_env = true, value_name = "SECONDS", default_value = "60",
          value_parser = clap::value_parser!(u32).range(0..=86_400))]
    pub(crate) settle: u32,
    /// What a client calls unfinished, or whose torrent lacks pieces, is scanned as it is after so long without a change
    #[arg(long, env = "LEAKHOUND_STALLED", hide_env = true, value_name = "HOURS", default_value = "24",
          value_parser = clap::value_parser!(u32).range(1..=8_760))]
    pub(crate) stalled: u32,
    /// Time between two looks at the folders
    #[arg(long, env = "LEAKHOUND_POLL", hide_env = true, value_name = "SECONDS", default_value = "30",
          value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) poll: u32,
    /// While more files arrive, a scan waits for them for so long at most
    #[arg(long, env = "LEAKHOUND_GATHER", hide_env = true, value_name = "MINUTES", default_value = "10",
          value_parser = clap::value_parser!(u32).range(0..=1_440))]
    pub(crate) gather: u32,
}

/// What the process is told that tells what was found.
#[derive(Debug, ClapArgs)]
pub(crate) struct Tell {
    /// Print events as text
    #[arg(long, conflicts_with = "json")]
    pub(crate) text: bool,
    /// Print events as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// The watch ends by itself
    #[arg(long)]
    pub(crate) once: bool,
    /// Command for findings
    #[arg(long, value_name = "CMD")]
    pub(crate) on_finding: Option<String>,
    /// Longest time for it
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    pub(crate) command_timeout: u32,
}
