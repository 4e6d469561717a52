//! What proves a run: its manifest, and what looks whether manifest, records and bytes still fit each other.
//!
//! A manifest is one line of JSON and a line feed. Its digest is the SHA-256 of these bytes, so that
//! `sha256sum manifest.json` gives it and a timestamp authority can be asked about the file as it is. It has three keys:
//!
//! | key | holds | is equal |
//! |---|---|---|
//! | `content` | tool, decoders, settings, digests of catalogue and items, counts, containers, torrents | on any machine, at any number of threads, wherever the dump, the masters and the home lie |
//! | `content_digest` | SHA-256 of `content` as compact JSON, keys in the order they have here | likewise |
//! | `run` | number, operator, begin and end, paths, program, index, digest of the records, the manifest before | never |
//!
//! So two runs that should be the same are compared by `content_digest`. What is equal holds no path but those below what was
//! scanned (`0/a/b.ogg` is below the first root), no time, and of the records what was found, not how it is said: names of the label's
//! files, notes and messages are left out of [`Content::items`] and are under [`RunFacts::records_digest`].
//!
//! Each manifest names the one before in its home, by its digest. Who can write the home can write a whole new chain: what
//! makes it evidence is a digest that somebody else has, such as a timestamp authority.

mod containers;
mod content;
mod recheck;
mod token;
mod verify;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use containers::{WhichContainers, hash_containers};
pub use content::{Gather, Gathered};
pub use recheck::{Located, Recheck, candidates, locate, recheck};
pub use token::{Stamped, TokenError, read_token};
pub use verify::{Check, verify};

use crate::base::digest;
use crate::record::json;

/// Version of the manifest: raised when a key changes its meaning.
pub const MANIFEST_VERSION: u32 = 1;

/// The manifest of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// What is equal wherever the same is scanned.
    pub content: Content,
    /// Its SHA-256.
    pub content_digest: String,
    /// What is this run's alone.
    pub run: RunFacts,
}

/// What is equal wherever the same dump is scanned against the same catalogue with the same program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// [`MANIFEST_VERSION`].
    pub manifest_version: u32,
    /// Name and version of the program.
    pub tool: String,
    /// Names and versions of the decoders.
    pub decoders: String,
    /// How it was searched.
    pub settings: Settings,
    /// What was searched for.
    pub catalogue: Catalogue,
    /// What was looked at.
    pub items: Items,
    /// What came of it.
    pub counts: Tallied,
    /// Items that could not be compared, by the kind of their failure; those that are no audio among them.
    pub failures: BTreeMap<String, u64>,
    /// Containers on disk whose bytes were hashed, by path.
    pub containers: Vec<Container>,
    /// Torrents that items are files of, by info-hash.
    pub torrents: Vec<Torrent>,
}

/// The settings that may change a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The mode's word.
    pub mode: String,
    /// False-alarm probability below which a finding is a match, such as `1e-6`.
    pub match_below: String,
    /// … a suspect.
    pub suspect_below: String,
    /// Where the items are offered, two letters; empty if that is not known.
    pub territory: String,
    /// Limits on containers, in the program's own words.
    pub limits: String,
    /// All settings of decoder, fingerprint and matcher, in the program's own words.
    pub engine: String,
    /// SHA-256 of `engine`, a blank, and `limits`.
    pub digest: String,
}

/// The catalogue that was searched for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Recordings with sound.
    pub recordings: u64,
    /// SHA-256 over recordings, fingerprints, the label's words and rights, without paths.
    pub digest: String,
    /// Digest of the settings that its fingerprints were made with.
    pub fingerprint_digest: String,
}

/// The items as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Items {
    /// How many.
    pub count: u64,
    /// SHA-256 over what was found of each, in the order of their paths; the JSONL report is the list.
    pub digest: String,
}

/// What items came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tallied {
    /// Items that have a record.
    pub seen: u64,
    /// Those whose sound was decoded and compared.
    pub decoded: u64,
    /// Those that hold a recording of the catalogue.
    pub matched: u64,
    /// Those that may.
    pub suspect: u64,
    /// Those of which all that was found is permitted.
    pub permitted: u64,
    /// Those in which nothing was found.
    pub clear: u64,
    /// Those that are no audio, and were passed over.
    pub skipped: u64,
    /// Those that could not be read: nothing is known of them.
    pub failed: u64,
    /// Findings.
    pub findings: u64,
    /// Bytes of the items.
    pub bytes: u64,
    /// Length of their sound, in milliseconds.
    pub audio_milliseconds: u64,
}

/// A container on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Container {
    /// Path below the roots.
    pub path: String,
    /// Its size.
    pub size_bytes: u64,
    /// SHA-256 of its bytes; empty if it could not be read, or changed meanwhile.
    pub sha256: String,
}

/// A torrent, and how many items are whole files of it, or lie in such.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Torrent {
    /// Info-hash of version 1, or empty.
    pub info_hash: String,
    /// … of version 2.
    pub info_hash_v2: String,
    /// Its name.
    pub name: String,
    /// Items by what came of comparing them with its pieces: `verified`, `partial`, `unverified`, `damaged`, `unchecked`.
    pub items: BTreeMap<String, u64>,
}

/// What is this run's alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunFacts {
    /// Number of the run in its home.
    pub run_id: i64,
    /// Who ran it, as they say.
    pub operator: String,
    /// Begin by the clock of the machine, `2026-11-23T19:12:34Z`.
    pub started: String,
    /// End, likewise.
    pub ended: String,
    /// The day on which rights were looked at.
    pub rights_day: String,
    /// What was scanned.
    pub roots: Vec<String>,
    /// Items that were taken over from an earlier run, since they had not changed.
    pub taken_over: u64,
    /// SHA-256 of all records as they are stored, each followed by a line feed.
    pub records_digest: String,
    /// Digest of the catalogue, paths and all.
    pub catalogue_digest: String,
    /// SHA-256 of the manifest of the index.
    pub index_digest: String,
    /// System and processor: `linux x86_64`.
    pub platform: String,
    /// SHA-256 of the program's file, empty if it could not be read.
    pub program_sha256: String,
    /// The manifest before in this home.
    pub previous: Option<Link>,
}

/// A link of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The run.
    pub run_id: i64,
    /// Digest of its manifest.
    pub digest: String,
}

impl Manifest {
    /// Puts both halves together.
    pub fn new(content: Content, run: RunFacts) -> Self {
        let content_digest = content.digest();
        Self { content, content_digest, run }
    }

    /// The document: the bytes that its digest is of.
    pub fn to_text(&self) -> String {
        json(self) + "\n"
    }

    /// Reads a document.
    ///
    /// # Errors
    ///
    /// If it is none of this program's.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

impl Content {
    /// SHA-256 of it as compact JSON.
    pub fn digest(&self) -> String {
        digest(json(self).as_bytes())
    }
}
