//! The audio of a finding: finds both files, checks that they are the ones that were compared, and cuts clips from them.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::listen::{ListenError, MAX_CLIP_SECONDS, cut, to_wav};
use crate::bytes::Bytes;
use crate::ingest::{Ingester, sha256};
use crate::record::{Finding, ItemFacts};
use crate::scan::WORKER_NAME;
use crate::source::{Found, Item, Locator, LocatorError, ScanLimits, Stamp, find};
use crate::storage;

/// Stack of the thread that decodes. Decoders of nested formats recurse; a guess, the same as that of a scan's workers.
const STACK_BYTES: usize = 8 << 20;

/// Why a side of a finding cannot be listened to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// The folder that was named for the dump is not there.
    #[error("--dump {} does not exist; check the path", path.display())]
    NoDump {
        /// The folder.
        path: PathBuf,
    },
    /// The folder that was named for the dump has no absolute path.
    #[error(transparent)]
    Path(io::Error),
    /// The record's locator is none.
    #[error(transparent)]
    Locator(#[from] LocatorError),
    /// The item is not where it was.
    #[error("{path} is missing; say where the dump is with --dump PATH")]
    NoItem {
        /// Path of the item.
        path: String,
    },
    /// The label's file is not where it was.
    #[error("{path} is missing; the recording was there when it was added to the catalogue")]
    NoRecording {
        /// Path of the recording.
        path: String,
    },
    /// A file is not the one that was compared.
    #[error("{path}: is a different file now: its SHA-256 is {sha256}")]
    Different {
        /// Path of the file.
        path: String,
        /// SHA-256 of its bytes now.
        sha256: String,
    },
    /// A file cannot be read.
    #[error("{path}: {message}")]
    Unread {
        /// Path of the file.
        path: String,
        /// Why, and what to do.
        message: String,
    },
    /// The system starts no more threads.
    #[error("cannot start a thread to decode in")]
    Thread(#[source] io::Error),
    /// The decoder panicked.
    #[error("the decoder crashed")]
    Crashed,
    /// There is no such clip of the file.
    #[error("{path}")]
    Listen {
        /// Path of the file.
        path: String,
        /// Why.
        source: ListenError,
    },
}

impl AudioError {
    /// Whether the caller named a folder that is not there. Else something failed.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::NoDump { .. })
    }
}

/// The two files of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The item of the dump.
    Item,
    /// The label's own file.
    Recording,
}

/// Matching stretches of both files, in seconds, each no longer than [`MAX_CLIP_SECONDS`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Stretch {
    /// Begin in the item.
    pub item_from: f64,
    /// Length in the item.
    pub item_seconds: f64,
    /// Begin in the recording.
    pub recording_from: f64,
    /// Length in the recording.
    pub recording_seconds: f64,
}

/// The spans of a finding in stretches that fit a clip; a long span becomes several.
pub fn stretches(finding: &Finding) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    for span in &finding.spans {
        let item = span.item_end_seconds - span.item_start_seconds;
        let recording = span.recording_end_seconds - span.recording_start_seconds;
        if item <= 0.0 || recording <= 0.0 {
            continue;
        }
        let parts = (item.max(recording) / MAX_CLIP_SECONDS).ceil().clamp(1.0, 10_000.0);
        for part in 0..parts as u32 {
            let at = f64::from(part) / parts;
            stretches.push(Stretch {
                item_from: span.item_start_seconds + at * item,
                item_seconds: item / parts,
                recording_from: span.recording_start_seconds + at * recording,
                recording_seconds: recording / parts,
            });
        }
    }
    stretches
}

/// Finds and decodes the files of findings.
#[derive(Debug)]
pub struct Audio {
    ingester: Ingester,
    roots: Vec<PathBuf>,
    dump: Option<PathBuf>,
    /// Files whose hash was checked, by locator, size and modification time: none is hashed twice.
    known: Mutex<BTreeSet<(String, u64, i64)>>,
}

impl Audio {
    /// Finds the items of a run with these roots where they were, or below `dump`, if the dump was moved.
    ///
    /// # Errors
    ///
    /// If there is no such folder.
    pub fn new(
        ingester: Ingester,
        roots: &[String],
        dump: Option<PathBuf>,
    ) -> Result<Self, AudioError> {
        let dump = dump.as_deref().map(storage::absolute).transpose().map_err(AudioError::Path)?;
        if let Some(path) = dump.as_ref().filter(|path| !storage::exists(path)) {
            return Err(AudioError::NoDump { path: path.clone() });
        }
        let roots = roots.iter().map(PathBuf::from).collect();
        Ok(Self { ingester, roots, dump, known: Mutex::default() })
    }

