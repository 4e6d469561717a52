//! Makes the library's parts from plain options. Nothing here knows the arguments of the command line.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use leakhound::catalog::Catalog;
use leakhound::decode::{DecodeLimits, Decoder, Ffmpeg};
use leakhound::identify::Identifiers;
use leakhound::ingest::Ingester;
use leakhound::matching::MatchConfig;
use leakhound::matching::verdict::VerdictConfig;
use leakhound::scan::{Engine, Mode};
use leakhound::signal::fingerprint::{FingerprintConfig, Fingerprinter};

/// Audio of one stream beyond this is left out, with a note: a day, far longer than any recording. A guess.
const MAX_SECONDS_OF_AUDIO: f64 = 86_400.0;
/// Audio streams of one file beyond this are left out, with a note. A guess: films have some ten languages.
const MAX_STREAMS: usize = 32;
/// Stack of a worker thread. Decoders of nested formats recurse; the 2 MiB that Rust gives by default are too close. A guess.
const STACK_BYTES: usize = 8 << 20;

/// How files are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decoding {
    /// Longest time for one item; a longer one is a failure of that item.
    pub(crate) item_timeout: Duration,
    /// Whether an installed ffmpeg decodes formats that the built-in decoders lack.
    pub(crate) uses_ffmpeg: bool,
}

/// How items are searched.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Searching {
    pub(crate) mode: Mode,
    /// Below which false-alarm probabilities an item is a match or a suspect.
    pub(crate) verdict: VerdictConfig,
    /// Where the items are offered, as two capital letters (ISO 3166); `None` for everywhere.
    pub(crate) territory: Option<String>,
}

/// A pool of worker threads.
///
/// # Errors
///
/// If the system gives no threads.
pub(crate) fn pool(threads: usize) -> anyhow::Result<rayon::ThreadPool> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|_| leakhound::scan::WORKER_NAME.into())
        .stack_size(STACK_BYTES)
        .build()
        .context("cannot start the worker threads")
}

/// An ingester: it decodes files and makes their fingerprints. It keeps what it learned about the installed ffmpeg in
/// `ffmpeg.json` in `home`.
pub(crate) fn ingester(home: &Path, decoding: Decoding) -> Ingester {
    let Decoding { item_timeout: timeout, uses_ffmpeg } = decoding;
    let limits = DecodeLimits {
        max_seconds_of_audio: MAX_SECONDS_OF_AUDIO,
        max_streams: MAX_STREAMS,
        timeout,
    };
    let memory = home.join("ffmpeg.json");
    let find = move || if uses_ffmpeg { Ffmpeg::find_remembered(&memory) } else { None };
    let fingerprinter = Fingerprinter::new(FingerprintConfig::default());
    Ingester::new(Decoder::finding(limits, find), fingerprinter)
}

/// The engine of a scan or query over the catalogue in `home`, with the label's rights as they are on `rights_day`
/// (`YYYY-MM-DD`).
///
/// # Errors
///
/// If the catalogue cannot be read, or holds neither a recording nor an identifier.
pub(crate) fn engine(
    home: &Path,
    decoding: Decoding,
    searching: &Searching,
    rights_day: &str,
) -> anyhow::Result<Engine> {
    let catalog = Catalog::open(home, FingerprintConfig::default())?;
    let snapshot = catalog.snapshot()?;
    let identifiers = Identifiers::of(&snapshot)?;
    let rights = catalog.rights(rights_day, searching.territory.as_deref())?;
    if snapshot.is_empty() && !identifiers.has_entries_without_audio() {
        anyhow::bail!(
            "the catalogue in {} is empty; add the label's recordings first: leakhound catalog add PATH",
            home.display()
        );
    }
    Ok(Engine {
        identifiers,
        rights,
        ingester: ingester(home, decoding),
        snapshot,
        mode: searching.mode,
        matching: MatchConfig::default(),
        verdict: searching.verdict,
    })
}

/// A flag that Ctrl-C and SIGTERM raise. The second time they end the process at once.
///
/// # Errors
///
/// If the handler cannot be installed.
pub(crate) fn stop_flag() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if raised.swap(true, Ordering::Relaxed) {
            #[allow(clippy::exit, reason = "the user asked for it twice")]
            std::process::exit(crate::exit::Exit::Stopped as i32);
        }
    })
    .context("cannot listen for Ctrl-C")?;
    Ok(stop)
}

/// Seconds since 1970-01-01 UTC; 0 if the clock is set before it.
pub(crate) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(i64::MAX))
}
