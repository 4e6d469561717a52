//! Evidence that a run took place as recorded: its manifest, and checks that manifest, records and bytes still agree.
//!
//! A manifest is one line of JSON and a line feed. Its digest is the SHA-256 of these bytes, so that `sha256sum manifest.json`
//! prints it and a timestamp authority can stamp the file. It has three keys:
//!
//! | key | contains | is equal |
//! |---|---|---|
//! | `content` | tool, decoders, settings, digests of catalogue and items, counts, containers, torrents | on any machine, at any number of threads, wherever the dump, the masters and the home lie |
//! | `content_digest` | SHA-256 of `content` as compact JSON, keys in the order they have here | likewise |
//! | `run` | number, operator, begin and end, paths, program, index, digest of the records, the manifest before | never |
//!
//! So two runs that should be the same are compared by `content_digest`. `content` has no times, and no paths except those relative
//! to the roots (`0/a/b.ogg` is below the first root). [`Content::items`] covers what was found in each item, without wording: names
//! of the label's files, notes and messages are only covered by [`RunFacts::records_digest`].
//!
//! Each manifest contains the digest of the manifest before it in the same home folder. A person who can write to the folder can also
//! forge a whole chain: it becomes evidence when somebody else, such as a timestamp authority, holds a digest.

mod containers;
mod content;
mod recheck;
mod seal;
mod token;
mod verify;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use containers::{WhichContainers, hash_containers};
pub use content::{Gather, Gathered};
pub use recheck::{Located, Recheck, candidates, changed_since, locate, recheck};
pub use seal::{Asked, Facts, gather, seal};
pub use token::{Stamped, TokenError, read_token};
pub use verify::{Check, verify};

use crate::base::digest;
use crate::record::json;

/// Version of the manifest format: raised when the meaning of a key changes.
pub const MANIFEST_VERSION: u32 = 1;

/// The manifest of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The part that is equal for equal scans on any machine.
    pub content: Content,
    /// SHA-256 of `content`.
    pub content_digest: String,
    /// The part that is specific to this run.
    pub run: RunFacts,
}

/// The part of a manifest that is equal wherever the same dump is scanned against the same catalogue with the same program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// [`MANIFEST_VERSION`].
    pub manifest_version: u32,
    /// Name and version of the program.
    pub tool: String,
    /// Names and versions of the decoders.
    pub decoders: String,
    /// Settings of the search.
    pub settings: Settings,
    /// The catalogue searched for.
    pub catalogue: Catalogue,
    /// The items that were scanned.
    pub items: Items,
    /// Counts of the results.
    pub counts: Tallied,
    /// Number of items that could not be compared, by kind of failure; including items that are not audio.
    pub failures: BTreeMap<String, u64>,
    /// Containers on disk that were hashed, sorted by path.
    pub containers: Vec<Container>,
    /// Torrents that contain items, sorted by info-hash.
    pub torrents: Vec<Torrent>,
}

/// The settings that may change a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Name of the mode.
    pub mode: String,
    /// False-alarm probability below which a finding is a match, such as `1e-6`.
    pub match_below: String,
    /// False-alarm probability below which a finding is a suspect.
    pub suspect_below: String,
    /// Territory where the items are offered, two letters; empty if not known.
    pub territory: String,
    /// Limits on containers, as the program prints them.
    pub limits: String,
    /// All settings of decoder, fingerprint and matcher, as the program prints them.
    pub engine: String,
    /// SHA-256 of `engine`, a blank, and `limits`.
    pub digest: String,
}

/// The catalogue searched for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Number of recordings with a fingerprint.
    pub recordings: u64,
    /// SHA-256 over recordings, fingerprints, the label's data and rights, without paths.
    pub digest: String,
    /// Digest of the settings of its fingerprints.
    pub fingerprint_digest: String,
}

/// All items together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Items {
    /// Number of items.
    pub count: u64,
    /// SHA-256 over what was found in each item, in the order of their paths. The JSONL report lists the items.
    pub digest: String,
}

/// Counts of the items by result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tallied {
    /// Items that have a record.
    pub seen: u64,
    /// Items whose sound was decoded and compared.
    pub decoded: u64,
    /// Items with a match.
    pub matched: u64,
    /// Items with a suspect and no match.
    pub suspect: u64,
    /// Items with permitted findings only.
    pub permitted: u64,
    /// Items without findings.
    pub clear: u64,
    /// Items that are not audio and were skipped.
    pub skipped: u64,
    /// Items that could not be read.
    pub failed: u64,
    /// Findings.
    pub findings: u64,
    /// Size of all items together, in bytes.
    pub bytes: u64,
    /// Length of their decoded sound, in milliseconds.
    pub audio_milliseconds: u64,
}

/// A container on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Container {
    /// Path relative to the roots, such as `0/a/b.tar`.
    pub path: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// SHA-256 of its bytes; empty if it could not be read, or changed while it was read.
    pub sha256: String,
}

/// A torrent, with the number of items that are files of it, or are inside of such a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Torrent {
    /// Info-hash of version 1; empty if it has none.
    pub info_hash: String,
    /// Info-hash of version 2; empty if it has none.
    pub info_hash_v2: String,
    /// Name of the torrent.
    pub name: String,
    /// Number of items by the result of comparing them with its pieces: `verified`, `partial`, `unverified`, `damaged` or
    /// `unchecked`.
    pub items: BTreeMap<String, u64>,
}

/// The part of a manifest that is specific to one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunFacts {
    /// Number of the run in its home folder.
    pub run_id: i64,
    /// The operator's name, as given.
    pub operator: String,
    /// Begin by the machine's clock, such as `2026-11-23T19:12:34Z`.
    pub started: String,
    /// End by the machine's clock.
    pub ended: String,
    /// The day for which rights were evaluated.
    pub rights_day: String,
    /// Absolute paths of what was scanned.
    pub roots: Vec<String>,
    /// Number of unchanged items whose records were taken over from an earlier run.
    pub taken_over: u64,
    /// SHA-256 of all records as stored, each followed by a line feed.
    pub records_digest: String,
    /// Digest of the catalogue including paths.
    pub catalogue_digest: String,
    /// SHA-256 of the index's own manifest.
    pub index_digest: String,
    /// Operating system and processor, such as `linux x86_64`.
    pub platform: String,
    /// SHA-256 of the program's file; empty if it could not be read.
    pub program_sha256: String,
    /// The manifest before this one in the same home folder.
    pub previous: Option<Link>,
}

/// A reference to the manifest before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Number of the run.
    pub run_id: i64,
    /// SHA-256 of its manifest.
    pub digest: String,
}

impl Manifest {
    /// A manifest of both parts.
    pub fn new(content: Content, run: RunFacts) -> Self {
        let content_digest = content.digest();
        Self { content, content_digest, run }
    }

    /// The text of the manifest, whose bytes are digested.
    pub fn to_text(&self) -> String {
        json(self) + "\n"
    }

    /// Parses the text of a manifest.
    ///
    /// # Errors
    ///
    /// If it is not a manifest of this version.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

impl Content {
    /// SHA-256 of the content as compact JSON.
    pub fn digest(&self) -> String {
        digest(json(self).as_bytes())
    }
}
