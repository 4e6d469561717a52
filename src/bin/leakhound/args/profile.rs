//! The profile of the settings files: an option of every command.

use clap::Args as ClapArgs;

#[derive(Debug, Clone, ClapArgs)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Profile {
    /// Take the settings of this profile of the settings files, such as nightly for [profile.nightly]
    #[arg(long, global = true, env = "LEAKHOUND_PROFILE", hide_env = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
}
