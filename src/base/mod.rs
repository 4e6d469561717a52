//! Helpers without dependencies inside the crate: every module may use them, and they use no other module.

mod atomic;
mod digest;
mod escape;
mod files;
mod losses;
mod panic;
mod private;
mod room;
mod schema;
mod settings;
mod thousands;
mod word;

pub(crate) use atomic::sync_folder;
pub use atomic::{Access, write_atomically};
pub use digest::{digest, hex};
pub use escape::{shorten, visible};
pub(crate) use files::{open_file, plain_file};
pub(crate) use losses::Losses;
pub(crate) use panic::panic_message;
pub(crate) use private::owner_only;
pub use room::free_bytes;
pub(crate) use schema::{Found, OpenError, Schema};
pub(crate) use settings::settings;
pub use thousands::thousands;
pub use word::UnknownWord;
pub(crate) use word::{impl_from_word, parse_word};
