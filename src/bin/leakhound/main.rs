//! The command line: parses the arguments, runs one command, ends with its exit code.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the command line prints; the library does not"
)]

mod about;
mod args;
mod commands;
mod config;
mod exit;
mod fonts;
mod guide;
mod home;
mod out;
mod progress;
mod review_server;
mod setup;
mod show;

fn main() -> std::process::ExitCode {
    silence_workers();
    let loaded = match config::load(std::env::args_os()) {
        Ok(loaded) => loaded,
        Err(config::Refused::Arguments { error, from }) => {
            return exit::report_arguments(&error, from.as_deref());
        }
        Err(config::Refused::Settings(error)) => return exit::report(Err(error)),
    };
    if let Ok(program) = std::env::current_exe() {
        leakhound::source::set_unpacker(program, &[args::UNPACK_RAR]);
    }
    exit::report(commands::run(&loaded))
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
