//! The commands, one file per verb.

mod catalog;
mod cluster;
mod delivery;
mod entries;
mod guide;
mod inspect;
mod lint;
pub(crate) mod log;
mod maintenance;
mod manifest;
mod mask;
mod notice;
mod notice_check;
mod notice_life;
mod query;
mod recheck;
mod report;
mod report_across;
mod review;
mod runs;
mod scan;
mod show_extract;
mod verify;

use crate::args::{Args, Command};
use crate::exit::Exit;

/// Runs the command that the arguments name.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    match &args.command {
        Command::Catalog(command) => catalog::run(&args.global, command),
        Command::Scan(command) => scan::run(&args.global, command),
        Command::Plan(command) => cluster::plan(&args.global, command),
        Command::Work(command) => cluster::work(&args.global, command),
        Command::Merge(command) => cluster::merge(&args.global, command),
        Command::Query(command) => query::run(&args.global, command),
        Command::Show(command) => show_extract::show(&args.global, command),
        Command::Extract(command) => show_extract::extract(&args.global, command),
        Command::Inspect(command) => inspect::run(&args.global, command),
        Command::Report(command) => report::run(&args.global, command),
        Command::Review(command) => review::run(&args.global, command),
        Command::Notice(command) => notice::run(&args.global, command),
        Command::Manifest(command) => manifest::run(&args.global, command),
        Command::Verify(command) => verify::run(&args.global, command),
        Command::Recheck(command) => recheck::run(&args.global, command),
        Command::Runs(command) => runs::run(&args.global, command),
        Command::Guide(command) => guide::run(command),
        Command::UnpackRar => {
            leakhound::source::unpack_rar(std::io::stdin().lock(), std::io::stdout().lock(), true)?;
            Ok(Exit::Clear)
        }
    }
}
