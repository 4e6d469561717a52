//! The commands, one file per verb.

mod catalog;
mod cluster;
mod config;
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
mod prune;
mod query;
mod recheck;
mod report;
mod report_across;
mod review;
mod runs;
mod scan;
mod show_extract;
mod verify;
mod watch;

use crate::args::Command;
use crate::config::Loaded;
use crate::exit::Exit;

/// Runs the command that the arguments name.
pub(crate) fn run(loaded: &Loaded) -> anyhow::Result<Exit> {
    let args = &loaded.args;
    match &args.command {
        Command::Catalog(command) => catalog::run(&args.global, command),
        Command::Scan(command) => scan::run(&args.global, command),
        Command::Watch(command) => watch::run(&args.global, command),
        Command::Tell(command) => watch::tell(&args.global, command),
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
        Command::Prune(command) => prune::run(&args.global, command),
        Command::Config(command) => config::run(loaded, command),
        Command::Guide(command) => guide::run(command),
        Command::UnpackRar => {
            leakhound::source::unpack_rar(std::io::stdin().lock(), std::io::stdout().lock(), true)?;
            Ok(Exit::Clear)
        }
    }
}
