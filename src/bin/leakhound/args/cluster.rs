//! The arguments of `leakhound plan`, `work` and `merge`: one dump on many machines.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use leakhound::cluster::UnitSize;

use super::{Limits, Search};

/// Number of units unless one is asked for. A guess: enough for the arrays of most schedulers, and few enough that each is
/// worth starting a process.
const UNITS: u64 = 1_000;

#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Plan {
    #[command(subcommand)]
    pub(crate) command: Option<PlanCommand>,
    /// Files and folders; they have to be at the same path on all machines
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Folder for the plan and, unless another is named, for its parts; one that all machines share
    #[arg(long, value_name = "PLAN", required = true)]
    pub(crate) out: Option<PathBuf>,
    /// About how many units to make [default: 1000]
    #[arg(long, value_name = "N", conflicts_with = "unit_size", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub(crate) units: Option<u64>,
    /// About how large each unit is to be, in MiB
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=16_777_216))]
    pub(crate) unit_size: Option<u64>,
    #[command(flatten)]
    pub(crate) limits: Limits,
    #[command(flatten)]
    pub(crate) search: Search,
}

impl Plan {
    /// How large units are to be.
    pub(crate) fn size(&self) -> UnitSize {
        match self.unit_size {
            Some(mib) => UnitSize::Bytes(mib << 20),
            None => UnitSize::Count(self.units.unwrap_or(UNITS)),
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum PlanCommand {
    /// Show how many units are done, and which are not; exit code 0: all are done, 3: some are not
    Status {
        /// Folder of the plan
        #[arg(value_name = "PLAN")]
        plan: PathBuf,
        /// Folder with parts; several may be named [default: PLAN/parts]
        #[arg(long, value_name = "DIR")]
        parts: Vec<PathBuf>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Work {
    /// Folder of the plan
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,
    /// Units to do, such as 7 or 10-19, counted from 0 [default: the index of the array job, by SLURM_ARRAY_TASK_ID,
    /// AWS_BATCH_JOB_ARRAY_INDEX or JOB_COMPLETION_INDEX]
    #[arg(long, value_name = "N", conflicts_with = "units", value_parser = range)]
    pub(crate) unit: Vec<(u64, u64)>,
    /// Read the numbers of units from standard input, one a line, as 7 or {"unit": 7}; answer each with one line of JSON
    #[arg(long)]
    pub(crate) units: bool,
    /// Units that each index of an array job stands for
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) units_per_index: u64,
    /// Folder for the parts [default: PLAN/parts]
    #[arg(long, value_name = "DIR")]
    pub(crate) parts: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) catalogue: super::CatalogueFile,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Merge {
    /// Folder of the plan
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,
    /// Folder with parts; several may be named, with each unit in one of them [default: PLAN/parts]
    #[arg(long, value_name = "DIR")]
    pub(crate) parts: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) hashing: super::Hashing,
    #[command(flatten)]
    pub(crate) catalogue: super::CatalogueFile,
}

/// A number, or two with a hyphen between.
fn range(text: &str) -> Result<(u64, u64), String> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    match (from.parse(), to.parse()) {
        (Ok(from), Ok(to)) if from <= to => Ok((from, to)),
        _ => Err("name one unit, such as 7, or several, such as 10-19".into()),
    }
}
