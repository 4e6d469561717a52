//! The command line: arguments in, one command run, one exit code out.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line prints; the library does not"
)]

mod args;
mod commands;
mod exit;
mod fonts;
mod home;
mod out;
mod progress;
mod review_queue;
mod review_server;
mod setup;
mod show;

use clap::Parser as _;

fn main() -> std::process::ExitCode {
    quiet_workers();
    let args = args::Args::parse();
    exit::report(commands::run(&args))
}

/// A panic in a worker becomes the failure of its item; it does not also print to the terminal.
fn quiet_workers() {
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() != Some(leakhound::scan::WORKER_NAME) {
            loud(panic);
        }
    }));
}
