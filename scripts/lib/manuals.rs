//! Writes the man pages and the completions of the command line, for `scripts/package`:
//!
//! ```text
//! cargo run --example manuals -- FOLDER
//! ```
//!
//! FOLDER gets `man1/leakhound.1`, a page for each command, and `leakhound.bash`, `_leakhound`, `leakhound.fish` and
//! `_leakhound.ps1`. It is a program of its own, so that the one that people run does not contain it.
#![allow(dead_code, unused_imports, reason = "only the definition of the arguments is needed")]
#![allow(clippy::print_stderr, reason = "a program of its own")]

#[path = "../../src/bin/leakhound/args/mod.rs"]
mod args;
#[path = "../../src/bin/leakhound/guide/mod.rs"]
mod guide;

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use clap::CommandFactory as _;
use clap_complete::{Shell, generate_to};

fn main() -> Result<(), Box<dyn Error>> {
    let folder =
        std::env::args_os().nth(1).map(PathBuf::from).ok_or("name the folder to write to")?;
    let man = folder.join("man1");
    fs::create_dir_all(&man)?;
    let mut command = args::Args::command();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell] {
        generate_to(shell, &mut command, "leakhound", &folder)?;
    }
    // A page for each command, too: `leakhound-catalog-add.1`.
    clap_mangen::generate_to(command, &man)?;
    Ok(())
}
