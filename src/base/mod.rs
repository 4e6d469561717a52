//! Helpers without dependencies inside the crate: every module may use them, and they use no other module.

mod digest;
mod escape;
mod losses;
mod panic;
mod thousands;

pub use digest::{digest, hex};
pub use escape::{shorten, visible};
pub(crate) use losses::Losses;
pub(crate) use panic::panic_message;
pub use thousands::thousands;
