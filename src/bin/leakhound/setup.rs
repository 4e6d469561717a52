//! From the arguments of the command line to a session of the library.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use leakhound::decode::DecodeLimits;
use leakhound::matching::verdict::VerdictConfig;
use leakhound::provenance::Manifest;
use leakhound::results::{ResultStore, Run};
use leakhound::session::{Session, Settings};

use crate::args::Global;
use crate::home;

/// The settings that the global options make.
pub(crate) fn settings(global: &Global) -> Settings {
    let timeout = Duration::from_secs(u64::from(global.item_timeout));
    Settings {
        decoding: DecodeLimits { timeout, ..DecodeLimits::default() },
        ffmpeg: !global.no_ffmpeg,
        threads: global.threads(),
        operator: global.operator(),
        clock: now,
        ..Settings::default()
    }
}

/// The settings with which a run searched and the day of its rights, as its manifest says; `None` if it has none.
///
/// # Errors
///
/// If the results cannot be read.
pub(crate) fn of_run(
    global: &Global,
    store: &ResultStore,
    run: &Run,
) -> anyhow::Result<Option<(Settings, String)>> {
    let mut settings = Settings { mode: run.key.mode, ..settings(global) };
    let sealed = store.manifest(run.run_id)?;
    let Some(manifest) = sealed.and_then(|sealed| Manifest::parse(&sealed.document).ok()) else {
        return Ok(None);
    };
    let asked = &manifest.content.settings;
    let VerdictConfig { match_below, suspect_below } = &mut settings.verdict;
    *match_below = asked.match_below.parse().unwrap_or(*match_below);
    *suspect_below = asked.suspect_below.parse().unwrap_or(*suspect_below);
    settings.territory = Some(asked.territory.clone()).filter(|code| !code.is_empty());
    Ok(Some((settings, manifest.run.rights_day)))
}

/// A session over the home that the command line names.
///
/// # Errors
///
/// If the home cannot be made.
pub(crate) fn session(global: &Global) -> anyhow::Result<Session> {
    session_with(global, settings(global))
}

/// The same with other settings.
///
/// # Errors
///
/// If the home cannot be made, or the settings contradict each other.
pub(crate) fn session_with(global: &Global, settings: Settings) -> anyhow::Result<Session> {
    Ok(Session::with_settings(home::place(global)?, settings)?)
}

/// Ctrl-C and SIGTERM raise `stop`. The second time they end the process at once.
///
/// # Errors
///
/// If the handler cannot be installed.
pub(crate) fn stop_on_signals(stop: Arc<AtomicBool>) -> anyhow::Result<()> {
    ctrlc::set_handler(move || {
        if stop.swap(true, Ordering::Relaxed) {
            #[allow(clippy::exit, reason = "the user asked for it twice")]
            std::process::exit(crate::exit::Exit::Stopped as i32);
        }
    })
    .context("cannot listen for Ctrl-C")
}

/// A flag that Ctrl-C and SIGTERM raise. The second time they end the process at once.
///
/// # Errors
///
/// If the handler cannot be installed.
pub(crate) fn stop_flag() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    stop_on_signals(Arc::clone(&stop))?;
    Ok(stop)
}

/// Seconds since 1970-01-01 UTC; 0 if the clock is set before it.
pub(crate) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(i64::MAX))
}