    /// A stretch of one side as a WAV file.
    ///
    /// # Errors
    ///
    /// If the file is missing, is not the one that was compared, or cannot be decoded.
    pub fn wav(
        &self,
        item: &ItemFacts,
        finding: &Finding,
        side: Side,
        stretch: Stretch,
    ) -> Result<Vec<u8>, AudioError> {
        let (bytes, stream, from, seconds) = match side {
            Side::Item => {
                let bytes = self.item(item)?;
                (bytes, finding.stream, stretch.item_from, stretch.item_seconds)
            }
            Side::Recording => {
                let (bytes, stream) = self.recording(finding)?;
                (bytes, stream, stretch.recording_from, stretch.recording_seconds)
            }
        };
        let decoder = self.ingester.decoder();
        // In a thread of its own, so that a panic of a decoder becomes an error message, not a closed connection.
        std::thread::scope(|scope| {
            let work = || cut(decoder, &bytes, stream, from, seconds).map(|clip| to_wav(&clip));
            let builder =
                std::thread::Builder::new().name(WORKER_NAME.into()).stack_size(STACK_BYTES);
            let thread = builder.spawn_scoped(scope, work).map_err(AudioError::Thread)?;
            let wav = thread.join().map_err(|_| AudioError::Crashed)?;
            wav.map_err(|source| {
                let path = match side {
                    Side::Item => item.path.clone(),
                    Side::Recording => finding.recording_path.clone(),
                };
                AudioError::Listen { path, source }
            })
        })
    }

    /// The bytes of the item, from where the dump is now.
    fn item(&self, item: &ItemFacts) -> Result<Bytes, AudioError> {
        let locator: Locator = item.locator.parse()?;
        for file in self.places(&locator.file) {
            let locator = Locator { file, steps: locator.steps.clone() };
            let Ok(Found::Item(found)) = find(&locator, ScanLimits::default()) else { continue };
            self.verify(&found, &item.path, |sha256| sha256 == item.sha256)?;
            return Ok(found.bytes);
        }
        Err(AudioError::NoItem { path: item.path.clone() })
    }

    /// Where a file of the scan may be now: below `--dump`, if that was given.
    fn places(&self, file: &Path) -> Vec<PathBuf> {
        let Some(dump) = &self.dump else { return vec![file.to_path_buf()] };
        let within = |root: &PathBuf| {
            let rest = file.strip_prefix(root).ok()?;
            Some(if rest.as_os_str().is_empty() { dump.clone() } else { dump.join(rest) })
        };
        self.roots.iter().filter_map(within).collect()
    }

    /// The label's file and its audio stream. The id of a recording is the first characters of the file's SHA-256, then the number
    /// of the stream if it is not 0.
    fn recording(&self, finding: &Finding) -> Result<(Bytes, u32), AudioError> {
        let Finding { recording_id, recording_path, .. } = finding;
        let file = Path::new(recording_path);
        let Ok(metadata) = storage::metadata(file) else {
            return Err(AudioError::NoRecording { path: recording_path.clone() });
        };
        let item = Item::of_file(file, Stamp::of(&metadata));
        let (start, stream) = recording_id.split_once('-').unwrap_or((recording_id.as_str(), "0"));
        self.verify(&item, recording_path, |sha256| sha256.starts_with(start))?;
        Ok((item.bytes, stream.parse().unwrap_or(0)))
    }

    /// Fails if a file is not the one that was compared.
    fn verify(
        &self,
        item: &Item,
        path: &str,
        is_it: impl Fn(&str) -> bool,
    ) -> Result<(), AudioError> {
        let Stamp { size_bytes, modified_ns } = item.place.stamp;
        let key = (item.place.locator.to_string(), size_bytes, modified_ns);
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known().contains(&key) {
            return Ok(());
        }
        let path = path.to_owned();
        let sha256 = match sha256(&item.bytes, &AtomicBool::new(false)) {
            Ok(sha256) => sha256,
            Err(failure) => return Err(AudioError::Unread { path, message: failure.message }),
        };
        if !is_it(&sha256) {
            return Err(AudioError::Different { path, sha256 });
        }
        known().insert(key);
        Ok(())
    }
}
