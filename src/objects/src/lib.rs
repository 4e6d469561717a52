//! Objects of an S3 store: listed page by page in the order of a walk through folders, and read by ranges.
//!
//! A store has buckets, a bucket has objects, and an object has a key, which is text. To a reader of this crate, `/` in a key
//! separates folders. The crate asks only the endpoint that its [`Config`] names, follows no redirect, and holds a bounded number
//! of bytes: some pages of the listing, and the blocks of a cache.
//!
//! A request is repeated while the store answers with an error of its own (5xx, `SlowDown`), is cut off, or takes too long. What
//! stays wrong is a [`Fault`]. One that concerns the whole store (credentials, no answer at all) is remembered until
//! [`Store::renew`]: nothing more is asked, and [`Store::lost`] tells it.
//!
//! | file | its one responsibility |
//! |---|---|
//! | `config`, `profile` | endpoint, region and limits, from the usual environment and files |
//! | `credentials` | who asks, and where that comes from |
//! | `sign` | signatures, version 4 |
//! | `escape` | keys in addresses, and back |
//! | `answers` | the XML of listings and errors |
//! | `fault` | what went wrong, with its remedy |
//! | `client` | one request, repeated until it is answered |
//! | `listing` | pages of the listing, and what they tell of single keys |
//! | `walk` | from pages to the order of a walk |
//! | `cache` | blocks of objects in memory |
//! | `reader` | an object read from any position |
//! | `store` | all of it together |

mod answers;
mod cache;
mod client;
mod config;
mod credentials;
mod escape;
mod fault;
mod listing;
mod profile;
mod reader;
mod sign;
mod store;
#[cfg(test)]
mod tests;
mod walk;

pub use client::Traffic;
pub use config::Config;
pub use credentials::{Credentials, Source};
pub use fault::{Fault, Kind};
pub use listing::Object;
pub use reader::Reader;
pub use store::Store;
pub use walk::Walk;
