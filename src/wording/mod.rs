//! Numbers, dates and findings in words, for the terminal and the reports alike.
//!
//! All of it is plain text without markup: a writer still escapes it for its own format. [`visible`] makes untrusted text
//! safe to display.

mod calendar;
mod findings;
mod notices;
mod numbers;
mod plural;
mod records;

pub use calendar::{day, moment, timestamp};
pub use findings::{agreement, called, claim, claims, named, warp};
pub(crate) use numbers::covered;
pub use numbers::{chance, clock, length, share};
pub use plural::{counted, plural};

pub use crate::base::{shorten, thousands, visible};
