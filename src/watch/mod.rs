//! What a watch of folders needs beside a scan: which files are finished, and who is told what was found.
//!
//! A look lists the folders and tells which files have come to rest ([`Looker`]). The scan that follows leaves the others alone, each
//! with a row. What was found is told by a process of its own ([`Teller`]): it is not killed with the scan, so it can say of each
//! event whether it was told.
//!
//! | file | what it does |
//! |---|---|
//! | `names` | how clients name what they have not finished |
//! | `rest` | whether a file has come to rest, by its name and its times |
//! | `look` | one look at all files |
//! | `lock` | one watch, and one teller, a home |
//! | `passing` | which failures pass by themselves |
//! | `command` | runs a command for an event, within a time |
//! | `teller` | tells the events of a home |

mod command;
mod lock;
mod look;
mod names;
mod passing;
mod rest;
mod teller;

pub use command::{Command, CommandError};
pub use lock::{HomeLock, LockError, Role};
pub use look::{Looked, Looker, Moment};
pub use passing::is_passing;
pub use rest::Patience;

pub use teller::{Channels, TellError, Teller, Told};
