//! Makes the manifest of a run when it ends.

use super::{
    Catalogue, Container, Content, Gather, Gathered, Link, MANIFEST_VERSION, Manifest, RunFacts,
    Settings,
};
use crate::bytes::Bytes;
use crate::catalog::CatalogError;
use crate::ingest::sha256;
use crate::results::{ResultStore, ResultsError, Run};
use crate::scan::Engine;
use crate::wording::timestamp;

/// Search options of a run, for its manifest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked<'a> {
    /// False-alarm probability below which a finding is a match.
    pub match_below: f64,
    /// False-alarm probability below which a finding is a suspect.
    pub suspect_below: f64,
    /// Territory where the items are offered, two letters; `None` if not known.
    pub territory: Option<&'a str>,
    /// Limits on containers, as the program prints them.
    pub limits: &'a str,
}

/// Facts about a run that are not in the results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The operator's name, as given.
    pub operator: String,
    /// End of the run, in seconds since 1970.
    pub ended: i64,
    /// The day for which rights were evaluated, such as `2026-11-23`.
    pub rights_day: String,
    /// Number of unchanged items whose records were taken over from an earlier run.
    pub taken_over: u64,
}

/// Sums up the stored records of a run, in one pass.
///
/// # Errors
///
/// If the results cannot be read.
pub fn gather(store: &ResultStore, run: &Run) -> Result<Gathered, ResultsError> {
    gather_below(store, run.run_id, &run.key.roots)
}

/// Sums up the stored records of a run, with paths relative to these roots.
pub(super) fn gather_below(
    store: &ResultStore,
    run_id: i64,
    roots: &[String],
) -> Result<Gathered, ResultsError> {
    let mut gather = Gather::new(roots);
    store.for_each_stored(run_id, |text, record| {
        gather.add(text, &record);
        Ok::<_, ResultsError>(())
    })?;
    Ok(gather.finish())
}

impl Content {
    /// The content of the manifest of a run that `engine` made.
    ///
    /// # Errors
    ///
    /// If the catalogue cannot be read.
    pub fn of_run(
        engine: &Engine,
        asked: &Asked,
        run: &Run,
        gathered: &Gathered,
        containers: Vec<Container>,
    ) -> Result<Self, CatalogError> {
        let catalogue = engine.portable_catalogue_digest()?;
        Ok(Self::from_parts(engine.settings(), catalogue, asked, run, gathered, containers))
    }

    /// The content, from the engine's settings and the portable digest of its catalogue.
    fn from_parts(
        engine: String,
        catalogue: String,
        asked: &Asked,
        run: &Run,
        gathered: &Gathered,
        containers: Vec<Container>,
    ) -> Self {
        let key = &run.key;
        Self {
            manifest_version: MANIFEST_VERSION,
            tool: format!("leakhound {}", key.tool_version),
            decoders: key.decoders.clone(),
            settings: Settings {
                mode: key.mode.to_string(),
                match_below: format!("{:e}", asked.match_below),
                suspect_below: format!("{:e}", asked.suspect_below),
                territory: asked.territory.unwrap_or_default().to_owned(),
                limits: asked.limits.to_owned(),
                engine,
                digest: key.settings_digest.clone(),
            },
            catalogue: Catalogue {
                recordings: key.catalogue_recordings,
                digest: catalogue,
                fingerprint_digest: key.fingerprint_digest.clone(),
            },
            items: gathered.items.clone(),
            counts: gathered.counts,
            failures: gathered.failures.clone(),
            containers,
            torrents: gathered.torrents.clone(),
        }
    }
}

/// Makes the manifest of a run. `previous` is the run and the digest of the manifest before in the same home folder.
pub fn seal(
    content: Content,
    engine: &Engine,
    run: &Run,
    gathered: Gathered,
    facts: Facts,
    previous: Option<(i64, String)>,
) -> Manifest {
    let index = engine.snapshot.index_digest().to_owned();
    Manifest::new(content, run_facts(index, run, gathered.records_digest, facts, previous))
}

