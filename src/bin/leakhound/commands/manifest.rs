//! `leakhound manifest`, and the making of one when a run ends.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use leakhound::bytes::Bytes;
use leakhound::provenance::{
    Catalogue, Container, Content, Gather, Gathered, Link, MANIFEST_VERSION, RunFacts, Settings,
    read_token,
};
use leakhound::results::{ResultStore, ResultsError, Run, Sealed};
use leakhound::scan::Engine;
use leakhound::source::display_path;
use leakhound::wording::{timestamp, visible};

use super::report::whole_file;
use crate::args::{Global, Manifest, Search};
use crate::exit::{Exit, UsageError};
use crate::home;
use crate::out::Out;

pub(crate) fn run(global: &Global, command: &Manifest) -> anyhow::Result<Exit> {
    let store = ResultStore::open(&home::home(global)?)?;
    let (_, sealed) = choose(&store, command.run)?;
    if let Some(file) = &command.attach_token {
        attach(&store, &sealed, file)?;
    }
    match command.out.as_deref() {
        None => {}
        Some(out) if out == Path::new("-") => {
            Out::lock().write_all(sealed.document.as_bytes())?;
            return Ok(Exit::Clear);
        }
        Some(out) => {
            whole_file(out, |file| Ok(file.write_all(sealed.document.as_bytes())?))?;
            if !global.quiet {
                let (out, run) = (display_path(out), sealed.run_id);
                writeln!(Out::lock(), "{} (run {run})", visible(&out))?;
            }
        }
    }
    if !global.quiet {
        writeln!(Out::lock(), "SHA-256 {}", sealed.digest)?;
    }
    Ok(Exit::Clear)
}

/// A run and its manifest; the newest that has one, if none is named.
pub(super) fn choose(store: &ResultStore, wanted: Option<i64>) -> anyhow::Result<(Run, Sealed)> {
    let wanted = match wanted {
        Some(id) => id,
        None => store.manifests()?.iter().map(|sealed| sealed.run_id).max().ok_or_else(|| {
            UsageError(
                "no run has a manifest yet; scan something first: leakhound scan PATH".into(),
            )
        })?,
    };
    let run = super::report::choose(store.runs()?, Some(wanted))?;
    let sealed = store.manifest(wanted)?.ok_or_else(|| {
        UsageError(if run.complete {
            format!("run {wanted} has no manifest: it ended before there were any; scan again")
        } else {
            format!("run {wanted} has no manifest: it was stopped before its end; scan on")
        })
    })?;
    Ok((run, sealed))
}

fn attach(store: &ResultStore, sealed: &Sealed, file: &Path) -> anyhow::Result<()> {
    let shown = file.display();
    let token = std::fs::read(file).with_context(|| format!("cannot read {shown}"))?;
    let stamped = read_token(&token).map_err(|error| UsageError(format!("{shown}: {error}")))?;
    if stamped.sha256 != sealed.digest {
        return Err(UsageError(format!(
            "{shown} stamps {}, the manifest of run {} is {}: it is of another file",
            stamped.sha256, sealed.run_id, sealed.digest
        ))
        .into());
    }
    store.attach_token(sealed.run_id, &token)?;
    Ok(())
}

/// The records of a run, gathered.
pub(super) fn gather(store: &ResultStore, run: &Run) -> Result<Gathered, ResultsError> {
    let mut gather = Gather::new(&run.key.roots);
    store.for_each_stored(run.run_id, |text, record| {
        gather.add(text, &record);
        Ok::<_, ResultsError>(())
    })?;
    Ok(gather.finish())
}

/// The half of a manifest that is equal everywhere.
pub(super) fn content(
    engine: &Engine,
    search: &Search,
    limits: &str,
    run: &Run,
    gathered: &Gathered,
    containers: Vec<Container>,
) -> anyhow::Result<Content> {
    let key = &run.key;
    Ok(Content {
        manifest_version: MANIFEST_VERSION,
        tool: format!("leakhound {}", key.tool_version),
        decoders: key.decoders.clone(),
        settings: Settings {
            mode: key.mode.to_string(),
            match_below: format!("{:e}", search.match_below),
            suspect_below: format!("{:e}", search.suspect_below),
            territory: search.territory.clone().unwrap_or_default(),
            limits: limits.to_owned(),
            engine: engine.settings(),
            digest: key.settings_digest.clone(),
        },
        catalogue: Catalogue {
            recordings: key.catalogue_recordings,
            digest: engine.portable_catalogue_digest()?,
            fingerprint_digest: key.fingerprint_digest.clone(),
        },
        items: gathered.items.clone(),
        counts: gathered.counts,
        failures: gathered.failures.clone(),
        containers,
        torrents: gathered.torrents.clone(),
    })
}

/// What only the one who scans knows.
pub(super) struct Facts {
    pub(super) operator: String,
    pub(super) ended: i64,
    pub(super) rights_day: String,
    pub(super) taken_over: u64,
}

/// Both halves together.
pub(super) fn seal(
    content: Content,
    engine: &Engine,
    run: &Run,
    gathered: Gathered,
    facts: Facts,
    previous: Option<(i64, String)>,
) -> leakhound::provenance::Manifest {
    let run = RunFacts {
        run_id: run.run_id,
        operator: facts.operator,
        started: timestamp(run.started),
        ended: timestamp(facts.ended),
        rights_day: facts.rights_day,
        roots: run.key.roots.clone(),
        taken_over: facts.taken_over,
        records_digest: gathered.records_digest,
        catalogue_digest: run.key.catalogue_digest.clone(),
        index_digest: engine.snapshot.index_digest().to_owned(),
        platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        program_sha256: program_sha256(),
        previous: previous.map(|(run_id, digest)| Link { run_id, digest }),
    };
    leakhound::provenance::Manifest::new(content, run)
}

/// SHA-256 of the file of this program; empty if it cannot be read.
fn program_sha256() -> String {
    let never = std::sync::atomic::AtomicBool::new(false);
    let file = std::env::current_exe().ok();
    let hash = file.and_then(|file| leakhound::ingest::sha256(&Bytes::File(file), &never).ok());
    hash.unwrap_or_default()
}
