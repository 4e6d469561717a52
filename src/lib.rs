//! Leakhound finds a label's recordings in dumps and data sets.
#![deny(unsafe_code)]

pub mod decode;
pub mod record;
pub mod report;
pub mod text;
pub mod units;