/// The part of a manifest that is specific to this run.
fn run_facts(
    index_digest: String,
    run: &Run,
    records_digest: String,
    facts: Facts,
    previous: Option<(i64, String)>,
) -> RunFacts {
    RunFacts {
        run_id: run.run_id,
        operator: facts.operator,
        started: timestamp(run.started),
        ended: timestamp(facts.ended),
        rights_day: facts.rights_day,
        roots: run.key.roots.clone(),
        taken_over: facts.taken_over,
        records_digest,
        catalogue_digest: run.key.catalogue_digest.clone(),
        index_digest,
        platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        program_sha256: program_sha256(),
        previous: previous.map(|(run_id, digest)| Link { run_id, digest }),
    }
}

/// SHA-256 of the file of the running program; empty if it cannot be read.
fn program_sha256() -> String {
    let never = std::sync::atomic::AtomicBool::new(false);
    let file = std::env::current_exe().ok();
    let hash = file.and_then(|file| sha256(&Bytes::File(file), &never).ok());
    hash.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::ItemRecord;
    use crate::results::RunKey;

    fn run(run_id: i64) -> Run {
        let key = RunKey {
            roots: vec!["/d".to_owned()],
            mode: crate::scan::Mode::Full,
            settings_digest: "5e".repeat(32),
            catalogue_digest: "aa".repeat(32),
            catalogue_recordings: 7,
            fingerprint_digest: "5d3c01fe".to_owned(),
            decoders: "symphonia 0.6.1".to_owned(),
            tool_version: "0.1.0".to_owned(),
        };
        Run { run_id, key, complete: false, started: 1_795_461_154, pruned: None }
    }

    fn gathered() -> Gathered {
        let record: ItemRecord = serde_json::from_value(serde_json::json!({
            "item": {"path": "/d/x", "size_bytes": 1, "sha256": "aa", "codec": "flac", "duration_seconds": 1.0, "streams": 1},
            "verdict": "clear", "failure": null, "notes": [], "findings": [],
        }))
        .unwrap();
        let mut gather = Gather::new(&["/d".to_owned()]);
        gather.add("{}", &record);
        gather.finish()
    }

    fn content(run: &Run) -> Content {
        let asked =
            Asked { match_below: 1e-6, suspect_below: 1e-3, territory: None, limits: "depth 8" };
        Content::from_parts("engine".into(), "bb".repeat(32), &asked, run, &gathered(), Vec::new())
    }

    #[test]
    fn the_content_has_the_settings_of_the_run_and_the_counts_of_its_records() {
        let content = content(&run(3));
        assert_eq!(content.tool, "leakhound 0.1.0");
        assert_eq!(
            (&*content.settings.match_below, &*content.settings.suspect_below),
            ("1e-6", "1e-3")
        );
        assert_eq!((&*content.settings.territory, &*content.settings.limits), ("", "depth 8"));
        assert_eq!((content.catalogue.recordings, content.counts.clear), (7, 1));
        assert_eq!(
            content.digest(),
            self::content(&run(4)).digest(),
            "the number of a run is not in it"
        );
    }

    #[test]
    fn the_facts_have_both_times_the_program_and_the_manifest_before() {
        let facts = Facts {
            operator: "Ann".to_owned(),
            ended: 1_795_461_155,
            rights_day: "2026-11-23".to_owned(),
            taken_over: 5,
        };
        let facts = run_facts("cc".into(), &run(3), "dd".into(), facts, Some((2, "ee".into())));
        assert_eq!(
            (&*facts.started, &*facts.ended),
            ("2026-11-23T19:12:34Z", "2026-11-23T19:12:35Z")
        );
        assert_eq!((facts.run_id, &*facts.records_digest, &*facts.index_digest), (3, "dd", "cc"));
        assert_eq!(facts.previous, Some(Link { run_id: 2, digest: "ee".to_owned() }));
        assert_eq!(facts.program_sha256.len(), 64, "a test is a program, too");
    }
}
