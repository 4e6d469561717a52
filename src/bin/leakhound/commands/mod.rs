//! The commands, one file a verb.

mod catalog;
mod delivery;
mod entries;
mod inspect;
mod lint;
mod log;
mod manifest;
mod place;
mod query;
mod recheck;
mod report;
mod runs;
mod scan;
mod upkeep;
mod verify;

use crate::args::{Args, Command};
use crate::exit::Exit;

/// Runs the command that the arguments name.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    match &args.command {
        Command::Catalog(command) => catalog::run(&args.global, command),
        Command::Scan(command) => scan::run(&args.global, command),
        Command::Query(command) => query::run(&args.global, command),
        Command::Show { locator, json } => place::show(&args.global, locator, *json),
        Command::Extract { locator, out } => place::extract(&args.global, locator, out),
        Command::Inspect { paths, limits } => inspect::run(&args.global, paths, limits),
        Command::Report(command) => report::run(&args.global, command),
        Command::Manifest(command) => manifest::run(&args.global, command),
        Command::Verify { run, manifest } => verify::run(&args.global, *run, manifest.as_deref()),
        Command::Recheck(command) => recheck::run(&args.global, command),
        Command::Runs => runs::run(&args.global),
    }
}
