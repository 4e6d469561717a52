//! How a session searches, decodes and signs.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::decode::DecodeLimits;
use crate::matching::verdict::VerdictConfig;
use crate::provenance::WhichContainers;
use crate::results::About;
use crate::scan::Mode;
use crate::source::ScanLimits;

/// How a session searches, decodes and signs. [`Settings::default`] is what the command line does without flags.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How much of an item is searched, and along which changes of pitch and tempo.
    pub mode: Mode,
    /// False-alarm probabilities below which a finding is a match or a suspect.
    pub verdict: VerdictConfig,
    /// Where the items are offered, as two letters (ISO 3166), for rights that hold in some territories only.
    pub territory: Option<String>,
    /// What containers may cost.
    pub limits: ScanLimits,
    /// What decoding one item may cost.
    pub decoding: DecodeLimits,
    /// Whether an installed ffmpeg decodes what the built-in decoders do not.
    pub ffmpeg: bool,
    /// Worker threads, at least one.
    pub threads: usize,
    /// A packed catalogue (see [`Catalog::pack`](crate::catalog::Catalog::pack)) to search in place of the one in the home.
    pub packed_catalogue: Option<PathBuf>,
    /// Containers whose SHA-256 goes into the manifest of a run.
    pub hash_containers: WhichContainers,
    /// What the dump is that is scanned next, as a person says: it is kept with the run.
    pub about: Option<About>,
    /// Who is at work: it stands in the log of the catalogue and in manifests.
    pub operator: String,
    /// The time in seconds since 1970: the dates of runs, and the day on which rights are looked at. Nothing else in
    /// the library reads a clock for what ends up in a record.
    pub clock: fn() -> i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            verdict: VerdictConfig::default(),
            territory: None,
            limits: ScanLimits::default(),
            decoding: DecodeLimits::default(),
            ffmpeg: true,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            packed_catalogue: None,
            hash_containers: WhichContainers::default(),
            about: None,
            operator: "unknown".into(),
            clock: system_clock,
        }
    }
}

fn system_clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
