#![doc = include_str!("ARCHITECTURE.md")]

pub mod base;
pub mod bytes;
pub mod catalog;
pub mod decode;
#[cfg(test)]
#[path = "../tests/common/dice.rs"]
mod dice;
pub mod export;
pub mod identifier;
pub mod identify;
pub mod import;
pub mod index;
pub mod ingest;
pub mod inspect;
pub mod lint;
pub mod matching;
pub mod notice;
pub mod provenance;
pub mod record;
pub mod report;
pub mod results;
pub mod review;
pub mod scan;
pub mod session;
pub mod signal;
pub mod sniff;
pub mod source;
pub mod wording;
