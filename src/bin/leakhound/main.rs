//! The command line: parses the arguments, runs one command, ends with its exit code.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the command line prints; the library does not"
)]

mod about;
mod args;
mod commands;
mod exit;
mod fonts;
mod guide;
mod home;
mod out;
mod progress;
mod review_server;
mod setup;
mod show;

use clap::Parser as _;

fn main() -> std::process::ExitCode {
    silence_workers();
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => return exit::report_arguments(&error),
    };
    if let Ok(program) = std::env::current_exe() {
        leakhound::source::set_unpacker(program, &[args::UNPACK_RAR]);
    }
    let exit = commands::run(&args).and_then(|exit| {
        // What was read of a store since it was lost is not all there is.
        leakhound::storage::lost().map_or(Ok(exit), |fault| Err(fault.into()))
    });
    exit::report(exit)
}

/// Keeps panics of workers off the terminal: the scan turns each into the failure of its item.
fn silence_workers() {
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() != Some(leakhound::scan::WORKER_NAME) {
            loud(panic);
        }
    }));
}
