//! From arguments to the library's parts.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use leakhound::decode::{DecodeLimits, Decoder, Ffmpeg};
use leakhound::identify::Identifiers;
use leakhound::ingest::Ingester;
use leakhound::matching::MatchConfig;
use leakhound::matching::verdict::VerdictConfig;
use leakhound::scan::Engine;
use leakhound::signal::fingerprint::{FingerprintConfig, Fingerprinter};
use leakhound::wording::day;

use crate::args::{Global, Search};
use crate::exit::UsageError;

/// Sound of one stream beyond this is left out, with a note: a day.
const MAX_SECONDS_OF_AUDIO: f64 = 86_400.0;
/// Audio streams of one file beyond this are left out, with a note.
const MAX_STREAMS: usize = 32;

/// Worker threads: as asked for, else one a core.
pub(crate) fn threads(global: &Global) -> usize {
    match global.threads {
        Some(threads) => usize::from(threads),
        None => std::thread::available_parallelism().map_or(1, usize::from),
    }
}

pub(crate) fn pool(global: &Global) -> anyhow::Result<rayon::ThreadPool> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads(global))
        .thread_name(|_| leakhound::scan::WORKER_NAME.into())
        .stack_size(8 << 20)
        .build()
        .context("cannot start the worker threads")
}

/// Takes items in; what it learns of outside programs is remembered in `home`.
pub(crate) fn ingester(global: &Global, home: &Path) -> Ingester {
    let limits = DecodeLimits {
        max_seconds_of_audio: MAX_SECONDS_OF_AUDIO,
        max_streams: MAX_STREAMS,
        timeout: Duration::from_secs(u64::from(global.item_timeout)),
    };
    let without_ffmpeg = global.no_ffmpeg;
    let memory = home.join("ffmpeg.json");
    let find = move || if without_ffmpeg { None } else { Ffmpeg::find_remembered(&memory) };
    let fingerprinter = Fingerprinter::new(FingerprintConfig::default());
    Ingester::new(Decoder::finding(limits, find), fingerprinter)
}

/// The engine of a scan or query, over the catalogue of a home.
pub(crate) fn engine(global: &Global, search: &Search, home: &Path) -> anyhow::Result<Engine> {
    engine_on(global, search, home, &day(now()))
}

/// The same, with the rights as they were on a day.
pub(crate) fn engine_on(
    global: &Global,
    search: &Search,
    home: &Path,
    day: &str,
) -> anyhow::Result<Engine> {
    let Search { mode, match_below, suspect_below, .. } = *search;
    if match_below > suspect_below {
        return Err(UsageError(format!(
            "--match-below {match_below:e} is above --suspect-below {suspect_below:e}; a match has to \
             be the surer of the two"
        ))
        .into());
    }
    let catalog = leakhound::catalog::Catalog::open(home, FingerprintConfig::default())?;
    let snapshot = catalog.snapshot()?;
    let identifiers = Identifiers::of(&snapshot)?;
    let rights = catalog.rights(day, search.territory.as_deref())?;
    if snapshot.is_empty() && !identifiers.has_entries_without_audio() {
        anyhow::bail!(
            "the catalogue in {} is empty; add the label's recordings first: leakhound catalog add \
             PATH",
            home.display()
        );
    }
    Ok(Engine {
        identifiers,
        rights,
        ingester: ingester(global, home),
        snapshot,
        mode: mode.into(),
        matching: MatchConfig::default(),
        verdict: VerdictConfig { match_below, suspect_below },
    })
}

/// A flag that Ctrl-C and SIGTERM raise; the second time they end the process at once.
pub(crate) fn stop_flag() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if raised.swap(true, Ordering::Relaxed) {
            #[allow(clippy::exit, reason = "asked for twice")]
            std::process::exit(crate::exit::Exit::Stopped as i32);
        }
    })
    .context("cannot listen for Ctrl-C")?;
    Ok(stop)
}

/// Who is at work, as they say, else as the system calls them.
pub(crate) fn operator(global: &Global) -> String {
    known_operator(global).unwrap_or_else(|| "unknown".into())
}

/// Who is at work, if that is known.
pub(crate) fn known_operator(global: &Global) -> Option<String> {
    let user = || std::env::var("USER").or_else(|_| std::env::var("USERNAME")).ok();
    global.operator.clone().or_else(user)
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(i64::MAX))
}
