//! Small things that every other room may use, and that name none of them.

mod atomic;
mod digest;
mod losses;
mod panic;
mod private;
mod schema;

pub(crate) use atomic::sync_folder;
pub use atomic::{Access, write_atomically};
pub use digest::{digest, hex};
pub(crate) use losses::Losses;
pub(crate) use panic::panic_message;
pub(crate) use private::owner_only;
pub(crate) use schema::{Found, Schema};
