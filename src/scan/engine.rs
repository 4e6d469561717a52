//! What the record of an item depends on, beside the item.

use super::limits::LIMITS;
use super::{Mode, mode, neutral};
use crate::base::digest;
use crate::catalog::{CatalogError, Rights, Snapshot};
use crate::identify::Identifiers;
use crate::ingest::Ingester;
use crate::matching::verdict::VerdictConfig;
use crate::matching::{self, MatchConfig};
use crate::record::RECORD_VERSION;

/// All that an item's record depends on, beside the item.
#[derive(Debug)]
pub struct Engine {
    /// Decoder and fingerprinter.
    pub ingester: Ingester,
    /// What is searched for.
    pub snapshot: Snapshot,
    /// Its identifiers.
    pub identifiers: Identifiers,
    /// What may be said of what is found.
    pub rights: Rights,
    /// How much of an item is searched, and along which changes.
    pub mode: Mode,
    /// How it is searched in full mode.
    pub matching: MatchConfig,
    /// Where the lines are drawn.
    pub verdict: VerdictConfig,
}

impl Engine {
    /// A text that changes with every setting that may change a record.
    pub fn settings(&self) -> String {
        format!(
            "record {RECORD_VERSION} {} {:?} {:?} {:?} {LIMITS:?} {} {} {} {}",
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

    /// SHA-256 over all of the catalogue that a finding can show: its recordings, those that are known by their
    /// identifiers alone, and rights.
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

    /// The same without any path: equal on all machines that search for the same music, delivered the same.
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
