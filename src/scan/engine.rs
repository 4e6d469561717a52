//! Everything that the record of an item depends on, beside the item.

use super::limits::LIMITS;
use super::same_kit::SAME_KIT;
use super::{Mode, mode, neutral};
use crate::base::digest;
use crate::catalog::{CatalogError, Rights, Snapshot};
use crate::identify::Identifiers;
use crate::ingest::Ingester;
use crate::matching::verdict::VerdictConfig;
use crate::matching::{self, MatchConfig};
use crate::record::RECORD_VERSION;

/// Everything that an item's record depends on, beside the item.
///
/// # Example
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/example.rs"));
/// use std::sync::atomic::AtomicBool;
///
/// use leakhound::matching::LookupScratch;
/// use leakhound::session::Session;
/// use leakhound::source::{Item, Stamp};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = Example::new()?;
/// # let (masters, clip) = (folder.masters()?, folder.dump()?.join("clip.wav"));
/// let session = Session::open(folder.path().join("home"))?;
/// session.add(&[masters])?;
/// let engine = session.engine()?;
/// let item = Item::of_file(clip, Stamp::default());
/// let never = AtomicBool::new(false);
/// // None only if it was cancelled, or the index is damaged.
/// if let Some(record) = engine.examine(&item, &mut LookupScratch::default(), &never) {
///     println!("{}: {} findings", record.verdict.as_str(), record.findings.len());
///     # assert_eq!(record.findings.len(), 1);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Engine {
    /// Decoder and fingerprinter.
    pub ingester: Ingester,
    /// The catalogue: recordings and their index.
    pub snapshot: Snapshot,
    /// The identifiers of the catalogue.
    pub identifiers: Identifiers,
    /// Rights and licences, which decide the standing of findings.
    pub rights: Rights,
    /// How much of an item is searched, and along which warps.
    pub mode: Mode,
    /// The settings of matching in full mode.
    pub matching: MatchConfig,
    /// The thresholds of match and suspect.
    pub verdict: VerdictConfig,
}

impl Engine {
    /// A text that differs whenever a setting differs that may change a record.
    pub fn settings(&self) -> String {
        format!(
            "record {RECORD_VERSION} {} {:?} {:?} {:?} {LIMITS:?} {SAME_KIT:?} {} {} {} {}",
            self.mode,
            self.ingester.fingerprinter().config(),
            self.matching,
            self.verdict,
            matching::settings(),
            neutral::settings(),
            mode::settings(),
            self.ingester.decoder().describe()
        )
    }

    /// SHA-256 of everything in the catalogue that a finding can show: its recordings, including those that are known by
    /// identifiers alone, and the rights.
    ///
    /// # Errors
    ///
    /// If the catalogue cannot be read.
    pub fn catalogue_digest(&self) -> Result<String, CatalogError> {
        let heard = self.snapshot.digest()?;
        let silent = self.identifiers.delivered_digest();
        if silent.is_none() && self.rights.is_empty() {
            return Ok(heard);
        }
        let texts = [&heard, &self.rights.digest(), silent.unwrap_or_default()];
        Ok(digest(texts.join("\n").as_bytes()))
    }

    /// The same digest without any path: equal on all machines whose catalogues have the same recordings and deliveries.
    ///
    /// # Errors
    ///
    /// If the catalogue cannot be read.
    pub fn portable_catalogue_digest(&self) -> Result<String, CatalogError> {
        let (heard, rights) = (self.snapshot.portable_digest()?, self.rights.portable_digest());
        let texts = [&heard, &rights, self.identifiers.delivered_digest().unwrap_or_default()];
        Ok(digest(texts.join("\n").as_bytes()))
    }
}
