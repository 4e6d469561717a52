//! Small things that every other room may use, and that name none of them.

mod digest;
mod losses;
mod panic;
mod settings;

pub use digest::{digest, hex};
pub(crate) use losses::Losses;
pub(crate) use panic::panic_message;
pub(crate) use settings::settings;
