//! Finds a label's recordings in dumps, by what they sound like.
//!
//! A catalogue holds the fingerprints of the label's own recordings. A scan decodes every file of a dump, also inside
//! of archives and tables, searches for stretches that agree with a recording, as released or with changed speed, tempo
//! or pitch, and keeps one record per item. Reports are written from those records.
//!
//! [`session`] is the front door. The other modules are its parts, for programs that need one of them alone:
//! [`catalog::Catalog`], [`decode::Decoder`], [`signal::fingerprint::Fingerprinter`], [`matching::Matcher`],
//! [`scan::Engine`], [`scan::scan`], [`record::ItemRecord`], [`report::Format`], [`source::Locator`].
//! [`architecture`] tells how they work together.
//!
//! # Example
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/example.rs"));
//! use leakhound::report::Format;
//! use leakhound::scan::Progress;
//! use leakhound::session::Session;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = Example::new()?;
//! # let (masters, dump) = (folder.masters()?, folder.dump()?);
//! let session = Session::open(folder.path().join("home"))?;
//! session.add(&[masters])?;
//! for record in session.query(&dump.join("clip.wav"))? {
//!     println!("{}: {}", record.item.path, record.verdict.as_str());
//! }
//! let end = session.scan(&[dump], &mut |progress: &Progress| eprintln!("{} items", progress.items))?;
//! println!("{} items hold a recording", session.counts(&end.run)?.matched);
//! session.report(None, Format::Csv, &mut std::io::stdout())?;
//! # assert_eq!(session.counts(&end.run)?.matched, 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! * `cli` (default): the packages of the command line.
//! * `torrent` (default): reads `.torrent` files by the system's libtorrent-rasterbar 2.0.

/// How Leakhound is made: its rooms, invariants, formats, and what was tried and left out.
pub mod architecture {
    #![doc = include_str!("ARCHITECTURE.md")]
    #[allow(unused_imports, reason = "the links of the page start at the crate's root")]
    use super::*;
}
// Public for the command line alone, like `wording`: nothing is promised of it.
#[doc(hidden)]
pub mod base;
pub mod bytes;
pub mod catalog;
pub mod cluster;
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
pub mod watch;
#[doc(hidden)]
pub mod wording;
