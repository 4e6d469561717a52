//! Checks whether the manifest of a run still agrees with the stored records.

use super::seal::gather_below;
use super::{Manifest, read_token};
use crate::base::digest;
use crate::results::{ResultStore, ResultsError, Run, Sealed};
use crate::wording::{counted, day, plural};

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Whether the check passed.
    pub fits: bool,
    /// The result, on one line for people.
    pub told: String,
}

impl Check {
    fn new(fits: bool, right: impl Into<String>, wrong: impl Into<String>) -> Self {
        Self { fits, told: if fits { right.into() } else { wrong.into() } }
    }
}

/// Checks the manifest of a run: its own bytes, the records, the chain, the tokens, and the bytes of `file` if given.
///
/// # Errors
///
/// If the results cannot be read. A check that fails is not an error but a [`Check`].
pub fn verify(
    store: &ResultStore,
    run: &Run,
    sealed: &Sealed,
    file: Option<&[u8]>,
) -> Result<Vec<Check>, ResultsError> {
    let mut checks = vec![Check::new(
        digest(sealed.document.as_bytes()) == sealed.digest,
        format!("manifest {}", sealed.digest),
        format!("the manifest was changed: its digest was {} when the run ended", sealed.digest),
    )];
    if let Some(file) = file {
        checks.push(Check::new(
            file == sealed.document.as_bytes(),
            "the file is this manifest, byte for byte",
            format!(
                "the file is not this manifest: its SHA-256 is {}; is it of another run, or was it changed?",
                digest(file)
            ),
        ));
    }
    match Manifest::parse(&sealed.document) {
        Ok(manifest) => {
            checks.push(Check::new(
                manifest.content.digest() == manifest.content_digest,
                format!("content {}", manifest.content_digest),
                "the content of the manifest does not match its own digest",
            ));
            match run.pruned {
                None => checks.extend(against_records(store, run, &manifest)?),
                Some(at) => checks.push(Check {
                    fits: true,
                    told: format!(
                        "its records were pruned on {}: the manifest is checked without them",
                        day(at)
                    ),
                }),
            }
        }
        Err(error) => checks.push(Check {
            fits: false,
            told: format!(
                "the manifest cannot be read ({error}); was it made by a newer version of leakhound?"
            ),
        }),
    }
    checks.push(chain(&store.manifests()?, sealed));
    for token in store.tokens(run.run_id)? {
        checks.push(match read_token(&token) {
            Ok(stamped) => Check::new(
                stamped.sha256 == sealed.digest,
                format!(
                    "timestamp token {} of {}: it stamps this manifest; check its signature with openssl ts -verify",
                    stamped.serial, stamped.time
                ),
                format!("timestamp token {} stamps another file, of SHA-256 {}", stamped.serial, stamped.sha256),
            ),
            Err(error) => Check { fits: false, told: error.to_string() },
        });
    }
    Ok(checks)
}

/// Checks the manifest against the stored records and the key of the run.
fn against_records(
    store: &ResultStore,
    run: &Run,
    manifest: &Manifest,
) -> Result<Vec<Check>, ResultsError> {
    let found = gather_below(store, run.run_id, &manifest.run.roots)?;
    let content = &manifest.content;
    let facts = &manifest.run;
    let items = counted(content.items.count, "item");
    let mut checks = vec![
        Check::new(
            facts.run_id == run.run_id && facts.roots == run.key.roots,
            format!("it is of run {} of {}", run.run_id, facts.roots.join(", ")),
            format!("it is of run {} of {}", facts.run_id, facts.roots.join(", ")),
        ),
        Check::new(
            found.records_digest == facts.records_digest,
            format!("{items}: the records are unchanged since the run ended"),
            format!(
                "{items}: the records were changed; their digest was {}, now it is {}",
                facts.records_digest, found.records_digest
            ),
        ),
        Check::new(
            found.items == content.items
                && found.counts == content.counts
                && found.failures == content.failures
                && found.torrents == content.torrents,
            "counts, items, failures and torrents agree with the records",
            format!(
                "the records have {}, {} and {}, the manifest says {}, {} and {}; or their digests differ",
                counted(found.counts.seen, "item"),
                plural(found.counts.matched, "match", "matches"),
                counted(found.counts.findings, "finding"),
                content.counts.seen,
                content.counts.matched,
                content.counts.findings
            ),
        ),
    ];
    let key = &run.key;
    let mode = key.mode.to_string();
    let same = [
        ("mode", &mode, &content.settings.mode),
        ("settings", &key.settings_digest, &content.settings.digest),
        ("decoders", &key.decoders, &content.decoders),
        ("catalogue", &key.catalogue_digest, &facts.catalogue_digest),
        ("fingerprint", &key.fingerprint_digest, &content.catalogue.fingerprint_digest),
    ];
    let differing: Vec<_> =
        same.iter().filter(|(_, a, b)| a != b).map(|(name, ..)| *name).collect();
    checks.push(Check::new(
        differing.is_empty(),
        "settings, decoders and catalogue agree with the run",
        format!("the run does not agree with its manifest in: {}", differing.join(", ")),
    ));
    Ok(checks)
}

/// Checks that each manifest up to the newest names the one before by its digest.
fn chain(all: &[Sealed], sealed: &Sealed) -> Check {
    let mut previous = None;
    for (link, number) in all.iter().zip(1..) {
        let named = Manifest::parse(&link.document).ok().map(|manifest| manifest.run.previous);
        let named = named.map(|named| named.map(|link| (link.run_id, link.digest)));
        let fits = link.number == number
            && digest(link.document.as_bytes()) == link.digest
            && named == Some(previous);
        if !fits {
            let run = link.run_id;
            let told = format!(
                "the chain breaks at the manifest of run {run}: it does not match the one before; keep the database as evidence"
            );
            return Check { fits: false, told };
        }
        previous = Some((link.run_id, link.digest.clone()));
    }
    let later = all.iter().filter(|link| link.number > sealed.number).count();
    Check {
        fits: true,
        told: format!(
            "link {} of a whole chain of {}, {later} of them later",
            sealed.number,
            all.len()
        ),
    }
}
