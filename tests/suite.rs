//! The program from outside: sounds are made in the test, the binary runs in a folder of its own,
//! and what it prints, writes and returns is compared with what its help and its reports promise.
//!
//! How well it finds is measured elsewhere; here it is only whether it does what it says.
#![allow(clippy::unwrap_used, reason = "a test, and what helps it, fails by panicking")]

mod across;
mod archives;
mod arrow;
mod bad_input;
mod catalog;
mod columns;
mod common;
mod crash;
mod embedded_sound;
mod evidence;
mod first_run;
mod fuzz;
mod hostile;
mod identifiers;
mod imports;
mod lint;
mod machines;
mod maintenance;
mod mixes;
mod neighbours;
mod neutral;
mod nightly;
mod notices;
mod one_dump;
mod probe;
mod prune;
mod readme;
mod report;
mod resume;
mod review;
mod review_page;
mod scan;
mod scan_library;
mod schema;
mod segments;
mod session;
mod settings;
mod tables;
mod torrents;
mod watch;
mod written;
