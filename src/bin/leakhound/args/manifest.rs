//! The arguments of `leakhound manifest`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(crate) struct Manifest {
    /// Number of the run [default: the newest that has ended]
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<i64>,
    /// File to write, or - for standard output
    #[arg(long, value_name = "FILE", required_unless_present = "attach_token")]
    pub(crate) out: Option<PathBuf>,
    /// Store this answer of a timestamp authority (RFC 3161, DER) with the run; it has to stamp the hash of the
    /// manifest
    #[arg(long, value_name = "FILE")]
    pub(crate) attach_token: Option<PathBuf>,
}
