//! Numbers, dates and findings in words, for the terminal and the reports alike.
//!
//! It writes plain text and knows no markup: a writer still escapes for its own format. Text that comes from strangers is
//! made safe to look at by [`visible`].

mod calendar;
mod findings;
mod numbers;
mod records;

pub use calendar::{day, moment, timestamp};
pub use findings::{agreement, called, claim, claims, named, warp};
pub(crate) use numbers::covered;
pub use numbers::{chance, clock, length, share};

pub use crate::base::{shorten, thousands, visible};
